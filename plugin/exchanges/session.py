"""The exchanges of a project: asks one after another, stores them in the project's GeoPackage, and announces them by signals. No widgets.

session.ask(Question(layer, "How many ships are there?"), place)
session.event_received.connect(...)  # (exchange, event): each event of the backend except progress
session.finished.connect(...)        # (exchange): it has ended and is stored, or `session.results.trouble` says why not
"""

from __future__ import annotations

import glob
import shutil
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterable, Optional

from qgis.core import QgsRectangle
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError, ZoomEarthError
from ...core.events import Call, Called, Cancelled, Event, Failed, Last, Progress, Saw
from ...core.requests import Ask, Load
from ...core.roi_table import stored
from ...core.source import SceneSource
from ...core.tool_calls import Offer
from ..child.backend_process import Backend, Job, State
from ..i18n import tr
from ..layers.raster_layers import needs_snapshot, other_rasters, raw_words, scene_source, style_of, wkt
from ..layers.scope import Place, Ring
from ..layers.snapshot import Snapshot
from ..settings import user_name
from .exchange import Exchange, Status, UsedTool
from .geopackage import unwritable
from .project_results import ProjectResults
from .question import Question
from .results_file import ResultsFile
from .writer import BRIEF


@dataclass
class Asked:
    """One question that waits or runs. call: the tool that it has called last."""

    exchange: Exchange
    question: Question
    place: Place
    call: Optional[Call] = None
    work: Any = None  # the Snapshot or the Job that runs
    cancelled: bool = False


