"""Rows of a batch that are surveyed: one after another, because each survey has the model look at several views at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..core.errors import Cancelled, DataError, SceneError, as_ours
from ..core.events import SurveyResult
from ..core.look import Stopped
from ..core.marks import State
from ..core.requests import RunSurvey
from ..core.settings import Settings
from ..core.survey import Step
from ..core.typed import to_json
from .batch import asked, facts_of, line, place_of
from .engines import Engine, never
from .scene.region import resolve
from .scene.signing import Sign, opened, unsigned
from .surveys.run import carry_out, check, check_for


def surveyed(
    engine: Engine,
    rows: Iterable[RunSurvey],
    folder: Path,
    settings: Settings,
    at_once: int,
    cancelled: Callable[[], bool] = never,
    sign: Sign = unsigned,
    on_step: Callable[[RunSurvey, Step], object] = lambda row, step: None,
) -> Iterator[dict[str, Any]]:
    """The line of each row, as `batch.line` has it: its answer is the count, and `survey` what `zoomearth survey --json` prints. folder: of
    the files with what was found. A row that was interrupted has no line, and goes on where it was when it is surveyed again; so does one
    of which views failed, whose line has an error."""
    for row in rows:
        request = replace(row, out=str(folder / row.out), at_once=at_once)
        try:
            found, scene = _one(engine, request, settings, cancelled, sign, partial(on_step, row))
        except Cancelled:
            return
        except Exception as error:  # a reader may raise any error for a damaged file
            yield line(asked(row), None, as_ours(error), engine.profile.name)
            continue
        if cancelled():
            return
        failed = found.views[State.FAILED.value]
        lost = None
        if failed:
            why = f"The layer views of {Path(found.out).name} says why; the same command looks at them again."
            lost = DataError(f"{failed:,} views could not be looked at.", why)
        yield {
            **line(asked(row), None, lost, engine.profile.name),
            "answer": None if lost else str(found.count),
            "value": None if lost else found.count,
            "meaningless": found.meaningless,
            "stopped": None if lost else Stopped.ANSWERED.value,
            "seconds": found.seconds,
            "dialect": engine.profile.dialect.described,
            "survey": to_json(found),
            **scene,
        }


def _one(
    engine: Engine,
    request: RunSurvey,
    settings: Settings,
    cancelled: Callable[[], bool],
    sign: Sign,
    on_step: Callable[[Step], object],
) -> tuple[SurveyResult, dict[str, Any]]:
    """What was found, and what a line says of the raster. Raises Cancelled, and whatever ails the row."""
    try:
        Path(request.out).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SceneError(
            f"The folder {Path(request.out).parent} can't be made: {error.strerror}.", "Name another file with --out."
        ) from error
    check(request)
    with opened(request.source, sign, cancelled=cancelled) as scene:
        check_for(request, scene)
        found = carry_out(engine, scene, request, settings, on_step, lambda notes: None, cancelled)
        return found, {"scene": facts_of(scene), "place": place_of(scene, resolve(scene, request.where))}
