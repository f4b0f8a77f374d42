"""One file of results, written as a whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

from ...core.atomic import beside
from ...core.errors import SceneError


def write_file(path: Path, write: Callable[[Path], None]) -> Path:
    """Lets `write` write a file beside `path`, then moves it to `path`. Raises SceneError where it can't be written."""
    try:
        with beside(path) as new:
            write(new)
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        reason = (
            getattr(error, "strerror", None) or re.sub(r"sqlite3_exec\(.*\) failed: ", "", str(error)).rstrip(".") or type(error).__name__
        )
        raise SceneError(
            f"{path} can't be written: {reason}.", "Check the free space of the disk and the permissions of the folder."
        ) from error
    return path
