"""The GeoPackage that keeps what was asked: a table with the exchanges whole, and for each raster a table of ROIs and one of answers.

    exchanges        one row an exchange, as JSON
    rois_<layer>     one polygon for each view after the global one
    answers_<layer>  one polygon for each question: the place asked about, with what came of it

The columns of rois and answers are those of `core/roi_table.py`, as the command line writes them, too.

The tables of a raster are found by their description in the GeoPackage, which is `Exchange.raster`.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional

from qgis.core import QgsCoordinateTransformContext, QgsGeometry, QgsPointXY, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from ...core.roi_table import FIELDS, ZOOM_OUT, Facts, answer_row, view_row
from ..log import say
from .endings import reason
from .exchange import Exchange, Seen
from .geopackage import add_row, columns, copy, reading, sql, tables, touch, writing
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


def roi_values(exchange: Exchange, seen: Seen) -> dict[str, Any]:
    """The attributes of a view after the global one, by the names of ROI_FIELDS."""
    return view_row(_facts(exchange), seen, brought_back=seen.label == ZOOM_OUT)


def roi_geometry(seen: Seen) -> QgsGeometry:
    """In map units of the raster's CRS."""
    return QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in seen.corners]])


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
        layer=exchange.layer,
        source=exchange.scene,
        region=exchange.region,
    )


def answer_geometry(exchange: Exchange) -> QgsGeometry:
    """The place asked about, a multipolygon in map units of the raster's CRS; empty where its rings can't be drawn."""
    shape = QgsGeometry()
    try:
        for ring in exchange.place:
            polygon = QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in ring]])
            shape = polygon if shape.isNull() else shape.symDifference(polygon)  # the even-odd rule
    except (TypeError, ValueError):  # rings of another version: the answer is kept without a place
        return QgsGeometry()
    shape.convertToMultiType()
    return shape


@dataclass
class Written:
    """tables: of the rasters whose exchanges were written, by (kind, `Exchange.raster`); touched: of layers with other rows than before."""

    tables: dict[tuple[str, str], str]
    touched: set[str]


class ResultsFile:
    """One GeoPackage, which need not exist yet. All but `open` may be used on any thread, by one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether there is a file with something in it: a full disk may have left an empty one."""
        return self.path.is_file() and self.path.stat().st_size > 0

    @property
    def is_database(self) -> bool:
        """Whether it has the head of an SQLite file, read only where it exists."""
        try:
            with self.path.open("rb") as file:
                return file.read(len(MAGIC)) == MAGIC
        except OSError:
            return False

    @property
    def identity(self) -> Optional[tuple[int, int]]:
        """Of the file itself: another one under the same name has another. None where there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def read(self, patience: float = PATIENCE) -> list[Exchange]:
        """Every exchange, oldest first; a row that is none is passed over, with a line in the log. Raises SceneError."""
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
        """How many exchanges there are, and the first question. Raises SceneError."""
        with reading(self.path, 0) as file:
            known = {"time", "question"} <= set(columns(file, EXCHANGES))
            rows = file.execute(sql("SELECT question FROM {} ORDER BY time, rowid", EXCHANGES)).fetchall() if known else []
        return len(rows), str(rows[0][0]) if rows else ""

    def ids(self) -> set[str]:
        """Of the exchanges in the file. Raises SceneError."""
        if not self.exists:
            return set()
        with reading(self.path, PATIENCE) as file:
            return self._ids(file)

    def write(self, changes: Mapping[str, Optional[Exchange]], known: Iterable[Exchange] = ()) -> Written:
        """All changes in one transaction. Raises SceneError, and then nothing is written.

        changes: by the exchange's id; it is written whole, in place of an older row; None: it is removed.
        known: exchanges that are written only where the file lacks them.
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
        """Removes exchanges, and the file with the last of them. Raises SceneError."""
        if self.exists:
            with writing(self.path, PATIENCE) as file:
                self._remove(file, set(ids))
                ((left,),) = file.execute(sql("SELECT count(*) FROM {}", EXCHANGES))
            if not left:
                self.path.unlink()

    def copy_to(self, path: Path) -> None:
        """All of it to another file. Raises SceneError; nothing half-copied is left under the name."""
        copy(self.path, path, PATIENCE)

    def uri(self, table: str) -> str:
        """Of a table, for the OGR provider."""
        return f"{self.path}|layername={table}"

    def open(self, table: str) -> QgsVectorLayer:
        """A layer; on the GUI thread only."""
        options = QgsVectorLayer.LayerOptions(QgsCoordinateTransformContext())
        options.loadDefaultStyle = False
        return QgsVectorLayer(self.uri(table), table, "ogr", options)

    def _add(self, file: sqlite3.Connection, exchange: Exchange) -> dict[tuple[str, str], str]:
        row = {"exchange": exchange.id, "time": exchange.time, "question": exchange.question, "answer": exchange.answer or ""}
        data = json.dumps(exchange.to_dict())
        add_row(file, EXCHANGES, {**row, "meaningless": exchange.meaningless, "source": exchange.source, "data": data})
        answers = self._table(file, ANSWERS, exchange)
        add_row(file, answers, answer_values(exchange), answer_geometry(exchange))
        written = {(ANSWERS, exchange.raster): answers}
        if exchange.looks:
            rois = written[ROIS, exchange.raster] = self._table(file, ROIS, exchange)
            for seen in exchange.looks:
                add_row(file, rois, roi_values(exchange, seen), roi_geometry(seen))
        return written

    def _ids(self, file: sqlite3.Connection) -> set[str]:
        known = "exchange" in columns(file, EXCHANGES)
        return {id for (id,) in file.execute(sql("SELECT exchange FROM {}", EXCHANGES))} if known else set()

    def _remove(self, file: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
        """Returns the tables of layers that have lost rows."""
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
        """The raster's table of that kind, made where there is none."""
        for name, description in self._layers(file).items():
            if name.startswith(f"{kind}_") and (description == exchange.raster or self._belongs(file, name, description, exchange.source)):
                add_columns(file, name, ROI_FIELDS)
                return name
        stem = f"{kind}_{_slug(exchange.layer)}"
        taken = {name.lower() for (name,) in file.execute("SELECT name FROM sqlite_master")}
        name = next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))) if name not in taken)
        geometry = {ROIS: QgsWkbTypes.Type.Polygon, ANSWERS: QgsWkbTypes.Type.MultiPolygon}[kind]
        add_table(file, name, ROI_FIELDS, geometry, exchange.crs, description=exchange.raster)
        return name

    def _belongs(self, file: sqlite3.Connection, table: str, description: str, source: str) -> bool:
        """Whether a table of a version that wrote no descriptions holds something of the raster."""
        query = sql("SELECT 1 FROM {} JOIN {} AS asked USING (exchange) WHERE asked.source = ? LIMIT 1", table, EXCHANGES)
        return not description and file.execute(query, (source,)).fetchone() is not None


def _slug(name: str) -> str:
    """Letters, digits and underscores, as a table may be called."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain).strip("_").lower()[:40] or "raster"
