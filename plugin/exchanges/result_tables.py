"""The tables of a results file, within one transaction: the rows of exchanges, of the places looked at, and of answers.

What a transaction has to know of the tables is asked of the file once, not for each of thousands of rows.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Container, Iterable, Mapping, Optional

from qgis.core import QgsWkbTypes
from qgis.PyQt.QtCore import QVariant

from .exchange import Exchange
from .geopackage import add_row, columns, sql, tables
from .geopackage_tables import add_columns, add_table, column_types
from .result_rows import CHECKS, ROI_FIELDS, answer_geometry, answer_values, roi_geometry, roi_values, typed_values

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
BREATH = 0.0005  # seconds between two rows, in which the GUI thread gets Python's lock: it waits 5 ms for it otherwise, many times a turn


@dataclass
class Written:
    """tables: the tables that rows were added to, by (kind, `Exchange.raster`). touched: all tables of layers whose rows have changed."""

    tables: dict[tuple[str, str], str]
    touched: set[str]


class Tables:
    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._descriptions: Optional[dict[str, str]] = None  # of the tables of layers, by name
        self._places: dict[tuple[str, str], str] = {}  # the table of a kind, by (kind, `Exchange.raster`)
        self._types: dict[str, dict[str, Any]] = {}  # of the columns, by table; see `column_types`

    def ids(self) -> set[str]:
        """The ids of the exchanges."""
        known = "exchange" in columns(self._file, EXCHANGES)
        return {id for (id,) in self._file.execute(sql("SELECT exchange FROM {}", EXCHANGES))} if known else set()

    def rowids(self, ids: Iterable[str]) -> dict[tuple[str, str], int]:
        """The rows of these exchanges, by table and id: what replaces a row takes its place in the order and stays selected on the map."""
        wanted = set(ids)
        return {(table, id): row for table in (EXCHANGES, *self._layers(ANSWERS)) for row, id in self._rows(table) if id in wanted}

    def remove(self, ids: Iterable[str]) -> set[str]:
        """Removes the rows of these exchanges; returns the tables of layers whose rows were removed."""
        wanted, touched = set(ids), set()
        for table in (EXCHANGES, *self._layers()):
            if rows := [(row,) for row, id in self._rows(table) if id in wanted]:
                self._file.executemany(sql("DELETE FROM {} WHERE rowid = ?", table), rows)
                touched.add(table)
        return touched - {EXCHANGES}

    def add(self, exchange: Exchange, rowids: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], str]:
        """Returns the tables of layers that got rows, as `Written.tables`. rowids: see the method."""
        time.sleep(BREATH)
        row = {"exchange": exchange.id, "time": exchange.time, "question": exchange.question, "answer": exchange.answer or ""}
        data = json.dumps(exchange.to_dict())
        own = {"rowid": rowids.get((EXCHANGES, exchange.id)), "meaningless": exchange.meaningless}
        add_row(self._file, EXCHANGES, {**own, **row, "source": exchange.source, "data": data})
        if not exchange.question or exchange.is_run:  # the layer of what a tool or a run has made is in a file of its own
            return {}
        written = {(ANSWERS, exchange.raster): self._add_answer(exchange, rowids)}
        if exchange.looks:
            rois = written[ROIS, exchange.raster] = self._table(ROIS, exchange)
            for view in exchange.looks:
                add_row(self._file, rois, roi_values(exchange, view), roi_geometry(view))
        return written

    def upgrade(self, written: Written) -> None:
        """Adds what a file of an older version lacks."""
        for table in self._layers():
            if not ROI_FIELDS.keys() <= set(columns(self._file, table)):
                add_columns(self._file, table, ROI_FIELDS)
                written.touched.add(table)
        for exchange in self._unplaced():
            written.tables[ANSWERS, exchange.raster] = self._add_answer(exchange, {})

    @property
    def outdated(self) -> bool:
        """Whether `upgrade` would add something."""
        return any(not ROI_FIELDS.keys() <= set(columns(self._file, table)) for table in self._layers()) or bool(self._unplaced())

    def checks(self) -> dict[str, dict[str, Optional[str]]]:
        """What persons say about the answers, by exchange: it may have been written into the features themselves."""
        query = "SELECT exchange, {}, {}, {}, {} FROM {}"
        tables = [table for table in self._layers(ANSWERS) if set(CHECKS) <= set(columns(self._file, table))]
        rows = (row for table in tables for row in self._file.execute(sql(query, *CHECKS, table)))
        return {id: dict(zip(CHECKS, values)) for id, *values in rows}

    def _rows(self, table: str) -> list[tuple[int, str]]:
        """The row and the exchange of all rows: no index finds the rows of one exchange, and thousands may be wanted."""
        return self._file.execute(sql("SELECT rowid, exchange FROM {}", table)).fetchall()

    def _add_answer(self, exchange: Exchange, rowids: Mapping[tuple[str, str], int]) -> str:
        """Adds the answer's feature; returns its table."""
        table = self._table(ANSWERS, exchange)
        row = {"rowid": rowids.get((table, exchange.id)), **answer_values(exchange)}
        if exchange.answer_type:
            if table not in self._types:
                self._types[table] = column_types(self._file, table)
            types = self._types[table]
            typed = typed_values(exchange, types)
            if new := {name: kind for name, (kind, _) in typed.items() if name.lower() not in types}:
                add_columns(self._file, table, new)
                types.update((name.lower(), kind) for name, kind in new.items())
            row.update((name, value) for name, (_, value) in typed.items())
        add_row(self._file, table, row, answer_geometry(exchange))
        return table

    def _unplaced(self) -> list[Exchange]:
        """The questions that have no feature in a table of answers, as in files of older versions; a run has none."""
        if not {"exchange", "question", "data"} <= set(columns(self._file, EXCHANGES)):
            return []
        placed = {id for table in self._layers(ANSWERS) for (id,) in self._file.execute(sql("SELECT exchange FROM {}", table))}
        ids = self._file.execute(sql("SELECT exchange FROM {} WHERE question != ''", EXCHANGES)).fetchall()
        exchanges = []
        for (id,) in (row for row in ids if row[0] not in placed):  # few: their data has the pictures
            ((data,),) = self._file.execute(sql("SELECT data FROM {} WHERE exchange = ?", EXCHANGES), (id,)).fetchmany(1)
            with suppress(KeyError, TypeError, ValueError):  # it can't be read, and the log says so when the file is read
                exchanges.append(Exchange.from_dict(json.loads(data)))
        return [exchange for exchange in exchanges if not exchange.is_run]

    def _layers(self, *kinds: str) -> dict[str, str]:
        """The tables of these kinds, by default of both, with their descriptions."""
        if self._descriptions is None:
            begins = f"{ROIS}_", f"{ANSWERS}_"
            listed = tables(self._file).items()
            self._descriptions = {
                name: text for name, text in listed if name.startswith(begins) and "exchange" in columns(self._file, name)
            }
        wanted = tuple(f"{kind}_" for kind in kinds or (ROIS, ANSWERS))
        return {name: description for name, description in self._descriptions.items() if name.startswith(wanted)}

    def _table(self, kind: str, exchange: Exchange) -> str:
        """The raster's table of that kind; adds it where there is none."""
        if (kind, exchange.raster) not in self._places:
            self._places[kind, exchange.raster] = self._found(kind, exchange) or self._added(kind, exchange)
        return self._places[kind, exchange.raster]

    def _found(self, kind: str, exchange: Exchange) -> Optional[str]:
        for name, description in self._layers(kind).items():
            if description == exchange.raster or self._belongs(name, description, exchange.source):
                add_columns(self._file, name, ROI_FIELDS)
                return name
        return None

    def _added(self, kind: str, exchange: Exchange) -> str:
        existing = {name.lower() for (name,) in self._file.execute("SELECT name FROM sqlite_master")}
        name = numbered(table_of(kind, exchange), existing)
        geometry = {ROIS: QgsWkbTypes.Type.Polygon, ANSWERS: QgsWkbTypes.Type.MultiPolygon}[kind]
        add_table(self._file, name, ROI_FIELDS, geometry, exchange.crs, description=exchange.raster)
        self._descriptions = None
        return name

    def _belongs(self, table: str, description: str, source: str) -> bool:
        """Whether a table without description, of an older version, has rows of the raster."""
        query = sql("SELECT 1 FROM {} JOIN {} AS asked USING (exchange) WHERE asked.source = ? LIMIT 1", table, EXCHANGES)
        return not description and self._file.execute(query, (source,)).fetchone() is not None


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
