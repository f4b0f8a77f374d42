"""What a benchmark is: where its rows come from, how a question is put, and when an answer is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Union

from ....core import texts
from ....core.errors import DataError, as_ours
from ....core.example import Example
from ....core.geometry import Box
from ....core.texts import Broken
from .. import fields
from ..fields import is_number
from ..scoring import Score


@dataclass(frozen=True)
class Unusable:
    """A row that can't be asked. It is counted apart, never as a wrong answer.

    why: in words that are alike for all rows with the same fault. detail: of this row, "" where there is none.
    """

    id: str
    why: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why}: {self.detail}" if self.detail else self.why


@dataclass(frozen=True)
class Mark:
    """One scored answer: of which sub-set and category, and whether it is right."""

    group: str
    category: str
    right: bool


Loaded = Iterator[Union[Example, Unusable]]
Extractor = Callable[[str, Sequence[str]], str]


class Benchmark:
    """One per file. `load` yields an Example a row, in the set's order, or Unusable; the rest has the plainest default.

    name: on the command line. citation: who made it. repo, files: where on the Hugging Face hub its data lie, and which of them.
    extractors: for multiple choice, the named ways of reading a letter out of a reply; the first is the default.
    note: what must be said beside a figure.
    """

    name = ""
    title = ""
    citation = ""
    repo = ""
    files: tuple[str, ...] = ()
    extractors: ClassVar[Mapping[str, Extractor]] = {}
    note = ""

    def __init__(self, extractor: str = "") -> None:
        self.extractor = extractor or next(iter(self.extractors), "")

    def load(self, folder: Path, split: str = "") -> Loaded:
        """Raises DataError where the folder does not hold the set."""
        raise NotImplementedError

    def prompt(self, example: Example) -> str:
        """The question as the benchmark puts it; the model's own instruction follows."""
        return example.question

    def extract(self, reply: str, choices: Sequence[str]) -> str:
        """What of a reply is compared with the truth."""
        return self.extractors[self.extractor](reply, choices) if self.extractors else reply

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        """Whether a reply (None: there was no answer) counts as right."""
        raise NotImplementedError

    def group(self, record: Mapping[str, Any]) -> str:
        """The sub-set of a record, under `by_type`."""
        return str(record.get("type") or "unknown")

    def averages(self, marks: Sequence[Mark]) -> dict[str, float]:
        """The averages by which the set is published, beside the plain one over all questions."""
        return {}


def accuracy(marks: Iterable[Mark]) -> float:
    """The share that is right, 0..1; 0 where there are none."""
    rights = [mark.right for mark in marks]
    return sum(rights) / len(rights) if rights else 0.0


def macro(marks: Iterable[Mark]) -> float:
    """The mean of the categories' accuracies."""
    groups: dict[str, list[Mark]] = {}
    for mark in marks:
        groups.setdefault(mark.category, []).append(mark)
    return sum(accuracy(group) for group in groups.values()) / len(groups) if groups else 0.0


def find_rows(folder: Path, *patterns: str, title: str) -> list[Path]:
    """The data files: `folder` itself where it is a file, else whatever the first pattern that matches anything finds under it."""
    if folder.is_file():
        return [folder]
    for pattern in patterns:
        if found := sorted(folder.glob(pattern)) or sorted(folder.glob(f"*/{pattern}")):
            return found
    raise DataError(
        f"{folder} does not hold {title}: there is no {' or '.join(patterns)} in it.",
        "Give its folder with --data, or fetch it: --download.",
    )


Rows = Iterable[tuple[str, Union[dict[str, Any], Broken]]]
"""Rows of a file, each with a name for one that has no id."""


def json_rows(file: Path) -> Iterator[tuple[str, dict[str, Any] | Broken]]:
    """The rows of JSON lines, or of one JSON list, named by file and line. Raises DataError."""
    try:
        for at, row in texts.listed(file) if file.suffix == ".json" else texts.rows(file):
            yield f"{file.name}:{at}", row
    except (OSError, ValueError) as error:
        raise DataError(f"{file} can't be read: {error}.", "Copy or download it again.") from error


def examples(rows: Rows, make: Callable[[str, dict[str, Any]], Example | Unusable | None]) -> Loaded:
    """What `make` makes of each row and its name (None: the row is of another set). A row costs itself and nothing else: one that can't
    be read, or that `make` fails over, is Unusable."""
    for name, row in rows:
        if isinstance(row, Broken):
            yield Unusable(name, row.why, row.detail)
            continue
        try:
            made = make(name, row)
        except Exception as error:
            made = Unusable(name, "the row can't be read", as_ours(error).message)
        if isinstance(made, Example):
            broken = next((what for what, said in made.texts() if texts.has_half_characters(said)), None)
            made = Unusable(made.id, "a text holds half a character (a lone surrogate)", f"the {broken}") if broken else made
        if made is not None:
            yield made


def text(row: Mapping[str, Any], *names: str) -> str | None:
    """The first of these entries that holds a visible text or a number; None where none does."""
    for name in names:
        value = fields.text(row.get(name))
        if value and not texts.is_blank(value):
            return value
    return None


def box(numbers: Any) -> Box | None:
    """Four finite numbers with an area between them; None for anything else."""
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 4 or not all(map(is_number, numbers)):
        return None
    found = Box(*map(float, numbers))
    return found if found.width > 0 and found.height > 0 else None


class Images:
    """Finds a set's image files under a folder, however an archive was unpacked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder if folder.is_dir() else folder.parent
        self._by_name: dict[str, Path] | None = None

    def find(self, name: str) -> Path:
        """The file; where there is none, the place it should have."""
        given = self.folder / name
        if texts.is_file(given):
            return given
        if self._by_name is None:
            self._by_name = {file.name: file for file in self.folder.rglob("*") if file.is_file()}
        return self._by_name.get(re.split(r"[\\/]", name)[-1], given)
