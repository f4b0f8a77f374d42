"""A survey from its request to its file: which views it has, the file of readings beside the output, and what is reported at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.address import shown
from ...core.errors import DataError
from ...core.events import SurveyResult
from ...core.marks import State, singular
from ...core.plan import ACROSS, Plan
from ...core.requests import RunSurvey
from ...core.settings import Settings
from ...core.sizes import size_of
from ...core.survey import Step, Survey
from ...core.typed import to_json
from ..engines import Engine, never
from ..outputs.rois import check_vector, check_vector_for
from ..outputs.survey import SurveyFile
from ..outputs.writing import check_file, check_other
from ..records import Journal, revision_of, spec
from ..scene.region import resolve
from ..scene.scene import Scene
from .driver import read_line, run, write_line

if TYPE_CHECKING:
    from .masks import Outliner

DRAWN = 0.019  # of the longer side of a generated scene: the length of its things, whose names say nothing about their size
FEW = 20.0  # shown pixels along a thing: fewer are said
LEAST = 6.0  # shown pixels along a thing in the coarsest view, for a model that can't be asked about places


def check(request: RunSurvey) -> None:
    """Raises SceneError where the output can't be written, and DataError where it is a file that no survey has made."""
    check_vector("out", request.out)
    check_file(request.out)
    out, readings = Path(request.out), Path(request.readings)
    if out.exists() and not readings.exists():
        raise DataError(f"{out} exists, and is not the file of a survey: {readings.name} is not beside it.", "Name another file.")


def check_for(request: RunSurvey, scene: Scene) -> None:
    """Raises SceneError where the output is the raster itself, or can't hold its CRS."""
    check_other(request.out, scene)
    check_vector_for("out", request.out, scene)


def carry_out(
    engine: Engine,
    scene: Scene,
    request: RunSurvey,
    settings: Settings,
    on_step: Callable[[Step], object],
    on_notes: Callable[[Sequence[str]], object],
    cancelled: Callable[[], bool] = never,
) -> SurveyResult:
    """Surveys the scene, or continues; the file has what is certain at each step, and after a cancellation. settings: of the engine.

    Raises ZoomEarthError where view after view fails, or the file can't be written.
    """
    started = time.monotonic()
    region = resolve(scene, request.where)
    try:
        policy = request.policy_from(engine.profile.policy)
    except ValueError as error:
        raise DataError(f"The survey can't be made with its policy: {error}.") from error
    plan, notes = plan_of(scene, request, 0.0 if engine.profile.names_places else LEAST)
    on_notes(notes)
    about = {
        **spec(replace(engine.profile, policy=policy), settings, revision_of(settings)),
        "source": {**to_json(request.source), "path": shown(request.source.path)},
        "target": request.target,
        "where": to_json(request.where),
        "plan": {**asdict(plan), "budget": None},  # a larger budget continues a smaller one
    }
    meaningless = engine.profile.generated_only and not scene.generated
    with (
        Journal(Path(request.readings), about, "id", read_line, write_line) as journal,
        _outliner(scene, request, about, cancelled) as outliner,
    ):
        outline = outliner.outline if outliner else None
        file = SurveyFile(Path(request.out), scene, request.target, engine.profile.name, meaningless, outline)
        at_once = request.at_once * max(1, len(settings.addresses))

        def stepped(step: Step) -> None:
            if not step.wanted and outliner and outliner.boxes:
                on_notes([f"{outliner.boxes:,} of the things have their box in place of a mask: mask_note says why."])
            on_step(step)

        result = written(file, run(engine, scene, request.target, plan, region, journal, at_once, policy, cancelled), stepped)
    return SurveyResult(
        request.target,
        result.count,
        result.candidates,
        round(result.coverage, 6),
        {state.value: result.views.get(state, 0) for state in State},
        meaningless,
        request.out,
        round(time.monotonic() - started, 3),
    )


@contextmanager
def _outliner(scene: Scene, request: RunSurvey, about: Mapping[str, Any], cancelled: Callable[[], bool]) -> Iterator[Outliner | None]:
    """What gives things their masks; None where they are not wanted."""
    if not request.masks:
        yield None
        return
    from .masks import Outliner, read_outline, write_outline  # with OpenCV

    with Journal(Path(request.outlines), {"source": about["source"]}, "box", read_outline, write_outline) as journal:
        yield Outliner(scene, journal, cancelled)


def written(file: SurveyFile, steps: Generator[Step, None, Survey], on_step: Callable[[Step], object]) -> Survey:
    """Writes what is certain at each step, and what is left at the end, also where a step raises."""
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                result: Survey = stop.value
                return result
            file.add(step.features, step.records)
            on_step(step)
    finally:
        file.close()


def plan_of(scene: Scene, request: RunSurvey, least: float) -> tuple[Plan, list[str]]:
    """The plan, from metres, or from pixels where the raster does not say how large they are; and sentences about it. least: see `Plan`."""
    thing, pixel = singular(request.target), scene.gsd or 1.0
    notes, size = [], request.size
    if scene.gsd is None:
        notes.append(f"{scene.name} does not say how large its pixels are: size and resolution count in pixels.")
    elif size is None and (size := DRAWN * max(scene.size) * pixel if scene.generated else size_of(request.target)):
        notes.append(f"Each {thing} is taken to be about {size:.3g} m long; the size can be given.")
    scale = (request.gsd or (size / ACROSS if size else pixel)) / pixel
    if size is None and request.gsd is None:
        notes.append("How large one is is not known: the views have the raster's own resolution. The size can be given.")
    if request.gsd and scale < 1:
        notes.append(f"The resolution asked for is finer than the raster: the views have its own, {pixel:g}.")
    scale = max(1.0, scale)
    if size and size / pixel / scale < FEW:
        few = f"Each {thing} is about {size / pixel / scale:.0f} pixels long in the views"
        notes.append(f"{few}, fewer than {FEW:.0f}: expect that many are not found.")
    return Plan(scale, size / pixel if size else None, request.way, request.budget, least=least), notes
