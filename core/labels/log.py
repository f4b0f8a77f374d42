"""The log of a label file: an event for each row that an action changed."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Optional

from .geopackage import EVENTS

Row = Any  # LabelImage, LabelBox, Question or Proposal


@dataclass(frozen=True)
class Event:
    """One changed row of an action. before, after: its columns, None where the row did not exist. undoes: the action that it reverses."""

    id: str
    action: str
    time: str
    annotator: str
    kind: str
    target: str
    what: str
    before: Optional[dict[str, Any]]
    after: Optional[dict[str, Any]]
    undoes: Optional[str] = None


@dataclass(frozen=True)
class Change:
    """A row before and after an action; None where it does not exist."""

    kind: str
    before: Row
    after: Row


def event_of(row: sqlite3.Row) -> Event:
    """The event of a row of the log."""
    values = {name: row[name] for name in EVENTS}
    texts = {name: json.loads(values[name]) if values[name] else None for name in ("before", "after")}
    return Event(**{**values, **texts})
