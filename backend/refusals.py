"""Why a raster can't be opened or read: what GDAL said, as one sentence for a person, and what to do about it."""

from __future__ import annotations

import os
import re

from ..core.address import hidden, shown
from ..core.errors import SceneError
from .rasters import Window
from .rasters.complaints import plain


def is_remote(name: str) -> bool:
    return re.search(r"^(https?|ftp)://|/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs)", name) is not None


def gdal_path(name: str) -> str:
    """The name under which GDAL opens it."""
    return f"/vsicurl/{name}" if re.match(r"(https?|ftp)://", name) else name


def unopened(path: str, remote: bool, said: str) -> SceneError:
    """Why the raster can't be opened; `said` is what GDAL said first."""
    name, reason = shown(path), _short(said, path)
    missing = _missing_part(path, said)
    if missing:
        return missing
    if remote or (not os.path.exists(path) and (path.startswith("/vsi") or path != name)):
        return SceneError(f"{name} can't be opened: {reason}.", "Check the address, and that the server answers from here.")
    if not path.startswith("/vsi") and not os.path.exists(path):
        return SceneError(f"There is no file {name}.", "Check the path.")
    if os.path.isdir(path):
        return SceneError(f"{name} is a folder, not a raster.", "Name the raster file in it.")
    if os.path.isfile(path) and not os.access(path, os.R_OK):
        return SceneError(f"{name} may not be read by you.", "Check its permissions.")
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        return SceneError(f"{name} is an empty file.", "Copy or download it again.")
    return SceneError(
        f"{name} is no raster that GDAL can read: {reason}.",
        "`gdalinfo` says more; a damaged file must be had again.",
    )


def unread(path: str, window: Window, said: str) -> SceneError:
    """Why pixels of a raster that was opened can't be read."""
    return _missing_part(path, said) or SceneError(
        f"{shown(path)} can't be read at {tuple(window)}: {_short(said, path)}.",
        "The file is damaged or cut short, or the server went away; copy or download it again.",
    )


def _missing_part(path: str, said: str) -> SceneError | None:
    """Where GDAL says that a file is not there which is not the raster itself: a VRT's source, an archive's member."""
    match = re.search(r"(?:^|[\s`'\"])([^\s`'\"][^`'\"]*?)['\"`]?:? (?:No such file or directory|does not exist)", plain(said)[:1000])
    part = match[1] if match else ""
    itself_is_there = path.startswith("/vsi") or os.path.exists(path)
    if not part or part in (path, gdal_path(path)) or not itself_is_there:
        return None
    return SceneError(
        f"{shown(path)} is made of other files, and {shown(part)} is not there.",
        "Put the missing file where it is looked for, or make the raster again from the files that are there.",
    )


def _short(said: str, path: str) -> str:
    """GDAL's first sentence, on one line, without the keys in the raster's address."""
    return hidden(plain(said), path).rstrip(".")[:200]
