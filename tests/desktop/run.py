"""Run inside the real QGIS (see release/desktop.py), three times: 100 places asked by a typed question, reviewed by keys, exported and
read back, reported. QGIS is killed with -9 in the middle of the run, and at the next start in the middle of the review.

DRIVE_RASTERS: a generated scene with its truth, by which the places are checked. DRIVE_OUT: project, exports and report are left there;
without the file `run_killed.json` it is the first start. After an error, DRIVE_OUT/run.log describes it and the exit code is 1.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

from driving import OUT, in_dialog, log, picture, run, wait
from osgeo import ogr
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QDockWidget, QMessageBox, QPushButton
from qgis.utils import iface, plugins

from zoomearth.plugin.exchanges.exchange import Status

LEFT, Key = Qt.MouseButton.LeftButton, Qt.Key
PLACES, ACROSS, HALF = 100, 10, 50
QUESTION, YES_NO_UNSURE = "Is there a village in the scene?", 2  # the place of the type of the answer in its list
PROJECT, KILLED, PARCELS, REPORT = OUT / "run.qgz", OUT / "run_killed.json", OUT / "run_parcels.gpkg", OUT / "run_report.pdf"
TRUTH = json.loads(Path(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0]).with_suffix(".json").read_text())
EMPTY = 0.5  # of a page, the most that may be empty
CONTESTED = 8  # answers in the report: how many the model gets wrong decides how full its last page is, so the person settles the number


def plugin():
    return plugins["zoomearth"]


def the_run():
    (exchange,) = plugin().session.exchanges
    return plugin().dock.runs.of(exchange)


def card():
    return plugin().dock.transcript.card(the_run().exchange.id).run_box


def table():
    return plugin().answers.dock


def settled():
    wait(lambda: not the_run().asking and not the_run().writer.writing, 200)


def killed(**state):
    KILLED.write_text(json.dumps(state))
    log("QGIS is killed now:", {name: len(value) if isinstance(value, dict) else value for name, value in state.items()})
    os.kill(os.getpid(), signal.SIGKILL)


def arranged():
    window = iface.mainWindow()
    window.resize(1480, 900)
    window.findChild(QDockWidget, "Browser").hide()
    if not plugin().dock.isVisible():
        plugin().action.trigger()
    window.resizeDocks([window.findChild(QDockWidget, "Layers"), plugin().dock], [220, 330], Qt.Orientation.Horizontal)
    QTest.qWait(300)


def parcels(raster):
    """A hundred squares with a name, as a file of the project."""
    memory = QgsVectorLayer(f"Polygon?crs={raster.crs().authid()}&field=name:string", "parcels", "memory")
    extent, side = raster.extent(), raster.extent().width() / ACROSS
    features = []
    for number in range(PLACES):
        x, y = extent.xMinimum() + side * (number % ACROSS), extent.yMaximum() - side * (number // ACROSS)
        feature = QgsFeature(memory.fields())
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x + side / 10, y - side, x + side, y - side / 10)))
        feature["name"] = f"Parcel {number + 1}"
        features.append(feature)
    memory.dataProvider().addFeatures(features)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", "parcels"
    QgsVectorFileWriter.writeAsVectorFormatV3(memory, str(PARCELS), QgsProject.instance().transformContext(), options)
    polygons = QgsVectorLayer(f"{PARCELS}|layername=parcels", "parcels", "ogr")
    polygons.setDisplayExpression('"name"')
    polygons.renderer().symbol().setOpacity(0)
    return polygons


def answered():
    """The answers of the rows that are over; None where the model's reply has none."""
    return {row.id: row.answer for row in the_run().rows if row.status is Status.DONE}


def asked_lines():
    """The ids in the file to which the backend appends the answers."""
    return [json.loads(line)["id"] for line in the_run().answers.read_text(encoding="utf-8").splitlines()]


def begin(scene):
    raster = QgsRasterLayer(str(scene), "orthophoto")
    polygons = parcels(raster)
    QgsProject.instance().addMapLayers([raster, polygons])
    QgsProject.instance().setCrs(raster.crs())
    iface.setActiveLayer(raster)
    QgsProject.instance().write(str(PROJECT))
    arranged()
    iface.mapCanvas().zoomToFullExtent()
    form, dock = plugin().dock.form, plugin().dock
    form.layer.setLayer(raster)
    form.scope.setCurrentIndex(4)
    form.polygon_layer.setLayer(polygons)
    form.answer.kind.setCurrentIndex(YES_NO_UNSURE)
    dock.question.setFocus()
    QTest.keyClicks(dock.question, QUESTION)

    def agree(dialog):
        QTest.mouseClick(dialog.button(QMessageBox.StandardButton.Yes), LEFT)

    in_dialog("", agree, lambda: QTest.mouseClick(dock.toolbar.ask, LEFT))
    wait(lambda: plugin().session.exchanges, 30)
    wait(lambda: len(answered()) >= PLACES * 0.4, 200)
    assert the_run().asking
    assert len(answered()) < PLACES
    killed(step="run", answers=answered())


