"""Result files in the user's data folder: those of projects that were never saved, and what waits for a file that can't be written to."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from pathlib import Path

from ..core.config import data_folder
from .store import Store

RECENT = 20  # files that are listed


def unsaved_folder() -> Path:
    """Where they are."""
    return data_folder() / "unsaved"


def new_file() -> Path:
    """For the results of a project that has no file; not used yet."""
    return unsaved_folder() / f"{datetime.now():%Y-%m-%d}-{uuid.uuid4().hex[:8]}.gpkg"


def waiting_file(results: Path) -> Path:
    """For what could not be written to a project's results: the same in each session that has the same results."""
    digest = hashlib.sha256(str(results.absolute()).encode("utf-8", "surrogatepass")).hexdigest()
    return unsaved_folder() / f"waiting-{digest[:16]}.gpkg"


def earlier_files() -> list[Path]:
    """The newest result files, the last one written first."""
    try:
        files = [(file.stat().st_mtime, file) for file in unsaved_folder().glob("*.gpkg") if Store(file).exists]
    except OSError:
        return []
    return [file for _, file in sorted(files, reverse=True)[:RECENT]]
