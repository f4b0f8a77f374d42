"""The figures of `zoomearth evaluate skills`: perfect replies score 1, and each fault costs what it should."""

import json
import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.core.boxes import BBOX_2D
from zoomearth.core.geometry import Box
from zoomearth.core.paths import RESOURCES
from zoomearth.core.profile import Profile
from zoomearth.training.evaluation import skills, spoilt, statistics
from zoomearth.training.evaluation.marking import f1, paired
from zoomearth.training.scenes.questions import exam
from zoomearth.training.scenes.scene import make_scene

PROFILE = Profile.of_folder(RESOURCES / "demo")
sides = st.integers(0, 40)
boxes = st.lists(
    st.builds(lambda x, y, w, h: Box(x, y, x + w + 1, y + h + 1), sides, sides, sides, sides),
    max_size=6,
)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of the scenes, which are drawn once."""
    return tmp_path_factory.mktemp("scenes")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Scenes of 1,024 px are drawn in a tenth of a second."""
    monkeypatch.setattr(skills, "SIZE", 1024)
    monkeypatch.setattr(skills, "SIZES", (1024,))
    monkeypatch.setattr(statistics, "RESAMPLES", 50)


@given(boxes, boxes)
def test_pairs_are_as_many_as_both_allow_and_do_not_depend_on_the_order(first, second):
    pairs = paired(first, second)
    assert 0 <= pairs <= min(len(first), len(second))
    assert paired(second, first) == pairs
    assert paired(first, list(dict.fromkeys(first))) == len(set(first))


def test_f1_counts_what_is_missed_and_what_is_too_much():
    assert f1([(2, 2, 2), (0, 0, 0)]) == 1
    assert f1([(0, 0, 0)]) == 1
    assert f1([(1, 1, 2)]) == pytest.approx(2 / 3)
    assert f1([(1, 3, 1)]) == pytest.approx(1 / 2)


def test_a_request_is_right_with_the_right_tool_verb_and_box(folder):
    engine = ScriptedEngine(PROFILE, [""])
    cases = list(islice(skills.requests(folder, engine), 12))
    assert {case.tool for case in cases} == set(skills.TOOLS)
    assert cases[0].picture.size == (168, 168)

    def call(case, tool=None, shift=0, verb=None):
        box = [round(side) + shift for side in case.truth[0]]
        verb = {"verb": verb or case.verb} if case.verb else {}
        arguments = {"bbox_2d": box, "label": "x", **verb}
        return f"<think>-</think><tool_call>{json.dumps({'name': tool or case.tool, 'arguments': arguments})}</tool_call>"

    def share(replies):
        return skills.share_right(skills.ask(ScriptedEngine(PROFILE, replies), cases, 5))

    assert share([call(case) for case in cases]) == 1
    whole = sum(case.tool == "cloud-removal" for case in cases)
    assert share([call(case, shift=15) for case in cases]) == pytest.approx(whole / len(cases)), "clouds are removed from the whole view"
    assert share([call(case, tool="zoom") for case in cases]) == 0
    edits = sum(case.tool == "editing" for case in cases)
    pasted = skills.summary(skills.ask(ScriptedEngine(PROFILE, [call(case, verb="paste") for case in cases]), cases, 5), skills.share_right)
    assert pasted["all"]["value"] == 1
    assert pasted["all"]["exact"] == pytest.approx(1 - edits / len(cases))
    assert share(["<answer>done</answer>"]) == 0
    assert share(['<tool_call>{"name": 1']) == 0


def test_marks_are_scored_by_view_and_size(folder):
    cases = list(islice(skills.views(folder), 30))
    assert {len(case.truth) > 0 for case in cases} == {True, False}
    replies = [BBOX_2D.write([(tuple(map(int, box)), "x") for box in case.truth]) for case in cases]
    rows = skills.summary(skills.ask(ScriptedEngine(PROFILE, replies), cases, 4), skills.marks_f1)
    assert rows["all"]["value"] == rows["1024 px"]["value"] == 1
    assert rows["all"]["truth"] == sum(len(case.truth) for case in cases)
    nothing = skills.summary(skills.ask(ScriptedEngine(PROFILE, ["[]"]), cases, 4), skills.marks_f1)
    assert nothing["all"]["value"] == 0


@pytest.mark.parametrize("kind", list(spoilt.TOOLS))
def test_answers_that_a_call_of_the_tool_wins_back_are_counted(kind, tmp_path, monkeypatch):
    """The model finds every answer on the clean scene and with the tool, and none on the spoilt scene."""
    monkeypatch.setattr(spoilt, "SIZE", 1024)
    questions = [question for question in exam(make_scene(5), random.Random("spoilt 5")) if question.site]
    replies = []
    for question in questions:
        box = [round(side * 168) for side in question.site.box]
        call = json.dumps({"name": spoilt.TOOLS[kind], "arguments": {"bbox_2d": box, "label": question.label}})
        right = f"<answer>{question.answer}</answer>"
        replies += [f"<tool_call>{call}</tool_call>", right, right, "<answer>unclear</answer>"]
    results = spoilt.ask(ScriptedEngine(PROFILE, replies), 5, kind, tmp_path)
    row = spoilt.summary(results)
    assert row["n"] == row["lost"] == len(questions)
    assert (row["clean"], row["spoilt"], row["restored"], row["won_back"]) == (1, 0, 1, 1)
    assert row["called"] == 1 if kind == "noise" else row["called"] > 0.5, "a site wholly under clouds can't be fitted to the reference"
    assert row["interval"] == (1, 1)


def test_the_command_prints_both_as_json(folder, capsys):
    assert main(["evaluate", "skills", "--requests", "2", "--marks", "2", "--data", str(folder), "--device", "cpu", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["requests"]["all"]["n"] == figures["marks"]["all"]["n"] == 2
