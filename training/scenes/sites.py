"""Draws the sites of a scene from above: grounds, landmarks, objects and decoy stacks.

Every function adds polygons to a brush, in scene units. Sizes are full extents; `heading` counts quarter turns clockwise from north.
"""

from __future__ import annotations

import math

from .brush import Brush, Color, scale, vary

Point = tuple[float, float]
LANDMARK: Color = (176, 128, 104)

# The right halves of outlines, in units of the object's size, nose up.
OUTLINES: dict[str, list[Point]] = {
    "planes": [(0, -0.62), (0.1, -0.4), (0.1, -0.18), (0.6, 0.14), (0.6, 0.28), (0.1, 0.16),
               (0.09, 0.38), (0.28, 0.54), (0.28, 0.62), (0, 0.54)],
    "ships": [(0, -0.66), (0.24, -0.28), (0.24, 0.6), (0, 0.6)],
    "boats": [(0, -0.62), (0.4, 0.5), (0, 0.34)],
    "tanks": [(0, -0.5), (0.2, -0.46), (0.36, -0.36), (0.46, -0.2), (0.5, 0), (0.46, 0.2), (0.36, 0.36), (0.2, 0.46), (0, 0.5)],
    "cars": [(0, -0.56), (0.3, -0.56), (0.34, -0.4), (0.34, 0.56), (0, 0.56)],
    "tractors": [(0, -0.55), (0.16, -0.55), (0.16, -0.1), (0.5, -0.1), (0.5, 0.5), (0, 0.5)],
    "tents": [(0, -0.55), (0.55, 0), (0, 0.55)],
}  # fmt: skip
ROOFS: dict[str, list[Point]] = {
    "round": [(math.sin(i * math.pi / 12) / 2, -math.cos(i * math.pi / 12) / 2) for i in range(24)],
    "square": [(-0.46, -0.46), (0.46, -0.46), (0.46, 0.46), (-0.46, 0.46)],
    "cross": [(-0.17, -0.56), (0.17, -0.56), (0.17, -0.17), (0.56, -0.17), (0.56, 0.17), (0.17, 0.17),
              (0.17, 0.56), (-0.17, 0.56), (-0.17, 0.17), (-0.56, 0.17), (-0.56, -0.17), (-0.17, -0.17)],
    "triangle": [(0, -0.6), (0.62, 0.5), (-0.62, 0.5)],
}  # fmt: skip
INK: Color = (22, 22, 24)
OUTER, BODY = 1.24, 0.94
"""The sizes of an object's outline and of its body, in units of its size."""


def _mirrored(half: list[Point]) -> list[Point]:
    """The symmetric outline of a right half that is listed from nose to tail."""
    return half + [(-x, y) for x, y in reversed(half) if x > 0]


def _placed(outline: list[Point], at: Point, size: float) -> list[Point]:
    return [(at[0] + x * size, at[1] + y * size) for x, y in outline]


SILHOUETTES = {name: _mirrored(half) for name, half in OUTLINES.items()}


def _turned(outline: list[Point], heading: int) -> list[Point]:
    for _ in range(heading):
        outline = [(-y, x) for x, y in outline]
    return outline


def extent(name: str, heading: int) -> tuple[float, float, float, float]:
    """The box around a drawn object (x0, y0, x1, y1), relative to its centre, in units of its size."""
    xs, ys = zip(*_turned(SILHOUETTES[name], heading))
    return min(xs) * OUTER, min(ys) * OUTER, max(xs) * OUTER, max(ys) * OUTER


def draw_object(brush: Brush, name: str, at: Point, size: float, color: Color, heading: int) -> None:
    """Draws one plane, ship, ...: an outline (light around black, dark around other colours), and the body."""
    outline = _turned(SILHOUETTES[name], heading)
    ink = (232, 232, 232) if sum(color) < 120 else INK
    brush.polygon(_placed(outline, at, size * OUTER), ink)
    brush.polygon(_placed(outline, at, size * BODY), color)


def draw_landmark(brush: Brush, shape: str, at: Point, size: float) -> None:
    """Draws the large building of a site: its roof is round, square, a cross or a triangle."""
    roof = ROOFS[shape]
    brush.polygon(_placed(roof, (at[0] + size * 0.12, at[1] + size * 0.12), size), (52, 48, 50))
    brush.polygon(_placed(roof, at, size * 1.06), (70, 48, 40))
    brush.polygon(_placed(roof, at, size * 0.86), LANDMARK)


def draw_stack(brush: Brush, at: Point, size: float, color: Color) -> None:
    """Draws four small containers of one colour, which look like an object in the global view."""
    half, mark = size / 2, size * 0.4
    for x in (at[0] - half, at[0] + half - mark):
        for y in (at[1] - half, at[1] + half - mark):
            brush.rectangle(x, y, x + mark, y + mark, color)


