"""The part of a raster that a question is about, in source pixels: a box, and inside it the area of rings. Values without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from .geometry import Box, Point, Rings

THIN = 1e-6  # pixels: an area that is thinner is a rounding error
SNAP = 1e-3  # pixels: a side of a box this near to a whole number is rounded to it
ASIDE = 0.382  # of an edge: the point where it is tested; the edges of regular figures often cross in their middle


@dataclass(frozen=True)
class Region:
    """A part of a raster in source pixels: the area of `rings` (even-odd rule) inside `box`; without rings the whole box.

    rings: corners in order, closed or not; further parts and holes are further rings. box: around their area inside the raster.
    outline: the rings in map units, as the user gave them; empty where the region was given in pixels.
    """

    box: Box
    rings: Rings = ()
    outline: Rings = ()

    @classmethod
    def of(cls, rings: Rings, whole: Box, outline: Rings = ()) -> Region:
        """The region of the rings' area inside `whole`; its box has no area where they do not overlap. Rings without area are left out."""
        rings = tuple(ring for ring in rings if _has_area(ring))
        box = _around(rings, whole)
        near = Box(*(round(side) if abs(side - round(side)) < SNAP else side for side in box))
        return cls(near if near.area else box, rings, outline)

    @property
    def window(self) -> Box:
        """The box around the region in whole pixels: no view shows more of the raster."""
        return self.box.rounded_out()

    def touches(self, box: Box) -> bool:
        """Whether `box` and the region have a common area; a common edge is none."""
        part = box.intersect(self.box)
        if not part.area:
            return False
        if not self.rings:
            return True
        apart = True
        for start, end in _edges(self.rings):
            if piece := _piece(start, end, part):
                if _is_beside_inside(piece, self.rings, part):
                    return True
                apart = False  # an edge of a ring without area
        return apart and _holds(self.rings, part.center)


def _around(rings: Rings, whole: Box) -> Box:
    """The smallest box around the rings' area inside `whole`; without area where they do not overlap."""
    points = [point for start, end in _edges(rings) for point in _piece(start, end, whole) or ()]
    inner = Box(whole.left + THIN, whole.top + THIN, whole.right - THIN, whole.bottom - THIN)
    points += [corner for corner, within in zip(whole.corners(), inner.corners()) if _holds(rings, within)]
    if not points:
        return Box(0, 0, 0, 0)
    xs, ys = zip(*points)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _has_area(ring: tuple[Point, ...]) -> bool:
    xs, ys = zip(*ring)
    box = Box(min(xs), min(ys), max(xs), max(ys))
    return Region(box, (ring,)).touches(box)


def _edges(rings: Rings) -> Iterator[tuple[Point, Point]]:
    for ring in rings:
        yield from zip(ring, (*ring[1:], ring[0]))


def _piece(start: Point, end: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of an edge inside `box`; None where there is none, for example where the edge runs along a side of the box."""
    (x, y), across, down = start, end[0] - start[0], end[1] - start[1]
    first, last = 0.0, 1.0
    for step, low, high in ((across, box.left - x, box.right - x), (down, box.top - y, box.bottom - y)):
        if step == 0:
            if not low < 0 < high:
                return None
        else:
            enters, leaves = (low / step, high / step) if step > 0 else (high / step, low / step)
            first, last = max(first, enters), min(last, leaves)
            if first >= last:
                return None
    return (x + first * across, y + first * down), (x + last * across, y + last * down)


def _is_beside_inside(piece: tuple[Point, Point], rings: Rings, part: Box) -> bool:
    """Whether a line across this piece of an edge has a part inside the rings and inside `part`. It has on one side of the edge, unless
    another edge lies on the same place."""
    (x0, y0), (x1, y1) = piece
    if abs(y1 - y0) >= abs(x1 - x0):
        crossings, low, high = _crossings(rings, 1, y0 + ASIDE * (y1 - y0)), part.left, part.right
    else:
        crossings, low, high = _crossings(rings, 0, x0 + ASIDE * (x1 - x0)), part.top, part.bottom
    return any(min(end, high) - max(start, low) > THIN for start, end in zip(crossings[::2], crossings[1::2]))


def _crossings(rings: Rings, axis: int, at: float) -> list[float]:
    """The crossings of a line with the rings, in order; the line is inside between the first and the second, the third and the fourth, ...

    axis: 0 for the line x = at, 1 for y = at.
    """
    along, crossings = 1 - axis, []
    for start, end in _edges(rings):
        if (start[axis] <= at) != (end[axis] <= at):
            low, high = sorted((start, end))  # so that an edge and its reverse are rounded in the same way
            crossings.append(low[along] + (at - low[axis]) * (high[along] - low[along]) / (high[axis] - low[axis]))
    return sorted(crossings)


def _holds(rings: Rings, point: Point) -> bool:
    return sum(crossing <= point[0] for crossing in _crossings(rings, 1, point[1])) % 2 == 1
