"""Right or wrong: what the user says of an answer. A wrong one gets the right answer, and the right box where the user drags one."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from ...core.geometry import Box
from ..i18n import tr
from .widgets import ElidedButton, named, paragraph


class Judgement(QWidget):
    """`judged` is emitted with the right answer and the box, None where the user has dragged none; `box_wanted`: the user is to drag it."""

    judged = pyqtSignal(str, object)
    box_wanted = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._answer, self._box = "", None  # type: str, Optional[Box]
        self._known = False  # whether the label file has the answer
        self.right = named(ElidedButton(tr("Right")), "zoomearth_judge_right", tr("The answer is right: keep it as a label to train on"))
        self.wrong = named(ElidedButton(tr("Wrong…")), "zoomearth_judge_wrong", tr("The answer is wrong: say what is right"))
        self.wrong.setCheckable(True)
        self.answer = named(QLineEdit(), "zoomearth_judge_answer", tr("The right answer"))
        self.answer.setPlaceholderText(tr("The right answer"))
        self.box = named(
            ElidedButton(tr("Box…")), "zoomearth_judge_box", tr("Drag the box on the map that the model should have looked at")
        )
        self.save = named(ElidedButton(tr("Save")), "zoomearth_judge_save", tr("Keep the right answer as a label to train on"))
        self.note = paragraph()
        self.note.setObjectName("zoomearth_judge_note")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in ((first, (self.right, self.wrong)), (second, (self.box, self.save))):
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
        self.correction = QWidget()
        rows = QVBoxLayout(self.correction)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.answer)
        rows.addLayout(second)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(first)
        column.addWidget(self.correction)
        column.addWidget(self.note)
        self.correction.hide()
        self.note.hide()
        self.right.clicked.connect(lambda: self.judged.emit(self._answer, None))
        self.wrong.toggled.connect(self._correct)
        self.box.clicked.connect(self.box_wanted)
        self.save.clicked.connect(self._save)
        self.answer.returnPressed.connect(self._save)
        self.answer.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))

    def ask(self, answer: Optional[str]) -> None:
        """answer: the model's; without one only a correction is asked for."""
        self._answer = answer or ""
        self.right.setEnabled(bool(answer))

    def take_box(self, box: Box) -> None:
        """The box that the user has dragged."""
        self._box = box
        self.box.setText(tr("Box ✓"))

    def say(self, text: str) -> None:
        """A sentence below the buttons."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def end(self, text: str) -> None:
        """The answer was kept."""
        self.say(text)
        self.wrong.setChecked(False)

    def show_known(self, known: Optional[tuple[str, bool]]) -> None:
        """What the label file has about the answer: a sentence, and whether it was right; None: nothing."""
        right = known[1] if known else None
        for button, words, chosen in ((self.right, tr("Right"), right is True), (self.wrong, tr("Wrong…"), right is False)):
            button.setText(f"✓ {words}" if chosen else words)
        if known or self._known:
            self.say(known[0] if known else "")
        self._known = known is not None

    def _correct(self, wrong: bool) -> None:
        self.correction.setVisible(wrong)
        if wrong:
            self.answer.setText(self._answer)  # the answer may be right, and the place wrong
            self.answer.setFocus()
            self.answer.selectAll()

    def _save(self) -> None:
        if text := " ".join(self.answer.text().split()):
            self.judged.emit(text, self._box)
