"""What is looked at, and the keys that decide about it: the pictures, the box, the question with its answer and flags, and buttons."""

from __future__ import annotations

import html
import math
from typing import Optional

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QFocusEvent, QResizeEvent
from qgis.PyQt.QtWidgets import QFrame, QGridLayout, QToolButton, QVBoxLayout, QWidget

from ...core.labels.review import Shown
from ...core.labels.rows import ACCEPTED, CANDIDATE, REASONS, REJECTED, UNSURE
from ..i18n import tr
from ..panel.widgets import named, rich_paragraph
from ..review.keys import Action, KeyButton, Keys
from .pictures import Pictures
from .rasters import pixels_of
from .words import flag_words, level_words, maker_words, reason_words, verdict_words

WARNING = "QLabel { border-left: 3px solid #b3541e; padding: 2px 6px; color: #8a3d12; background: #fdf5f0; }"


def actions() -> list[Action]:
    """All that a key does; the names are also those of the buttons."""
    return [
        Action("accept", tr("Accept"), "A"),
        Action("edit", tr("Edit the question"), "E"),
        Action("reject", tr("Reject"), "R"),
        Action("unsure", tr("Unsure"), "U"),
        Action("undo", tr("Undo"), "Z"),
        Action("previous", tr("Previous question"), "Left", repeats=True),
        Action("next", tr("Next question"), "Right", repeats=True),
        Action("candidate", tr("Next candidate"), "C"),
        Action("draw", tr("Draw a box"), "B"),
        Action("redraw", tr("Draw this box again"), "G"),
        Action("take", tr("Take the selected features of the current layer as boxes"), "F"),
        Action("describe", tr("Describe the box"), "D"),
        Action("ask", tr("Write a question"), "N"),
        Action("templates", tr("Propose from templates"), "T"),
        Action("model", tr("Propose by the model"), "M"),
        Action("thoughts", tr("Thoughts that lead to the answer"), "H"),
        Action("region", tr("The box is a region"), "1"),
        Action("object", tr("The box is an object"), "2"),
        Action("global", tr("About the whole image"), "3"),
        Action("remove", tr("Remove the box"), "Del"),
    ]


ACROSS = 6  # buttons in a row
CUT = 140  # letters of a thought
NARROW = 380  # pixels: a narrower board has three buttons in a row
ROWS = (
    ("accept", "edit", "reject", "unsure", "undo"),
    ("draw", "describe", "ask", "templates", "model", "thoughts"),
)
SHORT = {
    "accept": lambda: tr("Accept"),
    "edit": lambda: tr("Edit"),
    "reject": lambda: tr("Reject"),
    "unsure": lambda: tr("Unsure"),
    "undo": lambda: tr("Undo"),
    "draw": lambda: tr("Box"),
    "describe": lambda: tr("Describe"),
    "ask": lambda: tr("Write"),
    "templates": lambda: tr("Templates"),
    "model": lambda: tr("Model"),
    "thoughts": lambda: tr("Thoughts"),
}


class Reasons(QFrame):
    """Why a question is rejected: keys 1 to 5, or Escape."""

    chosen = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("zoomearth_label_reasons")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 2)
        column.setSpacing(2)
        self.buttons = []
        for number, reason in enumerate(REASONS, 1):
            button = named(QToolButton(), f"zoomearth_label_reason_{number}", reason_words(reason))
            button.setText(f"{number}  {reason_words(reason)}")
            button.setAutoRaise(True)
            button.clicked.connect(lambda _, reason=reason: self.chosen.emit(reason))
            column.addWidget(button)
            self.buttons.append(button)
        words = [Action(f"reason_{number}", reason_words(reason), str(number)) for number, reason in enumerate(REASONS, 1)]
        self.keys = Keys(self, [*words, Action("reason_none", tr("Do not reject"), "Esc")])
        self.keys.pressed.connect(self._press)

    def _press(self, name: str) -> None:
        if name == "reason_none":
            self.left.emit()
        else:
            self.chosen.emit(REASONS[int(name[-1]) - 1])


