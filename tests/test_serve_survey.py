"""A survey over the wire: a real child process counts while it looks, and goes on after a cancel or a kill."""

import numpy as np
import pyogrio
import pytest
from child import Backend
from rasters import make

from zoomearth.core.events import SurveyResult
from zoomearth.core.protocol import read_event
from zoomearth.core.requests import Cancel, RunSurvey
from zoomearth.core.source import SceneSource, Where

ONE = '[{"bbox_2d": [30, 40, 60, 70], "label": "ship"}]'


@pytest.fixture
def scene(tmp_path):
    return str(make(tmp_path / "bay.tif", np.random.default_rng(0).integers(0, 255, (3, 900, 1200), dtype=np.uint8)))


def start(backend, scene, out, **settings):
    id = backend.id()
    backend.request(RunSurvey(SceneSource(scene), "ships", str(out), id=id, **settings))
    return id


def test_what_is_found_is_in_the_file_and_the_count_grows(backend, scene, tmp_path):
    backend.scripted(ONE, "[]")
    result = read_event(backend.last(start(backend, scene, tmp_path / "ships.gpkg", size=30.0))).result
    assert isinstance(result, SurveyResult)
    assert (result.count, result.coverage, result.target) == (1, 1.0, "ships")
    told = [read_event(event) for event in backend.history if event["event"] == "surveyed"]
    assert told[0].count == 0
    assert told[-1].count == 1
    assert told[-1].done == told[-1].total == result.views["done"]
    assert pyogrio.read_info(tmp_path / "ships.gpkg", layer="features")["features"] == 1


def test_a_region_is_all_that_is_looked_at(backend, scene, tmp_path):
    backend.scripted("[]")
    whole = read_event(backend.last(start(backend, scene, tmp_path / "all.gpkg", size=30.0))).result
    part = read_event(backend.last(start(backend, scene, tmp_path / "part.gpkg", size=30.0, where=Where(window=(0, 0, 200, 200))))).result
    assert part.views["done"] < whole.views["done"]
    assert part.count == 0


def test_after_a_cancel_and_a_kill_the_same_request_goes_on(root, fresh, scene, tmp_path):
    words = " ".join(f"pier {number}" for number in range(20))
    fresh.scripted(f"<think>{words}</think>[]", pace=0.01)
    id = start(fresh, scene, tmp_path / "ships.gpkg", size=30.0, at_once=1)
    while read_event(fresh.until("surveyed", id=id)).done == 0:
        pass
    fresh.request(Cancel(id))
    assert fresh.last(id)["event"] == "cancelled"
    lines = (tmp_path / "ships.gpkg.views.jsonl").read_text().splitlines()
    assert len(lines) > 1
    fresh.process.kill()
    again = Backend(root)
    try:
        again.scripted("[]")
        result = read_event(again.last(start(again, scene, tmp_path / "ships.gpkg", size=30.0))).result
        assert result.coverage == 1.0
        kept = (tmp_path / "ships.gpkg.views.jsonl").read_text().splitlines()
        assert kept[: len(lines)] == lines, "what was read is kept"
        assert len(kept) == result.views["done"], "and no view was asked twice"
    finally:
        again.end()


@pytest.mark.parametrize(
    ("out", "message"),
    [("ships.txt", "ships.txt"), ("none/ships.gpkg", "none"), ("other.gpkg", "is not the file of a survey")],
)
def test_a_bad_output_is_one_sentence_before_the_model_is_asked(backend, scene, tmp_path, out, message):
    (tmp_path / "other.gpkg").write_bytes(b"")
    backend.scripted(ONE)
    last = read_event(backend.last(start(backend, scene, tmp_path / out)))
    assert message in last.message
    assert last.hint
    assert not (tmp_path / f"{out}.views.jsonl").exists()
