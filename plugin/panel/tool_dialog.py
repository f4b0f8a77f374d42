"""The dialog that asks what a tool takes: a label, parameters, images of other dates, a mask. It is made from the tool's description."""

from __future__ import annotations

import math
from typing import Any, Optional

from qgis.core import QgsMapLayerProxyModel, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsColorButton, QgsDoubleSpinBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...core.tools import CHOICE, COLOR, MASK_FILE, REFERENCE, Parameter, Tool, UseTool, label
from ..i18n import tr
from ..layers.raster_layers import other_rasters, scene_source
from .widgets import named, paragraph

WIDEST = 1e9  # of a number without a limit
BELOW = 1.0  # below a number's lowest value: the tool chooses


class ToolDialog(QDialog):
    """layer: the raster that is worked on. words: the label that the place has."""

    def __init__(self, tool: Tool, layer: QgsRasterLayer, words: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_tool_dialog")
        self.setWindowTitle(tr(tool.title))
        self._tool = tool
        self._fields: dict[str, QWidget] = {}
        self.references: Optional[QListWidget] = None
        self.mask: Optional[QgsMapLayerComboBox] = None
        self.label = named(QLineEdit(words), "zoomearth_tool_label", tr("What the place shows; kept with the result"))
        summary = tr(tool.summary)
        form = QFormLayout()
        form.addRow(tr("Label"), self.label)
        for parameter in tool.parameters:
            self._fields[parameter.name] = widget = _widget(parameter)
            form.addRow(tr(label(parameter.name)), widget)
        if REFERENCE in tool.uses:
            self.references = _references(layer)
            form.addRow(tr("Images of other dates"), self.references)
            self.references.itemChanged.connect(self._refresh)
        if MASK_FILE in tool.uses:
            self.mask = named(
                QgsMapLayerComboBox(), "zoomearth_tool_mask", tr("Polygons that say where to work: the selected ones, or all")
            )
            self.mask.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
            self.mask.setAllowEmptyLayer(True)
            self.mask.setLayer(None)
            form.addRow(tr("Mask"), self.mask)
        self.hint = named(paragraph(), "zoomearth_tool_hint", tr("What is missing"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setObjectName("zoomearth_tool_ok")
        column = QVBoxLayout(self)
        column.addWidget(paragraph(f"{summary[:1].upper()}{summary[1:]}."))
        column.addLayout(form)
        column.addWidget(self.hint)
        column.addWidget(buttons)
        self.label.textChanged.connect(self._refresh)
        for widget in self._fields.values():
            if isinstance(widget, QComboBox):
                widget.currentIndexChanged.connect(self._refresh)
        self._refresh()
        next(iter(self._fields.values()), self.label).setFocus()

    @property
    def use(self) -> UseTool:
        """What was chosen, without the mask."""
        arguments = {name: value for name, widget in self._fields.items() if (value := _value(widget)) is not None}
        return UseTool(self._tool.name, self.label.text().strip(), arguments, tuple(self._ticked()))

    @property
    def mask_layer(self) -> Optional[QgsVectorLayer]:
        layer = self.mask.currentLayer() if self.mask else None
        return layer if isinstance(layer, QgsVectorLayer) else None

    def _ticked(self) -> list[str]:
        if self.references is None:
            return []
        items = [self.references.item(row) for row in range(self.references.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _refresh(self) -> None:
        """Says what is missing, and lets nobody go on without it."""
        verb = _value(self._fields["verb"]) if "verb" in self._fields else None
        needed = self._tool.name == "cloud-removal" or verb == "paste"
        missing = tr("Type as the label what to draw.") if verb == "replace" and not self.label.text().strip() else ""
        if needed and self.references is not None and not self._ticked():
            missing = tr("Tick an image of another date of the same place.")
            if not self.references.count():
                missing = tr("Add a raster layer of another date of the same place to the project first.")
        self.hint.setText(missing)
        self.hint.setVisible(bool(missing))
        self.ok.setEnabled(not missing)


def _widget(parameter: Parameter) -> QWidget:
    about = tr(parameter.help)
    widget: QWidget
    if parameter.kind == CHOICE:
        widget = QComboBox()
        for choice in parameter.choices:
            widget.addItem(tr(label(choice)), choice)
        widget.setCurrentIndex(max(0, widget.findData(parameter.default)))
    elif parameter.kind == COLOR:
        widget = QgsColorButton()
        widget.setColor(QColor(parameter.default))
    else:
        widget = QgsDoubleSpinBox()
        low, high = (bound if math.isfinite(bound) else math.copysign(WIDEST, bound) for bound in (parameter.low, parameter.high))
        widget.setDecimals(2)
        if parameter.default is None:
            widget.setRange(low - BELOW, high)
            widget.setSpecialValueText(tr("automatic"))
            widget.setClearValue(low - BELOW)
            widget.setValue(low - BELOW)
        else:
            widget.setRange(low, high)
            widget.setClearValue(parameter.default)
            widget.setValue(parameter.default)
        if parameter.unit:
            widget.setSuffix(" " + tr(parameter.unit))
    return named(widget, f"zoomearth_tool_{parameter.name}", f"{about[:1].upper()}{about[1:]}")


def _value(widget: QWidget) -> Any:
    """None where the tool is to choose."""
    if isinstance(widget, QComboBox):
        return widget.currentData()
    if isinstance(widget, QgsColorButton):
        return widget.color().name()
    unset = bool(widget.specialValueText()) and widget.value() == widget.minimum()
    return None if unset else widget.value()


def _references(layer: QgsRasterLayer) -> QListWidget:
    """The other raster layers of the project, to be ticked."""
    widget = named(QListWidget(), "zoomearth_tool_references", tr("Rasters of the same place on other dates; any CRS and resolution"))
    widget.setMaximumHeight(110)
    for other in other_rasters(layer):
        item = QListWidgetItem(other.name(), widget)
        item.setData(Qt.ItemDataRole.UserRole, scene_source(other).path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
    return widget
