"""Maps of a report: a raster as the project shows it, with boxes or answers, a scale bar and a north arrow."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.core import (
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsLayoutItem,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsMapLayer,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsTextFormat,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QBuffer, QSize
from qgis.PyQt.QtGui import QColor

from ...core.address import shown, titled
from ..exchanges.answer_colors import color_answers
from ..exchanges.answer_labels import label_newest
from ..exchanges.exchange import Exchange
from ..exchanges.result_layers import STYLE, dress
from ..exchanges.result_rows import answer_geometry
from ..exchanges.results_file import ANSWERS
from .page import Pages, font_of
from .vector import answer_rows, boxes, crs_of, rows

ARROW = ":/images/north_arrows/layout_default_north_arrow.svg"  # a resource of QGIS
GROUND = QColor("#e9edf1")


class Maps:
    """Places maps on the pages, and keeps their layers alive: a map item does not."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._layers: list[QgsMapLayer] = []

    def boxes(self, exchange: Exchange, raster: QgsRasterLayer, x: float, y: float, width: float, height: float) -> None:
        """The place of the question, with the boxes of its zooms."""
        marks = []
        around = extent([exchange])
        if exchange.looks:
            marks.append(boxes(rows([exchange]), crs_of(exchange)))
            marks[0].loadNamedStyle(str(STYLE))
        if not around.contains(raster.extent()):  # the outline, and what lies around it
            marks.append(_places([exchange]))
            marks[-1].setLabelsEnabled(False)
            around.scale(1.5)
        self._place(marks, raster, around, x, y, width, height)

    def answers(self, exchanges: Sequence[Exchange], raster: QgsRasterLayer, x: float, y: float, width: float, height: float) -> None:
        """The places of the questions about one raster, coloured by answer."""
        self._place([_places(exchanges)], raster, extent(exchanges), x, y, width, height)

    def _place(
        self, marks: list[QgsVectorLayer], raster: QgsRasterLayer, extent: QgsRectangle, x: float, y: float, width: float, height: float
    ) -> None:
        self._layers += [raster, *marks]
        view = QgsLayoutItemMap(self._pages.layout)
        self._pages.place(view, x, y, width, height)
        view.setCrs(raster.crs())
        view.setLayers([*marks, raster])
        view.setKeepLayerSet(True)
        view.setBackgroundColor(GROUND)
        view.setFrameEnabled(True)
        view.setFrameStrokeWidth(QgsLayoutMeasurement(0.2))
        view.zoomToExtent(extent)
        if raster.crs().isValid():
            self._scale_bar(view, x + 2, y + height - 12)
            self._north(view, x + width - 9, y + 2)

    def _scale_bar(self, view: QgsLayoutItemMap, x: float, y: float) -> None:
        bar = QgsLayoutItemScaleBar(self._pages.layout)
        bar.setStyle("Line Ticks Up")
        bar.setLinkedMap(view)
        bar.applyDefaultSize()
        bar.setNumberOfSegmentsLeft(0)
        bar.setNumberOfSegments(2)
        bar.setBackgroundEnabled(True)
        bar.setBackgroundColor(QColor(255, 255, 255, 215))
        style = QgsTextFormat()
        style.setFont(font_of(7))
        style.setSize(7)
        bar.setTextFormat(style)
        self._pages.layout.addLayoutItem(bar)
        bar.attemptMove(QgsLayoutPoint(x, y), True, False, self._pages.page)

    def _north(self, view: QgsLayoutItemMap, x: float, y: float) -> None:
        self._pages.block(x, y, 7, 9, QColor(255, 255, 255, 215))
        arrow = QgsLayoutItemPicture(self._pages.layout)
        arrow.setPicturePath(ARROW)
        arrow.setLinkedMap(view)
        arrow.setNorthMode(QgsLayoutItemPicture.NorthMode.TrueNorth)
        arrow.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        arrow.setPictureAnchor(QgsLayoutItem.ReferencePoint.Middle)
        self._pages.place(arrow, x + 1, y + 1, 5, 7)


def picture(exchanges: Sequence[Exchange], raster: QgsRasterLayer, side: int) -> bytes:
    """The map of answers as a PNG, `side` pixels wide and high."""
    places, settings = _places(exchanges), QgsMapSettings()
    settings.setLayers([places, raster])
    settings.setDestinationCrs(raster.crs())
    settings.setExtent(extent(exchanges))
    settings.setOutputSize(QSize(side, side))
    settings.setBackgroundColor(GROUND)
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    buffer = QBuffer()
    job.renderedImage().save(buffer, "PNG")
    return bytes(buffer.data())


def _places(exchanges: Sequence[Exchange]) -> QgsVectorLayer:
    """The places of questions about one raster, coloured by answer."""
    places = boxes(answer_rows(exchanges), crs_of(exchanges[0]))
    dress(places, ANSWERS)
    color_answers(places, (exchange.verdict for exchange in exchanges))
    label_newest(places, exchanges)
    return places


def raster_of(exchange: Exchange) -> Optional[QgsRasterLayer]:
    """The exchange's raster as the project shows it, else its file in default style; None where it does not exist."""
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    same = [layer for layer in layers if shown(layer.source()) == exchange.source]
    if same:  # the layer's name distinguishes rasters whose sources differ only in their keys
        return min(same, key=lambda layer: titled(layer.name(), layer.source()) != exchange.layer).clone()
    layer = QgsRasterLayer(exchange.source, exchange.layer)
    return layer if layer.isValid() else None


def extent(exchanges: Sequence[Exchange]) -> QgsRectangle:
    """What the questions were asked about, in the CRS of their raster, with a margin."""
    box = QgsRectangle()
    for exchange in exchanges:
        place = answer_geometry(exchange).boundingBox()
        box.combineExtentWith(place)
    box.scale(1.04)
    return box


def proportions(exchange: Exchange) -> float:
    """Height by width of the place of a question; at most 1."""
    box = extent([exchange])
    return min(1.0, max(0.5, box.height() / box.width())) if box.width() > 0 else 1.0
