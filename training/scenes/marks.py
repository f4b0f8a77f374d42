"""Marks: the boxes of all objects of one class in a view, for the request "mark every plane", and of the places where some could be.

The views are those of a survey: square windows at about native resolution, anywhere in the scene. An object that the edge of the view cuts
is marked as far as it is visible, if at least LEAST_VISIBLE of its box is. Places are the sites of the class, with objects or without, in
views of the whole scene and of large parts of it. Marks are in order of their left edges.
"""

from __future__ import annotations

import math
import random

from .render import VIEW, Window
from .scene import HEADINGS, SITES, Box, Scene, Site
from .sites import extent

LEAST_VISIBLE = 0.3
"""The smallest part of an object's box inside the view for which it is marked."""
LEAST_OF_PLACE = 0.12
"""The smallest part of a site's box inside the view for which it is marked as a place: no object's centre lies nearer to its edge."""
SIDES = (0.035, 0.15)
"""Sides of a view in scene units: 168 pixels of scenes from 1,400 to 3,800 px a side at scales from 0.8 to 1.25."""
COARSE_SIDES = (0.2, 0.7)
"""Of a view that is asked for places, and shows less than the whole scene."""
NOUNS = {kind: about.objects[:-1] for kind, about in SITES.items()}
"""The singular of the objects of each class of site."""

Pixels = tuple[int, int, int, int]


def object_boxes(site: Site) -> list[Box]:
    """The boxes of a site's objects, in scene units, in the order of `points`."""
    about = SITES[site.kind]
    x0, y0, x1, y1 = extent(about.objects, HEADINGS.index(site.heading))
    s = site.size
    return [(x + x0 * s, y + y0 * s, x + x1 * s, y + y1 * s) for x, y in site.points]


def visible(box: Box, window: Window, least: float = LEAST_VISIBLE) -> Box | None:
    """The part of a box in a window, in scene units; None where it is less than `least` of the box."""
    x0, y0, x1, y1 = max(box[0], window[0]), max(box[1], window[1]), min(box[2], window[2]), min(box[3], window[3])
    if x0 >= x1 or y0 >= y1:
        return None
    share = (x1 - x0) * (y1 - y0) / ((box[2] - box[0]) * (box[3] - box[1]))
    return (x0, y0, x1, y1) if share >= least else None


def marks(scene: Scene, noun: str, window: Window) -> list[Pixels]:
    """The boxes of all objects of this name in the view of a window, in pixels of the view, in order of their left edges."""
    return _in_view([visible(box, window) for site in scene.sites if NOUNS[site.kind] == noun for box in object_boxes(site)], window)


def places(scene: Scene, noun: str, window: Window) -> list[Pixels]:
    """The boxes of all sites in the view of a window that may hold such objects, as `marks` has them."""
    return _in_view([visible(site.box, window, LEAST_OF_PLACE) for site in scene.sites if NOUNS[site.kind] == noun], window)


def _in_view(boxes: list[Box | None], window: Window) -> list[Pixels]:
    left, top, right, bottom = window
    kx, ky = VIEW / (right - left), VIEW / (bottom - top)
    return sorted(
        (round((x0 - left) * kx), round((y0 - top) * ky), round((x1 - left) * kx), round((y1 - top) * ky))
        for x0, y0, x1, y1 in filter(None, boxes)
    )


def survey_window(scene: Scene, rng: random.Random, sides: tuple[float, float] = SIDES, anywhere: bool = False) -> Window:
    """A square window as a survey may show it: 60 % hold the centre of an object, 25 % have their own centre at a site, 15 % are anywhere.

    sides: the smallest and the largest. anywhere: all are anywhere, as in a survey of a whole scene.
    """
    side = math.exp(rng.uniform(math.log(sides[0]), math.log(sides[1])))
    x, y = rng.uniform(0, 1 - side), rng.uniform(0, 1 - side)
    where = 1.0 if anywhere else rng.random()
    objects = [point for site in scene.sites for point in site.points]
    if where < 0.6 and objects:
        px, py = rng.choice(objects)
        x, y = px - rng.uniform(0, side), py - rng.uniform(0, side)
    elif where < 0.85 and scene.sites:
        x0, y0, x1, y1 = rng.choice(scene.sites).box
        x, y = rng.uniform(x0 - side / 2, x1 - side / 2), rng.uniform(y0 - side / 2, y1 - side / 2)
    x, y = min(max(x, 0.0), 1 - side), min(max(y, 0.0), 1 - side)
    return x, y, x + side, y + side


def coarse_window(scene: Scene, rng: random.Random) -> Window:
    """A square window as a guided survey shows it on its way to the objects."""
    return survey_window(scene, rng, COARSE_SIDES, anywhere=rng.random() < 0.3)


def asked_of(scene: Scene, window: Window, rng: random.Random) -> list[str]:
    """The nouns to ask for in the view of a window: up to two that can be marked there, and in half of the views, or where there are none,
    one that can't."""
    found = [noun for noun in sorted(NOUNS.values()) if marks(scene, noun, window)]
    nouns = rng.sample(found, min(2, len(found)))
    if not nouns or rng.random() < 0.5:
        nouns.append(rng.choice([noun for noun in NOUNS.values() if noun not in found]))
    return nouns
