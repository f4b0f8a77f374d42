"""What SFT and GRPO have in common: their flags, the run's folder, and how both go on where they were stopped.

A run's folder holds `run.json` (what it was told), checkpoints, `curves.png` and TensorBoard's files. The same command again goes on
from the last whole checkpoint; another command in the same folder is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from ...backend.scene.scene import Scene
from ...core import texts
from ...core.atomic import write_whole
from ...core.errors import ModelError, UsageError
from ..data.sources import Data
from .callbacks import Curves, Whole, last_whole
from .checkpoint import Start, go_on, load, lora

FREE = ("steps", "epochs", "save_every", "out")  # what may change when a run goes on


def flags(parser: argparse.ArgumentParser, *, rate: float, epochs: float, batch: int, accumulate: int) -> None:
    """The flags of `zoomearth train sft` and `train grpo`; the values given are the defaults."""
    parser.add_argument("--model", required=True, help="a checkpoint folder, one of our ids, or OWNER/NAME on the hub")
    parser.add_argument("--data", required=True, action="append", metavar="KIND:PATH[#SPLIT][*WEIGHT]", help="repeat for a mixture")
    parser.add_argument("--out", required=True, type=Path, metavar="RUN", help="the run's folder; the same command goes on with it")
    parser.add_argument("--bad", choices=("skip", "fatal"), default="skip", help="what a row that can't be used does (default skip)")
    parser.add_argument("--held-out", type=float, default=0.0, metavar="SHARE", help="of the images, left out of training")
    parser.add_argument(
        "--dialect", choices=("zoomearth", "qwen-grounding"), default="", help="default: the base's, zoomearth if it has none"
    )
    parser.add_argument("--policy", nargs="+", default=[], metavar="NAME=VALUE", help="how scenes are shown, where it is not the base's")
    parser.add_argument("--prompt-file", default="", help="a text file whose instruction takes the place of ours")
    parser.add_argument("--lora", type=int, default=0, metavar="RANK", help="train adapters of this rank; 0: all weights (default 0)")
    parser.add_argument("--train-vision", action="store_true", help="do not freeze the vision tower")
    parser.add_argument("--rate", type=float, default=rate, help=f"learning rate (default {rate:g})")
    parser.add_argument("--epochs", type=float, default=epochs, help=f"passes over the data (default {epochs:g})")
    parser.add_argument("--steps", type=int, default=-1, help="optimizer steps, in place of epochs")
    parser.add_argument("--batch", type=int, default=batch, help=f"rows a device (default {batch})")
    parser.add_argument("--accumulate", type=int, default=accumulate, help=f"batches a step (default {accumulate})")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations: less memory, a third more time")
    parser.add_argument("--save-every", type=int, default=50, metavar="STEPS", help="a checkpoint (default 50); the last two are kept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="any other entry of trl's configuration")


def pairs(given: list[str]) -> dict[str, Any]:
    """NAME=VALUE, the values as JSON where they are. Raises UsageError."""
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


def begin(options: argparse.Namespace) -> Start:
    """The model, ready to be trained. Raises ModelError, and UsageError for flags that exclude each other."""
    if options.lora and options.train_vision:
        raise UsageError("Adapters are for the language half: --lora leaves the vision tower as it is.", "Leave out one of the two.")
    shown = pairs(options.policy)
    full = options.lora == 0
    return load(options.model, shown, options.prompt_file, options.dialect, full=full, train_vision=options.train_vision)


def configuration(kind: Any, options: argparse.Namespace, **entries: Any) -> Any:
    """trl's configuration: the flags, `entries`, and over both whatever --set says. Raises UsageError."""
    import torch

    gpu = torch.cuda.is_available()
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(options.out / "tensorboard")
    common = {
        "output_dir": str(options.out),
        "learning_rate": options.rate,
        "num_train_epochs": options.epochs,
        "max_steps": options.steps,
        "per_device_train_batch_size": options.batch,
        "gradient_accumulation_steps": options.accumulate,
        "activation_checkpointing": options.checkpointing,
        "save_steps": options.save_every,
        "save_total_limit": 2,
        "seed": options.seed,
        "logging_steps": 1,
        "report_to": "tensorboard",
        "remove_unused_columns": False,
        "use_cpu": not gpu,
        "bf16": gpu,
    }
    try:
        return kind(**{**common, **entries, **pairs(options.set)})
    except (TypeError, ValueError) as error:
        raise UsageError(f"trl refuses: {error}", "--help lists the flags; --set gives any other entry.") from error


def run(trainer_of: Callable[[list[Any], Any], Any], start: Start, data: Data, options: argparse.Namespace) -> Path:
    """Trains to the end, or on from where the run was stopped; returns the last checkpoint.

    A model that knew only generated scenes and learns from any other image is no longer said to know only those.
    trainer_of: makes the trainer, given the callbacks and the adapters' configuration (None: all weights are trained).
    """
    first = _first()
    _keep(options, first)
    last = last_whole(options.out, tidy=first)
    over = last is not None and _over(last, options)
    if start.profile.generated_only and not _all_generated(data):
        start.profile = replace(start.profile, generated_only=False)
    if first:
        print(data.told(), file=sys.stderr)
        print(f"{options.out}: {_stands(last, over)}", file=sys.stderr)
    if last and over:
        return last
    if last and not options.lora:
        go_on(start.model, last)
    trainer = trainer_of([Whole(start), Curves()], lora(options.lora) if options.lora else None)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    done = last_whole(options.out, tidy=False)
    if done is None:
        raise ModelError(f"{options.out} holds no checkpoint after training.", "Leave save_strategy as it is.")
    return done


def _all_generated(data: Data) -> bool:
    """Whether there is nothing but generated scenes to learn from. Raises SceneError."""
    for source in {example.source for example in data.examples}:
        with Scene.of(source) as scene:
            if not scene.generated:
                return False
    return True


def _over(last: Path, options: argparse.Namespace) -> bool:
    """Whether nothing is left to train: Trainer makes one step more of a run that it resumes at its end."""
    state = texts.read_object(last / "trainer_state.json")
    planned = {"max_steps": options.steps, "num_train_epochs": options.epochs, **pairs(options.set)}
    if planned["max_steps"] > 0:
        return bool(state["global_step"] >= planned["max_steps"])
    return bool(state["epoch"] >= planned["num_train_epochs"])


def _stands(last: Path | None, over: bool) -> str:
    if last is None:
        return "begins"
    return f"ended with {last.name}; --steps or --epochs trains it further" if over else f"goes on from {last.name}"


def _keep(options: argparse.Namespace, first: bool) -> None:
    told = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
    file = options.out / "run.json"
    if file.is_file():
        try:
            before = texts.read_object(file)
        except (OSError, ValueError) as error:
            raise ModelError(f"{file} can't be read: {error}.", "Give a new --out, or restore the file.") from error
        if changed := [name for name, value in told.items() if name not in FREE and before.get(name, value) != value]:
            name = changed[0]
            raise ModelError(
                f"{options.out} holds a run with {name} = {before[name]!r}, not {told[name]!r}.",
                "Give a new --out, or the same settings to go on.",
            )
    if first:
        options.out.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(told, indent=1) + "\n")


def finished(checkpoint: Path) -> int:
    """Prints the checkpoint that a run ended with, once for all of its processes; returns the exit code."""
    if _first():
        print(checkpoint)
    return 0


def _first() -> bool:
    """Of the processes of a run, the one that writes."""
    return int(os.environ.get("RANK", "0")) == 0
