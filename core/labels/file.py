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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional, cast

from ..errors import DataError
from . import geopackage
from .connection import connect, create, errors, insert, sql
from .geopackage import EVENTS, VERSION, table
from .rows import (
    ACCEPTED,
    CANDIDATE,
    KINDS,
    REASONS,
    REJECTED,
    UNSURE,
    LabelBox,
    LabelImage,
    Proposal,
    Question,
    R,
    checksum_of,
    from_columns,
    new_id,
    now,
    to_columns,
)

REGENERATE = "regenerate"
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


class LabelFile:
    """An open label file, used on one thread. annotator: the person whose actions these are; "" for a program.

    Every method raises DataError where the file can't be read or written; then nothing has changed.
    """

    def __init__(self, path: Path, file: sqlite3.Connection, annotator: str) -> None:
        self.path, self.annotator, self._file = path, annotator, file

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

    # Reading

    def get(self, kind: type[R], id: str) -> R:
        """The row of this id. Raises DataError where there is none."""
        rows = self._rows(kind, "id = ?", id)
        if not rows:
            raise DataError(f"{self.path} has no {_name(kind)} {id!r}.", "Another person may have removed it: reload the list.")
        return rows[0]

    def images(self) -> list[LabelImage]:
        return self._rows(LabelImage)

    def boxes(self, image: str = "") -> list[LabelBox]:
        """All boxes, or those of one image, in the order in which they were drawn."""
        return self._rows(LabelBox, "image = ?", image) if image else self._rows(LabelBox)

    def questions(self, image: str = "", box: str = "", verdict: str = "") -> list[Question]:
        """All questions in order, or those of an image, a box or a verdict."""
        given = {name: value for name, value in (("image", image), ("box", box), ("verdict", verdict)) if value}
        return self._rows(Question, " AND ".join(f"{name} = ?" for name in given), *given.values())

    def asked(self, image: str, box: str = "") -> list[Question]:
        """The questions about a box, or about the image as a whole, in order."""
        return self._rows(Question, "box = ? AND image = ?", box, image)

    def page(self, after: int = 0, limit: int = 100, verdict: str = "") -> list[tuple[int, Question]]:
        """Questions with their places, in order, behind the place `after`: for lists that show thousands."""
        query = "SELECT * FROM questions WHERE fid > ?1 AND (?3 = '' OR verdict = ?3) ORDER BY fid LIMIT ?2"
        return [(row["fid"], self._row(Question, row)) for row in self._select(query, after, limit, verdict)]

    def proposals(self) -> list[Proposal]:
        return self._rows(Proposal)

    def next(self, after: str = "", verdict: str = CANDIDATE) -> Optional[Question]:
        """The next question with this verdict behind the question `after`, or the first one; None where there is none."""
        query = (
            "SELECT * FROM questions WHERE verdict = ? AND fid > coalesce((SELECT fid FROM questions WHERE id = ?), 0) ORDER BY fid LIMIT 1"
        )
        rows = self._select(query, verdict, after) or (self._select(query, verdict, "") if after else [])
        return self._row(Question, rows[0]) if rows else None

    def beside(self, id: str, back: bool = False) -> Optional[Question]:
        """The question behind another, or before it; None at the end of the list."""
        way = "fid < (SELECT fid FROM questions WHERE id = ?) ORDER BY fid DESC LIMIT 1"
        way = way if back else way.replace("<", ">").replace("DESC", "ASC")
        rows = self._select(" ".join(("SELECT * FROM questions WHERE", way)), id)
        return self._row(Question, rows[0]) if rows else None

    def next_for_second(self, after: str = "") -> Optional[Question]:
        """For a blind second pass: the next question that others have decided and this annotator has not, shown without their verdict."""
        query = (
            "SELECT * FROM questions AS q WHERE verdict != ? AND fid > coalesce((SELECT fid FROM questions WHERE id = ?), 0) AND NOT EXISTS"
            " (SELECT 1 FROM events WHERE target = q.id AND annotator = ?) ORDER BY fid LIMIT 1"
        )
        rows = self._select(query, CANDIDATE, after, self.annotator)
        return replace(self._row(Question, rows[0]), verdict=CANDIDATE, reason="", annotator="", decided="") if rows else None

    def counts(self) -> dict[str, int]:
        """The number of questions by verdict."""
        return {row["verdict"]: row["n"] for row in self._select("SELECT verdict, count(*) AS n FROM questions GROUP BY verdict")}

    def filled(self, level: str = "") -> dict[str, int]:
        """How many questions of a level, or of all, each category has; rejected ones do not count."""
        query = "SELECT category, count(*) AS n FROM questions WHERE verdict != ?1 AND (?2 = '' OR level = ?2) GROUP BY category"
        return {row["category"]: row["n"] for row in self._select(query, REJECTED, level)}

    def layers(self) -> list[str]:
        """The names of the layers of boxes: one for each CRS."""
        return [row["table_name"] for row in self._select("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]

    def events(self) -> Iterator[Event]:
        """The whole log, in order."""
        for row in self._select("SELECT * FROM events ORDER BY fid"):
            yield _event(row)

    def latest(self) -> Optional[Event]:
        """The last event of the log."""
        rows = self._select("SELECT * FROM events ORDER BY fid DESC LIMIT 1")
        return _event(rows[0]) if rows else None

    # Acting

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

    def accept(self, id: str) -> None:
        self._decide(id, ACCEPTED)

    def reject(self, id: str, reason: str = REASONS[0]) -> None:
        self._decide(id, REJECTED, reason)

    def unsure(self, id: str) -> None:
        self._decide(id, UNSURE)

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

    def check_image(self, image: LabelImage) -> None:
        """Raises DataError where the raster is missing, or its file has another content than when it was labelled."""
        if not image.checksum:
            return
        try:
            same = checksum_of(image.path) == image.checksum
        except OSError:
            hint = "Put it back, or tell the label file where it is: in QGIS, or `zoomearth label move`."
            raise DataError(f"{image.path} is not there: the raster was moved, or its disk is not mounted.", hint) from None
        if not same:
            raise DataError(
                f"{image.path} has changed since it was labelled.", "Boxes may not fit: restore the file, or label it as a new image."
            )

    def undo(self) -> Optional[str]:
        """Reverses this annotator's last action that is not undone, and returns what it was; None where there is none. Raises DataError
        where a row of it was changed since by somebody else."""
        last = self._select(
            "SELECT action, what FROM events AS e WHERE annotator = ? AND undoes IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM events WHERE undoes = e.action) ORDER BY fid DESC LIMIT 1",
            self.annotator,
        )
        if not last:
            return None
        action = last[0]["action"]
        events = [_event(row) for row in self._select("SELECT * FROM events WHERE action = ? ORDER BY fid DESC", action)]
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

    def _decide(self, id: str, verdict: str, reason: str = "") -> None:
        before = self.get(Question, id)
        after = replace(before, verdict=verdict, reason=reason, annotator=self.annotator, decided=now())
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

    def _rows(self, kind: type[R], where: str = "", *values: Any) -> list[R]:
        query = " ".join((sql("SELECT * FROM {}", table(_name(kind))), f"WHERE {where}" if where else "", "ORDER BY fid"))
        return [self._row(kind, row) for row in self._select(query, *values)]

    def _row(self, kind: type[R], row: sqlite3.Row) -> R:
        try:
            return from_columns(kind, cast(Any, row))
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{self.path} has a damaged {_name(kind)} (row {row['fid']}): {error}.", "Restore the row, or a copy."
            ) from error

    def _select(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with errors(self.path):
            return self._file.execute(query, values).fetchall()


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


def _event(row: sqlite3.Row) -> Event:
    values = {name: row[name] for name in EVENTS}
    texts = {name: json.loads(values[name]) if values[name] else None for name in ("before", "after")}
    return Event(**{**values, **texts})


def _kind(row: Row) -> str:
    return _name(type(row))


def _name(kind: type) -> str:
    return next(name for name, each in KINDS.items() if each is kind)


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?. ")
