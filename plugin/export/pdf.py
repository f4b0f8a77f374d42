"""The conversation as a PDF, made with QGIS's print layouts: a map of the raster with the boxes, and the pictures that the model saw."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

from qgis.core import (
    Qgis,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsTextFormat,
)
from qgis.PyQt.QtGui import QColor, QImage

from ...core.address import shown, titled
from ...core.atomic import beside
from ...core.errors import SceneError
from ..exchanges.endings import heading, tool_title, use_notes
from ..exchanges.exchange import Exchange, PicturedView, UsedTool
from ..exchanges.result_layers import STYLE
from ..i18n import tr
from ..panel.canvas import color_of
from .html import answered, caveat, facts, measures, note, over, pictured, title_of, utc
from .page import BOTTOM, LEFT, SOFT, WIDTH, Pages, font_of, height_of
from .vector import boxes, crs_of, rows

GAP = 5.0  # mm
MAP = 118.0  # mm: the width of the map, and its largest height
SMALL = 45.0  # mm; no picture is made smaller to stay on its page
ARROW = ":/images/north_arrows/layout_default_north_arrow.svg"  # a resource of QGIS
ANSWERED = QColor("#f2f6fa"), QColor("#0b4f8a")  # background and text of an answer
UNANSWERED = QColor("#fdf5f0"), QColor("#8a3d12")  # background and text where there is none, or a meaningless one


def write_pdf(exchanges: Sequence[Exchange], path: Path) -> Path:
    """Writes one or more pages for each exchange that has ended. Raises SceneError where there is none, or the file can't be written."""
    report = _Report(over(exchanges))
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 200
    settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText  # so that the text can be searched and copied
    settings.appendGeoreference = False  # a PDF has one georeference, the report several maps
    hint = tr("Check that the disk has space and that the folder can be written to.")
    try:
        with beside(path) as new:
            result = QgsLayoutExporter(report.pages.layout).exportToPdf(str(new), settings)
            complete = b"%%EOF" in new.read_bytes()[-1024:]  # Qt reports no error where the disk is full
            if result != QgsLayoutExporter.ExportResult.Success or not complete:
                raise SceneError(tr("{path} can't be written.").format(path=path), hint)
    except OSError as error:
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error), hint) from error
    return path


