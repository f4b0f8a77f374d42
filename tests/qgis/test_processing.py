"""The algorithms, run by QGIS: with the real backend in its own process, and the demo model on a scene with ground truth."""

import contextlib
import csv
import io
import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from algorithms import Feedback, Run, map_box
from PIL import Image
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
)
from served import Served
from tile_server import TileServer, resolution

from zoomearth.core.events import RowEnded, Saw
from zoomearth.core.requests import AT_ONCE, Load
from zoomearth.core.settings import Settings
from zoomearth.plugin.exchanges.exchange import Exchange
from zoomearth.plugin.layers import snapshot
from zoomearth.plugin.processing import common
from zoomearth.plugin.processing.provider import ICON, Provider

BOX = '<think>Two piers, look closer.</think>[{"bbox_2d": [100, 50, 200, 150], "label": "northern pier"}]'
ANSWER = "<think>Three hulls.</think><answer>3</answer>"


@pytest.fixture(scope="module")
def provider(qgis_app):
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture(autouse=True)
def backend(provider, python):
    QgsSettings().setValue("zoomearth/python", python)


@pytest.fixture
def script(monkeypatch):
    """Makes a scripted engine answer instead of the demo model."""

    def choose(*replies, pace=0.0, model=""):
        load = Load(Settings(model=model), replies=replies, pace=pace)
        monkeypatch.setattr(common, "load_message", lambda: load)
        return load

    return choose


@pytest.fixture
def serve(monkeypatch):
    """Has a server answer, which is asked several questions at a time; each has its replies in turn."""
    with contextlib.ExitStack() as stack:

        def choose(*replies, **by_question):
            served = Served(replies, by_question)
            load = stack.enter_context(served.serving())
            monkeypatch.setattr(common, "load_message", lambda: load)
            return served

        yield choose


@pytest.fixture
def layer(demo_scene, qgis_new_project):
    layer = QgsRasterLayer(str(demo_scene), "demo")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture(scope="module")
