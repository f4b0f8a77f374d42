"""The GeoPackage of a project's results: one table of all exchanges, and for each raster a table of ROIs and a table of answers.

    exchanges        one row for each exchange, as JSON
    rois_<layer>     one polygon for each view after the global one
    answers_<layer>  one polygon for each question: the place asked about, with the answer

The tables of ROIs and answers have the columns of `core/roi_table.py`, which the command line writes too. A table of answers has columns
for answers with a type besides, each of that type: see `result_rows.typed_values`. The description of such a table
in the GeoPackage names its raster, as `Exchange.raster`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Container, Iterable, Mapping, Optional

from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ..log import say
from .exchange import Exchange
from .geopackage import add_row, columns, copy, reading, sql, tables, touch, unwritable, writing
from .geopackage_tables import add_columns, add_table, begin, column_types
from .result_rows import CHECKS, ROI_FIELDS, answer_geometry, answer_values, roi_geometry, roi_values, typed_values

PATIENCE = 1.0  # seconds that a write waits for another program's lock
MAGIC = b"SQLite format 3\0"
EXCHANGES = "exchanges"
ROIS, ANSWERS = "rois", "answers"  # the kinds of layers; also how their tables' names begin
EXCHANGE_FIELDS = {
    "exchange": QVariant.String,
    "time": QVariant.String,
    "question": QVariant.String,
    "answer": QVariant.String,
    "meaningless": QVariant.Bool,
    "source": QVariant.String,
    "data": QVariant.String,
}


@dataclass
class Written:
    """tables: the tables that rows were added to, by (kind, `Exchange.raster`). touched: all tables of layers whose rows have changed."""

    tables: dict[tuple[str, str], str]
    touched: set[str]


class ResultsFile:
    """One GeoPackage, which may not exist yet. All methods but `open` may be called on any thread, by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outdated = False  # whether `read` found that an older version wrote the file: `write` adds what it lacks

    @property
    def folder(self) -> Path:
        """The folder of the files that tools have made; it may not exist yet."""
        return self.path.with_suffix("")

    @property
    def exists(self) -> bool:
        """Whether the file exists and is not empty: a full disk may have left an empty one."""
        return self.path.is_file() and self.path.stat().st_size > 0

    @property
    def is_database(self) -> bool:
        """Whether the file exists and begins as an SQLite file does."""
        try:
            with self.path.open("rb") as file:
                return file.read(len(MAGIC)) == MAGIC
        except OSError:
            return False

    @property
    def identity(self) -> Optional[tuple[int, int]]:
        """Device and inode of the file: another file at the same path has others. None where there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def read(self, patience: float = PATIENCE) -> list[Exchange]:
        """Every exchange, oldest first; a row that can't be read is skipped, with a line in the log. Raises SceneError."""
        if not self.exists:
            return []
        with reading(self.path, patience) as file:
            known = {"time", "data"} <= set(columns(file, EXCHANGES))
            rows = file.execute(sql("SELECT data FROM {} ORDER BY time, rowid", EXCHANGES)).fetchall() if known else []
            checks = self._checks(file)
            self.outdated = self._is_outdated(file)
        exchanges = []
        for (data,) in rows:
            try:
                exchange = Exchange.from_dict(json.loads(data))
                for name, value in checks.get(exchange.id, {}).items():
                    setattr(exchange, name, value)
                exchanges.append(exchange)
            except (KeyError, TypeError, ValueError) as error:
                say(f"{self.path}: an exchange can't be read: {error!r}")
        return exchanges

    def summary(self) -> tuple[int, str]:
        """The number of exchanges, and the first question. Raises SceneError."""
        with reading(self.path, 0) as file:
            known = {"time", "question"} <= set(columns(file, EXCHANGES))
            rows = file.execute(sql("SELECT question FROM {} ORDER BY time, rowid", EXCHANGES)).fetchall() if known else []
        return len(rows), str(rows[0][0]) if rows else ""

    def ids(self) -> set[str]:
        """The ids of the exchanges in the file. Raises SceneError."""
        if not self.exists:
            return set()
        with reading(self.path, PATIENCE) as file:
            return self._ids(file)

    def write(self, changes: Mapping[str, Optional[Exchange]], known: Iterable[Exchange] = ()) -> Written:
        """Writes all changes in one transaction. Raises SceneError; nothing is written then.

        A file of an older version gets the columns and the answers' features that it lacks.
        changes: by the exchange's id; an exchange replaces its older row; None removes the row.
        known: exchanges that are written only if the file lacks them.
        """
        if not self.exists:
            begin(self.path, EXCHANGES, EXCHANGE_FIELDS)
        with writing(self.path, PATIENCE) as file:
            if EXCHANGES not in tables(file):
                add_table(file, EXCHANGES, EXCHANGE_FIELDS, QgsWkbTypes.Type.NoGeometry, "")
            add_columns(file, EXCHANGES, EXCHANGE_FIELDS)
            existing = self._ids(file)
            rowids = self._rowids(file, changes)
            written = Written({}, self._remove(file, changes))
            self._upgrade(file, written)
            added = [exchange for exchange in known if exchange.id not in existing and exchange.id not in changes]
            added += [exchange for exchange in changes.values() if exchange]
            for exchange in sorted(added, key=lambda exchange: exchange.time):
                written.tables.update(self._add(file, exchange, rowids))
            written.touched.update(written.tables.values())
            for table in (EXCHANGES, *written.touched):
                touch(file, table)
        return written

    def discard(self, ids: Iterable[str]) -> None:
        """Removes exchanges, and the file itself when no exchange remains. Raises SceneError."""
        if self.exists:
            with writing(self.path, PATIENCE) as file:
                self._remove(file, set(ids))
                ((count,),) = file.execute(sql("SELECT count(*) FROM {}", EXCHANGES))
            if not count:
                self.path.unlink()

    def copy_to(self, path: Path) -> None:
        """Copies the whole file to `path`, and what tools have made. Raises SceneError; no incomplete file is left then."""
        try:
            if self.folder.is_dir():
                hidden = shutil.ignore_patterns(".*")  # of a tool that is at work
                shutil.copytree(self.folder, ResultsFile(path).folder, ignore=hidden, dirs_exist_ok=True)
        except OSError as error:  # shutil.Error is one
            raise unwritable(ResultsFile(path).folder, error) from error
        copy(self.path, path, PATIENCE)

    def take(self, origin: ResultsFile, delete: bool) -> None:
        """Copies what a tool has written since the files of `origin` were copied. delete: then deletes the files of the origin."""
        with suppress(OSError):
            for file in list(origin.folder.iterdir()):
                with suppress(OSError):  # a journal of SQLite is gone already, a tool is at work, or a layer holds the file open
                    if not (self.folder / file.name).exists() and not file.name.startswith("."):
                        self.folder.mkdir(exist_ok=True)
                        shutil.copyfile(file, self.folder / file.name)
                    if delete and (self.folder / file.name).exists():
                        file.unlink()
            if delete:
                origin.folder.rmdir()

    def uri(self, table: str) -> str:
        """The URI of a table for the OGR provider."""
        return f"{self.path}|layername={table}"

    def open(self, table: str) -> QgsVectorLayer:
        """A layer of a table; to be called on the GUI thread only."""
        options = QgsVectorLayer.LayerOptions(QgsCoordinateTransformContext())
        options.loadDefaultStyle = False
        return QgsVectorLayer(self.uri(table), table, "ogr", options)

    def _add(self, file: sqlite3.Connection, exchange: Exchange, rowids: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], str]:
        """rowids: see `_rowids`."""
        row = {"exchange": exchange.id, "time": exchange.time, "question": exchange.question, "answer": exchange.answer or ""}
        data = json.dumps(exchange.to_dict())
        own = {"rowid": rowids.get((EXCHANGES, exchange.id)), "meaningless": exchange.meaningless}
        add_row(file, EXCHANGES, {**own, **row, "source": exchange.source, "data": data})
        if not exchange.question or exchange.is_run:  # the layer of what a tool or a run has made is in a file of its own
            return {}
        written = {(ANSWERS, exchange.raster): self._add_answer(file, exchange, rowids)}
        if exchange.looks:
            rois = written[ROIS, exchange.raster] = self._table(file, ROIS, exchange)
            for view in exchange.looks:
                add_row(file, rois, roi_values(exchange, view), roi_geometry(view))
        return written

    def _add_answer(self, file: sqlite3.Connection, exchange: Exchange, rowids: Mapping[tuple[str, str], int]) -> str:
        """Adds the answer's feature; returns its table."""
        table = self._table(file, ANSWERS, exchange)
        row = {"rowid": rowids.get((table, exchange.id)), **answer_values(exchange)}
        if exchange.answer_type:
            typed = typed_values(exchange, column_types(file, table))
            add_columns(file, table, {name: kind for name, (kind, _) in typed.items()})
            row.update((name, value) for name, (_, value) in typed.items())
        add_row(file, table, row, answer_geometry(exchange))
        return table

    def _upgrade(self, file: sqlite3.Connection, written: Written) -> None:
        """Adds what a file of an older version lacks."""
        for table in self._layers(file):
            if not ROI_FIELDS.keys() <= set(columns(file, table)):
                add_columns(file, table, ROI_FIELDS)
                written.touched.add(table)
        for exchange in self._unplaced(file):
            written.tables[ANSWERS, exchange.raster] = self._add_answer(file, exchange, {})

    def _is_outdated(self, file: sqlite3.Connection) -> bool:
        """Whether the file lacks something, and can be written to."""
        lacking = any(not ROI_FIELDS.keys() <= set(columns(file, table)) for table in self._layers(file)) or self._unplaced(file)
        return bool(lacking) and all(os.access(place, os.W_OK) for place in (self.path, self.path.parent))

    def _unplaced(self, file: sqlite3.Connection) -> list[Exchange]:
        """The questions that have no feature in a table of answers, as in files of older versions; a run has none."""
        if not {"exchange", "question", "data"} <= set(columns(file, EXCHANGES)):
            return []
        placed = {id for table in self._layers(file, ANSWERS) for (id,) in file.execute(sql("SELECT exchange FROM {}", table))}
        ids = file.execute(sql("SELECT exchange FROM {} WHERE question != ''", EXCHANGES)).fetchall()
        exchanges = []
        for (id,) in (row for row in ids if row[0] not in placed):  # few: their data has the pictures
            ((data,),) = file.execute(sql("SELECT data FROM {} WHERE exchange = ?", EXCHANGES), (id,)).fetchmany(1)
            with suppress(KeyError, TypeError, ValueError):  # it can't be read, and the log says so when the file is read
                exchanges.append(Exchange.from_dict(json.loads(data)))
        return [exchange for exchange in exchanges if not exchange.is_run]

    def _checks(self, file: sqlite3.Connection) -> dict[str, dict[str, Optional[str]]]:
        """What persons say about the answers, by exchange: it may have been written into the features themselves."""
        query = "SELECT exchange, {}, {}, {}, {} FROM {}"
        tables = [table for table in self._layers(file, ANSWERS) if set(CHECKS) <= set(columns(file, table))]
        rows = (row for table in tables for row in file.execute(sql(query, *CHECKS, table)))
        return {id: dict(zip(CHECKS, values)) for id, *values in rows}

    def _ids(self, file: sqlite3.Connection) -> set[str]:
        known = "exchange" in columns(file, EXCHANGES)
        return {id for (id,) in file.execute(sql("SELECT exchange FROM {}", EXCHANGES))} if known else set()

    def _rowids(self, file: sqlite3.Connection, ids: Iterable[str]) -> dict[tuple[str, str], int]:
        """The rows of these exchanges, by table and id: what replaces a row takes its place in the order and stays selected on the map."""
        query = "SELECT rowid FROM {} WHERE exchange = ?"
        listed = (EXCHANGES, *self._layers(file, ANSWERS))
        return {(table, id): row for table in listed for id in ids for (row,) in file.execute(sql(query, table), (id,))}

    def _remove(self, file: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
        """Removes the rows of these exchanges; returns the tables of layers whose rows were removed."""
        touched = set()
        for id in ids:
            file.execute(sql("DELETE FROM {} WHERE exchange = ?", EXCHANGES), (id,))
            for table in self._layers(file):
                if file.execute(sql("DELETE FROM {} WHERE exchange = ?", table), (id,)).rowcount:
                    touched.add(table)
        return touched

    def _layers(self, file: sqlite3.Connection, *kinds: str) -> dict[str, str]:
        """The tables of these kinds, by default of both, with their descriptions."""
        begins = tuple(f"{kind}_" for kind in kinds or (ROIS, ANSWERS))
        listed = tables(file).items()
        return {name: description for name, description in listed if name.startswith(begins) and "exchange" in columns(file, name)}

    def _table(self, file: sqlite3.Connection, kind: str, exchange: Exchange) -> str:
        """The raster's table of that kind; adds it where there is none."""
        for name, description in self._layers(file, kind).items():
            if description == exchange.raster or self._belongs(file, name, description, exchange.source):
                add_columns(file, name, ROI_FIELDS)
                return name
        existing = {name.lower() for (name,) in file.execute("SELECT name FROM sqlite_master")}
        name = numbered(table_of(kind, exchange), existing)
        geometry = {ROIS: QgsWkbTypes.Type.Polygon, ANSWERS: QgsWkbTypes.Type.MultiPolygon}[kind]
        add_table(file, name, ROI_FIELDS, geometry, exchange.crs, description=exchange.raster)
        return name

    def _belongs(self, file: sqlite3.Connection, table: str, description: str, source: str) -> bool:
        """Whether a table without description, of an older version, has rows of the raster."""
        query = sql("SELECT 1 FROM {} JOIN {} AS asked USING (exchange) WHERE asked.source = ? LIMIT 1", table, EXCHANGES)
        return not description and file.execute(query, (source,)).fetchone() is not None


def table_of(kind: str, exchange: Exchange) -> str:
    """The name of the first table of that kind in a file about the exchange's raster."""
    return f"{kind}_{slug(exchange.layer)}"


def numbered(stem: str, existing: Container[str]) -> str:
    """The name, with a number where it exists already."""
    return next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))) if name not in existing)


def slug(name: str) -> str:
    """The name in letters, digits and underscores, for the name of a table or a file."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain).strip("_").lower()[:40] or "raster"
