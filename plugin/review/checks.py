"""What a person says of the rows of a run, beside what the model said: by whom and when, written at once, and undone in order."""

from __future__ import annotations

from typing import Optional

from ...core.answer_type import BOOLEAN, AnswerType
from ..exchanges.exchange import Exchange
from ..runs.run import Run
from ..settings import user_name

(YES, NO), UNSURE = BOOLEAN, "unsure"
Earlier = tuple[Exchange, Optional[str], Optional[str], Optional[str], Optional[str]]


def choices_of(answer_type: Optional[AnswerType]) -> tuple[str, ...]:
    """The answers that keys choose between: those of the type; of another type none."""
    return answer_type.choices if answer_type else ()


class Checks:
    """Of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._earlier: list[Earlier] = []

    def check(self, row: Exchange, checked: Optional[str]) -> None:
        """checked: what the answer is; None: it is not checked any longer."""
        self._change(row, checked, row.note)

    def accept(self, row: Exchange) -> None:
        """The model's answer is right."""
        if (answer := row.typed_answer) is not None:
            self.check(row, answer)

    def note(self, row: Exchange, note: str) -> None:
        self._change(row, row.checked, note.strip() or None)

    def undo(self) -> Optional[Exchange]:
        """Takes the last change back; returns its row, None where there is none."""
        if not self._earlier:
            return None
        row, *before = self._earlier.pop()
        row.checked, row.note, row.checked_by, row.checked_at = before
        self._run.keep(row)
        return row

    def _change(self, row: Exchange, checked: Optional[str], note: Optional[str]) -> None:
        if (checked, note) == (row.checked, row.note):
            return
        self._earlier.append((row, row.checked, row.note, row.checked_by, row.checked_at))
        row.check(checked, user_name(), note)
        self._run.keep(row)
