"""Exchanges that are written as a table of boxes and read back as training rows show the model the same pictures."""

import contextlib
import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely.affinity
from affine import Affine
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.engines import Reply
from zoomearth.backend.outputs.rois import write_rois
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import DataError, SceneError
from zoomearth.core.geometry import Box
from zoomearth.core.look import Answer, Zoom, ZoomOut
from zoomearth.core.profile import Profile
from zoomearth.core.source import SceneSource, Where
from zoomearth.training.data.folder import Folder
from zoomearth.training.data.sets.base import Unusable
from zoomearth.training.data.sources import gather
from zoomearth.training.tuning import sft
from zoomearth.training.tuning.environment import Environment
from zoomearth.training.tuning.labelled import transcript

PROFILE = Profile.from_dict({"name": "drawn", "dialect": "zoomearth", "policy": {"view": 112, "least": 40, "native": 3.0}})
WIDE, HIGH = 900, 640
PLACES = {
    "turned": {"crs": "EPSG:32633", "transform": Affine.translation(500000, 5000000) @ Affine.rotation(30) @ Affine.scale(0.5, -0.5)},
    "upright": {"crs": "EPSG:32633", "transform": Affine(2.5, 0, 400000, 0, -2.5, 4600000)},
    "degrees": {"crs": "EPSG:4326", "transform": Affine(1e-5, 0, 9.1, 0, -1e-5, 45.4)},
    "pixels": {},
}
FRACTION = st.floats(0, 1)
BOX = st.tuples(FRACTION, FRACTION, st.floats(0.05, 0.6), st.floats(0.05, 0.6))
LOOK = st.one_of(BOX, st.just("out"))
STRETCH = st.tuples(st.floats(0, 20000), st.floats(25000, 65535))


@pytest.fixture(scope="module")
def rasters(tmp_path_factory):
    """Four bands of 16 bits, each with another gradient and noise, by the name of the raster's place."""
    folder = tmp_path_factory.mktemp("layers")
    rows, columns = np.mgrid[:HIGH, :WIDE]
    noise = np.random.default_rng(3).integers(0, 9000, (4, HIGH, WIDE))
    pixels = np.stack([rows * 60, columns * 50, (rows + columns) * 30, (WIDE - columns) * 55]) + noise
    for name, place in PLACES.items():
        with rasterio.open(folder / f"{name}.tif", "w", driver="GTiff", width=WIDE, height=HIGH, count=4, dtype="uint16", **place) as file:
            file.write(pixels.astype("uint16"))
    return {name: str(folder / f"{name}.tif") for name in PLACES}


class Looks:
    """An engine that asks for boxes given as parts of the view that it is shown, then answers."""

    profile = PROFILE

    def __init__(self, looks):
        self.looks = list(looks)

    def reply(self, talks, **options):
        (talk,) = talks
        if not self.looks:
            return [Reply(PROFILE.dialect.write(Answer("3 ships"), talk.view))]
        look = self.looks.pop(0)
        if look == "out":
            return [Reply(PROFILE.dialect.write(ZoomOut(), talk.view))]
        (x, y, width, height), window = look, talk.view.window
        left, top = window.left + x * 0.9 * window.width, window.top + y * 0.9 * window.height
        box = Box(left, top, min(left + width * window.width, window.right), min(top + height * window.height, window.bottom))
        return [Reply(PROFILE.dialect.write(Zoom(box, f"no. {len(self.looks)}, älter"), talk.view))]


def ask(source, where, looks):
    with Scene.of(source) as scene:
        return answer(Looks(looks), Question(scene, "How many ships?", resolve(scene, where)))


def check_pictures(example, asked):
    """The labelled conversation of an example shows the views of what was asked, pixel for pixel; a rollout begins with the first."""
    with Scene.of(example.source) as scene:
        actions = [Zoom(step.box, step.label) if step.box else ZoomOut() for step in example.steps_in(scene.size)]
        actions.append(Answer(example.answer))
        region = resolve(scene, example.region)
        talks, outcome = transcript(PROFILE, scene.size, example.question, actions, region=region, picture=scene.part)
        one_talk = sft.talk(example, PROFILE, scene.size, scene.part, region)
    assert outcome == asked.outcome
    expected = [picture.tobytes() for picture in asked.pictures]
    for turns in ([turn for talk in talks for turn in talk.turns], one_talk.turns):
        assert [turn.picture.tobytes() for turn in turns if turn.view] == expected
    environment = Environment(PROFILE, [example])
    first = next(block["image"] for block in environment.reset(index=0) if block["type"] == "image")
    assert first.tobytes() == expected[0]


