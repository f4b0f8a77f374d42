"""The private environment: made for real from small requirements, cut off and resumed, and what people are told where it can't be made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from package_index import PackageIndex, make_wheel

from zoomearth.plugin.command import descendants
from zoomearth.plugin.environment import Build, Environment
from zoomearth.plugin.install import Installer

SMALL = Build("cpu", 1_000_000, 1_000_000)
ENOUGH = 120_000  # milliseconds; a venv and an update of pip on a busy machine


@pytest.fixture
def environment(tmp_path):
    """For two packages of the loopback index."""
    requirements = tmp_path / "backend.txt"
    requirements.write_text("# two packages\nzoomearth_quick\nzoomearth_slow\n")
    return Environment(requirements)


def installer(environment, **more):
    return Installer(environment, more.pop("build", SMALL), proof=("-c", "import zoomearth_quick, zoomearth_slow"), **more)


def attempt(qtbot, installer):
    """(ok, diagnosis) of one attempt."""
    with qtbot.waitSignal(installer.finished, timeout=ENOUGH) as ended:
        installer.start()
    return ended.args


def test_cut_off_midway_nothing_runs_on_and_the_next_attempt_fetches_only_what_is_missing(environment, qtbot, monkeypatch):
    with PackageIndex({"zoomearth_quick": 1000, "zoomearth_slow": 3_000_000}, held=("zoomearth_slow",)) as index:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.url)
        install = installer(environment)
        shown = []
        install.progress.connect(lambda stage, done, total: shown.append((done, total)))
        with qtbot.waitSignal(install.finished, timeout=ENOUGH) as ended:
            install.start()
            qtbot.waitUntil(index.halfway.is_set, timeout=ENOUGH)
            qtbot.waitUntil(lambda: any(done > 0 for done, _ in shown), timeout=ENOUGH)
            assert descendants(os.getpid())
            install.cancel()
        assert ended.args == [False, None]
        assert environment.facts is None
        assert not [pid for pid in descendants(os.getpid()) if _command(pid).find("zoomearth_slow") >= 0 or "pip" in _command(pid)]
        assert list((environment.scratch / "tmp").glob("*")) == []

        index.release()
        index.asked.clear()
        assert attempt(qtbot, install) == [True, None]
        assert not any(path.startswith("/files/zoomearth_quick") for path in index.asked)
        assert any(path.startswith("/files/zoomearth_slow") for path in index.asked)
    assert environment.facts["device"] == "cpu"
    assert environment.facts["bytes"] > 3_000_000
    assert not environment.scratch.exists()
    assert not any("-m venv" in line for line in install.log), "the environment was there already"
    config = (environment.folder / "pyvenv.cfg").read_text()
    assert "include-system-site-packages = false" in config
    environment.remove()
    assert not environment.folder.exists()


def _command(pid):
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
