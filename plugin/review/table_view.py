"""The view of a run's table: whole rows, sorted by a click on a column, quick for thousands of rows."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ..i18n import tr
from ..panel.widgets import named
from .table import ANSWER, CHECKED, CONFIDENCE, PICTURE, PLACE, SIDE, Table


class TableView(QTableView):
    """Rows of one height, which Qt need not measure."""

    def __init__(self, table: Table, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        named(self, "zoomearth_table", tr("The answers of the run, a row for each place"))
        self.setToolTip("")
        self.setModel(table)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(SIDE + 4)
        self.horizontalHeader().setStretchLastSection(True)
        self.setSortingEnabled(True)
        self.sortByColumn(PLACE, Qt.SortOrder.AscendingOrder)
        for column, width in ((PICTURE, SIDE + 14), (PLACE, 110), (ANSWER, 90), (CHECKED, 90), (CONFIDENCE, 100)):
            self.setColumnWidth(column, width)
