"""What the tools with weights share: the device, and what is said where weights can't be loaded or memory runs out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ...core.catalogue import tool_models
from ...core.errors import ModelError, UsageError
from ...core.settings import Settings


def chosen_device() -> str:
    """By ZOOMEARTH_DEVICE: auto, cpu, cuda or mps. Raises UsageError."""
    try:
        return Settings.of_environment().device
    except ValueError as error:
        raise UsageError(str(error), "Unset ZOOMEARTH_DEVICE, or set it to one of these.") from error


def lacking(name: str, package: str = "", extra: str = "") -> ModelError | None:
    """Why the listed model `name` can't be used on this machine: its weights, or the package of zoomearth[extra] that runs it."""
    if not tool_models()[name].here:
        return ModelError(f"{name} has not been downloaded.", f"zoomearth models download {name}")
    if package and importlib.util.find_spec(package) is None:
        return ModelError(f"{name} needs {package}, which is not installed.", f"pip install 'zoomearth[{extra}]'")
    return None


def repair(path: Path, name: str, why: BaseException | str, weight_free: str) -> ModelError:
    """What to raise where the weights of the listed model `name` can't be loaded. weight_free: the option that does without."""
    text = why if isinstance(why, str) else (str(why).strip().splitlines() or [type(why).__name__])[0]
    return ModelError(
        f"{path} can't be loaded: {text}", f"zoomearth models download {name} repairs it; or work without weights: {weight_free}"
    )


def out_of_memory(error: BaseException, device: Any, weight_free: str) -> BaseException:
    """What to raise where a network failed: a sentence where memory ran out, else the error itself."""
    from ..engines.weights import out_of_memory as is_lack

    if not is_lack(error):
        return error
    return ModelError(f"The memory of {device} does not suffice.", f"Close other programs, or work without weights: {weight_free}")
