"""Which pixels of a scene its stretch is taken from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from ...core.geometry import Size
from . import scan
from .gdal import Raster, Window
from .overviews import EXACT_PIXELS, Level
from .reader import Reader
from .rendering import Rendering

SIDE_BY_SIDE = 5  # native windows are sampled in a grid of SIDE_BY_SIDE x SIDE_BY_SIDE
WINDOW_SIDE = 256  # pixels


def spread(size: Size, block: Size) -> Iterator[Window]:
    """Native windows over the scene, the middle one first; a small scene is one window. block: the file's tile or strip."""
    width, height = size
    if width * height <= EXACT_PIXELS:
        yield 0, 0, width, height
        return
    middle = (SIDE_BY_SIDE // 2,) * 2
    w, h = (min(WINDOW_SIDE, side) for side in (width, height))
    for row, column in sorted(itertools.product(range(SIDE_BY_SIDE), repeat=2), key=lambda place: math.dist(place, middle)):
        x, y = ((2 * n + 1) * side // (2 * SIDE_BY_SIDE) for n, side in ((column, width), (row, height)))
        x, y = x // block.width * block.width, y // block.height * block.height  # decodes one block, not four
        yield min(x, width - w), min(y, height - h), w, h


def survey(
    reader: Reader, raster: Raster, level: Level, rendering: Rendering, before_read: Callable[[int, int], None]
) -> Iterator[np.ndarray]:
    """Samples [band, sample] of the whole level: every n-th pixel of each run of blocks, and its lowest and highest values.

    before_read(begun, total): called before each run, may raise.
    """
    runs = list(scan.runs((0, 0, *level.size), raster.facts.block, 1))
    step = max(1, math.ceil(math.sqrt(level.pixels / EXACT_PIXELS)))
    sparse = raster.facts.driver == "GTiff" and not level.index
    with raster.small_cache():
        for done, run in enumerate(runs):
            before_read(done, len(runs))
            if sparse and not reader.stores(run, rendering.read):
                continue
            data, mask = reader.read(level, run, rendering)
            values = rendering.samples(data, mask)
            yield np.stack([np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)], axis=1)
            yield values.reshape(len(values), *data.shape[1:])[:, ::step, ::step].reshape(len(values), -1)
