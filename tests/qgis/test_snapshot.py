"""Snapshots of layers that only QGIS can read, from a real tile server."""

import time
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import Qgis, QgsApplication, QgsRasterBlockFeedback, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QTimer
from rasters import pixels_of
from tile_server import LEVELS, SIDE, WORLD, TileServer, mosaic, resolution
from wms_server import GRID, MapServer, cells

from zoomearth.core.errors import SceneError
from zoomearth.plugin.layers import resolution as resolutions
from zoomearth.plugin.layers import snapshot as module
from zoomearth.plugin.layers.resolution import default_resolution, size
from zoomearth.plugin.layers.snapshot import Original, Snapshot, take

LEVEL = 4


@pytest.fixture
def server():
    with TileServer() as server:
        yield server


@pytest.fixture
def layer(server):
    layer = QgsRasterLayer(server.source, "tiles", "wms")
    assert layer.isValid()
    return layer


def extent(left, top, width, height, level=LEVEL):
    """In map units, of pixels of a level."""
    pixel = resolution(level)
    x, y = -WORLD + left * pixel, WORLD - top * pixel
    return QgsRectangle(x, y - height * pixel, x + width * pixel, y)


def taken(layer, *pixels, level=LEVEL):
    return take(Original.of(layer).plan(extent(*pixels, level=level), resolution(level)), QgsRasterBlockFeedback())


# QGIS 3.44 draws tiles a little wider and higher than they are, so that no gap is seen between two: a pixel may be its neighbour.
SPILL = 1 if Qgis.QGIS_VERSION_INT >= 34400 else 0


def are(path, *pixels):
    """Whether a file holds these pixels of the level, each at its place."""
    left, top, width, height = pixels
    result = np.moveaxis(pixels_of(gdal.Open(path)), 0, -1)[..., :3]
    steps = range(-SPILL, SPILL + 1)
    right = [(result == mosaic(left + x, top + y, width, height)).all(axis=-1) for x in steps for y in steps]
    return np.any(right, axis=0).all()


def told(qtbot, snapshot, start):
    """The signal at the end of a snapshot, and its arguments."""
    heard = []
    for name in ("finished", "failed", "cancelled"):
        getattr(snapshot, name).connect(lambda *values, name=name: heard.append((name, *values)))
    start()
    qtbot.waitUntil(lambda: bool(heard), timeout=20000)
    qtbot.wait(50)
    assert len(heard) == 1
    return heard[0]


@pytest.mark.parametrize("pixels", [(0, 0, 300, 200), (700, 900, 2500, 1300), (4096 - 513, 4096 - 77, 513, 77), (1001, 1003, 1, 1)])
def test_every_pixel_is_the_services_own_and_lies_where_it_belongs(layer, pixels):
    path = taken(layer, *pixels)
    data = gdal.Open(path)
    left, top, width, height = pixels
    pixel = resolution(LEVEL)
    assert (data.RasterXSize, data.RasterYSize, data.RasterCount) == (width, height, 4)
    assert data.GetGeoTransform() == pytest.approx((-WORLD + left * pixel, pixel, 0, WORLD - top * pixel, 0, -pixel), abs=1e-6)
    assert data.GetSpatialRef().GetAuthorityCode(None) == "3857"
    assert (pixels_of(data)[3] == 255).all()
    assert are(path, *pixels)


def test_a_wms_is_taken_at_any_resolution_where_it_belongs():
    with MapServer() as server:
        layer = QgsRasterLayer(server.wms, "cells", "wms")
        assert layer.isValid()
        scope = QgsRectangle(1_000_000, 2_000_000, 2_300_000, 3_100_000)
        assert default_resolution(layer, 700) == 350
        bands = pixels_of(gdal.Open(take(Original.of(layer).plan(scope, GRID), QgsRasterBlockFeedback())))
        server.broken = True
        with pytest.raises(SceneError, match="the server sent text/xml instead of an image"):
            take(Original.of(layer).plan(scope, 2 * GRID), QgsRasterBlockFeedback())
    expected = cells(1_000_000, 3_100_000, 1300, 1100, GRID)
    assert bands.shape == (4, 1100, 1300)
    assert (np.moveaxis(bands, 0, -1)[..., :3] == expected).all()


def test_a_wmts_is_taken_tile_by_tile():
    with MapServer() as server:
        layer = QgsRasterLayer(server.wmts, "tiles", "wms")
        assert layer.isValid()
        assert default_resolution(layer, 2 * resolution(LEVEL)) == pytest.approx(resolution(LEVEL))
        path = taken(layer, 700, 900, 600, 500)
        server.broken = True
        with pytest.raises(SceneError, match="instead of an image"):
            taken(layer, 700, 900, 600, 500, level=LEVEL - 1)
    assert are(path, 700, 900, 600, 500)


