"""The file of answers of a batch: one line a row, see `batch.line`. What is remembered of a line is small, so that memory stays flat."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import DataError
from .batch import asked
from .records import ANOTHER, Journal
from .rows import BadRow, Wanted

ABOUT = (
    "id",
    "source",
    "question",
    "where",
    "policy",
    "answer_type",
    "compare",
    "find",
)  # of a line, what `asked` says of a row that can be asked
PASSING = ("seconds", "spec")  # what may differ between two lines that say the same
KINDS = ("answered", "unreadable", "failed", "meaningless")


@dataclass(frozen=True)
class Summary:
    """What is remembered of a line. kinds: of KINDS; about: a hash of each field of ABOUT; whole: of all that is not PASSING.

    line: the line itself, until it is written.
    """

    kinds: tuple[str, ...]
    about: tuple[int, ...]
    whole: int
    line: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Summary:
        return cls(kinds(line), _about(line), _hash({name: value for name, value in line.items() if name not in PASSING}))


class Results(Journal[Summary]):
    """The answers of one run. Raises DataError, see Journal."""

    def __init__(self, path: Path, spec: Mapping[str, Any]) -> None:
        super().__init__(path, spec, "id", Summary.of, lambda summary: summary.line or {})

    def __enter__(self) -> Results:
        return self

    def write(self, line: Mapping[str, Any]) -> Summary | None:
        """Appends the line of a row, and returns what the file had of it before. An error that the file has is not written again."""
        existing, new = self.lines.get(line["id"]), Summary.of(line)
        if existing is None or existing.whole != new.whole:
            self.add(Summary(new.kinds, new.about, new.whole, line))
        return existing

    def is_answered(self, row: Wanted) -> bool:
        """Raises DataError where the file has an answer to another question under this row's id."""
        existing = self.lines.get(str(row.id))
        if existing is None or "failed" in existing.kinds:
            return False
        differs = [name for name, one, other in zip(ABOUT, existing.about, _about(asked(row))) if one != other]
        if differs:
            message = f"{self.path} has an answer with the id {row.id!r} to something else: its {', '.join(differs)} differs."
            raise DataError(message, f"Give the rows ids of their own. {ANOTHER}")
        return True


class Tally:
    """Counts the results of rows, from this run and earlier ones."""

    def __init__(self, results: Results, rows: Iterable[Wanted | BadRow]) -> None:
        self._results = results
        self.counts: Counter[str] = Counter()
        self.total = 0
        for row in rows:
            self.total += 1
            existing = results.lines.get(str(row.id))
            self.counts.update(existing.kinds if existing else ())

    def write(self, line: Mapping[str, Any]) -> None:
        existing = self._results.write(line)
        self.counts.subtract(existing.kinds if existing else ())
        self.counts.update(kinds(line))

    def sentence(self) -> str:
        return f"{', '.join(in_words(self.counts))} of {self.total}"

    def as_json(self) -> dict[str, int]:
        return {"rows": self.total, **{kind: self.counts[kind] for kind in KINDS}}


def in_words(counts: Mapping[str, int]) -> list[str]:
    """How many rows were answered, unreadable and failed; the last two where there are some."""
    failures = [f"{counts[kind]} {kind}" for kind in ("unreadable", "failed") if counts[kind]]
    return [f"{counts['answered']} answered", *failures]


def kinds(line: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of result that a line counts as."""
    unreadable = line.get("answer") is None or line.get("unreadable")
    kind = "failed" if line.get("error") else "unreadable" if unreadable else "answered"
    return (kind, "meaningless") if line.get("meaningless") else (kind,)


def _about(line: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(_hash(line.get(name)) for name in ABOUT)


def _hash(value: Any) -> int:
    text = json.dumps(value, sort_keys=True)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
