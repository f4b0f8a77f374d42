"""What a test finds out about a model: a model that counts otherwise than its family is read right, or refused in a sentence."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from marking import Marker

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import calibration
from zoomearth.backend.engines.open import calibrate_model, open_engine
from zoomearth.backend.report import report
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.boxes import UNITS, Convention
from zoomearth.core.calibration import Calibration, Sighting, judge
from zoomearth.core.events import Done
from zoomearth.core.families import DIALECTS
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.profile import Profile
from zoomearth.core.protocol import event_to_json, read_event
from zoomearth.core.settings import Settings
from zoomearth.core.typed import from_json, to_json

RED = Box(5200, 400, 6000, 1000)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))


@pytest.fixture
def serve():
    servers = []

    def start(**ways):
        marker = Marker(**ways)
        servers.append(marker.serve())
        return marker, servers[-1].url

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def scene_file(tmp_path_factory):
    """A long scene, 8000 x 2000: a red rectangle, and a white disc of 60 pixels in it, which the overview does not show."""
    path = tmp_path_factory.mktemp("scene") / "long.tif"
    pixels = np.full((3, 2000, 8000), 200, np.uint8)
    pixels[:, 400:1000, 5200:6000] = np.array([214, 40, 40], np.uint8)[:, None, None]
    y, x = np.mgrid[:2000, :8000]
    pixels[:, (x - 5800) ** 2 + (y - 600) ** 2 < 30**2] = 250
    with rasterio.open(path, "w", driver="GTiff", width=8000, height=2000, count=3, dtype="uint8", tiled=True) as file:
        file.write(pixels)
    return path


# How a model writes, whatever its name -> what is found.
WAYS = {
    "Qwen/Qwen2.5-VL-7B-Instruct": [
        ({}, "pixels", "x", "last"),
        ({"unit": "thousandths"}, "thousandths", "x", "last"),
        ({"unit": "thousandths", "frame": "root"}, "thousandths", "x", "root"),
        ({"unit": "thousandths", "y_first": True, "form": "box_2d"}, "thousandths", "y", "last"),
        ({"unit": "fractions"}, "fractions", "x", "last"),
    ],
    "qwen3-vl:8b": [
        ({"unit": "thousandths", "frame": "root"}, "thousandths", "x", "root"),
        ({"unit": "thousandths", "frame": "root", "form": "xml"}, "thousandths", "x", "root"),
        ({"unit": "thousandths"}, "thousandths", "x", "last"),
        ({}, "pixels", "x", "last"),
        ({"frame": "root"}, "pixels", "x", "root"),
    ],
    "qwen2-vl-2b": [({"unit": "thousandths", "form": "qwen2"}, "thousandths", "x", "last"), ({"form": "bare"}, "pixels", "x", "last")],
    "google/gemma-4-E4B-it": [
        ({"unit": "thousandths", "y_first": True, "form": "box_2d"}, "thousandths", "y", "last"),
        ({"unit": "thousandths", "form": "box_2d"}, "thousandths", "x", "last"),
    ],
    "zai-org/GLM-4.6V-Flash": [({"unit": "thousandths", "form": "glm"}, "thousandths", "x", "last")],
    "OpenGVLab/InternVL3_5-8B": [({"unit": "thousandths", "form": "internvl"}, "thousandths", "x", "last")],
    "GeoVista-7B": [({"unit": "thousandths", "frame": "root", "form": "bbox"}, "thousandths", "x", "root")],
    "moondream": [({"unit": "fractions", "form": "bare"}, "fractions", "x", "last")],
    "paligemma-3b": [({"unit": "bins", "y_first": True, "form": "tokens"}, "bins", "y", "last")],
    "an-unheard-of-model": [
        ({"unit": "thousandths"}, "thousandths", "x", "last"),
        ({"unit": "fractions", "y_first": True, "frame": "root"}, "fractions", "y", "root"),
    ],
}
CASES = [(name, *case) for name, cases in WAYS.items() for case in cases]


@pytest.mark.parametrize(("name", "ways", "unit", "first", "frame"), CASES, ids=lambda value: str(value).replace("'", ""))
def test_a_model_is_read_as_it_counts_whatever_its_name_says(serve, scene_file, name, ways, unit, first, frame):
    marker, url = serve(listed=name, **ways)
    engine = open_engine(Settings(remote=url))
    try:
        tests = len(marker.asked)
        assert tests <= 4, "a test is to be short"
        convention = engine.profile.dialect.convention
        assert convention == Convention(unit, first == "y", frame)
        assert bool(engine.profile.dialect.corrected) == (convention != DIALECTS[engine.profile.dialect.name].convention)
        with Scene.open(str(scene_file)) as scene:
            answered = answer(engine, Question(scene, "Look at the red rectangle, then at the white disc."))
        first_look, second_look = answered.outcome.zooms
        assert first_look.roi.iou(RED) > 0.9
        if frame == "last":  # in the first picture it is a dot
            assert second_look.roi.iou(Box(5770, 570, 5830, 630)) > 0.6
        assert answered.outcome.answer == "it is there"
        result = report(answered, engine.profile.name, engine.profile.notes)
        assert result.dialect == engine.profile.dialect.described
        assert any("counts boxes in" in note for note in result.notes) == engine.profile.dialect.corrected
    finally:
        engine.close()
    again = open_engine(Settings(remote=url))
    again.close()
    assert again.profile.dialect == engine.profile.dialect
    assert len(marker.asked) == tests + 3, "it is tested once"


def test_a_model_that_marks_no_places_answers_from_the_overview(serve, scene_file):
    _, url = serve(blind=True, listed="qwen3-vl")
    engine = open_engine(Settings(remote=url))
    assert engine.profile.policy.max_zooms == 0
    assert any("marks no places" in note for note in engine.profile.notes)
    assert main(["models", "test", "--remote", url]) == 1
    engine.close()


@pytest.mark.parametrize("limit", [600 * 300, 400 * 400])
def test_a_server_that_makes_pictures_smaller_is_shown_smaller_ones(serve, scene_file, limit):
    _, url = serve(listed="Qwen2.5-VL-3B", limit=limit)
    engine = open_engine(Settings(remote=url))
    view = engine.profile.policy.view
    assert view % 28 == 0
    assert 0.8 * limit < view * view <= limit * 1.02
    with Scene.open(str(scene_file)) as scene:
        outcome = answer(engine, Question(scene, "Look at the red rectangle, then at the white disc.")).outcome
    assert outcome.zooms[0].roi.iou(RED) > 0.85
    assert outcome.zooms[1].roi.iou(Box(5770, 570, 5830, 630)) > 0.6
    engine.close()


def test_a_second_look_that_the_model_does_not_take_leaves_the_frame_to_its_family(serve):
    _, url = serve(listed="qwen3-vl", unit="thousandths", frame="root", shy=True)
    found, profile = calibrate_model(Settings(remote=url))
    assert (found.again, found.boxes, found.frame) == (False, True, "root")
    assert not profile.dialect.corrected
    _, url = serve(listed="qwen3-vl", shy=True)
    found, profile = calibrate_model(Settings(remote=url))
    assert (found.again, found.unit, found.frame) == (False, "pixels", "root")


@pytest.mark.parametrize(
    ("ways", "lists", "tools"),
    [({}, True, True), ({"lists": False}, False, True), ({"form": "bare"}, True, False), ({"form": "xml"}, True, True)],
    ids=str,
)
def test_lists_and_tool_calls_are_told(serve, ways, lists, tools):
    _, url = serve(listed="qwen2.5-vl", **ways)
    found, _ = calibrate_model(Settings(remote=url))
    assert (found.lists, found.tools) == (lists, tools)


def test_what_a_person_says_is_not_tested(serve):
    marker, url = serve(listed="some-model", unit="thousandths")
    for chosen in (Settings(remote=url, dialect="gemma"), Settings(remote=url, model="zoomearth-3b", remote_model="some-model")):
        engine = open_engine(chosen)
        engine.close()
        assert engine.profile.dialect.name == (chosen.dialect or "zoomearth")
        assert not engine.profile.notes
    assert not marker.asked


def test_the_weights_that_were_tuned_to_it_are_asked_in_it_whatever_a_test_says(serve):
    _, url = serve(listed="my-zoomearth-3b", unit="thousandths")
    engine = open_engine(Settings(remote=url))
    engine.close()
    assert (engine.profile.dialect.name, engine.profile.dialect.corrected) == ("zoomearth", False)
    assert engine.profile.policy == DIALECTS["zoomearth"].policy
    assert engine.profile.notes


def test_a_server_that_lists_nothing_is_asked_by_its_models_name(serve):
    _, url = serve(listed="m")
    engine = open_engine(Settings(remote=url.replace("/v1", "/nowhere/v1"), remote_model="qwen3-vl"))
    engine.close()
    assert engine.profile.dialect.name == "qwen3-grounding"
    gone = open_engine(Settings(remote="http://127.0.0.1:9/v1", remote_model="mystery"))
    gone.close()
    assert gone.profile.dialect.name == "general"
    assert "tells no family" in gone.profile.notes[0]


def test_the_command_prints_what_it_found(serve, capsys):
    _, url = serve(listed="qwen3-vl", unit="thousandths")
    assert main(["models", "test", "qwen3-vl", "--remote", url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unit"], told["frame"], told["boxes"], told["requests"]) == ("thousandths", "last", True, 4)
    assert told["asked_as"] == "qwen3-grounding (thousandths of the last picture, x first)"
    assert main(["models", "test", "--remote", url]) == 0
    assert "they are read so" in capsys.readouterr().out


def test_a_server_of_its_own_process_is_tested_at_first_use(scene_file, capsys, tmp_path):
    command = [sys.executable, str(Path(__file__).with_name("marking.py")), json.dumps({"unit": "thousandths", "listed": "Qwen2.5-VL-7B"})]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        assert main(["ask", str(scene_file), "Look at the red rectangle.", "--remote", url, "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed["dialect"] == "qwen-grounding (thousandths of the last picture, x first)"
        assert Box(*printed["zooms"][0]["roi"]).iou(RED) > 0.9
        assert main(["ask", str(scene_file), "Look at the red rectangle.", "--remote", url]) == 0
        assert "asked as qwen-grounding (thousandths of the last picture, x first)" in " ".join(capsys.readouterr().out.split())
        main(["ask", str(scene_file), "Look at the red rectangle.", "--remote", url, "--dialect", "qwen-grounding", "--json"])
        misread = json.loads(capsys.readouterr().out)
        assert misread["dialect"] == "qwen-grounding"
        assert Box(*misread["zooms"][0]["roi"]).iou(RED) < 0.3, "what a person says counts, wrong or not"
    finally:
        server.kill()
        server.wait()


def test_a_damaged_file_of_an_earlier_test_is_none(serve):
    marker, url = serve(listed="qwen3-vl", unit="thousandths", frame="root")
    open_engine(Settings(remote=url)).close()
    (file,) = (calibration.data_folder() / "calibrated").iterdir()
    for content in ("", "{}", '{"unit": "miles"}', file.read_text().replace("thousandths", "miles")):
        file.write_text(content)
        before = len(marker.asked)
        open_engine(Settings(remote=url)).close()
        assert len(marker.asked) == before + 4
    assert calibration.recall(url, "qwen3-vl", "another revision", "qwen3-grounding") is None


READ = ("general", True, "thousandths", False, "last", 0.9, 0.9, True, True, False, 0, 4, 1.5, "2026-11-30")
FOUND = Calibration("m", "http://h/v1", "r", *READ)


def test_a_result_survives_its_file_and_the_wire():
    assert from_json(Calibration, json.loads(json.dumps(to_json(FOUND)))) == FOUND
    calibration.remember(FOUND)
    assert calibration.recall("http://h/v1", "m", "r", "general") == FOUND
    assert read_event(event_to_json(Done(1, FOUND))) == Done(1, FOUND)


def test_a_test_over_the_wire_is_answered_and_remembered(serve):
    import io

    from zoomearth.backend.server.events import Outbox
    from zoomearth.backend.server.queue import Jobs
    from zoomearth.backend.server.worker import Worker
    from zoomearth.core.requests import Test
    from zoomearth.core.wire import LineReader

    _, url = serve(listed="qwen3-vl", unit="thousandths", frame="root")
    wire = io.BytesIO()
    outbox = Outbox(wire)
    Worker(Jobs(outbox), outbox).run(Test(Settings(remote=url), id=7))
    events = [read_event(each) for each in LineReader().feed(wire.getvalue())]
    assert isinstance(events[-1], Done)
    assert isinstance(events[-1].result, Calibration)
    assert [(event.stage, event.done) for event in events[:-1]][-1] == ("testing", 3)


conventions = st.builds(Convention, st.sampled_from(list(UNITS)), st.booleans(), st.sampled_from(["last", "root"]))


def seen(convention, jitter=0.0):
    """What a model would write that counts so, and marks a little beside."""
    sightings = []
    for trial in calibration.trials(1008):
        root = trial._seen(Box(0, 0, *trial.drawing.size), replace(DIALECTS["general"].policy))
        shown = [(target, root) for target in trial.targets]
        if trial.inside:
            shown.append((trial.inside[1], trial._seen(trial.inside[0], DIALECTS["general"].policy)))
        for target, view in shown:
            width, height = target.box.width * jitter, target.box.height * jitter
            box = Box(target.box.left + width, target.box.top - height, target.box.right + width, target.box.bottom - height)
            numbers = convention.rounded(box, root if convention.frame == "root" else view)
            sightings.append(Sighting(target.box, view, root, (numbers,)))
    return sightings


@settings(max_examples=200, deadline=None)
@given(truth=conventions, family=conventions, jitter=st.floats(-0.1, 0.1))
def test_every_convention_is_told_from_every_other(truth, family, jitter):
    if {truth.unit, family.unit} == {"bins", "thousandths"}:  # too near to be told apart: the family's counts
        truth = replace(truth, unit=family.unit)
    if "bins" in (truth.unit, family.unit) and truth.unit != family.unit:  # of one family only, whose tokens name it
        return
    fit = judge(seen(truth, jitter), family)
    assert fit.convention == truth
    assert fit.limit == 0
    assert fit.overlap > 0.5


@settings(max_examples=200, deadline=None)
@given(
    family=conventions,
    numbers=st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5).map(tuple), max_size=4).map(tuple),
)
def test_no_reply_breaks_the_judgement(family, numbers):
    view = View(Box(0, 0, 1000, 500), Size(504, 252))
    fit = judge([Sighting(Box(10, 10, 50, 60), view, view, numbers)] * 2, family)
    assert 0 <= fit.overlap <= 1


def test_a_calibration_of_another_dialect_is_not_used(serve):
    profile = Profile.of_family("m", "general")
    assert calibration.applied(profile, FOUND) is profile
    worse = replace(FOUND, boxes=False)
    assert calibration.applied(profile, worse).policy.max_zooms == 0


@pytest.mark.parametrize("refuses", [(), ("chat_template_kwargs",)])
def test_a_model_that_thinks_at_length_is_told_not_to(serve, refuses):
    marker, url = serve(listed="Qwen/Qwen3.5-9B", unit="thousandths", frame="root", refuses=refuses)
    found, _ = calibrate_model(Settings(remote=url))
    assert found.boxes
    told = [body.get("chat_template_kwargs") for body in marker.asked]
    assert told[0] == {"enable_thinking": False}
    assert told[-1] == (None if refuses else {"enable_thinking": False})
    marker, url = serve(listed="Qwen2.5-VL-7B")
    calibrate_model(Settings(remote=url))
    assert not any("chat_template_kwargs" in body for body in marker.asked)
