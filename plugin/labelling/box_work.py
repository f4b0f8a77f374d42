"""Boxes of the dock *Labels*: drawn, drawn again, taken from places and features, described."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import QgsCsException, QgsFeature, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ...core.geometry import Box
from ...core.labels import review
from ...core.labels.examples import drawn as box_of
from ...core.labels.review import Shown
from ...core.labels.rows import LabelBox, LabelImage
from ...core.labels.suggest import level_of
from ..i18n import tr
from .box_tool import BoxTool
from .editors import BoxEditor
from .project_labels import ProjectLabels
from .rasters import Raster, box_in, layer_of
from .writing import Run


class BoxWork(QObject):
    """`said`: a sentence for the dock; `refused`: an error with its remedy; `begun`: editors are to be left."""

    said = pyqtSignal(str)
    refused = pyqtSignal(str, str)
    begun = pyqtSignal()

    def __init__(
        self,
        canvas: QgsMapCanvas,
        labels: ProjectLabels,
        layer: QgsMapLayerComboBox,
        shown: Callable[[], Optional[Shown]],
        run: Run,
        parent: Optional[QObject] = None,
    ) -> None:
        """layer: that boxes are drawn on. shown: what the board shows."""
        super().__init__(parent)
        self._labels, self._layer, self._shown, self._run = labels, layer, shown, run
        self.editor = BoxEditor()
        self._described: Optional[LabelBox] = None  # by the editor; the user may look at another one while it is open
        self.new = BoxTool(canvas, labels, layer.currentLayer, self)
        self.again = BoxTool(canvas, labels, self._layer_shown, self)
        self.new.made.connect(self._add)
        self.again.made.connect(self._redraw)
        for tool in (self.new, self.again):
            tool.said.connect(self.said)
            tool.refused.connect(self.refused)
        self.editor.saved.connect(self._save_label)

    def close(self) -> None:
        """To be called once."""
        self.new.close()
        self.again.close()

    def take(self, raster: Raster, box_on: Callable[[LabelImage], Box], label: str) -> None:
        """A place that a model has looked at, or has found, as a box."""
        self.new.take(raster, box_on, label)

    def take_features(self, layer: object) -> None:
        """The selected features of a layer of polygons as boxes on the chosen raster, in one action; a field `label` describes them."""
        features = sorted(layer.selectedFeatures(), key=QgsFeature.id) if isinstance(layer, QgsVectorLayer) else []
        raster = self._layer.currentLayer()
        if not isinstance(layer, QgsVectorLayer) or not features or raster is None:
            self.said.emit(tr("Select features of a vector layer first, such as what a survey has found, and a raster here."))
            return
        crs, has_label = layer.crs(), layer.fields().indexOf("label") >= 0
        places = [(feature.geometry().boundingBox(), str(feature["label"] or "") if has_label else "") for feature in features]

        def take(image: LabelImage) -> None:
            boxes = []
            for extent, label in places:
                try:
                    sides = box_in(extent, crs, raster, image)
                except (SceneError, QgsCsException):
                    continue
                level = level_of(sides, image.size) if image.size else "object"
                level = "region" if level == "global" else level
                boxes.append(box_of(image, sides, level, label, annotator=self._labels.annotator))
            outside = tr("Outside the raster: {count}.").format(count=len(places) - len(boxes)) if len(boxes) < len(places) else ""
            if boxes:
                self._run(lambda labels: review.drawn(labels, image, *boxes), boxes=True)
            self.said.emit(f"{tr('Boxes from {layer}: {count}.').format(count=len(boxes), layer=layer.name())} {outside}".strip())

        self.new.open(take)

    def describe(self, image: LabelImage, box: LabelBox) -> None:
        """Asks what the box shows."""
        self.begun.emit()
        self._described = box
        self._labels.store.do(lambda labels: labels.boxes(image.id), lambda boxes: self.editor.begin(box, image, boxes))

    def look_at_whole(self, image: Optional[LabelImage]) -> None:
        """Turns to the whole image of what is shown, else of the layer."""
        if image:
            self._run(lambda labels: review.drawn(labels, image))
        else:
            self.new.open(self.look_at_whole)

    def _add(self, image: LabelImage, sides: Box, label: str) -> None:
        """Adds a box with the suggested level; one around nearly everything is the whole image."""
        self.begun.emit()
        level = level_of(sides, image.size) if image.size else "object"
        if level == "global":
            self.look_at_whole(image)
            return
        box = box_of(image, sides, level, label, annotator=self._labels.annotator)
        self._run(lambda labels: review.drawn(labels, image, box), fly=bool(label), boxes=True)
        if not label:
            self.describe(image, box)

    def _layer_shown(self) -> object:
        shown = self._shown()
        return layer_of(shown.image) if shown and shown.image else None

    def _redraw(self, image: LabelImage, sides: Box, label: str) -> None:
        """Other sides for the box that is shown."""
        shown = self._shown()
        box = shown.box if shown else None
        if box and box.image == image.id:
            given = tuple(map(float, sides))
            self._run(lambda labels: review.redrawn(labels, box.id, sides=given, frame=None), fly=False, boxes=True)

    def _save_label(self, label: str) -> None:
        if box := self._described:
            self._run(lambda labels: review.redrawn(labels, box.id, label=label), fly=False, boxes=True)
