"""The Pythons of this machine that can create the private environment."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

from qgis.PyQt.QtCore import QStandardPaths

# Imports `ssl` because a Python of OSGeo4W has the module but can't load it outside QGIS.
PROBE = (
    "import importlib.util as u, json, ssl, struct, sys; "
    "print(json.dumps([list(sys.version_info[:2]), struct.calcsize('P') * 8, sys.executable, "
    "all(u.find_spec(name) for name in ('venv', 'ensurepip'))]))"
)
OLDEST = (3, 10)
TRIED = ("3.12", "3.11", "3.13", "3.10")  # the version with the best tested packages first
# A macOS app does not have these folders on its PATH.
PLACES = ("/opt/homebrew/bin", "/usr/local/bin", "/Library/Frameworks/Python.framework/Versions/Current/bin")


@dataclass(frozen=True)
class Base:
    """A Python that answered the probe."""

    version: tuple[int, int]
    bits: int
    executable: str
    makes_environments: bool

    @property
    def runs_the_backend(self) -> bool:
        return self.version >= OLDEST and self.bits == 64

    @classmethod
    def of_probe(cls, lines: Sequence[str]) -> Optional[Base]:
        """None: the program was no Python (the Microsoft Store's placeholder, a shim without a version)."""
        try:
            version, bits, executable, makes = json.loads(lines[-1])
            return cls((version[0], version[1]), bits, executable, makes)
        except (ValueError, IndexError, TypeError):
            return None


def candidates() -> list[list[str]]:
    """Commands that may start a Python, the best first."""
    names = [f"python{version}" for version in TRIED] + ["python3", "python"]
    programs = [QStandardPaths.findExecutable(name) or QStandardPaths.findExecutable(name, list(PLACES)) for name in names]
    commands = [[program] for program in programs if program]
    if sys.platform == "win32":
        if launcher := QStandardPaths.findExecutable("py"):
            commands = [[launcher, f"-{version}"] for version in TRIED] + commands
        own = Path(sys.base_prefix) / "python.exe"  # QGIS's Python: it can create a pure venv, and nothing is installed into it
        commands += [[str(own)]] if own.exists() else []
    return list({os.path.realpath(command[0]) + " ".join(command[1:]): command for command in reversed(commands)}.values())[::-1]
