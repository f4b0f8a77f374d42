"""A backend process of an algorithm's own, on the algorithm's thread."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from qgis.PyQt import sip

from ..child.backend_process import Backend, command

Self = TypeVar("Self", bound="OwnBackend")


class OwnBackend:
    """`backend` is there inside `with`."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def __enter__(self: Self) -> Self:
        self.backend = Backend(lambda: command(str(self._python)))
        return self

    def __exit__(self, *exc: object) -> None:
        self.backend.close()
        sip.delete(self.backend)  # immediately: another thread must not delete it
