"""Layers with signed addresses or logins: the plugin never stores, reports, exports or logs their secrets."""

import json
import sys
from dataclasses import replace

import pytest
from panel import last_of, wait
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer

from zoomearth.core.requests import Describe
from zoomearth.core.source import SceneSource
from zoomearth.plugin.child.backend_process import Backend
from zoomearth.plugin.exchanges.exchange import Exchange
from zoomearth.plugin.exchanges.project_results import ProjectResults
from zoomearth.plugin.export.html import write_html
from zoomearth.plugin.export.maps import raster_of
from zoomearth.plugin.export.vector import export_rois, rows
from zoomearth.plugin.install.diagnostics import diagnostics
from zoomearth.plugin.log import say
from zoomearth.plugin.processing.questions import Raster

KEY = "TOPSECRET"
SIGNED = f"/vsicurl/http://localhost:1/town.tif?sig={KEY}&v=1"
BARE = "/vsicurl/http://localhost:1/town.tif"


@pytest.fixture
def results(qgis_app):
    results = ProjectResults()
    yield results
    QgsProject.instance().clear()
    results.close()


def keep(results, exchange):
    results.keep(exchange)
    wait(lambda: not results.writing)


def signed(harbour, source=SIGNED, **changes):
    """The same exchange about a signed address, which is also the name of the layer in QGIS."""
    made = Exchange(harbour.question, source, f"town.tif?sig={KEY}", harbour.crs)
    facts = {name: getattr(harbour, name) for name in ("status", "answer", "stopped", "model", "views")}
    return replace(made, **facts, **changes)


@pytest.mark.parametrize(
    "source",
    [
        SIGNED,
        f"/vsicurl/http://me:{KEY}@localhost:1/town.tif",
        f"type=xyz&url=http://localhost:1/%7Bz%7D/%7Bx%7D/%7By%7D.png?access_token%3D{KEY}&zmax=19&zmin=0",
        f"crs=EPSG:3857&format=image/png&layers=a&password={KEY}&styles&url=http://localhost:1/wms&username={KEY}&authcfg={KEY}",
    ],
)
def test_no_key_is_kept_reported_or_exported(results, harbour, tmp_path, source):
    exchange = signed(harbour, source)
    keep(results, exchange)
    write_html([exchange], tmp_path / "report.html")
    for suffix in (".gpkg", ".shp", ".geojson"):
        export_rois(rows([exchange]), tmp_path / f"boxes{suffix}")
    QgsProject.instance().write(str(tmp_path / "project.qgs"))
    for file in (results.file.path, *tmp_path.rglob("*")):
        assert file.is_dir() or KEY.encode() not in file.read_bytes(), file
    assert KEY not in json.dumps([exchange.to_dict(), exchange.outcome()])
    assert [each.source for each in results.read()] == [exchange.source]


def test_an_address_that_is_signed_anew_is_the_same_raster(results, harbour):
    keep(results, signed(harbour))
    keep(results, signed(harbour, SIGNED.replace(KEY, "ANOTHERKEY"), id="2"))
    assert [layer.featureCount() for layer in results.layers()] == [4]


def test_rasters_told_apart_by_their_query_alone_do_not_share_a_crs(results, harbour):
    keep(results, signed(harbour))
    other = QgsCoordinateReferenceSystem("EPSG:32634")
    keep(results, signed(harbour, SIGNED + "&id=2", id="2", crs=other.toWkt()))
    assert sorted(layer.crs().authid() for layer in results.layers()) == ["EPSG:32633", "EPSG:32634"]


def test_an_exchange_of_an_older_version_loses_its_key_when_it_is_read(harbour):
    data = {**harbour.to_dict(), "source": SIGNED, "layer": f"town.tif?sig={KEY}"}
    exchange = Exchange.from_dict(data)
    assert (exchange.source, exchange.layer) == (BARE, "town.tif")


def test_the_report_finds_the_layer_by_its_shown_source_and_then_by_its_name(scene, harbour):
    layers = [QgsRasterLayer(f"{scene}|option:NUM_THREADS={number}", f"town {number}") for number in (1, 2)]
    QgsProject.instance().addMapLayers(layers)
    assert all(layer.isValid() for layer in layers)
    assert raster_of(replace(harbour, source=layers[1].source(), layer="town 2")).name() == "town 2"
    assert raster_of(replace(harbour, source=layers[1].source(), layer="renamed")).name().startswith("town")


def test_processing_calls_the_layer_by_a_name_without_a_key(qgis_app):
    assert KEY not in Raster.of(QgsRasterLayer(SIGNED, f"town.tif?sig={KEY}")).name


def test_no_key_is_in_the_log_and_in_the_words_of_a_process_that_ended(qgis_app):
    entries = []
    QgsApplication.messageLog().messageReceived.connect(lambda *entry: entries.append(entry))
    words = f"GET http://localhost:1/town.tif?sig={KEY} failed"
    parts = f"{words[:45]!r}, {words[45:]!r}"  # a read may end in the middle of the key
    code = f"import sys, time; e = sys.stderr; [(e.write(part), e.flush(), time.sleep(0.3)) for part in ({parts})]; sys.exit(3)"
    backend = Backend(lambda: [sys.executable, "-c", code])
    failed = last_of(backend, backend.submit(Describe(SceneSource("x"))))
    backend.close()
    assert failed.log == ("GET http://localhost:1/town.tif failed",)
    assert KEY not in diagnostics([words])
    say(words)
    assert len(entries) >= 2
    assert KEY not in str(entries)
