"""The window of a run: its table, and the review of its answers by keys, with the place beside it.

answers = Answers(iface, panel.runs)      # makes the window when it is wanted first
answers.show_run(run)
"""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ...core.source import Corner
from ..exchanges.exchange import Exchange
from ..exchanges.result_rows import answer_geometry
from ..i18n import tr
from ..panel.canvas import fly_to
from ..runs.run import Run
from ..runs.runs import Runs
from ..runs.things import is_about_things, thing_of
from .actions import actions_for
from .checks import NO, UNSURE, YES, Checks, choices_of
from .filters import Filters
from .keys import Keys, KeysDialog
from .pane import Pane
from .pictures import Pictures
from .table import SIDE, Table
from .table_view import TableView


class RunDock(QgsDockWidget):
    """One run at a time. `label_wanted`: a row whose place is to be a box of the label file, and what it shows ("": not known)."""

    label_wanted = pyqtSignal(object, str)

    def __init__(self, iface: QgisInterface) -> None:
        super().__init__(tr("ZoomEarth: answers"))
        self.setObjectName("zoomearth_answers")
        self._canvas = iface.mapCanvas()
        self.run: Optional[Run] = None
        self._checks: Optional[Checks] = None
        self._polygons: Optional[QgsVectorLayer] = None
        self._following = False  # whether a selection is being copied from the other side
        self.pictures = Pictures(SIDE, self)
        self.table = Table(self.pictures.of, self)
        self.pictures.drawn.connect(self.table.show_picture)
        self.filters = Filters()
        self.view = TableView(self.table)
        self.pane = Pane()
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.filters)
        column.addWidget(self.view, 1)
        self.inside = QSplitter()
        self.inside.addWidget(left)
        self.inside.addWidget(self.pane)
        self.inside.setStretchFactor(0, 3)
        self.inside.setStretchFactor(1, 2)
        self.setWidget(self.inside)
        self.keys = Keys(self.inside, ())
        self._connect()

    def show_run(self, run: Run) -> None:
        """Shows its table."""
        if run is not self.run:
            self._take(run)
        self.show()
        self.raise_()
        self.view.setFocus()

    def _take(self, run: Run) -> None:
        self.forget()
        self.run, self._checks = run, Checks(run)
        self.setWindowTitle(run.exchange.question)
        self.keys.actions = {action.name: action for action in actions_for(run.exchange.answer_type)}
        self.pane.set_actions(self.keys)
        run.rows_changed.connect(self._rows_changed)
        run.replaced.connect(self._fill)
        run.changed.connect(self._count)
        self._fill()

    def forget(self) -> None:
        """Shows no run any more."""
        run, self.run, self._checks = self.run, None, None
        if run and not sip.isdeleted(run):
            run.rows_changed.disconnect(self._rows_changed)
            run.replaced.disconnect(self._fill)
            run.changed.disconnect(self._count)
        self._watch(None)
        self.pictures.set_layer(None)
        self.pane.crop.set_layer(None)
        self.pane.show_row(None)
        self.table.set_rows([])

    def close_down(self) -> None:
        """Before it is deleted."""
        self.forget()
        self.pane.crop.close_down()

    @property
    def current(self) -> Optional[Exchange]:
        """The row under review."""
        return self.table.row(self.view.currentIndex().row())

    def act(self, name: str) -> None:
        """What a key does; see `actions_for`."""
        row, checks = self.current, self._checks
        if name in ("next", "previous"):
            self._go(1 if name == "next" else -1)
        elif checks is None or (row is None and name != "undo"):
            return
        elif name == "undo":
            if undone := checks.undo():
                self._show(undone)
        elif name == "edit":
            self.pane.edit()
        elif name == "label" and row:
            self.label_wanted.emit(row, thing_of(row) if self.run and is_about_things(self.run) else "")
        elif name == "detail" and row:
            self.pane.crop.show_detail(row)
        elif name == "note":
            self.pane.note.setFocus()
        elif row is not None:
            self._decide(checks, row, name)

    def _decide(self, checks: Checks, row: Exchange, name: str) -> None:
        choices = choices_of(row.answer_type)
        if name == "unsure":
            checks.check(row, UNSURE)
        elif choices and name in (YES, NO):
            checks.check(row, name)
        elif name == "yes":
            checks.accept(row)
        elif name == "no":
            self.pane.edit()
            return
        else:
            checks.check(row, self.keys.actions[name].title)
        self._go(1)

    def _connect(self) -> None:
        self.keys.pressed.connect(self.act)
        self.pane.acted.connect(self.act)
        self.pane.keys_clicked.connect(self._choose_keys)
        self.pane.edited.connect(self._edited)
        self.pane.noted.connect(self._noted)
        self.filters.changed.connect(self.table.set_filter)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.view.clicked.connect(lambda _: self._fly())
        self.table.layoutChanged.connect(self._layout_changed)

    def _fill(self) -> None:
        run = self.run
        if run is None:
            return
        raster = run.raster
        self.pictures.set_layer(raster)
        self.pane.crop.set_layer(raster)
        self.table.set_rows(run.rows)
        feature = next((row.feature for row in run.rows if row.feature), None)
        layer = QgsProject.instance().mapLayer(feature.layer) if feature else None
        self._watch(layer if isinstance(layer, QgsVectorLayer) else None)
        self._count()
        if run.rows:
            self.view.setCurrentIndex(self.table.index(0, 0))

    def _rows_changed(self, rows: list[Exchange]) -> None:
        self.table.change(rows)
        current = self.current
        if current and any(row is current for row in rows):
            self.pane.show_facts(current)

    def _count(self) -> None:
        if self.run:
            self.filters.show_counts(self.run.counts, len(self.run.rows))

    def _layout_changed(self) -> None:
        if self.view.currentIndex().row() < 0 and self.table.rowCount():
            self.view.setCurrentIndex(self.table.index(0, 0))

    def _go(self, step: int) -> None:
        at = self.view.currentIndex().row() + step
        if 0 <= at < self.table.rowCount():
            self.view.setCurrentIndex(self.table.index(at, 0))
            self._fly()

    def _show(self, row: Exchange) -> None:
        if (at := self.table.place_of(row.id)) is not None:
            self.view.setCurrentIndex(self.table.index(at, 0))

    def _edited(self, answer: str) -> None:
        row = self.current
        if row and self._checks:
            self._checks.check(row, answer.strip() or None)
        self.view.setFocus()
        if answer.strip():
            self._go(1)

    def _noted(self, note: str) -> None:
        if (row := self.current) and self._checks:
            self._checks.note(row, note)
        self.view.setFocus()

    def _current_changed(self, index: QModelIndex, before: QModelIndex) -> None:
        self.pane.show_row(self.table.row(index.row()))

    def _fly(self) -> None:
        if row := self.current:
            fly_to(self._canvas, _corners(row), QgsCoordinateReferenceSystem.fromWkt(row.crs))

    def _choose_keys(self) -> None:
        KeysDialog(self.keys, self).exec()
        self.pane.set_actions(self.keys)

    def _watch(self, polygons: Optional[QgsVectorLayer]) -> None:
        """Copies the selection of this layer from now on, and to it."""
        if self._polygons is not None and not sip.isdeleted(self._polygons):
            self._polygons.selectionChanged.disconnect(self._selected_on_map)
        self._polygons = polygons
        if polygons is not None:
            polygons.selectionChanged.connect(self._selected_on_map)

    def _selected(self) -> None:
        """On the map is selected what is selected in the table."""
        if self._polygons is None or self._following or sip.isdeleted(self._polygons):
            return
        rows = (self.table.row(index.row()) for index in self.view.selectionModel().selectedRows())
        self._following = True
        self._polygons.selectByIds([row.feature.id for row in rows if row and row.feature])
        self._following = False

    def _selected_on_map(self) -> None:
        if self._following or self._polygons is None:
            return
        ids = set(self._polygons.selectedFeatureIds())
        rows = [at for at in range(self.table.rowCount()) if (row := self.table.row(at)) and row.feature and row.feature.id in ids]
        selection = QItemSelection()
        for first, last in _stretches(rows):
            selection.select(self.table.index(first, 0), self.table.index(last, self.table.columnCount() - 1))
        self._following = True
        flags = QItemSelectionModel.SelectionFlag
        if rows:
            self.view.selectionModel().setCurrentIndex(self.table.index(rows[0], 0), flags.NoUpdate)
            self.view.scrollTo(self.table.index(rows[0], 0))
        self.view.selectionModel().select(selection, flags.ClearAndSelect)
        self._following = False


