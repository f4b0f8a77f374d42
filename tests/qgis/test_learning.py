"""Learning from use: what the user says of an answer is in the label file, with the places that lead to it."""

import pytest
from panel import ANSWER, BOX, wait
from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPushButton

from zoomearth.core.labels.examples import examples
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED
from zoomearth.plugin.labelling.dock import LabelDock
from zoomearth.plugin.labelling.learning import Learning
from zoomearth.plugin.labelling.project_labels import ProjectLabels


@pytest.fixture
def learning(panel, scene, tmp_path, qgis_iface):
    """The panel and the labels' dock of a saved project with a raster."""
    QgsProject.instance().write(str(tmp_path / "harbour.qgz"))
    labels = ProjectLabels()
    labels.name_annotator("Ada")
    dock = LabelDock(qgis_iface, labels, panel.session, lambda: True)
    learning = Learning(qgis_iface.mapCanvas(), labels, panel.session, dock)
    learning.connect_to(panel.dock.transcript)
    learning.labels, learning.label_dock, learning.layer = labels, dock, panel.add(scene)
    panel.script(BOX, ANSWER)
    yield learning
    labels.close()
    learning.close()
    dock.close_down()
    dock.deleteLater()
    labels.deleteLater()


def card_of(panel, exchange):
    return panel.dock.transcript.card(exchange.id)


def kept(learning, card):
    wait(lambda: "label in" in card.judgement.note.text() and not learning.labels.store.busy)
    return LabelFile.open(learning.labels.store.path)


def test_a_right_answer_is_a_label_with_its_zoom_and_its_thoughts(panel, learning, tmp_path):
    exchange = panel.asked()
    card = card_of(panel, exchange)
    assert card.judgement.isVisibleTo(card)
    card.judgement.right.click()
    with kept(learning, card) as labels:
        assert labels.path == tmp_path / "harbour_labels.gpkg"
        (row,) = examples(labels)
        (question,) = labels.questions()
    assert (row.question, row.answer) == (exchange.question, "3")
    assert [(tuple(step.box), step.label) for step in row.steps] == [(exchange.zooms[0].roi, "northern pier")]
    assert row.thoughts == ("Two piers, look closer.", "Three hulls.")
    assert (question.verdict, question.edited, question.maker, question.annotator) == (ACCEPTED, False, "scripted", "Ada")
    assert row.source == exchange.scene
    (layer,) = (each for each in QgsProject.instance().mapLayers().values() if each.customProperty("zoomearth/labels"))
    assert layer.featureCount() == 1


def test_a_wrong_answer_is_replaced_by_the_right_one_and_the_right_box(panel, learning):
    exchange = panel.asked()
    card = card_of(panel, exchange)
    card.judgement.right.click()
    kept(learning, card).close()
    card.judgement.say("")
    card.judgement.wrong.click()
    assert card.judgement.answer.text() == "3"
    QTest.keyClicks(card.judgement.answer, "4")
    card.judgement.box.click()
    assert "Drag" in card.judgement.note.text()
    assert card.judgement.correction.isVisibleTo(card)
    west, north = learning.layer.extent().xMinimum(), learning.layer.extent().yMaximum()
    learning._boxes._rectangle._drawn(QgsRectangle(west + 50, north - 60, west + 70, north - 40))
    wait(lambda: "✓" in card.judgement.box.text())
    card.judgement.save.click()
    with kept(learning, card) as labels:
        (row,) = examples(labels)
        (question,) = labels.questions()
        (box,) = labels.boxes()
    assert (row.answer, [tuple(step.box) for step in row.steps], row.thoughts) == ("4", [(100, 80, 140, 120)], ())
    assert box.sides == (100, 80, 140, 120), "the box of the first judgement is gone"
    assert question.edited
    assert question.extra == {"extra": {"exchange": exchange.id, "answered": "3"}}
    with LabelFile.open(learning.labels.store.path, "Ada") as labels:
        labels.undo()
        (row,) = examples(labels)
        assert (row.answer, len(row.steps)) == ("3", 1), "undo brings the first judgement back"


