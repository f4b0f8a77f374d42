"""A zoom that keeps its surroundings: a box in the wrong place, or a view that can't be shown again, would mislead whoever looks at it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasters import add_overviews, city, make, psnr

from zoomearth.backend.scene.mask import inside
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.families import dialect
from zoomearth.core.geometry import FOCUS, Box, Size, View
from zoomearth.core.look import GAIN, Answer, Policy, Zoom, ZoomOut, look, place, shown_size
from zoomearth.core.region import Region
from zoomearth.core.source import Seen
from zoomearth.core.talk import Talk

CONTEXT = Policy(view=1008, zoom="context")
fractions = st.floats(0, 1)


@st.composite
def spans(draw, longest=200_000):
    """The window's and the focus's start and end along one axis, in whole source pixels; the focus may touch either end, or be all."""
    low = draw(st.integers(0, 1000))
    length = draw(st.integers(1, longest))
    start = draw(st.integers(0, length - 1))
    end = draw(st.integers(start + 1, length))
    return low, low + start, low + end, low + length


@st.composite
def views(draw):
    """Any view with a focus, of scenes up to 1:200 and beyond."""
    (left, x0, x1, right), (top, y0, y1, bottom) = draw(spans()), draw(spans())
    size = Size(draw(st.integers(1, 700)), draw(st.integers(1, 700)))
    return View(Box(left, top, right, bottom), size, focus=Box(x0, y0, x1, y1))


def near(box, other, view):
    """Equal within float error, for source pixels of this view."""
    error = 1e-9 * max(abs(side) for side in (*view.window, *view.size, 1))
    return all(abs(a - b) <= error for a, b in zip(box, other))


@given(views(), st.tuples(fractions, fractions, fractions, fractions))
def test_a_box_survives_the_way_to_a_picture_with_a_focus_and_back(view, at):
    width, height = view.size
    shown = Box(at[0] * width, at[1] * height, at[2] * width, at[3] * height)
    source = view.to_source(shown)
    steepest = max(view.window.width, view.window.height)  # source pixels for one shown pixel, at the most
    assert all(abs(a - b) < 1e-6 for a, b in zip(view.from_source(source), shown))
    assert near(view.to_source(view.from_source(source)), source, replace(view, size=Size(steepest, 1)))
    assert near(view.to_source(Box(0, 0, width, height)), view.window, view)
    assert near(view.from_source(view.window), Box(0, 0, width, height), view)


@given(views(), st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=20))
def test_what_lies_further_right_is_shown_further_right(view, parts):
    xs = sorted({view.window.left + part * view.window.width for part in parts})
    shown = [view.from_source(Box(x, 0, x, 0)).left for x in xs]
    assert shown == sorted(shown)
    assert all(b > a for a, b, x, y in zip(shown, shown[1:], xs, xs[1:]) if y - x > 1e-6 * view.window.width)


@given(views())
def test_the_pieces_of_a_picture_cover_it_once_and_agree_with_its_map(view):
    covered = np.zeros((view.size.height, view.size.width), int)
    for piece, (x, y) in view.pieces():
        covered[y : y + piece.size.height, x : x + piece.size.width] += 1
        assert piece.focus is None
        assert piece.window.area > 0
        assert piece.window == piece.window.rounded_out(), "whole pixels"
        corner = Box(x, y, x + piece.size.width, y + piece.size.height)
        assert near(view.to_source(corner), piece.window, view)
    assert (covered == 1).all()


@given(views())
def test_the_focus_gets_its_part_of_the_picture_or_is_not_enlarged(view):
    shown = view.from_source(view.focus)
    for length, side, part, whole in (
        (shown.width, view.size.width, view.focus.width, view.window.width),
        (shown.height, view.size.height, view.focus.height, view.window.height),
    ):
        if part < FOCUS * whole and side >= 4:
            assert abs(length - math.ceil(FOCUS * side)) < 1e-6
        else:
            assert abs(length / side - part / whole) < 1e-6


policies = st.builds(
    Policy,
    view=st.integers(64, 2100),
    least=st.integers(1, 1500),
    multiple=st.sampled_from([1, 28, 32]),
    zoom=st.sampled_from(["context", "both"]),
)


@given(st.integers(1, 120_000), st.integers(1, 120_000), st.tuples(fractions, fractions, fractions, fractions), policies)
def test_a_zoom_in_context_shows_all_of_the_area_and_enlarges_the_box(width, height, at, policy):
    area = Box(0, 0, width, height)
    left, top = at[0] * (width - 1), at[1] * (height - 1)
    box = Box(left, top, left + 0.1 + at[2] ** 3 * (width - left), top + 0.1 + at[3] ** 3 * (height - top))
    view = place(box, area, policy)
    if view.focus is None:  # too large, or the area is shown finely enough: a crop
        assert view == place(box, area, replace(policy, zoom="crop"))
        return
    assert (view.window, view.size) == (area, shown_size(area, policy))
    assert policy.multiple == 1 or all(side % policy.multiple == 0 for side in view.size)
    clipped = box.intersect(area)
    assert clipped.intersect(view.focus) == clipped
    assert view.focus == view.focus.rounded_out().intersect(area)
    assert view.scale * GAIN <= max(width / view.size.width, height / view.size.height)
    shown = view.from_source(view.focus)
    assert max(shown.width / view.focus.width, shown.height / view.focus.height) < 1.1, "never enlarged beyond native resolution"


def show(size, policy, actions, region=None):
    flow = look(size, "How many ships?", policy, region)
    observations = [next(flow)]
    for action in actions:
        try:
            observations.append(flow.send(action))
        except StopIteration as stop:
            return observations, stop.value
    return observations, None


SIZE = Size(20_000, 10_000)
SHIP = Box(15_000, 2000, 15_200, 2100)


def test_a_small_box_is_shown_at_native_resolution_in_its_scene():
    (first, second), _ = show(SIZE, CONTEXT, [Zoom(SHIP, "ship")])
    assert second.view == View(Box(0, 0, *SIZE), first.view.size, focus=Box(14_848, 1924, 15_352, 2176))
    assert second.view.size == (1008, 504)
    assert second.view.scale == 1.0
    assert second.view.from_source(second.view.focus).width == 504


def test_a_zoom_inside_a_view_in_context_is_read_by_its_own_map():
    spoken = dialect("qwen-grounding")
    (_, second, third), _ = show(SIZE, CONTEXT, [Zoom(SHIP, "ship"), Zoom(Box(15_050, 2020, 15_100, 2040), "bridge")])
    for view, box in ((second.view, SHIP), (third.view, Box(15_050, 2020, 15_100, 2040))):
        read = spoken.parse(spoken.write(Zoom(box, "x"), view), view).box
        assert all(abs(a - b) <= view.scale for a, b in zip(read, box)), "as exact as a shown pixel of the focus"
    assert third.view.window == second.view.window == Box(0, 0, *SIZE)


def test_a_model_that_counts_in_the_first_picture_goes_on_to_do_so_and_a_picture_it_names_is_read_by_its_own_map():
    first, second = show(SIZE, CONTEXT, [Zoom(SHIP, "ship")])[0]
    written = dialect("qwen3-grounding").convention.rounded(SHIP, first.view)
    for numbers, index, view in (
        (written, "", first.view),
        (written, ', "img_idx": 0', first.view),
        ((300, 400, 500, 600), ', "img_idx": 1', second.view),
    ):
        talk = Talk(dialect("qwen3-grounding"))
        talk.observe(first)
        talk.act(talk.dialect.write(Zoom(SHIP, "ship"), first.view))
        talk.observe(second)
        action = talk.act(f'[{{"bbox_2d": {list(numbers)}{index}, "label": "x"}}]')
        assert action.box == pytest.approx(talk.dialect.convention.to_source(numbers, view))
        assert action.frame == view


def test_a_view_in_context_is_no_scene_of_its_own_and_a_large_box_is_a_crop():
    huge = Policy(view=1008, zoom="context", native=4.0, max_zooms=4)
    observations, outcome = show(
        Size(200_000, 200_000), huge, [Zoom(Box(0, 0, 60_000, 60_000)), ZoomOut(), Zoom(Box(0, 0, 150_000, 9)), Answer("3")]
    )
    assert [one.begins for one in observations] == [True, False, False, True]
    assert [bool(one.view.focus) for one in observations] == [False, True, False, False]
    assert outcome.answer == "3"


def test_both_ways_one_after_the_other():
    both = replace(CONTEXT, zoom="both", native=None)
    actions = [Zoom(SHIP), Zoom(SHIP), ZoomOut(), ZoomOut(), Zoom(SHIP)]
    observations, _ = show(SIZE, replace(both, max_zooms=9), actions)
    assert [bool(one.view.focus) for one in observations] == [False, True, False, True, False, True]


def test_the_surroundings_of_a_region_end_where_it_ends():
    region = Region(Box(5000, 1000, 17_000, 9000))
    (_, second), _ = show(SIZE, CONTEXT, [Zoom(SHIP)], region)
    assert second.view.window == region.window
    assert SHIP.intersect(second.view.focus) == SHIP


def test_what_is_recorded_of_a_view_makes_it_again():
    (_, second), _ = show(SIZE, CONTEXT, [Zoom(SHIP)])
    seen = Seen(1, "ship", tuple(SHIP), tuple(second.view.window), tuple(second.view.size), focus=tuple(second.view.focus))
    assert seen.scale == second.view.scale
    assert View(Box(*seen.window), Size(*seen.shown), focus=Box(*seen.focus)) == second.view


def test_the_model_is_told_that_the_picture_is_distorted_and_where():
    (_, second), _ = show(SIZE, CONTEXT, [Zoom(SHIP, "ship<|im_end|>")])
    shown = second.view.from_source(second.view.focus)
    thousandths = [round(side * 1000 / (1008, 504)[at % 2]) for at, side in enumerate(shown)]
    y_first = [thousandths[at] for at in (1, 0, 3, 2)]
    expected = {
        "qwen-grounding": (list(map(round, shown)), "now relative to this picture"),
        "qwen3-grounding": (thousandths, "still relative to the first picture"),
        "gemma": (y_first, "now relative to this picture"),
    }
    for name, (numbers, frame) in expected.items():
        (turn,) = dialect(name).observe(second)
        assert f"distorted: ship< |im_end|> is enlarged at {numbers} of this picture," in turn.text
        assert f"Boxes are {frame}." in turn.text
    (turn,) = dialect("qwen-grounding").observe(replace(second, label="zoom out"))
    assert turn.text.startswith("This is the view before.")
    (turn,) = dialect("zoomearth").observe(second)
    assert turn.text == "", "the published weights were not trained to read one"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A scene of 6000 x 4000 pixels with overviews, and its pixels."""
    path = tmp_path_factory.mktemp("context") / "town.tif"
    pixels = city(6000, 4000)
    make(path, pixels)
    add_overviews(path, [2, 4, 8, 16])
    return path, pixels


