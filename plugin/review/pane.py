"""The right side of a run's window: the place under review, what the model and a person say of it, and a button for each key."""

from __future__ import annotations

import html
from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ..exchanges.exchange import Exchange
from ..i18n import tr
from ..panel.widgets import named
from .crop import Crop
from .keys import Keys
from .table import name_of, remark

ACROSS = 5  # buttons in a row


class Pane(QWidget):
    """acted: the name of an action whose button was clicked; edited, noted: what was typed."""

    acted = pyqtSignal(str)
    edited = pyqtSignal(str)
    noted = pyqtSignal(str)
    keys_clicked = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.crop = Crop()
        self.facts = QLabel()
        self.facts.setObjectName("zoomearth_row_facts")
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.RichText)
        self.answer = named(QLineEdit(), "zoomearth_row_answer", tr("The right answer; Enter keeps it"))
        self.answer.setPlaceholderText(tr("Right answer"))
        self.note = named(QLineEdit(), "zoomearth_row_note", tr("A note about this place; Enter keeps it"))
        self.note.setPlaceholderText(tr("Note"))
        self.answer.returnPressed.connect(lambda: self.edited.emit(self.answer.text()))
        self.note.returnPressed.connect(lambda: self.noted.emit(self.note.text()))
        self._buttons = QGridLayout()
        self._buttons.setSpacing(3)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.crop, 1)
        column.addWidget(self.facts)
        column.addLayout(self._buttons)
        typed = QHBoxLayout()
        typed.addWidget(self.answer)
        typed.addWidget(self.note)
        column.addLayout(typed)

    def set_actions(self, keys: Keys) -> None:
        """A button for each action, with its key."""
        while item := self._buttons.takeAt(0):
            item.widget().deleteLater()
        buttons = []
        for name, action in keys.actions.items():
            text = f"{action.title} ({keys.text(name)})" if keys.key(name) else action.title
            button = named(QPushButton(text.replace("&", "&&")), f"zoomearth_act_{name}", text)
            button.clicked.connect(lambda _, name=name: self.acted.emit(name))
            buttons.append(button)
        choose = named(QPushButton(tr("Keys…")), "zoomearth_act_keys", tr("Choose other keys"))
        choose.clicked.connect(self.keys_clicked)
        for at, button in enumerate([*buttons, choose]):
            self._buttons.addWidget(button, at // ACROSS, at % ACROSS)

    def show_row(self, row: Optional[Exchange]) -> None:
        """None: there is none."""
        self.crop.show_row(row)
        self.setEnabled(row is not None)
        if row:
            self.show_facts(row)
        else:
            self.facts.clear()

    def show_facts(self, row: Exchange) -> None:
        """What is said of the row."""
        said = html.escape(row.typed_answer or "–")
        model = tr("Model: {answer}").format(answer=f"<b>{said}</b>")
        if row.confidence is not None:
            model += " · " + tr("confidence {value}").format(value=f"{row.confidence:.2f}")
        lines = [f"<b>{html.escape(name_of(row))}</b>", model]
        if row.checked is not None:
            checked = tr("Checked: {answer}").format(answer=f"<b>{html.escape(row.checked)}</b>")
            lines.append(f"{checked} · {html.escape(row.checked_by or '')} · {html.escape(row.checked_at or '')}")
        lines += [html.escape(remark(row))] if remark(row) else []
        self.facts.setText("<br>".join(lines))
        if not self.answer.hasFocus():
            self.answer.setText(row.checked or "")
        if not self.note.hasFocus():
            self.note.setText(row.note or "")

    def edit(self) -> None:
        """Puts the cursor into the answer."""
        self.answer.setFocus()
        self.answer.selectAll()
