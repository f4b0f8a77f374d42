"""Draws a styled raster layer over a background colour into a GeoTIFF, piece by piece; QGIS's own writer does not blend."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsRasterBlock,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterPipe,
    QgsRectangle,
)
from qgis.PyQt.QtGui import QColor, QImage, QPainter


def paint(
    pipe: QgsRasterPipe,
    columns: int,
    rows: int,
    extent: QgsRectangle,
    crs: QgsCoordinateReferenceSystem,
    background: QColor,
    writer: QgsRasterFileWriter,
    feedback: QgsRasterBlockFeedback,
) -> bool:
    """Writes red, green and blue as bytes, in pieces of the writer's tile size; returns False where they can't be written."""
    target = writer.createMultiBandRaster(Qgis.DataType.Byte, columns, rows, extent, crs, 3)
    if target is None or not target.isValid():
        return False
    target.setEditable(True)
    written = True
    for left, top, width, height in _pieces(columns, rows, writer.maxTileWidth()):
        if feedback.isCanceled() or not written:
            break
        x, y = extent.xMinimum() + left * extent.width() / columns, extent.yMaximum() - top * extent.height() / rows
        right, bottom = x + width * extent.width() / columns, y - height * extent.height() / rows
        shown = pipe.last().block(1, QgsRectangle(x, bottom, right, y), width, height, feedback)
        picture = QImage(width, height, QImage.Format.Format_RGBA8888)
        picture.fill(background)
        painter = QPainter(picture)
        painter.drawImage(0, 0, shown.image())
        painter.end()
        pixels = picture.constBits().asstring(picture.sizeInBytes())
        for band in range(3):
            block = QgsRasterBlock(Qgis.DataType.Byte, width, height)
            block.setData(pixels[band::4])
            written = target.writeBlock(block, band + 1, left, top) and written
        feedback.setProgress(100 * (top * columns + left * height + width * height) / (columns * rows))
    target.setEditable(False)
    return written


def _pieces(columns: int, rows: int, side: int) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each piece, row by row."""
    corners = ((left, top) for top in range(0, rows, side) for left in range(0, columns, side))
    return [(left, top, min(side, columns - left), min(side, rows - top)) for left, top in corners]
