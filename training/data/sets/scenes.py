"""Drawn scenes that the demo model was not trained on, with the true box of every detail question.

The only set that needs no download. A scene's file is drawn when its first question is asked, and stays for the other modes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from ....core.example import Example
from ....core.geometry import Box
from ...scenes.questions import Question, exam
from ...scenes.scene import HELD_OUT, make_scene
from ..scoring import Score
from . import base

FIRST_SEED = HELD_OUT + 1_000_000
"""The first seed of the evaluation: these scenes were used neither for training nor for checks during training."""


class Scenes(base.Benchmark):
    """size: pixels per side. seed: of the first scene. `load` has no end: the caller takes as many rows as it needs."""

    name = "scenes"
    title = "held-out generated scenes"
    citation = "this project: training/scenes/scene.py draws them"
    note = "Of eight questions, two are about the whole scene, three about a region, three about objects. An answer is right if equal."

    def __init__(self, extractor: str = "", size: int = 4096, seed: int = FIRST_SEED) -> None:
        super().__init__(extractor)
        self.size, self.seed = size, seed

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        from ...scenes.geotiff import drawn  # imports OpenCV, which scoring does not need

        folder.mkdir(parents=True, exist_ok=True)
        seed = self.seed
        while True:
            scene = make_scene(seed)
            path = drawn(scene, folder / f"scene-{seed}-{self.size}.tif", self.size)
            questions = {question.text: question for question in exam(scene, random.Random(f"exam {seed}"))}
            yield from (_example(f"{seed}-{at}", path, self.size, question) for at, question in enumerate(questions.values()))
            seed += 1

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        if reply is None:
            return Score(False, "no answer")
        return Score(True, "equal") if reply == truth else Score(False, f"{reply!r} is not {truth!r}")


def _example(id: str, path: Path, size: int, question: Question) -> Example:
    from ...scenes.render import WHOLE, to_pixels

    box = Box(*(side * size for side in question.site.box)) if question.site else None
    thoughts = (question.first_thought(to_pixels(WHOLE)),) if question.site else ()
    return Example.of(id, path, question.text, question.answer, question.level, question.kind, box, question.label, thoughts=thoughts)
