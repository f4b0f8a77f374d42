"""Drivers: run the loop with an engine and a scene, for one question or for many in lockstep."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Protocol, Sequence, Union

from ..core import errors
from ..core.answer_type import AnswerType, Value
from ..core.geometry import Box, Size, View
from ..core.look import Action, Answer, Cancelled, Flow, Observation, Outcome, Policy, Shown, Zoom, look
from ..core.region import Region
from ..core.talk import Talk
from ..core.texts import well_formed
from ..core.tool_calls import ToolCall, ToolUse
from ..core.tools import Made
from .engines import Engine, Reply, never

if TYPE_CHECKING:
    from PIL.Image import Image

    from .scene.compared import Compared
    from .scene.scene import Scene

REPLY_LIMIT = 1024  # new tokens of a reply, by default
COMPARES = "Ask a model that takes several, such as Qwen3-VL: --model qwen3-vl-4b, or --remote with a server."
IN_HAND = 3  # running questions for each slot of a batch, so that slots are refilled when replies of different lengths end


@dataclass(frozen=True)
class Saw:
    """The model is shown a view. picture: the exact pixels; other: those of the raster that it is compared with, None without one."""

    shown: Shown
    picture: Image
    other: Image | None = None


@dataclass(frozen=True)
class Said:
    """The engine has produced more text of the reply."""

    delta: str


@dataclass(frozen=True)
class Tried:
    """An attempt to get a reply has failed, and another one follows. number: of the next attempt; tries: their largest number; why: the
    reason.
    """

    number: int
    tries: int
    why: str


@dataclass(frozen=True)
class Read:
    """The model is reading what it is shown, which takes long. part: of it that has been read, 0 to 1."""

    part: float


@dataclass(frozen=True)
class Working:
    """A tool that the model has called is at work. stage: in a word; total: 0 if unknown."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Used:
    """A tool that the model has called is through, with or without a result."""

    use: ToolUse


Event = Union[Saw, Said, Tried, Read, Working, Used]


def ignore(event: Event) -> None:
    """The default `on_event`: does nothing."""


class Tools(Protocol):
    """Does what a model calls for."""

    def use(
        self,
        scene: Scene,
        observation: Observation,
        question: str,
        on_progress: Callable[[str, int, int], None],
        cancelled: Callable[[], bool],
        engine: Engine | None = None,
    ) -> ToolUse:
        """What comes of the call of an observation. engine: of the model that answers. Raises Cancelled."""

    def picture(self, scene: Scene, view: View, laid: Sequence[Made]) -> Image:
        """The view with what was made, in this order."""


@dataclass(frozen=True)
class Question:
    """One question about one open scene. region: the part of the scene that the question is about. policy: instead of the model's own.

    given: a zoom, with its thought, that replaces the model's first reply (the true box, for evaluation).
    blind: no picture is shown, and the answer is demanded at once.
    flow: another loop instead of `look()`: a function of the scene's size and the policy.
    answer_type: what the answer must be; None for any text.
    tools: what the model may use, as often as the policy says; None for nothing. See `toolbox.py`.
    system: instead of the model's own system text and instruction, for a task other than answering.
    compared: a second raster, whose picture is shown beside each view.
    """

    scene: Scene
    text: str
    region: Region | None = None
    policy: Policy | None = None
    given: tuple[Zoom, str] | None = None
    blind: bool = False
    flow: Callable[[Size, Policy], Flow] | None = None
    answer_type: AnswerType | None = None
    tools: Tools | None = None
    system: str | None = None
    compared: Compared | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", well_formed(self.text))  # the text is also written into files


