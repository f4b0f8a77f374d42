"""GeoParquet 1.1: a table with polygons in degrees (OGC:CRS84), https://geoparquet.org/releases/v1.1.0/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import BackendError

SUFFIXES = (".parquet", ".geoparquet")
CHUNK = 5000  # rows written at a time


def arrow() -> Any:
    """The package pyarrow. Raises BackendError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BackendError("Parquet files need the package pyarrow.", "Install it: pip install 'zoomearth[parquet]'") from error
    return pyarrow


def write_parquet(path: Path, polygons: Sequence[Any], rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type]) -> None:
    """polygons: of shapely, in degrees, None for a row without; columns: names of the rows' fields with their types.

    Raises OSError, RuntimeError, and BackendError where pyarrow is missing.
    """
    import shapely

    pyarrow = arrow()

    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    fields = [pyarrow.field(name, types[kind]) for name, kind in columns.items()]
    kinds = sorted({polygon.geom_type for polygon in polygons if polygon is not None})
    about = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": kinds}}}
    schema = pyarrow.schema([*fields, pyarrow.field("geometry", pyarrow.binary())], metadata={b"geo": json.dumps(about).encode()})
    try:
        with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for at in range(0, len(rows), CHUNK):
                part = rows[at : at + CHUNK]
                shapes = [None if polygon is None else shapely.to_wkb(polygon) for polygon in polygons[at : at + CHUNK]]
                arrays = [pyarrow.array([row[field.name] for row in part], field.type) for field in fields]
                writer.write_table(pyarrow.Table.from_arrays([*arrays, pyarrow.array(shapes, pyarrow.binary())], schema=schema))
    except pyarrow.ArrowException as error:
        raise RuntimeError(str(error)) from error
