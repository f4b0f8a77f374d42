"""Runs the recipe of the private environment, one child process at a time, without blocking QGIS's window."""

from __future__ import annotations

import shutil
from typing import Optional

from qgis.PyQt.QtCore import QLockFile, QObject, pyqtSignal

from ..child.command import Command
from .diagnosis import Diagnosis, another_qgis, diagnose
from .environment import BUILDS, Build, Environment, backend_python, detect_device
from .progress import Meter
from .recipe import Failed, Ran, Recipe, Steps

__all__ = ["Installer", "backend_python"]


class Installer(QObject):
    """Runs one attempt at a time; an attempt continues where the one before was interrupted.

    build: the PyTorch to install (default: the one for this machine). base, packages: see Recipe.
    Signals. progress: stage, bytes done, bytes in all (0, 0: not known). logged: a line of the log. finished: once for each attempt, with
    whether the environment is complete, and a Diagnosis where the attempt failed (None after a cancellation).
    """

    progress = pyqtSignal(str, "qint64", "qint64")
    logged = pyqtSignal(str)
    finished = pyqtSignal(bool, object)

    def __init__(
        self,
        environment: Optional[Environment] = None,
        build: Optional[Build] = None,
        base: str = "",
        packages: str = "",
        parent: Optional[QObject] = None,
    ) -> None:
        super().__init__(parent)
        self.environment = environment or Environment()
        self.log: list[str] = []
        self._recipe = Recipe(self.environment, build or BUILDS[detect_device()], base, packages)
        self._steps: Optional[Steps] = None
        self._lock = QLockFile(str(self.environment.folder.parent / "setup.lock"))
        self._lock.setStaleLockTime(0)  # a lock is stale only where its process has ended, no matter how old it is
        self._command = Command(self)
        self._command.line.connect(self._hear)
        self._command.ended.connect(self._next)

    @property
    def running(self) -> bool:
        return self._steps is not None

    def start(self) -> None:
        """Starts an attempt and returns at once."""
        if self.running:
            return
        self.log.clear()
        self._steps = self._recipe.steps()
        try:
            self.environment.folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return self._give_up(error)
        if self._lock.tryLock(0):
            self._advance(None)
        else:
            self._end(False, another_qgis())

    def cancel(self) -> None:
        """Kills the child process and its children, and emits `finished`."""
        if self.running:
            self._command.kill_and_wait()
            self._end(False, None)

    def _hear(self, line: str) -> None:
        self._lines.append(line)
        if self._meter and (progress := self._meter.feed(line)):
            self.progress.emit(self._stage, *progress)
        if line.strip() and not line.startswith("Progress "):
            self._say(line)

    def _say(self, line: str) -> None:
        self.log.append(line)
        self.logged.emit(line)

    def _next(self, code: int) -> None:
        self._advance(Ran(code, self._lines))

    def _advance(self, ran: Optional[Ran]) -> None:
        if self._steps is None:
            return
        try:
            run = self._steps.send(ran)  # type: ignore[arg-type]  # None starts a generator
        except StopIteration:
            self._end(True, None)
        except Failed as failure:
            self._end(False, failure.diagnosis)
        except OSError as error:
            self._give_up(error)
        else:
            self._lines: list[str] = []
            self._meter, self._stage = Meter(run.download) if run.download else None, run.stage
            self.progress.emit(run.stage, 0, 0)
            self._say(f"> {run.program} {' '.join(run.arguments)}")
            self._command.start(run.program, run.arguments, self._recipe.child_environment())

    def _give_up(self, error: OSError) -> None:
        self._say(str(error))
        self._end(False, diagnose([str(error)]))

    def _end(self, ok: bool, diagnosis: Optional[Diagnosis]) -> None:
        self._steps = None
        shutil.rmtree(
            self.environment.scratch / "tmp", ignore_errors=True
        )  # temporary files of a killed process; complete downloads are in the cache
        try:
            self.environment.log.write_text("\n".join(self.log), encoding="utf-8")
        except OSError as error:  # the dialog shows the log too
            self._say(str(error))
        self._lock.unlock()
        self.finished.emit(ok, diagnosis)
