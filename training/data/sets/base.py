"""The base class of benchmarks: loading of rows, prompt, and scoring of answers; and helpers that several benchmarks use."""

from __future__ import annotations

import abc
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
    """A row that can't be asked. It is counted separately, not as a wrong answer.

    why: the same text for all rows with this fault. detail: about this row, or "".
    """

    id: str
    why: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why}: {self.detail}" if self.detail else self.why


@dataclass(frozen=True)
class Mark:
    """One scored answer: its sub-set and category, and whether it is right."""

    group: str
    category: str
    right: bool


Loaded = Iterator[Union[Example, Unusable]]
Extractor = Callable[[str, Sequence[str]], str]


class Benchmark(abc.ABC):
    """A set of questions; one class per file. `load` and `score` are abstract; the other methods have defaults.

    name: on the command line. citation: the authors. repo, files: its repository on the Hugging Face hub, and the files to download.
    extractors: of a multiple-choice set, the rules that read a letter from a reply, by name; the first is the default.
    note: a sentence that is shown beside its figures.
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

    @abc.abstractmethod
    def load(self, folder: Path, split: str = "") -> Loaded:
        """The rows in the set's order: an Example each, or Unusable. Raises DataError where the folder does not have the set."""

    def prompt(self, example: Example) -> str:
        """The question in the benchmark's wording, without the model's own instruction."""
        return example.question

    def extract(self, reply: str, choices: Sequence[str]) -> str:
        """The part of a reply that is compared with the truth."""
        return self.extractors[self.extractor](reply, choices) if self.extractors else reply

    @abc.abstractmethod
    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        """Whether a reply (None: there was no answer) counts as right."""

    def group(self, record: Mapping[str, Any]) -> str:
        """The sub-set of a record, under `by_type`."""
        return str(record.get("type") or "unknown")

    def averages(self, marks: Sequence[Mark]) -> dict[str, float]:
        """The averages that the set's publication uses, besides the average over all questions."""
        return {}


def accuracy(marks: Iterable[Mark]) -> float:
    """The share of right answers, 0..1; 0 without any answer."""
    rights = [mark.right for mark in marks]
    return sum(rights) / len(rights) if rights else 0.0


def macro(marks: Iterable[Mark]) -> float:
    """The mean of the categories' accuracies."""
    groups: dict[str, list[Mark]] = {}
    for mark in marks:
        groups.setdefault(mark.category, []).append(mark)
    return sum(accuracy(group) for group in groups.values()) / len(groups) if groups else 0.0


def find_rows(folder: Path, *patterns: str, title: str) -> list[Path]:
    """The data files: `folder` itself if it is a file, else the files that match the first pattern with any match."""
    if folder.is_file():
        return [folder]
    for pattern in patterns:
        if files := sorted(folder.glob(pattern)) or sorted(folder.glob(f"*/{pattern}")):
            return files
    raise DataError(
        f"{folder} does not contain {title}: it has no file {' or '.join(patterns)}.",
        "Give the folder of the set with --data, or download it with --download.",
    )


Rows = Iterable[tuple[str, Union[dict[str, Any], Broken]]]
"""Rows of a file, each with a name for rows without an id."""


def json_rows(file: Path) -> Iterator[tuple[str, dict[str, Any] | Broken]]:
    """The rows of JSON lines, or of one JSON list, named by file and line. Raises DataError."""
    try:
        for at, row in texts.listed(file) if file.suffix == ".json" else texts.rows(file):
            yield f"{file.name}:{at}", row
    except (OSError, ValueError) as error:
        raise DataError(f"{file} can't be read: {error}.", "Copy or download it again.") from error


def examples(rows: Rows, make: Callable[[str, dict[str, Any]], Example | Unusable | None]) -> Loaded:
    """The result of `make(name, row)` for each row; rows for which it returns None are left out. A row that can't be read, or for which
    `make` raises an error, is Unusable."""
    for name, row in rows:
        if isinstance(row, Broken):
            yield Unusable(name, row.why, row.detail)
            continue
        try:
            result = make(name, row)
        except Exception as error:
            result = Unusable(name, "the row can't be read", as_ours(error).message)
        if isinstance(result, Example):
            broken = next((what for what, text in result.texts() if texts.has_half_characters(text)), None)
            result = Unusable(result.id, "a text holds half a character (a lone surrogate)", f"the {broken}") if broken else result
        if result is not None:
            yield result


def text(row: Mapping[str, Any], *names: str) -> str | None:
    """The first of these entries with a visible text or a number; None where there is none."""
    for name in names:
        value = fields.text(row.get(name))
        if value and not texts.is_blank(value):
            return value
    return None


def box(numbers: Any) -> Box | None:
    """Four finite numbers with an area between them; None for anything else."""
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 4 or not all(map(is_number, numbers)):
        return None
    result = Box(*map(float, numbers))
    return result if result.width > 0 and result.height > 0 else None


class Images:
    """Finds image files under a folder by name, in any subfolder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder if folder.is_dir() else folder.parent
        self._by_name: dict[str, Path] | None = None

    def find(self, name: str) -> Path:
        """The path of the file; where it does not exist, the path that it should have."""
        expected = self.folder / name
        if texts.is_file(expected):
            return expected
        if self._by_name is None:
            self._by_name = {file.name: file for file in self.folder.rglob("*") if file.is_file()}
        return self._by_name.get(re.split(r"[\\/]", name)[-1], expected)
