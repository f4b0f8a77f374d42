"""Tables of a GeoPackage, and their CRS. GDAL creates each table in a temporary file, and its definition is copied from there.

Everything else is written through SQLite: see `geopackage`.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Mapping, NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsField,
    QgsFields,
    QgsVectorFileWriter,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...core.atomic import beside
from ..i18n import tr
from .geopackage import columns, insert, select, sql, tables, unwritable

SQL_TYPES = {
    QVariant.String: "TEXT",
    QVariant.Int: "MEDIUMINT",
    QVariant.LongLong: "INTEGER",
    QVariant.Double: "REAL",
    QVariant.Bool: "BOOLEAN",
}
TEMPLATE = "zoomearth_template"
CUSTOM = -2  # the code of a CRS that no organization has defined
EXTENSIONS = (  # as the GeoPackage standard defines the table
    "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
    "definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
)
SPEC = "http://www.geopackage.org/spec121/#extension_crs_wkt"
WKT2 = "definition_12_063"  # a column of gpkg_spatial_ref_sys that only some files have
METADATA = {"gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions", "gpkg_ogr_contents"}  # tables that have a row for each table


def begin(path: Path, name: str, fields: Mapping[str, Any]) -> None:
    """Creates a GeoPackage with one table without geometry; an empty file is replaced. Raises SceneError."""
    try:
        with beside(path) as new:
            draw(new, name, fields, QgsWkbTypes.Type.NoGeometry)
            for suffix in ("-wal", "-shm", "-journal"):  # of a deleted file: SQLite would apply them to the new one
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


class System(NamedTuple):
    """A row of gpkg_spatial_ref_sys. definition: WKT 1, "undefined" where WKT 1 can't express the CRS; wkt2: WKT 2."""

    name: str
    organization: str
    code: int
    definition: str
    wkt2: str


@cache
def system_of(wkt: str) -> System:
    """Call it on the GUI thread first: QGIS caches PROJ's object of a CRS, which must not belong to a thread that ends."""
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
    """Adds a table as GDAL would create it. fields: QVariant types by name; crs: WKT, "" for none. Raises OSError, sqlite3.Error."""
    definition = _define(tuple(fields.items()), geometry)
    srs = _add_system(file, system_of(crs))
    for table, made, row in definition.rows:
        if not columns(file, table):
            file.execute(made)
        values = {column: value.replace(TEMPLATE, name) if isinstance(value, str) else value for column, value in row.items()}
        insert(file, table, {**values, "srs_id": srs} if "srs_id" in values else values)
    for statement in definition.statements:
        file.execute(statement.replace(TEMPLATE, name))
    file.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (description, name))


def add_columns(file: sqlite3.Connection, table: str, fields: Mapping[str, Any]) -> None:
    """Adds the columns that a table of another version lacks."""
    existing = {column.lower() for column in columns(file, table)}
    for name, kind in fields.items():
        if name.lower() not in existing:
            file.execute(sql("ALTER TABLE {} ADD COLUMN {} ", table, name) + SQL_TYPES[kind])


def column_types(file: sqlite3.Connection, table: str) -> dict[str, Any]:
    """The QVariant types of a table's columns, by name in small letters; None for a type that we do not write."""
    kinds = {name: kind for kind, name in SQL_TYPES.items()}
    return {row[1].lower(): kinds.get(row[2]) for row in file.execute(sql("PRAGMA table_info({})", table))}


def draw(path: Path, name: str, fields: Mapping[str, Any], geometry: QgsWkbTypes.Type) -> None:
    """Creates a GeoPackage with one empty table, without a CRS. Raises OSError where it can't be written."""
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
    """Whether the file has the table: GDAL reports no error where the disk is full."""
    try:
        with closing(sqlite3.connect(str(path))) as file:
            return bool(columns(file, table)) and table in tables(file)
    except sqlite3.Error:
        return False


class Definition(NamedTuple):
    """Of a table called TEMPLATE. statements: SQL of the table, its index and triggers; rows: its metadata, each (table, SQL, row)."""

    statements: tuple[str, ...]
    rows: tuple[tuple[str, str, dict[str, Any]], ...]


@cache
def _define(fields: tuple[tuple[str, Any], ...], geometry: QgsWkbTypes.Type) -> Definition:
    index = f"rtree_{TEMPLATE}_geom"  # a virtual table, which makes its own tables
    with tempfile.TemporaryDirectory(prefix="zoomearth-") as folder:
        drawn = Path(folder) / "table.gpkg"
        draw(drawn, TEMPLATE, dict(fields), geometry)
        with closing(sqlite3.connect(str(drawn))) as file:
            definitions = file.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
            statements = tuple(made for _, table, made in definitions if table in (TEMPLATE, index))
            metadata = [(name, made) for name, _, made in definitions if name in METADATA]
            query = "SELECT * FROM {} WHERE table_name = ?"
            rows = tuple((name, made, row) for name, made in metadata for row in select(file, sql(query, name), TEMPLATE))
    return Definition(statements, rows)


def _add_system(file: sqlite3.Connection, system: System) -> int:
    """The id of the CRS in the file; adds the CRS where the file lacks it."""
    if system.organization == "NONE" and system.code != CUSTOM:
        return system.code
    existing = select(file, "SELECT * FROM gpkg_spatial_ref_sys")
    for row in existing:
        same = (row["organization"].upper(), row["organization_coordsys_id"]) == (system.organization.upper(), system.code)
        undefined = system.definition == "undefined"
        alike = row.get(WKT2) == system.wkt2 if undefined else row["definition"] == system.definition
        if same if system.code != CUSTOM else alike:
            return int(row["srs_id"])
    existing_ids = {row["srs_id"] for row in existing}
    id = system.code if system.code not in (CUSTOM, *existing_ids) else max(99_999, *existing_ids) + 1
    code = id if system.code == CUSTOM else system.code
    row = {"srs_name": system.name, "srs_id": id, "organization": system.organization, "organization_coordsys_id": code}
    row["definition"] = system.definition
    if system.definition == "undefined" and WKT2 not in columns(file, "gpkg_spatial_ref_sys"):
        file.execute(f"ALTER TABLE gpkg_spatial_ref_sys ADD COLUMN {WKT2} TEXT NOT NULL DEFAULT 'undefined'")
        file.execute(EXTENSIONS)
        file.execute("INSERT INTO gpkg_extensions VALUES ('gpkg_spatial_ref_sys', ?, 'gpkg_crs_wkt', ?, 'read-write')", (WKT2, SPEC))
    if WKT2 in columns(file, "gpkg_spatial_ref_sys"):
        row[WKT2] = system.wkt2
    insert(file, "gpkg_spatial_ref_sys", row)
    return id
