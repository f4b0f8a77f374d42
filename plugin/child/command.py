"""A child process: its output is read line by line, and it can be killed with all its children. Nothing waits for it."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import signal
import sys
from typing import Sequence

from qgis.PyQt.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal

FAILED_TO_START = 127  # the exit code that a shell returns for this


class Command(QObject):
    """Runs one program at a time. `line`: a line of stdout or stderr. `ended`: the exit code; -1 after a crash or a kill."""

    line = pyqtSignal(str)
    ended = pyqtSignal(int)

    def __init__(self, parent: QObject = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyRead.connect(self._read)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._fail)

    @property
    def running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, program: str, arguments: Sequence[str], environment: QProcessEnvironment) -> None:
        self._decoder, self._held = codecs.getincrementaldecoder("utf-8")("replace"), ""
        self._process.setProcessEnvironment(environment)
        self._process.start(program, list(arguments))
        self._process.closeWriteChannel()  # a program that asks for a password gets an end of file

    def kill(self) -> None:
        """Kills the process and its children; `ended` is emitted afterwards."""
        if not self.running:
            return
        pid = int(self._process.processId())
        if sys.platform == "win32":
            QProcess.execute("taskkill", ["/PID", str(pid), "/T", "/F"])
        else:
            for child in descendants(pid):
                with contextlib.suppress(OSError):  # it has ended already
                    os.kill(child, signal.SIGKILL)
        self._process.kill()

    def kill_and_wait(self) -> None:
        """Kills the process and waits for its end; no signal is emitted."""
        self.blockSignals(True)
        self.kill()
        self._process.waitForFinished(3000)
        self.blockSignals(False)

    def _read(self) -> None:
        self._say(self._decoder.decode(bytes(self._process.readAll())))

    def _say(self, text: str) -> None:
        *lines, self._held = re.split(r"\r\n|\n|\r", self._held + text)
        for line in lines:
            self.line.emit(line)

    def _finish(self, code: int, status: QProcess.ExitStatus) -> None:
        self._say(self._decoder.decode(bytes(self._process.readAll()), True) + ("\n" if self._held else ""))
        self.ended.emit(code if status == QProcess.ExitStatus.NormalExit else -1)

    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # after this error only, QProcess does not emit `finished`
            self.line.emit(self._process.errorString())
            self.ended.emit(FAILED_TO_START)


def descendants(pid: int) -> list[int]:
    """The child processes of `pid` and their children; the youngest first, because a living parent may start another child."""
    listing = QProcess()
    listing.start("ps", ["-A", "-o", "pid=,ppid="])
    listing.waitForStarted(2000)
    ps = int(listing.processId())
    listing.waitForFinished(2000)
    pairs = (line.split() for line in bytes(listing.readAll()).decode().splitlines())
    parents = {int(child): int(parent) for child, parent in pairs if int(child) != ps}
    tree = [pid]
    for ancestor in tree:  # the list grows during the loop
        tree.extend(child for child, parent in parents.items() if parent == ancestor)
    return tree[:0:-1]
