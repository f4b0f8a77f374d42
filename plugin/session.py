"""The exchanges of a project: asked one after another, kept in its GeoPackage, told of by signals. No widgets.

session.ask(layer, "How many ships are there?", place)
session.told.connect(...)       # (exchange, event): each event of the backend as it comes
session.finished.connect(...)   # (exchange): answered, failed or cancelled, and kept
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Optional

from qgis.core import QgsRasterLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import ZoomEarthError
from .exchange import Exchange, Status
from .i18n import tr
from .keeper import Keeper
from .layers import needs_snapshot, raw_words, scene_fields, style_of, wkt
from .process import Backend, Job
from .scope import Place
from .snapshot import Snapshot


@dataclass
class Asked:
    """One question waiting or under way. resolution: map units per pixel of the snapshot, for a layer that GDAL can't read; raw: its values
    are wanted and not the layer's style."""

    exchange: Exchange
    layer: QgsRasterLayer
    place: Place
    resolution: Optional[float]
    raw: bool
    work: Any = None  # the Snapshot or the Job that runs now


class Session(QObject):
    """See the module. `load` gives the fields of the wire's load message at the time of asking."""

    added = pyqtSignal(object)
    told = pyqtSignal(object, dict)
    progressed = pyqtSignal(str, int, int)
    finished = pyqtSignal(object)
    removed = pyqtSignal(object)
    replaced = pyqtSignal()  # another project, or one brought back: the list of exchanges is another

    def __init__(self, backend: Backend, keeper: Keeper, load: Callable[[], dict[str, Any]], parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.backend, self.keeper = backend, keeper
        self.exchanges: list[Exchange] = keeper.read()
        self._load = load
        self._waiting: deque[Asked] = deque()
        self._running: Optional[Asked] = None
        self._removed: list[tuple[int, Exchange]] = []
        self._unkept: dict[str, tuple[Exchange, str, str]] = {}  # by id, with their own message and hint
        self._snapshots: dict[tuple[Any, ...], tuple[str, str]] = {}  # path, and what it shows in words
        keeper.project_changed.connect(self._replace)
        keeper.moved.connect(self._keep_late)
        keeper.saved.connect(self._keep_late)

    @property
    def busy(self) -> bool:
        return self._running is not None or bool(self._waiting)

    @property
    def can_undo(self) -> bool:
        return bool(self._removed)

    def ask(self, layer: QgsRasterLayer, question: str, place: Place, resolution: Optional[float] = None, raw: bool = False) -> Exchange:
        """Queues a question; the exchange is told of at once."""
        exchange = Exchange(question, layer.source(), layer.name(), wkt(layer.crs()), place.words)
        self.exchanges.append(exchange)
        self._waiting.append(Asked(exchange, layer, place, resolution, raw))
        self.added.emit(exchange)
        self._next()
        return exchange

    def cancel(self) -> None:
        """Everything that waits or runs."""
        waiting, self._waiting = self._waiting, deque()
        for asked in waiting:
            self._end(asked, {"event": "cancelled"})
        if self._running and self._running.work:
            self._running.work.cancel()

    def remove(self, exchange: Exchange) -> None:
        """Forgets an exchange that has ended, here and in the GeoPackage; `undo` brings it back. Raises SceneError."""
        self.keeper.remove(exchange)
        at = self.exchanges.index(exchange)
        del self.exchanges[at]
        if unkept := self._unkept.pop(exchange.id, None):
            _, exchange.message, exchange.hint = unkept
        self._removed.append((at, exchange))
        self.removed.emit(exchange)

    def undo(self) -> None:
        """Brings back what was removed last. Raises SceneError."""
        if self._removed:
            at, exchange = self._removed[-1]
            self.keeper.keep(exchange)
            self._removed.pop()
            self.exchanges.insert(min(at, len(self.exchanges)), exchange)
            self.replaced.emit()

    def close(self) -> None:
        """Cancels and ends the process, at once."""
        self.cancel()
        self.backend.close()

    def _next(self) -> None:
        if self._running or not self._waiting:
            return
        asked = self._running = self._waiting.popleft()
        if sip.isdeleted(asked.layer):
            gone = {"message": tr("The layer was removed."), "hint": tr("Add it again and ask again.")}
            self._end(asked, {"event": "failed", **gone})
        elif needs_snapshot(asked.layer, asked.raw):
            self._snapshot(asked)
        else:
            asked.exchange.seen_as = raw_words(asked.layer)
            self._submit(asked, scene_fields(asked.layer))

    def _snapshot(self, asked: Asked) -> None:
        extent = asked.place.extent(asked.layer)
        key = (asked.layer.id(), style_of(asked.layer), extent.toString(), asked.resolution)
        if taken := self._snapshots.get(key):
            path, asked.exchange.seen_as = taken
            self._submit(asked, {"scene": path})
            return
        snapshot = asked.work = Snapshot(self)

        def finished(path: str) -> None:
            self._snapshots[key] = path, asked.exchange.seen_as
            self._submit(asked, {"scene": path})

        snapshot.progress.connect(lambda percent: self.progressed.emit("snapshot", percent, 100))
        snapshot.finished.connect(finished)
        snapshot.failed.connect(lambda message, hint: self._end(asked, {"event": "failed", "message": message, "hint": hint}))
        snapshot.cancelled.connect(lambda: self._end(asked, {"event": "cancelled"}))
        plan = snapshot.start(asked.layer, extent, asked.resolution)
        asked.exchange.seen_as = plan.words if plan else ""

    def _submit(self, asked: Asked, scene: dict[str, Any]) -> None:
        if asked.place.outline:
            scene["outline"] = asked.place.outline
        try:
            load = self._load()
        except ZoomEarthError as error:
            self._end(asked, {"event": "failed", **error.to_dict()})
            return
        loading = self.backend.submit("load", **load)  # nothing is done where that model is loaded already
        loading.heard.connect(self._progress)
        job: Job = self.backend.submit("ask", question=asked.exchange.question, **scene)
        asked.work = job
        self._prepare(asked.exchange)
        job.heard.connect(lambda event: self._hear(asked, event))
        job.ended.connect(lambda event: self._end(asked, event))

    def _progress(self, event: dict[str, Any]) -> None:
        self.progressed.emit(event["stage"], event["done"], event["total"])

    def _hear(self, asked: Asked, event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            self._progress(event)
        elif asked.exchange in self.exchanges:  # not of a project that has been closed meanwhile
            asked.exchange.hear(event)
            self.told.emit(asked.exchange, event)
            if event["event"] == "saw" and len(asked.exchange.zooms) == 1:
                self._prepare(asked.exchange)

    def _prepare(self, exchange: Exchange) -> None:
        with contextlib.suppress(ZoomEarthError):  # it is tried again, and said, when the exchange is kept
            self._restore(exchange)
            self.keeper.prepare(exchange)

    def _restore(self, current: Exchange) -> None:
        """Where somebody has deleted the file: all that was in it, but for the exchange that is being answered, into a new one."""
        if self.keeper.lost:
            self.keeper.begin_anew()
            for one in self.exchanges:
                if one is not current and one.status is not Status.RUNNING:
                    self._unkept.setdefault(one.id, (one, one.message, one.hint))
            self._keep_late()

    def _end(self, asked: Asked, event: dict[str, Any]) -> None:
        asked.exchange.hear(event)
        if asked.exchange in self.exchanges:
            self._keep(asked.exchange)
            self.told.emit(asked.exchange, event)
        if asked is self._running:
            self._running = None
        self.finished.emit(asked.exchange)
        self._next()

    def _keep(self, exchange: Exchange) -> None:
        if exchange.status is not Status.CANCELLED or exchange.views:
            self._keep_late()
            self._write(exchange)

    def _keep_late(self) -> None:
        """What could not be written when it had ended: the disk may have room again, or the results another place."""
        unkept, self._unkept = self._unkept, {}
        for exchange, message, hint in unkept.values():
            exchange.message, exchange.hint = message, hint
            with contextlib.suppress(ZoomEarthError):  # what was half written
                self.keeper.remove(exchange)
            self._write(exchange)
            self.told.emit(exchange, {"event": "kept"})

    def _write(self, exchange: Exchange) -> None:
        try:
            self._restore(exchange)
            self.keeper.keep(exchange)
        except ZoomEarthError as error:  # the answer stays in the panel, and waits
            self._unkept[exchange.id] = exchange, exchange.message, exchange.hint
            exchange.message, exchange.hint = error.message, error.hint

    def _replace(self) -> None:
        self.cancel()
        self._removed.clear()
        self._unkept.clear()
        self._snapshots.clear()
        self.exchanges = self.keeper.read()
        self.replaced.emit()
