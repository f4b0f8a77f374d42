"""Gaussian noise by a sliding DCT.

Overlapping blocks are transformed, and small coefficients set to zero (the pilot); then the blocks of the input are shrunk by Wiener's rule
with the pilot as the signal, twice. Blocks are averaged by how much of the noise they lost. No two passes have blocks of one size at one
step: what a pass leaves of the noise follows its own grid, and the next sees through it. Bands are turned first onto the principal axes of
their details.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

PASSES = ((9, 3), (12, 4), (8, 2))  # sides of the blocks, and steps that divide them
GRID = 12  # pixels: a multiple of the steps, and no less than a block
THRESHOLD = 2.7  # times sigma: below it a coefficient is noise
FILLS = (9, 33)  # pixels a side, over which what is not valid is filled
HALO = 48  # pixels around what is wanted, a multiple of GRID: the passes reach 26, filling what is not valid 20
BLOCK = 8  # pixels a side, of which sigma is estimated
MAD = 0.6745  # median of |x| of the normal distribution
DETAILS = (1.0, 3.0)  # sigmas of the two blurs between which details lie: finer ones are noise, coarser ones shading


def _dct(size: int) -> np.ndarray:
    """The orthonormal DCT-II as a matrix."""
    k, n = np.mgrid[:size, :size]
    matrix: np.ndarray = np.cos(np.pi * (2 * n + 1) * k / (2 * size)) * np.sqrt(np.where(k == 0, 1, 2) / size)
    return matrix


BLOCK_DCTS = {side: np.kron(_dct(side), _dct(side)).astype(np.float32) for side, _ in PASSES}  # of a block as a column
HIGH = np.logical_and.outer(np.arange(BLOCK) >= 5, np.arange(BLOCK) >= 5).reshape(-1)  # frequencies that hold little but noise


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
