"""The row of buttons below the question box: export, undo, results file, settings, cancel, ask; with their menus."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ..i18n import tr
from .widgets import ElidedButton, tool_button


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
        self.cancel = ElidedButton(tr("Cancel"))
        self.cancel.setObjectName("zoomearth_cancel")
        self.cancel.setToolTip(tr("Stop the current question and discard the waiting questions"))
        self.ask = ElidedButton(tr("Ask"))
        self.ask.setObjectName("zoomearth_ask")
        self.ask.setToolTip(tr("Ask about the layer (Ctrl+Enter)"))
        self.ask.setDefault(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for button in (self.export, self.undo, self.save, self.options):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.ask)


def _menu(button: QToolButton) -> QMenu:
    """A menu that opens with a click on the button."""
    menu = QMenu(button)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return menu
