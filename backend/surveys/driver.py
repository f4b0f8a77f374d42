"""The driver of a survey: reads each view, asks the engine about several at a time, and keeps every reading in a file, so that a run that
was killed anywhere continues where it was.

    with Journal(path, spec, "id", read_line, write_line) as journal:
        for step in run(engine, scene, "ships", plan, region, journal, at_once=8):
            write(step.features, step.records)

The loop (`core/survey.py`) gives the same views in the same order in every run of one survey: what the file has is not asked again, and
leads to the same features. Views that failed are asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ...core.errors import Cancelled, ZoomEarthError, as_ours
from ...core.families import marking
from ...core.geometry import Box
from ...core.look import Observation, Policy
from ...core.marks import Mark, Reading, State, read, request
from ...core.plan import Plan
from ...core.region import Region
from ...core.survey import Step, Survey, Wanted, survey
from ...core.talk import Talk
from ...core.texts import well_formed
from ..answer import confidence
from ..engines import Engine, never
from ..records import Journal

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..scene.scene import Scene

LIMIT = 2048  # tokens of a list: a few more boxes than `Plan.most`, in the words of a stock model
IN_STEP = 2  # views of a step for each one that is asked at a time, so that the others go on while a long list is written
SLOW = 5.0  # seconds: of views that take longer together, fewer are asked together, so that a kill costs less
PLAIN = 2  # grey levels: a picture whose colours differ by no more shows nothing
PATIENCE = 10  # failures of the engine, without a reply between them, after which a survey ends: the next view would fail too

Readings = Journal[tuple[str, Reading]]


def read_line(row: Mapping[str, Any]) -> tuple[str, Reading]:
    """A line of the file of readings."""
    marks = tuple(Mark(Box(*sides), label, score) for *sides, label, score in row["marks"])
    return row["id"], Reading(State(row["state"]), marks, row["why"])


def write_line(line: tuple[str, Reading]) -> dict[str, Any]:
    name, reading = line
    marks = [[*mark.box, mark.label, mark.score] for mark in reading.marks]
    return {"id": name, "state": reading.state.value, "marks": marks, "why": reading.why}


def run(
    engine: Engine,
    scene: Scene,
    target: str,
    plan: Plan,
    region: Region | None,
    journal: Readings,
    at_once: int,
    policy: Policy | None = None,
    cancelled: Callable[[], bool] = never,
) -> Generator[Step, None, Survey]:
    """Yields each step when it is known what came of the views before it. policy: instead of the model's own.

    After a cancellation, a last step has what is certain about the views that were looked at. Raises ZoomEarthError, after that step, where
    view after view fails.
    """
    asker = _Asker(engine, scene, target, journal, at_once, cancelled)
    flow = survey(scene.size, plan, policy or engine.profile.policy, region, IN_STEP * at_once)
    step = next(flow)
    while True:
        yield step
        with scene.small_cache():
            readings = asker.readings(step.wanted)
        try:
            step = flow.send(readings)
        except StopIteration as stop:
            if asker.failure:
                raise asker.failure from None
            result: Survey = stop.value
            return result


class _Asker:
    """Readings of views: those of the file, and those of the engine. failure: why it has given up."""

    def __init__(self, engine: Engine, scene: Scene, target: str, journal: Readings, at_once: int, cancelled: Callable[[], bool]) -> None:
        self.engine, self.scene, self.target, self.journal = engine, scene, target, journal
        self.at_once, self.cancelled = at_once, cancelled
        self.dialect = marking(engine.profile.dialect)
        self.slow = False  # the last views were
        self.failures = 0  # of the engine since its last reply
        self.failure: ZoomEarthError | None = None

    def readings(self, batch: Sequence[Wanted]) -> list[Reading | None]:
        """One for each view; None for those that were not looked at because of a cancellation or of failures."""
        results: dict[str, Reading] = {}
        pictures: list[tuple[Wanted, Image]] = []
        for wanted in batch:
            _, existing = self.journal.lines.pop(wanted.id, ("", None))  # what has been used needs no memory
            if existing and existing.state is not State.FAILED:
                results[wanted.id] = existing
            elif not self.failure and not self.cancelled():
                self._look(wanted, pictures, results)
        for start in range(0, len(pictures), together := self.at_once * (1 if self.slow else IN_STEP)):
            started = time.monotonic()
            self._ask(pictures[start : start + together], results)
            self.slow = time.monotonic() - started > SLOW
        return [results.get(wanted.id) for wanted in batch]

    def _look(self, wanted: Wanted, pictures: list[tuple[Wanted, Image]], results: dict[str, Reading]) -> None:
        """Reads a view's picture, which may show nothing, or can't be read."""
        try:
            picture = self.scene.part(wanted.view)
        except Cancelled:
            return
        except ZoomEarthError as error:  # of a damaged file, other parts can be read
            return self._keep(wanted, Reading(State.FAILED, why=error.message), results)
        spans = cast("tuple[tuple[int, int], ...]", picture.getextrema())  # of red, green and blue
        if all(high - low <= PLAIN for low, high in spans):
            self._keep(wanted, Reading(State.EMPTY), results)
        else:
            pictures.append((wanted, picture))

    def _ask(self, pictures: Sequence[tuple[Wanted, Image]], results: dict[str, Reading]) -> None:
        """Asks about views together. Where that fails, in two halves, so that only the view at fault gets the error."""
        if self.failure or self.cancelled():
            return
        talks = [self._talk(wanted, picture) for wanted, picture in pictures]
        try:
            replies = self.engine.reply(talks, limit=LIMIT, cancelled=self.cancelled, together=self.at_once)
        except Cancelled:
            return
        except Exception as error:
            if len(pictures) == 1:
                return self._fail(pictures[0][0], as_ours(error), results)
            half = len(pictures) // 2
            self._ask(pictures[:half], results)
            return self._ask(pictures[half:], results)
        self.failures = 0
        for (wanted, _), reply in zip(pictures, replies):
            if not reply.cancelled:
                text = well_formed(reply.text)
                score = lambda start, end, reply=reply: confidence(reply, (start, end))  # noqa: E731
                self._keep(wanted, read(self.dialect, text, wanted.view, reply.cut, score), results)

    def _talk(self, wanted: Wanted, picture: Image) -> Talk:
        talk = Talk(self.dialect)
        text = request(self.target, wanted.places and self.engine.profile.names_places)
        talk.observe(Observation(wanted.view, text, begins=True), picture)
        return talk

    def _keep(self, wanted: Wanted, reading: Reading, results: dict[str, Reading]) -> None:
        results[wanted.id] = reading
        self.journal.add((wanted.id, reading))
        self.journal.lines.pop(wanted.id)

    def _fail(self, wanted: Wanted, error: ZoomEarthError, results: dict[str, Reading]) -> None:
        """The engine gave no reply."""
        self._keep(wanted, Reading(State.FAILED, why=error.message), results)
        self.failures += 1
        if self.failures >= PATIENCE:
            self.failure = error
