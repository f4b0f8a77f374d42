"""What is asked about: the layer, its scope, and the resolution of a snapshot where the layer needs one."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsMapLayer, QgsMapLayerProxyModel, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgisInterface, QgsDoubleSpinBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from ..core.errors import SceneError
from . import scope
from .canvas import Rectangle
from .i18n import tr
from .layers import read_by_gdal
from .scope import Place, Scope
from .snapshot import default_resolution
from .widgets import tool_button


class Form(QWidget):
    """Follows the layer that is active in QGIS."""

    layer_changed = pyqtSignal()

    def __init__(self, iface: QgisInterface, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface, self._canvas = iface, iface.mapCanvas()
        self._rectangle = Rectangle(self._canvas, self)
        self._build()
        iface.currentLayerChanged.connect(self._follow)
        self.layer.layerChanged.connect(self._layer_changed)
        self.scope.currentIndexChanged.connect(self._scope_changed)
        self.draw.clicked.connect(self._rectangle.draw)
        self._follow(iface.activeLayer())
        self._layer_changed(self.layer.currentLayer())
        self._scope_changed()

    def close_down(self) -> None:
        """Leaves nothing on the canvas, and no signal of QGIS connected."""
        self._rectangle.close()
        self._iface.currentLayerChanged.disconnect(self._follow)

    @property
    def raster(self) -> Optional[QgsRasterLayer]:
        """The layer that is chosen."""
        layer = self.layer.currentLayer()
        return layer if isinstance(layer, QgsRasterLayer) else None

    @property
    def snapshot_resolution(self) -> Optional[float]:
        """Map units per pixel; None for a layer that is read itself."""
        return None if self.raster is None or read_by_gdal(self.raster) else self.resolution.value()

    def places(self, layer: QgsRasterLayer) -> list[Place]:
        """One, or one for each selected polygon. Raises SceneError where the scope holds nothing of the layer."""
        choice, canvas = self.scope.currentData(), self._canvas
        if choice is Scope.CANVAS:
            return [scope.rectangle(tr("map canvas extent"), canvas.extent(), canvas.mapSettings().destinationCrs(), layer)]
        if choice is Scope.FEATURES:
            active = self._iface.activeLayer()
            return scope.features(layer, scope.with_selection(active if isinstance(active, QgsVectorLayer) else None))
        if choice is Scope.RECTANGLE:
            if self._rectangle.extent is None:
                self._rectangle.draw()
                raise SceneError(tr("No rectangle is drawn yet."), tr("Drag it on the map, then ask."))
            return [scope.rectangle(tr("drawn rectangle"), self._rectangle.extent, self._rectangle.crs, layer)]
        return [Place(tr("whole layer"))]

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        """The layer that is active in QGIS, where it is a raster."""
        if isinstance(layer, QgsRasterLayer):
            self.layer.setLayer(layer)

    def _layer_changed(self, layer: Optional[QgsMapLayer]) -> None:
        needs_snapshot = isinstance(layer, QgsRasterLayer) and not read_by_gdal(layer)
        self.resolution.setVisible(needs_snapshot)
        self._resolution_label.setVisible(needs_snapshot)
        self._suggest_resolution()
        self.layer_changed.emit()

    def _suggest_resolution(self) -> None:
        layer = self.raster
        if layer is not None and not read_by_gdal(layer):
            self.resolution.setValue(default_resolution(layer, scope.units_per_pixel(self._canvas, layer)))

    def _scope_changed(self) -> None:
        drawn = self.scope.currentData() is Scope.RECTANGLE
        self.draw.setVisible(drawn)
        if drawn and self._rectangle.extent is None:
            self._rectangle.draw()
        self._rectangle.show(drawn)
        self._suggest_resolution()

    def _build(self) -> None:
        self.layer = QgsMapLayerComboBox()
        self.layer.setObjectName("zoomearth_layer")
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.layer.setAccessibleName(tr("Raster layer"))
        self.layer.setToolTip(tr("The raster that is asked about. It follows the layer that is active in QGIS."))
        self.scope = QComboBox()
        self.scope.setObjectName("zoomearth_scope")
        self.scope.setAccessibleName(tr("Scope"))
        self.scope.setToolTip(tr("What part of the layer the model may look at."))
        for choice, words in (
            (Scope.LAYER, tr("Whole layer")),
            (Scope.CANVAS, tr("Map canvas extent")),
            (Scope.RECTANGLE, tr("Drawn rectangle")),
            (Scope.FEATURES, tr("Selected polygons")),
        ):
            self.scope.addItem(words, choice)
        self.draw = tool_button("zoomearth_draw", tr("Draw the rectangle on the map"), "/mActionAddBasicRectangle.svg")
        self.resolution = QgsDoubleSpinBox()
        self.resolution.setObjectName("zoomearth_resolution")
        self.resolution.setAccessibleName(tr("Snapshot resolution"))
        self.resolution.setToolTip(
            tr("Map units per pixel at which a picture of this layer is taken, because its pixels are not in a file.")
        )
        self.resolution.setDecimals(6)
        self.resolution.setRange(1e-6, 1e6)
        self.resolution.setSuffix(tr(" map units per pixel"))
        self._resolution_label = QLabel(tr("Snapshot"))
        where = QHBoxLayout()
        where.addWidget(self.scope, 1)
        where.addWidget(self.draw)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addRow(tr("Layer"), self.layer)
        rows.addRow(tr("Scope"), where)
        rows.addRow(self._resolution_label, self.resolution)
