"""Results that can't be written for a while: QGIS continues to work, nothing is lost or written twice, and the file gets it later."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest
from panel import wait
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QTimer, QVariant

from zoomearth.core.events import Failed
from zoomearth.core.settings import data_folder
from zoomearth.plugin.exchanges import writer as writer_module
from zoomearth.plugin.exchanges.exchange import Exchange
from zoomearth.plugin.exchanges.geopackage import add_row, writing
from zoomearth.plugin.exchanges.geopackage_tables import add_table, begin
from zoomearth.plugin.exchanges.project_results import ProjectResults
from zoomearth.plugin.exchanges.result_rows import ROI_FIELDS, roi_geometry
from zoomearth.plugin.exchanges.result_tables import ANSWERS, EXCHANGES
from zoomearth.plugin.exchanges.results_file import ResultsFile
from zoomearth.plugin.exchanges.unsaved import waiting_file
from zoomearth.plugin.layers.raster_layers import wkt

HOLD = """
import sqlite3, sys, time
file = sqlite3.connect(sys.argv[1], isolation_level=None)
if sys.argv[3] == "wal":
    file.execute("PRAGMA journal_mode = WAL")
file.execute("BEGIN " + sys.argv[2])
print("locked", flush=True)
sys.stdin.readline()
file.execute("ROLLBACK")
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(writer_module, "RETRY", 200)


@pytest.fixture
def results(qgis_app, qgis_new_project, tmp_path):
    """Results of a project that is saved in its own folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    assert QgsProject.instance().write(str(folder / "harbour.qgz"))
    results = ProjectResults()
    yield results
    results.close()


def another(exchange, number):
    """The same answer to another question, its CRS written as the panel writes it."""
    crs = wkt(QgsCoordinateReferenceSystem.fromWkt(exchange.crs))
    return replace(exchange, crs=crs, id=f"exchange-{number}", question=f"Question {number}?", time=f"2026-01-01T00:00:{number:02}Z")


def settle(results):
    """Waits until everything was tried."""
    wait(lambda: not results.writing)


def healed(results):
    """Waits until everything is in the file."""
    wait(lambda: not results.writing and not results.trouble and not results.writer.unwritten)


def keep(results, *exchanges):
    for exchange in exchanges:
        results.keep(exchange)
    settle(results)


def content(path):
    """The ids in each table, sorted, as another program reads them."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as file:
        tables = [name for (name,) in file.execute("SELECT table_name FROM gpkg_contents")]
        result = {name: sorted(id for (id,) in file.execute(f"SELECT exchange FROM {name}")) for name in tables}
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    return result


def assert_all_there_once(path, exchanges):
    expected = {
        EXCHANGES: sorted(exchange.id for exchange in exchanges),
        "answers_town": sorted(exchange.id for exchange in exchanges),
        "rois_town": sorted(exchange.id for exchange in exchanges for _ in exchange.zooms),
    }
    assert content(path) == expected


@contextmanager
def locked(path, mode="IMMEDIATE", journal="as it is"):
    """Another program writes to the file."""
    command = [sys.executable, "-c", HOLD, str(path), mode, journal]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        yield
        other.communicate("\n")


class Heartbeat:
    """The longest time, in seconds, in which the event loop did nothing."""

    def __init__(self):
        self.longest, self._last, self._timer = 0.0, time.monotonic(), QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(10)

    def _beat(self):
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now

    def stop(self):
        self._beat()
        self._timer.stop()
        return self.longest


def immutable(path, wanted):
    """Write protection that holds for root, too."""
    if os.geteuid():
        path.chmod((0o555 if path.is_dir() else 0o444) if wanted else 0o755)
    elif subprocess.run(["chattr", "+i" if wanted else "-i", str(path)], capture_output=True).returncode:
        pytest.skip("this file system has no write protection that holds for root")


@contextmanager
def protected(path):
    immutable(path, True)
    try:
        yield
    finally:
        immutable(path, False)


@contextmanager
def away(path):
    """Like a drive that is not connected."""
    hidden = path.with_name(path.name + ".hidden")
    path.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(path)


