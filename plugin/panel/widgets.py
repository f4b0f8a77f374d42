"""Widgets and helpers that the panel and the dialogs share."""

from __future__ import annotations

import html
import math
from dataclasses import Field
from pathlib import Path
from typing import Any, Callable, Optional, TypeVar

from qgis.core import QgsApplication
from qgis.gui import QgsAuthConfigSelect, QgsFileWidget
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QFontDatabase, QPaintEvent, QTextOption
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QTextEdit,
    QToolButton,
    QWidget,
)

from ..i18n import tr

Widget = TypeVar("Widget", bound=QWidget)
EDGE = 6  # pixels between a button's text and its end


def tip(text: str) -> str:
    """The text for a tooltip, as HTML: Qt breaks only HTML tooltips into lines."""
    return f"<span>{html.escape(text)}</span>" if text else ""


def named(widget: Widget, name: str, about: str) -> Widget:
    """Gives the widget an object name for scripts, and a text that is both its tooltip and its accessible name."""
    widget.setObjectName(name)
    widget.setToolTip(tip(about))
    widget.setAccessibleName(about)
    return widget


def tool_button(name: str, about: str, icon: str) -> QToolButton:
    """icon: the name of an icon file of QGIS's theme."""
    button = named(QToolButton(), name, about)
    button.setIcon(QgsApplication.getThemeIcon(icon))
    button.setAutoRaise(True)
    return button


class ElidedButton(QPushButton):
    """A push button that may be narrower than its text; the text is elided then."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("MM…") + 2 * EDGE, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        if self.width() < self.sizeHint().width():
            option.text = self.fontMetrics().elidedText(option.text, Qt.TextElideMode.ElideRight, self.width() - 2 * EDGE)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def paragraph(text: str = "") -> QLabel:
    """A label that wraps its text."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def rich_paragraph(name: str) -> QLabel:
    """A label that wraps HTML, and may be narrower than its longest word. name: for scripts."""
    label = paragraph()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


class ScrolledColumn(QWidget):
    """The inside of a scroll area. It has no minimum size: QVBoxLayout computes it for the narrowest width, and the scroll area would be
    too high."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class WrappedText(QTextEdit):
    """A read-only plain text, as high as its lines. It also breaks long words, so that a path does not widen the panel."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self.setFixedHeight(math.ceil(size.height())))


def ask_file(parent: QWidget, title: str, suggested: Path, suffix: str) -> Optional[Path]:
    """Asks for a file to save to; its path ends with `suffix` (".html"). None: the user cancelled."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggested), f"*{suffix}")
    path = Path(name) if name.lower().endswith(suffix) else Path(name + suffix)
    replaces = str(path) != name and path.exists()  # the file dialog has asked only about the name that was typed
    question = tr("{path} already exists. Replace it?").format(path=path)
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    if not name or (replaces and QMessageBox.question(parent, title, question, yes | no, no) != yes):
        return None
    return path


def log_view(name: str, about: str) -> QPlainTextEdit:
    """A view of a log's last lines, with a fixed-width font."""
    view = named(QPlainTextEdit(), name, about)
    view.setReadOnly(True)
    view.setMaximumBlockCount(2000)
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    return view


def setting_widget(field: Field[Any], value: str, prefix: str) -> QWidget:
    """A widget for a field of `core.settings.Settings`: a list of choices, a file, or a line of text."""
    widget: QWidget
    if field.metadata["choices"]:
        widget = QComboBox()
        for choice in field.metadata["choices"]:
            widget.addItem(choice or tr("automatic"), choice)
        widget.setCurrentIndex(widget.findData(value))
    elif field.name.endswith("_file"):
        widget = QgsFileWidget()
        widget.setFilePath(value)
    else:
        widget = QLineEdit(value)
    return named(widget, prefix + field.name, help_of(field))


def help_of(field: Field[Any]) -> str:
    """The help text of a field of `core.settings.Settings`, in the user's language."""
    text = tr(field.metadata["help"])
    return text[:1].upper() + text[1:]


def value_of(widget: QWidget) -> str:
    """The value in a setting's widget."""
    if isinstance(widget, QComboBox):
        return widget.currentData()
    return (widget.filePath() if isinstance(widget, QgsFileWidget) else widget.text()).strip()


def on_change(widget: QWidget, act: Callable[[], object]) -> None:
    """Calls `act` whenever the value in a setting's widget changes."""
    if isinstance(widget, QComboBox):
        widget.currentIndexChanged.connect(lambda: act())
    elif isinstance(widget, QgsFileWidget):
        widget.fileChanged.connect(lambda: act())
    elif isinstance(widget, QgsAuthConfigSelect):
        widget.selectedConfigIdChanged.connect(lambda: act())
    else:
        widget.textChanged.connect(lambda: act())


class Verdict(QWidget):
    """A sentence with an icon for success or failure, which is hidden until that is known."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__()
        self._sign = QLabel()
        self.text = named(paragraph(), name, about)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # a server's error, or a model's answer, may be a page of HTML
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self._sign.hide()

    def say(self, text: str) -> None:
        self._sign.hide()
        self.text.setText(text)

    def tell(self, ok: bool, text: str) -> None:
        self.say(text)
        icon = QgsApplication.getThemeIcon("/mIconSuccess.svg" if ok else "/mIconWarning.svg")
        self._sign.setPixmap(icon.pixmap(16, 16))
        self._sign.show()
