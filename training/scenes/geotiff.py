"""Writes drawn scenes as GeoTIFFs of any size, block by block, with the truth as JSON beside them.

The files are tiled, JPEG-compressed, with averaged overviews, in a UTM zone at 0.3 m per pixel, like a user's own imagery.
Memory: one block (3 MB) and GDAL's cache, for any size.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window as PixelWindow

from ...backend.cli.parser import Parser, count, positive
from ...backend.scene.gdal import GENERATED
from ...core.atomic import beside
from .questions import LEVELS, Question, ask
from .render import Window, render
from .scene import SITES, Scene, make_scene

BLOCK = 1024
GSD = 0.3
"""Metres per pixel."""
CRS = "EPSG:32633"


def write_geotiff(
    scene: Scene,
    path: Path,
    size: int = 8192,
    progress: Callable[[int, int], None] | None = None,
    spoil: Callable[[np.ndarray, Window], np.ndarray] | None = None,
) -> None:
    """Writes the scene as a size x size GeoTIFF at `path`, marked as generated, and its truth as JSON under the same name.

    progress is called with blocks done and blocks in all; overviews count as a third of them. The files get their names when complete.
    spoil: what happens to the pixels of each window (scene units) before they are written, without loss then: see `spoil.py`.
    """
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": 3,
        "dtype": "uint8",
        "crs": CRS,
        "transform": from_origin(300_000 + scene.seed % 997 * 300, 5_400_000 - scene.seed % 991 * 300, GSD, GSD),
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        **({"compress": "DEFLATE"} if spoil else {"compress": "JPEG", "jpeg_quality": 90, "photometric": "YCBCR"}),
        "interleave": "pixel",
        "bigtiff": "IF_SAFER",
    }
    corners = [(x, y) for y in range(0, size, BLOCK) for x in range(0, size, BLOCK)]
    blocks, extra = len(corners), len(corners) // 3
    with beside(path) as new:
        with rasterio.open(new, "w", **profile) as raster:
            raster.update_tags(**GENERATED)
            for done, (x, y) in enumerate(corners):
                w, h = min(BLOCK, size - x), min(BLOCK, size - y)
                window = x / size, y / size, (x + w) / size, (y + h) / size
                pixels = render(scene, window, (w, h), grain=3.0)
                if spoil:
                    pixels = spoil(pixels, window)
                raster.write(np.moveaxis(pixels, 2, 0), window=PixelWindow(x, y, w, h))
                if progress:
                    progress(done + 1, blocks + extra)
        factors = [2**i for i in range(1, 20) if size / 2**i >= 128]
        with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=512), rasterio.open(new, "r+") as raster:
            raster.build_overviews(factors, Resampling.average)
        new.with_suffix(".json").write_text(json.dumps(describe(scene, size), indent=1) + "\n")
    if progress:
        progress(blocks + extra, blocks + extra)


def drawn(scene: Scene, path: Path, size: int, progress: Callable[[int, int], None] | None = None) -> Path:
    """`write_geotiff` if `path` or its truth does not exist. An existing scene without the mark, of an older version, is marked."""
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        write_geotiff(scene, path, size, progress)
        return path
    with rasterio.open(path) as raster:
        marked = GENERATED.items() <= raster.tags().items()
    if not marked:
        mark(path)
    return path


def mark(path: Path) -> None:
    """Marks a GeoTIFF as a generated scene; its pixels do not change."""
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(**GENERATED)


def describe(scene: Scene, size: int) -> dict[str, Any]:
    """The truth about a scene of size x size pixels: its sites in source pixels, and a question of every kind with its answer."""

    def pixels(*values: float) -> list[int]:
        return [round(value * size) for value in values]

    sites = []
    for site in scene.sites:
        about = SITES[site.kind]
        sites.append({
            "kind": site.kind,
            "box": pixels(*site.box),
            "objects": about.objects,
            "count": len(site.points),
            "centers": [pixels(*point) for point in site.points],
            "color": site.color if site.points else None,
            "heading": site.heading if site.points and about.heading else None,
            "landmark": {"name": about.landmark, "center": pixels(*site.landmark), "shape": site.shape},
        })  # fmt: skip
    rng = random.Random(scene.seed)
    asked = [question for kind in LEVELS if (question := ask(scene, kind, rng))]
    questions = [question_facts(question, size) for question in asked]
    return {"seed": scene.seed, "size": size, "terrain": scene.terrain, "setting": scene.setting, "sites": sites, "questions": questions}


def question_facts(question: Question, size: int) -> dict[str, Any]:
    """A question as plain data: text, answer, kind, level, and the box to zoom to in source pixels (None for a global question)."""
    box = [round(value * size) for value in question.site.box] if question.site else None
    return {"question": question.text, "answer": question.answer, "kind": question.kind, "level": question.level, "box": box}


def command(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="gets scene-SEED.tif, and scene-SEED.json with the truth")
    parser.add_argument("--size", type=positive, default=8192, metavar="PX", help="pixels a side (default 8192)")
    parser.add_argument("--seed", type=count, default=1, help="which scene (default 1)")
    parser.examples("zoomearth demo scene scenes --size 8192 --seed 1")
    parser.set_defaults(run=_draw)


def _draw(options: argparse.Namespace) -> int:
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"scene-{options.seed}.tif"

    def show(done: int, total: int) -> None:
        print(f"\rdrawing {path.name}: {100 * done // total} %", end="" if done < total else "\n", flush=True, file=sys.stderr)

    write_geotiff(make_scene(options.seed), path, options.size, show)
    print(path)
    return 0
