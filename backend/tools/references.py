"""Other rasters on the pixels of a scene: images of other dates, and masks. Other CRSs, grids, resolutions and rotations are resampled.

A finer raster is averaged first; then bicubic, or the nearest pixel for a mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pyogrio

from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Size, View
from ..scene.mask import inside
from ..scene.overlay import between, lattice, places
from ..scene.polygons import read as read_polygons
from ..scene.scene import Scene
from .job import Job

TILE = 256  # pixels of the scene that are resampled together
FINEST = 12  # pixels of the other raster to one of the scene, a side
RIM = 3  # pixels that bicubic reaches


@dataclass(frozen=True)
class Resampled:
    """On the pixels of a window. array: [band, row, column] float32; valid: [row, column]; finer: how many of its pixels to one, a side."""

    array: np.ndarray
    valid: np.ndarray
    finer: float


def onto(job: Job, other: Scene, window: Box, nearest: bool = False) -> Resampled:
    """All bands but alpha of the other raster. Raises SceneError where the two can't be laid over each other; Cancelled."""
    palette = other.palette is not None and not nearest
    array = np.zeros((3 if palette else len(other.colour_bands), int(window.height), int(window.width)), np.float32)
    valid = np.zeros(array.shape[1:], bool)
    finer = []
    tiles = [
        Box(x, y, x + TILE, y + TILE).intersect(window)
        for y in range(int(window.top), int(window.bottom), TILE)
        for x in range(int(window.left), int(window.right), TILE)
    ]
    for done, tile in enumerate(tiles):
        job.progress("reading references", done, len(tiles))
        found = _places(job.scene, other, tile)
        sampled = None if found is None else _sampled(other, found, nearest, palette)
        if sampled is not None:
            top, left = int(tile.top - window.top), int(tile.left - window.left)
            place = (slice(top, top + int(tile.height)), slice(left, left + int(tile.width)))
            array[..., place[0], place[1]], valid[place] = sampled[:2]
            finer.append(sampled[2])
    return Resampled(array, valid, float(np.median(finer)) if finer else 1.0)


def mask_onto(job: Job, path: str, window: Box) -> np.ndarray:
    """The mask of a file on a window, [row, column] bool: what its polygons touch, or where a raster is valid and not 0.

    Raises SceneError where it is neither, or touches nothing of the region.
    """
    if _is_vector(path):
        grid = job.scene.grid or PIXELS
        outline = read_polygons(path, job.scene, grid)
        rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in outline)
        mask = inside(View(window, Size(int(window.width), int(window.height)), rings))
    else:
        with Scene.open(path, cancelled=job.cancelled) as raster:
            resampled = onto(job, raster, window, nearest=True)
        mask = resampled.valid & (resampled.array != 0).any(axis=0)
    mask &= job.inside(window)
    if not mask.any():
        raise SceneError(f"The mask {path} touches nothing of the region.", "Check its place and its coordinate reference system.")
    return mask


def _is_vector(path: str) -> bool:
    try:
        return len(pyogrio.list_layers(path)) > 0
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        return False


def _places(scene: Scene, other: Scene, tile: Box) -> np.ndarray | None:
    """[2, row, column] float64: where the pixel centres of a tile lie in the other raster, in its pixels, corners at whole numbers.

    None where some have no place there. Raises SceneError, see `overlay.places`.
    """
    across, down = lattice(tile.width), lattice(tile.height)
    corners = places(scene, other, tile.left + across, tile.top + down)
    return np.stack([between(each, across, down) for each in corners]) if np.isfinite(corners).all() else None


def _sampled(other: Scene, found: np.ndarray, nearest: bool, palette: bool) -> tuple[np.ndarray, np.ndarray, float] | None:
    """The other raster at these places, what of it is valid, and how much finer it is; None where it does not lie there."""
    x, y = found
    finer = float(np.hypot(x[:, 1:] - x[:, :-1], y[:, 1:] - y[:, :-1]).mean()) if x.shape[1] > 1 else 1.0
    rim = int(RIM * max(finer, 1)) + 1
    needed = Box(float(x.min()) - rim, float(y.min()) - rim, float(x.max()) + rim, float(y.max()) + rim)
    source = needed.rounded_out().intersect(Box(0, 0, *other.size))
    if not source.area:
        return None
    if finer > FINEST:
        raise SceneError(
            f"{other.name} is {finer:.0f} times finer than the raster.",
            "Make a coarser copy of it first (gdalwarp -tr X Y -r average).",
        )
    pixels = other.read(source)
    array = other.palette[:, pixels.array[0]] if palette and other.palette is not None else pixels.array
    weight = pixels.valid.astype(np.float32)
    planes = [np.where(pixels.valid, plane, 0).astype(np.float32) for plane in array]
    here = (x >= 0) & (y >= 0) & (x < other.size.width) & (y < other.size.height)
    x, y = x - source.left, y - source.top
    if nearest:
        row, column = (np.clip(np.floor(each).astype(int), 0, side - 1) for each, side in zip((y, x), weight.shape))
        return np.stack([plane[row, column] for plane in planes]), here & (weight[row, column] > 0), finer
    factor = max(1, int(finer + 0.25))
    if factor > 1:
        planes, weight = _averaged(planes, weight, factor)
        x, y = x / factor, y / factor
    sound = weight > 0.999
    if not sound.all():  # a value beside nodata takes nothing of it
        planes = [np.where(weight > 0, plane / np.maximum(weight, 1e-6), 0) for plane in planes]
        weight = cv2.erode(sound.astype(np.float32), np.ones((3, 3)), borderType=cv2.BORDER_REPLICATE)
    maps = np.float32(x - 0.5), np.float32(y - 0.5)
    result = np.stack([cv2.remap(plane, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) for plane in planes])
    known = cv2.remap(weight, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return result, here & (known > 0.999), finer


def _averaged(planes: list[np.ndarray], weight: np.ndarray, factor: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Means over factor x factor pixels; an incomplete rim is left out."""
    height, width = (side // factor for side in weight.shape)
    size = (max(width, 1), max(height, 1))
    cut = (slice(0, max(height * factor, 1)), slice(0, max(width * factor, 1)))
    return [cv2.resize(plane[cut], size, interpolation=cv2.INTER_AREA) for plane in planes], cv2.resize(
        weight[cut], size, interpolation=cv2.INTER_AREA
    )
