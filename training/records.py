"""What came of each question: one JSON line each, appended as it ends, so that a killed run loses nothing and asks nothing twice.

The line holds the published code's own fields, so that its scripts read our files and ours read theirs, and beside them what a person
needs to see why: what was said, what was shown, how it was scored. A question that failed is a record with `error` and no score.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

from ..core.errors import BackendError
from ..core.geometry import Box, Size
from .score import LABEL_FRAME, VIEW_FRAME, four, in_pixels


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
        """Anyone's record: what is missing or null gets its default, and what is not ours is left out."""
        known = {each.name: data[each.name] for each in fields(cls) if data.get(each.name) is not None}
        texts = ("question_id", "ground_truth", "answer1", "answer2", "type", "category", "question", "image")
        known.update({name: str(known[name]) for name in texts if name in known})
        return cls(**{"question_id": "", "place": place, **known})

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
        return Size(round(self.scale * VIEW_FRAME), 1) if self.scale else None


class Book:
    """A file of records that is only ever appended to. What was cut off by a kill is removed, and asked again."""

    def __init__(self, path: Path, spec: Mapping[str, Any]) -> None:
        """Raises BackendError where the file holds another run's records."""
        self.path, self.spec = path, dict(spec)
        self.done: dict[str, Record] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    whole += len(line)
                    self._take(line)
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(whole)
        self._file.seek(whole)

    def _take(self, line: bytes) -> None:
        try:
            record = Record.of(json.loads(line))
        except (ValueError, TypeError, AttributeError):
            return  # damaged: that question is asked again
        if record.spec != self.spec:
            differs = sorted(name for name in {*record.spec, *self.spec} if record.spec.get(name) != self.spec.get(name))
            raise BackendError(
                f"{self.path} holds the answers of another run: its {', '.join(differs)} differs.",
                "Name another place with --out, or move the file away.",
            )
        self.done[record.question_id] = record

    def add(self, record: Record) -> None:
        """In one write, so that a kill leaves a whole line or a torn last one, never a hole."""
        record.spec = self.spec
        self._file.write(json.dumps(asdict(record), ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        self.done[record.question_id] = record

    def answered(self, id: str) -> bool:
        """Whether a question need not be asked again: it was, and did not fail."""
        return id in self.done and self.done[id].error is None

    def records(self) -> list[Record]:
        """The last of every question, in the order of the set."""
        return sorted(self.done.values(), key=lambda record: record.place)

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[Record]:
    """Anyone's predictions. Of our own files the last record of a question counts; of others every row. Raises BackendError."""
    if not path.is_file():
        raise BackendError(f"{path} does not exist.", "Give a file of predictions, one JSON object a line.")
    rows = [Record.of(data, place) for place, data in enumerate(_objects(path))]
    if not rows:
        raise BackendError(f"{path} holds no predictions.", "It has one JSON object a line, with question_id, ground_truth and answer1.")
    if not all(record.spec for record in rows):
        return rows
    return sorted({record.question_id: record for record in rows}.values(), key=lambda record: record.place)


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_text(encoding="utf-8", errors="replace")
    if content.lstrip().startswith("["):
        try:
            yield from (row for row in json.loads(content) if isinstance(row, dict))
        except ValueError as error:
            raise BackendError(f"{path} is no JSON: {error}.", "Copy it again.") from error
        return
    lines = content.splitlines()
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            if at == len(lines):
                return  # torn off by a kill
            raise BackendError(f"{path}, line {at}, is no JSON: {error}.", "Take the line out, or copy the file again.") from error
        if isinstance(row, dict):
            yield row
