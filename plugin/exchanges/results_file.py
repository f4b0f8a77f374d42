"""The GeoPackage of a project's results: one table of all exchanges, and for each raster a table of ROIs and a table of answers.

    exchanges        one row for each exchange, as JSON
    rois_<layer>     one polygon for each view after the global one
    answers_<layer>  one polygon for each question: the place asked about, with the answer

The tables of ROIs and answers have the columns of `core/roi_table.py`, which the command line writes too. The description of such a table
in the GeoPackage names its raster, as `Exchange.raster`.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Container, Iterable, Mapping, Optional, Union

from qgis.core import QgsCoordinateTransformContext, QgsGeometry, QgsPointXY, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ...core.roi_table import FIELDS, ZOOM_OUT, Facts, answer_row, view_row
from ..log import say
from .endings import reason
from .exchange import Exchange, PicturedView, UsedTool
from .geopackage import add_row, columns, copy, reading, sql, tables, touch, unwritable, writing
from .geopackage_tables import add_columns, add_table, begin

PATIENCE = 1.0  # seconds that a write waits for another program's lock
MAGIC = b"SQLite format 3\0"
EXCHANGES = "exchanges"
ROIS, ANSWERS = "rois", "answers"  # the kinds of layers; also how their tables' names begin
TYPES = {str: QVariant.String, int: QVariant.Int, float: QVariant.Double, bool: QVariant.Bool}
ROI_FIELDS = {name: TYPES[kind] for name, kind in FIELDS.items()}  # of both kinds of layers
EXCHANGE_FIELDS = {
    "exchange": QVariant.String,
    "time": QVariant.String,
    "question": QVariant.String,
    "answer": QVariant.String,
    "meaningless": QVariant.Bool,
    "source": QVariant.String,
    "data": QVariant.String,
}


def roi_values(exchange: Exchange, view: PicturedView) -> dict[str, Any]:
    """The attributes of a view after the global one, by the names of ROI_FIELDS."""
    return view_row(_facts(exchange), view, brought_back=view.label == ZOOM_OUT)


def roi_geometry(view: Union[PicturedView, UsedTool]) -> QgsGeometry:
    """The box in map units of the raster's CRS."""
    return QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in view.corners]])


def answer_values(exchange: Exchange) -> dict[str, Any]:
    """An answer's attributes, by the names of ROI_FIELDS."""
    return answer_row(_facts(exchange), exchange.views)


def _facts(exchange: Exchange) -> Facts:
    return Facts(
        exchange=exchange.id,
        question=exchange.question,
        answer=exchange.answer,
        model=exchange.model,
        time=exchange.time,
        stopped=exchange.stopped or exchange.status.value,
        error=reason(exchange) or None,
        confidence=exchange.confidence,
        meaningless=exchange.meaningless,
        checked=exchange.checked,
        checked_by=exchange.checked_by,
        checked_at=exchange.checked_at,
        note=exchange.note,
        layer=exchange.layer,
        source=exchange.scene,
        region=exchange.region,
        compare=exchange.compare,
    )


def answer_geometry(exchange: Exchange) -> QgsGeometry:
    """The place asked about, a multipolygon in map units of the raster's CRS; empty where its rings are not valid."""
    shape = QgsGeometry()
    try:
        for ring in exchange.place:
            polygon = QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in ring]])
            shape = polygon if shape.isNull() else shape.symDifference(polygon)  # the even-odd rule
    except (TypeError, ValueError):  # rings of another version: the answer is stored without a place
        return QgsGeometry()
    shape.convertToMultiType()
    return shape


@dataclass
class Written:
    """tables: the tables that rows were added to, by (kind, `Exchange.raster`). touched: all tables of layers whose rows have changed."""

    tables: dict[tuple[str, str], str]
    touched: set[str]


