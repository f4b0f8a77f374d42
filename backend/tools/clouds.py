"""Where clouds are, told by images of other dates: what is brighter than they let expect.

Each reference is fitted to the scene over pixels that are not white; in rounds, those that are much brighter than the fit are left out, so
that clouds over half of the scene do not move it. A cloud is brighter than the fit in every band that is shown: by much at one place, or
white there, and by less around that. Snow, white roofs and bright fields that the references show too are none; what has become bright
since then is taken for one, and thin clouds are missed. What no reference shows is a cloud where it is white.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .fit import Fit, samples_of
from .gaussian import MAD
from .references import Resampled

WHITE = 0.55  # of the way from the scene's usual brightness to white
COLOURLESS = 60  # of 255: the largest difference between a cloud's red, green and blue
AROUND_WHITE = 8  # pixels that are left out of the fit
ROUNDS = 8
BRIGHTER, DARKER = 2.5, 4.0  # spreads from the fit at the most, of the pixels that it is made of
SURE, LIKELY = 8.0, 2.5  # spreads above the fit: at one place of a cloud, and at the rest of it or where it is white
LEAST_SPREAD = 0.01  # of the band's standard deviation: images without noise fit to the last digit
SMOOTH = 1.0  # pixels, sigma: single bright pixels are no cloud
LEAST_CLOUD = 25  # pixels
RIM = 3  # pixels that a cloud is grown by


def clouds(
    planes: np.ndarray,
    picture: np.ndarray,
    valid: np.ndarray,
    references: Sequence[Resampled],
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """[row, column] bool. planes: the bands that are shown, [band, row, column] float32; picture: as they are shown, [row, column, colour]
    uint8."""
    white = _cleaned(_white(picture))
    clear = ~grown(white, AROUND_WHITE)
    heights = []
    for reference in references:
        check()
        heights.append(_height(planes, reference, valid, clear))
    stacked = np.stack(heights)
    unknown = np.isnan(stacked).all(axis=0)
    stacked[:, unknown] = 0
    height = np.nanmedian(stacked, axis=0)
    likely = height > LIKELY
    found = _cleaned(_connected(likely, height > SURE) | (white & (likely | unknown)))
    found &= valid
    return found


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask with all that is as near to it, in rounds."""
    if not pixels:
        return mask
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1,) * 2)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disk) > 0)


def _height(planes: np.ndarray, reference: Resampled, valid: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """How much brighter the scene is than the reference lets expect, in spreads of the clear pixels, in the band where that is least.

    [row, column] float32; NaN where the reference has no data or can't be fitted.
    """
    known = valid & reference.valid
    chosen = samples_of(planes, reference.array, known & clear) or samples_of(planes, reference.array, known)
    if chosen is None:
        return np.full(valid.shape, np.nan, np.float32)
    samples, values = chosen
    used = np.ones(samples.shape[1], bool)
    for _ in range(ROUNDS):
        fit = Fit.of(samples[:, used], values[:, used])
        apart = values - fit(samples)
        brightness = apart.mean(axis=0)
        middle, spread = _middle(brightness[used])
        used = (brightness < middle + BRIGHTER * spread) & (brightness > middle - DARKER * spread)
    weight = np.maximum(_smooth(known.astype(np.float32)), 1e-3)
    height = np.full(valid.shape, np.inf, np.float32)
    for plane, expected, clear_values, clear_apart in zip(planes, fit(reference.array), values[:, used], apart[:, used]):
        middle, spread = _middle(clear_apart)
        spread = max(spread, LEAST_SPREAD * float(clear_values.std()))
        above = _smooth(np.where(known, plane - expected - middle, 0).astype(np.float32)) / weight
        height = np.minimum(height, above / spread)
    return np.where(known, height, np.nan).astype(np.float32)


def _middle(values: np.ndarray) -> tuple[float, float]:
    """The median, and the spread about it: of gaussian noise, the standard deviation."""
    middle = float(np.median(values))
    return middle, float(np.median(np.abs(values - middle))) / MAD + 1e-6


def _white(picture: np.ndarray) -> np.ndarray:
    """Where a picture is bright and without colour."""
    low, high = picture.min(axis=2).astype(np.int16), picture.max(axis=2).astype(np.int16)
    usual = float(np.median(high[high > 0])) if (high > 0).any() else 0.0
    return np.asarray((low > usual + WHITE * (255 - usual)) & (high - low < COLOURLESS))


def _smooth(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), SMOOTH))


def _connected(likely: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The parts of `likely` of which some pixel is sure."""
    _, parts = cv2.connectedComponents(likely.astype(np.uint8), connectivity=8)
    kept = np.zeros(parts.max() + 1, bool)
    kept[parts[sure]] = True
    kept[0] = False
    return np.asarray(kept[parts])


def _cleaned(mask: np.ndarray) -> np.ndarray:
    """Without what is thin or small, and with a rim."""
    smooth = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, parts, facts, _ = cv2.connectedComponentsWithStats(smooth, connectivity=8)
    large = facts[:, cv2.CC_STAT_AREA] >= LEAST_CLOUD
    large[0] = False
    return grown(large[parts], RIM)
