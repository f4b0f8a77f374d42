"""What the plugin's tests share. They run in QGIS's own Python: `make test` has the environment."""

import pytest

pytest.importorskip("qgis.core", reason="the plugin's tests need QGIS's Python")

from asked import ANSWER, DEEPER, ZOOM, asked
from qgis.core import QgsCoordinateReferenceSystem, QgsProject
from rasters import NORTH_UP, ROTATED, city, make


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
