"""The drivers: with each of them the model is shown the same pictures, and a bad scene fails only its own question."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rasters import tag

from zoomearth.backend.answer import Question, Said, Saw, answer, answer_all
from zoomearth.backend.engines import Reply
from zoomearth.backend.engines.openai_chat import Form
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.report import report
from zoomearth.backend.scene.mask import inside
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import Cancelled, SceneError
from zoomearth.core.example import Example
from zoomearth.core.geometry import Box, View
from zoomearth.core.look import Answer, Observation, Outcome, Policy, Shown, Stopped, Zoom, shown_size
from zoomearth.core.profile import Profile
from zoomearth.core.region import Region
from zoomearth.core.source import Where
from zoomearth.core.typed import to_json
from zoomearth.training.tuning.environment import Environment
from zoomearth.training.tuning.labelled import transcript

PROFILE = Profile.from_dict({"name": "scripted", "dialect": "zoomearth", "policy": {"view": 168, "least": 168}})
REPLIES = [
    '<think>a pier in the north</think>[{"bbox_2d": [20, 30, 60, 50], "label": "pier"}]',
    '<think>ships</think>[{"bbox_2d": [10, 10, 90, 90], "label": "ships"}]',
    "<think>three</think><answer>3</answer>",
]


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "noise.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (3, 1500, 2000), dtype=np.uint8)
    options = {"crs": "EPSG:32633", "transform": from_origin(500000, 5000000, 0.5, 0.5)}
    with rasterio.open(path, "w", driver="GTiff", width=2000, height=1500, count=3, dtype="uint8", tiled=True, **options) as file:
        file.write(pixels)
    return path


@pytest.fixture
def scene(raster):
    with Scene.open(str(raster)) as scene:
        yield scene


def engine(replies=REPLIES, pace=0.0):
    return ScriptedEngine(PROFILE, replies, pace)


class Lockstep(ScriptedEngine):
    """Gives every talk of a call the same reply, so that a batch gives the same result as each question alone."""

    def reply(self, talks, **options):
        script, self.given = self.replies[self.given], self.given + 1
        return [Reply(script) for _ in talks]


def ask_apart(raster, region=None):
    """One question on its own thread, like a benchmark asks a server."""
    with Scene.open(str(raster)) as scene:
        return answer(engine(), Question(scene, "How many?", region))


def test_every_driver_shows_the_model_the_same_pictures(scene, raster):
    events = []
    alone = answer(engine(), Question(scene, "How many?"), events.append)
    batch = answer_all(Lockstep(PROFILE, REPLIES), [Question(scene, "How many?")] * 3)
    with ThreadPoolExecutor(3) as pool:
        batch += pool.map(ask_apart, [raster] * 3)
    actions = [Zoom(zoom.roi, zoom.label) for zoom in alone.outcome.zooms] + [Answer("3")]
    talks, labelled = transcript(PROFILE, scene.size, "How many?", actions, ["a pier in the north", "ships", "three"], picture=scene.part)
    tuned = Environment(PROFILE, [Example.of("1", raster, "How many?", "3")])
    told = [tuned.reset(index=0), *(tuned.zoom(reply) for reply in REPLIES[:-1])]
    rewarded = tuned._end([{"role": "assistant", "content": reply} for reply in REPLIES], cut=False)
    assert alone.outcome.answer == "3"
    assert len(alone.outcome.zooms) == 2
    for other in (*(one.outcome for one in batch), labelled, rewarded):
        assert other == alone.outcome
    seen = [event.picture for event in events if isinstance(event, Saw)]
    shown = [turn.picture for talk in talks for turn in talk.turns if turn.view]
    given = [block["image"] for content in told for block in content if block["type"] == "image"]
    for pictures in (seen, shown, given, *(one.pictures for one in batch)):
        assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in alone.pictures]
    spoken = [turn.text for talk in talks for turn in talk.turns if turn.role == "assistant"]
    assert spoken == REPLIES
    assert "".join(event.delta for event in events if isinstance(event, Said)) == "".join(REPLIES)
    texts = [[part for part in talk.layout() if isinstance(part, str)] for talk in (talks[0], tuned._talk)]
    assert texts[0] == texts[1]
    assert "".join(block["text"] for block in told[0] if block["type"] == "text") == talks[0].turns[1].text


COMPARED = ['[{"bbox_2d": [20, 30, 60, 50], "label": "left"}, {"bbox_2d": [90, 60, 160, 120], "label": "right"}]', "<answer>left</answer>"]


@pytest.mark.parametrize("name", ["zoomearth", "qwen-grounding", "qwen3-grounding"])
def test_every_driver_shows_two_places_of_one_reply_in_turn(scene, raster, name):
    profile = Profile.from_dict({"name": "scripted", "dialect": name, "policy": {"view": 168, "least": 168}})
    events = []
    alone = answer(ScriptedEngine(profile, COMPARED), Question(scene, "Which is longer?"), events.append)
    batch = answer_all(Lockstep(profile, COMPARED), [Question(scene, "Which is longer?")] * 2)
    tuned = Environment(profile, [Example.of("1", raster, "Which is longer?", "left")])
    told = [tuned.reset(index=0), tuned.zoom(COMPARED[0])]
    rewarded = tuned._end([{"role": "assistant", "content": reply} for reply in COMPARED], cut=False)
    assert [zoom.label for zoom in alone.outcome.zooms] == ["left", "right"]
    assert alone.outcome.answer == "left"
    assert [event.shown.step for event in events if isinstance(event, Saw)] == [0, 1, 2]
    left, right = alone.outcome.zooms
    actions = [Zoom(left.roi, left.label, (Zoom(right.roi, right.label),)), Answer("left")]
    talks, labelled = transcript(profile, scene.size, "Which is longer?", actions, picture=scene.part)
    for other in (rewarded, labelled, *(one.outcome for one in batch)):
        assert other == alone.outcome
    assert [turn.text for turn in talks[0].turns] == [turn.text for turn in alone.talk.turns]
    given = [block["image"].tobytes() for content in told for block in content if block["type"] == "image"]
    written = [turn.picture.tobytes() for turn in talks[0].turns if turn.has_picture]
    for pictures in (given, written, *([picture.tobytes() for picture in one.pictures] for one in batch)):
        assert pictures == [picture.tobytes() for picture in alone.pictures]
    assert [turn.role for turn in alone.talk.turns] == ["system", "user", "assistant", "tool", "tool", "assistant"]
    assert [turn.text for turn in tuned._talk.turns] == [turn.text for turn in alone.talk.turns]
    messages = Form().messages(alone.talk)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"], "no two of one speaker"
    layout = "".join(part if isinstance(part, str) else "(picture)" for part in alone.talk.layout())
    between = layout.partition(COMPARED[0])[2].partition(COMPARED[1])[0]
    assert between.count("(picture)") == 2
    assert between.count("<|im_start|>") == (0 if name == "zoomearth" else 2), "one message with both pictures"


def test_every_driver_shows_the_same_part_of_a_region_with_a_hole(scene, raster):
    outer = ((100.0, 50.0), (1700.0, 200.0), (1500.0, 1300.0), (200.0, 1100.0))
    hole = ((400.0, 350.0), (900.0, 400.0), (450.0, 450.0))
    region = Region.of((outer, hole), Box(0, 0, *scene.size))
    events = []
    alone = answer(engine(), Question(scene, "How many?", region), events.append)
    others = answer_all(Lockstep(PROFILE, REPLIES), [Question(scene, "How many?", region)] * 3)
    with ThreadPoolExecutor(3) as pool:
        others += pool.map(ask_apart, [raster] * 3, [region] * 3)
    actions = [Zoom(zoom.roi, zoom.label) for zoom in alone.outcome.zooms] + [Answer("3")]
    talks, labelled = transcript(PROFILE, scene.size, "How many?", actions, region=region, picture=scene.part)
    assert alone.outcome.answer == "3"
    assert len(alone.outcome.zooms) == 2
    for outcome in (*(one.outcome for one in others), labelled):
        assert outcome == alone.outcome
    seen = [event.picture for event in events if isinstance(event, Saw)]
    shown = [turn.picture for talk in talks for turn in talk.turns if turn.view]
    for pictures in (seen, shown, *(one.pictures for one in others)):
        assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in alone.pictures]
    for view, picture in zip((zoom.view for zoom in alone.outcome.views), alone.pictures):
        whole = np.asarray(scene.part(View(view.window, view.size)))
        seen_of_it = inside(view)
        assert 0 < seen_of_it.mean() < 1
        assert (np.asarray(picture)[seen_of_it] == whole[seen_of_it]).all()
        assert (np.asarray(picture)[~seen_of_it] == 128).all()


def test_a_crop_is_the_raster_at_native_resolution(raster, scene):
    outcome = answer(engine(), Question(scene, "How many?"))
    window = outcome.outcome.zooms[-1].view.window
    with rasterio.open(raster) as file:
        whole = Image.fromarray(file.read().transpose(1, 2, 0))
    crop = whole.crop(tuple(map(int, window))).resize(outcome.outcome.zooms[-1].view.size, Image.Resampling.BICUBIC)
    assert outcome.pictures[-1].tobytes() == crop.tobytes()


def test_a_scene_of_100_000_pixels_is_zoomed_until_it_is_native(tmp_path):
    path = tmp_path / "huge.tif"
    pixels = np.random.default_rng(2).integers(1, 255, (1, 512, 512), dtype=np.uint8)
    options = {"tiled": True, "blockxsize": 512, "blockysize": 512, "SPARSE_OK": True, "compress": "deflate", "BIGTIFF": "YES"}
    with rasterio.open(path, "w", driver="GTiff", width=100_000, height=100_000, count=1, dtype="uint8", **options) as file:
        file.write(pixels, window=((51_200, 51_712), (40_960, 41_472)))
    profile = Profile.from_dict({"name": "scripted", "dialect": "zoomearth", "policy": {"view": 504, "least": 504}})
    with Scene.open(str(path)) as huge:
        replies = ['[{"bbox_2d": [200, 250, 216, 266]}]'] * 2 + ["<answer>yes</answer>"]
        result = answer(ScriptedEngine(profile, replies), Question(huge, "Is there a ship?"))
    scales = [shown.view.scale for shown in result.outcome.views]
    assert scales[0] > 190
    assert scales[1] > profile.policy.native >= scales[-1]
    assert result.outcome.answer == "yes"


@pytest.mark.parametrize("size", [(30_000, 3), (1, 5000), (3, 3)], ids=str)
def test_a_raster_of_any_shape_is_asked_as_the_published_weights_are(tmp_path, size):
    path = tmp_path / "thin.tif"
    with rasterio.open(path, "w", driver="GTiff", width=size[0], height=size[1], count=1, dtype="uint8") as file:
        file.write(np.full((1, size[1], size[0]), 90, np.uint8))
    profile = Profile.from_dict({"name": "m", "dialect": "zoomearth", "policy": {"crop": "reference", "multiple": 1, "native": None}})
    with Scene.open(str(path)) as thin:
        result = answer(ScriptedEngine(profile, ['[{"bbox_2d": [0, 0, 2, 2]}]', "<answer>grey</answer>"]), Question(thin, "What colour?"))
    assert result.outcome.answer == "grey"
    assert len(result.pictures) == 2
    assert all(max(picture.size) <= 200 * min(picture.size) for picture in result.pictures)
    assert result.outcome.zooms[0].roi.intersect(Box(0, 0, *size)).area


def printed(result):
    """As `--json` prints it."""
    return json.loads(json.dumps(to_json(result, nulls=True)))


def test_the_report_holds_what_json_promises(scene):
    text = printed(report(answer(engine(), Question(scene, "How many?")), "m"))
    assert set(text) >= {"question", "answer", "confidence", "stopped", "model", "seconds", "scene", "zooms", "usage"}
    assert text["scene"] == {"path": scene.path, "width": 2000, "height": 1500, "crs": "EPSG:32633"}
    assert set(text["usage"]) == {"bytes_read", "tokens_in", "tokens_out"}
    zoom = text["zooms"][0]
    x, y = zoom["polygon"][0]
    assert (x, y) == pytest.approx((500000 + zoom["roi"][0] * 0.5, 5000000 - zoom["roi"][1] * 0.5), abs=0.01)
    assert zoom["shown"] == [168, 84]
    assert text["confidence"] is None
    assert text["region"] is None


def test_the_report_says_what_was_asked_about(scene):
    region = resolve(scene, Where(bounds=(500_100, 4_999_600, 500_300, 4_999_900)))
    text = printed(report(answer(engine(), Question(scene, "How many?", region)), "m"))
    corners = [[500_100, 4_999_600], [500_300, 4_999_600], [500_300, 4_999_900], [500_100, 4_999_900]]
    assert text["region"] == {"window": [200, 200, 600, 800], "outline": [corners]}
    text = printed(report(answer(engine(), Question(scene, "How many?", resolve(scene, Where(window=(10.5, 20, 3000, 400))))), "m"))
    assert text["region"] == {"window": [10, 20, 2000, 400], "outline": None}


def test_confidence_counts_only_the_answers_own_tokens(scene):
    class Sure(ScriptedEngine):
        def reply(self, talks, **options):
            pieces = [("<think>x</think>", -9.0), ("<answer>", -9.0), ("two", -0.1), (" ships", -0.3), ("</answer>", -9.0)]
            return [Reply("".join(piece for piece, _ in pieces), tokens=pieces)]

    assert answer(Sure(PROFILE, [""]), Question(scene, "?")).confidence == pytest.approx(np.exp(-0.2))


@pytest.mark.parametrize("generated", [True, False])
def test_a_model_of_generated_scenes_says_nothing_about_any_other(raster, tmp_path, generated):
    class Sure(ScriptedEngine):
        def reply(self, talks, **options):
            return [Reply("<answer>4</answer>", tokens=[("<answer>", -0.1), ("4", -0.1), ("</answer>", -0.1)])]

    path = shutil.copy(raster, tmp_path / "scene.tif")
    if generated:
        tag(path, ZOOMEARTH_SCENE="generated")
    with Scene.open(path) as scene:
        known = report(answer(Sure(PROFILE, [""]), Question(scene, "How many cars?")), "m")
        demo = report(answer(Sure(replace(PROFILE, generated_only=True), [""]), Question(scene, "How many cars?")), "m")
    assert (known.meaningless, known.confidence) == (False, pytest.approx(np.exp(-0.1), abs=1e-4))
    assert demo.meaningless is not generated
    assert demo.confidence == (known.confidence if generated else None)
    assert demo.answer == "4"


@pytest.mark.parametrize(
    ("name", "pieces", "expected"),
    [
        ("zoomearth", [("<answer>", -9.0), ("", -0.2), ("", -0.4), ("船", -0.6), ("</answer>", -9.0)], -0.4),
        ("qwen-grounding", [("<think>x</think>", -9.0), (" red", -0.5)], -0.5),
    ],
)
def test_confidence_counts_every_byte_of_a_character_and_no_thought(scene, name, pieces, expected):
    class Sure(ScriptedEngine):
        def reply(self, talks, **options):
            return [Reply("".join(piece for piece, _ in pieces), tokens=pieces)]

    engine = Sure(Profile.from_dict({"name": "m", "dialect": name}), [""])
    assert answer(engine, Question(scene, "?")).confidence == pytest.approx(np.exp(expected))


def test_a_bad_scene_does_not_stop_the_batch(scene, raster, tmp_path):
    broken = tmp_path / "broken.tif"
    broken.write_bytes(raster.read_bytes()[:-3_000_000])
    with Scene.open(str(broken)) as other:
        results = answer_all(Lockstep(PROFILE, REPLIES), [Question(other, "?"), Question(scene, "?")])
    assert isinstance(results[0].error, SceneError)
    assert results[1].outcome.answer == "3"


def test_a_cancel_is_an_outcome_and_keeps_what_was_seen(scene):
    words = iter(range(100))
    result = answer(engine(), Question(scene, "?"), cancelled=lambda: next(words) >= 6)
    assert result.outcome.stopped == Stopped.CANCELLED
    assert len(result.pictures) >= 1
    assert result.outcome.answer is None


def test_a_cancel_while_a_scene_is_read_is_an_outcome_too(scene):
    class Stopping:
        path, size, grid, bytes_read = scene.path, scene.size, scene.grid, 0

        def part(self, view):
            raise Cancelled

    assert answer(engine(), Question(Stopping(), "?")).outcome.stopped == Stopped.CANCELLED


def test_a_region_outside_is_an_error_that_names_the_raster(scene):
    with pytest.raises(SceneError, match=r"noise\.tif"):
        answer(engine(), Question(scene, "?", Region(Box(5000, 0, 6000, 100))))


@pytest.mark.parametrize(
    ("reply", "stopped"),
    [
        ("no idea", Stopped.UNREADABLE),
        ('[{"bbox_2d": [900, 900, 950, 950]}]', Stopped.BAD_BOX),
        ('[{"bbox_2d": [50, 50, 20, 20]}]', Stopped.BAD_BOX),
        ('[{"bbox_2d": [NaN, 1, 2, 3]}]', Stopped.UNREADABLE),
        ("on and on " * 50, Stopped.ENDLESS),
    ],
)
def test_nonsense_ends_the_question_cleanly(scene, reply, stopped):
    result = answer(engine([reply]), Question(scene, "?"), limit=20)
    assert result.outcome.stopped == stopped
    assert report(result, "m").answer is None


def test_a_forced_answer_is_marked_as_one(scene):
    result = answer(engine(["red</answer>"]), Question(scene, "?", policy=Policy(view=168, max_zooms=0)))
    assert (result.outcome.answer, result.outcome.stopped) == ("red", Stopped.LIMIT)


def test_labels_that_do_not_fit_the_look_are_refused(scene):
    with pytest.raises(ValueError, match="do not end with an answer"):
        transcript(PROFILE, scene.size, "?", [Zoom(Box(0, 0, 100, 100))])
    with pytest.raises(ValueError, match="ends after 1 of 2"):
        transcript(PROFILE, scene.size, "?", [Answer("a"), Answer("b")])


def test_any_flow_can_be_driven_and_a_picture_need_not_be_a_view(scene):
    """A flow of two steps: the scene, and a picture that is not a part of the scene."""
    overlay = Image.new("RGB", (56, 56), (200, 0, 0))

    def flow(size, policy):
        whole = View(Box(0, 0, *size), shown_size(Box(0, 0, *size), policy))
        first = yield Observation(whole, "What is marked?", begins=True)
        assert isinstance(first, Zoom)
        second = yield Observation(None, label="the mask", picture=overlay)
        return Outcome(second.text, [Shown(whole)])

    asked = Question(scene, "What is marked?", flow=flow)
    answered = answer(ScriptedEngine(PROFILE, [REPLIES[0], REPLIES[-1]]), asked)
    assert answered.outcome.answer is not None
    turns = [turn for turn in answered.talk.turns if turn.has_picture]
    assert [turn.view is None for turn in turns] == [False, True]
    assert turns[1].picture is overlay
    assert [part.picture for part in answered.talk.layout() if not isinstance(part, str)] == [turns[0].picture, overlay]
    assert len(answered.pictures) == 1


def test_a_view_is_told_with_its_step(scene):
    events = []
    answered = answer(engine(), Question(scene, "How many?"), events.append)
    assert [event.shown.step for event in events if isinstance(event, Saw)] == [shown.step for shown in answered.outcome.views]
