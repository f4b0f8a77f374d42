"""The panel, asked: what is shown while the model looks, what stays, and what a click does."""

import json
import os
import signal

import pytest
from panel import ANSWER, BOX, Panel, wait
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapToolPan, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QTextCursor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QProgressBar, QScrollArea, QToolButton

from zoomearth.plugin.exchange import Status
from zoomearth.plugin.process import State
from zoomearth.plugin.scope import Scope

SLOW = "<think>" + "and then " * 3000
SLOW_LOOK = '<think>One. Two. Three. Four.</think>[{"bbox_2d": [100, 50, 200, 150], "label": "pier"}]'


def choose(panel, scope):
    panel.dock.form.scope.setCurrentIndex(panel.dock.form.scope.findData(scope))


def zoom_canvas_to(panel, layer):
    canvas = panel.canvas
    canvas.setDestinationCrs(layer.crs())
    canvas.setLayers([*panel.keeper.layers(), layer])
    canvas.resize(600, 600)
    canvas.setExtent(layer.extent())
    return canvas


def labels(widget, name):
    return [label.text() for label in widget.findChildren(QLabel, name)]


@pytest.mark.demo_model
def test_the_demo_model_answers_with_evidence_where_the_truth_is(panel, demo_scene):
    layer = panel.add(demo_scene)
    truth = json.loads(demo_scene.with_suffix(".json").read_text())
    asked = next(one for one in truth["questions"] if one["kind"] == "color")
    ended = []
    panel.dock.finished.connect(ended.append)
    exchange = panel.asked(asked["question"])
    assert exchange.answer == asked["answer"], exchange
    roi, box = exchange.zooms[0].roi, asked["box"]
    overlap = max(0, min(roi[2], box[2]) - max(roi[0], box[0])) * max(0, min(roi[3], box[3]) - max(roi[1], box[1]))
    assert overlap > 0.5 * (box[2] - box[0]) * (box[3] - box[1])
    feature = next(panel.keeper.rois(exchange).getFeatures())
    assert [feature[name] for name in ("question", "answer", "step", "stopped")] == [asked["question"], asked["answer"], 1, "answered"]
    assert (feature["model"], feature["source"], feature["exchange"]) == ("zoomearth-demo", layer.name(), exchange.id)
    assert [int(side) for side in feature["window"].split(",")] == exchange.zooms[0].window
    gsd, place = layer.rasterUnitsPerPixelX(), feature.geometry().boundingBox()
    assert place.xMinimum() == pytest.approx(layer.extent().xMinimum() + roi[0] * gsd, abs=0.01)
    assert place.yMaximum() == pytest.approx(layer.extent().yMaximum() - roi[1] * gsd, abs=0.01)
    assert ended[0]["answer"] == asked["answer"]
    assert ended[0]["zooms"][0]["polygon"]


def test_the_transcript_shows_question_reasoning_pictures_answer_time_and_model(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked("How many ships are at the <northern> pier?")
    card = panel.dock.transcript.card(exchange.id)
    assert labels(card, "zoomearth_exchange_question") == ["How many ships are at the &lt;northern&gt; pier?"]
    assert labels(card, "zoomearth_exchange_answer") == ["3"]
    assert "Two piers, look closer." in labels(card, "zoomearth_exchange_reasoning")[0]
    assert not card.findChild(QLabel, "zoomearth_exchange_reasoning").isVisible()
    card.findChild(QToolButton, "zoomearth_exchange_fold").click()
    assert card.findChild(QLabel, "zoomearth_exchange_reasoning").isVisible()
    thumbs = [card.findChild(QToolButton, f"zoomearth_exchange_view_{n}") for n in range(2)]
    assert [thumb.text() for thumb in thumbs] == ["the whole", "1  northern pier"]
    assert all(not thumb.icon().isNull() for thumb in thumbs)
    assert "scripted" in labels(card, "zoomearth_exchange_note")[0]
    assert " s" in labels(card, "zoomearth_exchange_note")[0]


def test_boxes_are_on_the_canvas_while_the_model_still_looks(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)

    def bands():
        return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand) and item.size() > 0]

    panel.ask()
    wait(lambda: bands())
    drawn = bands()[0].asGeometry().boundingBox()
    seen = panel.session.exchanges[0].zooms[0]
    xs, ys = zip(*seen.polygon)
    assert drawn.xMinimum() == pytest.approx(min(xs))
    assert drawn.yMaximum() == pytest.approx(max(ys))
    panel.dock.cancel.click()
    wait(lambda: not panel.session.busy)
    assert not bands()