@contextmanager
def replaced(path, make):
    """Something else has the file's name, and is removed again."""
    hidden = path.with_name(path.name + ".hidden")
    path.rename(hidden)
    make(path)
    try:
        yield
    finally:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        hidden.rename(path)


@contextmanager
def overwritten(path):
    """The same file, with other bytes, and restored from a copy."""
    before = path.read_bytes()
    path.write_bytes(b"of another program" * 1000)
    try:
        yield
    finally:
        path.write_bytes(before)


TROUBLES = {
    "locked": (locked, "another program is using it"),
    "locked for readers, too": (lambda path: locked(path, "EXCLUSIVE"), "another program is using it"),
    "read-only file": (protected, "it is read-only"),
    "read-only folder": (lambda path: protected(path.parent), ""),
    "no folder": (lambda path: away(path.parent), "its folder does not exist"),
    "another file": (lambda path: replaced(path, lambda place: place.write_bytes(b"x" * 9999)), "it is not a GeoPackage"),
    "a folder": (lambda path: replaced(path, Path.mkdir), "it is a folder"),
    "overwritten": (overwritten, "it is not a GeoPackage"),
}
EACH_TROUBLE = pytest.mark.parametrize("trouble", TROUBLES)


@EACH_TROUBLE
def test_what_a_file_does_not_take_is_safe_elsewhere_and_comes_into_it_by_itself(results, harbour, trouble):
    exchanges = [another(harbour, number) for number in range(5)]
    keep(results, *exchanges[:2])
    path = results.file.path
    broken, reason = TROUBLES[trouble]
    with broken(path):
        keep(results, exchanges[2], exchanges[3])
        assert reason in results.trouble
        assert results.trouble.count("can't be written") == 1
        assert results.writer.safe
        assert {exchange.id for exchange in ResultsFile(waiting_file(path)).read()} >= {exchanges[2].id, exchanges[3].id}
        first = results.trouble
        results.writer.start()
        wait(lambda: not results.writer._running)
        assert results.trouble == first  # the message does not get longer
    healed(results)
    keep(results, exchanges[4])
    assert_all_there_once(path, exchanges)
    assert not waiting_file(path).exists()
    assert results.layers()[0].featureCount() == sum(len(exchange.zooms) for exchange in exchanges)
    assert results.layers(ANSWERS)[0].featureCount() == len(exchanges)


@EACH_TROUBLE
def test_it_comes_into_the_file_when_the_project_is_opened_after_a_restart(results, harbour, trouble):
    exchanges = [another(harbour, number) for number in range(4)]
    keep(results, *exchanges[:2])
    path, project = results.file.path, QgsProject.instance().fileName()
    QgsProject.instance().write()
    broken, _ = TROUBLES[trouble]
    with broken(path):
        keep(results, *exchanges[2:])
        results.close()
        QgsProject.instance().clear()
    assert QgsProject.instance().read(project)
    again = ProjectResults()
    try:
        assert [exchange.id for exchange in again.read()] == [exchange.id for exchange in exchanges]
        healed(again)
    finally:
        again.close()
    assert_all_there_once(path, exchanges)
    assert not waiting_file(path).exists()
    results._connections = ()


@EACH_TROUBLE
def test_a_project_that_is_opened_while_its_file_can_not_be_read_shows_it_later(results, harbour, trouble):
    exchanges = [another(harbour, number) for number in range(3)]
    keep(results, *exchanges[:2])
    path = results.file.path
    QgsProject.instance().write()
    broken, _ = TROUBLES[trouble]
    result = []
    results.recovered.connect(result.extend)
    with broken(path):
        if not QgsProject.instance().fileName() or not Path(QgsProject.instance().fileName()).exists():
            pytest.skip("the project's own folder is away")
        assert QgsProject.instance().read(QgsProject.instance().fileName())
        known = results.read()
        keep(results, exchanges[2])
    healed(results)
    wait(lambda: not results.writer.unread)
    assert len(known) == 2 or {exchange.id for exchange in result} >= {exchange.id for exchange in exchanges[:2]}
    assert {exchange.id for exchange in results.read()} == {exchange.id for exchange in exchanges}
    assert_all_there_once(path, exchanges)


