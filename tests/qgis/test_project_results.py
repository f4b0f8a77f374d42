"""The results of a project: their file and layers, after saving, reopening, copying, and after QGIS was killed."""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from osgeo import gdal
from panel import ANSWER, BOX, wait
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtTest import QTest

from zoomearth.core.events import Saw
from zoomearth.core.settings import data_folder
from zoomearth.plugin.exchanges.result_rows import ROI_FIELDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def asked(panel, demo_scene):
    """A panel with one answered exchange."""
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    panel.asked()
    return panel


def save(panel, path):
    """Saves like QGIS, with the event loop running, until the results are in their new file."""
    QgsProject.instance().write(str(path))
    QTest.qWait(50)
    wait(lambda: not panel.results.writing)
    QTest.qWait(50)


def move(panel, path):
    panel.results.move_to(path)
    wait(lambda: not panel.results.writing)


def reopen(path):
    QgsProject.instance().clear()
    assert QgsProject.instance().read(str(path))


def tree():
    return {group.name(): [layer.name() for layer in group.findLayers()] for group in QgsProject.instance().layerTreeRoot().findGroups()}


def test_results_of_an_unsaved_project_are_in_a_file_that_outlives_qgis_and_say_so(asked):
    file = asked.results.file
    assert file.path.parent == data_folder() / "unsaved"
    assert file.path.exists()
    assert asked.dock.temporary.isVisible()
    assert tree() == {"ZoomEarth: scene-900000020": ["Places looked at: scene-900000020", "Answers: scene-900000020"]}


def test_every_field_of_an_roi_is_there(asked):
    layer = asked.results.layers()[0]
    assert [field.name() for field in layer.fields()] == ["fid", *ROI_FIELDS]
    assert layer.crs().authid() == "EPSG:32633"
    assert layer.featureCount() == 1


def test_saving_the_project_takes_the_results_beside_it_and_reopening_brings_them_back(asked, tmp_path):
    before, exchange = asked.results.file.path, asked.session.exchanges[0]
    save(asked, tmp_path / "harbour.qgz")
    beside = tmp_path / "harbour_zoomearth.gpkg"
    assert asked.results.file.path == beside
    assert not before.exists()
    assert not asked.dock.temporary.isVisible()
    reopen(tmp_path / "harbour.qgz")
    back = asked.session.exchanges[0]
    assert back.to_dict() == exchange.to_dict()
    assert asked.dock.transcript.card(exchange.id) is not None
    layer = asked.results.layers()[0]
    assert Path(layer.source().split("|")[0]) == beside
    assert layer.featureCount() == 1
    asked.asked("Another?")
    assert len(asked.results.layers()) == 1  # the same layer is used
    assert layer.featureCount() == 2


def test_results_of_an_older_version_get_the_columns_they_lack(asked, tmp_path):
    save(asked, tmp_path / "harbour.qgz")
    path = asked.results.file.path
    QgsProject.instance().clear()
    with contextlib.closing(sqlite3.connect(path)) as old:
        (table,) = (name for (name,) in old.execute("SELECT table_name FROM gpkg_contents") if name.startswith("rois_"))
    dataset = gdal.OpenEx(str(path), gdal.OF_UPDATE)
    for name in (table, "exchanges"):
        layer = dataset.GetLayerByName(name)
        layer.DeleteField(layer.GetLayerDefn().GetFieldIndex("meaningless"))
    del layer, dataset
    reopen(tmp_path / "harbour.qgz")
    exchange = asked.asked("Another?")
    assert exchange.message == ""
    rows = {feature["exchange"]: feature["meaningless"] for feature in asked.results.layers()[0].getFeatures()}
    assert rows[exchange.id] is False
    assert len(rows) == 2


