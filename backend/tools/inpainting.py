"""Editing by an inpainting model of diffusers: what a mask covers is drawn anew, to fit what lies around it.

The model sees the region with its surroundings, in the bands that are shown, brought to 0 to 1 by their own range. What it draws is brought
back into the bands' own values, and moved so that it meets the pixels at the mask's rim. Bands that are not shown are filled from that rim.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...core.catalogue import tool_models
from ...core.errors import ModelError, UsageError
from ...core.geometry import Box
from ...core.tools import EDITORS
from .editing import Work, begin, edit, end, shown_bands, value_range
from .gaussian import valid_everywhere
from .job import Job, Result
from .loading import chosen_device, lacking, out_of_memory, repair
from .membrane import membrane

NAME = EDITORS[0]
SIDE = 512  # pixels: the longer side of the picture, as in the model's training
CELL = 8  # pixels: its sides are multiples
LEAST = 64  # pixels a side
STEPS = 30
GUIDANCE = 7.5
GROUND = "aerial photograph of empty ground, like its surroundings"  # what is drawn in place of what is removed
WEIGHT_FREE = f"--set backend={EDITORS[-1]}"


def missing() -> ModelError | None:
    """Why it can't run on this machine."""
    return lacking(NAME, "diffusers", "editing")


def edit_with_model(job: Job, write: Callable[[Box, np.ndarray], None]) -> Result:
    """Removes what the mask covers, or replaces it by what the label names; the other verbs as without the model.

    Raises ModelError for weights that can't be used, UsageError where the label is missing, SceneError, Cancelled.
    """
    verb = job.arguments["verb"]
    if verb not in ("remove", "replace"):
        return edit(job, write)
    if verb == "replace" and not job.label.strip():
        raise UsageError("replace draws what the label names, and there is no label.", "For example --label 'a pond'.")
    work = begin(job)
    job.progress("loading the model", 0, STEPS + 1)
    pipeline = load(tool_models()[NAME].folder, chosen_device())
    prompt = GROUND if verb == "remove" else f"aerial photograph of {job.label.strip()}"
    values, scale = _drawn(pipeline, job, work, prompt)
    notes = ["The model has drawn what could be there: nothing of what lay beneath is recovered."]
    if scale < 1:
        notes.append(f"It has drawn at 1/{1 / scale:.1f} of the raster's resolution.")
    return end(job, write, NAME, work, values, notes)


def _drawn(pipeline: Any, job: Job, work: Work, prompt: str) -> tuple[np.ndarray, float]:
    """All bands as they are with what the model has drawn, [band, row, column] over `work.around`; and the model's pixels per pixel."""
    array, valid = work.pixels.array.astype(np.float64), work.pixels.valid
    low, high = (side[shown_bands(job)] for side in value_range(job, array, valid))
    values = np.asarray(membrane(array, work.known), np.float64)
    seen = (valid_everywhere(array, valid)[shown_bands(job)] - low) / (high - low)
    height, width = valid.shape
    scale = SIDE / max(height, width)
    size = tuple(max(LEAST, CELL * round(side * scale / CELL)) for side in (width, height))
    picture = _resized(np.clip(np.broadcast_to(seen, (3, height, width)), 0, 1), size)
    covered = _resized(work.mask[None].astype(np.float64), size)[..., 0] > 0
    drawn = _resized(np.moveaxis(_inpainted(pipeline, job, picture, covered, prompt), -1, 0), (width, height))
    drawn = np.moveaxis(drawn, -1, 0)
    drawn = low + (drawn if len(low) == 3 else drawn.mean(axis=0, keepdims=True)) * (high - low)
    values[shown_bands(job)] = drawn + membrane(array[shown_bands(job)] - drawn, work.known)
    return values, min(1.0, scale)


def _inpainted(pipeline: Any, job: Job, picture: np.ndarray, covered: np.ndarray, prompt: str) -> np.ndarray:
    """The picture, [row, column, 3] of 0 to 1, with what the model draws where it is covered. Raises Cancelled, ModelError."""
    import torch
    from PIL import Image

    def stepped(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        job.progress("editing", step + 1, STEPS + 1)
        return tensors

    height, width = covered.shape
    try:
        with torch.inference_mode():
            result = pipeline(
                prompt=prompt,
                image=Image.fromarray(np.rint(picture * 255).astype(np.uint8)),
                mask_image=Image.fromarray(np.where(covered, 255, 0).astype(np.uint8)),
                height=height,
                width=width,
                strength=1.0,
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                generator=torch.Generator("cpu").manual_seed(0),
                output_type="np",
                callback_on_step_end=stepped,
            )
    except (RuntimeError, MemoryError) as error:
        raise out_of_memory(error, pipeline.device, WEIGHT_FREE) from error
    return np.asarray(result.images[0])


def _resized(planes: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """[band, row, column] as [row, column, band] of another size (width, height)."""
    shrinks = size[0] < planes.shape[2]
    resized = [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR) for plane in planes.astype(np.float32)
    ]
    return np.stack(resized, axis=-1)


@lru_cache(maxsize=1)
def load(folder: Path, device: str) -> Any:
    """The pipeline of a folder. device: auto, cpu, cuda or mps. Raises ModelError."""
    import torch

    from ..engines.weights import pick_device

    place = pick_device(device)
    try:
        import diffusers

        diffusers.utils.logging.disable_progress_bar()
    except Exception as error:  # also where diffusers does not suit the other packages: each raises its own kind
        remedy = f"Install it anew: pip install 'zoomearth[editing]'; or work without weights: {WEIGHT_FREE}"
        raise ModelError(f"diffusers can't be imported: {error}", remedy) from error
    kind: Any = diffusers.StableDiffusionInpaintPipeline
    dtype = torch.float16 if torch.device(place).type == "cuda" else torch.float32
    try:
        pipeline = kind.from_pretrained(
            folder, variant="fp16", dtype=dtype, safety_checker=None, feature_extractor=None, local_files_only=True
        )
    except Exception as error:
        raise repair(folder, NAME, error, WEIGHT_FREE) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(place)
