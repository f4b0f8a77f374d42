"""A survey that a model calls while it answers: within a budget of views, and told in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ...core.errors import Cancelled
from ...core.marks import State
from ...core.plan import WAYS, Plan
from ...core.region import Region
from ...core.requests import AT_ONCE, RunSurvey
from ...core.survey import Survey
from ...core.tools import MASK, SURVEY, Made
from ..engines import Engine
from ..outputs.survey import SurveyFile
from ..records import Journal
from ..scene.scene import Scene
from .driver import read_line, run, write_line
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
    readings = Path(request.readings)
    try:
        with Journal(readings, {"target": target}, "id", read_line, write_line) as journal:
            file = SurveyFile(path, scene, target, engine.profile.name, meaningless)
            steps = run(engine, scene, target, plan, region, journal, AT_ONCE, None, cancelled)
            result = written(file, steps, lambda step: on_progress("surveying", *step.views))
    finally:
        readings.unlink(missing_ok=True)  # nobody goes on with a question
    if cancelled():
        raise Cancelled
    seconds = time.monotonic() - started
    metrics = {"count": result.count, "candidates": result.candidates, "coverage": round(result.coverage, 4), "views": result.asked}
    told = (_told(target, result, seconds), *notes)
    return Made(SURVEY, engine.profile.name, MASK, str(path), None, told, metrics, round(seconds, 3), target, tuple(region.box))  # type: ignore[arg-type]


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
