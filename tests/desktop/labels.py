"""Run inside the real QGIS (see release/desktop.py), twice: 30 labels by keyboard and mouse; the first run kills QGIS in the middle.

DRIVE_RASTERS: a generated scene with its truth. DRIVE_OUT: project, label file and export are left there; without the file `killed.json` it
is the first run. LABELS_TRAIN=1: the demo model is trained on the labels too, which takes a minute. After an error, DRIVE_OUT/labels.log
describes it and the exit code is 1.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from driving import OUT, log, picture, run, wait
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface, plugins

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.paths import ROOT

LEFT, NONE, Key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.Key
WANTED, HALF, PICTURED = 30, 15, 11
PROJECT, KILLED, EXPORT = OUT / "labels.qgz", OUT / "killed.json", OUT / "labels.jsonl"


def dock():
    return plugins["zoomearth"].label_dock


def ready():
    wait(lambda: not dock().store.busy and dock().shown is not None, 30)


def key(which, modifier=NONE):
    """A key, to whatever has the focus."""
    QTest.keyClick(QApplication.focusWidget() or dock().board, which, modifier)
    ready()


def drag(layer, box):
    """A box on the map, by the mouse; the map is moved there first."""
    canvas = iface.mapCanvas()
    west, north = layer.extent().xMinimum(), layer.extent().yMaximum()
    across, down = layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()
    left, top, right, bottom = box
    place = QgsRectangle(west + left * across, north - bottom * down, west + right * across, north - top * down)
    around = QgsRectangle(place)
    around.scale(2)
    canvas.setExtent(around)
    QTest.qWait(100)
    wait(lambda: not canvas.isDrawing())
    key(Key.Key_B)
    corners = QgsPointXY(place.xMinimum(), place.yMaximum()), QgsPointXY(place.xMaximum(), place.yMinimum())
    start, end = (canvas.getCoordinateTransform().transform(corner).toQPointF().toPoint() for corner in corners)
    QTest.mousePress(canvas.viewport(), LEFT, NONE, start)
    QTest.mouseMove(canvas.viewport(), (start + end) / 2)
    QTest.mouseMove(canvas.viewport(), end)
    QTest.mouseRelease(canvas.viewport(), LEFT, NONE, end)
    wait(lambda: dock().boxes.editor.isVisible(), 30)
    ready()


def label(layer, box, words):
    """Draws a box, names it, and has templates propose five candidates."""
    drag(layer, box)
    QTest.keyClicks(QApplication.focusWidget(), words)
    key(Key.Key_Return)
    ended = []
    dock().proposer.ended.connect(ended.append)
    key(Key.Key_T)
    wait(lambda: ended, 30)
    dock().proposer.ended.disconnect(ended.append)
    ready()


def decide(number):
    """One of every ten is rejected with a reason, one is edited, one is unsure; the others are accepted."""
    question = dock().shown.question
    if number % 10 == 3:
        key(Key.Key_R)
        key(Key.Key_4)
    elif number % 10 == 6:
        key(Key.Key_E)
        wait(lambda: dock().writing.editor.isVisible(), 10)
        QTest.keyClicks(QApplication.focusWidget(), "yellow")
        key(Key.Key_Return)
    else:
        key(Key.Key_U if number % 10 == 8 else Key.Key_A)
    assert dock().shown.question is None or dock().shown.question.id != question.id


def counted():
    counts = []
    dock().store.do(lambda labels: labels.counts(), counts.append)
    wait(lambda: counts, 30)
    return {verdict: count for verdict, count in counts[0].items() if verdict != "candidate"}


def work(layer, places, first, last):
    """Decides from the number `first` to `last`, and labels a place whenever no candidate is left. Returns the seconds of the decisions."""
    seconds = 0.0
    for number in range(first, last):
        if dock().shown.question is None:
            label(layer, *places.pop(0))
            dock().board.setFocus()
        if number == PICTURED:
            key(Key.Key_R)
            wait(lambda: dock().board.pictures.patch.drawn is not None)
            QTest.qWait(1500)  # the box flashes
            picture("labels_reasons")
            key(Key.Key_Escape)
        begun = time.perf_counter()
        decide(number)
        seconds += time.perf_counter() - begun
    return seconds


def arranged():
    window = iface.mainWindow()
    window.resize(1480, 900)
    window.findChild(QDockWidget, "Browser").hide()
    plugins["zoomearth"].label_action.trigger()
    window.resizeDocks([window.findChild(QDockWidget, "Layers"), dock()], [230, 470], Qt.Orientation.Horizontal)
    QTest.qWait(300)
    dock().activateWindow()


def begin(scene, places):
    layer = QgsRasterLayer(str(scene), "orthophoto")
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    QgsProject.instance().write(str(PROJECT))
    arranged()
    dock().board.setFocus()
    seconds = work(layer, places, 0, HALF)
    QgsProject.instance().write()
    KILLED.write_text(json.dumps({"seconds": seconds, "counts": counted(), "places": places}))
    log(f"{HALF} labels; QGIS is killed now")
    os.kill(os.getpid(), signal.SIGKILL)


def go_on(before):
    KILLED.unlink()
    iface.addProject(str(PROJECT))
    arranged()
    wait(lambda: dock().store.path is not None, 30)
    ready()
    assert counted() == before["counts"], (counted(), before)
    log("after kill -9 all are there:", before["counts"])
    (layer,) = (each for each in QgsProject.instance().mapLayers().values() if isinstance(each, QgsRasterLayer))
    dock().board.setFocus()
    seconds = before["seconds"] + work(layer, before["places"], HALF, WANTED)
    assert sum(counted().values()) == WANTED, counted()
    key(Key.Key_Left)
    QTest.qWait(600)
    wait(lambda: dock().board.pictures.patch.drawn is not None)
    iface.mapCanvas().zoomScale(iface.mapCanvas().scale() * 3)
    picture("labels")
    dock().tabs.setCurrentIndex(1)
    ready()
    picture("labels_balance")
    log(f"{WANTED} decisions by keys: {seconds:.1f} s, {60 * WANTED / seconds:.0f} a minute; a person needs time to look besides")
    reason()
    settle()
    command_line("label", "export", dock().store.path, "--as", "lrs-gro", "--out", EXPORT)
    rows = [json.loads(line) for line in EXPORT.read_text().splitlines()]
    assert len(rows) == counted()["accepted"]
    assert all(len(row["bbox"]) == 4 for row in rows)
    log(f"{len(rows)} accepted ones exported as LRS-GRO rows, the first: {rows[0]['question']} {rows[0]['ground_truth']}")
    if os.environ.get("LABELS_TRAIN"):
        train()


def reason():
    """Thoughts for all accepted questions at once, and one that is edited."""
    dock().tabs.setCurrentIndex(0)
    dock().board.setFocus()
    dock().menu.thoughts_clicked.emit(False)
    ready()
    while dock().shown.question.verdict != "accepted":
        key(Key.Key_Left)
    key(Key.Key_H)
    wait(lambda: dock().writing.thoughts.isVisible(), 10)
    picture("labels_thoughts")
    QTest.keyClicks(QApplication.focusWidget(), "It lies beside the shore.")
    key(Key.Key_Return)
    assert "beside the shore" in dock().board.thoughts.text()


def settle():
    """Another person's copy, in which five are decided differently and one box is drawn differently, is merged, and all is settled."""
    path = OUT / "second.gpkg"
    shutil.copyfile(dock().store.path, path)
    with LabelFile.open(path, 'Ben "B." O\'Hara') as ben:
        for question in ben.questions(verdict="accepted")[:5]:
            ben.reject(question.id, "not visible")
        box = ben.boxes()[0]
        left, top, right, bottom = box.sides
        ben.change(replace(box, sides=(left, top, (left + right) / 2, bottom)), what="box")
    dock().menu.merge(path)
    ready()
    log(dock().message.text)
    dock().tabs.setCurrentWidget(dock().settle)
    wait(lambda: len(dock().settle.table.pairs) == 6, 30)
    dock().settle.setFocus()
    while dock().settle.table.current.iou is None:
        key(Key.Key_Right)
    QTest.qWait(1500)
    picture("labels_settle")
    for which in (Key.Key_1, Key.Key_2, Key.Key_1, Key.Key_2, Key.Key_1, Key.Key_2):
        key(which)
    assert "0 of 6" in dock().settle.figures.text(), dock().settle.figures.text()
    log("settled:", dock().settle.figures.text())
    key(Key.Key_Z)
    window = iface.mainWindow()
    for width in (240, 470):
        window.resizeDocks([dock()], [width], Qt.Orientation.Horizontal)
        QTest.qWait(400)
        for at, name in enumerate(("review", "balance", "settle")):
            dock().tabs.setCurrentIndex(at)
            ready()
            QTest.qWait(400)
            dock().grab().save(str(OUT / f"labels_{name}_{width}.png"))
    dock().tabs.setCurrentIndex(0)