class Board(QFrame):
    """`acted` is emitted with the name of an action, by key or button; `rejected` with a reason."""

    acted = pyqtSignal(str)
    rejected = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_label_board")
        self.setAccessibleName(tr("The question that is decided next"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.keys = Keys(self, actions())
        self.keys.pressed.connect(self._press)
        self.pictures = Pictures()
        self.place = rich_paragraph("zoomearth_label_place")
        self.question = rich_paragraph("zoomearth_label_question")
        self.answer = rich_paragraph("zoomearth_label_answer")
        self.facts = rich_paragraph("zoomearth_label_facts")
        self.thoughts = rich_paragraph("zoomearth_label_thoughts_shown")
        self.flags = rich_paragraph("zoomearth_label_flags")
        self.flags.setStyleSheet(WARNING)
        self.counts = rich_paragraph("zoomearth_label_counts")
        self.reasons = Reasons()
        self.reasons.hide()
        self.reasons.chosen.connect(self._reject)
        self.reasons.left.connect(self._leave_reasons)
        self.buttons: dict[str, KeyButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        for widget in (self.pictures, self.place, self.question, self.answer, self.facts, self.thoughts, self.flags):
            column.addWidget(widget)
        column.addStretch(1)
        column.addWidget(self.reasons)
        column.addLayout(self._button_rows())
        column.addWidget(self.counts)
        self.show_keys()
        self.show_shown(Shown(), None)

    def _button_rows(self) -> QGridLayout:
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        for name in sum(ROWS, ()):
            button = KeyButton(SHORT[name]())
            button.setObjectName(f"zoomearth_label_{name}")
            button.clicked.connect(lambda _, name=name: self._press(name))
            self.buttons[name] = button
        self._arrange(ACROSS)
        return self._grid

    def _arrange(self, across: int) -> None:
        """across: buttons in a row."""
        self._across, row = across, 0
        for names in ROWS:
            for at, name in enumerate(names):
                self._grid.addWidget(self.buttons[name], row + at // across, at % across)
            row += math.ceil(len(names) / across)
        for column in range(ACROSS):
            self._grid.setColumnStretch(column, 1 if column < across else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = ACROSS if self.width() >= NARROW else 3
        if across != self._across:
            self._arrange(across)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The frame says that the keys act."""
        self.setStyleSheet("Board { border: 2px solid palette(highlight); }")
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.setStyleSheet("Board { border: 2px solid palette(mid); }")
        super().focusOutEvent(event)

    def show_keys(self) -> None:
        """Writes the keys, which the user may have changed, on the buttons."""
        for name, button in self.buttons.items():
            button.show_action(name, self.keys)

    def show_shown(self, shown: Shown, layer: Optional[QgsRasterLayer]) -> None:
        """layer: that shows the image, None where the project has none."""
        self._leave_reasons()
        question, box, image = shown.question, shown.box, shown.image
        self.pictures.show_box(layer, image, pixels_of(box, image))
        named_place = [box.label or tr("no description"), level_words(shown.level)] if box else [level_words("global")] if image else []
        lacking = tr("No layer of the project shows {path}. If the raster was moved, the menu has an entry for that.")
        named_place += [lacking.format(path=image.path)] if image and layer is None else []
        self.place.setText(html.escape(" · ".join(named_place)))
        self.question.setText(f"<b>{html.escape(question.question)}</b>" if question else html.escape(self._empty(shown)))
        self.answer.setText(f"<b><big>{html.escape(question.answer)}</big></b>" if question else "")
        decided = question is not None and question.verdict != CANDIDATE
        facts = [question.category, maker_words(question.maker), verdict_words(question) if decided else ""] if question else []
        self.facts.setText(html.escape(" · ".join(filter(None, facts))))
        told = [text for text in question.thoughts if text] if question else []
        self.thoughts.setText("<br>".join(f"<i>{html.escape(_cut(text))}</i>" for text in told))
        self.thoughts.setToolTip("<br>".join(map(html.escape, told)))
        self.thoughts.setVisible(bool(told))
        self.flags.setText("<br>".join(f"<b>{html.escape(flag_words(flag.name))}</b>: {html.escape(flag.why)}" for flag in shown.flags))
        self.flags.setVisible(bool(shown.flags))
        self.answer.setVisible(question is not None)
        for name in ("accept", "edit", "reject", "unsure", "thoughts"):
            self.buttons[name].setEnabled(question is not None)
        for name in ("describe", "templates"):
            self.buttons[name].setEnabled(box is not None)
        for name in ("ask", "model"):
            self.buttons[name].setEnabled(image is not None)
        self.show_counts(shown.counts)

    def show_counts(self, counts: dict[str, int]) -> None:
        """How many questions have each verdict."""
        words = tr("{candidates} to decide · {accepted} accepted · {rejected} rejected · {unsure} unsure")
        candidates, accepted, rejected, unsure = (counts.get(verdict, 0) for verdict in (CANDIDATE, ACCEPTED, REJECTED, UNSURE))
        self.counts.setText(words.format(candidates=candidates, accepted=accepted, rejected=rejected, unsure=unsure))

    def ask_reason(self) -> None:
        """Shows the reasons for a rejection."""
        self.reasons.show()
        self.reasons.setFocus()

    def _empty(self, shown: Shown) -> str:
        if shown.image is None:
            return tr("All are decided.") if sum(shown.counts.values()) else tr("Nothing is asked yet. Draw a box on the map to begin.")
        return tr("No question is asked about this place yet: propose some, or write one.")

    def _press(self, name: str) -> None:
        if name not in self.buttons or self.buttons[name].isEnabled():
            self.acted.emit(name)

    def _reject(self, reason: str) -> None:
        self._leave_reasons()
        self.rejected.emit(reason)

    def _leave_reasons(self) -> None:
        if self.reasons.isVisible():
            self.reasons.hide()
            self.setFocus()


def _cut(text: str) -> str:
    """As much of a text as the board has room for."""
    return text if len(text) <= CUT else f"{text[:CUT].rstrip()}…"
