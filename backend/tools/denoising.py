"""Denoising: gaussian noise by a sliding DCT, salt and pepper by a median, stripes by the medians of rows or columns.

Gaussian: overlapping blocks are transformed, and small coefficients set to zero (the pilot); then the blocks of the input are shrunk by
Wiener's rule with the pilot as the signal, twice. Blocks are averaged by how much of the noise they lost. No two passes have blocks of one
size at one step: what a pass leaves of the noise follows its own grid, and the next sees through it. Bands are turned first onto the
principal axes of their details. It works in tiles whose results do not depend on where the tiles begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from ...core.geometry import Box
from .job import Job, Result, changed, stored

PASSES = ((9, 3), (12, 4), (8, 2))  # sides of the blocks, and steps that divide them
GRID = 12  # pixels: a multiple of the steps, and no less than a block
THRESHOLD = 2.7  # times sigma: below it a coefficient is noise
FILLS = (9, 33)  # pixels a side, over which what is not valid is filled
HALO = 48  # pixels, a multiple of GRID: the passes reach 26, filling what is not valid 20
BLOCK = 8  # pixels a side, of which sigma is estimated
DETAILS = (1.0, 3.0)  # sigmas of the two blurs between which details lie: finer ones are noise, coarser ones shading
TILE = 512  # pixels a side
SAMPLES = 7  # windows a side, from which sigma is estimated
MAD = 0.6745  # median of |x| of the normal distribution
SAMPLE_SIDE = 128
IMPULSE = 4.0  # times the spread around the median: more is salt or pepper
SPREAD = 17  # pixels a side over which that spread is taken
STRIP = 512  # rows or columns whose medians are taken together
SMOOTH = 31  # lines over which the level between stripes is taken


def _dct(size: int) -> np.ndarray:
    """The orthonormal DCT-II as a matrix."""
    k, n = np.mgrid[:size, :size]
    matrix: np.ndarray = np.cos(np.pi * (2 * n + 1) * k / (2 * size)) * np.sqrt(np.where(k == 0, 1, 2) / size)
    return matrix


BLOCK_DCTS = {side: np.kron(_dct(side), _dct(side)).astype(np.float32) for side, _ in PASSES}  # of a block as a column
HIGH = np.logical_and.outer(np.arange(BLOCK) >= 5, np.arange(BLOCK) >= 5).reshape(-1)  # frequencies that hold little but noise


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
    given = job.arguments["sigma"]
    sigma, axes = _measured(job, given)
    notes = () if sigma.any() else ("No noise was found: the pixels are as they were.",)
    clean = lambda array, valid: without_gaussian(array, valid, sigma, axes)  # noqa: E731
    _in_tiles(job, write, clean if sigma.any() else lambda array, valid: array)
    return Result("sliding-dct", metrics={"sigma": [round(float(each), 3) for each in sigma], "estimated": given is None}, notes=notes)


def without_gaussian(
    array: np.ndarray, valid: np.ndarray, sigma: Sequence[float] | np.ndarray, axes: np.ndarray | None = None
) -> np.ndarray:
    """[band, row, column] without noise of a standard deviation of `sigma` in each band; float. What is not valid is meaningless.

    axes: see `principal_axes`; None: those of this array. A band without noise stays as it is, and the others are then cleaned one by one.
    """
    narrow = array.dtype.itemsize <= 2
    filled = valid_everywhere(array.astype(np.float32 if narrow else np.float64), valid)
    level = np.zeros((len(array), 1, 1)) if narrow else filled.mean(axis=(1, 2), keepdims=True)  # float32 holds what is left
    scale = np.where(np.asarray(sigma) > 0, sigma, 1.0)[:, None, None]
    planes = ((filled - level) / scale).astype(np.float32)
    if not all(each > 0 for each in sigma):
        axes = np.eye(len(planes))
    elif axes is None:
        axes = principal_axes(detail_covariance(array, valid), sigma)
    planes = np.tensordot(axes, planes, 1).astype(np.float32)
    planes = np.stack([_clean(plane) if each > 0 else plane for plane, each in zip(planes, sigma)])
    return np.asarray(np.tensordot(axes.T, planes, 1) * scale + level)


def detail_covariance(array: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """[band, band]: how the bands' details vary together. Details tell which bands show the same edges; shading does not."""
    level = array.mean(axis=(1, 2), keepdims=True, where=valid)
    filled = valid_everywhere((array - level).astype(np.float32), valid)
    details = [cv2.GaussianBlur(plane, (0, 0), DETAILS[0]) - cv2.GaussianBlur(plane, (0, 0), DETAILS[1]) for plane in filled]
    return np.atleast_2d(np.cov(np.stack(details)[:, valid], bias=True))


def principal_axes(covariance: np.ndarray, sigma: Sequence[float] | np.ndarray) -> np.ndarray:
    """[axis, band], orthonormal: the bands, each divided by its sigma, are uncorrelated along them, and their noise stays white."""
    scale = np.where(np.asarray(sigma) > 0, sigma, 1.0)
    return np.asarray(np.linalg.eigh(covariance / np.outer(scale, scale))[1].T)