@dataclass
class Answered:
    """The result of a question: the outcome, or the error that ended it; and the pictures, one for each of `outcome.views`.

    others: those of the raster that it is compared with, None where a view has none; empty without such a raster.
    meaningless: a model that knows only generated scenes was asked about another raster.
    notes: sentences about boxes with unusual coordinates, each once.
    confidence: geometric mean probability of the answer's tokens, uncalibrated; None where the engine gives no probabilities, and
    where the answer is meaningless.
    talk: the conversation; for a huge scene with several, the last one.
    """

    question: Question
    outcome: Outcome
    talk: Talk
    pictures: list[Image] = field(default_factory=list)
    others: list[Image | None] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    meaningless: bool = False
    confidence: float | None = None
    seconds: float = 0.0
    bytes_read: int = 0
    error: errors.ZoomEarthError | None = None

    @property
    def value(self) -> Value | None:
        """The answer as the question's type has it; None where there is no type, no answer, or it does not fit."""
        kind, text = self.question.answer_type, self.outcome.answer
        return None if kind is None or text is None else kind.read(text)

    @property
    def unreadable(self) -> bool:
        """There is an answer, and it does not fit the question's type."""
        return bool(self.question.answer_type and self.outcome.answer is not None and self.value is None)


def answer(
    engine: Engine,
    question: Question,
    on_event: Callable[[Event], None] = ignore,
    cancelled: Callable[[], bool] = never,
    limit: int = REPLY_LIMIT,
) -> Answered:
    """Answers one question, with its events. Raises ZoomEarthError; a cancellation is an outcome."""
    run = _Run(engine, question, on_event, cancelled)
    while not run.over:
        reply = engine.reply(
            [run.talk],
            limit=limit,
            on_text=lambda _, delta: on_event(Said(well_formed(delta))),
            on_try=lambda *lost: on_event(Tried(*lost)),
            on_read=lambda part: on_event(Read(part)),
            cancelled=cancelled,
        )[0]
        run.take(reply)
    if run.result.error:
        raise run.result.error
    return run.result


def answer_all(
    engine: Engine, questions: Sequence[Question], cancelled: Callable[[], bool] = never, limit: int = REPLY_LIMIT
) -> list[Answered]:
    """The answers to many questions, in their order; see `answers`."""
    results = dict(answers(engine, questions, max(1, len(questions)), cancelled, limit))
    return [results[index] for index in range(len(questions))]


