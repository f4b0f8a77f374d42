"""The backend as a child process: started when it is first needed, restarted after a crash, gone with its parent.

    backend = Backend(command)                      # command() -> [program, *arguments]
    job = backend.submit(Ask(SceneSource("city.tif"), "How many ships are there?"))
    job.heard.connect(...)                          # Progress, Saw, Text, RowEnded, ...: the events of core/protocol.py
    job.ended.connect(...)                          # Done, Failed or Cancelled: exactly one, and the last

    DOWN --submit--> STARTING --ready--> UP --crash--> DOWN
    two crashes in a minute, no start, or another version of the protocol --> BROKEN --revive()--> DOWN

A job that fails is never sent again. All of it is asynchronous; for a worker thread that has to wait, `Backend.follow` runs an event loop.
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
from ...core.paths import ROOT
from ...core.protocol import (
    LAST,
    Cancel,
    Cancelled,
    Event,
    Failed,
    Last,
    Ready,
    Request,
    check_version,
    id_of,
    read_event,
    request_to_json,
)
from ...core.protocol import Job as Work
from ...core.wire import LineReader, encode
from ..i18n import tr
from ..log import say, warn
from ..qt_later import later
from .environment import child_environment

MAIN = ROOT / "backend" / "__main__.py"
TAIL = 40  # lines of the log that a crash is shown with
PATIENCE = 5000  # ms that a cancelled job may take to end, before the process is killed
CRASHES, WITHIN = 2, 60.0  # so many crashes in so many seconds, and it stays down


class State(Enum):
    """Of the process."""

    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"


def command(python: str) -> list[str]:
    """How the backend is started by an interpreter that has its dependencies."""
    return [python, "-I", "-X", "utf8", str(MAIN), "serve"]


class Job(QObject):
    """One request that the backend answers. `result` is its last event, None until then."""

    heard = pyqtSignal(object)  # Event, but its last
    ended = pyqtSignal(object)  # Last

    def __init__(self, backend: Backend, number: int) -> None:
        super().__init__(backend)
        self.number = number
        self.result: Optional[Last] = None
        self.cancelled = False  # asked to be
        self._backend = backend

    def cancel(self) -> None:
        """Harmless where the job is over."""
        if self.result is None:
            self._backend.cancel(self)


class Backend(QObject):
    """The supervisor of the child process. To be used on the thread it was made on."""

    changed = pyqtSignal(object)  # State

    def __init__(self, command: Callable[[], list[str]], parent: QObject | None = None) -> None:
        """command: called at every start; a BackendError it raises fails the job that wanted the start."""
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._lines = LineReader()
        self._begun = b""  # a line of the log, until it is whole
        self._count = 0
        self._open: dict[int, Job] = {}
        self._held: list[bytes] = []  # requests made before the process was up
        self._crashed: list[float] = []
        self._killed = False  # by us, so that it is no crash
        self.state = State.DOWN
        self.trouble = ("", "")  # why it is BROKEN: message and hint
        self.log: deque[str] = deque(maxlen=TAIL)

    @property
    def pid(self) -> int | None:
        """Of the running child."""
        return int(self._process.processId()) if self._process else None

    def submit(self, request: Work) -> Job:
        """Sends a request under an id of its own, starting the process where it is down."""
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
        """Asks the backend to stop the job; a process that doesn't within five seconds is killed."""
        job.cancelled = True
        self._write(Cancel(job.number))
        later(self, lambda: self._lost_patience(job), PATIENCE)

    def revive(self) -> None:
        """After BROKEN: the next job may start the process again."""
        if self.state is State.BROKEN:
            self._crashed.clear()
            self._become(State.DOWN)

    def close(self) -> None:
        """Ends the process: at once, whatever it is doing. Open jobs end as cancelled."""
        self._kill()
        self._held.clear()
        self._become(State.DOWN)
        for job in list(self._open.values()):
            self._end(job, Cancelled(job.number))

    def follow(self, *jobs: Job, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """The events of the jobs until the last job is over, waited for in an event loop of the calling thread.

        cancelled: is looked at 20 times a second while it waits; the last job is cancelled when it becomes true.
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
            process.closeWriteChannel()  # its reader thread ends it
            if not process.waitForFinished(500):
                process.kill()
                process.waitForFinished(1000)
            process.deleteLater()

    def _start(self) -> None:
        program, *arguments = self._command()
        self._lines, self._begun = LineReader(), b""
        self.log.clear()
        process = self._process = QProcess(self)
        process.setProcessEnvironment(child_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_log)
        process.errorOccurred.connect(lambda error: later(self, lambda: self._failed_to_start(error)))  # Windows tells of it within `start`
        process.finished.connect(self._finished)
        self._become(State.STARTING)
        process.start(program, arguments)

    def _write(self, request: Request) -> None:
        line = encode(request_to_json(request))
        if self.state is State.UP and self._process:
            self._process.write(line)
        elif self.state is State.STARTING:
            self._held.append(line)

    def _read(self) -> None:
        if self._process:
            for data in self._lines.feed(bytes(self._process.readAllStandardOutput())):
                self._hear(data)

    def _read_log(self, last: bool = False) -> None:
        """Whole lines: of an address that is cut in two, the key would not be known."""
        if self._process:
            lines, newline, self._begun = (self._begun + bytes(self._process.readAllStandardError())).rpartition(b"\n")
            if last:
                lines, self._begun = lines + newline + self._begun, b""
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
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._become(State.UP)
            held, self._held = self._held, []
            if self._process:
                self._process.write(b"".join(held))
            return
        job = self._open.get(cast(int, event.id))
        if job is None:
            say(f"unexpected: {event}")
        elif isinstance(event, LAST):
            self._end(job, event)
        else:
            job.heard.emit(event)

    def _refuse(self, data: dict[str, Any], error: BackendError) -> None:
        """Ends what an unreadable event is about: its job, or the process if it is of another version."""
        job = self._open.get(cast(int, id_of(data)))
        if data.get("event") == "ready":
            self._kill()
            self._gone(error.message, error.hint, State.BROKEN)
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
        later(self, lambda: self._fail(job, message, hint))  # whoever submits it is to connect first

    def _lost_patience(self, job: Job) -> None:
        if job.number in self._open and self._process:
            say(f"job {job.number} did not end within {PATIENCE / 1000:.0f} s of its cancellation: the process is killed")
            self._killed = True
            self._process.kill()  # the job ends once it has gone: the next question must not be sent to it

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process:
            program, reason = self._process.program(), self._process.errorString()
            message = tr("The model process can't be started with {program}: {reason}.").format(program=program, reason=reason)
            hint = tr("Choose another Python program or set up the environment again in Settings > Options > ZoomEarth.")
            self._gone(message, hint, State.BROKEN)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_log(last=True)
        if self._killed:
            self._gone(
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
            self._gone(message, tr("The log shows the reason. Restart the model process to try again."), State.BROKEN)
        else:
            self._gone(message, tr("Ask again: the model process starts again."))

    def _gone(self, message: str, hint: str, state: State = State.DOWN) -> None:
        warn(f"{message} {hint}")  # a process that was killed has left no words of its own there
        if self._process:
            self._process.deleteLater()
            self._process = None
        self._held.clear()
        self._killed = False
        self.trouble = (message, hint)
        self._become(state)
        for job in list(self._open.values()):
            if job.cancelled:
                self._end(job, Cancelled(job.number))
            else:
                self._fail(job, message, hint)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.changed.emit(state)
