"""LRS-GRO: questions about the whole, a region or an object of a large scene, with the box to zoom to.

Rows have errors ("a qlarge ship", trailing newlines, wrong categories): only needed fields are checked, and any text is a category.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ....core.example import Example
from ....core.geometry import Box
from ..scoring import LABEL_FRAME, Score, lrs_gro
from . import base


class LrsGro(base.Benchmark):
    name = "lrs-gro"
    title = "LRS-GRO"
    citation = "ZoomEarth (CVPR 2026), arXiv 2511.12267"
    repo = "HappyBug/LRS-GRO"
    files = ("*.jsonl", "*.json", "images.tar*")
    note = (
        "The published table is not about the public test split of 9,734 questions: its figures fit 905 global, 655 region and 1,753 "
        "object questions, 3,313 in all. APO IoU has no released definition, so it is shown with the name of its variant."
    )

    def load(self, folder: Path, split: str = "test") -> base.Loaded:
        """split: test, RL or SFT; it is ignored where `folder` is a file."""
        split = split or "test"
        images = base.Images(folder)
        for file in base.find_rows(folder, f"*{split}*.jsonl", f"*{split.lower()}*.jsonl", "*.jsonl", title=self.title):
            one_split = folder.is_file() or split.lower() in file.stem.lower()
            yield from base.examples(base.json_rows(file), partial(_example, images, "" if one_split else split))

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        return lrs_gro(truth, reply)


def _example(images: base.Images, split: str, place: str, row: dict[str, Any]) -> Example | base.Unusable | None:
    """split: the wanted one where the file has several, else ""."""
    if split and str(row.get("split", split)).lower() != split.lower():
        return None
    entries = {name: base.text(row, name) for name in ("question_id", "image_name", "question", "ground_truth")}
    if missing := [name for name, value in entries.items() if value is None]:
        return base.Unusable(entries["question_id"] or place, f"the row has no {' and no '.join(missing)}")
    given = row.get("bbox")
    box: Box | None = base.box(given)
    extra: dict[str, Any] = {name: row[name] for name in ("higher_level", "label", "split", "cut", "global", "scale") if name in row}
    if given and box is None:
        extra["dirty"] = f"bbox is {given!r}"
    return Example.of(
        id=str(entries["question_id"]),
        image=images.find(str(entries["image_name"])),
        question=str(entries["question"]),
        answer=str(entries["ground_truth"]),
        level=base.text(row, "type") or "",
        category=base.text(row, "category") or "",
        box=box,
        label=str(row.get("label") or ""),
        frame=LABEL_FRAME,
        thoughts=tuple(text for name in ("stage_1_reasoning", "stage_2_reasoning") if (text := base.text(row, name))),
        extra=extra,
    )
