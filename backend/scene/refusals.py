"""Why a raster can't be opened or read: what GDAL said, as one sentence for a person, and what to do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ...core.address import hidden, shown
from ...core.errors import SceneError
from ...core.texts import well_formed
from .gdal import Window
from .gdal.complaints import plain


def is_remote(name: str) -> bool:
    return re.search(r"^(https?|ftp)://|/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs)", name, re.IGNORECASE) is not None


def gdal_path(name: str) -> str:
    """The name under which GDAL opens it."""
    scheme = re.match(r"(https?|ftp)://", name, re.IGNORECASE)
    return f"/vsicurl/{scheme[0].lower()}{name[scheme.end() :]}" if scheme else name


def unopened(path: str, remote: bool, said: str) -> SceneError:
    """Why the raster can't be opened; `said` is what GDAL said first."""
    name, reason = shown(path), _short(said, path)
    missing = _missing_part(path, said)
    if missing:
        return missing
    if path.startswith("/vsi") and not remote:
        return SceneError(f"{name} can't be opened: {reason}.", "Check the path of the archive, and the name of the file in it.")
    service = name != well_formed(path) and not os.path.exists(path)  # its address or description holds a login
    if remote or service:
        return SceneError(f"{name} can't be opened: {reason}.", "Check the address, and that the server answers from here.")
    if not os.path.exists(path):
        return SceneError(f"There is no file {name}.", "Check the path.")
    if os.path.isdir(path):
        return SceneError(f"{name} is a folder, not a raster.", "Name the raster file in it.")
    if os.path.isfile(path) and not os.access(path, os.R_OK):
        return SceneError(f"You have no permission to read {name}.", "Change its permissions.")
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        return SceneError(f"{name} is an empty file.", "Copy or download it again.")
    return SceneError(
        f"GDAL can't read {name} as a raster: {reason}.",
        "`gdalinfo` shows details. If the file is damaged, copy or download it again.",
    )


def unread(path: str, window: Window, said: str, files: Sequence[str]) -> SceneError:
    """Why pixels of a raster that was opened can't be read; `files` is what it is made of, itself included."""
    missing = _missing_part(path, said)
    if missing:
        return missing
    message = f"{shown(path)} can't be read at {tuple(window)}: {_short(said, path)}"
    if is_remote(path):
        return SceneError(f"{message}.", "The server has stopped to answer, or its file is damaged. Try again, or download the file.")
    if re.search(r"HTTP|CURL|downloading", said):
        parts = ", ".join(shown(file) for file in files if is_remote(file)) or "a server"
        return SceneError(f"{message}. It is made of {parts}.", "Check these addresses, and that the server answers from here.")
    return SceneError(f"{message}.", "The file is damaged or cut short: copy or download it again.")


def _missing_part(path: str, said: str) -> SceneError | None:
    """Where GDAL says that a file is not there which is not the raster itself: a VRT's source, an archive's member."""
    match = re.search(r"(?:^|[\s`'\"])([^\s`'\"][^`'\"]*?)['\"`]?:? (?:No such file or directory|does not exist)", plain(said)[:1000])
    part = match[1] if match else ""
    itself_is_there = path.startswith("/vsi") or os.path.exists(path)
    if not part or part in (path, gdal_path(path)) or not itself_is_there:
        return None
    return SceneError(
        f"{shown(path)} is made of other files, and {shown(part)} does not exist.",
        "Restore the missing file, or make the raster again from the files that exist.",
    )


def _short(said: str, path: str) -> str:
    """GDAL's first sentence, on one line, without the keys in the raster's address."""
    return hidden(plain(said), path).rstrip(".")[:200]
