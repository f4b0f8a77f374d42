"""Maps of a report: a raster as the project shows it, with boxes or answers, a scale bar and a north arrow; and crops of it."""

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
from qgis.PyQt.QtCore import QBuffer, QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage

from ...core.address import shown, titled
from ...core.tools import RASTER, TOOLS
from ..exchanges.answer_colors import color_answers
from ..exchanges.answer_labels import label_newest
from ..exchanges.exchange import Exchange, PicturedView
from ..exchanges.result_layers import STYLE, dress
from ..exchanges.result_rows import answer_geometry
from ..exchanges.result_tables import ANSWERS
from .page import Pages, font_of
from .vector import answer_rows, boxes, crs_of, rows

ARROW = ":/images/north_arrows/layout_default_north_arrow.svg"  # a resource of QGIS
GROUND = QColor("#e9edf1")
CROP = 1200  # pixels: the longest side of a crop
SHARPER = 1.05  # times as many pixels along a side as the picture that the model saw, at least
QUALITY = 90  # of a JPEG; a PNG has all pixels as they are
KEEP = Qt.AspectRatioMode.KeepAspectRatio


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
    return _encoded(_drawn([_places(exchanges), raster], raster, extent(exchanges), QSize(side, side)), "PNG")


def crop(exchange: Exchange, view: PicturedView) -> bytes:
    """What the view shows as a JPEG at the raster's full resolution, at most CROP pixels wide and high.

    Empty where the picture that the model saw is as sharp, where that is all there is (a snapshot, another date, what a tool has made, a
    view that shows it, a turned or south-up raster, a raster that is gone), and for an overview of more than CROP pixels.
    """
    raster = raster_of(exchange) if exchange.scene and not (view.other or view.tool or _made_new(exchange, view)) else None
    left, top, right, bottom = view.part
    most = max(right - left, bottom - top)
    if raster is None or min(1.0, CROP / most) * view.scale < SHARPER or not _upright(view) or (view.roi is None and most > CROP):
        return b""
    across, down, whole = raster.rasterUnitsPerPixelX(), raster.rasterUnitsPerPixelY(), raster.extent()
    west, north = whole.xMinimum() + left * across, whole.yMaximum() - top * down
    part = QgsRectangle(west, north - (bottom - top) * down, west + (right - left) * across, north)
    size = QSize(right - left, bottom - top)
    return _encoded(_drawn([raster], raster, part, size if most <= CROP else size.scaled(CROP, CROP, KEEP)), "JPEG")


def _made_new(exchange: Exchange, view: PicturedView) -> bool:
    """Whether a tool had made new pixels before the view was shown: it may show them."""
    earlier = (seen.tool for seen in exchange.views if seen.step < view.step)
    return any(tool in TOOLS and TOOLS[tool].gives == RASTER for tool in earlier)


def _upright(view: PicturedView) -> bool:
    """Whether its columns run to the east and its rows to the south, as on QGIS's map; not so where the raster is turned or south-up."""
    (west, north), (east, north_again), (east_again, south), *_ = view.corners
    return north == north_again and east == east_again and west < east and south < north


def _drawn(layers: list[QgsMapLayer], raster: QgsRasterLayer, extent: QgsRectangle, size: QSize) -> QImage:
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(raster.crs())
    settings.setExtent(extent)
    settings.setOutputSize(size)
    settings.setBackgroundColor(GROUND)
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def _encoded(image: QImage, format: str) -> bytes:
    buffer = QBuffer()
    image.save(buffer, format, QUALITY)
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
