"""Drawn ultra-high-resolution scenes with ground truth: a scene consists of vectors, and pixels are drawn when they are needed.

    zoomearth demo scene FOLDER --size 8192 --seed 1

A scene is a unit square of terrain with four to seven *sites* (airport, harbor, lake, ...). A site is about a ninth of the scene wide, so
that it is visible in a global view of 168 px. The objects of the questions (planes, their colour, the shape of the terminal) are about 2 px
wide there, and 20 px in the crop of the site. A stack of small marks in the same colours replaces every missing object, so that the tint of
a site in the global view reveals neither colour nor count.

Coordinates: scene units, 0..1, x to the right, y down. `render` draws a scene; `questions` makes questions about it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .brush import Brush, Color, scale, vary
from .sites import draw_ground, draw_landmark, draw_object, draw_stack

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in scene units."""

PALETTE: dict[str, Color] = {
    "red": (214, 40, 36),
    "yellow": (244, 214, 40),
    "blue": (36, 76, 220),
    "white": (248, 248, 248),
    "black": (20, 20, 24),
}
COLORS = list(PALETTE)
SHAPES = ["round", "square", "cross", "triangle"]
HEADINGS = ["north", "east", "south", "west"]


class SiteClass(NamedTuple):
    """The content of a class of site: the names of its objects and of its landmark, and whether the objects have a heading."""

    objects: str
    landmark: str
    heading: bool


SITES = {
    "airport": SiteClass("planes", "terminal", True),
    "harbor": SiteClass("ships", "warehouse", True),
    "lake": SiteClass("boats", "platform", True),
    "depot": SiteClass("tanks", "office", False),
    "village": SiteClass("cars", "church", False),
    "farm": SiteClass("tractors", "barn", False),
    "forest": SiteClass("tents", "lodge", False),
}
TERRAIN: dict[str, Color] = {"grassland": (116, 138, 84), "desert": (206, 180, 134), "rock": (142, 130, 122), "snow": (222, 226, 232)}
SETTINGS = ["rural", "urban"]
HELD_OUT = 900_000_000
"""Scenes with this seed or a higher one are for evaluation: no model is trained on them."""
MOST = 4
"""The largest number of objects of a site."""
BLOBS = 10
"""Objects plus decoy stacks per site: the same for every count."""


