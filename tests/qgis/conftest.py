"""Shared code of the plugin's tests: QGIS offscreen, temporary folders, and the real backend in its own Python."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="zoomearth-settings-")  # QGIS's settings: of this process, none of the user's

pytest.importorskip("qgis.core", reason="the plugin's tests need QGIS's Python")

from asked import ANSWER, DEEPER, ZOOM, asked
from label_desk import Desk
from panel import Panel
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsSettings
from rasters import NORTH_UP, ROTATED, city, make

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("ZOOMEARTH_TEST_PYTHON", ROOT / ".venv" / "bin" / "python"))


@pytest.fixture(scope="session")
def python():
    """The interpreter that has the backend's dependencies."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON} is not there: `make setup` makes it")
    return str(PYTHON)


def pytest_configure(config):
    config.addinivalue_line("markers", "demo_model: asks the demo model, so that the backend's Python needs torch")


@pytest.fixture(scope="session")
def has_torch(python):
    return subprocess.run([python, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is None)"]).returncode == 0


@pytest.fixture(autouse=True)
def _demo_model(request):
    if request.node.get_closest_marker("demo_model") and not request.getfixturevalue("has_torch"):
        pytest.skip("the backend's Python has no torch, as in the chroots of release/compat.sh")


@pytest.fixture(scope="session")
def demo_scene(python, tmp_path_factory):
    """A procedural scene of 2048 px, georeferenced, with its truth as JSON beside it."""
    folder = tmp_path_factory.mktemp("scene")
    made = [python, "-m", "zoomearth", "demo", "scene", str(folder), "--size", "2048", "--seed", "900000020"]
    subprocess.run(made, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": _package(tmp_path_factory)})
    return folder / "scene-900000020.tif"


def _package(tmp_path_factory):
    """A folder in which the checkout is called `zoomearth`, for child processes."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "zoomearth").symlink_to(ROOT)
    return str(folder)


@pytest.fixture(autouse=True)
def own_places(qgis_app, tmp_path, monkeypatch):
    """Keeps a test away from the user's folders and settings, and from the next test."""
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for group in ("zoomearth", "proxy"):
        QgsSettings().remove(group)
    yield
    for group in ("zoomearth", "proxy"):
        QgsSettings().remove(group)


@pytest.fixture
def panel(qgis_app, qgis_iface, qgis_new_project, python):
    """The panel of an empty project."""
    qgis_iface.mainWindow().show()
    qgis_iface.mapCanvas().freeze(False)
    panel = Panel(qgis_iface, python)
    yield panel
    panel.close()
    qgis_iface.mainWindow().hide()
    qgis_iface.mapCanvas().freeze()  # otherwise it would draw the layers of the next test


@pytest.fixture(autouse=True)
def clean_project(qgis_app):
    """Each test begins and ends with an empty project."""
    QgsProject.instance().clear()
    yield
    QgsProject.instance().clear()


@pytest.fixture(scope="session")
def utm33(qgis_app):
    return QgsCoordinateReferenceSystem("EPSG:32633")


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    """A town of 1200 x 800 px in UTM 33 N, half a metre a pixel."""
    return make(tmp_path_factory.mktemp("scenes") / "town.tif", city(1200, 800), crs="EPSG:32633", affine=NORTH_UP)


@pytest.fixture(scope="session")
def turned(tmp_path_factory):
    """The same town, its rows running across the map."""
    return make(tmp_path_factory.mktemp("scenes") / "turned.tif", city(1200, 800, seed=1), crs="EPSG:32632", affine=ROTATED)


@pytest.fixture(scope="session")
def harbour(scene, utm33):
    """An answered exchange with two zooms, one inside the other."""
    return asked(scene, "How many ships lie at the outer quay?", ZOOM, DEEPER, ANSWER, crs=utm33.toWkt(), max_zooms=2)


@pytest.fixture
def desk(qgis_app, qgis_iface, qgis_new_project, tmp_path, python):
    qgis_iface.mapCanvas().freeze(False)
    qgis_iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    QgsProject.instance().write(str(tmp_path / "town.qgz"))
    desk = Desk(qgis_iface, python)
    yield desk
    desk.close()
    qgis_iface.mapCanvas().freeze()


@pytest.fixture
def town(desk, scene):
    return desk.add(scene)
