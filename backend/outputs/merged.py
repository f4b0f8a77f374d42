"""The answers of batches as one file of boxes (`core/roi_table.py`), in degrees: GeoPackage or GeoParquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...core.address import name
from ...core.answer_type import AnswerType
from ...core.roi_table import FIELDS, Facts, answer_row, view_row
from ...core.source import Compare, SceneSource, Seen, Where
from ...core.typed import from_json
from ..scene.gdal import RasterError, transform
from .parquet import SUFFIXES as PARQUET
from .parquet import write_parquet
from .rois import write_polygons
from .writing import write_file

SUFFIXES = (".gpkg", *PARQUET)
SURVEYED: dict[str, type] = {"coverage": float, "out": str}
DEGREES = "OGC:CRS84"
WRITTEN = "EPSG:4326"  # the same with its usual name, for a GeoPackage


def write_merged(path: Path, lines: Iterable[Mapping[str, Any]]) -> int:
    """lines: see `batch.line`. Of each row there is a row `answer` (its geometry is the place asked about), and a row for each zoom. Rows
    of rasters without georeference have no geometry. Values of typed answers have columns of their own: "value", or the names of the
    fields. Returns how many rows were written. Raises SceneError, BackendError."""
    values: dict[str, type] = {}
    rows: list[dict[str, Any]] = []
    polygons: list[Any] = []
    for line in lines:
        facts, crs = _facts(line), (line.get("scene") or {}).get("crs")
        views = [from_json(Seen, zoom) for zoom in line.get("zooms") or ()]
        for view in views:
            rows.append(view_row(facts, view))
            polygons.append(_polygon([view.polygon] if view.polygon else None, crs))
        # a line has the zooms, not the global view
        rows.append({**answer_row(facts, ()), "step": 1 + len(views), **_values(line, values)})
        polygons.append(_polygon(line.get("place"), crs))
    table = {**FIELDS, **values}
    for row in rows:
        row.update({column: _as(kind, row.get(column)) for column, kind in values.items()})
    if path.suffix.lower() in PARQUET:
        write_file(path, lambda new: write_parquet(new, polygons, rows, table))
    else:
        write_file(path, lambda new: write_polygons(new, polygons, rows, WRITTEN, table))
    return len(rows)


def _values(line: Mapping[str, Any], columns: dict[str, type]) -> dict[str, Any]:
    """The value of a line's answer by column; of a survey also its coverage and its file. columns: the types so far, which this adds to; a
    column of two types is one of texts."""
    survey = {name: line["survey"][name] for name in SURVEYED} if line.get("survey") else {}
    columns.update({name: kind for name, kind in SURVEYED.items() if name in survey})
    if not line.get("answer_type"):
        return survey
    kind = from_json(AnswerType, line["answer_type"])
    names = {field: f"value_{field}" if field in FIELDS else field for field in kind.columns}
    for field, its in kind.columns.items():
        columns[names[field]] = its if columns.get(names[field], its) is its else str
    return {**survey, **{names[field]: value for field, value in kind.cells(line.get("value")).items()}}


def _as(kind: type, value: Any) -> Any:
    return str(value) if kind is str and value is not None else value


def _facts(line: Mapping[str, Any]) -> Facts:
    source, error, compare = line.get("source"), line.get("error") or {}, line.get("compare")
    return Facts(
        exchange=str(line["id"]),
        question=str(line.get("question") or (f"Find all: {found['target']}" if (found := line.get("find")) else "")),
        answer=line.get("answer"),
        model=str(line.get("model") or ""),
        time="",
        stopped=str(line.get("stopped") or ""),
        error=error.get("message") or (None if line.get("answer") is not None else line.get("why") or "no answer"),
        confidence=line.get("confidence"),
        meaningless=bool(line.get("meaningless")),
        layer=name(source["path"]) if source else "",
        source=from_json(SceneSource, source) if source else None,
        region=from_json(Where, line["where"]) if line.get("where") else None,
        compare=from_json(Compare, compare).source if compare else None,
    )


def _polygon(rings: Any, crs: str | None) -> Any:
    """Rings in map units as a polygon of shapely in degrees; None where they have none."""
    import shapely

    if not rings or not crs:
        return None
    area = shapely.Polygon()
    for ring in rings:
        try:
            degrees = transform(np.array(ring, dtype=float), crs, DEGREES)
        except RasterError:
            return None
        if not np.isfinite(degrees).all():
            return None
        area = shapely.symmetric_difference(area, shapely.make_valid(shapely.Polygon(degrees)))  # the even-odd rule
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
