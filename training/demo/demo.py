"""`zoomearth demo`: draws a scene, asks three questions about it, shows the answers beside the truth, and writes boxes and pictures."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ...backend.answer import Answered, Question, answer
from ...backend.cli.parser import Parser, count, positive
from ...backend.engines.open import open_engine
from ...backend.outputs.files import Outputs
from ...backend.scene.scene import Scene
from ...core.settings import Settings
from ..scenes.geotiff import drawn
from ..scenes.scene import HELD_OUT, make_scene

LEVELS = ("global", "region", "object")


def command(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", default=Path("demo-run"), metavar="FOLDER", help="default: demo-run")
    parser.add_argument("--seed", type=count, default=10, help="each seed gives another scene, all held out from training (default 10)")
    parser.add_argument("--size", type=positive, default=8192, metavar="PX", help="pixels a side (default 8192)")
    parser.examples(
        "zoomearth demo",
        "zoomearth demo my-demo --seed 11 --size 4096",
        "zoomearth demo scene --help",
        "zoomearth demo pretrain --help",
    )
    parser.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    options.folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    path = options.folder / f"scene-{options.seed}-{options.size}.tif"
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"drawing a scene of {options.size} x {options.size} px")
        drawing = make_scene(HELD_OUT + options.seed)
        drawn(drawing, path, options.size, lambda done, total: progress.update(task, completed=done, total=total))
    asked = {level: next(q for q in truth(path) if q["level"] == level) for level in LEVELS}

    engine = open_engine(Settings())
    answers: list[Answered] = []
    with Scene.open(str(path)) as scene:
        for question in asked.values():
            answers.append(answer(engine, Question(scene, question["question"].capitalize())))
    outputs = Outputs(
        rois=str(options.folder / "rois.gpkg"), figure=str(options.folder / "figure.png"), views=str(options.folder / "views")
    )
    written = [path]
    outputs.write(answers, engine.profile.name, written.append, console.print)

    table = Table(
        "level", "question", "answer", "truth", "zoomed into", "seconds", title=f"{path.name}, {options.size} x {options.size} px"
    )
    for (level, question), answered in zip(asked.items(), answers):
        right = answered.outcome.answer == question["answer"]
        shown = f"[{'green' if right else 'red'}]{answered.outcome.answer}[/]"
        zooms = ", ".join(zoom.label for zoom in answered.outcome.zooms) or "-"
        table.add_row(level, answered.question.text, shown, question["answer"], zooms, f"{answered.seconds:.1f}")
    console.print(table)
    for file in written:
        console.print(f"  {file}", soft_wrap=True)
    program = sys.argv[0] if Path(sys.argv[0]).name == "zoomearth" else "zoomearth"
    console.print("\nAsk a question of your own:", f'  {program} ask {path} "{answers[-1].question.text}"', sep="\n", soft_wrap=True)
    return 0


def truth(path: Path) -> list[dict[str, str]]:
    """The questions about a scene file, with level and answer."""
    questions: list[dict[str, str]] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["questions"]
    return questions
