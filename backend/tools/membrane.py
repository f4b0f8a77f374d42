"""Filling the unknown part of an array from its rim: the membrane, that is the solution of Laplace's equation.

Solved from coarse to fine: each level starts from the next coarser one and is relaxed, which leaves the error of the method below a grey
level at a cost that grows with the area only. At the array's own edge nothing is known (Neumann), so that an unknown part which reaches
the edge is not drawn to any value there.
"""

from __future__ import annotations

import cv2
import numpy as np

SWEEPS = 24  # of Jacobi's method on each level
NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4


def membrane(planes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """planes: [band, row, column]; known: [row, column] bool. Float32 planes, equal to `planes` where known.

    Where nothing at all is known, zero.
    """
    return np.stack([_filled(plane.astype(np.float32), known) for plane in planes])


def _filled(plane: np.ndarray, known: np.ndarray) -> np.ndarray:
    filled: np.ndarray = np.where(known, plane, np.float32(0))
    if known.all() or not known.any():
        return filled
    height, width = known.shape
    pad = ((0, height % 2), (0, width % 2))
    weight = _halved(np.pad(known, pad).astype(np.float32))
    coarse = _filled(_halved(np.pad(filled, pad)) / np.maximum(weight, 1), weight > 0)
    start = cv2.resize(coarse, (coarse.shape[1] * 2, coarse.shape[0] * 2), interpolation=cv2.INTER_LINEAR)[:height, :width]
    np.copyto(filled, start, where=~known)
    for _ in range(SWEEPS):
        np.copyto(filled, cv2.filter2D(filled, -1, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE), where=~known)
    return filled


def _halved(plane: np.ndarray) -> np.ndarray:
    """Sums over blocks of 2 x 2."""
    rows = plane[::2] + plane[1::2]
    return np.asarray(rows[:, ::2] + rows[:, 1::2])
