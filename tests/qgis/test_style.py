"""The boxes can be read on dark and on bright imagery, in every QGIS that loads the plugin."""

import maps
import pytest
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from zoomearth.plugin.exchanges.result_layers import STYLE
from zoomearth.plugin.panel.canvas import COLORS, color_of

GROUNDS = pytest.mark.parametrize("ground", ["#0a140a", "#fdfdf5", "#6f8f4f"])


@pytest.fixture
def boxes(qgis_app):
    """Seven boxes of 60 x 40 map units, one to a pixel, side by side."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=step:integer&field=label:string", "rois", "memory")
    for step in range(1, 8):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([step, f"pier {step}"])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(100 * step, 100, 100 * step + 60, 140)))
        layer.dataProvider().addFeature(feature)
    return layer


def drawn(layer, ground, labels=True, extent=None):
    layer.setLabelsEnabled(labels)
    job = maps.drawn(layer, extent or QgsRectangle(0, 0, 800, 240), QSize(800, 240), QColor(ground))
    assert not job.errors()
    return job.renderedImage()


def lightness(color):
    return 0.2126 * color.redF() + 0.7152 * color.greenF() + 0.0722 * color.blueF()


def test_the_style_loads_without_a_word(boxes):
    text = []
    QgsApplication.messageLog().messageReceived.connect(lambda *entry: text.append(entry))
    message, loaded = boxes.loadNamedStyle(str(STYLE))
    assert loaded, message
    assert boxes.labelsEnabled()
    assert boxes.renderer().symbol().symbolLayerCount() == 3
    assert text == []


@GROUNDS
def test_each_step_has_the_canvas_colour_within_a_dark_casing(boxes, ground):
    boxes.loadNamedStyle(str(STYLE))
    image = drawn(boxes, ground, labels=False)
    for step in range(1, 8):
        across = [image.pixelColor(100 * step + x, 120) for x in range(-4, 5)]  # over the left edge of the box
        assert color_of(step) in {color.name() for color in across}, step
        assert any(lightness(color) < 0.3 for color in across), "a dark casing"


@GROUNDS
def test_what_a_box_holds_stays_in_sight(boxes, ground):
    boxes.loadNamedStyle(str(STYLE))
    image = drawn(boxes, ground, labels=False)
    assert {image.pixelColor(100 * step + 30, 120).name() for step in range(1, 8)} == {ground}


@GROUNDS
def test_the_labels_can_be_read(boxes, ground):
    boxes.loadNamedStyle(str(STYLE))
    with_labels, without = drawn(boxes, ground), drawn(boxes, ground, labels=False)
    for step in range(1, 8):
        rows = range(84, 100) if step % 2 else range(140, 156)  # above odd boxes, below even ones; y runs downwards
        changed = [
            with_labels.pixelColor(x, y)
            for x in range(100 * step, 100 * step + 40)
            for y in rows
            if with_labels.pixelColor(x, y) != without.pixelColor(x, y)
        ]
        assert max(map(lightness, changed)) > 0.9, step
        assert min(map(lightness, changed)) < 0.3, step


def test_no_colour_is_taken_for_qgis_own_selection():
    yellow = QgsMapSettings().selectionColor()
    for color in map(QColor, COLORS):
        assert max(abs(color.red() - yellow.red()), abs(color.green() - yellow.green()), abs(color.blue() - yellow.blue())) > 80


@GROUNDS
def test_boxes_far_away_are_dots_of_their_colour_and_have_no_label(boxes, ground):
    boxes.loadNamedStyle(str(STYLE))
    far = QgsRectangle(-8000, -2400, 8000, 2400)  # each box 3 x 2 pixels
    image = drawn(boxes, ground, extent=far)
    assert image == drawn(boxes, ground, labels=False, extent=far)
    for step in range(1, 8):
        x, y = round((100 * step + 30 + 8000) / 20), round((2400 - 120) / 20)
        around = [image.pixelColor(x + dx, y + dy).name() for dx in range(-5, 6) for dy in range(-5, 6)]
        assert around.count(color_of(step)) >= 9, step


def test_labels_do_not_lie_over_one_another(boxes):
    """Seven boxes nearly at one place: one label above, one below, and the others left out."""
    features = list(boxes.getFeatures())
    boxes.dataProvider().changeGeometryValues(
        {one.id(): QgsGeometry.fromRect(QgsRectangle(300 + one["step"], 100, 360 + one["step"], 140)) for one in features}
    )
    boxes.loadNamedStyle(str(STYLE))
    settings = boxes.labeling().settings()
    assert not settings.displayAll
    with_labels, without = drawn(boxes, "#6f8f4f"), drawn(boxes, "#6f8f4f", labels=False)
    rows = {y for x in range(800) for y in range(240) if with_labels.pixelColor(x, y) != without.pixelColor(x, y)}
    columns = {x for x in range(800) for y in range(240) if with_labels.pixelColor(x, y) != without.pixelColor(x, y)}
    assert rows
    assert max(columns) - min(columns) < 120, "no second label beside the first"
