"""Writes a project's exchanges to its file on a thread, and tries again until the file has them.

    writer.keep(exchange)           # replaces an older row
    writer.remove(exchange)
    writer.settled.connect(...)     # (id): this change was tried once; `writer.error` says why it failed

The GUI thread never waits for the disk or for another program's lock. Changes that can't be written to the file go to a second file in the
user's data folder (the waiting file). The next session that opens the same results reads them from there.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Callable, Iterable, Optional

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEventLoop, QObject, QTimer, pyqtSignal

from ...core.errors import SceneError
from .attempt import Attempt
from .exchange import Exchange
from .geopackage_tables import system_of
from .results_file import ResultsFile
from .unsaved import waiting_file

RETRY = 2000  # ms between two attempts
BRIEF = 0.05  # seconds that reading on the GUI thread waits for locks


class Writer(QObject):
    """The writer of one file. It lives on the GUI thread."""

    ended = pyqtSignal(object)  # Attempt
    settled = pyqtSignal(str)  # an exchange's id
    _done = pyqtSignal(object)

    def __init__(
        self,
        file: ResultsFile,
        spare: Optional[Callable[[], Path]] = None,
        parent: Optional[QObject] = None,
    ) -> None:
        """spare: for a new file; see Attempt."""
        super().__init__(parent)
        self.file = file
        self.error: Optional[SceneError] = None
        self._spare = spare
        self._changes: dict[str, Optional[Exchange]] = {}  # not in the file yet, in order
        self._untried: set[str] = set()
        self._again: set[str] = set()  # changed since the last attempt began, which may have written what they were before
        self._known: dict[str, Exchange] = {}
        self._safe: set[str] = set()  # ids of the changes that the waiting file has
        self._identity: Optional[tuple[int, int]] = None
        self._doubted = False  # whether an attempt failed, or an older version wrote the file
        self._unread = self._detached = False
        self._target: Optional[Path] = None
        self._running = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self.start)
        self._done.connect(self._end)

    @property
    def writing(self) -> bool:
        """Whether a change has not been tried yet."""
        return bool(self._untried) or self._target is not None

    @property
    def unwritten(self) -> list[Exchange]:
        """Exchanges that an attempt could not write to the file."""
        return [exchange for id, exchange in self._changes.items() if exchange and id not in self._untried]

    @property
    def safe(self) -> bool:
        """Whether the waiting file has all of `unwritten`."""
        return all(exchange.id in self._safe for exchange in self.unwritten)

    @property
    def unread(self) -> bool:
        """Whether the file could not be read so far, or is missing."""
        return self._unread

    @property
    def exchanges(self) -> list[Exchange]:
        """Those that the file has, or should have, oldest first."""
        return list(self._known.values())

    def exchange(self, id: str) -> Optional[Exchange]:
        """One of them."""
        return self._known.get(id)

    def read(self) -> list[Exchange]:
        """Every exchange, oldest first, including those of the waiting file. A file that can't be read is tried again: see `ended`."""
        existing: list[Exchange] = []
        waiting: list[Exchange] = []
        deadline = time.monotonic() + BRIEF
        try:
            existing, self._unread = self.file.read(BRIEF), not self.file.exists
            self._doubted = self._doubted or self.file.outdated
        except SceneError as error:
            self.error, self._unread = error, True
        if not self._unread:  # forgets what another program has removed
            self._identity = self.file.identity
            self._known = {id: exchange for id, exchange in self._changes.items() if exchange}
        with suppress(SceneError):
            waiting = ResultsFile(waiting_file(self.file.path)).read(max(0.0, deadline - time.monotonic()))
        if self._unread:
            self._retry.start(RETRY)
        exchanges = self._merge(existing, waiting)
        self.start()  # where the file has to be brought up to date
        return exchanges

    def keep(self, exchange: Exchange) -> None:
        """Writes an exchange that has ended."""
        self._known[exchange.id] = exchange
        self._change(exchange.id, exchange)

    def remove(self, exchange: Exchange) -> None:
        """Removes an exchange with its features."""
        self._known.pop(exchange.id, None)
        self._change(exchange.id, None)

    def move_to(self, path: Path) -> None:
        """Moves all results to another file; the attempt that `ended` emits says whether that succeeded."""
        self._target = path
        self.start()

    def start(self) -> None:
        """Starts an attempt with every change that waits."""
        if self._running or not (self._changes or self._target or self._unread or self._doubted):
            return
        self._running = True
        self._again.clear()
        self._retry.stop()
        for crs in {exchange.crs for exchange in (*self._known.values(), *self._changes.values()) if exchange}:
            system_of(crs)
        attempt = Attempt(
            self.file,
            self.file.path,
            dict(self._changes),
            list(self._known.values()),
            self._doubted,
            self._identity,
            self._unread,
            set(self._safe),
            self._target,
            self._spare,
        )
        threading.Thread(target=self._run, args=(attempt,), daemon=True).start()

    def finish(self, seconds: float) -> None:
        """Waits in an event loop until each change has been tried once; at most this long."""
        loop, clock = QEventLoop(), QTimer()
        clock.setSingleShot(True)
        clock.timeout.connect(loop.quit)
        clock.start(int(seconds * 1000))
        self.destroyed.connect(loop.quit)  # it may be detached meanwhile
        while not sip.isdeleted(self) and self.writing and clock.isActive():
            self.ended.connect(loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            if not sip.isdeleted(self):
                self.ended.disconnect(loop.quit)

    def detach(self) -> None:
        """Called when the project changes: changes that failed stay in the waiting file."""
        self._detached = True
        self._retry.stop()
        self._delete_if_idle()

    def _run(self, attempt: Attempt) -> None:
        attempt.run()
        with suppress(RuntimeError):  # QGIS has closed, and the writer was deleted
            self._done.emit(attempt)

    def _end(self, attempt: Attempt) -> None:
        self._running = False
        if attempt.target == self._target:
            self._target = None
        if not attempt.refused:
            self._apply(attempt)
        self.ended.emit(attempt)
        for id in [] if attempt.refused else attempt.changes:
            self.settled.emit(id)
        if self.writing:
            self.start()
        elif not self._detached and (self.error or self._unread):
            self._retry.start(RETRY)
        self._delete_if_idle()

    def _apply(self, attempt: Attempt) -> None:
        self.file, self.error, self._safe = attempt.file, attempt.error, attempt.safe
        for id in attempt.changes:
            if id in self._changes and id not in self._again:
                self._untried.discard(id)
                if not attempt.error:
                    del self._changes[id]
        self._doubted = attempt.error is not None
        if attempt.written:
            self._identity, self._spare = attempt.identity, None
        if attempt.recovered is not None:
            self._unread = False
            attempt.recovered = self._merge(attempt.recovered, [])
        elif attempt.written:
            self._unread = False

    def _merge(self, existing: Iterable[Exchange], waiting: Iterable[Exchange]) -> list[Exchange]:
        """All exchanges, in the order of asking; those of the waiting file become changes."""
        in_file = {exchange.id: exchange for exchange in existing}
        for exchange in waiting:
            if exchange.id not in {**in_file, **self._known, **self._changes}:
                self._safe.add(exchange.id)
                self.keep(exchange)
        merged = {**in_file, **self._known}
        merged = {id: exchange for id, exchange in merged.items() if self._changes.get(id, exchange)}
        self._known = dict(sorted(merged.items(), key=lambda item: item[1].time))
        return list(self._known.values())

    def _change(self, id: str, change: Optional[Exchange]) -> None:
        self._changes.pop(id, None)  # so that the newest change comes last
        self._changes[id] = change
        self._untried.add(id)
        self._again.add(id)
        self.start()

    def _delete_if_idle(self) -> None:
        if self._detached and not self._running:
            self.deleteLater()