def test_the_project_can_be_moved_with_its_results(asked, tmp_path):
    (tmp_path / "a").mkdir()
    save(asked, tmp_path / "a" / "harbour.qgz")
    QgsProject.instance().clear()
    shutil.move(tmp_path / "a", tmp_path / "b")
    reopen(tmp_path / "b" / "harbour.qgz")
    assert len(asked.session.exchanges) == 1
    assert asked.results.file.path == tmp_path / "b" / "harbour_zoomearth.gpkg"


def test_a_copy_of_the_project_gets_a_copy_of_its_results(asked, tmp_path):
    save(asked, tmp_path / "first.qgz")
    save(asked, tmp_path / "second.qgz")
    asked.asked("Only in the second?")
    reopen(tmp_path / "first.qgz")
    assert len(asked.session.exchanges) == 1
    reopen(tmp_path / "second.qgz")
    assert len(asked.session.exchanges) == 2


def test_another_projects_results_are_never_written_over(asked, tmp_path):
    taken = tmp_path / "harbour_zoomearth.gpkg"
    taken.write_bytes(b"of somebody else")
    save(asked, tmp_path / "harbour.qgz")
    assert taken.read_bytes() == b"of somebody else"
    assert asked.results.file.path == tmp_path / "harbour_zoomearth_2.gpkg"


def test_a_file_the_user_has_chosen_stays_where_it_is(asked, tmp_path):
    (tmp_path / "results").mkdir()
    chosen = tmp_path / "results" / "mine.gpkg"
    move(asked, chosen)
    save(asked, tmp_path / "harbour.qgz")
    reopen(tmp_path / "harbour.qgz")
    assert asked.results.file.path == chosen
    assert len(asked.session.exchanges) == 1


def test_a_folder_that_can_not_be_written_to_loses_nothing(asked, tmp_path):
    before = asked.results.file.path
    refused = []
    asked.results.refused.connect(lambda message, hint: refused.append(message))
    move(asked, tmp_path / "nowhere" / "mine.gpkg")
    assert refused == [f"The results can't be written to {tmp_path / 'nowhere' / 'mine.gpkg'}: its folder does not exist."]
    assert asked.results.file.path == before
    assert len(asked.results.read()) == 1


def test_closing_the_project_stops_the_question_and_shows_an_empty_transcript(asked, demo_scene):
    asked.script("<think>" + "and then " * 3000, pace=0.01)
    exchange = asked.ask("Slow?")
    wait(lambda: exchange.views)
    QgsProject.instance().clear()
    wait(lambda: not asked.session.busy)
    assert asked.session.exchanges == []
    assert asked.dock.transcript.cards == []


