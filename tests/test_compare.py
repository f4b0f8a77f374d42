"""Two rasters and one question: the model is shown the same ground of both, each by its name and date."""

import base64
import io
import json
import math
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from child import Backend
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from quirks import Answer, Quirks, chunk, streamed
from rasters import NORTH_UP, city, make, psnr, tag

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.scene.compared import Compared, title
from zoomearth.backend.scene.gdal import transform
from zoomearth.backend.scene.mask import OUTSIDE
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import ModelError, SceneError
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Grid, Size, View
from zoomearth.core.look import Observation, Zoom
from zoomearth.core.profile import Profile
from zoomearth.core.requests import Ask, Load
from zoomearth.core.settings import Settings
from zoomearth.core.source import Compare, SceneSource
from zoomearth.core.talk import Talk

ROOT = Path(__file__).resolve().parents[1]
UTM15, UTM16, DEGREES, MERCATOR = "EPSG:32615", "EPSG:32616", "EPSG:4326", "EPSG:3857"
ZOOM = '[{"bbox_2d": [100, 100, 300, 300], "label": "northern yard"}]'
SIZE = (3, 320, 400)


class Stock:
    """An OpenAI-compatible server of a stock model that is scripted: it keeps the messages of every request."""

    def __init__(self, *replies):
        self.replies, self.messages = replies, []

    def __call__(self, asked):
        if not asked.path.endswith("completions"):
            return Answer(status=404)
        self.messages.append(json.loads(asked.body)["messages"])
        turn = sum(message["role"] == "assistant" for message in self.messages[-1])
        return Answer(streamed(chunk(self.replies[min(turn, len(self.replies) - 1)]), chunk(finish="stop")))

    def shown(self, request=-1):
        """What the user's messages of a request show, in order: texts, and pictures as arrays."""
        parts = []
        for message in self.messages[request]:
            if message["role"] == "user":
                for part in message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]:
                    parts.append(part["text"] if part["type"] == "text" else _decoded(part["image_url"]["url"]))
        return parts

    def pictures(self, request=-1):
        return [part for part in self.shown(request) if isinstance(part, np.ndarray)]


