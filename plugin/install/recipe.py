"""The steps that create the private environment, as a generator: it yields each process to run, and is sent the result.

The steps: find a base Python, create a pure venv, install the packages, test them, write the marker. uv installs the packages where the
machine has it, or where the index's default PyTorch is not the one for this machine; else pip. An attempt that was killed is continued by
the next one: complete downloads are in the cache, and an environment without a marker is used again.
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

USUAL_BUILD = {"linux": "cuda", "win32": "cpu"}  # the PyTorch that the public index installs by default
OWN_SOURCES = ("index-url", "extra-index-url", "find-links", "no-index")  # settings of pip, which uv does not read
LEAST_PIP = "pip>=24.1"  # has `--progress-bar raw`, and uses the system's certificates
MEASURE = "import os, sys; print(sum(os.lstat(os.path.join(p, n)).st_size for p, _, names in os.walk(sys.argv[1]) for n in names))"
# Tests for a pure environment whose pip works and whose packages are complete: pip and uv write INSTALLER after a package's files.
SOUND = (
    "import pathlib, pip, sys, sysconfig; packages = pathlib.Path(sysconfig.get_path('purelib')).glob('*.dist-info'); "
    "sys.exit(sys.prefix == sys.base_prefix or not all((each / 'INSTALLER').exists() for each in packages))"
)
BUILD_FILE = "build.txt"  # in the environment: the PyTorch that it is for
TIDY = "import shutil, sys; [shutil.rmtree(folder, ignore_errors=True) for folder in sys.argv[1:]]"


@dataclass(frozen=True)
class Run:
    """A process to run. stage: a description for the user. download: approximate bytes that it downloads; 0: no progress is shown."""

    stage: str
    program: str
    arguments: Sequence[str]
    download: int = 0


@dataclass(frozen=True)
class Ran:
    """The result of a process: its exit code, and the lines of its output."""

    code: int
    lines: Sequence[str]


class Failed(Exception):
    """The recipe can't continue."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.what)
        self.diagnosis = diagnosis


Steps = Generator[Run, Ran, None]


@dataclass(frozen=True)
class Recipe:
    """base: the Python that creates the venv ("": the first suitable one). packages: a folder of wheels, used instead of the network."""

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
            (environment.folder / BUILD_FILE).unlink()  # so that the next attempt creates a new environment
            raise Failed(diagnose(ran.lines))
        measured = yield from self._must(tr("Removing temporary files"), self._python("-c", MEASURE, str(environment.folder)))
        facts = {"python": str(environment.python), "device": self.build.device, "bytes": int(measured.lines[-1])}
        yield Run(tr("Removing temporary files"), *self._python("-c", TIDY, str(scratch), *map(str, environment.others())))
        write_whole(environment.folder / MARKER, json.dumps(facts))

    def child_environment(self) -> QProcessEnvironment:
        """The variables for every step: temporary files and downloads are beside the environment, on the disk whose space was checked."""
        environment, scratch = child_environment(keep_pip=True), self.environment.scratch
        for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT"):  # would install the packages elsewhere
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
        """Whether an earlier attempt left a usable environment: for this PyTorch, and without incomplete packages."""
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
                    yield from self._must(
                        stage, self._python("-m", "ensurepip")
                    )  # a step of its own, because venv hides the errors of ensurepip
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
            if not usual:  # pip would install another PyTorch, with gigabytes that the dialog did not announce
                raise Failed(diagnose(ran.lines))
        ran = yield Run(tr("Preparing the installer"), *self._python(*pip, "--retries", "2", LEAST_PIP))
        raw = [] if ran.code else ["--progress-bar", "raw"]  # continues where the index has no pip
        yield from self._must(stage, self._python(*pip, *raw, *wanted), self.build.download)