def test_a_scope_between_pixels_is_taken_whole(layer):
    pixel = resolution(LEVEL)
    scope = QgsRectangle(extent(100, 200, 50, 60))
    scope = QgsRectangle(scope.xMinimum() + 0.4 * pixel, scope.yMinimum() + 0.4 * pixel, scope.xMaximum(), scope.yMaximum())
    assert are(take(Original.of(layer).plan(scope, pixel), QgsRasterBlockFeedback()), 100, 200, 50, 60)


def test_the_style_the_user_sees_is_in_the_snapshot(layer):
    layer.hueSaturationFilter().setSaturation(-100)
    bands = pixels_of(gdal.Open(taken(layer, 10, 10, 100, 100)))
    assert np.ptp(bands[:3].astype(int), axis=0).max() <= 1, "not grey"


def test_the_panels_snapshot_is_made_while_the_event_loop_runs_on(qtbot, layer):
    stalls, beats = [], []

    def beat():
        beats.append(time.monotonic())
        stalls.append(beats[-1] - beats[-2] if len(beats) > 1 else 0)

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(5)
    snapshot, percent = Snapshot(), []
    snapshot.progress.connect(percent.append)
    end = told(qtbot, snapshot, lambda: snapshot.start(layer, extent(0, 0, 4096, 4096), resolution(LEVEL)))
    timer.stop()
    assert end[0] == "finished", end
    assert gdal.Open(end[1]).RasterXSize == 4096
    assert percent == sorted(percent)
    assert any(0 < value < 100 for value in percent)
    assert max(stalls) < 0.3, f"the GUI stood still for {max(stalls):.3f} s"  # 0.01 s on an idle machine


@pytest.mark.parametrize("status", [500, 403, 429])
def test_tiles_that_fail_are_an_error_that_names_them_and_leave_no_file(qtbot, layer, server, status):
    server.answer = lambda x, y: status if (x, y) == (2, 3) else None
    snapshot = Snapshot()
    name, message, hint = told(qtbot, snapshot, lambda: snapshot.start(layer, extent(300, 300, 1000, 1000), resolution(LEVEL)))
    assert name == "failed"
    assert "tiles" in message
    assert f"HTTP {status}" in message
    assert hint


def test_a_log_in_page_is_no_picture(layer, server):
    server.answer = lambda x, y: "text"
    with pytest.raises(SceneError, match="the server sent text/html instead of an image"):
        taken(layer, 0, 0, 300, 300)


def test_a_service_that_has_nothing_here_is_an_error_and_a_few_missing_tiles_are_not(layer, server):
    server.answer = lambda x, y: 404
    with pytest.raises(SceneError, match="has no data at this place"):
        taken(layer, 0, 0, 300, 300)
    server.answer = lambda x, y: 404 if x == 5 else None
    bands = pixels_of(gdal.Open(taken(layer, 4 * SIDE, 4 * SIDE, 2 * SIDE, SIDE)))
    assert (bands[3, :, : SIDE - SPILL] == 255).all()
    assert (bands[3, :, SIDE + SPILL : 2 * SIDE - SPILL] == 0).all()


def test_a_server_that_is_gone_is_an_error(layer, server):
    server._server.shutdown()
    server._server.server_close()
    with pytest.raises(SceneError, match="could not be loaded"):
        taken(layer, 0, 0, 300, 300)


def test_what_failed_once_is_asked_for_again(layer, server):
    server.answer = lambda x, y: 500
    with pytest.raises(SceneError, match="HTTP 500"):
        taken(layer, 0, 0, 200, 200)
    server.answer = lambda x, y: None
    assert are(taken(layer, 0, 0, 200, 200), 0, 0, 200, 200)


def test_a_cancel_ends_it_at_once_and_leaves_no_file(qtbot, layer, server, monkeypatch):
    paths = []
    made = module.QgsProcessingUtils.generateTempFilename
    monkeypatch.setattr(module.QgsProcessingUtils, "generateTempFilename", lambda name: paths.append(made(name)) or paths[-1])
    server.answer = lambda x, y: "slow"
    snapshot = Snapshot()
    began = time.monotonic()

    def start():
        snapshot.start(layer, extent(0, 0, 4096, 4096), resolution(LEVEL))
        QTimer.singleShot(500, snapshot.cancel)

    assert told(qtbot, snapshot, start) == ("cancelled",)
    assert time.monotonic() - began < 3
    assert paths
    assert not Path(paths[0]).exists()


