"""A GeoPackage written through SQLite: one transaction for everything, a short wait for locks, and each failure as one sentence.

OGR does not write here: its handle stays read-only after one failure, it waits for locks for many seconds, and it reports no error where
a table could not be created.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional
from urllib.parse import quote

from qgis.core import QgsGeometry

from ...core.atomic import beside
from ...core.errors import SceneError
from ..i18n import tr

BLOB = struct.Struct("<2sBBi4d")  # of a geometry: magic, version, flags, srs_id, envelope (min x, max x, min y, max y); WKB follows
FLAGS = 0b00000011  # little-endian, with an envelope in two dimensions


class Locked(SceneError):
    """Another program holds the lock of the file; the content is unchanged."""


@contextmanager
def reading(path: Path, patience: float) -> Iterator[sqlite3.Connection]:
    """A connection with a consistent view of the file. patience: seconds to wait for a lock. Raises SceneError."""
    try:
        with closing(_connect(path, patience)) as file:
            file.execute("BEGIN")
            file.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield file
    except (OSError, sqlite3.Error) as error:
        message = tr("The results can't be read from {path}: {reason}.").format(path=path, reason=_reason(path, error))
        hint = tr("ZoomEarth tries again automatically. Close other programs that use the file. If the file was moved, put it back.")
        raise _kind(error)(message, hint) from error


@contextmanager
def writing(path: Path, patience: float) -> Iterator[sqlite3.Connection]:
    """A transaction: everything is written, or nothing. patience: seconds to wait for a lock. Raises SceneError."""
    try:
        with closing(_connect(path, patience)) as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise
    except (OSError, sqlite3.Error) as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: Exception) -> SceneError:
    """The error to raise after a failed write."""
    message = tr("The results can't be written to {path}: {reason}.").format(path=path, reason=_reason(path, error))
    return _kind(error)(message, tr("Check that the disk has space and that the file and its folder can be written to."))


def copy(source: Path, target: Path, patience: float) -> None:
    """Copies the whole file to `target`, which is replaced as a whole; the source may be in use. Raises SceneError."""
    with reading(source, patience) as file:
        try:
            with beside(target) as new, closing(sqlite3.connect(str(new))) as copied:
                file.backup(copied)
        except (OSError, sqlite3.Error) as error:
            raise unwritable(target, error) from error


def add_row(file: sqlite3.Connection, table: str, values: Mapping[str, Any], geometry: Optional[QgsGeometry] = None) -> None:
    """geometry: in the CRS of the table; with None or an empty geometry, the row gets none."""
    row = dict(values)
    if geometry is not None and not geometry.isEmpty():
        (column, srs), *_ = file.execute("SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?", (table,))
        box = geometry.boundingBox()
        sides = box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum()
        row[column] = BLOB.pack(b"GP", 0, FLAGS, srs, *sides) + bytes(geometry.asWkb())
        file.execute(
            "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), max_x = max(coalesce(max_x, ?2), ?2), "
            "min_y = min(coalesce(min_y, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4) WHERE table_name = ?5",
            (*sides, table),
        )
    insert(file, table, row)


def touch(file: sqlite3.Connection, table: str) -> None:
    """Writes into the metadata that the rows of a table have changed."""
    file.execute("UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?", (table,))


def tables(file: sqlite3.Connection) -> dict[str, str]:
    """The descriptions of all tables, by the tables' names. Raises sqlite3.DatabaseError where the file is no GeoPackage."""
    return {name: description or "" for name, description in file.execute("SELECT table_name, description FROM gpkg_contents")}


def columns(file: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns; an empty list where the table does not exist."""
    return [row[1] for row in file.execute(sql("PRAGMA table_info({})", table))]


def sql(text: str, *names: str) -> str:
    """A statement with the quoted name of a table or column in place of each {}: SQL has no parameters for names."""
    quoted = (name.replace('"', '""') for name in names)
    return text.format(*(f'"{name}"' for name in quoted))


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    """Connects to an existing file; the connection is read-only where the file can't be written to."""
    place = path.absolute().as_posix()
    place = place if place.startswith("/") else f"/{place}"
    file = sqlite3.connect(f"file://{quote(place)}?mode=rw", uri=True, timeout=patience, isolation_level=None)
    for name, side in (("ST_MinX", 0), ("ST_MaxX", 1), ("ST_MinY", 2), ("ST_MaxY", 3)):  # GDAL's triggers of the spatial index call these
        file.create_function(name, 1, lambda blob, side=side: BLOB.unpack_from(blob)[4 + side])
    file.create_function("ST_IsEmpty", 1, lambda blob: blob is None)
    return file


def select(file: sqlite3.Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    cursor = file.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def insert(file: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(["{}"] * len(row)), ", ".join("?" * len(row))
    file.execute(sql("INSERT INTO {} " + f"({names}) VALUES ({marks})", table, *row), list(row.values()))


def _kind(error: Exception) -> type[SceneError]:
    return Locked if "locked" in str(error) else SceneError


def _reason(path: Path, error: Exception) -> str:
    """Describes the error, without the path."""
    text = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    for sign, words in (
        ("locked", tr("another program is using it")),
        ("readonly", tr("it is read-only")),
        ("disk is full", tr("the disk is full")),
        ("No space", tr("the disk is full")),
        ("disk I/O", tr("the disk is full or has an error")),
        ("not a database", tr("it is not a GeoPackage")),
        ("malformed", tr("it is damaged")),
        ("no such table: gpkg", tr("it is not a GeoPackage")),
    ):
        if sign in text:
            return words
    if not path.parent.is_dir():
        return tr("its folder does not exist")
    if not path.exists():
        return tr("the file no longer exists") if isinstance(error, sqlite3.Error) else text
    if path.is_dir():
        return tr("it is a folder")
    return text.splitlines()[0].strip().rstrip(".") if text.strip() else tr("unknown error")
