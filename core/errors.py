"""Errors with a sentence for the user.

    ZoomEarthError          code, message, hint; `code` is one of CODES
    ├── SceneError          the raster, its region, or a file made from it
    ├── ModelError          weights, checkpoint folder, memory
    ├── EngineError         no reply: the server does not answer, or filters it
    ├── DataError           a file of rows, records or a benchmark: its content, or it can't be read or written
    ├── BackendError        the process itself: its environment, its protocol
    └── UsageError          an invalid command line

An unreadable reply, a box outside the view, the zoom limit and a cancellation are no errors: see `Outcome.stopped`.
"""

from __future__ import annotations

from typing import Any, Mapping

from .address import hidden
from .texts import well_formed

CODES = ("scene", "model", "engine", "data", "backend", "usage", "internal")


class Cancelled(Exception):
    """The user has stopped the work; it is not shown as an error."""


class ZoomEarthError(Exception):
    """message: one clear sentence for the user. hint: what to do. Addresses in both are shown without login and query."""

    code = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = well_formed(hidden(message))
        self.hint = well_formed(hidden(hint))
        super().__init__(self.message)

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "hint": self.hint}

    @staticmethod
    def of(data: Mapping[str, Any]) -> ZoomEarthError:
        """The inverse of `to_dict`."""
        kinds = {kind.code: kind for kind in (SceneError, ModelError, EngineError, DataError, BackendError, UsageError)}
        return kinds.get(str(data.get("code")), ZoomEarthError)(str(data.get("message")), str(data.get("hint") or ""))


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
    """The error as ZoomEarthError; an unexpected error gets the code `internal` and the name of its class."""
    if isinstance(error, ZoomEarthError):
        return error
    return ZoomEarthError(f"{type(error).__name__}: {error}", "This is an error in ZoomEarth. Please report it.")
