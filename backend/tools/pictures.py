"""Pictures of what a tool has made, in the colours of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pyogrio
from PIL import Image, ImageDraw

from ...core.geometry import PIXELS, Box, Size, View
from ...core.region import Region
from ...core.tools import MASK, RASTER, SURVEY, Made
from ..scene import polygons
from ..scene.mask import inside, masked
from ..scene.scene import Scene

ENLARGED = 8  # times: a small region is shown larger
PINK = (255, 0, 160)  # of a mask for a model; rare in what is seen from above
CYAN = (0, 229, 255)  # of a mask for a person: the colour of its layer on the map
MARK = 8  # pixels of a side of the box around a thing that a survey has found: small ones could not be seen
TINT = 0.35  # of the colour over what the mask covers; its rim has the whole colour


def before_and_after(scene: Scene, region: Region, made: Made, side: int) -> tuple[Image.Image, Image.Image]:
    """Two pictures of the region's window of the same size, the longer side at most `side` pixels. Raises SceneError, Cancelled."""
    window = region.window
    scale = min(ENLARGED, side / max(window.width, window.height))
    view = View(window, Size(max(1, round(window.width * scale)), max(1, round(window.height * scale))))
    picture = scene.part(view)
    return picture, _drawn(picture.copy(), scene, view, made, CYAN)


def with_results(scene: Scene, view: View, laid: Sequence[Made]) -> Image.Image:
    """The view with what tools have made, one over another: a mask is drawn over it, new pixels take the place of the raster's.

    Raises SceneError, Cancelled.
    """
    picture = scene.part(view)
    for made in laid:
        picture = _drawn(picture, scene, view, made, PINK)
    return picture


def _drawn(picture: Image.Image, scene: Scene, view: View, made: Made, color: tuple[int, int, int]) -> Image.Image:
    box = Box(*made.box).rounded_out() if made.box else Box(0, 0, *scene.size)
    if made.tool == SURVEY:
        picture = _with_marks(picture, view, made.out, color)
    elif made.kind == MASK:
        picture = _with_mask(picture, _cover(scene, view, made.out, box), color)
    elif made.kind == RASTER:
        _lay_over(picture, view, scene, made.out, box)
    return masked(picture, view)


def _cover(scene: Scene, view: View, path: str, box: Box) -> np.ndarray:
    """Which pixels of the picture a mask covers: [row, column] uint8, 0 or 1."""
    if Path(path).suffix.lower() == ".tif":
        mask = Image.new("RGB", view.size)
        with Scene.open(path, stretch=((0, 1),)) as raster:
            _paste(mask, view, raster, scene.size, box)
        return (np.asarray(mask)[..., 0] > 127).astype(np.uint8)
    grid = scene.grid or PIXELS
    rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in polygons.read(path, scene, grid))
    cover = np.zeros((view.size.height, view.size.width), np.uint8)
    for piece, (x, y) in view.pieces():
        cover[y : y + piece.size.height, x : x + piece.size.width] = inside(View(piece.window, piece.size, rings))
    return cover


def _with_mask(picture: Image.Image, cover: np.ndarray, color: tuple[int, int, int]) -> Image.Image:
    core = cv2.erode(cover, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    share = np.where(cover > core, 1.0, TINT * cover)[..., None]
    return Image.fromarray(np.rint(np.asarray(picture) * (1 - share) + np.array(color) * share).astype(np.uint8))


def _with_marks(picture: Image.Image, view: View, path: str, color: tuple[int, int, int]) -> Image.Image:
    """The boxes of a survey's features, each at least MARK pixels long."""
    _, _, _, (kinds, boxes) = pyogrio.raw.read(path, layer="features", columns=["kind", "box"], read_geometry=False)
    draw = ImageDraw.Draw(picture)
    for kind, text in zip(kinds, boxes):
        box = view.from_source(Box(*map(float, text.split(","))))
        if kind == "feature" and box.intersect(Box(0, 0, *picture.size)).area:
            (x, y), half = box.center, (max(box.width, MARK) / 2, max(box.height, MARK) / 2)
            draw.rectangle((x - half[0], y - half[1], x + half[0], y + half[1]), outline=color, width=2)
    return picture


def _lay_over(picture: Image.Image, view: View, scene: Scene, path: str, box: Box) -> None:
    with scene.patch(path) as patch:
        _paste(picture, view, patch, scene.size, box)


def _paste(picture: Image.Image, view: View, patch: Scene, size: Size, box: Box) -> None:
    """Pastes the raster of a box over the picture, in whole pixels of the picture. size: of the scene, which a mosaic has as well."""
    left, top = (0.0, 0.0) if patch.size == size else (box.left, box.top)
    for piece, (x, y) in view.pieces():
        part = box.intersect(piece.window)
        if part.area:
            x0, y0, x1, y1 = (round(side) for side in piece.from_source(part))
            window = Box(part.left - left, part.top - top, part.right - left, part.bottom - top)
            picture.paste(patch.part(View(window, Size(max(x1 - x0, 1), max(y1 - y0, 1)))), (x + x0, y + y0))
