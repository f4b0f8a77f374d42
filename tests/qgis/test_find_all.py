"""Find all in the panel: the layer and the count grow while it runs, a cancel keeps what was found, and the same search goes on."""

from pathlib import Path

import numpy as np
import pytest
from panel import wait
from qgis.core import QgsGeometry, QgsPointXY, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QLabel, QPushButton
from rasters import NORTH_UP, make

from zoomearth.core.marks import State
from zoomearth.core.tools import SURVEY
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.panel.use_box import UseBox

ONE = '[{"bbox_2d": [30, 40, 60, 70], "label": "ship"}]'
SLOW = f"<think>{' '.join(f'pier {number}' for number in range(20))}</think>[]"


@pytest.fixture
def bay(panel, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 900, 1200), dtype=np.uint8)
    return panel.add(make(tmp_path / "bay.tif", pixels, crs="EPSG:32633", affine=NORTH_UP))


def find(panel, target="ships"):
    panel.dock.question.setPlainText(target)
    panel.dock.find_all.click()


def done(panel):
    return not panel.dock.surveys.busy and not panel.results.writing


def layer_of(exchange):
    layers = QgsProject.instance().mapLayers().values()
    return next(layer for layer in layers if layer.customProperty("zoomearth/use") == exchange.uses[0].id)


def test_what_is_found_is_a_layer_and_the_count_is_the_answer(panel, bay):
    panel.script(ONE, "[]")
    counts = []
    panel.dock.surveys.counted.connect(lambda *numbers: counts.append(numbers))
    find(panel)
    assert not panel.dock.find_all.isEnabled()
    wait(lambda: done(panel))
    (exchange,) = panel.session.exchanges
    assert (exchange.question, exchange.answer, exchange.status) == ("Find all: ships", "1", Status.DONE)
    assert counts[0][0] == 0
    assert counts[-1][0] == 1
    assert counts[-1][1] == counts[-1][2]
    layer = layer_of(exchange)
    assert [feature["label"] for feature in layer.getFeatures()] == ["ship"]
    assert layer.crs() == bay.crs()
    card = panel.dock.transcript.card(exchange.id)
    (box,) = (box for box in card.findChildren(UseBox) if not box.isHidden())
    assert "100.0 %" in box.findChild(QLabel, "zoomearth_use_notes").text()
    (answers,) = panel.results.layers(ANSWERS)
    assert [feature["answer"] for feature in answers.getFeatures()] == ["1"]


def test_a_layer_shows_where_it_has_looked(panel, bay):
    panel.script(ONE, "[]")
    find(panel)
    wait(lambda: done(panel))
    (exchange,) = panel.session.exchanges
    (looked,) = QgsProject.instance().mapLayersByName("Looked at: ships")
    states = [feature["state"] for feature in looked.getFeatures()]
    assert set(states) == {"done"}
    extent = looked.extent()
    extent.combineExtentWith(bay.extent())
    assert (looked.extent().width(), looked.extent().height()) == pytest.approx((extent.width(), extent.height()))
    assert {category.value() for category in looked.renderer().categories()} == {state.value for state in State}
    names = [node.name() for node in QgsProject.instance().layerTreeRoot().findGroups()[0].children()]
    assert names.index("Find all: ships") < names.index("Looked at: ships")
    panel.session.remove_use(exchange, exchange.uses[0])
    card = panel.dock.transcript.card(exchange.id)
    assert all(box.isHidden() for box in card.findChildren(UseBox))
    assert not QgsProject.instance().mapLayersByName("Looked at: ships")
    panel.session.undo()
    assert QgsProject.instance().mapLayersByName("Looked at: ships")


