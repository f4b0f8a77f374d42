"""Features of vector files: their columns, and their geometries in pixels of a raster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...backend.scene.gdal import RasterError, transform
from ...backend.scene.scene import Scene
from ...core.errors import DataError, ZoomEarthError
from ...core.geometry import PIXELS, Box, Grid, Rings
from ...core.roi_table import roi_of
from ...core.source import SceneSource

NEAR = 0.01  # of a box's longer side: the tolerance for rounded coordinates, as in GeoJSON


class NoPlace(ValueError):
    """A feature can't be placed on its raster; the text says why."""


def read(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The features of every layer, each named by file and number: their columns, and geometry (WKB) and crs. Raises DataError.

    Two kinds of tables are skipped: the panel's table of exchanges, because the layers beside it have the same content, and a Shapefile or
    GeoJSON without a column `question`, such as the outline of a region.
    """
    import pyogrio

    try:
        for layer, _ in pyogrio.list_layers(file):
            meta, ids, shapes, columns = pyogrio.raw.read(file, layer=layer, return_fids=True)
            if {"exchange", "data"} <= set(meta["fields"]) or (file.suffix.lower() != ".gpkg" and "question" not in meta["fields"]):
                continue
            for at, number in enumerate(ids):
                row = {str(name): column[at] for name, column in zip(meta["fields"], columns)}
                plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
                for name, kind in zip(meta["fields"], meta["dtypes"]):
                    if kind.startswith("int") and isinstance(plain[name], float):  # a column with gaps is read as floats
                        plain[name] = int(plain[name]) if plain[name].is_integer() else None
                geometry = shapes[at] if shapes is not None else None
                yield f"{file.name}:{int(number)}", {**plain, "geometry": geometry, "crs": meta["crs"]}
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{file} can't be read: {error}.", "Open it in QGIS and export it again.") from error


class Places:
    """Places features on their rasters; each raster is opened once."""

    def __init__(self) -> None:
        self._grids: dict[SceneSource, Grid | ZoomEarthError | None] = {}

    def box(self, source: SceneSource, row: dict[str, Any]) -> Box | None:
        """The box around a feature's geometry, in pixels of the raster; None without a geometry. Raises NoPlace.

        The row's `roi` has the exact pixels. It is used where the geometry still has this box, or can't be placed on the raster.
        """
        roi = roi_of(row)
        exact = Box(*roi) if roi else None
        try:
            corners = [corner for ring in self._rings(source, row) for corner in ring]
        except NoPlace:
            if exact:
                return exact
            raise
        if not corners:
            return exact
        grid = self._grid(source)
        if exact and grid.crs.startswith("GEOG"):  # GeoJSON's longitudes end at 180 degrees, a raster's may not
            middle = grid.to_map(*exact.center)[0]
            corners = [(x - 360 * round((x - middle) / 360), y) for x, y in corners]
        xs, ys = zip(*(grid.to_pixel(x, y) for x, y in corners))
        box = Box(min(xs), min(ys), max(xs), max(ys))
        if exact and all(abs(a - b) <= max(1, NEAR * max(exact.width, exact.height)) for a, b in zip(exact, box)):
            return exact
        return box

    def rings(self, source: SceneSource, row: dict[str, Any]) -> Rings:
        """The outlines of a feature's geometry in map units of the raster. Raises NoPlace."""
        rings = self._rings(source, row)
        if not rings:
            raise NoPlace("the row has neither a complete region nor a geometry")
        return rings

    def _grid(self, source: SceneSource) -> Grid:
        """The raster's grid; without georeference: pixels with y upwards, as QGIS shows such a raster. Raises NoPlace."""
        if source not in self._grids:
            try:
                with Scene.of(source) as scene:
                    self._grids[source] = scene.grid
            except ZoomEarthError as error:
                self._grids[source] = error
        grid = self._grids[source]
        if isinstance(grid, ZoomEarthError):
            raise NoPlace(grid.message)
        if grid is not None and not grid.invertible:
            raise NoPlace(f"{source.path} has a georeference that can't be inverted: give boxes in pixels, as JSON lines")
        return grid or PIXELS

    def _rings(self, source: SceneSource, row: dict[str, Any]) -> Rings:
        import shapely

        shape = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
        if shape is None or shape.is_empty:
            return ()
        grid = self._grid(source)
        crs = row["crs"] if grid.crs else ""  # GeoJSON always has a CRS, also with pixel coordinates
        rings = []
        for part in shapely.get_parts(shape):
            for ring in shapely.get_rings(part) if part.geom_type == "Polygon" else [part]:
                corners = shapely.get_coordinates(ring)
                if crs:
                    try:
                        corners = transform(corners, crs, grid.crs)
                    except RasterError as error:
                        raise NoPlace(f"the CRS of the feature can't be transformed to that of {source.path}: {error}") from error
                if not np.isfinite(corners).all():
                    raise NoPlace(f"the feature lies where the CRS of {source.path} has no coordinates")
                rings.append(tuple((float(x), float(y)) for x, y in corners))
        return tuple(rings)
