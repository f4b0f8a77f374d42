"""The views of a survey: squares of one scale that overlap, over an area of any size. Values without I/O; nothing here lists all views."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Iterator

from .geometry import Box

Cell = tuple[int, int]  # row, column


@dataclass(frozen=True)
class Level:
    """The views of one scale over `area`, in rows and columns.

    area: in whole source pixels. side: of a view's window, in source pixels; a smaller area makes it smaller. step: from one window to the
    next. The last row and the last column are moved back inside the area: every pixel lies in a window of full size.
    A view's *cell* is the part of the area that is its own: cells do not overlap, and together they are the area.
    """

    area: Box
    side: int
    step: int

    def __post_init__(self) -> None:
        if not 1 <= self.step <= self.side or not self.area.area:
            raise ValueError(f"a step is at least 1 and at most a side, and the area has pixels: {self}")

    @property
    def rows(self) -> int:
        return self._count(self.area.height)

    @property
    def columns(self) -> int:
        return self._count(self.area.width)

    @property
    def size(self) -> int:
        """The number of its views."""
        return self.rows * self.columns

    def window(self, cell: Cell) -> Box:
        """What the view of this row and column shows."""
        top, bottom = self._window(cell[0], self.area.top, self.area.bottom)
        left, right = self._window(cell[1], self.area.left, self.area.right)
        return Box(left, top, right, bottom)

    def cell(self, cell: Cell) -> Box:
        """The view's own part of the area."""
        top, bottom = self._own(cell[0], self.area.top, self.area.bottom)
        left, right = self._own(cell[1], self.area.left, self.area.right)
        return Box(left, top, right, bottom)

    def touching(self, box: Box) -> tuple[range, range]:
        """The rows and columns of the views whose windows have an area in common with `box`."""
        return self._touching(box.top, box.bottom, self.area.top, self.area.bottom), self._touching(
            box.left, box.right, self.area.left, self.area.right
        )

    def owning(self, box: Box) -> tuple[range, range]:
        """The rows and columns of the views whose cells have an area in common with `box`."""
        return self._owning(box.top, box.bottom, self.area.top, self.area.bottom), self._owning(
            box.left, box.right, self.area.left, self.area.right
        )

    def centred(self, box: Box) -> tuple[range, range]:
        """The rows and columns of the views whose cells have their centre in `box`: boxes that tile the area share them out."""
        return self._centred(box.top, box.bottom, self.area.top, self.area.bottom), self._centred(
            box.left, box.right, self.area.left, self.area.right
        )

    def _count(self, length: float) -> int:
        return 1 if length <= self.side else math.ceil((length - self.side) / self.step) + 1

    def _window(self, at: int, low: float, high: float) -> tuple[float, float]:
        start = low + min(at * self.step, max(0.0, high - low - self.side))
        return start, min(start + self.side, high)

    def _own(self, at: int, low: float, high: float) -> tuple[float, float]:
        start = low + at * self.step
        return start, high if at == self._count(high - low) - 1 else start + self.step

    def _touching(self, start: float, end: float, low: float, high: float) -> range:
        start, end, length = max(start, low) - low, min(end, high) - low, high - low
        count = self._count(length)
        if start >= end:
            return range(0)
        first = min(max(0, math.floor((start - self.side) / self.step) + 1), count - 1)
        last = count - 1 if end > length - self.side else min(count - 1, math.ceil(end / self.step) - 1)
        return range(first, last + 1)

    def _owning(self, start: float, end: float, low: float, high: float) -> range:
        start, end = max(start, low) - low, min(end, high) - low
        count = self._count(high - low)
        if start >= end:
            return range(0)
        return range(min(math.floor(start / self.step), count - 1), min(math.ceil(end / self.step), count))

    def _centred(self, start: float, end: float, low: float, high: float) -> range:
        count = self._count(high - low)

        def before(place: float) -> int:
            """How many cells have their centre before it."""
            at = min(max(0, math.ceil((place - low) / self.step - 0.5)), count - 1)
            return at + (at == count - 1 and sum(self._own(at, low, high)) / 2 < place)

        return range(before(start), before(end))


def quarters(window: Box, overlap: float) -> list[Box]:
    """Four windows that are together the same place, each at twice the resolution, in whole pixels; fewer of a narrow one."""
    rows, columns = list(_halves(window.top, window.bottom, overlap)), list(_halves(window.left, window.right, overlap))
    return [Box(left, top, right, bottom) for top, bottom in rows for left, right in columns]


def _halves(start: float, end: float, overlap: float) -> Iterator[tuple[float, float]]:
    side = min(end - start, math.ceil((end - start + overlap) / 2))
    yield start, start + side
    if side < end - start:
        yield end - side, end


def runs(cells: Iterator[Cell]) -> Iterator[tuple[Cell, int]]:
    """Neighbours of a row as one: the first cell and how many. cells: in order."""
    first, count = (0, 0), 0
    for cell in cells:
        if count and cell == (first[0], first[1] + count):
            count += 1
            continue
        if count:
            yield first, count
        first, count = cell, 1
    if count:
        yield first, count
