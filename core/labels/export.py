"""The accepted questions of a label file in other forms, each written beside its place and then renamed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..atomic import write_whole
from . import lrs_gro
from .coco import coco
from .examples import Left, examples, line_of, text_of
from .file import LabelFile

LRS_GRO, SFT, FOLDER, COCO = "lrs-gro", "sft", "folder", "coco"
Only = Optional[Collection[str]]
"""Ids of images; None for all."""


Writer = Callable[[LabelFile, Path, Only, List[Tuple[str, str]]], int]
"""Writes to a path (for a folder's form a folder) and returns how many there are; the id of what is left out is appended to
the list, with the reason."""


def _lines(rows: Iterable[Any], path: Path, left: List[Tuple[str, str]], line: Callable[[Any], Any] = lambda row: row) -> int:
    lines = []
    for row in rows:
        if isinstance(row, Left):
            left.append((row.question.id, row.why))
        else:
            lines.append(text_of(line(row)))
    write_whole(path, "".join(lines))
    return len(lines)


def _write_folder(labels: LabelFile, path: Path, only: Only, left: List[Tuple[str, str]]) -> int:
    path.mkdir(exist_ok=True)
    return _lines(examples(labels, only), path / "questions.jsonl", left, line_of)


def _write_coco(labels: LabelFile, path: Path, only: Only, left: List[Tuple[str, str]]) -> int:
    data, without = coco(labels, only)
    left += [(image, "the size of the image is not known: its raster was not found at the import") for image in without]
    write_whole(path, json.dumps(data, ensure_ascii=False))
    return len(data["annotations"])


WRITERS: Dict[str, Writer] = {
    LRS_GRO: lambda labels, path, only, left: _lines(lrs_gro.rows(labels, only=only), path, left),
    SFT: lambda labels, path, only, left: _lines(lrs_gro.rows(labels, sft=True, only=only), path, left),
    FOLDER: _write_folder,
    COCO: _write_coco,
}
