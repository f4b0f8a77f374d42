"""Errors a user can act on.

    ZoomEarthError          code, message, hint; `code` is one of CODES
    ├── SceneError          the raster, its region, or a file made from it
    ├── ModelError          weights, checkpoint folder, memory
    ├── EngineError         a server that does not answer, or filters the reply: one that can't be had
    ├── DataError           a file of rows, records or a benchmark: what it holds, or that it can't be read or written
    ├── BackendError        the process itself: its environment, its protocol
    └── UsageError          a command line that does not say what to do

What is not an error: an unreadable reply, a box outside the view, the zoom limit, a cancellation. Those are `Outcome.stopped`.
"""

from __future__ import annotations

from typing import Any

from .address import hidden
from .texts import well_formed

CODES = ("scene", "model", "engine", "data", "backend", "usage", "internal")


class Cancelled(Exception):
    """A person stopped the work; never shown as an error."""


class ZoomEarthError(Exception):
    """One clear sentence for a person (`message`), and what to do about it (`hint`); an address in them has no login and no query."""

    code = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = well_formed(hidden(message))
        self.hint = well_formed(hidden(hint))
        super().__init__(self.message)

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "hint": self.hint}


class SceneError(ZoomEarthError):
    """The raster can't be opened or read, the region is outside it, or an output beside it can't be written."""

    code = "scene"


class ModelError(ZoomEarthError):
    """The weights can't be found, loaded, or do not fit in memory."""

    code = "model"


class EngineError(ZoomEarthError):
    """The engine gave no reply: a server that is down, refuses, or stalls."""

    code = "engine"


class DataError(ZoomEarthError):
    """Rows to ask or to train on, records, a benchmark's files: they can't be read or written, or hold what can't be used."""

    code = "data"


class BackendError(ZoomEarthError):
    """The backend process: missing dependencies, a message it can't read."""

    code = "backend"


class UsageError(ZoomEarthError):
    """The command line: an unknown command or flag, or a value that a flag does not take."""

    code = "usage"


def as_ours(error: Exception) -> ZoomEarthError:
    """The error as one of ours: what nobody foresaw is `internal`, named by its kind."""
    if isinstance(error, ZoomEarthError):
        return error
    return ZoomEarthError(f"{type(error).__name__}: {error}", "This is an error in ZoomEarth. Please report it.")
