"""Label files for the tests. As a program: labelling.py FILE accepts every candidate, and writes the id of each after it is stored."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import conftest

from zoomearth.core.geometry import Box
from zoomearth.core.labels.examples import drawn
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import LabelBox, LabelImage, Question, new_id
from zoomearth.core.source import SceneSource

RECORDS = conftest.DATA / "records" / "lrs_gro_rl.jsonl"
GRID = {"width": 1000, "height": 800, "crs": "EPSG:32615", "affine": (500_000.0, 0.5, 0.0, 4_600_000.0, 0.0, -0.5)}


def real_rows(count: int | None = None) -> list[dict]:
    with RECORDS.open(encoding="utf-8") as file:
        return [json.loads(line) for _, line in zip(range(count or 10**9), file)]


def image(name: str = "scene.tif", **facts) -> LabelImage:
    return LabelImage.of(SceneSource(name), **{**GRID, **facts})


def box(of: LabelImage, *sides: float, label: str = "ship", annotator: str = "Ada", **more) -> LabelBox:
    return drawn(of, Box(*(sides or (100, 100, 200, 160))), label=label, annotator=annotator, **more)


def question(of: LabelBox, text: str = "What colour is the ship?", answer: str = "blue", **more) -> Question:
    given = {"level": "object", "category": "Object color / pattern", "maker": "some model", **more}
    return Question(new_id(), of.image, text, answer, of.id, (of.id,), **given)


def filled(path: Path, count: int = 3, annotator: str = "Ada") -> LabelFile:
    """A new label file with one box that has `count` candidates."""
    labels = LabelFile.open(path, annotator, new=True)
    scene = image()
    ship = box(scene)
    labels.add(scene, ship)
    labels.regenerate(scene.id, ship.id, [question(ship, f"Question {at}?") for at in range(count)])
    return labels


if __name__ == "__main__":
    with LabelFile.open(Path(sys.argv[1]), "Ada") as labels:
        while candidate := labels.next():
            labels.accept(candidate.id)
            print(candidate.id, flush=True)
