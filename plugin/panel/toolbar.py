"""The row of buttons below the question box: export, undo, results file, settings, cancel, ask; with their menus."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from ...core.address import shown
from ...core.settings import Settings
from ..i18n import tr
from .widgets import ElidedButton, tip, tool_button


class Toolbar(QWidget):
    """Buttons and menu actions as attributes; the panel connects them."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.export = tool_button("zoomearth_export", tr("Export the results or a report"), "/mActionFileSaveAs.svg")
        menu = _menu(self.export)
        self.export_rois = menu.addAction(tr("Places looked at and answers as GeoPackage, Shapefile, CSV…"))
        self.export_html = menu.addAction(tr("Report as HTML…"))
        self.export_pdf = menu.addAction(tr("Report as PDF…"))
        for action, name in ((self.export_rois, "rois"), (self.export_html, "html"), (self.export_pdf, "pdf")):
            action.setObjectName(f"zoomearth_export_{name}_action")
        self.undo = tool_button("zoomearth_undo", tr("Undo delete"), "/mActionUndo.svg")
        self.save = tool_button("zoomearth_save", tr("Results file"), "/mActionFileSave.svg")
        menu = _menu(self.save)
        self.choose_file = menu.addAction(tr("Choose the results file (GeoPackage)…"))
        self.reload = menu.addAction(tr("Reload the results"))
        self.earlier = menu.addMenu(tr("Open earlier unsaved results"))
        for action, name in ((self.choose_file, "choose"), (self.reload, "reload"), (self.earlier.menuAction(), "earlier")):
            action.setObjectName(f"zoomearth_results_{name}_action")
        self.options = tool_button("zoomearth_options", tr("Settings: model, server and Python environment"), "/mActionOptions.svg")
        self.cancel = ElidedButton(tr("&Cancel"))
        self.cancel.setObjectName("zoomearth_cancel")
        self.cancel.setToolTip(tr("Stop the current question and discard the waiting questions (Esc)"))
        self.ask = ElidedButton(tr("As&k"))
        self.ask.setObjectName("zoomearth_ask")
        self.ask.setToolTip(tr("Ask about the layer (Ctrl+Enter)"))
        self.ask.setDefault(True)
        self.model = ElidedButton()  # named by `name_model`
        self.model.setObjectName("zoomearth_model")
        self.model.setFlat(True)
        row = QHBoxLayout()
        row.setSpacing(3)
        for button in (self.export, self.undo, self.save, self.options):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.model, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(row)

    def name_model(self, settings: Settings) -> None:
        """Shows which model answers the next question."""
        place = ", ".join(map(shown, settings.addresses))
        name = (settings.remote_model or tr("server")) if place else Path(settings.weights).name
        self.model.setText(name.replace("&", "&&"))
        about = tr("{model} answers. Click to choose another model.").format(model=f"{name} ({place})" if place else name)
        self.model.setToolTip(tip(about))
        self.model.setAccessibleName(about)


def _menu(button: QToolButton) -> QMenu:
    """A menu that opens with a click on the button."""
    menu = QMenu(button)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return menu