def draw_ground(brush: Brush, kind: str, box: tuple[float, float, float, float]) -> None:
    """Draws the ground of a site, which shows its class in the global view."""
    rng = brush.rng
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    s = min(w, h)

    def rect(u0: float, v0: float, u1: float, v1: float, color: Color) -> None:
        brush.rectangle(x0 + u0 * w, y0 + v0 * h, x0 + u1 * w, y0 + v1 * h, color)

    def line(u0: float, v0: float, u1: float, v1: float, width: float, color: Color) -> None:
        brush.line(x0 + u0 * w, y0 + v0 * h, x0 + u1 * w, y0 + v1 * h, width * s, color)

    def turned(flip: bool, u0: float, v0: float, u1: float, v1: float) -> tuple[float, float, float, float]:
        return (v0, u0, v1, u1) if flip else (u0, v0, u1, v1)

    flip = rng.random() < 0.5
    if kind == "airport":
        rect(0, 0, 1, 1, vary(rng, (184, 192, 202), 5))
        at = rng.choice((0.2, 0.8)) + rng.uniform(-0.05, 0.05)
        rect(*turned(flip, 0.0, at - 0.1, 1.0, at + 0.1), vary(rng, (54, 54, 60), 5))
        for i in range(7):
            rect(*turned(flip, 0.06 + i * 0.13, at - 0.014, 0.13 + i * 0.13, at + 0.014), (226, 226, 222))
        for end in (0.02, 0.96):
            for k in (-0.06, -0.03, 0.0, 0.03, 0.06):
                rect(*turned(flip, end, at + k - 0.009, end + 0.03, at + k + 0.009), (226, 226, 222))
        link = 0.5 if at < 0.5 else 0.1
        rect(*turned(flip, 0.3, link, 0.37, link + 0.4), vary(rng, (128, 128, 128), 4))
    elif kind == "harbor":
        rect(0, 0, 1, 1, vary(rng, (44, 86, 136), 6))
        quay, low = vary(rng, (134, 116, 98), 6), rng.random() < 0.5
        edge = (0.0, 0.12) if low else (0.88, 1.0)
        rect(*turned(flip, 0.0, edge[0], 1.0, edge[1]), quay)
        rect(*turned(flip, 0.0, edge[1] if low else edge[0] - 0.02, 1.0, (edge[1] + 0.02) if low else edge[0]), (200, 196, 186))
        for at in (0.3, 0.7):
            pier = (0.1, 0.52) if low else (0.48, 0.9)
            rect(*turned(flip, at - 0.028, pier[0], at + 0.028, pier[1]), quay)
    elif kind == "lake":
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        brush.ellipse(cx, cy, w / 2, h / 2, vary(rng, (206, 194, 152), 5), 64)
        brush.ellipse(cx, cy, w * 0.475, h * 0.475, vary(rng, (120, 180, 184), 4), 64)
        brush.ellipse(cx, cy, w * 0.45, h * 0.45, vary(rng, (74, 142, 164), 6), 64)
    elif kind == "depot":
        rect(0, 0, 1, 1, (62, 52, 48))
        rect(0.035, 0.035, 0.965, 0.965, vary(rng, (200, 164, 124), 6))
        for at in (0.34, 0.67):
            rect(*turned(flip, 0.035, at - 0.012, 0.965, at + 0.012), (150, 118, 90))
    elif kind == "village":
        rect(0, 0, 1, 1, vary(rng, (120, 74, 66), 6))
        street = vary(rng, (214, 208, 200), 5)
        for at in (0.25, 0.5, 0.75):
            rect(at - 0.022, 0, at + 0.022, 1, street)
            rect(0, at - 0.022, 1, at + 0.022, street)
        for i in range(4):
            for j in range(4):
                for du, dv in ((0.035, 0.04), (0.15, 0.15)):
                    u, v = i / 4 + du, j / 4 + dv
                    rect(u + 0.012, v + 0.012, u + 0.072, v + 0.072, (70, 46, 42))
                    rect(u, v, u + 0.06, v + 0.06, vary(rng, (182, 110, 82), 10))
    elif kind == "farm":
        field = vary(rng, (184, 176, 76), 6)
        rect(0, 0, 1, 1, field)
        row = vary(rng, (118, 130, 52), 6)
        for at in (0.08, 0.25, 0.42, 0.58, 0.75, 0.92):
            rect(*turned(flip, 0.0, at - 0.036, 1.0, at + 0.036), row)
            rect(*turned(flip, 0.0, at - 0.006, 1.0, at + 0.006), scale(row, 1.15))
    elif kind == "forest":
        rect(0, 0, 1, 1, vary(rng, (40, 82, 48), 4))
        for _ in range(20):
            u, v = x0 + rng.uniform(0.05, 0.95) * w, y0 + rng.uniform(0.05, 0.95) * h
            r = rng.uniform(0.035, 0.05) * s
            brush.ellipse(u, v, r, r, vary(rng, (54, 100, 58), 8))
            brush.ellipse(u - r * 0.25, v - r * 0.25, r * 0.5, r * 0.5, vary(rng, (70, 120, 70), 6), 8)
