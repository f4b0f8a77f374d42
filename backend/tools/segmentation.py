"""Segmentation: the object inside a box, told from its surroundings by colour.

The channel of Lab, or the mixture of its channels, whose Otsu threshold separates the box best from the ring around it gives a prior.
GrabCut refines it, and is believed only where it is plausible. Where nothing separates, the mask is the box itself, with a low confidence:
it is never empty.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...core.geometry import Box, Size, View
from ..scene.overviews import EXACT_PIXELS
from .job import Job, Mask, Result

RING = 0.5  # of the box's sides, around it: what the object is told from
SIDES = (192, 512)  # pixels of the longer side, box and ring, that it works on
ITERATIONS = 3
PLAUSIBLE = (0.15, 0.98)  # the share of the box that GrabCut's mask fills
AGREEMENT = 0.35  # IoU of GrabCut's mask with the prior
GRAIN = 4.0  # grey levels squared: a smaller scatter is that of the sensor
LARGE = 0.25  # of the largest part: smaller parts are left out
LEAST = 0.02  # of the box: less is no object
UNSURE = 0.1  # the confidence of a box


def segment(job: Job) -> Mask:
    """Works on the scene as it is shown. Raises SceneError where nothing is valid; Cancelled."""
    box = job.window
    around = job.around(RING, 2)
    scale = min(max(SIDES[0] / max(around.width, around.height), 1), SIDES[1] / max(around.width, around.height))
    size = Size(max(1, round(around.width * scale)), max(1, round(around.height * scale)))
    job.progress("reading", 0, 3)
    picture = np.asarray(job.scene.part(View(around, size)))
    valid = shows_data(job, around, picture)
    x, y = size.width / around.width, size.height / around.height
    inside = np.zeros(valid.shape, bool)
    left, top = round((box.left - around.left) * x), round((box.top - around.top) * y)
    right, bottom = max(round((box.right - around.left) * x), left + 1), max(round((box.bottom - around.top) * y), top + 1)
    inside[top:bottom, left:right] = job.inside(box, Size(right - left, bottom - top))
    if not (valid & inside).any():
        raise job.without_valid_pixels()
    job.progress("segmenting", 1, 3)
    mask, how, confidence = object_in(picture, inside & valid, valid)
    job.progress("segmenting", 2, 3)
    cover = np.zeros((bottom - top, right - left), np.float32)
    cover[mask[top:bottom, left:right]] = 1
    notes = [] if how != "box" else ["Nothing in the box is told from its surroundings: the mask is the box itself."]
    notes += remarks(job, scale)
    metrics = {"method": how, "fill": round(float(cover.mean()), 4), "scale": round(scale, 4)}
    return Mask(cover, box, Result("otsu-grabcut", round(confidence, 3), metrics, tuple(notes)))


def remarks(job: Job, scale: float) -> list[str]:
    """What a person must know of a mask that was worked out at a scale of the raster's resolution."""
    notes = [f"It was worked out at 1/{1 / scale:.1f} of the raster's resolution."] if scale < 1 else []
    return [*notes, "This backend does not read the label; it outlines the object in the box."] if job.label else notes


def object_in(picture: np.ndarray, inside: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, str, float]:
    """The mask of the object, how it was made ("grabcut", "otsu" or "box"), and a confidence.

    picture: [row, column, 3] uint8; inside: the valid pixels of the box; valid: those of the picture.
    """
    prior, separation = _prior(picture, inside, valid & ~inside)
    cut = _grab_cut(picture, inside, valid, prior)
    agreement = float((cut & prior).sum() / max((cut | prior).sum(), 1))
    if PLAUSIBLE[0] < cut.sum() / inside.sum() < PLAUSIBLE[1] and agreement > AGREEMENT:
        mask, how, confidence = _large(cut), "grabcut", separation * (0.5 + 0.5 * agreement)
    else:
        mask, how, confidence = prior, "otsu", separation * 0.5
    if mask.sum() < LEAST * inside.sum() or separation <= 0:
        return inside, "box", UNSURE
    return mask, how, max(confidence, UNSURE)


def _prior(picture: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, float]:
    """The half of the box that is told best from the ring, and how well, 0 to 1: in a channel of Lab, or in the mixture of all three that
    separates that half from the ring best (Fisher's discriminant)."""
    lab = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), (0, 0), 1)
    best, separation = inside, 0.0
    for channel in cv2.split(lab):
        best, separation = _better(best, separation, channel, inside, outside)
    if outside.any() and separation > 0:
        best, separation = _better(best, separation, _mixture(lab.astype(np.float64), best, outside), inside, outside)
    return _large(best), separation


def _better(best: np.ndarray, separation: float, channel: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, float]:
    """The half by Otsu's threshold of a channel, where it is told from the ring better than the best so far."""
    threshold, _ = cv2.threshold(channel[inside].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    high = channel > threshold
    share, share_outside = high[inside].mean(), high[outside].mean() if outside.any() else 0.5
    apart = float(abs(share - share_outside))
    return ((high if share > share_outside else ~high) & inside, apart) if apart > separation else (best, separation)


def _mixture(lab: np.ndarray, half: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Fisher's discriminant of two parts of a picture as one channel of bytes."""
    one, other = lab[half].reshape(-1, 3), lab[outside].reshape(-1, 3)
    scatter = sum(np.cov(part.T) if len(part) > 1 else np.zeros((3, 3)) for part in (one, other)) + GRAIN * np.eye(3)
    mixed = lab @ np.linalg.solve(scatter, one.mean(axis=0) - other.mean(axis=0))
    low, high = np.percentile(mixed, (1, 99))
    return np.asarray(np.clip((mixed - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8))


def _grab_cut(picture: np.ndarray, inside: np.ndarray, valid: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """GrabCut from the prior; nothing where it has no background or no object to begin with."""
    labels = np.where(prior, cv2.GC_PR_FGD, np.where(inside, cv2.GC_PR_BGD, cv2.GC_BGD)).astype(np.uint8)
    if not prior.any() or prior.all() or not (valid & ~inside).any():
        return np.zeros(inside.shape, bool)
    cv2.setRNGSeed(0)  # its clusters begin at random
    cv2.grabCut(picture, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return np.asarray(((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)) & inside)


def _large(mask: np.ndarray) -> np.ndarray:
    count, parts, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    areas = facts[:, cv2.CC_STAT_AREA]
    large = areas >= LARGE * areas[1:].max()
    large[0] = False
    return np.asarray(large[parts])


def shows_data(job: Job, around: Box, picture: np.ndarray) -> np.ndarray:
    """What of the picture [row, column, 3] shows data, [row, column] bool: exactly where it is read at once, else by the black that stands
    for nodata."""
    whole = np.ones(picture.shape[:2], bool)
    if all(band.validity == "all" and not band.dtype.startswith("float") for band in job.scene.facts.bands):
        return whole
    if around.area > EXACT_PIXELS:
        return np.asarray(picture.any(axis=2))
    valid = job.read(around).valid.astype(np.float32)
    return np.asarray(cv2.resize(valid, picture.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5)