def opened():
    iface.addProject(str(PROJECT))
    arranged()
    wait(lambda: the_run().rows, 30)
    QTest.mouseClick(card().table, LEFT)
    QApplication.setActiveWindow(iface.mainWindow())  # a virtual screen has no window manager that would
    table().view.setFocus()
    table().view.sortByColumn(4, Qt.SortOrder.AscendingOrder)


def press(key):
    QTest.keyClick(table().view, key)
    QTest.qWait(10)


def covered(row):
    """The share of the place that villages cover."""
    number = int(row.feature.name.split()[1]) - 1
    side = TRUTH["size"] / ACROSS
    left, top, right, bottom = (side * (at + cut) for at, cut in zip((number % ACROSS, number // ACROSS) * 2, (0.1, 0.1, 1, 1)))
    area = 0
    for x0, y0, x1, y1 in (site["box"] for site in TRUTH["sites"] if site["kind"] == "village"):
        area += max(0, min(right, x1) - max(left, x0)) * max(0, min(bottom, y1) - max(top, y0))
    return area / ((right - left) * (bottom - top))


def decide(row, unsure):
    """What the person sees there, who is unsure of a corner of a village as long as that may be."""
    share = covered(row)
    press(Key.Key_U if unsure and 0 < share < 0.25 else Key.Key_Y if share >= 0.25 else Key.Key_N)


def review(count):
    """The first rows in the order of confidence, by keys."""
    table().view.setFocus()
    table().view.selectRow(0)
    for _ in range(count):
        decide(table().current, unsure=True)


def review_rest():
    """Only those that nobody has decided, until none is left; each leaves the table a moment after its key."""
    open_rows = sum(row.checked in (None, "unsure") for row in the_run().rows)
    QTest.mouseClick(table().filters.open, LEFT, pos=QPoint(8, table().filters.open.height() // 2))
    wait(lambda: table().table.rowCount() == open_rows, 10)
    table().view.setFocus()
    for _ in range(4 * open_rows):
        if (row := table().current) is None:
            QTest.qWait(50)
        else:
            decide(row, unsure=False)
        if not table().table.rowCount():
            break
    QTest.mouseClick(table().filters.open, LEFT, pos=QPoint(8, table().filters.open.height() // 2))
    wait(lambda: table().table.rowCount() == PLACES, 10)


def contest():
    """The person agrees with the model, or not, about as many more places as the report needs."""
    for at in range(PLACES):
        excess = sum(row.contradicted for row in the_run().rows) - CONTESTED
        if not excess:
            return
        table().view.selectRow(at)
        row = table().current
        if row.answer in ("yes", "no") and row.contradicted == (excess > 0):
            press(Key.Key_N if row.checked == "yes" else Key.Key_Y)


def checks():
    return {row.id: [row.checked, row.checked_by, row.checked_at, row.note] for row in the_run().rows if row.checked or row.note}


def go_on(before):
    """The rest of the run, and a half of the review."""
    opened()
    kept = answered()
    assert before["answers"].items() <= kept.items(), "lost"
    log(f"after kill -9: {len(before['answers'])} answers were known to the window, {len(kept)} are there")
    assert len(kept) < PLACES
    lines = asked_lines()
    QTest.mouseClick(card().go_on, LEFT)
    wait(lambda: len(answered()) == PLACES, 200)
    settled()
    after = asked_lines()
    assert after[: len(lines)] == lines
    assert sorted(after) == sorted(row.id for row in the_run().rows), "each is answered once"
    assert kept.items() <= answered().items()
    log(f"{PLACES} answered: {dict(Counter(row.verdict for row in the_run().rows))}, none twice")
    QTest.qWait(1000)  # the table is sorted a moment after the last answer
    review(HALF)
    settled()
    assert len(checks()) == HALF, len(checks())
    killed(step="review", answers=answered(), checks=checks())


def finish(before):
    opened()
    assert answered() == before["answers"]
    assert checks() == before["checks"]
    log(f"after kill -9: {len(checks())} checks are there, with who and when")
    assert not card().go_on.isVisible(), "nothing is left to ask"
    review_rest()
    decided = {id: said for id, said in before["checks"].items() if said[0] != "unsure"}
    assert decided.items() <= checks().items()
    assert {said[0] for said in checks().values()} == {"yes", "no"}
    assert len(checks()) == PLACES
    table().view.setFocus()
    contest()
    assert sum(row.contradicted for row in the_run().rows) == CONTESTED
    table().view.selectRow(HALF)
    last = table().current
    said = last.checked
    press(Key.Key_M)
    QTest.keyClicks(QApplication.focusWidget(), "seen on the ground")
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)
    press(Key.Key_N if said == "yes" else Key.Key_Y)
    press(Key.Key_Z)
    assert (last.checked, last.note) == (said, "seen on the ground"), "undone"
    settled()
    table().view.selectRow(HALF)
    iface.mapCanvas().zoomToFullExtent()
    QTest.qWait(1000)
    picture("run_review")
    exported()
    reported()
    KILLED.unlink()


def exported():
    """All rows as GeoPackage and as CSV, through the dialog, read back by OGR and Python."""
    rows = {row.id: row for row in the_run().rows}
    for suffix in (".gpkg", ".csv"):
        file = OUT / f"run_export{suffix}"
        file.unlink(missing_ok=True)

        def fill(dialog, file=file, suffix=suffix):
            dialog.content.setCurrentIndex(1)
            dialog.all.setChecked(True)
            dialog.format.setCurrentIndex(dialog.format.findData(suffix))
            dialog.file.setFilePath(str(file))
            dialog.load.setChecked(False)
            QTest.mouseClick(dialog.findChild(QPushButton, "zoomearth_export_ok"), LEFT)

        in_dialog("zoomearth_export_dialog", fill, plugin().dock.toolbar.export_rois.trigger)
    source = ogr.Open(str(OUT / "run_export.gpkg"))
    (layer,) = (source.GetLayer(at) for at in range(source.GetLayerCount()))
    assert layer.GetFeatureCount() == PLACES
    for feature in layer:
        row = rows[feature["exchange"]]
        shown = [feature[name] for name in ("label", "question", "answer", "checked", "checked_by", "checked_at", "note", "model")]
        assert shown == [row.feature.name, QUESTION, row.typed_answer, row.checked, row.checked_by, row.checked_at, row.note, row.model]
        envelope = feature.GetGeometryRef().GetEnvelope()
        xs, ys = zip(*row.place[0])
        assert all(abs(a - b) < 1e-6 for a, b in zip(envelope, (min(xs), max(xs), min(ys), max(ys))))
    with (OUT / "run_export.csv").open(encoding="utf-8", newline="") as file:
        lines = {line["exchange"]: line for line in csv.DictReader(file)}
    assert lines.keys() == rows.keys()
    assert all((line["answer"], line["checked"]) == (rows[id].typed_answer or "", rows[id].checked) for id, line in lines.items())
    log(f"{PLACES} rows exported and read back: GeoPackage and CSV")


def reported():
    """The PDF, through the dialog; its pages as pictures beside it. No page is emptier than a half."""
    REPORT.unlink(missing_ok=True)

    def fill(dialog):
        dialog.grab().save(str(OUT / "run_report_dialog.png"))
        dialog.file.setFilePath(str(REPORT))
        QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), LEFT)

    in_dialog("zoomearth_report_dialog", fill, plugin().dock.toolbar.export_pdf.trigger)
    for old in OUT.glob("run_page*.png"):
        old.unlink()
    subprocess.run(["pdftoppm", "-r", "60", "-png", str(REPORT), str(OUT / "run_page")], check=True)
    pages = sorted(OUT.glob("run_page*.png"))
    empty = [1 - filled(QImage(str(page))) for page in pages]
    log(f"the report has {len(pages)} pages, empty below: {', '.join(f'{share:.0%}' for share in empty)}")
    assert max(empty) <= EMPTY, empty
    text = subprocess.run(["pdftotext", "-layout", str(REPORT), "-"], capture_output=True, text=True, check=True).stdout
    assert f"{QUESTION} ({PLACES} places)" in text
    assert "Parcel 100" in text


def filled(page):
    """How far down a page reaches, the lines at its foot left out: of its printable height."""
    top, bottom = page.height() * 15 // 297, page.height() * 278 // 297
    used = [y for y in range(top, bottom) if any(page.pixelColor(x, y).lightness() < 245 for x in range(0, page.width(), 2))]
    return (max(used) - top) / (bottom - top)


def main():
    scene = Path(os.environ["DRIVE_RASTERS"].split(os.pathsep)[0])
    if not KILLED.exists():
        PROJECT.unlink(missing_ok=True)
        for stem in ("run_zoomearth", "run_labels", "run_parcels"):
            for file in OUT.glob(f"{stem}*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
        begin(scene)
        return
    before = json.loads(KILLED.read_text())
    {"run": go_on, "review": finish}[before["step"]](before)


run(main)
