"""A raster with thirty polygons, and a run about them in the panel."""

import numpy as np
from panel import wait
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from rasters import NORTH_UP, make

from zoomearth.plugin.exchanges.exchange import RUN
from zoomearth.plugin.layers.scope import Scope

SIDE = 20  # map units: of a polygon
QUESTION = "Is there a pool?"


def town(folder):
    """A raster of 400 x 300 m."""
    pixels = np.random.default_rng(0).integers(0, 255, (3, 600, 800), dtype=np.uint8)
    return make(folder / "town.tif", pixels, crs="EPSG:32633", affine=NORTH_UP)


def parcels(layer, count=30, outside=0):
    """A layer of that many squares on the raster, "Flur 1" and so on, in rows of ten; the last ones lie outside the raster."""
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}&field=name:string", "parcels", "memory")
    polygons.setDisplayExpression('"name"')
    extent, features = layer.extent(), []
    for number in range(count):
        feature = QgsFeature(polygons.fields())
        x, y = extent.xMinimum() + 40 * (number % 10), extent.yMaximum() - 1 - 3 * (number // 10) * SIDE / 2
        if number >= count - outside:
            x += 10_000
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x, y - SIDE, x + SIDE, y)))
        feature["name"] = f"Flur {number + 1}"
        features.append(feature)
    assert polygons.dataProvider().addFeatures(features)[0]
    QgsProject.instance().addMapLayer(polygons)
    polygons.selectAll()
    return polygons


def begin(panel, question=QUESTION, answers="yes,no,unsure"):
    """Asks about the selected polygons. Returns the run once it is there."""
    form = panel.dock.form
    form.scope.setCurrentIndex(form.scope.findData(Scope.FEATURES))
    form.answer.kind.setCurrentIndex({"yes,no,unsure": 2, "": 0, "list": 3, "number": 4}[answers])
    panel.ask(question)
    wait(lambda: run_of(panel))
    return run_of(panel)


def run_of(panel):
    return next((panel.dock.runs.of(exchange) for exchange in reversed(panel.session.exchanges) if is_run(exchange)), None)


def is_run(exchange):
    return any(use.made.tool == RUN for use in exchange.uses)


def box(panel, run):
    return panel.dock.transcript.card(run.exchange.id).run_box


def done(run):
    return not run.asking and not run.writer.writing
