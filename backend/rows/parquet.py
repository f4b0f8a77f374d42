"""Rows as a GeoParquet file. Its geometry is the footprint of each raster, in degrees; it is not the region of the question.

A list of a row is a text of JSON, so that the columns have the same types whatever a row holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from ..outputs.parquet import arrow, write_parquet

TEXTS = {"id": str, "path": str, "question": str, "window": str, "bounds": str, "outline": str, "within": str, "bands": str, "stretch": str}
TYPES = {"type": str, "choices": str, "fields": str, "compare": str}
SURVEY: dict[str, type] = {"find": str, "size": float, "way": str, "budget": int, "masks": bool}
COLUMNS: dict[str, type] = {**TEXTS, **TYPES, **SURVEY, "max_zooms": int, "force_remote_scan": bool}
DESCRIBED: dict[str, type] = {"width": int, "height": int, "crs": str, "gsd": float, "error": str}
GEOMETRY = "geometry"


def read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table. Raises DataError where it can't be read, BackendError where pyarrow is missing."""
    pyarrow = arrow()
    try:
        file = pyarrow.parquet.ParquetFile(path)
        for batch in file.iter_batches():
            yield from map(_cells, batch.to_pylist())
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise DataError(f"{path} can't be read as Parquet: {str(error).rstrip('.')}.", "Write it again, or give a CSV table.") from error


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """rows: the fields of `cells`. Raises OSError and RuntimeError."""
    import shapely

    columns = {name: kind for name, kind in {**COLUMNS, **DESCRIBED}.items() if name in TEXTS or any(name in row for row in rows)}
    footprints = [shapely.Polygon(row["footprint"]) if row.get("footprint") else None for row in rows]
    flat = [{name: _flat(row.get(name)) for name in columns} for row in rows]
    write_parquet(path, footprints, flat, columns)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: value for name, value in row.items() if value is not None and name.lower() != GEOMETRY}
    geometry = row.get(GEOMETRY)
    if "width" in cells and isinstance(geometry, bytes):
        import shapely

        cells["footprint"] = [list(corner) for corner in shapely.get_coordinates(shapely.from_wkb(geometry)).tolist()]
    return cells


def _flat(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, tuple, dict)) else value