def test_cancelled_before_it_began_nothing_is_asked_for(qtbot, layer, server):
    snapshot = Snapshot()

    def start():
        snapshot.start(layer, extent(0, 0, 4096, 4096), resolution(LEVEL))
        snapshot.cancel()

    assert told(qtbot, snapshot, start) == ("cancelled",)


def test_the_layer_may_go_while_the_snapshot_is_taken(qtbot, server):
    layer = QgsRasterLayer(server.source, "tiles", "wms")
    snapshot = Snapshot()

    def start():
        nonlocal layer
        snapshot.start(layer, extent(0, 0, 2000, 2000), resolution(LEVEL))
        del layer

    assert told(qtbot, snapshot, start)[0] == "finished"


def test_too_large_a_snapshot_is_refused_with_a_resolution_that_would_do(qtbot, layer, server):
    snapshot = Snapshot()
    name, message, hint = told(qtbot, snapshot, lambda: snapshot.start(layer, layer.extent(), 1000))
    fitting = float(hint.split()[4])
    plan = Original.of(layer).plan(layer.extent(), fitting)
    assert (name, "40076 x 40076" in message) == ("failed", True)
    assert 0.95 * resolutions.LIMIT < plan.columns * plan.rows <= resolutions.LIMIT
    assert not server.asked


def test_without_a_resolution_a_layer_is_taken_at_its_own_or_at_the_finest_that_fits(scene, monkeypatch):
    layer = QgsRasterLayer(str(scene), "town")  # 1200 x 800 px of half a metre
    plan = Original.of(layer).plan(layer.extent())
    assert (plan.columns, plan.rows, plan.words) == (1200, 800, "seen as shown in QGIS, 0.5 m per pixel (1200 x 800 px)")
    monkeypatch.setattr(resolutions, "LIMIT", 100_000)
    plan = Original.of(layer).plan(layer.extent())
    assert 95_000 < plan.columns * plan.rows <= 100_000
    assert plan.words == "seen as shown in QGIS, 1.56 m per pixel (385 x 257 px), coarser than the layer (0.5)"
    part = QgsRectangle(layer.extent().center().x(), layer.extent().center().y(), layer.extent().xMaximum(), layer.extent().yMaximum())
    part.scale(0.5)
    assert Original.of(layer).plan(part).resolution == 0.5


def test_a_suggested_resolution_fits_every_place_and_is_fine_enough_for_the_smallest(layer):
    world, town = layer.extent(), extent(700, 900, 64, 64)  # in pixels of level 4
    assert default_resolution(layer, 2 * resolution(2), [world]) == pytest.approx(resolution(2))
    assert default_resolution(layer, 0.001, [world]) == pytest.approx(resolution(LEVELS))
    assert default_resolution(layer, 2 * resolution(2), [town]) == pytest.approx(resolution(LEVELS)), "the finest there is"
    assert size(layer, town, resolution(LEVELS)) == (256, 256)
    with pytest.raises(SceneError, match="outside the layer"):
        size(layer, QgsRectangle(3e7, 3e7, 4e7, 4e7), 100)


def test_the_suggested_resolution_of_a_fine_service_is_one_at_which_the_world_is_not_too_large(server):
    layer = QgsRasterLayer(server.source.replace(f"zmax={LEVELS}", "zmax=19"), "tiles", "wms")
    suggested = default_resolution(layer, 0.6, [layer.extent()])  # zoomed in on a street
    columns, rows = size(layer, layer.extent(), suggested)
    assert columns * rows <= resolutions.LIMIT < 4 * columns * rows
    assert suggested == pytest.approx(resolution(6))


def test_a_place_outside_the_layer_is_refused(layer):
    with pytest.raises(SceneError, match="outside the layer tiles"):
        Original.of(layer).plan(QgsRectangle(3e7, 3e7, 4e7, 4e7), 100)


def test_the_resolution_is_a_level_of_the_service_not_coarser_than_half_the_canvas_pixel(layer):
    assert default_resolution(layer, 2 * resolution(4)) == pytest.approx(resolution(4))
    assert default_resolution(layer, 1.9 * resolution(4)) == pytest.approx(resolution(5))
    assert default_resolution(layer, 0.001) == pytest.approx(resolution(LEVELS))


def test_nothing_of_a_finished_snapshot_stays_in_the_task_manager(qtbot, layer):
    snapshot = Snapshot()
    assert told(qtbot, snapshot, lambda: snapshot.start(layer, extent(0, 0, 300, 300), resolution(LEVEL)))[0] == "finished"
    qtbot.waitUntil(lambda: QgsApplication.taskManager().count() == 0, timeout=5000)
    assert not module._running