def test_the_line_says_what_is_happening(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    panel.add(demo_scene)
    said = []
    panel.session.progressed.connect(lambda *_: said.append(panel.dock.stage.text()))
    panel.ask()
    assert panel.dock.progress.isVisible()
    wait(lambda: "looking at “northern pier”" in said)
    assert "loading the model" in said
    panel.dock.cancel.click()
    wait(lambda: not panel.session.busy)
    assert not panel.dock.progress.isVisible()


def test_cancel_keeps_what_was_seen_and_the_next_question_is_answered(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    panel.add(demo_scene)
    first = panel.ask()
    second = panel.ask("And this one?")
    wait(lambda: len(first.views) == 2)
    panel.dock.cancel.click()
    wait(lambda: not panel.session.busy)
    assert (first.status, second.status) == (Status.CANCELLED, Status.CANCELLED)
    assert panel.keeper.read()[0].id == first.id
    panel.script(ANSWER)
    assert panel.asked().answer == "3"


def test_a_backend_killed_mid_answer_is_said_with_its_log_and_the_next_ask_works(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    panel.add(demo_scene)
    exchange = panel.ask()
    wait(lambda: len(exchange.views) == 2)
    panel.backend.log.append("out of luck")
    os.kill(panel.backend.pid, signal.SIGKILL)
    wait(lambda: not panel.session.busy)
    card = panel.dock.transcript.card(exchange.id)
    assert exchange.status is Status.FAILED
    assert "crashed or was killed" in labels(card, "zoomearth_exchange_note")[0]
    assert "out of luck" in labels(card, "zoomearth_exchange_log")[0]
    panel.script(ANSWER)
    assert panel.asked().answer == "3"


def test_after_two_crashes_a_button_restarts_the_process(panel, demo_scene):
    panel.script(SLOW, pace=0.01)
    panel.add(demo_scene)
    for _ in range(2):
        exchange = panel.ask()
        wait(lambda: panel.backend.state is State.UP and panel.session.exchanges[-1].views)
        os.kill(panel.backend.pid, signal.SIGKILL)
        wait(lambda: not panel.session.busy)
    restart = panel.dock.transcript.card(exchange.id).findChild(QToolButton, "zoomearth_exchange_restart")
    assert restart.isVisible()
    restart.click()
    assert not restart.isVisible()
    panel.script(ANSWER)
    assert panel.asked().answer == "3"


def test_an_error_is_shown_with_its_hint_and_is_no_answer(panel, demo_scene, tmp_path):
    copy = tmp_path / "gone.tif"
    copy.write_bytes(demo_scene.read_bytes())
    panel.script(ANSWER)
    panel.add(copy)
    copy.unlink()
    exchange = panel.asked()
    assert exchange.answer is None
    note = labels(panel.dock.transcript.card(exchange.id), "zoomearth_exchange_note")[0]
    assert "There is no file" in note
    assert "Check the path." in note


def test_a_question_can_be_about_what_the_canvas_shows(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)
    extent = layer.extent()
    quarter = QgsRectangle(extent.xMinimum(), extent.yMinimum(), extent.center().x(), extent.center().y())
    web = QgsCoordinateReferenceSystem("EPSG:3857")
    canvas.setDestinationCrs(web)
    canvas.setExtent(QgsCoordinateTransform(layer.crs(), web, QgsProject.instance()).transformBoundingBox(quarter))
    choose(panel, Scope.CANVAS)
    left, top, right, bottom = panel.asked().views[0].window
    assert left == 0
    assert bottom == 2048
    assert 800 < top < 1100
    assert 900 < right < 1250


def test_each_selected_polygon_is_a_question_of_its_own(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}", "fields", "memory")
    extent, features = layer.extent(), []
    for at in (0.1, 0.5, 0.8):
        feature = QgsFeature()
        x, y = extent.xMinimum() + at * extent.width(), extent.yMaximum() - at * extent.height()
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x, y - 30, x + 30, y)))
        features.append(feature)
    polygons.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(polygons)
    choose(panel, Scope.FEATURES)
    panel.ask()  # nothing is selected: said, not asked
    assert panel.session.exchanges == []
    polygons.selectByIds([1, 3])
    panel.asked()
    windows = [exchange.views[0].window for exchange in panel.session.exchanges]
    assert [[window[0], window[1]] for window in windows] == [[204, 204], [1638, 1638]]
    assert panel.session.exchanges[0].scope == "feature 1 of fields"


