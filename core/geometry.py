"""Boxes, views and grids: values without I/O.

Source pixels of the raster are the only currency: x to the right, y down, the corner of the first pixel is (0, 0), boxes are half-open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

Point = tuple[float, float]
Rings = tuple[tuple[Point, ...], ...]  # outlines of areas, filled by the even-odd rule: further parts and holes are further rings


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Box(NamedTuple):
    """A rectangle in source pixels, half-open; fractions are allowed (what a model asked for)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """Zero for an empty or reversed box."""
        return max(0.0, self.width) * max(0.0, self.height)

    def intersect(self, other: Box) -> Box:
        """The common part; its `area` is zero where there is none."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1; zero where both are empty."""
        common = self.intersect(other).area
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0

    def contains(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom

    def rounded_out(self) -> Box:
        """The smallest box of whole pixels that holds this one."""
        return Box(math.floor(self.left), math.floor(self.top), math.ceil(self.right), math.ceil(self.bottom))

    def corners(self) -> list[tuple[float, float]]:
        """Clockwise from the top left, not closed."""
        return [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]


@dataclass(frozen=True)
class View:
    """One picture shown to the model: a window in whole source pixels, and the size it is shown at.

    rings: in source pixels; what of the window lies outside of them is shown grey. Without rings all of it is shown.
    """

    window: Box
    size: Size
    rings: Rings = ()

    @property
    def scale(self) -> float:
        """Source pixels per shown pixel along the longer side; 1 is native resolution."""
        return max(self.window.width / self.size.width, self.window.height / self.size.height)

    def to_source(self, box: Box) -> Box:
        """From pixels of the shown picture to source pixels."""
        x, y = self.window.width / self.size.width, self.window.height / self.size.height
        left, top = self.window.left, self.window.top
        return Box(left + box.left * x, top + box.top * y, left + box.right * x, top + box.bottom * y)

    def from_source(self, box: Box) -> Box:
        """From source pixels to pixels of the shown picture; the inverse of `to_source`."""
        x, y = self.size.width / self.window.width, self.size.height / self.window.height
        left, top = self.window.left, self.window.top
        return Box((box.left - left) * x, (box.top - top) * y, (box.right - left) * x, (box.bottom - top) * y)


@dataclass(frozen=True)
class Grid:
    """Where the pixels lie on the map: six affine coefficients in GDAL's order, and the CRS as WKT ("" where unknown).

    x_map = a0 + a1 * column + a2 * row;  y_map = a3 + a4 * column + a5 * row, at pixel corners.
    """

    affine: tuple[float, float, float, float, float, float]
    crs: str = ""

    def to_map(self, x: float, y: float) -> tuple[float, float]:
        a = self.affine
        return a[0] + a[1] * x + a[2] * y, a[3] + a[4] * x + a[5] * y

    def to_pixel(self, x: float, y: float) -> tuple[float, float]:
        """Raises ValueError where the affine is singular (`invertible` says so beforehand)."""
        a = self.affine
        det = a[1] * a[5] - a[2] * a[4]
        if det == 0:
            raise ValueError("the raster's affine coefficients are singular")
        dx, dy = x - a[0], y - a[3]
        return (a[5] * dx - a[2] * dy) / det, (a[1] * dy - a[4] * dx) / det

    @property
    def invertible(self) -> bool:
        a = self.affine
        return a[1] * a[5] - a[2] * a[4] != 0

    def polygon(self, box: Box) -> list[tuple[float, float]]:
        """The box's four corners in map units, closed (five points); rotated where the raster is."""
        points = [self.to_map(x, y) for x, y in box.corners()]
        return [*points, points[0]]

    def part(self, box: Box) -> Grid:
        """The grid of a part of the raster: its pixel (0, 0) is the box's top left corner."""
        a, (x, y) = self.affine, self.to_map(box.left, box.top)
        return Grid((x, a[1], a[2], y, a[4], a[5]), self.crs)

    def bounds_to_box(self, minx: float, miny: float, maxx: float, maxy: float) -> Box:
        """The smallest pixel box that holds a rectangle given in map units (a rotated raster: its bounding box)."""
        xs, ys = zip(*(self.to_pixel(x, y) for x in (minx, maxx) for y in (miny, maxy)))
        return Box(min(xs), min(ys), max(xs), max(ys))


PIXELS = Grid((0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
"""Of a raster without georeference: pixels with y upwards, as QGIS shows it."""
