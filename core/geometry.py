"""Boxes, views and grids: values without I/O.

Source pixels of the raster are the only currency: x to the right, y down, the corner of the first pixel is (0, 0), boxes are half-open.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import NamedTuple

Point = tuple[float, float]
Rings = tuple[tuple[Point, ...], ...]  # outlines of areas, filled by the even-odd rule: further parts and holes are further rings
Stops = tuple[float, ...]
Axis = tuple[Stops, tuple[int, ...]]  # where the scale of a view changes along an axis, its ends included: source pixels, shown pixels
FOCUS = 0.5  # of a picture's width and height: what the focus of a view gets


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
    focus: a part of the window, in whole source pixels, that is shown enlarged inside its compressed surroundings; None: one scale for all.
    """

    window: Box
    size: Size
    rings: Rings = ()
    focus: Box | None = None

    @property
    def part(self) -> Box:
        """What the picture was made for: the focus, else the window."""
        return self.focus or self.window

    @property
    def scale(self) -> float:
        """Source pixels per shown pixel along the longer side, of the focus where there is one; 1 is native resolution."""
        shown = self.from_source(self.focus) if self.focus else Box(0, 0, *self.size)
        return max(self.part.width / shown.width, self.part.height / shown.height)

    def to_source(self, box: Box) -> Box:
        """From pixels of the shown picture to source pixels."""
        (x, shown_x), (y, shown_y) = self._axes()
        return _mapped(box, (shown_x, x), (shown_y, y))

    def from_source(self, box: Box) -> Box:
        """From source pixels to pixels of the shown picture; the inverse of `to_source`."""
        return _mapped(box, *self._axes())

    def pieces(self) -> list[tuple[View, tuple[int, int]]]:
        """Views of one scale each that make the picture together, with the place of their top left pixel in it: one without a focus."""
        (x, shown_x), (y, shown_y) = self._axes()
        return [
            (View(Box(left, top, right, bottom), Size(end_x - at_x, end_y - at_y), self.rings), (at_x, at_y))
            for top, bottom, at_y, end_y in zip(y, y[1:], shown_y, shown_y[1:])
            for left, right, at_x, end_x in zip(x, x[1:], shown_x, shown_x[1:])
        ]

    def _axes(self) -> tuple[Axis, Axis]:
        window, part = self.window, self.part
        return (
            _axis(window.left, part.left, part.right, window.right, self.size.width),
            _axis(window.top, part.top, part.bottom, window.bottom, self.size.height),
        )


def _axis(low: float, start: float, end: float, high: float, length: int) -> Axis:
    """start..end gets FOCUS of the length, and what lies before and behind it shares the rest by its own length. One scale for all where
    start..end would not be enlarged, or the length is too short."""
    before, behind = start - low, high - end
    rest = length - math.ceil(length * FOCUS)
    if end - start >= FOCUS * (high - low) or rest < 2:
        return (low, high), (0, length)
    first = round(rest * before / (before + behind))
    first = min(max(first, int(before > 0)), rest - int(behind > 0))  # what is there has a pixel at least
    stops = {low: 0, start: first, end: first + length - rest, high: length}
    return tuple(stops), tuple(stops.values())


def _mapped(box: Box, x: tuple[Stops, Stops], y: tuple[Stops, Stops]) -> Box:
    return Box(_along(*x, box.left), _along(*y, box.top), _along(*x, box.right), _along(*y, box.bottom))


def _along(sources: Stops, targets: Stops, at: float) -> float:
    """The piecewise linear map that takes each of `sources` to its target; the outer pieces go on beyond the ends."""
    piece = min(max(bisect.bisect_right(sources, at) - 1, 0), len(sources) - 2)
    start, target = sources[piece], targets[piece]
    return target + (at - start) * ((targets[piece + 1] - target) / (sources[piece + 1] - start))


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
