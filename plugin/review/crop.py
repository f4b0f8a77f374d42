"""The place of a row beside the map: the raster alone, with the outline asked about and the model's boxes."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRasterLayer, QgsRectangle, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapToolPan, QgsRubberBand
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QWidget

from ..exchanges.exchange import Exchange
from ..exchanges.result_rows import answer_geometry
from ..i18n import tr
from ..panel.canvas import CASING, Boxes
from ..panel.widgets import named

AROUND = 1.15  # of the place's extent


class Crop(QgsMapCanvas):
    """A map of its own: it can be moved and zoomed."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        named(self, "zoomearth_crop", tr("The place, with the boxes of the model"))
        self.setMinimumSize(QSize(160, 120))
        self._pan = QgsMapToolPan(self)
        self.setMapTool(self._pan)
        self._boxes = Boxes(self)
        self._bands: list[QgsRubberBand] = []
        self._raster: Optional[QgsRasterLayer] = None

    def set_layer(self, raster: Optional[QgsRasterLayer]) -> None:
        """The raster of the run; None: it is not in the project."""
        self._raster = raster
        self.setLayers([raster] if raster else [])
        if raster:
            self.setDestinationCrs(raster.crs())

    def show_row(self, row: Optional[Exchange]) -> None:
        """None: nothing."""
        self._clear()
        if row is None or self._raster is None:
            return
        shape = answer_geometry(row)
        for width, color in ((4, CASING), (2, "#ffffff")):
            band = QgsRubberBand(self, QgsWkbTypes.GeometryType.PolygonGeometry)
            band.setToGeometry(shape, None)
            band.setFillColor(QColor(0, 0, 0, 0))
            band.setStrokeColor(QColor(color))
            band.setWidth(width)
            self._bands.append(band)
        for view in row.zooms:
            self._boxes.add(view, QgsCoordinateReferenceSystem.fromWkt(row.crs))
        extent = shape.boundingBox()
        extent.scale(AROUND)
        self.setExtent(extent)
        self.refresh()

    def show_detail(self, row: Exchange) -> None:
        """At full resolution: a pixel of the raster is one of the screen. Around the last box, else around the middle of the place."""
        if self._raster is None:
            return
        shape = (
            QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in row.zooms[-1].corners]]) if row.zooms else answer_geometry(row)
        )
        middle = shape.boundingBox().center()
        width = self.width() * self._raster.rasterUnitsPerPixelX()
        height = self.height() * self._raster.rasterUnitsPerPixelY()
        self.setExtent(QgsRectangle.fromCenterAndSize(middle, width, height))
        self.refresh()

    def close_down(self) -> None:
        """Before it is deleted."""
        self._clear()
        self._boxes.close()

    def _clear(self) -> None:
        self._boxes.clear()
        for band in self._bands:
            self.scene().removeItem(band)
        self._bands.clear()
