"""Small pictures of the places of a run, drawn by QGIS in the background, one after another, the rows on the screen first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Optional

from qgis.core import QgsGeometry, QgsMapRendererSequentialJob, QgsMapSettings, QgsRasterLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QPointF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from ..exchanges.exchange import Exchange
from ..exchanges.result_rows import answer_geometry
from ..panel.canvas import COLORS

KEPT = 600  # pictures
WAITING = 60  # rows that were on the screen last


class Pictures(QObject):
    """`drawn` is emitted with the id of a row when its picture is there."""

    drawn = pyqtSignal(str)

    def __init__(self, side: int, parent: QObject) -> None:
        super().__init__(parent)
        self._side = side
        self._layer: Optional[QgsRasterLayer] = None
        self._made: OrderedDict[str, QPixmap] = OrderedDict()
        self._wanted: OrderedDict[str, Exchange] = OrderedDict()
        self._job: Optional[QgsMapRendererSequentialJob] = None

    def set_layer(self, layer: Optional[QgsRasterLayer]) -> None:
        """The raster of the run; None: there are no pictures."""
        self.close()
        self._layer = layer
        self._made.clear()

    def of(self, row: Exchange) -> Optional[QPixmap]:
        """None until it is drawn."""
        if (made := self._made.get(row.id)) is not None:
            return made
        self._wanted[row.id] = row
        self._wanted.move_to_end(row.id)
        while len(self._wanted) > WAITING:
            self._wanted.popitem(last=False)
        self._next()
        return None

    def close(self) -> None:
        self._wanted.clear()
        if self._job:
            self._job.finished.disconnect()
            self._job.cancelWithoutBlocking()
            self._job = None

    def _next(self) -> None:
        if self._job or not self._wanted or self._layer is None or sip.isdeleted(self._layer):
            return
        id, row = self._wanted.popitem(last=True)
        shape = answer_geometry(row)
        settings = QgsMapSettings()
        settings.setLayers([self._layer])
        settings.setDestinationCrs(self._layer.crs())
        settings.setOutputSize(QSize(self._side, self._side))
        extent = shape.boundingBox()
        extent.scale(1.2)
        settings.setExtent(extent)
        job = self._job = QgsMapRendererSequentialJob(settings)
        job.finished.connect(lambda: self._take(id, shape, settings))
        job.start()

    def _take(self, id: str, shape: QgsGeometry, settings: QgsMapSettings) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        picture = QPixmap.fromImage(job.renderedImage())
        job.deleteLater()
        _outline(picture, shape, settings)
        self._made[id] = picture
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        self.drawn.emit(id)
        self._next()


def _outline(picture: QPixmap, shape: QgsGeometry, settings: QgsMapSettings) -> None:
    to_pixel = settings.mapToPixel()
    painter = QPainter(picture)
    painter.setPen(QPen(QColor(COLORS[0]), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for part in shape.asMultiPolygon():
        for ring in part:
            points = (to_pixel.transform(point) for point in ring)
            painter.drawPolygon(QPolygonF([QPointF(point.x(), point.y()) for point in points]))
    painter.end()
