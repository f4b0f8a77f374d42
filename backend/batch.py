"""Many questions over many rasters: `at_once` at a time, each with its answer or its own error.

    rows = [Row("1", SceneSource("city.tif"), "How many ships are there?"), ...]
    for finished in run(engine, rows, at_once=8, concurrent=False):
        print(finished.row.id, finished.error or finished.answered.outcome.answer)

Evaluation, the command line and anything else that asks more than one question go through `run`.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable, Generic, Protocol, TypeVar

from ..core.address import shown
from ..core.errors import Cancelled, SceneError, ZoomEarthError, as_ours
from ..core.look import Outcome, Policy, Stopped
from ..core.settings import Settings
from ..core.source import SceneSource, Seen, Where
from ..core.texts import well_formed
from ..core.typed import to_json
from .answer import REPLY_LIMIT, Answered, Question, answer, answers
from .engines import Engine, never
from .models import store as models
from .scene import region
from .scene.scene import Scene

OPEN = 8  # scenes kept open that no question is about


class Askable(Protocol):
    """What `run` needs of a row."""

    @property
    def source(self) -> SceneSource:
        """The raster that it is about."""

    def question(self, scene: Scene, policy: Policy) -> Question:
        """The question over the open scene. policy: the model's own. What it raises is the row's error."""


@dataclass(frozen=True)
class Row:
    """A question over a part of a raster. policy: fields of `Policy` that are to differ from the model's."""

    id: str
    source: SceneSource
    text: str
    where: Where | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)

    def question(self, scene: Scene, policy: Policy) -> Question:
        """Raises SceneError where the scene has no such part, ValueError for a policy that can't be."""
        if not self.text.strip():
            raise SceneError(f"An empty question was asked of {scene.name}.", "Ask something.")
        return Question(scene, self.text, region.resolve(scene, self.where), replace(policy, **self.policy))


R = TypeVar("R", bound=Askable)


@dataclass(frozen=True)
class Finished(Generic[R]):
    """A row that is over, with its answer or its error: one of the two is None. The answer's scene may be closed already."""

    row: R
    answered: Answered | None = None
    error: ZoomEarthError | None = None


def run(
    engine: Engine,
    rows: Iterable[R],
    at_once: int,
    concurrent: bool,
    cancelled: Callable[[], bool] = never,
    limit: int = REPLY_LIMIT,
) -> Generator[Finished[R], None, None]:
    """Yields each row as it ends, on the caller's thread. Whatever fails costs its own row only.

    concurrent: each of `at_once` questions on a thread of its own, for a server that batches; else in lockstep, so that the engine batches.
    cancelled: is looked at from those threads; rows that are not over when it becomes true are not yielded. limit: tokens a reply.
    """
    stop = threading.Event()

    def stopped() -> bool:
        return stop.is_set() or cancelled()

    scenes = Scenes(stopped)
    try:
        if concurrent:
            yield from _concurrently(engine, rows, at_once, scenes, stopped, stop.set, limit)
        else:
            yield from _in_lockstep(engine, rows, at_once, scenes, stopped, limit)
    finally:
        scenes.close()


def _in_lockstep(
    engine: Engine,
    rows: Iterable[R],
    at_once: int,
    scenes: Scenes,
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
    scenes: Scenes,
    stopped: Callable[[], bool],
    stop: Callable[[], None],
    limit: int,
) -> Iterator[Finished[R]]:
    def ask(row: R) -> Finished[R] | None:
        """None where it was cancelled."""
        try:
            question = scenes.ask(row, engine.profile.policy)
            try:
                answered = answer(engine, question, cancelled=stopped, limit=limit)
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


class Scenes:
    """Open scenes, shared by the questions about one source on whatever threads; the last few stay open with no question about them."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._opened: dict[SceneSource, _Opened] = {}  # the last used comes last
        self._lock = threading.Lock()

    def ask(self, row: Askable, policy: Policy) -> Question:
        """The row's question over its open scene, which is kept until `leave`. Raises whatever ails the row."""
        source = row.source
        with self._lock:
            opened = self._opened[source] = self._opened.pop(source) if source in self._opened else _Opened()
            opened.users += 1
        try:
            with opened.opening:  # the first opens it, the others wait
                if opened.scene is None:
                    opened.scene = Scene.of(source, cancelled=self._cancelled)
            return row.question(opened.scene, policy)
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


def asked(row: Row) -> dict[str, Any]:
    """What of a row's line is known before it is asked; an address in it has no login and no query."""
    return {
        "id": row.id,
        "source": {**to_json(row.source), "path": shown(row.source.path)},
        "question": well_formed(row.text),
        "where": to_json(row.where),
        "policy": dict(row.policy) or None,
    }


def line(about: Mapping[str, Any], answered: Answered | None, error: ZoomEarthError | None, model: str) -> dict[str, Any]:
    """What came of a row as a JSON-able line of a file of results. about: see `asked`; zooms: see `core/source.Seen`."""
    outcome = answered.outcome if answered else Outcome(None)
    grid = answered.question.scene.grid if answered else None
    return {
        **about,
        "answer": outcome.answer,
        "confidence": answered.confidence if answered else None,
        "meaningless": bool(answered and answered.meaningless),
        "stopped": outcome.stopped.value if answered else None,
        "why": outcome.why,
        "zooms": [to_json(Seen.of(each, grid)) for each in outcome.zooms],
        "seconds": round(answered.seconds, 3) if answered else None,
        "model": model,
        "error": error.to_dict() if error else None,
    }


def spec(engine: Engine, settings: Settings) -> dict[str, Any]:
    """What of an engine makes two answers comparable: a file of results holds answers of one such spec. Raises ModelError."""
    profile = engine.profile
    return {
        "model": profile.name,
        "revision": None if settings.remote else models.revision(settings.weights),
        "server": shown(settings.remote) or None,
        "dialect": profile.dialect.name,
        "prompt_hash": profile.prompt_hash,
        "policy": asdict(profile.policy),
        "dtype": settings.dtype,
        "quantize": settings.quantize,
    }
