"""Downloads a model through the backend's own command, which resumes and verifies: killing it loses nothing.

A download takes long, and continues while the options are closed: QGIS's status bar shows it among its tasks.
"""

from __future__ import annotations

import json
import threading
from typing import Callable, Optional

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.catalogue import Model
from ..child.command import Command
from ..child.environment import child_environment
from ..i18n import tr
from ..install.environment import BACKEND, ISOLATED


class _Shown(QgsTask):
    """The task in the status bar, with a button that stops the download. (QgsProxyProgressTask can't be cancelled before QGIS 3.26.)"""

    def __init__(self, description: str, stop: Callable[[], None]) -> None:
        super().__init__(description, QgsTask.Flag.CanCancel)
        self._stop, self._ok, self._over = stop, False, threading.Event()

    def run(self) -> bool:
        self._over.wait()
        return self._ok

    def cancel(self) -> None:
        super().cancel()
        self._stop()

    def end(self, ok: bool) -> None:
        self._ok = ok
        self._over.set()


class Download(QObject):
    """One download at a time. progress: bytes done, bytes in total. finished: whether it is complete; if not, why ("" after a cancel)."""

    progress = pyqtSignal("qint64", "qint64")
    finished = pyqtSignal(bool, str)

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._model: Optional[Model] = None
        self._done: dict[str, int] = {}  # bytes of each file
        self._task: Optional[_Shown] = None
        self._command = Command(self)
        self._command.line.connect(self._hear)
        self._command.ended.connect(self._end)

    @property
    def model(self) -> Optional[Model]:
        """The model that is being downloaded."""
        return self._model

    def start(self, python: str, model: Model) -> None:
        """Starts a download, or continues an interrupted one."""
        self._model, self._done, self._why, self._last = model, {}, "", ""
        self._task = _Shown(tr("Downloading the model {model}").format(model=model.id), self.cancel)
        QgsApplication.taskManager().addTask(self._task)
        self._command.start(python, [*ISOLATED, str(BACKEND), "models", "download", model.id, "--json"], child_environment())

    def cancel(self) -> None:
        """Emits `finished` before it returns; downloaded data are kept."""
        if self._model:
            self._command.kill_and_wait()
            self._finish(False, "")

    def _hear(self, line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._last = line.strip() or self._last
        elif "file" in message and self._model:
            self._done[message["file"]] = message["done"]
            done = sum(self._done.values())
            total = max(self._model.bytes, done)
            self.progress.emit(done, total)
            if self._task:
                self._task.setProgress(100 * done / total)
        elif "error" in message:
            self._why = f"{message['error']['message']} {message['error']['hint']}".strip()

    def _end(self, code: int) -> None:
        self._finish(code == 0, "" if code == 0 else self._why or self._last or tr("The download failed."))

    def _finish(self, ok: bool, why: str) -> None:
        task, self._task, self._model = self._task, None, None
        if task:
            task.end(ok)
        self.finished.emit(ok, why)
