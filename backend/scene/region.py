"""The one place where a `Where` becomes a `Region`: pixels, map bounds, rings in map units, or the polygons of a vector file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Grid, Rings
from ...core.region import Region
from ...core.source import Where

if TYPE_CHECKING:
    from .scene import Scene

FAR = 1e12  # pixels; sums of larger numbers lose the pixels
BOUNDS = "`zoomearth describe` prints the raster's size and grid."


def resolve(scene: Scene, where: Where | None) -> Region | None:
    """The part of the scene in source pixels; None for the whole scene. Raises SceneError where it lies outside or can't be placed."""
    if where is None:
        return None
    if where.window:
        return _of_pixels(scene, Box(*where.window))
    if where.bounds:
        return _of_bounds(scene, *where.bounds)
    return of_rings(scene, where.outline, "The chosen place") if where.outline else _of_file(scene, where.within or "")


def of_rings(scene: Scene, outline: Rings, what: str) -> Region:
    """Rings in map units; of a raster without georeference, in pixels with y upwards, as QGIS shows it. what: how a message calls them."""
    return _on_map(scene, outline, _grid(scene) or PIXELS, what, "Choose a place that the raster covers.")


def _of_pixels(scene: Scene, box: Box) -> Region:
    """A box of source pixels, cut to the raster."""
    region = Region(box.intersect(Box(0, 0, *scene.size)))
    return _inside(region, scene, f"The region {_numbers(box)}", BOUNDS)


def _of_bounds(scene: Scene, minx: float, miny: float, maxx: float, maxy: float) -> Region:
    """An upright rectangle on the map; in the pixels of a rotated raster it is turned."""
    rectangle = ((minx, miny), (maxx, miny), (maxx, maxy), (minx, maxy))
    what = f"The region {_numbers((minx, miny, maxx, maxy))}"
    return _on_map(scene, (rectangle,), _georeference(scene, "--region"), what, BOUNDS)


def _of_file(scene: Scene, path: str) -> Region:
    """All polygons of a vector file together, in whatever CRS."""
    from .polygons import read

    grid = _georeference(scene, "--within")
    hint = "Check the coordinate reference systems of both."
    return _on_map(scene, read(path, scene, grid), grid, f"The area of {path}", hint)


def _on_map(scene: Scene, outline: Rings, grid: Grid, what: str, hint: str) -> Region:
    rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in outline)
    if not all(-FAR < side < FAR for ring in rings for corner in ring for side in corner):
        raise SceneError(f"{what} has corners that are too far away from {scene.name}.", hint)
    region = Region.of(rings, Box(0, 0, *scene.size), outline)
    if not region.rings:
        raise SceneError(f"{what} has no area.", "Give one that has.")
    return _inside(region, scene, what, hint)


def _inside(region: Region, scene: Scene, what: str, hint: str) -> Region:
    if not region.touches(region.box):
        raise SceneError(f"{what} lies outside {scene.name}.", hint)
    return region


def _georeference(scene: Scene, option: str) -> Grid:
    if grid := _grid(scene):
        return grid
    raise SceneError(f"{scene.name} has no georeference; use --window (pixels) instead of {option}.", BOUNDS)


def _grid(scene: Scene) -> Grid | None:
    return scene.grid if scene.grid and scene.grid.invertible else None


def _numbers(sides: Sequence[float]) -> str:
    return ",".join(f"{side:.10g}" for side in sides)