def test_a_project_closed_mid_answer_leaves_nothing_to_the_next(panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    heard = []

    def close(exchange, event):
        heard.append(type(event))
        if heard == [Saw]:
            QgsProject.instance().clear()

    panel.session.event_received.connect(close)
    panel.asked()
    assert heard == [Saw]
    assert panel.results.file is None
    assert not QgsProject.instance().mapLayers()
    assert not QgsProject.instance().isDirty()


def test_beside_a_project_that_nobody_may_write_to_the_results_are_kept_and_offered(panel, demo_scene):
    QgsProject.instance().setFileName("/proc/harbour.qgz")
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked()
    assert (exchange.answer, exchange.message) == ("3", "")
    assert panel.results.file.path.parent == data_folder() / "unsaved"
    assert panel.dock.temporary.isVisible()
    assert [each.id for each in panel.results.read()] == [exchange.id]


def test_an_exchange_brought_back_keeps_its_place(panel, demo_scene, tmp_path):
    panel.script(*[ANSWER] * 2)
    panel.add(demo_scene)
    for question in ("First?", "Second?"):
        panel.asked(question)
        QTest.qWait(1100)  # times are stored in seconds
    panel.session.remove(panel.session.exchanges[0])
    panel.session.undo()
    assert [exchange.question for exchange in panel.results.read()] == ["First?", "Second?"]


def test_what_is_deleted_after_the_file_was_lost_stays_deleted(asked):
    asked.asked("Second?")
    asked.results.file.path.unlink()
    first, second = asked.session.exchanges
    asked.session.remove(first)
    wait(lambda: not asked.results.writing)
    assert [exchange.id for exchange in asked.results.file.read()] == [second.id]
    assert asked.results.trouble == ""


def test_results_that_are_missing_are_no_obstacle(asked, demo_scene, tmp_path):
    save(asked, tmp_path / "harbour.qgz")
    QgsProject.instance().clear()
    (tmp_path / "harbour_zoomearth.gpkg").unlink()
    reopen(tmp_path / "harbour.qgz")
    assert asked.session.exchanges == []
    asked.script(BOX, ANSWER)
    asked.add(demo_scene)
    asked.asked()
    assert len(asked.results.read()) == 1


def test_rasters_of_other_places_get_layers_of_their_own(asked, real_raster):
    asked.script(BOX, ANSWER)
    for name in ("landsat8_tilted_footprint_uint16.tif", "umbra_mount_yasur_part_rotated.tif", "rio_tiler_cog_gcps.tif"):
        asked.add(real_raster(name))
        asked.asked()
    crss = {layer.crs().authid() for layer in asked.results.layers()}
    assert crss == {"EPSG:32633", "EPSG:32654", "EPSG:32759", "EPSG:4326"}
    assert len(tree()) == 4


@pytest.mark.parametrize("way", ["by itself", "the next answer", "another place", "a saved project", "brought back"])
def test_what_a_full_disk_did_not_take_is_kept_later(asked, tmp_path, way):
    save(asked, tmp_path / "harbour.qgz")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # like a full disk
    try:
        second = asked.asked("Second?")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    text = asked.dock.results_notice.text
    assert "can't be written" in text
    assert "Answers that are only in memory: 1." in text  # the user's folder is on the same disk
    assert (second.answer, second.message) == ("3", "")
    if way == "the next answer":
        asked.asked("Third?")
    elif way == "another place":
        move(asked, tmp_path / "elsewhere.gpkg")
    elif way == "a saved project":
        save(asked, tmp_path / "harbour.qgz")
    elif way == "brought back":
        asked.session.remove(second)
        asked.session.undo()
    wait(lambda: not asked.results.trouble)
    assert not asked.dock.results_notice.isVisible()
    QgsProject.instance().write()
    reopen(tmp_path / "harbour.qgz")
    questions = [exchange.question for exchange in asked.session.exchanges]
    assert questions[1:] == (["Second?", "Third?"] if way == "the next answer" else ["Second?"])
    assert [(exchange.answer, exchange.message) for exchange in asked.session.exchanges] == [("3", "")] * len(questions)
    assert sum(layer.featureCount() for layer in asked.results.layers()) == len(questions)


def test_a_spoilt_exchange_in_the_file_is_passed_over(asked, tmp_path):
    save(asked, tmp_path / "harbour.qgz")
    asked.asked("Second?")
    QgsProject.instance().clear()
    with sqlite3.connect(tmp_path / "harbour_zoomearth.gpkg") as file:
        file.execute("UPDATE exchanges SET data = '{\"question\": 5' WHERE question <> 'Second?'")
    file.close()
    reopen(tmp_path / "harbour.qgz")
    assert [exchange.question for exchange in asked.session.exchanges] == ["Second?"]


def test_qgis_killed_mid_answer_leaves_no_process_and_keeps_what_was_finished(python, demo_scene, tmp_path):
    driver = Path(__file__).with_name("killed.py")
    environment = {**os.environ, "ZOOMEARTH_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(driver), str(ROOT), python, str(demo_scene)]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    text = ""
    while not text.startswith("backend "):
        text = child.stdout.readline()
        assert text, "the driver ended"
    backend = int(text.split()[1])
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    until = time.monotonic() + 5
    while time.monotonic() < until and Path(f"/proc/{backend}").exists():
        time.sleep(0.05)
    assert not Path(f"/proc/{backend}").exists()
    (kept,) = (tmp_path / "unsaved").glob("*.gpkg")
    layer = QgsVectorLayer(f"{kept}|layername=exchanges", "", "ogr")
    assert [(feature["question"], feature["answer"]) for feature in layer.getFeatures()] == [("Finished?", "3")]
    rois = QgsVectorLayer(f"{kept}|layername=rois_scene_900000020", "", "ogr")
    assert rois.featureCount() == 1


def test_a_file_that_somebody_deletes_is_written_anew_with_all_that_was_asked(asked, demo_scene):
    path = asked.results.file.path
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    asked.asked("Second?")
    assert [exchange.question for exchange in asked.results.read()] == ["How many ships are at the northern pier?", "Second?"]
    assert asked.results.layers()[0].featureCount() == 2
    assert len(tree()) == 1


def test_two_rasters_of_one_name_have_a_group_each(asked, tmp_path, demo_scene):
    twin = tmp_path / "elsewhere" / demo_scene.name
    twin.parent.mkdir()
    shutil.copy(demo_scene, twin)
    asked.add(twin)
    asked.asked()
    groups = QgsProject.instance().layerTreeRoot().findGroups()
    assert [len(group.findLayers()) for group in groups] == [2, 2]
    assert {layer.name() for layer in asked.results.layers()} == {f"Places looked at: {twin.stem}", f"Places looked at: {twin.stem} (2)"}


def test_results_that_are_missing_are_said(asked, tmp_path):
    text = []
    asked.results.missing.connect(text.append)
    save(asked, tmp_path / "harbour.qgz")
    QgsProject.instance().clear()
    (tmp_path / "harbour_zoomearth.gpkg").unlink()
    reopen(tmp_path / "harbour.qgz")
    assert text == [str(tmp_path / "harbour_zoomearth.gpkg")]


@pytest.fixture
def unsaved_since(panel, demo_scene, tmp_path):
    """A panel with one answer, in a project that was saved before the question and never after it."""
    panel.add(demo_scene)
    save(panel, tmp_path / "harbour.qgz")
    panel.script(BOX, ANSWER)
    panel.asked()
    return panel


def test_answers_of_a_project_that_was_not_saved_after_the_first_question_are_there_when_it_is_opened(unsaved_since, tmp_path, demo_scene):
    """Like after QGIS was killed, or the changes of the project were discarded."""
    asked, beside = unsaved_since.session.exchanges[0], tmp_path / "harbour_zoomearth.gpkg"
    reopen(tmp_path / "harbour.qgz")
    assert [each.id for each in unsaved_since.session.exchanges] == [asked.id]
    assert unsaved_since.results.file.path == beside
    wait(lambda: not unsaved_since.results.writing)
    assert [layer.featureCount() for layer in unsaved_since.results.layers()] == [1]
    assert list(tree()) == [f"ZoomEarth: {demo_scene.stem}"]
    unsaved_since.asked("Second?")
    assert len(unsaved_since.results.read()) == 2
    assert [path.name for path in tmp_path.glob("*.gpkg")] == [beside.name]


@pytest.mark.parametrize("content", [b"of somebody else", b""])
def test_a_file_beside_the_project_that_holds_no_answers_is_left_alone(unsaved_since, tmp_path, content):
    beside = tmp_path / "harbour_zoomearth.gpkg"
    QgsProject.instance().clear()
    beside.write_bytes(content)
    assert QgsProject.instance().read(str(tmp_path / "harbour.qgz"))
    assert unsaved_since.session.exchanges == []
    assert unsaved_since.results.file is None
    assert beside.read_bytes() == content


def test_a_new_project_of_the_same_name_in_another_folder_has_no_answers(unsaved_since, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(tmp_path / "harbour.qgz", tmp_path / "elsewhere" / "harbour.qgz")
    reopen(tmp_path / "elsewhere" / "harbour.qgz")
    assert unsaved_since.session.exchanges == []
