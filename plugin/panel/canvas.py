"""The map canvas: draws boxes while the model asks for them, moves to a box, and finds the box that was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsMapTool, QgsMapToolExtent, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QObject, QPointF, QRectF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QPainter

from ...core.source import Corner
from ..exchanges.exchange import PicturedView
from ..exchanges.result_rows import roi_geometry

COLORS = ("#00e5ff", "#ff6ad5", "#9dff57", "#ff9640", "#b9a2ff")
"""The colours of the zooms, in order; after the last colour the first one follows. Each is visible on dark imagery, and with its dark
outline on bright imagery. None is yellow, because QGIS draws selections in yellow."""
CASING = "#141414"
SLIP = 4  # pixels that the mouse may move during a click
BADGE = 260  # pixels: the largest width of a badge's text


def color_of(step: int) -> str:
    """The colour of a zoom's box, badge and thumbnail."""
    return COLORS[(step - 1) % len(COLORS)]


class Boxes:
    """The boxes of the exchange that is being answered, drawn above the layers."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._shown: list[tuple[PicturedView, QgsCoordinateReferenceSystem]] = []
        self._items: list[QgsMapCanvasItem] = []
        canvas.destinationCrsChanged.connect(self._redraw)

    def close(self) -> None:
        """Removes the boxes and disconnects from the canvas."""
        self.clear()
        self._canvas.destinationCrsChanged.disconnect(self._redraw)

    def add(self, view: PicturedView, crs: QgsCoordinateReferenceSystem) -> None:
        """Draws the ROI of a zoom. crs: of the raster layer."""
        self._shown.append((view, crs))
        self._draw(view, crs)

    def clear(self) -> None:
        """Removes the boxes: features of a layer show the same places, or the question was cancelled."""
        self._shown.clear()
        self._remove_items()

    def _redraw(self) -> None:
        """Draws the boxes again, in the canvas's new CRS."""
        self._remove_items()
        for view, crs in self._shown:
            self._draw(view, crs)

    def _remove_items(self) -> None:
        for item in self._items:
            self._canvas.scene().removeItem(item)
        self._items.clear()

    def _draw(self, view: PicturedView, crs: QgsCoordinateReferenceSystem) -> None:
        geometry = on_canvas(roi_geometry(view), crs, self._canvas)
        if geometry is None:
            return
        self._items += outlined(self._canvas, geometry, color_of(view.step), f"{view.step}  {view.label}".strip())


def outlined(canvas: QgsMapCanvas, geometry: QgsGeometry, color: str, text: str, right: bool = False) -> list[QgsMapCanvasItem]:
    """A polygon in the canvas's CRS above the layers, with a badge at its top left corner; right: at its top right one. The caller removes
    the items from the canvas's scene."""
    items: list[QgsMapCanvasItem] = []
    for width, shade in ((5, CASING), (3, color)):
        band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        band.setToGeometry(geometry, None)
        band.setFillColor(QColor(0, 0, 0, 0))
        band.setStrokeColor(QColor(shade))
        band.setWidth(width)
        items.append(band)
    corner = max(geometry.vertices(), key=lambda point: (point.y(), point.x() if right else -point.x()))
    return [*items, Badge(canvas, QgsPointXY(corner.x(), corner.y()), text, color)]


class Badge(QgsMapCanvasItem):
    """The number and the label of a box, above its top left corner."""

    def __init__(self, canvas: QgsMapCanvas, at: QgsPointXY, text: str, color: str) -> None:
        super().__init__(canvas)
        self._at, self._color = at, color
        self._font = QFont(canvas.font())
        self._font.setBold(True)
        self._text = QFontMetricsF(self._font).elidedText(text, Qt.TextElideMode.ElideRight, BADGE)
        self.updatePosition()

    def updatePosition(self) -> None:
        """The canvas calls this when its extent has changed."""
        self.prepareGeometryChange()
        self.setPos(self.toCanvasCoordinates(self._at))

    def boundingRect(self) -> QRectF:
        metrics = QFontMetricsF(self._font)
        return QRectF(0, -metrics.height() - 6, metrics.boundingRect(self._text).width() + 14, metrics.height() + 4)

    def paint(self, painter: QPainter, option: object = None, widget: object = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(CASING))
        painter.drawRoundedRect(self.boundingRect(), 3, 3)
        painter.setPen(QColor(self._color))
        painter.drawText(self.boundingRect(), Qt.AlignmentFlag.AlignCenter, self._text)


