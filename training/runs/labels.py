"""The published pipeline replayed, for labels.sh: a weak model is tuned on what it has proposed and a scripted annotator has reviewed.

    python -m zoomearth.training.runs.labels OUT --seeds 0 1 2

The weak model: the demo model after SFT on shifted labels (shifted.py), so that it zooms beside the place. For each seed, the annotator
draws boxes on new scenes (annotator.py); `label propose` asks for candidates, which the weak model answers, and has it answer each once
more for the flags; the annotator decides about all and balances them to ROWS; `label export`, `train sft`, `merge`. All models answer the
same held-out questions. A control is tuned on as many of the same candidates, which nobody has reviewed.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...backend.cli import main as command_line
from ...backend.engines.open import open_engine
from ...backend.labels.propose import check, pending, propose, targets
from ...backend.scene.scene import Scene as Raster
from ...core.atomic import beside
from ...core.labels.balance import balance
from ...core.labels.file import LabelFile
from ...core.labels.flags import DISAGREE, flags_of_all
from ...core.labels.rows import REJECTED
from ...core.look import Zoom
from ...core.settings import Settings
from ..data.scoring import four
from ..evaluation import statistics as figures
from ..evaluation.records import Record
from ..scenes.geotiff import drawn
from ..scenes.scene import Scene, make_scene
from . import shifted
from .ablation import cell, outcomes, over_seeds
from .annotator import REPEATED, SIZE, Proposer, accept_all, balance_to, draw_boxes, locate, located, review_all

DEMO = "zoomearth-demo"
WEAK = ("--steps", "70", "--batch", "16", "--rate", "6e-4", "--save-every", "35")  # as in ablation.sh
TUNED = ("--epochs", "3", "--batch", "16", "--rate", "6e-4", "--save-every", "20")
SHIFTED = "800000000-800000080"  # seeds of scenes that the demo model never saw
FIRST = 810_000_000  # of the scenes that are labelled
SCENES = 36  # of each seed
ROWS = 300
COUNT = 2  # candidates for each box
AT_ONCE = 16
QUESTIONS = 200  # held out
TUNED_ON = {"reviewed": f"after {ROWS} reviewed rows", "unreviewed": f"after {ROWS} candidates that nobody has reviewed"}
REVIEW = ("scenes", "boxes", "candidates", "accepted", "corrected", "rejected", "a second look disagrees", "blind guess")
COLUMNS = {"right": ("right", False), "right, with a box": ("right", True), "box IoU": ("iou", True)}  # values, and whether of boxes only


def zoomearth(*arguments: object) -> None:
    """Runs a command of ours in this process; what it prints goes to standard error. Ends the program where the command fails."""
    with contextlib.redirect_stdout(sys.stderr):
        code = command_line.main([*map(str, arguments)])
    if code:
        raise SystemExit(code)


def work(out: Path, seeds: Sequence[int]) -> None:
    """All that is missing: the weak model, then what each seed makes of it."""
    drawings = out / "scenes"
    if not (out / "shifted" / "questions.jsonl").is_file():
        shifted.main([str(drawings), str(out / "shifted"), "--seeds", SHIFTED, "--pixels", str(SIZE)])
    weak = tuned(out / "weak", DEMO, out / "shifted", 0, WEAK)
    for seed in seeds:
        folder = out / f"seed-{seed}"
        folder.mkdir(exist_ok=True)
        label(folder, drawings, seed, weak)
        for name in TUNED_ON:
            rows = folder / f"{name}-rows"
            if not rows.is_dir():
                zoomearth("label", "export", folder / f"{name}.gpkg", "--as", "folder", "--out", rows)
            evaluated(out, folder / name, tuned(folder / name, weak, rows, seed, TUNED))
    evaluated(out, out / "weak", weak)
    evaluated(out, out / "demo", DEMO)


def tuned(run: Path, model: str | Path, rows: Path, seed: int, settings: Sequence[str]) -> Path:
    """The folder of a model after SFT on some rows."""
    merged = run.with_name(f"{run.name}-merged")
    if not merged.is_dir():
        zoomearth("train", "sft", "--model", model, "--data", rows, "--out", run, "--seed", seed, *settings)
        zoomearth("merge", run, merged)
    return merged


def evaluated(out: Path, run: Path, model: str | Path) -> None:
    """Asks a model the held-out questions; what it was asked before is not asked again."""
    flags = ("--data", out / "held-out", "--size", SIZE, "--limit", QUESTIONS, "--out", f"{run}-evaluation")
    zoomearth("evaluate", "scenes", "--model", model, *flags)


def label(folder: Path, drawings: Path, seed: int, model: Path) -> None:
    """Makes `reviewed.gpkg` and `unreviewed.gpkg` in a folder, with ROWS accepted rows each, of the same candidates."""
    if all((folder / f"{name}.gpkg").is_file() for name in TUNED_ON):
        return
    scenes = {}
    with LabelFile.open(folder / "candidates.gpkg", "annotator", new=True) as labels:
        for number in range(FIRST + 1000 * seed, FIRST + 1000 * seed + SCENES):
            scene = make_scene(number)
            file = drawn(scene, drawings / f"scene-{number}-{SIZE}.tif", SIZE)
            scenes[draw_boxes(labels, scene, file)] = scene
        candidates(labels, scenes, model)
    for name, decide in (("reviewed", review_all), ("unreviewed", accept_all)):
        path = folder / f"{name}.gpkg"
        if not path.is_file():
            with beside(path) as new:
                shutil.copyfile(labels.path, new)
                with LabelFile.open(new, "annotator") as decided:
                    decide(decided, scenes)
                    balance_to(decided, ROWS)
                    locate(decided, scenes)


def candidates(labels: LabelFile, scenes: Mapping[str, Scene], model: Path) -> None:
    """Candidates for each box and each image as a whole, as `label propose --whole --check` makes them, where they are missing."""
    engine = open_engine(Settings(model=str(model)))
    try:
        wanted = pending(labels, targets(labels, whole=True), Proposer.name)
        for image in labels.images():
            about = [target for target in wanted if target.image.id == image.id]
            scene = scenes[image.id]
            given = {box.label: (Zoom(box.box, box.label), located(scene, box)) for box in labels.boxes(image.id)}
            with Raster.of(image.source) as raster:
                proposer = Proposer(engine, raster, given, random.Random(f"proposals {scene.seed}"))
                for _, _, error in propose(proposer, labels, about, COUNT, "", AT_ONCE, concurrent=False):
                    if error:
                        raise error
        for _, error in check(engine, labels, AT_ONCE, concurrent=False):
            if error:
                raise error
    finally:
        engine.close()


def report(out: Path) -> str:
    """The tables in Markdown, of what is complete."""
    weak = answers(out / "weak")
    folders = [folder for folder in sorted(out.glob("seed-*")) if (folder / "reviewed.gpkg").is_file()]
    lines = ["| seed | " + " | ".join(REVIEW) + " |", "|---" * (1 + len(REVIEW)) + "|"]
    lines += [" | ".join(("| " + folder.name.removeprefix("seed-"), *reviewed(folder))) + " |" for folder in folders]
    lines += ["", "| | seeds | " + " | ".join(COLUMNS) + " |", "|---" * (2 + len(COLUMNS)) + "|"]
    lines += [row("the demo model", [answers(out / "demo")]), row("weakened", [weak])]
    gains = []
    for name, title in TUNED_ON.items():
        runs = [run for folder in folders if (run := answers(folder / name))]
        lines += [row(title, runs)] if runs else []
        points = [100 * (statistics.fmean(map(figures.right, run)) - statistics.fmean(map(figures.right, weak))) for run in runs]
        if len(points) > 1:
            (mean, low, high), each = figures.student(points), ", ".join(f"{point:.1f}" for point in points)
            gains.append(f"* {title}: {mean:+.1f} points ({low:.1f} to {high:.1f}; by seed {each})")
    return "\n".join([*lines, "", *gains])


def answers(run: Path) -> list[Record]:
    """The records of a model's held-out questions; none where some are missing."""
    records = outcomes(Path(f"{run}-evaluation")).get("zoom", [])
    return records if len(records) == QUESTIONS else []


