"""The three pictures of a box: the whole raster, the crop around the box, and the box enlarged. QGIS draws them in threads of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Callable, Optional

from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF, QShowEvent
from qgis.PyQt.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ...core.geometry import Box, Grid, Point
from ...core.labels.rows import LabelImage
from ...core.labels.templates import SAMPLE
from ...core.look import Policy, place
from ..i18n import tr
from ..panel.canvas import CASING, COLORS
from ..panel.widgets import named
from .rasters import grid_of

SIDE = 360  # pixels: the longest side of a picture
KEPT = 16  # pictures of whole rasters
GREY = "#808080"


class Drawn:
    """A picture of a part of a raster. outline: of the box, in pixels of the picture; empty for the whole raster without a box."""

    def __init__(self, image: QImage, outline: QPolygonF) -> None:
        self.image, self.outline = image, outline

    def colour(self) -> tuple[float, float, float]:
        """The median red, green and blue inside the outline."""
        small = self.image.scaled(SAMPLE, SAMPLE, Qt.AspectRatioMode.KeepAspectRatio)
        scale = small.width() / self.image.width()
        outline = QPolygonF([point * scale for point in self.outline])
        colours = [
            QColor(small.pixel(x, y))
            for y in range(small.height())
            for x in range(small.width())
            if outline.containsPoint(QPointF(x + 0.5, y + 0.5), Qt.FillRule.OddEvenFill)
        ]
        if not colours:  # the box is narrower than a pixel of the picture
            colours = [QColor(small.pixel(small.width() // 2, small.height() // 2))]
        red, green, blue = (sorted(channel(each) for each in colours) for channel in (QColor.red, QColor.green, QColor.blue))
        return red[len(red) // 2], green[len(green) // 2], blue[len(blue) // 2]


class Painter(QObject):
    """Draws parts of a raster layer. `interrupted`: what was being drawn will not come, because a layer is gone."""

    interrupted = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._jobs: dict[QgsMapRendererParallelJob, Optional[Callable[[QImage], object]]] = {}  # with what is done then; None: given up
        QgsProject.instance().layersWillBeRemoved.connect(self._removing)

    def draw(self, layer: QgsRasterLayer, grid: Grid, part: Box, box: Optional[Box], done: Callable[[Drawn], object]) -> None:
        """Calls `done` with the picture, later. part and box: in source pixels."""
        xs, ys = zip(*grid.polygon(part))
        extent = QgsRectangle(min(xs), min(ys), max(xs), max(ys))
        scale = SIDE / max(extent.width(), extent.height())
        settings = QgsMapSettings()
        settings.setLayers([layer])
        settings.setDestinationCrs(layer.crs())
        settings.setBackgroundColor(QColor(GREY))
        settings.setOutputSize(QSize(max(1, math.ceil(extent.width() * scale)), max(1, math.ceil(extent.height() * scale))))
        settings.setExtent(extent)
        corners = _in_picture(grid.polygon(box), extent, settings.outputSize()) if box else []
        job = QgsMapRendererParallelJob(settings)
        self._jobs[job] = lambda image: done(Drawn(image, QPolygonF(corners)))
        job.finished.connect(partial(self._finished, job))
        job.start()

    def stop(self) -> None:
        """Gives up what is being drawn."""
        for job in self._jobs:
            self._jobs[job] = None
            job.cancelWithoutBlocking()

    def close(self) -> None:
        """Ends all drawing, and disconnects from the project."""
        QgsProject.instance().layersWillBeRemoved.disconnect(self._removing)
        self._removing()

    def _removing(self) -> None:
        """No thread may use a layer that is gone."""
        jobs, self._jobs = self._jobs, {}
        for job in jobs:
            job.cancel()
        if jobs:
            self.interrupted.emit()

    def _finished(self, job: QgsMapRendererParallelJob) -> None:
        done = self._jobs.pop(job, None)
        if done:
            done(job.renderedImage())


class Picture(QWidget):
    """Shows a `Drawn`, as large as there is room."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__()
        named(self, name, about)
        self.drawn: Optional[Drawn] = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(64)

    def show_drawn(self, drawn: Optional[Drawn]) -> None:
        self.drawn = drawn
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, SIDE)

    def sizeHint(self) -> QSize:
        return QSize(110, 110)

    def paintEvent(self, event: Optional[QPaintEvent]) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.drawn is None or self.drawn.image.isNull():
            painter.fillRect(self.rect(), QColor(128, 128, 128, 40))
            return
        image = self.drawn.image
        scale = min(self.width() / image.width(), self.height() / image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(QRectF(self.rect()).center())
        painter.drawImage(target, image)
        painter.setClipRect(target)
        outline = QPolygonF([target.topLeft() + point * scale for point in self.drawn.outline])
        for width, colour in ((4, CASING), (2, COLORS[0])):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawPolygon(outline)


class Pictures(QWidget):
    """The three pictures of the box that is shown, side by side."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_label_pictures")
        self.whole = Picture("zoomearth_label_whole", tr("The whole image"))
        self.crop = Picture("zoomearth_label_crop", tr("The crop around the box, as the model sees it"))
        self.patch = Picture("zoomearth_label_patch", tr("The box enlarged"))
        self.painter = Painter(self)
        self._wholes: dict[str, QImage] = {}
        self._asked: tuple[Optional[QgsRasterLayer], Optional[LabelImage], Optional[Box]] = (None, None, None)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for picture in (self.whole, self.crop, self.patch):
            row.addWidget(picture)

    def show_box(self, layer: Optional[QgsRasterLayer], image: Optional[LabelImage], box: Optional[Box]) -> None:
        """Draws the pictures anew, as soon as they can be seen; nothing without a layer. box: in source pixels; None: of the whole raster
        alone."""
        self._asked = layer, image, box
        self.painter.stop()
        for picture in (self.whole, self.crop, self.patch):
            picture.show_drawn(None)
        if layer is None or image is None or image.size is None or not self.isVisible():
            return
        whole, grid = Box(0, 0, *image.size), grid_of(image)
        self._show_whole(layer, image, whole, box)
        if box:
            inside = box.rounded_out().intersect(whole)
            self.painter.draw(layer, grid, place(inside, whole, Policy(), below=1).window, box, self.crop.show_drawn)
            self.painter.draw(layer, grid, inside, box, self.patch.show_drawn)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        layer, image, box = self._asked
        if layer is not None and not sip.isdeleted(layer):
            self.show_box(layer, image, box)

    def _show_whole(self, layer: QgsRasterLayer, image: LabelImage, whole: Box, box: Optional[Box]) -> None:
        """The whole raster is drawn once; a large one without overviews takes long."""

        def keep(drawn: Drawn) -> None:
            while len(self._wholes) >= KEPT:
                del self._wholes[next(iter(self._wholes))]
            self._wholes[image.id] = drawn.image
            self.whole.show_drawn(drawn)

        if existing := self._wholes.get(image.id):
            xs, ys = zip(*grid_of(image).polygon(whole))
            extent = QgsRectangle(min(xs), min(ys), max(xs), max(ys))
            corners = _in_picture(grid_of(image).polygon(box), extent, existing.size()) if box else []
            self.whole.show_drawn(Drawn(existing, QPolygonF(corners)))
        else:
            self.painter.draw(layer, grid_of(image), whole, box, keep)


def _in_picture(corners: Sequence[Point], extent: QgsRectangle, size: QSize) -> list[QPointF]:
    """Corners in map units as pixels of a picture of the extent."""
    across, down = size.width() / extent.width(), size.height() / extent.height()
    return [QPointF((x - extent.xMinimum()) * across, (extent.yMaximum() - y) * down) for x, y in corners]