def longest_stall(results, exchanges, other):
    """The longest stall of the window, in seconds, while exchanges are kept, removed and read."""
    heartbeat = Heartbeat()
    keep(results, exchanges[3], other)
    results.remove(exchanges[0])
    settle(results)
    keep(results, exchanges[0])
    results.read()
    wait(lambda: not results.writing)
    return heartbeat.stop()


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
@pytest.mark.parametrize("journal", ["rollback", "wal"])
def test_qgis_goes_on_while_another_program_holds_the_lock(results, harbour, scene, mode, journal):
    exchanges = [another(harbour, number) for number in range(6)]
    other = replace(another(harbour, 7), source="/elsewhere.tif", layer="elsewhere")  # whose tables are to be made
    keep(results, *exchanges[:3])
    path, project = results.file.path, QgsProject.instance().fileName()
    QgsProject.instance().write()
    stalls = []
    for _ in range(3):  # a stall by the lock comes each time, one by a busy machine does not
        with locked(path, mode, journal):
            stalls.append(longest_stall(results, exchanges, other))
        healed(results)
        assert sorted(content(path)[EXCHANGES]) == sorted(exchange.id for exchange in (*exchanges[:4], other))
        assert QgsProject.instance().fileName() == project
    unlocked = [longest_stall(results, exchanges, other) for _ in range(3)]  # what this machine needs without a lock
    assert min(stalls) < max(unlocked) + 0.1, (stalls, unlocked)


def test_a_file_that_is_replaced_by_an_older_copy_gets_what_it_lacks(results, harbour, tmp_path):
    exchanges = [another(harbour, number) for number in range(4)]
    keep(results, exchanges[0])
    path = results.file.path
    shutil.copy(path, tmp_path / "copy.gpkg")
    keep(results, exchanges[1], exchanges[2])
    (tmp_path / "copy.gpkg").replace(path)  # as the backup program does
    keep(results, exchanges[3])
    assert_all_there_once(path, exchanges)


def test_journals_of_a_file_that_is_gone_are_not_laid_over_the_new_one(results, harbour):
    keep(results, another(harbour, 0))
    path = results.file.path
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("UPDATE exchanges SET question = 'old'")
    shutil.copy(f"{path}-wal", f"{path}.kept")
    file.close()
    path.unlink()
    Path(f"{path}.kept").rename(f"{path}-wal")
    keep(results, another(harbour, 1))
    assert {exchange.question for exchange in ResultsFile(path).read()} == {"Question 0?", "Question 1?"}


OLD_COLUMNS = ("exchange", "question", "answer", "step", "label", "stopped", "model", "window", "scale", "time")
OLD_ROIS = {name: kind for name, kind in ROI_FIELDS.items() if name in OLD_COLUMNS}
OLD_EXCHANGES = dict.fromkeys(("exchange", "time", "question", "answer", "source", "data"), QVariant.String)


@pytest.fixture
def old(results, harbour):
    """The results as version 0.1.0 of November 2026 wrote them, in a project that shows them; with the exchange in it."""
    exchange = another(harbour, 0)
    path = Path(QgsProject.instance().fileName()).with_name("harbour_zoomearth.gpkg")
    data = {
        name: value for name, value in exchange.to_dict().items() if name not in ("outline", "scene", "region", "meaningless", "seen_as")
    }
    begin(path, EXCHANGES, OLD_EXCHANGES)
    with writing(path, 1) as file:
        add_table(file, "rois_town", OLD_ROIS, QgsWkbTypes.Type.Polygon, exchange.crs)
        row = {name: getattr(exchange, name) for name in ("time", "question", "answer", "source")}
        add_row(file, EXCHANGES, {**row, "exchange": exchange.id, "data": json.dumps(data)})
        for seen in exchange.zooms:
            values = {"exchange": exchange.id, "step": seen.step, "label": seen.label}
            add_row(file, "rois_town", values, roi_geometry(seen))
    layer = QgsVectorLayer(f"{path}|layername=rois_town", "ROIs", "ogr")
    layer.setCustomProperty("zoomearth/source", exchange.source)
    QgsProject.instance().addMapLayer(layer)
    QgsProject.instance().writeEntry("zoomearth", "results", str(path))
    QgsProject.instance().write()
    assert QgsProject.instance().read(QgsProject.instance().fileName())
    return exchange