class Picker(QObject):
    """Emits `picked` when a box is clicked, with any map tool; the tool receives the click too."""

    picked = pyqtSignal(str)  # the exchange's id

    def __init__(self, canvas: QgsMapCanvas, layers: Callable[[], list[QgsVectorLayer]], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._canvas, self._layers = canvas, layers
        self._pressed: Optional[QPointF] = None
        canvas.viewport().installEventFilter(self)

    def close(self) -> None:
        self._canvas.viewport().removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = QPointF(event.pos())
        elif kind == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            moved = QPointF(event.pos()) - self._pressed
            self._pressed = None
            if moved.manhattanLength() <= SLIP:
                self._pick(self._canvas.getCoordinateTransform().toMapCoordinates(event.pos()))
        return False

    def _pick(self, point: QgsPointXY) -> None:
        """Picks the smallest box at the point, because a zoom can lie inside the box of an earlier zoom."""
        best, least = "", float("inf")
        visible = set(self._canvas.mapSettings().layerIds())
        for layer in self._layers():
            transform = QgsCoordinateTransform(self._canvas.mapSettings().destinationCrs(), layer.crs(), QgsProject.instance())
            try:
                place = transform.transform(point) if layer.crs().isValid() else point
            except QgsCsException:
                continue
            around = QgsRectangle(place.x(), place.y(), place.x(), place.y())
            request = QgsFeatureRequest().setFilterRect(around).setSubsetOfAttributes(["exchange"], layer.fields())
            for feature in layer.getFeatures(request) if layer.id() in visible else ():
                geometry = feature.geometry()
                if geometry.contains(place) and geometry.area() < least:
                    best, least = feature["exchange"], geometry.area()
        if best:
            self.picked.emit(best)


class Rectangle(QObject):
    """The rectangle that a user draws. crs: of the canvas when it was drawn; extent: in that CRS, None until one is drawn."""

    drawn = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.extent: Optional[QgsRectangle] = None
        self.crs = QgsCoordinateReferenceSystem()
        self._canvas = canvas
        self._before: Optional[QgsMapTool] = None
        self._tool = QgsMapToolExtent(canvas)
        self._tool.extentChanged.connect(self._drawn)
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setStrokeColor(QColor(COLORS[0]))
        self._band.setSecondaryStrokeColor(QColor(CASING))
        self._band.setFillColor(QColor(0, 0, 0, 0))
        self._band.setLineStyle(Qt.PenStyle.DashLine)
        self._band.setWidth(2)
        canvas.destinationCrsChanged.connect(self._redraw)

    def draw(self) -> None:
        """Activates the tool that draws the rectangle; the tool that was active becomes active again afterwards."""
        if self._canvas.mapTool() is not self._tool:
            self._before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)

    def show(self, shown: bool) -> None:
        self._band.setVisible(shown)
        if not shown:
            self._put_away()

    def close(self) -> None:
        """To be called once. The tool is deleted here and not by Python's garbage collector: that could delete it while the canvas passes
        an event to its children, and QGIS would crash."""
        self._put_away()
        self._canvas.destinationCrsChanged.disconnect(self._redraw)
        self._canvas.unsetMapTool(self._tool)
        self._canvas.scene().removeItem(self._band)
        for own in (self._tool, self._band):
            sip.delete(own)

    def take(self, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Uses this rectangle as if it had been drawn."""
        self.extent, self.crs = QgsRectangle(extent), crs
        self._redraw()
        self.drawn.emit()

    def _drawn(self, extent: QgsRectangle) -> None:
        if extent.isEmpty():
            return
        self.extent, self.crs = QgsRectangle(extent), self._canvas.mapSettings().destinationCrs()
        self._redraw()
        self._tool.clearRubberBand()
        self._put_away()
        self.drawn.emit()

    def _redraw(self) -> None:
        """Draws the rectangle in the canvas's CRS, which may have changed since."""
        if self.extent is None:
            return
        side = max(self.extent.width(), self.extent.height())
        outline = QgsGeometry.fromRect(self.extent).densifyByDistance(side / 32)  # a straight side is a curve in another CRS
        geometry = on_canvas(outline, self.crs, self._canvas)
        if geometry is None:
            self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        else:
            self._band.setToGeometry(geometry, None)

    def _put_away(self) -> None:
        if self._before and not sip.isdeleted(self._before) and self._canvas.mapTool() is self._tool:
            self._canvas.setMapTool(self._before)
        self._before = None


def fly_to(canvas: QgsMapCanvas, corners: Sequence[Corner], crs: QgsCoordinateReferenceSystem) -> None:
    """Moves the map to a polygon, with a margin around it. corners: of the ring, in the CRS."""
    geometry = on_canvas(QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in corners]]), crs, canvas)
    if geometry is None:
        return
    extent = geometry.boundingBox()
    extent.scale(1.6)
    canvas.setExtent(extent)
    canvas.refresh()
    outline = QgsGeometry(geometry.constGet().boundary())  # a polygon would be filled and hide the place
    canvas.flashGeometries([outline], canvas.mapSettings().destinationCrs())


def on_canvas(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, canvas: QgsMapCanvas) -> Optional[QgsGeometry]:
    """The geometry, which is in the CRS, in the canvas's; None where it can't be transformed."""
    target = canvas.mapSettings().destinationCrs()
    if crs.isValid() and target.isValid() and crs != target:
        try:
            geometry.transform(QgsCoordinateTransform(crs, target, QgsProject.instance()))
        except QgsCsException:
            return None
    return geometry
