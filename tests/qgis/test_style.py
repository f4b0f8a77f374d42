"""The boxes can be read on dark and on bright imagery, in every QGIS that loads the plugin."""

import pytest
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

from zoomearth.plugin.canvas import color_of
from zoomearth.plugin.keeper import STYLE

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


def drawn(layer, ground, labels=True):
    layer.setLabelsEnabled(labels)
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(QgsRectangle(0, 0, 800, 240))
    settings.setOutputSize(QSize(800, 240))
    settings.setBackgroundColor(QColor(ground))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    assert not job.errors()
    return job.renderedImage()


def lightness(color):
    return 0.2126 * color.redF() + 0.7152 * color.greenF() + 0.0722 * color.blueF()


def test_the_style_loads_without_a_word(boxes):
    said = []
    QgsApplication.messageLog().messageReceived.connect(lambda *entry: said.append(entry))
    message, loaded = boxes.loadNamedStyle(str(STYLE))
    assert loaded, message
    assert boxes.labelsEnabled()
    assert boxes.renderer().symbol().symbolLayerCount() == 2
    assert said == []


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
