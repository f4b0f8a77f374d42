"""A GeoPackage written through SQLite: one transaction for everything, a short wait for locks, and each failure as one sentence.

OGR is not used for writing: its handle stays read-only after one failure, it waits for locks for many seconds, and it reports no error
where a table could not be created. New tables are drawn by GDAL in a temporary file and copied, so that their definition is GDAL's own.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple, Optional
from urllib.parse import quote

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsVectorFileWriter,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...core.atomic import beside
from ...core.errors import SceneError
from ..i18n import tr

SQL_TYPES = {QVariant.String: "TEXT", QVariant.Int: "MEDIUMINT", QVariant.Double: "REAL", QVariant.Bool: "BOOLEAN"}
TEMPLATE = "zoomearth_template"
CUSTOM = -2  # no code of any organization
EXTENSIONS = (  # as the standard defines it
    "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
    "definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
)
SPEC = "http://www.geopackage.org/spec121/#extension_crs_wkt"
WKT2 = "definition_12_063"  # a column of gpkg_spatial_ref_sys that only some files have
METADATA = {"gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions", "gpkg_ogr_contents"}  # that tell of each table
BLOB = struct.Struct("<2sBBi4d")  # of a geometry: magic, version, flags, srs_id, envelope (min x, max x, min y, max y); WKB follows
FLAGS = 0b00000011  # little-endian, with an envelope in two dimensions


class Locked(SceneError):
    """Another program holds the file's lock; its content is as it was."""


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
    """A transaction: all of it is written, or nothing. patience: seconds to wait for a lock. Raises SceneError."""
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
    """The sentence for a failed write."""
    message = tr("The results can't be written to {path}: {reason}.").format(path=path, reason=_reason(path, error))
    return _kind(error)(message, tr("Check that the disk has space and that the file and its folder can be written to."))


def begin(path: Path, name: str, fields: Mapping[str, Any]) -> None:
    """A new GeoPackage with a table without geometry, in place of no file or of an empty one. Raises SceneError."""
    try:
        with beside(path) as new:
            draw(new, name, fields, QgsWkbTypes.Type.NoGeometry)
            for suffix in ("-wal", "-shm", "-journal"):  # of a file that has been deleted: SQLite would lay them over the new one
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def copy(source: Path, target: Path, patience: float) -> None:
    """All of it to another file, which is replaced as a whole; the source may be in use. Raises SceneError."""
    with reading(source, patience) as file:
        try:
            with beside(target) as new, closing(sqlite3.connect(str(new))) as copied:
                file.backup(copied)
        except (OSError, sqlite3.Error) as error:
            raise unwritable(target, error) from error


class System(NamedTuple):
    """A CRS as gpkg_spatial_ref_sys has it. definition: WKT 1, "undefined" where it can't be expressed; wkt2: the same as WKT 2."""

    name: str
    organization: str
    code: int
    definition: str
    wkt2: str


@cache
def system_of(wkt: str) -> System:
    """To be called on the GUI thread first: QGIS shares what PROJ makes of a CRS, and it must not belong to a thread that ends."""
    if not wkt:
        return System("Undefined geographic SRS", "NONE", 0, "undefined", "undefined")
    crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
    organization, _, code = crs.authid().partition(":")
    variants = QgsCoordinateReferenceSystem.WktVariant
    first, second = crs.toWkt(variants.WKT1_GDAL), crs.toWkt(variants.WKT2_2015) or wkt
    if not code.isdecimal() or organization == "USER":
        organization, code = "NONE", str(CUSTOM)
    return System(crs.description() or "unnamed", organization, int(code), first or "undefined", second)


def add_table(
    file: sqlite3.Connection, name: str, fields: Mapping[str, Any], geometry: QgsWkbTypes.Type, crs: str, description: str = ""
) -> None:
    """A table as GDAL would make it. fields: QVariant types by name; crs: WKT, "" for none. Raises OSError, sqlite3.Error."""
    definition = _define(tuple(fields.items()), geometry)
    srs = _add_system(file, system_of(crs))
    for table, made, row in definition.rows:
        if not columns(file, table):
            file.execute(made)
        values = {column: value.replace(TEMPLATE, name) if isinstance(value, str) else value for column, value in row.items()}
        _insert(file, table, {**values, "srs_id": srs} if "srs_id" in values else values)
    for statement in definition.statements:
        file.execute(statement.replace(TEMPLATE, name))
    file.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (description, name))


def add_columns(file: sqlite3.Connection, table: str, fields: Mapping[str, Any]) -> None:
    """The columns that a table of another version lacks."""
    existing = {column.lower() for column in columns(file, table)}
    for name, kind in fields.items():
        if name.lower() not in existing:
            file.execute(sql("ALTER TABLE {} ADD COLUMN {} ", table, name) + SQL_TYPES[kind])


def add_row(file: sqlite3.Connection, table: str, values: Mapping[str, Any], geometry: Optional[QgsGeometry] = None) -> None:
    """geometry: in the CRS of the table; None, or an empty one, leaves the row without."""
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
    _insert(file, table, row)


def touch(file: sqlite3.Connection, table: str) -> None:
    """Notes that the rows of a table have changed."""
    file.execute("UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?", (table,))


def tables(file: sqlite3.Connection) -> dict[str, str]:
    """The descriptions of all tables, by the tables' names. Raises sqlite3.DatabaseError where the file is no GeoPackage."""
    return {name: description or "" for name, description in file.execute("SELECT table_name, description FROM gpkg_contents")}


