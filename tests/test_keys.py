"""A signed address or a login is used for requests, but is in no output: screen, JSON, figure, boxes, errors, wire, log."""

import io
import json
import logging
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from range_server import RangeServer
from rasters import city, make

from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.server.events import Outbox
from zoomearth.backend.server.queue import Jobs
from zoomearth.backend.server.worker import Worker, _Discreet
from zoomearth.core.errors import SceneError
from zoomearth.core.requests import Ask, Describe, Load
from zoomearth.core.source import SceneSource, Where

KEY = "TOPSECRET"
ZOOMEARTH = str(Path(sys.executable).with_name("zoomearth"))


class SignedServer(RangeServer):
    """Accepts any query."""

    def _handler(self):
        plain = super()._handler()

        class Handler(plain):
            def parse_request(self):
                parsed = super().parse_request()
                self.path = self.path.partition("?")[0] if parsed else ""
                return parsed

        return Handler


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    make(folder / "town.tif", city(900, 700), TILED="YES")
    (folder / "broken.tif").write_bytes((folder / "town.tif").read_bytes()[:60_000])
    (folder / "no.tif").write_text("no raster")
    with SignedServer(folder) as server:
        yield server


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


def addresses(server, file):
    signed = f"{server.url}{file}?sig={KEY}&v=1"
    login = f"{server.url}{file}".replace("://", f"://me:{KEY}@")
    return [signed, login, f"/vsicurl/{signed}", f"/vsicurl?url={urllib.parse.quote(signed, safe='')}&max_retry=0"]


def run(*arguments):
    return subprocess.run([ZOOMEARTH, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_no_key_is_in_what_the_command_line_leaves(server, tmp_path):
    address = addresses(server, "town.tif")[0]
    outputs = ("--rois", tmp_path / "r.gpkg", "--figure", tmp_path / "f.png", "--views", tmp_path / "v")
    asked = [run("ask", address, "How many ships?", "--json", *outputs), run("ask", address, "How many ships?")]
    described = [run("describe", address), run("describe", address, "--json")]
    for done in (*asked, *described):
        assert done.returncode in (0, 1), done.stderr
        assert KEY not in done.stdout + done.stderr
    assert json.loads(asked[0].stdout)["scene"]["path"] == server.url + "town.tif"
    assert json.loads(described[1].stdout)["path"] == server.url + "town.tif"
    assert KEY.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


@pytest.mark.parametrize("which", range(4))
def test_every_form_of_address_is_read_and_called_by_its_shown_name(server, which):
    with Scene.open(addresses(server, "town.tif")[which]) as scene:
        assert KEY not in json.dumps(scene.describe())
        assert scene.name.endswith(server.url + "town.tif")
        assert scene.preview(100).size == (100, 78)


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("file", ["nowhere.tif", "no.tif", "broken.tif"])
def test_no_error_repeats_the_key(server, file, which):
    with pytest.raises(SceneError) as raised, Scene.open(addresses(server, file)[which]) as scene:
        scene.preview(512)
    assert KEY not in raised.value.message + raised.value.hint
    assert file in raised.value.message


def test_no_key_is_on_the_wire(server):
    wire = io.BytesIO()
    outbox = Outbox(wire)
    worker = Worker(Jobs(outbox), outbox)
    worker.run(Load(replies=("<answer>3</answer>",), id=1))
    for number, file in enumerate(("town.tif", "nowhere.tif")):
        source = SceneSource(addresses(server, file)[0])
        worker.run(Ask(source, "?", id=f"a{number}"))
        worker.run(Describe(source, id=f"d{number}"))
    outside = Where(outline=(((-9, 9), (-9, 8), (-8, 8)),))
    worker.run(Ask(SceneSource(addresses(server, "town.tif")[0]), "?", outside, id="outside"))
    if worker.scene:
        worker.scene.close()
    told = wire.getvalue().decode()
    assert told.count('"event":"done"') == 3
    assert told.count('"event":"failed"') == 3
    assert KEY not in told


def test_the_log_of_the_backend_names_no_query():
    record = logging.LogRecord("httpx", logging.INFO, "", 0, 'HTTP Request: POST %s "HTTP/1.1 200 OK"', (f"http://h/v1?key={KEY}",), None)
    assert _Discreet().format(record) == 'HTTP Request: POST http://h/v1 "HTTP/1.1 200 OK"'


def test_a_local_file_keeps_its_name_whatever_signs_are_in_it(tmp_path):
    path = tmp_path / "what?sig=1@2#3.tif"
    make(path, city(200, 100))
    with Scene.open(path) as scene:
        assert scene.describe()["path"] == str(path)
