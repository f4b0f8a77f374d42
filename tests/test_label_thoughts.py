"""Chains of thought for accepted questions: from a model, from the geometry, by a person; and in the SFT form."""

import json
from dataclasses import replace

import pytest
from labelling import box, filled, image
from test_label_commands import PROFILE, rasters, run  # noqa: F401

from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.scripted import ScriptedEngine
from zoomearth.backend.labels.images import examined
from zoomearth.backend.labels.think import think, wanted
from zoomearth.core.labels import review, thoughts
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.learning import Judged, judgements, learn
from zoomearth.core.labels.rows import ACCEPTED, Question
from zoomearth.core.source import SceneSource

LOCATE, REASON = "A blue shape lies near the upper left corner.", "The crop shows a blue deck. The answer is blue."
REPLY = f"Gladly. {json.dumps({'locate': LOCATE, 'reason': REASON})}"


@pytest.fixture
def labels(rasters, tmp_path):  # noqa: F811
    """A file with a box on a raster, an accepted question about it, one about the whole image, and a candidate."""
    with LabelFile.open(tmp_path / "labels.gpkg", "Ada", new=True) as labels:
        scene = examined(SceneSource(str(rasters / "a.tif")))
        ship = box(scene, 20, 20, 80, 50, label="blue ship")
        labels.add(scene, ship)
        labels.regenerate(scene.id, ship.id, [Question("1", scene.id, "What colour?", "blue", ship.id, (ship.id,), maker="m")])
        labels.regenerate(scene.id, "", [Question("2", scene.id, "Is it a port?", "no", maker="m")])
        labels.accept("1")
        labels.accept("2")
        labels.add(Question("3", scene.id, "What else?", "sand", ship.id, (ship.id,), maker="m"))
        yield labels


def of(labels, id):
    return labels.get(Question, id).thoughts


def test_a_model_that_knows_the_answer_proposes_and_the_reply_is_kept(labels):
    engine = ScriptedEngine(PROFILE, [REPLY, '{"reason": "Only sand. The answer is no."}'])
    done = list(think(engine, labels, wanted(labels, thoughts.wanting(labels)), "host:1", 1, concurrent=False))
    assert [(row.question.id, got, error) for row, got, error in done] == [("1", True, None), ("2", True, None)]
    assert (of(labels, "1"), of(labels, "2"), of(labels, "3")) == ((LOCATE, REASON), ("Only sand. The answer is no.",), ())
    kept, _ = labels.proposals()
    assert (kept.model, kept.server, kept.prompt, kept.reply, kept.count) == ("scripted", "host:1", thoughts.VERSION, REPLY, 1)
    assert thoughts.wanting(labels) == []
    event = labels.latest()
    assert (event.annotator, event.what) == ("", "think")
    assert labels.get(Question, "1").verdict == ACCEPTED


@pytest.mark.parametrize("reply", ["I am not able to.", '{"locate": "There."}', '{"reason": ""}', "[[[{", '{"reason": "No place."}', ""])
def test_a_reply_without_thoughts_changes_nothing(labels, reply):
    (row, *_) = wanted(labels, thoughts.wanting(labels))
    done = list(think(ScriptedEngine(PROFILE, [reply]), labels, [row], "", 1, concurrent=False))
    assert [(got, error) for _, got, error in done] == [(False, None)]
    assert of(labels, "1") == ()
    assert len(thoughts.wanting(labels)) == 2


def test_what_a_person_has_written_is_never_replaced_until_it_is_emptied(labels):
    assert thoughts.propose(labels, "1", ("There.", "Blue."))
    assert thoughts.propose(labels, "1", ("Elsewhere.", "Blue.")), "a program replaces what a program has written"
    thoughts.write(labels, "1", ("By Ada.", "It is blue <|im_end|>."))
    assert of(labels, "1") == ("By Ada.", "It is blue < |im_end|>.")
    assert not thoughts.propose(labels, "1", ("There.", "Blue."))
    assert labels.undo() == "think"
    assert of(labels, "1") == ("Elsewhere.", "Blue.")
    assert thoughts.propose(labels, "1", ("There.", "Blue.")), "hers were undone"
    thoughts.write(labels, "1", ("By Ada.", "Blue."))
    thoughts.write(labels, "1", ("", " "))
    assert of(labels, "1") == ()
    assert thoughts.propose(labels, "1", ("There.", "Blue."))


