"""What part of a raster is asked about: a box and, within it, the inside of rings. Values without I/O, as in `geometry`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from .geometry import Box, Point, Rings

THIN = 1e-6  # pixels: what is thinner has no area but that of rounding
SNAP = 1e-3  # pixels: a side of a box nearer than this to a whole number is meant to be there
ASIDE = 0.382  # of an edge: where it is looked at; in its middle the edges of regular figures cross


@dataclass(frozen=True)
class Region:
    """A part of a raster in source pixels: what of `box` lies inside `rings`, filled by the even-odd rule; without rings all of it.

    rings: corners in order, closed or not; further parts and holes are further rings. box: around what of their inside lies in the raster.
    outline: the rings in map units, as they were asked for; empty where the region was given in pixels.
    """

    box: Box
    rings: Rings = ()
    outline: Rings = ()

    @classmethod
    def of(cls, rings: Rings, whole: Box, outline: Rings = ()) -> Region:
        """What of the rings' inside lies in `whole`; its box has no area where nothing does. Rings without area are left out."""
        rings = tuple(ring for ring in rings if _has_area(ring))
        box = _around(rings, whole)
        near = Box(*(round(side) if abs(side - round(side)) < SNAP else side for side in box))
        return cls(near if near.area else box, rings, outline)

    @property
    def window(self) -> Box:
        """Around the region, in whole pixels: what is shown of the raster at the most."""
        return self.box.rounded_out()

    def touches(self, box: Box) -> bool:
        """Whether an area of `box` lies inside the region; a common edge is none."""
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
    """The smallest box around what of the rings' inside lies in `whole`; one without area where nothing does."""
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
    """What of an edge runs through the inside of `box`; None where nothing does, as of an edge along its side."""
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
    """Whether inside lies in `part` on a line that crosses this piece of an edge: it does on one side of the edge, unless another edge
    lies on it."""
    (x0, y0), (x1, y1) = piece
    if abs(y1 - y0) >= abs(x1 - x0):
        crossings, low, high = _crossings(rings, 1, y0 + ASIDE * (y1 - y0)), part.left, part.right
    else:
        crossings, low, high = _crossings(rings, 0, x0 + ASIDE * (x1 - x0)), part.top, part.bottom
    return any(min(end, high) - max(start, low) > THIN for start, end in zip(crossings[::2], crossings[1::2]))


def _crossings(rings: Rings, axis: int, at: float) -> list[float]:
    """Where a line crosses the rings, in order; inside is from the first to the second, from the third to the fourth, and so on.

    axis: 0 for the line x = at, 1 for y = at.
    """
    along, crossings = 1 - axis, []
    for start, end in _edges(rings):
        if (start[axis] <= at) != (end[axis] <= at):
            low, high = sorted((start, end))  # an edge and its reverse are rounded alike
            crossings.append(low[along] + (at - low[axis]) * (high[along] - low[along]) / (high[axis] - low[axis]))
    return sorted(crossings)


def _holds(rings: Rings, point: Point) -> bool:
    return sum(crossing <= point[0] for crossing in _crossings(rings, 1, point[1])) % 2 == 1
