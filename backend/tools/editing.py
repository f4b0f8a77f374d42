"""Editing by a closed set of verbs: each changes the pixels inside a mask, in the raster's own type and bands, and no other pixel.

Without a mask file the region itself is the mask. Its surroundings are read too, so that a fill is drawn to them and a blur does not end
at the region's edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...core.errors import ModelError, SceneError
from ...core.geometry import Box
from ...core.tools import EDITORS
from ..scene.pixels import Pixels
from .gaussian import valid_everywhere
from .job import Job, Result, changed, stored
from .membrane import membrane
from .references import mask_onto, onto

RING = 0.25  # of the region's sides, around it
LEAST_RING = 16  # pixels
PERCENTILES = (1, 99)  # of a band that is not of bytes: what counts as black and white
BRIGHTER = 0.1  # of the way from black to white, for amount 1
CONTRAST = 0.3
SHARPNESS = 0.8
BLURRED = 1 / 16  # of the shorter side: the blur's sigma
BLOCKS = 1 / 10  # of the shorter side: a block of pixelate
CLIP_LIMIT = 2.0  # of CLAHE
TONES = 65535


@dataclass(frozen=True)
class Work:
    """What an edit is about. around: the region with its surroundings, and their pixels; inner: the region's part of their arrays; mask:
    what may change, [row, column] bool over `around`, in the region only."""

    around: Box
    pixels: Pixels
    inner: tuple[slice, slice]
    mask: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The valid pixels that stay, [row, column] bool."""
        return np.asarray(self.pixels.valid & ~self.mask)


def edit(job: Job, write: Callable[[Box, np.ndarray], None]) -> Result:
    """Raises SceneError for a mask that leaves nothing to fill from, a verb that lacks what it needs; ModelError for a verb that needs an
    editing model; Cancelled."""
    verb, amount = job.arguments["verb"], job.arguments["amount"]
    if verb in ("blur", "pixelate", "sharpen", "equalise") and amount <= 0:
        raise SceneError(f"{verb} takes an amount above 0, not {amount:g}.", "For example --set amount=1.")
    if verb == "replace":
        raise ModelError("replace needs an editing model.", f"zoomearth models download {EDITORS[0]}")
    work = begin(job)
    job.progress("editing", 0, 2)
    notes: Sequence[str] = ()
    mask = work.mask
    if verb == "remove":
        if (job.mask and not work.known[work.inner].any()) or not work.known.any():
            raise SceneError(
                "The mask covers everything: nothing is left to fill from.", "Choose a region that is larger than what is to be removed."
            )
        values = membrane(work.pixels.array, work.known)
        notes = ["The mask is filled from its rim: nothing of what lay beneath is recovered."]
    elif verb == "paste":
        values, mask, notes = _pasted(job, job.window, work.around, mask)
    else:
        values = _changed(job, work.pixels.array.astype(np.float64), work.pixels.valid, mask)
    job.progress("editing", 1, 2)
    return end(job, write, EDITORS[-1], replace(work, mask=mask), values, notes)


def begin(job: Job) -> Work:
    """Reads the region with its surroundings, and the mask. Raises SceneError where nothing of it is valid; Cancelled."""
    window, around = job.window, job.around(RING, LEAST_RING)
    pixels = job.read_whole(around)
    inner = _part(window, around)
    if not pixels.valid[inner].any():
        raise job.without_valid_pixels()
    mask = np.zeros(pixels.valid.shape, bool)
    mask[inner] = (mask_onto(job, job.mask, window) if job.mask else job.inside(window)) & pixels.valid[inner]
    if not mask.any():
        raise SceneError("The mask covers nodata only.", "Draw it over pixels that have values.")
    return Work(around, pixels, inner, mask)


def end(job: Job, write: Callable[[Box, np.ndarray], None], backend: str, work: Work, values: np.ndarray, notes: Sequence[str]) -> Result:
    """Writes the region with the values, [band, row, column] over `work.around`, where the mask is true."""
    rows, columns = work.inner
    before, mask = work.pixels.array[..., rows, columns], work.mask[work.inner]
    after = stored(values[..., rows, columns], before, mask, job.nodata)
    apart = changed(before, after)
    outside = int(apart[~mask].sum())
    compared = f"Outside of the mask no pixel was changed ({int((~mask).sum()):,} compared)."
    write(job.window, after)
    metrics = {"verb": job.arguments["verb"], "mask_pixels": int(mask.sum())}
    metrics |= {"changed_inside": int(apart.sum()) - outside, "changed_outside": outside}
    return Result(backend, None, metrics, (*notes, compared))


