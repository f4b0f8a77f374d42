"""What the geometry of a box suggests, and the walk through the questions of a file."""

import pytest
from labelling import RECORDS, box, filled, image, question, real_rows

from zoomearth.core.geometry import Box, Size
from zoomearth.core.labels.flags import GEOMETRY, flags
from zoomearth.core.labels.rows import ACCEPTED
from zoomearth.core.labels.suggest import described, level_of


@pytest.mark.skipif(not RECORDS.exists(), reason="LRS-GRO's rows are not there")
def test_the_suggested_level_is_that_of_most_real_boxes():
    rows = [row for row in real_rows() if row["bbox"]]
    right = sum(level_of(Box(*row["bbox"]), Size(1024, 1024)) == row["type"] for row in rows)
    assert right / len(rows) > 0.79


def test_a_box_around_nearly_everything_is_about_the_whole():
    assert level_of(Box(10, 0, 1000, 800), Size(1000, 800)) == "global"


@pytest.mark.parametrize(
    ("sides", "fellows", "words"),
    [
        ((100, 100, 200, 160), [], "ship"),
        ((100, 100, 200, 160), [(700, 120, 800, 170)], "leftmost ship"),
        ((450, 20, 550, 80), [(400, 600, 500, 700), (480, 500, 580, 560)], "topmost ship"),
        ((700, 100, 760, 160), [(100, 90, 200, 140), (900, 600, 990, 700)], "top-right ship"),
        ((450, 350, 550, 450), [(100, 90, 200, 140), (900, 600, 990, 700)], "central ship"),
        ((700, 100, 800, 160), [(900, 100, 990, 160)], "top-right ship"),  # the leftmost of two at the right edge is no "leftmost"
    ],
)
def test_a_description_tells_a_box_from_others_of_its_kind_and_is_true(sides, fellows, words):
    scene = image()
    mine = box(scene, *sides, label="")
    others = [box(scene, *each, label="old ship") for each in fellows] + [box(scene, 0, 0, 10, 10, label="pier")]
    given = described(" ship ", mine, scene, others)
    assert given == words
    named = box(scene, *sides, label=given)
    found = flags(question(named, f"What colour is the {given}?"), named, scene, (), [named, *others])
    assert GEOMETRY not in [flag.name for flag in found]


def test_no_noun_is_no_description():
    scene = image()
    assert described("  ", box(scene, label=""), scene, [box(scene, label="")]) == ""


def test_arrows_walk_through_all_questions(tmp_path):
    with filled(tmp_path / "labels.gpkg", count=4) as labels:
        first, second, third, fourth = (each.id for each in labels.questions())
        labels.accept(second)
        assert labels.beside(first).id == second
        assert labels.beside(fourth, back=True).id == third
        assert (labels.beside(first, back=True), labels.beside(fourth)) == (None, None)
        latest = labels.latest()
        assert (latest.what, latest.target) == (ACCEPTED, second)
        ship = labels.boxes()[0]
        assert len(labels.asked(ship.image, ship.id)) == 4
        assert labels.asked(ship.image) == []
