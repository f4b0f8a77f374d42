"""Where the pixels of one raster lie in another one, of another CRS, grid, resolution or rotation.

The places are worked out exactly on a lattice, and linearly in between.
"""

from __future__ import annotations

import numpy as np

from ...core.errors import SceneError
from ...core.geometry import Grid
from .gdal import RasterError, transform
from .scene import Scene

LATTICE = 16  # pixels between the places that are worked out exactly


def lattice(length: float) -> np.ndarray:
    """The places along a side of so many pixels, its ends among them."""
    stops: np.ndarray = np.minimum(np.arange(0, length + LATTICE, LATTICE), length)
    return stops


def places(scene: Scene, other: Scene, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """[2, row, column] float64: where the places at these columns and rows of a scene lie in the other raster, x and y in its pixels,
    corners at whole numbers; not finite where they have no place there.

    Raises SceneError where the two can't be laid over each other.
    """
    x, y = np.meshgrid(xs, ys)
    if not (scene.grid and other.grid):
        if scene.size != other.size:
            lacking = scene if scene.grid is None else other
            raise SceneError(
                f"{lacking.name} has no georeference, so that {scene.name} and {other.name} can't be laid over each other.",
                "Georeference it, or give a raster of the same size, pixel over pixel.",
            )
        return np.stack([x, y]).astype(float)
    if scene.grid == other.grid:  # exactly, so that what is the same looks the same
        return np.stack([x, y]).astype(float)
    points = np.stack(_affine(scene.grid.affine, x, y), axis=-1).reshape(-1, 2)
    if scene.grid.crs != other.grid.crs and scene.grid.crs and other.grid.crs:
        try:
            points = transform(points, scene.grid.crs, other.grid.crs)
        except RasterError:
            message = f"No way is known from the CRS of {scene.name} ({scene.crs}) to that of {other.name} ({other.crs})."
            raise SceneError(message, "Bring one raster to the CRS of the other first (gdalwarp -t_srs).") from None
    return np.stack(_inverse(other.grid, *points.T)).reshape(2, *x.shape)


def between(values: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """From a lattice [row, column] at these places to the centres of all pixels, linearly: first along the rows, then along the columns."""
    columns, rows = np.arange(int(across[-1])) + 0.5, np.arange(int(down[-1])) + 0.5
    wide = np.array([np.interp(columns, across, row) for row in values])
    return np.stack([np.interp(rows, down, column) for column in wide.T], axis=1)


def _affine(a: tuple[float, ...], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return a[0] + a[1] * x + a[2] * y, a[3] + a[4] * x + a[5] * y


def _inverse(grid: Grid, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a = grid.affine
    across, down, area = x - a[0], y - a[3], a[1] * a[5] - a[2] * a[4]
    return (a[5] * across - a[2] * down) / area, (a[1] * down - a[4] * across) / area