def regions(place):
    affine = PLACES[place].get("transform", Affine(1, 0, 0, 0, -1, 0))
    corner = st.tuples(st.floats(-100, WIDE + 100), st.floats(-100, HIGH + 100))
    ring = st.lists(corner, min_size=3, max_size=6).map(lambda ring: tuple(affine @ each for each in ring))
    window = st.tuples(st.integers(0, 600), st.integers(0, 400), st.integers(30, 900), st.integers(30, 640))
    windows = window.map(lambda w: Where(window=(float(w[0]), float(w[1]), float(w[0] + w[2]), float(w[1] + w[3]))))
    outlines = st.lists(ring, min_size=1, max_size=3).map(lambda rings: Where(outline=tuple(rings)))
    if place == "pixels":
        return st.one_of(st.none(), windows, outlines)
    bounds = st.tuples(corner, corner).map(lambda pair: [*(affine @ pair[0]), *(affine @ pair[1])])
    boxes = bounds.map(lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])))
    bounds = boxes.filter(lambda b: b[0] < b[2] and b[1] < b[3]).map(lambda b: Where(bounds=b))
    return st.one_of(st.none(), windows, bounds, outlines)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_was_asked_is_learnt_over_the_very_same_pictures(rasters, tmp_path, suffix, data):
    place = data.draw(st.sampled_from(list(PLACES)), label="place")
    bands = data.draw(st.one_of(st.none(), st.tuples(st.integers(1, 4)), st.tuples(*[st.integers(1, 4)] * 3)), label="bands")
    stretch = tuple(data.draw(STRETCH) for _ in bands) if bands and data.draw(st.booleans(), label="stretched") else None
    where = data.draw(regions(place), label="where")
    source = SceneSource(rasters[place], bands, stretch)
    done = []
    for _ in range(data.draw(st.integers(1, 2), label="questions")):
        looks = data.draw(st.lists(LOOK, max_size=3), label="looks")
        try:
            done.append(ask(source, where, looks))
        except SceneError:  # the region lies outside the raster, or has no area
            assume(False)
    assume(all(one.outcome.answer for one in done))
    folder = tmp_path / f"case-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    write_rois(folder / f"boxes{suffix}", done, "m")
    rows = list(Folder().load(folder))
    assert [row for row in rows if isinstance(row, Unusable)] == []
    assert [len(row.steps) for row in rows] == [len(one.outcome.views) - 1 for one in done]
    cut = suffix == ".shp" and where and where.outline  # the outline is then the geometry, whose rings may be in another order
    for row, one in zip(rows, done):
        assert (row.source, row.question, row.answer) == (source, "How many ships?", "3 ships")
        if not cut:
            check_pictures(row, one)


LOOKS = [(0.1, 0.2, 0.5, 0.4), "out", (0.3, 0.3, 0.2, 0.2)]
STYLED = {"bands": (4, 1, 2), "stretch": ((0.0, 30000.5), (100.0, 40000.0), (1e-3, 65535.0))}


@pytest.fixture
def written(rasters, tmp_path):
    """A file of two questions: with two zooms and a zoom out, and without a zoom."""
    source, where = SceneSource(rasters["upright"], **STYLED), Where(window=(100.0, 50.0, 800.0, 600.0))
    done = [ask(source, where, LOOKS), ask(source, where, [])]
    return write_rois(tmp_path / "boxes.gpkg", done, "m"), done