class ResultsFile:
    """One GeoPackage, which may not exist yet. All methods but `open` may be called on any thread, by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

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
        exchanges = []
        for (data,) in rows:
            try:
                exchanges.append(Exchange.from_dict(json.loads(data)))
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
            written = Written({}, self._remove(file, changes))
            added = [exchange for exchange in known if exchange.id not in existing and exchange.id not in changes]
            added += [exchange for exchange in changes.values() if exchange]
            for exchange in sorted(added, key=lambda exchange: exchange.time):
                written.tables.update(self._add(file, exchange))
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
        with suppress(OSError):  # a tool may be at work in the folder, or a layer may hold a file open
            for file in origin.folder.iterdir():
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

    def _add(self, file: sqlite3.Connection, exchange: Exchange) -> dict[tuple[str, str], str]:
        row = {"exchange": exchange.id, "time": exchange.time, "question": exchange.question, "answer": exchange.answer or ""}
        data = json.dumps(exchange.to_dict())
        add_row(file, EXCHANGES, {**row, "meaningless": exchange.meaningless, "source": exchange.source, "data": data})
        if not exchange.question:  # a tool was used: the layer of what it made is a file of its own
            return {}
        answers = self._table(file, ANSWERS, exchange)
        add_row(file, answers, answer_values(exchange), answer_geometry(exchange))
        written = {(ANSWERS, exchange.raster): answers}
        if exchange.looks:
            rois = written[ROIS, exchange.raster] = self._table(file, ROIS, exchange)
            for view in exchange.looks:
                add_row(file, rois, roi_values(exchange, view), roi_geometry(view))
        return written

    def _ids(self, file: sqlite3.Connection) -> set[str]:
        known = "exchange" in columns(file, EXCHANGES)
        return {id for (id,) in file.execute(sql("SELECT exchange FROM {}", EXCHANGES))} if known else set()

    def _remove(self, file: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
        """Removes the rows of these exchanges; returns the tables of layers whose rows were removed."""
        touched = set()
        for id in ids:
            file.execute(sql("DELETE FROM {} WHERE exchange = ?", EXCHANGES), (id,))
            for table in self._layers(file):
                if file.execute(sql("DELETE FROM {} WHERE exchange = ?", table), (id,)).rowcount:
                    touched.add(table)
        return touched

    def _layers(self, file: sqlite3.Connection) -> dict[str, str]:
        """The tables of ROIs and answers, with their descriptions."""
        return {
            name: description
            for name, description in tables(file).items()
            if name.startswith((f"{ROIS}_", f"{ANSWERS}_")) and "exchange" in columns(file, name)
        }

    def _table(self, file: sqlite3.Connection, kind: str, exchange: Exchange) -> str:
        """The raster's table of that kind; adds it where there is none."""
        for name, description in self._layers(file).items():
            if name.startswith(f"{kind}_") and (description == exchange.raster or self._belongs(file, name, description, exchange.source)):
                add_columns(file, name, ROI_FIELDS)
                return name
        stem = f"{kind}_{slug(exchange.layer)}"
        existing = {name.lower() for (name,) in file.execute("SELECT name FROM sqlite_master")}
        name = numbered(stem, existing)
        geometry = {ROIS: QgsWkbTypes.Type.Polygon, ANSWERS: QgsWkbTypes.Type.MultiPolygon}[kind]
        add_table(file, name, ROI_FIELDS, geometry, exchange.crs, description=exchange.raster)
        return name

    def _belongs(self, file: sqlite3.Connection, table: str, description: str, source: str) -> bool:
        """Whether a table without description, of an older version, has rows of the raster."""
        query = sql("SELECT 1 FROM {} JOIN {} AS asked USING (exchange) WHERE asked.source = ? LIMIT 1", table, EXCHANGES)
        return not description and file.execute(query, (source,)).fetchone() is not None


def numbered(stem: str, existing: Container[str]) -> str:
    """The name, with a number where it exists already."""
    return next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))) if name not in existing)


def slug(name: str) -> str:
    """The name in letters, digits and underscores, for the name of a table or a file."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain).strip("_").lower()[:40] or "raster"