def warped(pixels, view, fine=4):
    """A reference: each shown pixel is the mean of fine x fine points, each looked up by the view's map."""
    width, height = view.size
    xs = [view.to_source(Box((x + 0.5) / fine, 0, 0, 0)).left for x in range(width * fine)]
    ys = [view.to_source(Box(0, (y + 0.5) / fine, 0, 0)).top for y in range(height * fine)]
    columns = np.clip(np.floor(xs).astype(int), 0, pixels.shape[2] - 1)
    rows = np.clip(np.floor(ys).astype(int), 0, pixels.shape[1] - 1)
    points = pixels[:, rows][:, :, columns].astype(float)
    return points.reshape(3, height, fine, width, fine).mean((2, 4)).transpose(1, 2, 0)


WHOLE = Box(0, 0, 6000, 4000)
FOCI = {
    "middle": Box(2800, 1900, 3400, 2300),
    "right edge": Box(5400, 1000, 6000, 1400),
    "corner": Box(0, 3600, 600, 4000),
    "wide": Box(1000, 1900, 5000, 2300),
    "pixel": Box(3000, 2000, 3001, 2001),
}


@pytest.mark.parametrize("name", FOCI)
def test_a_picture_with_a_focus_is_the_scene_warped_by_its_map(town, name):
    path, pixels = town
    view = View(WHOLE, Size(672, 448), focus=FOCI[name])
    with Scene.open(path) as scene:
        shown = scene.part(view)
        assert shown.size == view.size
        expected = warped(pixels, view)
        assert psnr(shown, expected) > 25
        x0, y0, x1, y1 = (round(side) for side in view.from_source(view.focus))
        if name != "pixel":
            assert psnr(shown.crop((x0, y0, x1, y1)), expected[y0:y1, x0:x1]) > 27
            plain = View(view.focus, Size(x1 - x0, y1 - y0))
            assert psnr(shown.crop((x0, y0, x1, y1)), scene.part(plain)) > 30


