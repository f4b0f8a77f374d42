"""Two layers and one question: the form, both pictures on the card under a line that moves, what is stored, the reports, Processing."""

import numpy as np
import pytest
from algorithms import Run
from panel import wait
from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QByteArray, Qt
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QToolButton
from rasters import NORTH_UP, city, make, tag

from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings
from zoomearth.plugin.exchanges.exchange import Exchange, Status
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.export.html import html as report_html
from zoomearth.plugin.export.pdf import write_pdf
from zoomearth.plugin.processing import common
from zoomearth.plugin.processing.provider import Provider

ZOOM = '[{"bbox_2d": [100, 100, 600, 600], "label": "northern yard"}]'
ANSWER = "<answer>a hall was built</answer>"


@pytest.fixture(scope="module")
def dates(tmp_path_factory):
    """A yard in 2014, and in 2019 with a white hall in its middle, shifted by 20 m."""
    folder = tmp_path_factory.mktemp("dates")
    before = city(600, 400)
    after = np.pad(before, ((0, 0), (40, 40), (40, 40)), constant_values=9)
    after[:, 180:260, 280:360] = 255
    affine = (NORTH_UP[0] - 20, 0.5, 0.0, NORTH_UP[3] + 20, 0.0, -0.5)
    colours = ["Red", "Green", "Blue"]
    first = make(folder / "yard-2014.tif", before, crs="EPSG:32633", interpretation=colours)
    second = make(folder / "yard-b.tif", after, crs="EPSG:32633", affine=affine, interpretation=colours)
    return first, tag(second, ACQUISITION_DATE="2019-07-16")


def stock(panel, *replies):
    """The replies of a model that takes several pictures."""
    panel.load = Load(Settings(model="qwen3-vl-4b"), replies=replies)


def white(png):
    """How many pixels of a picture are white."""
    image = QImage.fromData(QByteArray(png)).convertToFormat(QImage.Format.Format_Grayscale8)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return int((np.frombuffer(bytes(bits), np.uint8) > 250).sum())


@pytest.fixture
def compared(panel, dates):
    """The panel's exchange about both dates, with one zoom."""
    stock(panel, ZOOM, ANSWER)
    first = panel.add(dates[0], "Before")
    second = panel.add(dates[1], "After")
    panel.dock.form.layer.setLayer(first)
    panel.dock.form.second.setLayer(second)
    exchange = panel.asked("What changed?")
    assert exchange.status is Status.DONE, exchange.message
    return exchange


def test_the_card_shows_both_dates_under_a_line_that_moves(panel, compared):
    assert compared.answer == "a hall was built"
    assert compared.names == ["Before", "After (2019-07-16)"]
    assert len(compared.views) == 2
    for view in compared.views:
        assert white(view.other) > 50 > white(view.picture)
        assert QImage.fromData(QByteArray(view.other)).size() == QImage.fromData(QByteArray(view.picture)).size()
    card = panel.dock.transcript.card(compared.id)
    comparison = card.comparison
    assert comparison.accessibleName().startswith("Before (left) and After (2019-07-16) (right).")
    zoomed = comparison.after.toImage()
    card.findChild(QToolButton, "zoomearth_exchange_view_0").click()
    assert comparison.after.toImage() != zoomed  # the overview's
    comparison.setFocus()
    QTest.keyClick(comparison, Qt.Key.Key_Home)
    assert comparison.value() == 0
    assert "compared with After (2019-07-16)" in card.findChild(type(card._where), "zoomearth_exchange_where").text()


def test_both_rasters_stand_in_the_results_and_the_reports(panel, compared, dates, tmp_path):
    assert Exchange.from_dict(compared.to_dict()) == compared
    assert compared.outcome()["compare"] == str(dates[1])
    file = panel.results.file
    wait(lambda: file.exists and file.read(1.0))
    (stored,) = file.read(1.0)
    assert stored == compared
    rows = list(QgsVectorLayer(file.uri(f"{ANSWERS}_before"), "answers", "ogr").getFeatures())
    assert [row["compare"] for row in rows] == [str(dates[1])]
    page = report_html([compared])
    assert page.count("<img ") == 3  # beside the overview: its other date, and both of the zoom
    assert "northern yard: After (2019-07-16)" in page
    assert write_pdf([compared], tmp_path / "report.pdf").stat().st_size > 10_000


