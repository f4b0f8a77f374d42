"""The form for the subject of a question: the layer, the area, the colours, and the resolution of a snapshot where one is needed."""

from __future__ import annotations

import html
from contextlib import suppress
from enum import Enum
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsMapLayerProxyModel,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgisInterface, QgsDoubleSpinBox, QgsMapLayerComboBox
from qgis.PyQt import sip
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from ...core.errors import SceneError
from ...core.source import Compare
from ..exchanges.question import Question
from ..i18n import rounded, tr
from ..layers import scope
from ..layers.raster_layers import compared, raw_words, read_by_gdal, reproduced
from ..layers.resolution import LEAST, default_resolution, size, unit
from ..layers.scope import Place, Scope
from ..settings import offer_tools, offers_tools
from .answer_kind import AnswerKind
from .canvas import Rectangle
from .tool_menu import tool_menu_button
from .widgets import ElidedButton, named, paragraph, tip, tool_button

MEASURED = 100  # polygons: of more, the sizes of the images are not computed before the question


class Colours(Enum):
    """The colours that the model is shown, of a layer whose style is not in its file."""

    STYLE = "style"
    RAW = "raw"


class Resolution(QgsDoubleSpinBox):
    """Shows a rounded number but stores the exact value, because it may be the resolution of a zoom level of a service."""

    def textFromValue(self, value: float) -> str:
        return rounded(value).replace(".", self.locale().decimalPoint())

    def valueFromText(self, text: str) -> float:
        unchanged = text == self.textFromValue(self.value()) + self.suffix()
        return self.value() if unchanged else super().valueFromText(text)


