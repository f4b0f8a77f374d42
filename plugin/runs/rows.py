"""The rows of a run, an exchange for each polygon: of what kind a row is, counts, and what the backend's file of answers has."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

from ...core import texts
from ...core.errors import SceneError, ZoomEarthError
from ...core.events import Failed
from ...core.source import Seen
from ...core.typed import from_json
from ..exchanges.exchange import Exchange, PicturedView, Status
from ..exchanges.results_file import ResultsFile
from ..exchanges.unsaved import waiting_file
from ..i18n import tr

WAITING, ANSWERED, UNREADABLE, FAILED, CANCELLED = "waiting", "answered", "unreadable", "failed", "cancelled"
FREQUENT = 6  # answers that the card lists
FROM_LINE = ("answer", "value", "unreadable", "confidence", "meaningless", "stopped", "why", "model")


def kind(row: Exchange) -> str:
    """One of the words above. A reply without an answer is as unreadable as one that does not have the type of the answer."""
    if row.status is Status.DONE:
        return UNREADABLE if row.unreadable or row.answer is None else ANSWERED
    return {Status.RUNNING: WAITING, Status.FAILED: FAILED}.get(row.status, CANCELLED)


@dataclass(frozen=True)
class Counts:
    """How many rows there are, how many of each kind, how many a person has checked, and how many have each answer."""

    total: int
    kinds: Mapping[str, int]
    checked: int
    answers: Mapping[str, int]

    @classmethod
    def of(cls, rows: Iterable[Exchange]) -> Counts:
        rows = list(rows)
        answers = Counter(answer for row in rows if (answer := row.verdict) is not None)
        return cls(len(rows), Counter(map(kind, rows)), sum(row.checked is not None for row in rows), dict(answers.most_common()))

    @property
    def over(self) -> int:
        """Rows that need not be asked any more: answered, unreadable or failed."""
        return self.total - self.open

    @property
    def open(self) -> int:
        return self.kinds.get(WAITING, 0) + self.kinds.get(CANCELLED, 0)

    @property
    def failed(self) -> int:
        return self.kinds.get(FAILED, 0)


def reset(row: Exchange) -> None:
    """The row is to be asked again."""
    row.status, row.message, row.hint, row.log = Status.RUNNING, "", "", []


def read_lines(path: Path) -> dict[str, Mapping[str, Any]]:
    """The last line of each row in a file of answers; a line that a kill has cut off is left out. Empty where there is no such file."""
    try:
        return {str(line.get("id")): line for _, line in texts.rows(path) if isinstance(line, dict)}
    except OSError:  # nothing was asked yet
        return {}


def take_line(row: Exchange, line: Mapping[str, Any]) -> bool:
    """Applies a line of the file of answers to a row whose end was not kept. Returns whether it did."""
    if kind(row) in (ANSWERED, UNREADABLE):
        return False
    if error := line.get("error"):
        row.hear(Failed.of(ZoomEarthError.of(error)))
        return True
    for name in FROM_LINE:
        setattr(row, name, line.get(name))
    row.status, row.seconds, row.dialect = Status.DONE, line.get("seconds") or 0.0, line.get("dialect") or ""
    seen = [*filter(None, [line.get("first")]), *line.get("zooms", ())]
    row.views = [PicturedView(**vars(from_json(Seen, view, "view"))) for view in seen]
    return True


def read_rows(path: Path) -> list[Exchange]:
    """The rows in the GeoPackage of a run, in the order of their polygons; those that could not be written there replace them.

    Raises SceneError.
    """
    rows = {row.id: row for row in ResultsFile(path).read()}
    with suppress(SceneError):
        rows.update((row.id, row) for row in ResultsFile(waiting_file(path)).read())
    return sorted(rows.values(), key=lambda row: row.feature.id if row.feature else 0)


def answer_counts(counts: Counts) -> str:
    """The most frequent answers: "yes 12, no 28"."""
    return ", ".join(f"{answer} {count}" for answer, count in list(counts.answers.items())[:FREQUENT])


def summary(counts: Counts) -> str:
    """How far a run is and what the answers are, in one line: "41 of 300: yes 12, no 28, failed 1"."""
    parts = list(filter(None, [answer_counts(counts)]))
    for each, words in ((UNREADABLE, tr("unreadable")), (FAILED, tr("failed")), (CANCELLED, tr("cancelled"))):
        parts += [f"{words} {counts.kinds[each]}"] if counts.kinds.get(each) else []
    text = tr("{done} of {total}").format(done=counts.over, total=counts.total)
    return f"{text}: {', '.join(parts)}" if parts else text
