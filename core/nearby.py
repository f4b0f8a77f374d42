"""Which of many boxes touch another one, without a look at all of them."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Iterable, Iterator

from .geometry import Box


class Nearby:
    """Boxes by number, and which of them touch another one: a grid for each size of box, so that each lies in few cells."""

    def __init__(self) -> None:
        self._boxes: dict[int, Box] = {}
        self._cells: dict[tuple[int, int, int], set[int]] = defaultdict(set)
        self._heights: dict[int, int] = defaultdict(int)  # of the grids in use, with their number of boxes

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> Nearby:
        index = cls()
        for number, box in enumerate(boxes):
            index.add(number, box)
        return index

    def add(self, number: int, box: Box) -> None:
        self._boxes[number] = box
        height = _height(box)
        self._heights[height] += 1
        for cell in _cells(box, height):
            self._cells[cell].add(number)

    def remove(self, number: int) -> None:
        box = self._boxes.pop(number)
        height = _height(box)
        for cell in _cells(box, height):
            self._cells[cell].discard(number)
            if not self._cells[cell]:
                del self._cells[cell]
        self._heights[height] -= 1
        if not self._heights[height]:
            del self._heights[height]

    def near(self, box: Box) -> list[int]:
        """The numbers of the boxes that have an area in common with it, in order."""
        numbers: set[int] = set()
        for height in self._heights:
            for cell in _cells(box, height):
                numbers |= self._cells.get(cell, set())
        return sorted(number for number in numbers if self._boxes[number].intersect(box).area)


def _height(box: Box) -> int:
    """Of the grid whose cells are as large as the box."""
    return max(0, math.ceil(math.log2(max(box.width, box.height, 1))))


def _cells(box: Box, height: int) -> Iterator[tuple[int, int, int]]:
    """The cells of a grid that the box touches."""
    side = 2.0**height
    for row in range(math.floor(box.top / side), math.floor(box.bottom / side) + 1):
        for column in range(math.floor(box.left / side), math.floor(box.right / side) + 1):
            yield height, row, column
