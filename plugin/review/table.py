"""The table of a run: place, answer, what a person says, confidence, picture, remark; sorted and filtered.

Sorting and filtering are done here, on a list: a QSortFilterProxyModel would call Python for each comparison, which blocks QGIS for 2,000
rows.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Iterable, Optional

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QPixmap

from ..exchanges.endings import reason
from ..exchanges.exchange import Exchange
from ..i18n import tr
from ..runs.rows import WAITING, kind
from .checks import UNSURE

PICTURE, PLACE, ANSWER, CHECKED, CONFIDENCE, REMARK = range(6)
REFRESH = 700  # ms between two sortings while answers come in
SIDE = 44  # pixels of a picture
NOWHERE = QModelIndex()
NOBODY = -1.0  # a confidence below all others


class Table(QAbstractTableModel):
    """picture: returns the picture of a row, or None and `show_picture` is called later."""

    def __init__(self, picture: Callable[[Exchange], Optional[QPixmap]], parent: QObject) -> None:
        super().__init__(parent)
        self._picture = picture
        self._all: list[Exchange] = []
        self._shown: list[Exchange] = []
        self._at: dict[str, int] = {}
        self._column, self._descending = PLACE, False
        self.text, self.answer, self.open_only = "", "", False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REFRESH)
        self._soon.timeout.connect(self.refresh)

    def set_rows(self, rows: Iterable[Exchange]) -> None:
        self.beginResetModel()
        self._all = list(rows)
        self._arrange()
        self.endResetModel()

    def change(self, rows: list[Exchange]) -> None:
        """These rows have other contents now; their order and whether they are shown follow a little later."""
        for row in rows:
            if (at := self._at.get(row.id)) is not None:
                self.dataChanged.emit(self.index(at, PICTURE), self.index(at, REMARK))
        if not self._soon.isActive():
            self._soon.start()

    def show_picture(self, id: str) -> None:
        if (at := self._at.get(id)) is not None:
            self.dataChanged.emit(self.index(at, PICTURE), self.index(at, PICTURE))

    def set_filter(self, text: str, answer: str, open_only: bool) -> None:
        """text: anywhere in the row; answer: "" for all; open_only: that nobody has checked, or of which a person is unsure."""
        self.text, self.answer, self.open_only = text.casefold(), answer, open_only
        self.refresh()

    def refresh(self) -> None:
        """Sorts and filters; what is selected stays selected."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in before]
        self._arrange()
        places = (self._at.get(row.id) for row in rows)
        after = [QModelIndex() if at is None else self.index(at, index.column()) for at, index in zip(places, before)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def row(self, at: int) -> Optional[Exchange]:
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def place_of(self, id: str) -> Optional[int]:
        """The number of the row in the table; None where it is not shown."""
        return self._at.get(id)

    def rowCount(self, parent: QModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return [tr("Picture"), tr("Place"), tr("Answer"), tr("Checked"), tr("Confidence"), tr("Remark")][section]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(row, index.column())
        if index.column() == PICTURE and role == Qt.ItemDataRole.DecorationRole:
            return self._picture(row)
        if index.column() == PICTURE and role == Qt.ItemDataRole.SizeHintRole:
            return QSize(SIDE, SIDE)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == REMARK:
            return remark(row)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self.refresh()

    def _arrange(self) -> None:
        shown = [row for row in self._all if self._fits(row)]
        shown.sort(key=lambda row: _sort_key(row, self._column), reverse=self._descending)
        self._shown, self._at = shown, {row.id: at for at, row in enumerate(shown)}

    def _fits(self, row: Exchange) -> bool:
        if self.open_only and row.checked not in (None, UNSURE):
            return False
        if self.answer and row.verdict != self.answer:
            return False
        return not self.text or any(self.text in (_cell(row, column) or "").casefold() for column in (PLACE, ANSWER, CHECKED, REMARK))


def name_of(row: Exchange) -> str:
    return row.feature.name if row.feature else row.scope


def remark(row: Exchange) -> str:
    """The person's note, and why there is no answer."""
    return " · ".join(filter(None, (row.note, reason(row))))


def _cell(row: Exchange, column: int) -> Optional[str]:
    if column == PLACE:
        return name_of(row)
    if column == ANSWER:
        return row.typed_answer or (tr("waiting") if kind(row) == WAITING else "–")
    if column == CHECKED:
        return row.checked or ""
    if column == CONFIDENCE:
        return "" if row.confidence is None else f"{row.confidence:.2f}"
    return remark(row) if column == REMARK else None


def _sort_key(row: Exchange, column: int) -> Any:
    if column == CONFIDENCE:
        return NOBODY if row.confidence is None else row.confidence
    text = name_of(row) if column == PICTURE else _cell(row, column) or ""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text.casefold()) if part]
