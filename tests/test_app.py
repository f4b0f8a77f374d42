"""The command line, started like its users start it: a real child process, by path, from a folder of any name."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pyogrio
import pytest
import rasterio

from zoomearth.backend.report import MEANINGLESS
from zoomearth.core.reasoning import Thoughts
from zoomearth.training.scenes.geotiff import write_geotiff
from zoomearth.training.scenes.scene import HELD_OUT, make_scene

SEED, SIDE = HELD_OUT + 20, 2048
QUESTIONS = ["Is there an airport in the scene?", "What color are the planes at the airport?"]


@pytest.fixture(scope="module")
def entry(root, tmp_path_factory):
    """The checkout under another name, as a plugin folder may have any."""
    link = tmp_path_factory.mktemp("plugins") / "some-other-name"
    link.symlink_to(root)
    return link / "backend" / "__main__.py"


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    """A scene that the demo model knows: it has one airport, and planes."""
    path = tmp_path_factory.mktemp("scene") / "scene.tif"
    write_geotiff(make_scene(SEED), path, SIDE)
    return path


@pytest.fixture
def run(entry, tmp_path):
    def run(*arguments, code=0, **environment):
        """code: the expected exit code; None also accepts an unanswered question."""
        command = [sys.executable, "-I", "-X", "utf8", str(entry), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **environment}, timeout=240)
        assert done.returncode in ((0, 1) if code is None else (code,)), done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def test_one_load_answers_every_question_and_leaves_the_evidence(run, raster, tmp_path):
    done = run("ask", raster, *QUESTIONS, "--json", "--rois", "rois.gpkg", "--figure", "figure.png", "--views", "views")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["question"] for answer in answers] == QUESTIONS
    for answer in answers:
        assert answer["model"] == "zoomearth-demo"
        assert answer["scene"] == {"path": str(raster), "width": SIDE, "height": SIDE, "crs": "EPSG:32633"}
        assert answer["usage"]["tokens_in"] > 0
        assert answer["answer"] is None or 0 < answer["confidence"] <= 1
        assert answer["meaningless"] is False
    assert {file.name for file in tmp_path.iterdir()} == {"rois.gpkg", "figure.png", "views"}
    assert len(list((tmp_path / "views").iterdir())) == 2 + sum(len(answer["zooms"]) for answer in answers)


@pytest.fixture(scope="module")
def unmarked(raster, tmp_path_factory):
    """The same pixels, in a file without the tag of a generated scene."""
    path = tmp_path_factory.mktemp("unmarked") / "beach.tif"
    with rasterio.open(raster) as scene, rasterio.open(path, "w", **scene.profile) as file:
        file.write(scene.read())
    return path


def test_the_demo_models_answer_about_anything_else_is_marked_wherever_it_appears(run, unmarked, tmp_path):
    done = run("ask", unmarked, *QUESTIONS, "--json", "--rois", "rois.gpkg", "--figure", "figure.png")
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        assert (answer["meaningless"], answer["confidence"]) == (True, None)
    meta, _, _, columns = pyogrio.raw.read(tmp_path / "rois.gpkg")
    assert dict(zip(meta["fields"], columns))["meaningless"].all()
    shown = run("ask", unmarked, QUESTIONS[0], COLUMNS="140").stdout
    assert shown.count(MEANINGLESS) == 1
    assert "`zoomearth models`" in MEANINGLESS
    assert "confidence" not in shown


def test_a_copy_of_the_demo_model_is_marked_too(run, root, raster, unmarked, tmp_path):
    shutil.copytree(root / "resources" / "demo", tmp_path / "my-model")
    for path, meaningless in ((raster, False), (unmarked, True)):
        (answer,) = map(json.loads, run("ask", path, QUESTIONS[0], "--model", "my-model", "--json").stdout.splitlines())
        assert answer["meaningless"] is meaningless


def test_a_person_sees_the_reasoning_the_answer_and_where_it_was_read(run, raster):
    shown = run("ask", raster, QUESTIONS[1], COLUMNS="140").stdout
    assert QUESTIONS[1] in shown
    assert "zoomearth-demo" in shown
    assert "confidence" in shown
    assert "Meaningless" not in shown
    assert "<think>" not in shown
    assert "bbox_2d" not in shown


def test_a_region_limits_what_is_looked_at(run, raster):
    with rasterio.open(raster) as file:
        (left, top), (right, bottom) = file.transform @ (300, 500), file.transform @ (1000, 1200)
    (by_map,) = map(
        json.loads, run("ask", raster, QUESTIONS[1], "--json", "--region", f"{left},{bottom},{right},{top}", code=None).stdout.splitlines()
    )
    (by_pixel,) = map(
        json.loads, run("ask", raster, QUESTIONS[1], "--json", "--window", "300,500,1000,1200", code=None).stdout.splitlines()
    )
    assert by_map["answer"] == by_pixel["answer"]
    assert by_map["zooms"] == by_pixel["zooms"]
    for zoom in by_map["zooms"]:
        assert 300 <= zoom["window"][0] < zoom["window"][2] <= 1000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.tif", "?"], "scene", "nowhere.tif"),
        (["{raster}", "?", "--region", "0,0,10,10"], "scene", "outside"),
        (["{raster}", "?", "--window", "5000,0,6000,10"], "scene", "outside"),
        (["{raster}", "?", "--bands", "1,2,9"], "scene", "band"),
        (["{raster}", "?", "--rois", "rois.kml"], "scene", "suffix"),
        (["{raster}", "?", "--model", "no-such-model"], "model", "no-such-model"),
        (["{raster}", "?", "--model", "zoomearth-3b"], "model", "zoomearth-3b"),
        (["{raster}", "?", "--prompt-file", "none.txt"], "model", "none.txt"),
        (["{raster}", "?", "--remote", "http://127.0.0.1:9", "--remote-model", "m"], "engine", "127.0.0.1:9"),
        (["{text}", "?"], "scene", "text.txt"),
    ],
)
def test_bad_input_gets_one_sentence_a_remedy_and_exit_code_2(run, raster, tmp_path, arguments, code, said):
    text = tmp_path / "text.txt"
    text.write_text("not a raster")
    arguments = [argument.format(raster=raster, text=text) for argument in arguments]
    home = {"ZOOMEARTH_HOME": str(tmp_path / "home")}
    error = json.loads(run("ask", *arguments, "--json", code=2, **home).stdout)["error"]
    assert error["code"] == code
    assert said in error["message"]
    assert error["hint"]


def test_the_same_error_is_a_sentence_for_a_person(run):
    done = run("ask", "nowhere.tif", "?", code=2)
    assert done.stderr.startswith("zoomearth: ")
    assert "nowhere.tif" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "wrong", [["--region", "1,2,3"], ["--window", "9,9,1,1"], ["--max-zooms", "-1"], ["--bands", "0"], ["--device", "tpu"]]
)
def test_a_flag_that_means_nothing_is_refused(run, raster, wrong):
    assert wrong[0] in run("ask", raster, "?", *wrong, code=2).stderr
    assert wrong[0] in json.loads(run("ask", raster, "?", *wrong, "--json", code=2).stdout)["error"]["message"]


def test_an_environment_variable_that_means_nothing_is_refused(run, raster):
    assert "device" in run("ask", raster, "?", code=2, ZOOMEARTH_DEVICE="tpu").stderr
    run("models", ZOOMEARTH_DEVICE="tpu")


def test_an_empty_question_is_refused(run, raster):
    assert "empty" in run("ask", raster, " ", code=2).stderr


def test_missing_packages_are_named(entry, raster):
    """The interpreter of a bare `pip install zoomearth`: nothing but the standard library."""
    command = [sys.executable, "-I", "-S", str(entry), "ask", str(raster), "?", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "backend"


def test_ctrl_c_ends_it_and_leaves_no_half_file(entry, raster, tmp_path):
    command = [sys.executable, "-I", str(entry), "ask", str(raster), *QUESTIONS * 50, "--json", "--rois", "rois.gpkg"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert child.stdout.readline()
    child.send_signal(signal.SIGINT)
    started = time.monotonic()
    child.wait(30)
    assert child.returncode == 130
    assert time.monotonic() - started < 10
    assert [file.name for file in tmp_path.iterdir()] in ([], ["rois.gpkg"])
    child.communicate()


def test_help_teaches(run):
    help = run("--help").stdout
    assert all(word in help for word in ("ask", "describe", "models", "check", "serve", "examples", "ZOOMEARTH_API_KEY"))
    assert "--region" in run("ask", "--help").stdout


def test_help_costs_no_torch(entry):
    """A process that has imported torch has used far more than half a second of CPU."""
    run = f"runpy.run_path({str(entry)!r}, run_name='__main__')"
    script = f"import runpy, sys; sys.argv = ['zoomearth', '--help']\ntry: {run}\nfinally: print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1]
    assert "'argparse'" in modules
    assert not any(f"'{heavy}'" in modules for heavy in ("torch", "transformers", "numpy", "rich", "rasterio"))


def test_describe_says_what_a_raster_is(run, raster):
    facts = json.loads(run("describe", raster, "--json").stdout)
    assert (facts["width"], facts["height"], facts["crs"]) == (SIDE, SIDE, "EPSG:32633")
    assert "EPSG:32633" in run("describe", raster).stdout


def test_models_lists_what_is_here_and_what_is_not(run, tmp_path):
    listing = {model["id"]: model for model in json.loads(run("models", "--json", ZOOMEARTH_HOME=str(tmp_path / "home")).stdout)}
    assert listing["zoomearth-demo"]["folder"]
    assert listing["zoomearth-3b"]["folder"] is None
    text = run("models", COLUMNS="250", ZOOMEARTH_HOME=str(tmp_path / "home")).stdout
    assert re.search(r"zoomearth-3b +│ about 7\.5 GB +│ no +│ 9\.\d GB / 6\.\d GB ", text)
    assert "commercial use" in text
    best = next(model["id"] for model in listing.values() if model["recommended"])  # of any machine that runs these tests
    assert f"Recommended here: {best}. zoomearth models download {best}" in text
    run("models", "verify", "zoomearth-demo")
    assert "id" in run("models", "download", code=2).stderr


def test_check_reports_the_environment(run):
    facts = json.loads(run("check", "--json").stdout)
    assert facts["verdict"] == "ready"
    assert facts["torch"] not in ("", "missing")
    assert "GB free" in facts["memory"]
    assert "float" in facts["precision"]
    assert [line.split(":")[0] for line in facts["models that fit"]] == ["3B", "4B", "8B"]
    assert all("GB in bfloat16 or" in line and ("fits in" in line or "too large" in line) for line in facts["models that fit"])


def test_thoughts_stream_without_tags_or_boxes():
    reply = '<think>a < b, the pier</think>[{"bbox_2d": [1, 2, 3, 4], "label": "pier"}]'
    for size in (1, 3, 7, 100):
        thoughts = Thoughts()
        seen = "".join(thoughts.feed(reply[at : at + size]) for at in range(0, len(reply), size))
        assert seen == "a < b, the pier"
