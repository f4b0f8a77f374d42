"""The backend as a child process: it starts with the first request, restarts after a crash, and ends with its parent.

    backend = Backend(command)                      # command() -> [program, *arguments]
    job = backend.submit(Ask(SceneSource("city.tif"), "How many ships are there?"))
    job.heard.connect(...)                          # Progress, Saw, Text, RowEnded, ...: core/events.py
    job.ended.connect(...)                          # Done, Failed or Cancelled: exactly one, the last event

    DOWN --submit--> STARTING --ready--> UP --crash--> DOWN
    two crashes in a minute, a failed start, or another version of the protocol --> BROKEN --revive()--> DOWN

A job that fails is never sent again. Every method returns at once, except `follow`, which runs an event loop in a worker thread.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Any, Callable, Iterator, Optional, cast

from qgis.PyQt.QtCore import QEventLoop, QObject, QProcess, QTimer, pyqtSignal

from ...core.address import hidden
from ...core.errors import BackendError
from ...core.events import LAST, Cancelled, Event, Failed, Last, Ready
from ...core.paths import ROOT
from ...core.protocol import check_version, id_of, read_event, request_to_json
from ...core.requests import Cancel, Request
from ...core.requests import Job as Work
from ...core.wire import LineReader, encode
from ..i18n import tr
from ..log import say, warn
from ..qt_later import later
from .environment import child_environment

MAIN = ROOT / "backend" / "__main__.py"
TAIL = 40  # lines of the log that are shown after a crash
PATIENCE = 5000  # ms: a cancelled job that runs longer is ended by killing the process
CRASHES, WITHIN = 2, 60.0  # after this many crashes within this many seconds, the process is not started again


class State(Enum):
    """The state of the backend process."""

    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"


def command(python: str) -> list[str]:
    """The command that starts the backend. python: an interpreter that has the backend's dependencies."""
    return [python, "-I", "-X", "utf8", str(MAIN), "serve"]


class Job(QObject):
    """One request to the backend. `result` is its last event; None until that event has come."""

    heard = pyqtSignal(object)  # Event, except the last one
    ended = pyqtSignal(object)  # Last

    def __init__(self, backend: Backend, number: int) -> None:
        super().__init__(backend)
        self.number = number
        self.result: Optional[Last] = None
        self.cancelled = False  # whether its cancellation was requested
        self._backend = backend

    def cancel(self) -> None:
        """Requests the cancellation; does nothing where the job has ended."""
        if self.result is None:
            self._backend.cancel(self)


