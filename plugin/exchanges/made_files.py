"""The files that tools, surveys and runs have made: they lie in a folder beside the results, and move with them."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from pathlib import Path
from typing import Callable, Iterable, Optional

from .exchange import UsedTool
from .geopackage import unwritable
from .result_tables import numbered
from .results_file import ResultsFile


class MadeFiles:
    def __init__(self, file: Callable[[], Optional[ResultsFile]], begin: Callable[[], ResultsFile]) -> None:
        """file: returns that of the results, None where there is none yet. begin: chooses one then."""
        self._file, self._begin = file, begin

    def begin_folder(self) -> Path:
        """The folder, which is there then. Raises SceneError."""
        folder = self._begin().folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        return folder

    def new_path(self, name: Path, reserved: Iterable[str] = ()) -> Path:
        """A path in the folder, by this name or with a number. reserved: names of files that will be written.

        Raises SceneError where there can be no folder.
        """
        folder = self.begin_folder()
        try:
            existing = {Path(file).stem for file in (*reserved, *os.listdir(folder))}
        except OSError as error:
            raise unwritable(folder, error) from error
        return folder / (numbered(name.stem, existing) + name.suffix)

    def has_left(self, file: Path) -> bool:
        """Whether the results have moved since the file was made in their folder."""
        current = self._file()
        return current is not None and file.parent != current.folder

    def bring(self, file: Path, here: Path) -> None:
        """Moves a file into the folder. Raises SceneError."""
        try:
            shutil.move(file, here)
        except OSError as error:
            raise unwritable(here, error) from error

    def brought(self, file: Path) -> str:
        """The name in the folder of a file that was made for it; the results may have moved meanwhile. Raises SceneError."""
        if not self.has_left(file):
            return file.name
        here = self.new_path(file)
        self.bring(file, here)
        return here.name

    def delete(self, use: UsedTool) -> None:
        """Deletes what a use of a tool has made."""
        if current := self._file():
            file = current.folder / use.made.out
            with contextlib.suppress(OSError):  # the files are leftovers then
                for own in (file, *file.parent.glob(f"{glob.escape(file.name)}.*")):  # QGIS's statistics, the answers of a run
                    own.unlink(missing_ok=True)
                file.parent.rmdir()  # raises where there are other files
