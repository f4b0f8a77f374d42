"""The model calls tools: what it writes is read, what it wants is done on the very pixels, and whatever goes wrong costs no answer."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from quirks import Answer as Served
from quirks import Quirks, body, chunk, streamed
from rasters import ROTATED, city, make, whole
from test_dialect import labels, views

from zoomearth.backend.answer import Question, Said, Saw, Used, Working, answer, answer_all
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import Reply
from zoomearth.backend.engines.openai_chat import Form
from zoomearth.backend.engines.openai_reply import Reading
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.report import report
from zoomearth.backend.scene import polygons
from zoomearth.backend.scene.mask import inside
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.server.events import Outbox
from zoomearth.backend.server.queue import Jobs
from zoomearth.backend.server.worker import Worker
from zoomearth.backend.toolbox import Toolbox
from zoomearth.core.events import Called, Done
from zoomearth.core.events import Saw as SawEvent
from zoomearth.core.example import Example
from zoomearth.core.families import DIALECTS, dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Answer, Observation, Policy, Stopped, Unreadable, Zoom, ZoomOut, look
from zoomearth.core.profile import Profile
from zoomearth.core.protocol import read_event, read_request, request_to_json
from zoomearth.core.region import Region
from zoomearth.core.requests import Ask, Load
from zoomearth.core.source import SceneSource
from zoomearth.core.talk import Talk
from zoomearth.core.tool_calls import Offer, ToolCall, ToolUse, find_call, function
from zoomearth.core.tools import CALLED, TOOLS, Made
from zoomearth.core.wire import LineReader
from zoomearth.training.data.folder import Folder
from zoomearth.training.tuning import sft
from zoomearth.training.tuning.environment import Environment
from zoomearth.training.tuning.labelled import transcript

WITH_TOOLS = Policy(view=168, least=84, max_tools=2)
PROFILE = Profile("scripted", dialect("zoomearth"), WITH_TOOLS)
VIEW = View(Box(1000, 2000, 9000, 6000), Size(504, 252))
LAKE = Box(230, 160, 370, 240)  # of the scene, 600 x 400 pixels: around the lake
CALL = '<tool_call>{"name": "segmentation", "arguments": {"bbox_2d": [64, 45, 104, 67], "label": "lake"}}</tool_call>'
DENOISE = CALL.replace("segmentation", "denoising")
DONE = "<answer>done</answer>"


def offering(name):
    return dialect(name).offering(WITH_TOOLS)


# What a model writes

fragments = st.sampled_from(
    ["<tool_call>", "</tool_call>", '{"name": "segmentation", "arguments": ', '{"bbox_2d": [', "1, 2, 3, 4", "]}", "}", '"label": ', "null",
     "<function=editing>", "<parameter=bbox_2d>", "</parameter>", "</function>", "<think>", "</think>", "<answer>", "</answer>", "[" * 3000,
     "NaN", "1e999", "9" * 5000, '"\\ud800"', CALL, '[{"bbox_2d": [1, 2, 3, 4]}]', DONE]
)  # fmt: skip


@settings(deadline=2000)
@given(reply=st.lists(fragments | st.text(max_size=12), max_size=12).map("".join), name=st.sampled_from(list(DIALECTS)), cut=st.booleans())
@example(reply="<tool_call>" * 3000, name="zoomearth", cut=False)
@example(reply="<tool_call>" + '{"a":' * 5000, name="qwen-grounding", cut=True)
def test_no_call_can_break_the_parser(reply, name, cut):
    spoken = offering(name)
    action = spoken.parse(reply, VIEW, cut)
    assert isinstance(action, (Zoom, ZoomOut, ToolCall, Answer, Unreadable))
    assert isinstance(spoken.complete(reply), bool)
    if isinstance(action, ToolCall):
        assert reply.startswith(spoken.spoken(reply, action))
        assert isinstance(action.complaint, str)


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_call_that_is_written_is_read_back(name, data):
    spoken = offering(name)
    before, view = [data.draw(views()) for _ in range(data.draw(st.integers(0, 2)))], data.draw(views())
    frame = (before or [view])[0] if spoken.convention.frame == "root" else view
    x, y = sorted(data.draw(st.tuples(*[st.floats(0, 0.9)] * 2))), sorted(data.draw(st.tuples(*[st.floats(0, 0.9)] * 2)))
    window = frame.window
    sides = (x[0] * window.width, y[0] * window.height, (x[1] + 0.1) * window.width, (y[1] + 0.1) * window.height)
    box = Box(*(side + start for side, start in zip(sides, (window.left, window.top) * 2)))
    tool = data.draw(st.sampled_from(list(TOOLS)))
    arguments = {"verb": "blur", "amount": 2} if tool == "editing" else {}
    call = ToolCall(tool, box, data.draw(labels), arguments)
    written = spoken.write(call, view, data.draw(st.sampled_from(["", "I see it."])), before)
    read = spoken.parse(written, view, before=before)
    assert isinstance(read, ToolCall)
    assert (read.tool, read.label, read.arguments, read.complaint) == (tool, call.label, arguments, "")
    assert read.box == spoken.convention.to_source(spoken.convention.rounded(box, frame), frame)
    assert spoken.complete(written)
    assert not spoken.complete(written[:-1])


def test_the_demo_models_own_words_are_a_call():
    written = '<tool_call>{"name": "segmentation", "arguments": {"bbox_2d": [20, 30, 60, 50], "label": "northern lake"}}</tool_call>'
    view = View(Box(0, 0, 1680, 1680), Size(168, 168))
    spoken = offering("zoomearth")
    call = ToolCall("segmentation", Box(200, 300, 600, 500), "northern lake")
    assert spoken.parse(written, view) == call
    assert spoken.write(call, view) == written


WRITTEN = {
    "no last tag": (CALL.removesuffix("</tool_call>"), "segmentation"),
    "blanks and thoughts": (f"<think>It lies there.</think>\n<tool_call>\n{CALL[11:-12]}\n</tool_call>\n", "segmentation"),
    "several: the first": (CALL + DENOISE, "segmentation"),
    "the first that is whole": ('<tool_call>{"name": "editing", "arg' + DENOISE, "denoising"),
    "one inside another": ("<tool_call>" + DENOISE + "</tool_call>", "denoising"),
    "arguments as a text": ('<tool_call>{"name": "denoising", "arguments": "{\\"bbox_2d\\": [64, 45, 104, 67]}"}</tool_call>', "denoising"),
    "in tags": ("<tool_call>\n<function=denoising>\n<parameter=bbox_2d>\n[64, 45, 104, 67]\n</parameter>\n</function></tool_call>",
                "denoising"),
    "another spelling": (CALL.replace("segmentation", "cloud_removal"), "cloud-removal"),
    "before an answer": (CALL + DONE, "segmentation"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["zoomearth", "qwen-grounding"])
@pytest.mark.parametrize(("reply", "tool"), WRITTEN.values(), ids=WRITTEN)
def test_a_call_is_read_in_every_form_that_models_write(name, reply, tool):
    action = offering(name).parse(reply, VIEW)
    assert isinstance(action, ToolCall)
    assert (action.tool, action.box) == (tool, VIEW.to_source(Box(64, 45, 104, 67)))


WRONG = {
    "no such tool": ('{"name": "super_resolution", "arguments": {"bbox_2d": [1, 2, 30, 40]}}', "no tool 'super_resolution'"),
    "no box": ('{"name": "segmentation", "arguments": {"label": "lake"}}', "has no box"),
    "a box of words": ('{"name": "segmentation", "arguments": {"bbox_2d": ["a", 2, 3, 4]}}', "has no box"),
    "a box of three": ('{"name": "segmentation", "arguments": {"bbox_2d": [1, 2, 3]}}', "has no box"),
    "a box of too large numbers": ('{"name": "segmentation", "arguments": {"bbox_2d": [1, 2, 3, 1e400]}}', "has no box"),
    "no verb": ('{"name": "editing", "arguments": {"bbox_2d": [1, 2, 30, 40]}}', "editing needs verb"),
    "a wrong verb": (
        '{"name": "editing", "arguments": {"bbox_2d": [1, 2, 30, 40], "verb": ["blur"]}}',
        "verb=replace draws what the label names",
    ),
    "an unknown parameter": ('{"name": "denoising", "arguments": {"bbox_2d": [1, 2, 30, 40], "power": 3}}', "no parameter 'power'"),
    "outside": ('{"name": "denoising", "arguments": {"bbox_2d": [9001, 1, 9004, 4]}}', "outside the view"),
    "reversed": ('{"name": "denoising", "arguments": {"bbox_2d": [30, 40, 1, 2]}}', "reversed"),
}


@pytest.mark.parametrize(("call", "why"), WRONG.values(), ids=WRONG)
def test_a_call_that_can_t_be_done_is_answered_in_words_and_the_model_may_still_answer(call, why):
    spoken = offering("zoomearth")
    flow = look(Size(600, 400), "?", WITH_TOOLS)
    talk = Talk(spoken)
    talk.observe(next(flow))
    told = flow.send(talk.act(f"<tool_call>{call}</tool_call>"))
    assert why in told.text
    assert not told.has_picture
    assert told.used.why == told.text
    talk.observe(told)
    assert why in "".join(part for part in talk.layout() if isinstance(part, str))
    with pytest.raises(StopIteration) as stop:
        flow.send(talk.act("<answer>no</answer>"))
    outcome = stop.value.value
    assert (outcome.answer, outcome.stopped, outcome.zooms, len(outcome.uses)) == ("no", Stopped.ANSWERED, [], 1)


def test_without_tools_nothing_of_a_talk_is_different():
    for name in DIALECTS:
        plain = dialect(name)
        assert plain.offering(Policy()) is plain
        observation = Observation(VIEW, "How many?", begins=True)
        assert plain.observe(observation)[0].text == plain.system
        assert isinstance(plain.parse(CALL, VIEW), Zoom), "a call is a way to write a box"
        assert isinstance(offering(name).parse(CALL.replace("segmentation", "image_zoom_in_tool"), VIEW), Zoom)


def test_a_prompt_lists_what_the_tools_take_and_a_model_without_a_prompt_has_learnt_it():
    for name in DIALECTS:
        spoken = offering(name)
        text = spoken.observe(Observation(VIEW, "How many?", begins=True))[0].text
        lists = [json.loads(line) for line in text.partition("<tools>\n")[2].partition("\n</tools>")[0].split("\n")]
        assert lists == [function(tool, spoken.convention) for tool in CALLED.values()]
        for tool, listed in zip(CALLED.values(), lists):
            properties = listed["function"]["parameters"]["properties"]
            assert set(properties) == {
                "bbox_2d",
                "label",
                *(parameter.name for parameter in tool.parameters if parameter.name != "backend"),
            }
            assert spoken.convention.sentence in properties["bbox_2d"]["description"]
    learnt = dialect("zoomearth", "", "").offering(WITH_TOOLS)
    assert learnt.observe(Observation(VIEW, "Segment it.", begins=True))[0].text == ""
    assert isinstance(learnt.parse(CALL, VIEW), ToolCall)


# The loop


def used(call, kind="raster"):
    return ToolUse(call, Made(call.tool, "b", kind, "f.tif", None, (), {}, 0.1))


@settings(max_examples=60, deadline=None)
@given(
    moves=st.lists(st.sampled_from(["zoom", "tool", "bad tool", "out"]), max_size=12),
    zooms=st.integers(0, 3),
    tools=st.integers(0, 3),
)
def test_the_loop_ends_whatever_is_called_and_keeps_what_was_done(moves, zooms, tools):
    policy = Policy(view=168, least=84, max_zooms=zooms, max_tools=tools, native=None)
    actions = {"zoom": Zoom(LAKE), "tool": ToolCall("denoising", LAKE), "bad tool": ToolCall("nothing", LAKE), "out": ZoomOut()}
    flow = look(Size(600, 400), "?", policy)
    observation, shown, outcome = next(flow), 0, None
    assert observation.must_answer == (zooms == tools == 0)
    try:
        for move in [*moves, *["tool", "zoom"] * 9]:
            observation = flow.send(actions[move])
            if observation.call:
                assert observation.roi == LAKE
                observation = flow.send(used(observation.call))
                assert observation.used.step == observation.step
            shown += observation.has_picture
            assert observation.has_picture or observation.text or observation.must_answer
    except StopIteration as stop:
        outcome = stop.value
    assert outcome
    assert outcome.stopped is Stopped.LIMIT
    assert len(outcome.uses) <= tools
    assert len(outcome.zooms) <= zooms
    assert [view.step for view in outcome.views] == list(range(shown + 1))
    assert [use.step for use in outcome.uses if use.made] == [view.step for view in outcome.views if view.tool and not view.again]


def test_a_tool_is_shown_where_a_zoom_would_be_and_stays_inside_the_region():
    region = Region.of((((100.0, 100.0), (500.0, 120.0), (450.0, 350.0)),), Box(0, 0, 600, 400))
    flow = look(Size(600, 400), "?", WITH_TOOLS, region)
    next(flow)
    wanted = flow.send(ToolCall("denoising", Box(90, 90, 300, 200)))
    assert wanted.roi == Box(100, 100, 300, 200).intersect(region.window)
    assert wanted.view.rings == region.rings
    after = flow.send(used(wanted.call))
    assert after.view == wanted.view
    other = look(Size(600, 400), "?", replace(WITH_TOOLS, max_tools=0), region)
    next(other)
    assert other.send(Zoom(Box(90, 90, 300, 200))).view == after.view
    words = flow.send(ToolCall("denoising", Box(101, 340, 140, 348), frame=View(Box(0, 0, 600, 400), Size(168, 112))))
    assert "outside the outline" in words.text


# Real tools over real rasters


def pixels():
    """A bright lake on darker ground, with noise."""
    ground = (city(600, 400) // 3).astype(np.float64)
    yy, xx = np.mgrid[:400, :600]
    ground[:, (xx - 300) ** 2 / 3600 + (yy - 200) ** 2 / 1200 < 1] = np.array([40, 90, 230])[:, None]
    return np.clip(ground + np.random.default_rng(0).normal(0, 12, ground.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "lake.tif"
    return make(path, pixels(), affine=ROTATED, interpretation=["Red", "Green", "Blue"])


@pytest.fixture
def scene(raster):
    with Scene.open(str(raster)) as scene:
        yield scene


def engine(*replies, profile=PROFILE):
    return ScriptedEngine(profile, replies)


class Lockstep(ScriptedEngine):
    """Gives every talk of a call the same reply."""

    def reply(self, talks, **options):
        script, self.given = self.replies[self.given], self.given + 1
        return [Reply(script) for _ in talks]


def plain(outcome):
    """Without what is another one's own: the file, and the seconds."""
    uses = [replace(use, made=use.made and replace(use.made, out="", seconds=0)) for use in outcome.uses]
    return replace(outcome, uses=uses)


