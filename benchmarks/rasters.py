"""Measures the reading of a question: time, CPU, memory, bytes and requests, compared with other ways of reading.

    python benchmarks/rasters.py [--folder FOLDER] [--side 20000]

Creates the rasters it needs (2 GB; in FOLDER, or in a temporary folder that is deleted), and runs each case in a process of its
own, one after another. A question is one global view of 512 px and one crop of 1,024 px shown at 512.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine, peak_mb

HERE = Path(__file__).resolve().parent
REMOTE_SIDE, REMOTE_QUALITY = 40_000, 96  # with JPEG tiles, more than 1 GB


def question(path: str) -> dict[str, object]:
    """Reads the two views with Scene."""
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.core.geometry import Box, Size, View

    with Scene.open(path) as scene:
        side = min(scene.size)
        scene.preview(512)
        corner = side * 9 // 20
        scene.part(View(Box(corner, corner, corner + 1024, corner + 1024), Size(512, 512)))
        return {"read": scene.bytes_read}


def pillow(path: str) -> dict[str, object]:
    """The published loop (src/eval/infer.py): decodes the whole image and resizes; for the crop decodes it again, crops, resizes."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    Image.open(path).convert("RGB").resize((512, 512), Image.Resampling.BICUBIC)
    whole = Image.open(path).convert("RGB")
    corner = whole.width * 9 // 20
    whole.crop((corner, corner, corner + 1024, corner + 1024)).resize((512, 512), Image.Resampling.BICUBIC)
    return {}


def full_read(path: str) -> dict[str, object]:
    """Reads every pixel once with GDAL, a row of tiles at a time, without further work."""
    from zoomearth.backend.scene.gdal import OPTIONS, open_raster

    raster = open_raster(path, OPTIONS)
    width, height = raster.facts.size
    with raster.small_cache():
        for top in range(0, height, raster.facts.block.height):
            raster.read((0, top, width, min(raster.facts.block.height, height - top)), [1, 2, 3], "uint8")
    raster.close()
    return {}


CASES = {"question": question, "pillow": pillow, "full_read": full_read}


def case(name: str, path: str | Path, cache: Path) -> dict[str, float]:
    """Runs one case in a new process: seconds, cpu, mb, read."""
    env = {**os.environ, "ZOOMEARTH_CACHE": str(cache), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__, "--case", name, str(path)], capture_output=True, text=True, env=env)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def typical(name: str, path: str | Path, cache: Path) -> dict[str, float]:
    """The median of five runs, each in a new process, because a tenth of a second is easily disturbed."""
    return sorted((case(name, path, cache) for _ in range(5)), key=lambda got: got["seconds"])[2]


def run_case(name: str, path: str) -> None:
    import PIL.Image  # noqa: F401

    import zoomearth.backend.scene.scene  # noqa: F401
    from zoomearth.backend.scene.gdal import library

    importlib.import_module(f"zoomearth.backend.scene.gdal.{library()}_adapter")  # loading the libraries is nobody's cost
    wall, cpu = time.perf_counter(), time.process_time()
    result = CASES[name](path)
    print(json.dumps({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "mb": peak_mb(), **result}))


