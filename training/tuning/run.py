"""What SFT and GRPO share: their settings and flags, the run's folder, and the continuation of a run that was stopped.

A run's folder has `run.json` (the settings), checkpoints, `curves.png` and TensorBoard's files. The same command continues the run from
its last complete checkpoint; a command with other settings in the same folder is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Callable

from ...backend.scene.scene import Scene
from ...core import texts
from ...core.atomic import write_whole
from ...core.errors import ModelError, UsageError
from ..data.sources import Data
from .callbacks import CompleteCheckpoints, Curves, last_complete
from .checkpoint import Start, load, load_weights_into, lora

FREE = ("steps", "epochs", "save_every", "out")  # settings that may change when a run is continued


@dataclass(frozen=True)
class TuningSettings:
    """The settings of `zoomearth train sft` and `train grpo`; `flags` describes each."""

    model: str
    data: list[str]
    out: Path
    bad: str
    held_out: float
    dialect: str
    policy: list[str]
    prompt_file: str
    lora: int
    train_vision: bool
    rate: float
    epochs: float
    steps: int
    batch: int
    accumulate: int
    checkpointing: bool
    save_every: int
    seed: int
    set: list[str]

    @classmethod
    def of(cls, options: argparse.Namespace) -> TuningSettings:
        """The settings in the parsed flags of a command."""
        return cls(**{setting.name: getattr(options, setting.name) for setting in fields(cls)})

    def to_dict(self) -> dict[str, Any]:
        """The content of `run.json`."""
        return {**asdict(self), "out": str(self.out)}


def flags(parser: argparse.ArgumentParser, *, rate: float, epochs: float, batch: int, accumulate: int) -> None:
    """Adds the flags of TuningSettings; the keyword arguments are their defaults."""
    parser.add_argument("--model", required=True, help="a checkpoint folder, one of our ids, or OWNER/NAME on the hub")
    parser.add_argument(
        "--data", required=True, action="append", metavar="KIND:PATH[#SPLIT][*WEIGHT]", help="a data set; repeat the flag for a mixture"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="RUN", help="the run's folder; the same command continues the run")
    parser.add_argument(
        "--bad", choices=("skip", "fatal"), default="skip", help="skip rows that can't be used, or stop at the first (default skip)"
    )
    parser.add_argument("--held-out", type=float, default=0.0, metavar="SHARE", help="share of the images that are left out of training")
    parser.add_argument(
        "--dialect",
        choices=("zoomearth", "qwen-grounding"),
        default="",
        help="default: that of the base model, or zoomearth if it has none",
    )
    parser.add_argument(
        "--policy", nargs="+", default=[], metavar="NAME=VALUE", help="changes to the base model's policy (how scenes are shown)"
    )
    parser.add_argument("--prompt-file", default="", help="a text file with an instruction that replaces ours")
    parser.add_argument("--lora", type=int, default=0, metavar="RANK", help="train adapters of this rank; 0: all weights (default 0)")
    parser.add_argument("--train-vision", action="store_true", help="train the vision tower too")
    parser.add_argument("--rate", type=float, default=rate, help=f"learning rate (default {rate:g})")
    parser.add_argument("--epochs", type=float, default=epochs, help=f"passes over the data (default {epochs:g})")
    parser.add_argument("--steps", type=int, default=-1, help="optimizer steps, instead of epochs")
    parser.add_argument("--batch", type=int, default=batch, help=f"rows per device (default {batch})")
    parser.add_argument("--accumulate", type=int, default=accumulate, help=f"batches per step (default {accumulate})")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations: less memory, a third more time")
    parser.add_argument(
        "--save-every", type=int, default=50, metavar="STEPS", help="steps between checkpoints (default 50); the last two are kept"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="other entries of trl's configuration")


def pairs(given: list[str]) -> dict[str, Any]:
    """A dict of NAME=VALUE texts; values that are JSON are decoded. Raises UsageError."""
    values: dict[str, Any] = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator:
            raise UsageError(f"{pair!r} is not NAME=VALUE.", "Write NAME=VALUE.")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values


def begin(settings: TuningSettings) -> Start:
    """The model, ready for training. Raises ModelError, and UsageError for settings that exclude each other."""
    if settings.lora and settings.train_vision:
        raise UsageError("--lora trains adapters of the language model only.", "Leave out --lora or --train-vision.")
    policy, full = pairs(settings.policy), settings.lora == 0
    return load(settings.model, policy, settings.prompt_file, settings.dialect, full=full, train_vision=settings.train_vision)


def configuration(kind: Any, settings: TuningSettings, **entries: Any) -> Any:
    """trl's configuration of this class: the settings, then `entries`, then those of --set; later ones win. Raises UsageError."""
    import torch

    gpu = torch.cuda.is_available()
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(settings.out / "tensorboard")
    common = {
        "output_dir": str(settings.out),
        "learning_rate": settings.rate,
        "num_train_epochs": settings.epochs,
        "max_steps": settings.steps,
        "per_device_train_batch_size": settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "activation_checkpointing": settings.checkpointing,
        "save_steps": settings.save_every,
        "save_total_limit": 2,
        "seed": settings.seed,
        "logging_steps": 1,
        "report_to": "tensorboard",
        "remove_unused_columns": False,
        "use_cpu": not gpu,
        "bf16": gpu,
    }
    try:
        return kind(**{**common, **entries, **pairs(settings.set)})
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"trl does not accept the configuration: {error}", "--help lists the flags; --set sets any other entry."
        ) from error


