"""The runs of a project: begins them, finds those of earlier sessions, and stops them before their files move. No widgets.

runs.start(Wanted(Question(raster, "Is there a pool?", AnswerType("choice", ("yes", "no"))), polygons, ids))
run = runs.of(exchange)           # of a card; None where the exchange is no run
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping, Optional

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ...core.tools import MASK, Made
from ..exchanges.exchange import RUN, Exchange, Status, UsedTool
from ..exchanges.result_tables import slug
from ..exchanges.session import Session
from ..i18n import tr
from ..layers.raster_layers import wkt
from ..settings import user_name
from .preparing import Preparing, Wanted, outside_words
from .rows import Counts, summary
from .run import Phase, Run
from .sources import RESOLUTION
from .things import SURVEY_ID, YES, is_about_things, question_about, rows_of_things


class Runs(QObject):
    """One asks at a time."""

    started = pyqtSignal(object)  # Run
    failed = pyqtSignal(str, str)  # message and hint; also about polygons that were left out
    progressed = pyqtSignal(str, int, int)
    changed = pyqtSignal()
    closed = pyqtSignal(object)  # Run: it is not to be shown any more

    def __init__(self, session: Session, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs: dict[str, Run] = {}  # by the id of their exchange
        self._preparing: Optional[Preparing] = None
        self._resumed: Optional[Run] = None  # goes on when the results have moved
        self._counted: dict[str, Optional[str]] = {}  # the checked count of the things of a survey, by the id of the run's exchange
        session.replaced.connect(self._replaced)
        session.removed.connect(self._removed)
        session.results.changed.connect(self._results_changed)
        session.results.before_move = self._before_move
        QgsProject.instance().removeAll.connect(self._finish)

    @property
    def preparing(self) -> bool:
        return self._preparing is not None

    @property
    def busy(self) -> bool:
        return self.preparing or self._asking is not None

    def start(self, wanted: Wanted) -> None:
        """Prepares the rows and begins to ask. Raises SceneError where another run asks, or nothing can be written."""
        self._refuse_second()
        self._session.results.made.begin_folder()
        try:
            preparing = self._preparing = Preparing(wanted, self)
        except ValueError as error:
            raise SceneError(str(error)) from None
        preparing.progressed.connect(lambda done, total: self.progressed.emit("preparing", done, total))
        preparing.ended.connect(lambda: self._begin(preparing))
        self.changed.emit()

    def of_survey(self, exchange: Exchange, use: UsedTool) -> Run:
        """The run whose rows are what a survey has found; it is made where there is none. Raises SceneError where nothing was found, or
        nothing can be written."""
        for other in self._session.exchanges:
            if any(each.made.metrics.get(SURVEY_ID) == exchange.id for each in other.uses) and (run := self.of(other)):
                return run
        layer = self._session.results.use_layer(use)
        rows = rows_of_things(exchange, use, layer) if isinstance(layer, QgsVectorLayer) else []
        if not rows:
            raise SceneError(
                tr("There is nothing to check: {target}.").format(target=use.made.label), tr("Show its layer on the map first.")
            )
        about = Exchange(question_about(use), exchange.source, exchange.layer, exchange.crs, use.place, answer_type=rows[0].answer_type)
        about.scene, about.seen_as, about.model = exchange.scene, exchange.seen_as, exchange.model
        self._counted[about.id] = None
        return self._open(about, rows, {SURVEY_ID: exchange.id})

    def go_on(self, run: Run) -> None:
        """Raises SceneError where another one asks."""
        self._refuse_second()
        run.go_on()

    def retry(self, run: Run) -> None:
        """Raises SceneError where another one asks."""
        self._refuse_second()
        run.retry()

    def cancel(self) -> None:
        """Cancels the one that asks or is prepared."""
        if self._preparing:
            self._preparing.cancel()
            self._preparing = None
            self.changed.emit()
        if run := self._asking:
            run.cancel()

    def of(self, exchange: Exchange) -> Optional[Run]:
        """The run of a card; it reads its rows at first."""
        use = next((use for use in exchange.uses if use.made.tool == RUN), None)
        if use is None:
            return None
        if exchange.id not in self._runs:
            self._add(Run(self._session, exchange, use, (), self))
        return self._runs[exchange.id]

    def expanded(self) -> list[Exchange]:
        """The exchanges of the project, with the rows of each run in its place."""
        listed: list[Exchange] = []
        for exchange in self._session.exchanges:
            run = self.of(exchange)
            listed += run.rows if run and run.rows else [exchange]
        return listed

    def answer_layers(self) -> list[QgsVectorLayer]:
        """The layers of the answers of all runs."""
        uses = [use for exchange in self._session.exchanges for use in exchange.uses if use.made.tool == RUN]
        layers = [self._session.results.use_layer(use) for use in uses]
        return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.isValid()]

    def close(self) -> None:
        for run in self._runs.values():  # first, so that nothing is written to results that are closed already
            run.close()
        self._finish()
        self._session.results.before_move = lambda move: move()
        QgsProject.instance().removeAll.disconnect(self._finish)

    @property
    def _asking(self) -> Optional[Run]:
        return next((run for run in self._runs.values() if run.asking), None)

    def _refuse_second(self) -> None:
        if self.busy:
            raise SceneError(tr("Another run is asking."), tr("Pause it, or wait for its end."))

    def _begin(self, preparing: Preparing) -> None:
        self._preparing = None
        wanted, rows = preparing.wanted, preparing.rows
        if not rows:
            self.failed.emit(tr("No polygon lies on the layer."), tr("Choose polygons that lie on the layer."))
            self.changed.emit()
            return
        question, polygons = wanted.question, wanted.polygons
        layer = question.layer
        words = tr("{count} polygons of {layer}").format(count=len(rows), layer=polygons.name())
        exchange = Exchange(question.text, layer.source(), layer.name(), wkt(layer.crs()), words, answer_type=question.answer_type)
        exchange.scene, exchange.seen_as = rows[0].scene, rows[0].seen_as
        run = self._open(exchange, rows, {RESOLUTION: question.resolution} if question.resolution and rows[0].scene is None else {})
        run.go_on()
        if words := outside_words(preparing.left_out, len(wanted.ids), layer):
            self.failed.emit(words, "")

    def _open(self, exchange: Exchange, rows: list[Exchange], metrics: Mapping[str, Any]) -> Run:
        """Adds a run with these rows to the project. exchange: of its card."""
        places = [corner for row in rows for ring in row.place for corner in ring]
        xs, ys = [corner[0] for corner in places], [corner[1] for corner in places]
        (left, right), (bottom, top) = (min(xs), max(xs)), (min(ys), max(ys))
        corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        exchange.outline = [[[x, y] for x, y in corners]]
        exchange.status, exchange.stopped, exchange.answer = Status.DONE, "answered", summary(Counts.of(rows))
        out = self._session.results.made.new_path(Path(f"{slug(exchange.question)}.gpkg"))
        use = UsedTool(Made(RUN, "", MASK, out.name, None, (), dict(metrics), 0.0, exchange.question), exchange.scope, corners)
        run = self._add(Run(self._session, exchange, use, rows, self))
        self._session.add_use(exchange, use)
        self.started.emit(run)
        return run

    def _count_things(self, run: Run) -> None:
        """The count of a survey follows what a person says of the things."""
        survey = next((each for each in self._session.exchanges if each.id == run.use.made.metrics[SURVEY_ID]), None)
        counts = run.counts
        count = str(counts.answers.get(YES, 0)) if counts.checked else None
        before = self._counted.get(run.exchange.id, count)  # what a person has written into the answer itself stays until the next check
        self._counted[run.exchange.id] = count
        if survey and run.rows and before != count:
            survey.check(count, user_name(), survey.note)
            self._session.update(survey)

    def _add(self, run: Run) -> Run:
        run.changed.connect(self.changed)
        if is_about_things(run):
            run.changed.connect(lambda: self._count_things(run))
        self._runs[run.exchange.id] = run
        return run

    def _removed(self, exchange: Exchange) -> None:
        if run := self._runs.get(exchange.id):
            run.pause()
            self.closed.emit(run)

    def _replaced(self) -> None:
        """Another project, or the same exchanges read anew."""
        current = {exchange.id: exchange for exchange in self._session.exchanges}
        for id, run in list(self._runs.items()):
            if id in current:
                run.exchange = current[id]
            else:
                run.close()
                del self._runs[id]
                self.closed.emit(run)
                run.deleteLater()

    def _finish(self) -> None:
        """Before the project closes: waits until the rows are written."""
        if self._preparing:
            self._preparing.cancel()
            self._preparing = None
        for run in self._runs.values():
            run.finish()

    def _before_move(self, move: Callable[[], None]) -> None:
        run = self._asking
        resumed = run if run and run.phase is Phase.ASKING else None  # else the user has stopped it

        def rested() -> None:
            for each in self._runs.values():
                each.finish()
            self._resumed = resumed  # not before: `finish` runs the event loop
            move()

        if run is None:
            rested()
            return

        def once() -> None:
            run.rested.disconnect(once)
            rested()

        run.rested.connect(once)
        run.pause()

    def _results_changed(self) -> None:
        """The results have moved, or something was written."""
        results = self._session.results
        if results.file is None or results.writing:
            return
        for run in self._runs.values():
            if run.phase is not Phase.CLOSED and results.made.has_left(run.path):
                run.follow()
        resumed, self._resumed = self._resumed, None
        if resumed:
            resumed.go_on()
