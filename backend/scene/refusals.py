"""Errors for a raster that can't be opened or read: GDAL's message as one sentence, and a remedy."""

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
    """The name under which GDAL opens a raster."""
    scheme = re.match(r"(https?|ftp)://", name, re.IGNORECASE)
    return f"/vsicurl/{scheme[0].lower()}{name[scheme.end() :]}" if scheme else name


def unopened(path: str, remote: bool, message: str) -> SceneError:
    """Why the raster can't be opened. message: GDAL's first message."""
    name, reason = shown(path), _short(message, path)
    missing = _missing_part(path, message)
    if missing:
        return missing
    if path.startswith("/vsi") and not remote:
        return SceneError(f"{name} can't be opened: {reason}.", "Check the path of the archive, and the name of the file in it.")
    service = name != well_formed(path) and not os.path.exists(path)  # its address or description contains a login
    if remote or service:
        return SceneError(f"{name} can't be opened: {reason}.", "Check the address, and whether this machine can reach the server.")
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


def unread(path: str, window: Window, reason: str, files: Sequence[str]) -> SceneError:
    """Why pixels of an open raster can't be read. reason: GDAL's message; files: the files of the raster, including itself."""
    missing = _missing_part(path, reason)
    if missing:
        return missing
    message = f"{shown(path)} can't be read at {tuple(window)}: {_short(reason, path)}"
    if is_remote(path):
        return SceneError(f"{message}.", "The server no longer replies, or its file is damaged. Try again, or download the file.")
    if re.search(r"HTTP|CURL|downloading", reason):
        parts = ", ".join(shown(file) for file in files if is_remote(file)) or "a server"
        return SceneError(f"{message}. It consists of {parts}.", "Check these addresses, and whether this machine can reach the server.")
    return SceneError(f"{message}.", "The file is damaged or cut short: copy or download it again.")


def _missing_part(path: str, message: str) -> SceneError | None:
    """The error where GDAL's message says that a part of the raster does not exist: a VRT's source, an archive's member."""
    match = re.search(r"(?:^|[\s`'\"])([^\s`'\"][^`'\"]*?)['\"`]?:? (?:No such file or directory|does not exist)", plain(message)[:1000])
    part = match[1] if match else ""
    raster_exists = path.startswith("/vsi") or os.path.exists(path)
    if not part or part in (path, gdal_path(path)) or not raster_exists:
        return None
    return SceneError(
        f"{shown(path)} consists of other files, and {shown(part)} does not exist.",
        "Restore the missing file, or make the raster again from the files that exist.",
    )


def _short(message: str, path: str) -> str:
    """GDAL's message on one line of at most 200 characters, without the keys in the raster's address."""
    return hidden(plain(message), path).rstrip(".")[:200]
