"""The button *Find all*, with what may be asked of it in its menu."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from ..i18n import tr
from ..settings import outline_finds, outlines_finds
from .widgets import named, tip


class FindButton(QToolButton):
    """outlines: the action that is checked where a thing is to be its outline, and not its box; it is remembered."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        named(self, "zoomearth_find", tr("Find all: mark and count all such things. Type what to find in English, for example: ships"))
        self.setIcon(QgsApplication.getThemeIcon("/mActionSelectAll.svg"))
        self.setAutoRaise(True)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.outlines = menu.addAction(tr("&Outline what is found"))
        self.outlines.setObjectName("zoomearth_find_outlines")
        self.outlines.setCheckable(True)
        self.outlines.setChecked(outlines_finds())
        self.outlines.setToolTip(tip(tr("Each thing is its outline, by the segmentation tool, instead of a box. It takes longer.")))
        self.outlines.toggled.connect(outline_finds)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow down opens the menu, which Qt opens by the mouse alone."""
        if event.key() == Qt.Key.Key_Down:
            self.showMenu()
        else:
            super().keyPressEvent(event)