REPLIES = [CALL, "<think>Its noise.</think>" + DENOISE.replace("[64, 45, 104, 67]", "[10, 20, 90, 90]"), DONE]


@pytest.mark.parametrize("name", ["zoomearth", "qwen3-grounding"])
def test_every_driver_uses_the_tools_and_shows_the_same_pictures(raster, scene, tmp_path, name):
    profile = replace(PROFILE, dialect=dialect(name))
    question = Question(scene, "Segment the lake", tools=Toolbox(Offer(str(tmp_path))))
    events = []
    alone = answer(engine(*REPLIES, profile=profile), question, events.append)

    def ask_apart(number):
        with Scene.open(str(raster)) as own:
            return answer(engine(*REPLIES, profile=profile), replace(question, scene=own))

    others = answer_all(Lockstep(profile, REPLIES), [question] * 2)
    with ThreadPoolExecutor(2) as pool:
        others += pool.map(ask_apart, range(2))
    tuned = Environment(profile, [Example.of("1", raster, "Segment the lake", "done")])
    told = [tuned.reset(index=0), *(tuned.zoom(reply) for reply in REPLIES[:-1])]
    rewarded = tuned._end([{"role": "assistant", "content": reply} for reply in REPLIES], cut=False)
    steps = [use.call for use in alone.outcome.uses]
    tools = Toolbox(Offer(str(tmp_path / "sft")))
    talks, labelled = transcript(
        profile, scene.size, "Segment the lake", [*steps, Answer("done")], ["", "Its noise."], picture=scene.part,
        use=lambda observation: tools.use(scene, observation, "Segment the lake"),
        result=lambda view, laid: tools.picture(scene, view, laid),
    )  # fmt: skip
    assert [use.made.tool for use in alone.outcome.uses] == ["segmentation", "denoising"]
    assert (alone.outcome.answer, alone.outcome.zooms, len(alone.pictures)) == ("done", [], 3)
    for outcome in (*(one.outcome for one in others), rewarded, labelled):
        assert plain(outcome) == plain(alone.outcome)
    given = [block["image"] for content in told for block in content if block["type"] == "image"]
    shown = [turn.picture for turn in talks[0].turns if turn.has_picture]
    seen = [event.picture for event in events if isinstance(event, Saw)]
    for pictures in (given, shown, seen, *(one.pictures for one in others)):
        assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in alone.pictures]
    for talk in (talks[0], tuned._talk, *(one.talk for one in others)):
        assert [(turn.role, turn.text) for turn in talk.turns] == [(turn.role, turn.text) for turn in alone.talk.turns]
    assert "".join(event.delta for event in events if isinstance(event, Said)) == "".join(REPLIES)
    kinds = [type(event).__name__ for event in events]
    assert kinds.index("Working") < kinds.index("Used") < len(kinds) - 1 - kinds[::-1].index("Saw")
    files = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert files == sorted(f"{tool}-{n}.{suffix}" for n in range(1, 6) for tool, suffix in (("segmentation", "gpkg"), ("denoising", "tif")))


