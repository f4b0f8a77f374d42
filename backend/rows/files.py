"""Rows to ask, out of a file of JSON lines, a CSV table or a Parquet table.

    path,question,bands,max_zooms
    city.tif,"How many ships, and where?","4,3,2",1

Relative paths are relative to the file's folder.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ...core import texts
from ...core.answer_type import AnswerType
from ...core.errors import DataError
from ..outputs.parquet import SUFFIXES as PARQUET
from . import Table
from .cells import FIELDS, table
from .parquet import read_parquet

TABLES = (".csv", ".tsv")
LONGEST = 100_000_000  # letters of a cell: an outline may have many corners


def read(path: Path, question: str = "", answer_type: AnswerType | None = None) -> Table:
    """All rows of a file, in order. question, answer_type: of the rows that have none. Raises DataError where it can't be read, and where
    not one row can be asked."""
    if not texts.is_file(path):
        raise DataError(f"{path} does not exist as a file.", "Give JSON lines, or a table that ends in .csv or .parquet.")
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        return table(enumerate(read_parquet(path), 1), path, question, answer_type)
    try:
        numbered = list(_csv(path, question) if suffix in TABLES else texts.rows(path))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} can't be read: {error}.", "It is JSON lines or a CSV table, in UTF-8.") from error
    return table(numbered, path, question, answer_type)


def _csv(path: Path, question: str) -> Iterator[tuple[int, texts.Row]]:
    """The rows below the header, numbered from 1. Raises OSError, ValueError and csv.Error."""
    csv.field_size_limit(LONGEST)
    text = texts.read(path)
    header, delimiter = _header(text)
    names = [name.strip().lower() for name in header]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise ValueError(f"its column {twice!r} is there twice")
    if not {"path", "image"} & set(names) or not ({"question", "find"} & set(names) or question):
        raise ValueError(
            f"its first line must name the columns path and question (or find), and has {', '.join(map(repr, header)) or 'none'}"
        )
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
