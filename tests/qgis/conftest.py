"""QGIS for these tests, by pytest-qgis; with settings and data of their own, so that nobody's QGIS is touched."""

import pytest
from qgis.core import QgsSettings


@pytest.fixture(autouse=True)
def fresh(qgis_app, tmp_path, monkeypatch):
    """No setting of ours, and an empty data folder."""
    QgsSettings().remove("zoomearth")
    QgsSettings().remove("proxy")
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    yield
    QgsSettings().remove("zoomearth")
    QgsSettings().remove("proxy")