def test_an_answer_that_did_not_come_can_be_given(panel, learning):
    panel.script("I can't tell.", "I can't tell.", "I can't tell.")
    exchange = panel.asked()
    card = card_of(panel, exchange)
    assert exchange.answer is None
    assert not card.judgement.right.isEnabled()
    card.judgement.wrong.click()
    QTest.keyClicks(card.judgement.answer, "3")
    card.judgement.save.click()
    with kept(learning, card) as labels:
        (row,) = examples(labels)
    assert (row.answer, row.steps) == ("3", ())


def test_a_zoom_becomes_a_box_in_the_dock(panel, learning):
    exchange = panel.asked()
    card = card_of(panel, exchange)
    card.view_kept.emit(exchange, exchange.zooms[0])
    wait(lambda: learning.label_dock.shown and learning.label_dock.shown.box)
    box = learning.label_dock.shown.box
    assert (box.label, box.annotator) == ("northern pier", "Ada")
    roi = exchange.zooms[0].roi
    assert box.sides[0] <= roi[0] < roi[2] <= box.sides[2]
    assert all(side.is_integer() for side in box.sides)


def test_what_can_not_be_learnt_is_not_offered(panel, learning):
    learning.layer.brightnessFilter().setBrightness(60)  # the model sees a picture that QGIS draws
    exchange = panel.asked()
    card = card_of(panel, exchange)
    assert exchange.answer == "3"
    assert not card.judgement.isVisibleTo(card)


def test_what_was_said_of_an_answer_is_shown_again_after_a_restart_and_follows_undo(panel, learning):
    right, wrong = panel.asked(), panel.asked()
    card_of(panel, right).judgement.right.click()
    kept(learning, card_of(panel, right)).close()
    card = card_of(panel, wrong)
    card.judgement.wrong.click()
    card.judgement.answer.setText("4")
    card.judgement.save.click()
    kept(learning, card).close()
    wait(lambda: not panel.results.writing)
    project = QgsProject.instance().fileName()
    QgsProject.instance().write()
    QgsProject.instance().clear()
    wait(lambda: not panel.dock.transcript.cards)
    QgsProject.instance().read(project)
    wait(lambda: len(panel.dock.transcript.cards) == 2 and "✓" in card_of(panel, right).judgement.right.text())
    first, second = (card_of(panel, each).judgement for each in (right, wrong))
    assert first.note.text() == "Right, says Ada: a label in harbour_labels.gpkg."
    assert second.note.text() == "Wrong, says Ada, right is “4”: a label in harbour_labels.gpkg."
    assert [button.text() for button in (first.wrong, second.right, second.wrong)] == ["Wrong…", "Right", "✓ Wrong…"]
    learning.labels.store.change(LabelFile.undo)
    wait(lambda: "✓" not in second.wrong.text())
    assert second.note.text() == ""
    assert "✓" in first.right.text()


def test_a_thing_that_a_survey_has_found_becomes_a_box_by_a_key_of_its_review(panel, learning):
    panel.script('[{"bbox_2d": [30, 40, 60, 70], "label": "ship"}]', "[]")
    panel.dock.question.setPlainText("ships")
    panel.dock.find_all.click()
    wait(lambda: not panel.dock.surveys.busy and not panel.results.writing)
    (survey,) = panel.session.exchanges
    panel.dock.transcript.card(survey.id).findChild(QPushButton, "zoomearth_use_check").click()
    wait(lambda: panel.answers.dock and panel.answers.dock.current)
    panel.answers.label_wanted.connect(learning.keep_row)
    panel.answers.dock.act("label")
    wait(lambda: learning.label_dock.shown and learning.label_dock.shown.box and not learning.labels.store.busy)
    with LabelFile.open(learning.labels.store.path) as labels:
        (box,) = labels.boxes()
    assert (box.label, box.annotator) == ("ship", "Ada")
    (thing,) = (each for each in QgsProject.instance().mapLayers().values() if each.customProperty("zoomearth/use") == survey.uses[0].id)
    (feature,) = thing.getFeatures()
    outline = feature.geometry().boundingBox()
    west, north = learning.layer.extent().xMinimum(), learning.layer.extent().yMaximum()
    sides = outline.xMinimum() - west, north - outline.yMaximum(), outline.xMaximum() - west, north - outline.yMinimum()
    assert box.sides == pytest.approx([2 * side for side in sides], abs=1)
