"""Rows to ask, out of a file of JSON lines or a CSV table.

    {"path": "city.tif", "question": "How many ships are there?", "window": [0, 0, 4096, 4096]}

    path,question,bands,max_zooms
    city.tif,"How many ships, and where?","4,3,2",1

A cell of a table has lists as JSON or as numbers between commas or blanks. Relative paths are relative to the file's folder. A row that
can't be asked costs itself only.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..core import texts
from ..core.answer_type import CHOICE, AnswerType, parse_type
from ..core.errors import DataError
from ..core.protocol import Ask, Id
from ..core.source import SceneSource, Where
from ..core.typed import from_json

PLACES = ("window", "bounds", "outline", "within")
OPTIONS = ("bands", "stretch", "max_zooms", "type", "choices", "force_remote_scan")
FIELDS = ("id", "path", "image", "question", *PLACES, *OPTIONS)
OPTIONAL = "id, window, bounds, outline or within, bands, stretch, max_zooms, type and choices"
NEEDED = f"A row has path (or image) and question; it may have {OPTIONAL}."
TABLES = (".csv", ".tsv")
LONGEST = 100_000_000  # letters of a cell: an outline may have many corners
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]+:|[/\\]|[A-Za-z]:|<")  # URLs, "NETCDF:...", inline XML, and paths from a root


@dataclass(frozen=True)
class BadRow:
    """A row that can't be asked."""

    id: str
    error: DataError


@dataclass(frozen=True)
class Table:
    """ignored: names of fields that the file has and nobody reads."""

    rows: list[Union[Ask, BadRow]]
    ignored: list[str]


Cells = Mapping[str, Any]


def read(path: Path, answer_type: AnswerType | None = None) -> Table:
    """All rows of a file, in order. answer_type: of rows that name none. Raises DataError where the file can't be read, and where not one
    row can be asked."""
    if not texts.is_file(path):
        raise DataError(f"{path} does not exist as a file.", "Give a file of rows: JSON lines, or a table that ends in .csv.")
    try:
        numbered = [(at, _plain(row)) for at, row in (_csv(path) if path.suffix.lower() in TABLES else texts.rows(path))]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} can't be read: {error}.", "It is JSON lines or a CSV table, in UTF-8.") from error
    rows: dict[Id, Ask | BadRow] = {}
    for at, cells in numbered:
        row = _row(at, cells, path, answer_type)
        if row.id in rows:
            twice = DataError(f"Row {at} of {path.name} has the id {row.id!r} of another row.", "Give each row an id of its own.")
            row = BadRow(_another(row.id, rows), twice)
        rows[row.id] = row
    if not rows:
        raise DataError(f"{path} holds no rows.", NEEDED)
    bad = [row for row in rows.values() if isinstance(row, BadRow)]
    if len(bad) == len(rows):
        raise DataError(f"No row of {path} can be asked. {bad[0].error.message}", bad[0].error.hint)
    names = dict.fromkeys(name for _, cells in numbered if not isinstance(cells, texts.Broken) for name in cells)
    return Table(list(rows.values()), [name for name in names if name not in FIELDS])


def _csv(path: Path) -> Iterator[tuple[int, texts.Row]]:
    """The rows below the header, numbered from 1. Raises OSError, ValueError and csv.Error."""
    csv.field_size_limit(LONGEST)
    text = texts.read(path)
    header, delimiter = _header(text)
    names = [name.strip().lower() for name in header]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise ValueError(f"its column {twice!r} is there twice")
    if not {"path", "image"} & set(names) or "question" not in names:
        raise ValueError(f"its first line must name the columns path and question, and it has {', '.join(map(repr, header)) or 'none'}")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    next(lines)
    for number, cells in enumerate(lines, 1):
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            yield number, texts.Broken("it has more cells than the header has names: put a text that has a comma between quotes")
        elif any(cell.strip() for cell in cells):
            yield number, {name: cell for name, cell in zip(names, cells) if name and cell.strip()}


def _header(text: str) -> tuple[list[str], str]:
    """The names of the columns, and what stands between cells: a comma, or what spreadsheets of other countries write."""
    headers = {mark: next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), []) for mark in (",", ";", "\t")}
    best = max(headers, key=lambda mark: sum(name.strip().lower() in FIELDS for name in headers[mark]))
    return headers[best], best