def test_the_choice_is_there_with_two_layers_and_fits_a_narrow_panel(panel, dates):
    form = panel.dock.form
    panel.add(dates[0], "Before")
    assert form.second.isHidden()
    first = form.raster
    panel.add(dates[1], "A layer with quite a long name")
    assert not form.second.isHidden()
    assert form.second.currentLayer() is None
    assert panel.dock.minimumSizeHint().width() <= 240
    form.layer.setLayer(first)
    form.second.setLayer(first)
    assert panel.ask_nothing() == 0
    assert "can't be compared with itself" in panel.dock.message.text


def test_a_layer_that_is_no_file_and_a_model_of_one_picture_say_so(panel, dates):
    first = panel.add(dates[0], "Before")
    tiles = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png&zmax=3&zmin=0", "Tiles", "wms")
    QgsProject.instance().addMapLayer(tiles)
    panel.dock.form.layer.setLayer(first)
    panel.dock.form.second.setLayer(tiles)
    assert panel.ask_nothing() == 0
    assert "Save it as a GeoTIFF" in panel.dock.message.text
    second = panel.add(dates[1], "After")
    panel.dock.form.layer.setLayer(first)
    panel.dock.form.second.setLayer(second)
    panel.script(ANSWER)  # in the demo model's dialect
    exchange = panel.asked("What changed?")
    assert exchange.status is Status.FAILED
    assert "takes one picture at a time" in exchange.message
    assert "Qwen3-VL" in exchange.hint


@pytest.fixture
def provider(qgis_app, python, monkeypatch):
    """The toolbox, with a model that takes several pictures."""
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    QgsSettings().setValue("zoomearth/python", python)
    monkeypatch.setattr(common, "load_message", lambda: Load(Settings(model="qwen3-vl-4b"), replies=(ZOOM, ANSWER)))
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


def test_processing_takes_a_second_raster(provider, dates):
    layers = [QgsRasterLayer(str(path), path.stem) for path in dates]
    QgsProject.instance().addMapLayers(layers)
    done = Run("ask", INPUT=layers[0], QUESTION="What changed?", COMPARE=layers[1], OUTPUT="memory:")
    assert done.results["ANSWER"] == "a hall was built", done.feedback.told
    assert [row["compare"] for row in done.rows()] == [str(dates[1])]
    refused = Run("ask", INPUT=layers[0], QUESTION="What changed?", COMPARE=layers[0], OUTPUT="memory:")
    assert not refused.good
    assert "can't be compared with itself" in " ".join(refused.feedback.told)


def test_many_rasters_and_each_polygon_are_compared_with_a_second_raster(provider, dates):
    layers = [QgsRasterLayer(str(path), path.stem) for path in dates]
    QgsProject.instance().addMapLayers(layers)
    polygons = QgsVectorLayer("Polygon?crs=EPSG:32633", "yards", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(layers[0].extent()))
    polygons.dataProvider().addFeature(feature)
    asked = {"QUESTION": "What changed?", "COMPARE": layers[1], "OUTPUT": "memory:", "ROIS": "memory:"}
    by_feature = Run("askbyfeature", INPUT=layers[0], POLYGONS=polygons, **asked)
    assert [row["answer"] for row in by_feature.rows()] == ["a hall was built"], by_feature.feedback.told
    assert [row["compare"] for row in by_feature.rows("ROIS")] == [str(dates[1])]
    asked["QUESTIONS"] = asked.pop("QUESTION")
    many = Run("askmany", LAYERS=[layers[0]], **asked)
    assert [row["answer"] for row in many.rows()] == ["a hall was built"], many.feedback.told
    assert [row["compare"] for row in many.rows("ROIS")] == [str(dates[1])]
    refused = Run("askmany", LAYERS=layers, **asked)
    assert not refused.good
    assert "can't be compared with itself" in " ".join(refused.feedback.told)


def test_a_comparison_is_asked_again_with_both_rasters(panel, compared):
    panel.dock.form.second.setLayer(None)
    stock(panel, ZOOM, ANSWER)
    menu = panel.dock.transcript.card(compared.id).findChild(QToolButton, "zoomearth_exchange_menu").menu()
    menu.aboutToShow.emit()
    (again,) = (action for action in menu.actions() if action.objectName() == "zoomearth_exchange_again")
    assert again.isEnabled()
    again.trigger()
    wait(lambda: not panel.session.busy)
    _, second = panel.session.exchanges
    assert (second.answer, second.compare, second.names) == ("a hall was built", compared.compare, compared.names)
    assert [view.other for view in second.views] == [view.other for view in compared.views]
    (after,) = (layer for layer in QgsProject.instance().mapLayers().values() if layer.name() == "After")
    QgsProject.instance().removeMapLayer(after)
    again.trigger()
    assert len(panel.session.exchanges) == 2
    assert "was compared with is not in the project" in panel.dock.message.text
