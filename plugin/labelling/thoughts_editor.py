"""The fields for a question's chain of thought: one text for each action, written by a person or proposed."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QSizePolicy, QWidget

from ..i18n import tr
from ..panel.widgets import ElidedButton, named, paragraph
from .editors import Editor

LINES = 3  # that a field shows


class ThoughtsEditor(Editor):
    """`saved` is emitted with the texts, "" where one is empty; `model_wanted`: the model is to propose them."""

    saved = pyqtSignal(object)
    model_wanted = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_label_thoughts_editor")
        self.fields: list[QPlainTextEdit] = []
        self._captions: list[QLabel] = []
        self.model = named(ElidedButton(tr("Ask the model")), "zoomearth_label_thoughts_model", tr("The model proposes the thoughts"))
        self.model.setAutoDefault(False)
        self.model.clicked.connect(self._ask)
        self.model.installEventFilter(self)  # Escape leaves, also when the button has the focus
        self._given: tuple[str, ...] = ()  # the texts of which nothing that was typed would be lost
        self._hint = paragraph(tr("Enter: save · Escape: leave"))
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self._hint, 1)
        self._foot.addWidget(self.model)

    def begin(self, thoughts: Sequence[str]) -> None:
        """Shows a field for each text."""
        self.grid.removeItem(self._foot)
        for widget in (*self.fields, *self._captions):
            widget.deleteLater()
        self.fields, self._captions = [], []
        for number, (title, text) in enumerate(zip(_titles(len(thoughts)), thoughts), 1):
            field = named(QPlainTextEdit(text), f"zoomearth_label_thought_{number}", title)
            field.setTabChangesFocus(True)
            field.setFixedHeight(LINES * field.fontMetrics().lineSpacing() + 12)
            field.installEventFilter(self)
            caption = paragraph(title)
            caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            caption.setBuddy(field)
            self.grid.addWidget(caption, 2 * number, 0, 1, 2)
            self.grid.addWidget(field, 2 * number + 1, 0, 1, 2)
            self.fields.append(field)
            self._captions.append(caption)
        self.grid.addLayout(self._foot, 2 * len(thoughts) + 2, 0, 1, 2)
        self._given = self.texts
        self.show()
        self.fields[0].setFocus()
        self.fields[0].selectAll()

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands in the fields."""
        return tuple(field.toPlainText() for field in self.fields)

    @property
    def untouched(self) -> bool:
        """Whether nothing was typed since the fields were filled, or since the model was asked for other texts."""
        return self.texts == self._given

    def enter(self, shift: bool) -> None:
        self.hide()
        self.saved.emit(self.texts)

    def _ask(self) -> None:
        self._given = self.texts
        self.model_wanted.emit()


def _titles(count: int) -> list[str]:
    """What each of so many texts is about."""
    if count == 1:
        return [tr("Why this answer")]
    if count == 2:
        return [tr("Where to look, and why"), tr("What the crop shows, and the answer")]
    return [*(tr("Before zoom {number}").format(number=number) for number in range(1, count)), tr("Before the answer")]
