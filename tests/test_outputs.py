"""What an answer leaves behind must open in QGIS, in the right place, or not be there at all."""

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.outputs import Outputs, shapefile_text, write_figure, write_rois, write_views
from zoomearth.backend.scene import Scene
from zoomearth.core.errors import SceneError
from zoomearth.core.profile import Profile

PROFILE = Profile.from_dict({"name": "scripted", "dialect": "zoomearth", "policy": {"view": 168, "least": 100}})
BOX = '[{"bbox_2d": [21, 42, 63, 84], "label": "nördlicher Pier"}]'
ROTATED = Affine.translation(500000, 5000000) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5)


def make(path, **options):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 1200, 1600), dtype=np.uint8)
    with rasterio.open(path, "w", driver="GTiff", width=1600, height=1200, count=3, dtype="uint8", **options) as file:
        file.write(pixels)
    return str(path)


@pytest.fixture
def done(tmp_path):
    """Two questions over a rotated raster: one zoom, then none."""
    engine = ScriptedEngine(PROFILE, [BOX, "<answer>3 Schiffe</answer>", "<answer>ja</answer>"])
    with Scene.open(make(tmp_path / "rotated.tif", crs="EPSG:32633", transform=ROTATED)) as scene:
        yield [answer(engine, Question(scene, "Wie viele Schiffe?" + " 船" * 120)), answer(engine, Question(scene, "Stadt?"))]


def expected(done):
    """The corners worked out by hand from the affine, not by the code under test."""
    roi = done[0].outcome.zooms[0].roi
    return shapely.Polygon([ROTATED @ corner for corner in roi.corners()])


def test_a_geopackage_keeps_everything_and_a_rotated_box_lies_right(done, tmp_path):
    path = write_rois(tmp_path / "rois.gpkg", done, "m")
    table = pyogrio.raw.read(path)
    meta, geometry, columns = table[0], shapely.from_wkb(table[2]), dict(zip(table[0]["fields"], table[3]))
    assert pyogrio.list_layers(path)[0][0] == "rois"
    assert "32633" in meta["crs"]
    assert list(columns["question"]) == [done[0].question.text]
    assert (columns["answer"][0], columns["step"][0], columns["label"][0], columns["model"][0]) == ("3 Schiffe", 1, "nördlicher Pier", "m")
    assert columns["time"][0].endswith("Z")
    assert geometry[0].equals_exact(expected(done), 1e-6) or geometry[0].symmetric_difference(expected(done)).area < 1e-6


def test_a_shapefile_is_shortened_by_us_and_not_by_its_driver(done, tmp_path):
    path = write_rois(tmp_path / "rois.shp", done, "m")
    meta, _, geometry, columns = pyogrio.raw.read(path)
    columns = dict(zip(meta["fields"], columns))
    assert len(columns["question"][0].encode()) <= 254
    assert done[0].question.text.startswith(columns["question"][0])
    assert columns["label"][0] == "nördlicher Pier"
    assert shapely.from_wkb(geometry)[0].symmetric_difference(expected(done)).area < 1e-3
    assert {file.suffix for file in tmp_path.glob("rois.*")} >= {".shp", ".dbf", ".shx", ".prj", ".cpg"}


@pytest.mark.parametrize("text", ["é" * 200, "船" * 100, "a" + "船" * 100, "a" * 300, "kurz"])
def test_a_cut_text_ends_at_a_characters_border(text):
    cut = shapefile_text(text)
    assert text.startswith(cut)
    assert len(cut.encode()) <= 254 < len((cut + "船").encode()) or cut == text


def test_geojson_is_in_degrees_as_its_standard_says(done, tmp_path):
    _, _, geometry, _ = pyogrio.raw.read(write_rois(tmp_path / "rois.geojson", done, "m"))
    x, y = shapely.from_wkb(geometry)[0].centroid.coords[0]
    assert (x, y) == pytest.approx((15.0, 45.15), abs=0.02)


