"""Shards and their parts: every row is in one shard, and the parts together are the run."""

import json

import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from evaluating import ByRule
from hypothesis import given
from hypothesis import strategies as st
from rasters import make

from zoomearth.backend.cli import batch as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.cli.rows import in_shard
from zoomearth.backend.rows import Table
from zoomearth.core.requests import Ask
from zoomearth.core.roi_table import FIELDS
from zoomearth.core.source import SceneSource


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """A file of 40 rows over three rasters: in two CRSs, and without georeference."""
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: ByRule())
    pixels = np.random.default_rng(0).integers(0, 255, (3, 120, 160), dtype=np.uint8)
    make(tmp_path / "0.tif", pixels)
    make(tmp_path / "1.tif", pixels, crs="EPSG:4326", affine=(9.9, 0.001, 0, 53.6, 0, -0.001))
    make(tmp_path / "2.tif", pixels, affine=None, crs="")
    made = [{"id": f"r{at}", "path": f"{at % 3}.tif", "question": f"Is {at} {('global', 'object')[at % 2]}?"} for at in range(40)]
    made[4]["window"] = [10, 10, 90, 90]
    made[9]["choices"], made[10]["choices"] = "yes,no", "yes,no,unsure"
    made[7]["path"] = "none.tif"
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    return tmp_path / "rows.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 20))
def test_every_row_is_in_exactly_one_shard(ids, count):
    table = Table([Ask(SceneSource("a.tif"), "q", id=id) for id in ids])
    shards = [[row.id for row in in_shard(table, (number, count)).rows] for number in range(1, count + 1)]
    assert sorted(id for shard in shards for id in shard) == sorted(ids)


def test_the_merged_shards_equal_the_whole_run(rows, tmp_path, capsys):
    assert main(["batch", str(rows), "--out", str(tmp_path / "whole.jsonl")]) == 1
    for number in range(1, 5):
        assert main(["batch", str(rows), "--out", str(tmp_path / "parts" / f"{number}.jsonl"), "--shard", f"{number}/4"]) in (0, 1)
    parts = sorted(map(str, (tmp_path / "parts").iterdir()))
    capsys.readouterr()
    assert main(["batch", "merge", *parts, "--rows", str(rows), "--out", str(tmp_path / "all.jsonl"), "--json"]) == 1
    counts = json.loads(capsys.readouterr().out)
    assert (counts["rows"], counts["answered"], counts["failed"], counts["missing"], counts["duplicates"]) == (40, 39, 1, [], 0)
    whole, merged = ({line["id"]: {**line, "seconds": None} for line in lines(tmp_path / f"{name}.jsonl")} for name in ("whole", "all"))
    assert merged == whole
    assert list(merged) == [f"r{at}" for at in range(40)], "not in the order of the rows"


def test_a_merge_resolves_duplicates_and_names_what_is_missing(rows, tmp_path, capsys):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert main(["batch", str(rows), "--out", str(first), "--shard", "1/2"]) in (0, 1)
    assert main(["batch", str(rows), "--out", str(second)]) == 1
    done = lines(first)
    failure = {**done[0], "answer": None, "error": {"code": "engine", "message": "lost", "hint": ""}}
    with second.open("a") as file:
        file.write(json.dumps(failure) + "\n" + '{"id": "r5", "sour')
    capsys.readouterr()
    assert main(["batch", "merge", str(second), str(first), "--out", str(tmp_path / "all.jsonl"), "--json"]) == 1
    counts = json.loads(capsys.readouterr().out)
    assert (counts["rows"], counts["answered"], counts["duplicates"]) == (40, 39, len(done) + 1)
    assert {line["id"]: line["answer"] for line in lines(tmp_path / "all.jsonl")}[failure["id"]] == done[0]["answer"]
    assert main(["batch", "merge", str(first), "--rows", str(rows), "--out", str(tmp_path / "all.jsonl")]) == 1
    output = capsys.readouterr()
    assert f"{40 - len(done)} missing of 40" in output.out
    assert "note: no part has r" in output.err


