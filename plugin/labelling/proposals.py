"""Candidates from the model: the backend process writes them into the label file as they come. No widgets.

proposals.start(path, image, box)      # ids; image "": every box that the model was not asked about yet
proposals.counted.connect(...)         # (places done, all places, candidates)
proposals.ended.connect(...)           # (candidates, a sentence on what failed, or ""); also after a cancel: what came stays
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import DataError
from ...core.events import Done, Event, Failed, Last, Progress, Proposed, ProposeResult
from ...core.requests import Propose
from ..child.backend_process import Job
from ..exchanges.session import Session
from ..i18n import tr


class Proposals(QObject):
    """One request at a time."""

    counted = pyqtSignal(int, int, int)
    progressed = pyqtSignal(str, int, int)
    ended = pyqtSignal(int, str)

    def __init__(self, session: Session, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Optional[Job] = None
        self._candidates = 0
        self.thinking = False  # whether thoughts are proposed, not questions

    @property
    def busy(self) -> bool:
        return self._job is not None

    def start(self, labels: Path, image: str = "", box: str = "", check: bool = False, thoughts: bool = False, question: str = "") -> None:
        """check, thoughts, question: see `Propose`. Raises ZoomEarthError where a request is running, or the process can't be started."""
        if self._job:
            raise DataError(tr("The model is proposing already."), tr("Wait for its end, or cancel it."))
        loading = self._session.submit_load()
        job = self._session.backend.submit(Propose(str(labels), image, box, check=check, thoughts=thoughts, question=question))
        self._job, self._candidates, self.thinking = job, 0, thoughts
        loading.heard.connect(self._hear)
        job.heard.connect(self._hear)
        job.ended.connect(self._end)
        self.progressed.emit("starting", 0, 0)

    def cancel(self) -> None:
        """What is in the file stays; the same start goes on."""
        if self._job:
            self._job.cancel()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.stage, event.done, event.total)
        elif isinstance(event, Proposed):
            self._candidates = event.candidates
            self.counted.emit(event.done, event.total, event.candidates)

    def _end(self, last: Last) -> None:
        self._job = None
        why = ""
        if isinstance(last, Failed):
            why = f"{last.message} {last.hint}".strip()
        elif isinstance(last, Done) and isinstance(last.result, ProposeResult) and last.result.failed:
            questions = tr("The model gave no questions for {count} places: {reason}")
            words = tr("The model gave no thoughts for {count} questions: {reason}") if self.thinking else questions
            why = words.format(count=last.result.failed, reason=last.result.why)
        self.ended.emit(self._candidates, why)