def truth(demo_scene):
    return json.loads(demo_scene.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def detail(truth):
    """A question that takes a zoom, with its answer and the box to look at."""
    return next(question for question in truth["questions"] if question["box"])


def polygons(crs, *shapes, **fields):
    """A memory layer; fields: a list of texts each."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}&" + "&".join(f"field={name}:string" for name in fields), "places", "memory")
    features = []
    for index, shape in enumerate(shapes):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([values[index] for values in fields.values()])
        if shape:
            feature.setGeometry(shape)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def to(crs, layer, rectangle):
    geometry = QgsGeometry.fromRect(rectangle)
    geometry.transform(QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(crs), QgsProject.instance()))
    return geometry


def backends():
    """Ids of backend processes that this one has started."""
    ids = []
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if b"backend/__main__.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                    ids.append(int(child))
    return ids


@pytest.mark.demo_model
def test_a_raster_answers_and_the_roi_lies_on_what_was_asked_about(layer, detail):
    run = Run("ask", INPUT=layer, QUESTION=detail["question"], OUTPUT="memory:")
    assert run.good
    assert (run.results["ANSWER"], run.results["STOPPED"]) == (detail["answer"], "answered")
    assert 0.5 < run.results["CONFIDENCE"] <= 1
    (row,) = run.rows()
    assert run.layer().crs() == layer.crs()
    assert row[""].contains(QgsGeometry.fromPointXY(map_box(layer, *detail["box"]).center()))
    assert (row["question"], row["answer"], row["step"]) == (detail["question"], detail["answer"], 1)
    assert row["label"] in detail["question"]
    assert (row["layer"], row["model"]) == ("demo", "zoomearth-demo")
    told = "\n".join(run.feedback.told)
    assert f"Zoom 1: {row['label']}" in told
    assert f"{row['label']} at (" in told, "the reasoning"
    assert run.feedback.shares == sorted(run.feedback.shares)
    assert run.feedback.shares[-1] == 100
    assert not backends()


@pytest.mark.demo_model
def test_an_overview_answer_needs_no_roi_and_zooms_can_be_forbidden(layer, detail):
    run = Run("ask", INPUT=layer, QUESTION=detail["question"], MAX_ZOOMS=0, OUTPUT="memory:")
    assert run.good
    assert run.results["STOPPED"] in ("limit", "answered")
    assert run.rows() == []


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "EPSG:3857"])
def test_an_extent_of_any_crs_is_all_the_model_sees(layer, script, crs):
    script(BOX, ANSWER)
    wanted = map_box(layer, 1000, 400, 1500, 1000)
    box = to(crs, layer, wanted).boundingBox()
    extent = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [{crs}]"
    run = Run("ask", INPUT=layer, QUESTION="How many?", EXTENT=extent, OUTPUT="memory:")
    (row,) = run.rows()
    pixel = layer.rasterUnitsPerPixelX()
    seen = QgsRectangle(wanted)
    seen.grow((1 if crs == "EPSG:32633" else 60) * pixel)  # a rectangle of one CRS is a skewed one in another, and has a larger box
    assert QgsGeometry.fromRect(seen).contains(row[""])
    left, top, right, bottom = map(int, row["window"].split(","))
    assert 900 < left < right < 1600
    assert 300 < top < bottom < 1100


def test_without_an_environment_it_says_what_to_do(layer):
    QgsSettings().setValue("zoomearth/python", "/nowhere/python")
    run = Run("ask", INPUT=layer, QUESTION="How many?", OUTPUT="memory:")
    assert not run.good
    assert "Settings > Options > ZoomEarth" in run.feedback.told[-1]


@pytest.mark.parametrize("name", ["ask", "askbyfeature"])
def test_a_blank_question_is_refused(layer, name):
    places = polygons("EPSG:32633", QgsGeometry.fromRect(layer.extent()), name=["all"])
    given = {"POLYGONS": places} if name == "askbyfeature" else {}
    run = Run(name, INPUT=layer, QUESTION="  ", OUTPUT="memory:", **given)
    assert not run.good
    assert "The question is empty" in run.feedback.told[-1]


def test_a_model_that_is_not_there_fails_with_the_reason(layer):
    run = Run("ask", INPUT=layer, QUESTION="How many?", MODEL="no-such-model", OUTPUT="memory:")
    assert not run.good
    assert "no-such-model" in run.feedback.told[-1]


@pytest.mark.demo_model
def test_the_named_model_answers_whatever_the_settings_say(layer, truth):
    QgsSettings().setValue("zoomearth/remote", "http://127.0.0.1:9/v1")
    run = Run("ask", INPUT=layer, QUESTION="What is the terrain of the scene?", MODEL="zoomearth-demo", OUTPUT="memory:")
    assert run.good
    assert run.results["ANSWER"] == truth["terrain"]


@pytest.mark.parametrize("name", ["ask", "askbyfeature", "askmany"])
def test_it_runs_on_a_thread_and_every_parameter_is_explained(provider, name):
    algorithm = provider.algorithm(name)
    assert not algorithm.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading
    assert len(algorithm.shortHelpString()) > 300
    assert all(parameter.help() for parameter in algorithm.parameterDefinitions())
    assert not algorithm.icon().isNull()
    assert ICON.exists()


def start(qtbot, name, context, **parameters):
    """Run as the toolbox does: by a task, on another thread. Gives the feedback, and a list for the end."""
    feedback, ended = Feedback(), []
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"zoomearth:{name}")
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    task.executed.connect(lambda good, results: ended.append((good, results)))
    QgsApplication.taskManager().addTask(task)
    start.task = task
    return feedback, ended


def test_the_gui_goes_on_while_it_runs_and_a_cancel_ends_it_and_its_process(qtbot, layer, script):
    script("word " * 5000, pace=0.05)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    feedback, ended = start(qtbot, "ask", context, INPUT=layer, QUESTION="How many?", OUTPUT="memory:")
    beats = [time.monotonic()]
    qtbot.waitUntil(lambda: beats.append(time.monotonic()) or max(feedback.shares, default=0) >= 40, timeout=20000)
    assert not ended
    assert backends()
    assert max(b - a for a, b in zip(beats, beats[1:])) < 1
    cancelled = time.monotonic()
    feedback.cancel()
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert time.monotonic() - cancelled < 3
    qtbot.waitUntil(lambda: not backends(), timeout=3000)


@pytest.mark.demo_model
def test_in_a_thread_the_answer_is_the_same(qtbot, layer, detail):
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    feedback, ended = start(qtbot, "ask", context, INPUT=layer, QUESTION=detail["question"], OUTPUT="memory:")
    qtbot.waitUntil(lambda: bool(ended), timeout=60000)
    good, results = ended[0]
    assert good, feedback.told
    assert results["ANSWER"] == detail["answer"]
    assert context.getMapLayer(results["OUTPUT"]).featureCount() == 1
    assert not backends()


@pytest.mark.demo_model
def test_each_polygon_has_its_answer_and_the_one_outside_its_reason(layer, truth, detail):
    whole = map_box(layer, 0, 0, truth["size"], truth["size"])
    shapes = [to("EPSG:4326", layer, whole), to("EPSG:4326", layer, map_box(layer, -3000, 0, -2000, 1000)), None]
    places = polygons("EPSG:4326", *shapes, thing=[detail["question"], "ships", "planes"], answer=["a", "b", "c"])
    question = '[% "thing" %]'
    run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION=question, OUTPUT="memory:", ROIS="memory:")
    assert run.good
    first, outside, empty = run.rows()
    assert run.layer().crs().authid() == "EPSG:4326"
    assert (first["thing"], first["answer"]) == (detail["question"], "a"), "the features' own attributes are kept"
    assert first["answer_2"] == detail["answer"]
    assert (first["stopped"], first["model"], first["error"]) == ("answered", "zoomearth-demo", None)
    assert "outside" in outside["error"]
    assert (outside["answer_2"], outside["stopped"], outside["thing"]) == (None, "failed", "ships")
    assert "no geometry" in empty["error"]
    assert first[""].equals(shapes[0])
    (roi,) = run.rows("ROIS")
    assert roi["question"] == detail["question"]
    assert run.layer("ROIS").crs() == layer.crs()


def test_an_answer_has_its_type_as_an_attribute_or_is_unreadable_with_its_text(layer, serve):
    told = [f"Is there a quay? Answer with one of: {choices}." for choices in ("yes, no", "perhaps, yes")]
    serve("<answer>Yes, two of them.</answer>", **{question: ["<answer>perhaps</answer>"] for question in told})
    box = to("EPSG:4326", layer, map_box(layer, 0, 0, 500, 400))
    places = polygons("EPSG:4326", box, box, thing=["ship", "quay"])
    asked = {"INPUT": layer, "POLYGONS": places, "QUESTION": 'Is there a [% "thing" %]?', "OUTPUT": "memory:"}
    run = Run("askbyfeature", ANSWER_TYPE=1, **asked)
    assert run.layer().fields().field("value").typeName() == "boolean"
    assert [(row["value"], row["answer"], row["stopped"]) for row in run.rows()] == [
        (True, "Yes, two of them.", "answered"),
        (None, "perhaps", "unreadable"),
    ]
    assert "perhaps" in run.rows()[1]["error"]
    assert (run.results["ANSWERED"], run.results["UNREADABLE"]) == (1, 1)
    run = Run("askbyfeature", ANSWER_TYPE=3, CHOICES="perhaps, yes", **asked)
    assert [row["value"] for row in run.rows()] == ["yes", "perhaps"]
    run = Run("askbyfeature", ANSWER_TYPE=3, **asked)
    assert not run.good
    assert any("choices" in text and "missing" in text for text in run.feedback.told)


def test_each_polygon_is_all_the_model_sees(layer, serve):
    serve(BOX, ANSWER)
    boxes = [map_box(layer, left, top, left + 500, top + 400) for left, top in ((0, 0), (900, 1200))]
    places = polygons("EPSG:4326", *(to("EPSG:4326", layer, box) for box in boxes), name=["a", "b"])
    run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION="How many?", OUTPUT="memory:", ROIS="memory:")
    rois = run.rows("ROIS")
    assert len(rois) == 2
    for box, roi in zip(boxes, rois):
        assert QgsGeometry.fromRect(box).buffer(30, 4).contains(roi[""])  # metres: the box around a skewed box is larger


@pytest.fixture
def told(monkeypatch):
    """Every event of the backend that an exchange of this run received."""
    events = []
    hear = Exchange.hear
    monkeypatch.setattr(Exchange, "hear", lambda self, event: events.append(event) or hear(self, event))
    return events


def pictures(events, served, question="How many?"):
    """(window, size, pixels) of what was shown, as the server got it."""
    views = [event.view for event in events if isinstance(event, Saw)]
    views += [view for event in events if isinstance(event, RowEnded) and event.last.result.question == question for view in event.views]
    shown = [np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) for picture in served.pictures[question]]
    assert [view.shown for view in views] == [picture.shape[1::-1] for picture in shown]
    return [(view.window, view.shown, picture) for view, picture in zip(views, shown)]


def on_map(layer, *pixels):
    x, y, pixel = layer.extent().xMinimum(), layer.extent().yMaximum(), layer.rasterUnitsPerPixelX()
    return [QgsPointXY(x + column * pixel, y - row * pixel) for column, row in pixels]


L_SHAPE = [[(200, 300), (800, 300), (800, 500), (450, 500), (450, 1000), (200, 1000)]]
PARTS = [
    [[(300, 300), (700, 320), (650, 800), (320, 780)], [(400, 400), (600, 450), (450, 600)]],
    [[(900, 500), (1100, 500), (1000, 950)]],
]


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326"])
@pytest.mark.parametrize("shape", [[L_SHAPE], PARTS], ids=["L", "parts and a hole"])
def test_only_what_is_inside_a_polygon_is_shown_to_the_model(layer, serve, told, shape, crs):
    served = serve('[{"bbox_2d": [10, 10, 140, 110], "label": "a place"}]', ANSWER)
    geometry = QgsGeometry.fromMultiPolygonXY([[on_map(layer, *ring) for ring in part] for part in shape])
    geometry = geometry.densifyByDistance(5)  # so that its sides stay the same lines in the other CRS
    geometry.transform(QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(crs), QgsProject.instance()))
    places = polygons(crs, geometry, name=["a"])
    assert Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION="How many?", OUTPUT="memory:").good
    outlined = pictures(told, served)
    told.clear()
    bounds = map_box(layer, *outlined[0][0])
    extent = f"{bounds.xMinimum()},{bounds.xMaximum()},{bounds.yMinimum()},{bounds.yMaximum()} [EPSG:32633]"
    assert Run("ask", INPUT=layer, QUESTION="How many?", EXTENT=extent, OUTPUT="memory:").good
    whole = pictures(told, served)
    assert [(window, size) for window, size, _ in outlined] == [(window, size) for window, size, _ in whole]
    assert len(outlined) == 2
    flat = QgsGeometry.fromMultiPolygonXY([[[QgsPointXY(*corner) for corner in ring] for ring in part] for part in shape])
    for (window, size, picture), (_, _, unmasked) in zip(outlined, whole):
        x, y = ((window[end] - window[start]) / side for start, end, side in ((0, 2, size[0]), (1, 3, size[1])))
        grey = (picture == 128).all(axis=2)
        for row, column in np.ndindex(*grey.shape):
            centre = QgsGeometry.fromPointXY(QgsPointXY(window[0] + (column + 0.5) * x, window[1] + (row + 0.5) * y))
            if flat.contains(centre):
                assert (picture[row, column] == unmasked[row, column]).all()
            elif flat.distance(centre) > max(x, y):
                assert grey[row, column]
        assert 0.1 < grey.mean() < 0.9


def test_parts_that_overlap_and_a_bow_tie_are_shown_whole(layer, serve, told):
    served = serve(ANSWER)
    overlapping = [[[(200, 200), (600, 200), (600, 600), (200, 600)]], [[(400, 400), (800, 400), (800, 800), (400, 800)]]]
    bow = [[[(200, 200), (800, 800), (800, 200), (200, 800)]]]
    shapes = [QgsGeometry.fromMultiPolygonXY([[on_map(layer, *ring) for ring in part] for part in shape]) for shape in (overlapping, bow)]
    flat = QgsGeometry.fromMultiPolygonXY([[on_map(layer, (200, 200), (400, 400), (600, 600))]])
    places = polygons("EPSG:32633", *shapes, flat, name=["a", "b", "c"])
    run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION='[% "name" %]?', OUTPUT="memory:")
    ((first, size, both),), ((second, _, tie),) = pictures(told, served, "a?"), pictures(told, served, "b?")
    assert first == second == (200, 200, 800, 800)
    grey = [(picture == 128).all(axis=2) for picture in (both, tie)]
    at = [tuple(round((place - 200) / 600 * side) for place, side in zip(pixel[::-1], size[::-1])) for pixel in ((500, 500), (700, 300))]
    assert [bool(grey[0][pixel]) for pixel in at] == [False, True], "what two parts cover is inside"
    assert bool(grey[1][size[1] // 10, size[0] // 2])
    assert not grey[1][size[1] // 2, size[0] // 10]
    assert "no area" in run.rows()[2]["error"]


def test_an_expression_that_can_not_be_evaluated_is_said_and_not_asked(layer, script):
    script(ANSWER)
    places = polygons("EPSG:32633", QgsGeometry.fromRect(layer.extent()), thing=["ships"])
    run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION="How many [% nonsense( %]?", OUTPUT="memory:")
    assert not run.good
    assert "expression" in run.feedback.told[-1]


def test_a_selection_is_asked_about_alone(layer, script):
    script(BOX, ANSWER)
    shapes = [QgsGeometry.fromRect(map_box(layer, side, 0, side + 300, 300)) for side in (0, 400, 800)]
    places = polygons("EPSG:32633", *shapes, name=["a", "b", "c"])
    places.selectByExpression("name = 'b'")
    source = QgsProcessingFeatureSourceDefinition(places.id(), True)
    run = Run("askbyfeature", INPUT=layer, POLYGONS=source, QUESTION="How many?", OUTPUT="memory:", ROIS="memory:")
    assert [row["name"] for row in run.rows()] == ["b"]
    assert [roi["feature"] for roi in run.rows("ROIS")] == ["b"]


@pytest.mark.demo_model
def test_every_question_about_every_raster_is_a_row_and_a_failure_one_too(layer, truth, detail, demo_scene, tmp_path):
    copy = tmp_path / "gone.tif"
    copy.write_bytes(demo_scene.read_bytes())
    gone = QgsRasterLayer(str(copy), "gone")
    QgsProject.instance().addMapLayer(gone)
    copy.unlink()
    asked = [truth["questions"][0], detail]
    text = "\n\n".join(question["question"] for question in asked) + "\n "
    run = Run("askmany", LAYERS=[gone, layer], QUESTIONS=text, CRS="EPSG:4326", OUTPUT="memory:", ROIS="memory:")
    assert run.good
    rows = run.rows()
    assert [(row["layer"], row["question"]) for row in rows] == [(name, each["question"]) for name in ("gone", "demo") for each in asked]
    assert all("gone.tif" in row["error"] and row["answer"] is None and row["stopped"] == "failed" for row in rows[: len(asked)])
    assert [row["answer"] for row in rows[len(asked) :]] == [question["answer"] for question in asked]
    assert all(row["error"] is None and row["seconds"] > 0 and row["model"] == "zoomearth-demo" for row in rows[len(asked) :])
    rois = run.rows("ROIS")
    site = to("EPSG:4326", layer, map_box(layer, *detail["box"]))
    assert run.layer("ROIS").crs().authid() == "EPSG:4326"
    assert rois
    assert rois[0][""].contains(site.centroid())
    assert {roi["exchange"] for roi in rois} <= {row["exchange"] for row in rows}


@pytest.mark.demo_model
def test_only_where_all_fails_the_run_does(layer, demo_scene, tmp_path):
    copy = tmp_path / "gone.tif"
    copy.write_bytes(demo_scene.read_bytes())
    gone = QgsRasterLayer(str(copy), "gone")
    QgsProject.instance().addMapLayer(gone)
    copy.unlink()
    run = Run("askmany", LAYERS=[gone], QUESTIONS="How many?\nWhere?", OUTPUT="memory:")
    assert not run.good
    assert "gone.tif" in run.feedback.told[-1]


def many(count):
    """Lines of questions."""
    return "\n".join(f"{number}?" for number in range(1, count + 1))


def test_against_a_server_several_questions_are_asked_at_a_time_and_rows_keep_their_order(layer, serve):
    served, meeting = serve(BOX, ANSWER), threading.Barrier(AT_ONCE)
    first = {f"{number}?" for number in range(1, AT_ONCE + 1)}

    def before(question):
        if question in first and served.asked[question] == 1 and len(served.pictures[question]) == 1:
            meeting.wait(60)
        time.sleep(0.3 * (question == "1?"))  # the others overtake the first

    served.before = before
    run = Run("askmany", LAYERS=[layer], QUESTIONS=many(20), OUTPUT="memory:", ROIS="memory:")
    assert run.good, run.feedback.told
    assert not meeting.broken
    assert served.most == AT_ONCE
    assert [(row["question"], row["answer"]) for row in run.rows()] == [(question, "3") for question in many(20).split("\n")]
    assert [roi["question"] for roi in run.rows("ROIS")] == many(20).split("\n")
    told = run.feedback.told
    assert sorted(int(line.split("/")[0]) for line in told if "/20 demo: " in line) == list(range(1, 21))
    assert sum("Zoom 1: northern pier" in line for line in told) == 20
    assert told.count("Two piers, look closer.") == told.count("Three hulls.") == 20, "the reasoning"
    assert run.feedback.shares == sorted(run.feedback.shares)
    assert run.feedback.shares[-1] == 100


@pytest.fixture
def ended(told):
    """Questions that have ended, as they do."""
    return lambda: [event.last.result.question for event in told if isinstance(event, RowEnded)]


def test_a_backend_killed_among_many_costs_no_row_and_what_had_ended_is_not_asked_again(layer, serve, ended):
    served, over = serve(ANSWER), []

    def before(question):
        if question == "15?" and not over:
            over.extend(ended())
            os.kill(backends()[0], signal.SIGKILL)

    served.before = before
    run = Run("askmany", LAYERS=[layer], QUESTIONS=many(30), OUTPUT="memory:")
    assert [(row["question"], row["answer"], row["error"]) for row in run.rows()] == [(each, "3", None) for each in many(30).split("\n")]
    assert over
    assert {served.asked[question] for question in over} == {1}
    assert served.asked["15?"] == 2
    assert max(served.asked.values()) == 2
    assert any("crashed or was killed" in told for told in run.feedback.told)


@pytest.mark.parametrize("poison", ["1?", "9?"])
def test_a_question_that_crashes_the_backend_fails_the_second_time_and_the_others_are_answered(layer, serve, poison):
    served = serve(ANSWER)
    served.before = lambda question: question == poison and os.kill(backends()[0], signal.SIGKILL)
    run = Run("askmany", LAYERS=[layer], QUESTIONS=many(20), OUTPUT="memory:")
    assert run.good
    assert [row["question"] for row in run.rows() if row["answer"] is None] == [poison]
    assert served.asked[poison] == 2
    (error,) = [row["error"] for row in run.rows() if row["error"]]
    assert "crashed" in error


def test_a_backend_that_always_crashes_is_not_started_for_every_row(layer, serve):
    served = serve(ANSWER)
    served.before = lambda question: [os.kill(pid, signal.SIGKILL) for pid in backends()]
    run = Run("askmany", LAYERS=[layer], QUESTIONS=many(20), OUTPUT="memory:")
    assert not run.good
    assert "crashed" in run.feedback.told[-1]
    assert len(served.asked) <= AT_ONCE + 1


def test_a_local_backend_that_is_killed_goes_on_where_it_was(qtbot, layer, script):
    script("word " * 20 + ANSWER, pace=0.005)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    feedback, ended = start(qtbot, "askmany", context, LAYERS=[layer], QUESTIONS=many(30), OUTPUT="memory:")
    qtbot.waitUntil(lambda: max(feedback.shares, default=0) > 50, timeout=30000)
    os.kill(backends()[0], signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(ended), timeout=60000)
    assert ended[0][0], feedback.told
    table = context.getMapLayer(ended[0][1]["OUTPUT"])
    assert [(row["question"], row["answer"]) for row in table.getFeatures()] == [(question, "3") for question in many(30).split("\n")]


def test_after_a_cancel_a_file_holds_what_was_answered(qtbot, layer, serve, ended, tmp_path):
    served, leave = serve(ANSWER), threading.Event()
    served.before = lambda question: question in ("2?", "4?") and leave.wait(60)
    context, table = QgsProcessingContext(), tmp_path / "answers.csv"
    context.setProject(QgsProject.instance())
    feedback, over = start(qtbot, "askmany", context, LAYERS=[layer], QUESTIONS=many(4), OUTPUT=str(table))
    qtbot.waitUntil(lambda: len(ended()) == 2, timeout=30000)
    cancelled = time.monotonic()
    feedback.cancel()
    qtbot.waitUntil(lambda: bool(over), timeout=5000)
    leave.set()
    assert time.monotonic() - cancelled < 3
    with table.open(encoding="utf-8") as file:
        rows = [(row["question"], row["answer"], row["stopped"]) for row in csv.DictReader(file)]
    assert rows == [("1?", "3", "answered"), ("2?", "", "cancelled"), ("3?", "3", "answered"), ("4?", "", "cancelled")]


def test_a_cancel_of_many_questions_to_a_local_model_keeps_those_that_ended(qtbot, layer, script, tmp_path):
    script("word " * 20 + ANSWER, pace=0.005)
    context, table = QgsProcessingContext(), tmp_path / "answers.csv"
    context.setProject(QgsProject.instance())
    feedback, ended = start(qtbot, "askmany", context, LAYERS=[layer], QUESTIONS=many(60), OUTPUT=str(table))
    qtbot.waitUntil(lambda: max(feedback.shares, default=0) > 30, timeout=30000)
    feedback.cancel()
    qtbot.waitUntil(lambda: bool(ended), timeout=3000)
    with table.open(encoding="utf-8") as file:
        rows = [(row["question"], row["stopped"]) for row in csv.DictReader(file)]
    answered = [question for question, stopped in rows if stopped == "answered"]
    assert answered == many(60).split("\n")[: len(answered)]
    assert 18 <= len(answered) < 60
    assert {stopped for _, stopped in rows} <= {"answered", "cancelled"}


def test_it_is_a_step_of_a_model(layer, script):
    script(BOX, ANSWER)
    model = QgsProcessingModelAlgorithm("counts", "", "")
    raster = QgsProcessingModelParameter("raster")
    model.addModelParameter(QgsProcessingParameterRasterLayer("raster", "raster"), raster)
    child = QgsProcessingModelChildAlgorithm("zoomearth:ask")
    child.setChildId("asked")
    source = QgsProcessingModelChildParameterSource
    child.addParameterSources("INPUT", [source.fromModelParameter("raster")])
    child.addParameterSources("QUESTION", [source.fromStaticValue("How many?")])
    child.setModelOutputs({"rois": _output("rois", "OUTPUT")})
    model.addChildAlgorithm(child)
    context, feedback = QgsProcessingContext(), Feedback()
    context.setProject(QgsProject.instance())
    results, good = model.create().run({"raster": layer, "asked:rois": "memory:"}, context, feedback)
    assert good, feedback.told
    assert results["CHILD_RESULTS"]["asked"]["ANSWER"] == "3"
    assert context.getMapLayer(results["asked:rois"]).featureCount() == 1


def _output(name, child_output):
    output = QgsProcessingModelOutput(name)
    output.setChildOutputName(child_output)
    return output


def test_a_tile_service_is_asked_through_a_snapshot_that_is_gone_afterwards(script, qgis_new_project, monkeypatch):
    paths = []
    made = snapshot.QgsProcessingUtils.generateTempFilename
    monkeypatch.setattr(snapshot.QgsProcessingUtils, "generateTempFilename", lambda name: paths.append(made(name)) or paths[-1])
    script(BOX, ANSWER)
    with TileServer() as server:
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        extent = f"0,{1000 * resolution(4)},0,{600 * resolution(4)} [EPSG:3857]"
        run = Run("ask", INPUT=layer, QUESTION="How many?", EXTENT=extent, RESOLUTION=resolution(4), OUTPUT="memory:")
        assert run.good, run.feedback.told
        server.answer = lambda x, y: 500
        failed = Run("ask", INPUT=layer, QUESTION="How many?", EXTENT=extent, RESOLUTION=resolution(5), OUTPUT="memory:")
    (row,) = run.rows()
    whole = QgsRectangle(0, 0, 1000 * resolution(4), 600 * resolution(4))
    assert run.layer().crs().authid() == "EPSG:3857"
    assert QgsGeometry.fromRect(whole).buffer(1, 4).contains(row[""])
    assert not failed.good
    assert "HTTP 500" in failed.feedback.told[-1]
    assert len(paths) == 2
    assert not any(Path(path).exists() for path in paths)


def test_many_questions_about_a_tile_service_fetch_its_tiles_once(script, qgis_new_project):
    script(ANSWER)
    with TileServer() as server:
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        run = Run("askmany", LAYERS=[layer], QUESTIONS="one?\ntwo?\nthree?", RESOLUTION=resolution(2), OUTPUT="memory:")
        assert [row["answer"] for row in run.rows()] == ["3", "3", "3"]
        assert sorted(server.asked) == [(2, x, y) for x in range(4) for y in range(4)]


def test_each_polygon_over_a_tile_service_has_a_snapshot_of_its_own(serve, qgis_new_project):
    serve(BOX, ANSWER)
    pixel = resolution(4)
    boxes = [QgsRectangle(side * pixel, side * pixel, (side + 400) * pixel, (side + 300) * pixel) for side in (0, 700)]
    with TileServer() as server:
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        places = polygons("EPSG:4326", *(to("EPSG:4326", layer, box) for box in boxes), name=["a", "b"])
        run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION="?", RESOLUTION=pixel, OUTPUT="memory:", ROIS="memory:")
        assert {level for level, _, _ in server.asked} == {4}
    rois = run.rows("ROIS")
    assert len(rois) == 2
    for box, roi in zip(boxes, rois):
        assert QgsGeometry.fromRect(box).buffer(pixel, 4).contains(roi[""])
        _, _, right, bottom = map(int, roi["window"].split(","))
        assert right <= 402, "pixels are counted in the polygon's own snapshot"
        assert bottom <= 302


def test_snapshots_of_many_polygons_are_few_at_a_time_and_all_gone_at_the_end(serve, qgis_new_project, monkeypatch):
    paths, most = [], 0
    made = snapshot.QgsProcessingUtils.generateTempFilename
    monkeypatch.setattr(snapshot.QgsProcessingUtils, "generateTempFilename", lambda name: paths.append(made(name)) or paths[-1])
    served = serve(ANSWER)

    def before(question):
        nonlocal most
        most = max(most, sum(Path(path).exists() for path in paths))

    served.before = before
    pixel, count = resolution(3), 2 * AT_ONCE + 3
    boxes = [QgsRectangle(side * pixel, 0, (side + 60) * pixel, 40 * pixel) for side in range(0, 40 * count, 40)]
    with TileServer() as server:
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        places = polygons("EPSG:3857", *map(QgsGeometry.fromRect, boxes), name=list(map(str, range(count))))
        run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION='[% "name" %]?', RESOLUTION=pixel, OUTPUT="memory:")
    assert [(row["name"], row["answer"]) for row in run.rows()] == [(str(number), "3") for number in range(count)], run.feedback.told
    assert len(paths) == count
    assert most == AT_ONCE
    assert not any(Path(path).exists() for path in paths)


def test_a_cancel_is_heard_while_tiles_are_fetched_on_another_thread(qtbot, script, qgis_new_project):
    script(BOX, ANSWER)
    with TileServer() as server:
        server.answer = lambda x, y: "slow"
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        feedback, ended = start(qtbot, "ask", context, INPUT=layer, QUESTION="How many?", RESOLUTION=resolution(5), OUTPUT="memory:")
        qtbot.waitUntil(lambda: bool(server.asked), timeout=10000)
        cancelled = time.monotonic()
        feedback.cancel()
        qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert time.monotonic() - cancelled < 2.5, "it waited for the tiles"
    assert not backends()


NO_ANSWER = "<think>No idea.</think>"
MARKUP = ("<think", "</think>", "<answer>", "</answer>", "bbox", "[{", "]")


def squares(layer, count, **fields):
    """Polygons in a row, in the layer's CRS."""
    return polygons("EPSG:32633", *(QgsGeometry.fromRect(map_box(layer, 200 * n, 0, 200 * n + 200, 300)) for n in range(count)), **fields)


@pytest.mark.parametrize("name", ["askmany", "askbyfeature"])
def test_each_row_without_an_answer_has_its_reason_and_the_log_ends_with_a_count(layer, serve, name):
    bad_box = '[{"bbox_2d": [90, 90, 10, 10]}]'
    serve(**{"1?": [ANSWER], "2?": [NO_ANSWER], "3?": [bad_box], "4?": [BOX, BOX, "4</answer>"], "5?": [BOX, BOX, BOX]})
    if name == "askmany":
        run = Run(name, LAYERS=[layer], QUESTIONS="1?\n2?\n3?\n4?\n5?", MAX_ZOOMS=1, OUTPUT="memory:")
    else:
        places = squares(layer, 5, name=["1", "2", "3", "4", "5"])
        run = Run(name, INPUT=layer, POLYGONS=places, QUESTION='[% "name" %]?', MAX_ZOOMS=1, OUTPUT="memory:")
    rows = run.rows()
    assert [(row["stopped"], row["answer"]) for row in rows] == [
        ("answered", "3"),
        ("unreadable", None),
        ("bad_box", None),
        ("limit", "4"),
        ("limit", None),
    ]
    assert [row["error"] is None for row in rows] == [row["answer"] is not None for row in rows]
    assert rows[1]["error"].startswith("The model's reply made no sense. Ask in other words. (")
    assert rows[2]["error"].startswith("The model asked to zoom to an invalid place. Ask in other words. (")
    assert "best guess" not in rows[4]["error"]
    assert run.feedback.told[-1] == "Rows: 1 answered, 2 limit, 1 unreadable, 1 bad_box"
    assert sum(told.startswith("error: ") for told in run.feedback.told) == 3
    counts = {"ANSWERED": 1, "LIMIT": 2, "UNREADABLE": 1, "ENDLESS": 0, "BAD_BOX": 1, "CANCELLED": 0, "FAILED": 0, "MEANINGLESS": 0}
    assert {key: run.results[key] for key in counts} == counts


def test_a_run_without_an_answer_has_only_failed_where_nothing_could_be_asked(layer, script):
    script(NO_ANSWER)
    run = Run("askmany", LAYERS=[layer], QUESTIONS="one?\ntwo?", OUTPUT="memory:")
    assert run.good, "an unreadable reply is a result, not a failure"
    assert run.results["UNREADABLE"] == 2
    outside = polygons("EPSG:32633", *(QgsGeometry.fromRect(map_box(layer, -900, 0, -800, 90)) for _ in range(2)), name=["a", "b"])
    run = Run("askbyfeature", INPUT=layer, POLYGONS=outside, QUESTION="How many?", OUTPUT="memory:")
    assert not run.good
    assert "outside" in run.feedback.told[-1]


def test_boxes_and_polygons_share_the_exchange_and_a_box_names_its_polygon(layer, serve):
    serve(BOX, ANSWER)
    places = squares(layer, 3, name=["north field", "", "south field"])
    run = Run("askbyfeature", INPUT=layer, POLYGONS=places, QUESTION="How many?", OUTPUT="memory:", ROIS="memory:")
    names = {row["exchange"]: row["name"] for row in run.rows()}
    assert len(names) == 3
    rois = run.rows("ROIS")
    (nameless,) = (str(feature.id()) for feature in places.getFeatures() if not feature["name"])
    assert [names[roi["exchange"]] for roi in rois] == ["north field", "", "south field"]
    assert [roi["feature"] for roi in rois] == ["north field", nameless, "south field"]


def test_a_zoom_out_is_a_row_of_the_places_as_when_one_question_is_asked(layer, serve):
    serve(BOX, '[{"zoom_out": true}]', ANSWER)
    alone = Run("ask", INPUT=layer, QUESTION="1?", OUTPUT="memory:").rows()
    serve(BOX, '[{"zoom_out": true}]', ANSWER)
    many = Run("askmany", LAYERS=[layer], QUESTIONS="1?", OUTPUT="memory:", ROIS="memory:").rows("ROIS")
    assert [row["kind"] for row in alone] == ["zoom", "zoom out"]
    for row in (*alone, *many):
        row["exchange"] = row["time"] = None
        row[""] = row[""].asWkt(2)
    assert many == alone


@pytest.mark.parametrize("name", ["ask", "askmany", "askbyfeature"])
def test_the_demo_model_is_warned_of_once_and_its_answers_are_marked(scene, demo_scene, script, qgis_new_project, name):
    script(BOX, ANSWER, model="zoomearth-demo")
    for path, meaningless in ((scene, True), (demo_scene, False)):
        layer = QgsRasterLayer(str(path), "town")
        QgsProject.instance().addMapLayer(layer)
        if name == "ask":
            run = Run(name, INPUT=layer, QUESTION="How many cars?", OUTPUT="memory:")
            assert run.results["MEANINGLESS"] is meaningless
            assert run.results["CONFIDENCE"] is None
        elif name == "askmany":
            run = Run(name, LAYERS=[layer], QUESTIONS="How many cars?\nHow many ships?", OUTPUT="memory:", ROIS="memory:")
        else:
            places = polygons("EPSG:32633", *[QgsGeometry.fromRect(layer.extent())] * 2, name=["a", "b"])
            run = Run(name, INPUT=layer, POLYGONS=places, QUESTION="How many cars?", OUTPUT="memory:", ROIS="memory:")
        if name != "ask":
            assert [(row["meaningless"], row["confidence"]) for row in run.rows()] == [(meaningless, None)] * 2
            assert run.results["MEANINGLESS"] == 2 * meaningless
        assert {row["meaningless"] for row in run.rows("OUTPUT" if name == "ask" else "ROIS")} == {meaningless}
        assert sum("warning: Meaningless" in told for told in run.feedback.told) == meaningless
        assert any(told.startswith("Meaningless answer: 3") for told in run.feedback.told) is meaningless


@pytest.mark.parametrize("name", ["askmany", "askbyfeature"])
@pytest.mark.parametrize(
    "reply",
    [
        "<answer>)</think><answer>0",
        "<answer>, 156, 3]</answer>",
        '<answer>"}]</answer>',
        "<answer><think>no</answer>",
        '<answer>67,  eastern, <think> at], "label": ',
        "<answer></answer>",
    ],
)
def test_no_markup_of_a_model_is_an_answer_in_a_table(layer, script, name, reply):
    script(reply)
    if name == "askmany":
        run = Run(name, LAYERS=[layer], QUESTIONS="How many?", OUTPUT="memory:")
    else:
        run = Run(name, INPUT=layer, POLYGONS=squares(layer, 1, name=["a"]), QUESTION="How many?", OUTPUT="memory:")
    (row,) = run.rows()
    if row["answer"] is None:
        assert row["error"]
    else:
        assert row["answer"].strip()
        assert not any(mark in row["answer"] for mark in MARKUP)


def test_all_things_are_found_counted_by_polygon_and_the_same_run_goes_on(layer, script, tmp_path):
    script('[{"bbox_2d": [10, 10, 40, 40], "label": "ship"}]', "[]")
    boxes = [map_box(layer, left, 0, left + 600, 600) for left in (0, 900)]
    places = polygons("EPSG:4326", *(to("EPSG:4326", layer, box) for box in boxes), name=["a", "b"])
    out = str(tmp_path / "ships.gpkg")
    asked = {"INPUT": layer, "TARGET": "ships", "POLYGONS": places, "SIZE": 30, "OUTPUT": out, "COUNTS": "memory:"}
    run = Run("findall", **asked)
    assert run.good, run.feedback.told
    assert (run.results["COUNT"], run.results["COVERAGE"]) == (1, 1.0)
    assert [row["count"] for row in run.rows("COUNTS")] == [1, 0]
    features, views = (QgsVectorLayer(run.results[name], name, "ogr") for name in ("OUTPUT", "VIEWS"))
    assert [feature["label"] for feature in features.getFeatures()] == ["ship"]
    assert features.crs() == layer.crs()
    assert {feature["state"] for feature in views.getFeatures()} == {"done"}
    lines = Path(out + ".views.jsonl").read_text()
    assert Run("findall", **asked).results["COUNT"] == 1
    assert Path(out + ".views.jsonl").read_text() == lines, "nothing is asked again"
    assert Run("findall", **asked, MASKS=True).results["COUNT"] == 1
    assert Path(out + ".views.jsonl").read_text() == lines
    (thing,) = QgsVectorLayer(run.results["OUTPUT"], "things", "ogr").getFeatures()
    assert thing["mask"]
    assert thing.geometry().isMultipart()


def test_a_survey_says_what_is_wrong(layer, script, tmp_path):
    script("[]")
    wrong = {"TARGET": "ships", "OUTPUT": str(tmp_path / "ships.shp")}
    assert not (run := Run("findall", INPUT=layer, **wrong)).good
    assert any("GeoPackage" in text for text in run.feedback.told)
    away = polygons("EPSG:4326", None, name=["a"])
    run = Run("findall", INPUT=layer, TARGET="ships", POLYGONS=away, OUTPUT=str(tmp_path / "ships.gpkg"))
    assert any("No polygon" in text for text in run.feedback.told)