class _Report:
    """The pages of a report: each exchange begins a new one."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.pages = Pages()
        self._foot: list[str] = []  # of the exchange's pages: raster, CRS, time and model, so that a single printed page explains itself
        self._layers: list[QgsMapLayer] = []  # keeps the layers alive: a map item does not
        for number, exchange in enumerate(exchanges, 1):
            crs = crs_of(exchange)
            about = [exchange.layer, crs.authid() if crs.isValid() else "", utc(exchange), exchange.model]
            self._foot = ["  ·  ".join(filter(None, about)), caveat()]
            self.pages.turn(self._foot)
            self._exchange(number, exchange)
        self.pages.number()

    def _exchange(self, number: int, exchange: Exchange) -> None:
        self.pages.text(f"{number}   {heading(exchange)}", 15, bold=True)
        self.pages.y += 1
        self.pages.text("  ·  ".join(facts(exchange)), 8, SOFT)
        self.pages.y += 3
        if exchange.question:
            self._answer(exchange)
        if exchange.views:
            self._map(exchange)
            shown = (each for view in (*exchange.views[:1], *exchange.zooms) for each in pictured(exchange, view))
            self._crops([view for view in shown if view is not exchange.views[0]])
        for use in exchange.uses:
            self._use(use)

    def _answer(self, exchange: Exchange) -> None:
        """The answer in a tinted box with a bar at its left."""
        answer, remark = answered(exchange), note(exchange)
        background, color = UNANSWERED if exchange.answer is None or exchange.meaningless else ANSWERED
        size = 9.5 if exchange.meaningless else 8
        inner = WIDTH - 12
        high = height_of(answer, 13, inner, bold=True) + (height_of(remark, size, inner, bold=exchange.meaningless) if remark else 0) + 6
        self._room(high)
        self.pages.block(LEFT, self.pages.y, WIDTH, high, background)
        self.pages.block(LEFT, self.pages.y, 1.6, high, color)
        end = self.pages.y + high + GAP
        self.pages.y += 3
        self.pages.text(answer, 13, SOFT if exchange.meaningless else color, bold=True, x=LEFT + 6, width=inner)
        if remark:
            self.pages.text(remark, size, color if exchange.meaningless else SOFT, bold=exchange.meaningless, x=LEFT + 6, width=inner)
        self.pages.y = end

    def _map(self, exchange: Exchange) -> None:
        """A map of the raster with the boxes, and beside it the first picture that the model saw."""
        first = exchange.views[0]
        extent = _extent(first)
        side = WIDTH - MAP - GAP
        height = min(MAP, max(side, MAP * extent.height() / extent.width()))
        self._room(height)
        top = self.pages.y
        raster = _raster(exchange)
        if raster is None:
            self._picture(first, LEFT, top, MAP, height)
        else:
            self._layers += [raster, marks := boxes(rows([exchange]), crs_of(exchange))]
            marks.loadNamedStyle(str(STYLE))
            view = QgsLayoutItemMap(self.pages.layout)
            self.pages.place(view, LEFT, top, MAP, height)
            view.setCrs(raster.crs())
            view.setLayers([marks, raster])
            view.setKeepLayerSet(True)
            view.setBackgroundColor(QColor("#e9edf1"))
            view.setFrameEnabled(True)
            view.setFrameStrokeWidth(QgsLayoutMeasurement(0.2))
            view.zoomToExtent(extent)
            if raster.crs().isValid():
                self._scale_bar(view, top + height - 14)
                self._north(view, LEFT + MAP - 11, top + 2)
        x = LEFT + MAP + GAP
        self.pages.text(title_of(first), 9, bold=True, x=x, width=side)
        self._picture(first, x, self.pages.y + 1, side, _tall(first, side))
        self.pages.y += _tall(first, side) + 2
        self.pages.text(measures(first), 7.5, SOFT, x=x, width=side)
        self.pages.y = top + height + GAP

    def _scale_bar(self, view: QgsLayoutItemMap, y: float) -> None:
        bar = QgsLayoutItemScaleBar(self.pages.layout)
        bar.setStyle("Line Ticks Up")
        bar.setLinkedMap(view)
        bar.applyDefaultSize()
        bar.setNumberOfSegmentsLeft(0)
        bar.setNumberOfSegments(2)
        bar.setUnitsPerSegment(2 * bar.unitsPerSegment())
        bar.setBackgroundEnabled(True)
        bar.setBackgroundColor(QColor(255, 255, 255, 215))
        style = QgsTextFormat()
        style.setFont(font_of(7.5))
        style.setSize(7.5)
        bar.setTextFormat(style)
        self.pages.layout.addLayoutItem(bar)
        bar.attemptMove(QgsLayoutPoint(LEFT + 2, y), True, False, self.pages.page)

    def _north(self, view: QgsLayoutItemMap, x: float, y: float) -> None:
        self.pages.block(x, y, 9, 11, QColor(255, 255, 255, 215))
        arrow = QgsLayoutItemPicture(self.pages.layout)
        arrow.setPicturePath(ARROW)
        arrow.setLinkedMap(view)
        arrow.setNorthMode(QgsLayoutItemPicture.NorthMode.TrueNorth)
        arrow.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        arrow.setPictureAnchor(QgsLayoutItem.ReferencePoint.Middle)
        self.pages.place(arrow, x + 1, y + 1, 7, 9)

    def _crops(self, zooms: Sequence[PicturedView]) -> None:
        """The pictures of the zooms in two columns, or in three where there are more than two; smaller where that saves a page."""
        columns = 2 if len(zooms) <= 2 else 3
        side = (WIDTH - GAP * (columns - 1)) / columns
        left = BOTTOM - self.pages.y - 18  # 18 mm for the captions
        if left > SMALL and len(zooms) <= columns:
            side = min(side, left)
        for at in range(0, len(zooms), columns):
            line = zooms[at : at + columns]
            captions = [(f"{view.step}   {title_of(view)}", measures(view)) for view in line]
            words = max(height_of(name, 9, side, bold=True) + height_of(size, 7.5, side) for name, size in captions)
            tall = max(_tall(view, side) for view in line)
            self._room(tall + words + 3)
            top = self.pages.y
            for column, (view, (name, size)) in enumerate(zip(line, captions)):
                x = LEFT + column * (side + GAP)
                self.pages.block(x, top, side, 1.4, QColor(color_of(view.step)))
                self._picture(view, x, top + 1.4, side, _tall(view, side))
                self.pages.y = top + tall + 2.4
                self.pages.text(name, 9, bold=True, x=x, width=side)
                self.pages.text(size, 7.5, SOFT, x=x, width=side)
            self.pages.y = top + tall + words + 3 + GAP

    def _use(self, use: UsedTool) -> None:
        """What a tool has made: both pictures side by side, with how it was done."""
        title, notes = f"{tool_title(use)}   {use.made.label or use.place}", "\n".join(use_notes(use))
        pictures = [(tr("before"), use.before), (tr("after"), use.after)] if use.before and use.after else []
        side = (WIDTH - GAP) / 2
        size = QImage.fromData(use.before).size()
        tall = min(side, side * size.height() / max(1, size.width())) if pictures else 0
        self._room(height_of(title, 11, WIDTH, bold=True) + tall + height_of(notes, 7.5, WIDTH) + 10)
        self.pages.text(title, 11, bold=True)
        top = self.pages.y + 1
        for column, (words, picture) in enumerate(pictures):
            x = LEFT + column * (side + GAP)
            self.pages.picture(picture, x, top, side, tall)
            self.pages.y = top + tall + 0.5
            self.pages.text(words, 7.5, SOFT, x=x, width=side)
        self.pages.text(notes, 7.5, SOFT)
        self.pages.y += GAP

    def _room(self, height: float) -> None:
        """Begins a page where the current one has less room than this, in mm."""
        if self.pages.y + height > BOTTOM:
            self.pages.turn(self._foot)

    def _picture(self, view: PicturedView, x: float, y: float, width: float, height: float) -> None:
        self.pages.picture(view.picture, x, y, width, height)


def _raster(exchange: Exchange) -> Optional[QgsRasterLayer]:
    """The exchange's raster as the project shows it, else its file in default style; None where it does not exist."""
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    same = [layer for layer in layers if shown(layer.source()) == exchange.source]
    if same:  # the layer's name distinguishes rasters whose sources differ only in their keys
        return min(same, key=lambda layer: titled(layer.name(), layer.source()) != exchange.layer).clone()
    layer = QgsRasterLayer(exchange.source, exchange.layer)
    return layer if layer.isValid() else None


def _tall(view: PicturedView, width: float) -> float:
    """The height of a view's picture at this width; at most the width."""
    return width * min(1.0, view.shown[1] / view.shown[0])


def _extent(view: PicturedView) -> QgsRectangle:
    xs, ys = zip(*view.corners)
    return QgsRectangle(min(xs), min(ys), max(xs), max(ys))
