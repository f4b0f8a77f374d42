"""Asks the rows of a run, one batch after another. No widgets.

asking.begin(rows, answers)         # answers: the file to which the backend appends
asking.stop()                       # asks no more
asking.over.connect(...)            # (row, event): a row has ended
asking.found.connect(...)           # (row, line): the file has its answer, although nobody heard of it
asking.ended.connect(...)           # (words): nothing is asked any more; why it stopped by itself, "" where it did not

A row that is being asked when the process crashes is asked once more, alone: one that crashes the process again fails.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Optional

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError, ZoomEarthError
from ...core.events import Done, Event, Failed, Last, Progress, RowEnded, RowStarted
from ...core.requests import AT_ONCE, Ask, Batch
from ..child.backend_process import Job, State
from ..exchanges.exchange import Exchange
from ..exchanges.session import Session
from ..qt_later import later
from .rows import read_lines
from .sources import Sources

BATCH = 32  # rows that are sent together to a server, which answers one after another; a model here ends all rows in hand at once
ENOUGH = 3  # rows after which the time that is left can be told


class Asking(QObject):
    """stage: what the backend does before it answers, "" for nothing."""

    over = pyqtSignal(object, object)
    found = pyqtSignal(object, object)
    ended = pyqtSignal(str)
    stage_changed = pyqtSignal()
    _end_read = pyqtSignal(object, list, object)

    def __init__(
        self, session: Session, raster: Callable[[], Optional[QgsRasterLayer]], metrics: Mapping[str, Any], parent: QObject
    ) -> None:
        """raster: returns the layer, None where it is not in the project. metrics: see `Sources.find`."""
        super().__init__(parent)
        self._session, self._raster, self._metrics = session, raster, metrics
        self.stage = ""
        self._answers = Path()
        self._queue: deque[Exchange] = deque()
        self._alone: deque[Exchange] = deque()  # they were being asked when the process crashed
        self._again = False  # whether the batch is a row of `_alone`
        self._under_way: dict[str, Exchange] = {}
        self._sources = Sources(self)
        self._job: Optional[Job] = None
        self._stopping = self._closed = False
        self._began, self._ended = 0.0, 0
        self._end_read.connect(self._crashed)

    def begin(self, rows: Iterable[Exchange], answers: Path) -> None:
        """To be called when nothing is asked."""
        self._queue, self._answers, self._stopping = deque(rows), answers, False
        self._alone.clear()
        self._began, self._ended = time.monotonic(), 0
        self._next()

    def stop(self) -> None:
        """The rows that are being asked have no end."""
        self._stopping = True
        self._sources.cancel()
        if self._job:
            self._job.cancel()

    def close(self) -> None:
        """Asks no more, and announces nothing any more."""
        self._closed = True
        self.stop()

    @property
    def seconds_left(self) -> Optional[float]:
        """None while that can't be told."""
        if self._ended < ENOUGH:
            return None
        open_rows = len(self._queue) + len(self._alone) + len(self._under_way)
        return (time.monotonic() - self._began) / self._ended * open_rows

    def _next(self) -> None:
        if self._stopping or not (self._queue or self._alone):
            self._rest()
            return
        try:
            rows = self._batch()
            self._under_way = {row.id: row for row in rows}
            self._sources.find(rows, self._raster(), self._metrics, self._send)
        except ZoomEarthError as error:
            self._rest(error.message, error.hint)

    def _batch(self) -> list[Exchange]:
        """The rows to ask next."""
        self._again = bool(self._alone)
        if self._again:
            return [self._alone.popleft()]
        most = BATCH if self._queue[0].scene and self._session.asks_server else AT_ONCE  # so many images are on the disk at a time
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def _send(self, asks: list[Ask], failed: Mapping[str, SceneError]) -> None:
        """asks: of the rows that have a source; failed: why the others have none. Both are empty where it was cancelled."""
        for id, error in failed.items():
            self._over(self._under_way[id], Failed.of(error))
        if self._stopping:
            self._rest()
            return
        if not asks:
            later(self, self._next)  # thousands of such batches by calls inside calls would be too deep for Python
            return
        started: list[str] = []
        try:
            loading = self._session.submit_load()
            job = self._job = self._session.backend.submit(Batch(tuple(asks), AT_ONCE, out=str(self._answers)))
        except ZoomEarthError as error:
            self._rest(error.message, error.hint)
            return
        loading.heard.connect(self._hear_progress)
        job.heard.connect(lambda event: self._hear(event, started))
        job.ended.connect(lambda last: self._end(last, started))

    def _hear_progress(self, event: Event) -> None:
        if isinstance(event, Progress) and event.stage != self.stage:
            self.stage = event.stage
            self.stage_changed.emit()

    def _hear(self, event: Event, started: list[str]) -> None:
        self._hear_progress(event)
        if isinstance(event, RowStarted):
            started.append(str(event.row))
        elif isinstance(event, RowEnded) and not self._closed and (row := self._under_way.get(str(event.last.id))):
            started.remove(row.id)
            self._over(row, event)

    def _over(self, row: Exchange, event: Event) -> None:
        del self._under_way[row.id]
        self._ended += 1
        self.over.emit(row, event)

    def _end(self, last: Last, started: list[str]) -> None:
        """started: the rows that were being asked."""
        self._job = None
        if isinstance(last, Done):
            self._next()
        elif self._session.backend.state is not State.UP:
            threading.Thread(target=self._read_end, args=(self._answers, last, started), daemon=True).start()
        elif isinstance(last, Failed):  # it was refused as a whole, for example because the model can't be loaded
            self._rest(last.message, last.hint)
        else:
            self._rest()

    def _read_end(self, answers: Path, last: Last, started: list[str]) -> None:
        """Runs on a thread."""
        lines = read_lines(answers)
        with suppress(RuntimeError):  # QGIS has closed
            self._end_read.emit(last, started, lines)

    def _crashed(self, last: Last, started: list[str], lines: Mapping[str, Mapping[str, Any]]) -> None:
        """The process is gone. lines: of the file of answers. A row whose answer is there is over, even if nobody heard of it."""
        if self._closed:
            return
        for id in [id for id in self._under_way if id in lines and not lines[id].get("error")]:
            started = [other for other in started if other != id]
            self.found.emit(self._under_way.pop(id), lines[id])
        if not isinstance(last, Failed):
            self._rest()
            return
        for row in [self._under_way[id] for id in started]:
            if self._again:
                self._over(row, Failed(None, last.code, last.message, last.hint))
            else:
                del self._under_way[row.id]
                self._alone.append(row)
        self._queue.extendleft(reversed(self._under_way.values()))
        self._under_way.clear()
        if self._session.backend.state is State.BROKEN:
            self._rest(last.message, last.hint)
        else:
            self._next()

    def _rest(self, message: str = "", hint: str = "") -> None:
        self._sources.forget()
        self._under_way.clear()
        self.stage = ""
        if not self._closed:
            self.ended.emit(f"{message} {hint}".strip())
