"""Two annotators in the dock *Labels*: where they differ, and how it is settled by keys."""

import html
from dataclasses import replace

from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, REASONS, REJECTED, UNSURE, Question

Key = Qt.Key


def decided_by_two(desk, town):
    """Ada and Ben have decided three templates' questions differently, and drawn one box differently."""
    desk.mill(town)
    with desk.read() as labels:
        ids = [each.id for each in labels.questions()][:3]
        (box,) = labels.boxes()
    for key in (Key.Key_A, Key.Key_A, Key.Key_U):
        desk.press(key)
    with LabelFile.open(desk.dock.store.path, 'Ben "B." O\'Hara') as ben:
        ben.reject(ids[0], REASONS[0])
        ben.edit(ids[1], answer="bottom")
        ben.accept(ids[2])
        ben.change(replace(box, sides=(100.0, 60.0, 140.0, 120.0)), what="box")
    desk.dock.tabs.setCurrentWidget(desk.dock.settle)
    desk.ready()
    desk.dock.settle.setFocus()
    return box, ids


def test_two_peoples_differences_are_settled_by_keys_and_the_figures_follow(desk, town):
    box, ids = decided_by_two(desk, town)
    view = desk.dock.settle
    assert {pair.id for pair in view.table.pairs} == {box.id, *ids}
    assert "3 decided by both: kappa -0.20," in html.unescape(view.figures.text())
    assert "4 of 4 differences to settle" in view.figures.text()
    while view.table.current.id != ids[0]:
        desk.press(Key.Key_Right)
    assert "accepted" in view.opinions.sides[0].text()
    assert 'Ben "B." O\'Hara' in html.unescape(view.opinions.sides[1].text())
    assert "rejected: wrong answer" in view.opinions.sides[1].text()
    desk.press(Key.Key_2)
    with desk.read() as labels:
        event = labels.latest()
        assert (event.target, event.what, event.annotator, event.after["verdict"]) == (ids[0], "settle", "Ada O'Neill", REJECTED)
    assert "3 of 4 differences to settle" in view.figures.text()
    assert "kappa -0.20 → 0.50," in view.figures.text()
    while view.table.current.id != ids[1]:
        desk.press(Key.Key_Left)
    desk.press(Key.Key_E)
    assert QApplication.focusWidget() is view.editor.answer
    desk.type("middle")
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        assert (labels.get(Question, ids[1]).answer, labels.get(Question, ids[1]).edited) == ("middle", True)
    desk.press(Key.Key_Z)
    assert view.table.current.id == ids[1]
    with desk.read() as labels:
        assert labels.get(Question, ids[1]).answer == "bottom"
    desk.press(Key.Key_Z)
    desk.press(Key.Key_Z)
    assert "settled nothing" in desk.dock.message.text
    assert "4 of 4 differences to settle" in view.figures.text()
    with desk.read() as labels:
        assert labels.get(Question, ids[0]).verdict == REJECTED, "Ben's own decision stays"


def test_both_boxes_are_on_the_map_and_a_third_can_be_drawn(desk, town):
    box, ids = decided_by_two(desk, town)
    view, canvas = desk.dock.settle, desk.iface.mapCanvas()
    while view.table.current.id != box.id:
        desk.press(Key.Key_Right)
    assert "overlap by 50 %" in view.opinions.what.text()
    assert len(view._overlay._items) == 6, "two outlines, each with a casing and a badge"
    assert canvas.extent().contains(town.extent().center()) is False
    desk.press(Key.Key_E)
    west, north = town.extent().xMinimum(), town.extent().yMaximum()
    view._boxes._rectangle._drawn(QgsRectangle(west + 52, north - 60, west + 88, north - 32))
    desk.ready()
    with desk.read() as labels:
        assert labels.boxes()[0].sides == (104, 64, 176, 120)
        assert labels.latest().what == "settle"
    (layer,) = (each for each in QgsProject.instance().mapLayers().values() if each.customProperty("zoomearth/labels"))
    assert [feature.geometry().boundingBox().width() for feature in layer.getFeatures()] == [36]
    for _ in ids:
        desk.press(Key.Key_1)
    assert "0 of 4 differences to settle" in view.figures.text()
    assert "kappa -0.20 → 1.00, same answer 0.0 % → 100.0 %, boxes overlap by 50.0 % → 100.0 %" in view.figures.text()
    desk.dock.tabs.setCurrentIndex(0)
    assert not view._overlay._items, "nothing of it stays on the map"
    with desk.read() as labels:
        assert [labels.get(Question, id).verdict for id in ids] == [ACCEPTED, ACCEPTED, UNSURE]


def test_a_box_is_drawn_again(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    desk.press(Key.Key_G)
    west, north = town.extent().xMinimum(), town.extent().yMaximum()
    desk.dock.boxes.again._rectangle._drawn(QgsRectangle(west + 50, north - 100, west + 100, north - 50))
    desk.ready()
    with desk.read() as labels:
        assert [each.sides for each in labels.boxes()] == [(100, 100, 200, 200)]
    desk.press(Key.Key_Z)
    with desk.read() as labels:
        assert [each.sides for each in labels.boxes()] == [(100, 60, 180, 120)]


def test_a_file_of_one_person_has_nothing_to_settle(desk, town):
    desk.dock.tabs.setCurrentWidget(desk.dock.settle)
    desk.ready()
    assert "One person has labelled here" in desk.dock.settle.figures.text()
    desk.dock.settle.setFocus()
    desk.press(Key.Key_1)
    assert desk.dock.store.path is None


def test_what_was_typed_for_one_difference_never_goes_to_another(desk, town):
    _, ids = decided_by_two(desk, town)
    view = desk.dock.settle
    while view.table.current.id != ids[0]:
        desk.press(Key.Key_Right)
    desk.press(Key.Key_E)
    desk.type("middle")
    view.table.setCurrentCell(view.table.row_of(ids[1]), 0)
    desk.ready()
    assert view.editor.isHidden()
    with desk.read() as labels:
        assert labels.latest().what != "settle"
    desk.press(Key.Key_E)
    assert view.editor.isVisible()
    desk.type("beside")
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        assert [labels.get(Question, id).answer for id in ids[:2]].count("beside") == 1
        assert labels.get(Question, ids[1]).answer == "beside"