def _plain(row: texts.Row) -> Cells | texts.Broken:
    """Without what is null, names in small letters."""
    if isinstance(row, texts.Broken):
        return row
    return {name.strip().lower(): value for name, value in row.items() if value is not None}


def _row(number: int, cells: Cells | texts.Broken, path: Path, answer_type: AnswerType | None) -> Ask | BadRow:
    id = str(number)
    try:
        if isinstance(cells, texts.Broken):
            raise ValueError(f"{cells.why} ({cells.detail})" if cells.detail else cells.why)
        given = cells.get("id", id)
        if isinstance(given, bool) or not isinstance(given, (str, int, float)):
            raise ValueError(f"its id is {given!r}, not a text or a number")
        id = str(given).strip() or id
        own = _answer_type(cells) or answer_type
        return Ask(_source(cells, path.parent), _text(cells, "question"), _where(cells, path.parent), _policy(cells), id, own)
    except ValueError as error:
        return BadRow(id, DataError(f"Row {number} of {path.name} can't be asked: {str(error).rstrip('.')}.", NEEDED))


def _another(id: Id, used: Iterable[Id]) -> str:
    """The id of a row whose own is another row's."""
    return next(name for at in range(2, 10**9) if (name := f"{id}#{at}") not in used)


def _source(cells: Cells, folder: Path) -> SceneSource:
    if "path" in cells and "image" in cells:
        raise ValueError("it has a path and an image: one of them is the raster's")
    stretch = _numbers(cells, "stretch")
    if isinstance(stretch, list) and stretch and len(stretch) % 2 == 0 and not any(isinstance(value, list) for value in stretch):
        stretch = [stretch[at : at + 2] for at in range(0, len(stretch), 2)]
    force = cells.get("force_remote_scan")
    data = {
        "path": _resolved(_text(cells, "image" if "image" in cells else "path"), folder),
        "bands": _numbers(cells, "bands"),
        "stretch": stretch,
        "force_remote_scan": {"true": True, "false": False}.get(force.strip().lower(), force) if isinstance(force, str) else force,
    }
    return from_json(SceneSource, data, "row")


def _where(cells: Cells, folder: Path) -> Where | None:
    data = {name: _numbers(cells, name) for name in PLACES[:3] if name in cells}
    if "within" in cells:
        data["within"] = _resolved(_text(cells, "within"), folder)
    return from_json(Where, data, "row") if data else None


def _policy(cells: Cells) -> dict[str, Any] | None:
    if "max_zooms" not in cells:
        return None
    value = cells["max_zooms"]
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"its max_zooms is {value!r}, not a whole number from 0 on")
    return {"max_zooms": value}


def _answer_type(cells: Cells) -> AnswerType | None:
    choices, kind = cells.get("choices", ""), cells.get("type", "")
    if isinstance(choices, list):
        return AnswerType(CHOICE, tuple(map(str, choices)))
    if not isinstance(choices, str) or not isinstance(kind, str):
        raise ValueError(f"its type is {kind!r} and its choices are {choices!r}: they are texts")
    return parse_type(kind.strip().lower(), choices)


def _text(cells: Cells, name: str) -> str:
    value = cells.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"its {name} is {value!r}, not a text")
    if not value.strip():
        raise ValueError(f"it has no {name}")
    return texts.well_formed(value.strip())


def _numbers(cells: Cells, name: str) -> Any:
    """A list as it is, or out of a cell: JSON, or numbers between commas, semicolons or blanks. A lone number is a list of one."""
    value = cells.get(name)
    if not isinstance(value, str):
        return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if value.strip().startswith("["):
        return texts.parse(value)
    try:
        return [float(part) if re.search(r"[^\d+-]", part) else int(part) for part in re.split(r"[,;\s]+", value.strip())]
    except ValueError:
        raise ValueError(f"its {name} is {value!r}, not numbers separated by commas") from None


def _resolved(path: str, folder: Path) -> str:
    """A relative path as one from the folder; an address as it is."""
    beside = os.path.abspath(folder / path)
    return path if ADDRESS.match(path) and not texts.is_file(Path(beside)) else beside
