"""The fields below the board: of a question with its answer and category, and of a box's description. Enter saves, Escape leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QShowEvent
from qgis.PyQt.QtWidgets import QAbstractButton, QComboBox, QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QSizePolicy, QWidget

from ...core.labels.balance import categories_of
from ...core.labels.rows import CATEGORIES, LabelBox, LabelImage, Question
from ...core.labels.suggest import described
from ..i18n import tr
from ..panel.widgets import named, paragraph
from ..qt_later import later


class Editor(QFrame):
    """Fields that are hidden until they are used."""

    left = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(4, 4, 4, 4)
        self.grid.setColumnStretch(1, 1)
        self.hide()

    def row(self, title: str, field: QWidget) -> None:
        label = QLabel(title)
        label.setBuddy(field)
        at = self.grid.rowCount()
        self.grid.addWidget(label, at, 0)
        self.grid.addWidget(field, at, 1)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()  # else QGIS would give up the map tool
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not isinstance(watched, QAbstractButton):
                self.enter(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
                return True
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Where the editor lies in a scrolled area, that shows it."""
        super().showEvent(event)
        around = self.parentWidget()
        while around and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if isinstance(around, QScrollArea):
            area = around
            later(self, lambda: area.ensureWidgetVisible(self))

    def leave(self) -> None:
        self.hide()
        self.left.emit()

    def enter(self, shift: bool) -> None:
        """What Enter does."""


class QuestionEditor(Editor):
    """`saved` is emitted with question, answer and category."""

    saved = pyqtSignal(str, str, str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_label_editor")
        self.question = named(QLineEdit(), "zoomearth_label_edit_question", tr("Question"))
        self.answer = named(QLineEdit(), "zoomearth_label_edit_answer", tr("Answer: one to three words"))
        self.category = named(QComboBox(), "zoomearth_label_edit_category", tr("Category: choose one, or type another"))
        self.category.setEditable(True)
        self.category.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.category.setMinimumContentsLength(4)
        self.row(tr("Question"), self.question)
        self.row(tr("Answer"), self.answer)
        self.row(tr("Category"), self.category)
        self.category.lineEdit().installEventFilter(self)
        self._hint = paragraph(tr("Enter: save and accept · Escape: leave"))
        self.grid.addWidget(self._hint, self.grid.rowCount(), 0, 1, 2)

    def begin(self, question: Optional[Question], level: str, filled: Mapping[str, int]) -> None:
        """Shows the fields. question: None for a new one, about the least filled category. filled: how many questions each category has."""
        fitting = sorted(categories_of(level), key=lambda name: filled.get(name, 0))
        self.category.clear()
        self.category.addItems([*fitting, *(each for each in dict.fromkeys((*CATEGORIES, *filled)) if each and each not in fitting)])
        self.question.setText(question.question if question else "")
        self.answer.setText(question.answer if question else "")
        self.category.setCurrentText(question.category if question else fitting[0])
        self.show()
        field = self.answer if question else self.question
        field.setFocus()
        field.selectAll()

    def enter(self, shift: bool) -> None:
        texts = [" ".join(text.split()) for text in (self.question.text(), self.answer.text(), self.category.currentText())]
        for text, field in zip(texts, (self.question, self.answer, self.category)):
            if not text:
                field.setFocus()
                return
        self.hide()
        self.saved.emit(*texts)


class BoxEditor(Editor):
    """`saved` is emitted with the description."""

    saved = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_label_box_editor")
        self.label = named(QLineEdit(), "zoomearth_label_edit_label", tr("What the box shows, for example: bridge"))
        self.row(tr("What is it?"), self.label)
        self.hint = paragraph()
        self.hint.setObjectName("zoomearth_label_hint")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.grid.addWidget(self.hint, self.grid.rowCount(), 0, 1, 2)
        self.label.textChanged.connect(self._suggest)
        self._box: Optional[LabelBox] = None
        self._image: Optional[LabelImage] = None
        self._boxes: Sequence[LabelBox] = ()
        self.suggestion = ""

    def begin(self, box: LabelBox, image: LabelImage, boxes: Sequence[LabelBox]) -> None:
        """boxes: of the image."""
        self._box, self._image, self._boxes = box, image, boxes
        self.label.setText(box.label)
        self._suggest()
        self.show()
        self.label.setFocus()
        self.label.selectAll()

    def enter(self, shift: bool) -> None:
        text = " ".join(self.label.text().split()) if shift else self.suggestion
        self.hide()
        self.saved.emit(text)

    def _suggest(self) -> None:
        """The suggestion for what was typed; a description that the box has already is left as it is."""
        typed = " ".join(self.label.text().split())
        if self._box is None or self._image is None:
            return
        self.suggestion = typed if typed == self._box.label else described(typed, self._box, self._image, self._boxes)
        if self.suggestion == typed:
            self.hint.setText(tr("Enter: save · Escape: leave"))
        else:
            self.hint.setText(tr("Enter: “{suggestion}” · Shift+Enter: “{typed}”").format(suggestion=self.suggestion, typed=typed))
