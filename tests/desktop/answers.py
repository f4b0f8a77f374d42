"""Run inside the real QGIS (see release/desktop.py): a run about 2,000 polygons, its table while it fills, and its review by keys.

DRIVE_OUT/answers.log has the longest stalls of the window.
"""

import os
from pathlib import Path

from driving import Stalls, log, picture, run, wait
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, plugins

COUNT, ASKED, ACROSS = 2000, 24, 50


def measured(what, act):
    stalls = Stalls()
    act()
    QTest.qWait(300)
    log(f"{what}; longest stall {stalls.stop():.0f} ms")


def parcels(layer):
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}&field=name:string", "parcels", "memory")
    polygons.setDisplayExpression('"name"')
    extent = layer.extent()
    side = extent.width() / ACROSS
    features = []
    for number in range(COUNT):
        feature = QgsFeature(polygons.fields())
        x, y = extent.xMinimum() + side * (number % ACROSS), extent.yMaximum() - side * (number // ACROSS)
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x + side / 10, y - side, x + side, y - side / 10)))
        feature["name"] = f"Parcel {number + 1}"
        features.append(feature)
    polygons.dataProvider().addFeatures(features)
    return polygons


def main():
    window = iface.mainWindow()
    window.showMaximized()
    QTest.qWait(1500)
    plugin = plugins["zoomearth"]
    raster = QgsRasterLayer(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0], "scene")
    QgsProject.instance().addMapLayer(raster)
    polygons = parcels(raster)
    QgsProject.instance().addMapLayer(polygons)
    QgsProject.instance().write(str(Path(os.environ["DRIVE_OUT"]) / "answers.qgz"))
    iface.mapCanvas().zoomToFullExtent()
    plugin.dock.show()
    panel = plugin.dock
    panel.form.layer.setLayer(raster)
    panel.form.scope.setCurrentIndex(4)
    panel.form.polygon_layer.setLayer(polygons)
    panel.form.answer.kind.setCurrentIndex(0)
    panel.confirm = lambda text: True
    QTest.keyClicks(panel.question, "What kind of terrain surrounds the sites?")
    begun = []
    panel.runs.started.connect(begun.append)
    measured("2,000 polygons become rows", lambda: (QTest.mouseClick(panel.toolbar.ask, Qt.MouseButton.LeftButton), wait(lambda: begun)))
    task = begun[0]
    box = panel.transcript.card(task.exchange.id).run_box
    QTest.mouseClick(box.table, Qt.MouseButton.LeftButton)
    dock = plugin.answers.dock
    measured(f"{ASKED} of 2,000 rows are answered", lambda: wait(lambda: task.counts.over >= ASKED, 150))
    picture("run")
    box.pause.click()
    wait(lambda: not task.asking)
    table, view = dock.table, dock.view

    def scroll():
        bar = view.verticalScrollBar()
        for step in range(40):
            bar.setValue(bar.maximum() * step // 39)
            QTest.qWait(10)

    measured("scrolled through 2,000 rows", scroll)
    measured("sorted by place", lambda: view.sortByColumn(0, Qt.SortOrder.DescendingOrder))
    measured("sorted by answer", lambda: view.sortByColumn(1, Qt.SortOrder.AscendingOrder))
    measured("sorted by confidence", lambda: view.sortByColumn(3, Qt.SortOrder.AscendingOrder))
    measured("filtered by a text", lambda: dock.filters.text.setText("parcel 1"))
    dock.filters.text.setText("")
    measured("selected all on the map", polygons.selectAll)
    measured("selected one in the table", lambda: view.selectRow(3))
    QApplication.setActiveWindow(window)  # a virtual screen has no window manager that would
    view.setFocus()

    def review():
        for key in (Qt.Key.Key_Y, Qt.Key.Key_U, Qt.Key.Key_Y, Qt.Key.Key_Y, Qt.Key.Key_J, Qt.Key.Key_K):
            QTest.keyClick(view, key)
            QTest.qWait(150)

    measured("checked four by keys", review)
    log("checked", task.counts.checked)
    assert task.counts.checked == 4
    assert table.rowCount() == COUNT
    picture("review")


run(main)
