"""The rasters of a folder, or of a pattern like "tiles/**/*.tif", each asked one question. The id of a row is its path from there."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from ...core.texts import well_formed

SUFFIXES = (".tif", ".tiff", ".jp2", ".j2k", ".vrt", ".img", ".png", ".jpg", ".jpeg")


def in_folder(folder: Path) -> Iterator[dict[str, Any]]:
    """The id and the path of each raster below the folder, in the order of their names; hidden folders are left out. Raises DataError where
    there is none."""
    found = False
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                found = True
                yield _row(folder, os.path.join(root, name))
    if not found:
        raise DataError(
            f"The folder {folder} holds no raster.", f"Names end in {', '.join(SUFFIXES)}; a pattern like '{folder}/*.ecw' takes others."
        )


def matching(pattern: str) -> Iterator[dict[str, Any]]:
    """The same of the files that match a pattern of the shell. Raises DataError where none does."""
    start = re.split(r"[^/\\]*[*?[]", pattern, maxsplit=1)[0]
    files = [path for path in sorted(glob.glob(pattern, recursive=True)) if os.path.isfile(path)]
    if not files:
        raise DataError(f"No file matches {pattern}.", "Check the pattern; ** stands for folders of any depth.")
    for path in files:
        yield _row(Path(start or "."), path)


def _row(start: Path, path: str) -> dict[str, Any]:
    return {"id": well_formed(Path(os.path.relpath(path, start)).as_posix()), "path": os.path.abspath(path)}
