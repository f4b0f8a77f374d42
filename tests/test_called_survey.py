"""A survey that a model calls while it answers: what it is told, what it sees, what is written, and what it costs."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from surveying import POLICY, ByTruth
from test_survey_command import SIDES, THINGS, layer, scene  # noqa: F401  (a fixture)

from zoomearth.backend.answer import Question, Used, Working, answer
from zoomearth.backend.cli import ask as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import Reply
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.toolbox import Toolbox
from zoomearth.backend.tools.pictures import PINK
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Policy, Stopped, look
from zoomearth.core.profile import Profile
from zoomearth.core.region import Region
from zoomearth.core.requests import RunTool
from zoomearth.core.source import SceneSource
from zoomearth.core.tool_calls import Offer, ToolCall, ToolUse, function
from zoomearth.core.tools import CALLED, SURVEY, TOOLS, UseTool

ASKED = "How many planes are in the whole scene?"


def call(label="planes", **arguments):
    return f"<tool_call>{json.dumps({'name': 'survey', 'arguments': {'label': label, **arguments}})}</tool_call>"


class Surveyor(ByTruth):
    """An engine that calls for what it is told to, marks what is in each view of a survey, and answers with the number that it is told."""

    def __init__(self, *calls, family="qwen-grounding", policy=POLICY):
        super().__init__(THINGS, profile=Profile("stock", dialect(family), policy))
        self.calls, self.answered = list(calls), []

    def one(self, talk):
        if talk.dialect.marks:
            return super().one(talk)
        if self.calls:
            return Reply(self.calls.pop(0))
        self.answered.append(talk)
        found = re.search(r"found (\d+)", talk.turns[-1].text)
        return Reply(f"<answer>{found[1] if found else talk.turns[-1].text[:60] or 'none'}</answer>")


def ask(engine, path, folder, region=None, budget=400, **more):
    with Scene.open(path) as opened:
        question = Question(opened, ASKED, region, POLICY_WITH_TOOLS, tools=Toolbox(Offer(str(folder), budget=budget)))
        return answer(engine, question, **more)


POLICY_WITH_TOOLS = Policy(view=168, least=168, max_tools=2, max_zooms=1)


def test_a_question_about_the_whole_scene_is_answered_by_a_survey(scene, tmp_path):  # noqa: F811
    engine, heard = Surveyor(call(size=20)), []
    answered = ask(engine, scene, tmp_path / "made", on_event=heard.append)
    assert answered.outcome.answer == str(len(THINGS))
    (use,) = answered.outcome.uses
    rows, _ = layer(use.made.out)
    assert len([row for row in rows if row["kind"] == "feature"]) == len(THINGS) == use.made.metrics["count"]
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["survey-1.gpkg"]
    views = use.made.metrics["views"]
    assert views == len([talk for talk in engine.talks if talk.dialect.marks]) > 10
    told = f"A survey for planes found {len(THINGS)}: it looked closely at 100 % of the area in {views} views"
    assert answered.notes[0].startswith(told)
    (talk,) = engine.answered
    assert told in talk.turns[-2].text
    picture = np.asarray(answered.pictures[-1])
    assert answered.outcome.views[-1].view.window == Box(0, 0, *SIDES)
    assert (picture == PINK).all(axis=2).sum() > 4 * len(THINGS)  # each is drawn
    assert [event.stage for event in heard if isinstance(event, Working)][-1] == "surveying"
    assert len([event for event in heard if isinstance(event, Used)]) == 1


def test_a_box_or_a_region_limits_it(scene, tmp_path):  # noqa: F811
    engine = Surveyor(call(size=20, bbox_2d=[0, 0, 84, 131]))  # of the picture, which is 168 pixels wide
    answered = ask(engine, scene, tmp_path / "made")
    (use,) = answered.outcome.uses
    left = [thing for thing in THINGS if thing.center[0] < 450]
    assert abs(use.made.metrics["count"] - len(left)) <= len({thing.top for thing in THINGS})  # those that the side of the box cuts
    ring = ((0.0, 0.0), (300.0, 0.0), (300.0, 300.0), (0.0, 300.0))
    engine = Surveyor(call(size=20))
    answered = ask(engine, scene, tmp_path / "made", region=Region(Box(0, 0, 300, 300), (ring,)))
    assert {talk.view.window.intersect(Box(0, 0, 300, 300)) == talk.view.window for talk in engine.talks if talk.dialect.marks} == {True}
    assert answered.outcome.uses[0].made.out.endswith("survey-2.gpkg")


def test_the_budget_bounds_the_views_and_the_model_is_told_what_nobody_saw(scene, tmp_path):  # noqa: F811
    engine = Surveyor(call(size=20))
    answered = ask(engine, scene, tmp_path / "made", budget=6)
    assert len([talk for talk in engine.talks if talk.dialect.marks]) <= 6
    assert "unseen" in answered.notes[0]
    assert answered.outcome.uses[0].made.metrics["coverage"] < 1


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (call(""), 'The call does not say what to find: give it as "label".'),
        (call(size="huge"), "size is 'huge'"),
        (call(bbox_2d=[9000, 9000, 9100, 9100]), "The box lies outside the view."),
        (call(speed=1), "survey has no parameter 'speed'"),
    ],
)
def test_a_call_that_can_t_be_done_is_a_sentence_for_the_model(written, why, scene, tmp_path):  # noqa: F811
    engine = Surveyor(written)
    answered = ask(engine, scene, tmp_path / "made")
    assert answered.outcome.stopped is Stopped.ANSWERED
    assert why in answered.outcome.uses[0].why
    assert not [talk for talk in engine.talks if talk.dialect.marks]


def test_a_cancelled_survey_leaves_no_file(scene, tmp_path):  # noqa: F811
    engine = Surveyor(call(size=20))
    answered = ask(engine, scene, tmp_path / "made", cancelled=lambda: len(engine.talks) > 3)
    assert answered.outcome.stopped is Stopped.CANCELLED
    assert list((tmp_path / "made").iterdir()) == []


def test_a_question_that_is_asked_again_goes_on_where_its_survey_was(scene, tmp_path):  # noqa: F811
    made = tmp_path / "made"
    child = subprocess.Popen([sys.executable, __file__, str(scene), str(made)], stdout=subprocess.PIPE, text=True)
    before = int(child.stdout.readline())  # views that it has asked about; it waits in the next one
    child.kill()
    child.communicate()
    (kept,) = made.glob("*.views.jsonl")
    lines = kept.read_text().splitlines()
    assert len(lines) == before
    engine = Surveyor(call(size=20))
    (use,) = ask(engine, scene, made).outcome.uses
    assert use.made.metrics["count"] == len(THINGS)
    assert len([talk for talk in engine.talks if talk.dialect.marks]) == use.made.metrics["views"] - before
    assert sorted(file.name for file in made.iterdir()) == ["survey-1.gpkg", "survey-2.gpkg"], "what the killed one had found stays"
    engine = Surveyor(call(size=20))
    ask(engine, scene, made)
    assert len([talk for talk in engine.talks if talk.dialect.marks]) == use.made.metrics["views"], "a question that was answered is new"


def test_the_same_survey_in_two_questions_at_once(scene, tmp_path):  # noqa: F811
    """The second does not wait for the file of the first, and takes nothing away from it."""
    first, second = Surveyor(call(size=20)), Surveyor(call(size=20))
    made, counts = tmp_path / "made", []

    def one(talk, one=first.one):
        if talk.dialect.marks and len(first.talks) == 9:
            counts.append(ask(second, scene, made).outcome.uses[0].made.metrics["count"])
        return one(talk)

    first.one = one
    counts.append(ask(first, scene, made).outcome.uses[0].made.metrics["count"])
    assert counts == [len(THINGS)] * 2
    assert sorted(file.name for file in made.iterdir()) == ["survey-1.gpkg", "survey-2.gpkg"]


def test_where_there_is_no_model_to_ask_it_says_so(scene, tmp_path):  # noqa: F811
    with Scene.open(scene) as opened:
        flow = look(Size(*SIDES), ASKED, POLICY_WITH_TOOLS)
        next(flow)
        observation = flow.send(ToolCall(SURVEY, None, "planes"))
        use = Toolbox(Offer(str(tmp_path / "made"))).use(opened, observation, ASKED)
    assert use == ToolUse(observation.call, why="A survey asks the model about many views, and there is none to ask here.")


def test_only_models_are_told_of_it():
    listed = function(CALLED[SURVEY], dialect("qwen-grounding").convention)["function"]
    assert listed["parameters"]["required"] == ["label"]
    assert {"bbox_2d", "label", "size"} == set(listed["parameters"]["properties"])
    assert SURVEY not in TOOLS
    with pytest.raises(ValueError, match="There is no tool 'survey'"):
        RunTool(SceneSource("a.tif"), UseTool(SURVEY), "out.gpkg")


@pytest.mark.parametrize("family", ["zoomearth", "qwen3-grounding", "general"])
def test_every_dialect_is_told_the_count(family):
    from zoomearth.core.look import Observation
    from zoomearth.core.tools import MASK, Made

    made = Made(SURVEY, "m", MASK, "out.gpkg", None, ("A survey for ships found 12: it looked closely at 97 % of the area.",), {}, 1.0)
    use = ToolUse(ToolCall(SURVEY, None, "ships"), made, step=1)
    observation = Observation(View(Box(0, 0, 100, 100), Size(56, 56)), label="ships", roi=Box(0, 0, 100, 100), step=1, used=use)
    (turn,) = dialect(family).offering(POLICY_WITH_TOOLS).observe(observation)
    assert "found 12: it looked closely at 97 %" in turn.text


def test_the_command_line_says_that_it_did_a_survey_and_what_it_cost(scene, tmp_path, monkeypatch, capsys):  # noqa: F811
    engines = []
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engines.append(Surveyor(call(size=20))) or engines[-1])
    flags = ["--tools", "--out-tools", str(tmp_path / "made"), "--budget", "300", "--view-size", "168"]
    assert main(["ask", str(scene), ASKED, *flags, "--rois", str(tmp_path / "rois.gpkg"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["answer"] == str(len(THINGS))
    assert result["tools"][0]["tool"] == "survey"
    assert result["tools"][0]["made"]["metrics"]["count"] == len(THINGS)
    assert "A survey for planes found" in result["notes"][0]
    assert main(["ask", str(scene), ASKED, *flags]) == 0
    shown = capsys.readouterr()
    assert "using survey of planes" in shown.out
    assert "views" in shown.out
    assert main(["ask", str(scene), ASKED, "--budget", "5"]) == 2
    assert "--budget is for tools" in capsys.readouterr().err


def test_an_answer_may_not_be_the_count(scene, tmp_path):  # noqa: F811
    """The model answers; the survey is beside it, to be compared."""
    engine = Surveyor(call(size=20))
    engine.one = lambda talk, one=engine.one: one(talk) if talk.dialect.marks or engine.calls else Reply("<answer>many</answer>")
    answered = ask(engine, scene, tmp_path / "made")
    assert isinstance(answered.outcome.answer, str)
    assert answered.outcome.answer == "many"
    assert str(len(THINGS)) in answered.notes[0]


def stuck(path, made, views=10):
    """Asks, and waits for its end in the middle of the survey."""
    engine = Surveyor(call(size=20))

    def reply(talks, reply=engine.reply, **_):
        if len(engine.talks) > views:
            print(len(engine.talks), flush=True)
            time.sleep(600)
        return reply(talks)

    engine.reply = reply
    ask(engine, path, Path(made))


if __name__ == "__main__":
    stuck(*sys.argv[1:])
