"""The record of each question of an evaluation, one JSON line each (`backend/records.py` has the file).

The line holds the published code's own fields, so that its scripts read our files and ours read theirs, and beside them what a person
needs to see why: what was said, what was shown, how it was scored. A question that failed is a record with `error` and no score.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...backend.records import Journal
from ...core import texts
from ...core.errors import DataError
from ...core.geometry import Box, Size
from ..data import fields
from ..data.scoring import LABEL_FRAME, VIEW_FRAME, four, in_pixels

NAMED = 20  # fields of a file that are named where none of them is one of ours


@dataclass
class Record:
    """One question and what came of it.

    As published: question_id, ground_truth, answer1 (said before any zoom), answer2 (after it; None: there was none), bbox_ref (the label's
    box, longest side of the image = 1024), bbox (the model's boxes, longest side = 512), type, category.
    Ours: size of the image in pixels; place among the rows; the model's replies, and messages with the roles; views with their windows in
    source pixels; meaningless: the demo model was asked about something else than a generated scene; score {right, why} or None; times in
    seconds; together, the questions that shared them; error {code, message, hint}.
    spec: what the run was, alike in all records of a file.
    """

    question_id: str
    ground_truth: str = ""
    answer1: str | None = None
    answer2: str | None = None
    bbox_ref: Any = None
    bbox: Any = None
    type: str = ""
    category: str = ""
    question: str = ""
    choices: list[str] = field(default_factory=list)
    image: str = ""
    size: list[int] | None = None
    place: int = 0
    scale: float | None = None
    replies: list[str] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""
    why: str = ""
    confidence: float | None = None
    meaningless: bool = False
    score: dict[str, Any] | None = None
    seconds: float | None = None
    together: int = 1
    tokens_in: int = 0
    tokens_computed: int = 0
    tokens_out: int = 0
    bytes_read: int = 0
    error: dict[str, str] | None = None
    spec: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any], place: int = 0) -> Record:
        """Anyone's record. What is missing, or is of another type than ours, gets its default, and what is not ours is left out."""
        known = {name: value for name, read in READERS.items() if (value := read(data.get(name))) is not None}
        return cls(**{"question_id": "", "place": place, **known})

    @property
    def ours(self) -> bool:
        """Written by an evaluation here, not by another tool."""
        return bool(self.spec)

    @property
    def answer(self) -> str | None:
        """The last one given: after the zoom, else before it."""
        return self.answer1 if self.answer2 is None else self.answer2

    @property
    def zoomed(self) -> bool:
        return four(self.bbox) is not None

    def boxes(self) -> tuple[Box | None, Box | None, bool]:
        """The model's first box and the label's in source pixels, and whether the image's size is known (else both are None)."""
        size = self.known_size()
        if size is None:
            return None, None, False
        predicted, label = four(self.bbox), four(self.bbox_ref)
        return (
            in_pixels(predicted, VIEW_FRAME, size) if predicted else None,
            in_pixels(label, LABEL_FRAME, size) if label else None,
            True,
        )

    def known_size(self) -> Size | None:
        """The image's; of a published row with `scale` (source pixels to 512ths) at least its longest side."""
        if self.size:
            return Size(*self.size)
        return Size(max(1, round(self.scale * VIEW_FRAME)), 1) if self.scale else None


BY_TYPE: dict[str, Callable[[Any], Any]] = {
    "str": fields.text,
    "str | None": fields.text,
    "int": fields.whole,
    "bool": fields.truth,
    "float | None": fields.number,
    "list[str]": fields.texts,
}
BY_NAME: dict[str, Callable[[Any], Any]] = {
    "bbox_ref": fields.boxes,
    "bbox": fields.boxes,
    "size": fields.size,
    "scale": fields.positive,
    "messages": fields.messages,
    "views": fields.views,
    "score": fields.score,
    "error": fields.error,
    "spec": fields.spec,
}
READERS: dict[str, Callable[[Any], Any]] = {
    each.name: BY_NAME.get(each.name) or BY_TYPE[str(each.type)] for each in dataclasses.fields(Record)
}
"""How each field of a record is read; of a value that is of another type, None comes."""
PUBLISHED = ("question_id", "ground_truth", "answer1", "answer2", "bbox_ref", "bbox", "type", "category")


class Book(Journal[Record]):
    """A run's file of records."""

    def __init__(self, path: Path, spec: Mapping[str, Any]) -> None:
        """Raises DataError where the file holds another run's records, or can't be written."""
        super().__init__(path, spec, "question_id", Record.of, dataclasses.asdict)

    def add(self, record: Record) -> None:
        """Raises DataError where the disk is full."""
        record.spec = self.spec
        super().add(record)

    def answered(self, id: str) -> bool:
        """Whether a question need not be asked again: it was, and did not fail."""
        return id in self.lines and self.lines[id].error is None

    def records(self) -> list[Record]:
        """The last of every question, in the order of the set."""
        return sorted(self.lines.values(), key=lambda record: record.place)


def read(path: Path) -> list[Record]:
    """Anyone's predictions. Of our own records the last of a question counts, of others every row; a row that can't be scored is a record
    with `error`. Raises DataError, also where not one row can be scored."""
    if not texts.is_file(path):
        raise DataError(f"{path} does not exist as a file.", "Give a file of predictions, one JSON object a line.")
    try:
        rows = list(texts.rows(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read: {error}.", "It is a text file in UTF-8.") from error
    if not rows:
        raise DataError(f"{path} holds no predictions.", "It has one JSON object a line, with question_id, ground_truth and answer1.")
    if len(rows) > 1 and isinstance(rows[-1][1], texts.Broken) and rows[-1][1].torn:
        del rows[-1]  # cut off by a kill
    records, unscored = [], []
    for place, (at, row) in enumerate(rows):
        record = Record(f"line {at}") if isinstance(row, texts.Broken) else Record.of(row)
        if not record.ours:
            record.place = place
        if record.error is None and (why := _unscorable(row)):
            unscored.append(f"line {at}: {why}")
            record.error = DataError(f"{why if isinstance(row, texts.Broken) else unscored[-1]}.").to_dict()
        records.append(record)
    if unscored and all(record.error for record in records):
        names = list(dict.fromkeys(str(name) for _, row in rows if isinstance(row, dict) for name in row))
        fields_found = f" Its fields are {', '.join(names[:NAMED])}." if names else ""
        raise DataError(
            f"No row of {path} can be scored: {unscored[0]}.{fields_found}",
            f"A row is a JSON object with ground_truth, and answer1 or answer2. All fields that are read: {', '.join(PUBLISHED)}.",
        )
    last = {record.question_id: record for record in records if record.ours}
    return sorted((each for each in records if not each.ours or last[each.question_id] is each), key=lambda record: record.place)


def _unscorable(row: texts.Row) -> str:
    """Why a row has no score, "" where it can have one: truth and answers are texts or numbers, null is no answer."""
    if isinstance(row, texts.Broken):
        return f"{row.why} ({row.detail})" if row.detail else row.why
    faults = []
    if fields.text(row.get("ground_truth")) is None:
        faults.append("its ground_truth is not a text" if "ground_truth" in row else "it has no ground_truth")
    answers = [name for name in ("answer1", "answer2") if name in row]
    if not answers:
        faults.append("it has no answer1 and no answer2")
    faults += [f"its {name} is not a text" for name in answers if fields.text(row[name]) is None and not fields.is_nothing(row[name])]
    return ", ".join(faults)
