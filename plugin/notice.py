"""A bar on top of the panel: what stands in the way, and what can be done about it."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgisInterface, QgsMessageLogViewer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from .log import TAG
from .widgets import ElidedButton, named, paragraph


class Notice(QFrame):
    """Hidden until it has a text. Its buttons have an underscore and the name that they are added with after its own name."""

    def __init__(self, name: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        sign = QLabel()
        sign.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(16, 16))
        self._text = paragraph()
        self._text.setObjectName(f"{name}_text")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # a path is longer than the panel is wide
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addLayout(row)
        column.addLayout(self._buttons)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def add_button(self, name: str, text: str, about: str) -> ElidedButton:
        """about: its tooltip."""
        button = named(ElidedButton(text), f"{self.objectName()}_{name}", about)
        self._buttons.addWidget(button)
        return button

    def say(self, text: str) -> None:
        """Shows the text; "": there is nothing to say."""
        self._text.setText(text)
        self._text.setToolTip(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))


def show_log(iface: QgisInterface) -> None:
    """Opens QGIS's log messages, at the tab of ZoomEarth."""
    iface.openMessageLog()
    for viewer in iface.mainWindow().findChildren(QgsMessageLogViewer):
        for tabs in viewer.findChildren(QTabWidget):
            for index in range(tabs.count()):
                if tabs.tabText(index) == TAG:
                    tabs.setCurrentIndex(index)
