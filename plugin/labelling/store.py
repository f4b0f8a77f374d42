"""A label file on a thread of its own, because an action returns when it is on the disk: the GUI thread never waits for it.

    store.open(path, "Ada", new=True)
    store.do(lambda labels: labels.accept(id), lambda result: ...)    # the second one is called on the GUI thread, after `opened`
    store.failed.connect(...)                                         # message and hint; nothing was changed then

Actions are done one after another. What was done is on the disk, whatever happens to QGIS then.
"""

from __future__ import annotations

import queue
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from qgis.PyQt.QtCore import QEventLoop, QObject, QTimer, pyqtSignal

from ...core.errors import DataError, ZoomEarthError
from ...core.labels.file import LabelFile
from ..i18n import tr
from ..log import warn

T = TypeVar("T")
PATIENCE = 5.0  # seconds that closing waits for what was begun


class _Done(NamedTuple):
    then: Callable[[Any], object]
    result: Any


class LabelStore(QObject):
    """Lives on the GUI thread."""

    opened = pyqtSignal(str)  # the path; "": the file was closed
    failed = pyqtSignal(str, str)
    changed = pyqtSignal()  # something was written
    _answered = pyqtSignal(object)
    _refused = pyqtSignal(object)

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.path: Optional[Path] = None
        self._jobs: queue.SimpleQueue[Optional[Callable[[], None]]] = queue.SimpleQueue()
        self._file: Optional[LabelFile] = None  # used on the thread
        self._refusal: Optional[ZoomEarthError] = None  # why the last file could not be opened, on the thread
        self._pending = 0
        self._answered.connect(self._answer)
        self._refused.connect(self._refuse)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether an action waits or runs."""
        return self._pending > 0

    def open(self, path: Path, annotator: str, new: bool = False) -> None:
        """Changes to another file; `opened` says that it is open, `failed` why it is not: the file before stays then."""

        def begin() -> Path:
            try:
                file = LabelFile.open(path, annotator, new)
            except ZoomEarthError as error:
                self._refusal = error
                raise
            if self._file:
                self._file.close()
            self._file, self._refusal = file, None
            return path

        self._submit(begin, self._opened)

    def close_file(self) -> None:
        """Closes the file, after all actions before."""

        def end() -> None:
            if self._file:
                self._file.close()
            self._file = self._refusal = None

        self.path = None
        self._submit(end, lambda _: self.path or self.opened.emit(""))

    def do(self, act: Callable[[LabelFile], T], then: Callable[[T], object] = lambda result: None) -> None:
        """Calls `act` on the thread, and `then` with its result on this one. A file that was opened before is open by then."""

        def begin() -> T:
            if self._file is None:
                raise self._refusal or DataError(tr("No label file is open."), tr("Open one, or make a new one."))
            return act(self._file)

        self._submit(begin, then)

    def change(self, act: Callable[[LabelFile], T], then: Callable[[T], object] = lambda result: None) -> None:
        """The same of an action that writes: `changed` is emitted after `then`."""

        def after(result: T) -> None:
            then(result)
            self.changed.emit()

        self.do(act, after)

    def finish(self, seconds: float = PATIENCE) -> None:
        """Waits in an event loop until everything is done, at most this long."""
        loop, clock, look = QEventLoop(), QTimer(), QTimer()
        clock.setSingleShot(True)
        clock.timeout.connect(loop.quit)
        look.timeout.connect(lambda: self.busy or loop.quit())
        clock.start(int(seconds * 1000))
        look.start(5)
        if self.busy:
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    def close(self) -> None:
        """Ends the thread, after everything that was begun."""
        self.finish()
        self._jobs.put(None)
        self._thread.join(PATIENCE)

    def _submit(self, begin: Callable[[], T], then: Callable[[T], object]) -> None:
        def job() -> None:
            try:
                done = _Done(then, begin())
            except ZoomEarthError as error:
                self._tell(self._refused, error)
            except Exception as error:
                warn(traceback.format_exc())
                self._tell(self._refused, DataError(tr("The labels can't be used: {reason}.").format(reason=repr(error)), ""))
            else:
                self._tell(self._answered, done)

        self._pending += 1
        self._jobs.put(job)

    def _tell(self, signal: Any, value: Any) -> None:
        with suppress(RuntimeError):  # QGIS has closed, and the store was deleted
            signal.emit(value)

    def _work(self) -> None:
        while job := self._jobs.get():
            job()
        if self._file:
            self._file.close()

    def _opened(self, path: Path) -> None:
        self.path = path
        self.opened.emit(str(path))

    def _answer(self, done: _Done) -> None:
        self._pending -= 1
        done.then(done.result)

    def _refuse(self, error: ZoomEarthError) -> None:
        self._pending -= 1
        self.failed.emit(error.message, error.hint)
