"""Boxes of a label file on the canvas, each with its colour and a badge, while they are compared."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.core import QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem

from ...core.geometry import Box
from ...core.labels.rows import LabelBox, LabelImage
from ..panel.canvas import color_of, fly_to, on_canvas, outlined
from .rasters import crs_of, grid_of, pixels_of


class BoxOverlay:
    """Stays until other boxes are shown, or it is cleared."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._items: list[QgsMapCanvasItem] = []

    def show(self, boxes: Sequence[tuple[LabelBox, str]], image: LabelImage) -> None:
        """Draws boxes with their names, and moves the map to all of them; to the whole image where there is none."""
        self.clear()
        sides: list[Box] = []
        for number, (box, name) in enumerate(boxes, 1):
            pixels = pixels_of(box, image)
            if pixels is not None:
                sides.append(pixels)
                self._draw(pixels, image, name, number)
        around = _around(sides) or (Box(0, 0, *image.size) if image.size else None)
        if around:
            fly_to(self._canvas, grid_of(image).polygon(around), crs_of(image))

    def clear(self) -> None:
        for item in self._items:
            self._canvas.scene().removeItem(item)
        self._items.clear()

    def _draw(self, box: Box, image: LabelImage, name: str, number: int) -> None:
        corners = [QgsPointXY(x, y) for x, y in grid_of(image).polygon(box)]
        geometry = on_canvas(QgsGeometry.fromPolygonXY([corners]), crs_of(image), self._canvas)
        if geometry is not None:
            self._items += outlined(self._canvas, geometry, color_of(number), name, right=number % 2 == 0)  # both may share a corner


def _around(boxes: Sequence[Box]) -> Optional[Box]:
    """The box around all of them; None without any."""
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
