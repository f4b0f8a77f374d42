"""Supervised tuning with trl's stock SFTTrainer: thought, box, crop, thought and answer are one sequence.

    zoomearth train sft --model Qwen/Qwen2.5-VL-3B-Instruct --data lrs-gro:/data/LRS-GRO#SFT --out runs/sft
    accelerate launch --config_file resources/accelerate/8gpu.yaml -m zoomearth train sft ...

Differences from the textbook: the labelled actions of a row are replayed through the serving loop (labelled.py), so that its crops are
those that the model will be shown. The crops are in tool messages; the loss covers only the model's text, no picture token. The defaults
are the paper's: learning rate 3e-5, 3 epochs, all weights but the vision tower's. The paper gives no batch size.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...backend.scene.region import resolve
from ...backend.scene.scene import Scene
from ...backend.toolbox import Toolbox
from ...core.errors import SceneError, as_ours
from ...core.example import Example
from ...core.geometry import Size, View
from ...core.look import Action, Answer
from ...core.profile import Profile
from ...core.region import Region
from ...core.talk import Talk
from ...core.tool_calls import Offer
from ..data.sources import Data, Fault, gather
from . import run as tuning
from .callbacks import PictureCheck
from .labelled import transcript
from .run import TuningSettings
from .trl_chat import Message, messages

LOG = logging.getLogger(__name__)


def talk(
    example: Example, profile: Profile, size: Size, picture: Callable[[View], Any], region: Region | None = None, **tools: Any
) -> Talk:
    """A labelled question as a conversation. region: `example.region` in pixels of the raster. tools: how tools are used, see `transcript`.

    Raises ValueError where the written label would be read as another action.
    """
    one_talk = replace(profile, policy=replace(profile.policy, native=None))
    actions: list[Action] = [step.action for step in example.steps_in(size)]
    actions.append(Answer(example.answer.strip()))
    thoughts = [thought(written) for written in example.thoughts]
    talks, outcome = transcript(one_talk, size, example.question, actions, thoughts, region=region, picture=picture, **tools)
    if outcome.answer != example.answer.strip():
        raise ValueError(f"the answer {example.answer!r} would be read as {outcome.answer!r}")
    return talks[0]


def thought(written: str) -> str:
    """The thought alone: some data sets have it in tags, or with the action after it."""
    inside = written.split("<think>")[-1].split("</think>")[0]
    return re.split(r'\[?\s*\{?\s*"bbox_2d"|<answer>', inside)[0].strip()


def fault(profile: Profile) -> Fault:
    """The check for examples that can't be learnt from; it needs no pixels, and runs before the training."""

    def reason(example: Example, size: Size, region: Region | None = None) -> str:
        try:
            talk(example, profile, size, lambda view: None, region)
        except ValueError as error:
            return f"the label can't be replayed: {error}"
        return ""

    return reason


def row(example: Example, profile: Profile) -> list[Message]:
    """The messages of one labelled question, with its pictures. Raises SceneError where the scene can't be read."""
    with Scene.of(example.source) as scene, tempfile.TemporaryDirectory() as folder:
        use = partial(Toolbox(Offer(folder)).use, scene, question=example.question)
        result = partial(Toolbox.picture, scene)
        return messages(talk(example, profile, scene.size, scene.part, resolve(scene, example.region), use=use, result=result))


def dataset(data: Data, profile: Profile) -> Any:
    """Rows that are read when they are needed. The next row replaces one whose scene can't be read; the log names it."""
    from datasets import Dataset

    def read(index: int) -> list[Message]:
        for at in range(index, index + len(data.examples)):
            example = data.examples[at % len(data.examples)]
            try:
                return row(example, profile)
            except Exception as error:  # a reader may raise any error for a damaged file
                LOG.warning("%s is left out: %s", example.id, as_ours(error).message)
        raise SceneError("No scene of the training data can be read.", "The log names each scene and its error.")

    rows = Dataset.from_dict({"index": list(range(len(data.examples)))})
    rows.set_transform(lambda batch: {"messages": [read(index) for index in batch["index"]], "images": [[] for _ in batch["index"]]})
    return rows


def work(settings: TuningSettings) -> Path:
    """Runs SFT; returns the last checkpoint."""
    from trl import SFTConfig, SFTTrainer

    start = tuning.begin(settings)
    data = gather(settings.data, settings.bad, settings.held_out, settings.seed, start.profile, fault(start.profile))
    entries: dict[str, Any] = {"assistant_only_loss": True, "max_length": None}
    config = tuning.configuration(SFTConfig, settings, **entries)
    PictureCheck(start.model)

    def trainer(callbacks: list[Any], adapters: Any) -> Any:
        return SFTTrainer(
            model=start.model,
            args=config,
            train_dataset=dataset(data, start.profile),
            processing_class=start.processor,
            peft_config=adapters,
            callbacks=callbacks,
        )

    return tuning.run(trainer, start, data, settings)


def command(parser: Parser) -> None:
    tuning.flags(parser, rate=3e-5, epochs=3, batch=4, accumulate=1)
    parser.examples(
        "zoomearth train sft --model Qwen/Qwen2.5-VL-3B-Instruct --data /data/mine --out runs/sft",
        "zoomearth train sft --model zoomearth-3b --data lrs-gro:/data/LRS-GRO#SFT --data /data/mine*2 --out runs/mine --lora 16",
        "accelerate launch --config_file resources/accelerate/8gpu-zero2.yaml -m zoomearth train sft --model ... --data ... --out ...",
    )
    parser.set_defaults(run=lambda options: tuning.finished(work(TuningSettings.of(options))))