def train():
    """Three steps on the accepted ones."""
    begun = time.monotonic()
    shutil.rmtree(OUT / "labels_run", ignore_errors=True)
    data = ["--data", dock().store.path, "--out", OUT / "labels_run", "--steps", "3", "--batch", "2"]
    command_line("train", "sft", "--model", "zoomearth-demo", *data)
    assert list((OUT / "labels_run").glob("checkpoint-*"))
    log(f"three steps of training on them: {time.monotonic() - begun:.0f} s")


def command_line(*words):
    """Runs `zoomearth` in the backend's Python."""
    path = OUT / "path"
    path.mkdir(exist_ok=True)
    if not (path / "zoomearth").exists():
        (path / "zoomearth").symlink_to(ROOT.resolve())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GDAL", "PROJ"))}
    command = [plugins["zoomearth"]._command()[0], "-m", "zoomearth", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env={**environment, "PYTHONPATH": str(path)}, cwd=OUT)
    assert done.returncode == 0, done.stderr


def main():
    scene = Path(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0])
    truth = json.loads(scene.with_suffix(".json").read_text())
    boxes = list(dict.fromkeys(tuple(question["box"]) for question in truth["questions"] if question["box"]))
    boxes += [(left, top, (left + right) // 2, (top + bottom) // 2) for left, top, right, bottom in boxes]
    places = list(zip(boxes, ("lake", "airport", "village", "airport", "shore", "runway", "square", "taxiway")))
    if KILLED.exists():
        go_on(json.loads(KILLED.read_text()))
    else:
        for file in (PROJECT, OUT / "labels_labels.gpkg", EXPORT):
            file.unlink(missing_ok=True)
        begin(scene, places)


run(main)