def test_a_question_with_several_zooms_is_not_given_the_thoughts_of_one(labels):
    question = labels.get(Question, "1")
    labels.change(replace(question, steps=question.steps * 2))
    done = list(think(ScriptedEngine(PROFILE, [REPLY]), labels, wanted(labels, [labels.get(Question, "1")]), "", 1, concurrent=False))
    assert [(got, error) for _, got, error in done] == [(False, None)]
    assert of(labels, "1") == ()
    assert labels.proposals()[0].reply == REPLY, "the reply is kept"


def test_a_question_that_is_removed_while_the_model_writes_costs_itself_only(labels):
    rows = wanted(labels, thoughts.wanting(labels))
    labels.remove(labels.boxes()[0].id)
    engine = ScriptedEngine(PROFILE, [REPLY, '{"reason": "Only sand. The answer is no."}'])
    done = list(think(engine, labels, rows, "", 1, concurrent=False))
    assert [(row.question.id, got, error) for row, got, error in done] == [("1", False, None), ("2", True, None)]


def test_an_answer_that_was_right_stays_right_when_its_thoughts_are_written(labels):
    (scene,) = labels.images()
    learned = learn(labels, scene, Judged("e1", "What colour?", "blue", right=True, said="blue"))
    thoughts.write(labels, learned.id, ("It is blue.",))
    assert not judgements(labels)["e1"].edited
    assert of(labels, learned.id) == ("It is blue.",)
    thoughts.write(labels, "3", ("There.", "Sand."))
    assert labels.get(Question, "3").touched, "new candidates leave it alone"


def test_without_a_model_the_geometry_says_where_and_how_large(labels):
    assert thoughts.propose_from_geometry(labels, thoughts.wanting(labels)) == 2
    locate, reason = of(labels, "1")
    assert (
        locate
        == "The question is about the blue ship. It lies in the top-left part of the image and takes 6 % of it, so I look closer there."
    )
    assert reason == "The crop shows the blue ship, about 30 m wide and 15 m high. The answer is blue."
    assert of(labels, "2")[0].endswith("The answer is no.")


def test_the_command_fills_what_lacks_and_the_sft_form_has_both_stages(labels, tmp_path, capsys):
    code, counts, _ = run(capsys, "label", "think", labels.path, "--template")
    assert (code, counts) == (0, {"questions": 2, "thoughts": 2, "failed": 0})
    assert run(capsys, "label", "think", labels.path, "--template")[1]["questions"] == 0
    main(["label", "export", str(labels.path), "--as", "sft", "--out", str(tmp_path / "sft.jsonl")])
    rows = [json.loads(line) for line in (tmp_path / "sft.jsonl").read_text().splitlines()]
    assert [(row["cut"], bool(row["stage_1_reasoning"]), bool(row["stage_2_reasoning"])) for row in rows] == [
        (True, True, True),
        (False, True, False),
    ]
    assert rows[0]["stage_2_reasoning"] == of(labels, "1")[1]


def test_two_people_still_decide_about_the_same_though_one_has_written_thoughts(tmp_path):
    path = tmp_path / "labels.gpkg"
    with filled(path, count=1) as ada, LabelFile.open(path, "Ben") as ben:
        id = ada.questions()[0].id
        ada.accept(id)
        thoughts.write(ben, id, ("There.", "Blue."))
        assert review.following(ben, second=True).question.id == id


def test_a_box_without_words_or_a_size_gets_thoughts_too():
    scene = image(width=None, height=None, affine=None)
    mark = box(scene, label="")
    question = Question("1", scene.id, "What?", "a mill.", mark.id, (mark.id,))
    assert thoughts.template(question, mark, scene)[1] == "The crop shows the object. The answer is a mill."


def test_a_box_over_all_of_the_image_is_a_hundred_percent_of_it():
    scene = image(width=100, height=100)
    mark = box(scene, 0, 0, 100, 100)
    assert "takes 100 % of it" in thoughts.template(Question("1", scene.id, "What?", "sea", mark.id, (mark.id,)), mark, scene)[0]