def estimate(array: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Sigma of each band, from the highest frequencies of the valid blocks; NaN where there are none.

    Where noise was cut off at black or white it looks weaker than it is: the quarter of the blocks with the fewest such pixels counts.
    """
    rows, columns = ((side - BLOCK) // BLOCK + 1 for side in valid.shape)
    if rows < 1 or columns < 1:
        return np.full(len(array), np.nan)
    whole = _gathered(valid.astype(np.float32), rows, columns, BLOCK, BLOCK).all(axis=0)
    if not whole.any():
        return np.full(len(array), np.nan)
    cut = _gathered((array == array.min()).any(axis=0) | (array == array.max()).any(axis=0), rows, columns, BLOCK, BLOCK).sum(axis=0)
    whole &= cut <= np.quantile(cut[whole], 0.25)
    level = array.mean(axis=(1, 2), keepdims=True, where=valid)
    high = [
        (BLOCK_DCTS[BLOCK][HIGH] @ _gathered((plane - mean).astype(np.float32), rows, columns, BLOCK, BLOCK)[:, whole])
        for plane, mean in zip(array, level)
    ]
    return np.array([np.median(np.abs(each)) / MAD for each in high])


def _clean(plane: np.ndarray) -> np.ndarray:
    """A plane without noise of standard deviation 1."""
    pilot = None
    for side, step in PASSES:
        pilot = _shrunk(plane, pilot, side, step)
    return np.asarray(pilot)


def _shrunk(plane: np.ndarray, pilot: np.ndarray | None, side: int, step: int) -> np.ndarray:
    """The plane with its blocks shrunk: by Wiener's rule with those of the pilot as the signal; without one, by a threshold."""
    height, width = plane.shape
    padding = [(GRID, GRID - (extent + 2 * GRID - side) % -step) for extent in plane.shape]
    transform = BLOCK_DCTS[side]
    padded = np.pad(plane, padding, mode="reflect")
    rows, columns = ((extent - side) // step + 1 for extent in padded.shape)
    blocks = transform @ _gathered(padded, rows, columns, side, step)
    if pilot is None:
        gain = (np.abs(blocks) > THRESHOLD).astype(np.float32)
    else:
        gain = transform @ _gathered(np.pad(pilot, padding, mode="reflect"), rows, columns, side, step)
        gain *= gain
        gain /= gain + 1
    gain[0] = 1  # the mean
    blocks *= gain
    np.square(gain, out=gain)
    clean = _averaged(transform.T @ blocks, 1 / gain.sum(axis=0), rows, columns, side, step)
    return clean[GRID : GRID + height, GRID : GRID + width]


def _gathered(plane: np.ndarray, rows: int, columns: int, side: int, step: int) -> np.ndarray:
    """The blocks as columns, [side * side, rows * columns]."""
    blocks = np.empty((side, side, rows, columns), np.float32)
    for i in range(side):
        for j in range(side):
            blocks[i, j] = plane[i : i + step * (rows - 1) + 1 : step, j : j + step * (columns - 1) + 1 : step]
    return blocks.reshape(side * side, -1)


def _averaged(blocks: np.ndarray, weight: np.ndarray, rows: int, columns: int, side: int, step: int) -> np.ndarray:
    """The plane of overlapping blocks, each counted by its weight. Pixels of one place in the step are summed side by side in memory."""
    blocks *= weight
    shaped, weight = blocks.reshape(side, side, rows, columns), weight.reshape(rows, columns)
    more = side // step - 1
    total = np.zeros((step, step, rows + more, columns + more), np.float32)
    weights = np.zeros(total.shape[2:], np.float32)
    for i in range(side):
        for j in range(side):
            place = (slice(i // step, i // step + rows), slice(j // step, j // step + columns))
            total[i % step, j % step, place[0], place[1]] += shaped[i, j]
            if not (i % step or j % step):
                weights[place] += weight
    total /= weights
    return np.asarray(total.transpose(2, 0, 3, 1).reshape(total.shape[2] * step, -1))


def valid_everywhere(array: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """What is not valid is filled from around: by averages of FILLS, then by the mean."""
    if valid.all() or not valid.any():
        return array if valid.any() else np.zeros_like(array)
    filled = np.where(valid, array, 0)
    known = valid.astype(array.dtype)
    for side in FILLS:
        weight = cv2.blur(known, (side, side))
        some = ~valid & (weight > 1e-6) & (known == 0)
        for plane in filled:
            np.copyto(plane, cv2.blur(plane * known, (side, side)) / np.maximum(weight, 1e-6), where=some)
        known = np.where(some, 1, known).astype(array.dtype)
    mean = array.mean(axis=(1, 2), keepdims=True, where=valid)
    return np.asarray(np.where(known > 0, filled, mean), array.dtype)


def _in_tiles(job: Job, write: Callable[[Box, np.ndarray], None], clean: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """Writes the region, cleaned; the share of its pixels that changed. Tiles with their halos begin on GRID: so do the blocks."""
    altered = total = 0
    tiles = list(_tiles(job.window))
    for done, tile in enumerate(tiles):
        job.progress("denoising", done, len(tiles))
        left, top = (int(side) // GRID * GRID - HALO for side in (tile.left, tile.top))
        around = Box(left, top, tile.right + HALO, tile.bottom + HALO).intersect(job.whole)
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


def _measured(job: Job, given: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Sigma of each band, as given, or the median over windows spread over the region; and the principal axes of all these windows."""
    found: list[np.ndarray] = []
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
    values = np.array(found).reshape(-1, job.bands)
    values = values[np.isfinite(values).all(axis=1)]
    sigma = np.median(values, axis=0) if len(values) else np.zeros(job.bands)
    sigma = sigma if given is None else np.full(job.bands, given, float)
    return sigma, principal_axes(covariance, sigma)


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
