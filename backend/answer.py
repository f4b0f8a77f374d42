"""Drivers: the loop over an engine and a scene, for one question or for many in lockstep, and the report of what came of it."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, Generator, Iterable, Iterator, Sequence, Union

from ..core import errors
from ..core.dialect import Talk
from ..core.geometry import Box
from ..core.look import Action, Answer, Cancelled, Observation, Outcome, Policy, Shown, Zoom, look
from ..core.text import well_formed
from .engines import Engine, Reply, never

if TYPE_CHECKING:
    from PIL.Image import Image

    from .scene import Scene

REPLY_LIMIT = 1024  # new tokens a reply, unless the caller says otherwise
IN_HAND = 3  # questions under way for each reply of a batch: replies differ in length, and a full batch costs little more than half a one


@dataclass(frozen=True)
class Saw:
    """The model is shown a view. step: 0 for the global view; picture: the exact pixels."""

    step: int
    shown: Shown
    picture: Image


@dataclass(frozen=True)
class Said:
    """More of the model's reply has come."""

    delta: str


Event = Union[Saw, Said]


def ignore(event: Event) -> None:
    """For whoever does not want to follow."""


@dataclass(frozen=True)
class Question:
    """One question over one open scene; region in source pixels, policy where it is not the model's own.

    given: the zoom that takes the place of the model's first reply, and the thought said before it (an oracle's box, for evaluation).
    blind: no picture is shown at all, and the answer is asked for at once.
    """

    scene: Scene
    text: str
    region: Box | None = None
    policy: Policy | None = None
    given: tuple[Zoom, str] | None = None
    blind: bool = False


@dataclass
class Answered:
    """What came of a question: the outcome, or the error that ended it; the pictures shown, one for each of `outcome.views`.

    confidence: geometric mean probability of the answer's tokens, uncalibrated; None where the engine gives no probabilities.
    talk: the conversation, or the last of them where a huge scene began several.
    """

    question: Question
    outcome: Outcome
    talk: Talk
    pictures: list[Image] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
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
        reply = engine.reply([run.talk], limit=limit, on_text=lambda _, delta: on_event(Said(well_formed(delta))), cancelled=cancelled)[0]
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
    questions go on.
    """
    waiting = enumerate(questions)
    going: list[tuple[int, _Run]] = []
    while True:
        for index, question in itertools.islice(waiting, IN_HAND * together - len(going)):
            going.append((index, _Run(engine, question, ignore)))
        over = [(index, run.result) for index, run in going if run.over]
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
    except errors.ZoomEarthError as error:
        if len(runs) == 1:
            return runs[0].fail(error)
        for run in runs:
            _step(engine, [run], 1, cancelled, limit)
        return
    for run, reply in zip(runs, replies):
        run.take(reply)


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
        self.result = Answered(question, Outcome(None), self.talk)
        self.started, self.read_before = time.perf_counter(), self.scene.bytes_read
        self.flow: Generator[Observation, Action, Outcome] = look(self.scene.size, question.text, policy, question.region)
        try:
            observation = next(self.flow)
        except ValueError as error:
            self.fail(errors.SceneError(f"{error} ({self.scene.name}).", "Give a region inside the raster."))
            return
        self._show(observation)
        if question.given and self.talk.view and not self.over:
            zoom, thought = question.given
            self.take(Reply(self.talk.dialect.write(zoom, self.talk.view, thought)))

    def take(self, reply: Reply) -> None:
        """The model has replied: go on to the next view, or to the end."""
        reply = replace(reply, text=well_formed(reply.text))
        self.result.replies.append(reply)
        forced = self.talk.forced
        action: Action = Cancelled() if reply.cancelled else self.talk.act(reply.text, reply.cut)
        if isinstance(action, Answer):
            self.result.confidence = _confidence(reply, forced, self.talk.dialect.answer_span(forced + reply.text, reply.cut))
        self._send(action)

    def _send(self, action: Action) -> None:
        try:
            observation = self.flow.send(action)
        except StopIteration as stop:
            self.result.outcome = stop.value
            self._finish()
        else:
            self._show(observation)

    def _show(self, observation: Observation) -> None:
        picture = None
        if observation.view and not self.talk.blind:
            try:
                picture = self.scene.part(observation.view)
            except errors.Cancelled:
                return self._send(Cancelled())
            except errors.ZoomEarthError as error:
                return self.fail(error)
            self.result.pictures.append(picture)
            self.on_event(Saw(len(self.result.pictures) - 1, Shown(observation.view, observation.label, observation.roi), picture))
        self.talk.observe(observation, picture)

    def fail(self, error: errors.ZoomEarthError) -> None:
        self.result.error = error
        self._finish()

    def _finish(self) -> None:
        self.result.seconds = time.perf_counter() - self.started
        self.result.bytes_read = self.scene.bytes_read - self.read_before
        self.over = True


def _confidence(reply: Reply, forced: str, span: tuple[int, int] | None) -> float | None:
    """span: of the answer in the reply with its forced beginning. A character's earlier bytes are pieces without text."""
    inside, at = [], len(forced)
    for piece, logprob in reply.tokens:
        if span and at < span[1] and at + max(1, len(piece)) > span[0]:
            inside.append(logprob)
        at += len(piece)
    return math.exp(sum(inside) / len(inside)) if inside else None


def report(answered: Answered, model: str) -> dict[str, Any]:
    """One answer as the object that `zoomearth ask --json` prints and the backend sends as `done`."""
    scene, outcome = answered.question.scene, answered.outcome
    return {
        "question": answered.question.text,
        "answer": outcome.answer,
        "confidence": None if answered.confidence is None else round(answered.confidence, 4),
        "stopped": outcome.stopped.value,
        "why": outcome.why,
        "model": model,
        "seconds": round(answered.seconds, 3),
        "scene": {"path": scene.name, "width": scene.size[0], "height": scene.size[1], "crs": scene.crs or None},
        "zooms": [zoom(shown, scene) for shown in outcome.zooms],
        "usage": {
            "bytes_read": answered.bytes_read,
            "tokens_in": sum(reply.tokens_in for reply in answered.replies),
            "tokens_out": sum(reply.tokens_out for reply in answered.replies),
        },
    }


def zoom(shown: Shown, scene: Scene) -> dict[str, Any]:
    """One zoom of a report, its step among the views: source pixels, and the ROI's polygon in map units (None: it lies nowhere)."""
    roi = shown.roi or shown.view.window
    return {
        "step": shown.step,
        "label": shown.label,
        "roi": [round(side, 2) for side in roi],
        "window": [int(side) for side in shown.view.window],
        "shown": list(shown.view.size),
        "polygon": [list(point) for point in scene.grid.polygon(roi)] if scene.grid else None,
    }
