"""The question box: Ctrl+Enter sends the question; Up on the first line and Down on the last line show earlier questions."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QTextCursor
from qgis.PyQt.QtWidgets import QPlainTextEdit, QWidget

from ..i18n import tr

KEY = "zoomearth/questions"
REMEMBERED = 50  # questions


class QuestionBox(QPlainTextEdit):
    """A plain text edit of three lines."""

    sent = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_question")
        self.setAccessibleName(tr("Question"))
        self.setPlaceholderText(tr("Are there ships at the northern pier?"))
        self.setToolTip(tr("Ctrl+Enter asks the question. The keys Up and Down show earlier questions."))
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * 3 + 14)
        self._history: list[str] = QgsSettings().value(KEY, [], type=list)
        self._at = len(self._history)
        self._draft = ""

    @property
    def text(self) -> str:
        return " ".join(self.toPlainText().split())

    def remember(self) -> None:
        """Adds the question to the history and empties the box."""
        question = self.text
        self._history = [*(one for one in self._history if one != question), question][-REMEMBERED:]
        QgsSettings().setValue(KEY, self._history)
        self._at, self._draft = len(self._history), ""
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, cursor, move = event.key(), self.textCursor(), QTextCursor.MoveOperation
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        selects = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.sent.emit()
        elif key == Qt.Key.Key_Up and not selects and self._at > 0 and not cursor.movePosition(move.Up):
            self._show(self._at - 1)
        elif key == Qt.Key.Key_Down and not selects and self._at < len(self._history) and not cursor.movePosition(move.Down):
            self._show(self._at + 1)
        else:
            super().keyPressEvent(event)

    def _show(self, at: int) -> None:
        if self._at == len(self._history):
            self._draft = self.toPlainText()
        self._at = at
        self.setPlainText(self._history[at] if at < len(self._history) else self._draft)
        self.moveCursor(QTextCursor.MoveOperation.End)
