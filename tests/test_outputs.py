"""The files of an answer: they open in QGIS, at the right place, or they do not exist."""

import json
import os
import re
import sqlite3
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
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.axes import Axes
from PIL import Image

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.outputs import figure
from zoomearth.backend.outputs.figure import draw, resolution
from zoomearth.backend.outputs.files import Outputs, write_figure, write_views
from zoomearth.backend.outputs.lettering import quiet
from zoomearth.backend.outputs.rois import write_rois
from zoomearth.backend.report import MEANINGLESS
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.atomic import shapefile_text
from zoomearth.core.errors import SceneError
from zoomearth.core.profile import Profile
from zoomearth.core.roi_table import FIELDS
from zoomearth.core.source import Where
from zoomearth.training.scenes.geotiff import drawn
from zoomearth.training.scenes.scene import make_scene

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
    """The corners, computed here from the affine and not by the tested code."""
    roi = done[0].outcome.zooms[0].roi
    return shapely.Polygon([ROTATED @ corner for corner in roi.corners()])


def test_a_geopackage_keeps_everything_and_a_rotated_box_lies_right(done, tmp_path):
    path = write_rois(tmp_path / "rois.gpkg", done, "m")
    table = pyogrio.raw.read(path)
    meta, geometry, columns = table[0], shapely.from_wkb(table[2]), dict(zip(table[0]["fields"], table[3]))
    assert pyogrio.list_layers(path)[0][0] == "rois"
    assert "32633" in meta["crs"]
    assert list(columns) == list(FIELDS)
    assert list(columns["question"]) == [done[0].question.text, done[0].question.text, "Stadt?"]
    assert list(columns["kind"]) == ["zoom", "answer", "answer"]
    assert list(columns["step"]) == [1, 2, 1]
    assert columns["exchange"][0] == columns["exchange"][1] != columns["exchange"][2]
    assert list(columns["answer"]) == ["3 Schiffe", "3 Schiffe", "ja"]
    assert set(columns["image"]) == {str(tmp_path / "rotated.tif")}
    assert (columns["label"][0], columns["model"][0]) == ("nördlicher Pier", "m")
    assert columns["time"][0].endswith("Z")
    whole = shapely.Polygon([ROTATED @ corner for corner in ((0, 0), (1600, 0), (1600, 1200), (0, 1200))])
    assert all(place.symmetric_difference(whole).area < 1e-3 for place in geometry[1:])
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


def test_an_answer_without_a_zoom_is_in_the_file_too(done, tmp_path):
    meta, _, geometry, columns = pyogrio.raw.read(write_rois(tmp_path / "none.gpkg", done[1:], "m"))
    row = {name: column[0] for name, column in zip(meta["fields"], columns)}
    assert len(geometry) == 1
    assert (row["kind"], row["question"], row["answer"], row["roi"], row["label"]) == ("answer", "Stadt?", "ja", "", "")


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson"])
def test_the_place_of_an_answer_is_the_region_with_its_parts_and_holes(done, tmp_path, suffix):
    scene = done[0].question.scene
    rings = [
        [(100, 100), (900, 100), (900, 700), (100, 700)],
        [(300, 300), (500, 300), (500, 500)],
        [(1200, 200), (1500, 200), (1500, 900)],
    ]
    outline = [[ROTATED @ corner for corner in ring] for ring in rings]
    engine = ScriptedEngine(PROFILE, [BOX, "<answer>3</answer>"])
    limited = answer(engine, Question(scene, "?", resolve(scene, Where(outline=tuple(map(tuple, outline))))))
    meta, _, geometry, columns = pyogrio.raw.read(write_rois(tmp_path / f"rois{suffix}", [limited, done[1]], "m"))
    assert list(dict(zip(meta["fields"], columns))["kind"]) == ["zoom", "answer", "answer"]
    place = shapely.from_wkb(geometry)[1]
    pixel = 0.25 if suffix != ".geojson" else shapely.from_wkb(geometry)[2].area / (1600 * 1200)
    assert place.area == pytest.approx((800 * 600 - 200 * 200 / 2 + 300 * 700 / 2) * pixel, rel=1e-3)


