"""Removal of many small files, off the GUI's thread."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any, Callable

from qgis.PyQt.QtCore import QThread, pyqtSignal


class Chore(QThread):
    """Runs a function of no arguments; `done` brings what it returned, or the OSError that it raised. Outlives whoever started it."""

    done = pyqtSignal(object)

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work = work
        _running.add(self)
        self.finished.connect(self._forget)

    def run(self) -> None:
        try:
            self.done.emit(self._work())
        except OSError as error:
            self.done.emit(error)

    def _forget(self) -> None:
        _running.discard(self)
        self.deleteLater()


_running: set[Chore] = set()  # a thread that is deleted while it runs ends QGIS


def remove_folder(folder: Path) -> None:
    """All of it, write-protected files too. Under another name first, so that what is half removed is never taken for whole."""
    if not os.path.lexists(folder):
        return
    doomed = folder.with_name(folder.name + ".removed")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed, onerror=_unprotect)


def _unprotect(remove: Callable[[str], None], path: str, _: Any) -> None:
    os.chmod(path, stat.S_IWRITE)
    remove(path)
