"""From a checkpoint folder to a model in memory: offline, without torchvision, and never with weights made up in silence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...core import texts
from ...core.errors import ModelError

FAMILIES = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")  # what cache.py knows the positions of
MEMORY_HINT = "Use a smaller view, fewer questions at once, int8 weights (--quantize int8) or the processor (--device cpu)."
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass
class Weights:
    """A loaded checkpoint: the transformers model (eval mode, on its device), its tokenizer and its image processor."""

    model: Any
    tokenizer: Any
    pictures: Any


def load_weights(folder: Path, device: str = "auto", dtype: str = "auto", quantize: str = "none") -> Weights:
    """Loads a Qwen-VL checkpoint. device: auto, cpu, cuda, cuda:1, mps. dtype: auto or one of DTYPES. quantize: none or int8.

    Raises ModelError where the folder is no such checkpoint, is incomplete, where the device is not there or its memory does not suffice.
    """
    _check_family(folder)
    place = pick_device(device)
    number = pick_dtype(dtype, place, folder)
    if quantize not in ("none", "int8"):
        raise ModelError(f"There is no quantization {quantize!r}.", "It is none or int8.")
    try:
        return _load(folder, place, number, quantize == "int8")
    except ModelError:
        raise
    except Exception as error:  # transformers, safetensors and tokenizers each raise their own kinds
        if not out_of_memory(error):
            why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(f"{folder} can't be loaded: {why}", "Check it with: zoomearth models verify; or download it again.") from error
    # Raised out here: inside, the old error's frames would hold on to the weights that were loaded already.
    if place.type == "cuda":
        torch.cuda.empty_cache()
    raise ModelError(f"The memory of {place} does not suffice for the weights in {folder}.", MEMORY_HINT)


def _load(folder: Path, place: torch.device, number: torch.dtype, int8: bool) -> Weights:
    from transformers import AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # A folder on this disk, nothing from a hub and no code of its own: bandit sees only the method's name.
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)  # nosec B615
    pictures = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)  # nosec B615
    model, report = AutoModelForImageTextToText.from_pretrained(  # nosec B615
        folder, local_files_only=True, trust_remote_code=False, dtype=number, output_loading_info=True
    )
    absent = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if absent:
        raise ModelError(f"{folder} lacks {len(absent)} of the model's weights, {absent[0]} for one.", "Download it again.")
    model.eval().requires_grad_(False)
    if int8:
        quantize_int8(model.model.language_model)
    return Weights(model.to(place), tokenizer, pictures)


def out_of_memory(error: BaseException) -> bool:
    """torch says it in several ways: CUDA by class, MPS, the CPU's allocator and the system in words."""
    words = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(word in str(error).lower() for word in words)


def _check_family(folder: Path) -> None:
    try:
        family = texts.read_object(folder / "config.json").get("model_type")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder} is not a checkpoint: its config.json can't be read.", "Give a folder in Hugging Face's layout."
        ) from error
    if family not in FAMILIES:
        raise ModelError(
            f"{folder} holds a model of type {family!r}.", f"This engine runs {', '.join(FAMILIES)}; serve others with --remote."
        )


def pick_device(name: str) -> torch.device:
    """The device by name; auto takes CUDA, then MPS, then the CPU. Raises ModelError where it is not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = "cuda" if there["cuda"] else "mps" if there["mps"] else "cpu"
    kind = name.split(":")[0]
    if not there.get(kind):
        raise ModelError(f"There is no device {name!r} here.", f"Usable: {', '.join(kind for kind in there if there[kind])}.")
    if name.startswith("cuda:") and not (name[5:].isdecimal() and int(name[5:]) < torch.cuda.device_count()):
        raise ModelError(f"There is no device {name!r} here.", f"{torch.cuda.device_count()} CUDA device(s) are: cuda:0 is the first.")
    return torch.device(name)


def pick_dtype(name: str, device: torch.device, folder: Path) -> torch.dtype:
    """auto: bfloat16 on an accelerator (float16 overflows in Qwen2.5-VL's vision tower, so only where the card knows nothing else);
    on the CPU float32, unless the weights would fill more than half of the machine's memory that way."""
    if name != "auto":
        if name not in DTYPES:
            raise ModelError(f"There is no dtype {name!r}.", f"It is auto or one of {', '.join(DTYPES)}.")
        return DTYPES[name]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "mps":
        return torch.bfloat16
    stored = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return torch.float32 if 2 * stored <= _memory() / 2 else torch.bfloat16


def _memory() -> float:
    """The machine's memory in bytes; endless where the system does not say (Windows)."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


class Int8Linear(nn.Module):
    """A linear layer with weights of 8 bits and one scale a row; activations stay as they are. Boxes survive this, not 4 bits."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
        self.weight = nn.Buffer((weight / scale).round().to(torch.int8))
        self.scale = nn.Buffer(scale[:, 0].to(linear.weight.dtype))
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., in] -> [..., out], in x's dtype."""
        out = nn.functional.linear(x, self.weight.to(x.dtype)) * self.scale
        return out if self.bias is None else out + self.bias


def quantize_int8(module: nn.Module) -> None:
    """Replaces every linear layer below `module`: a 3B model's language half then takes 2.8 GB in place of 5.5."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, Int8Linear(child))
        else:
            quantize_int8(child)
