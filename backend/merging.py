"""Joins the answers of several batches over one set of rows: the best line of each row, found without holding the lines in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import texts
from ..core.atomic import beside
from ..core.errors import DataError
from .results import ABOUT, KINDS, Summary, in_words

SAME = ("server",)  # fields of a spec that may differ: where a model ran does not change what it says
ANSWERS = "Give files of answers that `zoomearth batch` wrote."


@dataclass(frozen=True)
class _Place:
    """Where the line of a row is: the part's number, and its first byte."""

    part: int
    at: int
    summary: Summary


@dataclass
class Merged:
    """missing: ids that no part has. foreign: rows of the parts that nobody wants. duplicates: lines that another of their id replaces."""

    parts: list[Path]
    places: dict[str, _Place]
    missing: list[str] = field(default_factory=list)
    foreign: int = 0
    duplicates: int = 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines, in the order of the rows. Raises DataError where a part has changed meanwhile."""
        files = [part.open("rb") for part in self.parts]
        try:
            for place in self.places.values():
                file = files[place.part]
                file.seek(place.at)
                row = texts.row(file.readline())
                if not isinstance(row, dict):
                    raise DataError(f"{self.parts[place.part]} has changed while it was read.", "Merge again.")
                yield row
        finally:
            for file in files:
                file.close()

    def write(self, path: Path) -> None:
        """Writes the lines as one file of answers."""
        try:
            with beside(path) as new, new.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in self.lines())
        except OSError as error:
            raise DataError(f"{path} can't be written: {error.strerror}.", "Name another place, or make room.") from error

    def counts(self) -> dict[str, int]:
        counted = Counter(kind for place in self.places.values() for kind in place.summary.kinds)
        return {"rows": len(self.places), **{kind: counted[kind] for kind in KINDS}}

    @property
    def failed(self) -> int:
        counts = self.counts()
        return counts["failed"] + counts["unreadable"]

    def sentence(self) -> str:
        counts = self.counts()
        missing = [f"{len(self.missing)} missing"] if self.missing else []
        return ", ".join([*in_words(counts), *missing]) + f" of {counts['rows'] + len(self.missing)}"


def merged(parts: Sequence[Path], wanted: Sequence[str] | None = None) -> Merged:
    """wanted: the ids of all rows, in their order; None: those of the parts. A last line that a kill cut off, or that is being written, is
    left out. Raises DataError for a part that is no file of answers, or of another run, or has another question under an id."""
    places: dict[str, _Place] = {}
    first: tuple[Path, dict[str, Any]] | None = None
    duplicates = 0
    for number, part in enumerate(parts):
        for at, row in _lines(part):
            spec = {name: value for name, value in row["spec"].items() if name not in SAME}
            first = first or (part, spec)
            if spec != first[1]:
                differs = sorted(name for name in {*spec, *first[1]} if spec.get(name) != first[1].get(name))
                raise DataError(
                    f"{part} and {first[0]} hold the answers of two runs: their {', '.join(differs)} differs.", "Merge parts of one run."
                )
            new, existing = _Place(number, at, Summary.of(row)), places.get(row["id"])
            if existing is None or _counts_more(new.summary, existing.summary, row["id"], part):
                places[row["id"]] = new
            duplicates += existing is not None
    if wanted is None:
        return Merged(list(parts), places, duplicates=duplicates)
    chosen = {id: places[id] for id in wanted if id in places}
    return Merged(list(parts), chosen, [id for id in wanted if id not in places], len(places.keys() - chosen.keys()), duplicates)


def _counts_more(new: Summary, existing: Summary, id: str, part: Path) -> bool:
    """Whether a later line replaces an earlier one. Raises DataError where both are answers to different questions."""
    if "failed" in new.kinds and "failed" not in existing.kinds:
        return False
    differs = [name for name, one, other in zip(ABOUT, existing.about, new.about) if one != other]
    if differs and "failed" not in {*new.kinds, *existing.kinds}:
        message = f"{part} and another part have answers with the id {id!r} to different things: their {', '.join(differs)} differs."
        raise DataError(message, "Merge parts over one set of rows.")
    return True


def _lines(part: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a part with their first bytes. Raises DataError."""
    at = 0
    try:
        with part.open("rb") as file:
            for number, line in enumerate(file, 1):
                row = texts.row(line)
                if isinstance(row, dict) and isinstance(row.get("id"), str) and isinstance(row.get("spec"), dict):
                    yield at, row
                elif line.endswith(b"\n") and line.strip():
                    raise DataError(f"Line {number} of {part} is no answer of a batch.", ANSWERS)
                at += len(line)
    except OSError as error:
        raise DataError(f"{part} can't be read: {error.strerror}.", ANSWERS) from error