def test_a_raster_that_lies_nowhere_gives_pixels(tmp_path):
    engine = ScriptedEngine(PROFILE, [BOX, "<answer>3</answer>"])
    with Scene.open(make(tmp_path / "plain.tif")) as scene:
        result = answer(engine, Question(scene, "?"))
    meta, _, geometry, _ = pyogrio.raw.read(write_rois(tmp_path / "rois.gpkg", [result], "m"))
    assert meta["crs"] is None
    roi = result.outcome.zooms[0].roi
    assert shapely.from_wkb(geometry)[0].bounds == pytest.approx((roi.left, -roi.bottom, roi.right, -roi.top))


def test_no_zoom_gives_an_empty_layer_that_opens(done, tmp_path):
    meta, _, geometry, _ = pyogrio.raw.read(write_rois(tmp_path / "none.gpkg", done[1:], "m"))
    assert len(geometry) == 0
    assert "question" in meta["fields"]


def test_the_views_are_the_exact_pictures(done, tmp_path):
    folder = write_views(tmp_path / "views" / "deep", done)
    assert sorted(file.name for file in folder.iterdir()) == ["q1-0-global.png", "q1-1-nördlicher-pier.png", "q2-0-global.png"]
    assert Image.open(folder / "q1-1-nördlicher-pier.png").tobytes() == done[0].pictures[1].tobytes()


def test_the_figure_shows_every_view(done, tmp_path):
    with Image.open(write_figure(tmp_path / "figure.png", done, "m")) as figure:
        assert figure.width > 600
        pixels = np.asarray(figure.convert("RGB"))
    assert (np.abs(pixels.astype(int) - (0xE6, 0x9F, 0x00)).sum(2) < 12).sum() > 500, "the first zoom's colour frames its crop and its box"


def test_an_old_shapefiles_crs_does_not_outlive_it(done, tmp_path):
    write_rois(tmp_path / "rois.shp", done, "m")
    engine = ScriptedEngine(PROFILE, [BOX, "<answer>3</answer>"])
    with Scene.open(make(tmp_path / "plain.tif")) as scene:
        write_rois(tmp_path / "rois.shp", [answer(engine, Question(scene, "?"))], "m")
    assert not (tmp_path / "rois.prj").exists()
    assert pyogrio.raw.read(tmp_path / "rois.shp")[0]["crs"] is None


def test_dollar_signs_are_drawn_and_not_computed(done, tmp_path):
    done[0].question = replace(done[0].question, text="What cost $_$ or $1?")
    assert write_figure(tmp_path / "figure.png", done, "m").exists()


def test_one_file_that_fails_costs_none_of_the_others(done, tmp_path):
    (tmp_path / "views").write_text("in the way")
    written = []
    outputs = Outputs(rois=str(tmp_path / "rois.gpkg"), figure=str(tmp_path / "f.png"), views=str(tmp_path / "views"))
    with pytest.raises(SceneError, match="views"):
        outputs.write(done, "m", written.append, print)
            done, "m", written.append, print
        )
    assert written == [tmp_path / "rois.gpkg", tmp_path / "f.png"]
    assert (tmp_path / "rois.gpkg").exists()
    assert (tmp_path / "f.png").exists()


def test_two_writers_leave_one_whole_file(done, tmp_path):
    path = tmp_path / "rois.gpkg"
    writers = [threading.Thread(target=write_rois, args=(path, done, f"m{number}")) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(pyogrio.raw.read(path)[2]) == 1
    assert sorted(file.name for file in tmp_path.iterdir() if "roi" in file.name) == ["rois.gpkg"]


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from zoomearth.backend.outputs import _safely
from zoomearth.core.errors import SceneError
try:
    _safely(Path(sys.argv[1]), lambda beside: beside.write_bytes(b"x" * 1_000_000))
except SceneError as error:
    print(error.message)
"""


def test_a_full_disk_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "rois.gpkg"
    path.write_text("the old one")
    run = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert "can't be written" in run.stdout
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rois": "rois.kml"}, "suffix"),
        ({"figure": "figure.pdf"}, "PNG"),
        ({"rois": "no/such/folder/rois.gpkg"}, "does not exist"),
        ({"views": __file__}, "is a file"),
    ],
)
def test_impossible_outputs_are_refused_before_any_work(wrong, said):
    with pytest.raises(SceneError, match=said):
        Outputs(**wrong).check()