class Backend(QObject):
    """The supervisor of the child process. Use it only on the thread that created it."""

    changed = pyqtSignal(object)  # State

    def __init__(self, command: Callable[[], list[str]], parent: QObject | None = None) -> None:
        """command: called at every start; if it raises BackendError, the job that needs the process fails."""
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._lines = LineReader()
        self._partial_line = b""  # the beginning of a line of the log
        self._count = 0
        self._open: dict[int, Job] = {}
        self._pending: list[bytes] = []  # requests that were made before the process was up
        self._crashed: list[float] = []
        self._killed = False  # whether the supervisor killed the process, which does not count as a crash
        self.state = State.DOWN
        self.trouble = ("", "")  # message and hint: why the state is BROKEN
        self.log: deque[str] = deque(maxlen=TAIL)

    @property
    def pid(self) -> int | None:
        """The process id of the running child."""
        return int(self._process.processId()) if self._process else None

    def submit(self, request: Work) -> Job:
        """Sends a request under a new id; starts the process if it is down."""
        self._count += 1
        job = self._open[self._count] = Job(self, self._count)
        try:
            if self.state is State.BROKEN:
                raise BackendError(*self.trouble)
            if self.state is State.DOWN:
                self._start()
        except BackendError as error:
            self._fail_soon(job, error.message, error.hint)
        else:
            self._write(replace(request, id=job.number))
        return job

    def cancel(self, job: Job) -> None:
        """Asks the backend to stop the job; kills the process if it does not within PATIENCE."""
        job.cancelled = True
        self._write(Cancel(job.number))
        later(self, lambda: self._kill_unless_ended(job), PATIENCE)

    def revive(self) -> None:
        """Leaves the state BROKEN: the next job starts the process again."""
        if self.state is State.BROKEN:
            self._crashed.clear()
            self._set_state(State.DOWN)

    def close(self) -> None:
        """Ends the process at once. Open jobs end as cancelled."""
        self._kill()
        self._pending.clear()
        self._set_state(State.DOWN)
        for job in list(self._open.values()):
            self._end(job, Cancelled(job.number))

    def follow(self, *jobs: Job, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Yields the events of the jobs until the last job ends; an event loop of the calling thread waits for them.

        cancelled: is called 20 times a second while it waits; where it returns True, the last job is cancelled.
        """
        loop, timer, last = QEventLoop(), QTimer(), jobs[-1]
        events: deque[Event] = deque()

        def hear(event: Event) -> None:
            events.append(event)
            loop.quit()

        def look() -> None:
            if cancelled() and not last.cancelled:
                last.cancel()

        for job in jobs:
            job.heard.connect(hear)
            job.ended.connect(hear)
        timer.timeout.connect(look)
        timer.start(50)
        try:
            while events or last.result is None:
                if not events:
                    loop.exec()
                while events:
                    yield events.popleft()
        finally:
            timer.stop()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.disconnect()
            process.closeWriteChannel()  # the backend ends at the end of its input
            if not process.waitForFinished(500):
                process.kill()
                process.waitForFinished(1000)
            process.deleteLater()

    def _start(self) -> None:
        program, *arguments = self._command()
        self._lines, self._partial_line = LineReader(), b""
        self.log.clear()
        process = self._process = QProcess(self)
        process.setProcessEnvironment(child_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_log)
        process.errorOccurred.connect(
            lambda error: later(self, lambda: self._failed_to_start(error))
        )  # Windows emits the signal within `start`
        process.finished.connect(self._finished)
        self._set_state(State.STARTING)
        process.start(program, arguments)

    def _write(self, request: Request) -> None:
        line = encode(request_to_json(request))
        if self.state is State.UP and self._process:
            self._process.write(line)
        elif self.state is State.STARTING:
            self._pending.append(line)

    def _read(self) -> None:
        if self._process:
            for data in self._lines.feed(bytes(self._process.readAllStandardOutput())):
                self._hear(data)

    def _read_log(self, last: bool = False) -> None:
        """Logs whole lines only: the key of an address could not be recognised in a part of a line."""
        if self._process:
            lines, newline, self._partial_line = (self._partial_line + bytes(self._process.readAllStandardError())).rpartition(b"\n")
            if last:
                lines, self._partial_line = lines + newline + self._partial_line, b""
            text = hidden(lines.decode("utf-8", "replace").strip())
            self.log.extend(text.splitlines())
            if text:
                say(text)

    def _hear(self, data: dict[str, Any]) -> None:
        try:
            event = read_event(data)
            if isinstance(event, Ready):
                check_version(event)
        except BackendError as error:
            self._refuse(data, error)
        else:
            self._handle(event)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._set_state(State.UP)
            pending, self._pending = self._pending, []
            if self._process:
                self._process.write(b"".join(pending))
            return
        job = self._open.get(cast(int, event.id))
        if job is None:
            say(f"unexpected: {event}")
        elif isinstance(event, LAST):
            self._end(job, event)
        else:
            job.heard.emit(event)

    def _refuse(self, data: dict[str, Any], error: BackendError) -> None:
        """Ends the job of an unreadable event, or the process where the backend has another version."""
        job = self._open.get(cast(int, id_of(data)))
        if data.get("event") == "ready":
            self._kill()
            self._report_end(error.message, error.hint, State.BROKEN)
        elif job:
            self._fail(job, error.message, error.hint)
        else:
            say(f"unexpected: {error.message}")

    def _end(self, job: Job, event: Last) -> None:
        if self._open.pop(job.number, None):
            job.result = event
            job.ended.emit(event)
            job.deleteLater()

    def _fail(self, job: Job, message: str, hint: str) -> None:
        self._end(job, Failed(job.number, BackendError.code, message, hint, tuple(self.log)))

    def _fail_soon(self, job: Job, message: str, hint: str) -> None:
        later(self, lambda: self._fail(job, message, hint))  # so that the caller can connect to the job first

    def _kill_unless_ended(self, job: Job) -> None:
        if job.number in self._open and self._process:
            say(f"job {job.number} did not end within {PATIENCE / 1000:.0f} s of its cancellation: the process is killed")
            self._killed = True
            self._process.kill()  # the job ends when the process has ended, so that the next question goes to a new process

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process:
            program, reason = self._process.program(), self._process.errorString()
            message = tr("The model process can't be started with {program}: {reason}.").format(program=program, reason=reason)
            hint = tr("Choose another Python program or set up the environment again in Settings > Options > ZoomEarth.")
            self._report_end(message, hint, State.BROKEN)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_log(last=True)
        if self._killed:
            self._report_end(
                tr("The model process was stopped because a cancelled question did not end."),
                tr("Ask again: the model process starts again."),
            )
            return
        now = time.monotonic()
        self._crashed = [moment for moment in self._crashed if now - moment < WITHIN] + [now]
        message = tr("The model process ended with exit code {code}.").format(code=code)
        if status == QProcess.ExitStatus.CrashExit:
            message = tr("The model process crashed or was killed.")
        if len(self._crashed) >= CRASHES:
            warn(message)
            message = tr("The model process crashed twice within a minute and was not started again.")
            self._report_end(message, tr("The log shows the reason. Restart the model process to try again."), State.BROKEN)
        else:
            self._report_end(message, tr("Ask again: the model process starts again."))

    def _report_end(self, message: str, hint: str, state: State = State.DOWN) -> None:
        warn(f"{message} {hint}")  # a process that was killed has written nothing to the log
        if self._process:
            self._process.deleteLater()
            self._process = None
        self._pending.clear()
        self._killed = False
        self.trouble = (message, hint)
        self._set_state(state)
        for job in list(self._open.values()):
            if job.cancelled:
                self._end(job, Cancelled(job.number))
            else:
                self._fail(job, message, hint)

    def _set_state(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.changed.emit(state)
