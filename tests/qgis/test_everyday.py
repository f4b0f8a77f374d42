"""The small things of every minute: the first sight, the model's chip, a card's menu, Escape, and everything by keyboard."""

import pytest
from panel import ANSWER, BOX, wait
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QLabel, QPushButton, QToolButton

from zoomearth.core.settings import Settings
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.layers.scope import Scope
from zoomearth.plugin.panel.first_sight import SAMPLES
from zoomearth.plugin.settings import save_settings, user_name


def chosen(panel, exchange, what):
    """The action of a card's menu."""
    menu = panel.dock.transcript.card(exchange.id).findChild(QToolButton, "zoomearth_exchange_menu").menu()
    menu.aboutToShow.emit()
    return menu.findChild(QAction, f"zoomearth_exchange_{what}")


def test_the_first_sight_offers_questions_and_the_scene_they_are_about(panel):
    sight = panel.dock.transcript.first_sight
    assert sight.isVisible()
    sight.findChild(QPushButton, "zoomearth_sample_1").click()
    assert panel.dock.question.toPlainText() == SAMPLES[1]
    assert not panel.dock.toolbar.ask.isEnabled(), "there is no raster yet"
    sight.findChild(QPushButton, "zoomearth_demo").click()
    assert panel.dock.form.raster.name() == "demo scene"
    assert not sight.findChild(QPushButton, "zoomearth_demo").isVisible(), "it is there"
    panel.script("<answer>2</answer>")
    panel.dock.toolbar.ask.click()
    wait(lambda: not panel.session.busy)
    assert panel.session.exchanges[0].answer == "2"
    assert not sight.isVisible()


def test_the_model_stands_beside_ask_and_a_click_chooses_another(panel, qtbot):
    button = panel.dock.toolbar.model
    assert button.text() == "zoomearth-demo"
    save_settings(Settings(remote="http://localhost:9/v1?key=secret", remote_model="qwen"))
    panel.dock.question.setPlainText("What?")
    assert button.text() == "qwen"
    assert "qwen (http://localhost:9/v1" in button.accessibleName()
    assert "secret" not in button.accessibleName()
    with qtbot.waitSignal(panel.dock.options_clicked):
        button.click()


def test_the_menu_of_a_card_copies_asks_again_edits_and_takes_the_box(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked("How many ships?")
    chosen(panel, exchange, "copy").trigger()
    assert QgsApplication.clipboard().text() == "3"
    chosen(panel, exchange, "edit").trigger()
    assert panel.dock.question.toPlainText() == "How many ships?"
    chosen(panel, exchange, "box").trigger()
    assert panel.dock.form.scope.currentData() is Scope.RECTANGLE
    inside = panel.asked("And here?")
    assert inside.scope == "drawn rectangle"
    left, top, right, bottom = exchange.zooms[0].roi
    assert inside.views[0].window == pytest.approx((left, top, right, bottom), abs=1)
    panel.script("<answer>5</answer>")
    chosen(panel, inside, "again").trigger()
    wait(lambda: not panel.session.busy)
    again = panel.session.exchanges[-1]
    assert (again.question, again.answer, again.scope) == ("And here?", "5", "drawn rectangle")
    assert again.views[0].window == inside.views[0].window


def test_a_question_whose_layer_is_gone_says_so(panel, demo_scene):
    panel.script(ANSWER)
    layer = panel.add(demo_scene)
    exchange = panel.asked("How many ships?")
    QgsProject.instance().removeMapLayer(layer.id())
    chosen(panel, exchange, "again").trigger()
    assert "is not in the project" in panel.dock.message.text
    assert len(panel.session.exchanges) == 1
    assert not chosen(panel, exchange, "box").isEnabled(), "it has none"


def test_escape_cancels(panel, demo_scene):
    panel.script("<think>" + "and then " * 3000, pace=0.01)
    panel.add(demo_scene)
    exchange = panel.ask()
    wait(lambda: exchange.views)
    panel.dock.activateWindow()
    panel.dock.question.setFocus()
    QTest.keyClick(panel.dock.question, Qt.Key.Key_Escape)
    wait(lambda: not panel.session.busy)
    assert exchange.status is Status.CANCELLED


def test_every_button_can_be_reached_by_keyboard_and_says_what_it_does(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    panel.asked()
    for kind in (QPushButton, QToolButton):
        for button in panel.dock.widget().findChildren(kind):
            if button.isVisible() and button.objectName().startswith("zoomearth"):
                assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.objectName()
                assert button.accessibleName() or button.text() or button.toolTip(), button.objectName()
    assert "&" in panel.dock.toolbar.ask.text()
    assert "&" in panel.dock.toolbar.cancel.text()


def test_right_and_wrong_are_checks_of_the_answer(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked("How many ships?")
    card = panel.dock.transcript.card(exchange.id)
    card.judgement.right.click()
    assert (exchange.checked, exchange.contradicted) == ("3", False)
    card.judgement.wrong.click()
    card.judgement.answer.setText("4")
    card.judgement.save.click()
    assert (exchange.answer, exchange.checked, exchange.contradicted) == ("3", "4", True)
    assert f"Checked by {user_name()}, " in card.findChild(QLabel, "zoomearth_exchange_note").text()
    assert card.findChild(QLabel, "zoomearth_exchange_answer").text() == "4 (checked; the model: 3)"
    wait(lambda: not panel.results.writing)
    (feature,) = panel.results.layers(ANSWERS)[0].getFeatures()
    assert (feature["answer"], feature["checked"], feature["checked_by"]) == ("3", "4", user_name())
