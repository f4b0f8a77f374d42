"""LRS-VQA: 7,333 short-answer questions over FAIR1M, GLH-Bridge and STAR images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ....core.example import Example
from ..scoring import Score, lrs_vqa
from . import base


class LrsVqa(base.Benchmark):
    name = "lrs-vqa"
    title = "LRS-VQA"
    citation = "Luo et al. (ICCV 2025), When Large Vision-Language Model Meets Large Remote Sensing Imagery"
    repo = "ll-13/LRS-VQA"
    files = ("*.jsonl", "LRS_VQA.7z.*")
    note = "Published as OA (over all questions) and AA (mean over the categories), separately for each of the three sources."

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        images = base.Images(folder)
        for file in base.find_rows(folder, "LRS_VQA*.jsonl", "*.jsonl", title=self.title):
            yield from base.examples(base.json_rows(file), partial(_example, images))

    def prompt(self, example: Example) -> str:
        """The question with the set's own wording, which some rows lack."""
        ending = "Answer the question using a single word or phrase."
        return example.question if ending in example.question else f"{example.question}\n{ending}"

    def extract(self, reply: str, choices: Sequence[str]) -> str:
        """The text after the last "assistant" line: published records contain the whole conversation."""
        return reply.rsplit("assistant\n", 1)[-1]

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        return lrs_vqa(truth, None if reply is None else self.extract(reply, choices))

    def group(self, record: Mapping[str, Any]) -> str:
        """The source: FAIR, GLH-Bridge or STAR."""
        return str(record.get("question_id") or "unknown").rsplit("_", 1)[0]

    def averages(self, marks: Sequence[base.Mark]) -> dict[str, float]:
        averages = {}
        for name in sorted({mark.group for mark in marks}):
            group = [mark for mark in marks if mark.group == name]
            averages[f"{name} OA"], averages[f"{name} AA"] = base.accuracy(group), base.macro(group)
        return averages


def _example(images: base.Images, place: str, row: dict[str, Any]) -> Example | base.Unusable:
    id, image, truth = base.text(row, "question_id"), base.text(row, "image"), base.text(row, "ground_truth")
    question = base.text(row, "text", "prompt", "question")
    if id is None or image is None or question is None or truth is None:
        return base.Unusable(id or place, "the row lacks question_id, image, text or ground_truth")
    extra: dict[str, Any] = {name: row[name] for name in ("hbox", "rbox") if name in row}
    box = base.box(row.get("hbox"))
    return Example.of(id, images.find(image), question, truth, "", base.text(row, "category") or "", box, extra=extra)
