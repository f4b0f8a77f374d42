"""The loop of a survey: where it fails, a thing is missed, or counts twice, or the count does not say what nobody looked at."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from surveying import seen, surveyed

from zoomearth.core.geometry import Box, Size
from zoomearth.core.look import Policy
from zoomearth.core.marks import Mark, Reading, State
from zoomearth.core.nearby import Nearby
from zoomearth.core.pieces import Piece, Pieces, settled
from zoomearth.core.plan import Plan
from zoomearth.core.region import Region
from zoomearth.core.survey import survey
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
        each for each in every if box.left <= level.cell(each).center[0] < box.right and box.top <= level.cell(each).center[1] < box.bottom
    ]


boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    st.floats(-500, 500),
    st.floats(-500, 500),
    st.floats(0.1, 400),
    st.floats(0.1, 40),
)


@given(st.lists(boxes, max_size=20), boxes, st.data())
def test_boxes_that_touch_are_found_whatever_their_sizes(many, box, data):
    index = Nearby.of(many)
    gone = set(data.draw(st.lists(st.sampled_from(range(len(many))), unique=True))) if many else set()
    for number in gone:
        index.remove(number)
    assert index.near(box) == [number for number, each in enumerate(many) if number not in gone and each.intersect(box).area]


@given(st.integers(112, 900), st.integers(112, 900), st.integers(0, 56))
def test_four_parts_show_all_of_a_view(width, height, overlap):
    parts = quarters(Box(0, 0, width, height), overlap)
    assert [(part.left == 0, part.top == 0) for part in parts] == [(True, True), (False, True), (True, False), (False, False)]
    assert [(part.right == width, part.bottom == height) for part in parts] == [(False, False), (True, False), (False, True), (True, True)]
    assert parts[0].right - parts[1].left >= overlap
    assert parts[0].bottom - parts[2].top >= overlap


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
    for _number in range(rng.randint(2, 40)):
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


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_each_thing_counts_once_where_a_model_is_not_exact(seed):
    """Boxes that are up to two pixels off, and no marks of things of which less than a third is visible, as the demo model was taught."""
    rng = random.Random(seed)
    things = []
    for _ in range(60):
        width, height = rng.randint(20, 40), rng.randint(20, 40)
        x, y = rng.choice([rng.randint(0, 660), 118 * rng.randint(1, 5) - rng.randint(0, width)]), rng.randint(0, 480)
        box = Box(x, y, x + width, y + height)
        near = Box(x - 9, y - 9, box.right + 9, box.bottom + 9)
        if box.right <= 700 and box.bottom <= 520 and not any(near.intersect(other).area for other in things):
            things.append(box)

    def mark(wanted):
        shaken = [
            Box(*(side + rng.uniform(-2, 2) for side in part)).intersect(wanted.view.window) for part in seen(things, wanted.view.window)
        ]
        return Reading(State.DONE, tuple(Mark(part) for part in shaken if part.area))

    features, _, result, _ = surveyed(things, SIZE, Plan(thing=40.0), mark=mark)
    assert result.count == len(things)
    for thing in things:
        assert sum(feature.box.iou(thing) > 0.5 for feature in features) == 1


def test_a_thing_larger_than_the_views_comes_from_a_coarser_level():
    runway = Box(100, 300, 1100, 340)
    features, records, result, _ = surveyed([runway], (1200, 1200), Plan(scale=1.0, thing=600.0))
    assert [feature.box for feature in features] == [runway]
    assert result.count == 1
    assert {record.scale for record in records} > {1.0}


def test_large_things_of_a_coarse_level_and_small_ones_of_a_fine_level_do_not_double():
    """The size is not known, so that both levels are looked at."""
    things = [Box(200, 200, 460, 420), Box(600, 600, 620, 612), Box(640, 600, 660, 612)]
    features, records, _result, _ = surveyed(things, (1400, 1400), Plan())
    assert len({record.scale for record in records}) == 2
    assert sorted(feature.box for feature in features) == things


@pytest.mark.parametrize(("thing", "counts"), [(20.0, 3), (120.0, 1), (None, 3)])
def test_one_box_around_several_is_one_of_two_and_the_other_stays_as_a_candidate(thing, counts):
    ships = [Box(20, 20, 40, 28), Box(60, 20, 80, 28), Box(100, 60, 120, 68)]
    herd = Box(15, 15, 125, 72)
    reading = Reading(State.DONE, tuple(map(Mark, (herd, *ships))))
    features, _, result, _ = surveyed([], (168, 168), Plan(thing=thing), mark=lambda wanted: reading)
    assert (result.count, result.candidates) == (counts, 4 - counts)
    assert sorted(feature.box for feature in features) == sorted([herd, *ships])


def test_neighbours_in_a_row_do_not_merge_where_boxes_overlap():
    """Cars side by side, whose upright boxes overlap by a third, across a seam."""
    cars = [Box(60 + 14 * at, 40, 80 + 14 * at, 80) for at in range(12)]
    features, _, _result, _ = surveyed(cars, (400, 168), Plan(thing=40.0))
    assert sorted(feature.box for feature in features) == cars


def test_small_things_side_by_side_are_not_one_where_each_view_has_missed_another():
    """Parked cars of 9 x 4 pixels in a view of 1,008, a pixel apart."""
    area = Box(0, 0, 3000, 1008)
    left, right = Box(0, 0, 1008, 1008), Box(900, 0, 1908, 1008)
    one = Piece(Box(950, 500, 959, 504), "car", None, "a", left, 1.0, area)
    other = Piece(Box(950, 505, 959, 509), "car", None, "b", right, 1.0, area)
    again = Piece(Box(951, 500, 960, 505), "car", None, "b", right, 1.0, area)
    assert len(settled([one, other])) == 2
    assert len(settled([one, other, again])) == 2


def test_a_piece_that_adds_nothing_to_what_ends_at_the_seam_is_dropped():
    area = Box(0, 0, 400, 168)
    left, right = Box(0, 0, 168, 168), Box(118, 0, 286, 168)
    ship = Piece(Box(60, 50, 121, 80), "ship", None, "a", left, 1.0, area)
    bow = Piece(Box(118, 52, 124, 78), "ship", None, "b", right, 1.0, area)
    other = Piece(Box(118, 100, 124, 126), "ship", None, "b", right, 1.0, area)
    assert [feature.box for feature in settled([bow, ship])] == [ship.box]
    assert len(settled([bow, ship, other])) == 2


def test_a_list_at_its_limit_is_asked_again_in_four_parts():
    things = [Box(x, y, x + 4, y + 4) for x in range(4, 330, 12) for y in range(4, 330, 12)]

    def mark(wanted):
        marks = tuple(Mark(part) for part in seen(things, wanted.view.window, 0.5))
        return Reading(State.DONE, marks[:20]) if len(marks) > 20 else Reading(State.DONE, marks)

    policy = Policy(view=336, multiple=28)
    _, _, result, _ = surveyed(things, (336, 336), Plan(thing=4.0, most=20, splits=4), policy, mark=mark)
    assert result.views[State.SPLIT] > 1
    assert result.views[State.SATURATED] > 0, "its last parts are too small to be split"
    assert result.coverage == 0.0, "no list is complete"
    assert result.count == 20 * 16, "and what they have counts"
    _features, _records, result, _ = surveyed(things, (336, 336), Plan(thing=4.0, most=800), policy)
    assert result.count == len(things)


def test_a_list_that_was_cut_off_counts_what_the_parts_show():
    things = [Box(x, y, x + 10, y + 10) for x in range(5, 400, 60) for y in range(5, 400, 60)]

    def mark(wanted):
        marks = tuple(Mark(part) for part in seen(things, wanted.view.window))
        return Reading(State.SATURATED, marks[:2], "the list was cut off") if wanted.view.window.width > 250 else Reading(State.DONE, marks)

    policy = Policy(view=420, multiple=28)
    features, _records, result, _ = surveyed(things, (420, 420), Plan(thing=10.0), policy, mark=mark)
    assert sorted(feature.box for feature in features) == sorted(things)
    assert (result.views[State.SPLIT], result.views[State.DONE], result.coverage) == (1, 4, 1.0)
    features, _, result, _ = surveyed(things, (420, 420), Plan(thing=10.0, budget=3), policy, mark=mark)
    assert result.count >= 2, "what the whole view showed counts where a part of it was not looked at"
    assert result.views[State.UNSEEN] == 2
    assert result.coverage == 0.5


def test_a_stop_between_the_parts_of_a_view_loses_nothing():
    things = [Box(x, y, x + 10, y + 10) for x in range(5, 400, 60) for y in range(5, 400, 60)]

    def mark(wanted):
        marks = tuple(Mark(part) for part in seen(things, wanted.view.window))
        return Reading(State.SATURATED, marks, "the list was cut off") if not wanted.depth else None

    features, _, result, _ = surveyed(things, (420, 420), Plan(thing=10.0), Policy(view=420, multiple=28), mark=mark)
    assert sorted(feature.box for feature in features) == sorted(things)
    assert (result.views[State.UNSEEN], result.coverage) == (4, 0.0)


def test_a_coarse_level_for_large_things_is_not_split():
    """The size is not known: of many small things, the coarse views have long lists."""
    things = [Box(x, y, x + 10, y + 10) for x in range(5, 1300, 30) for y in range(5, 1300, 30)]
    _, _, result, _ = surveyed(things, (1320, 1320), Plan(most=60))
    assert result.count == len(things)
    assert State.SPLIT not in result.views
    assert result.coverage == 1.0


def test_an_endless_list_ends():
    """Each view of the survey repeats itself for ever."""
    same = lambda wanted: Reading(State.SATURATED, (Mark(wanted.view.window),), "the list repeats itself")  # noqa: E731
    _, _records, result, asked = surveyed([], (400, 400), Plan(thing=20.0), mark=same)
    assert result.coverage == 0.0
    assert len(asked) == result.asked <= 21 * 16
    assert result.views[State.SATURATED]


@pytest.mark.parametrize("way", ["exhaustive", "guided"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_ledger_says_what_became_of_every_place(way, data):
    """Whatever became of the views: their own parts do not overlap, and are the area together."""
    size = data.draw(st.tuples(st.integers(100, 1500), st.integers(100, 1500)))
    plan = Plan(thing=30.0, way=way, budget=data.draw(st.one_of(st.none(), st.integers(1, 60))))
    rng = random.Random(data.draw(st.integers(0, 10**6)))

    def mark(wanted):
        state = rng.choice([State.DONE, State.DONE, State.EMPTY, State.FAILED, State.SATURATED, None])
        if state is None:
            return None if rng.random() < 0.05 else Reading(State.DONE, (Mark(wanted.view.window),))
        return Reading(state)

    _, records, result, _asked = surveyed([], size, plan, mark=mark)
    if plan.budget:
        assert result.asked <= plan.budget
    last = [record for record in records if record.state is not State.SPLIT]
    if way == "guided":  # a coarse view that leads to closer ones is no last word
        last = [record for record in last if record.id.startswith("0/") or record.state in (State.EMPTY, State.FAILED, State.UNSEEN)]
    area = sum(record.cell.area for record in last)
    assert area >= 0.999 * size[0] * size[1]
    if way == "exhaustive":
        assert area <= 1.001 * size[0] * size[1]
    assert 0 <= result.coverage <= 1


def test_a_guided_survey_finds_the_same_in_fewer_views():
    things = [Box(5000 + 40 * at, 3000, 5024 + 40 * at, 3012) for at in range(5)] + [Box(300, 7000, 324, 7012)]
    plan = Plan(thing=24.0, way="guided")
    _features, records, result, asked = surveyed(things, (8192, 8192), plan)
    assert result.count == len(things)
    everything = surveyed(things, (8192, 8192), Plan(thing=24.0))[2]
    assert everything.count == len(things)
    assert result.asked * 20 < everything.asked
    assert result.coverage < 0.05, "what coarse views ruled out was not looked at closely"
    unseen = [record for record in records if record.state is State.UNSEEN]
    assert sum(record.views for record in unseen) > 0.9 * everything.asked
    assert {record.why for record in unseen} == {"a coarser view showed no such place"}
    assert all(wanted.places == (not wanted.id.startswith("0/")) for wanted in asked)


def test_the_survey_stays_inside_polygons_and_outside_costs_nothing():
    ring = ((100.0, 100.0), (700.0, 100.0), (100.0, 700.0))
    region = Region.of((ring,), Box(0, 0, 2000, 2000))
    things = [Box(120, 120, 140, 140), Box(660, 660, 680, 680), Box(1500, 1500, 1520, 1520)]
    _, _records, result, asked = surveyed(things, (2000, 2000), Plan(thing=20.0), region=region)
    assert result.count == 1
    assert result.coverage == 1.0
    inside = [wanted for wanted in asked if region.touches(wanted.view.window)]
    assert asked == inside
    assert len(asked) < 20
    assert all(wanted.view.rings for wanted in asked)


def test_a_stopped_survey_says_what_it_has_not_seen():
    things = [Box(x, y, x + 20, y + 20) for x in range(20, 1000, 100) for y in range(20, 1000, 100)]
    left = iter(range(10**6))

    def mark(wanted):
        return None if next(left) >= 40 else Reading(State.DONE, tuple(Mark(part) for part in seen(things, wanted.view.window)))

    features, _records, result, _ = surveyed(things, (1000, 1000), Plan(thing=20.0), mark=mark)
    assert 0 < result.count < 100
    assert result.count == len(features)
    assert result.views[State.DONE] == 40
    assert result.views[State.UNSEEN] == 49 - 40
    assert 0.5 < result.coverage < 0.9


def test_features_are_given_out_while_the_survey_runs_and_little_is_kept():
    """A long strip: what lies behind is settled."""
    things = [Box(x, 50, x + 20, 70) for x in range(20, 30_000, 60)]
    held = []
    flow_features = []
    flow = survey(Size(30_100, 168), Plan(thing=20.0), Policy(view=168, multiple=28), None, 8)
    step = next(flow)
    while step.wanted:
        flow_features += step.features
        readings = [Reading(State.DONE, tuple(map(Mark, seen(things, wanted.view.window)))) for wanted in step.wanted]
        held += [len(reading.marks) for reading in readings]
        step = flow.send(readings)
        assert sum(held) - len(flow_features) - len(step.features) < 0.35 * sum(held) + 20
    flow_features += step.features
    assert len(flow_features) == len(things)


@pytest.mark.parametrize("wrong", [{"scale": 0.5}, {"scale": float("nan")}, {"thing": 0.0}, {"thing": float("inf")}, {"way": "quick"}])
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"it is one of|at least 1"):
        Plan(**wrong)


def test_a_region_outside_the_raster_is_refused():
    with pytest.raises(ValueError, match="outside the raster"):
        surveyed([], (100, 100), Plan(), region=Region(Box(200, 200, 300, 300)))