def run(trainer_of: Callable[[list[Any], Any], Any], start: Start, data: Data, settings: TuningSettings) -> Path:
    """Trains to the end, from the start or from the run's last checkpoint; returns the last checkpoint.

    A model that knew only generated scenes loses that mark when it learns from other images.
    trainer_of: makes the trainer, given the callbacks and the adapters' configuration (None: all weights are trained).
    """
    first = _first()
    _write_settings(settings, first)
    last = last_complete(settings.out, tidy=first)
    over = last is not None and _over(last, settings)
    if start.profile.generated_only and not _all_generated(data):
        start.profile = replace(start.profile, generated_only=False)
    if first:
        print(data.summary(), file=sys.stderr)
        print(f"{settings.out}: {_state(last, over)}", file=sys.stderr)
    if last and over:
        return last
    if last and not settings.lora:
        load_weights_into(start.model, last)
    trainer = trainer_of([CompleteCheckpoints(start), Curves()], lora(settings.lora) if settings.lora else None)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    result = last_complete(settings.out, tidy=False)
    if result is None:
        raise ModelError(f"{settings.out} has no checkpoint after the training.", "Do not change save_strategy.")
    return result


def _all_generated(data: Data) -> bool:
    """Whether all examples are about generated scenes. Raises SceneError."""
    for source in {example.source for example in data.examples}:
        with Scene.of(source) as scene:
            if not scene.generated:
                return False
    return True


def _over(last: Path, settings: TuningSettings) -> bool:
    """Whether the training is complete: Trainer would make one more step of a run that it resumes at its end."""
    state = texts.read_object(last / "trainer_state.json")
    planned = {"max_steps": settings.steps, "num_train_epochs": settings.epochs, **pairs(settings.set)}
    if planned["max_steps"] > 0:
        return bool(state["global_step"] >= planned["max_steps"])
    return bool(state["epoch"] >= planned["num_train_epochs"])


def _state(last: Path | None, over: bool) -> str:
    if last is None:
        return "begins"
    return f"ended with {last.name}; more --steps or --epochs continue the training" if over else f"continues from {last.name}"


def _write_settings(settings: TuningSettings, first: bool) -> None:
    """Writes `run.json`. Raises ModelError where it exists with other settings."""
    current = settings.to_dict()
    file = settings.out / "run.json"
    if file.is_file():
        try:
            before = texts.read_object(file)
        except (OSError, ValueError) as error:
            raise ModelError(f"{file} can't be read: {error}.", "Give a new --out, or restore the file.") from error
        if changed := [name for name, value in current.items() if name not in FREE and before.get(name, value) != value]:
            name = changed[0]
            raise ModelError(
                f"{settings.out} has a run with {name} = {before[name]!r}, not {current[name]!r}.",
                "Give a new --out, or the same settings to continue the run.",
            )
    if first:
        settings.out.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(current, indent=1) + "\n")


def finished(checkpoint: Path) -> int:
    """Prints the last checkpoint of a run, in one of its processes; returns the exit code."""
    if _first():
        print(checkpoint)
    return 0


def _first() -> bool:
    """Whether this is the process of the run that writes files."""
    return int(os.environ.get("RANK", "0")) == 0
