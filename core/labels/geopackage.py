"""The tables of a label file, as a valid GeoPackage 1.3 (OGC 12-128r17) that SQLite alone writes.

The boxes of all images are in one table, and each CRS has a layer (a view) of its boxes, because a layer of a GeoPackage has one CRS.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from typing import Optional

from ..geometry import PIXELS
from .rows import KINDS, LabelBox, LabelImage

VERSION = 1
"""Of the tables. A file of another version is refused."""
APPLICATION, GEOPACKAGE = 0x47504B47, 10300  # "GPKG", and the version of the standard
UNKNOWN = -1  # the srs_id of a Cartesian system without a name
OWN_SRS = 100_000  # the first srs_id of a CRS without an EPSG code
_HEAD = struct.Struct("<2sBBi4d")  # magic, version, flags (little-endian, with an envelope), srs_id, min x, max x, min y, max y
_TYPES = {"width": "INTEGER", "height": "INTEGER", "gsd": "REAL", "frame": "REAL", "edited": "BOOLEAN", "count": "INTEGER"}
_STANDARD = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
"""
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
    ("WGS 84", 4326, "EPSG", 4326, _WGS84),
)
EVENTS = ("id", "action", "time", "annotator", "kind", "target", "what", "before", "after", "undoes")
"""The columns of the log. action: shared by the events of one act. before, after: the row as JSON columns, null where there was none."""
_FURTHER = """
CREATE TABLE events (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, id TEXT NOT NULL UNIQUE, action TEXT NOT NULL, time TEXT NOT NULL,
  annotator TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, what TEXT NOT NULL, before TEXT, after TEXT, undoes TEXT);
CREATE INDEX events_of_target ON events (target);
CREATE INDEX events_of_action ON events (action);
CREATE INDEX events_undone ON events (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are only appended'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are only appended'); END;
CREATE TABLE label_file (fid INTEGER PRIMARY KEY NOT NULL, version INTEGER NOT NULL);
CREATE INDEX boxes_of_image ON boxes (image);
CREATE INDEX questions_of_image ON questions (image);
CREATE INDEX questions_of_box ON questions (box);
CREATE INDEX questions_by_verdict ON questions (verdict, fid);
CREATE INDEX proposals_of_box ON proposals (box);
"""


def create(file: sqlite3.Connection) -> None:
    """All tables, in one transaction, into an empty file. Raises sqlite3.Error."""
    file.execute("BEGIN IMMEDIATE")
    for statement in _statements(_STANDARD):
        file.execute(statement)
    file.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", _SYSTEMS)
    for kind, row in KINDS.items():
        names = [name for name in row.__dataclass_fields__ if name != "id"]
        columns = "".join(f', "{name}" {_TYPES.get(name, "TEXT")}' for name in names)
        geometry = ", geom BLOB, srs INTEGER" if kind == "box" else ""
        file.execute(
            f"CREATE TABLE {table(kind)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, id TEXT NOT NULL UNIQUE{columns}{geometry})"
        )
    for statement in _statements(_FURTHER):
        file.execute(statement)
    file.execute("INSERT INTO label_file VALUES (1, ?)", (VERSION,))
    for name in (*map(table, KINDS), "events", "label_file"):
        file.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)", (name, name))
    file.execute(f"PRAGMA application_id = {APPLICATION}")
    file.execute(f"PRAGMA user_version = {GEOPACKAGE}")
    file.execute("COMMIT")


def table(kind: str) -> str:
    """The table of a kind of row."""
    return "boxes" if kind == "box" else f"{kind}s"


def version(file: sqlite3.Connection) -> Optional[int]:
    """Of a label file; None where the GeoPackage is none. Raises sqlite3.DatabaseError where the file is no database."""
    if not file.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'label_file'").fetchone():
        return None
    return int(file.execute("SELECT version FROM label_file").fetchone()[0])


def geometry(file: sqlite3.Connection, box: LabelBox, image: LabelImage) -> tuple[bytes, int]:
    """The box as a polygon with its srs_id: in map units where the image has a CRS, else in pixels with y upwards, as QGIS shows it."""
    grid = image.grid
    sides = box.box
    if grid and box.frame is not None and image.size is None:
        grid = None  # its place on the map is not known
    elif image.size:
        sides = box.in_unit(None, image.size)
    srs = _system(file, image) if grid else UNKNOWN
    _layer(file, srs, image.crs if grid else "")
    corners = (grid or PIXELS).polygon(sides)
    xs, ys = zip(*corners)
    envelope = min(xs), max(xs), min(ys), max(ys)
    file.execute(
        "UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), max_x = max(coalesce(max_x, ?2), ?2),"
        " min_y = min(coalesce(min_y, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4),"
        " last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name = ?5",
        (*envelope, layer(srs)),
    )
    polygon = struct.pack("<BIII", 1, 3, 1, len(corners)) + b"".join(struct.pack("<dd", *corner) for corner in corners)
    return _HEAD.pack(b"GP", 0, 0b00000011, srs, *envelope) + polygon, srs


def layer(srs: int) -> str:
    """The layer of the boxes of one CRS."""
    return "boxes_without_crs" if srs == UNKNOWN else f"boxes_{srs}"


def _system(file: sqlite3.Connection, image: LabelImage) -> int:
    """The srs_id of an image's CRS, which is added where the file lacks it."""
    code = re.fullmatch(r"EPSG:(\d{1,9})", image.crs)
    definition = image.wkt or "undefined"
    if code:
        number = int(code[1])
        file.execute(
            "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, 'EPSG', ?, ?, NULL)", (image.crs, number, number, definition)
        )
        return number
    if not image.wkt:
        return UNKNOWN
    if known := file.execute("SELECT srs_id FROM gpkg_spatial_ref_sys WHERE definition = ?", (definition,)).fetchone():
        return int(known[0])
    number = max(OWN_SRS, file.execute("SELECT max(srs_id) + 1 FROM gpkg_spatial_ref_sys").fetchone()[0])
    file.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, 'NONE', ?, ?, NULL)", (image.crs or "own", number, number, definition))
    return int(number)


def _layer(file: sqlite3.Connection, srs: int, crs: str) -> None:
    """Makes the layer of a CRS where the file lacks it."""
    name = layer(srs)
    if file.execute("SELECT 1 FROM gpkg_contents WHERE table_name = ?", (name,)).fetchone():
        return
    columns = "fid, geom, id, image, level, label, annotator"
    file.execute(" ".join(("CREATE VIEW", name, "AS SELECT", columns, "FROM boxes WHERE srs =", str(srs))))
    title = f"Boxes, {crs or 'without CRS'}"
    if file.execute("SELECT 1 FROM gpkg_contents WHERE identifier = ?", (title,)).fetchone():
        title = name
    file.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, 'features', ?, ?)", (name, title, srs))
    file.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POLYGON', ?, 0, 0)", (name, srs))


def _statements(script: str) -> list[str]:
    """The statements of a script: `executescript` would end the transaction."""
    statements, begun = [], ""
    for line in script.strip().splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements
