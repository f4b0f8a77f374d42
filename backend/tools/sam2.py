"""Segmentation by SAM 2.1 (arXiv 2408.00714): the box is its prompt, and what it sees is a square of the scene around the box.

That square is read at exactly the size of the model's picture, so that nothing is resized twice and a corner of the box has one place in
the raster, in the picture and in the mask. A small box is enlarged with its surroundings; of a large one the model sees an overview.
transformers' own processor of SAM 2 needs torchvision; what it does to a picture of this size, ViT's does with Pillow, to the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.catalogue import tool_models
from ...core.errors import ModelError
from ...core.geometry import Box, Size, View
from .job import Job, Mask, Result
from .loading import chosen_device, lacking, out_of_memory, repair
from .segmentation import UNSURE, remarks, shows_data

CONTEXT = 2.0  # the side of the square, times the longer side of the box
LEAST_SIDE = 128  # pixels of the raster: a smaller square would show a small object without anything to tell it from
WEIGHT_FREE = "--set backend=otsu-grabcut"


@dataclass(frozen=True)
class Sam:
    """A loaded checkpoint. side: of the picture that it sees, in pixels."""

    model: Any
    pictures: Any
    device: Any
    side: int


def missing(name: str) -> ModelError | None:
    """Why a listed model can't be used on this machine."""
    return lacking(name)


def segment_with(name: str, job: Job) -> Mask:
    """By the listed model `name`, whose weights are on this machine. Raises ModelError for weights that can't be used; SceneError where
    nothing is valid; Cancelled."""
    box, around = job.window, _square(job)
    job.progress("loading the model", 0, 3)
    sam = load(tool_models()[name].folder, chosen_device())
    job.progress("reading", 1, 3)
    picture = job.scene.part(View(around, Size(sam.side, sam.side)))
    x, y = sam.side / around.width, sam.side / around.height
    size = Size(max(1, round(box.width * x)), max(1, round(box.height * y)))
    columns, rows = _centres(box.left - around.left, box.width, size.width, x), _centres(box.top - around.top, box.height, size.height, y)
    valid = shows_data(job, around, np.asarray(picture))[np.ix_(rows.astype(int), columns.astype(int))] & job.inside(box, size)
    if not valid.any():
        raise job.without_valid_pixels()
    job.progress("segmenting", 2, 3)
    left, top = (box.left - around.left) * x, (box.top - around.top) * y
    logits, quality = predict(sam, picture, Box(left, top, left + box.width * x, top + box.height * y))
    job.check()
    down, across = logits.shape[0] / sam.side, logits.shape[1] / sam.side
    mask = (_between(rows * down - 0.5, len(logits)) @ logits @ _between(columns * across - 0.5, logits.shape[1]).T > 0) & valid
    notes = remarks(job, min(x, y))
    if not mask.any():
        mask, quality = valid, UNSURE
        notes.append("The model sees no object in the box: the mask is the box itself.")
    metrics = {"fill": round(float(mask.mean()), 4), "scale": round(min(x, y), 4)}
    return Mask(mask.astype(np.float32), box, Result(name, round(quality, 3), metrics, tuple(notes)))


def predict(sam: Sam, picture: Any, box: Box) -> tuple[np.ndarray, float]:
    """The model's logits of the object in a box of the picture, [row, column] over all of it, and its prediction of their IoU, 0 to 1.

    A box is the one mask of its object (`multimask_output` is for points); its corners are the outer pixels' indices, as in the training.
    Raises ModelError where memory runs out.
    """
    import torch

    pixels = sam.pictures(picture, do_resize=False, return_tensors="pt")["pixel_values"].to(sam.device)
    corners = torch.tensor([[[box.left, box.top, max(box.right - 1, box.left), max(box.bottom - 1, box.top)]]], device=sam.device)
    try:
        with torch.inference_mode():
            seen = sam.model(pixel_values=pixels, input_boxes=corners, multimask_output=False)
    except (RuntimeError, MemoryError) as error:
        raise out_of_memory(error, sam.device, WEIGHT_FREE) from error
    return seen.pred_masks[0, 0, 0].float().cpu().numpy(), float(seen.iou_scores[0, 0, 0].clamp(0, 1))


@lru_cache(maxsize=1)
def load(folder: Path, device: str) -> Sam:
    """device: auto, cpu, cuda or mps. The last one stays in memory. Raises ModelError where the folder is no whole checkpoint of SAM 2."""
    import torch
    from transformers import Sam2Model
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
    from transformers.utils import logging

    from ..engines.weights import pick_device

    place = pick_device(device)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        pictures = ViTImageProcessorPil.from_pretrained(folder, local_files_only=True)  # nosec B615: a folder on this disk
        model, report = Sam2Model.from_pretrained(  # nosec B615
            folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # transformers and safetensors each raise their own kinds
        raise repair(folder, folder.name, error, WEIGHT_FREE) from error
    if absent := sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"]):
        raise repair(folder, folder.name, f"it lacks {len(absent)} of the model's weights, {absent[0]} for one.", WEIGHT_FREE)
    return Sam(model.eval().requires_grad_(False).to(place), pictures, place, model.config.prompt_encoder_config.image_size)


def _square(job: Job) -> Box:
    """What the model sees: a square around the box, moved into the scene; of a scene that is smaller than it, all of that side."""
    box = job.window
    side = max(round(CONTEXT * max(box.width, box.height)), LEAST_SIDE)
    left, right = _within((box.left + box.right) / 2, side, job.scene.size.width)
    top, bottom = _within((box.top + box.bottom) / 2, side, job.scene.size.height)
    return Box(left, top, right, bottom)


def _within(middle: float, side: int, extent: int) -> tuple[float, float]:
    side = min(side, extent)
    start = min(max(round(middle - side / 2), 0), extent - side)
    return start, start + side


def _centres(start: float, length: float, count: int, scale: float) -> np.ndarray:
    """Where the centres of `count` equal parts of a stretch of source pixels lie in the picture."""
    return np.asarray((start + (np.arange(count) + 0.5) * length / count) * scale)


def _between(places: np.ndarray, count: int) -> np.ndarray:
    """Linear interpolation as a matrix: [place, sample]; beyond the first and the last sample, their values."""
    return np.asarray(np.maximum(0, 1 - np.abs(np.clip(places, 0, count - 1)[:, None] - np.arange(count))), np.float32)