def test_an_extent_without_a_longitude_costs_no_box(tmp_path):
    disk = "+proj=geos +h=35785831 +lon_0=0 +ellps=WGS84"  # its corners lie beside the earth
    path = make(tmp_path / "disk.tif", crs=disk, transform=Affine(7000, 0, -5600000, 0, -9000, 5400000))
    engine = ScriptedEngine(PROFILE, ['[{"bbox_2d": [80, 60, 90, 70], "label": "sea"}]', "<answer>3</answer>"])
    with Scene.open(path) as scene:
        result = answer(engine, Question(scene, "?"))
        _, _, geometry, _ = pyogrio.raw.read(write_rois(tmp_path / "rois.geojson", [result], "m"))
    assert geometry[0] is not None
    assert geometry[1] is None


def test_the_views_are_the_exact_pictures(done, tmp_path):
    folder = write_views(tmp_path / "views" / "deep", done)
    assert sorted(file.name for file in folder.iterdir()) == ["q1-0-global.png", "q1-1-nördlicher-pier.png", "q2-0-global.png"]
    assert Image.open(folder / "q1-1-nördlicher-pier.png").tobytes() == done[0].pictures[1].tobytes()


def test_the_figure_shows_every_view(done, tmp_path):
    with Image.open(write_figure(tmp_path / "figure.png", done, "m")) as figure:
        assert figure.width > 600
        pixels = np.asarray(figure.convert("RGB"))
    assert (np.abs(pixels.astype(int) - (0xE6, 0x9F, 0x00)).sum(2) < 12).sum() > 500, "the first zoom's colour frames its crop and its box"


@pytest.mark.parametrize(("suffix", "field"), [(".gpkg", "meaningless"), (".geojson", "meaningless"), (".shp", "meaningles")])
def test_a_meaningless_answer_is_marked_in_every_file(done, tmp_path, suffix, field):
    for meaningless in (True, False):
        meta, _, _, columns = pyogrio.raw.read(write_rois(tmp_path / f"rois{suffix}", [replace(done[0], meaningless=meaningless)], "m"))
        assert [bool(value) for value in dict(zip(meta["fields"], columns))[field]] == [meaningless] * 2


def test_a_figure_says_under_an_answer_that_it_is_meaningless(done):
    def below(answered):
        return figure.draw([answered], "m")[0].subfigs[0].get_supxlabel()

    assert below(done[0]) == "3 Schiffe"
    marked = " ".join(below(replace(done[0], meaningless=True)).split())
    assert marked == f"3 Schiffe {MEANINGLESS}"


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
    assert len(pyogrio.raw.read(path)[2]) == 3
    assert sorted(file.name for file in tmp_path.iterdir() if "roi" in file.name) == ["rois.gpkg"]


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from zoomearth.backend.outputs.writing import write_file
from zoomearth.core.errors import SceneError
try:
    write_file(Path(sys.argv[1]), lambda beside: beside.write_bytes(b"x" * 1_000_000))
except SceneError as error:
    print(error.message)
