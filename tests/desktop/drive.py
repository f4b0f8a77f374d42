"""Run inside the real QGIS (see release/desktop.py): ask by typing and clicking, compare with the truth, export, take pictures.

After an error, DRIVE_OUT/drive.log describes it and the exit code is 1.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

from driving import OUT, Stalls, in_dialog, log, picture, run, wait
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QPushButton, QTabWidget, QToolButton, QWidget
from qgis.utils import iface, plugins, reloadPlugin


def ask(dock, question):
    """Types, clicks with the mouse, and waits. The exchange's dict, and the longest stall in ms."""
    dock.question.setFocus()
    QTest.keyClicks(dock.question, question)
    ended, stalls = [], Stalls()
    dock.finished.connect(ended.append)
    QTest.mouseClick(dock.toolbar.ask, Qt.MouseButton.LeftButton)
    wait(lambda: ended)
    dock.finished.disconnect(ended.append)
    stall = stalls.stop()
    log(f"{question} -> {ended[0]['answer']!r} in {ended[0]['seconds']:.2f} s; longest stall {stall:.0f} ms, own {stalls.own:.0f} ms")
    return ended[0], stall


def overlap(first, second):
    """Intersection over union of two boxes."""
    common = max(0, min(first[2], second[2]) - max(first[0], second[0])) * max(0, min(first[3], second[3]) - max(first[1], second[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return common / (areas - common)


def main():
    raster = Path(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0])
    truth = json.loads(raster.with_suffix(".json").read_text())
    assert QApplication.activeModalWidget() is None
    assert "zoomearth" in plugins, "the plugin is not active"
    window, plugin = iface.mainWindow(), plugins["zoomearth"]
    window.resize(1480, 900)
    layer = QgsRasterLayer(str(raster), "orthophoto")
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    iface.mapCanvas().setExtent(layer.extent())
    plugin.action.trigger()
    dock = plugin.dock
    assert dock.isVisible()
    window.findChild(QDockWidget, "Browser").hide()
    window.resizeDocks([window.findChild(QDockWidget, "Layers"), dock], [220, 430], Qt.Orientation.Horizontal)
    QTest.qWait(300)
    iface.mapCanvas().zoomToFullExtent()
    asked = {kind: next(one for one in truth["questions"] if one["kind"] == kind) for kind in ("terrain", "count", "color")}
    stalls = []
    for kind, question in asked.items():
        exchange, stall = ask(dock, question["question"].capitalize())
        stalls.append(stall)
        assert exchange["answer"] == question["answer"], (kind, exchange["answer"], question["answer"])
        if question["box"]:
            result = exchange["zooms"][-1]["roi"]
            log(f"  IoU with the truth {overlap(result, question['box']):.2f}")
            assert overlap(result, question["box"]) > 0.5
    picture("asked")
    rois = plugin.results.rois(plugin.session.exchanges[-1])
    assert rois.featureCount() == 2
    card = dock.transcript.cards[-1]
    QTest.mouseClick(card.findChild(QToolButton, "zoomearth_exchange_view_1"), Qt.MouseButton.LeftButton)
    QTest.qWait(600)
    picture("zoomed")
    canvas = iface.mapCanvas()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, canvas.viewport().rect().center())
    assert card.marked
    log(f"longest stall while asking: {max(stalls):.0f} ms")
    export(dock, rois.crs().authid())
    cancelled(dock)
    crashed(plugin, dock)
    options(dock)
    QgsApplication.setUITheme("Night Mapping")
    picture("dark")
    reloaded(plugin)


def export(dock, crs):
    """A Shapefile, through the dialog, read back by ogrinfo."""
    file = OUT / "rois.shp"

    def fill(dialog):
        dialog.format.setCurrentIndex(dialog.format.findData(".shp"))
        dialog.file.setFilePath(str(file))
        dialog.grab().save(str(OUT / "export.png"))
        QTest.mouseClick(dialog.findChild(QPushButton, "zoomearth_export_ok"), Qt.MouseButton.LeftButton)

    in_dialog("zoomearth_export_dialog", fill, dock.toolbar.export_rois.trigger)
    text = subprocess.run(["ogrinfo", "-al", str(file)], capture_output=True, text=True, check=True).stdout
    assert "Feature Count: 2" in text, text
    assert "Geometry: Polygon" in text
    assert crs.split(":")[1] in text, (crs, text)
    assert "step (Integer" in text
    log("exported and read back: ", file)


def cancelled(dock):
    """A question that is stopped leaves the panel ready for the next."""
    dock.question.setFocus()
    QTest.keyClicks(dock.question, "What is never answered?")
    ended = []
    dock.finished.connect(ended.append)
    QTest.mouseClick(dock.toolbar.ask, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dock.toolbar.cancel, Qt.MouseButton.LeftButton)
    wait(lambda: ended)
    dock.finished.disconnect(ended.append)
    assert ended[0]["status"] in ("cancelled", "done")
    log("cancelled:", ended[0]["status"])


def crashed(plugin, dock):
    """After it was killed twice, the process is not started again, and one click shows the log."""
    for _ in range(2):
        dock.question.setPlainText("What is never answered?")
        QTest.mouseClick(dock.toolbar.ask, Qt.MouseButton.LeftButton)
        wait(lambda: plugin.backend.state.value == "up")
        os.kill(plugin.backend.pid, signal.SIGKILL)
        wait(lambda: not plugin.session.busy)
    assert dock.process_notice.isVisible()
    QTest.mouseClick(dock.show_log, Qt.MouseButton.LeftButton)
    picture("crashed")
    (log_dock,) = (each for each in iface.mainWindow().findChildren(QDockWidget) if each.objectName() == "MessageLog")
    (tabs,) = log_dock.findChildren(QTabWidget)
    assert tabs.tabText(tabs.currentIndex()) == "ZoomEarth"
    assert "crashed twice" in tabs.currentWidget().toPlainText()
    log_dock.hide()
    QTest.mouseClick(dock.restart, Qt.MouseButton.LeftButton)
    assert not dock.process_notice.isVisible()
    ask(dock, "What kind of terrain surrounds the sites?")


def options(dock):
    """The page in QGIS's Options."""

    def look(dialog):
        QTest.qWait(800)
        dialog.grab().save(str(OUT / "options.png"))
        assert dialog.findChild(QWidget, "zoomearth_options").isVisible()
        dialog.reject()

    in_dialog("", look, lambda: QTest.mouseClick(dock.toolbar.options, Qt.MouseButton.LeftButton))


def reloaded(plugin):
    """The plugin leaves nothing behind: no dock, no process, no second copy of an algorithm."""
    pid = plugin.backend.pid
    reloadPlugin("zoomearth")
    QTest.qWait(500)
    assert len(iface.mainWindow().findChildren(QWidget, "zoomearth_dock")) == 1
    assert not Path(f"/proc/{pid}").exists()
    ours = [provider for provider in QgsApplication.processingRegistry().providers() if provider.id() == "zoomearth"]
    assert len(ours) == 1
    assert len(ours[0].algorithms()) == 8
    again = plugins["zoomearth"]
    assert again is not plugin
    log("reloaded; exchanges there:", len(again.session.exchanges))
    assert len(again.session.exchanges) >= 3


run(main)
