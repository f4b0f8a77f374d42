"""Many questions over many rasters: `at_once` at a time, each with its answer or its own error.

    asks = [Ask(SceneSource("city.tif"), "How many ships are there?", id="1"), ...]
    for finished in run(engine, asks, question_of, at_once=8, concurrent=False):
        print(finished.row.id, finished.error or finished.answered.outcome.answer)

Evaluation, the command line, the backend process and anything else that asks more than one question go through `run`.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Callable, Generic

from ..core.address import shown
from ..core.answer_type import INTEGER, AnswerType
from ..core.errors import Cancelled, DataError, SceneError, ZoomEarthError, as_ours
from ..core.events import Call
from ..core.geometry import Box
from ..core.look import Outcome, Policy, Stopped
from ..core.region import Region
from ..core.requests import Ask, RunSurvey
from ..core.source import SceneSource, Seen
from ..core.texts import well_formed
from ..core.tool_calls import Offer
from ..core.typed import to_json
from .answer import REPLY_LIMIT, Answered, Event, Question, Tools, Tried, answer, answers
from .engines import Engine, never
from .opened import Make, R, Scenes
from .scene import region
from .scene.scene import Progress, Scene
from .scene.signing import Sign, unsigned


def question_of(ask: Ask, scene: Scene, policy: Policy) -> Question:
    """The question over the open scene. policy: the model's own. Raises SceneError where the scene has no such part, DataError for fields
    of the policy that don't fit the model's others."""
    try:
        own = ask.policy_from(policy)
    except ValueError as error:
        raise DataError(f"The question can't be asked with its policy: {error}.") from error
    return question_in(ask, scene, region.resolve(scene, ask.where), own)


def question_in(ask: Ask, scene: Scene, part: Region | None, policy: Policy) -> Question:
    """The question about a part of the open scene, with a policy that is complete."""
    return Question(scene, ask.question, part, policy, answer_type=ask.answer_type, tools=_toolbox(ask.tools))


def _toolbox(offer: Offer | None) -> Tools | None:
    """The tools of a question. What they need is imported only where there are some."""
    if offer is None:
        return None
    from .toolbox import Toolbox

    return Toolbox(offer)


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
    sign: Sign = unsigned,
) -> Generator[Finished[R], None, None]:
    """Yields each row as it ends, on the caller's thread. Whatever fails costs its own row only.

    make: see `question_of`; what it raises is its row's error. concurrent: each of `at_once` questions on a thread of its own, for a
    server that batches; else in lockstep, so that the engine batches. cancelled: is looked at from those threads; rows that are not over
    when it becomes true are not yielded. on_progress: is called from those threads, of scenes that are opened and of replies that are
    tried again. limit: tokens a reply. sign: of the addresses of rasters; a row whose raster fails is asked once more at the end, with a
    new signature.
    """
    stop = threading.Event()

    def stopped() -> bool:
        return stop.is_set() or cancelled()

    def follow(event: Event) -> None:
        if isinstance(event, Tried):
            on_progress("trying again", event.number, event.tries)

    def asked(rows: Iterable[R]) -> Generator[Finished[R], None, None]:
        scenes = Scenes(make, stopped, on_progress, sign)
        try:
            if concurrent:
                yield from _concurrently(engine, rows, at_once, scenes, follow, stopped, stop.set, limit)
            else:
                yield from _in_lockstep(engine, rows, at_once, scenes, stopped, limit)
        finally:
            scenes.close()

    if sign is unsigned:
        yield from asked(rows)
        return
    expired: list[R] = []
    with contextlib.closing(asked(rows)) as first:
        for finished in first:
            if isinstance(finished.error, SceneError):
                expired.append(finished.row)
            else:
                yield finished
    yield from asked(expired)


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
        scenes.leave(asked[index])
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
                scenes.leave(row)
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


def asked(ask: Ask | RunSurvey) -> dict[str, Any]:
    """What of a row's line is known before it is asked; an address in it has no login and no query."""
    if isinstance(ask, RunSurvey):
        return {
            "id": ask.id,
            "source": _discreet(ask.source),
            "question": None,
            "where": to_json(ask.where),
            "policy": None,
            "answer_type": to_json(AnswerType(INTEGER)),
            "find": {"target": well_formed(ask.target), "size": ask.size, "way": ask.way},
        }
    return {
        "id": ask.id,
        "source": _discreet(ask.source),
        "question": well_formed(ask.question),
        "where": to_json(ask.where),
        "policy": ask.policy,
        "answer_type": to_json(ask.answer_type),
        **({"compare": {**to_json(ask.compare), "source": _discreet(ask.compare.source)}} if ask.compare else {}),
    }


def _discreet(source: SceneSource) -> dict[str, Any]:
    return {**to_json(source), "path": shown(source.path)}


def line(about: Mapping[str, Any], answered: Answered | None, error: ZoomEarthError | None, model: str) -> dict[str, Any]:
    """What came of a row as a JSON-able line of a file of results. about: see `asked`; first, zooms: see `core/source.Seen`.

    scene: width, height and CRS (a short name, or WKT where it has none; null without georeference). place: rings around what was asked
    about, in map units of that CRS.
    """
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
        "first": to_json(Seen.of(outcome.views[0], grid)) if outcome.views else None,
        "zooms": [to_json(Seen.of(each, grid)) for each in outcome.zooms],
        "tools": [to_json(Call.of(use)) for use in outcome.uses],
        "scene": facts_of(answered.question.scene) if answered else None,
        **({"names": list(answered.question.compared.names)} if answered and answered.question.compared else {}),
        "place": place_of(answered.question.scene, answered.question.region) if answered else None,
        "seconds": round(answered.seconds, 3) if answered else None,
        "model": model,
        "dialect": answered.talk.dialect.described if answered else None,
        "error": error.to_dict() if error else None,
    }


def facts_of(scene: Scene) -> dict[str, Any]:
    """See `line`."""
    wkt = scene.grid.crs if scene.grid else ""
    crs = scene.crs if re.fullmatch(r"[A-Za-z]+:\d+", scene.crs) else wkt
    return {"width": scene.size.width, "height": scene.size.height, "crs": (crs if wkt else None) or None}


def place_of(scene: Scene, part: Region | None) -> Any:
    """See `line`."""
    if scene.grid is None:
        return None
    if part and part.outline:
        return to_json(part.outline)
    return to_json([scene.grid.polygon(part.box if part else Box(0, 0, *scene.size))])
