"""The label file: each action of a person or a model is one transaction, and is logged with what it changed.

    with LabelFile.open(path, annotator="Ada") as labels:
        question = labels.next()
        labels.accept(question.id)
        labels.undo()

A process that is killed loses nothing that was done: SQLite commits each action to the disk. An action that fails (a full disk, a locked
file) has changed nothing. Undo writes the inverse of the last action as a new event; the log is only ever appended to.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from ..errors import DataError
from . import geopackage
from .connection import connect, create, errors, insert, sql
from .geopackage import EVENTS, VERSION, table
from .log import Change, Event, Row, event_of
from .reading import Reading, kind_name
from .rows import (
    ACCEPTED,
    KINDS,
    REASONS,
    REJECTED,
    UNSURE,
    LabelBox,
    LabelImage,
    Proposal,
    Question,
    checksum_of,
    from_columns,
    new_id,
    now,
    to_columns,
)

REGENERATE = "regenerate"


class LabelFile(Reading):
    """An open label file, used on one thread. annotator: the person whose actions these are; "" for a program.

    Every method raises DataError where the file can't be read or written; then nothing has changed.
    """

    @classmethod
    def open(cls, path: Path, annotator: str = "", new: bool = False) -> LabelFile:
        """new: makes the file where it does not exist. Raises DataError, also for a file of another version, which stays unchanged."""
        path = Path(path)
        if not path.exists():
            if not new:
                raise DataError(f"{path} does not exist.", "Make a label file with `zoomearth label import`, or in QGIS.")
            with errors(path):
                create(path)
        with errors(path):
            file = connect(path, "rw" if os.access(path, os.W_OK) else "ro")
        try:
            with errors(path):
                version = geopackage.version(file)
                if version is None:
                    raise DataError(f"{path} is a GeoPackage without labels.", "Name a label file, or a new file.")
                if version != VERSION:
                    age, remedy = (
                        ("a newer", "Update ZoomEarth.") if version > VERSION else ("an older", "Open it in the ZoomEarth that made it.")
                    )
                    raise DataError(f"{path} has labels of {age} version: {version}, and this ZoomEarth reads {VERSION}.", remedy)
            return cls(path, file, annotator)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LabelFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def act(self, what: str, changes: Sequence[Change], annotator: Optional[str] = None, undoes: Optional[str] = None) -> None:
        """All changes in one transaction, with an event for each row: one undo reverses them all. annotator: "" for a program."""
        action, time, who = new_id(), now(), self.annotator if annotator is None else annotator
        with self._transaction():
            for change in changes:
                before = to_columns(change.before) if change.before else None
                after = self._write(change)
                self._log(Event(new_id(), action, time, who, change.kind, (change.after or change.before).id, what, before, after, undoes))

    def add(self, *rows: Row, what: str = "add") -> None:
        """Adds images, boxes, questions and proposals, in this order, in one action. Raises DataError where an id is taken."""
        self.act(what, [Change(_kind(row), None, row) for row in rows])

    def change(self, *rows: Row, what: str = "edit") -> None:
        """Replaces images, boxes and questions by other versions with the same ids, in one action."""
        self.act(what, [Change(_kind(row), self.get(type(row), row.id), row) for row in rows])

    def accept(self, id: str, **texts: Any) -> None:
        """texts: fields as this person has seen them, where others have changed them: see `next_for_second`."""
        self._decide(id, ACCEPTED, **texts)

    def reject(self, id: str, reason: str = REASONS[0], **texts: Any) -> None:
        self._decide(id, REJECTED, reason, **texts)

    def unsure(self, id: str, **texts: Any) -> None:
        self._decide(id, UNSURE, **texts)

    def edit(self, id: str, **texts: Any) -> None:
        """Changes a question's fields (question, answer, category, thoughts, ...) as a person, and accepts it."""
        before = self.get(Question, id)
        after = replace(before, **{"verdict": ACCEPTED, "reason": "", **texts}, edited=True, annotator=self.annotator, decided=now())
        self.act("edit", [Change("question", before, after)])

    def remove(self, id: str) -> None:
        """Removes a box with its questions; undo brings them back."""
        questions = self.questions(box=id)
        gone = [Change("question", question, None) for question in questions]
        self.act("remove", [*gone, Change("box", self.get(LabelBox, id), None)])

    def regenerate(self, image: str, box: str, questions: Sequence[Question], proposal: Optional[Proposal] = None) -> list[Question]:
        """Replaces the candidates of a box ("": of the whole image) that no person has touched. A new question that a person has decided
        already, with whatever verdict, is left out. Returns the questions that were added."""
        existing = self.asked(image, box)
        stay = {_plain(question.question) for question in existing if question.touched}
        fresh: dict[str, Question] = {}
        for question in questions:
            if (text := _plain(question.question)) not in stay:
                fresh.setdefault(text, question)
        changes = [Change("question", question, None) for question in existing if not question.touched]
        changes += [Change("proposal", None, proposal)] if proposal else []
        changes += [Change("question", None, question) for question in fresh.values()]
        if changes:
            self.act(REGENERATE, changes, annotator="")
        return list(fresh.values())

    def move_image(self, id: str, path: str) -> None:
        """The new path of a raster that was moved. Raises DataError where the file there is another raster."""
        image = self.get(LabelImage, id)
        try:
            checksum = checksum_of(path)
        except OSError as error:
            raise DataError(f"{path} can't be read: {error.strerror}.", "Give the path where the raster is now.") from error
        if image.checksum and checksum and image.checksum != checksum:
            raise DataError(
                f"{path} is not the raster that was labelled as {image.path}: its content differs.", "Give the path of the same raster."
            )
        self.act("move", [Change("image", image, replace(image, path=path, checksum=checksum or image.checksum))])

    def undo(self, what: str = "") -> Optional[str]:
        """Reverses this annotator's last action that is not undone, or the last one of this name, and returns its name; None where there is
        none. Raises DataError where a row of it was changed since by somebody else."""
        last = self._select(
            "SELECT action, what FROM events AS e WHERE annotator = ?1 AND (?2 = '' OR what = ?2) AND undoes IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM events WHERE undoes = e.action) ORDER BY fid DESC LIMIT 1",
            self.annotator,
            what,
        )
        if not last:
            return None
        action = last[0]["action"]
        events = [event_of(row) for row in self._select("SELECT * FROM events WHERE action = ? ORDER BY fid DESC", action)]
        changes = []
        for event in events:
            kind = KINDS[event.kind]
            rows = self._rows(kind, "id = ?", event.target)
            current = rows[0] if rows else None
            if current != (from_columns(kind, event.after) if event.after else None):
                raise DataError(
                    f"This {event.kind} was changed since by another person, so {last[0]['what']!r} can't be undone.", "Edit it instead."
                )
            if event.kind == "image" and event.before is None:
                continue  # other boxes may be on it by now
            if event.kind == "box" and event.before is None:
                changes += self._orphans(event.target, {each.target for each in events})
            changes.append(Change(event.kind, current, from_columns(kind, event.before) if event.before else None))
        self.act("undo", changes or [Change(events[0].kind, current, current)], undoes=action)
        return str(last[0]["what"])

    def append(self, events: Iterable[Event], rows: Iterable[Change]) -> None:
        """Takes over events of another file, with the state of the rows that follows from them (see `merge`)."""
        with self._transaction():
            for event in events:
                self._log(event)
            for change in rows:
                self._write(change)

    # Below

    def _orphans(self, box: str, besides: set[str]) -> list[Change]:
        """The candidates of a box whose drawing is undone. Raises DataError where a person has decided one."""
        questions = [each for each in self.questions(box=box) if each.id not in besides]
        if any(each.touched for each in questions):
            raise DataError("Questions about this box were decided, so its drawing can't be undone.", "Remove the box instead.")
        return [Change("question", each, None) for each in questions]

    def _decide(self, id: str, verdict: str, reason: str = "", **texts: Any) -> None:
        before = self.get(Question, id)
        after = replace(before, **texts, verdict=verdict, reason=reason, annotator=self.annotator, decided=now())
        self.act(verdict, [Change("question", before, after)])

    def _write(self, change: Change) -> Optional[dict[str, Any]]:
        """Writes the row, and returns its columns; None where it was removed."""
        name = table(change.kind)
        if change.before and self._rows(type(change.before), "id = ?", change.before.id) != [change.before]:
            message = f"This {change.kind} was changed by another program just now."
            raise DataError(message, "Look at it again, and repeat the action; nothing was changed.")
        if change.after is None:
            self._file.execute(sql("DELETE FROM {} WHERE id = ?", name), (change.before.id,))
            return None
        logged = to_columns(change.after)
        columns = dict(logged)
        if change.kind == "box":
            columns["geom"], columns["srs"] = geopackage.geometry(self._file, change.after, self.get(LabelImage, change.after.image))
        if change.before is None:
            try:
                insert(self._file, name, columns)
            except sqlite3.IntegrityError:
                message = f"{self.path} has the {change.kind} {change.after.id!r} already."
                raise DataError(message, "It was not added again. Merge two files with `zoomearth label merge`.") from None
        else:
            statement = " ".join(("UPDATE {} SET", ", ".join(["{} = ?"] * len(columns)), "WHERE id = ?"))
            self._file.execute(sql(statement, name, *columns), [*columns.values(), change.after.id])
        return logged

    def _log(self, event: Event) -> None:
        values = {name: getattr(event, name) for name in EVENTS}
        texts = {name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value for name, value in values.items()}
        insert(self._file, "events", texts)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with errors(self.path):
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._file.execute("COMMIT")
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise


def is_label_file(path: Path) -> bool:
    """Whether the file is a GeoPackage with labels, of any version."""
    try:
        with open(path, "rb") as beginning:
            if beginning.read(16) != b"SQLite format 3\0":
                return False
        file = connect(path, "ro")
        try:
            return geopackage.version(file) is not None
        finally:
            file.close()
    except (OSError, sqlite3.Error):
        return False


def _kind(row: Row) -> str:
    return kind_name(type(row))


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?. ")
