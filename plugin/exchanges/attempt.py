"""One attempt to bring a project's results into their file: on a thread of its own, with every error caught.

What the file does not take goes to a second file in the user's data folder, the waiting file, until a later attempt succeeds.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from ...core.errors import SceneError
from ..i18n import tr
from ..log import warn
from .exchange import Exchange
from .geopackage import Locked
from .result_tables import Written
from .results_file import ResultsFile
from .unsaved import unsaved_folder, waiting_file


@dataclass
class Attempt:
    """One attempt to write, on a thread of its own.

    origin: the path of the file at the beginning; target: the path that the results move to. changes: by exchange id; None: remove it.
    known: exchanges that the file should have; they are written where the file is not the one of `identity`, or is `doubted`.
    doubted: the attempt before failed, or an older version wrote the file. unread: the exchanges of the file could not be read so far.
    safe: ids that the waiting file has.
    spare: returns another path for a new file that can't be created.
    Results. error: why the changes are not in the file. refused: why the results did not move. recovered: exchanges of an `unread` file.
    """

    file: ResultsFile
    origin: Path
    changes: dict[str, Optional[Exchange]]
    known: list[Exchange]
    doubted: bool
    identity: Optional[tuple[int, int]]
    unread: bool
    safe: set[str]
    target: Optional[Path] = None
    spare: Optional[Callable[[], Path]] = None
    error: Optional[SceneError] = None
    refused: Optional[SceneError] = None
    recovered: Optional[list[Exchange]] = None
    written: Optional[Written] = None

    def run(self) -> None:
        """May be called on any thread; raises nothing."""
        waiting = ResultsFile(waiting_file(self.file.path))
        with suppress(OSError):  # the write below raises an error that says what is wrong
            unsaved_folder().mkdir(parents=True, exist_ok=True)
        try:
            self._move(self.target) if self.target else self._visit()
        except Exception as error:
            self.error = _scene_error(error, self.file.path)
        try:
            if self.error:
                self._save_in(waiting)
            elif self.written:
                waiting.discard(self.changes.keys() | {exchange.id for exchange in self.known})
                self.safe = set()
        except Exception as error:
            _scene_error(error, waiting.path)

    def _visit(self) -> None:
        if self.unread and self.file.exists:
            self.recovered = self.file.read()
        known = self.known if self.doubted or self.identity != self.file.identity else []
        if not self.changes and not known and not self.doubted:
            return
        try:
            self.written = self.file.write(self.changes, known)
        except SceneError as error:
            if self.spare is None:
                raise
            warn(f"{error.message} {error.hint}")
            self.file = ResultsFile(self.spare())
            self.written = self.file.write(self.changes, known)
        self.identity = self.file.identity

    def _move(self, target: Path) -> None:
        moved = ResultsFile(target)
        try:
            if self.file.is_database:
                self.file.copy_to(target)
            self.written = moved.write(self.changes, self.known)
        except SceneError as error:
            self.refused = error
            return
        self.file, self.identity = moved, moved.identity

    def _save_in(self, waiting: ResultsFile) -> None:
        """Writes what the file lacks into the waiting file, except what is there already."""
        try:
            present = self.file.ids()
        except Locked:  # the file exists and is unchanged
            present = {exchange.id for exchange in self.known}
        except SceneError:
            present = set()
        lacking = [exchange for exchange in self.known if exchange.id not in present]
        lacking += [exchange for exchange in self.changes.values() if exchange]
        if added := {exchange.id: exchange for exchange in lacking if exchange.id not in self.safe}:
            waiting.write(added)
        self.safe = self.safe | added.keys()
        waiting.discard({id for id, exchange in self.changes.items() if exchange is None})


def _scene_error(error: Exception, path: Path) -> SceneError:
    """Logs the error, with a traceback where it was not expected (no exception may end the thread silently); returns a SceneError."""
    if isinstance(error, SceneError):
        warn(f"{error.message} {error.hint}")
        return error
    warn(traceback.format_exc())
    message = tr("The results can't be written to {path}: {reason}.").format(path=path, reason=repr(error))
    return SceneError(message, tr("The log shows the details."))
