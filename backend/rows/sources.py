"""Rows out of whatever a person names: a file of rows, a folder, a pattern, STAC items in a file or behind an API."""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core import texts
from ...core.address import shown
from ...core.answer_type import AnswerType
from ...core.errors import DataError, UsageError
from ...core.requests import Ask
from ..outputs.parquet import SUFFIXES as PARQUET
from . import BadRow, Table, stac
from .cells import table
from .files import read
from .parquet import read_parquet
from .rasters import in_folder, matching
from .stac import Search

ASK = 'Add the question that is asked about each raster: zoomearth batch SOURCE "..." --out FILE; or what to find: --find ships.'
NO_SEARCH = Search()


@dataclass(frozen=True)
class Source:
    """name: a path, a pattern or an address. question: about each raster; of a file of rows: of the rows that have none. find: what is
    looked for in each raster instead. bands: as in `SceneSource`, and answer_type: of rows that have none. asset: of STAC items, "" for the
    likeliest. search: of an API."""

    name: str
    question: str = ""
    bands: tuple[int, ...] | None = None
    answer_type: AnswerType | None = None
    asset: str = ""
    search: Search = NO_SEARCH
    find: str = ""


def rows_of(source: Source) -> Table:
    """Raises DataError where there are no rows, or not one can be asked, UsageError where something is not said."""
    path = Path(source.name)
    if re.match(r"https?://", source.name, re.IGNORECASE):
        return _found(source, stac.rows(stac.search(source.name, source.search), source.asset))
    if source.search != NO_SEARCH:
        raise UsageError("--collection, --bbox, --datetime and --limit search an API.", "Give the address of a STAC API.")
    if path.is_dir():
        return _found(source, in_folder(path))
    if texts.is_file(path):
        items = _items(path)
        if items is None and source.find:
            raise UsageError("--find is for the rasters of a folder or a catalogue.", "In a file of rows, give each row a field find.")
        if items is not None:
            return _found(source, stac.rows(items, source.asset))
        if source.asset:
            raise UsageError(f"--asset is for STAC items, and {path} holds none.", "Leave it out.")
        return _with_bands(read(path, source.question, source.answer_type), source.bands)
    if glob.has_magic(source.name):
        return _found(source, matching(source.name))
    return read(path)  # which says that it does not exist


def _found(source: Source, rows: Iterable[Mapping[str, Any]]) -> Table:
    """The rasters that were found, with the one question, and the bands."""
    if not (source.question or source.find):
        raise UsageError(f"{shown(source.name)} has rasters and no questions.", ASK)
    wanted = {"find": source.find} if source.find else {"question": source.question}
    fixed = {**wanted, "bands": list(source.bands) if source.bands else None}
    return replace(
        table(((at, {**fixed, **row}) for at, row in enumerate(rows, 1)), Path(source.name), answer_type=source.answer_type), found=True
    )


def _with_bands(rows: Table, bands: tuple[int, ...] | None) -> Table:
    def banded(row: Any) -> Any:
        fits = bands and not isinstance(row, BadRow) and row.source.bands is None
        if not fits:
            return row
        row = replace(row, source=replace(row.source, bands=bands))
        if isinstance(row, Ask) and row.compare:
            row = replace(row, compare=replace(row.compare, source=replace(row.compare.source, bands=bands)))
        return row

    return replace(rows, rows=list(map(banded, rows.rows)))


def _items(path: Path) -> Iterator[Mapping[str, Any]] | None:
    """The STAC items of a file; None where it is a file of rows. Raises DataError where it is of STAC and has no items."""
    suffix = path.suffix.lower()
    if suffix in PARQUET:
        rows = read_parquet(path)
        first = next(rows, {})
        return itertools.chain([first], rows) if "assets" in first else None
    if suffix not in (".json", ".geojson"):
        return None
    try:
        content = texts.read_object(path)
    except (OSError, ValueError):  # JSON lines, or a list of rows
        return None
    if content.get("type") == "FeatureCollection":
        features = content.get("features")
        if not isinstance(features, list) or not features:
            raise DataError(f"{path} holds no items.", "Search again, for another time or another place.")
        return stac.items_of(path, features)
    if content.get("type") in ("Catalog", "Collection", "Feature"):
        hint = "Give an item collection (a GeoJSON FeatureCollection of items), or the address of the catalogue's API."
        raise DataError(f"{path} is a STAC {content['type']}, not a collection of items.", hint)
    return None