def test_polygons_without_a_geometry_are_said_and_the_question_stays(panel, demo_scene):
    layer = panel.add(demo_scene)
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}", "empty", "memory")
    polygons.dataProvider().addFeatures([QgsFeature()])
    QgsProject.instance().addMapLayer(polygons)
    polygons.selectAll()
    choose(panel, Scope.FEATURES)
    assert panel.ask_nothing() == 0
    assert panel.dock.question.text


def test_another_scope_gives_the_map_its_tool_back(panel, demo_scene):
    panel.add(demo_scene)
    pan = QgsMapToolPan(panel.canvas)
    panel.canvas.setMapTool(pan)
    choose(panel, Scope.RECTANGLE)
    assert panel.canvas.mapTool() is not pan
    choose(panel, Scope.LAYER)
    assert panel.canvas.mapTool() is pan


def test_a_closed_panel_leaves_the_canvas_nothing_to_the_garbage_collector(qgis_iface, qgis_new_project, python):
    canvas = qgis_iface.mapCanvas()
    before = set(canvas.children())
    panel = Panel(qgis_iface, python)
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    choose(panel, Scope.RECTANGLE)
    added = set(canvas.children()) - before - {pan}
    assert added
    panel.close()
    assert canvas.mapTool() is pan
    assert all(sip.isdeleted(child) for child in added)
    canvas.unsetMapTool(pan)
    sip.delete(pan)


def test_a_rectangle_is_drawn_and_asked_about(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)
    choose(panel, Scope.RECTANGLE)
    assert panel.ask_nothing() == 0
    viewport = canvas.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 300))
    QTest.mouseMove(viewport, QPoint(350, 350))
    QTest.mouseMove(viewport, QPoint(400, 400))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(400, 400))
    window = panel.asked().views[0].window
    assert window[0] == pytest.approx(1024, abs=60)
    assert window[2] - window[0] == pytest.approx(341, abs=40)


def test_a_place_outside_the_layer_is_said_and_nothing_is_asked(panel, demo_scene, qgis_iface):
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)
    extent = layer.extent()
    canvas.setExtent(QgsRectangle(extent.xMaximum() + 1000, extent.yMaximum(), extent.xMaximum() + 2000, extent.yMaximum() + 1000))
    choose(panel, Scope.CANVAS)
    assert panel.ask_nothing() == 0
    assert panel.dock.question.toPlainText()  # it is not lost


def test_a_thumbnail_flies_the_canvas_there_and_a_box_on_the_map_finds_its_exchange(panel, demo_scene):
    panel.script(BOX, ANSWER)
    layer = panel.add(demo_scene)
    exchange = panel.asked()
    panel.script(ANSWER)
    panel.asked("Another one?")
    canvas = zoom_canvas_to(panel, layer)
    panel.dock.transcript.card(exchange.id).findChild(QToolButton, "zoomearth_exchange_view_1").click()
    xs, ys = zip(*exchange.zooms[0].polygon)
    center = canvas.extent().center()
    assert center.x() == pytest.approx((min(xs) + max(xs)) / 2, abs=1)
    assert center.y() == pytest.approx((min(ys) + max(ys)) / 2, abs=1)
    assert canvas.extent().width() < layer.extent().width() / 2
    picked = []
    panel.dock._picker.picked.connect(picked.append)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 300))
    assert picked == [exchange.id]
    assert panel.dock.transcript.card(exchange.id).marked


def test_a_deleted_exchange_comes_back_with_its_boxes(panel, demo_scene):
    panel.script(BOX, ANSWER, BOX, ANSWER)
    panel.add(demo_scene)
    first, second = panel.asked(), panel.asked("Second?")
    rois = panel.keeper.rois(first)
    panel.dock.transcript.card(first.id).findChild(QToolButton, "zoomearth_exchange_delete").click()
    assert [exchange.id for exchange in panel.keeper.read()] == [second.id]
    assert {feature["exchange"] for feature in rois.getFeatures()} == {second.id}
    assert panel.dock.transcript.card(first.id) is None
    panel.dock.undo.click()
    assert {exchange.id for exchange in panel.keeper.read()} == {first.id, second.id}
    assert {feature["exchange"] for feature in rois.getFeatures()} == {first.id, second.id}
    assert [card.exchange.id for card in panel.dock.transcript.cards] == [first.id, second.id]
    assert not panel.dock.undo.isEnabled()


