"""GeoLLaVA-Data, asked and scored like XLRS-Bench. It is no benchmark: only training data are public, so that the paper's column of that
name can't be reproduced. The score shows how a model answers this kind of question.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ....core.example import Example
from . import base
from .xlrs_bench_lite import LetterSets


class GeoLlava(LetterSets):
    name = "geollava"
    title = "GeoLLaVA-Data (with the XLRS scorer)"
    citation = "Wang et al. (NeurIPS 2025), GeoLLaVA-8K, arXiv 2505.21375"
    repo = "initiacms/GeoLLaVA-Data"
    files = ("*.json", "*.jsonl", "*.zip", "*.tar*")
    note = "Not the paper's column `GeoLLaVA-8k`: its data are not public, so that it can't be reproduced."

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        images = base.Images(folder)
        for file in base.find_rows(folder, "*.jsonl", "*.json", title=self.title):
            yield from base.examples(base.json_rows(file), partial(_example, images))

    def prompt(self, example: Example) -> str:
        """The question, which contains the choices already."""
        return example.question


def _example(images: base.Images, place: str, row: dict[str, Any]) -> Example | base.Unusable:
    id = base.text(row, "id") or place
    image, turns = row.get("image"), row.get("conversations")
    names = image if isinstance(image, list) else [image]
    messages = [turn for turn in turns if isinstance(turn, dict)] if isinstance(turns, list) else []
    question = next((text for turn in messages if turn.get("from") == "human" and (text := base.text(turn, "value"))), None)
    truth = next((text for turn in messages if turn.get("from") == "gpt" and (text := base.text(turn, "value"))), None)
    if question is None or truth is None or not names or not isinstance(names[0], str):
        return base.Unusable(id, "the row lacks image, question or answer")
    return Example.of(id, images.find(names[0]), question.replace("<image>", "").strip(), truth, "", base.text(row, "category") or "")
