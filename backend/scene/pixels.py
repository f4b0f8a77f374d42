"""Pixels of a raster as they are stored, with where they lie: what tools and measurements work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.geometry import Grid


@dataclass(frozen=True)
class Pixels:
    """A window of some bands.

    array: [band, row, column] in the bands' own type; where their types differ, in the narrowest that holds all of them.
    valid: [row, column], False where the raster holds nothing: every band nodata or not finite, alpha 0, or masked.
    grid: of the window; None: the raster has no georeference.
    """

    array: np.ndarray
    valid: np.ndarray
    grid: Grid | None