def answers(
    engine: Engine,
    questions: Iterable[Question],
    together: int,
    cancelled: Callable[[], bool] = never,
    limit: int = REPLY_LIMIT,
) -> Iterator[tuple[int, Answered]]:
    """Answers many questions in lockstep, with batches of `together` replies. Yields each result with its question's index, as it ends.

    IN_HAND times as many questions run, so that a slot of the batch is refilled when a reply ends; a new question is taken from `questions`
    when another one ends. A scene or a reply that fails gives a result with `error`; the other questions continue.
    """
    waiting = enumerate(questions)
    going: list[tuple[int, _Run]] = []
    while True:
        over: list[tuple[int, Answered]] = []
        for index, question in itertools.islice(waiting, IN_HAND * together - len(going)):
            try:
                going.append((index, _Run(engine, question, ignore, cancelled)))
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
    """Gets one reply for each run. If the batch fails, each is asked alone, so that only the run at fault gets the error."""
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
    """A running question: the loop, the conversation, and the result so far."""

    def __init__(self, engine: Engine, question: Question, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> None:
        policy = question.policy or engine.profile.policy
        self.scene, self.compared = question.scene, question.compared
        if question.blind or not question.tools:
            policy = replace(policy, max_zooms=0 if question.blind else policy.max_zooms, max_tools=0)
        dialect = engine.profile.dialect.offering(policy)
        if question.system is not None:
            dialect = replace(dialect, system=question.system, instruction="")
        names = question.compared.names if question.compared else ()
        if names and not dialect.compares:
            raise errors.ModelError(f"{engine.profile.name} takes one picture at a time, and can't compare two rasters.", COMPARES)
        self.talk = Talk(dialect, question.blind, question.answer_type, names)
        self.engine, self.on_event, self.cancelled = engine, on_event, cancelled
        self.over = False
        meaningless = engine.profile.generated_only and not self.scene.generated
        self.result = Answered(question, Outcome(None), self.talk, meaningless=meaningless)
        self.started, self.read_before = time.perf_counter(), self.scene.bytes_read
        size = self.scene.size
        if question.compared:
            self._check_ground(question.compared, question.region.window if question.region else Box(0, 0, *size))
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
        """Applies a reply of the model: continues to the next view, or to the end."""
        reply = replace(reply, text=well_formed(reply.text))
        self.result.replies.append(reply)
        action: Action = Cancelled() if reply.cancelled else self.talk.act(reply.text, reply.cut)
        if isinstance(action, Answer) and not self.result.meaningless:
            self.result.confidence = confidence(reply, action.span)
        if isinstance(action, (Zoom, ToolCall)):
            notes = [each.note for each in (action, *getattr(action, "then", ()))]
            self.result.notes += [note for note in dict.fromkeys(notes) if note and note not in self.result.notes]
        self._send(action)

    def _send(self, action: Action | ToolUse | None) -> None:
        try:
            observation = self.flow.send(action)
        except StopIteration as stop:
            self.result.outcome = stop.value
            self._finish()
        else:
            self._show(observation)

    def _show(self, observation: Observation) -> None:
        if observation.call:
            return self._use(observation)
        picture, other = observation.picture, None
        if observation.used:
            self.on_event(Used(observation.used))
        if observation.view and not self.talk.blind:
            try:
                picture = self._read(observation.view, observation.laid) if picture is None else picture
                if self.compared and not (observation.used and observation.used.made):
                    other = self.compared.part(observation.view)
            except errors.Cancelled:
                return self._send(Cancelled())
            except errors.ZoomEarthError as error:
                return self.fail(error)
            self.result.pictures.append(picture)
            self.result.others += [other] if self.compared else []
            if observation.shown:
                self.on_event(Saw(observation.shown, picture, other))
        self.talk.observe(observation, picture, *([] if other is None else [other]))
        if observation.more:
            self._send(None)

    def _read(self, view: View, laid: Sequence[Made]) -> Image:
        tools = self.result.question.tools
        return tools.picture(self.scene, view, laid) if tools and laid else self.scene.part(view)

    def _check_ground(self, compared: Compared, window: Box) -> None:
        """Raises SceneError where the second raster has nothing of the place; notes where it has a part only."""
        part = compared.coverage(window)
        if part < 1:
            seen = f"{compared.second.name} has {100 * part:.0f} % of the place"
            self.result.notes.append(f"{seen} that was asked about: the rest is grey in its pictures.")

    def _use(self, observation: Observation) -> None:
        """Has the tool used that the model has called."""
        question, tools = self.result.question, self.result.question.tools
        if tools is None:
            raise RuntimeError("the question has no tools on offer")

        def progress(stage: str, done: int, total: int) -> None:
            self.on_event(Working(stage, done, total))

        try:
            use = tools.use(self.scene, observation, question.text, progress, self.cancelled, self.engine)
        except errors.Cancelled:
            return self._send(Cancelled())
        self.result.notes += [use.told] if use.told else []  # which the answer rests on
        self._send(use)

    def fail(self, error: errors.ZoomEarthError) -> None:
        self.result.error = error
        self._finish()

    def _finish(self) -> None:
        self.result.seconds = time.perf_counter() - self.started
        self.result.bytes_read = self.scene.bytes_read - self.read_before
        self.over = True


def confidence(reply: Reply, span: tuple[int, int] | None) -> float | None:
    """The geometric mean probability of the tokens of an answer or a box; None where the engine gives none. span: its place in the reply. A
    token without text belongs to the next."""
    inside, at = [], 0
    for piece, logprob in reply.tokens:
        if span and at < span[1] and at + max(1, len(piece)) > span[0]:
            inside.append(logprob)
        at += len(piece)
    return math.exp(sum(inside) / len(inside)) if inside else None
