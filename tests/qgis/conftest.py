"""QGIS offscreen, with a profile of its own, and the real backend in its own Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("ZOOMEARTH_TEST_PYTHON", ROOT / ".venv" / "bin" / "python"))


@pytest.fixture(scope="session")
def python():
    """The interpreter that has the backend's dependencies."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON} is not there: `make setup` makes it")
    return str(PYTHON)


@pytest.fixture(scope="session")
def demo_scene(python, tmp_path_factory):
    """A procedural scene of 2048 px, georeferenced, with its truth as JSON beside it."""
    folder = tmp_path_factory.mktemp("scene")
    made = [python, "-m", "zoomearth.training.scenes", str(folder), "--size", "2048", "--seed", "1000020"]
    subprocess.run(made, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": _package(tmp_path_factory)})
    return folder / "scene-1000020.tif"


def _package(tmp_path_factory):
    """A folder in which the checkout is called `zoomearth`, for child processes."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "zoomearth").symlink_to(ROOT)
    return str(folder)


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """Nothing a test does reaches the user's own folders, nor the next test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if "qgis.core" in sys.modules:
        from qgis.core import QgsSettings

        QgsSettings().remove("zoomearth")
    yield


@pytest.fixture
def panel(qgis_app, qgis_iface, qgis_new_project, python):
    """The panel of an empty project."""
    from panel import Panel

    qgis_iface.mainWindow().show()
    panel = Panel(qgis_iface, python)
    yield panel
    panel.close()