def test_the_picture_shows_what_was_made_at_its_very_place(scene, tmp_path):
    result = answer(engine(*REPLIES), Question(scene, "Segment the lake", tools=Toolbox(Offer(str(tmp_path)))))
    mask, clean = result.outcome.uses
    before, after = (np.asarray(picture, int) for picture in (scene.part(result.outcome.views[1].view), result.pictures[1]))
    rings = tuple(tuple(scene.grid.to_pixel(x, y) for x, y in ring) for ring in polygons.read(mask.made.out, scene, scene.grid))
    covered = inside(replace(result.outcome.views[1].view, rings=rings))
    assert 0.2 < covered.mean() < 0.6
    assert (before[~covered] == after[~covered]).all()
    assert (np.abs(before - after)[covered].sum(axis=1) > 30).mean() > 0.95
    assert "Segment the lake" in str(pyogrio.raw.read(mask.made.out)[3])
    view, box = result.outcome.views[2].view, clean.call.box.rounded_out()
    before, after = np.asarray(scene.part(view), float), np.asarray(result.pictures[2], float)
    place = view.from_source(box)
    rows, columns = slice(round(place.top), round(place.bottom)), slice(round(place.left), round(place.right))
    patch = whole(clean.made.out)
    assert patch.shape[1:] == (box.height, box.width)
    changed = (before != after).any(axis=2)
    assert changed[rows, columns].mean() > 0.7
    changed[rows, columns] = False
    assert not changed.any()
    small = np.asarray(Image.fromarray(patch.transpose(1, 2, 0)).resize((columns.stop - columns.start, rows.stop - rows.start), 3))
    assert np.abs(small - after[rows, columns]).max() <= 1


