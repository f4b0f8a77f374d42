"""Cloud removal: what images of other dates show under the cloud, fitted to this image, and drawn to its rim.

Each band is a linear combination of all bands of the references, by least squares over the clear pixels; what remains of the difference
along the rim of the cloud is spread over its inside by a membrane. It replaces: nothing of a thin cloud's own signal is used. Nothing is
recovered that no reference shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...core.errors import SceneError
from ...core.geometry import Box, Size, View
from ..scene.pixels import Pixels
from .clouds import clouds, grown
from .fit import Fit, samples_of
from .job import Job, Result, changed, stored
from .membrane import membrane
from .references import Resampled, mask_onto, onto

UNLIKE = 2.0  # times coarser or finer: worth a note


def remove_clouds(job: Job, write: Callable[[Box, np.ndarray], None]) -> Result:
    """Raises SceneError where there is no reference, none that overlaps, no cloud, or nothing but cloud; Cancelled."""
    if not job.references:
        raise SceneError(
            "Cloud removal needs an image of another date of the same place.",
            "Give one or more with --reference. To fill a cloud from its rim, which recovers nothing: `tool editing --set verb=remove`.",
        )
    window = job.window
    pixels = job.read_whole(window)
    if not pixels.valid.any():
        raise job.without_valid_pixels()
    notes: list[str] = []
    drawn = mask_onto(job, job.mask, window) if job.mask else None
    resampled = _overlapping(job, window, notes)
    if drawn is None:
        drawn = _found(job, pixels, resampled)
        notes.append(
            "The clouds were found as what is brighter than the images of other dates let expect, which takes new snow and new roofs for "
            "clouds and misses thin ones: a mask that you draw is surer."
        )
    margin = int(job.arguments["margin"])
    cloud = grown(drawn, margin) & pixels.valid & job.inside(window)
    if not cloud.any():
        raise SceneError("The mask covers nodata only.", "Draw it over the clouds.")
    references = [each for each in resampled if (each.valid & cloud).any()]
    if not references:
        raise SceneError("No reference has data under the clouds.", "Give an image that covers the region, and is clear there.")
    filled, covered, quality = from_references(pixels.array, pixels.valid & ~cloud, cloud, references, job.check)
    missing = 1 - covered.sum() / cloud.sum()
    if missing > 0:
        notes.append(f"{missing:.0%} of the clouds have no reference and stay as they were.")
    after = stored(filled, pixels.array, covered, job.nodata)
    outside = int(changed(pixels.array, after)[~cloud].sum())
    notes.append(
        f"Outside of the clouds no pixel was changed ({int((~cloud).sum()):,} compared); inside, pixels are estimates from other dates."
    )
    write(window, after)
    metrics = {
        "cloud_share": round(float(cloud.sum() / pixels.valid.sum()), 4),
        "recovered_share": round(1 - float(missing), 4),
        "references": len(references),
        "fit_r2": round(quality, 4),
        "changed_outside": outside,
    }
    return Result("linear-fit-membrane", max(0.0, quality) * (1 - float(missing)), metrics, tuple(notes))


def from_references(
    array: np.ndarray,
    clear: np.ndarray,
    cloud: np.ndarray,
    references: Sequence[Resampled],
    check: Callable[[], None] = lambda: None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """The bands under the cloud, where that is known, and how well the references explain the clear pixels (R², 1 is wholly).

    array: [band, row, column]; clear, cloud: [row, column]. Each part of the cloud is fitted with the references that have data there.
    Raises SceneError where too few clear pixels have a reference.
    """
    target = array.astype(np.float32)
    predicted, covered = np.zeros_like(target), np.zeros(cloud.shape, bool)
    which = np.zeros(cloud.shape, np.int64)  # a bit for each reference that has data
    for number, reference in enumerate(references):
        which |= reference.valid.astype(np.int64) << number
    qualities, shares = [], []
    for group in sorted(set(np.unique(which[cloud]).tolist()) - {0}, key=lambda group: -bin(group).count("1")):
        check()
        chosen = [reference for number, reference in enumerate(references) if group >> number & 1]
        known = np.logical_and.reduce([reference.valid for reference in chosen])
        part = cloud & (which == group)
        fit, quality = _fitted(target, np.concatenate([reference.array for reference in chosen]), clear & known)
        if fit is None:
            continue
        check()
        rest = membrane(np.where(known, target - fit, 0), clear & known)
        predicted[:, part] = (fit + rest)[:, part]
        covered |= part
        qualities.append(quality)
        shares.append(part.sum())
    if not covered.any():
        raise SceneError(
            "Too few clear pixels are left to fit the references to.",
            "Choose a region that is larger than the mask, and reaches into clear ground.",
        )
    return predicted, covered, float(np.average(qualities, weights=shares))


def _found(job: Job, pixels: Pixels, references: Sequence[Resampled]) -> np.ndarray:
    """The clouds of the region, [row, column] bool. Raises SceneError where there are none."""
    window, scene = job.window, job.scene
    picture = np.asarray(scene.part(View(window, Size(int(window.width), int(window.height)))))
    numbers = range(len(pixels.array)) if scene.palette is not None else [scene.colour_bands.index(band) for band in scene.shown_bands]
    drawn = clouds(pixels.array[list(numbers)].astype(np.float32), picture, pixels.valid, references, job.check)
    drawn &= job.inside(window)
    if not drawn.any():
        raise SceneError(
            "No cloud was found: nothing is much brighter than in the images of other dates.",
            "Choose a region that reaches into clear ground, or draw the clouds as polygons and give their file with --mask.",
        )
    return drawn


def _overlapping(job: Job, window: Box, notes: list[str]) -> list[Resampled]:
    """The references on the window, with notes on resolutions that differ. Raises SceneError for one that does not overlap."""
    resampled = []
    for reference in job.references:
        each = onto(job, reference, window)
        if not each.valid.any():
            raise SceneError(
                f"The reference {reference.name} does not overlap the region.",
                "Give an image of the same place; `zoomearth describe` prints where a raster lies.",
            )
        if not 1 / UNLIKE < each.finer < UNLIKE:
            how = f"{each.finer:.1f} times finer" if each.finer > 1 else f"{1 / each.finer:.1f} times coarser"
            notes.append(f"{reference.name} is {how} than the raster: so is what it shows under the clouds.")
        resampled.append(each)
    return resampled


def _fitted(target: np.ndarray, features: np.ndarray, known: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Each band as a linear combination of the features, and R² over the known pixels; None where these are too few."""
    chosen = samples_of(target, features, known)
    if chosen is None:
        return None, 0.0
    samples, values = chosen
    fit = Fit.of(samples, values)
    rest = np.square(values - fit(samples)).sum()
    varied = np.square(values - values.mean(axis=1, keepdims=True)).sum()
    return fit(features), 1 - float(rest / max(varied, 1e-9))
