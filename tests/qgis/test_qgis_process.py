"""The algorithms without a desktop: `qgis_process`, in a profile of its own, with the plugin from this checkout."""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from osgeo import gdal, ogr

PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")  # Debian 12's wrapper adds an unknown option


class Desk:
    """Runs qgis_process in a profile under `folder`."""

    def __init__(self, folder, root):
        (folder / "plugins").mkdir()
        (folder / "plugins" / "zoomearth").symlink_to(root)
        (folder / "xdg").mkdir(mode=0o700)
        self.home = folder / "home"
        self.environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_CUSTOM_CONFIG_PATH": str(folder / "config"),
            "QGIS_PLUGINPATH": str(folder / "plugins"),
            "XDG_RUNTIME_DIR": str(folder / "xdg"),
            "ZOOMEARTH_HOME": str(self.home),
            "OMP_NUM_THREADS": "1",
        }
        self.run("plugins", "enable", "zoomearth")
        (self.settings,) = (folder / "config").rglob("QGIS3.ini")

    def choose(self, python):
        """The backend's Python, as the options page stores it."""
        self.settings.write_text(self.settings.read_text() + f"\n[zoomearth]\npython={python}\n")

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], env=self.environment, capture_output=True, text=True, timeout=200)
        done.said = done.stdout + done.stderr
        return done

    def backends(self):
        """Ids of the backend processes that were started from here, whoever is their parent by now."""
        ids = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                ours = f"ZOOMEARTH_HOME={self.home}".encode() in (process / "environ").read_bytes()
                if ours and b"backend/__main__.py" in (process / "cmdline").read_bytes():
                    ids.append(int(process.name))
        return ids


@pytest.fixture(scope="module")
def bare(root, tmp_path_factory):
    """Without an environment for the backend."""
    if not PROGRAM:
        pytest.skip("there is no qgis_process")
    return Desk(tmp_path_factory.mktemp("bare"), root)


@pytest.fixture(scope="module")
def desk(root, python, tmp_path_factory):
    if not PROGRAM:
        pytest.skip("there is no qgis_process")
    desk = Desk(tmp_path_factory.mktemp("desk"), root)
    desk.choose(python)
    return desk


@pytest.fixture(scope="module")
def detail(demo_scene):
    """A question that takes a zoom, with its answer and box."""
    truth = json.loads(demo_scene.with_suffix(".json").read_text())
    return next(question for question in truth["questions"] if question["box"])


def test_the_algorithms_are_listed(desk):
    text = desk.run("list").said
    assert [line.split()[0] for line in text.splitlines() if line.strip().startswith("zoomearth:")] == [
        "zoomearth:ask",
        "zoomearth:askbyfeature",
        "zoomearth:askmany",
        "zoomearth:cloudremoval",
        "zoomearth:denoising",
        "zoomearth:editing",
        "zoomearth:findall",
        "zoomearth:segmentation",
    ]
    assert "How often the model may zoom in" in desk.run("help", "zoomearth:ask").said


@pytest.mark.demo_model
def test_a_question_is_answered_from_a_shell(desk, demo_scene, detail, tmp_path):
    rois = tmp_path / "rois.gpkg"
    given = [f"--INPUT={demo_scene}", f"--QUESTION={detail['question']}", f"--OUTPUT={rois}"]
    done = desk.run("--json", "run", "zoomearth:ask", *given)
    assert done.returncode == 0, done.said
    results = json.loads(done.stdout)["results"]
    assert (results["ANSWER"], results["STOPPED"]) == (detail["answer"], "answered")
    assert 0.5 < results["CONFIDENCE"] <= 1
    data = ogr.Open(str(rois))
    feature = data.GetLayer(0).GetNextFeature()
    x0, y0, x1, y1 = detail["box"]
    x, y = gdal.ApplyGeoTransform(gdal.Open(str(demo_scene)).GetGeoTransform(), (x0 + x1) / 2, (y0 + y1) / 2)
    center = ogr.Geometry(ogr.wkbPoint)
    center.AddPoint_2D(x, y)
    assert data.GetLayer(0).GetSpatialRef().GetAuthorityCode(None) == "32633"
    assert feature.GetGeometryRef().Contains(center)
    assert feature.GetField("answer") == detail["answer"]
    assert not desk.backends()


@pytest.mark.demo_model
def test_a_table_of_answers_comes_as_csv(desk, demo_scene, detail, tmp_path):
    table = tmp_path / "answers.csv"
    questions = f"What is the terrain of the scene?\n{detail['question']}"
    done = desk.run("run", "zoomearth:askmany", f"--LAYERS={demo_scene}", f"--QUESTIONS={questions}", f"--OUTPUT={table}")
    assert done.returncode == 0, done.said
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [row["question"] for row in rows] == questions.splitlines()
    assert rows[1]["answer"] == detail["answer"]


def test_without_an_environment_the_remedy_is_named(bare, demo_scene):
    done = bare.run("run", "zoomearth:ask", f"--INPUT={demo_scene}", "--QUESTION=How many?", "--OUTPUT=TEMPORARY_OUTPUT")
    assert done.returncode == 1
    assert "Settings > Options > ZoomEarth" in done.said


def test_a_raster_that_is_not_there_is_an_error(desk, tmp_path):
    done = desk.run("run", "zoomearth:ask", f"--INPUT={tmp_path / 'none.tif'}", "--QUESTION=How many?", "--OUTPUT=TEMPORARY_OUTPUT")
    assert done.returncode == 1
    assert "none.tif" in done.said


def test_killed_it_leaves_no_backend_behind(desk, demo_scene):
    process = desk.start("run", "zoomearth:ask", f"--INPUT={demo_scene}", "--QUESTION=How many?", "--OUTPUT=TEMPORARY_OUTPUT")
    wait(lambda: bool(desk.backends()), 60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait(lambda: not desk.backends(), 10)


def wait(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "timed out"
        time.sleep(0.01)
