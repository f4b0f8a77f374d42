"""Connections to the SQLite file of labels, and SQLite's errors as sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..atomic import beside
from ..errors import DataError
from . import geopackage

PATIENCE = 5.0  # seconds to wait for another program's lock
_REASONS = (  # a part of SQLite's message, the reason in words, the remedy
    ("locked", "another program is using it", "Close it there, and try again; nothing was changed."),
    ("readonly", "it is read-only", "Allow writing, or copy it to another folder."),
    ("full", "the disk is full", "Make room, and try again; everything before this action is kept."),
    ("No space", "the disk is full", "Make room, and try again; everything before this action is kept."),
    ("disk I/O", "the disk is full or has an error", "Check the disk, and try again; everything before this action is kept."),
    ("not a database", "it is not a GeoPackage", "Name a label file, or a new file."),
    ("malformed", "it is damaged", "Restore a copy of it."),
)


def create(path: Path) -> None:
    """A new label file without labels. Raises OSError, sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as new:
        file = sqlite3.connect(str(new), isolation_level=None)
        try:
            geopackage.create(file)
        finally:
            file.close()


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """mode: "rw" or "ro". Raises sqlite3.Error where the file does not exist."""
    place = path.absolute().as_posix()
    place = place if place.startswith("/") else f"/{place}"
    file = sqlite3.connect(f"file://{quote(place)}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None)
    file.row_factory = sqlite3.Row
    file.execute("PRAGMA synchronous = FULL")
    return file


def sql(text: str, *names: str) -> str:
    """A statement with the quoted name of a table or column in place of each {}: SQL has no parameters for names."""
    quoted = (name.replace('"', '""') for name in names)
    return text.format(*(f'"{name}"' for name in quoted))


def insert(file: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> None:
    """Adds a row. Raises sqlite3.Error."""
    names, marks = ", ".join(["{}"] * len(columns)), ", ".join("?" * len(columns))
    statement = " ".join(("INSERT INTO {}", f"({names})", "VALUES", f"({marks})"))
    file.execute(sql(statement, table, *columns), list(columns.values()))


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """SQLite's errors as DataError, with the reason and a remedy."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise DataError(f"{path} can't be used: {_reason(error)}.", _remedy(error)) from error


def _reason(error: Exception) -> str:
    text = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    return next((words for sign, words, _ in _REASONS if sign in text), text)


def _remedy(error: Exception) -> str:
    fallback = "Check the path, its permissions, and the free space on the disk."
    return next((remedy for sign, _, remedy in _REASONS if sign in str(error)), fallback)