@dataclass
class Site:
    """One site with all facts that questions are about. `box` = x0, y0, x1, y1; `points` = object centres, left to right; `size` = of an
    object's outline, as `sites.draw_object` takes it."""

    kind: str
    box: Box
    color: str
    heading: str
    shape: str
    points: list[tuple[float, float]] = field(default_factory=list)
    landmark: tuple[float, float] = (0.0, 0.0)
    size: float = 0.0

    @property
    def center(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass
class Scene:
    """A scene as vectors: polygons in drawing order, polygon i having corners `points[starts[i]:starts[i + 1]]` and a row in `bounds`.

    `noise` has one 64 x 64 tile per octave of texture.
    """

    seed: int
    terrain: str
    setting: str
    base: Color
    sites: list[Site]
    points: np.ndarray
    starts: np.ndarray
    bounds: np.ndarray
    colors: list[Color]
    noise: np.ndarray


def make_scene(seed: int) -> Scene:
    """The scene of a seed: the same for the same seed."""
    rng = random.Random(seed)
    terrain, setting = rng.choice(list(TERRAIN)), rng.choice(SETTINGS)
    base = vary(rng, TERRAIN[terrain], 8)
    brush = Brush(rng)
    boxes = _place_sites(rng)
    (_countryside if setting == "rural" else _town)(brush, base)
    for _ in range(rng.randint(1, 3)):
        a, b, width = rng.random(), rng.random(), rng.uniform(0.003, 0.006)
        ends = (-0.02, a, 1.02, b) if rng.random() < 0.5 else (a, -0.02, b, 1.02)
        brush.line(*ends, width * 1.5, scale(base, 0.86))
        brush.line(*ends, width, vary(rng, (104, 100, 98), 8))
    sites = []
    for kind, box in boxes:
        site = Site(kind, box, rng.choice(COLORS), rng.choice(HEADINGS), rng.choice(SHAPES))
        _draw_site(brush, site, 0 if rng.random() < 0.25 else rng.randint(1, MOST))
        sites.append(site)
    noise = np.random.default_rng(seed).standard_normal((8, 64, 64)).astype(np.float32)
    points = np.array(brush.points)
    starts = np.cumsum([0, *brush.corners])
    bounds = np.concatenate([np.minimum.reduceat(points, starts[:-1]), np.maximum.reduceat(points, starts[:-1])], 1)
    return Scene(seed, terrain, setting, base, sites, points, starts, bounds, brush.colors, noise)


def _place_sites(rng: random.Random) -> list[tuple[str, Box]]:
    kinds: list[str] = []
    wanted = rng.randint(4, 7)
    while len(kinds) < wanted:
        kind = rng.choice(list(SITES))
        if kinds.count(kind) < 2:
            kinds.append(kind)
    placed: list[tuple[str, Box]] = []
    gap = 0.025
    for kind in kinds:
        for _ in range(80):
            w, h = rng.uniform(0.1, 0.13), rng.uniform(0.1, 0.13)
            x, y = rng.uniform(0.012, 0.988 - w), rng.uniform(0.012, 0.988 - h)
            if all(x + w + gap < b[0] or b[2] + gap < x or y + h + gap < b[1] or b[3] + gap < y for _, b in placed):
                placed.append((kind, (x, y, x + w, y + h)))
                break
    return placed


def _parcels(rng: random.Random, box: Box, least: float) -> list[Box]:
    """Cut a rectangle into smaller ones until no side can be halved further."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    if max(w, h) < least * 2 or (max(w, h) < least * 3 and rng.random() < 0.35):
        return [box]
    cut = rng.uniform(0.35, 0.65)
    if w > h:
        return _parcels(rng, (x0, y0, x0 + w * cut, y1), least) + _parcels(rng, (x0 + w * cut, y0, x1, y1), least)
    return _parcels(rng, (x0, y0, x1, y0 + h * cut), least) + _parcels(rng, (x0, y0 + h * cut, x1, y1), least)


def _countryside(brush: Brush, base: Color) -> None:
    """Draws fields in the terrain's tint with hedges, and a few groves."""
    rng = brush.rng
    for x0, y0, x1, y1 in _parcels(rng, (0, 0, 1, 1), 0.11):
        tint = vary(rng, base, 14)
        brush.rectangle(x0, y0, x1, y1, scale(base, 0.84))
        brush.rectangle(x0 + 0.0012, y0 + 0.0012, x1 - 0.0012, y1 - 0.0012, tint)
        for i in range(rng.choice((0, 0, 3))):
            at = y0 + (y1 - y0) * (i + 1) / 4
            brush.line(x0 + 0.002, at, x1 - 0.002, at, 0.002, scale(tint, 0.93))
    for _ in range(rng.randint(3, 6)):
        x, y = rng.random(), rng.random()
        for _ in range(6):
            r = rng.uniform(0.003, 0.009)
            brush.ellipse(x + rng.gauss(0, 0.014), y + rng.gauss(0, 0.014), r, r * rng.uniform(0.7, 1), vary(rng, scale(base, 0.72), 8))


def _town(brush: Brush, base: Color) -> None:
    """Draws blocks between streets, with roofs and yards."""
    rng = brush.rng
    for x0, y0, x1, y1 in _parcels(rng, (0, 0, 1, 1), 0.075):
        brush.rectangle(x0, y0, x1, y1, vary(rng, (128, 126, 126), 5))
        x0, y0, x1, y1 = x0 + 0.004, y0 + 0.004, x1 - 0.004, y1 - 0.004
        brush.rectangle(x0, y0, x1, y1, vary(rng, base, 8))
        roof = rng.choice(((138, 124, 116), (132, 132, 138), (150, 146, 138), (118, 116, 122)))
        columns, rows = (2, 1) if x1 - x0 > y1 - y0 else (1, 2)
        for i in range(columns):
            for j in range(rows):
                w, h = (x1 - x0) / columns, (y1 - y0) / rows
                a, b = x0 + w * (i + rng.uniform(0.1, 0.25)), y0 + h * (j + rng.uniform(0.1, 0.25))
                c, d = a + w * rng.uniform(0.45, 0.62), b + h * rng.uniform(0.45, 0.62)
                brush.rectangle(a + 0.003, b + 0.003, c + 0.003, d + 0.003, scale(base, 0.68))
                brush.rectangle(a, b, c, d, vary(rng, roof, 12))


def _draw_site(brush: Brush, site: Site, count: int) -> None:
    """Draws the ground of a site, decoys, landmark and `count` objects; sets `points`, `landmark` and `size`."""
    rng = brush.rng
    x0, y0, x1, y1 = site.box
    w, h = x1 - x0, y1 - y0
    s = min(w, h)
    draw_ground(brush, site.kind, site.box)
    site.size = rng.uniform(0.115, 0.135) * s

    occupied: list[tuple[float, float, float]] = []

    def free_spot(reach: float, tries: int, columns: list[tuple[float, float]] | None = None) -> tuple[float, float] | None:
        for _ in range(tries):
            x, y = x0 + rng.uniform(0.13, 0.87) * w, y0 + rng.uniform(0.13, 0.87) * h
            apart = all(max(abs(x - a), abs(y - b)) > reach + r for a, b, r in occupied)
            if apart and all(abs(x - a) > 0.07 * w for a, _ in columns or []):
                occupied.append((x, y, reach))
                return x, y
        return None

    site.landmark = free_spot(0.1 * s, 1) or site.center
    for _ in range(count):
        spot = free_spot(0.082 * s, 150, site.points)
        if spot:
            site.points.append(spot)
    site.points.sort()
    # As many stacks of one other colour as there are objects (a random number without objects); the others in any colour.
    stacks = BLOBS - len(site.points)
    rivals = [rng.choice([c for c in COLORS if c != site.color])] * (len(site.points) or rng.randint(1, MOST))
    tints = (rivals + [rng.choice(COLORS) for _ in range(BLOBS)])[:stacks]
    for tint in tints:
        spot = free_spot(0.062 * s, 40)
        if spot:
            draw_stack(brush, spot, 0.115 * s, PALETTE[tint])
    draw_landmark(brush, site.shape, site.landmark, 0.17 * s)
    for spot in site.points:
        draw_object(brush, SITES[site.kind].objects, spot, site.size, PALETTE[site.color], HEADINGS.index(site.heading))
