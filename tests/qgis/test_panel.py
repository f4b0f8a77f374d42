"""The panel: the display while the model answers, the stored results, and the effect of each click."""

import html
import json
import os
import re
import signal

import pytest
from panel import ANSWER, BOX, Panel, wait
from qgis.core import (
    Qgis,
    QgsColorRampShader,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsMessageLog,
    QgsProject,
    QgsRasterLayer,
    QgsRasterShader,
    QgsRectangle,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.gui import QgsMapToolPan, QgsMessageLogViewer, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QColor, QImage, QTextCursor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QToolButton,
)
from running import done, run_of
from tile_server import TileServer

from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings
from zoomearth.plugin.child.backend_process import State
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.question import Question
from zoomearth.plugin.export.html import html as report_html
from zoomearth.plugin.layers.scope import Scope
from zoomearth.plugin.panel.widgets import WrappedText

SLOW = "<think>" + "and then " * 3000
SLOW_LOOK = '<think>One. Two. Three. Four.</think>[{"bbox_2d": [100, 50, 200, 150], "label": "pier"}]'


def choose(panel, scope):
    panel.dock.form.scope.setCurrentIndex(panel.dock.form.scope.findData(scope))


def zoom_canvas_to(panel, layer):
    canvas = panel.canvas
    canvas.setDestinationCrs(layer.crs())
    canvas.setLayers([*panel.results.layers(), layer])
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
    feature = next(panel.results.rois(exchange).getFeatures())
    assert [feature[name] for name in ("question", "answer", "step", "stopped")] == [asked["question"], asked["answer"], 1, "answered"]
    assert (feature["model"], feature["layer"], feature["exchange"]) == ("zoomearth-demo", layer.name(), exchange.id)
    assert (feature["image"], feature["kind"]) == (str(demo_scene), "zoom")
    assert tuple(int(side) for side in feature["window"].split(",")) == exchange.zooms[0].window
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
    assert [thumb.text() for thumb in thumbs] == ["Overview", "1  northern pier"]
    assert all(not thumb.icon().isNull() for thumb in thumbs)
    assert "scripted" in labels(card, "zoomearth_exchange_note")[0]
    assert " s" in labels(card, "zoomearth_exchange_note")[0]


def test_a_reply_without_sense_is_said_in_plain_words_and_the_reason_is_folded_away(panel, demo_scene):
    panel.script('<think>Hm.</think>[{"bbox_2d": [144], "label": "pier"}]')
    panel.add(demo_scene)
    exchange = panel.asked()
    card = panel.dock.transcript.card(exchange.id)
    note, reason = (labels(card, f"zoomearth_exchange_{part}")[0] for part in ("note", "reasoning"))
    assert note.startswith("The model&#x27;s reply made no sense. Ask in other words. ·")
    assert "144" not in note
    assert "a box without four numbers: [144]" in reason
    assert not card.findChild(QLabel, "zoomearth_exchange_reasoning").isVisible()


def test_a_meaningless_answer_says_so_in_place_of_a_confidence_and_how_to_get_a_real_model(panel, scene, demo_scene):
    panel.load = Load(Settings(model="zoomearth-demo"), replies=(BOX, ANSWER))
    panel.add(demo_scene)
    known = panel.asked()
    panel.add(scene)
    unknown = panel.asked("How many cars are there?")
    assert (known.meaningless, unknown.meaningless, unknown.answer) == (False, True, "3")
    warnings = [panel.dock.transcript.card(each.id).findChild(QLabel, "zoomearth_exchange_meaningless") for each in (known, unknown)]
    assert [warning.isVisible() for warning in warnings] == [False, True]
    assert "Settings &gt; Options &gt; ZoomEarth &gt; Model" in warnings[1].text()
    assert "confidence" not in labels(panel.dock.transcript.card(unknown.id), "zoomearth_exchange_note")[0]
    answer = panel.dock.transcript.card(unknown.id).findChild(QLabel, "zoomearth_exchange_answer")
    assert "Meaningless" in answer.accessibleName()
    assert panel.dock.transcript.text().count("Meaningless") == 1
    assert unknown.outcome()["meaningless"] is True
    assert [row["meaningless"] for row in panel.results.rois(panel.session.exchanges[-1]).getFeatures()] == [True]
    assert [back.meaningless for back in panel.results.read()] == [False, True]


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
    panel.dock.toolbar.cancel.click()
    wait(lambda: not panel.session.busy)
    assert not bands()


