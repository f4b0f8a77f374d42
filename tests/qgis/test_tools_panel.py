"""The tools in the panel: on a picture's place and on an area; the result on the map, in the card, in the project and in the report."""

import re

import numpy as np
import pytest
from osgeo import gdal
from panel import ANSWER, Panel, wait
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QPointF, Qt, QTimer
from qgis.PyQt.QtGui import QImage, QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QLabel, QPushButton, QToolButton
from rasters import NORTH_UP, city, make

from zoomearth.plugin.exchanges.exchange import Exchange
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.export.html import html as report_html
from zoomearth.plugin.export.pdf import write_pdf
from zoomearth.plugin.layers.scope import Scope
from zoomearth.plugin.panel.tool_dialog import ToolDialog

ZOOM = '<think>A lake.</think>[{"bbox_2d": [106, 106, 406, 406], "label": "northern lake"}]'


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Dark ground of 512 x 512 px with a bright lake around (256, 256), with noise."""
    pixels = city(512, 512) // 3
    yy, xx = np.mgrid[:512, :512]
    pixels[:, (xx - 256) ** 2 / 14400 + (yy - 256) ** 2 / 10000 < 1] = np.array([40, 90, 230], np.uint8)[:, None]
    return make(
        tmp_path_factory.mktemp("lake") / "lake.tif", pixels, crs="EPSG:32633", affine=NORTH_UP, interpretation=["Red", "Green", "Blue"]
    )


@pytest.fixture
def asked(panel, lake):
    """The panel, and an exchange with one zoom on the lake."""
    panel.script(ZOOM, ANSWER)
    panel.add(lake)
    exchange = panel.asked("How many lakes?")
    assert len(exchange.zooms) == 1
    return exchange


def runs(panel):
    return panel.dock.bench.runs


def choose(panel, exchange, number, tool):
    """The entry of the menu below a picture."""
    card = panel.dock.transcript.card(exchange.id)
    button = card.findChild(QToolButton, f"zoomearth_exchange_tools_{number}")
    (action,) = (action for action in button.menu().actions() if action.objectName() == f"zoomearth_tool_{tool}")
    action.trigger()


def used(panel, exchange, number, tool, timeout=60):
    count = len(exchange.uses)
    choose(panel, exchange, number, tool)
    wait(lambda: not runs(panel).busy and not panel.results.writing, timeout)
    assert len(exchange.uses) == count + 1, panel.dock.message.text
    return exchange.uses[-1]


def in_dialog(act):
    """Calls `act` with the dialog that opens next."""

    def look():
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, ToolDialog):
            timer.stop()
            act(dialog)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(20)
    return timer


def accept(dialog):
    QTest.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)


def draw(panel, layer, left, top, right, bottom):
    """A rectangle in pixels of the layer."""
    form = panel.dock.form
    panel.canvas.setDestinationCrs(layer.crs())
    form.scope.setCurrentIndex(form.scope.findData(Scope.RECTANGLE))
    x, y, pixel = layer.extent().xMinimum(), layer.extent().yMaximum(), layer.rasterUnitsPerPixelX()
    form._rectangle._drawn(QgsRectangle(x + left * pixel, y - bottom * pixel, x + right * pixel, y - top * pixel))


def on_area(panel, tool):
    (action,) = (action for action in panel.dock.form.tools.menu().actions() if action.objectName() == f"zoomearth_tool_{tool}")
    action.trigger()


def group_names(panel):
    (group,) = (group for group in QgsProject.instance().layerTreeRoot().findGroups() if group.name().startswith("ZoomEarth"))
    return [node.name() for node in group.children()]


def test_a_zoom_is_outlined_by_a_click_and_lands_as_polygons_with_the_question(panel, asked, lake):
    use = used(panel, asked, 1, "segmentation")
    layer = panel.results.use_layer(use)
    assert isinstance(layer, QgsVectorLayer)
    (feature,) = layer.getFeatures()
    pixel = NORTH_UP[1] ** 2
    assert feature.geometry().area() == pytest.approx(np.pi * 120 * 100 * pixel, rel=0.05)
    values = [feature[name] for name in ("label", "tool", "question", "answer", "exchange", "image")]
    assert values == ["northern lake", "segmentation", "How many lakes?", "3", asked.id, str(lake)]
    assert layer.renderer().symbol().symbolLayerCount() == 3
    assert group_names(panel)[0] == "Segment: northern lake"
    file = panel.results.file.folder / use.made.out
    assert (file.name, file.exists()) == ("lake_segmentation_northern_lake.gpkg", True)
    assert layer.source().startswith(str(file))
    before, after = (QImage.fromData(picture) for picture in (use.before, use.after))
    assert before.size() == after.size()
    assert before != after
    (box,) = panel.dock.transcript.card(asked.id).uses
    assert "grabcut" in box.findChild(QLabel, "zoomearth_use_notes").text().lower() or "otsu" in use.made.backend
    again = used(panel, asked, 1, "segmentation")
    assert again.made.out == "lake_segmentation_northern_lake_2.gpkg"


def test_the_picture_of_a_zoom_has_the_menu_by_the_right_button_and_by_a_button_that_is_named(panel, asked):
    card = panel.dock.transcript.card(asked.id)
    for number, name in enumerate(("Overview", "northern lake")):
        button = card.findChild(QToolButton, f"zoomearth_exchange_tools_{number}")
        assert button.accessibleName() == f"Tools for {name}"
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        titles = [action.text().replace("&", "") for action in button.menu().actions()]
        more = ["", "Label this place"] if number else []
        assert [title.rstrip("…") for title in titles] == ["Segment", "Denoise", "Remove clouds", "Edit", *more]
        thumb = card.findChild(QToolButton, f"zoomearth_exchange_view_{number}")
        thumb.customContextMenuRequested.emit(thumb.rect().center())
        assert button.menu().isVisible()
        button.menu().close()


def test_a_drawn_rectangle_is_denoised_and_the_raster_is_styled_as_its_source(panel, lake):
    layer = panel.add(lake)
    layer.renderer().setRedBand(3)
    draw(panel, layer, 100, 120, 228, 200)
    timer = in_dialog(accept)
    on_area(panel, "denoising")
    wait(lambda: not runs(panel).busy and not panel.results.writing)
    assert not timer.isActive()
    (exchange,) = panel.session.exchanges
    (use,) = exchange.uses
    result = panel.results.use_layer(use)
    assert isinstance(result, QgsRasterLayer)
    assert (result.width(), result.height()) == (128, 80)
    assert result.renderer().redBand() == 3
    assert group_names(panel) == ["Denoise: lake"]
    assert (exchange.question, exchange.answer) == ("", None)
    assert panel.results.layers(ANSWERS) == [], "a tool is no question"
    card = panel.dock.transcript.card(exchange.id)
    assert card.findChild(QLabel, "zoomearth_exchange_question").text() == "Denoise: drawn rectangle"
    assert not card.findChild(QLabel, "zoomearth_exchange_note").isVisible()
    assert panel.results.read()[0].uses == exchange.uses


def test_the_slider_shows_before_on_its_left_and_moves_by_arrows_and_mouse(panel, asked):
    used(panel, asked, 1, "segmentation")
    (box,) = panel.dock.transcript.card(asked.id).uses
    slider = box.comparison
    slider.resize(200, 200)
    assert slider.accessibleName()
    assert slider.focusPolicy() == Qt.FocusPolicy.StrongFocus

    def inside(x):
        return slider.grab().toImage().pixelColor(x, 100).getRgb()[:3]

    QTest.keyClick(slider, Qt.Key.Key_Home)
    after = inside(140)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert slider.value() == 100
    assert inside(140) != after
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.value() == 98
    event = QMouseEvent(
        QEvent.Type.MouseButtonPress, QPointF(50, 100), Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    slider.mousePressEvent(event)
    assert slider.value() == 25


def test_a_result_is_removed_with_its_layer_and_undo_brings_both_back(panel, asked):
    use = used(panel, asked, 1, "segmentation")
    card = panel.dock.transcript.card(asked.id)
    card.uses[0].findChild(QPushButton, "zoomearth_use_remove").click()
    assert (asked.uses, card.uses, panel.results.use_layer(use)) == ([], [], None)
    wait(lambda: not panel.results.writing)
    assert panel.results.read()[0].uses == []
    panel.dock.toolbar.undo.click()
    wait(lambda: not panel.results.writing)
    assert asked.uses == [use]
    assert panel.results.use_layer(use) is not None
    assert panel.results.read()[0].uses == [use]
    QgsProject.instance().removeMapLayer(panel.results.use_layer(use).id())
    card.uses[0].findChild(QPushButton, "zoomearth_use_show").click()
    assert panel.results.use_layer(use) is not None, "a layer that the user has removed comes back by a click"
    panel.session.remove(asked)
    assert panel.results.use_layer(use) is None
    panel.session.undo()
    assert panel.results.use_layer(use) is not None
    card = panel.dock.transcript.card(asked.id)
    file = panel.results.file.folder / use.made.out
    card.uses[0].findChild(QPushButton, "zoomearth_use_remove").click()
    assert file.exists()
    panel.session.close()
    assert not file.exists()


def test_the_results_move_with_the_project_and_are_there_when_it_is_opened_again(panel, asked, tmp_path):
    use = used(panel, asked, 1, "segmentation")
    origin = panel.results.file.folder
    project = QgsProject.instance()
    assert project.write(str(tmp_path / "town.qgz"))
    wait(lambda: panel.results.file.path.parent == tmp_path)
    folder = tmp_path / "town_zoomearth"
    assert (folder / use.made.out).exists()
    wait(lambda: str(folder) in panel.results.use_layer(use).source())
    assert not origin.exists()
    assert project.write()
    project.clear()
    assert project.read(str(tmp_path / "town.qgz"))
    (exchange,) = panel.session.exchanges
    assert exchange.uses == [use]
    layer = panel.results.use_layer(use)
    assert layer.isValid()
    assert layer.featureCount() == 1
    (box,) = panel.dock.transcript.card(exchange.id).uses
    assert box.comparison is not None


def test_the_report_has_both_pictures_with_the_tool_and_its_notes(panel, asked, tmp_path):
    use = used(panel, asked, 1, "segmentation")
    page = report_html(panel.session.exchanges)
    section = re.search(r'<section class="use">.*?</section>', page, re.S)[0]
    assert section.count("data:image/png") == 2
    assert use.made.backend in section
    assert "Segment" in section
    assert "northern lake" in section
    before = len(write_pdf([Exchange.from_dict({**asked.to_dict(), "uses": []})], tmp_path / "without.pdf").read_bytes())
    assert len(write_pdf([asked], tmp_path / "with.pdf").read_bytes()) > before + 10_000


def test_the_report_of_a_tool_without_a_question_says_no_answer_is_missing(panel, lake):
    layer = panel.add(lake)
    draw(panel, layer, 100, 120, 228, 200)
    timer = in_dialog(accept)
    on_area(panel, "denoising")
    wait(lambda: not runs(panel).busy)
    assert not timer.isActive()
    page = report_html(panel.session.exchanges)
    assert "Denoise: drawn rectangle" in page
    assert "There is no answer" not in page


def test_a_cancel_leaves_nothing_and_the_panel_is_ready(panel, tmp_path):
    layer = panel.add(make(tmp_path / "large.tif", city(4000, 4000), interpretation=["Red", "Green", "Blue"]))
    timer = in_dialog(accept)
    on_area(panel, "denoising")
    assert not timer.isActive()
    assert panel.dock.toolbar.cancel.isEnabled()
    wait(lambda: panel.dock.stage.words.text().startswith("removing the noise"))
    assert panel.dock.stage.bar.isVisible()
    panel.dock.toolbar.cancel.click()
    wait(lambda: not runs(panel).busy, 10)
    assert panel.session.exchanges == []
    assert not panel.results.file.folder.exists()
    assert not panel.dock.toolbar.cancel.isEnabled()
    assert layer.isValid()


def test_clouds_are_removed_with_a_ticked_layer_and_a_mask_that_was_drawn(panel, lake, tmp_path):
    clean = gdal.Open(str(lake)).ReadAsArray()
    cloudy = clean.copy()
    cloudy[:, 200:240, 200:260] = 250
    other = QgsRasterLayer(str(lake), "june")
    QgsProject.instance().addMapLayer(other)
    layer = panel.add(make(tmp_path / "may.tif", cloudy, crs="EPSG:32633", affine=NORTH_UP, interpretation=["Red", "Green", "Blue"]))
    drawn = QgsVectorLayer("Polygon?crs=EPSG:32633", "clouds", "memory")
    x, y, pixel = layer.extent().xMinimum(), layer.extent().yMaximum(), layer.rasterUnitsPerPixelX()
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x + 198 * pixel, y - 242 * pixel, x + 262 * pixel, y - 198 * pixel)))
    drawn.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(drawn)
    draw(panel, layer, 150, 150, 350, 300)
    seen = []

    def fill(dialog):
        seen.append((dialog.ok.isEnabled(), dialog.hint.text()))
        dialog.references.item(0).setCheckState(Qt.CheckState.Checked)
        dialog.mask.setLayer(drawn)
        accept(dialog)

    timer = in_dialog(fill)
    on_area(panel, "cloud-removal")
    wait(lambda: not runs(panel).busy)
    assert not timer.isActive()
    assert seen == [(False, "Tick an image of another date of the same place.")]
    (use,) = panel.session.exchanges[0].uses
    result = panel.results.use_layer(use)
    assert result.name() == "Remove clouds (synthetic): may"
    assert "synthetic" in use.made.out
    after = gdal.Open(result.source()).ReadAsArray().astype(int)
    assert np.abs(after - clean[:, 150:300, 150:350])[:, 52:88, 52:108].mean() < 6
    assert (gdal.Open(layer.source()).ReadAsArray() == cloudy).all(), "the source is as it was"


def test_editing_takes_the_verb_and_a_dialog_that_is_cancelled_does_nothing(panel, asked):
    values = []

    def fill(dialog):
        verb = dialog.findChild(type(dialog._fields["verb"]), "zoomearth_tool_verb")
        verb.setCurrentIndex(verb.findData("paste"))
        values.append((dialog.ok.isEnabled(), dialog.hint.text()))
        verb.setCurrentIndex(verb.findData("replace"))
        dialog.label.setText(" ")
        values.append((dialog.ok.isEnabled(), dialog.hint.text()))
        dialog.label.setText("northern lake")
        values.append((dialog.ok.isEnabled(), dialog.hint.text()))
        verb.setCurrentIndex(verb.findData("pixelate"))
        values.append((dialog.use.arguments, dialog.use.label))
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel).click()

    timer = in_dialog(fill)
    choose(panel, asked, 1, "editing")
    assert not timer.isActive()
    assert not runs(panel).busy
    assert values[0] == (False, "Add a raster layer of another date of the same place to the project first.")
    assert values[1:3] == [(False, "Type as the label what to draw."), (True, "")]
    assert values[3] == ({"verb": "pixelate", "amount": 1.0, "color": "#c03020", "backend": "best"}, "northern lake")


def test_what_can_not_be_done_is_said_in_the_panel(panel, asked, tmp_path):
    panel.session.exchanges[0].uses = []
    layer = panel.results.raster_layer(asked)
    draw(panel, layer, 10, 10, 11, 11)
    timer = in_dialog(accept)
    on_area(panel, "segmentation")
    wait(lambda: not runs(panel).busy)
    assert not timer.isActive()
    assert "pixels" in panel.dock.message.text
    QgsProject.instance().removeMapLayer(layer.id())
    choose(panel, asked, 1, "segmentation")
    assert panel.dock.message.text == "The layer lake is not in the project. Add the layer again, then choose the tool."
    assert not runs(panel).busy
    assert len(panel.session.exchanges) == 1


def test_results_of_an_unsaved_project_come_along_when_they_are_added_to_another(panel, asked, qgis_iface, python):
    use = used(panel, asked, 1, "segmentation")
    file = panel.results.file.path
    QgsProject.instance().clear()
    other = Panel(qgis_iface, python)
    try:
        other.session.add(file)
        (exchange,) = other.session.exchanges
        (taken,) = exchange.uses
        wait(lambda: not other.results.writing)
        assert other.results.file.path != file
        assert (other.results.file.folder / taken.made.out).exists()
        assert other.results.use_layer(use) is not None
    finally:
        other.close()


CALL = (
    "<think>Outline it.</think>"
    '<tool_call>{"name": "segmentation", "arguments": {"bbox_2d": [106, 106, 406, 406], "label": "northern lake"}}</tool_call>'
)


@pytest.fixture
def offering(panel):
    """The panel, whose model may use tools."""
    panel.dock.form.offers_tools.setChecked(True)
    yield panel
    panel.dock.form.offers_tools.setChecked(False)


def test_a_tool_that_the_model_calls_lands_as_a_layer_of_its_answer(offering, lake):
    offering.script(CALL, ANSWER)
    offering.add(lake)
    exchange = offering.asked("Segment the northern lake. How many ships are on it?")
    assert (exchange.answer, [view.tool for view in exchange.views]) == ("3", [None, "segmentation"])
    (use,) = exchange.uses
    assert (use.made.tool, use.made.out, use.place) == ("segmentation", "segmentation-1.gpkg", "northern lake")
    layer = offering.results.use_layer(use)
    (feature,) = layer.getFeatures()
    assert feature.geometry().area() == pytest.approx(np.pi * 120 * 100 * NORTH_UP[1] ** 2, rel=0.05)
    assert feature["question"] == exchange.question
    assert [box.use.id for box in offering.dock.transcript.card(exchange.id).uses] == [use.id]
    (stored,) = offering.results.read()
    assert [each.id for each in stored.uses] == [use.id]
    offering.session.remove_use(exchange, use)
    assert offering.results.use_layer(use) is None
    offering.session.undo()
    assert offering.results.use_layer(use).isValid()


def test_a_tool_that_fails_is_a_note_and_the_model_still_answers(offering, lake):
    offering.script(CALL.replace("segmentation", "cloud-removal"), ANSWER)
    offering.add(lake)
    exchange = offering.asked("Remove the clouds over the lake.")
    assert (exchange.answer, exchange.uses) == ("3", [])
    assert any(note.startswith("cloud-removal: ") for note in exchange.notes), exchange.notes


def test_the_other_rasters_of_the_place_are_references_and_rasters_elsewhere_are_not(offering, lake, tmp_path):
    pixels = city(512, 512) // 3
    later = make(tmp_path / "later.tif", pixels, crs="EPSG:32633", affine=NORTH_UP)
    cloudy = pixels.copy()
    yy, xx = np.mgrid[:512, :512]
    cloudy[:, (xx - 256) ** 2 + (yy - 256) ** 2 < 80**2] = 250
    away = (NORTH_UP[0] + 1e5, *NORTH_UP[1:])
    far = make(tmp_path / "far.tif", city(512, 512), crs="EPSG:32633", affine=away)
    offering.add(far)
    offering.add(later)
    offering.add(make(tmp_path / "cloudy.tif", cloudy, crs="EPSG:32633", affine=NORTH_UP))
    offering.script(CALL.replace("segmentation", "cloud-removal"), ANSWER)
    exchange = offering.asked("Remove the clouds over the lake.")
    assert (exchange.answer, len(exchange.uses)) == ("3", 1), exchange.notes
    (use,) = exchange.uses
    assert offering.results.use_layer(use).isValid()


def test_without_the_users_consent_no_tool_is_used(panel, lake):
    panel.script(CALL, ANSWER)
    panel.add(lake)
    assert panel.asked("Segment the northern lake.").uses == []


def test_a_survey_that_the_model_calls_is_a_layer_of_its_answer(offering, lake):
    call = '<tool_call>{"name": "survey", "arguments": {"label": "lakes", "size": 60}}</tool_call>'
    offering.script(call, '[{"bbox_2d": [130, 150, 380, 360], "label": "lake"}]', "<answer>1</answer>")
    offering.add(lake)
    exchange = offering.asked("How many lakes are in the whole scene?")
    assert (exchange.answer, [view.tool for view in exchange.views]) == ("1", [None, "survey"]), exchange.why
    (use,) = exchange.uses
    assert (use.made.metrics["count"], use.made.metrics["views"]) == (1, 1)
    assert any(note.startswith("A survey for lakes found 1: it looked closely at 100 % of the area") for note in exchange.notes)
    layer = offering.results.use_layer(use)
    assert [feature["kind"] for feature in layer.getFeatures()] == ["feature"]
    assert layer.name() == "Find all: lakes"
    image = QImage.fromData(exchange.views[-1].picture)
    assert any(image.pixelColor(x, 256).getRgb()[:3] == (255, 0, 160) for x in range(image.width()))  # the mark is drawn
