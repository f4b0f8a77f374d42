"""A bar in the panel with a warning, and with buttons that help."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgisInterface, QgsMessageLogViewer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from ..log import TAG
from .widgets import ElidedButton, WrappedText, named, tip


class Notice(QFrame):
    """Hidden until it has a text. The object name of a button is the bar's name, an underscore, and the name given to `add_button`."""

    def __init__(self, name: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        sign = QLabel()
        sign.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(16, 16))
        self._text = WrappedText()
        self._text.setObjectName(f"{name}_text")
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
        return self._text.toPlainText()

    def add_button(self, name: str, text: str, about: str) -> ElidedButton:
        """about: its tooltip."""
        button = named(ElidedButton(text), f"{self.objectName()}_{name}", about)
        self._buttons.addWidget(button)
        return button

    def say(self, text: str) -> None:
        """Shows the text; "" hides the bar."""
        self._text.setPlainText(text)
        self._text.setToolTip(tip(text))
        self.setAccessibleName(text)
        self.setVisible(bool(text))


def show_log(iface: QgisInterface) -> None:
    """Opens the log messages panel of QGIS at the ZoomEarth tab."""
    iface.openMessageLog()
    for viewer in iface.mainWindow().findChildren(QgsMessageLogViewer):
        for tabs in viewer.findChildren(QTabWidget):
            for index in range(tabs.count()):
                if tabs.tabText(index) == TAG:
                    tabs.setCurrentIndex(index)
