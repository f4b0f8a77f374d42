"""A second raster of the same ground, usually of another date: what a view of the first one shows, as the second one has it.

A box on either picture is the same place, because both have the same corners on the ground and the same size. A raster on the same axes is
read as the first one is, so that what has not changed looks the same; any other one is resampled, bicubic.
"""

from __future__ import annotations

import re

import cv2
import numpy as np
from PIL import Image

from ...core.address import name
from ...core.errors import SceneError
from ...core.geometry import Box, Size, View
from .mask import OUTSIDE, masked
from .overlay import between, lattice, places
from .scene import Scene

RIM = 3  # pixels that bicubic reaches
STRAIGHT = 0.02  # shown pixels that a view may lie askew in the second raster and still be read as a window of it
LARGEST = 4096  # pixels of a side of what is read for a view that lies askew
SAMPLES = 64  # places along a side where coverage is looked at
DATED = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)|(?<!\d)(19|20)\d\d[-_]?(0[1-9]|1[0-2])[-_]?([0-2]\d|3[01])(?!\d)")  # a year or a day


class Compared:
    """Both rasters are open, and stay the caller's. names: what the model is told they are called, see `title`."""

    def __init__(self, first: Scene, second: Scene, names: tuple[str, str] | None = None) -> None:
        self.first, self.second = first, second
        given = names or ("", "")
        self.names = title(first, given[0]), title(second, given[1])
        if self.names[0] == self.names[1]:
            self.names = f"{self.names[0]} (first)", f"{self.names[1]} (second)"

    def coverage(self, window: Box) -> float:
        """Which part of a window of the first raster the second one has, 0 to 1. Raises SceneError where they can't be laid over each
        other, or have no common ground there."""
        steps = (np.arange(SAMPLES) + 0.5) / SAMPLES
        xs, ys = window.left + steps * window.width, window.top + steps * window.height
        part = float(self._holds(places(self.first, self.second, xs, ys)).mean())
        if part == 0:
            raise SceneError(
                f"{self.second.name} shows nothing of what is asked about of {self.first.name}.",
                "Compare it with a raster of the same place, or check the coordinate reference systems of both.",
            )
        return part

    def part(self, view: View) -> Image.Image:
        """The second raster on the ground of a view of the first: RGB of the view's size, grey where the second one has nothing, and
        outside the view's rings."""
        if window := self._window(view.window, view.size):
            focus = self._window(view.focus, view.size) if view.focus else None
            return masked(self.second.part(View(window, view.size, focus=focus)), view)
        picture = Image.new("RGB", view.size)
        for piece, corner in view.pieces():
            picture.paste(self._resampled(piece), corner)
        return masked(picture, view)

    def _holds(self, found: np.ndarray) -> np.ndarray:
        x, y = found
        inside: np.ndarray = (x >= 0) & (y >= 0) & (x < self.second.size.width) & (y < self.second.size.height)
        return inside

    def _window(self, window: Box, size: Size) -> Box | None:
        """The same window in pixels of the second raster, where it lies on the same axes and wholly inside."""
        steps = np.linspace(0, 1, 5)
        found = places(self.first, self.second, window.left + steps * window.width, window.top + steps * window.height)
        if not np.isfinite(found).all():
            return None
        near = np.where(abs(found - found.round()) < 1e-6, found.round(), found)
        left, right, top, bottom = near[0, 0, 0], near[0, -1, -1], near[1, 0, 0], near[1, -1, -1]
        straight = np.stack(np.meshgrid(left + steps * (right - left), top + steps * (bottom - top)))
        box = Box(float(left), float(top), float(right), float(bottom))
        whole = Box(0, 0, *self.second.size)
        if not box.area or box.intersect(whole) != box:
            return None
        pixels = np.array([box.width / size.width, box.height / size.height]).reshape(2, 1, 1)  # to one that is shown
        return box if (abs(found - straight) <= STRAIGHT * pixels).all() else None

    def _resampled(self, piece: View) -> Image.Image:
        """A view of one scale."""
        across, down = lattice(piece.size.width), lattice(piece.size.height)
        xs = piece.window.left + across * piece.window.width / piece.size.width
        ys = piece.window.top + down * piece.window.height / piece.size.height
        corners = places(self.first, self.second, xs, ys)
        found = np.stack([between(each, across, down) for each in corners])
        here = self._holds(found)
        grey = Image.new("RGB", piece.size, OUTSIDE)
        if not here.any():
            return grey
        (left, right), (top, bottom) = ((float(each[here].min()), float(each[here].max())) for each in found)
        scale = max(_scale(found, here), (right - left) / LARGEST, (bottom - top) / LARGEST)
        rim = RIM * scale + 1
        window = Box(left - rim, top - rim, right + rim, bottom + rim).rounded_out().intersect(Box(0, 0, *self.second.size))
        size = Size(*(max(1, round(side / scale)) for side in (window.width, window.height)))
        source = np.asarray(self.second.part(View(window, size)))
        x = (found[0] - window.left) * size.width / window.width - 0.5
        y = (found[1] - window.top) * size.height / window.height - 0.5
        maps = [np.where(here, each, -1).astype(np.float32) for each in (x, y)]
        pixels = cv2.remap(source, maps[0], maps[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return Image.composite(Image.fromarray(pixels), grey, Image.fromarray(here))


def title(scene: Scene, given: str = "") -> str:
    """What a raster is called beside another one: its layer's or its file's name, and its date where the metadata have one. The date that
    software wrote a file (TIFFTAG_DATETIME) counts where the name has none."""
    words = given.strip() or name(scene.path)
    date = scene.facts.acquired or (scene.facts.written if not DATED.search(words) else "")
    return f"{words} ({date})" if date and date not in words else words


def _scale(found: np.ndarray, here: np.ndarray) -> float:
    """Pixels of the second raster to one that is shown, at least 1: the mean of both axes."""
    steps = []
    for axis in (0, 1):
        both = here & np.roll(here, 1, axis)
        both[(0, slice(None)) if axis == 0 else (slice(None), 0)] = False
        moved = np.hypot(*(found - np.roll(found, 1, axis + 1)))[both]
        if moved.size:
            steps.append(float(np.median(moved)))
    return max(1.0, float(np.sqrt(np.prod(steps))) if len(steps) == 2 else max(steps, default=1.0))
