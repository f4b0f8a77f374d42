"""Rows to ask, from files of rows, folders of rasters and STAC catalogues.

`cells` makes a row of its fields, `files` reads JSON lines and tables, `rasters` finds the rasters of a folder, `stac` reads and searches
catalogues, `sources` chooses among them, `manifest` opens the rasters of rows and writes all of it to a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from ...core.errors import ZoomEarthError
from ...core.requests import Ask, RunSurvey

Wanted = Union[Ask, RunSurvey]
"""A row that can be done: a question, or a thing to find. The `out` of the latter is a name: whoever does the row says in which folder."""
Cells = Mapping[str, Any]
"""The fields of a row by name, as a file has them."""


@dataclass(frozen=True)
class BadRow:
    """A row that can't be asked. ask: what it asks, where that is known."""

    id: str
    error: ZoomEarthError
    ask: Wanted | None = None


@dataclass(frozen=True)
class Table:
    """Rows in order, each with an id of its own.

    ignored: names of fields that the file has and nobody reads. described: what a manifest says of the rasters (see `manifest`), by row id.
    found: the rasters were looked for, in a folder or a catalogue, and not read from a file of rows.
    """

    rows: list[Union[Ask, RunSurvey, BadRow]]
    ignored: list[str] = field(default_factory=list)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: bool = False
