"""`make demo`: a scene made on the spot, three questions asked over it, the answers beside the truth, the evidence on disk.

python -m zoomearth.training.demo.demo FOLDER [--seed 10] [--size 8192]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ...backend.answer import Answered, Question, answer
from ...backend.engines.open import open_engine
from ...backend.outputs.files import Outputs
from ...backend.scene.scene import Scene
from ...core.settings import Settings
from ..scenes.geotiff import drawn
from ..scenes.scene import HELD_OUT, make_scene

LEVELS = ("global", "region", "object")


def main() -> None:
    """Makes the scene unless an earlier run has, asks, and says where everything is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=10, help="another seed is another scene, all held out from training")
    parser.add_argument("--size", type=int, default=8192, help="pixels a side")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    path = scene_file(options.folder, options.seed, options.size, console)
    asked = {level: next(q for q in truth(path) if q["level"] == level) for level in LEVELS}

    engine = open_engine(Settings())
    done: list[Answered] = []
    with Scene.open(str(path)) as scene:
        for question in asked.values():
            done.append(answer(engine, Question(scene, question["question"].capitalize())))
    outputs = Outputs(
        rois=str(options.folder / "rois.gpkg"), figure=str(options.folder / "figure.png"), views=str(options.folder / "views")
    )
    written = [path]
    outputs.write(done, engine.profile.name, written.append, console.print)

    table = Table(
        "level", "question", "answer", "truth", "zoomed into", "seconds", title=f"{path.name}, {options.size} x {options.size} px"
    )
    for (level, question), answered in zip(asked.items(), done):
        right = answered.outcome.answer == question["answer"]
        said = f"[{'green' if right else 'red'}]{answered.outcome.answer}[/]"
        zooms = ", ".join(zoom.label for zoom in answered.outcome.zooms) or "-"
        table.add_row(level, answered.question.text, said, question["answer"], zooms, f"{answered.seconds:.1f}")
    console.print(table)
    for file in written:
        console.print(f"  {file}", soft_wrap=True)
    console.print("\nAsk it something yourself:", f'  .venv/bin/zoomearth ask {path} "{done[-1].question.text}"', sep="\n", soft_wrap=True)


def scene_file(folder: Path, seed: int, size: int, console: Console) -> Path:
    """The GeoTIFF of a seed, written unless it is there; its truth lies beside it as JSON."""
    path = folder / f"scene-{seed}-{size}.tif"
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"drawing a scene of {size} x {size} px")
        return drawn(make_scene(HELD_OUT + seed), path, size, lambda done, total: progress.update(task, completed=done, total=total))


def truth(path: Path) -> list[dict[str, str]]:
    """The questions of a scene file, with level and answer."""
    questions: list[dict[str, str]] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["questions"]
    return questions


if __name__ == "__main__":
    main()
