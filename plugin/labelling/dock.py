"""The dock *Labels*: boxes are drawn on the map, candidates are proposed for them, and each is decided with one key."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsMapLayer, QgsMapLayerProxyModel, QgsRasterLayer
from qgis.gui import QgisInterface, QgsDockWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from ...core.geometry import Box
from ...core.labels import review
from ...core.labels.file import LabelFile
from ...core.labels.review import Shown
from ...core.labels.rows import LabelImage, Question
from ...core.roi_table import stored
from ..exchanges.session import Session
from ..i18n import tr
from ..layers.raster_layers import scene_source
from ..panel.canvas import fly_to
from ..panel.notice import Notice
from ..panel.widgets import ScrolledColumn, named, paragraph
from ..review.keys import KeysDialog
from .balance_view import BalanceView
from .board import Board
from .box_layers import BoxLayers
from .box_work import BoxWork
from .editors import Editor
from .file_menu import FileMenu
from .project_labels import ProjectLabels
from .proposer import Proposer
from .rasters import Raster, crs_of, grid_of, layer_of, pixels_of
from .settle_view import SettleView
from .writing import Writing


class LabelDock(QgsDockWidget):
    """`shown` is what the board shows; None while an action is under way, so that no key decides about what was not seen."""

    def __init__(self, iface: QgisInterface, labels: ProjectLabels, session: Session, ready: Callable[[], bool]) -> None:
        """session: has the model. ready: returns whether a model can be asked; it may open the setup dialog first."""
        super().__init__(tr("ZoomEarth Labels"))
        self.setObjectName("zoomearth_label_dock")
        self._iface, self._labels, self.store = iface, labels, labels.store
        self._canvas = iface.mapCanvas()
        self._layers = BoxLayers()
        self.proposer = Proposer(self.store, session, ready)
        self.shown: Optional[Shown] = Shown()
        self._before: Optional[Shown] = None  # what was shown before the action that is under way
        self._unsaved: Optional[Editor] = None  # whose texts are being written
        self._build()
        self._connect()
        self._opened(str(self.store.path or ""))

    def close_down(self) -> None:
        """Removes everything from the canvas and disconnects from QGIS."""
        self._iface.currentLayerChanged.disconnect(self._follow)
        self.proposer.close_down()
        self.board.pictures.painter.close()
        self.boxes.close()
        self.settle.close_down()

    def _build(self) -> None:
        self.message = Notice("zoomearth_label_message")
        close = self.message.add_button("close", tr("Close"), tr("Hide this message"))
        close.clicked.connect(lambda: self.message.say(""))
        self.layer = named(QgsMapLayerComboBox(), "zoomearth_label_layer", tr("The raster layer that boxes are drawn on"))
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layer.setMinimumContentsLength(4)
        self.menu = FileMenu(self._labels, self)
        self.where = paragraph()
        self.where.setObjectName("zoomearth_label_where")
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.board = Board()
        self.writing = Writing(self.store, lambda: self.shown, lambda: self.menu.second.isChecked(), self._run, self)
        self.boxes = BoxWork(self._canvas, self._labels, self.layer, lambda: self.shown, self._run, self)
        self.balance = BalanceView(self.store)
        self.settle = SettleView(self._canvas, self._labels)
        review_tab = ScrolledColumn()
        column = QVBoxLayout(review_tab)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.board, 1)
        for widget in (self.proposer, *self._editors()):
            column.addWidget(widget)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("zoomearth_label_tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        small = self.tabs.font()
        small.setPointSizeF(0.88 * small.pointSizeF())  # three words in 240 pixels
        self.tabs.tabBar().setFont(small)
        self.scrolled = QScrollArea()  # a small screen has no room for all of it
        self.scrolled.setWidgetResizable(True)
        self.scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        self.scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scrolled.setWidget(review_tab)
        self.tabs.addTab(self.scrolled, tr("Review"))
        self.tabs.addTab(self.balance, tr("Balance"))
        self.tabs.addTab(self.settle, tr("Settle"))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 6, 6, 6)
        row = QHBoxLayout()
        row.addWidget(self.layer, 1)
        row.addWidget(self.menu.button())
        column.addLayout(row)
        for widget in (self.where, self.message):
            column.addWidget(widget)
        column.addWidget(self.tabs, 1)
        self.setWidget(inside)

    def _connect(self) -> None:
        self._iface.currentLayerChanged.connect(self._follow)
        self.boxes.said.connect(self.message.say)
        self.boxes.refused.connect(self._fail)
        self.boxes.begun.connect(self._leave_editors)
        self.store.opened.connect(self._opened)
        self.store.failed.connect(self._fail)
        self.proposer.ended.connect(self._proposed)
        self.proposer.grown.connect(self._grown)
        self.settle.said.connect(self.message.say)
        for signal in (self.settle.settled, self.menu.merged):
            signal.connect(self._look_again)
        self.menu.keys_clicked.connect(self._choose_keys)
        self.menu.templates_clicked.connect(lambda: self.proposer.by_templates())
        self.menu.model_clicked.connect(lambda: self.proposer.by_model())
        self.menu.thoughts_clicked.connect(lambda model: self.proposer.think() if model else self.proposer.think_from_boxes())
        self.menu.said.connect(self.message.say)
        self.menu.moved_clicked.connect(self._move_image)
        self.menu.check_toggled.connect(lambda check: setattr(self.proposer, "check", check))
        self.menu.second_toggled.connect(lambda second: self._run(lambda labels: review.first(labels, second)))
        self.board.acted.connect(self.act)
        self.board.rejected.connect(self._reject)
        self.writing.begun.connect(self._leave_editors)
        self.writing.thoughts.model_wanted.connect(lambda: self.act("think"))
        for editor in self._editors():
            editor.saved.connect(lambda *_, editor=editor: self._saving(editor))
            editor.left.connect(self.board.setFocus)
        self._follow(self._iface.activeLayer())

    # The file

    def _opened(self, path: str) -> None:
        self.message.say("")
        words = tr("{file}, labelled by {annotator}").format(file=Path(path).name, annotator=self._labels.annotator)
        self.where.setText(words if path else tr("No label file is open: the first box makes one beside the project."))
        self.where.setToolTip(path)
        self._leave_editors()
        self.show_layers()
        if path:
            self._first()
        else:
            self.show_shown(Shown())

    def _first(self) -> None:
        second = self.menu.second.isChecked()
        self.store.do(lambda labels: review.first(labels, second), lambda shown: self.show_shown(shown, fly=False))

    def _look_again(self) -> None:
        """What was shown, and the boxes, may be others now."""
        self._first()
        self.show_layers()

    def _choose_keys(self) -> None:
        """Of the tab that is looked at."""
        view = self.settle if self.tabs.currentWidget() is self.settle else self.board
        KeysDialog(view.keys, self).exec()
        view.show_keys()

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        if isinstance(layer, QgsRasterLayer):
            self.layer.setLayer(layer)

    # What is shown

    def show_shown(self, shown: Shown, fly: bool = True) -> None:
        """Shows a question, or a box, with the place on the map."""
        self.shown = shown
        image, layer = shown.image, layer_of(shown.image) if shown.image else None
        self.board.show_shown(shown, layer)
        if not any(editor.isVisible() for editor in self._editors()):
            self.scrolled.verticalScrollBar().setValue(0)
        if self.store.path:
            self._layers.select(shown.box)
        if fly and image and image.size:
            box = pixels_of(shown.box, image) or Box(0, 0, *image.size)
            fly_to(self._canvas, grid_of(image).polygon(box), crs_of(image))

    def _run(self, act: Callable[[LabelFile], Shown], fly: bool = True, boxes: bool = False) -> None:
        """An action of the user: what it returns is shown. boxes: it changes boxes on the map."""
        self._before, self.shown = self.shown, None
        self.message.say("")

        def then(shown: Shown) -> None:
            self._unsaved = None
            self.show_shown(shown, fly)
            if boxes:
                self.show_layers()

        self.store.change(act, then)

    def show_layers(self) -> None:
        """Shows the boxes that the file has now."""

        def show(tables: list[str]) -> None:
            if self.store.path:  # else the project is being replaced
                self._layers.show(self.store.path, tables)

        if self.store.path:
            self.store.do(LabelFile.layers, show)

    def _fail(self, message: str, hint: str) -> None:
        """Nothing was changed; what was shown is shown again, and what was typed."""
        self.message.say(f"{message} {hint}".strip())
        if self.shown is not None:
            return
        before, editor = self._before, self._unsaved
        self._unsaved = None
        self.show_shown(Shown())

        def show(shown: Shown) -> None:
            self.show_shown(shown, fly=False)
            if editor and before and review.same_place(shown, before):
                editor.show()
                editor.setFocus()

        if self.store.path:
            second = self.menu.second.isChecked()
            self.store.do(lambda labels: review.as_before(labels, before, second), show)

    def _saving(self, editor: Editor) -> None:
        """Its texts come back where they can't be written."""
        self._unsaved = editor
        self.board.setFocus()

    # Actions

    def act(self, name: str) -> None:
        """An action by its name, see `board.actions`."""
        if self.shown is None:
            return
        shown, question, box, image = self.shown, self.shown.question, self.shown.box, self.shown.image
        second = self.menu.second.isChecked()
        if name == "draw":
            self.boxes.new.draw()
        elif name == "redraw" and box:
            self.boxes.again.draw()
        elif name == "take":
            self.boxes.take_features(self._iface.activeLayer())
        elif name == "thoughts" and question:
            self.writing.think()
        elif name == "think" and question:
            self.proposer.think(question.id)
        elif name == "undo":
            self._run(lambda labels: review.undo(labels, second) or shown, boxes=True)
        elif name in ("accept", "unsure") and question:
            self._run(review.decide(partial(getattr(LabelFile, name), **_seen(question, second)), question.id, second))
        elif name == "reject" and question:
            self.board.ask_reason()
        elif name == "edit" and question:
            self.writing.edit(new=False)
        elif name == "ask" and image:
            self.writing.edit(new=True)
        elif name in ("previous", "next") and question and not second:  # they would show what others have decided
            self._run(lambda labels: review.beside(labels, question.id, name == "previous"))
        elif name == "candidate":
            self._run(lambda labels: review.following(labels, question.id if question else "", second))
        elif name == "describe" and box and image:
            self.boxes.describe(image, box)
        elif name in ("region", "object") and box:
            self._run(lambda labels: review.redrawn(labels, box.id, level=name), fly=False, boxes=True)
        elif name == "global":
            self.boxes.look_at_whole(image)
        elif name == "remove" and box and image:
            self._run(lambda labels: _removed(labels, image.id, box.id), boxes=True)
        elif name == "templates" and box and image:
            self.proposer.by_templates(image, box)
        elif name == "model" and image:
            self.proposer.by_model(image, box)

    def _reject(self, reason: str) -> None:
        second = self.menu.second.isChecked()
        if self.shown and (question := self.shown.question):
            seen = _seen(question, second)
            self._run(review.decide(lambda labels, id: labels.reject(id, reason, **seen), question.id, second))

    def _editors(self) -> tuple[Editor, ...]:
        return self.writing.editor, self.boxes.editor, self.writing.thoughts

    def _leave_editors(self) -> None:
        for editor in self._editors():
            editor.hide()

    # Boxes

    def take(self, raster: Raster, box_on: Callable[[LabelImage], Box], label: str) -> None:
        """A place that a model has looked at, or has found, as a box. box_on: its source pixels."""
        self.show()
        self.boxes.take(raster, box_on, label)

    def _move_image(self) -> None:
        """The raster of what is shown was moved: the chosen layer is it, where the file has the same content."""
        layer, image = self.layer.currentLayer(), self.shown.image if self.shown else None
        if image and isinstance(layer, QgsRasterLayer):
            path = stored(scene_source(layer)).path

            def move(labels: LabelFile) -> Shown:
                labels.move_image(image.id, path)
                return review.first(labels)

            self._run(move)

    # Proposals

    def _proposed(self, words: str) -> None:
        self.message.say(words)
        self._grown()
        if not self.writing.thoughts.isVisible():
            self.board.setFocus()
        elif self.writing.thoughts.untouched:
            self.writing.think()

    def _grown(self) -> None:
        """Shows the first candidate where no question is shown, else its flags and the counts of now."""
        shown = self.shown
        if shown is None or shown.image is None:
            return
        image, box, question = shown.image.id, shown.box.id if shown.box else "", shown.question

        def show(again: Shown) -> None:
            if self.shown is shown:  # the user has not gone on
                self.show_shown(again, fly=False)

        self.store.do(lambda labels: review.again(labels, question) if question else review.of_box(labels, image, box), show)


def _seen(question: Question, second: bool) -> dict[str, str]:
    """The texts that a second person has seen, where others may have edited them."""
    return {"question": question.question, "answer": question.answer, "category": question.category} if second else {}


def _removed(labels: LabelFile, image: str, box: str) -> Shown:
    labels.remove(box)
    return review.first(labels)
