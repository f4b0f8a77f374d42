"""What a raster is, as a person would ask: one JSON-able dict."""

from __future__ import annotations

import math
from typing import Any

from ..core.geometry import Grid, Size
from .levels import Level
from .pixels import Rendering
from .rasters import Facts, Raster


def describe(path: str, raster: Raster, grid: Grid | None, rendering: Rendering, levels: list[Level]) -> dict[str, Any]:
    """`gsd` in metres per pixel or null, `grid` as GDAL's six coefficients or null, `notes` plain sentences."""
    facts = raster.facts
    return {
        "path": path,
        "driver": facts.driver,
        "library": raster.library,
        "width": facts.size.width,
        "height": facts.size.height,
        "bands": [
            {"index": b.index, "dtype": b.dtype, "interpretation": b.interpretation, "nodata": _jsonable(b.nodata)} for b in facts.bands
        ],
        "shown": list(rendering.shown),
        "stretch": [list(pair) for pair in rendering.stretch] if rendering.stretch else None,
        "crs": facts.crs,
        "gsd": _gsd(grid, facts, facts.size) if grid else None,
        "rotated": _rotated(grid),
        "overviews": [list(level.size) for level in levels if level.index],
        "grid": list(grid.affine) if grid else None,
        "notes": list(_notes(facts, grid, rendering, levels)),
    }


def _notes(facts: Facts, grid: Grid | None, rendering: Rendering, levels: list[Level]) -> list[str]:
    shown = ", ".join(map(str, rendering.shown))
    said = {
        "Nothing is known about where it lies: boxes are in pixels only.": grid is None,
        "Its coordinate reference system is not known.": grid is not None and not facts.crs,
        f"It has no geotransform: its grid is an affine fitted to its {facts.gcps} ground control points.": facts.gcps,
        "Its grid is rotated: boxes are rotated polygons on the map.": _rotated(grid),
        "Its rows run from south to north, and are shown as they are stored.": (
            grid is not None and not _rotated(grid) and grid.affine[5] > 0
        ),
        f"Of its {len(facts.bands)} bands, {shown} are shown.": len(facts.bands) > len(rendering.shown),
        "Its values are stretched linearly to 8 bits, one range per band for all views.": rendering.stretched,
        "Its parts have overviews, which are used.": any(level.averaged > 1 for level in levels),
        "It is too large to be seen without overviews: it is read whole once, and the result kept in the cache folder.": (
            levels[-1].scanned
        ),
    }
    return [sentence for sentence, true in said.items() if true]


def _rotated(grid: Grid | None) -> bool:
    return grid is not None and (grid.affine[2] != 0 or grid.affine[4] != 0)


def _jsonable(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity."""
    return value if value is None or math.isfinite(value) else str(value)


def _gsd(grid: Grid, facts: Facts, size: Size) -> float | None:
    """Metres per pixel, the geometric mean of the two axes; degrees are turned into metres at the scene's centre."""
    a = grid.affine
    if facts.metres is not None:
        east = north = facts.metres
    elif facts.wkt.startswith("GEOG"):
        latitude = grid.to_map(size.width / 2, size.height / 2)[1]
        east, north = 111_320 * math.cos(math.radians(latitude)), 111_320.0
    else:
        return None
    column, row = math.hypot(a[1] * east, a[4] * north), math.hypot(a[2] * east, a[5] * north)
    return float(f"{math.sqrt(column * row):.6g}")
