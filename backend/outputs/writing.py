"""One file of results, written as a whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ...core.atomic import beside
from ...core.errors import SceneError
from ..scene.gdal import RasterError

if TYPE_CHECKING:
    from ..scene.scene import Scene


def write_file(path: Path, write: Callable[[Path], None]) -> Path:
    """Lets `write` write a file beside `path`, then moves it to `path`. Raises SceneError where it can't be written."""
    try:
        with beside(path) as new:
            write(new)
    except (OSError, RuntimeError, ValueError, MemoryError, RasterError) as error:
        reason = (
            getattr(error, "strerror", None) or re.sub(r"sqlite3_exec\(.*\) failed: ", "", str(error)).rstrip(".") or type(error).__name__
        )
        raise SceneError(
            f"{path} can't be written: {reason}.", "Check the free space of the disk and the permissions of the folder."
        ) from error
    return path


def check_file(file: str) -> None:
    """Raises SceneError for a file that can't be written: its folder is missing or read-only, or it is a folder itself."""
    check_name(file)
    folder = Path(file).resolve().parent
    if not folder.is_dir():
        raise SceneError(f"The folder of {file} does not exist.", f"Make {folder} first.")
    if not os.access(folder, os.W_OK):
        raise SceneError(f"The folder of {file} is read-only.", "Choose another folder.")
    if Path(file).is_dir():
        raise SceneError(f"{file} is a folder.", "Give the name of a file.")


def check_name(file: str) -> None:
    """Raises SceneError for a name that the system does not take."""
    try:
        os.lstat(file)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SceneError(f"{file} can't be written: {error.strerror}.", "Choose another name.") from error


def check_other(file: str, scene: Scene) -> None:
    """Raises SceneError for a file of the scene itself."""
    if os.path.realpath(file) in {os.path.realpath(own) for own in scene.files}:
        raise SceneError(f"{file} is a file of the raster itself and would be replaced.", "Choose another name.")
