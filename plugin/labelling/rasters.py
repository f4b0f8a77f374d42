"""Raster layers as images of a label file: what is stored of them, and the pixels of a rectangle on the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional

from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle, QgsUnitTypes

from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Grid, Size
from ...core.labels.rows import LabelBox, LabelImage, checksum_of
from ...core.roi_table import stored
from ...core.source import Corner, SceneSource
from ..i18n import tr
from ..layers.raster_layers import needs_snapshot, scene_source, wkt
from ..layers.scope import rectangle

DEGREE = math.radians(6_371_008.8)  # metres of a degree on a meridian


def source_of(layer: QgsRasterLayer) -> SceneSource:
    """The layer's raster as it is labelled. Raises SceneError for a layer that QGIS alone can read or draw: training could not show it."""
    if needs_snapshot(layer):
        message = tr("Labels need a raster that ZoomEarth can read by itself, and QGIS alone can draw the layer {layer}.")
        raise SceneError(message.format(layer=layer.name()), tr("Save it as a GeoTIFF first (Export > Save As, Rendered image)."))
    return stored(scene_source(layer))


@dataclass(frozen=True)
class Raster:
    """A raster before it is opened; made on the GUI thread, and opened by `image` on any other. path: with its keys."""

    source: SceneSource
    path: str
    crs: str
    wkt: str
    metres: float
    degrees: bool

    @classmethod
    def of(cls, source: SceneSource, path: str, crs: QgsCoordinateReferenceSystem) -> Raster:
        metre = QgsCoordinateReferenceSystem("EPSG:3857").mapUnits()  # its name differs between versions of QGIS
        factor = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), metre) if crs.isValid() else 0.0
        return cls(source, path, crs.authid(), wkt(crs) if crs.isValid() else "", factor, crs.isGeographic())

    @classmethod
    def of_layer(cls, layer: QgsRasterLayer) -> Raster:
        """Raises SceneError, see `source_of`."""
        return cls.of(source_of(layer), scene_source(layer).path, layer.crs())

    def image(self) -> LabelImage:
        """Opens the raster. Raises SceneError."""
        try:
            raster = gdal.OpenEx(self.path)
        except RuntimeError:  # another plugin has switched exceptions on
            raster = None
        if raster is None:
            reason = gdal.GetLastErrorMsg()
            raise SceneError(tr("{path} can't be opened: {reason}.").format(path=self.source.path, reason=reason.rstrip(".")))
        size = Size(raster.RasterXSize, raster.RasterYSize)
        affine = raster.GetGeoTransform(can_return_null=True)
        del raster
        try:
            checksum = checksum_of(self.source.path)
        except OSError:
            checksum = ""
        facts = {"crs": self.crs, "wkt": self.wkt, "affine": tuple(affine), "gsd": self._gsd(affine, size)} if affine else {}
        return LabelImage.of(self.source, width=size.width, height=size.height, checksum=checksum, **facts)

    def _gsd(self, affine: Sequence[float], size: Size) -> Optional[float]:
        """Metres per pixel, the geometric mean of both axes; None where the CRS does not say it."""
        side = math.sqrt(abs(affine[1] * affine[5] - affine[2] * affine[4]))
        if self.degrees:
            latitude = affine[3] + affine[4] * size.width / 2 + affine[5] * size.height / 2
            side *= DEGREE * math.sqrt(math.cos(math.radians(max(-90.0, min(90.0, latitude)))))
        else:
            side *= self.metres
        return float(f"{side:.6g}") if math.isfinite(side) and side > 0 else None


def grid_of(image: LabelImage) -> Grid:
    """From its pixels to the map units in which QGIS shows it."""
    return image.grid or PIXELS


def box_in(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer, image: LabelImage) -> Box:
    """The whole pixels of a rectangle in any CRS, its edges moved to the nearest ones. Raises SceneError where it lies outside."""
    outline = rectangle(extent, crs, layer).outline
    corners = [corner for ring in outline or () for corner in ring]
    if not corners:
        raise SceneError(tr("The box lies outside the layer {layer}.").format(layer=layer.name()))
    return box_around(corners, image)


def box_around(corners: Sequence[Corner], image: LabelImage) -> Box:
    """The whole pixels around corners in the image's own map units, its edges moved to the nearest ones. Raises SceneError where the size
    of the image is not known."""
    if image.size is None:
        raise SceneError(tr("The size of {path} is not known.").format(path=image.path))
    xs, ys = zip(*(grid_of(image).to_pixel(x, y) for x, y in corners))
    left, top = (min(max(0, round(min(sides))), length - 1) for sides, length in ((xs, image.size.width), (ys, image.size.height)))
    right = min(max(left + 1, round(max(xs))), image.size.width)
    bottom = min(max(top + 1, round(max(ys))), image.size.height)
    return Box(left, top, right, bottom)


def crs_of(image: LabelImage) -> QgsCoordinateReferenceSystem:
    """Of its boxes; not valid where the raster has none."""
    if image.crs:
        return QgsCoordinateReferenceSystem(image.crs)
    return QgsCoordinateReferenceSystem.fromWkt(image.wkt) if image.wkt else QgsCoordinateReferenceSystem()


def pixels_of(box: Optional[LabelBox], image: Optional[LabelImage]) -> Optional[Box]:
    """The box in source pixels; None where its place is not known: an imported one of a raster that was never opened."""
    if box is None or image is None or (box.frame is not None and image.size is None):
        return None
    return box.in_unit(None, image.size)


def layer_of(image: LabelImage) -> Optional[QgsRasterLayer]:
    """A layer of the project that shows the image, if possible with its bands and stretch."""
    found = None
    for layer in QgsProject.instance().mapLayers().values():
        if isinstance(layer, QgsRasterLayer) and layer.isValid():
            with suppress(ValueError):  # a layer without a source
                source = stored(scene_source(layer))
                if source == image.source:
                    return layer
                if source.path == image.path:
                    found = layer
    return found
