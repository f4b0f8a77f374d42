"""Drawing tools for scenes: polygons in scene units, and varied colours."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

Color = tuple[int, int, int]


class Brush:
    """Collects polygons; all coordinates in scene units."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.points: list[tuple[float, float]] = []
        self.corners: list[int] = []
        self.colors: list[Color] = []

    def polygon(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        self.points.extend(points)
        self.corners.append(len(points))
        self.colors.append(color)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        self.polygon(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), color)

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: Color, corners: int = 16) -> None:
        turns = _CIRCLES[corners]
        self.polygon([(x + rx * c, y + ry * s) for c, s in turns], color)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, color: Color) -> None:
        length = math.hypot(x1 - x0, y1 - y0)
        nx, ny = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
        self.polygon([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], color)


_CIRCLES = {n: [(math.cos(2 * math.pi * i / n), math.sin(2 * math.pi * i / n)) for i in range(n)] for n in (8, 16, 64)}


def vary(rng: random.Random, color: Color, by: int) -> Color:
    shift = (2 * rng.random() - 1) * by
    r, g, b = (min(255, max(0, int(v + shift + (rng.random() - 0.5) * by))) for v in color)
    return r, g, b


def scale(color: Color, by: float) -> Color:
    r, g, b = (min(255, int(v * by)) for v in color)
    return r, g, b
