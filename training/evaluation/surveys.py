"""`zoomearth evaluate surveys`: how well surveys of whole drawn scenes find and count things, beside one look, and one look and a zoom.

Each scene is a GeoTIFF of 8,192 to 16,384 pixels a side. The things are the objects of a class of site of which the scene has one, so that
a question about that site is a question about the whole scene. Features and true boxes are paired from an IoU of 0.5 on; a count is exact
where it is the number of true boxes.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ...backend.answer import Question, answer
from ...backend.cli.parser import Parser, add_settings, positive, settings_of
from ...backend.engines import Engine
from ...backend.engines.open import open_engine
from ...backend.scene.scene import Scene as Raster
from ...backend.surveys.run import carry_out
from ...core.geometry import Box
from ...core.pieces import Feature
from ...core.plan import WAYS
from ...core.requests import RunSurvey
from ...core.settings import Settings
from ...core.source import SceneSource
from ...core.survey import Step
from ..data.sets.scenes import FIRST_SEED
from ..scenes.geotiff import drawn
from ..scenes.marks import object_boxes
from ..scenes.questions import PLACES
from ..scenes.scene import SITES, Scene, make_scene
from .marking import f1, paired
from .statistics import interval
from .tables import percent

SIDES = (8192, 16384)  # pixels
LOOK, ZOOM = "one look", "one look and a zoom"


@dataclass(frozen=True)
class Result:
    """What one way has made of one scene. counts: pairs, features and true boxes; of an answer only its number counts. views: shown to the
    model."""

    scene: int
    exact: bool
    counts: tuple[int, int, int] = (0, 0, 0)
    views: int = 1


def things(scene: Scene, rng: random.Random) -> tuple[str, str, list[Box]] | None:
    """The things to count: their name, a question for their number, and their boxes in scene units. None where no class suits."""
    alone = [site for site in scene.sites if site.points and sum(other.kind == site.kind for other in scene.sites) == 1]
    if not alone:
        return None
    site = rng.choice(alone)
    objects = SITES[site.kind].objects
    question = f"how many {objects} are {PLACES.get(site.kind, 'at')} the {site.kind}?"
    return objects, question, [Box(*box) for box in object_boxes(site)]


def ask(engine: Engine, settings: Settings, seed: int, folder: Path) -> dict[str, Result]:
    """Each way on one scene; empty where it has nothing to count."""
    scene, rng = make_scene(seed), random.Random(f"surveys {seed}")
    side = rng.randint(*SIDES)
    if not (found := things(scene, rng)):
        return {}
    objects, question, units = found
    truth = [Box(*(edge * side for edge in box)) for box in units]
    path = drawn(scene, folder / f"scene-{seed}-{side}.tif", side)
    results = {}
    with Raster.open(path) as raster:
        for way, zooms in ((LOOK, 0), (ZOOM, engine.profile.policy.max_zooms)):
            answered = answer(engine, Question(raster, question, policy=replace(engine.profile.policy, max_zooms=zooms)))
            results[way] = Result(seed, answered.outcome.answer == str(len(truth)), views=1 + len(answered.outcome.zooms))
        size = fmean(max(box.width, box.height) for box in truth) * (raster.gsd or 1.0)
        for way in WAYS:
            features: list[Feature] = []

            def take(step: Step, features: list[Feature] = features) -> None:
                features += [feature for feature in step.features if not feature.candidate]

            request = RunSurvey(SceneSource(str(path)), objects, str(folder / f"{way}.gpkg"), size=size, way=way)
            result = carry_out(engine, raster, request, settings, take, lambda notes: None)
            pairs = paired([feature.box for feature in features], truth)
            views = sum(number for state, number in result.views.items() if state in ("done", "split", "saturated", "failed"))
            results[way] = Result(seed, result.count == len(truth), (pairs, len(features), len(truth)), views)
    return results


def exact(results: Sequence[Result]) -> float:
    return sum(result.exact for result in results) / len(results)


def survey_f1(results: Sequence[Result]) -> float:
    return f1([result.counts for result in results])


def summary(results: Sequence[Result], found: bool) -> dict[str, Any]:
    """found: whether it finds things, and not only their number."""
    row: dict[str, Any] = {"n": len(results), "exact": exact(results), "exact_interval": interval(results, exact)}
    row["views"] = fmean(result.views for result in results)
    if found:
        pairs, features, truth = (sum(each) for each in zip(*(result.counts for result in results)))
        row |= {"pairs": pairs, "features": features, "truth": truth, "f1": survey_f1(results), "f1_interval": interval(results, survey_f1)}
    return row


def command(parser: Parser) -> None:
    parser.add_argument("--scenes", type=positive, default=40, metavar="N", help="scenes with something to count (default 40)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_settings(parser)
    parser.examples("zoomearth evaluate surveys", "zoomearth evaluate surveys --model runs/demo/model --scenes 8")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    engine = open_engine(settings)
    results: dict[str, list[Result]] = {way: [] for way in (LOOK, ZOOM, *WAYS)}
    try:
        seeds = [seed for seed in range(FIRST_SEED, FIRST_SEED + 4 * options.scenes) if things(make_scene(seed), random.Random(0))]
        for seed in track(seeds[: options.scenes], "surveying", console=Console(stderr=True), transient=True):
            with tempfile.TemporaryDirectory() as folder:
                for way, result in ask(engine, settings, seed, Path(folder)).items():
                    results[way].append(result)
    finally:
        engine.close()
    rows = {way: summary(each, way in WAYS) for way, each in results.items()}
    if options.json:
        print(json.dumps(rows))
        return 0
    table = Table("", "scenes", "exact counts, % (95 %)", "views a scene", "things", "precision, %", "recall, %", "F1, % (95 %)")
    for way, row in rows.items():
        about = [way, str(row["n"]), percent(row["exact"], row["exact_interval"]), f"{row['views']:.1f}"]
        if "f1" in row:
            precision, recall = (f"{100 * row['pairs'] / max(1, row[of]):.1f}" for of in ("features", "truth"))
            about += [str(row["truth"]), precision, recall, percent(row["f1"], row["f1_interval"])]
        table.add_row(*about)
    Console(highlight=False).print(table)
    return 0
