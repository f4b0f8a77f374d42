"""What a tool is given: a region of a scene, read in its own type and bands, and a way to say how far it is and to hear a cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...core.errors import Cancelled, SceneError
from ...core.geometry import Box, Size, View
from ...core.region import Region
from ..scene.mask import inside
from ..scene.pixels import Pixels
from ..scene.scene import Scene

MOST_PIXELS = 16 << 20  # of a region that a tool holds in memory as a whole


@dataclass(frozen=True)
class Job:
    """A tool's work. arguments: all of the tool's parameters with their values. references: opened. mask: a file, None where there is none.

    on_progress(stage, done, total); cancelled() is looked at before each read and each tile.
    """

    scene: Scene
    region: Region
    arguments: Mapping[str, Any]
    references: Sequence[Scene] = ()
    mask: str | None = None
    label: str = ""
    on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None
    cancelled: Callable[[], bool] = lambda: False

    @property
    def window(self) -> Box:
        """The region's box in whole pixels."""
        return self.region.window

    @property
    def whole(self) -> Box:
        return Box(0, 0, *self.scene.size)

    @property
    def bands(self) -> int:
        """How many a tool sees: all but alpha; three of a palette."""
        return 3 if self.scene.palette is not None else len(self.scene.colour_bands)

    @property
    def nodata(self) -> list[float | None]:
        """Of each of these bands."""
        facts = self.scene.facts
        return [None] * 3 if self.scene.palette is not None else [facts.bands[number - 1].nodata for number in self.scene.colour_bands]

    def read(self, window: Box) -> Pixels:
        """Pixels as they are stored; those of a palette as red, green and blue, for its numbers can't be averaged.

        A pixel that is not finite in one of its bands is not valid.
        """
        self.check()
        pixels = self.scene.read(window)
        if self.scene.palette is not None:
            return Pixels(self.scene.palette[:, pixels.array[0]], pixels.valid, pixels.grid)
        return replace(pixels, valid=pixels.valid & np.isfinite(pixels.array).all(axis=0)) if pixels.array.dtype.kind == "f" else pixels

    def read_whole(self, window: Box) -> Pixels:
        """The same of a window that is held in memory. Raises SceneError where it is too large, or holds no valid pixel."""
        if window.area > MOST_PIXELS:
            raise SceneError(
                f"The region has {window.width:,.0f} x {window.height:,.0f} pixels; this tool takes {MOST_PIXELS // 1_000_000} million.",
                "Choose a smaller region, or several with --rois.",
            )
        return self.read(window)

    def inside(self, window: Box, size: Size | None = None) -> np.ndarray:
        """Which pixels of a window, or of a picture of it of another size, the region's outline touches: [row, column] bool."""
        size = size or Size(int(window.width), int(window.height))
        return inside(View(window, size, self.region.rings)) if self.region.rings else np.ones((size.height, size.width), bool)

    def around(self, share: float, least: int) -> Box:
        """The region's window with its surroundings: on each side a share of its own side, at least so many pixels."""
        x, y = (int(max(share * side, least)) for side in (self.window.width, self.window.height))
        return Box(self.window.left - x, self.window.top - y, self.window.right + x, self.window.bottom + y).intersect(self.whole)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Raises Cancelled."""
        self.check()
        self.on_progress(stage, done, total)

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled

    def without_valid_pixels(self) -> SceneError:
        return SceneError(f"The region of {self.scene.name} holds no valid pixel: all of it is nodata.", "Choose a region with data.")


@dataclass(frozen=True)
class Result:
    """What a backend says of its work. backend: its name, with what it did. confidence: 0 to 1, or None."""

    backend: str
    confidence: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mask:
    """Where something is. cover: [row, column] float32, 1 inside and 0 outside, over `window` at any resolution."""

    cover: np.ndarray
    window: Box
    result: Result


def stored(values: np.ndarray, before: np.ndarray, mask: np.ndarray, nodata: Sequence[float | None]) -> np.ndarray:
    """`before` with `values` where the mask is true: rounded and cut to its type, and never the value that stands for nodata.

    values, before: [band, row, column]; mask: [row, column].
    """
    after: np.ndarray = before.copy()
    for plane, old, new, nothing in zip(after, before, values, nodata):
        if plane.dtype.kind == "f":
            chosen = new.astype(plane.dtype)
        else:
            limits = np.iinfo(plane.dtype)
            chosen = np.clip(np.rint(new), limits.min, limits.max).astype(plane.dtype)
        if nothing is not None and np.isfinite(nothing):
            clash = (chosen == nothing) & (old != nothing)
            chosen = np.where(clash, _beside(nothing, old), chosen).astype(plane.dtype)
        np.copyto(plane, chosen, where=mask & np.isfinite(old))
    return after


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where any band [band, row, column] has another value: [row, column] bool. What is no number in both is the same."""
    apart = after != before
    if before.dtype.kind == "f":
        apart &= ~(np.isnan(before) & np.isnan(after))
    return np.asarray(apart.any(axis=0))


def _beside(nothing: float, old: np.ndarray) -> np.ndarray:
    """The nearest value to the one of nodata, on the side of the old pixel."""
    if old.dtype.kind == "f":
        return np.asarray(np.nextafter(old.dtype.type(nothing), old))
    return np.asarray(nothing + np.where(old > nothing, 1, -1))
