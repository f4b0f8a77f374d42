"""Chains of thought in the dock *Labels*: suggested from the box, by the model, written by a person, exported; and features as boxes."""

import json

import pytest
from panel import wait
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from zoomearth.core.labels.rows import Question
from zoomearth.core.requests import Load

Key = Qt.Key
REPLY = json.dumps({"locate": "A mill stands near the upper left corner.", "reason": "Its sails are blue. The answer is blue."})


@pytest.fixture
def accepted(desk, town):
    """Two accepted questions about a box; the second one is shown."""
    desk.mill(town)
    desk.press(Key.Key_A)
    desk.press(Key.Key_A)
    desk.press(Key.Key_Left)
    return desk.dock.shown.question.id


def of(desk, id):
    with desk.read() as labels:
        return labels.get(Question, id).thoughts


def test_thoughts_are_suggested_from_the_box_edited_and_saved_by_enter(desk, accepted, tmp_path):
    desk.press(Key.Key_H)
    first, second = desk.dock.writing.thoughts.fields
    assert QApplication.focusWidget() is first
    assert first.toPlainText().startswith("The question is about the mill. It lies in the top-left part of the image")
    desk.press(Key.Key_Tab)
    assert QApplication.focusWidget() is second
    second.selectAll()
    desk.type("The sails are blue.")
    desk.press(Key.Key_Return)
    assert of(desk, accepted)[1] == "The sails are blue."
    assert "The sails are blue." in desk.board.thoughts.text()
    assert desk.dock.shown.question.id == accepted
    with desk.read() as labels:
        event = labels.latest()
        assert (event.what, event.annotator, event.target) == ("think", "Ada O'Neill", accepted)
        assert labels.get(Question, accepted).verdict == "accepted"
    desk.dock.menu.export(tmp_path / "sft.jsonl", "sft")
    desk.ready()
    rows = [json.loads(line) for line in (tmp_path / "sft.jsonl").read_text().splitlines()]
    assert [row["stage_2_reasoning"] for row in rows] == ["", "The sails are blue."]
    desk.press(Key.Key_Z)
    assert of(desk, accepted) == ()
    desk.press(Key.Key_H)
    desk.press(Key.Key_Escape)
    assert of(desk, accepted) == ()
    assert QApplication.focusWidget() is desk.board


def test_the_model_proposes_thoughts_for_the_question_and_a_persons_stay(desk, accepted):
    desk.load = Load(replies=(REPLY,))
    desk.press(Key.Key_H)
    ended = []
    desk.dock.proposer.ended.connect(ended.append)
    QTest.mouseClick(desk.dock.writing.thoughts.model, Qt.MouseButton.LeftButton)
    wait(lambda: ended, 120)
    desk.ready()
    assert ended == [""]
    assert desk.dock.writing.thoughts.fields[1].toPlainText() == "Its sails are blue. The answer is blue."
    assert of(desk, accepted) == ("A mill stands near the upper left corner.", "Its sails are blue. The answer is blue.")
    desk.dock.writing.thoughts.fields[0].setFocus()
    desk.type("Mine.")
    desk.press(Key.Key_Return)
    desk.press(Key.Key_H)
    desk.dock.writing.thoughts.model.click()
    wait(lambda: len(ended) > 1, 60)
    desk.ready()
    assert "a person has written" in ended[1]
    assert of(desk, accepted)[0] == "Mine."


def test_typed_thoughts_outlive_a_proposal_and_escape_leaves_from_the_button(desk, accepted):
    desk.press(Key.Key_H)
    editor = desk.dock.writing.thoughts
    desk.type("Mine.")
    desk.dock.menu.thoughts_clicked.emit(False)
    desk.ready()
    assert "Questions that got thoughts: 2." in desk.dock.message.text
    assert editor.fields[0].toPlainText() == "Mine."
    editor.model.setFocus()
    desk.press(Key.Key_Escape)
    assert editor.isHidden()
    assert QApplication.focusWidget() is desk.board


def test_all_accepted_questions_get_thoughts_at_once_and_by_the_model(desk, accepted):
    desk.dock.menu.thoughts_clicked.emit(False)
    desk.ready()
    assert "Questions that got thoughts: 2." in desk.dock.message.text
    with desk.read() as labels:
        assert [len(each.thoughts) for each in labels.questions()] == [2, 2, 0, 0, 0]
    desk.load = Load(replies=("I can not.",))
    ended = []
    desk.dock.proposer.ended.connect(ended.append)
    desk.dock.menu.thoughts_clicked.emit(True)
    wait(lambda: ended, 120)
    assert "none are lacking" in ended[0]


def test_selected_features_become_boxes_in_one_action(desk, town):
    things = QgsVectorLayer("Polygon?crs=EPSG:32633&field=label:string", "ships", "memory")
    west, north = town.extent().xMinimum(), town.extent().yMaximum()
    for left, label in ((50, "ship"), (200, "tug"), (-5000, "far away")):
        feature = QgsFeature(things.fields())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west + left, north - 60, west + left + 40, north - 40)))
        feature["label"] = label
        things.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(things)
    desk.iface.setActiveLayer(things)
    desk.press(Key.Key_F)
    assert "Select features" in desk.dock.message.text
    things.selectAll()
    desk.press(Key.Key_F)
    assert "Boxes from ships: 2. Outside the raster: 1." in desk.dock.message.text
    with desk.read() as labels:
        assert [(each.sides, each.label, each.annotator) for each in labels.boxes()] == [
            ((100, 80, 180, 120), "ship", "Ada O'Neill"),
            ((400, 80, 480, 120), "tug", "Ada O'Neill"),
        ]
    assert desk.dock.shown.box.label == "ship"
    desk.press(Key.Key_Z)
    with desk.read() as labels:
        assert labels.boxes() == []
