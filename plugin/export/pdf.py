"""The conversation as a PDF through QGIS's own printing: the raster itself on a map with its boxes, the pictures the model saw beneath."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Optional, Sequence

from qgis.core import (
    Qgis,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutItemShape,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMapLayer,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsTextFormat,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFont, QTextDocument

from ...core.address import shown
from ...core.atomic import beside
from ...core.errors import SceneError
from ..exchanges.exchange import Exchange, Seen, titled
from ..exchanges.project_results import STYLE
from ..i18n import tr
from ..panel.canvas import color_of
from .html import answered, caveat, facts, measures, named, note, over, utc
from .vector import boxes, crs_of, rows

LEFT, WIDTH, TOP, BOTTOM = 15.0, 180.0, 15.0, 278.0  # mm, of what may be printed on; A4 upright
GAP = 5.0
MAP = 118.0  # mm wide, and at the most as high
SMALL = 45.0  # mm; no picture is made smaller to stay on its page
ARROW = ":/images/north_arrows/layout_default_north_arrow.svg"  # QGIS's own
INK, SOFT = QColor("#1d2733"), QColor("#5c6b7a")
SAID, UNSAID = (QColor("#f2f6fa"), QColor("#0b4f8a")), (QColor("#fdf5f0"), QColor("#8a3d12"))  # ground and text of an answer; of none
POINT = 0.3528  # mm


def write_pdf(exchanges: Sequence[Exchange], path: Path) -> Path:
    """A page or more for each exchange that has ended. Raises SceneError where there is none, or the file can't be written."""
    report = _Report(over(exchanges))
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 200
    settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText  # to be searched and copied
    settings.appendGeoreference = False  # of several maps it could name one
    hint = tr("Check that the disk has space and that the folder can be written to.")
    try:
        with beside(path) as new:
            result = QgsLayoutExporter(report.layout).exportToPdf(str(new), settings)
            if (
                result != QgsLayoutExporter.ExportResult.Success or b"%%EOF" not in new.read_bytes()[-1024:]
            ):  # a full disk is no error to Qt
                raise SceneError(tr("{path} can't be written.").format(path=path), hint)
    except OSError as error:
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error), hint) from error
    return path


