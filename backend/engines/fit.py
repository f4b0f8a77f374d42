"""Which number format a model runs in on this machine, and whether it fits: decided from its files, before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ...core import memory
from ...core.errors import ModelError
from ...core.memory import Checkpoint, Memory, estimate, gigabytes

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
SMALL = 2_000_000_000  # bytes: up to here weights are held in float32 on a processor, which is the most exact


@dataclass(frozen=True)
class Choice:
    """dtype: of activations, and of weights where they are not int8. note: a sentence where the model does not run as well as it could."""

    dtype: torch.dtype
    int8: bool = False
    note: str = ""


def choose(folder: Path, device: torch.device, dtype: str = "auto", quantize: str = "auto") -> Choice:
    """dtype: auto or one of DTYPES. quantize: none, int8, or auto, which takes int8 where the model does not fit otherwise.

    Raises ModelError for a choice that does not exist or would be slow here, and where the model does not fit into what is free.
    """
    if dtype != "auto" and dtype not in DTYPES:
        raise ModelError(f"There is no dtype {dtype!r}.", f"It is auto or one of {', '.join(DTYPES)}.")
    if quantize not in ("auto", "none", "int8"):
        raise ModelError(f"There is no quantization {quantize!r}.", "It is auto, none or int8.")
    if quantize == "int8" and device.type == "cpu" and dtype not in ("auto", "bfloat16"):
        raise ModelError(f"On a processor int8 weights are multiplied in bfloat16, not in {dtype}.", "Leave the dtype at auto.")
    try:
        checkpoint = Checkpoint.of(folder)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} can't be loaded: {error}.", "Check it with: zoomearth models verify; or download it again.") from error
    plain = usual(device, checkpoint) if dtype == "auto" else dtype
    formats = ["int8"] if quantize == "int8" else [plain, "int8"] if quantize == dtype == "auto" else [plain]
    free = free_memory(device)
    needs = {name: estimate(checkpoint, name, device.type).total for name in formats}
    fitting = next((name for name in formats if needs[name] <= free.free), None)
    words = " and ".join(f"{gigabytes(needs[name])} in {name}" for name in formats)
    if fitting is None:
        raise ModelError(
            f"{folder.name} is too large for the memory of {device}: it takes {words}, and {gigabytes(free.free)} are free.",
            f"{_smaller(free, 'int8' not in formats)}, or let a server run it (--remote).",
        )
    if fitting != "int8":
        return Choice(DTYPES[fitting])
    wanted = quantize == "int8"
    note = "" if wanted else f"{folder.name} runs in int8: it takes {words}, and {gigabytes(free.free)} are free."
    return Choice(torch.bfloat16 if device.type == "cpu" or plain == "float32" else DTYPES[plain], True, note)


def usual(device: torch.device, checkpoint: Checkpoint) -> str:
    """The dtype that auto takes where there is memory enough: bfloat16 on an accelerator (float16 overflows in Qwen2.5-VL's vision tower,
    so only where the card knows nothing else); on a processor float32 for what is small, else bfloat16, which is as published and is read
    twice as fast (`linear.widen` multiplies it in float32 where the processor has no arithmetic for it)."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if device.type == "mps":
        return "bfloat16"
    return "float32" if estimate(checkpoint, "float32").weights <= SMALL else "bfloat16"


def free_memory(device: torch.device) -> Memory:
    """What a model on this device can take; Apple's graphics share the main memory."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return Memory("cuda", total, free, torch.cuda.get_device_name(device))
    main = memory.machine()
    return Memory(device.type, main.total, main.free)


def _smaller(free: Memory, could_be_int8: bool) -> str:
    """What would fit."""
    billions = memory.largest(free)
    what = f"choose a model of up to {billions:g} billion parameters in int8" if billions else "choose a smaller model"
    return f"Close other programs, {'use int8 weights (--quantize int8), ' if could_be_int8 else ''}{what}"
