"""`zoomearth survey --masks`: what is found is outlined, nothing is lost where that fails, and nothing is outlined twice."""

import json
import subprocess
import sys
import time

import numpy as np
import pyogrio
import pytest
import shapely
from PIL import Image, ImageDraw
from rasters import ROTATED, make
from surveying import ByTruth
from test_survey_command import CHILD, content, layer, lines, survey, told, until

from zoomearth.backend.cli import survey as command
from zoomearth.backend.surveys import masks
from zoomearth.core.geometry import Box, Grid

POOLS = [Box(x, y, x + 40, y + 26) for x in range(30, 860, 120) for y in range(25, 660, 110)]
TINY = Box(880, 680, 883, 683)


def pool(box):
    """The ellipse that is drawn in a box, in source pixels."""
    x, y = box.center
    unit = shapely.Point(0, 0).buffer(1, 64)
    return shapely.transform(unit, lambda corners: corners * (box.width / 2, box.height / 2) + (x, y))


@pytest.fixture
def scene(tmp_path):
    """Blue ellipses on a green, grainy ground of 900 x 700 pixels, rotated."""
    picture = Image.new("RGB", (900, 700), (96, 120, 70))
    for box in POOLS:
        ImageDraw.Draw(picture).ellipse((box.left, box.top, box.right - 1, box.bottom - 1), fill=(40, 110, 200))
    pixels = np.moveaxis(np.asarray(picture, dtype=int), 2, 0) + np.random.default_rng(1).integers(-6, 7, (3, 700, 900))
    return make(tmp_path / "yard.tif", pixels.clip(0, 255).astype(np.uint8), affine=ROTATED)


@pytest.fixture
def engine(monkeypatch):
    engine = ByTruth([*POOLS, TINY])
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def box_of(row):
    return Box(*map(float, row["box"].split(",")))


def test_the_polygons_are_the_outlines_of_the_things_and_the_boxes_stay(scene, engine, capsys):
    assert survey(scene, "--masks", "--gsd", 0.5) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["count"] == len(POOLS) + 1
    assert "1 of the things have their box in place of a mask" in printed.err
    info = pyogrio.read_info(scene.with_name("out.gpkg"), layer="features")
    assert info["geometry_type"] == "MultiPolygon"
    rows, polygons = layer(scene.with_name("out.gpkg"))
    grid = Grid(ROTATED)
    overlaps = []
    for row, polygon in zip(rows, polygons):
        box = box_of(row)
        if row["mask"] == "box":
            assert box == TINY
            assert "3 x 3 pixels" in row["mask_note"]
            assert polygon.normalize().equals_exact(shapely.MultiPolygon([shapely.Polygon(grid.polygon(box))]).normalize(), 1e-6)
            continue
        assert (row["mask"], box in POOLS) == ("otsu-grabcut", True)
        assert 0 < row["mask_score"] <= 1
        truth = shapely.Polygon([grid.to_map(*corner) for corner in pool(box).exterior.coords])
        overlaps.append(truth.intersection(polygon).area / truth.union(polygon).area)
    assert len(overlaps) == len(POOLS)
    assert min(overlaps) > 0.85
    assert len(layer(scene.with_name("out.gpkg"), "views")[0]) > 0


@pytest.mark.parametrize("out", ["out.geojson", "out.shp"])
def test_masks_in_other_formats(scene, engine, capsys, out):
    assert survey(scene, "--masks", out=out) == 0
    assert pyogrio.read_info(scene.with_name(out))["features"] == told(capsys)["count"] == len(POOLS) + 1


def test_a_survey_that_is_done_gets_masks_without_a_question(scene, engine, capsys, monkeypatch):
    assert survey(scene) == 0
    boxes, asked = layer(scene.with_name("out.gpkg"))[0], len(engine.talks)
    assert survey(scene, "--masks") == 0
    outlined = content(scene.with_name("out.gpkg"))
    assert len(engine.talks) == asked
    assert {row["box"] for row in layer(scene.with_name("out.gpkg"))[0]} == {row["box"] for row in boxes}
    calls, real = [], masks.outline_of
    monkeypatch.setattr(masks, "outline_of", lambda scene, box, cancelled: calls.append(box) or real(scene, box, cancelled))
    assert survey(scene, "--masks") == 0
    assert content(scene.with_name("out.gpkg")) == outlined
    assert [bool(box.intersect(TINY).area) for box in calls] == [True], "only what failed is tried again"


def test_a_damaged_raster_leaves_boxes_with_the_reason(scene, engine, capsys):
    """What the readings found is outlined as far as the file can still be read."""
    assert survey(scene, "--gsd", 0.5, "--view-size", 112) == 0
    with scene.open("r+b") as file:
        file.truncate(scene.stat().st_size * 6 // 10)
    assert survey(scene, "--gsd", 0.5, "--view-size", 112, "--masks") == 0
    rows, _ = layer(scene.with_name("out.gpkg"))
    assert len(rows) == len(POOLS) + 1
    lost = [row for row in rows if row["mask"] == "box" and box_of(row) != TINY]
    assert 0 < len(lost) < len(POOLS)
    assert all(row["mask_note"] for row in lost)


def test_masks_survive_a_kill(scene, engine, capsys, tmp_path):
    assert survey(scene, "--masks", out="whole.gpkg") == 0
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps([*POOLS, TINY]))
    out = scene.with_name("out.gpkg")
    words = [truth, tmp_path / "log", "0.02", "survey", scene, "planes", "--out", out, "--size", "20", "--json", "--masks"]
    kept = scene.with_name("out.gpkg.masks.jsonl")
    for wanted in (3, 20):
        child = subprocess.Popen([sys.executable, CHILD, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda wanted=wanted: len(lines(kept)) >= wanted, child)
        time.sleep(0.02)
        child.kill()
        child.communicate()
    assert survey(scene, "--masks") == 0
    assert content(out) == content(scene.with_name("whole.gpkg"))
    boxes = [json.loads(line)["box"] for line in lines(kept)]
    assert len(boxes) == len(set(boxes)) == len(POOLS)
