"""The panel: a layer, a scope and a question go in; the transcript shows what comes of them. Widgets, and no logic beyond them."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, Callable

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
)
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import ZoomEarthError
from ...core.protocol import Event, Saw
from ..child.backend_process import State
from ..exchanges.exchange import Exchange, Seen, Status
from ..exchanges.session import Session
from ..exchanges.unsaved import earlier
from ..i18n import tr
from .canvas import Boxes, Picker, fly_to
from .form import Form
from .leaving import Leaving
from .notice import Notice, show_log
from .question_box import QuestionBox
from .transcript import Transcript
from .widgets import ElidedButton, ask_file, named, paragraph, tool_button

MANY = 10  # selected polygons that are asked about without asking back


class Dock(QgsDockWidget):
    """`finished` is emitted when an exchange has ended, with what came of it (see `Exchange.outcome`)."""

    finished = pyqtSignal(dict)
    options_clicked = pyqtSignal()
    export_clicked = pyqtSignal()
    report_clicked = pyqtSignal(str)  # html or pdf

    def __init__(self, iface: QgisInterface, session: Session, ready: Callable[[], bool]) -> None:
        """ready: whether a question can be asked; it may ask the user to set something up first."""
        super().__init__(tr("ZoomEarth"))
        self.setObjectName("zoomearth_dock")
        self._iface, self._session, self._ready = iface, session, ready
        self._canvas = iface.mapCanvas()
        self._boxes = Boxes(self._canvas)
        self.confirm = self._ask_user  # called with a question, returns whether the answer is yes
        self._picker = Picker(self._canvas, session.keeper.layers, self)
        self._looking = ""  # the label of the view shown last
        self._build()
        self.leaving = Leaving(session, lambda text: self.confirm(text), self._save, self)
        self._connect()
        self._replaced()

    def close_down(self) -> None:
        """Leaves nothing on the canvas, and no signal of QGIS connected."""
        self._picker.close()
        self._boxes.close()
        self.form.close_down()
        self.leaving.close()

    def _build(self) -> None:
        self.process = Notice("zoomearth_process")
        self.restart = self.process.add_button("restart", tr("Restart"), tr("Start the model process again"))
        self.show_log = self.process.add_button("log", tr("Show log"), tr("Open the log messages of QGIS at the ZoomEarth tab"))
        self.results = Notice("zoomearth_results")
        self.refusal = Notice("zoomearth_refusal")
        close = self.refusal.add_button("close", tr("Close"), tr("Put this message away"))
        close.clicked.connect(lambda: self.refusal.say(""))
        self.form = Form(self._iface)
        self.transcript = Transcript()
        self.stage = QLabel()
        self.stage.setObjectName("zoomearth_stage")
        self.progress = QProgressBar()
        self.progress.setObjectName("zoomearth_progress")
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.question = QuestionBox()
        self.ask = ElidedButton(tr("Ask"))
        self.ask.setObjectName("zoomearth_ask")
        self.ask.setToolTip(tr("Ask about the layer (Ctrl+Enter)"))
        self.ask.setDefault(True)
        self.cancel = ElidedButton(tr("Cancel"))
        self.cancel.setObjectName("zoomearth_cancel")
        self.cancel.setToolTip(tr("Stop the current question and discard the waiting questions"))
        self.export = tool_button("zoomearth_export", tr("Export the results or a report"), "/mActionFileSaveAs.svg")
        menu = QMenu(self.export)
        self.export_rois = menu.addAction(tr("Places looked at and answers as GeoPackage, Shapefile, CSV…"))
        self.export_html = menu.addAction(tr("Report as HTML…"))
        self.export_pdf = menu.addAction(tr("Report as PDF…"))
        for action, name in ((self.export_rois, "rois"), (self.export_html, "html"), (self.export_pdf, "pdf")):
            action.setObjectName(f"zoomearth_export_{name}_action")
        self.export.setMenu(menu)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.undo = tool_button("zoomearth_undo", tr("Undo delete"), "/mActionUndo.svg")
        self.save = tool_button("zoomearth_save", tr("Results file"), "/mActionFileSave.svg")
        menu = QMenu(self.save)
        self.choose_file = menu.addAction(tr("Choose the results file (GeoPackage)…"))
        self.reload = menu.addAction(tr("Reload the results"))
        self.earlier = menu.addMenu(tr("Open earlier unsaved results"))
        for action, name in ((self.choose_file, "choose"), (self.reload, "reload"), (self.earlier.menuAction(), "earlier")):
            action.setObjectName(f"zoomearth_results_{name}_action")
        self.save.setMenu(menu)
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.options = tool_button("zoomearth_options", tr("Settings: model, server and Python environment"), "/mActionOptions.svg")
        self.kept = QWidget()
        self.kept.setObjectName("zoomearth_kept")
        said = paragraph(tr("The results are temporary. Save the project or choose a file to keep them."))
        choose = named(ElidedButton(tr("Choose…")), "zoomearth_choose", tr("Choose the results file (GeoPackage)"))
        choose.clicked.connect(self._save)
        row = QHBoxLayout(self.kept)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(said, 1)
        row.addWidget(choose)
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(3)
        for button in (self.export, self.undo, self.save, self.options):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.ask)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.process, self.results, self.form):
            column.addWidget(widget)
        column.addWidget(self.transcript, 1)
        for widget in (self.kept, self.stage, self.progress, self.refusal, self.question):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.setWidget(inside)

    def _connect(self) -> None:
        self.form.layer_changed.connect(self._refresh)
        self.question.sent.connect(self.send)
        self.question.textChanged.connect(self._refresh)
        self.ask.clicked.connect(self.send)
        self.cancel.clicked.connect(self._session.cancel)
        self.undo.clicked.connect(self._guarded(self._session.undo))
        self.choose_file.triggered.connect(self._save)
        self.reload.triggered.connect(self._guarded(self._session.reload))
        self.earlier.aboutToShow.connect(self._list_earlier)
        self.restart.clicked.connect(self._session.backend.revive)
        self.show_log.clicked.connect(lambda: show_log(self._iface))
        self.options.clicked.connect(self.options_clicked)
        self.export_rois.triggered.connect(self.export_clicked)
        self.export_html.triggered.connect(lambda: self.report_clicked.emit("html"))
        self.export_pdf.triggered.connect(lambda: self.report_clicked.emit("pdf"))
        self.transcript.view_clicked.connect(self._fly)
        self.transcript.delete_clicked.connect(lambda exchange: self._guarded(self._session.remove)(exchange))
        self._picker.picked.connect(self.transcript.select)
        session = self._session
        session.added.connect(self._added)
        session.event_received.connect(self._receive)
        session.progressed.connect(self._progressed)
        session.finished.connect(self._ended)
        session.removed.connect(self._removed)
        session.replaced.connect(self._replaced)
        session.backend.changed.connect(self._refresh)
        session.keeper.changed.connect(self._refresh)
        session.keeper.refused.connect(self._warn)
        session.keeper.missing.connect(self._missing)

    def send(self) -> None:
        """Asks what stands in the question box."""
        self.refusal.say("")
        layer, question = self.form.raster, self.question.text
        if not question or layer is None:
            self._warn(tr("Choose a raster layer and type a question."), "")
            return
        if not self._ready():
            return
        try:
            places, left_out = self.form.places(layer)
        except ZoomEarthError as error:
            self._warn(error.message, error.hint)
            return
        if len(places) > MANY and not self._sure(len(places)):
            return
        if left_out:
            self._warn(left_out, "")
        self.question.remember()
        for place in places:
            self._session.ask(layer, question, place, self.form.snapshot_resolution, self.form.raw)

    def _refresh(self) -> None:
        """What can be clicked now, and what is said of where the results are."""
        session = self._session
        self.ask.setEnabled(self.form.raster is not None and bool(self.question.text))
        self.cancel.setEnabled(session.busy)
        broken = session.backend.state is State.BROKEN
        self.progress.setVisible(session.busy and not broken)
        self.stage.setVisible(session.busy and not broken)
        self.process.say(self._process_words() if broken else "")
        self.results.say(session.keeper.trouble)
        self.undo.setEnabled(session.can_undo)
        self.export.setEnabled(bool(session.exchanges))
        store = session.keeper.store
        self.choose_file.setEnabled(store is not None)
        self.reload.setEnabled(store is not None)
        self.save.setToolTip(tr("Results file") + (f"\n{store.path}" if store else ""))
        self.kept.setVisible(session.keeper.temporary and bool(session.exchanges))

    def _added(self, exchange: Exchange) -> None:
        self.transcript.add(exchange)
        self._progressed("starting", 0, 0)
        self._refresh()

    def _receive(self, exchange: Exchange, event: Event) -> None:
        self.transcript.hear(exchange, event)
        if exchange.status is not Status.RUNNING:
            self._refresh()
        if isinstance(event, Saw):
            seen = exchange.views[-1]
            self._looking = seen.label
            if seen.roi is None:  # the features of the exchange before have taken the place of its boxes
                self._boxes.clear()
            self._draw(exchange, [seen] if seen.roi is not None else [])

    def _draw(self, exchange: Exchange, zooms: list[Seen]) -> None:
        for seen in zooms:
            self._boxes.add(seen, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _progressed(self, stage: str, done: int, total: int) -> None:
        words = {
            "starting": tr("starting the model process"),
            "opening": tr("opening the raster"),
            "scanning": tr("creating the overview of the raster"),
            "reading": tr("reading the raster"),
            "snapshot": tr("drawing the layer as an image"),
            "loading": tr("loading the model"),
            "viewing": tr("the model is reading the picture"),
            "trying again": tr("the server did not reply: try {number} of {tries}").format(number=done, tries=total),
            "thinking": tr("looking at “{label}”").format(label=self._looking) if self._looking else tr("thinking"),
        }
        percent = f" {100 * done // total} %" if total > 1 and stage != "trying again" else ""
        self.stage.setText(words.get(stage, stage) + percent)
        self.progress.setMaximum(total if total > 1 else 0)
        self.progress.setValue(done)

    def _ended(self, exchange: Exchange) -> None:
        if not self._session.open_questions:
            self._boxes.clear()
            self._looking = ""
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
        self.earlier.clear()
        current = self._session.keeper.store
        for file, words in earlier():
            if current is None or file != current.path:
                action = self.earlier.addAction(words.replace("&", "&&"))
                action.triggered.connect(lambda _, file=file: self._guarded(self._session.add)(file))
        if self.earlier.isEmpty():
            self.earlier.addAction(tr("No unsaved results")).setEnabled(False)

    def _fly(self, exchange: Exchange, seen: Seen) -> None:
        fly_to(self._canvas, seen, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _save(self) -> None:
        store = self._session.keeper.store
        if store and (path := ask_file(self, tr("Save the results as"), Path(store.path.name), ".gpkg")):
            self._guarded(self._session.keeper.move_to)(path)

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        """The same, with an error shown instead of raised."""

        def acted(*arguments: Any) -> None:
            try:
                act(*(argument for argument in arguments if not isinstance(argument, bool)))  # a click's `checked`
            except ZoomEarthError as error:
                self._warn(error.message, error.hint)
            self._refresh()

        return acted

    def _warn(self, message: str, hint: str) -> None:
        """In the panel, whole; QGIS's message bar has room for one line, which is seen where the panel is closed."""
        self.refusal.say(f"{message} {hint}".strip())
        self._iface.messageBar().pushMessage("ZoomEarth", html.escape(message), Qgis.MessageLevel.Warning)

    def _sure(self, count: int) -> bool:
        return self.confirm(tr("{count} polygons are selected. The question is asked once for each of them. Continue?").format(count=count))

    def _ask_user(self, text: str) -> bool:
        if QGuiApplication.platformName() == "offscreen":  # nobody could answer
            return True
        yes = QMessageBox.StandardButton.Yes
        return QMessageBox.question(self, "ZoomEarth", text, yes | QMessageBox.StandardButton.No) == yes
