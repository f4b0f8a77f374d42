"""Asks a benchmark's questions of an engine: in lockstep where the model runs here, by a pool of threads where a server batches.

A row, an image or a reply that fails is a record with `error`; the rest goes on.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Union

from ...backend.answer import REPLY_LIMIT, Answered, Question, answer, answers
from ...backend.engines import Engine
from ...backend.scene.scene import Scene
from ...core.errors import BackendError, SceneError, as_ours
from ...core.example import Example
from ...core.look import Policy, Stopped, Zoom
from ..data.scoring import LABEL_FRAME, VIEW_FRAME
from ..data.sets import Benchmark, Unusable
from .records import Record

MODES = ("zoom", "no-crop", "oracle-box", "blind")
"""As served; forced to answer from the global view; the true box in place of the model's own; without any picture."""
OPEN = 8  # scenes kept open that nobody is asking about

Row = Union[Example, Unusable]


@dataclass(frozen=True)
class Task:
    """A row to be asked: its place in the set, and its id, made unique where the set repeats one."""

    place: int
    id: str
    row: Row


def tasks(rows: Iterable[Row]) -> Iterator[Task]:
    """Numbers the rows. One whose id stood before is not asked again, and said to be a duplicate."""
    seen: dict[str, int] = {}
    for place, row in enumerate(rows):
        times = seen[row.id] = seen.get(row.id, 0) + 1
        if times == 1:
            yield Task(place, row.id, row)
        else:
            yield Task(place, f"{row.id}#{times}", Unusable(row.id, f"an earlier row of the set has the same id, {row.id!r}"))


@dataclass
class Asker:
    """How every question of a run is put. policy: the model's own, or what the command line made of it. limit: tokens a reply."""

    engine: Engine
    benchmark: Benchmark
    mode: str
    policy: Policy
    limit: int = REPLY_LIMIT
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode is {self.mode!r}: it is one of {', '.join(MODES)}")

    def lockstep(self, tasks: Iterable[Task], together: int) -> Iterator[Record]:
        """`together` questions one step at a time. What is wrong with a question or its scene is its record's error; an error is raised
        only where no answer can be scored."""
        failed: deque[Record] = deque()
        asked: list[tuple[Task, Example]] = []
        scenes = _Scenes()

        def questions() -> Iterator[Question]:
            for task in tasks:
                if isinstance(task.row, Unusable):
                    failed.append(_failure(task, BackendError(str(task.row))))
                    continue
                try:
                    scene = scenes.take(task.row.image)
                except Exception as error:
                    failed.append(_failure(task, error))
                    continue
                try:
                    question = self._question(task.row, scene)
                except Exception as error:
                    failed.append(_failure(task, error))
                    scenes.give(task.row.image)
                    continue
                asked.append((task, task.row))
                yield question

        try:
            for index, answered in answers(self.engine, questions(), together, self.cancelled.is_set, self.limit):
                while failed:
                    yield failed.popleft()
                task, example = asked[index]
                if answered.outcome.stopped is not Stopped.CANCELLED:
                    yield self._record(task, example, answered, together)
                scenes.give(example.image)
            yield from failed
        finally:
            scenes.close()

    def pool(self, tasks: Iterable[Task], concurrent: int) -> Iterator[Record]:
        """`concurrent` questions at a time, each on a thread of its own with a scene of its own."""
        waiting: set[Future[Record | None]] = set()
        with ThreadPoolExecutor(concurrent) as threads:
            try:
                for task in tasks:
                    waiting.add(threads.submit(self._one, task))
                    if len(waiting) >= 2 * concurrent:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (record for future in done if (record := future.result()))
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (record for future in done if (record := future.result()))
            except BaseException:
                self.cancelled.set()
                for future in waiting:
                    future.cancel()
                raise

    def _one(self, task: Task) -> Record | None:
        """None where it was cancelled."""
        if isinstance(task.row, Unusable):
            return _failure(task, BackendError(str(task.row)))
        try:
            with _open(task.row.image) as scene:
                answered = answer(self.engine, self._question(task.row, scene), cancelled=self.cancelled.is_set, limit=self.limit)
        except Exception as error:
            return _failure(task, error)
        return None if answered.outcome.stopped is Stopped.CANCELLED else self._record(task, task.row, answered, 1)

    def _question(self, example: Example, scene: Scene) -> Question:
        policy = replace(self.policy, max_zooms=0) if self.mode == "no-crop" else self.policy
        given = None
        if self.mode == "oracle-box" and (box := example.box_in(scene.size)):
            given = Zoom(box, example.label), example.thoughts[0] if example.thoughts else ""
        return Question(scene, self.benchmark.prompt(example), policy=policy, given=given, blind=self.mode == "blind")

    def _record(self, task: Task, example: Example, answered: Answered, together: int) -> Record:
        if answered.error:
            return _failure(task, answered.error)
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


def _open(path: Path) -> Scene:
    if not path.exists():
        raise SceneError(f"{path} does not exist.", "Give the folder that holds the set's images with --data.")
    return Scene.open(path)


class _Scenes:
    """Open scenes by path, each as long as somebody asks about it, and the last few beyond that."""

    def __init__(self) -> None:
        self.open: dict[Path, tuple[Scene, int]] = {}  # with how many ask about it

    def take(self, path: Path) -> Scene:
        scene, users = self.open.pop(path) if path in self.open else (_open(path), 0)
        self.open[path] = (scene, users + 1)  # the last taken is the last in order
        return scene

    def give(self, path: Path) -> None:
        scene, users = self.open[path]
        self.open[path] = (scene, users - 1)
        idle = [path for path, (_, users) in self.open.items() if users == 0]
        for path in idle[:-OPEN]:
            self.open.pop(path)[0].close()

    def close(self) -> None:
        for scene, _ in self.open.values():
            scene.close()


def run(asker: Asker, tasks: Iterable[Task], at_once: int, remote: bool, on_record: Callable[[Record], None]) -> None:
    """Asks all tasks; `on_record` is called on this thread with each record as it is there."""
    for record in asker.pool(tasks, at_once) if remote else asker.lockstep(tasks, at_once):
        on_record(record)