class Session(QObject):
    """See the module. load: called for each question; returns the request that loads the model."""

    added = pyqtSignal(object)
    event_received = pyqtSignal(object, object)  # Exchange, Event
    progressed = pyqtSignal(str, int, int)
    finished = pyqtSignal(object)
    removed = pyqtSignal(object)
    uses_changed = pyqtSignal(object)  # Exchange
    checked = pyqtSignal(object)  # Exchange: a person has checked its answer
    replaced = pyqtSignal()  # the list of exchanges has changed: another project, or an exchange brought back by `undo`

    def __init__(self, backend: Backend, results: ProjectResults, load: Callable[[], Load], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.backend, self.results = backend, results
        self.exchanges: list[Exchange] = results.read()
        self._load = load
        self._waiting: deque[Asked] = deque()
        self._running: Optional[Asked] = None
        self._removed: list[tuple[int, Exchange, Optional[UsedTool]]] = []  # None: the exchange itself
        self._ended: dict[str, Exchange] = {}  # by id: being written, `finished` is not emitted yet
        self._snapshots: dict[tuple[Any, ...], tuple[str, str]] = {}  # path and `seen_as`, by layer, style, extent and resolution
        results.project_changed.connect(self._replace)
        results.settled.connect(self._finish)
        results.recovered.connect(self._merge)
        results.edited.connect(self._take_edit)
        backend.changed.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether a question waits or runs, or its answer has not been written yet."""
        return self._running is not None or bool(self._waiting) or bool(self._ended)

    @property
    def open_questions(self) -> int:
        """The number of questions that wait or run."""
        return len(self._waiting) + (self._running is not None and not self._running.cancelled)

    @property
    def can_undo(self) -> bool:
        return bool(self._removed)

    def ask(self, question: Question, place: Place) -> Exchange:
        """Queues a question about a place; `added` is emitted at once."""
        layer, compare = question.layer, question.compare
        exchange = Exchange(question.text, layer.source(), layer.name(), wkt(layer.crs()), place.words, answer_type=question.answer_type)
        exchange.outline = [[[x, y] for x, y in ring] for ring in place.outline or [_corners(layer.extent())]]
        self.results.begin()
        self.exchanges.append(exchange)
        if compare:
            exchange.compare, exchange.names = stored(compare.source), list(compare.names or ())
        self._waiting.append(Asked(exchange, question, place))
        self.added.emit(exchange)
        self._next()
        return exchange

    def cancel(self) -> None:
        """Cancels every question that waits or runs."""
        waiting, self._waiting = self._waiting, deque()
        for asked in waiting:
            self._end(asked, Cancelled())
        if self._running and self._running.work:
            self._running.cancelled = True
            self._running.work.cancel()

    def remove(self, exchange: Exchange) -> None:
        """Removes an exchange that has ended, also from the GeoPackage; `undo` brings it back."""
        at = self.exchanges.index(exchange)
        del self.exchanges[at]
        self.results.remove(exchange)
        for use in exchange.uses:
            self.results.hide_use(use)
        self._removed.append((at, exchange, None))
        self.removed.emit(exchange)

    def add_use(self, exchange: Exchange, use: UsedTool) -> None:
        """Stores what a tool has made of a part of the exchange's raster, and adds its layer. The exchange may be a new one."""
        exchange.uses = [*exchange.uses, use]  # a new list, because a thread may be writing the old one
        if exchange not in self.exchanges:
            self.exchanges.append(exchange)
            self.added.emit(exchange)
        self.results.show_use(exchange, use)
        self.update(exchange)

    def check(self, exchange: Exchange, checked: Optional[str], by: str, note: Optional[str] = None) -> None:
        """Stores what a person says that the answer of an exchange that has ended is; see `Exchange.check`."""
        exchange.check(checked, by, note)
        self.results.keep(exchange)
        self.checked.emit(exchange)

    @property
    def asks_server(self) -> bool:
        """Whether the model of the settings runs on a server. Raises ZoomEarthError."""
        return bool(self._load().settings.remote)

    def _take_edit(self, id: str, written: dict[str, Optional[str]]) -> None:
        """Stores what the user has written into the feature of an answer; who and when are added where the user has not written them."""
        exchange = next((exchange for exchange in self.exchanges if exchange.id == id), None)
        if exchange:
            exchange.check(written.get("checked", exchange.checked), user_name(), written.get("note", exchange.note))
            for name in written.keys() & {"checked_by", "checked_at"}:
                setattr(exchange, name, written[name])
            self.results.keep(exchange)
            self.checked.emit(exchange)

    def submit_load(self) -> Job:
        """Has the backend load the model of the settings; it does nothing where that one is loaded already. Raises ZoomEarthError."""
        return self.backend.submit(self._load())

    def store(self, exchange: Exchange, last: Last) -> None:
        """Writes an exchange that has ended and is no question to the model, and announces its last event."""
        self.results.keep(exchange)
        self.event_received.emit(exchange, last)

    def remove_use(self, exchange: Exchange, use: UsedTool) -> None:
        """Removes the use and its layer; `undo` brings it back. An exchange of nothing else is removed."""
        if not exchange.question and len(exchange.uses) == 1:
            self.remove(exchange)
            return
        at = exchange.uses.index(use)
        exchange.uses = [*exchange.uses[:at], *exchange.uses[at + 1 :]]
        self._removed.append((at, exchange, use))
        self.results.hide_use(use)
        self.update(exchange)

    def undo(self) -> None:
        """Brings back the exchange, or the use of a tool, that was removed last."""
        if not self._removed:
            return
        at, exchange, use = self._removed.pop()
        if use is None:
            self.results.keep(exchange)
            self.exchanges.insert(min(at, len(self.exchanges)), exchange)
            self.results.show_uses(exchange)
            self.replaced.emit()
        else:
            exchange.uses = [*exchange.uses[:at], use, *exchange.uses[at:]]
            self.results.show_use(exchange, use)
            self.update(exchange)

    def update(self, exchange: Exchange) -> None:
        """Stores what has changed about an exchange or about what was used on it, and announces it."""
        if exchange.status is not Status.RUNNING:  # else it is written when it ends
            self.results.keep(exchange)
        self.uses_changed.emit(exchange)

    def reload(self) -> None:
        """Reads the GeoPackage again, which another program may have written to."""
        self._merge(self.results.reload())

    def add(self, file: Path) -> None:
        """Adds the exchanges of another GeoPackage to this project. Raises SceneError."""
        present = {exchange.id for exchange in self.exchanges}
        added = [exchange for exchange in ResultsFile(file).read(BRIEF) if exchange.id not in present]
        for exchange in added:
            self._take_files(exchange, ResultsFile(file).folder)
            self.results.keep(exchange)
            self.results.show_uses(exchange)
        self._merge([*self.exchanges, *added])

    def _take_files(self, exchange: Exchange, folder: Path) -> None:
        """Copies what tools have made into the folder of this project's results, under free names. Raises SceneError."""
        taken = []
        for use in exchange.uses:
            out = self.results.made.new_path(Path(use.made.out))
            try:
                for file in (folder / use.made.out, *folder.glob(f"{glob.escape(use.made.out)}.*")):
                    shutil.copyfile(file, out.with_name(out.name + file.name[len(use.made.out) :]))
                taken.append(replace(use, made=replace(use.made, out=out.name)))
            except OSError as error:
                raise unwritable(out, error) from error
        exchange.uses = taken

    def close(self) -> None:
        """Cancels every question and ends the backend process at once."""
        self.cancel()
        self.backend.close()
        self.forget_removed()

    def forget_removed(self) -> None:
        """Deletes the files of what was removed and not brought back; to be called before the project closes."""
        for _, exchange, use in self._removed:
            for each in exchange.uses if use is None else [use]:
                self.results.made.delete(each)
        self._removed.clear()

    def _next(self) -> None:
        if self._running or not self._waiting or self.backend.state is State.BROKEN:  # the questions wait until it is revived
            return
        asked = self._running = self._waiting.popleft()
        layer = asked.question.layer
        if sip.isdeleted(layer):
            self._fail(asked, SceneError(tr("The layer was removed."), tr("Add the layer again, then repeat the question.")))
        elif needs_snapshot(layer, asked.question.raw):
            self._snapshot(asked)
        else:
            asked.exchange.seen_as = raw_words(layer)
            self._submit(asked)

    def _snapshot(self, asked: Asked) -> None:
        layer, resolution = asked.question.layer, asked.question.resolution
        extent = asked.place.extent(layer)
        key = (layer.id(), style_of(layer), extent.toString(), resolution)
        if existing := self._snapshots.get(key):
            path, asked.exchange.seen_as = existing
            self._submit(asked, path)
            return
        snapshot = asked.work = Snapshot(self)

        def finished(path: str) -> None:
            self._snapshots[key] = path, asked.exchange.seen_as
            self._submit(asked, path)

        snapshot.progress.connect(lambda percent: self.progressed.emit("snapshot", percent, 100))
        snapshot.finished.connect(finished)
        snapshot.failed.connect(lambda message, hint: self._fail(asked, SceneError(message, hint)))
        snapshot.cancelled.connect(lambda: self._end(asked, Cancelled()))
        plan = snapshot.start(layer, extent, resolution)
        asked.exchange.seen_as = plan.words if plan else ""

    def _submit(self, asked: Asked, snapshot: str = "") -> None:
        """Sends a question to the backend. snapshot: the path of the file that replaces the layer."""
        try:
            source = SceneSource(snapshot) if snapshot else scene_source(asked.question.layer)
            asked.exchange.scene = None if snapshot else stored(source)
            asked.exchange.region = asked.place.where
            request = Ask(
                source,
                asked.exchange.question,
                asked.place.where,
                answer_type=asked.exchange.answer_type,
                tools=self._offer(asked) if asked.question.tools else None,
                compare=asked.question.compare,
            )
            load = self._load()
        except ZoomEarthError as error:
            return self._fail(asked, error)
        except ValueError as error:  # an invalid question, for example an outline of too many corners
            return self._fail(asked, SceneError(str(error)))
        loading = self.backend.submit(load)  # the backend does nothing where that model is loaded already
        loading.heard.connect(self._progress)
        job: Job = self.backend.submit(request)
        asked.work = job
        job.heard.connect(lambda event: self._hear(asked, event))
        job.ended.connect(lambda event: self._end(asked, event))

    def _progress(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.stage, event.done, event.total)

    def _hear(self, asked: Asked, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif asked.exchange in self.exchanges:  # else its project has been closed
            asked.exchange.hear(event)
            self.event_received.emit(asked.exchange, event)
            if isinstance(event, Called):
                asked.call = event.call
            elif isinstance(event, Saw) and event.view.tool and asked.call:
                self._add_called(asked.exchange, asked.call)
        elif isinstance(event, Called) and event.call.made:
            Path(event.call.made.out).unlink(missing_ok=True)  # nobody waits for it

    def _offer(self, asked: Asked) -> Offer:
        """The tools that the model may use; the other rasters of the place are images of other dates. Raises SceneError."""
        others = other_rasters(asked.question.layer, asked.place.extent(asked.question.layer))
        return Offer(str(self.results.made.begin_folder()), tuple(scene_source(other).path for other in others))

    def _add_called(self, exchange: Exchange, call: Call) -> None:
        """Shows what a tool has made that the model has called; the exchange's last view is its picture."""
        view, made = exchange.views[-1], call.made
        if made is None:
            return
        out = self.results.made.brought(Path(made.out))
        self.add_use(exchange, UsedTool(replace(made, out=out), view.label or exchange.scope, view.corners, after=view.picture))

    def _fail(self, asked: Asked, error: ZoomEarthError) -> None:
        self._end(asked, Failed.of(error))

    def _end(self, asked: Asked, event: Last) -> None:
        exchange = asked.exchange
        exchange.hear(event)
        if asked is self._running:
            self._running = None
        current = exchange in self.exchanges  # else its project has been closed
        if current:
            self.event_received.emit(exchange, event)
        if current and (exchange.status is not Status.CANCELLED or exchange.views):
            self._ended[exchange.id] = exchange
            self.results.keep(exchange)
        else:
            self.finished.emit(exchange)
        self._next()

    def _finish(self, id: str) -> None:
        if exchange := self._ended.pop(id, None):
            self.finished.emit(exchange)

    def _merge(self, exchanges: Iterable[Exchange]) -> None:
        """Takes these exchanges, and those that are not in any file yet, in the order of asking."""
        merged = {exchange.id: exchange for exchange in exchanges}
        merged.update((exchange.id, exchange) for exchange in self.exchanges if exchange.id in merged or exchange.status is Status.RUNNING)
        self.exchanges = sorted(merged.values(), key=lambda exchange: exchange.time)
        self.replaced.emit()

    def _replace(self) -> None:
        self.exchanges = []  # first, so that the exchanges of the old project are not stored in the new one
        self.cancel()
        for id in list(self._ended):
            self._finish(id)
        self._removed.clear()
        self._snapshots.clear()
        self.exchanges = self.results.read()
        self.replaced.emit()


def _corners(box: QgsRectangle) -> Ring:
    left, bottom, right, top = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
    return (left, top), (right, top), (right, bottom), (left, bottom)
