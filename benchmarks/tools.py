"""How good the tools are on real rasters, and what they cost, beside the trivial way and beside OpenCV's and scikit-image's own functions.

    python benchmarks/tools.py [--rasters FOLDER] [--objects N] [--crops N] [--clouds N]
    python benchmarks/tools.py --region 20000       # only this: a region of 20,000 x 20,000 px denoised from file to file, and its seams

FOLDER holds the rasters of docs/tools.md (default: ../shared/data/rasters); what is absent is left out, with a sentence. Means with
95 % intervals (of the normal distribution), n stated. Nothing is downloaded, no weights are used.

Segmentation: objects are connected areas that are dark (water) or bright (vegetation) in the near infrared, which the tool never sees.
Denoising: gaussian noise of a sigma that the tool estimates. Clouds: fractal, opaque, over 30 % of a real image; references are real
images of other dates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from machine import machine
from tool_clouds import clouds
from tool_costs import costs, regions, run_case
from tool_denoising import denoising
from tool_segmentation import segmentation

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rasters", type=Path, default=HERE.parents[1] / "shared" / "data" / "rasters", metavar="FOLDER")
    parser.add_argument("--objects", type=int, default=400)
    parser.add_argument("--crops", type=int, default=24)
    parser.add_argument("--clouds", type=int, default=24)
    parser.add_argument("--region", type=int, metavar="SIDE", help="denoise a region of SIDE x SIDE px, and nothing else")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        run_case(chosen.case)
        return
    print(machine())
    if chosen.region:
        regions(chosen.region)
        return
    segmentation(chosen.rasters, chosen.objects)
    denoising(chosen.rasters, chosen.crops)
    clouds(chosen.rasters, chosen.clouds)
    costs()


if __name__ == "__main__":
    main()
