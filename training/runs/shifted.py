"""Shifted labels, as if digitised on badly georeferenced imagery: the training data of the weak SFT in ablation.sh.

    python -m zoomearth.training.runs.shifted SCENES OUT --seeds 0-160 --pixels 2048

Every box and every coordinate of the thoughts is moved east and south by a share of the scene; the answers do not change. A model tuned on
these labels zooms beside the place (its IoU is mostly zero) and is otherwise unchanged, so that GRPO can correct it.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.geometry import Box
from ...core.look import Policy
from ..scenes.geotiff import drawn
from ..scenes.questions import Question, exam
from ..scenes.render import WHOLE, to_pixels
from ..scenes.scene import make_scene
from ..scenes.teaching import crop_of

EAST, SOUTH = 0.14, 0.10  # of the scene's side
POLICY = Policy(view=168, max_zooms=1, least=168, crop="square", native=None)  # the demo model's


def moved(question: Question) -> Question:
    """The question with its shifted label, inside the scene."""
    if question.site is None:
        return question
    x0, y0, x1, y1 = question.site.box
    box = (min(x0 + EAST, 0.97), min(y0 + SOUTH, 0.97), min(x1 + EAST, 1.0), min(y1 + SOUTH, 1.0))
    mates = tuple((min(x + EAST, 1.0), min(y + SOUTH, 1.0)) for x, y in question.mates)
    return replace(question, site=replace(question.site, box=box), mates=mates)


def row(image: Path, size: int, question: Question) -> dict[str, Any]:
    """One line of questions.jsonl; see folder.py."""
    entries = {
        "image": str(image),
        "question": question.text,
        "answer": question.answer,
        "level": question.level,
        "category": question.kind,
    }
    if question.site is None:
        return {**entries, "thoughts": [question.last_thought(to_pixels(WHOLE))]}
    label = moved(question)
    assert label.site
    box = Box(*(side * size for side in label.site.box))
    last = question.last_thought(to_pixels(crop_of(box, size, POLICY)))
    # The names of the mates depend on their order, which the shift does not change.
    thoughts = [label.first_thought(to_pixels(WHOLE)), last]
    return {**entries, "box": list(box), "label": question.label, "thoughts": thoughts}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m zoomearth.training.runs.shifted", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scenes", type=Path, help="where the scenes lie, or are drawn to")
    parser.add_argument("out", type=Path, help="gets questions.jsonl")
    parser.add_argument("--seeds", default="0-160", metavar="FIRST-END")
    parser.add_argument("--pixels", type=int, default=2048)
    options = parser.parse_args(arguments)
    first, end = map(int, options.seeds.split("-"))
    options.scenes.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for seed in range(first, end):
        scene = make_scene(seed)
        image = drawn(scene, options.scenes.resolve() / f"scene-{seed}-{options.pixels}.tif", options.pixels)
        questions = {question.text: question for question in exam(scene, random.Random(f"exam {seed}"))}
        lines += [json.dumps(row(image, options.pixels, question)) for question in questions.values()]
    (options.out / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
