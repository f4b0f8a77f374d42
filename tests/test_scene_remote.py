"""Rasters on a server: few requests, few bytes, and a clear message for each error."""

from __future__ import annotations

import pytest
from range_server import RangeServer
from rasters import city, make

from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import SceneError
from zoomearth.core.geometry import Box, Size, View

WINDOW = View(Box(1500, 2100, 2524, 3124), Size(512, 512))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    make(folder / "cog.tif", city(6000, 5000), driver="COG", COMPRESS="JPEG", BLOCKSIZE=512)
    make(folder / "bare.tif", city(3000, 2000), TILED="YES")
    make(folder / "small.tif", city(400, 300))
    return folder


@pytest.fixture
def server(folder):
    with RangeServer(folder) as server:
        yield server


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


def test_a_question_over_http_costs_a_few_requests(folder, server):
    with Scene.open(server.url + "cog.tif") as scene, Scene.open(folder / "cog.tif") as local:
        view, part = scene.preview(512), scene.part(WINDOW)
        assert view.tobytes() == local.preview(512).tobytes()
        assert part.tobytes() == local.part(WINDOW).tobytes()
    assert server.requests <= 6, server.log
    assert server.bytes < (folder / "cog.tif").stat().st_size / 4  # of a small file; benchmarks/rasters.py measures a large one
    assert all(line.split()[1] == "/cog.tif" for line in server.log)  # no probing for side files


def test_vsicurl_and_urls_are_the_same(server):
    with Scene.open("/vsicurl/" + server.url + "cog.tif") as a, Scene.open(server.url + "cog.tif") as b:
        assert a.part(WINDOW).tobytes() == b.part(WINDOW).tobytes()
        assert b.describe()["path"] == server.url + "cog.tif"


def test_a_remote_raster_without_overviews_is_not_downloaded_unasked(folder, server, tmp_path):
    with pytest.raises(SceneError) as raised:
        Scene.open(server.url + "bare.tif")
    assert "overviews" in raised.value.message
    assert "--force-remote-scan" in raised.value.hint
    assert server.bytes < 300_000
    with Scene.open(server.url + "bare.tif", force_remote_scan=True) as forced, Scene.open(folder / "bare.tif") as local:
        assert forced.preview(300).tobytes() == local.preview(300).tobytes()


def test_a_small_remote_raster_needs_no_overviews(server):
    with Scene.open(server.url + "small.tif") as scene:
        assert scene.preview(200).size == (200, 150)


def test_a_missing_address_says_which(server, capfd):
    with pytest.raises(SceneError, match=r"nowhere\.tif can't be opened") as raised:
        Scene.open(server.url + "nowhere.tif")
    assert "address" in raised.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_down_says_so():
    with RangeServer(".") as gone:
        url = gone.url
    with pytest.raises(SceneError, match="can't be opened"):
        Scene.open(url + "scene.tif")


def test_a_server_that_goes_away_midway_ends_the_read_in_one_sentence(folder, tmp_path, capfd):
    make(tmp_path / "going.tif", city(3000, 2000), driver="COG", COMPRESS="DEFLATE", BLOCKSIZE=256)
    with RangeServer(tmp_path) as server, Scene.open(server.url + "going.tif") as scene:
        scene.preview(256)
        server.fail = lambda path, number: 503
        with pytest.raises(SceneError, match=r"going\.tif can't be read at") as raised:
            scene.part(View(Box(1000, 500, 2000, 1500), Size(512, 512)))
    assert "server" in raised.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_hiccup_of_the_server_is_tried_again(tmp_path):
    make(tmp_path / "hiccup.tif", city(3000, 2000), driver="COG", COMPRESS="JPEG", BLOCKSIZE=512)
    with RangeServer(tmp_path) as server, Scene.open(server.url + "hiccup.tif") as scene, Scene.open(tmp_path / "hiccup.tif") as local:
        failed = []
        server.fail = lambda path, number: failed.append(number) or 503 if not failed else None
        window = View(Box(0, 0, 1024, 1024), Size(512, 512))
        assert scene.part(window).tobytes() == local.part(window).tobytes()
        assert failed
