"""Reads the polygons of a vector file and transforms them to a raster's CRS, for a region given as a file."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import shapely

from ...core.errors import SceneError
from ...core.geometry import Box, Grid, Rings
from .gdal import RasterError, transform

if TYPE_CHECKING:
    from .scene import Scene

SAMPLES = 33  # points on each side of the raster that are transformed to the file's CRS
MARGIN = 0.2  # of that place's size, on each side
STEPS = 1000  # parts of the longer side of what is brought to another CRS: a straight line there is a curve here


def read(path: str, scene: Scene, grid: Grid) -> Rings:
    """The outlines and holes of all polygons, in map units of the raster. A file without a CRS is assumed to have the raster's CRS.

    Raises SceneError where the file has no polygons, or they can't be read or transformed.
    """
    shapes, crs, _ = _features(path, columns=[])
    return _rings(_placed(_united(shapes, path), crs, path, scene, grid))


def read_each(path: str, scene: Scene, grid: Grid) -> list[tuple[Rings, dict[str, Any]]]:
    """The same of each feature with a polygon, and its attributes."""
    shapes, crs, attributes = _features(path, columns=None)
    _united(shapes, path)
    return [
        (_rings(_placed(_united(one, path), crs, path, scene, grid)), {name: values[number] for name, values in attributes.items()})
        for number, one in enumerate(shapes.reshape(-1, 1))
        if len(_finite(one))
    ]


def _placed(shape: shapely.Geometry, crs: str, path: str, scene: Scene, grid: Grid) -> shapely.Geometry:
    """In the raster's CRS, under every name that the raster may give to its meridians."""
    if crs and grid.crs and crs != scene.crs:
        shape = _moved(shape, crs, path, scene, grid)
    longitudes = [x for x, _ in grid.polygon(Box(0, 0, *scene.size))]
    if grid.crs.startswith("GEOG") and (min(longitudes) < -180 or max(longitudes) > 180):  # the same meridian has several names
        shape = shapely.union_all(
            [shapely.transform(shape, lambda corners, turn=turn: np.add(corners, (turn, 0))) for turn in (-360, 0, 360)]
        )
    return shape


def _rings(shape: shapely.Geometry) -> Rings:
    polygons = _polygons(np.array([shape]))
    return tuple(tuple(map(tuple, shapely.get_coordinates(ring)[:-1].tolist())) for ring in shapely.get_rings(polygons))


def _features(path: str, columns: list[str] | None) -> tuple[np.ndarray, str, dict[str, Any]]:
    """The geometries of the one layer of polygons, the CRS that the file names ("" for none), and its columns (None: all) by name."""
    if "/vsi" not in path and "://" not in path and not os.path.exists(path):
        raise SceneError(f"There is no file {path}.", "Check the path.")
    with _explained(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about servers; errors are raised below
            layers = {name: kind or "a table" for name, kind in pyogrio.list_layers(path).tolist()}
        candidates = [name for name, kind in layers.items() if any(word in kind for word in ("Polygon", "Unknown", "Collection"))]
        if len(candidates) > 1:
            hint = f"Save one layer to a separate file: ogr2ogr one.gpkg {path} {candidates[0]}"
            raise SceneError(f"{path} has several layers of polygons: {', '.join(candidates)}.", hint)
        if not candidates:
            raise _without_polygons(path, layers.values())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about rings and dates; errors are raised below
            facts, _, shapes, values = pyogrio.raw.read(path, layer=candidates[0], columns=columns, force_2d=True)
            return shapely.from_wkb(shapes), facts["crs"] or "", dict(zip(facts["fields"], values))


def _united(shapes: np.ndarray, path: str) -> shapely.Geometry:
    """Their polygons as one valid geometry."""
    with _explained(path):
        polygons = _finite(shapes)
        united = shapely.union_all(_polygons(shapely.make_valid(polygons)))
    if len(polygons) and united.is_empty:
        raise SceneError(f"The polygons of {path} have no area.", "Give polygons with an area.")
    if united.is_empty:
        raise _without_polygons(path, {shape.geom_type for shape in shapes if shape is not None and not shape.is_empty})
    return united


def _finite(shapes: np.ndarray) -> np.ndarray:
    polygons = _polygons(shapes)
    return np.asarray(polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)])


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError, shapely.GEOSException) as error:
        reason = " ".join(str(error).split(";")[0].split()).rstrip(".")
        message = f"The polygons of {path} can't be read: {reason}."
        raise SceneError(message, "Give a vector file, such as a GeoPackage, Shapefile or GeoJSON.") from None


def _without_polygons(path: str, kinds: Any) -> SceneError:
    content = f"it has {', '.join(sorted(kinds))}" if kinds else "it is empty"
    return SceneError(f"{path} has no polygons: {content}.", "Give a file of polygons; lines and points can be buffered first.")


def _polygons(shapes: np.ndarray) -> np.ndarray:
    """The polygons among geometries, including those inside collections."""
    while (collections := shapely.get_type_id(shapes) > shapely.GeometryType.POLYGON).any():
        shapes = np.concatenate([shapes[~collections], shapely.get_parts(shapes[collections])])
    polygons: np.ndarray = shapes[shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON]
    return polygons


def _moved(shape: shapely.Geometry, crs: str, path: str, scene: Scene, grid: Grid) -> shapely.Geometry:
    """The shape in the raster's CRS. Parts far from the raster are cut off first, because their transformation may fail."""
    with contextlib.suppress(RasterError):  # the whole shape is transformed then
        across, down = (np.linspace(0, side, SAMPLES) for side in scene.size)
        corners = np.array([grid.to_map(x, y) for x in across for y in down])
        place = transform(corners, grid.crs, crs)
        if np.isfinite(place).all():
            low, high = place.min(axis=0), place.max(axis=0)
            margin = MARGIN * (high - low)
            shape = shapely.intersection(shape, shapely.box(*(low - margin), *(high + margin)))
    if shape.is_empty:
        raise SceneError(
            f"The polygons of {path} lie outside {scene.name}.", "Check the coordinate reference systems of the file and of the raster."
        )
    west, south, east, north = shape.bounds
    shape = shapely.segmentize(shape, max(east - west, north - south) / STEPS)
    try:
        moved = shapely.transform(shape, lambda corners: transform(corners, crs, grid.crs))
    except RasterError:
        message = f"The CRS of {path} can't be transformed to the CRS of {scene.name} ({scene.crs})."
        raise SceneError(message, "Save the polygons in the raster's CRS first.") from None
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        message = f"Some polygons of {path} lie where the CRS of {scene.name} has no coordinates."
        raise SceneError(message, "Clip the polygons to the surroundings of the raster.")
    return moved