def make_all(folder: Path, side: int) -> dict[str, Path]:
    """Creates the rasters that do not exist yet."""
    from rasters import city, copy, make, mosaic

    paths = {name: folder / f"{name}_{side}.tif" for name in ("cog", "lossless", "tiled", "remote")}
    part = folder / "part.tif"
    if not part.exists():
        make(part, city(4000, 4000), TILED="YES", BLOCKXSIZE=512, BLOCKYSIZE=512)

    def canvas(width: int) -> Path:
        places = [(part, x, y, 4000, 4000) for y in range(0, width, 4000) for x in range(0, width, 4000)]
        return mosaic(folder / f"canvas_{width}.vrt", (width, width), places)

    def once(path: Path, make_it: object) -> None:
        if not path.exists():
            begun = time.perf_counter()
            part_file = path.with_suffix(".part.tif")
            make_it(part_file)  # type: ignore[operator]
            part_file.rename(path)
            print(f"  made {path.name}: {path.stat().st_size / 1e6:,.0f} MB in {time.perf_counter() - begun:.0f} s", file=sys.stderr)

    tiled = {"TILED": "YES", "BLOCKXSIZE": 512, "BLOCKYSIZE": 512, "COMPRESS": "JPEG", "PHOTOMETRIC": "YCBCR", "BIGTIFF": "YES"}
    once(paths["tiled"], lambda path: copy(canvas(side), path, "GTiff", **tiled))
    jpeg = {"COMPRESS": "JPEG", "BLOCKSIZE": 512, "BIGTIFF": "YES"}
    once(paths["cog"], lambda path: copy(canvas(side), path, "COG", **jpeg))
    lossless = {"COMPRESS": "DEFLATE", "LEVEL": 1, "BLOCKSIZE": 512, "BIGTIFF": "YES"}
    once(paths["lossless"], lambda path: copy(canvas(side), path, "COG", **lossless))
    once(paths["remote"], lambda path: copy(canvas(REMOTE_SIDE), path, "COG", QUALITY=REMOTE_QUALITY, **jpeg))

    corner = [(paths["cog"], 2 * side, 2 * side, side, side)]
    paths["sparse"] = mosaic(folder / f"sparse_{5 * side}.vrt", (5 * side, 5 * side), corner)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--case", nargs=2, metavar=("NAME", "PATH"))
    chosen = parser.parse_args()
    if chosen.case:
        run_case(*chosen.case)
        return
    sys.path.insert(0, str(HERE.parent / "tests"))  # before this folder: both have a rasters.py
    with tempfile.TemporaryDirectory(prefix="zoomearth-") as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        table(make_all(folder, chosen.side), folder, Path(temporary), chosen.side)


def table(paths: dict[str, Path], folder: Path, temporary: Path, side: int) -> None:
    from range_server import RangeServer

    from zoomearth.backend.scene.gdal import library

    rows: list[tuple[str, ...]] = [("case", "wall s", "cpu s", "peak MB", "reach", "reached")]

    def row(what: str, got: dict[str, float], reach: str = "", reached: str = "") -> None:
        rows.append((what, f"{got['seconds']:.2f}", f"{got['cpu']:.2f}", f"{got['mb']:.0f}", reach, reached))

    for name, codec in (("cog", "JPEG"), ("lossless", "DEFLATE")):
        case("question", paths[name], temporary)  # the file into the page cache, for both alike
        baseline, ours = case("pillow", paths[name], temporary), typical("question", paths[name], temporary)
        row(f"COG {side:,}², {codec}: the published loop, Pillow", baseline)
        wall, cpu = (baseline[key] / ours[key] for key in ("seconds", "cpu"))
        row(
            f"COG {side:,}², {codec}: a question",
            ours,
            ">= 200x faster, <= 150 MB",
            f"{wall:.0f}x wall, {cpu:.0f}x cpu, {ours['mb']:.0f} MB",
        )

    once, first = case("full_read", paths["tiled"], temporary), case("question", paths["tiled"], temporary)
    second = case("question", paths["tiled"], temporary)
    row("tiled, no overviews: one full GDAL read", once)
    row(
        "tiled, no overviews: a question, first touch",
        first,
        "<= 1.1x its CPU, <= 250 MB",
        f"{first['cpu'] / once['cpu']:.2f}x, {first['mb']:.0f} MB",
    )
    row("tiled, no overviews: a question, second touch", second, "<= 0.2 s", f"{second['seconds']:.2f} s wall, {second['cpu']:.2f} s cpu")

    with RangeServer(folder) as server:
        remote = case("question", server.url + paths["remote"].name, temporary)
        size = paths["remote"].stat().st_size
        row(
            f"HTTP, COG of {size / 1e9:.2f} GB ({REMOTE_SIDE:,}²): a question",
            remote,
            "<= 0.3 % of the bytes, <= 6 requests",
            f"{100 * server.bytes / size:.2f} % ({server.bytes / 1e6:.1f} MB), {server.requests} requests",
        )
    dense, hollow = (typical("question", paths[name], temporary) for name in ("cog", "sparse"))
    row(
        f"VRT {5 * side:,}², sparse, over the COG: a question",
        hollow,
        f"as the {side:,} one: same memory, time x2",
        f"{hollow['mb'] - dense['mb']:+.0f} MB, {hollow['seconds'] / dense['seconds']:.1f}x wall, {hollow['cpu'] / dense['cpu']:.1f}x cpu",
    )
    widths = [max(len(each[n]) for each in rows) for n in range(len(rows[0]))]
    print(f"{machine()}, {library()}")
    for each in rows:
        print(
            "  ".join(cell.rjust(width) if 0 < n < 4 else cell.ljust(width) for n, (cell, width) in enumerate(zip(each, widths))).rstrip()
        )


if __name__ == "__main__":
    main()
