"""Finds all things of a kind in a raster through the backend. The file and its layer grow while it runs. No widgets.

surveys.start(layer, "ships", place)     # an exchange: its answer is the count, and the layer of what was found is like that of a tool
surveys.counted.connect(...)             # (count, views looked at, all views)

After a cancel, a crash or a restart of QGIS the same start goes on where it was: its file is named after the layer and the things.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional, cast

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ...core.events import Done, Event, Failed, Last, Loaded, Progress, Surveyed, SurveyResult
from ...core.requests import RunSurvey
from ...core.roi_table import stored
from ...core.source import Corner
from ...core.tools import MASK, SURVEY, Made
from ..child.backend_process import Job
from ..i18n import tr
from ..layers.raster_layers import tool_source, wkt
from ..layers.scope import Place
from .exchange import Exchange, Status, UsedTool
from .result_tables import slug
from .session import Session

PAUSE = 2.0  # seconds between two looks at the file while it grows


@dataclass
class _Run:
    exchange: Exchange
    request: RunSurvey
    place: str
    corners: tuple[Corner, ...]
    loading: Job
    job: Job
    use: Optional[UsedTool] = None
    shown: float = 0.0


class Surveys(QObject):
    """One at a time."""

    counted = pyqtSignal(int, int, int)
    progressed = pyqtSignal(str, int, int)
    failed = pyqtSignal(str, str)
    changed = pyqtSignal()

    def __init__(self, session: Session, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: Optional[_Run] = None
        session.results.project_changed.connect(self._forget)

    @property
    def busy(self) -> bool:
        return self._run is not None

    def start(self, layer: QgsRasterLayer, target: str, place: Place, masks: bool = False) -> None:
        """Begins, or goes on. masks: a thing is its outline, and not its box.

        Raises SceneError where one is running, QGIS alone can read the layer, or nothing can be written.
        """
        if self._run:
            raise SceneError(tr("A search is running already."), tr("Wait for its end, or cancel it."))
        try:
            source, where = tool_source(layer), place.where
        except ValueError as error:
            raise SceneError(str(error)) from None
        out = self._path(layer, target)
        exchange = Exchange(tr("Find all: {target}").format(target=target), layer.source(), layer.name(), wkt(layer.crs()), place.words)
        corners = place.corners(layer)
        exchange.outline = [[[x, y] for x, y in ring] for ring in place.outline or [corners]]
        exchange.scene, exchange.region = stored(source), where
        self._hide_earlier(out)
        loading = self._session.submit_load()
        request = RunSurvey(source, target, str(out), where, masks=masks)
        job = self._session.backend.submit(request)
        run = self._run = _Run(exchange, request, place.words, corners, loading, job)
        loading.heard.connect(self._hear_progress)
        job.heard.connect(lambda event: self._hear(run, event))
        job.ended.connect(lambda last: self._end(run, last))
        self.progressed.emit("starting", 0, 0)
        self.changed.emit()

    def cancel(self) -> None:
        """What was found stays."""
        if self._run:
            self._run.job.cancel()

    def _path(self, layer: QgsRasterLayer, target: str) -> Path:
        return self._session.results.made.begin_folder() / f"{slug(layer.name())}_{slug(target)}.gpkg"

    def _hide_earlier(self, out: Path) -> None:
        """The file is made anew: no layer may read the old one."""
        for exchange in self._session.exchanges:
            for use in exchange.uses:
                if use.made.tool == SURVEY and use.made.out == out.name:
                    self._session.results.hide_use(use)

    def _hear_progress(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.stage, event.done, event.total)

    def _hear(self, run: _Run, event: Event) -> None:
        self._hear_progress(event)
        if isinstance(event, Surveyed) and run is self._run:
            self.counted.emit(event.count, event.done, event.total)
            run.exchange.notes = list(event.notes)
            if run.use is None:
                self._show(run)
            elif time.monotonic() - run.shown > PAUSE:
                self._session.results.reload_use(run.use)
                run.shown = time.monotonic()

    def _show(self, run: _Run) -> None:
        """Adds the exchange with the layer, which is empty at first."""
        made = Made(SURVEY, "", MASK, Path(run.request.out).name, None, (), {}, 0.0, run.request.target)
        run.use, run.shown = UsedTool(made, run.place, run.corners), time.monotonic()
        self._session.add_use(run.exchange, run.use)

    def _end(self, run: _Run, last: Last) -> None:
        if run is not self._run:
            return
        self._run = None
        exchange = run.exchange
        exchange.hear(last)
        if isinstance(last, Done) and isinstance(last.result, SurveyResult):
            if run.use is None:
                self._show(run)
            loaded = cast(Done, run.loading.result).result
            try:
                self._finish(run, last.result, loaded.model if isinstance(loaded, Loaded) else "")
            except SceneError as error:
                self.failed.emit(error.message, error.hint)
        elif isinstance(last, Failed):
            self.failed.emit(last.message, last.hint)
        elif run.use:
            exchange.notes = [*exchange.notes, tr("Cancelled. Find all again goes on where it was.")]
        if run.use:
            self._session.results.reload_use(run.use)
            self._session.store(exchange, last)
        self.changed.emit()

    def _finish(self, run: _Run, result: SurveyResult, model: str) -> None:
        exchange, use = run.exchange, cast(UsedTool, run.use)
        views = ", ".join(f"{number} {state}" for state, number in result.views.items() if number)
        seen = tr("{part} % of the area was looked at closely; views: {views}").format(part=round(100 * result.coverage, 1), views=views)
        metrics = {"count": result.count, "candidates": result.candidates, "coverage": result.coverage}
        made = replace(use.made, backend=model, notes=(seen,), metrics=metrics, seconds=result.seconds)
        exchange.answer, exchange.stopped, exchange.status = str(result.count), "answered", Status.DONE
        exchange.model, exchange.seconds, exchange.meaningless = model, result.seconds, result.meaningless
        self._bring(run.request)
        exchange.uses = [replace(use, made=made) if each.id == use.id else each for each in exchange.uses]

    def _bring(self, request: RunSurvey) -> None:
        """Brings the files where the results are, which may have moved meanwhile. Raises SceneError."""
        results = self._session.results
        for file in map(Path, (request.out, request.readings, request.outlines)):
            if results.made.has_left(file) and file.exists():
                results.made.bring(file, results.made.begin_folder() / file.name)

    def _forget(self) -> None:
        """The project was closed."""
        run, self._run = self._run, None
        if run:
            run.job.cancel()
            self.changed.emit()