def edit(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as file:
        for trigger in [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            file.execute(f"DROP TRIGGER {trigger}")  # they call functions of SpatiaLite
        file.execute(statement)
        file.commit()


def load(folder):
    return list(Folder().load(folder))


def test_a_corrected_answer_is_the_one_that_is_learnt(written):
    path, done = written
    edit(path, "UPDATE rois SET answer = '4 ships' WHERE kind = 'answer' AND step = 4")
    first, second = load(path.parent)
    assert (first.answer, second.answer) == ("4 ships", "3 ships")
    assert [step.box is None for step in first.steps] == [False, True, False]
    check_pictures(replace(first, answer="3 ships"), done[0])


def test_rows_are_in_order_of_their_steps_wherever_they_stand(written):
    path, done = written
    edit(path, "UPDATE rois SET fid = 100 - fid")
    second, first = load(path.parent)
    check_pictures(first, done[0])
    check_pictures(second, done[1])


def test_a_box_that_was_moved_wins_over_the_pixels_that_were_written(written, tmp_path):
    path, _ = written
    meta, _, shapes, columns = pyogrio.raw.read(path)
    moved = [shapely.to_wkb(shapely.affinity.translate(shape, xoff=25, yoff=-50)) for shape in shapely.from_wkb(shapes)]
    (tmp_path / "moved").mkdir()
    fields = {"fields": meta["fields"], "geometry_type": "Polygon", "crs": meta["crs"]}
    pyogrio.raw.write(tmp_path / "moved" / "boxes.gpkg", geometry=np.array(moved, dtype=object), field_data=columns, **fields)
    (before, _), (after, _) = load(path), load(tmp_path / "moved")
    expected = Box(before.box.left + 10, before.box.top + 20, before.box.right + 10, before.box.bottom + 20)
    assert tuple(after.box) == pytest.approx(tuple(expected), abs=0.02)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM rois WHERE kind = 'zoom' AND step = 1", "lacks rows"),
        ("DELETE FROM rois WHERE kind = 'zoom' AND step = 3", "lacks rows"),
        ("DELETE FROM rois WHERE kind = 'zoom out'", "lacks rows"),
        ("UPDATE rois SET step = 1 WHERE kind = 'zoom'", "lacks rows"),
        ("UPDATE rois SET kind = 'Zoom' WHERE step = 3", "the kind of the row"),
        ("UPDATE rois SET answer = ''", "the row has no answer"),
        ("UPDATE rois SET image = ''", "the row has no image"),
        ("UPDATE rois SET roi = '1,2,3' WHERE step = 3", "the row can't be read"),
        ("UPDATE rois SET stretch = '0-9'", "the row can't be read"),
        ("UPDATE rois SET exchange = 'one'", "two rows of kind answer"),
    ],
)
def test_an_exchange_that_is_not_whole_is_named_and_not_learnt(written, statement, reason):
    path, _ = written
    edit(path, statement)
    rows = load(path.parent)
    assert any(isinstance(row, Unusable) and reason in row.why for row in rows), rows
    assert not any(row.steps for row in rows if not isinstance(row, Unusable))


@pytest.mark.parametrize("image", ["/no/such/folder/upright.tif", r"D:\maps\upright.tif"])
def test_a_folder_that_was_moved_brings_its_rasters_along(written, rasters, tmp_path, image):
    path, done = written
    edit(path, f"UPDATE rois SET image = '{image}'")
    shutil.copy(rasters["upright"], tmp_path)
    shutil.copy(rasters["turned"], tmp_path)
    first, second = load(tmp_path)
    assert first.source == SceneSource(str(tmp_path / "upright.tif"), **STYLED)
    check_pictures(first, done[0])
    check_pictures(second, done[1])


def test_the_answers_and_the_boxes_may_stand_in_two_files(written, tmp_path):
    path, done = written
    for name, kinds in (("answers", ("answer",)), ("rois", ("zoom", "zoom out"))):
        meta, _, shapes, columns = pyogrio.raw.read(path)
        chosen = np.isin(columns[list(meta["fields"]).index("kind")], kinds)
        table = {"geometry": shapes[chosen], "field_data": [column[chosen] for column in columns], "fields": meta["fields"]}
        pyogrio.raw.write(tmp_path / f"{name}.geojson", geometry_type="Polygon", crs=meta["crs"], **table)
    path.unlink()
    rows = load(tmp_path)
    assert len(rows) == 2
    for row, one in zip(rows, done):
        check_pictures(row, one)


def test_an_outline_that_a_shapefile_cuts_is_its_geometry(rasters, tmp_path):
    ring = tuple((400000 + 2.5 * x, 4600000 - 2.5 * y) for x, y in ((100, 100), (700, 120), (800, 500), (300, 600), (90, 400)))
    hole = tuple((400000 + 2.5 * x, 4600000 - 2.5 * y) for x, y in ((300, 300), (400, 300), (400, 400)))
    source = SceneSource(rasters["upright"], **STYLED)
    one = ask(source, Where(outline=(ring, hole)), LOOKS[:1])
    write_rois(tmp_path / "boxes.shp", [one], "m")
    (row,) = load(tmp_path)
    with Scene.of(source) as scene:
        shown = [resolve(scene, where).window for where in (row.region, Where(outline=(ring, hole)))]
        pictures = [scene.part(replace(one.outcome.views[0].view, rings=resolve(scene, row.region).rings)), one.pictures[0]]
    assert shown[0] == shown[1]
    assert pictures[0].tobytes() == pictures[1].tobytes()


