"""One image as a linear combination of others: each band from all of their bands, by least squares over chosen pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIT_PIXELS = 400_000  # at the most, spread evenly
LEAST_KNOWN = 50  # pixels for each coefficient


@dataclass(frozen=True)
class Fit:
    """weights: [band of the image, band of the others]; level: [band of the image]."""

    weights: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, samples: np.ndarray, values: np.ndarray) -> Fit:
        """samples: [band of the others, pixel]; values: [band of the image, pixel]."""
        middle, level = samples.mean(axis=1, keepdims=True), values.mean(axis=1)
        spread = np.maximum(samples.std(axis=1, keepdims=True), 1e-9)
        factors = np.linalg.lstsq(((samples - middle) / spread).T, values.T - level, rcond=1e-6)[0]
        weights = (factors / spread).T
        return cls(weights, level - weights @ middle[:, 0])

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """features: [band of the others, ...]; the result: [band of the image, ...] in their type."""
        level = self.level.astype(features.dtype).reshape(-1, *[1] * (features.ndim - 1))
        return np.asarray(np.tensordot(self.weights.astype(features.dtype), features, 1) + level)


def samples_of(target: np.ndarray, features: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """What `Fit.of` takes, as float64, from images [band, row, column]; None where too few pixels are known."""
    places = np.flatnonzero(known)
    if len(places) < LEAST_KNOWN * (len(features) + 1):
        return None
    places = places[:: -(-len(places) // FIT_PIXELS)]
    samples, values = (image.reshape(len(image), -1)[:, places].astype(np.float64) for image in (features, target))
    return samples, values