def test_later_views_show_the_new_pixels_but_not_the_masks(raster, scene, tmp_path):
    """Clouds that a tool has removed are gone from every zoom that follows, in the loop, in SFT and in GRPO."""
    zoom = '[{"bbox_2d": [20, 20, 80, 80], "label": "shore"}]'
    replies = [CALL, DENOISE.replace("[64, 45, 104, 67]", "[10, 20, 90, 90]"), zoom, DONE]
    result = answer(engine(*replies), Question(scene, "Denoise it", tools=Toolbox(Offer(str(tmp_path)))))
    shown, picture = result.outcome.views[3], np.asarray(result.pictures[3], int)
    assert (shown.tool, result.outcome.zooms) == ("", [shown])
    mask, clean = (use.made for use in result.outcome.uses)
    assert (picture == np.asarray(Toolbox.picture(scene, shown.view, [clean]), int)).all()
    for other in (scene.part(shown.view), Toolbox.picture(scene, shown.view, [mask, clean])):
        assert (picture != np.asarray(other, int)).any(axis=2).mean() > 0.05
    tuned = Environment(PROFILE, [Example.of("1", raster, "Denoise it", "done")])
    told = [tuned.reset(index=0), *(tuned.zoom(reply) for reply in replies[:-1])]
    given = [block["image"] for content in told for block in content if block["type"] == "image"]
    tools = Toolbox(Offer(str(tmp_path / "sft")))
    actions = [*(use.call for use in result.outcome.uses), Zoom(shown.roi, "shore"), Answer("done")]
    (talk,), _ = transcript(
        PROFILE, scene.size, "Denoise it", actions, picture=scene.part,
        use=lambda observation: tools.use(scene, observation, "Denoise it"), result=lambda view, laid: tools.picture(scene, view, laid),
    )  # fmt: skip
    for pictures in (given, [turn.picture for turn in talk.turns if turn.has_picture]):
        assert [each.tobytes() for each in pictures] == [each.tobytes() for each in result.pictures]


