"""Drivers: the loop over an engine and a scene, for one question or for many in lockstep, and the report of what came of it."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Sequence, Union

from ..core import errors
from ..core.dialect import Talk
from ..core.geometry import Box, Size
from ..core.look import Action, Answer, Cancelled, Flow, Observation, Outcome, Policy, Shown, Stopped, Zoom, look
from ..core.protocol import RegionFacts, Result, SceneFacts, Usage
from ..core.region import Region
from ..core.source import Seen
from ..core.texts import well_formed
from .engines import Engine, Reply, never

if TYPE_CHECKING:
    from PIL.Image import Image

    from .scene.scene import Scene

ENDINGS = {
    Stopped.LIMIT: "no zooms were left, so this is a best guess",
    Stopped.UNREADABLE: "The model's reply made no sense. Ask in other words.",
    Stopped.ENDLESS: "the model's reply had no end",
    Stopped.BAD_BOX: "the model asked for an impossible box",
    Stopped.CANCELLED: "cancelled",
}
REPLY_LIMIT = 1024  # new tokens a reply, unless the caller says otherwise
MEANINGLESS = "Meaningless: the demo model knows only generated scenes. `zoomearth models` shows real models."
IN_HAND = 3  # questions under way for each reply of a batch: replies differ in length, and a full batch costs little more than half a one


@dataclass(frozen=True)
class Saw:
    """The model is shown a view. picture: the exact pixels."""

    shown: Shown
    picture: Image


@dataclass(frozen=True)
class Said:
    """More of the model's reply has come."""

    delta: str


@dataclass(frozen=True)
class Tried:
    """A try at a reply was lost. number: of the next one; tries: how many there will be at the most; why: what went wrong."""

    number: int
    tries: int
    why: str


Event = Union[Saw, Said, Tried]


def ignore(event: Event) -> None:
    """For whoever does not want to follow."""


@dataclass(frozen=True)
class Question:
    """One question over one open scene; region: the part of it that is asked about; policy: where it is not the model's own.

    given: the zoom that takes the place of the model's first reply, and the thought said before it (an oracle's box, for evaluation).
    blind: no picture is shown at all, and the answer is asked for at once.
    flow: what is shown and when it ends, in place of `look()`: made of the scene's size and the policy.
    """

    scene: Scene
    text: str
    region: Region | None = None
    policy: Policy | None = None
    given: tuple[Zoom, str] | None = None
    blind: bool = False
    flow: Callable[[Size, Policy], Flow] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", well_formed(self.text))  # it is written into files too


@dataclass
class Answered:
    """What came of a question: the outcome, or the error that ended it; the pictures shown, one for each of `outcome.views`.

    meaningless: a model that knows only generated scenes was asked about something else, so that its answer says nothing.
    notes: sentences on boxes whose numbers were not as they should be, each once.
    confidence: geometric mean probability of the answer's tokens, uncalibrated; None where the engine gives no probabilities, and
    where the answer is meaningless.
    talk: the conversation, or the last of them where a huge scene began several.
    """

    question: Question
    outcome: Outcome
    talk: Talk
    pictures: list[Image] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    meaningless: bool = False
    confidence: float | None = None
    seconds: float = 0.0
    bytes_read: int = 0
    error: errors.ZoomEarthError | None = None


def answer(
    engine: Engine,
    question: Question,
    on_event: Callable[[Event], None] = ignore,
    cancelled: Callable[[], bool] = never,
    limit: int = REPLY_LIMIT,
) -> Answered:
    """One question, streaming. Raises ZoomEarthError; a cancellation is an outcome."""
    run = _Run(engine, question, on_event)
    while not run.over:
        reply = engine.reply(
            [run.talk],
            limit=limit,
            on_text=lambda _, delta: on_event(Said(well_formed(delta))),
            on_try=lambda *lost: on_event(Tried(*lost)),
            cancelled=cancelled,
        )[0]
        run.take(reply)
    if run.result.error:
        raise run.result.error
    return run.result


def answer_all(
    engine: Engine, questions: Sequence[Question], cancelled: Callable[[], bool] = never, limit: int = REPLY_LIMIT
) -> list[Answered]:
    """Many questions at once, in order; see `answers`."""
    done = dict(answers(engine, questions, max(1, len(questions)), cancelled, limit))
    return [done[index] for index in range(len(questions))]


def answers(
    engine: Engine,
    questions: Iterable[Question],
    together: int,
    cancelled: Callable[[], bool] = never,
    limit: int = REPLY_LIMIT,
) -> Iterator[tuple[int, Answered]]:
    """Many questions in lockstep, so that the engine can batch: `together` replies at a time. Yields each with its place among the
    questions, as it ends.

    IN_HAND times as many are under way, so that a place in the batch is taken again as soon as a reply ends; the next question is taken
    from `questions` as soon as another is over. A scene that fails, or a reply that can't be had, is a result with `error`; the other
    questions go on, whatever it was that failed.
    """
    waiting = enumerate(questions)
    going: list[tuple[int, _Run]] = []
    while True:
        over: list[tuple[int, Answered]] = []
        for index, question in itertools.islice(waiting, IN_HAND * together - len(going)):
            try:
                going.append((index, _Run(engine, question, ignore)))
            except Exception as error:
                over.append((index, Answered(question, Outcome(None), Talk(engine.profile.dialect), error=errors.as_ours(error))))
        over += [(index, run.result) for index, run in going if run.over]
        yield from over
        going = [(index, run) for index, run in going if not run.over]
        if going:
            _step(engine, [run for _, run in going], together, cancelled, limit)
        elif not over:
            return


