"""Pixels of a raster as they are stored, with their georeference: the input of tools and measurements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.geometry import Grid


@dataclass(frozen=True)
class Pixels:
    """A window of some bands.

    array: [band, row, column] in the bands' own type; where their types differ, in the narrowest that holds all of them.
    valid: [row, column], False where the raster has no data: every band is nodata or not finite, alpha is 0, or the pixel is masked.
    grid: the georeference of the window; None: the raster has none.
    """

    array: np.ndarray
    valid: np.ndarray
    grid: Grid | None
