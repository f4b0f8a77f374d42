"""Denoising by DRUNet (Zhang et al., arXiv 2008.13751), as deepinv has it: a network that is told how strong the noise is.

Three bands go through the network for colour, any other number one by one through the one for grey. Its layers have no constants: the
result scales with the values and sigma, so that a raster of any type is brought into the range of 0 to 1 by its own darkest and brightest
values, and nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.catalogue import tool_models
from ...core.errors import ModelError
from ...core.geometry import Box
from .denoising import denoise, measured, of_gaussian
from .gaussian import valid_everywhere
from .job import Job, Result
from .loading import chosen_device, lacking, out_of_memory, repair

NAME = "drunet"
FILES = {3: "drunet_deepinv_color_finetune_22k.pth", 1: "drunet_deepinv_gray_finetune_26k.pth"}
CELL = 8  # pixels: the network halves the picture three times
LEAST = 32  # pixels a side that it takes
HALO = 64  # pixels, a multiple of CELL: what lies farther away hardly counts
WEIGHT_FREE = "--set backend=sliding-dct"


def missing() -> ModelError | None:
    """Why it can't run on this machine."""
    return lacking(NAME, "deepinv", "denoising")


def denoise_with_network(job: Job, write: Callable[[Box, np.ndarray], None]) -> Result:
    """Gaussian noise by the network, other noise as without it. Raises ModelError for weights that can't be used, SceneError, Cancelled."""
    if job.arguments["noise"] != "gaussian":
        return denoise(job, write)
    together = 3 if job.bands == 3 else 1
    network = load(tool_models()[NAME].folder / FILES[together], together, chosen_device())
    noisy = measured(job)
    bands = [slice(first, first + together) for first in range(0, job.bands, together)]

    def clean(array: np.ndarray, valid: np.ndarray) -> np.ndarray:
        filled = valid_everywhere(array.astype(np.float64), valid)
        planes = [_cleaned(network, filled[at], noisy.sigma[at], noisy.low[at].min(), noisy.high[at].max()) for at in bands]
        return np.concatenate(planes)

    return of_gaussian(NAME, noisy, job, write, clean, HALO, CELL)


def _cleaned(network: Any, planes: np.ndarray, sigma: np.ndarray, low: float, high: float) -> np.ndarray:
    """[band, row, column] through the network, whose bands share one range and one sigma, the root of the mean of their squares."""
    import torch

    span = max(high - low, 1e-9)
    height, width = planes.shape[1:]
    margins = [max(LEAST, -(-side // CELL) * CELL) - side for side in (height, width)]
    picture = np.pad((planes - low) / span, ((0, 0), (0, margins[0]), (0, margins[1])), mode="reflect").astype(np.float32)
    place = next(network.parameters()).device
    try:
        with torch.inference_mode():
            clean = network(torch.from_numpy(picture)[None].to(place), float(np.sqrt(np.mean(np.square(sigma)))) / span)
    except (RuntimeError, MemoryError) as error:
        raise out_of_memory(error, place, WEIGHT_FREE) from error
    return np.asarray(clean[0].cpu().numpy()[:, :height, :width] * span + low)


@lru_cache(maxsize=2)
def load(file: Path, bands: int, device: str) -> Any:
    """The network with the weights of a file. device: auto, cpu, cuda or mps. Raises ModelError."""
    from ..engines.weights import pick_device

    place = pick_device(device)
    try:
        from deepinv.models import DRUNet
    except Exception as error:  # also where torchvision is of another version than torch: each raises its own kind
        remedy = f"Install it anew: pip install 'zoomearth[denoising]'; or work without weights: {WEIGHT_FREE}"
        raise ModelError(f"deepinv can't be imported: {error}", remedy) from error
    try:
        network = DRUNet(bands, bands, pretrained=str(file), device=place)
    except Exception as error:
        raise repair(file, NAME, "it is damaged, or holds another network.", WEIGHT_FREE) from error
    return network.eval().requires_grad_(False)
