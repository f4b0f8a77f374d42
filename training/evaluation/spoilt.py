"""`zoomearth evaluate spoilt`: the answers that noise or clouds cost, and those that the model's own call of a tool wins back.

Every question about details of a drawn scene is asked three times: about the clean scene, about the spoilt one, and about the spoilt one in
words that ask for the tool ("... without the noise?"), which the model calls itself. *Lost* are the questions that are right on the clean
scene and wrong on the spoilt one. Clouds are removed with one reference (the clean scene in another light), with the clouds' true mask or
without a mask, as in the panel.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ...backend.answer import Question, answer
from ...backend.cli.parser import Parser, add_settings, positive, settings_of
from ...backend.engines import Engine
from ...backend.engines.open import open_engine
from ...backend.scene.scene import Scene as Raster
from ...backend.toolbox import Toolbox
from ...core.tool_calls import Offer
from ..data.sets.scenes import FIRST_SEED
from ..scenes.geotiff import write_geotiff
from ..scenes.questions import exam
from ..scenes.render import WHOLE, Window
from ..scenes.requests import in_words
from ..scenes.scene import Scene, make_scene
from ..scenes.spoil import clouded, clouds, noisy, part_of
from .statistics import interval
from .tables import percent

SIZE = 2048  # pixels a side
SIGMA = 100.0  # of the noise: 50 costs the demo model 2 answers of 71
COVER, THICKNESS = 0.35, 0.95  # of the clouds
LIGHT = (0.9, 10.0)  # of the reference: factor and shift of the grey levels
UNMASKED = "clouds, no mask"
TOOLS = {"noise": "denoising", "clouds": "cloud-removal", UNMASKED: "cloud-removal"}


@dataclass(frozen=True)
class Asked:
    """Whether the answers to one question were right: about the clean scene, the spoilt one, and with the tool. called: it was."""

    scene: int
    clean: bool
    spoilt: bool
    restored: bool
    called: bool

    @property
    def lost(self) -> bool:
        return self.clean and not self.spoilt


def draw(scene: Scene, folder: Path, kind: str) -> tuple[Path, Path, Offer]:
    """The clean scene, the spoilt one, and what a tool may use. kind: one of TOOLS."""
    generator = np.random.default_rng(scene.seed)
    alpha = clouds(generator, COVER, THICKNESS)

    def dim(pixels: np.ndarray, window: Window) -> np.ndarray:
        return np.asarray(np.clip(pixels * LIGHT[0] + LIGHT[1], 0, 255).astype(np.uint8))

    def cloudy(pixels: np.ndarray, window: Window) -> np.ndarray:
        return clouded(pixels, part_of(alpha, window, (pixels.shape[1], pixels.shape[0])))

    def grainy(pixels: np.ndarray, window: Window) -> np.ndarray:
        return noisy(pixels, SIGMA, generator)

    clean, spoilt, reference, mask = (folder / f"{name}-{scene.seed}.tif" for name in ("clean", "spoilt", "reference", "mask"))
    write_geotiff(scene, clean, SIZE)
    write_geotiff(scene, spoilt, SIZE, spoil=grainy if kind == "noise" else cloudy)
    if kind == "noise":
        return clean, spoilt, Offer(str(folder / "made"))
    write_geotiff(scene, reference, SIZE, spoil=dim)
    if kind == UNMASKED:
        return clean, spoilt, Offer(str(folder / "made"), (str(reference),))
    with rasterio.open(clean) as like:
        profile = {name: like.profile[name] for name in ("driver", "width", "height", "dtype", "crs", "transform")}
    with rasterio.open(mask, "w", count=1, **profile) as file:
        file.write((part_of(alpha, WHOLE, (SIZE, SIZE)) > 0).astype(np.uint8), 1)
    return clean, spoilt, Offer(str(folder / "made"), (str(reference),), str(mask))


def ask(engine: Engine, seed: int, kind: str, folder: Path) -> list[Asked]:
    """The questions about one scene, each in the three ways."""
    scene, rng = make_scene(seed), random.Random(f"spoilt {seed}")
    clean, spoilt, offer = draw(scene, folder, kind)
    results = []
    with Raster.open(clean) as before, Raster.open(spoilt) as after:
        for question in exam(scene, rng):
            if question.site is None:
                continue
            words = in_words(question, TOOLS[kind], rng)
            policy = replace(engine.profile.policy, max_tools=1)
            with_tool = answer(engine, Question(after, words.text, policy=policy, tools=Toolbox(offer)))
            plain = [answer(engine, Question(raster, question.text)).outcome.answer == question.answer for raster in (before, after)]
            called = any(use.made for use in with_tool.outcome.uses)
            results.append(Asked(seed, plain[0], plain[1], with_tool.outcome.answer == question.answer, called))
    return results


def won_back(results: Sequence[Asked]) -> float:
    """The share of the lost answers that are right with the tool; 0 where none was lost."""
    lost = [result for result in results if result.lost]
    return sum(result.restored for result in lost) / max(1, len(lost))


def summary(results: Sequence[Asked]) -> dict[str, Any]:
    n = len(results)
    shares = {way: sum(getattr(result, way) for result in results) / n for way in ("clean", "spoilt", "restored", "called")}
    lost = sum(result.lost for result in results)
    return {"n": n, **shares, "lost": lost, "won_back": won_back(results), "interval": interval(results, won_back)}


def command(parser: Parser) -> None:
    parser.add_argument("--scenes", type=positive, default=24, metavar="N", help=f"scenes of {SIZE} px (default 24)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_settings(parser)
    parser.examples("zoomearth evaluate spoilt", "zoomearth evaluate spoilt --model runs/demo/model --scenes 8")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    engine = open_engine(settings_of(options))
    figures: dict[str, dict[str, Any]] = {}
    try:
        for kind in TOOLS:
            results = []
            seeds = range(FIRST_SEED, FIRST_SEED + options.scenes)
            for seed in track(seeds, kind, console=Console(stderr=True), transient=True):
                with tempfile.TemporaryDirectory() as folder:
                    results += ask(engine, seed, kind, Path(folder))
            figures[kind] = summary(results)
    finally:
        engine.close()
    if options.json:
        print(json.dumps(figures))
        return 0
    table = Table("spoilt by", "questions", "clean, %", "spoilt, %", "with the tool, %", "tool called, %", "lost", "won back, % (95 %)")
    for kind, row in figures.items():
        shares = [f"{100 * row[way]:.1f}" for way in ("clean", "spoilt", "restored", "called")]
        table.add_row(kind, str(row["n"]), *shares, str(row["lost"]), percent(row["won_back"], row["interval"]))
    Console(highlight=False).print(table)
    return 0
