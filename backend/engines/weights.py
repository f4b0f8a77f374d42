"""From a checkpoint folder to a model in memory: offline, without torchvision, and never with weights made up in silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, TypeVar

import torch

from ...core import texts
from ...core.errors import ModelError
from .fit import Choice, choose

T = TypeVar("T")

FAMILIES = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")  # what cache.py knows the positions of
MEMORY_HINT = "Use a smaller view, fewer questions at once, int8 weights (--quantize int8) or the processor (--device cpu)."


@dataclass
class Weights:
    """A loaded checkpoint: the transformers model (eval mode, on its device), its tokenizer and its image processor; see `Choice.note`."""

    model: Any
    tokenizer: Any
    pictures: Any
    note: str = ""


def load_weights(folder: Path, device: str = "auto", dtype: str = "auto", quantize: str = "none") -> Weights:
    """Loads a Qwen-VL checkpoint. device: auto, cpu, cuda, cuda:1, mps. dtype, quantize: see `choose`.

    Raises ModelError where the folder is no such checkpoint, is incomplete, where the device is not there or its memory does not suffice.
    """
    if (kind := family(folder)) not in FAMILIES:
        raise ModelError(f"{folder} holds a model of type {kind!r}.", f"The fast engine runs only {', '.join(FAMILIES)}.")

    def readers() -> tuple[Any, Any]:
        from transformers import AutoTokenizer
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        # A folder on this disk, nothing from a hub and no code of its own: bandit sees only the method's name.
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)  # nosec B615
        return tokenizer, Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)  # nosec B615

    model, (tokenizer, pictures), note = load_checkpoint(folder, device, dtype, quantize, readers)
    return Weights(model, tokenizer, pictures, note)


def load_checkpoint(folder: Path, device: str, dtype: str, quantize: str, readers: Callable[[], T]) -> tuple[Any, T, str]:
    """The transformers model (eval mode, on its device), what `readers` loads to make its inputs, and the choice's note.

    Options and errors: see `load_weights`; whatever transformers raises is a ModelError.
    """
    from transformers.utils import logging

    place = pick_device(device)
    choice = choose(folder, place, dtype, quantize)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        beside = readers()
        return _load(folder, choice).to(place), beside, choice.note
    except ModelError:
        raise
    except Exception as error:  # transformers, safetensors and tokenizers each raise their own kinds
        if not out_of_memory(error):
            why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(f"{folder} can't be loaded: {why}", "Check it with: zoomearth models verify; or download it again.") from error
    # Raised out here: inside, the old error's frames would hold on to the weights that were loaded already.
    raise memory_lacks(place, f"the weights in {folder}")


def _load(folder: Path, choice: Choice) -> Any:
    from transformers import AutoModelForImageTextToText

    if choice.int8:
        from .int8 import load_int8

        model, report = load_int8(folder, choice.dtype)
    else:
        model, report = AutoModelForImageTextToText.from_pretrained(  # nosec B615
            folder, local_files_only=True, trust_remote_code=False, dtype=choice.dtype, output_loading_info=True
        )
    absent = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if absent:
        raise ModelError(f"{folder} lacks {len(absent)} of the model's weights, {absent[0]} for one.", "Download it again.")
    return model.eval().requires_grad_(False)


def out_of_memory(error: BaseException) -> bool:
    """torch says it in several ways: CUDA by class, MPS, the CPU's allocator and the system in words."""
    words = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(word in str(error).lower() for word in words)


def memory_lacks(device: torch.device, purpose: str) -> ModelError:
    """What to raise where memory ran out; gives back first what the device holds in reserve."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return ModelError(f"The memory of {device} does not suffice for {purpose}.", MEMORY_HINT)


def family(folder: Path) -> str:
    """The model's type, as the folder's config.json names it. Raises ModelError where the folder is no checkpoint."""
    try:
        return str(texts.read_object(folder / "config.json").get("model_type"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder} is not a checkpoint: its config.json can't be read.", "Give a folder in Hugging Face's layout."
        ) from error


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
