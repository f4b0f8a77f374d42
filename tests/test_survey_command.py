"""`zoomearth survey`: what is written, what goes on after an accident, and what a user is told."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from marking import COLOURS, Marker
from PIL import Image, ImageDraw
from rasters import NORTH_UP, ROTATED, make
from surveying import PROFILE, ByTruth

from zoomearth.backend.cli import survey as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.surveys import driver
from zoomearth.backend.surveys.run import plan_of
from zoomearth.core.errors import EngineError
from zoomearth.core.geometry import Box, Grid
from zoomearth.core.requests import RunSurvey
from zoomearth.core.source import SceneSource
from zoomearth.training.scenes.geotiff import drawn
from zoomearth.training.scenes.marks import object_boxes
from zoomearth.training.scenes.scene import make_scene

CHILD = Path(__file__).with_name("surveying.py")
SIDES = (900, 700)
THINGS = [Box(x, y, x + 40, y + 24) for x in range(20, 860, 70) for y in range(10, 670, 80)]
COUNTS = {"done", "empty", "failed", "saturated", "split", "unseen"}


@pytest.fixture
def scene(tmp_path):
    """A georeferenced raster of 900 x 700 pixels of half a metre."""
    return make(tmp_path / "bay.tif", np.random.default_rng(1).integers(0, 255, (3, SIDES[1], SIDES[0]), dtype=np.uint8))


@pytest.fixture
def engine(monkeypatch):
    engine = ByTruth(THINGS)
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def survey(scene, *more, out="out.gpkg", target="planes", size=20.0):
    sizes = ("--size", str(size)) if size else ()
    return main(["survey", str(scene), target, "--out", str(scene.with_name(out)), *sizes, "--json", *map(str, more)])


def told(capsys):
    """The one object on standard output."""
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1, lines
    return json.loads(lines[0])


def layer(path, name="features"):
    """Rows by the names of their fields, and polygons."""
    meta, _, shapes, columns = pyogrio.raw.read(path, layer=name)
    rows = [dict(zip(meta["fields"], values)) for values in zip(*columns)]
    return rows, shapely.from_wkb(shapes)


def content(path):
    """The features without the time of writing."""
    rows, polygons = layer(path)
    return sorted((polygon.wkt, *(str(value) for name, value in row.items() if name != "time")) for row, polygon in zip(rows, polygons))


def test_things_and_views_are_layers_of_one_file(scene, engine, capsys):
    assert survey(scene, "--gsd", 0.5) == 0
    result = told(capsys)
    assert {"target", "count", "coverage", "views", "out", "seconds"} <= set(result)
    assert set(result["views"]) == COUNTS
    assert (result["target"], result["count"], result["coverage"]) == ("planes", len(THINGS), 1.0)
    rows, polygons = layer(scene.with_name("out.gpkg"))
    assert len(rows) == result["count"]
    expected = {shapely.Polygon(Grid(NORTH_UP).polygon(thing)).normalize().wkt for thing in THINGS}
    assert {polygon.normalize().wkt for polygon in polygons} == expected
    assert {row["kind"] for row in rows} == {"feature"}
    assert {row["image"] for row in rows} == {str(scene)}
    assert pyogrio.read_info(scene.with_name("out.gpkg"), layer="features")["crs"] == "EPSG:32615"
    views, cells = layer(scene.with_name("out.gpkg"), "views")
    assert sum(row["views"] for row in views) == sum(result["views"].values()) == len(engine.talks)
    assert shapely.union_all(cells).area == pytest.approx(SIDES[0] * SIDES[1] / 4)
    assert {talk.turns[1].text for talk in engine.talks} == {"mark every plane"}


def test_the_same_command_asks_nothing_again(scene, engine, capsys):
    assert survey(scene) == 0
    before, asked = content(scene.with_name("out.gpkg")), len(engine.talks)
    first = told(capsys)
    assert survey(scene) == 0
    assert {**told(capsys), "seconds": None} == {**first, "seconds": None}
    assert len(engine.talks) == asked
    assert content(scene.with_name("out.gpkg")) == before


def test_a_larger_budget_goes_on_and_nothing_is_hidden(scene, engine, capsys):
    assert survey(scene, "--budget", 10) == 0
    result = told(capsys)
    assert result["views"]["done"] == 10
    assert result["views"]["unseen"] > 10
    assert 0 < result["coverage"] < 0.6
    assert 0 < result["count"] < len(THINGS)
    views, _ = layer(scene.with_name("out.gpkg"), "views")
    assert sum(row["views"] for row in views if row["state"] == "unseen") == result["views"]["unseen"]
    assert {row["why"] for row in views if row["state"] == "unseen"} == {"the budget was spent"}
    assert survey(scene) == 0
    assert told(capsys)["count"] == len(THINGS)
    assert len(engine.talks) == len({talk.view.window for talk in engine.talks})


@pytest.mark.parametrize("out", ["out.geojson", "out.shp"])
def test_other_formats_have_the_features(scene, engine, capsys, out):
    assert survey(scene, out=out) == 0
    assert pyogrio.read_info(scene.with_name(out))["features"] == told(capsys)["count"] == len(THINGS)


def test_no_match_is_none_found(scene, monkeypatch, capsys):
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: ScriptedEngine(PROFILE, ["[]"]))
    assert survey(scene, target="unicorns") == 0
    result = told(capsys)
    assert (result["count"], result["coverage"]) == (0, 1.0)
    assert layer(scene.with_name("out.gpkg"))[0] == []
    assert main(["survey", str(scene), "unicorns", "--out", str(scene.with_name("out.gpkg")), "--size", "20"]) == 0
    assert "none found" in capsys.readouterr().out


def test_a_part_of_the_scene_and_polygons_in_another_crs(scene, engine, capsys, tmp_path):
    assert survey(scene, "--window", "0,0,300,300", out="part.gpkg") == 0
    assert told(capsys)["count"] == sum(bool(thing.intersect(Box(0, 0, 300, 300)).area) for thing in THINGS)
    west, north, side = NORTH_UP[0], NORTH_UP[3], 150
    parcel = shapely.box(west + 60, north - side, west + 60 + side, north - 60)
    from zoomearth.backend.scene.gdal import transform

    degrees = shapely.transform(shapely.segmentize(parcel, 10), lambda corners: transform(corners, "EPSG:32615", "EPSG:4326"))
    pyogrio.raw.write(
        tmp_path / "parcels.gpkg", np.array([shapely.to_wkb(degrees)]), [], [], geometry_type="Polygon", crs="EPSG:4326", driver="GPKG"
    )
    asked = len(engine.talks)
    assert survey(scene, "--within", tmp_path / "parcels.gpkg", out="parcel.gpkg") == 0
    _, polygons = layer(scene.with_name("parcel.gpkg"))
    assert told(capsys)["count"] == len(polygons) > 0
    assert all(polygon.intersects(parcel.buffer(0.1)) for polygon in polygons)
    assert len(engine.talks) - asked < 12


def test_a_raster_without_georeference_works_in_pixels_and_says_so(tmp_path, engine, capsys):
    plain = make(tmp_path / "plain.tif", np.random.default_rng(1).integers(0, 255, (3, 700, 900), dtype=np.uint8), crs="", affine=None)
    assert survey(plain, size=40) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["count"] == len(THINGS)
    assert "count in pixels" in printed.err
    _, polygons = layer(plain.with_name("out.gpkg"))
    assert polygons[0].bounds[1] < 0 < polygons[0].bounds[2], "pixels with y upwards"
    assert survey(plain, "--region", "0,0,10,10", out="other.gpkg") == 2
    assert "--window" in json.loads(capsys.readouterr().out)["error"]["hint"]


def test_things_of_a_rotated_raster_are_rotated(tmp_path, engine, capsys):
    turned = make(tmp_path / "turned.tif", np.random.default_rng(1).integers(0, 255, (3, 700, 900), dtype=np.uint8), affine=ROTATED)
    assert survey(turned, "--gsd", 0.5) == 0
    _, polygons = layer(turned.with_name("out.gpkg"))
    expected = {shapely.Polygon(Grid(ROTATED).polygon(thing)).normalize().wkt for thing in THINGS}
    assert {polygon.normalize().wkt for polygon in polygons} == expected


def test_a_guided_survey_by_a_model_that_marks_things_only(tmp_path, monkeypatch, capsys):
    """It begins where the things can be seen, and is asked in the words that it knows."""
    things = [Box(x, y, x + 40, y + 24) for x, y in ((100, 100), (160, 100), (2500, 1700))]
    scene = make(tmp_path / "large.tif", np.random.default_rng(1).integers(0, 255, (3, 2000, 3000), dtype=np.uint8))
    engine = ByTruth(things)
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    assert survey(scene, "--way", "guided") == 0
    result = told(capsys)
    guided = len(engine.talks)
    assert result["count"] == len(things)
    assert {talk.turns[1].text for talk in engine.talks} == {"mark every plane"}
    assert survey(scene, out="all.gpkg") == 0
    assert told(capsys)["count"] == len(things)
    assert (len(engine.talks) - guided) > 5 * guided


def test_views_without_data_cost_nothing(tmp_path, engine, capsys):
    pixels = np.random.default_rng(1).integers(1, 255, (3, 700, 900), dtype=np.uint8)
    pixels[:, :, 300:] = 0
    scene = make(tmp_path / "edge.tif", pixels, nodata=0)
    assert survey(scene) == 0
    result = told(capsys)
    assert result["views"]["empty"] > result["views"]["done"] == len(engine.talks)
    assert result["coverage"] == 1.0


def test_a_server_that_fails_ends_the_survey_and_the_same_command_goes_on(scene, engine, monkeypatch, capsys):
    class Down(ByTruth):
        def one(self, talk):
            if len(self.talks) >= 8:
                raise EngineError("The server does not answer.", "Start it.")
            return super().one(talk)

    monkeypatch.setattr(command, "open_engine", lambda settings, **_: Down(THINGS))
    assert survey(scene, "--batch", 2) == 2
    assert told(capsys)["error"]["message"] == "The server does not answer."
    rows, _ = layer(scene.with_name("out.gpkg"))
    assert 0 < len(rows) < len(THINGS), "what was found stays"
    views, _ = layer(scene.with_name("out.gpkg"), "views")
    states = [row["state"] for row in views]
    assert states.count("failed") == driver.PATIENCE
    assert "unseen" in states
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    assert survey(scene) == 0
    assert told(capsys)["count"] == len(THINGS)


def test_one_view_that_fails_costs_itself_only_and_is_asked_again(scene, engine, capsys, monkeypatch):
    class Once(ByTruth):
        def one(self, talk):
            if talk.view.window.left == 0 and talk.view.window.top == 0:
                raise EngineError("The server filters this picture.")
            return super().one(talk)

    monkeypatch.setattr(command, "open_engine", lambda settings, **_: Once(THINGS))
    assert survey(scene) == 1
    result = told(capsys)
    assert (result["views"]["failed"], result["coverage"] < 1) == (1, True)
    assert result["count"] < len(THINGS)
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    assert survey(scene) == 0
    assert len(engine.talks) == 1
    assert told(capsys)["count"] == len(THINGS)


def test_a_damaged_raster_is_surveyed_as_far_as_it_can_be_read(scene, engine, capsys):
    """The lower part of the file is missing."""
    os.truncate(scene, scene.stat().st_size * 6 // 10)
    assert survey(scene, "--gsd", 0.5, "--view-size", 112) == 1
    result = told(capsys)
    assert result["views"]["failed"] > driver.PATIENCE
    assert 0.3 < result["coverage"] < 0.7
    assert sum(thing.bottom < 300 for thing in THINGS) <= result["count"] < len(THINGS)
    views, _ = layer(scene.with_name("out.gpkg"), "views")
    assert all("can't be read" in row["why"] or "could not" in row["why"] for row in views if row["state"] == "failed"), views[-1]


def test_a_file_that_another_program_holds_loses_nothing(scene, engine, capsys, monkeypatch):
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: Holding(THINGS, scene.with_name("out.gpkg")))
    assert survey(scene) == 2
    assert "can't be written" in told(capsys)["error"]["message"]
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    assert survey(scene) == 0
    assert told(capsys)["count"] == len(layer(scene.with_name("out.gpkg"))[0]) == len(THINGS)
    assert not engine.talks, "all views were read before"


HOLD = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE'); print(flush=True); input()"
)


class Holding(ByTruth):
    """Another process has the output open for writing, from the first view on until the survey is over."""

    def __init__(self, things, file):
        super().__init__(things)
        self.file, self.child = file, None

    def reply(self, talks, **_):
        if self.child is None:
            words = [sys.executable, "-c", HOLD, str(self.file)]
            self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.child.stdout.readline()
        return super().reply(talks)

    def close(self):
        self.child.communicate("\n")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--size", "0"), "not a number greater than 0"),
        (("--size", "-4"), "not a number greater than 0"),
        (("--gsd", "nan"), "not a number greater than 0"),
        (("--budget", "0"), "at least 1"),
        (("--way", "quick"), "invalid choice"),
        (("--concurrency", "4"), "for a model on a server"),
        (("--window", "5000,5000,6000,6000"), "lies outside"),
        (("--within", "/nowhere.gpkg"), "There is no file"),
        (("--view-size", "5"), "--view-size 5 is too small"),
    ],
)
def test_bad_input_is_one_sentence(scene, engine, capsys, more, says):
    assert survey(scene, *more, size=None) == 2
    assert says in told(capsys)["error"]["message"]
    assert not scene.with_name("out.gpkg").exists()


def test_files_that_no_survey_made_are_left_alone(scene, engine, capsys):
    mine = scene.with_name("mine.gpkg")
    mine.write_bytes(b"work of years")
    assert survey(scene, out="mine.gpkg") == 2
    assert "exists, and is not the file of a survey" in told(capsys)["error"]["message"]
    assert mine.read_bytes() == b"work of years"
    assert survey(scene) == 0
    capsys.readouterr()
    before = content(scene.with_name("out.gpkg"))
    assert survey(scene, target="ships") == 2
    assert "its target differs" in told(capsys)["error"]["message"]
    assert content(scene.with_name("out.gpkg")) == before
    assert survey(scene, out="out.txt") == 2
    assert "no known suffix" in told(capsys)["error"]["message"]
    assert survey(scene, target="  ", out="new.gpkg") == 2
    assert "THING is empty" in told(capsys)["error"]["message"]


def test_sizes_of_common_things_and_notes(scene, engine, capsys):
    assert survey(scene, target="cars", size=None) == 0
    notes = capsys.readouterr().err
    assert "taken to be about 4.5 m long" in notes
    assert "9 pixels long" in notes
    assert survey(scene, target="unicorns", size=None, out="other.gpkg") == 0
    assert "not known" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["boats", "unicorns"])
def test_the_things_of_a_generated_scene_have_the_size_that_they_are_drawn_with(tmp_path, target):
    lengths = []
    for seed in range(4):
        drawing = make_scene(seed)
        path = drawn(drawing, tmp_path / f"scene-{seed}.tif", 2048)
        with Scene.open(path) as raster:
            plan, notes = plan_of(raster, RunSurvey(SceneSource(str(path)), target, "out.gpkg"), 0.0)
        boxes = [Box(*box) for site in drawing.sites for box in object_boxes(site)]
        lengths += [plan.thing / (2048 * max(box.width, box.height)) for box in boxes]
        assert "m long; the size can be given" in notes[0]
    assert len(lengths) > 20
    assert 0.7 < min(lengths) < max(lengths) < 1.4


def start(scene, tmp_path, *more, pace="0.02"):
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(THINGS))
    words = [
        truth,
        tmp_path / "log",
        pace,
        "survey",
        scene,
        "planes",
        "--out",
        scene.with_name("out.gpkg"),
        "--size",
        "20",
        "--json",
        *more,
    ]
    return subprocess.Popen([sys.executable, CHILD, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition, child):
    end = time.monotonic() + 60
    while not condition() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_run_that_is_killed_anywhere_continues_with_nothing_twice_and_nothing_lost(scene, engine, capsys, tmp_path):
    assert survey(scene, out="whole.gpkg") == 0
    capsys.readouterr()
    total = len(engine.talks)
    rng = random.Random(7)
    kills = 2
    kept = scene.with_name("out.gpkg.views.jsonl")
    for _ in range(kills):
        child = start(scene, tmp_path)
        wanted = len(lines(kept)) + rng.randint(1, 12)
        until(lambda wanted=wanted: len(lines(kept)) >= wanted, child)
        time.sleep(rng.random() * 0.2)
        child.kill()
        child.communicate()
    child = start(scene, tmp_path, pace="0")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert json.loads(out)["count"] == len(THINGS)
    assert content(scene.with_name("out.gpkg")) == content(scene.with_name("whole.gpkg"))
    asked = lines(tmp_path / "log")
    assert len(set(asked)) == total
    assert len(asked) - total <= kills * driver.IN_STEP * 8, "only what was under way is asked again"
    names = [json.loads(line)["id"] for line in lines(kept)]
    assert len(names) == len(set(names)) == total


def test_ctrl_c_keeps_what_was_found_and_the_same_command_goes_on(scene, tmp_path):
    child = start(scene, tmp_path, "--batch", "2")
    kept = scene.with_name("out.gpkg.views.jsonl")
    until(lambda: len(lines(kept)) >= 8, child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    result = json.loads(out)
    assert result["count"] == len(layer(scene.with_name("out.gpkg"))[0]) > 0
    assert result["views"]["unseen"] > 0
    assert result["coverage"] < 1
    assert "the same command continues" in err
    child = start(scene, tmp_path, pace="0")
    out, err = child.communicate(timeout=60)
    assert json.loads(out)["count"] == len(THINGS)


def test_two_runs_do_not_share_a_file(scene, tmp_path, engine, capsys):
    child = start(scene, tmp_path, pace="0.1")
    until(lambda: lines(scene.with_name("out.gpkg.views.jsonl")), child)
    assert survey(scene) == 2
    assert "in use by another run" in told(capsys)["error"]["message"]
    child.kill()
    child.communicate()


def test_real_servers_that_see_the_pictures_share_a_survey(tmp_path, capsys):
    """Red rectangles, found by a "model" behind HTTP that counts in thousandths and marks what it sees."""
    places = [(40, 60), (300, 90), (620, 420), (800, 610)]
    picture = Image.new("RGB", (960, 720), (90, 120, 70))
    for x, y in places:
        ImageDraw.Draw(picture).rectangle((x, y, x + 39, y + 23), fill=COLOURS["red rectangle"])
    scene = make(tmp_path / "yard.tif", np.moveaxis(np.asarray(picture), 2, 0).copy())

    class Finder(Marker):
        def reply(self, body):
            content = body["messages"][-1]["content"]
            shown = self._shown(next(part["image_url"]["url"] for part in content if part["type"] == "image_url"))
            if not (np.abs(np.asarray(shown, dtype=int) - COLOURS["red rectangle"]).max(-1) < 40).any():
                return "[]"
            return super().reply(body)

    finders = [Finder(unit="thousandths"), Finder(unit="thousandths")]
    servers = [finder.serve() for finder in finders]
    words = (
        "--remote",
        servers[0].url,
        "--remote",
        servers[1].url,
        "--dialect",
        "qwen3-grounding",
        "--view-size",
        "224",
        "--concurrency",
        "4",
    )
    try:
        assert survey(scene, *words, target="red rectangles") == 0
    finally:
        for server in servers:
            server.shutdown()
    assert all(finder.asked for finder in finders)
    result = told(capsys)
    assert (result["count"], result["coverage"]) == (len(places), 1.0)
    assert result["views"]["empty"] > 0
    _, polygons = layer(tmp_path / "out.gpkg")
    grid = Grid(NORTH_UP)
    for x, y in places:
        truth = shapely.Polygon(grid.polygon(Box(x, y, x + 40, y + 24)))
        assert max(truth.intersection(polygon).area / truth.union(polygon).area for polygon in polygons) > 0.9


def test_the_benchmark_of_a_large_scene_runs(root, tmp_path):
    """A small one, in its own process, as it measures the large one."""
    make(
        tmp_path / "small.tif", np.random.default_rng(1).integers(60, 200, (3, 1100, 1500), dtype=np.uint8), affine=(0, 0.3, 0, 0, 0, -0.3)
    )
    words = [
        "child",
        tmp_path / "log",
        "survey",
        tmp_path / "small.tif",
        "planes",
        "--gsd",
        "0.3",
        "--size",
        "18",
        "--json",
        "--out",
        tmp_path / "a.gpkg",
    ]
    done = subprocess.run(
        [sys.executable, root / "benchmarks" / "survey.py", *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    result, memory = map(json.loads, done.stdout.splitlines())
    assert result["coverage"] == 1.0
    assert result["count"] > 0 < memory["peak_mb"]
