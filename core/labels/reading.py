"""What a label file holds: rows in order, pages of them, the next one to decide, counts, and the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, cast

from ..errors import DataError
from .connection import errors, sql
from .geopackage import table
from .log import Event, event_of
from .rows import CANDIDATE, KINDS, REJECTED, LabelBox, LabelImage, Proposal, Question, R, checksum_of, from_columns


class Reading:
    """The part of an open label file that only reads. annotator: see `LabelFile`. Every method raises DataError where the file can't be
    read."""

    def __init__(self, path: Path, file: sqlite3.Connection, annotator: str) -> None:
        self.path, self.annotator, self._file = path, annotator, file

    def get(self, kind: type[R], id: str) -> R:
        """The row of this id. Raises DataError where there is none."""
        rows = self._rows(kind, "id = ?", id)
        if not rows:
            raise DataError(f"{self.path} has no {kind_name(kind)} {id!r}.", "Another person may have removed it: reload the list.")
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

    def learned(self) -> list[Question]:
        """The questions that are answers of daily use, see `learning`."""
        return self._rows(Question, "extra LIKE ?", '%"exchange": %')

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
        """For a blind second pass: the next question that others have decided and this annotator has not, without their verdict and with
        the texts that it had before they edited it."""
        query = (
            "SELECT * FROM questions AS q WHERE verdict != ? AND fid > coalesce((SELECT fid FROM questions WHERE id = ?), 0) AND NOT EXISTS"
            " (SELECT 1 FROM events AS e WHERE target = q.id AND annotator = ? AND what NOT IN ('box', 'think') AND undoes IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM events WHERE undoes = e.action)) ORDER BY fid LIMIT 1"
        )
        rows = self._select(query, CANDIDATE, after, self.annotator)
        return self.undecided(self._row(Question, rows[0])) if rows else None

    def undecided(self, question: Question) -> Question:
        """The question as a second person sees it: as it was before another person touched it."""
        others = (event.before for event in self.events(question.id) if event.annotator not in ("", self.annotator) and event.what != "box")
        first = next(others, None)
        texts = {name: first[name] for name in ("question", "answer", "category")} if first else {}
        return replace(question, **texts, verdict=CANDIDATE, reason="", annotator="", decided="")

    def counts(self) -> dict[str, int]:
        """The number of questions by verdict."""
        return {row["verdict"]: row["n"] for row in self._select("SELECT verdict, count(*) AS n FROM questions GROUP BY verdict")}

    def filled(self, level: str = "") -> dict[str, int]:
        """How many questions of a level, or of all, each category has; rejected ones do not count."""
        query = "SELECT category, count(*) AS n FROM questions WHERE verdict != ?1 AND (?2 = '' OR level = ?2) GROUP BY category"
        return {row["category"]: row["n"] for row in self._select(query, REJECTED, level)}

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

    def annotators(self) -> list[str]:
        """The people who have acted, in order of their names."""
        return [row["annotator"] for row in self._select("SELECT DISTINCT annotator FROM events WHERE annotator != '' ORDER BY annotator")]

    def ids(self, only: str = "") -> set[str]:
        """Of all boxes and questions. only: this one, if it is there."""
        if only:
            rows = self._select("SELECT id FROM boxes WHERE id = ? UNION ALL SELECT id FROM questions WHERE id = ?", only, only)
        else:
            rows = self._select("SELECT id FROM boxes UNION ALL SELECT id FROM questions")
        return {row["id"] for row in rows}

    def layers(self) -> list[str]:
        """The names of the layers of boxes: one for each CRS."""
        return [row["table_name"] for row in self._select("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]

    def events(self, target: str = "", people: bool = False) -> Iterator[Event]:
        """The log, in order. target: only the events of this row; people: only what persons did to boxes and questions."""
        conditions = ["target = ?"] if target else []
        conditions += ["annotator != '' AND kind IN ('box', 'question')"] if people else []
        which = " ".join(("WHERE", " AND ".join(conditions))) if conditions else ""
        for row in self._select(" ".join(("SELECT * FROM events", which, "ORDER BY fid")), *([target] if target else [])):
            yield event_of(row)

    def latest(self) -> Optional[Event]:
        """The last event of the log."""
        rows = self._select("SELECT * FROM events ORDER BY fid DESC LIMIT 1")
        return event_of(rows[0]) if rows else None

    def _rows(self, kind: type[R], where: str = "", *values: Any) -> list[R]:
        query = " ".join((sql("SELECT * FROM {}", table(kind_name(kind))), f"WHERE {where}" if where else "", "ORDER BY fid"))
        return [self._row(kind, row) for row in self._select(query, *values)]

    def _row(self, kind: type[R], row: sqlite3.Row) -> R:
        try:
            return from_columns(kind, cast(Any, row))
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{self.path} has a damaged {kind_name(kind)} (row {row['fid']}): {error}.", "Restore the row, or a copy."
            ) from error

    def _select(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with errors(self.path):
            return self._file.execute(query, values).fetchall()


def kind_name(kind: type) -> str:
    """The name of a class of rows in `KINDS`."""
    return next(name for name, each in KINDS.items() if each is kind)
