"""What it takes to make the private environment, as a generator that yields each process to run and is sent how it went.

Find a base Python, make a pure venv, bring the packages (with uv where it is at hand, or where the index's usual PyTorch is not the one
for this machine; else with pip), import them once, write the marker. What was killed at any step is taken up by the next attempt:
finished downloads are in the cache, and an environment without a marker is one to go on with.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import Generator, Sequence

from qgis.PyQt.QtCore import QProcessEnvironment, QStandardPaths

from ...core.atomic import write_whole
from ..child.environment import child_environment
from ..i18n import tr
from .diagnosis import Diagnosis, diagnose, disk_full, no_python, no_venv
from .environment import ISOLATED, MARKER, Build, Environment
from .pythons import OLDEST, PROBE, Base, candidates

USUAL_BUILD = {"linux": "cuda", "win32": "cpu"}  # the PyTorch that the public index gives whoever does not say which
OWN_SOURCES = ("index-url", "extra-index-url", "find-links", "no-index")  # settings of pip, which uv does not read
LEAST_PIP = "pip>=24.1"  # says its progress to a program, and trusts the certificates that the system trusts
MEASURE = "import os, sys; print(sum(os.lstat(os.path.join(p, n)).st_size for p, _, names in os.walk(sys.argv[1]) for n in names))"
# A pure environment whose pip works, and whose packages are whole: pip and uv write INSTALLER once a package's files are there.
SOUND = (
    "import pathlib, pip, sys, sysconfig; packages = pathlib.Path(sysconfig.get_path('purelib')).glob('*.dist-info'); "
    "sys.exit(sys.prefix == sys.base_prefix or not all((each / 'INSTALLER').exists() for each in packages))"
)
BUILD_FILE = "build.txt"  # in the environment: which PyTorch it was begun for
TIDY = "import shutil, sys; [shutil.rmtree(folder, ignore_errors=True) for folder in sys.argv[1:]]"


@dataclass(frozen=True)
class Run:
    """A process to run. stage: what it does, for people. download: bytes that it will fetch, about; 0: nothing worth showing."""

    stage: str
    program: str
    arguments: Sequence[str]
    download: int = 0


@dataclass(frozen=True)
class Ran:
    """How it went: the exit code, and what it said."""

    code: int
    lines: Sequence[str]


class Failed(Exception):
    """It can't go on, and why."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.what)
        self.diagnosis = diagnosis


Steps = Generator[Run, Ran, None]


