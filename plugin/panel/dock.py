"""The panel: the form for layer and area, the transcript, the question box and the toolbar, connected to the session."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, Callable

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsRasterLayer,
)
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication, QKeySequence
from qgis.PyQt.QtWidgets import (
    QAction,
    QHBoxLayout,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import SceneError, ZoomEarthError
from ...core.events import Event, Saw
from ..child.backend_process import State
from ..exchanges.exchange import Exchange, PicturedView, Status, UsedTool
from ..exchanges.session import Session
from ..exchanges.surveys import Surveys
from ..exchanges.unsaved import earlier
from ..i18n import tr
from ..layers.scope import Place
from ..runs.preparing import Wanted
from ..runs.run import Run
from ..runs.runs import Runs
from ..settings import load_settings, user_name
from .again import Again
from .canvas import Boxes, Picker, fly_to
from .find_button import FindButton
from .first_sight import DEMO
from .form import Form
from .leaving import Leaving
from .notice import Notice, show_log
from .question_box import QuestionBox
from .stage import Stage
from .tool_bench import MANY, ToolBench
from .toolbar import Toolbar
from .transcript import Transcript
from .widgets import ElidedButton, ask_file, named, paragraph


class Dock(QgsDockWidget):
    """`finished` is emitted when an exchange has ended, with its `Exchange.outcome`."""

    finished = pyqtSignal(dict)
    options_clicked = pyqtSignal()
    export_clicked = pyqtSignal()
    table_clicked = pyqtSignal(object)  # Run
    report_clicked = pyqtSignal(str)  # html or pdf

    def __init__(self, iface: QgisInterface, session: Session, ready: Callable[[], bool]) -> None:
        """ready: returns whether a question can be asked; it may open the setup dialog first."""
        super().__init__(tr("ZoomEarth"))
        self.setObjectName("zoomearth_dock")
        self._iface, self._session, self._ready = iface, session, ready
        self._canvas = iface.mapCanvas()
        self._boxes = Boxes(self._canvas)
        self.confirm = self._ask_user  # called with a question, returns whether the answer is yes
        self._picker = Picker(self._canvas, session.results.layers, self)
        self.runs = Runs(session, self)
        self._build()
        self.bench = ToolBench(session, self.form, self._canvas, ready, lambda text: self.confirm(text), self)
        self.surveys = Surveys(session, self)
        self.leaving = Leaving(session, lambda text: self.confirm(text), self._save, self)
        self._connect()
        self._replaced()

    def close_down(self) -> None:
        """Removes everything from the canvas and disconnects from QGIS."""
        self._picker.close()
        self._boxes.close()
        self.form.close_down()
        self.runs.close()
        self.leaving.close()

    def _build(self) -> None:
        self.process_notice = Notice("zoomearth_process")
        self.restart = self.process_notice.add_button("restart", tr("Restart"), tr("Start the model process again"))
        self.show_log = self.process_notice.add_button("log", tr("Show log"), tr("Open the log messages of QGIS at the ZoomEarth tab"))
        self.results_notice = Notice("zoomearth_results")
        self.message = Notice("zoomearth_message")
        close = self.message.add_button("close", tr("Close"), tr("Hide this message"))
        close.clicked.connect(lambda: self.message.say(""))
        self.form = Form(self._iface)
        self.transcript = Transcript(self.runs.of)
        self.stage = Stage()
        self.question = QuestionBox()
        self.find_all = FindButton()
        self.toolbar = Toolbar()
        self.escape = QAction(self)
        self.escape.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        self.escape.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.addAction(self.escape)
        self.again = Again(self._session, self.form, self.question)
        self.temporary = QWidget()
        self.temporary.setObjectName("zoomearth_temporary")
        sentence = paragraph(tr("The results are temporary. Save the project or choose a file to keep them."))
        choose = named(ElidedButton(tr("Choose…")), "zoomearth_choose", tr("Choose the results file (GeoPackage)"))
        choose.clicked.connect(self._save)
        row = QHBoxLayout(self.temporary)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(sentence, 1)
        row.addWidget(choose)
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.process_notice, self.results_notice, self.form):
            column.addWidget(widget)
        column.addWidget(self.transcript, 1)
        for widget in (self.temporary, self.stage, self.message):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addWidget(self.question, 1)
        row.addWidget(self.find_all)
        column.addLayout(row)
        column.addWidget(self.toolbar)
        self.setWidget(inside)

    def _connect(self) -> None:
        self.form.layer_changed.connect(self._refresh)
        self.question.sent.connect(self.send)
        self.question.textChanged.connect(self._refresh)
        self.toolbar.ask.clicked.connect(self.send)
        self.toolbar.cancel.clicked.connect(self._session.cancel)
        self.toolbar.cancel.clicked.connect(self.bench.runs.cancel)
        self.toolbar.cancel.clicked.connect(self.surveys.cancel)
        self.toolbar.cancel.clicked.connect(self.runs.cancel)
        self.runs.failed.connect(self._warn)
        self.runs.progressed.connect(self.stage.show_stage)
        self.runs.changed.connect(self._refresh)
        self.transcript.run_clicked.connect(self._act_on_run)
        self.find_all.clicked.connect(self.find)
        self.surveys.failed.connect(self._warn)
        self.surveys.progressed.connect(self.stage.show_stage)
        self.surveys.counted.connect(self.stage.show_count)
        self.surveys.changed.connect(self._refresh)
        self.form.tool_chosen.connect(self.bench.use_on_area)
        self.transcript.tool_chosen.connect(self.bench.use_on_view)
        self.transcript.use_clicked.connect(self.bench.show_use)
        self.transcript.use_removed.connect(lambda *use: self._guarded(self._session.remove_use)(*use))
        self.transcript.use_checked.connect(lambda *use: self._guarded(self._check_survey)(*use))
        self.bench.refused.connect(self._warn)
        self.bench.runs.progressed.connect(self.stage.show_stage)
        self.bench.runs.changed.connect(self._refresh)
        self._session.uses_changed.connect(self.transcript.refresh_card)
        self._session.checked.connect(self.transcript.refresh_card)
        self.transcript.judged.connect(lambda exchange, answer: self._session.check(exchange, answer, user_name(), exchange.note))
        self.toolbar.undo.clicked.connect(self._guarded(self._session.undo))
        self.toolbar.choose_file.triggered.connect(self._save)
        self.toolbar.reload.triggered.connect(self._guarded(self._session.reload))
        self.toolbar.earlier.aboutToShow.connect(self._list_earlier)
        self.restart.clicked.connect(self._session.backend.revive)
        self.show_log.clicked.connect(lambda: show_log(self._iface))
        self.toolbar.options.clicked.connect(self.options_clicked)
        self.toolbar.model.clicked.connect(self.options_clicked)
        self.escape.triggered.connect(self.toolbar.cancel.click)
        self.transcript.chosen.connect(self._guarded(self.again.act))
        self.transcript.first_sight.sample_chosen.connect(self._take_sample)
        self.transcript.first_sight.demo_wanted.connect(self._open_demo)
        self.toolbar.export_rois.triggered.connect(self.export_clicked)
        self.toolbar.export_html.triggered.connect(lambda: self.report_clicked.emit("html"))
        self.toolbar.export_pdf.triggered.connect(lambda: self.report_clicked.emit("pdf"))
        self.transcript.view_clicked.connect(self._fly)
        self.transcript.delete_clicked.connect(lambda exchange: self._guarded(self._session.remove)(exchange))
        self._picker.picked.connect(self.transcript.select)
        session = self._session
        session.added.connect(self._added)
        session.event_received.connect(self._receive)
        session.progressed.connect(self.stage.show_stage)
        session.finished.connect(self._ended)
        session.removed.connect(self._removed)
        session.replaced.connect(self._replaced)
        session.backend.changed.connect(self._refresh)
        session.results.changed.connect(self._refresh)
        session.results.refused.connect(self._warn)
        session.results.missing.connect(self._missing)

    def send(self) -> None:
        """Asks the question in the question box."""
        self.message.say("")
        layer, question = self.form.raster, self.question.text
        if not question or layer is None:
            self._warn(tr("Choose a raster layer and type a question."), "")
            return
        if not self._ready():
            return
        try:
            asked, polygons = self.form.asked(layer, question), self.form.polygons()
            if polygons and len(polygons[1]) > 1:
                if len(polygons[1]) > MANY and not self._sure(len(polygons[1])):
                    return
                self.runs.start(Wanted(asked, *polygons))
                self.question.remember()
                return
            places, left_out = self.form.places(layer)
        except ZoomEarthError as error:
            self._warn(error.message, error.hint)
            return
        if left_out:
            self._warn(left_out, "")
        self.question.remember()
        for place in places:
            self._session.ask(asked, place)

    def _take_sample(self, question: str) -> None:
        self.question.setPlainText(question)
        self.question.setFocus()

    def _open_demo(self) -> None:
        layer = QgsRasterLayer(str(DEMO), tr("demo scene"))
        QgsProject.instance().addMapLayer(layer)
        self.form.layer.setLayer(layer)
        fly_to(self._canvas, Place("").corners(layer), layer.crs())

    def find(self) -> None:
        """Finds all of what the question box names, on the area of the form."""
        self.message.say("")
        layer, target = self.form.raster, self.question.text
        if not target or layer is None:
            self._warn(tr("Choose a raster layer and type what to find, for example: ships"), "")
            return
        if not self._ready():
            return
        try:
            places, left_out = self.form.places(layer)
            if len(places) > 1:
                raise SceneError(
                    tr("{count} polygons are selected.").format(count=len(places)), tr("Select one, or use Find all in the toolbox.")
                )
            self.surveys.start(layer, target, places[0], self.find_all.outlines.isChecked())
        except ZoomEarthError as error:
            self._warn(error.message, error.hint)
            return
        if left_out:
            self._warn(left_out, "")
        self.question.remember()

    def _act_on_run(self, run: Run, what: str) -> None:
        """what: as `RunBox.clicked`."""
        acts = {"go on": self.runs.go_on, "retry": self.runs.retry}
        if what == "table":
            self.table_clicked.emit(run)
        elif self._ready():
            self._guarded(acts[what])(run)

    def _check_survey(self, exchange: Exchange, use: UsedTool) -> None:
        self.table_clicked.emit(self.runs.of_survey(exchange, use))

    def _refresh(self) -> None:
        """Enables the buttons that can be used, and updates the notices."""
        session = self._session
        ready = self.form.raster is not None and bool(self.question.text)
        self.toolbar.ask.setEnabled(ready)
        self.find_all.setEnabled(ready and not self.surveys.busy)
        busy = session.busy or self.bench.runs.busy or self.surveys.busy or self.runs.preparing
        self.toolbar.cancel.setEnabled(busy or self.runs.busy)
        broken = session.backend.state is State.BROKEN
        self.stage.setVisible(busy and not broken)
        self.process_notice.say(self._process_words() if broken else "")
        self.results_notice.say(session.results.trouble)
        self.toolbar.undo.setEnabled(session.can_undo)
        self.toolbar.name_model(load_settings())
        opened = (layer.source() for layer in QgsProject.instance().mapLayers().values())
        self.transcript.first_sight.demo.setVisible(str(DEMO) not in opened)
        self.toolbar.export.setEnabled(bool(session.exchanges))
        file = session.results.file
        self.toolbar.choose_file.setEnabled(file is not None)
        self.toolbar.reload.setEnabled(file is not None)
        self.toolbar.save.setToolTip(tr("Results file") + (f"\n{file.path}" if file else ""))
        self.temporary.setVisible(session.results.temporary and bool(session.exchanges))

    def _added(self, exchange: Exchange) -> None:
        self.transcript.add(exchange)
        if exchange.status is Status.RUNNING:
            self.stage.show_stage("starting", 0, 0)
        self._refresh()

    def _receive(self, exchange: Exchange, event: Event) -> None:
        self.transcript.hear(exchange, event)
        if exchange.status is not Status.RUNNING:
            self._refresh()
        if isinstance(event, Saw):
            view = exchange.views[-1]
            self.stage.looking = view.label
            if view.roi is None:  # a new exchange: features of a layer show the boxes of the one before
                self._boxes.clear()
            self._draw(exchange, [view] if view.roi is not None else [])

    def _draw(self, exchange: Exchange, zooms: list[PicturedView]) -> None:
        for view in zooms:
            self._boxes.add(view, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _ended(self, exchange: Exchange) -> None:
        if not self._session.open_questions:
            self._boxes.clear()
            self.stage.looking = ""
        self._refresh()
        self.finished.emit(exchange.outcome())

    def _removed(self, exchange: Exchange) -> None:
        self.transcript.remove(exchange)
        self._refresh()

    def _replaced(self) -> None:
        self._boxes.clear()
        for exchange in self._session.exchanges:
            if exchange.status is Status.RUNNING:
                self._draw(exchange, exchange.zooms)
        self.transcript.show_all(self._session.exchanges)
        self._refresh()

    def _missing(self, path: str) -> None:
        hint = tr("Put the file back and open the project again. Otherwise the next answer starts a new results file.")
        self._warn(tr("The results file of this project is missing: {path}.").format(path=path), hint)

    def _process_words(self) -> str:
        message, hint = self._session.backend.trouble
        count = self._session.open_questions
        waiting = tr("{count} questions are waiting.").format(count=count) if count > 1 else tr("One question is waiting.") if count else ""
        return " ".join(filter(None, (message, hint, waiting)))

    def _list_earlier(self) -> None:
        self.toolbar.earlier.clear()
        current = self._session.results.file
        for file, words in earlier():
            if current is None or file != current.path:
                action = self.toolbar.earlier.addAction(words.replace("&", "&&"))
                action.triggered.connect(lambda _, file=file: self._guarded(self._session.add)(file))
        if self.toolbar.earlier.isEmpty():
            self.toolbar.earlier.addAction(tr("No unsaved results")).setEnabled(False)

    def _fly(self, exchange: Exchange, view: PicturedView) -> None:
        fly_to(self._canvas, view.corners, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _save(self) -> None:
        file = self._session.results.file
        if file and (path := ask_file(self, tr("Save the results as"), Path(file.path.name), ".gpkg")):
            self._guarded(self._session.results.move_to)(path)

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        """The function, with its ZoomEarthError shown in the panel instead of raised."""

        def guarded(*arguments: Any) -> None:
            try:
                act(*(argument for argument in arguments if not isinstance(argument, bool)))  # without the `checked` of a click
            except ZoomEarthError as error:
                self._warn(error.message, error.hint)
            self._refresh()

        return guarded

    def _warn(self, message: str, hint: str) -> None:
        """Shows the whole text in the panel, and the message in QGIS's message bar, which is visible where the panel is closed."""
        self.message.say(f"{message} {hint}".strip())
        self._iface.messageBar().pushMessage("ZoomEarth", html.escape(message), Qgis.MessageLevel.Warning)

    def _sure(self, count: int) -> bool:
        return self.confirm(tr("{count} polygons are selected. The question is asked once for each of them. Continue?").format(count=count))

    def _ask_user(self, text: str) -> bool:
        if QGuiApplication.platformName() == "offscreen":  # no user could answer
            return True
        yes = QMessageBox.StandardButton.Yes
        return QMessageBox.question(self, "ZoomEarth", text, yes | QMessageBox.StandardButton.No) == yes
