"""MME-RealWorld-RS: the remote sensing part of MME-RealWorld, 3,738 questions with five choices on position, colour and count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from ..examples import Example
from ..score import Score
from . import base, letters


class MmeRealworldRs(base.Benchmark):
    name = "mme-realworld-rs"
    title = "MME-RealWorld-RS"
    citation = "Zhang et al. (ICLR 2025), MME-RealWorld, arXiv 2408.13257"
    repo = "yifanzhang114/MME-RealWorld"
    files = ("MME_RealWorld.json", "remote_sensing.tar.gz*")
    extractors: ClassVar[Mapping[str, base.Extractor]] = {
        "official": letters.official,
        "lmms-eval": letters.lmms_eval,
        "strict": letters.strict,
    }
    note = "The official script scores an empty reply as A; `--extractor strict` counts it as wrong."

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        images = base.Images(folder)
        for file in base.find_rows(folder, "MME_RealWorld.json", "*.json", "*.jsonl", title=self.title):
            yield from base.examples(base.json_rows(file), partial(_example, images))

    def prompt(self, example: Example) -> str:
        """The official wording."""
        choices = "\n".join(example.choices)
        return (
            f"{example.question} The choices are listed below:\n{choices}\nSelect the best answer to the above multiple-choice question "
            "based on the image. Respond with only the letter (A, B, C, D, or E) of the correct option.\nThe best answer is:"
        )

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        if reply is None:
            return Score(False, "no answer")
        letter = self.extract(reply, choices)
        return Score(letter == truth, f"read as {letter or 'nothing'} ({self.extractor})")

    def group(self, record: Mapping[str, Any]) -> str:
        """position, color or count."""
        return str(record.get("category") or record.get("type") or "unknown").split("/")[-1].lower()

    def averages(self, marks: Sequence[base.Mark]) -> dict[str, float]:
        return {name: base.accuracy(mark for mark in marks if mark.group == name) for name in sorted({mark.group for mark in marks})}


def _example(images: base.Images, place: str, row: dict[str, Any]) -> Example | base.Unusable | None:
    if row.get("Subtask", "Remote Sensing") != "Remote Sensing":
        return None
    id, image = base.text(row, "Question_id", "index"), base.text(row, "Image", "image")
    question, truth, choices = base.text(row, "Text", "question"), base.text(row, "Ground truth", "answer"), row.get("Answer choices")
    if id is None or image is None or question is None or truth is None or not isinstance(choices, list):
        return base.Unusable(id or place, "the row lacks Question_id, Image, Text, Ground truth or Answer choices")
    return Example(id, images.find(image), question, truth, "", base.text(row, "Category") or "", choices=tuple(map(str, choices)))
