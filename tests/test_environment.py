"""The loop under trl: whatever a rollout does, the tool returns a picture, and only correct actions are rewarded."""

import json

import pytest
from tuning import write_folder

from zoomearth.core.example import Example
from zoomearth.core.look import Stopped
from zoomearth.core.profile import Profile
from zoomearth.training.data.folder import Folder
from zoomearth.training.tuning.environment import Environment
from zoomearth.training.tuning.rewards import RULES, Rewards, functions

END, ASK, PAD = 1, 2, 3
LOOKS = '<think>there</think>[{"bbox_2d": [11, 16, 50, 61], "label": "ship"}]'
SAYS = "<think>a ship</think><answer>ship</answer>"


def profile(dialect="zoomearth", **policy):
    shown = {"view": 168, "least": 56, "multiple": 28, "max_zooms": 2, "native": 1.5, **policy}
    return Profile.from_dict({"name": "t", "dialect": dialect, "policy": shown})


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return list(Folder().load(write_folder(tmp_path_factory.mktemp("data") / "own")))


class AlwaysSeeing:
    share = 1.0


def called(reply):
    return {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "zoom", "arguments": {"reply": reply}}}]}


def play(environment, replies, index=0, cut=False):
    """Like trl: each reply with a box goes to the tool, up to the limit. Returns the outcome and the results of the tool."""
    given = [environment.reset(index=index, prompt=[])]
    completion = []
    for reply in replies:
        asks = "bbox_2d" in reply
        completion.append(called(reply) if asks else {"role": "assistant", "content": reply})
        if asks and len(given) <= environment._profile.policy.max_zooms:
            given.append(environment.zoom(reply))
            completion.append({"role": "tool", "content": given[-1]})
    return environment._end(completion, cut), given, completion


def pictures(content):
    return [block["image"] for block in content if block["type"] == "image"]


def test_a_rollout_is_one_conversation_however_far_the_zoom_is_from_native(examples):
    outcome, given, _ = play(Environment(profile(), examples), [LOOKS, LOOKS, SAYS])
    assert (outcome.answer, outcome.stopped, len(outcome.zooms)) == ("ship", Stopped.ANSWERED, 2)
    assert [block["type"] for block in given[0]] == ["image", "text"]
    assert all([block["type"] for block in content] == ["image"] for content in given[1:])


def test_only_the_zoom_is_offered_to_the_model():
    offered = [name for name, member in vars(Environment).items() if callable(member) and not name.startswith("_")]
    assert sorted(offered) == ["reset", "zoom"]


@pytest.mark.parametrize(
    ("replies", "stopped"),
    [
        (['[{"bbox_2d": [900, 900, 950, 950]}]', SAYS], Stopped.BAD_BOX),
        (['[{"bbox_2d": [50, 50, 20, 20]}]', SAYS], Stopped.BAD_BOX),
        (['[{"bbox_2d": [NaN, 1, 2, 3]}]', SAYS], Stopped.UNREADABLE),
        ([LOOKS, LOOKS, LOOKS], Stopped.LIMIT),
        ([LOOKS, "a ship"], Stopped.UNREADABLE),
        (["<answer>"], Stopped.UNREADABLE),
        ([""], Stopped.UNREADABLE),
    ],
)
def test_nonsense_gets_a_picture_all_the_same_and_no_pay_for_an_answer(examples, replies, stopped):
    outcome, given, _ = play(Environment(profile(), examples), replies)
    assert (outcome.stopped, outcome.answer) == (stopped, None)
    for content in given:
        assert len(pictures(content)) == 1


def test_a_rollout_without_room_for_its_crop_is_cut_not_answered(examples):
    environment = Environment(profile(), examples)
    environment.reset(index=0)
    environment.zoom(LOOKS)
    assert environment._end([called(LOOKS)], cut=True).stopped is Stopped.ENDLESS


def test_an_environment_is_used_again(examples):
    environment = Environment(profile(), examples)
    play(environment, [LOOKS, "nonsense"])
    outcome, _, _ = play(environment, ["<think>all</think><answer>no</answer>"], index=1)
    assert (outcome.answer, outcome.zooms, environment._error) == ("no", [], None)


def reward(examples, plays, ends=(END, ASK), **rewards):
    environments, completions, ids, logged = [], [], [], {}
    for index, replies, last in plays:
        environments.append(Environment(profile(), examples))
        _, _, completion = play(environments[-1], replies, index, cut=last not in ends)
        completions.append(completion)
        ids.append([7, last])
    paid = {}
    for name, function in zip(RULES, functions(Rewards(**rewards), ends, AlwaysSeeing())):
        paid[name] = function(
            environments=environments, completions=completions, completion_ids=ids, index=[0] * len(ids),
            log_metric=lambda key, value: logged.setdefault(key, []).append(float(value)),
        )  # fmt: skip
    return paid, logged


def test_rollouts_are_paid_for_what_they_did(examples):
    paid, logged = reward(
        examples,
        [(0, [LOOKS, SAYS], END), (0, [SAYS], END), (0, [LOOKS, "<answer>boat"], 9), (1, ["<think>.</think><answer>no</answer>"], END)],
        measure="raw_px",
    )
    assert paid["answer"] == [1, 1, 0, 1]
    assert paid["pattern"] == [1, 1, 0, 1]
    assert paid["necessity"] == [1, 0, 1, 1]
    assert paid["iou"][0] > 0.9
    assert paid["iou"][1:] == [0, pytest.approx(paid["iou"][0]), None]
    assert paid["region"][0] > 0.9
    assert paid["region"][3] is None
    assert logged["zoom_rate/object"] == [1, 0, 1]
    assert logged["zoom_rate/global"] == [0]
    assert logged["box_valid"] == [1, 1]
    assert logged["batches_with_pictures"] == [1]


def test_a_scene_that_fails_in_the_night_teaches_nothing_and_stops_nothing(examples, tmp_path):
    broken = tmp_path / "broken.tif"
    broken.write_bytes(examples[0].image.read_bytes()[:20_000])
    bad = [Example.of("b", broken, "?", "ship", box=examples[0].box), Example.of("m", tmp_path / "gone.tif", "?", "ship")]
    for index in range(2):
        paid, logged = reward(bad, [(index, [LOOKS, SAYS], END)])
        assert all(values == [None] for values in paid.values()), json.dumps(paid)
        assert logged["scene_unreadable"] == [1]