def test_the_line_says_what_is_happening(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    panel.add(demo_scene)
    text = []
    panel.session.progressed.connect(lambda *_: text.append(panel.dock.stage.words.text()))
    panel.ask()
    assert panel.dock.stage.bar.isVisible()
    wait(lambda: "looking at “northern pier”" in text)
    assert "loading the model" in text
    panel.dock.toolbar.cancel.click()
    wait(lambda: not panel.session.busy)
    assert not panel.dock.stage.bar.isVisible()


def test_cancel_keeps_what_was_seen_and_the_next_question_is_answered(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    panel.add(demo_scene)
    first = panel.ask()
    second = panel.ask("And this one?")
    wait(lambda: len(first.views) == 2)
    panel.dock.toolbar.cancel.click()
    wait(lambda: not panel.session.busy)
    assert (first.status, second.status) == (Status.CANCELLED, Status.CANCELLED)
    assert panel.results.read()[0].id == first.id
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


def crash(panel, exchange):
    """While it is being answered."""
    wait(lambda: panel.backend.state is State.UP and exchange.views)
    os.kill(panel.backend.pid, signal.SIGKILL)
    wait(lambda: exchange.status is Status.FAILED)


def test_after_two_crashes_one_bar_restarts_the_process_and_the_questions_wait_for_it(panel, demo_scene):
    panel.script(SLOW, pace=0.01)
    panel.add(demo_scene)
    crash(panel, panel.ask())
    wait(lambda: not panel.session.busy)
    crashing = panel.ask()
    waiting = [panel.ask(f"Question {n}?") for n in range(3)]
    crash(panel, crashing)
    assert panel.backend.state is State.BROKEN
    bar = panel.dock.process_notice
    assert bar.isVisible()
    assert "crashed twice" in bar.text
    assert "3 questions are waiting." in bar.text
    assert [each.status for each in waiting] == [Status.RUNNING] * 3
    assert not any(labels(panel.dock.transcript.card(each.id), "zoomearth_exchange_note")[0] for each in waiting)
    panel.script(ANSWER)
    late = panel.ask("Asked while it is down?")
    assert "4 questions are waiting." in bar.text
    panel.dock.restart.click()
    assert not bar.isVisible()
    wait(lambda: not panel.session.busy)
    assert [each.answer for each in (*waiting, late)] == ["3"] * 4


def test_questions_that_wait_for_a_process_that_is_down_can_be_cancelled(panel, demo_scene):
    panel.backend._command = lambda: ["/nowhere/python"]
    panel.add(demo_scene)
    first, second = panel.ask(), panel.ask("Second?")
    wait(lambda: first.status is Status.FAILED)
    assert "/nowhere/python" in panel.dock.process_notice.text
    assert panel.dock.toolbar.cancel.isEnabled()
    assert not panel.dock.stage.bar.isVisible()
    assert panel.dock.process_notice.minimumSizeHint().width() <= 240
    panel.dock.toolbar.cancel.click()
    assert second.status is Status.CANCELLED
    wait(lambda: not panel.session.busy)


def test_the_log_is_shown_at_the_plugins_tab(panel, qgis_iface, monkeypatch):
    window = qgis_iface.mainWindow()
    viewer = QgsMessageLogViewer(window)
    monkeypatch.setattr(qgis_iface, "openMessageLog", viewer.show, raising=False)
    for tag in ("ZoomEarth", "Other"):
        QgsMessageLog.logMessage("said", tag)
    tabs = viewer.findChild(QTabWidget)
    wait(lambda: tabs.count() >= 2)
    tabs.setCurrentIndex(tabs.count() - 1)
    panel.dock.show_log.click()
    assert tabs.tabText(tabs.currentIndex()) == "ZoomEarth"
    viewer.deleteLater()


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


def test_each_selected_polygon_is_a_row_of_its_own(panel, demo_scene):
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
    panel.ask()  # nothing is selected: a message, and no question
    assert panel.session.exchanges == []
    polygons.selectByIds([1, 3])
    panel.ask()
    wait(lambda: run_of(panel) and done(run_of(panel)))
    rows = run_of(panel).rows
    assert [list(row.views[0].window[:2]) for row in rows] == [[204, 204], [1638, 1638]]
    assert rows[0].scope == "inside the outline of feature 1 of fields"
    polygons.selectByIds([3])
    assert panel.asked().scope == "inside the outline of feature 3 of fields"


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
    assert panel.dock.question.toPlainText()  # the question is not lost


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
    rois = panel.results.rois(first)
    panel.dock.transcript.card(first.id).findChild(QToolButton, "zoomearth_exchange_delete").click()
    wait(lambda: not panel.results.writing)
    assert [exchange.id for exchange in panel.results.read()] == [second.id]
    assert {feature["exchange"] for feature in rois.getFeatures()} == {second.id}
    assert panel.dock.transcript.card(first.id) is None
    panel.dock.toolbar.undo.click()
    wait(lambda: not panel.results.writing)
    assert {exchange.id for exchange in panel.results.file.read()} == {first.id, second.id}
    assert {feature["exchange"] for feature in rois.getFeatures()} == {first.id, second.id}
    assert [card.exchange.id for card in panel.dock.transcript.cards] == [first.id, second.id]
    assert not panel.dock.toolbar.undo.isEnabled()


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
    panel.dock.toolbar.undo.click()
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
        panel.session.ask(Question(panel.dock.form.layer.currentLayer(), f"Question {number}?"), _whole())
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


def polygon_layer(layer, *shapes):
    """Polygons in the raster's CRS, all of them selected; each shape is rectangles, as fractions of the raster from its upper left."""
    polygons = QgsVectorLayer(f"MultiPolygon?crs={layer.crs().authid()}&field=name:string", "parcels", "memory")
    extent, features = layer.extent(), []
    for number, shape in enumerate(shapes):
        feature = QgsFeature(polygons.fields())
        feature["name"] = f"Flur {number + 1}"
        rectangles = [
            QgsRectangle(
                extent.xMinimum() + left * extent.width(),
                extent.yMaximum() - bottom * extent.height(),
                extent.xMinimum() + right * extent.width(),
                extent.yMaximum() - top * extent.height(),
            )
            for left, top, right, bottom in shape
        ]
        feature.setGeometry(QgsGeometry.collectGeometry([QgsGeometry.fromRect(one) for one in rectangles]))
        features.append(feature)
    assert polygons.dataProvider().addFeatures(features)[0]
    QgsProject.instance().addMapLayer(polygons)
    polygons.selectAll()
    return polygons


def pixel(exchange, x, y):
    """Red, green and blue of the first picture that the model saw, at fractions of its width and height."""
    image = QImage.fromData(exchange.views[0].picture)
    return image.pixelColor(int(x * image.width()), int(y * image.height())).getRgb()[:3]


MASKED = (128, 128, 128)


def test_of_a_polygon_in_two_parts_the_model_sees_what_lies_inside_and_the_card_says_so(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    polygon_layer(layer, [(0.1, 0.1, 0.3, 0.3), (0.7, 0.7, 0.9, 0.9)])
    choose(panel, Scope.FEATURES)
    exchange = panel.asked()
    assert exchange.views[0].window == pytest.approx([205, 205, 1843, 1843], abs=2)
    assert [pixel(exchange, x, y) == MASKED for x, y in ((0.1, 0.1), (0.9, 0.9), (0.5, 0.5), (0.9, 0.1))] == [False, False, True, True]
    where = labels(panel.dock.transcript.card(exchange.id), "zoomearth_exchange_where")[0]
    assert "inside the outline of Flur 1 of parcels (2 parts)" in where


def test_polygons_beyond_the_raster_are_said_and_the_others_are_asked_about(panel, demo_scene, qgis_iface):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    polygon_layer(layer, [(0.1, 0.1, 0.3, 0.3)], [(3, 3, 4, 4)], [(0.5, 0.5, 0.6, 0.6)])
    choose(panel, Scope.FEATURES)
    qgis_iface.messageBar().clear_messages()
    panel.ask()
    wait(lambda: run_of(panel) and done(run_of(panel)))
    assert [row.scope for row in run_of(panel).rows] == [
        "inside the outline of Flur 1 of parcels",
        "inside the outline of Flur 3 of parcels",
    ]
    (message,) = qgis_iface.messageBar().get_messages(Qgis.MessageLevel.Warning)
    left_out = f"1 of 3 polygons lie outside the layer {layer.name()} or have no area, and were left out."
    assert left_out in message
    notice = panel.dock.message  # QGIS's bar shows one line of a message, the panel the whole message
    assert notice.isVisible()
    assert notice.text == left_out
    choose(panel, Scope.LAYER)
    panel.asked()
    assert not notice.isVisible()


def test_why_nothing_is_asked_stands_in_the_panel_with_the_remedy_until_it_is_closed(panel, demo_scene):
    panel.add(demo_scene)
    choose(panel, Scope.FEATURES)
    assert panel.ask_nothing() == 0
    assert panel.dock.message.text == "No polygon is selected. Select polygons on the map first, in any vector layer."
    panel.dock.message.findChild(QPushButton, "zoomearth_message_close").click()
    assert not panel.dock.message.isVisible()


def test_what_a_turned_canvas_does_not_show_the_model_does_not_see(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)
    canvas.setRotation(45)
    canvas.zoomByFactor(0.5)
    try:
        choose(panel, Scope.CANVAS)
        exchange = panel.asked()
    finally:
        canvas.setRotation(0)
    assert exchange.scope == "inside the map canvas, rotated by 45°"
    assert [pixel(exchange, x, y) == MASKED for x, y in ((0.5, 0.5), (0.04, 0.5), (0.04, 0.04), (0.96, 0.04), (0.96, 0.96))] == [
        False,
        False,
        True,
        True,
        True,
    ]


def bands_of(canvas):
    return [
        item.asGeometry() for item in canvas.scene().items() if isinstance(item, QgsRubberBand) and item.isVisible() and item.size() > 0
    ]


def test_a_drawn_rectangle_and_the_boxes_of_an_answer_stay_in_sight_in_a_project_of_another_crs(panel, demo_scene):
    panel.script(BOX, SLOW, pace=0.01)
    layer = panel.add(demo_scene)
    canvas = zoom_canvas_to(panel, layer)
    choose(panel, Scope.RECTANGLE)
    assert panel.dock.form.drag.isVisible()
    drawn = layer.extent().buffered(-100)
    panel.dock.form._rectangle._drawn(drawn)
    assert not panel.dock.form.drag.isVisible()
    exchange = panel.ask()
    wait(lambda: exchange.zooms)
    before = bands_of(canvas)
    web = QgsCoordinateReferenceSystem("EPSG:3857")
    canvas.setDestinationCrs(web)
    after = bands_of(canvas)
    there = QgsCoordinateTransform(layer.crs(), web, QgsProject.instance())
    assert len(after) == len(before) == 3, "the rectangle, and a box with its casing"
    for old in before:
        center = there.transform(old.boundingBox().center())
        assert min(center.distance(new.boundingBox().center()) for new in after) < 1
    panel.dock.toolbar.cancel.click()
    wait(lambda: not panel.session.busy)


def test_the_flash_of_a_place_leaves_what_is_there_in_sight(panel, demo_scene, qtbot):
    panel.script(BOX, ANSWER)
    layer = panel.add(demo_scene)
    exchange = panel.asked()
    canvas = zoom_canvas_to(panel, layer)
    canvas.setLayers([])
    panel.dock.transcript.card(exchange.id).findChild(QToolButton, "zoomearth_exchange_view_1").click()
    middle, redness = set(), 0
    for _ in range(20):
        qtbot.wait(30)
        image = canvas.grab().toImage()
        middle.add(image.pixelColor(image.width() // 2, image.height() // 2).name())
        row = [image.pixelColor(x, image.height() // 2) for x in range(image.width())]
        redness = max(redness, *(color.red() - color.green() for color in row))
    assert middle == {"#ffffff"}
    assert redness > 100, "an outline flashes"


def test_the_dock_can_be_240_pixels_wide(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    card = panel.dock.transcript.card(panel.asked().id)
    for scope in Scope:
        choose(panel, scope)
        assert panel.dock.temporary.isVisible()
        assert panel.dock.minimumSizeHint().width() <= 240, scope
    for notice in (panel.dock.process_notice, panel.dock.results_notice, panel.dock.message):
        notice.say(f"The results can't be written to /data/{'a_long_name_' * 12}.gpkg: it is read-only.")
    assert panel.dock.minimumSizeHint().width() <= 240
    panel.dock.resize(240, 700)
    wait(lambda: card.width() < 240, 5)
    for text in panel.dock.findChildren(WrappedText):
        assert text.height() >= text.document().size().height() > 3 * text.fontMetrics().lineSpacing(), "all of its lines"
    assert card.findChild(QToolButton, "zoomearth_exchange_view_1").geometry().right() < card.width()
    assert card.findChild(QToolButton, "zoomearth_exchange_delete").geometry().right() < card.width()


def pseudocolour(layer):
    shader = QgsRasterShader(0, 255)
    function = QgsColorRampShader(0, 255)
    item = QgsColorRampShader.ColorRampItem
    function.setColorRampItemList([item(0, QColor("#ff0000")), item(255, QColor("#00ff00"))])
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(0)
    renderer.setClassificationMax(255)
    layer.setRenderer(renderer)
    layer.triggerRepaint()


def test_a_styled_layer_is_seen_as_qgis_shows_it_or_as_its_values_and_it_is_said_which(panel, demo_scene, tmp_path):
    panel.script(ANSWER)
    layer, form = panel.add(demo_scene), panel.dock.form
    assert not form.colours.isVisible()
    assert panel.asked().seen_as == ""
    pseudocolour(layer)
    assert form.colours.isVisible()
    shown = panel.asked()
    red, green, blue = pixel(shown, 0.5, 0.5)
    assert blue < 5 < 200 < red + green
    assert shown.seen_as == "seen as shown in QGIS, 0.3 m per pixel (2048 x 2048 px)"
    form.colours.setCurrentIndex(form.colours.findText("Without the layer style"))
    raw = panel.asked()
    red, green, blue = pixel(raw, 0.5, 0.5)
    assert red == green == blue
    assert raw.seen_as == "seen as grey, band 1, 0 to 255; the colours of the layer style are not used"
    assert raw.outcome()["seen_as"] == raw.seen_as
    assert html.escape(raw.seen_as) in report_html([raw])
    for exchange in (shown, raw):
        assert exchange.seen_as in html.unescape(labels(panel.dock.transcript.card(exchange.id), "zoomearth_exchange_where")[0])
    assert [exchange.seen_as for exchange in panel.results.read()] == ["", shown.seen_as, raw.seen_as]


def test_a_part_of_a_styled_layer_is_taken_and_the_rest_is_masked(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    pseudocolour(layer)
    polygon_layer(layer, [(0.1, 0.1, 0.3, 0.3), (0.7, 0.7, 0.9, 0.9)])
    choose(panel, Scope.FEATURES)
    exchange = panel.asked()
    assert [pixel(exchange, x, y) == MASKED for x, y in ((0.1, 0.1), (0.9, 0.9), (0.5, 0.5), (0.9, 0.1))] == [False, False, True, True]


ABOUT_2048 = "= 204[89] x 204[89] px"  # a canvas begins and ends within a pixel


@pytest.fixture
def tiles():
    with TileServer() as server:
        layer = QgsRasterLayer(server.source.replace("zmax=6", "zmax=19"), "tiles", "wms")
        assert layer.isValid()
        yield layer


def test_the_resolution_of_a_snapshot_follows_the_canvas_until_somebody_sets_it(panel, tiles):
    form, canvas = panel.dock.form, panel.canvas
    QgsProject.instance().addMapLayer(tiles)
    form.layer.setLayer(tiles)
    canvas = zoom_canvas_to(panel, tiles)
    world = form.resolution.value()
    assert form.size.text() == "= 2048 x 2048 px"
    choose(panel, Scope.CANVAS)
    canvas.zoomByFactor(1 / 64)
    assert form.resolution.value() == pytest.approx(world / 64, rel=0.01)
    assert re.fullmatch(ABOUT_2048, form.size.text())
    form.resolution.setValue(world)
    assert re.match("<b>= 3[23] x 3[23] px: too small for a useful answer. Choose a finer resolution or a larger area.", form.size.text())
    assert form.fit.isVisible()
    canvas.zoomByFactor(2)
    assert form.resolution.value() == world
    assert re.match("<b>= 6[45] x 6[45] px: too small", form.size.text())
    form.fit.click()
    assert re.fullmatch(ABOUT_2048, form.size.text())
    canvas.zoomByFactor(0.5)
    assert form.resolution.value() == pytest.approx(world / 64, rel=0.01)
    form.resolution.setValue(0.01)
    assert "maximum is 400 million pixels" in form.size.text()
    assert panel.ask_nothing() == 0, "refused before it is asked"
    form.fit.click()
    choose(panel, Scope.LAYER)
    columns, rows = map(int, re.findall("[0-9]+", form.size.text()))
    assert 2048 <= columns == rows <= 20_000


def test_where_a_service_has_nothing_finer_the_remedy_is_a_larger_place(panel):
    with TileServer() as server:
        layer = QgsRasterLayer(server.source, "tiles", "wms")
        QgsProject.instance().addMapLayer(layer)
        panel.dock.form.layer.setLayer(layer)
        canvas = zoom_canvas_to(panel, layer)
        choose(panel, Scope.CANVAS)
        canvas.zoomByFactor(1e-4)
        assert panel.dock.form.size.text().endswith(" px: too small for a useful answer. Choose a larger area.</b>")
        assert not panel.dock.form.fit.isVisible()


def test_the_resolution_is_shown_rounded_with_its_unit_and_stays_exact(panel, tiles):
    form = panel.dock.form
    QgsProject.instance().addMapLayer(tiles)
    form.layer.setLayer(tiles)
    form.resolution.setValue(38.218514)
    assert form.resolution.text() == "38.22 m per pixel"
    QTest.keyClick(form.resolution, Qt.Key.Key_Return)
    assert form.resolution.value() == 38.218514
    form.resolution.lineEdit().setText("0.25 m per pixel")
    QTest.keyClick(form.resolution, Qt.Key.Key_Return)
    assert (form.resolution.value(), form.resolution.text()) == (0.25, "0.25 m per pixel")


def test_a_service_in_an_empty_project_is_asked_about_with_the_resolution_that_is_suggested(panel, tiles):
    panel.script(ANSWER)
    QgsProject.instance().addMapLayer(tiles)  # before the canvas has shown anything
    panel.dock.form.layer.setLayer(tiles)
    zoom_canvas_to(panel, tiles)
    exchange = panel.asked()
    assert exchange.answer == "3", exchange.message
    assert exchange.seen_as == "seen as shown in QGIS, 19570 m per pixel (2048 x 2048 px)"
    assert exchange.views[0].window == (0, 0, 2048, 2048)


def _whole():
    from zoomearth.plugin.layers.scope import Place

    return Place("whole layer")