def columns(file: sqlite3.Connection, table: str) -> list[str]:
    """Their names; none where there is no such table."""
    return [row[1] for row in file.execute(sql("PRAGMA table_info({})", table))]


def sql(text: str, *names: str) -> str:
    """A statement with a quoted name, of a table or a column, in place of each {}: SQL takes no parameters for names."""
    quoted = (name.replace('"', '""') for name in names)
    return text.format(*(f'"{name}"' for name in quoted))


def draw(path: Path, name: str, fields: Mapping[str, Any], geometry: QgsWkbTypes.Type) -> None:
    """A new GeoPackage with one empty table, without a CRS. Raises OSError where it can't be written."""
    attributes = QgsFields()
    for field, kind in fields.items():
        attributes.append(QgsField(field, kind))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName, options.fileEncoding = "GPKG", name, "UTF-8"
    options.datasourceOptions = ["VERSION=1.2"]  # the newest that QGIS 3.22's GDAL reads without a warning
    nowhere = QgsCoordinateReferenceSystem()
    writer = QgsVectorFileWriter.create(str(path), attributes, geometry, nowhere, QgsCoordinateTransformContext(), options)
    failed, reason = writer.hasError() != QgsVectorFileWriter.WriterError.NoError, writer.errorMessage()
    del writer  # which closes the file
    if failed or not path.exists() or not _holds(path, name):
        raise OSError(reason.strip() or tr("the disk may be full"))


def _holds(path: Path, table: str) -> bool:
    """Whether the table has arrived: a full disk is no error to GDAL."""
    try:
        with closing(sqlite3.connect(str(path))) as file:
            return bool(columns(file, table)) and table in tables(file)
    except sqlite3.Error:
        return False


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    """To a file that exists; opened for reading alone where it can't be written to."""
    place = path.absolute().as_posix()
    place = place if place.startswith("/") else f"/{place}"
    file = sqlite3.connect(f"file://{quote(place)}?mode=rw", uri=True, timeout=patience, isolation_level=None)
    for name, side in (("ST_MinX", 0), ("ST_MaxX", 1), ("ST_MinY", 2), ("ST_MaxY", 3)):  # GDAL's triggers of the spatial index call these
        file.create_function(name, 1, lambda blob, side=side: BLOB.unpack_from(blob)[4 + side])
    file.create_function("ST_IsEmpty", 1, lambda blob: blob is None)
    return file


class Definition(NamedTuple):
    """A table called TEMPLATE. statements: SQL of the table, its index and triggers; rows: (metadata table, its SQL, row) about it."""

    statements: tuple[str, ...]
    rows: tuple[tuple[str, str, dict[str, Any]], ...]


@cache
def _define(fields: tuple[tuple[str, Any], ...], geometry: QgsWkbTypes.Type) -> Definition:
    index = f"rtree_{TEMPLATE}_geom"  # a virtual table, which makes its own tables
    with tempfile.TemporaryDirectory(prefix="zoomearth-") as folder:
        drawn = Path(folder) / "table.gpkg"
        draw(drawn, TEMPLATE, dict(fields), geometry)
        with closing(sqlite3.connect(str(drawn))) as file:
            found = file.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
            statements = tuple(made for _, table, made in found if table in (TEMPLATE, index))
            metadata = [(name, made) for name, _, made in found if name in METADATA]
            query = "SELECT * FROM {} WHERE table_name = ?"
            rows = tuple((name, made, row) for name, made in metadata for row in _rows(file, sql(query, name), TEMPLATE))
    return Definition(statements, rows)


def _add_system(file: sqlite3.Connection, system: System) -> int:
    """The id of the CRS in the file, where it is added if it is not there."""
    if system.organization == "NONE" and system.code != CUSTOM:
        return system.code
    existing = _rows(file, "SELECT * FROM gpkg_spatial_ref_sys")
    for row in existing:
        same = (row["organization"].upper(), row["organization_coordsys_id"]) == (system.organization.upper(), system.code)
        undefined = system.definition == "undefined"
        alike = row.get(WKT2) == system.wkt2 if undefined else row["definition"] == system.definition
        if same if system.code != CUSTOM else alike:
            return int(row["srs_id"])
    taken = {row["srs_id"] for row in existing}
    id = system.code if system.code not in (CUSTOM, *taken) else max(99_999, *taken) + 1
    code = id if system.code == CUSTOM else system.code
    row = {"srs_name": system.name, "srs_id": id, "organization": system.organization, "organization_coordsys_id": code}
    row["definition"] = system.definition
    if system.definition == "undefined" and WKT2 not in columns(file, "gpkg_spatial_ref_sys"):
        file.execute(f"ALTER TABLE gpkg_spatial_ref_sys ADD COLUMN {WKT2} TEXT NOT NULL DEFAULT 'undefined'")
        file.execute(EXTENSIONS)
        file.execute("INSERT INTO gpkg_extensions VALUES ('gpkg_spatial_ref_sys', ?, 'gpkg_crs_wkt', ?, 'read-write')", (WKT2, SPEC))
    if WKT2 in columns(file, "gpkg_spatial_ref_sys"):
        row[WKT2] = system.wkt2
    _insert(file, "gpkg_spatial_ref_sys", row)
    return id


def _rows(file: sqlite3.Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    cursor = file.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def _insert(file: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(["{}"] * len(row)), ", ".join("?" * len(row))
    file.execute(sql("INSERT INTO {} " + f"({names}) VALUES ({marks})", table, *row), list(row.values()))


def _kind(error: Exception) -> type[SceneError]:
    return Locked if "locked" in str(error) else SceneError


def _reason(path: Path, error: Exception) -> str:
    """In words, without the path."""
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
