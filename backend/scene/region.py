"""Resolves the part of a raster that a question is limited to (`Where`: pixels, map bounds, rings, or a vector file) into pixels
(`Region`).

The messages suit every caller: the command line, the panel, Processing and the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Grid, Rings
from ...core.region import Region
from ...core.source import Where

if TYPE_CHECKING:
    from .scene import Scene

FAR = 1e12  # pixels; sums of larger numbers are not exact to a pixel
SIZE_HINT = "`zoomearth describe` prints the raster's size and grid."


class NoGeoreference(SceneError):
    """The region is given in map units, and the raster has no georeference. The command line adds the names of its flags to the hint."""

    def __init__(self, raster: str, kind: str) -> None:
        super().__init__(
            f"{raster} has no georeference: the region can't be {kind}.", "Give the region in pixels of the raster (a window)."
        )


def resolve(scene: Scene, where: Where | None) -> Region | None:
    """The region in source pixels; None for the whole scene. Raises SceneError where it lies outside the scene or can't be placed on it."""
    if where is None:
        return None
    if where.window:
        return _of_pixels(scene, Box(*where.window))
    if where.bounds:
        return _of_bounds(scene, *where.bounds)
    return of_rings(scene, where.outline, "The region") if where.outline else _of_file(scene, where.within or "")


def of_rings(scene: Scene, outline: Rings, subject: str) -> Region:
    """Rings in map units; of a raster without georeference, in pixels with y upwards, as QGIS shows it. subject: of an error's sentence."""
    return _on_map(scene, outline, _grid(scene) or PIXELS, subject, "Choose a region that the raster covers.")


def _of_pixels(scene: Scene, box: Box) -> Region:
    """A box of source pixels, cut to the raster."""
    region = Region(box.intersect(Box(0, 0, *scene.size)))
    return _inside(region, scene, f"The region {_numbers(box)}", SIZE_HINT)


def _of_bounds(scene: Scene, minx: float, miny: float, maxx: float, maxy: float) -> Region:
    """A rectangle in map units; on a rotated raster it is a rotated rectangle of pixels."""
    rectangle = ((minx, miny), (maxx, miny), (maxx, maxy), (minx, maxy))
    subject = f"The region {_numbers((minx, miny, maxx, maxy))}"
    return _on_map(scene, (rectangle,), _georeference(scene, "bounds in map units"), subject, SIZE_HINT)


def _of_file(scene: Scene, path: str) -> Region:
    """All polygons of a vector file, in any CRS, as one region."""
    from .polygons import read

    grid = _georeference(scene, "a vector file")
    hint = "Check the coordinate reference systems of the file and of the raster."
    return _on_map(scene, read(path, scene, grid), grid, f"The area of the polygons in {path}", hint)


def _on_map(scene: Scene, outline: Rings, grid: Grid, subject: str, hint: str) -> Region:
    rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in outline)
    if not all(-FAR < side < FAR for ring in rings for corner in ring for side in corner):
        raise SceneError(f"{subject} has corners that are too far away from {scene.name}.", hint)
    region = Region.of(rings, Box(0, 0, *scene.size), outline)
    if not region.rings:
        raise SceneError(f"{subject} has no area.", "Give a region with an area.")
    return _inside(region, scene, subject, hint)


def _inside(region: Region, scene: Scene, subject: str, hint: str) -> Region:
    if not region.touches(region.box):
        raise SceneError(f"{subject} lies outside {scene.name}.", hint)
    return region


def _georeference(scene: Scene, kind: str) -> Grid:
    if grid := _grid(scene):
        return grid
    raise NoGeoreference(scene.name, kind)


def _grid(scene: Scene) -> Grid | None:
    return scene.grid if scene.grid and scene.grid.invertible else None


def _numbers(sides: Sequence[float]) -> str:
    return ",".join(f"{side:.10g}" for side in sides)
