"""The records of an evaluation: one JSON line for each question (`backend/records.py` writes the file).

A line has the fields of the published code, so that its scripts can read our files and ours can read theirs; and further fields that
explain the score: the replies, the views, the rule. A question that failed has a record with `error` and without a score.
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

LISTED = 20  # fields of a file that a message lists, at most


@dataclass
class Record:
    """One question and its result.

    As published: question_id, ground_truth, answer1 (before any zoom), answer2 (after a zoom; None: there was none), bbox_ref (the label's
    box, longest side of the image = 1024), bbox (the model's boxes, longest side = 512), type, category.
    Ours: size of the image in pixels; place among the rows; the model's replies, and messages with their roles; views with their windows in
    source pixels; meaningless: the demo model was asked about a raster that is not a generated scene; score {right, why} or None; seconds;
    together: the number of questions that shared this time; error {code, message, hint}.
    spec: a description of the run, the same in all records of a file.
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
        """The record of any tool. Fields that are missing or have another type get their default; other fields are ignored."""
        values = {name: value for name, read in READERS.items() if (value := read(data.get(name))) is not None}
        return cls(**{"question_id": "", "place": place, **values})

    @property
    def ours(self) -> bool:
        """Whether `zoomearth evaluate` wrote it, and not another tool."""
        return bool(self.spec)

    @property
    def answer(self) -> str | None:
        """The last answer: after the zoom, else before it."""
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
        """The image's size; for a published row with `scale` (source pixels to 512ths), a size with the right longest side."""
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
"""The function that reads each field of a record; it returns None for a value of another type."""
PUBLISHED = ("question_id", "ground_truth", "answer1", "answer2", "bbox_ref", "bbox", "type", "category")


class Book(Journal[Record]):
    """The file of a run's records."""

    def __init__(self, path: Path, spec: Mapping[str, Any]) -> None:
        """Raises DataError where the file has records of another run, or can't be written."""
        super().__init__(path, spec, "question_id", Record.of, dataclasses.asdict)

    def add(self, record: Record) -> None:
        """Raises DataError where the disk is full."""
        record.spec = self.spec
        super().add(record)

    def answered(self, id: str) -> bool:
        """Whether a question was asked and did not fail."""
        return id in self.lines and self.lines[id].error is None

    def records(self) -> list[Record]:
        """The last record of every question, in the order of the set."""
        return sorted(self.lines.values(), key=lambda record: record.place)


def read(path: Path) -> list[Record]:
    """The predictions of any tool. Of our own records, the last of each question counts; of others, every row. A row that can't be scored
    is a record with `error`. Raises DataError, also where no row can be scored."""
    if not texts.is_file(path):
        raise DataError(f"{path} does not exist as a file.", "Give a file of predictions, one JSON object a line.")
    try:
        rows = list(texts.rows(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read: {error}.", "It must be a text file in UTF-8.") from error
    if not rows:
        raise DataError(f"{path} has no predictions.", "Each line must be a JSON object with question_id, ground_truth and answer1.")
    if len(rows) > 1 and isinstance(rows[-1][1], texts.Broken) and rows[-1][1].torn:
        del rows[-1]  # an incomplete line of a process that was killed
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
        listing = f" Its fields are {', '.join(names[:LISTED])}." if names else ""
        raise DataError(
            f"No row of {path} can be scored: {unscored[0]}.{listing}",
            f"A row must be a JSON object with ground_truth, and answer1 or answer2. Fields that are read: {', '.join(PUBLISHED)}.",
        )
    last = {record.question_id: record for record in records if record.ours}
    return sorted((each for each in records if not each.ours or last[each.question_id] is each), key=lambda record: record.place)


def _unscorable(row: texts.Row) -> str:
    """Why a row can't be scored, or "": truth and answers must be texts or numbers; null means no answer."""
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
