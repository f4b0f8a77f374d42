"""Answers that a person has judged are rows to train on: a label file, and real steps of SFT on the demo model."""

import json

import pytest
from rasters import NORTH_UP, city, make

from zoomearth.backend.cli.main import main
from zoomearth.backend.labels.images import examined
from zoomearth.core.geometry import Box
from zoomearth.core.labels.examples import examples
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.learning import Judged, learn
from zoomearth.core.source import SceneSource


@pytest.fixture
def labels(tmp_path):
    """Four answers about a town: right with a zoom, corrected with a box, right without a zoom, right with two zooms."""
    image = examined(SceneSource(str(make(tmp_path / "town.tif", city(1200, 800), crs="EPSG:32633", affine=NORTH_UP))))
    near, far = (Box(100, 80, 220, 200), "mill"), (Box(700, 500, 800, 580), "barn")
    with LabelFile.open(tmp_path / "labels.gpkg", "Ada", new=True) as labels:
        learn(labels, image, Judged("a", "What colour is the mill?", "red", (near,), ("A mill.", "It is red."), model="demo"))
        learn(labels, image, Judged("b", "What colour is the barn?", "blue", (far,), right=False, said="green", model="demo"))
        learn(labels, image, Judged("c", "Is this a town?", "yes", model="demo"))
        learn(labels, image, Judged("d", "How many mills are there?", "1", (near, None, far), model="demo"))
    return tmp_path / "labels.gpkg"


def test_a_judgement_can_be_changed_and_undone_and_leaves_no_box_behind(labels):
    with LabelFile.open(labels, "Ada") as file:
        image = file.images()[0]
        before = sorted(map(repr, [*file.boxes(), *file.questions()]))
        learn(file, image, Judged("d", "How many mills are there?", "2", ((Box(5, 5, 50, 60), ""),), right=False, said="1"))
        assert [each.answer for each in examples(file)] == ["red", "blue", "yes", "2"]
        assert [box.sides for box in file.boxes()][2:] == [(5, 5, 50, 60)]
        file.undo()
        assert sorted(map(repr, [*file.boxes(), *file.questions()])) == before


@pytest.mark.usefixtures("one_thread")
def test_one_command_trains_the_demo_model_on_what_was_corrected(labels, tmp_path, capsys):
    run = ["--model", "zoomearth-demo", "--data", str(labels), "--out", str(tmp_path / "run"), "--steps", "2", "--batch", "2"]
    assert main(["train", "sft", *run]) == 0
    (state,) = (tmp_path / "run").glob("checkpoint-*/trainer_state.json")
    told = json.loads(state.read_text())
    assert told["global_step"] == 2
    losses = [row["loss"] for row in told["log_history"] if "loss" in row]
    assert losses
    assert all(0 < loss < 100 for loss in losses)