@pytest.mark.parametrize("suffix", ["gpkg", "parquet"])
def test_a_merged_table_has_answers_and_boxes_in_degrees(rows, tmp_path, suffix):
    assert main(["batch", str(rows), "--out", str(tmp_path / "part.jsonl")]) == 1
    out = tmp_path / f"all.{suffix}"
    assert main(["batch", "merge", str(tmp_path / "part.jsonl"), "--out", str(out)]) == 1
    if suffix == "gpkg":
        meta, _, shapes, columns = pyogrio.raw.read(out)
        assert meta["crs"] == "EPSG:4326"
        written = [dict(zip(meta["fields"], row)) for row in zip(*columns)]
    else:
        table = pyarrow.parquet.read_table(out)
        geo = json.loads(table.schema.metadata[b"geo"])
        assert (geo["primary_column"], geo["columns"]["geometry"]["encoding"]) == ("geometry", "WKB")
        shapes = table["geometry"].to_pylist()
        written = table.drop(["geometry"]).to_pylist()
    assert list(written[0]) == [*FIELDS, "value"]
    answers = {row["exchange"]: (row, shape) for row, shape in zip(written, shapes) if row["kind"] == "answer"}
    assert len(answers) == 40
    assert sum(row["kind"] == "zoom" for row in written) == 19
    assert answers["r9"][0]["value"] == {"yes": "True", "no": "False"}[answers["r9"][0]["answer"]]
    assert answers["r10"][0]["value"] == answers["r10"][0]["answer"], "values of two types are texts"
    assert answers["r8"][0]["value"] is None
    assert answers["r7"][0]["error"].startswith("There is no file")
    assert answers["r7"][1] is None
    assert answers["r2"][1] is None, "a raster without georeference has a place"
    degrees = shapely.from_wkb(answers["r1"][1])
    assert degrees.bounds == pytest.approx((9.9, 53.48, 10.06, 53.6))
    region, whole = shapely.from_wkb(answers["r4"][1]), degrees
    assert region.area == pytest.approx(whole.area * 80 * 80 / (160 * 120))
    metres = shapely.from_wkb(answers["r0"][1]).bounds
    assert -94 < metres[0] < metres[2] < -92
    assert 41 < metres[1] < metres[3] < 42


def test_parts_of_different_runs_are_refused_in_one_sentence(rows, tmp_path, capsys):
    assert main(["batch", str(rows), "--out", str(tmp_path / "a.jsonl")]) == 1
    other = [{**line, "spec": {**line["spec"], "model": "another"}} for line in lines(tmp_path / "a.jsonl")]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in other))
    changed = [{**line, "question": "else"} for line in lines(tmp_path / "a.jsonl")]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))
    moved = [{**line, "spec": {**line["spec"], "server": "http://node7:8000"}} for line in lines(tmp_path / "a.jsonl")]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in moved))
    for names, out, says in [
        (["a", "b"], "x.gpkg", "hold the answers of two runs: their model differs"),
        (["a", "c"], "x.gpkg", "to different things: their question differs"),
        (["rows"], "x.gpkg", "is no answer of a batch"),
        (["none"], "x.gpkg", "can't be read"),
        (["a"], "x.shp", "has no known suffix"),
        (["a"], "no/x.gpkg", "does not exist"),
    ]:
        assert main(["batch", "merge", *(str(tmp_path / f"{name}.jsonl") for name in names), "--out", str(tmp_path / out)]) == 2
        assert says in capsys.readouterr().err
    assert not (tmp_path / "x.gpkg").exists()
    assert main(["batch", "merge", str(tmp_path / "a.jsonl"), str(tmp_path / "d.jsonl"), "--out", str(tmp_path / "x.gpkg")]) == 1
