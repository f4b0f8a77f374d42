"""Uses a tool for an algorithm on the algorithm's thread, with its own backend process and without a model.

with ToolUser(python, source, feedback) as user:
    made = user.run(UseTool("denoising"), where, out)                  # one region
    for piece, made, file in ToolRun(user, use, feedback).each(pieces, file): ...
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

from qgis.core import QgsProcessingFeedback

from ...core.errors import BackendError, Cancelled, SceneError, ZoomEarthError
from ...core.events import Done, Failed, Progress, ToolResult
from ...core.requests import RunTool
from ...core.source import SceneSource, Where
from ...core.tools import Made, UseTool
from ..child.backend_process import State
from ..i18n import tool_stage, tr
from .own_backend import OwnBackend


@dataclass
class Piece:
    """A region to work on. name: of its feature, "" where there is none. fault: why it can't be worked on."""

    name: str = ""
    where: Optional[Where] = None
    fault: str = ""


class ToolUser(OwnBackend):
    """total: the number of regions, for the progress."""

    def __init__(self, python: Path, source: SceneSource, feedback: QgsProcessingFeedback, total: int = 1) -> None:
        super().__init__(python)
        self._source, self._feedback, self._total = source, feedback, max(1, total)
        self._over, self._stage = 0, ""

    def run(self, use: UseTool, where: Optional[Where], out: Path) -> Made:
        """Writes the file `out`. Raises SceneError where the tool can't do it, BackendError where the process is no more, Cancelled."""
        try:
            request = RunTool(self._source, use, str(out), where)
        except ValueError as error:
            raise SceneError(str(error)) from None
        job = self.backend.submit(request)
        for event in self.backend.follow(job, cancelled=self._feedback.isCanceled):
            if isinstance(event, Progress):
                self._show(event)
        self._over += 1
        self._feedback.setProgress(100 * self._over / self._total)
        last = job.result
        if isinstance(last, Failed):
            for line in last.log:
                self._feedback.pushConsoleInfo(line)
            broken = self.backend.state is State.BROKEN
            raise (BackendError if broken else SceneError)(last.message, last.hint)
        if not (isinstance(last, Done) and isinstance(last.result, ToolResult)):
            raise Cancelled
        self._tell(last.result.made)
        return last.result.made

    def _show(self, event: Progress) -> None:
        if event.stage != self._stage:
            self._stage, words = event.stage, tool_stage(event.stage)
            self._feedback.setProgressText(words[:1].upper() + words[1:])
        if event.stage != "writing" and event.total:
            self._feedback.setProgress(100 * (self._over + 0.9 * event.done / event.total) / self._total)

    def _tell(self, made: Made) -> None:
        confidence = "" if made.confidence is None else ", " + tr("confidence {value}").format(value=f"{made.confidence:.2f}")
        self._feedback.pushInfo(f"{made.backend}{confidence}")
        figures = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in made.metrics.items())
        for line in filter(None, (figures, *made.notes)):
            self._feedback.pushInfo(line)


class ToolRun:
    """Works on pieces one after another. failed: a sentence for each that failed."""

    def __init__(self, user: ToolUser, use: UseTool, feedback: QgsProcessingFeedback) -> None:
        self._user, self._use, self.feedback = user, use, feedback
        self.made = 0
        self.failed: list[str] = []

    def each(self, pieces: Iterator[Piece], file: Callable[[int], Path]) -> Iterator[Tuple[Piece, Made, Path]]:
        """Yields what was made of each piece; one that fails is reported, and left out. file: the path for the piece of a number."""
        for number, piece in enumerate(pieces, 1):
            if self.feedback.isCanceled():
                return
            if piece.name:
                self.feedback.pushInfo(tr("Feature {name}").format(name=piece.name))
            try:
                if piece.fault:
                    raise SceneError(piece.fault)
                made = self._user.run(self._use, piece.where, file(number))
            except Cancelled:
                return
            except BackendError:
                raise
            except ZoomEarthError as error:
                reason = f"{error.message} {error.hint}".strip()
                self.failed.append(reason)
                if piece.name:
                    self.feedback.reportError(tr("Feature {name}").format(name=piece.name) + f": {reason}")
                continue
            self.made += 1
            yield piece, made, file(number)