def test_results_of_an_older_version_are_read_and_go_on(results, harbour, old):
    assert [exchange.question for exchange in results.read()] == ["Question 0?"]
    new = replace(another(harbour, 1), confidence=0.75)
    keep(results, new)
    assert results.trouble == ""
    (layer,) = results.layers()
    assert layer.featureCount() == 2 * len(harbour.zooms)
    assert {field.name() for field in layer.fields()} == {"fid", *ROI_FIELDS}
    assert {feature["confidence"] for feature in layer.getFeatures() if feature["exchange"] == new.id} == {0.75}
    (answers,) = results.layers(ANSWERS)
    assert [feature["exchange"] for feature in answers.getFeatures()] == [old.id, new.id]
    results.remove(old)
    settle(results)
    assert layer.featureCount() == len(harbour.zooms)


def test_a_newer_versions_columns_and_tables_are_no_obstacle(results, harbour):
    keep(results, another(harbour, 0))
    with sqlite3.connect(results.file.path) as file:
        file.execute("ALTER TABLE exchanges ADD COLUMN mood TEXT")
        file.execute("ALTER TABLE answers_town ADD COLUMN mood TEXT")
    file.close()
    keep(results, another(harbour, 1))
    assert_all_there_once(results.file.path, [another(harbour, 0), another(harbour, 1)])


def test_a_geopackage_of_ones_own_takes_the_results_too(results, harbour, tmp_path):
    path = tmp_path / "own.gpkg"
    begin(path, "buildings", {"exchange": QVariant.String})
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE rois_town (name TEXT)")
        file.execute("CREATE VIEW Answers_Town AS SELECT * FROM rois_town")
    file.close()
    QgsProject.instance().writeEntry("zoomearth", "results", str(path))
    QgsProject.instance().write()
    assert QgsProject.instance().read(QgsProject.instance().fileName())
    assert results.read() == []
    keep(results, another(harbour, 1))
    assert results.trouble == ""
    places = {"answers_town_2": ["exchange-1"], "rois_town_2": ["exchange-1"] * len(harbour.zooms)}
    assert content(path) == {"buildings": [], "exchanges": ["exchange-1"], **places}


def test_an_answer_without_a_zoom_is_on_the_map_too_and_follows_delete_and_undo(results, harbour, scene):
    plain = replace(
        another(harbour, 0), views=[harbour.views[0]], outline=[[[0, 0], [8, 0], [8, 8], [0, 8]], [[2, 2], [2, 4], [4, 4], [4, 2]]]
    )
    failed = Exchange(
        "Why?", str(scene), "town", harbour.crs, outline=plain.outline, message="The layer was removed.", hint="Add it again."
    )
    failed.hear(Failed(None, "scene", failed.message, failed.hint))
    keep(results, plain, failed)
    (layer,) = results.layers(ANSWERS)
    assert results.layers() == []
    assert [field.name() for field in layer.fields()] == ["fid", *ROI_FIELDS]
    assert layer.crs().authid() == "EPSG:32633"
    rows = {feature["exchange"]: feature for feature in layer.getFeatures()}
    assert rows[plain.id].geometry().area() == 64 - 4  # the hole is not part of the place
    assert (rows[plain.id]["answer"], rows[plain.id]["layer"]) == ("3 ships", "town")
    assert rows[failed.id]["error"] == "The layer was removed. Add it again."
    assert rows[failed.id]["stopped"] == "failed"
    results.remove(plain)
    settle(results)
    assert [feature["exchange"] for feature in layer.getFeatures()] == [failed.id]
    assert layer.featureCount() == 1
    keep(results, plain)
    assert layer.featureCount() == 2
    group = QgsProject.instance().layerTreeRoot().findGroups()[0]
    keep(results, another(harbour, 1))
    assert [node.name() for node in group.findLayers()] == ["Places looked at: town", "Answers: town"]


