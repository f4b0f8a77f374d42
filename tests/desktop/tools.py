"""Run inside the real QGIS (see release/desktop.py): tools on a zoom and on a drawn rectangle, by mouse and keyboard, with pictures.

DRIVE_RASTERS: a generated scene with its truth, and optionally another raster: its part that TOOLS_BOX gives (left,top,right,bottom in
pixels) is outlined and denoised too. After an error, DRIVE_OUT/tools.log describes it and the exit code is 1.
"""

import json
import os
import time
from pathlib import Path

from driving import OUT, log, picture, run, wait
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QMenu, QToolButton
from qgis.utils import iface, plugins

LEFT = Qt.MouseButton.LeftButton


def in_menu(begin, downs, in_dialog=lambda dialog: None):
    """Calls `begin`, which opens a menu; goes down with the arrow key and presses Enter. in_dialog: called with the dialog of the tool."""
    opened = []

    def look_for_menu():
        popup = QApplication.activePopupWidget()
        if isinstance(popup, QMenu) and "menu" not in opened:
            opened.append("menu")
            for _ in range(downs):
                QTest.keyClick(popup, Qt.Key.Key_Down)
            QTest.keyClick(popup, Qt.Key.Key_Return)

    def look_for_dialog():
        dialog = QApplication.activeModalWidget()
        if dialog and dialog.objectName() == "zoomearth_tool_dialog" and "dialog" not in opened:
            opened.append("dialog")
            in_dialog(dialog)
            QTest.mouseClick(dialog.ok, LEFT)

    timers = []
    for look in (look_for_menu, look_for_dialog):  # a timer of its own: the menu's choice opens the dialog inside of the first one's slot
        timer = QTimer()
        timer.timeout.connect(look)
        timer.start(50)
        timers.append(timer)
    begin()
    wait(lambda: opened, 10)
    for timer in timers:
        timer.stop()


def used(dock, exchange, begin, downs, in_dialog=lambda dialog: None):
    """The use of a tool, chosen in a menu; exchange: None for a new one."""
    session = plugins["zoomearth"].session
    count = len(exchange.uses) if exchange else len(session.exchanges)
    moment = time.monotonic()
    in_menu(begin, downs, in_dialog)
    wait(lambda: not dock.bench.runs.busy)
    wait(lambda: not session.results.writing)
    exchange = exchange or session.exchanges[-1]
    assert (len(exchange.uses) if exchange.question else len(session.exchanges)) == count + 1, dock.message.text
    log(f"{exchange.uses[-1].made.tool} in {time.monotonic() - moment:.1f} s: {exchange.uses[-1].made.out}")
    return exchange.uses[-1]


def on_a_zoom(dock, raster):
    """A question with a zoom; the zoom is outlined by the keyboard and denoised by the mouse."""
    truth = json.loads(raster.with_suffix(".json").read_text())
    question = next(one for one in truth["questions"] if one["box"])
    dock.question.setFocus()
    QTest.keyClicks(dock.question, question["question"])
    ended = []
    dock.finished.connect(ended.append)
    QTest.mouseClick(dock.toolbar.ask, LEFT)
    wait(lambda: ended, 150)
    exchange = plugins["zoomearth"].session.exchanges[-1]
    card = dock.transcript.cards[-1]
    tools = card.findChild(QToolButton, "zoomearth_exchange_tools_1")
    tools.setFocus()
    outline = used(dock, exchange, lambda: QTest.keyClick(tools, Qt.Key.Key_Space), 1)
    clean = used(dock, exchange, lambda: QTest.mouseClick(tools, LEFT), 2)
    results = plugins["zoomearth"].results
    assert results.use_layer(outline).featureCount() >= 1
    assert results.use_layer(clean).isValid()
    slider = card.uses[0].comparison
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    assert slider.value() == 20
    QTest.mouseClick(card.uses[0].findChild(type(dock.toolbar.ask), "zoomearth_use_show"), LEFT)
    dock.transcript.ensureWidgetVisible(card.uses[0])
    picture("tools_zoom")


def on_a_rectangle(dock, layer, box):
    """A rectangle that is drawn with the mouse, outlined and denoised."""
    canvas = iface.mapCanvas()
    iface.setActiveLayer(layer)
    canvas.setExtent(layer.extent())
    QTest.qWait(300)
    wait(lambda: not canvas.isDrawing())
    dock.form.scope.setFocus()
    QTest.keyClick(dock.form.scope, Qt.Key.Key_Home)
    QTest.keyClicks(dock.form.scope, "D")  # drawn rectangle
    extent, across, down = layer.extent(), layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()
    corners = [QgsPointXY(extent.xMinimum() + x * across, extent.yMaximum() - y * down) for x, y in (box[:2], box[2:])]
    start, end = (canvas.getCoordinateTransform().transform(corner).toQPointF().toPoint() for corner in corners)
    QTest.mousePress(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(canvas.viewport(), (start + end) / 2)
    QTest.mouseMove(canvas.viewport(), end)
    QTest.mouseRelease(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, end)

    def name(dialog):
        dialog.label.setFocus()
        QTest.keyClicks(dialog.label, "small lake")
        dialog.grab().save(str(OUT / "tools_dialog.png"))

    clean = used(dock, None, lambda: QTest.mouseClick(dock.form.tools, LEFT), 2)
    outline = used(dock, None, lambda: QTest.mouseClick(dock.form.tools, LEFT), 1, name)
    results = plugins["zoomearth"].results
    assert results.use_layer(clean).isValid()
    (feature,) = results.use_layer(outline).getFeatures()
    assert feature["label"] == "small lake"
    QTest.mouseClick(dock.transcript.cards[-1].uses[0].findChild(type(dock.toolbar.ask), "zoomearth_use_show"), LEFT)
    wait(lambda: not canvas.isDrawing())
    canvas.zoomScale(canvas.scale() * 2.2)
    iface.layerTreeView().expandAllNodes()
    QTest.qWait(1500)
    picture("tools_area")


def main():
    rasters = [Path(raster) for raster in os.environ["DRIVE_RASTERS"].split(os.pathsep)]
    window, plugin = iface.mainWindow(), plugins["zoomearth"]
    window.resize(1480, 900)
    plugin.action.trigger()
    dock = plugin.dock
    dock.confirm = lambda text: True
    window.findChild(QDockWidget, "Browser").hide()
    window.resizeDocks([window.findChild(QDockWidget, "Layers"), dock], [240, 430], Qt.Orientation.Horizontal)
    QTest.qWait(300)
    if box := os.environ.get("TOOLS_BOX"):
        on_a_rectangle(dock, shown(rasters[1], rasters[1].stem), tuple(map(int, box.split(","))))
        iface.newProject(False)
        dock.form.scope.setCurrentIndex(0)
    shown(rasters[0], "orthophoto")
    iface.mapCanvas().zoomToFullExtent()
    on_a_zoom(dock, rasters[0])


def shown(raster, name):
    layer = QgsRasterLayer(str(raster), name)
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    return layer


run(main)
