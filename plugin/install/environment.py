"""The private Python environment: its folder, its state, its size. A pure venv, outside the plugin and QGIS's Python.

DATA/env-1a2b3c4d   the venv; its name has the hash of the requirements, so other requirements make another venv
DATA/python         a Python that uv downloaded, where the machine had none
DATA/setup          the installer's cache and temporary files, until the installation is complete
DATA/setup.log      the log of the last installation
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from qgis.PyQt.QtCore import QStandardPaths

from ...core.paths import ROOT
from ...core.settings import data_folder
from ..settings import chosen_python
from .remove import remove_folder

PLUGIN = ROOT
REQUIREMENTS = PLUGIN / "resources" / "requirements" / "backend.txt"
BACKEND = PLUGIN / "backend" / "__main__.py"
ICON = PLUGIN / "resources" / "icons" / "zoomearth.svg"
MARKER = "complete.json"  # written last: an environment without it is not complete
ISOLATED = ("-I", "-X", "utf8")  # flags of every Python: it ignores the packages and variables of the user's and QGIS's Python


@dataclass(frozen=True)
class Build:
    """PyTorch for a kind of processor; the approximate bytes of all packages with it, downloaded and on disk."""

    device: str
    download: int
    disk: int


# Downloads: the sizes in the package index for Python 3.12. On disk: cpu as measured on Linux; the other two are estimates.
BUILDS = {
    build.device: build
    for build in (
        Build("cpu", 350_000_000, 1_500_000_000),
        Build("cuda", 2_900_000_000, 6_500_000_000),
        Build("mps", 250_000_000, 1_200_000_000),
    )
}


def detect_device() -> str:
    """The processor that PyTorch can use on this machine: "cuda", "mps" or "cpu". Looks for a driver; starts no process."""
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    if sys.platform == "linux":
        return "cuda" if Path("/proc/driver/nvidia/version").exists() else "cpu"
    return "cuda" if QStandardPaths.findExecutable("nvidia-smi") else "cpu"


@dataclass(frozen=True)
class Environment:
    """The environment for one list of requirements. proof: arguments with which its Python must run without error."""

    requirements: Path = REQUIREMENTS
    proof: tuple[str, ...] = (str(BACKEND), "check", "--json")

    @property
    def folder(self) -> Path:
        digest = hashlib.sha256(self.requirements.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        return data_folder() / f"env-{digest[:8]}"

    @property
    def scratch(self) -> Path:
        return self.folder.parent / "setup"

    @property
    def pythons(self) -> Path:
        """The folder for a Python that uv downloads."""
        return self.folder.parent / "python"

    @property
    def log(self) -> Path:
        return self.folder.parent / "setup.log"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def facts(self) -> Optional[dict[str, Any]]:
        """The content of the marker (python, device, bytes); None where the environment is not complete, or its base Python was removed."""
        try:
            facts = json.loads((self.folder / MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return facts if self.python.exists() else None

    def others(self) -> list[Path]:
        """The environments of other versions of the plugin."""
        return [folder for folder in self.folder.parent.glob("env-*") if folder != self.folder]

    def remove(self) -> None:
        """Removes everything that the installer has created; downloaded models stay. Raises OSError."""
        for folder in (self.folder, *self.others(), self.scratch, self.pythons):
            remove_folder(folder)
        self.log.unlink(missing_ok=True)


def backend_python() -> Optional[Path]:
    """The Python that runs the backend: the chosen program, else the private environment's. None: it does not exist, or is not complete."""
    if chosen := chosen_python():
        return Path(chosen) if Path(chosen).is_file() else None
    environment = Environment()
    return environment.python if environment.facts else None
