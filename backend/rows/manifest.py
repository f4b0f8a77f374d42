"""A manifest: rows in a file, each with its id, after their rasters were opened and described. It is asked like any file of rows.

A raster that can't be opened has the reason in `error`, and is not asked about. What an earlier manifest says of an unchanged row is
taken over, so that only new and failed ones are opened again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...core.address import shown
from ...core.atomic import beside
from ...core.errors import DataError, as_ours
from ...core.geometry import Box
from ...core.requests import Ask
from ...core.source import SceneSource
from ..batch import asked
from ..engines import never
from ..opened import sources_of
from ..outputs.parquet import SUFFIXES as PARQUET
from ..scene.gdal import RasterError, transform
from ..scene.scene import Scene
from ..scene.signing import Sign, opened, unsigned
from . import BadRow, Table, Wanted
from .cells import cells_of
from .files import read
from .parquet import write_rows

AT_ONCE = 16  # rasters opened at a time: most of the time is waiting for a network
DEGREES = "OGC:CRS84"
SUFFIXES = (".jsonl", *PARQUET)


def described(
    table: Table, earlier: Table | None, sign: Sign = unsigned, cancelled: Callable[[], bool] = never
) -> Iterator[Wanted | BadRow]:
    """Opens the raster of each row that can be asked, many at a time, and adds to `table.described`. Yields the rows in order; a raster
    that can't be opened makes its row a BadRow. earlier: rows that were described before."""
    known = {row.id: row for row in earlier.rows if not isinstance(row, BadRow)} if earlier else {}

    def describe(row: Wanted | BadRow) -> tuple[Wanted | BadRow, dict[str, Any]]:
        if isinstance(row, BadRow):
            return describe(row.ask) if row.ask else (row, {"error": row.error.to_dict()})
        before = known.get(row.id)
        if earlier and before and asked(before) == asked(row) and "width" in (facts := earlier.described.get(str(row.id), {})):
            return row, facts
        try:
            for other in sources_of(row)[1:]:
                opened(other, sign).close()
            with opened(row.source, sign) as scene:
                return row, _facts(scene)
        except Exception as error:  # a reader may raise any error for a damaged file
            ours = as_ours(error)
            return BadRow(str(row.id), ours, row), {"error": ours.to_dict()}

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(table.rows), AT_ONCE * 8):
            for row, facts in threads.map(describe, table.rows[start : start + AT_ONCE * 8]):
                table.described[str(row.id)] = facts
                yield row
            if cancelled():
                return


def write(path: Path, table: Table, bare: bool = False) -> None:
    """Writes the rows with what is known of their rasters. bare: addresses without logins and queries, since they are signed when they
    are asked; else as they are, and where one holds any, only the user may read the file. Raises DataError."""
    rows = [_line(row, table.described.get(str(row.id), {}), bare) for row in table.rows]
    try:
        with beside(path) as new:
            new.touch(mode=0o600 if has_secrets(table) and not bare else 0o666)
            if path.suffix.lower() in PARQUET:
                write_rows(new, rows)
            else:
                with new.open("w", encoding="utf-8") as file:
                    file.writelines(json.dumps(row) + "\n" for row in rows)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise DataError(f"{path} can't be written: {reason}.", "Name another place, or make room.") from error


def earlier(path: Path) -> Table | None:
    """The manifest that is there already; None where there is none that can be read."""
    try:
        return read(path) if path.exists() else None
    except DataError:
        return None


def has_secrets(table: Table) -> bool:
    """Whether an address has a login or a query."""
    asks = (row.ask if isinstance(row, BadRow) else row for row in table.rows)
    sources = (source for ask in asks if ask for source in sources_of(ask))
    return any(shown(source.path) != source.path for source in sources)


def _line(row: Wanted | BadRow, facts: dict[str, Any], bare: bool) -> dict[str, Any]:
    ask = row.ask if isinstance(row, BadRow) else row
    if ask is None:
        return {"id": str(row.id), **facts}
    if bare:
        ask = replace(ask, source=_bare(ask.source))
        if isinstance(ask, Ask) and ask.compare:
            ask = replace(ask, compare=replace(ask.compare, source=_bare(ask.compare.source)))
    return {**cells_of(ask), **facts}


def _bare(source: SceneSource) -> SceneSource:
    return replace(source, path=shown(source.path))


def _facts(scene: Scene) -> dict[str, Any]:
    """width, height, crs and gsd of the raster, and its footprint: a closed ring in degrees, where it has one."""
    facts = {"width": scene.size.width, "height": scene.size.height, "crs": scene.crs or None, "gsd": scene.gsd}
    ring = footprint(scene)
    return {**facts, "footprint": ring} if ring else facts


def footprint(scene: Scene) -> list[list[float]] | None:
    """The raster's outline in degrees; None without georeference, and where its corners have no longitude and latitude."""
    if scene.grid is None or not scene.grid.crs:
        return None
    ring = np.array(scene.grid.polygon(Box(0, 0, *scene.size)))
    try:
        degrees = transform(ring, scene.grid.crs, DEGREES)
    except RasterError:
        return None
    return [list(map(float, corner)) for corner in degrees.round(9)] if np.isfinite(degrees).all() else None
