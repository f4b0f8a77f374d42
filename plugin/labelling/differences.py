"""What two annotators have said differently: a table of the differences, and both opinions of one beside each other."""

from __future__ import annotations

import html
from typing import Optional, Sequence

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QBrush, QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from ...core.labels.agreement import Pair, Subject
from ...core.labels.rows import ACCEPTED, LabelBox, Question
from ..i18n import tr
from ..panel.canvas import CASING, color_of
from ..panel.widgets import named, rich_paragraph, tip
from .words import level_words, verdict_words


class Differences(QTableWidget):
    """A row for each difference; one that was settled is grey and has a tick."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(0, 3, parent)
        named(self, "zoomearth_settle_table", tr("What two people have decided differently"))
        self.pairs: list[Pair] = []
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(20)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)

    @property
    def current(self) -> Optional[Pair]:
        """The difference that is looked at."""
        row = self.currentRow()
        return self.pairs[row] if 0 <= row < len(self.pairs) else None

    def show_pairs(self, pairs: list[Pair], people: Sequence[str]) -> None:
        """All rows anew, without a word about which one is current."""
        self.pairs = pairs
        blocked = self.blockSignals(True)
        self.setHorizontalHeaderLabels([tr("What"), *people])
        self.setRowCount(len(pairs))
        for row, pair in enumerate(pairs):
            self.show_pair(row, pair)
        self.blockSignals(blocked)

    def show_pair(self, row: int, pair: Pair) -> None:
        """One row anew."""
        self.pairs[row] = pair
        first = pair.first
        title = first.question if isinstance(first, Question) else tr("Box: {label}").format(label=first.label or tr("no description"))
        grey = self.palette().brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        for column, text in enumerate((f"✓ {title}" if pair.settled else title, in_short(first), in_short(pair.second))):
            item = QTableWidgetItem(text)
            item.setToolTip(tip(text))
            item.setForeground(grey if pair.settled else QBrush(self.palette().text()))
            self.setItem(row, column, item)

    def row_of(self, id: str) -> Optional[int]:
        """The row of a question or box, by its id."""
        return next((at for at, pair in enumerate(self.pairs) if pair.id == id), None)

    def open_after(self, row: int) -> int:
        """The next open difference behind a row, else the first one, else the row itself."""
        open_ones = [at for at, pair in enumerate(self.pairs) if pair.settled is None]
        return next((at for at in open_ones if at > row), next(iter(open_ones), max(row, 0)))


class Opinions(QFrame):
    """Both opinions beside each other, and how they were settled. Boxes have the colours of their outlines on the map."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.what = rich_paragraph("zoomearth_settle_what")
        self.sides = tuple(rich_paragraph(f"zoomearth_settle_side_{at}") for at in (1, 2))
        self.outcome = rich_paragraph("zoomearth_settle_outcome")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.what, 0, 0, 1, 2)
        for column, side in enumerate(self.sides):
            side.setAlignment(Qt.AlignmentFlag.AlignTop)
            grid.addWidget(side, 1, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.outcome, 2, 0, 1, 2)

    def show_pair(self, pair: Optional[Pair], people: Sequence[str]) -> None:
        """None: there is none to look at."""
        self.setVisible(pair is not None)
        if pair is None:
            return
        overlap = "" if pair.iou is None else tr("The boxes overlap by {iou}").format(iou=f"{100 * pair.iou:.0f} %")
        self.what.setText(f"<b>{html.escape(pair.first.question if isinstance(pair.first, Question) else overlap)}</b>")
        for number, (side, name, row) in enumerate(zip(self.sides, people, (pair.first, pair.second)), 1):
            color = color_of(number) if isinstance(row, LabelBox) else CASING
            side.setStyleSheet(f"QLabel {{ border: 0 solid {color}; border-left-width: 4px; padding-left: 4px; }}")
            side.setText(f"<b>{number} {html.escape(name)}</b><br>{_as_html(row)}")
        settled = pair.settled
        words = tr("Settled by {name}: {choice}").format(name=settled.annotator, choice=in_short(settled)) if settled else ""
        self.outcome.setText(html.escape(words))
        self.outcome.setVisible(bool(words))


def in_short(row: Subject) -> str:
    """In one line."""
    if isinstance(row, LabelBox):
        return f"{level_words(row.level)} {row.box.width:.0f} × {row.box.height:.0f}"
    return f"{row.answer} · {verdict_words(row)}" if row.verdict == ACCEPTED else verdict_words(row)


def _as_html(row: Subject) -> str:
    """As HTML."""
    if isinstance(row, LabelBox):
        lines = [row.label or tr("no description"), level_words(row.level), f"{row.box.width:.0f} × {row.box.height:.0f}"]
        return "<br>".join(map(html.escape, lines))
    return f"{html.escape(verdict_words(row))}<br><b><big>{html.escape(row.answer)}</big></b><br>{html.escape(row.category)}"
