"""Rows out of folders, patterns, Parquet tables, STAC items and a STAC API; manifests; addresses that are signed late."""

import http.server
import json
import os
import stat
import threading
from dataclasses import replace
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from evaluating import ByRule
from range_server import RangeServer
from rasters import make

from zoomearth.backend.batch import question_of, run
from zoomearth.backend.cli import batch as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.rows import BadRow, Table, manifest
from zoomearth.backend.rows.files import read
from zoomearth.backend.rows.sources import Source, rows_of
from zoomearth.backend.scene.signing import signer
from zoomearth.core.answer_type import AnswerType
from zoomearth.core.errors import DataError, UsageError
from zoomearth.core.requests import Ask
from zoomearth.core.source import SceneSource, Where

Q = "Is 1 global?"


@pytest.fixture
def tiles(tmp_path):
    """north/0.tif, north/1.tif, south/2.tif, and files that are no rasters."""
    for at, folder in enumerate(("north", "north", "south")):
        (tmp_path / "tiles" / folder).mkdir(parents=True, exist_ok=True)
        make(tmp_path / "tiles" / folder / f"{at}.tif", np.random.default_rng(at).integers(0, 255, (3, 120, 160), dtype=np.uint8))
    (tmp_path / "tiles" / "readme.txt").write_text("no raster")
    (tmp_path / "tiles" / ".hidden").mkdir()
    (tmp_path / "tiles" / ".hidden" / "3.tif").write_bytes(b"II*\0")
    return tmp_path / "tiles"


@pytest.fixture
def engine(monkeypatch):
    engine = ByRule()
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def item(name, collection="survey", **assets):
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": None,
        "properties": {"datetime": "2026-06-01T00:00:00Z"},
        "links": [{"rel": "collection", "href": "collection.json"}],
        "assets": {key: {"href": href} for key, href in assets.items()},
    }