def _decoded(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


@pytest.fixture
def server():
    stock = Stock(ZOOM, "<answer>a hall was built</answer>")
    with Quirks(stock).serving() as quirks:
        stock.url = quirks.url
        yield stock


@pytest.fixture
def dates(tmp_path):
    """The same yard twice; the second raster is finer, begins elsewhere, and has a white hall."""
    before = city(600, 400, 3)
    after = np.zeros((3, 1000, 1400), np.uint8)
    after[:, 100:900, 100:1300] = before.repeat(2, 1).repeat(2, 2)
    after[:, 300:340, 400:440] = 255
    make(tmp_path / "yard-2014.tif", before)
    tag(make(tmp_path / "yard.tif", after, affine=(499_975.0, 0.25, 0, 4_600_025.0, 0, -0.25)), TIFFTAG_DATETIME="2019:07:16 10:30:00")
    return tmp_path / "yard-2014.tif", tmp_path / "yard.tif"


def column(file, name):
    meta, _, _, columns = pyogrio.raw.read(file)
    return list(columns[list(meta["fields"]).index(name)])


def asked(capsys, *arguments):
    code = main(["ask", *map(str, arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err


def remote(server):
    return "--remote", server.url, "--remote-model", "Qwen2.5-VL-7B", "--dialect", "qwen-grounding"


def test_the_server_is_shown_two_pictures_of_the_same_ground_at_every_look(dates, server, capsys, tmp_path):
    first, second = dates
    outputs = ("--rois", tmp_path / "boxes.gpkg", "--views", tmp_path / "views", "--figure", tmp_path / "figure.png")
    code, out, _ = asked(capsys, first, "What changed?", "--compare", second, *remote(server), *outputs, "--json")
    assert code == 0

    shown = server.shown(0)
    assert [part for part in shown if isinstance(part, str)][:2] == ["yard-2014.tif:", "yard.tif (2019-07-16):"]
    assert isinstance(shown[1], np.ndarray)
    assert isinstance(shown[3], np.ndarray)
    assert "What changed?" in shown[4]
    assert "the same place in both" in shown[4]
    assert [len(server.pictures(at)) for at in range(2)] == [2, 4]
    for before, after in zip(server.pictures()[::2], server.pictures()[1::2]):
        assert before.shape == after.shape
        white = (after == 255).all(axis=2)
        assert white.any()
        assert not (before[white] > 250).all(axis=1).any()
        assert psnr(before[~white], after[~white]) > 30

    (result,) = map(json.loads, out.splitlines())
    assert result["answer"] == "a hall was built"
    assert [result[key]["path"] for key in ("scene", "compare")] == [str(first), str(second)]
    assert result["names"] == ["yard-2014.tif", "yard.tif (2019-07-16)"]
    assert result["notes"] == []
    assert set(zip(column(tmp_path / "boxes.gpkg", "image"), column(tmp_path / "boxes.gpkg", "compare"))) == {(str(first), str(second))}
    with Image.open(tmp_path / "figure.png") as figure:
        assert figure.height > figure.width  # two rows of two pictures, with the question and the answer
    assert sorted(file.name for file in (tmp_path / "views").iterdir()) == [
        "q1-0-global-compared.png",
        "q1-0-global.png",
        "q1-1-northern-yard-compared.png",
        "q1-1-northern-yard.png",
    ]


def test_what_has_not_changed_is_shown_alike_to_the_pixel(tmp_path):
    """Resampling would show differences that are none."""
    pixels = city(700, 500, 1)
    first = make(tmp_path / "a.tif", pixels)
    wide = np.pad(pixels, ((0, 0), (40, 40), (30, 30)))
    affine = (NORTH_UP[0] - 15, 0.5, 0.0, NORTH_UP[3] + 20, 0.0, -0.5)
    second = make(tmp_path / "b.tif", wide, affine=affine)
    views = (
        View(Box(0, 0, 700, 500), Size(336, 224)),
        View(Box(100, 50, 400, 350), Size(280, 280)),
        View(Box(0, 0, 700, 500), Size(336, 224), focus=Box(100, 100, 240, 200)),
    )
    with Scene.open(first) as a, Scene.open(second) as b:
        compared = Compared(a, b)
        for view in views:
            assert np.array_equal(np.asarray(a.part(view)), np.asarray(compared.part(view)))


@st.composite
def grids(draw):
    """A CRS, and six affine coefficients around the ground of the first raster, turned and scaled."""
    crs = draw(st.sampled_from((UTM15, UTM16, DEGREES, MERCATOR)))
    turn, size = math.radians(draw(st.floats(-180, 180))), draw(st.floats(0.3, 1.5))
    middle = np.array([[500_000 + 100, 4_600_000 - 80]])
    (x, y), (east, _), (_, north) = transform(middle + np.array([(0, 0), (100, 0), (0, 100)]), UTM15, crs)
    unit_x, unit_y = abs(east - x) / 100 * size, abs(north - y) / 100 * size
    a, b, d, e = unit_x * math.cos(turn), unit_x * math.sin(turn), unit_y * math.sin(turn), -unit_y * math.cos(turn)
    width, height = draw(st.integers(700, 1000)), draw(st.integers(700, 1000))
    shift = draw(st.floats(-0.5, 0.5)), draw(st.floats(-0.5, 0.5))
    left = x - a * (width / 2 + shift[0]) - b * (height / 2 + shift[1])
    top = y - d * (width / 2 + shift[0]) - e * (height / 2 + shift[1])
    return crs, (left, a, b, top, d, e), (width, height), size


def dot(picture):
    """The centre of what is white, in pixels, corners at whole numbers."""
    weight = np.asarray(picture, float).mean(axis=2)
    weight = np.where(weight > 128, weight, 0)
    rows, columns = np.indices(weight.shape) + 0.5
    return (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()


def spotted(path, crs, affine, size, ground):
    """A black raster with a white disk of 3 m around a place, which is given in UTM 15."""
    (x, y), (east, _), (_, north) = transform(np.array([ground, (ground[0] + 1, ground[1]), (ground[0], ground[1] + 1)]), UTM15, crs)
    rows, columns = np.indices((size[1], size[0])) + 0.5
    a = affine
    apart = np.hypot((a[0] + a[1] * columns + a[2] * rows - x) / abs(east - x), (a[3] + a[4] * columns + a[5] * rows - y) / abs(north - y))
    pixels = np.where(apart < 3, 255, 1).astype(np.uint8)
    return make(path, np.stack([pixels] * 3), crs=crs, affine=affine)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grid=grids(), at=st.tuples(st.floats(40, 160), st.floats(40, 120)), zoom=st.booleans(), second=st.booleans(), context=st.booleans())
def test_a_box_on_either_picture_is_the_same_ground_in_both_rasters_within_a_pixel(tmp_path, grid, at, zoom, second, context):
    crs, affine, size, metres = grid
    ground = 500_000 + at[0], 4_600_000 - at[1]
    a = spotted(tmp_path / "a.tif", UTM15, NORTH_UP, SIZE[:0:-1], ground)
    b = spotted(tmp_path / "b.tif", crs, affine, size, ground)
    box = Box(at[0] * 2 - 30, at[1] * 2 - 30, at[0] * 2 + 30, at[1] * 2 + 30).rounded_out()
    with Scene.open(a, stretch=None) as first, Scene.open(b) as other:
        whole = View(Box(0, 0, 400, 320), Size(224, 168))
        view = whole if not zoom else View(Box(0, 0, 400, 320), Size(224, 168), focus=box) if context else View(box, Size(112, 112))
        pictures = first.part(view), Compared(first, other).part(view)
        talk = Talk(dialect("qwen-grounding"), names=("a", "b"))
        talk.observe(Observation(view, "Where?", begins=True), *pictures)
        x, y = dot(pictures[second])
        zoomed = talk.act(f'[{{"bbox_2d": [{x - 2}, {y - 2}, {x + 2}, {y + 2}], "label": "dot", "img_idx": {int(second)}}}]')
        assert isinstance(zoomed, Zoom)
        left, top, right, bottom = zoomed.box
        found = first.grid.to_map((left + right) / 2, (top + bottom) / 2)
    pixel = max(0.5, metres, 0.5 * view.scale)  # metres, of the coarser of rasters and picture
    assert math.dist(found, ground) <= pixel


def test_where_the_second_raster_has_nothing_it_is_grey_and_said(tmp_path, dates):
    first, _ = dates
    half = make(tmp_path / "half.tif", np.full((3, 400, 300), 200, np.uint8))
    far = make(tmp_path / "far.tif", np.full((3, 400, 300), 200, np.uint8), affine=(600_000.0, 0.5, 0, 4_600_000.0, 0, -0.5))
    bare = make(tmp_path / "bare.tif", np.full((3, 40, 30), 200, np.uint8), affine=None)
    profile = Profile.from_dict({"name": "stock", "dialect": "qwen-grounding"})
    with Scene.open(first) as scene, Scene.open(half) as second:
        answered = answer(ScriptedEngine(profile, ["<answer>no</answer>"]), Question(scene, "Same?", compared=Compared(scene, second)))
        assert answered.notes == [f"{half} has 50 % of the place that was asked about: the rest is grey in its pictures."]
        picture = np.asarray(answered.others[0])
        assert (picture[:, : picture.shape[1] // 2 - 1] == 200).all()
        assert (picture[:, picture.shape[1] // 2 + 1 :] == OUTSIDE).all()
    for path, words in ((far, "shows nothing of what is asked about"), (bare, "has no georeference")):
        with Scene.open(first) as scene, Scene.open(path) as second, pytest.raises(SceneError, match=words):
            answer(ScriptedEngine(profile, ["<answer>no</answer>"]), Question(scene, "Same?", compared=Compared(scene, second)))


@pytest.mark.parametrize("model", ["zoomearth-demo", "zoomearth-3b"])
def test_a_model_of_one_picture_says_so_with_the_remedy(model, dates, tmp_path, capsys):
    from zoomearth.backend.models import store

    engine = ScriptedEngine(store.profile_for(model), ["<answer>no</answer>"])
    with Scene.open(dates[0]) as scene, Scene.open(dates[1]) as second, pytest.raises(ModelError) as refused:
        answer(engine, Question(scene, "What changed?", compared=Compared(scene, second)))
    assert "takes one picture at a time" in refused.value.message
    assert "--model qwen3-vl" in refused.value.hint


def test_the_name_tells_the_date_by_metadata_else_by_itself(tmp_path):
    def of(name, given="", **tags):
        with Scene.open(tag(make(tmp_path / name, np.ones((1, 8, 8), np.uint8)), NOTE="none", **tags)) as scene:
            return title(scene, given)

    assert of("a.tif") == "a.tif"
    assert of("b.tif", ACQUISITION_DATE="2014-07-20T10:00:00Z") == "b.tif (2014-07-20)"
    assert of("c.tif", "Harbour", TIFFTAG_DATETIME="2016:08:16 00:00:00") == "Harbour (2016-08-16)"
    assert of("naip_20140720.tif", TIFFTAG_DATETIME="2021:01:01 00:00:00") == "naip_20140720.tif"  # when it was processed
    assert of("d-2014-07-20.tif", ACQUISITION_DATE="20140720") == "d-2014-07-20.tif"
    assert of("e.tif", TIFFTAG_DATETIME="0000:00:00 00:00:00") == "e.tif"
    with Scene.open(make(tmp_path / "f.tif", np.ones((1, 8, 8), np.uint8))) as scene:
        assert Compared(scene, scene).names == ("f.tif (first)", "f.tif (second)")


def test_rows_of_a_batch_compare_and_their_records_and_table_name_both(dates, server, tmp_path, capsys):
    rows = [
        {"id": "a", "path": "yard-2014.tif", "question": "What changed?", "compare": "yard.tif"},
        {"id": "b", "path": "yard-2014.tif", "question": "What is it?"},
        {"id": "c", "path": "yard-2014.tif", "question": "What changed?", "compare": "gone.tif"},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "answers.jsonl"
    assert main(["batch", str(tmp_path / "rows.jsonl"), "--out", str(out), *remote(server), "--json"]) == 1
    lines = {line["id"]: line for line in map(json.loads, out.read_text().splitlines())}
    assert lines["a"]["compare"]["source"]["path"] == str(dates[1])
    assert lines["a"]["names"][1] == "yard.tif (2019-07-16)"
    assert "compare" not in lines["b"]
    assert lines["b"]["answer"]
    assert "gone.tif" in lines["c"]["error"]["message"]
    asked_before = len(server.messages)
    main(["batch", str(tmp_path / "rows.jsonl"), "--out", str(out), *remote(server)])
    assert len(server.messages) == asked_before  # what is answered is not asked again
    assert main(["batch", "merge", str(out), "--out", str(tmp_path / "all.gpkg")]) in (0, 1)
    assert str(dates[1]) in column(tmp_path / "all.gpkg", "compare")
    rows[0]["compare"] = "yard-2014.tif"
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    capsys.readouterr()
    assert main(["batch", str(tmp_path / "rows.jsonl"), "--out", str(out), *remote(server)]) == 2
    assert "its compare differs" in capsys.readouterr().err


def test_the_backend_process_sends_both_pictures(dates, server):
    backend = Backend(ROOT)
    try:
        backend.request(Load(Settings(remote=server.url, remote_model="Qwen2.5-VL-7B", dialect="qwen-grounding"), id="load"))
        compare = Compare(SceneSource(str(dates[1])), ("Before", "After"))
        backend.request(Ask(SceneSource(str(dates[0])), "What changed?", compare=compare, id="ask"))
        done = backend.last("ask")
        saw = [event for event in backend.history if event["event"] == "saw"]
    finally:
        backend.end()
    assert done["result"]["names"] == ["Before", "After (2019-07-16)"]
    assert len(saw) == 2
    for event in saw:
        sizes = {Image.open(io.BytesIO(base64.b64decode(event[key]))).size for key in ("picture", "other")}
        assert sizes == {tuple(event["view"]["shown"])}


def test_real_photographs_of_three_dates(real_raster, server, capsys):
    folder = real_raster("dates")
    first, *others = sorted(folder.glob("*.tif"))
    for other in others:
        code, out, _ = asked(capsys, first, "What changed?", "--compare", other, *remote(server), "--json")
        result = json.loads(out)
        assert code == 0
        assert result["names"] == [first.name, other.name]
        before, after = server.pictures()[:2]
        rows, columns = (slice(side // 8, -side // 8) for side in before.shape[:2])
        alike = [
            np.corrcoef(before[rows, columns].mean(2).ravel(), np.roll(after, shift, (0, 1))[rows, columns].mean(2).ravel())[0, 1]
            for shift in ((0, 0), (12, 12), (-12, 12))
        ]
        assert alike[0] == max(alike)  # the fields lie where they lay


def test_a_grid_is_north_up():  # of the first raster, which the numbers above are counted in
    assert Grid(NORTH_UP, UTM15).to_map(200, 160) == (500_100.0, 4_599_920.0)