def test_an_exchange_of_an_older_version_is_placed_by_what_the_model_saw_first(results, harbour):
    keep(results, replace(harbour, outline=None))
    feature = next(results.layers(ANSWERS)[0].getFeatures())
    xs, ys = zip(*harbour.views[0].polygon)
    box = feature.geometry().boundingBox()
    assert (box.xMinimum(), box.yMaximum()) == pytest.approx((min(xs), max(ys)))


@pytest.mark.parametrize("outline", [[], [[]], [[[1, 2]]], [[["a", "b"]]], [1, 2], [[[float("nan"), 0], [1, 1], [2, 0]]]])
def test_a_place_that_can_not_be_drawn_costs_no_answer(results, harbour, outline):
    keep(results, replace(harbour, outline=outline))
    assert results.trouble == ""
    assert results.layers(ANSWERS)[0].featureCount() == 1


def test_group_and_layers_follow_the_rasters_name_but_not_over_the_users(results, harbour, scene):
    raster = QgsRasterLayer(str(scene), "town")
    QgsProject.instance().addMapLayer(raster)
    own = replace(another(harbour, 0), source=raster.source())
    keep(results, own)
    raster.setName("ortho 2026")
    keep(results, another(own, 1))
    group = QgsProject.instance().layerTreeRoot().findGroups()[0]
    assert group.name() == "ZoomEarth: ortho 2026"
    assert [node.name() for node in group.findLayers()] == ["Places looked at: ortho 2026", "Answers: ortho 2026"]
    assert set(content(results.file.path)) == {"exchanges", "rois_town", "answers_town"}  # it uses the existing tables
    results.layers()[0].setName("mine")
    raster.setName("ortho 2027")
    assert [node.name() for node in group.findLayers()] == ["mine", "Answers: ortho 2027"]


def test_group_and_layers_have_the_name_under_which_the_raster_came_back(results, harbour, scene):
    raster = QgsRasterLayer(str(scene), "ortho 2026")
    own = replace(harbour, source=str(scene), crs=wkt(raster.crs()))
    keep(results, own)
    QgsProject.instance().addMapLayer(raster)
    keep(results, another(own, 1))
    (group,) = QgsProject.instance().layerTreeRoot().findGroups()
    assert group.name() == "ZoomEarth: ortho 2026"
    assert [node.name() for node in group.findLayers()] == ["Places looked at: ortho 2026", "Answers: ortho 2026"]


def test_nothing_of_a_closing_project_gets_into_the_next(results, harbour):
    results.keep(another(harbour, 0))
    path = results.file.path
    results.keep(another(harbour, 1))
    QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon", "any", "memory"))
    QgsProject.instance().clear()
    assert results.file is None
    assert not QgsProject.instance().mapLayers()
    assert not QgsProject.instance().isDirty()
    wait(lambda: path.exists() and len(ResultsFile(path).read()) == 2)


def test_a_full_user_folder_is_said_and_the_answers_stay_in_memory(results, harbour):
    keep(results, another(harbour, 0))
    shutil.rmtree(data_folder() / "unsaved", ignore_errors=True)
    (data_folder() / "unsaved").write_text("in the way")
    with locked(results.file.path):
        keep(results, another(harbour, 1))
        assert not results.writer.safe
        assert "only in memory" in results.trouble
    healed(results)
    assert len(ResultsFile(results.file.path).read()) == 2


class Read(Exchange):
    """Tells when a thread has written it up to the places looked at, and lets the thread go on when it is told to."""

    @property
    def looks(self):
        self.reached.set()
        self.go.wait(20)
        return super().looks


def test_a_change_while_the_one_before_is_written_is_written_too(results, harbour):
    exchange = Read(**{each.name: getattr(another(harbour, 1), each.name) for each in fields(Exchange)})
    exchange.reached, exchange.go = threading.Event(), threading.Event()
    results.keep(exchange)
    assert exchange.reached.wait(20)
    exchange.check("4 ships", "Ada")
    results.keep(exchange)
    exchange.go.set()
    settle(results)
    assert [each.checked for each in results.file.read()] == ["4 ships"]