def test_a_16_bit_raster_is_shown_in_its_own_colours_after_a_tool(tmp_path):
    path = make(tmp_path / "deep.tif", (pixels()[:1].astype(np.uint16) + 3) * 37, nodata=0)
    with Scene.open(str(path)) as scene:
        reply = DENOISE.replace('"label": "lake"', '"label": "lake", "sigma": 0.001')  # next to nothing is taken away
        result = answer(engine(reply, DONE), Question(scene, "Denoise it", tools=Toolbox(Offer(str(tmp_path / "made")))))
        expected = np.asarray(scene.part(result.outcome.views[1].view), int)
    assert np.abs(np.asarray(result.pictures[1], int) - expected).max() <= 2


def test_cloud_removal_takes_the_references_of_the_request_and_says_where_there_are_none(raster, tmp_path):
    cloudy = pixels()
    cloudy[:, 180:215, 290:330] = 255
    path = make(tmp_path / "cloudy.tif", cloudy, affine=ROTATED, interpretation=["Red", "Green", "Blue"])
    reply = CALL.replace("segmentation", "cloud-removal").replace("[64, 45, 104, 67]", "[50, 30, 120, 80]")
    made = tmp_path / "made"
    with Scene.open(str(path)) as scene:
        without = answer(engine(reply, "<answer>cloudy</answer>"), Question(scene, "What is there?", tools=Toolbox(Offer(str(made)))))
        offer = Toolbox(Offer(str(made), (str(raster),)))
        result = answer(engine(reply, "<answer>a lake</answer>"), Question(scene, "What is there?", tools=offer))
    (use,) = without.outcome.uses
    assert "needs an image of another date" in use.why
    assert (without.outcome.answer, without.outcome.stopped, len(without.pictures)) == ("cloudy", Stopped.ANSWERED, 2)
    assert (without.outcome.views[1].tool, use.step) == ("", None), "the box is shown as it is"
    assert without.talk.turns[-2].text == f"<tool_response>{use.why}</tool_response>"
    (use,) = result.outcome.uses
    assert use.made.synthetic
    assert [path.name for path in made.iterdir()] == ["cloud-removal-1.tif"], "a tool that made nothing leaves nothing"
    view, picture = result.outcome.views[1].view, np.asarray(result.pictures[1])
    cloud = view.from_source(Box(295, 185, 325, 210))
    under = picture[round(cloud.top) : round(cloud.bottom), round(cloud.left) : round(cloud.right)]
    assert under[..., 0].mean() < 90 < 180 < under[..., 2].mean(), "the lake is seen"


