"""Result files in the user's data folder: of projects that were never saved, and of changes that wait for a locked or full file."""

from __future__ import annotations

import hashlib
import textwrap
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ...core.errors import SceneError
from ...core.settings import data_folder
from ..i18n import tr
from .results_file import ResultsFile

RECENT = 20  # files in the list of earlier results
LENGTH = 60  # characters of a question in that list


def unsaved_folder() -> Path:
    """The folder of these files."""
    return data_folder() / "unsaved"


def new_file() -> Path:
    """A path for the results of a project that has no file; no file has this path yet."""
    return unsaved_folder() / f"{datetime.now():%Y-%m-%d}-{uuid.uuid4().hex[:8]}.gpkg"


def waiting_file(results: Path) -> Path:
    """The path for changes that could not be written to this results file: the same in each session."""
    digest = hashlib.sha256(str(results.absolute()).encode("utf-8", "surrogatepass")).hexdigest()
    return unsaved_folder() / f"waiting-{digest[:16]}.gpkg"


def earlier() -> list[tuple[Path, str]]:
    """The newest result files, the last one written first, each with a description of its content."""
    listed = []
    with suppress(OSError):  # there is no folder yet
        files = sorted(unsaved_folder().glob("*.gpkg"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[:RECENT]:
            with suppress(SceneError):
                count, question = ResultsFile(file).summary()
                date = datetime.fromtimestamp(file.stat().st_mtime)
                words = tr("{date}, {count} questions: {question}")
                short = textwrap.shorten(question, LENGTH, placeholder="…")
                listed.append((file, words.format(date=f"{date:%Y-%m-%d %H:%M}", count=count, question=short)))
    return listed