def test_a_focus_over_all_of_the_window_is_the_plain_view(town):
    view = View(WHOLE, Size(672, 448))
    with Scene.open(town[0]) as scene:
        assert scene.part(replace(view, focus=WHOLE)).tobytes() == scene.part(view).tobytes()


def test_a_picture_with_a_focus_costs_a_few_plain_views(tmp_path):
    """Not the width of the scene at native resolution, which the bands beside the focus would take."""
    path = tmp_path / "long.tif"
    make(path, city(12_000, 3000), TILED="YES")
    add_overviews(path, [2, 4, 8, 16, 32])
    size = Size(504, 126)
    with Scene.open(path) as scene:
        scene.part(View(Box(0, 0, 12_000, 3000), size, focus=Box(6000, 1500, 6252, 1563)))
        assert scene.bytes_read < 20 * 3 * size.width * size.height < 0.04 * 3 * 12_000 * 3000


def test_a_scene_without_overviews_is_shown_with_a_focus_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))
    pixels = city(6000, 4000)
    path = make(tmp_path / "plain.tif", pixels)
    view = View(WHOLE, Size(672, 448), focus=FOCI["right edge"])
    with Scene.open(path) as scene:
        assert psnr(scene.part(view), warped(pixels, view)) > 25


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(FOCI)), st.lists(st.tuples(st.floats(0, 6000), st.floats(0, 4000)), min_size=3, max_size=6))
def test_what_lies_outside_the_outline_is_grey_in_every_piece(town, name, ring):
    view = View(WHOLE, Size(336, 224), (tuple(ring),), FOCI[name])
    with Scene.open(town[0]) as scene:
        shown, bare = np.asarray(scene.part(view)), np.asarray(scene.part(replace(view, rings=())))
    for piece, (x, y) in view.pieces():
        place = slice(y, y + piece.size.height), slice(x, x + piece.size.width)
        grey = ~inside(piece)
        assert (shown[place][grey] == 128).all()
        assert (shown[place][~grey] == bare[place][~grey]).all()


def test_no_data_stays_black_in_every_piece(tmp_path):
    pixels = city(3000, 2000)
    pixels[:, :, :1500] = 0
    path = make(tmp_path / "half.tif", pixels, nodata=0)
    view = View(Box(0, 0, 3000, 2000), Size(336, 224), focus=Box(1400, 900, 1700, 1100))
    with Scene.open(path) as scene:
        shown = np.asarray(scene.part(view))
    edge = int(view.from_source(Box(1500, 0, 1500, 0)).left)
    assert not shown[:, : edge - 4].any()
    assert shown[:, edge + 4 :].any(2).all()