def items(path, *features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_folder_and_a_pattern_give_each_raster_a_row_with_a_stable_id(tiles):
    table = rows_of(Source(str(tiles), Q, bands=(3, 2, 1)))
    assert [row.id for row in table.rows] == ["north/0.tif", "north/1.tif", "south/2.tif"]
    assert table.rows[0] == Ask(SceneSource(str(tiles / "north" / "0.tif"), (3, 2, 1)), Q, id="north/0.tif")
    assert [row.id for row in rows_of(Source(str(tiles / "**" / "*.tif"), Q)).rows] == ["north/0.tif", "north/1.tif", "south/2.tif"]
    assert [row.id for row in rows_of(Source(str(tiles / "north" / "*"), Q)).rows] == ["0.tif", "1.tif"]


def test_items_of_a_file_give_the_chosen_asset_and_one_whose_asset_is_gone_says_so(tiles):
    remote = item("b", visual="s3://bucket/b.tif", b4="b4.tif")
    broken = {"type": "Feature", "id": "d"}
    path = items(tiles / "items.json", item("a", visual="north/0.tif"), remote, item("c", other="c.tif"), broken)
    rows = rows_of(Source(str(path), Q, asset="visual", bands=(1, 2, 3))).rows
    assert [row.source.path for row in rows[:2]] == [str(tiles / "north" / "0.tif"), "/vsis3/bucket/b.tif"]
    assert [row.id for row in rows] == ["survey/a", "survey/b", "survey/c", "4"]
    assert rows[2].error.message == "The item c has no asset 'visual'."
    assert rows[2].error.hint == "Its assets are other."
    assert "Feature 4 of items.json is not a STAC item" in rows[3].error.message
    with pytest.raises(UsageError, match="several assets") as caught:
        rows_of(Source(str(items(tiles / "two.json", remote)), Q))
    assert "--asset: visual, b4" in caught.value.hint
    assert rows_of(Source(str(items(tiles / "one.json", item("a", data="a.tif"))), Q)).rows[0].source.path == str(tiles / "a.tif")


def test_a_table_of_items_and_a_table_of_rows_are_read_from_parquet(tiles):
    import pyarrow
    import pyarrow.parquet

    found = [
        {"id": "a", "collection": "s", "assets": {"visual": {"href": "/x/a.tif"}}},
        {"id": "b", "assets": {"b4": {"href": "/x/b.tif"}}},
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(found), tiles / "items.parquet")
    rows = rows_of(Source(str(tiles / "items.parquet"), Q, asset="visual")).rows
    assert rows[0].source.path == "/x/a.tif"
    assert isinstance(rows[1], BadRow)
    listed = [{"path": "north/0.tif", "question": "q", "window": [0, 0, 9, 9], "extra": 1}, {"path": "b.tif", "question": None}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(listed), tiles / "rows.parquet")
    table = rows_of(Source(str(tiles / "rows.parquet"), "of all"))
    assert [row.question for row in table.rows] == ["q", "of all"]
    assert table.rows[0].source.path == str(tiles / "north" / "0.tif")
    assert table.rows[0].where.window == (0, 0, 9, 9)
    assert table.ignored == ["extra"]
    (tiles / "no.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match="can't be read as Parquet"):
        rows_of(Source(str(tiles / "no.parquet")))


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_manifest_has_every_row_described_and_is_asked_like_any_file_of_rows(tiles, engine, capsys, suffix):
    (tiles / "south" / "2.tif").write_bytes(b"II*\0 broken")
    rows = tiles.parent / f"rows.{suffix}"
    assert main(["batch", "manifest", str(tiles), Q, "--bands", "3,2,1", "--out", str(rows), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"rows": 3, "failed": 1, "out": str(rows)}
    table = read(rows)
    assert table.ignored == []
    good = table.described["north/0.tif"]
    assert (good["width"], good["height"], good["crs"], good["gsd"]) == (160, 120, "EPSG:32615", 0.5)
    assert len(good["footprint"]) == 5
    assert all(-180 <= x <= 180 and 0 < y < 90 for x, y in good["footprint"])
    broken = table.rows[2]
    assert broken.error.code == "scene"
    assert broken.ask.source.bands == (3, 2, 1)
    out = tiles.parent / "out.jsonl"
    assert main(["batch", str(rows), "--out", str(out)]) == 1
    done = {line["id"]: line for line in lines(out)}
    assert done["north/0.tif"]["answer"] in ("yes", "no")
    assert done["south/2.tif"]["error"] == broken.error.to_dict()
    assert done["south/2.tif"]["question"] == Q
    assert len(engine.talks) == 2, "a broken raster has cost model time"
    before = (tiles / "north" / "0.tif").read_bytes()
    (tiles / "north" / "0.tif").write_bytes(b"gone since")  # described rows are not opened again, failed ones are
    (tiles / "south" / "2.tif").write_bytes(before)
    assert main(["batch", "manifest", str(tiles), Q, "--bands", "3,2,1", "--out", str(rows)]) == 0
    assert not any(isinstance(row, BadRow) for row in read(rows).rows)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_row_with_all_it_can_have_is_the_same_row_after_a_manifest(tmp_path, suffix):
    ring = ((0.0, 0.0), (9.5, 0.0), (9.0, 9.0))
    fields = AnswerType("fields", fields=(AnswerType("integer", name="ships"), AnswerType("choice", ("tile", "metal"), name="roof")))
    rows = [
        Ask(
            SceneSource("/x/0.tif", (4, 3, 2), ((0.0, 3000.0),) * 3, True),
            'How many, "and" where?',
            Where(window=(0, 0.5, 9, 9)),
            {"max_zooms": 0},
        ),
        Ask(SceneSource("https://example.org/a.tif?key=1"), "Größe?", Where(bounds=(-5, -6, 7, 8)), answer_type=AnswerType("number")),
        Ask(SceneSource("/x/0.tif", (4,)), "q", Where(outline=(ring, ring)), answer_type=AnswerType("choice", ("yes", "no, not"))),
        Ask(SceneSource('NETCDF:"a.nc":v'), "q", Where(within="/x/polygons.gpkg"), answer_type=fields),
    ]
    rows = [replace(row, id=str(at)) for at, row in enumerate(rows)]
    path = tmp_path / f"rows.{suffix}"
    manifest.write(path, Table(rows))
    assert read(path).rows == rows
    manifest.write(path, Table(rows), bare=True)
    assert "key=1" not in path.read_bytes().decode("latin-1")


def test_a_folder_is_asked_at_once_and_its_manifest_lies_beside_the_answers(tiles, engine, capsys):
    (tiles / "south" / "2.tif").write_bytes(b"")
    out = tiles.parent / "out.jsonl"
    assert main(["batch", str(tiles), Q, "--out", str(out)]) == 1
    assert [row.id for row in read(tiles.parent / "out.rows.jsonl").rows] == ["north/0.tif", "north/1.tif", "south/2.tif"]
    assert {line["id"] for line in lines(out)} == {"north/0.tif", "north/1.tif", "south/2.tif"}
    assert "is an empty file" in next(line for line in lines(out) if line["id"] == "south/2.tif")["error"]["message"]
    make(tiles / "north" / "9.tif", np.full((3, 120, 160), 7, np.uint8))
    assert main(["batch", str(tiles), Q, "--out", str(out)]) == 1
    assert len(lines(out)) == 4, "the new raster is asked, and nothing else"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tiles"], "has rasters and no questions"),
        (["tiles/*.ecw", Q], "No file matches"),
        (["tiles/.hidden/..", Q, "--bbox", "0,0,1,1"], "search an API"),
        (["nothing.jsonl"], "does not exist as a file"),
        (["tiles/rows.csv", "--asset", "visual"], "--asset is for STAC items"),
        (["tiles/empty.json", Q], "holds no items"),
        (["tiles/catalog.json", Q], "is a STAC Catalog, not a collection of items"),
        (["tiles", Q, "--sign", "os:nothing"], "--sign os:nothing can't be used"),
        (["tiles", Q, "--sign", "os:sep"], "names no function"),
        (["tiles", Q, "--shard", "4/3"], "is not I/N"),
        (["http://127.0.0.1:9/?key=secret99", Q], "http://127.0.0.1:9/ can't be searched"),
    ],
)
def test_a_source_that_holds_nothing_to_ask_is_one_sentence(tiles, engine, capsys, monkeypatch, arguments, says):
    (tiles / "rows.csv").write_text("path,question\nnorth/0.tif,q\n")
    items(tiles / "empty.json")
    (tiles / "catalog.json").write_text(json.dumps({"type": "Catalog", "id": "c"}))
    monkeypatch.chdir(tiles.parent)
    assert main(["batch", *arguments, "--out", "out.jsonl"]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "secret99" not in error
    assert not (tiles.parent / "out.jsonl").exists()


class Stac(http.server.BaseHTTPRequestHandler):
    """A STAC API of 25 items, ten a page. searched: the searches it was asked."""

    def do_GET(self):
        root = f"http://127.0.0.1:{self.server.server_port}"
        links = [
            {"rel": "self", "href": root},
            {"rel": "root", "href": root},
            {"rel": "search", "href": f"{root}/search", "type": "application/geo+json", "method": "POST"},
        ]
        conforms = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
        self._send({"type": "Catalog", "id": "api", "stac_version": "1.0.0", "description": "d", "links": links, "conformsTo": conforms})

    def do_POST(self):
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.searched.append(wanted)
        start = wanted.get("token", 0)
        found = [item(f"{at}", wanted["collections"][0], visual=f"tiles/{at}.tif?sig=secret99") for at in range(start, min(start + 10, 25))]
        for each in found:
            each["links"].append({"rel": "self", "href": f"http://127.0.0.1:{self.server.server_port}/items/{each['id']}"})
        more = {
            "rel": "next",
            "href": f"http://127.0.0.1:{self.server.server_port}/search",
            "method": "POST",
            "body": {**wanted, "token": start + 10},
        }
        self._send({"type": "FeatureCollection", "features": found, "links": [more] if start + 10 < 25 else []})

    def _send(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/geo+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def api():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stac)
    server.searched = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_search_of_an_api_gives_all_pages_up_to_the_limit(api, tmp_path, capsys):
    url = f"http://127.0.0.1:{api.server_port}"
    out = tmp_path / "rows.jsonl"
    where = ["--collection", "s2", "--bbox", "9,53,10,54", "--datetime", "2024-06", "--asset", "visual"]
    assert main(["batch", "manifest", url, Q, *where, "--limit", "12", "--out", str(out)]) == 1  # no file can be opened
    rows = lines(out)
    assert [row["id"] for row in rows] == [f"s2/{at}" for at in range(12)]
    assert rows[0]["path"] == f"{url}/items/tiles/0.tif?sig=secret99"
    assert "can't be opened" in rows[0]["error"]["message"]
    assert "secret99" not in json.dumps([row["error"] for row in rows])
    asked = api.searched[0]
    assert (asked["collections"], asked["bbox"]) == (["s2"], [9, 53, 10, 54])
    assert asked["datetime"].startswith("2024-06-01T00:00:00")
    assert "holds addresses with a login or a signature" in capsys.readouterr().err
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


class Expiring(RangeServer):
    """Files for addresses with a signature that is good for `uses` requests."""

    def __init__(self, folder, uses):
        super().__init__(folder)
        self.signed, self.good, self.uses = 0, {}, uses
        self.fail = self._refused

    def sign(self, address):
        self.signed += 1
        self.good[f"key{self.signed}"] = self.uses
        return f"{address}?sig=key{self.signed}"

    def _refused(self, path, number):
        key = parse_qs(urlparse(path).query).get("sig", [""])[0]
        self.good[key] = self.good.get(key, 0) - 1
        return 403 if self.good[key] < 0 else None


SERVER: list[Expiring] = []


def sign(address):
    return SERVER[0].sign(address)


@pytest.mark.parametrize("concurrent", [False, True])
def test_an_address_is_signed_when_it_is_opened_and_again_when_the_signature_expires(tmp_path, monkeypatch, concurrent):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 700, 900), dtype=np.uint8)
    make(tmp_path / "0.tif", pixels, TILED="YES", BLOCKXSIZE=128, BLOCKYSIZE=128)
    monkeypatch.setenv("CPL_VSIL_CURL_CACHE_SIZE", "0")
    with Expiring(tmp_path, uses=1) as server:
        SERVER[:] = [server]
        rows = [Ask(SceneSource(server.url + "0.tif"), "Is 1 object?", id="a")]
        finished = list(run(ByRule(), rows, question_of, 1, concurrent, sign=signer(f"{__name__}:sign")))
        assert [each.row for each in finished] == rows
        assert server.signed == 2, "not signed again"
        text = json.dumps(finished[0].error.to_dict()) if finished[0].error else ""
        assert "key" not in text
        server.uses = 1000
        finished = list(run(ByRule(), rows, question_of, 1, concurrent, sign=signer(f"{__name__}:sign")))
        assert finished[0].answered.outcome.answer in ("yes", "no")
        assert server.signed == 3
    assert next(run(ByRule(), rows, question_of, 1, concurrent, sign=lambda address: 1 / 0)).error.message.endswith(
        "can't be signed: division by zero."
    )
