"""Pages of a print layout that are filled from top to bottom with paragraphs, blocks of colour and pictures."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Sequence

from qgis.core import (
    Qgis,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemPage,
    QgsLayoutItemPicture,
    QgsLayoutItemShape,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsTextFormat,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFont, QTextDocument

from ..i18n import tr

LEFT, WIDTH, TOP, BOTTOM = 15.0, 180.0, 15.0, 278.0  # mm: the printable area of an upright A4 page
GAP = 5.0  # mm between two items
INK, SOFT = QColor("#1d2733"), QColor("#5c6b7a")
POINT = 0.3528  # mm


class Pages:
    """`y`: where the next item goes, in mm from the top of the last page. Every measure is in mm, every font size in points."""

    def __init__(self, foot: Sequence[str]) -> None:
        """foot: the lines at the bottom of each page."""
        self._foot = foot
        self.layout = QgsPrintLayout(QgsProject.instance())
        self.page, self.y = -1, 0.0

    def turn(self) -> None:
        """Begins a page."""
        page = QgsLayoutItemPage(self.layout)
        page.setPageSize("A4", QgsLayoutItemPage.Orientation.Portrait)
        self.layout.pageCollection().addPage(page)
        self.page += 1
        self.block(LEFT, BOTTOM + 2, WIDTH, 0.2, SOFT)
        self.y = BOTTOM + 3
        for line, size in zip(self._foot, (7.5, 7)):
            self.text(line, size, SOFT, width=WIDTH - 25)
        self.y = TOP

    def number(self) -> None:
        """Writes "1 of 3" at the bottom of each page; called once all pages are filled."""
        count = self.page + 1
        for page in range(count):
            self.page, self.y = page, BOTTOM + 3
            label = self.text(tr("{page} of {count}").format(page=page + 1, count=count), 7.5, SOFT, x=LEFT + WIDTH - 25, width=25)
            label.setHAlign(Qt.AlignmentFlag.AlignRight)

    def place(self, item: QgsLayoutItem, x: float, y: float, width: float, height: float) -> None:
        self.layout.addLayoutItem(item)
        item.attemptResize(QgsLayoutSize(width, height))
        item.attemptMove(QgsLayoutPoint(x, y), True, False, self.page)

    def text(
        self, text: str, size: float, color: QColor = INK, *, bold: bool = False, x: float = LEFT, width: float = WIDTH
    ) -> QgsLayoutItemLabel:
        """Adds a paragraph at `y`, and moves `y` to its end."""
        label = QgsLayoutItemLabel(self.layout)
        label.setText(text)
        label.setHAlign(Qt.AlignmentFlag.AlignLeft)
        label.setMarginX(0)
        label.setMarginY(0)
        if Qgis.QGIS_VERSION_INT >= 32400:
            style = QgsTextFormat()
            style.setFont(font_of(size, bold))
            style.setSize(size)
            style.setColor(color)
            label.setTextFormat(style)
        else:
            label.setFont(font_of(size, bold))
            label.setFontColor(color)
        height = height_of(text, size, width, bold)
        self.place(label, x, self.y, width, height)
        self.y += height
        return label

    def block(self, x: float, y: float, width: float, height: float, color: QColor) -> None:
        shape = QgsLayoutItemShape(self.layout)
        shape.setShapeType(QgsLayoutItemShape.Shape.Rectangle)
        symbol = shape.symbol().clone()
        symbol.setColor(color)
        symbol.symbolLayer(0).setStrokeStyle(Qt.PenStyle.NoPen)
        shape.setSymbol(symbol)
        self.place(shape, x, y, width, height)

    def picture(self, png: bytes, x: float, y: float, width: float, height: float) -> None:
        picture = QgsLayoutItemPicture(self.layout)
        picture.setPicturePath("base64:" + base64.b64encode(png).decode("ascii"), QgsLayoutItemPicture.Format.FormatRaster)
        picture.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        picture.setPictureAnchor(QgsLayoutItem.ReferencePoint.UpperLeft)
        self.place(picture, x, y, width, height)

    def logo(self, file: Path, x: float, y: float, width: float, height: float) -> None:
        """A picture from a file, in the upper right corner of its place."""
        format = QgsLayoutItemPicture.Format
        picture = QgsLayoutItemPicture(self.layout)
        picture.setPicturePath(str(file), format.FormatSVG if file.suffix.lower() == ".svg" else format.FormatRaster)
        picture.setResizeMode(QgsLayoutItemPicture.ResizeMode.Zoom)
        picture.setPictureAnchor(QgsLayoutItem.ReferencePoint.UpperRight)
        self.place(picture, x, y, width, height)


def font_of(size: float, bold: bool = False) -> QFont:
    font = QFont("Open Sans")
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPointSizeF(size)
    font.setBold(bold)
    return font


def height_of(text: str, size: float, width: float, bold: bool = False) -> float:
    """The height of a paragraph. Measured with a font 100 times as large, so that the resolution of the screen does not matter."""
    font = font_of(size, bold)
    font.setPixelSize(round(size * 100))
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(font)
    document.setPlainText(text)
    document.setTextWidth(width / POINT * 100 * 0.98)
    return document.size().height() / 100 * POINT + 0.6
