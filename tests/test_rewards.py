"""The rewards of GRPO: the published values to the digit, and none where there must be none."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core.geometry import Box
from zoomearth.training.data.scoring import answer_similarity, expanded512_px, four
from zoomearth.training.tuning.rewards import FORMS, RULES, Rewards, necessity, pattern, region_guided

SIDE = st.floats(0, 20_000)


@pytest.fixture(scope="module")
def reference(real_records):
    return json.loads((real_records / "reference_functions.json").read_text(encoding="utf-8"))


def test_the_boxes_are_paid_for_as_in_the_released_code(reference):
    for vector in reference["bbox_reward"]:
        predicted, truth = four(vector["pred_512"]), four(vector["ref_1024"])
        paid = 0.0
        if predicted and truth:
            a = Box(*(side * vector["scale"] for side in predicted))
            b = Box(*(side * vector["scale"] / 2 for side in truth))
            paid = expanded512_px(a, b) + region_guided(a, b)
        assert paid == pytest.approx(vector["reward"], abs=1e-12), vector


def test_answers_are_paid_for_as_in_the_released_code(reference):
    for vector in reference["correctness"]:
        assert answer_similarity(vector["gt"], vector["answer"]) == pytest.approx(vector["reward"]), vector


def test_the_form_is_paid_for_as_in_the_released_code(reference):
    for vector in reference["format"]:
        replies = [vector["c1"], vector["c2"]] if vector["c2"] else [vector["c1"]]
        assert pattern(replies) == vector["reward"], vector


def test_the_defaults_are_the_papers():
    assert Rewards().weights == {"answer": 1.0, "pattern": 0.05, "iou": 1.0, "region": 1.0, "necessity": 0.0}
    assert list(Rewards().weights) == list(RULES)
    assert (Rewards().form, Rewards().alpha) == ("tanh", 200.0)


def test_several_zooms_keep_the_form():
    asks, answers = '<think>a</think>[{"bbox_2d": [1, 2, 3, 4]}]', "<think>b</think><answer>yes</answer>"
    assert pattern([asks, asks, answers]) == 1
    assert pattern([asks, '[{"bbox_2d": [1, 2, 3, 4]}]', answers]) == 0
    assert pattern([asks]) == 0


@pytest.mark.parametrize("form", FORMS)
@given(x=SIDE, y=SIDE, dx=st.floats(0, 5000), far=st.floats(1, 5000))
def test_a_nearer_box_is_never_paid_less(form, x, y, dx, far):
    truth = Box(x, y, x + 50, y + 50)
    near, further = (Box(x + by, y, x + by + 50, y + 50) for by in (dx, dx + far))
    assert region_guided(near, truth, form) >= region_guided(further, truth, form) > 0
    assert math.isfinite(region_guided(near, truth, form))


def test_the_sigmoid_of_the_paper_can_not_fall_below_a_half():
    assert region_guided(Box(0, 0, 10, 10), Box(9000, 9000, 9010, 9010), "sigmoid") == pytest.approx(0.5, abs=0.01)
    assert region_guided(Box(0, 0, 10, 10), Box(9000, 9000, 9010, 9010), "tanh") < 0.02


def test_zooming_is_paid_for_only_where_it_is_needed():
    assert [necessity(1, True), necessity(0, False), necessity(0, True), necessity(2, False)] == [1, 1, 0, 0]
