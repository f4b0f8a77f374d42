"""What a benchmark is: where its rows come from, how a question is put, and when an answer is right."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Union

from ...core.errors import BackendError
from ...core.geometry import Box
from ..examples import Example
from ..score import Score


@dataclass(frozen=True)
class Unusable:
    """A row that can't be asked, and why. It is counted apart, never as a wrong answer."""

    id: str
    why: str


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
        """Raises BackendError where the folder does not hold the set."""
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
    raise BackendError(
        f"{folder} does not hold {title}: there is no {' or '.join(patterns)} in it.",
        "Give its folder with --data, or fetch it: --download.",
    )


def json_rows(file: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The rows of a .jsonl, or of a .json that is one list, numbered from 1; a line that is no object comes as what is wrong with it."""
    if file.suffix == ".json":
        try:
            rows = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BackendError(f"{file} can't be read: {error}.", "Download it again.") from error
        yield from ((at, row if isinstance(row, dict) else "the row is no object") for at, row in enumerate(rows, 1))
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for at, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                yield at, f"the line is no JSON: {error}"
                continue
            yield at, row if isinstance(row, dict) else "the row is no object"


def text(row: Mapping[str, Any], *names: str) -> str | None:
    """The first of these entries that holds a text or a number; None where none does."""
    for name in names:
        value = row.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return None


def box(numbers: Any) -> Box | None:
    """Four finite numbers with an area between them; None for anything else."""
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 4:
        return None
    if not all(isinstance(side, (int, float)) and not isinstance(side, bool) and math.isfinite(side) for side in numbers):
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
        if given.is_file():
            return given
        if self._by_name is None:
            self._by_name = {file.name: file for file in self.folder.rglob("*") if file.is_file()}
        return self._by_name.get(Path(name).name, given)
