"""The loop of a survey: where it fails, a thing is missed, or counts twice, or the count does not say what nobody looked at."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from surveying import seen, surveyed

from zoomearth.core.geometry import Box, Size
from zoomearth.core.look import Policy
from zoomearth.core.marks import Mark, Reading, State
from zoomearth.core.pieces import Piece, Pieces, settled
from zoomearth.core.region import Region
from zoomearth.core.survey import Plan
from zoomearth.core.tiling import Level, quarters

GAP = 6  # pixels between things at native resolution: nearer than the slack of a box they can't be told apart


@st.composite
def levels(draw):
    left, top = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    area = Box(left, top, left + draw(st.integers(1, 3000)), top + draw(st.integers(1, 3000)))
    side = draw(st.integers(1, 900))
    return Level(area, side, draw(st.integers(max(1, side // 2), side)))


@given(level=levels(), data=st.data())
def test_views_cover_the_area_and_cells_share_it_out(level, data):
    x = data.draw(st.floats(level.area.left, level.area.right - 1e-3))
    y = data.draw(st.floats(level.area.top, level.area.bottom - 1e-3))
    spot = Box(x, y, x + 1e-3, y + 1e-3)
    rows, columns = level.touching(spot)
    inside = [level.window((row, column)) for row in rows for column in columns]
    assert inside
    assert all(window.intersect(spot).area for window in inside)
    assert all(window.width == min(level.side, level.area.width) for window in inside), "the last column is moved back, not cut"
    assert all(window.intersect(level.area) == window for window in inside)
    rows, columns = level.owning(spot)
    owners = [(row, column) for row in rows for column in columns if level.cell((row, column)).contains(x, y)]
    assert len(owners) == 1
    cell, window = level.cell(owners[0]), level.window(owners[0])
    assert cell.intersect(window) == cell, "a view shows its own part"


@given(level=levels(), data=st.data())
@settings(max_examples=50)
def test_views_are_found_by_what_they_show(level, data):
    """Against all views, one by one."""
    if level.size > 400:
        return
    corner = data.draw(st.tuples(st.floats(0, 3500), st.floats(0, 3500)))
    box = Box(*corner, corner[0] + data.draw(st.floats(0.1, 900)), corner[1] + data.draw(st.floats(0.1, 900)))
    every = [(row, column) for row in range(level.rows) for column in range(level.columns)]
    for found, of in ((level.touching(box), level.window), (level.owning(box), level.cell)):
        assert [(row, column) for row in found[0] for column in found[1]] == [each for each in every if of(each).intersect(box).area]
    rows, columns = level.centred(box)
    assert [(row, column) for row in rows for column in columns] == [
        each
        for each in every
        if box.left <= level.cell(each).center[0] < box.right and box.top <= level.cell(each).center[1] < box.bottom
    ]


@given(st.integers(112, 900), st.integers(112, 900), st.integers(0, 56))
def test_four_parts_show_all_of_a_view(width, height, overlap):
    parts = quarters(Box(0, 0, width, height), overlap)
    assert {part.left for part in parts} >= {0} and {part.right for part in parts} >= {width}
    assert sorted({(part.left, part.right) for part in parts})[0][1] - sorted({(part.left, part.right) for part in parts})[-1][0] >= overlap


@st.composite
def scattered(draw, size, largest, seams=()):
    """Things that do not touch, some of them on purpose across a seam."""
    things = []
    for _ in range(draw(st.integers(1, 25))):
        width, height = draw(st.integers(6, largest)), draw(st.integers(6, largest))
        left, top = draw(st.integers(0, max(1, size[0] - width))), draw(st.integers(0, max(1, size[1] - height)))
        if seams and draw(st.booleans()):
            left = min(max(0, draw(st.sampled_from(seams)) - draw(st.integers(0, width))), size[0] - width)
        box = Box(left, top, min(left + width, size[0]), min(top + height, size[1]))
        near = Box(box.left - GAP, box.top - GAP, box.right + GAP, box.bottom + GAP)
        if not any(near.intersect(other).area for other in things):
            things.append(box)
    return things


SIZE = (700, 520)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_each_thing_counts_once_wherever_seams_are(data):
    """Things up to the overlap, and larger ones, with windows of every kind; the boxes are the true ones to the pixel."""
    thing = data.draw(st.sampled_from([None, 24.0, 40.0, 67.0]))
    plan = Plan(thing=thing)
    level = plan.levels(Box(0, 0, *SIZE), Policy(view=168, multiple=28))[0]
    seams = [int(side) for column in range(level.columns) for side in level.window((0, column))[0:3:2]]
    things = data.draw(scattered(SIZE, data.draw(st.sampled_from([30, 60, 160])), seams))
    everything = Policy(view=168, multiple=28)
    mark = lambda wanted: Reading(State.DONE, tuple(Mark(part) for part in seen(things, wanted.view.window, 1e-9)))  # noqa: E731
    features, records, result, _ = surveyed(things, SIZE, plan, everything, mark=mark)
    found = sorted(feature.box for feature in features if not feature.candidate)
    assert found == sorted(things)
    assert result.count == len(things)
    assert result.coverage == 1.0
    assert sum(record.views for record in records if record.state is State.DONE) == result.asked


@given(seed=st.integers(0, 10**9), thing=st.sampled_from([None, 30.0]))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_views_changes_nothing(seed, thing):
    """Also where marks are wrong: shifted, doubled, one around several, in views of two scales."""
    rng = random.Random(seed)
    area = Box(0, 0, 600, 600)
    pieces = []
    for number in range(rng.randint(2, 40)):
        scale = rng.choice([1.0, 1.0, 4.0])
        side = 150 * scale
        left, top = (rng.choice([0, 100, 200, 300, 450]) for _ in range(2))
        window = Box(left, top, min(left + side, 600), min(top + side, 600))
        x, y = rng.uniform(window.left, window.right - 4), rng.uniform(window.top, window.bottom - 4)
        box = Box(x, y, x + rng.uniform(4, 90), y + rng.uniform(4, 90)).intersect(window)
        pieces.append(Piece(box, "ship", rng.choice([None, 0.5]), f"{scale}/{left}/{top}", window, scale, area))
        if rng.random() < 0.3:
            pieces.append(pieces[-1])
    shuffled = rng.sample(pieces, len(pieces))
    assert settled(pieces, thing) == settled(shuffled, thing)
    gathered = Pieces(thing)
    for piece in shuffled:
        gathered.add(piece)
    expected = Pieces(thing)
    for piece in pieces:
        expected.add(piece)
    assert gathered.settle(lambda box: False) == expected.settle(lambda box: False)
    assert not len(gathered)
