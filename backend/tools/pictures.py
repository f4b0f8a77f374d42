"""A tool's region before and after, in the colours of the scene."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ...core.geometry import PIXELS, Box, Size, View
from ...core.region import Region
from ...core.tools import MASK, Made
from ..scene.mask import inside
from ..scene.polygons import read
from ..scene.scene import Scene

ENLARGED = 8  # times: a small region is shown larger
TINT = np.array((0, 229, 255), np.float32)  # of a mask, the first colour of the zooms on the map
SHARE = 0.35  # of the tint inside a mask
CASING = (20, 20, 20)  # around the line of a mask


def before_and_after(scene: Scene, region: Region, made: Made, side: int) -> tuple[Image.Image, Image.Image]:
    """Two pictures of the region's window of the same size, the longer side at most `side` pixels. Raises SceneError, Cancelled."""
    window = region.window
    scale = min(ENLARGED, side / max(window.width, window.height))
    view = View(window, Size(max(1, round(window.width * scale)), max(1, round(window.height * scale))))
    before = scene.part(view)
    if made.kind == MASK:
        return before, _marked(before, _cover(scene, view, made))
    bands = None if scene.palette is not None else scene.shown_bands
    with Scene.open(made.out, bands=bands, stretch=scene.limits) as result:
        return before, result.part(_view_of(result, scene, view))


def _view_of(result: Scene, scene: Scene, view: View) -> View:
    """The view in the pixels of a result: a mosaic has those of the scene, a GeoTIFF those of the window."""
    return view if result.size == scene.size else View(Box(0, 0, *result.size), view.size)


def _cover(scene: Scene, view: View, made: Made) -> np.ndarray:
    """Which pixels of the picture a mask covers: [row, column] bool."""
    if Path(made.out).suffix.lower() == ".tif":
        with Scene.open(made.out, stretch=((0, 1),)) as mask:
            return np.asarray(mask.part(_view_of(mask, scene, view)))[..., 0] > 127
    grid = scene.grid or PIXELS
    rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in read(made.out, scene, grid))
    return inside(View(view.window, view.size, rings))


def _marked(picture: Image.Image, cover: np.ndarray) -> Image.Image:
    """The picture with the covered pixels tinted, and their outline drawn."""
    pixels = np.array(picture, np.float32)
    pixels[cover] += SHARE * (TINT - pixels[cover])
    marked = np.ascontiguousarray(pixels.round().astype(np.uint8))
    lines, _ = cv2.findContours(cover.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for color, width in ((CASING, 5), (TINT.tolist(), 2)):
        cv2.drawContours(marked, lines, -1, color, width)
    return Image.fromarray(marked)
