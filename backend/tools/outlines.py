"""From a mask to what a GIS keeps: polygons, or the raster's own pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import contourpy
import cv2
import numpy as np
import shapely

from ...core.geometry import Box
from .job import Job, Mask

HALF = 0.4999  # of the cover: where four pixels meet and two opposite ones are covered, these are joined
TILE = 1024  # pixels a side


def outlines(mask: Mask, job: Job) -> list[Any]:
    """Shapely polygons in source pixels, holes kept; parts and holes that are too small are left out, corners are simplified.

    The outline runs between pixel centres of the mask: a centre is covered by a polygon exactly if it is covered by the mask, until the
    corners are simplified. There is always one at least.
    """
    height, width = mask.cover.shape
    x, y = mask.window.width / width, mask.window.height / height
    rim = np.pad(mask.cover, 1)  # outlines are closed at the edge
    along = (np.arange(-1, width + 1) + 0.5) * x + mask.window.left, (np.arange(-1, height + 1) + 0.5) * y + mask.window.top
    areas: Any = contourpy.contour_generator(*along, rim, fill_type=contourpy.FillType.OuterOffset).filled(HALF, 2)
    least, tolerance = job.arguments["least_area"], job.arguments["simplify"]
    shapes: list[Any] = []
    for points, offsets in zip(*areas):
        parts = [points[start:end] for start, end in zip(offsets[:-1], offsets[1:])]
        holes = [part for part in parts[1:] if shapely.Polygon(part).area >= least]
        shapes.append(shapely.Polygon(parts[0], holes))
    shapes = [shape for shape in shapes if shape.area >= least] or [max(shapes, key=lambda shape: float(shape.area))]
    simple = [shapely.make_valid(shape.simplify(tolerance)) for shape in shapes]
    return [part for shape in simple for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def native(mask: Mask, job: Job) -> Iterator[tuple[Box, np.ndarray]]:
    """The mask on the raster's own pixels, in parts: boxes, and [row, column] uint8 of 0 and 1."""
    window, (height, width) = mask.window, mask.cover.shape
    if width >= window.width and height >= window.height:
        size = int(window.width), int(window.height)
        yield window, (cv2.resize(mask.cover, size, interpolation=cv2.INTER_AREA) > HALF).astype(np.uint8)
        return
    for top in range(int(window.top), int(window.bottom), TILE):
        for left in range(int(window.left), int(window.right), TILE):
            job.check()
            box = Box(left, top, left + TILE, top + TILE).intersect(window)
            x = (np.arange(int(box.left), int(box.right)) + 0.5 - window.left) * width / window.width - 0.5
            y = (np.arange(int(box.top), int(box.bottom)) + 0.5 - window.top) * height / window.height - 0.5
            places = np.float32(np.broadcast_to(x, (len(y), len(x)))), np.float32(np.broadcast_to(y[:, None], (len(y), len(x))))
            cover = cv2.remap(mask.cover, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            yield box, (cover > HALF).astype(np.uint8)
