"""Where two annotators differ: a list, what each has said beside the other, and keys that settle it. What is settled is logged like any
other action, with who did it and when."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Callable, Mapping, Optional

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QHideEvent, QShowEvent
from qgis.PyQt.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ...core.geometry import Box
from ...core.labels.agreement import SETTLE, Comparison, Pair, Subject, compare, pair_of, settle
from ...core.labels.file import LabelFile
from ...core.labels.rows import ACCEPTED, LabelBox, LabelImage, Question
from ..i18n import tr
from ..panel.widgets import named, rich_paragraph
from ..review.keys import Action, KeyButton, Keys
from .box_overlay import BoxOverlay
from .box_tool import BoxTool
from .differences import Differences, Opinions
from .editors import QuestionEditor
from .project_labels import ProjectLabels
from .rasters import layer_of
from .words import agreement_words

Place = tuple[LabelImage, Optional[LabelBox]]


class SettleView(QFrame):
    """`settled`: something was settled, or that was undone; `said`: a sentence for the dock."""

    settled = pyqtSignal()
    said = pyqtSignal(str)

    def __init__(self, canvas: QgsMapCanvas, labels: ProjectLabels, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_settle")
        self.setAccessibleName(tr("Where two people differ"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._store = labels.store
        self._overlay = BoxOverlay(canvas)
        self._boxes = BoxTool(canvas, labels, lambda: layer_of(self._image) if self._image else None, self)
        self.comparison = Comparison("", "")
        self._image: Optional[LabelImage] = None
        self._about: Optional[Question] = None  # that is typed anew
        self._stale, self._acting = True, False  # whether the file was changed since; whether a key is being carried out
        self.keys = Keys(self, _actions())
        self._build()
        self._connect()

    def _build(self) -> None:
        self.people = tuple(
            named(QComboBox(), f"zoomearth_settle_person_{at}", tr("One of the two people whose decisions are compared")) for at in (1, 2)
        )
        row = QHBoxLayout()
        for combo in self.people:
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(4)
            row.addWidget(combo, 1)
        self.figures = rich_paragraph("zoomearth_settle_figures")
        self.table = Differences()
        self.opinions = Opinions()
        self.editor = QuestionEditor()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addLayout(row)
        column.addWidget(self.figures)
        column.addWidget(self.table, 1)
        column.addWidget(self.opinions)
        column.addWidget(self.editor)
        column.addLayout(self._button_row())

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.buttons: dict[str, KeyButton] = {}
        for name, text in (("first", tr("First")), ("second", tr("Second")), ("edit", tr("Neither")), ("undo", tr("Undo"))):
            button = KeyButton(text)
            button.setObjectName(f"zoomearth_settle_{name}")
            button.clicked.connect(lambda _, name=name: self.act(name))
            row.addWidget(button)
            self.buttons[name] = button
        self.show_keys()
        return row

    def _connect(self) -> None:
        self.keys.pressed.connect(self.act)
        self.table.currentCellChanged.connect(lambda row, *_: self._look(row))
        for combo in self.people:
            combo.activated.connect(lambda _: self._compare())
        self.editor.saved.connect(self._save)
        self.editor.left.connect(self.setFocus)
        self._boxes.made.connect(self._drawn)
        self._boxes.said.connect(self.said)
        self._boxes.refused.connect(lambda message, hint: self.said.emit(f"{message} {hint}".strip()))
        self._store.opened.connect(self._changed)
        self._store.changed.connect(self._changed)
        self._store.failed.connect(lambda *_: self._failed())

    def close_down(self) -> None:
        """Removes everything from the canvas."""
        self._overlay.clear()
        self._boxes.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._compare()
        elif self.table.current:
            self._look(self.table.currentRow())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._overlay.clear()

    def show_keys(self) -> None:
        """Writes the keys, which the user may have changed, on the buttons."""
        for name, button in self.buttons.items():
            button.show_action(name, self.keys)

    @property
    def _names(self) -> tuple[str, str]:
        return self.comparison.first, self.comparison.second

    def act(self, name: str) -> None:
        """An action by its name, see `_actions`."""
        pair, row = self.table.current, self.table.currentRow()
        if self._acting:
            return
        if name == "undo":
            self._change(self._undo_last, forward=False)
        elif name in ("previous", "next") and pair:
            self._go(row + (1 if name == "next" else -1))
        elif name in ("first", "second") and pair:
            self._settle(pair.first if name == "first" else pair.second)
        elif name == "edit" and pair:
            self._own(pair)

    # Reading

    def _changed(self) -> None:
        self._stale = True
        if self.isVisible() and not self._acting:
            self._compare()

    def _failed(self) -> None:
        """What was being carried out has changed nothing."""
        self._acting = False
        self._count()

    def _compare(self) -> None:
        """Reads the log: of 20,000 decisions it takes some seconds, on the thread of the store."""
        if self._store.path is None:
            self._show(([], Comparison("", "")))
            return
        chosen = [combo.currentText() for combo in self.people]

        def read(labels: LabelFile) -> tuple[list[str], Comparison]:
            names = labels.annotators()
            first, second = chosen if chosen[0] != chosen[1] and set(chosen) <= set(names) else [*names, "", ""][:2]
            return names, compare(labels, first, second) if second else Comparison(first, second)

        self._stale = False
        self.figures.setText(html.escape(tr("Comparing…")))
        self._store.do(read, self._show)

    def _show(self, found: tuple[list[str], Comparison]) -> None:
        names, self.comparison = found
        for combo, name in zip(self.people, self._names):
            combo.clear()
            combo.addItems(names)
            combo.setCurrentText(name)
        self._fill(self.table.current.id if self.table.current else "")

    def _fill(self, id: str) -> None:
        """All rows anew. id: of the one that is looked at then, else the first that is open."""
        self.table.show_pairs(self.comparison.differences(), self._names)
        self._count()
        row = self.table.row_of(id)
        self._go(self.table.open_after(-1) if row is None else row)

    def _count(self) -> None:
        found, after = self.comparison.agreement(), self.comparison.agreement(settled=True)
        if not self.comparison.second:
            self.figures.setText(
                html.escape(tr("One person has labelled here. A second one switches on the second pass, or you merge files."))
            )
            return
        left = tr("{open} of {all} differences to settle").format(open=found.open, all=len(self.table.pairs))
        both = tr("{count} decided by both").format(count=found.questions)
        self.figures.setText(f"<b>{html.escape(left)}</b><br>{html.escape(f'{both}: {agreement_words(found, after)}')}")

    # What is looked at

    def _go(self, row: int) -> None:
        if 0 <= row < len(self.table.pairs):
            if row == self.table.currentRow():
                self._look(row)
            else:
                self.table.setCurrentCell(row, 0)
        elif not self.table.pairs:
            self._look(-1)

    def _look(self, row: int) -> None:
        pair = self.table.pairs[row] if 0 <= row < len(self.table.pairs) else None
        self.opinions.show_pair(pair, self._names)
        if pair is None or self._about is None or pair.id != self._about.id:
            self.editor.hide()
        for name in ("first", "second", "edit"):
            self.buttons[name].setEnabled(pair is not None)
        if pair is None or not self.isVisible():
            self._overlay.clear()
            return

        def place(labels: LabelFile) -> Place:
            box = labels.get(LabelBox, pair.first.box) if isinstance(pair.first, Question) and pair.first.box else None
            return labels.get(LabelImage, pair.first.image), box

        def show(found: Place) -> None:
            if self.table.current is pair and self.isVisible():
                self._image, box = found
                self._overlay.show(_outlines(pair, box, self._names), self._image)

        self._store.do(place, show)

    # Deciding

    def _settle(self, row: Subject) -> None:
        names = self._names

        def act(labels: LabelFile) -> tuple[str, Optional[Pair]]:
            settle(labels, row)
            return row.id, pair_of(labels, *names, row.id)

        self._change(act, forward=True)

    def _undo_last(self, labels: LabelFile) -> Optional[tuple[str, Optional[Pair]]]:
        """The last settlement of this annotator."""
        if labels.undo(SETTLE) is None:
            return None
        event = labels.latest()
        id = event.target if event else ""
        return id, pair_of(labels, *self._names, id)

    def _change(self, act: Callable[[LabelFile], Optional[tuple[str, Optional[Pair]]]], forward: bool) -> None:
        """forward: then goes to the next open difference, else to the one that was changed."""
        self._acting = True
        self.said.emit("")

        def then(done: Optional[tuple[str, Optional[Pair]]]) -> None:
            if done is None:
                self.said.emit(tr("You have settled nothing that could be undone."))
            else:
                self._take(*done, forward)
            self.settled.emit()

        self._store.change(act, then)
        self._store.do(lambda labels: None, lambda _: self._free())  # after `changed` was emitted

    def _free(self) -> None:
        self._acting = self._stale = False

    def _take(self, id: str, pair: Optional[Pair], forward: bool) -> None:
        self.comparison.put(id, pair)
        row = self.table.row_of(id)
        if row is None or pair is None or not pair.differs:
            self._fill(id)
            return
        self.table.show_pair(row, pair)
        self._count()
        self._go(self.table.open_after(row) if forward else row)

    def _own(self, pair: Pair) -> None:
        """A third value: typed for a question, drawn for a box."""
        first = pair.first
        if isinstance(first, Question):
            self._about = first
            self._store.do(lambda labels: labels.filled(first.level), lambda filled: self._begin(first, filled))
        else:
            self._boxes.draw()

    def _begin(self, about: Question, filled: Mapping[str, int]) -> None:
        if self.table.current and self.table.current.id == about.id:  # the user has not gone on
            self.editor.begin(about, about.level, filled)

    def _save(self, question: str, answer: str, category: str) -> None:
        self.setFocus()
        if about := self._about:
            own = replace(about, question=question, answer=answer, category=category, verdict=ACCEPTED, reason="", edited=True)
            self._settle(own)

    def _drawn(self, image: LabelImage, sides: Box, label: str) -> None:
        pair = self.table.current
        if pair and isinstance(pair.first, LabelBox) and image.id == pair.first.image:
            self._settle(
                replace(pair.first, sides=(float(sides.left), float(sides.top), float(sides.right), float(sides.bottom)), frame=None)
            )
        else:
            self.said.emit(tr("The box lies on another raster than the one that was labelled."))
        self.setFocus()


def _actions() -> list[Action]:
    """Those that the review has too have its keys."""
    return [
        Action("first", tr("The first one is right"), "1"),
        Action("second", tr("The second one is right"), "2"),
        Action("edit", tr("Neither: type or draw what is right"), "E"),
        Action("undo", tr("Undo"), "Z"),
        Action("previous", tr("Previous difference"), "Left", repeats=True),
        Action("next", tr("Next difference"), "Right", repeats=True),
    ]


def _outlines(pair: Pair, box: Optional[LabelBox], people: tuple[str, str]) -> list[tuple[LabelBox, str]]:
    """Both boxes with the names of who drew them; of a question the box that it is about."""
    if isinstance(pair.first, LabelBox) and isinstance(pair.second, LabelBox):
        return [(pair.first, f"1  {people[0]}"), (pair.second, f"2  {people[1]}")]
    return [(box, box.label)] if box else []