def test_a_cancel_in_the_middle_of_a_tool_leaves_nothing(scene, tmp_path):
    at_work = []

    def follow(event):
        if isinstance(event, Working):
            at_work.append(event)

    result = answer(engine(DENOISE, DONE), Question(scene, "?", tools=Toolbox(Offer(str(tmp_path)))), follow, lambda: bool(at_work))
    assert (result.outcome.stopped, result.outcome.answer, result.outcome.uses) == (Stopped.CANCELLED, None, [])
    assert list(tmp_path.iterdir()) == []


def test_tools_that_nobody_has_asked_for_are_not_used(scene, tmp_path):
    result = answer(engine(CALL, "<answer>a lake</answer>"), Question(scene, "What is there?"))
    assert (len(result.outcome.zooms), result.outcome.uses, report(result, "m").tools) == (1, [], ())
    assert "<tools>" not in result.talk.turns[0].text


# Servers


def deltas(*calls, reason="tool_calls"):
    """Events of a stream with these calls, whose arguments come in pieces of three letters."""
    events = []
    for index, (name, arguments) in enumerate(calls):
        text = json.dumps(arguments)
        pieces = [{"index": index, "id": f"c{index}", "type": "function", "function": {"name": name, "arguments": ""}}]
        pieces += [{"index": index, "function": {"arguments": text[at : at + 3]}} for at in range(0, len(text), 3)]
        events += [{"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]} for piece in pieces]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    return [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]


ARGUMENTS = {"bbox_2d": [64, 45, 104, 67], "label": "lake"}


def read(data, name="qwen-grounding"):
    talk = Talk(offering(name))
    talk.observe(Observation(VIEW, "?", begins=True))
    reading = Reading(talk, Form(native_tools=True), lambda text: None)
    for at in range(0, len(data), 7):
        reading.feed(data[at : at + 7])
    reading.feed(None)
    return reading, talk


def test_native_calls_are_the_same_action_however_they_come():
    whole_call = {"id": "c", "type": "function", "function": {"name": "segmentation", "arguments": json.dumps(ARGUMENTS)}}
    bodies = {
        "streamed": b"".join(deltas(("segmentation", ARGUMENTS))) + b"data: [DONE]\n\n",
        "several: the first": b"".join(deltas(("segmentation", ARGUMENTS), ("denoising", ARGUMENTS))),
        "no reason of the end": b"".join(deltas(("segmentation", ARGUMENTS))[:-1]) + b"data: [DONE]\n\n",
        "not streamed": body({"choices": [{"message": {"content": None, "tool_calls": [whole_call]}, "finish_reason": "tool_calls"}]})[0],
        "an object": body({"choices": [{"message": {"tool_calls": [{"function": {"name": "segmentation", "arguments": ARGUMENTS}}]}}]})[0],
        "after words": streamed(chunk("I outline it."))[0] + b"".join(deltas(("segmentation", ARGUMENTS), reason="stop")),
    }
    expected = offering("qwen-grounding").parse(CALL, VIEW)
    for data in bodies.values():
        reading, talk = read(data)
        assert (reading.failed, reading.broken, reading.empty) == (None, False, "")
        assert talk.act(reading.reply().text) == expected


def test_a_call_that_broke_off_is_no_reply():
    pieces = deltas(("segmentation", ARGUMENTS))[:-3]
    reading, _ = read(b"".join(pieces))
    assert reading.text == ""
    reading, talk = read(b"".join(pieces) + deltas(reason="length")[0])
    assert isinstance(talk.act(reading.reply().text, reading.reply().cut), (Unreadable, Zoom))


def test_a_server_is_told_of_the_tools_and_what_it_calls_is_made(raster, tmp_path, capsys):
    """By the command line, over a connection: `tools` is in the request, `tool_calls` in the reply, and the picture goes back."""
    requests = []

    def reply(asked):
        if asked.method == "GET":
            return Served(body({"data": [{"id": "m"}]}), kind="application/json")
        requests.append(json.loads(asked.body))
        pictures = sum(part["type"] == "image_url" for message in requests[-1]["messages"] for part in parts(message))
        return Served(deltas(("segmentation", ARGUMENTS)) if pictures == 1 else streamed(chunk(DONE), chunk(finish="stop")))

    def parts(message):
        return message["content"] if isinstance(message["content"], list) else []

    folder, rois = tmp_path / "made", tmp_path / "rois.gpkg"
    with Quirks(reply).serving() as quirks:
        asked = ["ask", str(raster), "Segment the lake", "--remote", quirks.url, "--remote-model", "m", "--model", "zoomearth-3b"]
        assert main([*asked, "--tools", "--out-tools", str(folder), "--rois", str(rois), "--json", "--view-size", "168"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert main([*asked, "--tools", "--out-tools", str(folder), "--view-size", "168"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert main([*asked, "--json"]) == 2, "calls that nobody offered are no reply"
        capsys.readouterr()
        before = len(requests)
        (tmp_path / "file").touch()
        refused = {
            "--mask is for tools": ["--mask", str(rois)],
            "There is no file": ["--tools", "--mask", str(tmp_path / "none.gpkg")],
            "none.tif": ["--tools", "--reference", str(tmp_path / "none.tif")],
            "is a file": ["--tools", "--out-tools", str(tmp_path / "file")],
        }
        for why, flags in refused.items():
            assert main([*asked, *flags]) == 2
            assert why in capsys.readouterr().err
        assert len(requests) == before, "no model is asked"
    listed = [function(tool, dialect("zoomearth").convention) for tool in CALLED.values()]
    assert requests[0]["tools"] == listed
    assert "<tools>" not in json.dumps(requests[0]["messages"])
    assert "tools" not in requests[-1]
    (call,) = printed["tools"]
    assert (call["tool"], call["label"], call["why"], call["step"]) == ("segmentation", "lake", "", 1)
    assert printed["answer"] == "done"
    assert printed["zooms"] == []
    assert main(["tool", "segmentation", str(raster), "--window", "0,0,60,60", "--out", str(tmp_path / "x.gpkg"), "--json"]) == 0
    assert list(call["made"]) == list(json.loads(capsys.readouterr().out)), "one schema of a made thing"
    assert call["made"]["out"] == str(folder / "segmentation-1.gpkg")
    assert "using segmentation of lake" in shown
    assert "segmentation-2.gpkg" in shown.replace(" ", "")
    kinds = pyogrio.raw.read(rois)[3][list(pyogrio.read_info(rois)["fields"]).index("kind")]
    assert list(kinds) == ["segmentation", "answer"]
    (row,) = Folder().load(rois)
    (step,) = row.steps
    assert (step.tool, step.label) == ("segmentation", "lake")
    assert tuple(step.box) == pytest.approx(tuple(call["box"]), abs=0.01)


def test_a_server_that_takes_no_tools_is_told_in_the_prompt(scene, tmp_path):
    def reply(asked):
        if "tools" in json.loads(asked.body):
            text = b'{"error": {"message": "\\"auto\\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"}}'
            return Served([text], 400, "application/json")
        return Served(streamed(chunk(CALL if len(quirks.posted) < 3 else DONE), chunk(finish="stop")))

    from zoomearth.backend.engines.remote import RemoteEngine

    with Quirks(reply).serving() as quirks:
        profile = replace(PROFILE, dialect=dialect("qwen-grounding"))
        remote = RemoteEngine(quirks.url, "m", profile=profile, retries=0)
        result = answer(remote, Question(scene, "Segment the lake", tools=Toolbox(Offer(str(tmp_path)))))
        sent = json.loads(quirks.posted[-1].body)
        remote.close()
    assert result.outcome.answer == "done"
    assert [use.made.tool for use in result.outcome.uses] == ["segmentation"]
    assert "<tools>" in json.dumps(sent["messages"])
    assert any("takes no list of tools" in sentence for sentence in remote.tolerated)
    assert "drawn in pink" in json.dumps(sent["messages"])


# The wire, and training


def test_the_wire_tells_of_the_call_of_what_was_made_and_shows_it(raster, tmp_path):
    wire = io.BytesIO()
    outbox = Outbox(wire)
    worker = Worker(Jobs(outbox), outbox)
    worker.run(Load(replies=(CALL.replace("[64, 45, 104, 67]", "[190, 130, 320, 210]"), DONE), id=1))
    ask = Ask(SceneSource(str(raster)), "Segment the lake", id=2, tools=Offer(str(tmp_path)))
    assert read_request(json.loads(json.dumps(request_to_json(ask)))) == ask
    worker.run(ask)
    worker.scene.close()
    events = [event for event in map(read_event, LineReader().feed(wire.getvalue())) if event.id == 2]
    kinds = [type(event) for event in events]
    (called_event,) = [event for event in events if isinstance(event, Called)]
    shown = [event.view for event in events if isinstance(event, SawEvent)]
    assert kinds.index(Called) < len(kinds) - 1 - kinds[::-1].index(SawEvent)
    assert [view.tool for view in shown] == [None, "segmentation"]
    assert isinstance(events[-1], Done)
    assert events[-1].result.tools == (called_event.call,)
    assert called_event.call.made.out == str(tmp_path / "segmentation-1.gpkg")
    stages = [event.stage for event in events if type(event).__name__ == "Progress"]
    assert "segmenting" in stages


def test_a_row_with_a_tool_is_learnt_as_a_call(raster, tmp_path):
    (tmp_path / "scenes").mkdir()
    copy = tmp_path / "scenes" / "lake.tif"
    copy.write_bytes(raster.read_bytes())
    row = {"image": "lake.tif", "question": "Segment the lake", "answer": "done", "box": list(LAKE), "label": "lake"}
    rows = [{**row, "tool": "segmentation"}, {**row, "tool": "editing", "arguments": {"verb": "blur"}}, {**row, "tool": "magic"}]
    (tmp_path / "scenes" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    first, second, bad = Folder().load(tmp_path / "scenes")
    assert "no tool 'magic'" in str(bad)
    for row_read, said in ((first, '"name": "segmentation"'), (second, '"verb": "blur"')):
        messages = sft.row(row_read, PROFILE)
        assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "assistant"]
        assert said in messages[2]["content"][0]["text"]
        assert find_call(messages[2]["content"][0]["text"]).closed
        assert [block["type"] for block in messages[3]["content"]] == ["image"]
    reason = sft.fault(replace(PROFILE, policy=replace(WITH_TOOLS, max_tools=0)))
    assert "the policy allows none" in reason(first, Size(600, 400))
    assert sft.fault(PROFILE)(first, Size(600, 400)) == ""


def test_a_tool_that_makes_nothing_is_a_picture_and_words_for_trl(raster):
    tuned = Environment(PROFILE, [Example.of("1", raster, "Remove the clouds", "done")])
    begun = tuned.reset(index=0)
    told = tuned.zoom(CALL.replace("segmentation", "cloud-removal"))
    assert [block["type"] for block in told] == ["image", "text"]
    first = next(block["image"] for block in begun if block["type"] == "image")
    assert told[0]["image"].tobytes() != first.tobytes(), "the box as it is"
    outcome = tuned._end([{"role": "assistant", "content": reply} for reply in (CALL, DONE)], cut=False)
    assert (outcome.answer, outcome.stopped) == ("done", Stopped.ANSWERED)
    assert "another date" in outcome.uses[0].why


def test_a_box_that_no_tool_could_change_is_shown_in_words_that_the_model_knows():
    use = ToolUse(ToolCall("segmentation", LAKE, "lake"), why="There is nothing.")
    seen = Observation(VIEW, use.why, "lake", LAKE, step=1, used=use)
    told = {name: dialect(name).observe(seen)[0] for name in ("zoomearth", "qwen-grounding")}
    assert told["zoomearth"].text == "<tool_response>There is nothing.</tool_response>"
    assert "lake, as it is: the tool made nothing. There is nothing. Boxes are" in told["qwen-grounding"].text
    (learnt,) = dialect("zoomearth", "", "").observe(seen)
    assert (learnt.view, learnt.has_picture, learnt.text) == (VIEW, True, "")


def test_used_is_told_once_for_each_call_even_where_the_loop_refuses_it(scene, tmp_path):
    events = []
    bad = CALL.replace("segmentation", "magic")
    answer(engine(bad, CALL, DONE), Question(scene, "?", tools=Toolbox(Offer(str(tmp_path)))), events.append)
    assert [bool(event.use.made) for event in events if isinstance(event, Used)] == [False, True]
