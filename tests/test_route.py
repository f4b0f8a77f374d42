"""Which questions get no zoom: one about a part that is taken for one about the whole costs the answer."""

import json

import pytest

from zoomearth.core.geometry import Size
from zoomearth.core.look import Answer, Policy, Stopped, Zoom, look
from zoomearth.core.route import about_the_whole


def test_on_lrs_gro_three_of_four_questions_about_the_whole_are_known_and_none_about_a_part_is_taken_for_one(real_records):
    lines = (real_records / "lrs_gro_rl.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    taken = [row for row in rows if about_the_whole(row["question"])]
    whole = sum(row["type"] == "global" for row in rows)
    assert (len(rows), whole) == (6622, 1593)
    assert (len(taken), sum(row["type"] == "global" for row in taken)) == (1205, 1205)


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What is the main type of area shown in this image?", True),
        ("Does this image mainly depict an urban or rural area?", True),
        ("What season does the scene appear to be?", True),
        ("Is the entire picture covered by clouds?", True),
        ("Ist das Bild überwiegend städtisch?", True),
        ("Welche Jahreszeit zeigt die Aufnahme?", True),
        ("How many ships are in the whole image?", False),
        ("What is the main function of the airport terminal?", False),
        ("Is the north-western part of the image mainly rural?", False),
        ("Wie viele Schiffe zeigt das gesamte Bild?", False),
        ("What is the roof made of? Answer for the whole image.", False),
        ("", False),
    ],
)
def test_words_say_what_a_question_is_about(question, whole):
    assert about_the_whole(question) is whole


@pytest.mark.parametrize(("route", "zooms"), [("model", True), ("words", False)])
def test_only_a_policy_that_routes_answers_from_the_global_view(route, zooms):
    flow = look(Size(9000, 9000), "Is this image mainly urban or rural?", Policy(route=route))
    first = next(flow)
    assert first.must_answer is not zooms
    with pytest.raises(StopIteration) as end:
        flow.send(Answer("urban"))
    assert end.value.value.stopped is Stopped.ANSWERED, "an answer that was wanted so is no guess at the limit"


def test_a_model_that_zooms_all_the_same_is_asked_for_its_answer():
    flow = look(Size(9000, 9000), "Is this image mainly urban or rural?", Policy(route="words"))
    first = next(flow)
    second = flow.send(Zoom(first.view.window))
    assert (second.view, second.must_answer) == (None, True)
    with pytest.raises(StopIteration) as end:
        flow.send(Answer("urban"))
    assert end.value.value.answer == "urban"