def test_undo_leaves_the_boxes_of_what_is_being_answered(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    first = panel.asked()
    panel.script(BOX, SLOW, pace=0.01)
    exchange = panel.ask("Second?")
    wait(lambda: exchange.zooms)

    def bands():
        return sum(isinstance(item, QgsRubberBand) and item.size() > 0 for item in panel.canvas.scene().items())

    before = bands()
    panel.session.remove(first)
    panel.dock.undo.click()
    assert bands() == before > 0


def test_a_long_label_leaves_the_card_whole(panel, demo_scene):
    label = "the roof of <b>Smith & Sons</b> beside the long northern pier of the old harbour"
    panel.script(BOX.replace("northern pier", label), ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked("How many ships are at the pier? " * 6)
    card = panel.dock.transcript.card(exchange.id)
    wait(lambda: card.height() == card.heightForWidth(card.width()), 10)
    view = card.findChild(QToolButton, "zoomearth_exchange_view_1")
    assert view.width() < card.width() / 2
    assert label in view.accessibleName()
    assert "&lt;b&gt;" in view.toolTip()
    question = card.findChild(QLabel, "zoomearth_exchange_question")
    assert question.height() >= question.heightForWidth(question.width())


def test_earlier_questions_come_back_with_up_and_what_was_typed_with_down(panel, demo_scene):
    panel.script(ANSWER)
    panel.add(demo_scene)
    for question in ("First?", "Second?"):
        panel.asked(question)
    box = panel.dock.question
    box.setPlainText("Third")
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(box, key)
        seen.append(box.toPlainText())
    assert seen == ["Second?", "First?", "First?", "Second?", "Third"]


def test_in_a_long_question_up_goes_up_a_line_and_shift_selects(panel):
    box = panel.dock.question
    box.setPlainText("Earlier?")
    box.remember()
    long = "How many ships are there at the long northern pier of the old harbour? " * 2
    box.setPlainText(long)
    box.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.toPlainText() == long
    box.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClick(box, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert box.toPlainText() == long
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.toPlainText() == "Earlier?"


def test_ctrl_enter_sends(panel, demo_scene):
    panel.script(ANSWER)
    panel.add(demo_scene)
    panel.dock.question.setPlainText("Typed?")
    QTest.keyClick(panel.dock.question, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: panel.session.exchanges and not panel.session.busy)
    assert panel.session.exchanges[0].question == "Typed?"


def test_the_layer_follows_the_one_that_is_active_in_qgis(panel, demo_scene, qgis_iface):
    first, second = panel.add(demo_scene, "first"), panel.add(demo_scene, "second")
    qgis_iface.currentLayerChanged.emit(first)
    assert panel.dock.form.layer.currentLayer() is first
    polygons = QgsVectorLayer("Polygon", "polygons", "memory")
    qgis_iface.currentLayerChanged.emit(polygons)
    assert panel.dock.form.layer.currentLayer() is first
    qgis_iface.currentLayerChanged.emit(second)
    assert panel.dock.form.layer.currentLayer() is second


def test_a_long_history_is_shown_page_by_page(panel, demo_scene):
    panel.script(ANSWER)
    panel.add(demo_scene)
    for number in range(25):
        panel.session.ask(panel.dock.form.layer.currentLayer(), f"Question {number}?", _whole())
    wait(lambda: not panel.session.busy)
    transcript = panel.dock.transcript
    transcript.show_all(panel.session.exchanges)
    assert len(transcript.cards) == 20
    transcript.select(panel.session.exchanges[0].id)
    assert len(transcript.cards) == 25
    assert transcript.cards[0].exchange.question == "Question 0?"


def test_scripts_and_screen_readers_find_every_widget(panel):
    dock = panel.dock
    for name, kind in {
        "zoomearth_layer": QComboBox,
        "zoomearth_scope": QComboBox,
        "zoomearth_question": QPlainTextEdit,
        "zoomearth_ask": QAbstractButton,
        "zoomearth_cancel": QAbstractButton,
        "zoomearth_transcript": QScrollArea,
        "zoomearth_progress": QProgressBar,
        "zoomearth_export": QAbstractButton,
    }.items():
        widget = dock.findChild(kind, name)
        assert widget is not None, name
        assert widget.accessibleName() or getattr(widget, "text", str)(), name
        assert widget.toolTip() or name in ("zoomearth_transcript", "zoomearth_progress"), name
    unnamed = [one for kind in (QAbstractButton, QComboBox, QPlainTextEdit) for one in dock.findChildren(kind) if not one.objectName()]
    assert [one for one in unnamed if not isinstance(one.parent(), QLineEdit)] == []
    assert dock.objectName() == "zoomearth_dock"


def _whole():
    from zoomearth.plugin.scope import Place

    return Place("whole layer")
