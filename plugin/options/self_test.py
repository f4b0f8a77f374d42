"""The Test button: asks the demo question of a backend of its own, with the page's present settings; of a server's model it is found out
first how it counts its boxes.
"""

from __future__ import annotations

import json
import time
from typing import Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.calibration import Calibration
from ...core.events import Done, Failed, Last, Result
from ...core.families import DIALECTS
from ...core.requests import Ask, Load, Test
from ...core.source import SceneSource
from ..child.backend_process import Backend, command
from ..i18n import tr
from ..install.environment import PLUGIN

SCENE = PLUGIN / "resources" / "scene"


class Trial(QObject):
    """stage: the current step, as a text. finished: whether the model answered, and a sentence about it."""

    stage = pyqtSignal(str)
    finished = pyqtSignal(bool, str)

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._backend: Optional[Backend] = None
        self._demo: dict[str, str] = json.loads((SCENE / "demo.json").read_text(encoding="utf-8"))

    @property
    def running(self) -> bool:
        return self._backend is not None

    def start(self, python: str, load: Load) -> None:
        self.cancel()
        self._began = time.monotonic()
        self._load, self._verdict = load, ""
        self._backend = Backend(lambda: command(python), self)
        if not load.settings.remote:
            return self._load_model()
        self.stage.emit(tr("Testing how the model marks places ..."))
        self._backend.submit(Test(load.settings, load.key)).ended.connect(self._tested)

    def cancel(self) -> None:
        """Ends the process; nothing is said of it."""
        backend, self._backend = self._backend, None
        if backend:
            backend.close()
            backend.deleteLater()

    def _tested(self, event: Last) -> None:
        if self._backend is None:
            return
        if not isinstance(event, Done) or not isinstance(event.result, Calibration):
            return self._end(event)
        self._verdict = event.result.verdict(DIALECTS[event.result.dialect].convention)
        self._load_model()

    def _load_model(self) -> None:
        if self._backend:
            self.stage.emit(tr("Loading the model ..."))
            self._backend.submit(self._load).ended.connect(self._loaded)

    def _loaded(self, event: Last) -> None:
        if self._backend is None:
            return
        if not isinstance(event, Done):
            return self._end(event)
        self.stage.emit(tr("Asking: {question}").format(question=self._demo["question"]))
        job = self._backend.submit(Ask(SceneSource(str(SCENE / self._demo["scene"])), self._demo["question"]))
        job.ended.connect(self._end)

    def _end(self, event: Last) -> None:
        if self._backend is None:
            return
        seconds = time.monotonic() - self._began
        self.cancel()
        if isinstance(event, Failed):
            return self.finished.emit(False, f"{event.message} {event.hint}".strip())
        answer = event.result.answer if isinstance(event, Done) and isinstance(event.result, Result) else None
        if answer is None:
            return self.finished.emit(False, tr("The model gave no answer."))
        text = tr("The test works. Question: {question} Answer: {answer} (correct: {truth}). Time with loading: {seconds:.1f} s.")
        words = {"question": self._demo["question"].rstrip("."), "answer": answer, "truth": self._demo["answer"], "seconds": seconds}
        self.finished.emit(True, " ".join(filter(None, (text.format(**words), self._verdict))))