class Form(QWidget):
    """Follows the active layer of QGIS and its style. The resolution of a snapshot follows the canvas until the user changes it."""

    layer_changed = pyqtSignal()
    tool_chosen = pyqtSignal(str)  # for the area

    def __init__(self, iface: QgisInterface, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface, self._canvas = iface, iface.mapCanvas()
        self._rectangle = Rectangle(self._canvas, self)
        self._watched: Optional[QgsRasterLayer] = None  # the layer whose style changes are connected
        self._extents: list[QgsRectangle] = []  # of the places that a question would be about
        self._suggestion = 0.0
        self._build()
        iface.currentLayerChanged.connect(self._follow)
        self._canvas.extentsChanged.connect(self._canvas_moved)
        self._canvas.selectionChanged.connect(self._measure)
        self._rectangle.drawn.connect(self._scope_changed)
        self.layer.layerChanged.connect(self._layer_changed)
        for changed in (self.second.model().rowsInserted, self.second.model().rowsRemoved, self.second.model().modelReset):
            changed.connect(self._offer_second)
        self._offer_second()
        self.scope.currentIndexChanged.connect(self._scope_changed)
        self.colours.currentIndexChanged.connect(self._style_changed)
        self.draw.clicked.connect(self._rectangle.draw)
        self.resolution.valueChanged.connect(self._say_size)
        self.fit.clicked.connect(lambda: self.resolution.setValue(self._suggestion))
        self._follow(iface.activeLayer())
        self._layer_changed(self.layer.currentLayer())
        self._scope_changed()

    def close_down(self) -> None:
        """Removes the rectangle from the canvas and disconnects from QGIS."""
        self._rectangle.close()
        self._watch(None)
        self._iface.currentLayerChanged.disconnect(self._follow)
        self._canvas.extentsChanged.disconnect(self._canvas_moved)
        self._canvas.selectionChanged.disconnect(self._measure)

    @property
    def raster(self) -> Optional[QgsRasterLayer]:
        """The chosen layer."""
        layer = self.layer.currentLayer()
        return layer if isinstance(layer, QgsRasterLayer) else None

    @property
    def snapshot_resolution(self) -> Optional[float]:
        """Map units per pixel; None for a layer whose file is read."""
        return None if self.raster is None or read_by_gdal(self.raster) else self.resolution.value()

    @property
    def raw(self) -> bool:
        """Whether the model is shown the values of the file, where the backend can't reproduce the layer's style."""
        return self.colours.currentData() is Colours.RAW

    def asked(self, layer: QgsRasterLayer, text: str) -> Question:
        """The question with what is chosen in the form. Raises SceneError where the layer to compare with or the list of answers can't be
        used."""
        tools = self.offers_tools.isChecked()
        return Question(layer, text, self.answer.chosen(), self.snapshot_resolution, self.raw, self._compare(layer), tools)

    def _compare(self, layer: QgsRasterLayer) -> Optional[Compare]:
        """The layer to compare with; None where none is chosen. Raises SceneError where it can't be."""
        second = self.second.currentLayer()
        if not isinstance(second, QgsRasterLayer):
            return None
        try:
            return compared(layer, second)
        except ValueError as error:
            raise SceneError(str(error)) from None

    def use_rectangle(self, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Makes a rectangle the area of the next question."""
        self._rectangle.take(extent, crs)
        self.scope.setCurrentIndex(self.scope.findData(Scope.RECTANGLE))

    def places(self, layer: QgsRasterLayer) -> tuple[list[Place], str]:
        """One place, or one for each selected polygon; and a sentence about polygons that were left out.

        Raises SceneError where the area lies outside the layer, or is too large for a snapshot.
        """
        places, left_out = self._places(layer)
        if self.snapshot_resolution:
            for place in places:
                size(layer, place.extent(layer), self.snapshot_resolution)
        return places, left_out

    def _places(self, layer: QgsRasterLayer) -> tuple[list[Place], str]:
        choice = self.scope.currentData()
        if choice is Scope.CANVAS:
            return [scope.canvas_view(self._canvas, layer)], ""
        if choice is Scope.FEATURES:
            return scope.features(layer, self._polygon_layer())
        if choice is Scope.ALL:
            return scope.features(layer, self._polygon_layer(), selected=False)
        if choice is Scope.RECTANGLE:
            if self._rectangle.extent is None:
                self._rectangle.draw()
                raise SceneError(tr("No rectangle is drawn yet."), tr("Drag a rectangle on the map, then ask again."))
            return [scope.rectangle(self._rectangle.extent, self._rectangle.crs, layer)], ""
        return [Place(tr("whole layer"))], ""

    def polygons(self) -> Optional[tuple[QgsVectorLayer, tuple[int, ...]]]:
        """The layer of the polygons that a question is about, and their ids; None where the area is no polygons."""
        choice, layer = self.scope.currentData(), self._polygon_layer()
        if layer is None or choice not in (Scope.FEATURES, Scope.ALL):
            return None
        return layer, tuple(sorted(layer.selectedFeatureIds() if choice is Scope.FEATURES else layer.allFeatureIds()))

    def _polygon_layer(self) -> Optional[QgsVectorLayer]:
        if self.scope.currentData() is Scope.ALL:
            chosen = self.polygon_layer.currentLayer()
            return chosen if isinstance(chosen, QgsVectorLayer) else None
        active = self._iface.activeLayer()
        return scope.with_selection(active if isinstance(active, QgsVectorLayer) else None)

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        """Chooses the active layer of QGIS, if it is a raster."""
        if isinstance(layer, QgsRasterLayer):
            self.layer.setLayer(layer)

    def _layer_changed(self, layer: Optional[QgsMapLayer]) -> None:
        self._watch(self.raster)
        self._style_changed()
        needs_resolution = self.raster is not None and not read_by_gdal(self.raster)
        for widget in (self.resolution, self._resolution_label, self.size):
            widget.setVisible(needs_resolution)
        if self.raster is not None:
            self.resolution.setSuffix(tr(" {unit} per pixel").format(unit=unit(self.raster.crs())))
        self.fit.hide()
        self._suggestion = self.resolution.value()  # so that the resolution of another layer counts as not changed by the user
        self._measure()
        self.layer_changed.emit()

    def _offer_second(self) -> None:
        """There is something to compare with: another layer beside the one asked about, and the empty row."""
        several = self.second.count() > 2
        self.second.setVisible(several)
        self._second_label.setVisible(several)

    def _watch(self, layer: Optional[QgsRasterLayer]) -> None:
        """Connects to the style changes of this layer, and disconnects from those of the layer before."""
        if self._watched is not None and not sip.isdeleted(self._watched):
            self._watched.styleChanged.disconnect(self._style_changed)
            self._watched.repaintRequested.disconnect(self._style_changed)
        self._watched = layer
        if layer is not None:
            layer.styleChanged.connect(self._style_changed)
            layer.repaintRequested.connect(self._style_changed)

    def _style_changed(self) -> None:
        """Shows the choice of colours where style and file differ."""
        layer = self.raster
        styled = layer is not None and read_by_gdal(layer) and not reproduced(layer)
        self.colours.setVisible(styled)
        self._colours_label.setVisible(styled)
        if layer is not None and styled:
            words = raw_words(layer) if self.raw else tr("QGIS draws the layer as an image in its full resolution.")
            self.colours.setToolTip(tip(words))

    def _canvas_moved(self) -> None:
        if self.scope.currentData() is Scope.CANVAS:
            self._measure()
        else:
            self._suggest_resolution()

    def _scope_changed(self) -> None:
        drawn = self.scope.currentData() is Scope.RECTANGLE
        self.draw.setVisible(drawn)
        if drawn and self._rectangle.extent is None:
            self._rectangle.draw()
        self.drag.setVisible(drawn and self._rectangle.extent is None)
        self.polygon_layer.setVisible(self.scope.currentData() is Scope.ALL)
        self._rectangle.show(drawn)
        self._measure()

    def _measure(self) -> None:
        """Computes the extents that snapshots would be taken of."""
        layer = self.raster
        if layer is None or read_by_gdal(layer):
            return
        self._extents = []
        polygons = self.polygons()
        if polygons and len(polygons[1]) > MEASURED:
            self._suggest_resolution()
            return
        if self.scope.currentData() is not Scope.RECTANGLE or self._rectangle.extent:
            with suppress(SceneError):  # the error is shown when the question is asked
                self._extents = [place.extent(layer) for place in self._places(layer)[0]]
        self._suggest_resolution()

    def _suggest_resolution(self) -> None:
        """Suggests a resolution for the places and the canvas; uses it unless the user has set another one."""
        layer = self.raster
        if layer is None or read_by_gdal(layer):
            return
        follows = self.resolution.value() == self._suggestion
        suggested = default_resolution(layer, scope.units_per_pixel(self._canvas, layer), self._extents)
        self._suggestion = float(f"{suggested:.{self.resolution.decimals()}f}")
        self.resolution.setClearValue(self._suggestion)
        if follows:
            self.resolution.setValue(self._suggestion)
        self._say_size()

    def _say_size(self) -> None:
        """Shows the size of the snapshot beside the resolution, and a warning where it is too large or too small."""
        layer = self.raster
        if layer is None or read_by_gdal(layer):
            return
        try:
            sizes = sorted((size(layer, extent, self.resolution.value()) for extent in self._extents), key=max)
        except SceneError as error:
            text, wrong = error.message, True
        else:
            wrong = bool(sizes) and max(sizes[0]) < LEAST
            columns, rows = sizes[0 if wrong else -1] if sizes else (0, 0)
            text = tr("= {columns} x {rows} px").format(columns=columns, rows=rows) if sizes else ""
            if wrong:
                finer = self.resolution.value() > self._suggestion  # the suggestion is the layer's own resolution where the place is small
                remedy = tr("Choose a finer resolution or a larger area.") if finer else tr("Choose a larger area.")
                text += tr(": too small for a useful answer.") + " " + remedy
        self.size.setText(f"<b>{html.escape(text)}</b>" if wrong else text)
        self.fit.setText(tr("Use {resolution} {unit} per pixel").format(resolution=rounded(self._suggestion), unit=unit(layer.crs())))
        self.fit.setVisible(wrong and self.resolution.value() != self._suggestion)

    def _build(self) -> None:
        self.layer = QgsMapLayerComboBox()
        self.layer.setObjectName("zoomearth_layer")
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.layer.setAccessibleName(tr("Raster layer"))
        self.layer.setToolTip(tr("The raster layer that you ask about. It follows the active layer of QGIS."))
        self.second = QgsMapLayerComboBox()
        self.second.setObjectName("zoomearth_compare")
        self.second.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.second.setAllowEmptyLayer(True)
        self.second.setLayer(None)
        self.second.setAccessibleName(tr("Layer to compare with"))
        about = tr(
            "A second raster layer of the same place, for example of another date. The model is shown the same part of both layers. "
            "Needs a model that takes several pictures, such as Qwen3-VL."
        )
        self.second.setToolTip(tip(about))
        self._second_label = QLabel(tr("Compare"))
        self.scope = QComboBox()
        self.scope.setObjectName("zoomearth_scope")
        self.scope.setAccessibleName(tr("Area"))
        self.scope.setToolTip(tr("The part of the layer that the model may look at."))
        for choice, words in (
            (Scope.LAYER, tr("Whole layer")),
            (Scope.CANVAS, tr("Map canvas extent")),
            (Scope.RECTANGLE, tr("Drawn rectangle")),
            (Scope.FEATURES, tr("Selected polygons")),
            (Scope.ALL, tr("All polygons of a layer")),
        ):
            self.scope.addItem(words, choice)
        self.polygon_layer = named(QgsMapLayerComboBox(), "zoomearth_polygon_layer", tr("Layer of the polygons"))
        self.polygon_layer.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.answer = AnswerKind()
        self.draw = tool_button("zoomearth_draw", tr("Draw a rectangle on the map"), "/mActionAddBasicRectangle.svg")
        self.tools = tool_menu_button("zoomearth_area_tools", tr("Tools for this area"), self.tool_chosen.emit, False)
        self.tools.menu().addSeparator()
        self.offers_tools = self.tools.menu().addAction(tr("&Let the model use tools"))
        self.offers_tools.setObjectName("zoomearth_offer_tools")
        self.offers_tools.setCheckable(True)
        self.offers_tools.setChecked(offers_tools())
        about = tr(
            "While it answers, the model may outline, denoise or edit a place and look at the result. The other rasters of the place are "
            "images of other dates."
        )
        self.offers_tools.setToolTip(tip(about))
        self.offers_tools.toggled.connect(offer_tools)
        self.resolution = Resolution()
        self.resolution.setObjectName("zoomearth_resolution")
        self.resolution.setAccessibleName(tr("Detail: map units per pixel"))
        about = tr(
            "The pixels of this layer are not in a file, so QGIS draws the layer as an image for the model. This value "
            "is the size of one pixel of that image. A smaller value shows more detail and takes more time."
        )
        self.resolution.setToolTip(tip(about))
        self.resolution.setDecimals(6)
        self.resolution.setRange(1e-6, 1e6)
        self._resolution_label = QLabel(tr("Detail"))
        self.size = named(paragraph(), "zoomearth_snapshot_size", tr("Size of the image of the layer"))
        self.fit = named(ElidedButton(), "zoomearth_fit", tr("Use a resolution that fits the area and the map"))
        self.drag = named(paragraph(tr("Drag a rectangle on the map.")), "zoomearth_drag", tr("How to draw the rectangle"))
        self.colours = named(
            QComboBox(),
            "zoomearth_colours",
            tr("Which colours the model sees: those of the layer style in QGIS, or the bands of the file without the style"),
        )
        self.colours.addItem(tr("As shown in QGIS"), Colours.STYLE)
        self.colours.addItem(tr("Without the layer style"), Colours.RAW)
        self._colours_label = QLabel(tr("Colours"))
        for combo in (
            self.layer,
            self.second,
            self.scope,
            self.polygon_layer,
            self.colours,
        ):  # the panel may be narrower than the longest name
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(4)
        self.resolution.setMinimumWidth(80)
        rows = QGridLayout(self)  # unlike in a QFormLayout, a text gets all its lines, and a hidden row takes no space
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setColumnStretch(1, 1)
        for row, (label, field) in enumerate(
            (
                (QLabel(tr("Layer")), self.layer),
                (QLabel(tr("Area")), self.scope),
                (None, self.polygon_layer),
                (None, self.drag),
                (self._second_label, self.second),
                (self._colours_label, self.colours),
                (self._resolution_label, self.resolution),
                (None, self.size),
                (None, self.fit),
                (QLabel(tr("Answer")), self.answer),
            )
        ):
            if label:
                rows.addWidget(label, row, 0)
            rows.addWidget(field, row, 1 if label else 0, 1, 1 if field is self.scope else 3 if label else 4)
        rows.addWidget(self.draw, 1, 2)
        rows.addWidget(self.tools, 1, 3)