def _part(window: Box, around: Box) -> tuple[slice, slice]:
    left, top = int(window.left - around.left), int(window.top - around.top)
    return slice(top, top + int(window.height)), slice(left, left + int(window.width))


def _changed(job: Job, array: np.ndarray, valid: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """All bands after one of the verbs that need no other raster."""
    verb, amount = job.arguments["verb"], job.arguments["amount"]
    low, high = value_range(job, array, valid)
    side = min(job.window.width, job.window.height)
    if verb == "brighten":
        return np.asarray(array + BRIGHTER * amount * (high - low))
    if verb == "contrast":
        middle = array[:, mask].mean(axis=1)[:, None, None]
        return np.asarray(middle + (array - middle) * max(0.0, 1 + CONTRAST * amount))
    if verb == "recolour":
        return _recoloured(job, array, mask, low, high)
    filled = valid_everywhere(array, valid)
    if verb == "sharpen":
        return np.asarray(array + SHARPNESS * amount * (filled - _blurred(filled, 1.0)))
    if verb == "blur":
        return _blurred(filled, max(1.0, BLURRED * amount * side))
    if verb == "pixelate":
        return _in_blocks(filled, max(2, round(BLOCKS * amount * side)))
    return _equalised(filled, low, high, CLIP_LIMIT * amount)


def value_range(job: Job, array: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What counts as black and as white in each band, [band, 1, 1]."""
    if job.scene.palette is not None or all(band.dtype == "uint8" for band in job.scene.facts.bands):
        return np.zeros((len(array), 1, 1)), np.full((len(array), 1, 1), 255.0)
    low, high = np.percentile(array[:, valid], PERCENTILES, axis=1)[..., None, None]
    return low, np.maximum(high, low + 1e-9)


def _recoloured(job: Job, array: np.ndarray, mask: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The shown bands in the colour, light and dark as before; other bands as they were."""
    red, green, blue = (int(job.arguments["color"][at : at + 2], 16) / 255 for at in (1, 3, 5))
    bands = shown_bands(job)
    colour = (red, green, blue) if len(bands) == 3 else (0.299 * red + 0.587 * green + 0.114 * blue,)
    light = ((array - low) / (high - low))[bands].mean(axis=0)
    relative = np.clip(light / max(float(light[mask].mean()), 1e-6), 0, 4)
    values: np.ndarray = array.copy()
    for band, part in zip(bands, colour):
        values[band] = low[band] + np.clip(part * relative, 0, 1) * (high[band] - low[band])
    return values


def shown_bands(job: Job) -> list[int]:
    """The indices of the bands that are shown, one or three, in an array that the job has read."""
    return [0, 1, 2] if job.scene.palette is not None else [job.scene.colour_bands.index(number) for number in job.scene.shown_bands]


def _blurred(array: np.ndarray, sigma: float) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for plane in array])


def _in_blocks(array: np.ndarray, side: int) -> np.ndarray:
    """Means over blocks, the last ones cut by the edge."""
    height, width = array.shape[1:]
    blocks = []
    for plane in array:
        padded = np.pad(plane, ((0, -height % side), (0, -width % side)), mode="edge")
        means = padded.reshape(padded.shape[0] // side, side, -1, side).mean(axis=(1, 3))
        blocks.append(means.repeat(side, 0).repeat(side, 1)[:height, :width])
    return np.stack(blocks)


def _equalised(array: np.ndarray, low: np.ndarray, high: np.ndarray, limit: float) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation of the lightness; the bands' ratios stay."""
    light = ((array - low) / (high - low)).mean(axis=0)
    tones = np.clip(light * TONES, 0, TONES).astype(np.uint16)
    equal = cv2.createCLAHE(clipLimit=limit, tileGridSize=(8, 8)).apply(tones).astype(np.float64)
    gain = (equal + 1) / (tones.astype(np.float64) + 1)
    return np.asarray(low + (array - low) * gain)


def _pasted(job: Job, window: Box, around: Box, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The values of the reference, and where of the mask it has some."""
    if len(job.references) != 1:
        raise SceneError("paste takes one reference.", "Give the raster to paste from with --reference.")
    reference = onto(job, job.references[0], around)
    name = job.references[0].name
    if len(reference.array) != job.bands:
        raise SceneError(
            f"{name} has {len(reference.array)} bands, and {job.scene.name} has {job.bands}.", "Paste from one of the same bands."
        )
    covered = mask & reference.valid
    if not covered.any():
        raise SceneError(f"The reference {name} does not overlap the mask.", "Give an image of the same place.")
    missing = 1 - covered.sum() / mask.sum()
    return reference.array, covered, [f"{missing:.0%} of the mask has no reference and stays as it was."] if missing else []