class _Report:
    """The layout, filled from top to bottom; `y` is where the next item goes, in mm on the last page."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.layout = QgsPrintLayout(QgsProject.instance())
        self.page, self.y = -1, 0.0
        self._about: list[str] = []  # of the exchange, for the foot of its pages
        self._layers: list[QgsMapLayer] = []  # kept alive: a map item does not
        for number, exchange in enumerate(exchanges, 1):
            crs = crs_of(exchange)
            self._about = [exchange.layer, crs.authid() if crs.isValid() else "", utc(exchange), exchange.model]
            self._turn()
            self._exchange(number, exchange)
        self._number_pages()

    def _exchange(self, number: int, exchange: Exchange) -> None:
        self._text(f"{number}   {exchange.question}", 15, bold=True)
        self.y += 1
        self._text("  ·  ".join(facts(exchange)), 8, SOFT)
        self.y += 3
        self._answer(exchange)
        if exchange.views:
            self._map(exchange)
            self._crops(exchange.zooms)

    def _answer(self, exchange: Exchange) -> None:
        """Set apart: a tinted box with a bar at its left, as high as the text."""
        said, told = answered(exchange), note(exchange)
        ground, color = UNSAID if exchange.answer is None or exchange.meaningless else SAID
        size = 9.5 if exchange.meaningless else 8
        inner = WIDTH - 12
        high = _height(said, 13, inner, bold=True) + (_height(told, size, inner, bold=exchange.meaningless) if told else 0) + 6
        self._room(high)
        self._block(LEFT, self.y, WIDTH, high, ground)
        self._block(LEFT, self.y, 1.6, high, color)
        end = self.y + high + GAP
        self.y += 3
        self._text(said, 13, SOFT if exchange.meaningless else color, bold=True, x=LEFT + 6, width=inner)
        if told:
            self._text(told, size, color if exchange.meaningless else SOFT, bold=exchange.meaningless, x=LEFT + 6, width=inner)
        self.y = end

    def _map(self, exchange: Exchange) -> None:
        """The raster with the boxes over it, and beside it what the model saw first."""
        first = exchange.views[0]
        extent = _extent(first)
        side = WIDTH - MAP - GAP
        height = min(MAP, max(side, MAP * extent.height() / extent.width()))
        self._room(height)
        top = self.y
        raster = _raster(exchange)
        if raster is None:
            self._picture(first, LEFT, top, MAP, height)
        else:
            self._layers += [raster, marks := boxes(rows([exchange]), crs_of(exchange))]
            marks.loadNamedStyle(str(STYLE))
            view = QgsLayoutItemMap(self.layout)
            self._place(view, LEFT, top, MAP, height)
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
        self._text(named(first), 9, bold=True, x=x, width=side)
        self._picture(first, x, self.y + 1, side, _tall(first, side))
        self.y += _tall(first, side) + 2
        self._text(measures(first), 7.5, SOFT, x=x, width=side)
        self.y = top + height + GAP

    def _scale_bar(self, view: QgsLayoutItemMap, y: float) -> None:
        bar = QgsLayoutItemScaleBar(self.layout)
        bar.setStyle("Line Ticks Up")
        bar.setLinkedMap(view)
        bar.applyDefaultSize()
        bar.setNumberOfSegmentsLeft(0)
        bar.setNumberOfSegments(2)
        bar.setUnitsPerSegment(2 * bar.unitsPerSegment())
        bar.setBackgroundEnabled(True)
        bar.setBackgroundColor(QColor(255, 255, 255, 215))
        style = QgsTextFormat()
        style.setFont(_font(7.5))
        style.setSize(7.5)
        bar.setTextFormat(style)
        self.layout.addLayoutItem(bar)
        bar.attemptMove(QgsLayoutPoint(LEFT + 2, y), True, False, self.page)

    def _north(self, view: QgsLayoutItemMap, x: float, y: float) -> None:
        self._block(x, y, 9, 11, QColor(255, 255, 255, 215))
        arrow = QgsLayoutItemPicture(self.layout)
        arrow.setPicturePath(ARROW)
        arrow.setLinkedMap(view)
        arrow.setNorthMode(QgsLayoutItemPicture.NorthMode.TrueNorth)
        arrow.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        arrow.setPictureAnchor(QgsLayoutItem.ReferencePoint.Middle)
        self._place(arrow, x + 1, y + 1, 7, 9)

    def _crops(self, zooms: Sequence[Seen]) -> None:
        """What the model asked to see, two beside each other, or three where there are more; smaller where that saves a page."""
        columns = 2 if len(zooms) <= 2 else 3
        side = (WIDTH - GAP * (columns - 1)) / columns
        left = BOTTOM - self.y - 18  # less the captions
        if left > SMALL and len(zooms) <= columns:
            side = min(side, left)
        for at in range(0, len(zooms), columns):
            line = zooms[at : at + columns]
            captions = [(f"{seen.step}   {named(seen)}", measures(seen)) for seen in line]
            words = max(_height(name, 9, side, bold=True) + _height(size, 7.5, side) for name, size in captions)
            tall = max(_tall(seen, side) for seen in line)
            self._room(tall + words + 3)
            top = self.y
            for column, (seen, (name, size)) in enumerate(zip(line, captions)):
                x = LEFT + column * (side + GAP)
                self._block(x, top, side, 1.4, QColor(color_of(seen.step)))
                self._picture(seen, x, top + 1.4, side, _tall(seen, side))
                self.y = top + tall + 2.4
                self._text(name, 9, bold=True, x=x, width=side)
                self._text(size, 7.5, SOFT, x=x, width=side)
            self.y = top + tall + words + 3 + GAP

    def _foot(self) -> None:
        """Which scene, which CRS, when, which model: for a page that has been torn out."""
        self._block(LEFT, BOTTOM + 2, WIDTH, 0.2, SOFT)
        self.y = BOTTOM + 3
        self._text("  ·  ".join(filter(None, self._about)), 7.5, SOFT, width=WIDTH - 25)
        self._text(caveat(), 7, SOFT, width=WIDTH - 25)

    def _number_pages(self) -> None:
        count = self.page + 1
        for page in range(count):
            self.page, self.y = page, BOTTOM + 3
            label = self._text(tr("{page} of {count}").format(page=page + 1, count=count), 7.5, SOFT, x=LEFT + WIDTH - 25, width=25)
            label.setHAlign(Qt.AlignmentFlag.AlignRight)

    def _turn(self) -> None:
        """A new page."""
        page = QgsLayoutItemPage(self.layout)
        page.setPageSize("A4", QgsLayoutItemPage.Orientation.Portrait)
        self.layout.pageCollection().addPage(page)
        self.page += 1
        self._foot()
        self.y = TOP

    def _room(self, height: float) -> None:
        if self.y + height > BOTTOM:
            self._turn()

    def _place(self, item: QgsLayoutItem, x: float, y: float, width: float, height: float) -> None:
        self.layout.addLayoutItem(item)
        item.attemptResize(QgsLayoutSize(width, height))
        item.attemptMove(QgsLayoutPoint(x, y), True, False, self.page)

    def _text(
        self, text: str, size: float, color: QColor = INK, *, bold: bool = False, x: float = LEFT, width: float = WIDTH
    ) -> QgsLayoutItemLabel:
        """A paragraph at `y`, which moves on by its height."""
        label = QgsLayoutItemLabel(self.layout)
        label.setText(text)
        label.setHAlign(Qt.AlignmentFlag.AlignLeft)
        label.setMarginX(0)
        label.setMarginY(0)
        if Qgis.QGIS_VERSION_INT >= 32400:
            style = QgsTextFormat()
            style.setFont(_font(size, bold))
            style.setSize(size)
            style.setColor(color)
            label.setTextFormat(style)
        else:
            label.setFont(_font(size, bold))
            label.setFontColor(color)
        height = _height(text, size, width, bold)
        self._place(label, x, self.y, width, height)
        self.y += height
        return label

    def _block(self, x: float, y: float, width: float, height: float, color: QColor) -> None:
        shape = QgsLayoutItemShape(self.layout)
        shape.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
        symbol = shape.symbol().clone()
        symbol.setColor(color)
        symbol.symbolLayer(0).setStrokeStyle(Qt.PenStyle.NoPen)
        shape.setSymbol(symbol)
        self._place(shape, x, y, width, height)

    def _picture(self, seen: Seen, x: float, y: float, width: float, height: float) -> None:
        picture = QgsLayoutItemPicture(self.layout)
        picture.setPicturePath("base64:" + base64.b64encode(seen.picture).decode("ascii"), QgsLayoutItemPicture.Format.FormatRaster)
        picture.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        picture.setPictureAnchor(QgsLayoutItem.ReferencePoint.UpperLeft)
        self._place(picture, x, y, width, height)


def _raster(exchange: Exchange) -> Optional[QgsRasterLayer]:
    """The exchange's raster as the project shows it, else as its file would look; None where it is gone."""
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer)]
    same = [layer for layer in layers if shown(layer.source()) == exchange.source]
    if same:  # the name tells rasters apart that differ only in what is not shown of their addresses
        return min(same, key=lambda layer: titled(layer.name(), layer.source()) != exchange.layer).clone()
    layer = QgsRasterLayer(exchange.source, exchange.layer)
    return layer if layer.isValid() else None


def _tall(seen: Seen, width: float) -> float:
    """How high its picture is at this width, at the most as high as wide."""
    return width * min(1.0, seen.shown[1] / seen.shown[0])


def _extent(seen: Seen) -> QgsRectangle:
    xs, ys = zip(*seen.corners)
    return QgsRectangle(min(xs), min(ys), max(xs), max(ys))


def _font(size: float, bold: bool = False) -> QFont:
    font = QFont("Open Sans")
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPointSizeF(size)
    font.setBold(bold)
    return font


def _height(text: str, size: float, width: float, bold: bool = False) -> float:
    """Of a paragraph, in mm. Measured in hundredths of a point, so that no screen's resolution matters."""
    font = _font(size, bold)
    font.setPixelSize(round(size * 100))
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(font)
    document.setPlainText(text)
    document.setTextWidth(width / POINT * 100 * 0.98)
    return document.size().height() / 100 * POINT + 0.6