@dataclass(frozen=True)
class Recipe:
    """base: the Python to start from ("": the first that serves). packages: a folder of wheels that takes the network's place."""

    environment: Environment
    build: Build
    base: str
    packages: str

    def steps(self) -> Steps:
        """Raises Failed, OSError."""
        environment, scratch = self.environment, self.environment.scratch
        environment.folder.parent.mkdir(parents=True, exist_ok=True)
        if not environment.folder.exists() and shutil.disk_usage(environment.folder.parent).free < self.build.disk + self.build.download:
            raise Failed(disk_full())
        (scratch / "tmp").mkdir(parents=True, exist_ok=True)
        (environment.folder / MARKER).unlink(missing_ok=True)
        if not (yield from self._begun()):
            yield from self._make()
            (environment.folder / BUILD_FILE).write_text(self.build.device)
        yield from self._bring()
        ran = yield Run(tr("Testing the environment"), *self._python(*environment.proof))
        if ran.code:
            (environment.folder / BUILD_FILE).unlink()  # the next attempt begins anew
            raise Failed(diagnose(ran.lines))
        measured = yield from self._must(tr("Removing temporary files"), self._python("-c", MEASURE, str(environment.folder)))
        facts = {"python": str(environment.python), "device": self.build.device, "bytes": int(measured.lines[-1])}
        yield Run(tr("Removing temporary files"), *self._python("-c", TIDY, str(scratch), *map(str, environment.others())))
        write_whole(environment.folder / MARKER, json.dumps(facts))

    def child_environment(self) -> QProcessEnvironment:
        """For every step: temporary files and downloads lie beside the environment, on the disk whose room was looked at."""
        environment, scratch = child_environment(keep_pip=True), self.environment.scratch
        for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT"):  # would send the packages elsewhere
            environment.remove(name)
        settings = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_REQUIRE_VIRTUALENV": "0"}
        settings.update({name: str(scratch / "tmp") for name in ("TMPDIR", "TMP", "TEMP")})
        settings.update({"PIP_CACHE_DIR": str(scratch / "pip"), "UV_CACHE_DIR": str(scratch / "uv"), "UV_SYSTEM_CERTS": "1"})
        settings["UV_PYTHON_INSTALL_DIR"] = str(self.environment.pythons)
        for name, value in settings.items():
            environment.insert(name, value)
        return environment

    def _python(self, *arguments: str) -> tuple[str, Sequence[str]]:
        return str(self.environment.python), [*ISOLATED, *arguments]

    def _must(self, stage: str, command: tuple[str, Sequence[str]], download: int = 0) -> Generator[Run, Ran, Ran]:
        ran = yield Run(stage, *command, download)
        if ran.code:
            raise Failed(diagnose(ran.lines))
        return ran

    def _begun(self) -> Generator[Run, Ran, bool]:
        """Whether an earlier attempt has left an environment to go on with: one for this PyTorch, with no package half unpacked."""
        build = self.environment.folder / BUILD_FILE
        if not (build.exists() and build.read_text() == self.build.device and self.environment.python.exists()):
            return False
        ran = yield Run(tr("Checking the existing environment"), *self._python("-c", SOUND))
        return ran.code == 0

    def _make(self) -> Steps:
        stage, folder = tr("Creating the environment"), str(self.environment.folder)
        bases: list[Base] = []
        for command in [[self.base]] if self.base else candidates():
            ran = yield Run(tr("Searching for Python"), command[0], [*command[1:], "-I", "-c", PROBE])
            base = Base.of_probe(ran.lines)
            if base and base.runs_the_backend:
                bases.append(base)
                if base.makes_environments:
                    yield from self._must(stage, (base.executable, [*ISOLATED, "-m", "venv", "--clear", "--without-pip", folder]))
                    yield from self._must(stage, self._python("-m", "ensurepip"))  # by itself, as venv keeps its errors to itself
                    return
        uv = QStandardPaths.findExecutable("uv")
        if not uv or (self.base and not bases):
            raise Failed(no_venv() if bases else no_python())
        python = bases[0].executable if bases else f">={'.'.join(map(str, OLDEST))},<3.14"
        yield from self._must(stage, (uv, ["venv", "--seed", "--clear", "--python", python, folder]))

    def _bring(self) -> Steps:
        stage, wanted = tr("Downloading and installing the packages"), ["-r", str(self.environment.requirements)]
        pip = ["-m", "pip", "install"]
        if self.packages:
            yield from self._must(stage, self._python(*pip, "--no-index", "--find-links", self.packages, *wanted))
            return
        sources = yield from self._must(tr("Reading the settings of pip"), self._python("-m", "pip", "config", "list"))
        own = any(line.partition("=")[0].endswith(OWN_SOURCES) for line in sources.lines)
        usual = self.build.device == USUAL_BUILD.get(sys.platform, self.build.device)
        uv = QStandardPaths.findExecutable("uv")
        if not own and (uv or not usual):
            if not uv:
                yield from self._must(tr("Downloading the installer uv"), self._python(*pip, "uv"))
                uv = str(self.environment.python.with_name("uv.exe" if sys.platform == "win32" else "uv"))
            target = ["--python", str(self.environment.python), "--torch-backend", "auto" if self.build.device == "cuda" else "cpu"]
            ran = yield Run(stage, uv, ["pip", "install", *target, *wanted], self.build.download)
            if not ran.code:
                return
            if not usual:  # pip would bring another PyTorch, and gigabytes that nobody was told of
                raise Failed(diagnose(ran.lines))
        ran = yield Run(tr("Preparing the installer"), *self._python(*pip, "--retries", "2", LEAST_PIP))
        raw = [] if ran.code else ["--progress-bar", "raw"]  # an index without pip in it is no reason to stop
        yield from self._must(stage, self._python(*pip, *raw, *wanted), self.build.download)
