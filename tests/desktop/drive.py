"""Run inside the real QGIS (see release/desktop.py): ask by typing and clicking, compare with the truth, export, take pictures.

Whatever goes wrong is in DRIVE_OUT/drive.log, and the exit code is 1.
"""

import json
import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QToolButton
from qgis.utils import iface, plugins, unloadPlugin

OUT = Path(os.environ["DRIVE_OUT"])
LOG = (OUT / "drive.log").open("w", buffering=1)
BEGUN = time.monotonic()


def log(*words):
    print(f"{time.monotonic() - BEGUN:6.2f}", *words, file=LOG)


def wait(condition, seconds=90):
    loop, timer = QEventLoop(), QTimer()
    end = time.monotonic() + seconds
    timer.timeout.connect(lambda: (condition() or time.monotonic() > end) and loop.quit())
    timer.start(20)
    if not condition():
        loop.exec()
    assert condition(), "timed out"


def picture(name):
    wait(lambda: not iface.mapCanvas().isDrawing())
    QTest.qWait(400)
    iface.mainWindow().grab().save(str(OUT / f"{name}.png"))


class Stalls:
    """The longest time for which the GUI did not answer: a timer is asked for every 5 ms."""

    def __init__(self):
        self.longest, self._last = 0.0, time.monotonic()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def _tick(self):
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now

    def stop(self):
        self._timer.stop()
        return 1000 * self.longest


def ask(dock, question):
    """Types, clicks with the mouse, and waits. The exchange's dict, and the longest stall in ms."""
    dock.question.setFocus()
    QTest.keyClicks(dock.question, question)
    ended, stalls = [], Stalls()
    dock.finished.connect(ended.append)
    QTest.mouseClick(dock.ask, Qt.MouseButton.LeftButton)
    wait(lambda: ended)
    dock.finished.disconnect(ended.append)
    stall = stalls.stop()
    log(f"{question} -> {ended[0]['answer']!r} in {ended[0]['seconds']:.2f} s; longest stall {stall:.0f} ms")
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
    window.resizeDocks([dock], [430], Qt.Orientation.Horizontal)
    QTest.qWait(300)
    asked = {kind: next(one for one in truth["questions"] if one["kind"] == kind) for kind in ("terrain", "count", "color")}
    stalls = []
    for kind, question in asked.items():
        exchange, stall = ask(dock, question["question"].capitalize())
        stalls.append(stall)
        assert exchange["answer"] == question["answer"], (kind, exchange["answer"], question["answer"])
        if question["box"]:
            found = exchange["views"][-1]["roi"]
            log(f"  IoU with the truth {overlap(found, question['box']):.2f}")
            assert overlap(found, question["box"]) > 0.5
    picture("asked")
    rois = plugin.keeper.rois(layer.source())
    assert rois.featureCount() == 2
    card = dock.transcript.cards[-1]
    QTest.mouseClick(card.findChild(QToolButton, "zoomearth_exchange_view_1"), Qt.MouseButton.LeftButton)
    QTest.qWait(600)
    picture("zoomed")
    canvas = iface.mapCanvas()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, canvas.viewport().rect().center())
    assert card.lineWidth() == 3
    log(f"longest stall while asking: {max(stalls):.0f} ms")


def finish(code):
    log("exit code", code)
    if "zoomearth" in plugins:
        unloadPlugin("zoomearth")
    QgsProject.instance().clear()
    QTest.qWait(200)
    QCoreApplication.exit(code)


def go():
    try:
        main()
    except BaseException:
        log(traceback.format_exc())
        iface.mainWindow().grab().save(str(OUT / "failed.png"))
        return finish(1)
    finish(0)


QTimer.singleShot(0, go)
