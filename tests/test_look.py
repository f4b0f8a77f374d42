"""The loop: it shows the right views, and it ends."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core.families import DIALECTS, dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Answer, Cancelled, Observation, Policy, Stopped, Unreadable, Zoom, ZoomOut, look, place, shown_size
from zoomearth.core.region import Region
from zoomearth.core.talk import Talk

SIZE = Size(20000, 10000)
DEFAULT = Policy()
REFERENCE = Policy(crop="reference", multiple=1, native=None)
sides = st.integers(1, 120_000)
policies = st.builds(
    Policy,
    view=st.integers(28, 1200) | st.integers(1200, 30_000),
    least=st.integers(1, 1500),
    crop=st.sampled_from(["grow", "square", "reference"]),
    multiple=st.sampled_from([1, 14, 28]),
)
fractions = st.floats(0, 1)


def play(actions, policy=DEFAULT, size=SIZE, region=None):
    """The observations a list of actions leads to, and the outcome (None while the loop wants more)."""
    flow = look(size, "how many?", policy, region)
    seen = [next(flow)]
    for action in actions:
        try:
            seen.append(flow.send(action))
        except StopIteration as stop:
            return seen, stop.value
    return seen, None


def a_box(size, x, y, w, h):
    """A box that overlaps the scene; it may begin outside and be very thin."""
    left, top = x * (size[0] - 1) - 300 * w, y * (size[1] - 1) - 300 * h
    right, bottom = max(left, 0) + 0.1 + w * (size[0] - max(left, 0)), max(top, 0) + 0.1 + h * (size[1] - max(top, 0))
    return Box(left, top, right, bottom)


def test_an_answer_at_once_keeps_the_global_view():
    seen, outcome = play([Answer("3")])
    assert seen[0] == Observation(View(Box(0, 0, *SIZE), Size(504, 252)), "how many?", begins=True)
    assert (outcome.answer, outcome.stopped, outcome.zooms) == ("3", Stopped.ANSWERED, [])


def test_a_zoom_shows_the_box_at_native_resolution():
    roi = Box(4000, 3000, 4300, 3100)
    seen, outcome = play([Zoom(roi, "pier"), Answer("2")])
    assert seen[1].view.window == Box(3894, 2794, 4406, 3306)
    assert seen[1].view.scale == pytest.approx(512 / 504)
    assert not seen[1].begins
    assert seen[1].text == ""
    assert [(zoom.label, zoom.roi) for zoom in outcome.zooms] == [("pier", roi)]


LEFT, RIGHT, THIRD = Box(100, 100, 400, 300), Box(19_000, 9000, 19_500, 9500), Box(8000, 4000, 9000, 4500)

WHOLE = View(Box(0, 0, *SIZE), Size(504, 252))


def several(*boxes):
    return Zoom(boxes[0], "a", tuple(Zoom(box, "b", frame=WHOLE) for box in boxes[1:]), frame=WHOLE)


def test_several_boxes_of_a_reply_are_shown_in_turn_before_the_model_is_asked():
    seen, outcome = play([several(LEFT, RIGHT), None, Answer("the left one")])
    assert [each.roi for each in seen] == [None, LEFT, RIGHT]
    assert [each.more for each in seen] == [False, True, False]
    assert [each.begins for each in seen] == [True, False, False]
    assert (outcome.answer, [zoom.step for zoom in outcome.zooms]) == ("the left one", [1, 2])


def test_boxes_beyond_the_limit_are_not_shown_and_count_for_nothing():
    seen, outcome = play([several(LEFT, RIGHT, THIRD), None, Answer("x")], Policy(max_zooms=2))
    assert [each.roi for each in seen] == [None, LEFT, RIGHT]
    assert outcome.stopped == Stopped.ANSWERED
    seen, outcome = play([Zoom(THIRD), several(LEFT, RIGHT), several(RIGHT), Zoom(RIGHT)], Policy(max_zooms=2))
    assert [each.roi for each in seen] == [None, THIRD, LEFT, None]
    assert outcome.stopped == Stopped.LIMIT


def test_of_several_boxes_the_first_decides_and_later_ones_that_lie_nowhere_are_left_out():
    nowhere, reversed_ = Box(30_000, 0, 40_000, 100), Box(50, 50, 20, 20)
    seen, _ = play([several(LEFT, nowhere, reversed_, RIGHT), None])
    assert [each.roi for each in seen] == [None, LEFT, RIGHT]
    _, outcome = play([several(nowhere, LEFT)])
    assert outcome.stopped == Stopped.BAD_BOX


def test_several_places_are_never_a_scene_of_their_own():
    """One of them would be forgotten."""
    large = Box(0, 0, 18_000, 9000)
    seen, _ = play([several(large, RIGHT), None, several(large)], Policy(max_zooms=5))
    assert [each.begins for each in seen] == [True, False, False, True]


def test_a_cancellation_between_two_pictures_ends_the_look():
    _, outcome = play([several(LEFT, RIGHT, THIRD), Cancelled()])
    assert (outcome.stopped, len(outcome.views)) == (Stopped.CANCELLED, 2)


def test_a_box_outside_the_last_view_is_looked_at_where_it_is_counted_in_another():
    seen, _ = play([Zoom(LEFT), Zoom(RIGHT, frame=WHOLE)])
    assert seen[-1].roi == RIGHT
    _, outcome = play([Zoom(LEFT), Zoom(RIGHT)])
    assert outcome.stopped == Stopped.BAD_BOX
    _, outcome = play([Zoom(LEFT), Zoom(Box(30_000, 0, 40_000, 100), frame=WHOLE)])
    assert outcome.stopped == Stopped.BAD_BOX


@given(boxes=st.lists(st.builds(Box, *[st.integers(-50, 600)] * 4), min_size=1, max_size=4), cut=st.booleans())
def test_the_published_weights_see_what_they_saw_of_a_reply_with_several_boxes(boxes, cut):
    """At one zoom, the published behaviour: of several boxes the first counts, whatever the others are."""
    policy = Policy(view=512, max_zooms=1, crop="reference", multiple=1, native=8.0)
    ours = dialect("zoomearth")
    objects = [f'{{"bbox_2d": [{", ".join(str(int(side)) for side in box)}], "label": "a"}}' for box in boxes]
    ends = []
    for reply in (f"[{', '.join(objects)}]", f"[{objects[0]}]"):
        talk, flow = Talk(ours), look(SIZE, "how many?", policy)
        talk.observe(next(flow), "global")
        try:
            talk.observe(flow.send(talk.act(reply, cut)), "crop")
            flow.send(talk.act("<answer>3</answer>"))
        except StopIteration as stop:
            parts = [part if isinstance(part, str) else part.view for part in talk.layout()]
            ends.append(([part for part in parts if not isinstance(part, str)], parts[0], stop.value))
    assert ends[0] == ends[1]


def test_several_zooms_go_on_until_the_answer():
    boxes = [Box(1000, 1000, 3000, 3000), Box(1500, 1500, 2200, 2200), Box(1600, 1600, 1700, 1700)]
    _, outcome = play([*(Zoom(box) for box in boxes), Answer("ship")])
    assert outcome.stopped == Stopped.ANSWERED
    assert [zoom.roi for zoom in outcome.zooms] == boxes


def test_zoom_out_brings_back_the_view_before():
    seen, _ = play([Zoom(Box(1000, 1000, 1400, 1400)), ZoomOut()])
    assert seen[2].view == seen[0].view
    seen, _ = play([ZoomOut()])
    assert seen[1].view == seen[0].view


def test_a_view_that_was_brought_back_is_no_second_zoom():
    first, second = Box(1000, 1000, 3000, 3000), Box(1200, 1200, 1400, 1400)
    _, outcome = play([Zoom(first, "a"), Zoom(second, "b"), ZoomOut(), Answer("3")])
    assert [shown.label for shown in outcome.views] == ["", "a", "b", "a"]
    assert [(zoom.step, zoom.label) for zoom in outcome.zooms] == [(1, "a"), (2, "b")]


def test_past_the_limit_an_answer_is_demanded_once():
    policy = Policy(max_zooms=1)
    seen, outcome = play([Zoom(Box(0, 0, 100, 100)), Zoom(Box(10, 10, 60, 60)), Answer("guess")], policy)
    assert seen[2] == Observation(None, must_answer=True)
    assert (outcome.answer, outcome.stopped) == ("guess", Stopped.LIMIT)
    _, outcome = play([Zoom(Box(0, 0, 100, 100)), *[Zoom(Box(10, 10, 60, 60))] * 2], policy)
    assert (outcome.answer, outcome.stopped) == (None, Stopped.LIMIT)


def test_endless_zooming_out_ends_at_the_limit():
    _, outcome = play([ZoomOut()] * 9, Policy(max_zooms=3))
    assert outcome.stopped == Stopped.LIMIT


def test_without_zooms_the_answer_is_demanded_from_the_global_view():
    seen, outcome = play([Answer("2")], Policy(max_zooms=0))
    assert seen[0].must_answer
    assert (outcome.answer, outcome.stopped) == ("2", Stopped.LIMIT)


def test_a_huge_scene_is_zoomed_again_until_it_is_native():
    size, policy = Size(100_000, 100_000), Policy(max_zooms=4)
    seen, outcome = play([Zoom(Box(10_000, 10_000, 30_000, 30_000)), Zoom(Box(12_000, 12_000, 13_500, 13_500)), Answer("3")], policy, size)
    assert [(one.begins, one.text) for one in seen] == [(True, "how many?"), (True, "how many?"), (False, "")]
    assert seen[1].view.scale > policy.native >= seen[2].view.scale
    assert outcome.answer == "3"


def test_a_huge_scene_stops_zooming_at_the_limit():
    size, policy = Size(100_000, 100_000), Policy(max_zooms=1)
    seen, _ = play([Zoom(Box(10_000, 10_000, 30_000, 30_000))], policy, size)
    assert not seen[1].begins, "with no zoom left, a fresh look could only end without an answer"


@pytest.mark.parametrize(
    ("action", "stopped"),
    [
        (Unreadable("gibberish"), Stopped.UNREADABLE),
        (Unreadable("long", cut=True), Stopped.ENDLESS),
        (Cancelled(), Stopped.CANCELLED),
        (Zoom(Box(30_000, 0, 31_000, 10)), Stopped.BAD_BOX),
        (Zoom(Box(-50, -50, 0, 0)), Stopped.BAD_BOX),
        (Zoom(Box(500, 500, 400, 400)), Stopped.BAD_BOX),
        (Zoom(Box(500, 500, 500, 600)), Stopped.BAD_BOX),
        (Zoom(Box(math.nan, 0, 10, 10)), Stopped.BAD_BOX),
        (Zoom(Box(0, 0, math.inf, 10)), Stopped.BAD_BOX),
    ],
)
def test_nonsense_ends_the_look_and_says_why(action, stopped):
    for before in ([], [Zoom(Box(0, 0, 5000, 5000))]):
        _, outcome = play([*before, action])
        assert (outcome.answer, outcome.stopped) == (None, stopped)
        assert outcome.why or stopped == Stopped.CANCELLED


def test_no_view_leaves_the_region():
    region = Region(Box(5000.4, 5000.6, 5300, 5400))
    seen, _ = play([Zoom(Box(5100, 5100, 5120, 5120))], Policy(), SIZE, region)
    assert seen[0].view.window == Box(5000, 5000, 5300, 5400)
    assert seen[1].view.window == Box(5000, 5000, 5300, 5400), "least is larger than the region"


LETTER = ((2000, 1000), (9000, 1000), (9000, 8000), (7000, 8000), (7000, 3000), (4000, 3000), (4000, 8000), (2000, 8000))
U = Region.of((LETTER,), Box(0, 0, *SIZE))  # open at its lower side


def test_a_box_outside_the_outline_is_no_evidence():
    between = Box(4500, 4000, 6500, 6000)
    seen, outcome = play([Zoom(between)], DEFAULT, SIZE, U)
    assert seen[0].view == View(Box(2000, 1000, 9000, 8000), Size(504, 504), U.rings)
    assert (outcome.answer, outcome.stopped, outcome.why) == (None, Stopped.BAD_BOX, "the box lies outside the outline")
    assert outcome.zooms == []


def test_a_box_partly_outside_the_outline_is_shown_with_it():
    box = Box(6900, 4000, 7100, 4100)
    seen, outcome = play([Zoom(box), Answer("2")], DEFAULT, SIZE, U)
    assert seen[1].view == View(Box(6744, 3794, 7256, 4306), Size(504, 504), U.rings)
    assert [zoom.roi for zoom in outcome.zooms] == [box]


def test_a_crop_that_loses_what_of_the_box_lies_inside_is_no_evidence():
    """The published crop shows the middle of a long thin box; here only its ends are inside the region."""
    _, outcome = play([Zoom(Box(3900, 5000, 7100, 5010))], REFERENCE, SIZE, U)
    assert outcome.stopped == Stopped.BAD_BOX
    _, outcome = play([Zoom(Box(3900, 5000, 7100, 5010)), Answer("2")], DEFAULT, SIZE, U)
    assert outcome.stopped == Stopped.ANSWERED


def test_a_region_outside_is_refused():
    with pytest.raises(ValueError, match="outside the raster"):
        next(look(SIZE, "?", Policy(), Region(Box(20_000, 0, 20_100, 50))))


@given(width=sides, height=sides, x=fractions, y=fractions, w=fractions, h=fractions, policy=policies)
def test_no_view_ever_leaves_the_raster_or_outgrows_the_model(width, height, x, y, w, h, policy):
    size = Size(width, height)
    view = place(a_box(size, x, y, w, h), Box(0, 0, *size), policy)
    window = view.window
    assert 0 <= window.left < window.right <= width
    assert 0 <= window.top < window.bottom <= height
    assert all(side == int(side) for side in window)
    assert min(view.size) >= 1
    assert max(view.size) <= max(policy.view, policy.multiple)
    assert policy.multiple == 1 or all(side % policy.multiple == 0 for side in view.size)
    assert max(view.size) <= 200 * min(view.size), "Qwen-VL's processors refuse it"


@given(width=sides, height=sides, x=fractions, y=fractions, w=fractions, h=fractions, policy=policies)
def test_our_crops_lose_nothing_of_the_box(width, height, x, y, w, h, policy):
    if policy.crop == "reference":
        return
    size = Size(width, height)
    box = a_box(size, x, y, w, h).intersect(Box(0, 0, *size))
    window = place(box, Box(0, 0, *size), policy).window
    assert box.intersect(window) == box
    assert min(window.width, width) >= min(policy.least, width)
    if policy.crop == "square" and max(window.width, window.height) <= min(size):
        assert window.width == window.height


@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), width=sides, height=sides, view=st.integers(28, 1024))
def test_boxes_survive_the_way_to_the_model_and_back(x, y, width, height, view):
    shown = View(Box(7, 11, 7 + width, 11 + height), shown_size(Box(7, 11, 7 + width, 11 + height), Policy(view=view)))
    box = Box(x, y, x + 10, y + 20)
    assert shown.from_source(shown.to_source(box)) == pytest.approx(box, abs=1e-6)


@pytest.mark.parametrize("size", [(100_000, 400), (1, 100_000), (100_000, 1), (3, 3), (1, 1), (300, 1), (2**31 - 1, 1)], ids=str)
@pytest.mark.parametrize(
    "policy", [DEFAULT, REFERENCE, Policy(view=12_000), Policy(view=1, least=1, multiple=1)], ids=["ours", "published", "large", "one"]
)
def test_a_raster_of_any_shape_is_shown_as_a_model_takes_it_and_a_box_of_all_of_it_is_all_of_it(size, policy):
    whole = Box(0, 0, *size)
    view = View(whole, shown_size(whole, policy))
    assert max(view.size) <= 200 * min(view.size)
    assert max(view.size) <= max(policy.view, policy.multiple)
    for name in DIALECTS:
        spoken = dialect(name)
        action = spoken.parse(spoken.write(Zoom(whole), view), view)
        assert action.box == pytest.approx(whole)
        assert place(action.box.intersect(whole), whole, policy).window.intersect(whole).area


def test_the_published_crop_is_reproduced_exactly(real_records):
    vectors = json.loads((real_records / "reference_functions.json").read_text())
    assert vectors["cut_box"]
    assert vectors["resize"]
    for vector in vectors["cut_box"]:
        area = Box(0, 0, *vector["image"])
        assert list(place(Box(*vector["bbox"]), area, REFERENCE).window) == vector["crop"]
    for vector in vectors["resize"]:
        assert list(shown_size(Box(0, 0, *vector["size"]), REFERENCE)) == vector["rl_resize"]


@pytest.mark.parametrize("wrong", [{"crop": "round"}, {"view": 0}, {"view": 20}, {"max_zooms": -1}, {"least": 0}])
def test_an_impossible_policy_is_refused(wrong):
    with pytest.raises(ValueError, match=r"crop is|positive"):
        Policy(**wrong)
