"""Why a raster can't be opened or read: what GDAL said, as one sentence for a person, and what to do about it."""

from __future__ import annotations

import os
import re

from ..core.errors import SceneError
from .rasters import Window
from .rasters.complaints import plain


def is_remote(name: str) -> bool:
    return re.search(r"^(https?|ftp)://|/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs)", name) is not None


def gdal_path(name: str) -> str:
    """The name under which GDAL opens it."""
    return f"/vsicurl/{name}" if re.match(r"(https?|ftp)://", name) else name


def unopened(name: str, remote: bool, said: str) -> SceneError:
    """Why the raster can't be opened; `said` is what GDAL said first."""
    missing = _missing_part(name, said)
    if missing:
        return missing
    if remote:
        return SceneError(f"{name} can't be opened: {_short(said)}.", "Check the address, and that the server answers from here.")
    if not name.startswith("/vsi") and not os.path.exists(name):
        return SceneError(f"There is no file {name}.", "Check the path.")
    if os.path.isdir(name):
        return SceneError(f"{name} is a folder, not a raster.", "Name the raster file in it.")
    if os.path.isfile(name) and not os.access(name, os.R_OK):
        return SceneError(f"{name} may not be read by you.", "Check its permissions.")
    if os.path.isfile(name) and os.path.getsize(name) == 0:
        return SceneError(f"{name} is an empty file.", "Copy or download it again.")
    return SceneError(
        f"{name} is no raster that GDAL can read: {_short(said)}.",
        "`gdalinfo` says more; a damaged file must be had again.",
    )


def unread(name: str, window: Window, said: str) -> SceneError:
    """Why pixels of a raster that was opened can't be read."""
    return _missing_part(name, said) or SceneError(
        f"{name} can't be read at {tuple(window)}: {_short(said)}.",
        "The file is damaged or cut short, or the server went away; copy or download it again.",
    )


def _missing_part(name: str, said: str) -> SceneError | None:
    """Where GDAL says that a file is not there which is not the raster itself: a VRT's source, an archive's member."""
    match = re.search(r"(?:^|[\s`'\"])([^\s`'\"][^`'\"]*?)['\"`]?:? (?:No such file or directory|does not exist)", _short(said, 1000))
    part = match[1] if match else ""
    itself_is_there = name.startswith("/vsi") or os.path.exists(name)
    if not part or part in (name, gdal_path(name)) or not itself_is_there:
        return None
    return SceneError(
        f"{name} is made of other files, and {part} is not there.",
        "Put the missing file where it is looked for, or make the raster again from the files that are there.",
    )


def _short(said: str, most: int = 200) -> str:
    """GDAL's first sentence, on one line."""
    return plain(said).rstrip(".")[:most]
