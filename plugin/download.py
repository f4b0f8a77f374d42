"""Downloads a model through the backend's own command, which resumes and verifies: killing it loses nothing.

It takes long, and goes on while the options are closed: QGIS's status bar shows it among its tasks.
"""

from __future__ import annotations

import json
from typing import Optional

from qgis.core import QgsApplication, QgsProxyProgressTask
from qgis.PyQt.QtCore import QObject, pyqtSignal

from .child import child_environment
from .command import Command
from .environment import BACKEND, ISOLATED
from .i18n import tr
from .models import Model


class Download(QObject):
    """One at a time. progress: bytes done, bytes in all. finished: whether the model is here, and why not ("" after a cancel)."""

    progress = pyqtSignal("qint64", "qint64")
    finished = pyqtSignal(bool, str)

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._model: Optional[Model] = None
        self._task: Optional[QgsProxyProgressTask] = None
        self._command = Command(self)
        self._command.said.connect(self._hear)
        self._command.ended.connect(self._end)

    @property
    def model(self) -> Optional[Model]:
        """The one that is being downloaded."""
        return self._model

    def start(self, python: str, model: Model) -> None:
        """Goes on where an earlier attempt stopped."""
        self._model, self._why, self._last = model, "", ""
        self._done: dict[str, int] = {}
        self._task = QgsProxyProgressTask(tr("Downloading the model {model}").format(model=model.id), True)
        self._task.canceled.connect(self.cancel)
        QgsApplication.taskManager().addTask(self._task)
        self._command.start(python, [*ISOLATED, str(BACKEND), "models", "download", model.id, "--json"], child_environment())

    def cancel(self) -> None:
        """`finished` has come when this returns; what is there is kept."""
        if self._model:
            self._command.kill_and_wait()
            self._finish(False, "")

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._last = line.strip() or self._last
        elif "file" in said and self._model:
            self._done[said["file"]] = said["done"]
            done = sum(self._done.values())
            total = max(self._model.bytes, done)
            self.progress.emit(done, total)
            if self._task:
                self._task.setProxyProgress(100 * done / total)
        elif "error" in said:
            self._why = f"{said['error']['message']} {said['error']['hint']}".strip()

    def _end(self, code: int) -> None:
        self._finish(code == 0, "" if code == 0 else self._why or self._last or tr("The download ended with an error."))

    def _finish(self, ok: bool, why: str) -> None:
        task, self._task, self._model = self._task, None, None
        if task:
            task.canceled.disconnect(self.cancel)
            task.finalize(ok)
        self.finished.emit(ok, why)
