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
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Iterable, Mapping, Optional

from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer, QgsWkbTypes

from ..log import say
from .exchange import Exchange
from .geopackage import columns, copy, reading, sql, tables, touch, unwritable, writing
from .geopackage_tables import add_columns, add_table, begin
from .result_tables import EXCHANGE_FIELDS, EXCHANGES, Tables, Written

PATIENCE = 1.0  # seconds that a write waits for another program's lock
MAGIC = b"SQLite format 3\0"


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
            listed = Tables(file)
            checks = listed.checks()
            self.outdated = listed.outdated and all(os.access(place, os.W_OK) for place in (self.path, self.path.parent))
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
            return Tables(file).ids()

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
            rows = Tables(file)
            existing, rowids = rows.ids(), rows.rowids(changes)
            written = Written({}, rows.remove(changes))
            rows.upgrade(written)
            added = [exchange for exchange in known if exchange.id not in existing and exchange.id not in changes]
            added += [exchange for exchange in changes.values() if exchange]
            for exchange in sorted(added, key=lambda exchange: exchange.time):
                written.tables.update(rows.add(exchange, rowids))
            written.touched.update(written.tables.values())
            for table in (EXCHANGES, *written.touched):
                touch(file, table)
        return written

    def discard(self, ids: Iterable[str]) -> None:
        """Removes exchanges, and the file itself when no exchange remains. Raises SceneError."""
        if self.exists:
            with writing(self.path, PATIENCE) as file:
                Tables(file).remove(set(ids))
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