def _step(engine: Engine, runs: list[_Run], together: int, cancelled: Callable[[], bool], limit: int) -> None:
    """One reply for each. Where there is none for all together, each is asked alone: the error is that question's only."""
    try:
        replies = engine.reply([run.talk for run in runs], limit=limit, cancelled=cancelled, together=together)
    except Exception as error:
        if len(runs) == 1:
            return runs[0].fail(errors.as_ours(error))
        for run in runs:
            _step(engine, [run], 1, cancelled, limit)
        return
    for run, reply in zip(runs, replies):
        try:
            run.take(reply)
        except Exception as error:
            run.fail(errors.as_ours(error))


class _Run:
    """One question under way: the generator, its talk, and what has been gathered."""

    def __init__(self, engine: Engine, question: Question, on_event: Callable[[Event], None]) -> None:
        policy = question.policy or engine.profile.policy
        self.scene = question.scene
        if question.blind:
            policy = replace(policy, max_zooms=0)
        self.talk = Talk(engine.profile.dialect, question.blind)
        self.on_event = on_event
        self.over = False
        meaningless = engine.profile.generated_only and not self.scene.generated
        self.result = Answered(question, Outcome(None), self.talk, meaningless=meaningless)
        self.started, self.read_before = time.perf_counter(), self.scene.bytes_read
        size = self.scene.size
        self.flow = question.flow(size, policy) if question.flow else look(size, question.text, policy, question.region)
        try:
            observation = next(self.flow)
        except ValueError as error:
            self.fail(errors.SceneError(f"{error} ({self.scene.name}).", "Give a region inside the raster."))
            return
        self._show(observation)
        if question.given and self.talk.view and not self.over:
            zoom, thought = question.given
            self.take(Reply(self.talk.write(zoom, thought)))

    def take(self, reply: Reply) -> None:
        """The model has replied: go on to the next view, or to the end."""
        reply = replace(reply, text=well_formed(reply.text))
        self.result.replies.append(reply)
        action: Action = Cancelled() if reply.cancelled else self.talk.act(reply.text, reply.cut)
        if isinstance(action, Answer) and not self.result.meaningless:
            self.result.confidence = _confidence(reply, action.span)
        if isinstance(action, Zoom):
            notes = (zoom.note for zoom in (action, *action.then))
            self.result.notes += [note for note in dict.fromkeys(notes) if note and note not in self.result.notes]
        self._send(action)

    def _send(self, action: Action | None) -> None:
        try:
            observation = self.flow.send(action)
        except StopIteration as stop:
            self.result.outcome = stop.value
            self._finish()
        else:
            self._show(observation)

    def _show(self, observation: Observation) -> None:
        picture = observation.picture
        if observation.view and not self.talk.blind:
            try:
                picture = self.scene.part(observation.view) if picture is None else picture
            except errors.Cancelled:
                return self._send(Cancelled())
            except errors.ZoomEarthError as error:
                return self.fail(error)
            self.result.pictures.append(picture)
            self.on_event(Saw(Shown(observation.view, observation.label, observation.roi, observation.step), picture))
        self.talk.observe(observation, picture)
        if observation.more:
            self._send(None)

    def fail(self, error: errors.ZoomEarthError) -> None:
        self.result.error = error
        self._finish()

    def _finish(self) -> None:
        self.result.seconds = time.perf_counter() - self.started
        self.result.bytes_read = self.scene.bytes_read - self.read_before
        self.over = True


def _confidence(reply: Reply, span: tuple[int, int] | None) -> float | None:
    """span: of the answer in the reply. A character's earlier bytes are pieces without text."""
    inside, at = [], 0
    for piece, logprob in reply.tokens:
        if span and at < span[1] and at + max(1, len(piece)) > span[0]:
            inside.append(logprob)
        at += len(piece)
    return math.exp(sum(inside) / len(inside)) if inside else None


def ending(outcome: Outcome) -> str:
    """Why there is no answer, or why it is less than it seems, in plain words; `outcome.why` has the technical reason."""
    if outcome.stopped is Stopped.LIMIT and outcome.answer is None:
        return "no zooms were left, and the model asked for another one"
    return ENDINGS.get(outcome.stopped, "")


def report(answered: Answered, model: str, notes: Sequence[str] = ()) -> Result:
    """One answer as the object that `zoomearth ask --json` prints and the backend sends with `done`. notes: on how the
    model is asked, see `Profile`."""
    scene, outcome, region = answered.question.scene, answered.outcome, answered.question.region
    return Result(
        question=answered.question.text,
        answer=outcome.answer,
        confidence=None if answered.confidence is None else round(answered.confidence, 4),
        meaningless=answered.meaningless,
        stopped=outcome.stopped.value,
        why=outcome.why,
        model=model,
        dialect=answered.talk.dialect.described,
        notes=(*notes, *answered.notes),
        seconds=round(answered.seconds, 3),
        scene=SceneFacts(scene.name, *scene.size, scene.crs or None),
        region=RegionFacts(_whole(region.window), region.outline or None) if region else None,
        zooms=tuple(Seen.of(shown, scene.grid) for shown in outcome.zooms),
        usage=Usage(
            answered.bytes_read,
            sum(reply.tokens_in for reply in answered.replies),
            sum(reply.tokens_out for reply in answered.replies),
        ),
    )


def _whole(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(side) for side in box)
    return left, top, right, bottom