def row(title: str, runs: list[list[Record]]) -> str:
    cells = []
    for value, boxed in COLUMNS.values():
        asked = [[record for record in run if not boxed or four(record.bbox_ref)] for run in runs]
        cells.append(cell(over_seeds(asked, value), value))
    return f"| {title} | {len(runs)} | {' | '.join(cells)} |"


def reviewed(folder: Path) -> list[str]:
    """What became of the candidates of a seed: the cells of REVIEW."""
    with LabelFile.open(folder / "candidates.gpkg") as labels:
        proposed, boxes, images = labels.questions(), labels.boxes(), labels.images()
    with LabelFile.open(folder / "reviewed.gpkg") as labels:
        decided = labels.questions()
    flagged = flags_of_all(proposed, boxes, images)
    rejected = {row.id for row in decided if row.verdict == REJECTED and row.reason != REPEATED}
    corrected = {row.id for row in decided if row.edited}
    doubted = {id for id, flags in flagged.items() if DISAGREE in [flag.name for flag in flags]}
    wrong, right = rejected | corrected, {row.id for row in decided} - rejected - corrected
    counts = [len(images), len(boxes), len(proposed), len(right), len(corrected), len(rejected)]
    shares = [f"{100 * len(doubted & group) / len(group):.0f} % of {name}" for name, group in (("wrong", wrong), ("right", right)) if group]
    guesses = [f"{100 * balance(rows).all.blind:.0f} %" for rows in (proposed, decided)]
    return [*map(str, counts), ", ".join(shares), " to ".join(guesses)]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m zoomearth.training.runs.labels", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    work(out, options.seeds)
    print(report(out))


if __name__ == "__main__":
    main()
