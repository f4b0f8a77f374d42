"""Many questions over many rasters: `at_once` at a time, each with its answer or its own error.

    asks = [Ask(SceneSource("city.tif"), "How many ships are there?", id="1"), ...]
    for finished in run(engine, asks, question_of, at_once=8, concurrent=False):
        print(finished.row.id, finished.error or finished.answered.outcome.answer)

Evaluation, the command line, the backend process and anything else that asks more than one question go through `run`.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Generic, Protocol, TypeVar

from ..core.address import shown
from ..core.errors import Cancelled, DataError, ZoomEarthError, as_ours
from ..core.look import Outcome, Policy, Stopped
from ..core.protocol import Ask, Call
from ..core.settings import Settings
from ..core.source import SceneSource, Seen
from ..core.texts import well_formed
from ..core.tool_calls import Offer
from ..core.typed import to_json
from .answer import REPLY_LIMIT, Answered, Event, Question, Tools, Tried, answer, answers
from .engines import Engine, never
from .models import store as models
from .scene import region
from .scene.scene import Progress, Scene

OPEN = 8  # scenes kept open that no question is about


class Row(Protocol):
    """What `run` needs of a row; an `Ask` has it."""

    @property
    def source(self) -> SceneSource:
        """The raster that it is about."""


def question_of(ask: Ask, scene: Scene, policy: Policy) -> Question:
    """The question over the open scene. policy: the model's own. Raises SceneError where the scene has no such part, DataError for fields
    of the policy that don't fit the model's others."""
    try:
        own = ask.policy_from(policy)
    except ValueError as error:
        raise DataError(f"The question can't be asked with its policy: {error}.") from error
    where = region.resolve(scene, ask.where)
    return Question(scene, ask.question, where, own, answer_type=ask.answer_type, tools=toolbox(ask.tools))


def toolbox(offer: Offer | None) -> Tools | None:
    """The tools of a question. What they need is imported only where there are some."""
    if offer is None:
        return None
    from .tools.called import Toolbox

    return Toolbox(offer)


R = TypeVar("R", bound=Row)
Make = Callable[[R, Scene, Policy], Question]


@dataclass(frozen=True)
class Finished(Generic[R]):
    """A row that is over, with its answer or its error: one of the two is None. The answer's scene may be closed already."""

    row: R
    answered: Answered | None = None
    error: ZoomEarthError | None = None


def silent(stage: str, done: int, total: int) -> None:
    """For whoever does not want to follow the progress."""


def run(
    engine: Engine,
    rows: Iterable[R],
    make: Make[R],
    at_once: int,
    concurrent: bool,
    cancelled: Callable[[], bool] = never,
    on_progress: Progress = silent,
    limit: int = REPLY_LIMIT,
) -> Generator[Finished[R], None, None]:
    """Yields each row as it ends, on the caller's thread. Whatever fails costs its own row only.

    make: see `question_of`; what it raises is its row's error. concurrent: each of `at_once` questions on a thread of its own, for a
    server that batches; else in lockstep, so that the engine batches. cancelled: is looked at from those threads; rows that are not over
    when it becomes true are not yielded. on_progress: is called from those threads, of scenes that are opened and of replies that are
    tried again. limit: tokens a reply.
    """
    stop = threading.Event()

    def stopped() -> bool:
        return stop.is_set() or cancelled()

    def follow(event: Event) -> None:
        if isinstance(event, Tried):
            on_progress("trying again", event.number, event.tries)

    scenes = Scenes(make, stopped, on_progress)
    try:
        if concurrent:
            yield from _concurrently(engine, rows, at_once, scenes, follow, stopped, stop.set, limit)
        else:
            yield from _in_lockstep(engine, rows, at_once, scenes, stopped, limit)
    finally:
        scenes.close()


def _in_lockstep(
    engine: Engine,
    rows: Iterable[R],
    at_once: int,
    scenes: Scenes[R],
    stopped: Callable[[], bool],
    limit: int,
) -> Iterator[Finished[R]]:
    asked: list[R] = []
    failed: list[Finished[R]] = []

    def questions() -> Iterator[Question]:
        for row in rows:
            if stopped():
                return
            try:
                question = scenes.ask(row, engine.profile.policy)
            except Cancelled:
                return
            except Exception as error:
                failed.append(Finished(row, error=as_ours(error)))
                continue
            asked.append(row)
            yield question

    for index, answered in answers(engine, questions(), at_once, stopped, limit):
        scenes.leave(asked[index].source)
        yield from _taken(failed)
        if answered.outcome.stopped is not Stopped.CANCELLED:
            yield _finished(asked[index], answered)
    yield from _taken(failed)


def _taken(failed: list[Finished[R]]) -> list[Finished[R]]:
    taken = failed[:]
    failed.clear()
    return taken


