"""Boxes from the map: a rectangle that the user drags becomes whole pixels of the raster."""

from __future__ import annotations

from typing import Any, Callable, Optional

from qgis.core import QgsMapLayer, QgsRasterLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import ZoomEarthError
from ...core.geometry import Box
from ...core.labels.rows import LabelImage
from ..i18n import tr
from ..panel.canvas import Rectangle
from .project_labels import ProjectLabels
from .rasters import Raster, box_in


class BoxTool(QObject):
    """layer: returns the layer that is drawn on."""

    made = pyqtSignal(object, object, str)  # LabelImage, Box in source pixels, label
    said = pyqtSignal(str)
    refused = pyqtSignal(str, str)

    def __init__(
        self, canvas: QgsMapCanvas, labels: ProjectLabels, layer: Callable[[], Optional[QgsMapLayer]], parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self._labels, self._layer = labels, layer
        self._rectangle = Rectangle(canvas, self)
        self._rectangle.drawn.connect(self._drawn)

    def close(self) -> None:
        """To be called once."""
        self._rectangle.close()

    def draw(self) -> None:
        """Lets the user drag a box on the map."""
        if isinstance(self._layer(), QgsRasterLayer):
            self.said.emit(tr("Drag a box on the map."))
            self._rectangle.draw()
        else:
            self.said.emit(tr("Add a raster layer first: boxes are drawn on it."))

    def take(self, raster: Raster, box_on: Callable[[LabelImage], Box], label: str = "") -> None:
        """Opens the raster on the store's thread, and announces the box."""
        self._labels.begin()

        def opened(image: LabelImage) -> None:
            self._guarded(lambda: self.made.emit(image, box_on(image), label))

        self._labels.store.do(lambda labels: raster.image(), opened)

    def open(self, then: Callable[[LabelImage], object]) -> None:
        """Opens the raster of the layer."""
        layer = self._layer()
        if isinstance(layer, QgsRasterLayer):
            self._labels.begin()
            self._guarded(lambda: self._labels.store.do(_opening(Raster.of_layer(layer)), then))

    def _drawn(self) -> None:
        extent, crs, layer = self._rectangle.extent, self._rectangle.crs, self._layer()
        self._rectangle.show(False)
        self.said.emit("")
        if extent is not None and isinstance(layer, QgsRasterLayer):
            self._guarded(lambda: self.take(Raster.of_layer(layer), lambda image: box_in(extent, crs, layer, image)))

    def _guarded(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except ZoomEarthError as error:
            self.refused.emit(error.message, error.hint)


def _opening(raster: Raster) -> Callable[[object], LabelImage]:
    return lambda labels: raster.image()