def test_a_later_zoom_of_a_file_of_an_earlier_version_is_not_taught_as_a_first_one(rasters, tmp_path):
    shutil.copy(rasters["upright"], tmp_path)
    columns = {"question": ["?", "?"], "answer": ["3", "3"], "step": [1, 2], "label": ["a", "b"]}
    boxes = [shapely.box(400100, 4599000, 400600, 4599500), shapely.box(400200, 4599100, 400300, 4599200)]
    pyogrio.raw.write(
        tmp_path / "boxes.gpkg",
        geometry=np.array([shapely.to_wkb(box) for box in boxes], dtype=object),
        field_data=[np.array(values, dtype="int32" if name == "step" else object) for name, values in columns.items()],
        fields=list(columns),
        geometry_type="Polygon",
        crs="EPSG:32633",
    )
    first, second = load(tmp_path)
    assert tuple(first.box) == pytest.approx((40, 200, 240, 400))
    assert "later zoom" in second.why


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_a_box_across_the_antimeridian_is_read_back_as_it_was(rasters, tmp_path, suffix):
    path = tmp_path / "pacific.tif"
    place = {"crs": "EPSG:4326", "transform": Affine(0.02, 0, 171, 0, -0.02, 5)}  # 171 to 189 degrees east
    with rasterio.open(rasters["pixels"]) as plain, rasterio.open(path, "w", **{**plain.profile, **place}) as file:
        file.write(plain.read())
    one = ask(SceneSource(str(path), **STYLED), None, [(0.3, 0.3, 0.4, 0.3), (0.1, 0.1, 0.5, 0.5)])
    write_rois(tmp_path / f"boxes{suffix}", [one], "m")
    (row,) = load(tmp_path)
    check_pictures(row, one)


def test_the_outline_of_a_region_beside_the_questions_is_no_question(written, tmp_path):
    shape = {"geometry": np.array([shapely.to_wkb(shapely.box(0, 0, 9, 9))], dtype=object), "geometry_type": "Polygon"}
    for suffix in (".shp", ".geojson"):
        name = {"field_data": [np.array(["field 1"], dtype=object)], "fields": ["name"]}
        pyogrio.raw.write(tmp_path / f"area{suffix}", crs="EPSG:4326", **shape, **name)
    assert [row for row in load(tmp_path) if isinstance(row, Unusable)] == []


def test_training_and_its_checks_know_bands_region_and_steps(written, tmp_path):
    path, done = written
    data = gather([str(tmp_path)], "fatal", 0.0, 0, PROFILE, sft.fault(PROFILE))
    assert [len(example.steps) for example in data.examples] == [3, 0]
    pictures = [block["image"] for message in sft.row(data.examples[0], PROFILE) for block in blocks(message) if block["type"] == "image"]
    assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in done[0].pictures]
    edit(path, """UPDATE rois SET region = '{"window": [5000, 5000, 6000, 6000]}'""")
    with pytest.raises(DataError, match="the region does not fit the image"):
        gather([str(tmp_path)], "fatal", 0.0, 0, PROFILE)


def blocks(message):
    return message["content"] if isinstance(message["content"], list) else []


def test_a_region_that_came_from_a_file_needs_the_file_no_more(rasters, tmp_path):
    field = shapely.Polygon([(15.0, 41.54), (15.008, 41.541), (15.006, 41.549), (14.999, 41.546)])
    area = tmp_path / "field.geojson"
    shape = np.array([shapely.to_wkb(shapely.affinity.translate(field, 9.1 - 15.0 + 0.0005, 45.4 - 41.55 - 0.0005))], dtype=object)
    pyogrio.raw.write(area, geometry=shape, field_data=[], fields=[], geometry_type="Polygon", crs="EPSG:4326")
    one = ask(SceneSource(rasters["degrees"], **STYLED), Where(within=str(area)), LOOKS[:1])
    write_rois(tmp_path / "boxes.gpkg", [one], "m")
    area.unlink()
    (row,) = load(tmp_path)
    check_pictures(row, one)


def test_results_of_an_earlier_version_are_read_as_exchanges(rasters, tmp_path):
    """These files have no `kind` and no `image`; their table of answers has no `step`."""
    shutil.copy(rasters["upright"], tmp_path)
    one = ask(SceneSource(rasters["upright"]), None, [LOOKS[0], LOOKS[2]])
    path = write_rois(tmp_path / "boxes.gpkg", [one], "m")
    edit(
        path, "UPDATE rois SET kind = NULL, image = NULL, roi = NULL, bands = NULL, step = CASE kind WHEN 'answer' THEN NULL ELSE step END"
    )
    (row,) = load(tmp_path)
    assert row.image == tmp_path / "upright.tif"
    assert [tuple(step.box) for step in row.steps] == [pytest.approx(tuple(zoom.roi), abs=0.01) for zoom in one.outcome.zooms]