"""


def test_a_full_disk_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "rois.gpkg"
    path.write_text("the old one")
    run = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert "can't be written" in run.stdout
    assert "INSERT" not in run.stdout
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rois": "rois.kml"}, "suffix"),
        ({"rois": "rois.Shp"}, "suffix"),
        ({"figure": "figure.pdf"}, "PNG"),
        ({"rois": "no/such/folder/rois.gpkg"}, "does not exist"),
        ({"views": __file__}, "is a file"),
        ({"rois": "n" * 300 + ".gpkg"}, "too long"),
        ({"figure": "n" * 300 + ".png"}, "too long"),
        ({"views": "n" * 300}, "too long"),
        ({"rois": __file__ + "/rois.gpkg"}, "Not a directory"),
    ],
)
def test_impossible_outputs_are_refused_before_any_work(wrong, said):
    with pytest.raises(SceneError, match=said):
        Outputs(**wrong).check()


SITE = 'LOCAL_CS["Site grid",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'
EARTH = 'GEOGCS["Earth",DATUM["D",SPHEROID["S",6378137,298]],PRIMEM["P",0],UNIT["degree",0.0174532925199433]]'
MOON = EARTH.replace("6378137,298", "1737400,0")
NONSENSE = f'PROJCS["x",{EARTH},PROJECTION["Nonsense"],UNIT["m",1]]'
TURNED = "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=37.5 +lon_0=357.5 +ellps=GRS80"
UPRIGHT = Affine(0.01, 0, 10, 0, -0.01, 20)


@pytest.mark.parametrize(
    ("crs", "refused"),
    [
        (SITE, [".geojson"]),
        (MOON, [".geojson"]),
        (NONSENSE, [".geojson"]),
        (TURNED, [".shp"]),
        ("EPSG:4978", [".shp"]),
        ("EPSG:32633", []),
        ("EPSG:4326", []),
        ("EPSG:32633+5773", []),
        (None, []),
    ],
)
def test_a_format_that_can_not_hold_the_rasters_boxes_is_refused_before_any_work(tmp_path, crs, refused):
    path = make(tmp_path / "raster.vrt.tif", transform=UPRIGHT, crs=crs)
    engine = ScriptedEngine(PROFILE, [BOX, "<answer>3</answer>"])
    with Scene.open(path) as scene:
        result = answer(engine, Question(scene, "?"))
        for suffix in (".gpkg", ".shp", ".geojson"):
            file = tmp_path / f"rois{suffix}"
            if suffix in refused:
                with pytest.raises(SceneError, match=re.escape(scene.name)) as raised:
                    Outputs(rois=str(file)).check_for(scene)
                assert suffix not in raised.value.hint
                assert ".gpkg" in raised.value.hint
            else:
                Outputs(rois=str(file)).check_for(scene)
                assert len(pyogrio.raw.read(write_rois(file, [result], "m"))[2]) == 2


@pytest.mark.parametrize("suffix", [".SHP", ".GPKG", ".GeoJSON"])
def test_a_suffix_in_capitals_is_one(done, tmp_path, suffix):
    Outputs(rois=str(tmp_path / f"rois{suffix}")).check_for(done[0].question.scene)
    path = write_rois(tmp_path / f"rois{suffix}", done, "m")
    assert path.exists()
    meta, _, shapes, _ = pyogrio.raw.read(path)
    assert meta["crs"]
    assert len(shapes) == len(done[0].outcome.zooms) + len(done)


def test_a_full_temporary_folder_says_nothing_about_the_crs(done, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no-such-folder"))
    for suffix in (".gpkg", ".shp", ".geojson"):
        Outputs(rois=str(tmp_path / f"rois{suffix}")).check_for(done[0].question.scene)


def test_nothing_that_is_refused_costs_a_model(tmp_path):
    path = make(tmp_path / "site.tif", transform=UPRIGHT, crs=SITE)
    done = zoomearth("ask", path, "?", "--model", "no-such-model", "--rois", tmp_path / "r.geojson")
    assert done.returncode == 2
    assert "GeoJSON is in WGS 84" in done.stderr
    assert ".gpkg or .shp" in done.stderr
    assert "Warning" not in done.stderr


def test_the_raster_itself_is_not_written_over(tmp_path):
    make(tmp_path / "scene.tif")
    with Image.open(tmp_path / "scene.tif") as pixels:
        pixels.save(tmp_path / "scene.png")
    with Scene.open(tmp_path / "scene.png") as scene, pytest.raises(SceneError, match="is a file of the raster itself"):
        Outputs(figure=str(tmp_path / "scene.png")).check_for(scene)


KNOWN = "how many boats are at the lake?"  # the demo model answers what is worded as in its training


def zoomearth(*arguments, **environment):
    command = [sys.executable, "-m", "zoomearth.backend", *map(os.fsencode, arguments)]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment}, encoding="utf-8", errors="replace")


@pytest.mark.parametrize("environment", [{}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_bytes_that_are_no_utf8_cost_no_answer(tmp_path, environment):
    bad = os.fsdecode(b"caf\xe9")
    scene = tmp_path / f"{bad}.tif"
    os.rename(drawn(make_scene(3), tmp_path / "cafe.tif", 1024), scene)  # of noise, an answer would be luck
    figure, rois = tmp_path / f"{bad}.png", tmp_path / f"{bad}.gpkg"
    shown = zoomearth("ask", scene, f"{KNOWN} {bad} 船?", "--rois", rois, "--figure", figure, "--views", tmp_path / bad, **environment)
    assert shown.returncode == 0, shown.stderr
    assert figure.exists()
    assert rois.exists()
    assert any((tmp_path / bad).iterdir())
    told = zoomearth("ask", scene, f"{bad}?", "--json", **environment)
    assert json.loads(told.stdout)["question"] == "caf\ufffd?"
    assert json.loads(told.stdout)["scene"]["path"].endswith("caf\ufffd.tif")
    gone = zoomearth("describe", tmp_path / f"{bad}2.tif", **environment)
    assert gone.returncode == 2
    assert "There is no file" in gone.stderr
    assert "Traceback" not in shown.stderr + told.stderr + gone.stderr


def test_a_name_as_long_as_the_file_system_takes_is_taken(done, tmp_path):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    for write, suffix in ((write_rois, ".gpkg"), (write_rois, ".shp"), (write_rois, ".geojson"), (write_figure, ".png")):
        assert write(tmp_path / ("船" * ((longest - len(suffix)) // 3) + suffix), done, "m").exists()


def test_boxes_are_new_though_the_old_file_is_open_and_edited(done, tmp_path):
    path = write_rois(tmp_path / "rois.gpkg", done, "old")
    editor = sqlite3.connect(path)
    editor.execute("PRAGMA journal_mode = WAL")
    for trigger in [name for (name,) in editor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
        editor.execute(f"DROP TRIGGER {trigger}")  # they call functions of SpatiaLite
    editor.execute("UPDATE rois SET question = 'edited'")
    editor.commit()
    write_rois(path, done * 2, "new")
    meta, _, geometry, columns = pyogrio.raw.read(path)
    assert list(dict(zip(meta["fields"], columns))["model"]) == ["new"] * 6
    assert len(geometry) == 6
    editor.close()


LONG = "harbour_of_the_far_north_" * 9 + "2026.tif"


def test_all_words_of_a_figure_are_inside_of_it(tmp_path):
    engine = ScriptedEngine(PROFILE, [BOX.replace("nördlicher Pier", "quay " * 60), f"<answer>{'long' * 90} {'words ' * 90}</answer>"])
    with Scene.open(make(tmp_path / LONG)) as scene:
        result = answer(engine, Question(scene, "How many?\n\x07" + "漢字" * 90 + "w" * 300 + "$_$" * 40))
    with quiet():
        figure, _ = draw([result], "a-model-with-a-name-" * 9)
        figure.draw_without_rendering()
    pictures = [frame for frame in figure.findobj(Axes) if frame.images]
    texts = [*figure.subfigs[0].texts, *(frame.title for frame in pictures)]
    assert len(texts) == 4
    assert any(LONG[:9] in text.get_text() and LONG[-9:] in text.get_text() for text in texts), "both ends of the raster's name"
    for text in texts:
        area = text.get_window_extent()
        assert min(area.x0, area.y0) >= 0, text.get_text()
        assert area.x1 <= figure.bbox.width, text.get_text()
        assert area.y1 <= figure.bbox.height, text.get_text()
    assert all(frame.get_window_extent().width > 200 for frame in pictures), "the words leave the pictures their room"


def test_a_figure_of_very_many_questions_is_one_that_can_be_drawn(done):
    figure, _ = draw(done[1:] * 130, "m")
    assert max(figure.get_size_inches()) * resolution(figure) < 65_536


def font(path, letters):
    """A font that draws empty boxes for these letters."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (500, 700), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = {ord(letter): f"letter{number}" for number, letter in enumerate(letters)}
    order = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(order, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (600, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Drawn For A Test", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_letters_come_from_a_font_that_has_them_and_what_none_has_is_said(tmp_path):
    scene, question = make(tmp_path / "scene.tif"), f"{KNOWN} 船は何隻 نعم नमस्ते 🚢 \u202e\x07"
    without = zoomearth("ask", scene, question, "--figure", tmp_path / "f.png", XDG_DATA_HOME=str(tmp_path / "none"))
    assert without.stderr.count("CJK") == 1
    assert "Devanagari" in without.stderr
    (tmp_path / "data" / "fonts").mkdir(parents=True)
    font(tmp_path / "data" / "fonts" / "drawn.ttf", "船は何隻नमस्ते🚢")
    environment = {"XDG_DATA_HOME": str(tmp_path / "data"), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    with_it = zoomearth("ask", scene, question, "--figure", tmp_path / "g.png", **environment)
    assert "note" not in with_it.stderr
    for done, file in ((without, "f.png"), (with_it, "g.png")):
        assert re.search(rf"wrote\s+\S*{file}", done.stdout)
        assert done.returncode in (0, 1), "the demo model may have no answer to words that it does not know"
        assert not re.search(r"Warning|findfont|\.py", done.stderr)
    assert (tmp_path / "f.png").read_bytes() != (tmp_path / "g.png").read_bytes()