def _concurrently(
    engine: Engine,
    rows: Iterable[R],
    at_once: int,
    scenes: Scenes[R],
    on_event: Callable[[Event], None],
    stopped: Callable[[], bool],
    stop: Callable[[], None],
    limit: int,
) -> Iterator[Finished[R]]:
    def ask(row: R) -> Finished[R] | None:
        """None where it was cancelled."""
        try:
            question = scenes.ask(row, engine.profile.policy)
            try:
                answered = answer(engine, question, on_event, stopped, limit)
            finally:
                scenes.leave(row.source)
        except Cancelled:
            return None
        except Exception as error:
            return Finished(row, error=as_ours(error))
        return None if answered.outcome.stopped is Stopped.CANCELLED else _finished(row, answered)

    waiting: set[Future[Finished[R] | None]] = set()
    with ThreadPoolExecutor(at_once) as threads:
        try:
            for row in rows:
                if stopped():
                    break
                waiting.add(threads.submit(ask, row))
                if len(waiting) >= 2 * at_once:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from filter(None, (future.result() for future in done))
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from filter(None, (future.result() for future in done))
        except BaseException:
            stop()
            for future in waiting:
                future.cancel()
            raise


def _finished(row: R, answered: Answered) -> Finished[R]:
    return Finished(row, error=answered.error) if answered.error else Finished(row, answered)


@dataclass
class _Opened:
    """A scene with how many questions are about it; None until it is open."""

    scene: Scene | None = None
    users: int = 0
    opening: threading.Lock = field(default_factory=threading.Lock)


class Scenes(Generic[R]):
    """Open scenes, shared by the questions about one source on whatever threads; the last few stay open with no question about them."""

    def __init__(self, make: Make[R], cancelled: Callable[[], bool], on_progress: Progress) -> None:
        self._make, self._cancelled, self._on_progress = make, cancelled, on_progress
        self._opened: dict[SceneSource, _Opened] = {}  # the last used comes last
        self._lock = threading.Lock()

    def ask(self, row: R, policy: Policy) -> Question:
        """The row's question over its open scene, which is kept until `leave`. Raises whatever ails the row."""
        source = row.source
        with self._lock:
            opened = self._opened[source] = self._opened.pop(source) if source in self._opened else _Opened()
            opened.users += 1
        try:
            with opened.opening:  # the first opens it, the others wait
                if opened.scene is None:
                    opened.scene = Scene.of(source, self._on_progress, self._cancelled)
            return self._make(row, opened.scene, policy)
        except BaseException:
            self.leave(source)
            raise

    def leave(self, source: SceneSource) -> None:
        """A question about it is over."""
        with self._lock:
            self._opened[source].users -= 1
            idle = [source for source, opened in self._opened.items() if not opened.users]
            closing = [self._opened.pop(source) for source in idle[:-OPEN]]
        for opened in closing:
            if opened.scene:
                opened.scene.close()

    def close(self) -> None:
        for opened in self._opened.values():
            if opened.scene:
                opened.scene.close()


def asked(ask: Ask) -> dict[str, Any]:
    """What of a row's line is known before it is asked; an address in it has no login and no query."""
    return {
        "id": ask.id,
        "source": {**to_json(ask.source), "path": shown(ask.source.path)},
        "question": well_formed(ask.question),
        "where": to_json(ask.where),
        "policy": ask.policy,
        "answer_type": to_json(ask.answer_type),
    }


def line(about: Mapping[str, Any], answered: Answered | None, error: ZoomEarthError | None, model: str) -> dict[str, Any]:
    """What came of a row as a JSON-able line of a file of results. about: see `asked`; zooms: see `core/source.Seen`."""
    outcome = answered.outcome if answered else Outcome(None)
    grid = answered.question.scene.grid if answered else None
    return {
        **about,
        "answer": outcome.answer,
        "value": answered.value if answered else None,
        "unreadable": bool(answered and answered.unreadable),
        "confidence": answered.confidence if answered else None,
        "meaningless": bool(answered and answered.meaningless),
        "stopped": outcome.stopped.value if answered else None,
        "why": outcome.why,
        "zooms": [to_json(Seen.of(each, grid)) for each in outcome.zooms],
        "tools": [to_json(Call.of(use)) for use in outcome.uses],
        "seconds": round(answered.seconds, 3) if answered else None,
        "model": model,
        "dialect": answered.talk.dialect.described if answered else None,
        "error": error.to_dict() if error else None,
    }


def spec(engine: Engine, settings: Settings) -> dict[str, Any]:
    """What of an engine makes two answers comparable: a file of results holds answers of one such spec. Raises ModelError."""
    profile = engine.profile
    return {
        "model": profile.name,
        "revision": None if settings.remote else models.revision(settings.weights),
        "server": shown(settings.remote) or None,
        "dialect": profile.dialect.described,
        "prompt_hash": profile.prompt_hash,
        "policy": asdict(profile.policy),
        "dtype": settings.dtype,
        "quantize": settings.quantize,
    }
