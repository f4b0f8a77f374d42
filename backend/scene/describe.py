"""Facts about a raster for the user: one JSON-able dict."""

from __future__ import annotations

import math
import re
from typing import Any

from ...core.geometry import Grid, Size
from .gdal import Facts, Raster
from .overviews import Level
from .rendering import Rendering

WARNINGS = 3  # warnings of GDAL that are shown, at most


def describe(path: str, raster: Raster, grid: Grid | None, rendering: Rendering, levels: list[Level], dark: bool) -> dict[str, Any]:
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
        "gsd": ground_sampling_distance(grid, facts, facts.size) if grid else None,
        "rotated": _rotated(grid),
        "overviews": [list(level.size) for level in levels if level.index],
        "grid": list(grid.affine) if grid else None,
        "notes": _notes(raster, grid, rendering, levels, dark),
    }


def _notes(raster: Raster, grid: Grid | None, rendering: Rendering, levels: list[Level], dark: bool) -> list[str]:
    facts, shown = raster.facts, ", ".join(map(str, rendering.shown))
    notes = {
        facts.placed: facts.placed,
        "Its coordinate reference system is not known.": grid is not None and not facts.crs,
        "Its grid is rotated: boxes are rotated polygons on the map.": _rotated(grid),
        "Its rows run from south to north, and are shown as they are stored.": (
            grid is not None and not _rotated(grid) and grid.affine[5] > 0
        ),
        f"Of its {len(facts.bands)} bands, {shown} are shown.": len(facts.bands) > len(rendering.shown),
        "Its values are stretched linearly to 8 bits, one range per band for all views.": rendering.stretch,
        **dict.fromkeys(rendering.notes, True),
        "Its values are low and shown without a stretch, nearly black: set contrast limits in the layer style to see more.": dark,
        **{f"GDAL warns: {_without_addresses(message)}.": True for message in raster.complaints.messages[:WARNINGS]},
        "Its parts have overviews, which are used.": any(level.averaged > 1 for level in levels),
        "It has many pixels and no overviews: it is read as a whole once, and the result is stored in the cache folder.": (
            levels[-1].scanned
        ),
    }
    return [sentence for sentence, true in notes.items() if true]


def _rotated(grid: Grid | None) -> bool:
    return grid is not None and (grid.affine[2] != 0 or grid.affine[4] != 0)


def _jsonable(value: float | None) -> float | str | None:
    """The number, or its name where JSON can't express it (NaN, infinity)."""
    return value if value is None or math.isfinite(value) else str(value)


def _without_addresses(message: str) -> str:
    """The message without addresses, which may contain keys."""
    return re.sub(r"\w+://\S+", "its address", message).rstrip(".")


def ground_sampling_distance(grid: Grid, facts: Facts, size: Size) -> float | None:
    """Metres per pixel, the geometric mean of both axes; angles are converted to metres at the scene's centre."""
    if facts.units is None:
        return None
    a, (east, radians) = grid.affine, facts.units
    north = east
    if radians is not None:
        latitude = grid.to_map(size.width / 2, size.height / 2)[1] * radians
        east *= max(0.0, math.cos(max(-math.pi / 2, min(math.pi / 2, latitude))))
    column, row = math.hypot(a[1] * east, a[4] * north), math.hypot(a[2] * east, a[5] * north)
    return float(f"{math.sqrt(column * row):.6g}")
