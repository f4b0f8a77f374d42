"""Run inside the real QGIS (see release/desktop.py): Find all, with outlines, as a film.

DRIVE_OUT/found.webp is docs/found.webp: features and views as they appear, at the end a closer look. The raster is
`zoomearth demo scene FOLDER --size 8192 --seed 900000105`.
"""

import io
import os
import time
from pathlib import Path

from driving import OUT, log, run, wait
from PIL import Image, ImageChops
from qgis.core import (
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QBuffer, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface, plugins

TARGET, THINGS = "ships", 8
AREA, CLOSE = (0.0, 0.45, 0.86, 0.85), (0.7, 0.575, 0.8, 0.68)  # left, top, right, bottom: parts of the scene
COAST = ((0.01, 0.59), (0.3, 0.62), (0.66, 0.55), (0.84, 0.55), (0.84, 0.7), (0.6, 0.7), (0.3, 0.74), (0.01, 0.74))
BETWEEN, MOST = 1.5, 26  # seconds between two frames; frames of the film
SHOWN, LAST = 1000, 4000  # ms for which a frame is shown
WIDTH, QUALITY = 1180, 62


class Film:
    """Frames of the main window."""

    def __init__(self):
        self.frames, self.taken = [], 0.0

    def take(self):
        buffer = QBuffer()
        iface.mainWindow().grab().save(buffer, "PNG")
        frame = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
        frame = frame.resize((WIDTH, round(frame.height * WIDTH / frame.width)), Image.LANCZOS)
        if not self.frames or ImageChops.difference(frame, self.frames[-1]).getbbox():
            self.frames.append(frame)
        self.taken = time.monotonic()

    def take_in_time(self):
        if time.monotonic() - self.taken > BETWEEN and not iface.mapCanvas().isDrawing():
            self.take()

    def save(self, path):
        *grown, whole, close = self.frames
        step = max(1.0, len(grown) / MOST)
        chosen = [grown[int(number * step)] for number in range(int(len(grown) / step))]
        times = [SHOWN] * len(chosen) + [LAST // 2, LAST]
        first, *others = [*chosen, whole, close]
        first.save(path, save_all=True, append_images=others, duration=times, loop=0, quality=QUALITY, method=6)


def extent(layer, part):
    whole = layer.extent()
    left, top, right, bottom = part
    x, y = whole.xMinimum(), whole.yMaximum()
    return QgsRectangle(x + left * whole.width(), y - bottom * whole.height(), x + right * whole.width(), y - top * whole.height())


def coast(layer):
    """A layer with the polygon that is surveyed, selected."""
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}", "coast", "memory")
    whole = layer.extent()
    corners = [QgsPointXY(whole.xMinimum() + x * whole.width(), whole.yMaximum() - y * whole.height()) for x, y in COAST]
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPolygonXY([corners]))
    polygons.dataProvider().addFeatures([feature])
    style = {"style": "no", "outline_color": "255,255,255,200", "outline_width": "0.5", "outline_style": "dash"}
    polygons.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(style)))
    QgsProject.instance().addMapLayer(polygons)
    polygons.selectAll()
    iface.mapCanvas().setSelectionColor(QColor(0, 0, 0, 0))
    return polygons


def main():
    window, plugin = iface.mainWindow(), plugins["zoomearth"]
    window.resize(1400, 800)
    raster = QgsRasterLayer(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0], "harbours")
    QgsProject.instance().addMapLayer(raster)
    polygons = coast(raster)
    iface.setActiveLayer(raster)
    plugin.action.trigger()
    dock, canvas = plugin.dock, iface.mapCanvas()
    window.findChild(QDockWidget, "Browser").hide()
    window.resizeDocks([window.findChild(QDockWidget, "Layers"), dock], [230, 340], Qt.Orientation.Horizontal)
    QTest.qWait(300)
    canvas.setExtent(extent(raster, AREA))
    QgsProject.instance().write(str(Path(OUT) / "found.qgz"))
    dock.form.layer.setLayer(raster)
    dock.form.scope.setCurrentIndex(3)
    dock.form.polygon_layer.setLayer(polygons)
    dock.find_all.outlines.setChecked(True)
    QTest.keyClicks(dock.question, TARGET)
    tree = QgsProject.instance().layerTreeRoot()
    tree.findLayer(raster).setExpanded(False)
    tree.addedChildren.connect(lambda *_: [group.setExpanded(True) for group in tree.findGroups()])
    wait(lambda: not canvas.isDrawing())
    QTest.qWait(300)
    film, counts = Film(), []
    film.take()
    dock.surveys.counted.connect(lambda *numbers: counts.append(numbers))
    QTest.mouseClick(dock.find_all, Qt.MouseButton.LeftButton)

    def ended():
        if counts:  # the model is loaded
            film.take_in_time()
        return not dock.surveys.busy and not plugin.results.writing

    wait(ended, 200)
    QTest.qWait(500)
    wait(lambda: not canvas.isDrawing())
    film.take()
    (exchange,) = plugin.session.exchanges
    log(len(film.frames), "frames;", exchange.answer, "found;", exchange.notes)
    assert exchange.answer == str(THINGS)
    for layer in QgsProject.instance().mapLayersByName(f"Looked at: {TARGET}"):
        QgsProject.instance().layerTreeRoot().findLayer(layer).setItemVisibilityChecked(False)
    canvas.setExtent(extent(raster, CLOSE))
    QTest.qWait(500)
    wait(lambda: not canvas.isDrawing())
    film.take()
    film.save(OUT / "found.webp")
    log(round((OUT / "found.webp").stat().st_size / 1e6, 2), "MB")


run(main)
