"""Run inside the real QGIS (see release/desktop.py): a run about a few polygons with its review by keys, and one about 2,000.

DRIVE_OUT/answers.log has the longest stalls of the window, and the memory that QGIS has taken.
"""

import os
from dataclasses import replace
from pathlib import Path

from driving import Stalls, log, picture, run, wait
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface, plugins

FEW, FEW_ACROSS = 24, 6
MANY, MANY_ACROSS, ASKED = 2000, 50, 8


def measured(what, act):
    stalls = Stalls()
    act()
    QTest.qWait(300)
    log(f"{what}; longest stall {stalls.stop():.0f} ms, own {stalls.own:.0f} ms")


def memory():
    """Of this process now, in MB: what lies in the memory of the machine."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def parcels(layer, name, count, across):
    polygons = QgsVectorLayer(f"Polygon?crs={layer.crs().authid()}&field=name:string", name, "memory")
    polygons.setDisplayExpression('"name"')
    extent = layer.extent()
    side = extent.width() / across
    features = []
    for number in range(count):
        feature = QgsFeature(polygons.fields())
        x, y = extent.xMinimum() + side * (number % across), extent.yMaximum() - side * (number // across)
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x + side / 10, y - side, x + side, y - side / 10)))
        feature["name"] = f"Parcel {number + 1}"
        features.append(feature)
    polygons.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(polygons)
    return polygons


def begin(panel, polygons, question, kind):
    """kind: the place of the type of the answer in its list. Returns the run."""
    panel.form.scope.setCurrentIndex(4)
    panel.form.polygon_layer.setLayer(polygons)
    panel.form.answer.kind.setCurrentIndex(kind)
    panel.confirm = lambda text: True
    panel.question.setPlainText(question)
    begun = []
    panel.runs.started.connect(begun.append)
    QTest.mouseClick(panel.toolbar.ask, Qt.MouseButton.LeftButton)
    wait(lambda: begun)
    panel.runs.started.disconnect(begun.append)
    return begun[0]


def opened(plugin, task):
    box = plugin.dock.transcript.card(task.exchange.id).run_box
    QTest.mouseClick(box.table, Qt.MouseButton.LeftButton)
    QApplication.setActiveWindow(iface.mainWindow())  # a virtual screen has no window manager that would
    plugin.answers.dock.view.setFocus()
    return plugin.answers.dock


def reviewed(plugin, raster):
    """A few rows: all are answered, four are checked by keys, in the order of the confidence."""
    polygons = parcels(raster, "parcels", FEW, FEW_ACROSS)
    polygons.renderer().symbol().setOpacity(0)
    task = begin(plugin.dock, polygons, "Is there a depot?", 2)
    dock = opened(plugin, task)
    wait(lambda: task.counts.over >= FEW // 3, 120)
    picture("run")
    wait(lambda: not task.asking and not task.writer.writing, 150)
    log(task.counts.kinds, task.counts.answers)
    dock.view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    dock.view.selectRow(0)
    for key in (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U, Qt.Key.Key_Y):
        QTest.keyClick(dock.view, key)
        QTest.qWait(100)
    log("checked", task.counts.checked)
    assert task.counts.checked == 4
    QTest.qWait(1500)
    iface.mapCanvas().zoomToFullExtent()
    picture("review")


def answer_all(task):
    """Every row gets the answer and the views of the first one, as if the model had been asked."""
    first = next(row for row in task.rows if row.answer is not None)
    for row in task.rows:
        if row.answer is None:
            row.views = [replace(view) for view in first.views]
            row.answer, row.status, row.confidence, row.model = first.answer, first.status, first.confidence, first.model
            task.writer.keep(row)
    wait(lambda: not task.writer.writing, 60)


def measured_many(plugin, raster):
    tasks, before = [], memory()
    polygons = parcels(raster, "many parcels", MANY, MANY_ACROSS)
    question = "What kind of terrain surrounds the sites?"
    measured("2,000 polygons become rows", lambda: tasks.append(begin(plugin.dock, polygons, question, 0)))
    (task,) = tasks
    dock = opened(plugin, task)
    table, view = dock.table, dock.view
    measured("the first rows of 2,000 are answered", lambda: wait(lambda: task.counts.over >= ASKED))
    plugin.dock.transcript.card(task.exchange.id).run_box.pause.click()
    wait(lambda: not task.asking and not task.writer.writing)

    def scroll():
        bar = view.verticalScrollBar()
        for step in range(40):
            bar.setValue(bar.maximum() * step // 39)
            QTest.qWait(10)

    measured("scroll through 2,000 rows", scroll)
    measured("sort by place", lambda: view.sortByColumn(1, Qt.SortOrder.DescendingOrder))
    measured("sort by answer", lambda: view.sortByColumn(2, Qt.SortOrder.AscendingOrder))
    measured("filter by a text", lambda: dock.filters.text.setText("parcel 1"))
    dock.filters.text.setText("")
    measured("select one in the table", lambda: view.selectRow(3))
    measured("select ten on the map", lambda: polygons.selectByIds(list(range(100, 110))))
    measured("check by a key", lambda: QTest.keyClick(view, Qt.Key.Key_U))
    assert task.counts.checked == 1
    assert table.rowCount() == MANY
    measured("2,000 answers are written", lambda: answer_all(task))

    def read_again():
        task.read()
        wait(lambda: task.phase.value == "resting")

    measured("2,000 answers are read", read_again)
    assert task.counts.over == MANY
    log(f"QGIS with the run of 2,000 answers, its table and its layer; memory {memory() - before:.0f} MB more than before")


def main():
    window = iface.mainWindow()
    window.resize(1500, 940)
    for dock in window.findChildren(QDockWidget):
        if dock.objectName().startswith("Browser"):
            dock.hide()
    QTest.qWait(1000)
    plugin = plugins["zoomearth"]
    raster = QgsRasterLayer(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0], "scene")
    QgsProject.instance().addMapLayer(raster)
    QgsProject.instance().write(str(Path(os.environ["DRIVE_OUT"]) / "answers.qgz"))
    iface.mapCanvas().zoomToFullExtent()
    plugin.dock.show()
    plugin.dock.form.layer.setLayer(raster)
    reviewed(plugin, raster)
    measured_many(plugin, raster)


run(main)