def test_each_thing_is_checked_by_a_key_and_the_count_follows(panel, bay):
    panel.script('[{"bbox_2d": [30, 40, 60, 70], "label": "ship"}, {"bbox_2d": [90, 90, 120, 130], "label": "ship"}]', "[]")
    find(panel)
    wait(lambda: done(panel))
    (survey,) = panel.session.exchanges
    assert survey.answer == "2"
    card = panel.dock.transcript.card(survey.id)
    card.findChild(QPushButton, "zoomearth_use_check").click()
    survey, about = panel.session.exchanges
    assert about.question == "Is this one: ship?"
    table = panel.answers.dock
    assert [row.answer for row in table.run.rows] == ["yes", "yes"]
    assert {row.feature.layer for row in table.run.rows} == {layer_of(survey).id()}
    table.act("no")
    wait(lambda: survey.checked == "1")
    assert "1 (checked; the model: 2)" in card.findChild(QLabel, "zoomearth_exchange_answer").text()
    wait(lambda: not panel.results.writing and not table.run.writer.writing)
    assert [exchange.checked for exchange in panel.results.read()] == ["1", None]
    card.findChild(QPushButton, "zoomearth_use_check").click()
    assert len(panel.session.exchanges) == 2, "the same check goes on"
    table.act("undo")
    wait(lambda: survey.checked is None)


def test_things_are_outlined_where_that_is_wanted_and_reviewed(panel, tmp_path):
    pixels = np.full((3, 900, 1200), 90, np.uint8) + np.random.default_rng(0).integers(0, 9, (3, 900, 1200)).astype(np.uint8)
    pixels[2, 48:66, 36:58] = 220  # inside the box of the first view that the model marks
    layer = panel.add(make(tmp_path / "bay.tif", pixels, crs="EPSG:32633", affine=NORTH_UP))
    panel.script('[{"bbox_2d": [30, 40, 70, 80], "label": "pool"}]', "[]")
    panel.dock.find_all.outlines.trigger()
    find(panel, "pools")
    wait(lambda: done(panel))
    (exchange,) = panel.session.exchanges
    (pool,) = layer_of(exchange).getFeatures()
    box = QgsRectangle(*(float(side) for side in pool["box"].split(","))).area() * layer.rasterUnitsPerPixelX() ** 2
    assert pool["mask"] == "otsu-grabcut"
    assert 0 < pool.geometry().area() < 0.6 * box
    panel.dock.transcript.card(exchange.id).findChild(QPushButton, "zoomearth_use_check").click()
    (row,) = panel.answers.dock.run.rows
    rings = [QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in ring]]) for ring in row.outline]
    assert sum(ring.area() for ring in rings) == pytest.approx(pool.geometry().area(), rel=0.01)
    panel.dock.find_all.outlines.trigger()


def test_the_menu_with_the_outlines_opens_by_the_keyboard(panel, bay):
    panel.dock.question.setPlainText("ships")
    panel.dock.show()
    button, seen = panel.dock.find_all, []
    assert button.isEnabled()

    def look():
        seen.append(QApplication.activePopupWidget())
        button.menu().close()

    QTimer.singleShot(200, look)
    QTest.keyClick(button, Qt.Key.Key_Down)
    assert seen == [button.menu()]


def test_a_cancel_keeps_what_was_found_and_the_same_search_goes_on(panel, bay):
    panel.script(ONE, SLOW, pace=0.01)
    looked = []
    panel.dock.surveys.counted.connect(lambda count, views, total: looked.append(views))
    find(panel)
    wait(lambda: looked and looked[-1] > 0)
    panel.dock.toolbar.cancel.click()
    wait(lambda: done(panel))
    (exchange,) = panel.session.exchanges
    assert exchange.status is Status.CANCELLED
    out = panel.results.file.folder / exchange.uses[0].made.out
    kept = Path(f"{out}.views.jsonl").read_text()
    assert kept
    panel.script("[]")
    find(panel)
    wait(lambda: done(panel))
    first, second = panel.session.exchanges
    assert second.answer == "1"
    assert second.uses[0].made.tool == SURVEY
    assert Path(f"{out}.views.jsonl").read_text().startswith(kept), "no view was asked twice"
    assert layer_of(second).featureCount() == 1
    assert not [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty("zoomearth/use") == first.uses[0].id]


@pytest.mark.usefixtures("bay")
def test_it_says_what_is_missing(panel):
    panel.dock.find()
    assert "type what to find" in panel.dock.message.text
    panel.script(SLOW, pace=0.01)
    find(panel)
    find(panel, "planes")
    panel.dock.find()
    assert "running already" in panel.dock.message.text
    panel.dock.toolbar.cancel.click()
    wait(lambda: done(panel))
