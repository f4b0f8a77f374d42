"""A survey that a model calls while it answers: within a budget of views, and told in words.

Its readings stand beside its file under a name that the call gives them: a question that is asked again after a kill, or after a server
that failed, goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...core.address import shown
from ...core.errors import Cancelled, DataError
from ...core.marks import State
from ...core.plan import WAYS, Plan
from ...core.region import Region
from ...core.requests import AT_ONCE, RunSurvey
from ...core.survey import Survey
from ...core.tools import MASK, SURVEY, Made
from ...core.typed import to_json
from ..engines import Engine
from ..outputs.survey import SurveyFile
from ..records import Journal
from ..scene.scene import Scene
from .driver import Readings, read_line, run, write_line
from .run import LEAST, plan_of, written


def survey(
    engine: Engine,
    scene: Scene,
    region: Region,
    target: str,
    size: float | None,
    budget: int,
    path: Path,
    on_progress: Callable[[str, int, int], None],
    cancelled: Callable[[], bool],
) -> Made:
    """Finds all things of a kind in a region, and writes them to a GeoPackage. size: how long one is, in metres; None: see `plan_of`.

    Every view where the budget reaches for that, else from coarse to fine. Raises ZoomEarthError, Cancelled.
    """
    started = time.monotonic()
    request = RunSurvey(scene.source, target, str(path), size=size, budget=budget)
    plan, notes = _plan(engine, scene, region, request)
    meaningless = engine.profile.generated_only and not scene.generated
    with _readings(path, _spec(engine, scene, region, target, plan)) as journal:
        file = SurveyFile(path, scene, target, engine.profile.name, meaningless)
        steps = run(engine, scene, target, plan, region, journal, AT_ONCE, None, cancelled)
        result = written(file, steps, lambda step: on_progress("surveying", *step.views))
    journal.path.unlink(missing_ok=True)  # it is done, or a person has discarded the question
    if cancelled():
        raise Cancelled
    seconds = time.monotonic() - started
    metrics = {"count": result.count, "candidates": result.candidates, "coverage": round(result.coverage, 4), "views": result.asked}
    told = (_told(target, result, seconds), *notes)
    return Made(SURVEY, engine.profile.name, MASK, str(path), None, told, metrics, round(seconds, 3), target, tuple(region.box))  # type: ignore[arg-type]


def _spec(engine: Engine, scene: Scene, region: Region, target: str, plan: Plan) -> dict[str, Any]:
    """What makes two calls the same survey; a larger budget goes on with a smaller one."""
    profile = engine.profile
    model = {
        "model": profile.name,
        "prompt_hash": profile.prompt_hash,
        "dialect": profile.dialect.described,
        "policy": asdict(profile.policy),
    }
    place = {"source": {**to_json(scene.source), "path": shown(scene.source.path)}, "box": list(region.box), "rings": region.rings}
    return {**model, **place, "target": target, "plan": {**asdict(plan), "budget": None}}


@contextlib.contextmanager
def _readings(path: Path, spec: dict[str, Any]) -> Iterator[Readings]:
    """Those of an earlier call of the same survey, if it did not come to its end, else new ones. path: of the file of things."""
    name = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:12]
    kept = path.with_name(f"survey-{name}.views.jsonl")
    try:
        journal = Journal(kept, spec, "id", read_line, write_line)
    except DataError:  # another question makes the same survey just now
        journal = Journal(path.with_name(path.name + ".views.jsonl"), spec, "id", read_line, write_line)
    with journal:
        yield journal


def _plan(engine: Engine, scene: Scene, region: Region, request: RunSurvey) -> tuple[Plan, list[str]]:
    least = 0.0 if engine.profile.names_places else LEAST
    plan, notes = plan_of(scene, request, least)
    views = sum(level.size for level in plan.levels(region.window, engine.profile.policy))
    if views <= (request.budget or views):
        return plan, notes
    guided = RunSurvey(request.source, request.target, request.out, size=request.size, way=WAYS[1], budget=request.budget)
    return plan_of(scene, guided, least)


def _told(target: str, result: Survey, seconds: float) -> str:
    """The count, how far to trust it, and what it cost."""
    lacking = [
        f"{result.views[state]:,} {state.value}" for state in (State.FAILED, State.SATURATED, State.UNSEEN) if result.views.get(state)
    ]
    but = f"; {', '.join(lacking)}" if lacking else ""
    seen = f"looked closely at {100 * result.coverage:.0f} % of the area in {result.asked:,} views{but}"
    return f"A survey for {target} found {result.count:,}: it {seen}, and took {seconds:.0f} s."