class Answers(QObject):
    """Shows one run after another below the map. `label_wanted`: as that of a `RunDock`."""

    label_wanted = pyqtSignal(object, str)

    def __init__(self, iface: QgisInterface, runs: Runs) -> None:
        super().__init__(runs)
        self._iface = iface
        self.dock: Optional[RunDock] = None
        runs.closed.connect(self._hide)

    def show_run(self, run: Run) -> None:
        if self.dock is None:
            self.dock = RunDock(self._iface)
            self.dock.label_wanted.connect(self.label_wanted)
            self._iface.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.dock)
        self.dock.show_run(run)

    def close_down(self) -> None:
        """Removes the window."""
        if self.dock:
            self.dock.close_down()
            self._iface.removeDockWidget(self.dock)
            self.dock.deleteLater()
            self.dock = None

    def _hide(self, run: Run) -> None:
        if self.dock and self.dock.run is run:
            self.dock.forget()
            self.dock.hide()


def _corners(row: Exchange) -> Sequence[Corner]:
    """The outline of the place; of one in parts or with holes, the box around it."""
    if len(row.place) == 1:
        return [(x, y) for x, y in row.place[0]]
    box = answer_geometry(row).boundingBox()
    left, bottom, right, top = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _stretches(rows: list[int]) -> list[tuple[int, int]]:
    """The first and the last of rows that follow one another: Qt is slow with thousands of selected rows one by one."""
    stretches: list[tuple[int, int]] = []
    for at in rows:
        if stretches and stretches[-1][1] == at - 1:
            stretches[-1] = stretches[-1][0], at
        else:
            stretches.append((at, at))
    return stretches
