"""Puts the work of two people together: rows and events by their ids.

Both files go on from a common one, or from the same import, so that equal things have equal ids. The log of the result has the events of
both. A row that both have changed gets its latest version that a person made; a program's event never wins over a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from .file import LabelFile
from .log import Change, Event
from .rows import KINDS, from_columns


@dataclass(frozen=True)
class Merged:
    """What a merge did. added: rows that are new; changed: rows that got the other file's version. conflicts: ids of questions and boxes
    that both people changed, to different results: see `agreement.differences`."""

    events: int
    added: int
    changed: int
    conflicts: tuple[str, ...]


def merge(into: LabelFile, other: LabelFile) -> Merged:
    """Adds what `other` has to `into`, in one transaction. Raises DataError; then nothing has changed."""
    mine, theirs = list(into.events()), list(other.events())
    known, shared = {event.id for event in mine}, {event.id for event in theirs}
    fresh = [event for event in theirs if event.id not in known]
    order = {id: at for at, id in enumerate(KINDS)}
    targets = {(event.kind, event.target) for event in fresh}
    histories: dict[tuple[str, str], list[Event]] = {target: [] for target in targets}
    for event in [*mine, *fresh]:
        if (event.kind, event.target) in targets:
            histories[event.kind, event.target].append(event)
    rows: list[Any] = [*into.images(), *into.boxes(), *into.questions(), *into.proposals()]
    current = {(type(row), row.id): row for row in rows}
    changes, conflicts = [], []
    for kind, target in sorted(targets, key=lambda each: order[each[0]]):
        events = histories[kind, target]
        before = _state([event for event in events if event.id in known])
        after = _state(events)
        if kind == "image" and before:
            continue  # each person's path of a raster is their own
        if before != after:
            changes.append(Change(kind, current.get((KINDS[kind], target)), _row(kind, after)))
        own = [event for event in events if event.id not in shared and event.annotator]
        their = [event for event in events if event.id not in known and event.annotator]
        if own and their and _content(_state(own)) != _content(_state(their)):
            conflicts.append(target)
    changes = [change for change in changes if change.before or change.after]
    changes.sort(key=lambda change: change.after is None)
    into.append(fresh, changes)
    added = sum(change.before is None for change in changes)
    return Merged(len(fresh), added, len(changes) - added, tuple(conflicts))


def _state(events: list[Event]) -> Optional[dict[str, Any]]:
    """The columns of a row after these events; None where it does not exist."""
    if not events:
        return None
    return max(enumerate(events), key=lambda each: (bool(each[1].annotator), each[1].time, each[0]))[1].after


def _content(columns: Optional[dict[str, Any]]) -> Optional[dict[str, Any]]:
    return {name: value for name, value in columns.items() if name not in ("annotator", "decided", "created")} if columns else None


def _row(kind: str, columns: Optional[dict[str, Any]]) -> Any:
    return from_columns(KINDS[kind], columns) if columns else None
