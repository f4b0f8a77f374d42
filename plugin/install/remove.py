"""Removes folders with many files, on a thread of its own."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any, Callable

from qgis.PyQt.QtCore import QThread, pyqtSignal


class BackgroundCall(QThread):
    """Calls a function without arguments on a thread; `done` is emitted with its result, or with the OSError that it raised."""

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


_running: set[BackgroundCall] = set()  # keeps threads alive: QGIS crashes where a running thread is deleted


def remove_folder(folder: Path) -> None:
    """Removes a folder, with write-protected files too. It is renamed first, so that a partly removed folder never looks complete."""
    if not os.path.lexists(folder):
        return
    doomed = folder.with_name(folder.name + ".removed")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed, onerror=_unprotect)


def _unprotect(remove: Callable[[str], None], path: str, _: Any) -> None:
    os.chmod(path, stat.S_IWRITE)
    remove(path)
