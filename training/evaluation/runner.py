"""Asks an engine a benchmark's questions in one of the modes, and makes a scored record of each answer.

A row, an image or a reply that fails gives a record with `error`; the other questions continue.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Union

from ...backend import batch
from ...backend.answer import REPLY_LIMIT, Answered, Question
from ...backend.engines import Engine
from ...backend.scene.region import resolve
from ...backend.scene.scene import Scene
from ...core.errors import DataError, SceneError, as_ours
from ...core.example import Example
from ...core.look import Policy, Zoom
from ...core.source import SceneSource
from ..data.scoring import LABEL_FRAME, VIEW_FRAME
from ..data.sets import Benchmark, Unusable
from .records import Record

MODES = ("zoom", "no-crop", "oracle-box", "blind")
"""As served; answers from the global view; zooms to the true box instead of the model's own; without any picture."""

Row = Union[Example, Unusable]


@dataclass(frozen=True)
class Task:
    """A row to ask: its place in the set, and its id, which is made unique where the set repeats it."""

    place: int
    id: str
    row: Row


def tasks(rows: Iterable[Row]) -> Iterator[Task]:
    """Numbers the rows. A row with the id of an earlier row is Unusable."""
    occurrences: dict[str, int] = {}
    for place, row in enumerate(rows):
        times = occurrences[row.id] = occurrences.get(row.id, 0) + 1
        if times == 1:
            yield Task(place, row.id, row)
        else:
            yield Task(place, f"{row.id}#{times}", Unusable(row.id, f"an earlier row of the set has the same id, {row.id!r}"))


@dataclass
class Asker:
    """How every question of a run is asked. policy: the model's own, with the changes of the command line. limit: tokens of a reply."""

    engine: Engine
    benchmark: Benchmark
    mode: str
    policy: Policy
    limit: int = REPLY_LIMIT

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}: it is one of {', '.join(MODES)}")

    def question(self, example: Example, scene: Scene) -> Question:
        """The question of an example in this mode."""
        policy = replace(self.policy, max_zooms=0) if self.mode == "no-crop" else self.policy
        given = None
        if self.mode == "oracle-box" and (box := example.box_in(scene.size)):
            given = Zoom(box, example.label), example.thoughts[0] if example.thoughts else ""
        region = resolve(scene, example.region)
        return Question(scene, self.benchmark.prompt(example), region, policy=policy, given=given, blind=self.mode == "blind")

    def record(self, task: Task, example: Example, answered: Answered, together: int) -> Record:
        """The scored record of an answer. together: the number of questions that shared its time."""
        outcome, size = answered.outcome, answered.question.scene.size
        zooms = [shown.roi for shown in outcome.zooms if shown.roi]
        score = self.benchmark.score(example.answer, outcome.answer, example.choices)
        record = _blank(task, example)
        record.answer1, record.answer2 = (None, outcome.answer) if zooms else (outcome.answer, None)
        record.size = list(size)
        record.bbox = [[round(side * VIEW_FRAME / max(size), 4) for side in box] for box in zooms]
        if label := example.box_in(size):
            record.bbox_ref = [round(side * LABEL_FRAME / max(size), 4) for side in label]
        record.replies = [reply.text for reply in answered.replies]
        record.messages = [{"role": turn.role, "text": turn.text} for turn in answered.talk.turns]
        if self.mode != "blind":
            record.views = [
                {"window": [int(side) for side in shown.view.window], "size": list(shown.view.size), "label": shown.label, "roi": shown.roi}
                for shown in outcome.views
            ]
        record.stopped, record.why, record.confidence = outcome.stopped.value, outcome.why, answered.confidence
        record.meaningless = answered.meaningless
        record.score = {"right": score.right, "why": score.why}
        record.seconds, record.together = round(answered.seconds, 4), together
        record.tokens_in = sum(reply.tokens_in for reply in answered.replies)
        record.tokens_computed = sum(reply.fed for reply in answered.replies)
        record.tokens_out = sum(reply.tokens_out for reply in answered.replies)
        record.bytes_read = answered.bytes_read
        return record


def _blank(task: Task, example: Example) -> Record:
    return Record(
        task.id,
        example.answer,
        type=example.level,
        category=example.category,
        question=example.question,
        choices=list(example.choices),
        image=str(example.image),
        place=task.place,
    )


def _failure(task: Task, error: Exception) -> Record:
    record = _blank(task, task.row) if isinstance(task.row, Example) else Record(task.id, place=task.place)
    record.error = as_ours(error).to_dict()
    return record


@dataclass(frozen=True)
class _Asked:
    """A row of `batch.run`."""

    task: Task
    example: Example

    @property
    def source(self) -> SceneSource:
        return self.example.source


def run(asker: Asker, tasks: Iterable[Task], at_once: int, remote: bool, on_record: Callable[[Record], None]) -> None:
    """Asks all tasks, and calls `on_record` on this thread with each record. An error of a question, its image or its reply is in its
    record; an error is raised only where no answer can be scored."""
    asked = []
    for task in tasks:
        if isinstance(task.row, Unusable):
            on_record(_failure(task, DataError(str(task.row))))
        elif not os.path.exists(task.row.image):
            missing = SceneError(f"{task.row.image} does not exist.", "Give the folder with the set's images: --data FOLDER.")
            on_record(_failure(task, missing))
        else:
            asked.append(_Asked(task, task.row))

    def make(row: _Asked, scene: Scene, policy: Policy) -> Question:
        return asker.question(row.example, scene)

    with contextlib.closing(batch.run(asker.engine, asked, make, at_once, remote, limit=asker.limit)) as results:
        for finished in results:
            row = finished.row
            if finished.answered:
                on_record(asker.record(row.task, row.example, finished.answered, 1 if remote else at_once))
            elif finished.error:
                on_record(_failure(row.task, finished.error))
