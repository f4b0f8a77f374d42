"""Denoising: gaussian noise by a sliding DCT, salt and pepper by a median, stripes by the medians of rows or columns.

It works in tiles whose results do not depend on where the tiles begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ...core.geometry import Box
from .gaussian import GRID, HALO, detail_covariance, estimate, principal_axes, valid_everywhere, without_gaussian
from .job import Job, Result, changed, stored

TILE = 512  # pixels a side
SAMPLES = 7  # windows a side, from which the noise is measured
SAMPLE_SIDE = 128
RANGE = (0.5, 99.5)  # percentiles of a window: what counts as its darkest and brightest
IMPULSE = 4.0  # times the spread around the median: more is salt or pepper
SPREAD = 17  # pixels a side over which that spread is taken
STRIP = 512  # rows or columns whose medians are taken together
SMOOTH = 31  # lines over which the level between stripes is taken


@dataclass(frozen=True)
class Measured:
    """What windows spread over a region say of its bands. sigma: of the noise; axes: see `principal_axes`; low, high: of the values."""

    sigma: np.ndarray
    axes: np.ndarray
    low: np.ndarray
    high: np.ndarray


def denoise(job: Job, write: Callable[[Box, np.ndarray], None]) -> Result:
    """Cleans the region tile by tile; memory does not grow with its area. Raises SceneError and Cancelled."""
    noise = job.arguments["noise"]
    if noise.endswith("stripes"):
        return _destripe(job, write, by_row=noise == "row-stripes")
    if noise == "impulse":
        share = _in_tiles(job, write, lambda array, valid: np.stack([_without_impulses(plane, valid) for plane in array]))
        return Result(
            "median", metrics={"changed_share": round(share, 4)}, notes=("Single pixels far from their neighbours were replaced.",)
        )
    noisy = measured(job)
    return of_gaussian("sliding-dct", noisy, job, write, lambda array, valid: without_gaussian(array, valid, noisy.sigma, noisy.axes))


def of_gaussian(
    backend: str,
    noisy: Measured,
    job: Job,
    write: Callable[[Box, np.ndarray], None],
    clean: Callable[[np.ndarray, np.ndarray], np.ndarray],
    halo: int = HALO,
    grid: int = GRID,
) -> Result:
    """Writes the region as `clean` leaves it, or as it is where no noise was found; see `_in_tiles`."""
    found = bool(noisy.sigma.any())
    _in_tiles(job, write, clean if found else lambda array, valid: array, halo, grid)
    metrics = {"sigma": [round(float(each), 3) for each in noisy.sigma], "estimated": job.arguments["sigma"] is None}
    return Result(backend, metrics=metrics, notes=() if found else ("No noise was found: the pixels are as they were.",))


def _in_tiles(
    job: Job,
    write: Callable[[Box, np.ndarray], None],
    clean: Callable[[np.ndarray, np.ndarray], np.ndarray],
    halo: int = HALO,
    grid: int = GRID,
) -> float:
    """Writes the region, cleaned; the share of its pixels that changed. `clean` takes an array and its valid pixels: a tile with `halo`
    pixels around it, which begins at a multiple of `grid`, as the method's blocks do. halo: a multiple of grid."""
    altered = total = 0
    tiles = list(_tiles(job.window))
    for done, tile in enumerate(tiles):
        job.progress("denoising", done, len(tiles))
        left, top = (int(side) // grid * grid - halo for side in (tile.left, tile.top))
        around = Box(left, top, tile.right + halo, tile.bottom + halo).intersect(job.whole)
        pixels = job.read(around)
        x, y = int(tile.left - around.left), int(tile.top - around.top)
        inner = (slice(y, y + int(tile.height)), slice(x, x + int(tile.width)))
        before, mask = pixels.array[..., inner[0], inner[1]], pixels.valid[inner] & job.inside(tile)
        after = before
        if mask.any():
            after = stored(clean(pixels.array, pixels.valid)[..., inner[0], inner[1]], before, mask, job.nodata)
            altered += int(changed(before, after).sum())
            total += int(mask.sum())
        write(tile, after)
    if not total:
        raise job.without_valid_pixels()
    return altered / total


def _tiles(window: Box) -> Iterator[Box]:
    """Of TILE a side, cut at whole multiples of it: the same pixels of a raster lie in the same tile whatever the region."""
    left, top, right, bottom = (int(side) for side in window)
    for y in range(top // TILE * TILE, bottom, TILE):
        for x in range(left // TILE * TILE, right, TILE):
            yield Box(x, y, x + TILE, y + TILE).intersect(window)


def measured(job: Job) -> Measured:
    """From windows spread over the region; sigma is their median unless it is given, and 0 where none has a valid pixel."""
    found: list[np.ndarray] = []
    ranges: list[np.ndarray] = []
    covariance = np.zeros((job.bands, job.bands))
    side = SAMPLE_SIDE
    left, top, right, bottom = job.window
    steps = [(x, y) for y in range(SAMPLES) for x in range(SAMPLES)]
    across, down = max(right - left - side, 0), max(bottom - top - side, 0)
    corners = {(int(left + across * x / (SAMPLES - 1)), int(top + down * y / (SAMPLES - 1))) for x, y in steps}
    for x, y in sorted(corners):
        job.progress("measuring the noise", len(found), len(corners))
        pixels = job.read(Box(x, y, x + side, y + side).intersect(job.window))
        if pixels.valid.any():
            array = pixels.array.astype(np.float64)
            found.append(estimate(array, pixels.valid))
            covariance += detail_covariance(array, pixels.valid)
            ranges.append(np.percentile(array[:, pixels.valid], RANGE, axis=1))
    values = np.array(found).reshape(-1, job.bands)
    values = values[np.isfinite(values).all(axis=1)]
    sigma = np.median(values, axis=0) if len(values) else np.zeros(job.bands)
    if job.arguments["sigma"] is not None:
        sigma = np.full(job.bands, job.arguments["sigma"], float)
    low, high = (np.min(ranges, axis=0)[0], np.max(ranges, axis=0)[1]) if ranges else (np.zeros(job.bands), np.ones(job.bands))
    return Measured(sigma, principal_axes(covariance, sigma), low, high)


def _without_impulses(plane: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """A plane whose outliers are the median of their 3 x 3 pixels, or of 5 x 5 where that is one, too."""
    filled = valid_everywhere(plane[None].astype(np.float32), valid)[0]
    result = filled.copy()
    for side in (3, 5):
        middle = cv2.medianBlur(result, side)
        apart = np.abs(result - middle)
        spread = cv2.blur(np.minimum(apart, 3 * cv2.blur(apart, (SPREAD, SPREAD))), (SPREAD, SPREAD))  # without the impulses themselves
        np.copyto(result, middle, where=apart > IMPULSE * spread + 1e-6)
    return np.where(result == filled, plane, result)


def _destripe(job: Job, write: Callable[[Box, np.ndarray], None], by_row: bool) -> Result:
    """Subtracts from each row (or column) its own offset: the median of its difference to the lines around it, over the whole region."""
    offsets = _line_offsets(job, by_row)
    place = job.window.top if by_row else job.window.left

    def clean(tile: Box, array: np.ndarray) -> np.ndarray:
        first = int((tile.top if by_row else tile.left) - place)
        count = array.shape[1 if by_row else 2]
        part = offsets[:, first : first + count]
        return np.asarray(array - (part[:, :, None] if by_row else part[:, None, :]))

    tiles = list(_tiles(job.window))
    for done, tile in enumerate(tiles):
        job.progress("denoising", done, len(tiles))
        pixels = job.read(tile)
        mask = pixels.valid & job.inside(tile)
        write(tile, stored(clean(tile, pixels.array.astype(np.float64)), pixels.array, mask, job.nodata))
    rms = [round(float(np.sqrt(np.mean(np.square(band)))), 3) for band in offsets]
    return Result("line-medians", metrics={"stripes_rms": rms}, notes=("Each line was shifted by one value; nothing was smoothed.",))


def _line_offsets(job: Job, by_row: bool) -> np.ndarray:
    """[band, line]: how far each line lies off the lines around it; the median over strips of the median within a strip."""
    window = job.window
    across = int(window.width if by_row else window.height)
    strips = list(range(0, across, STRIP))
    medians = []
    for done, start in enumerate(strips):
        job.progress("measuring the stripes", done, len(strips))
        end = min(start + STRIP, across)
        if by_row:
            box = Box(window.left + start, window.top, window.left + end, window.bottom)
        else:
            box = Box(window.left, window.top + start, window.right, window.top + end)
        medians.append(_strip_medians(job, box, by_row))
    offsets = _median(np.array(medians))
    if not np.isfinite(offsets).any():
        raise job.without_valid_pixels()
    return np.asarray(np.nan_to_num(offsets))


def _median(values: np.ndarray) -> np.ndarray:
    """Over the first axis, of what is finite; NaN where nothing is."""
    result = np.full(values.shape[1:], np.nan)
    some = np.isfinite(values).any(axis=0)
    result[some] = np.nanmedian(values[:, some], axis=0)
    return result


def _strip_medians(job: Job, box: Box, by_row: bool) -> np.ndarray:
    """[band, line] of a strip, read in parts of TILE lines with SMOOTH around."""
    first, last = (int(side) for side in ((box.top, box.bottom) if by_row else (box.left, box.right)))
    result = np.full((job.bands, last - first), np.nan)
    for start in range(first, last, TILE):
        end = min(start + TILE, last)
        low, high = max(start - SMOOTH, first), min(end + SMOOTH, last)
        part = Box(box.left, low, box.right, high) if by_row else Box(low, box.top, high, box.bottom)
        pixels = job.read(part)
        for band, plane in enumerate(pixels.array.astype(np.float64)):
            lines, known = (plane, pixels.valid) if by_row else (plane.T, pixels.valid.T)
            filled = valid_everywhere(lines[None], known)[0]
            level = cv2.medianBlur(np.float32(filled - filled.mean()), 5) + filled.mean()
            level = cv2.blur(level, (1, SMOOTH), borderType=cv2.BORDER_REFLECT)
            apart = np.where(known, filled - level, np.nan)[start - low : end - low]
            result[band, start - first : end - first] = _median(apart.T)
    return result
