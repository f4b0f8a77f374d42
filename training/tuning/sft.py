"""Supervised tuning: think, box, crop, think, answer in one sequence, through trl's SFTTrainer as it is.

    zoomearth train sft --model Qwen/Qwen2.5-VL-3B-Instruct --data lrs-gro:/data/LRS-GRO#SFT --out runs/sft
    accelerate launch --config_file resources/accelerate/8gpu.yaml -m zoomearth train sft ...

How it differs from the textbook: a row is a label played through the serving loop (transcript.py), so that its crops are the ones the
model will be shown; they stand in tool messages, and only what the model says is learnt, never a picture token. The defaults are the
paper's: learning rate 3e-5, 3 epochs, all weights but the vision tower's. Its batch size is not published.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...backend.scene.region import resolve
from ...backend.scene.scene import Scene
from ...core.dialect import Talk
from ...core.errors import SceneError, as_ours
from ...core.example import Example
from ...core.geometry import Size, View
from ...core.look import Action, Answer, Zoom, ZoomOut
from ...core.profile import Profile
from ...core.region import Region
from ..data.sources import Data, Fault, gather
from . import run as tuning
from .callbacks import Eyes
from .labelled import transcript
from .trl_chat import Message, messages

LOG = logging.getLogger(__name__)


def talk(example: Example, profile: Profile, size: Size, picture: Callable[[View], Any], region: Region | None = None) -> Talk:
    """A labelled question as a conversation. region: what `example.region` is of the raster.

    Raises ValueError where what the label says does not mean what it is to mean.
    """
    one_talk = replace(profile, policy=replace(profile.policy, native=None))
    actions: list[Action] = [Zoom(step.box, step.label) if step.box else ZoomOut() for step in example.steps_in(size)]
    actions.append(Answer(example.answer.strip()))
    thoughts = [thought(written) for written in example.thoughts]
    talks, outcome = transcript(one_talk, size, example.question, actions, thoughts, region=region, picture=picture)
    if outcome.answer != example.answer.strip():
        raise ValueError(f"the answer {example.answer!r} would be read as {outcome.answer!r}")
    return talks[0]


def thought(written: str) -> str:
    """The thought alone, where a data set has it in its tags, or with the action after it."""
    inside = written.split("<think>")[-1].split("</think>")[0]
    return re.split(r'\[?\s*\{?\s*"bbox_2d"|<answer>', inside)[0].strip()


def fault(profile: Profile) -> Fault:
    """What makes an example nothing to learn from, found before training, without pixels."""

    def reason(example: Example, size: Size, region: Region | None = None) -> str:
        try:
            talk(example, profile, size, lambda view: None, region)
        except ValueError as error:
            return f"the label can't be played: {error}"
        return ""

    return reason


def row(example: Example, profile: Profile) -> list[Message]:
    """The messages of one labelled question, pictures and all. Raises SceneError where the scene can't be read."""
    with Scene.of(example.source) as scene:
        return messages(talk(example, profile, scene.size, scene.part, resolve(scene, example.region)))


def dataset(data: Data, profile: Profile) -> Any:
    """Rows that are read when they are needed. One whose scene fails then gives its place to the next, and is named in the log."""
    from datasets import Dataset

    def read(index: int) -> list[Message]:
        for at in range(index, index + len(data.examples)):
            example = data.examples[at % len(data.examples)]
            try:
                return row(example, profile)
            except Exception as error:  # whatever a file does to its reader
                LOG.warning("%s is left out: %s", example.id, as_ours(error).message)
        raise SceneError("No scene of the training data can be read.", "See the messages before this one.")

    rows = Dataset.from_dict({"index": list(range(len(data.examples)))})
    rows.set_transform(lambda batch: {"messages": [read(index) for index in batch["index"]], "images": [[] for _ in batch["index"]]})
    return rows


def work(options: argparse.Namespace) -> Path:
    from trl import SFTConfig, SFTTrainer

    start = tuning.begin(options)
    data = gather(options.data, options.bad, options.held_out, options.seed, start.profile, fault(start.profile))
    entries: dict[str, Any] = {"assistant_only_loss": True, "max_length": None}
    config = tuning.configuration(SFTConfig, options, **entries)
    Eyes(start.model)

    def trainer(callbacks: list[Any], adapters: Any) -> Any:
        return SFTTrainer(
            model=start.model,
            args=config,
            train_dataset=dataset(data, start.profile),
            processing_class=start.processor,
            peft_config=adapters,
            callbacks=callbacks,
        )

    return tuning.run(trainer, start, data, options)


def command(parser: Parser) -> None:
    tuning.flags(parser, rate=3e-5, epochs=3, batch=4, accumulate=1)
    parser.examples(
        "zoomearth train sft --model Qwen/Qwen2.5-VL-3B-Instruct --data /data/mine --out runs/sft",
        "zoomearth train sft --model zoomearth-3b --data lrs-gro:/data/LRS-GRO#SFT --data /data/mine*2 --out runs/mine --lora 16",
        "accelerate launch --config_file resources/accelerate/8gpu-zero2.yaml -m zoomearth train sft --model ... --data ... --out ...",
    )
    parser.set_defaults(run=lambda options: tuning.finished(work(options)))
