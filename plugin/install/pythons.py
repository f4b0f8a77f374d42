"""Pythons of this machine from which the private environment can be made."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

from qgis.PyQt.QtCore import QStandardPaths

# `ssl` is imported for real: a Python of OSGeo4W has it, but not outside QGIS's own search path.
PROBE = (
    "import importlib.util as u, json, ssl, struct, sys; "
    "print(json.dumps([list(sys.version_info[:2]), struct.calcsize('P') * 8, sys.executable, "
    "all(u.find_spec(name) for name in ('venv', 'ensurepip'))]))"
)
OLDEST = (3, 10)
TRIED = ("3.12", "3.11", "3.13", "3.10")  # in the order in which the packages' wheels are best tried
PLACES = ("/opt/homebrew/bin", "/usr/local/bin", "/Library/Frameworks/Python.framework/Versions/Current/bin")  # not on a macOS app's PATH


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
        """None: what ran was no Python (the Windows shop's stand-in, a shim without a version)."""
        try:
            version, bits, executable, makes = json.loads(lines[-1])
            return cls((version[0], version[1]), bits, executable, makes)
        except (ValueError, IndexError, TypeError):
            return None


def candidates() -> list[list[str]]:
    """Commands that may be a Python, the likeliest first."""
    names = [f"python{version}" for version in TRIED] + ["python3", "python"]
    programs = [QStandardPaths.findExecutable(name) or QStandardPaths.findExecutable(name, list(PLACES)) for name in names]
    found = [[program] for program in programs if program]
    if sys.platform == "win32":
        if launcher := QStandardPaths.findExecutable("py"):
            found = [[launcher, f"-{version}"] for version in TRIED] + found
        own = Path(sys.base_prefix) / "python.exe"  # QGIS's: a pure venv may be made from it, nothing is installed into it
        found += [[str(own)]] if own.exists() else []
    return list({os.path.realpath(command[0]) + " ".join(command[1:]): command for command in reversed(found)}.values())[::-1]
