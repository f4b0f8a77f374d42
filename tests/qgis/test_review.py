"""The table of a run and its review by keys: what a person says is kept beside what the model said, at once, and undone by a key."""

import shutil

import pytest
from panel import Panel, wait
from qgis.core import QgsApplication, QgsPointXY, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QItemSelectionModel, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPushButton, QTableView
from running import begin, box, done, parcels, run_of, town

from zoomearth.plugin.exchanges.results_file import ResultsFile
from zoomearth.plugin.review.table import ANSWER, CHECKED, CONFIDENCE, PICTURE, PLACE, REMARK
from zoomearth.plugin.runs.run import Phase

YES, NO, UNSURE = (f"<answer>{word}</answer>" for word in ("yes", "no", "unsure"))
ZOOM = '[{"bbox_2d": [10, 10, 20, 20], "label": "pool"}]'


def opened(panel, run):
    """The window of the run, with the focus in its table."""
    box(panel, run).table.click()
    dock = panel.answers.dock
    dock.show()
    QApplication.setActiveWindow(dock.window())
    dock.view.setFocus()
    QApplication.processEvents()
    return dock


def press(dock, *keys):
    for key in keys:
        QTest.keyClick(QApplication.focusWidget() or dock.view, key)
        QApplication.processEvents()


def column(dock, number):
    table = dock.table
    return [table.data(table.index(at, number)) for at in range(table.rowCount())]


def finished(panel, folder, *replies, count=6, answers="yes,no,unsure"):
    panel.script(*replies)
    parcels(panel.add(town(folder)), count)
    run = begin(panel, answers=answers)
    wait(lambda: done(run))
    return run


def stored(run):
    wait(lambda: not run.writer.writing)
    return {row.feature.name: row for row in ResultsFile(run.path).read()}


def test_the_table_fills_while_the_run_goes_on(panel, tmp_path):
    panel.script(f"<think>{'Look. ' * 6}</think>{YES}", pace=0.02)
    parcels(panel.add(town(tmp_path)), 24)
    run = begin(panel)
    dock = opened(panel, run)
    assert column(dock, PLACE) == [f"Flur {number}" for number in range(1, 25)], "sorted by numbers, not by letters"
    assert column(dock, ANSWER).count("waiting") > 0
    wait(lambda: column(dock, ANSWER).count("yes") >= 8)
    assert run.asking
    wait(lambda: done(run))
    assert column(dock, ANSWER) == ["yes"] * 24
    wait(lambda: "yes (24)" in [dock.filters.answer.itemText(at) for at in range(dock.filters.answer.count())])
    wait(lambda: dock.table.data(dock.table.index(0, PICTURE), Qt.ItemDataRole.DecorationRole) is not None)


def test_it_is_sorted_and_filtered_and_what_is_selected_stays_selected(panel, tmp_path):
    run = finished(panel, tmp_path, NO, YES, UNSURE, "<answer>perhaps</answer>", YES)
    for number, row in enumerate(run.rows):
        row.confidence = None if number == 3 else number / 10
    dock = opened(panel, run)
    dock.view.selectRow(1)
    row = dock.current
    dock.view.sortByColumn(CONFIDENCE, Qt.SortOrder.DescendingOrder)
    assert column(dock, CONFIDENCE) == ["0.50", "0.40", "0.20", "0.10", "0.00", ""]
    assert dock.current is row
    dock.filters.answer.setCurrentIndex(dock.filters.answer.findData("no"))
    assert column(dock, ANSWER) == ["no"]
    dock.filters.answer.setCurrentIndex(0)
    dock.filters.text.setText("flur 4")
    assert column(dock, PLACE) == ["Flur 4"]
    assert "does not have the type" in column(dock, REMARK)[0]


def test_the_selection_is_that_of_the_polygons_and_the_map_flies_there(panel, tmp_path):
    run = finished(panel, tmp_path, YES)
    dock = opened(panel, run)
    polygons = QgsProject.instance().mapLayersByName("parcels")[0]
    dock.view.selectRow(2)
    assert polygons.selectedFeatureIds() == [run.rows[2].feature.id]
    polygons.selectByIds([run.rows[4].feature.id, run.rows[1].feature.id])
    assert {index.row() for index in dock.view.selectionModel().selectedRows()} == {1, 4}
    assert dock.current is run.rows[1]
    index = dock.table.index(5, PLACE)
    dock.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    dock.view.clicked.emit(index)
    middle = polygons.getFeature(run.rows[5].feature.id).geometry().boundingBox().center()
    assert panel.canvas.extent().center().distance(middle) == pytest.approx(0, abs=1)
    assert dock.pane.crop.extent().contains(polygons.getFeature(run.rows[5].feature.id).geometry().boundingBox())


def test_answers_are_checked_by_keys_and_kept_beside_those_of_the_model(panel, tmp_path):
    run = finished(panel, tmp_path, YES, NO)
    dock = opened(panel, run)
    press(dock, Qt.Key.Key_Y, Qt.Key.Key_Y, Qt.Key.Key_U, Qt.Key.Key_N, Qt.Key.Key_J)
    assert dock.current is run.rows[5]
    press(dock, Qt.Key.Key_K)
    assert dock.current is run.rows[4]
    assert column(dock, CHECKED) == ["yes", "yes", "unsure", "no", "", ""]
    assert column(dock, ANSWER) == ["yes", "no", "no", "no", "no", "no"]
    rows = stored(run)
    assert [rows[f"Flur {number}"].checked for number in range(1, 7)] == ["yes", "yes", "unsure", "no", None, None]
    assert [rows[f"Flur {number}"].answer for number in range(1, 7)] == ["yes", *["no"] * 5]
    assert rows["Flur 2"].contradicted
    assert rows["Flur 1"].checked_by == (QgsApplication.userFullName() or QgsApplication.userLoginName())
    assert rows["Flur 1"].checked_at
    wait(lambda: dock.filters.counts.text() == "4 of 6 checked")
    wait(lambda: "4 checked" in box(panel, run).state.text())
    dock.filters.open.setChecked(True)
    assert column(dock, PLACE) == ["Flur 3", "Flur 5", "Flur 6"]


def test_a_key_takes_the_last_change_back_an_edit_and_a_note_are_typed(panel, tmp_path):
    run = finished(panel, tmp_path, "<answer>3</answer>", answers="number")
    dock = opened(panel, run)
    press(dock, Qt.Key.Key_Y, Qt.Key.Key_N)
    assert QApplication.focusWidget() is dock.pane.answer
    QTest.keyClicks(dock.pane.answer, "7")
    press(dock, Qt.Key.Key_Return)
    assert dock.current is run.rows[2]
    press(dock, Qt.Key.Key_M)
    QTest.keyClicks(dock.pane.note, "yes, under trees")
    press(dock, Qt.Key.Key_Return)
    assert (run.rows[0].checked, run.rows[1].checked, run.rows[2].note) == ("3", "7", "yes, under trees")
    assert QApplication.focusWidget() is dock.view
    press(dock, Qt.Key.Key_Z, Qt.Key.Key_Z)
    assert (run.rows[1].checked, run.rows[1].checked_by, run.rows[2].note) == (None, None, None)
    assert dock.current is run.rows[1]
    rows = stored(run)
    assert (rows["Flur 1"].checked, rows["Flur 2"].checked, rows["Flur 3"].note) == ("3", None, None)
    press(dock, Qt.Key.Key_Z, Qt.Key.Key_Z)
    assert run.rows[0].checked is None


def test_each_action_has_a_button_with_its_key_and_choices_have_numbers(panel, tmp_path):
    panel.script("<answer>farmland</answer>")
    parcels(panel.add(town(tmp_path)), 3)
    form = panel.dock.form
    form.answer.choices.setText("farmland, forest, town")
    run = begin(panel, answers="list")
    wait(lambda: done(run))
    dock = opened(panel, run)
    texts = [button.text() for button in dock.pane.findChildren(QPushButton) if button.objectName().startswith("zoomearth_act_")]
    assert texts[:3] == ["Next (J)", "Previous (K)", "Unsure (U)"]
    assert {"farmland (1)", "forest (2)", "town (3)"} < set(texts)
    press(dock, Qt.Key.Key_2)
    dock.pane.findChild(QPushButton, "zoomearth_act_choice3").click()
    assert column(dock, CHECKED) == ["forest", "town", ""]
    for kind in (QAbstractButton, QLineEdit, QComboBox, QTableView, QgsMapCanvas):
        for widget in (each for each in dock.inside.findChildren(kind) if each.objectName().startswith("zoomearth")):
            assert widget.accessibleName(), widget.objectName()


def test_the_boxes_of_the_model_are_on_the_place(panel, tmp_path):
    run = finished(panel, tmp_path, ZOOM, ZOOM, ZOOM, YES, count=3)
    assert [len(row.zooms) for row in run.rows] == [1, 1, 1]
    dock = opened(panel, run)
    assert len(dock.pane.crop._boxes._shown) == 1
    press(dock, Qt.Key.Key_J)
    assert dock.pane.crop._boxes._shown[0][0] is run.rows[1].zooms[0]
    press(dock, Qt.Key.Key_F)
    crop = dock.pane.crop
    assert crop.mapUnitsPerPixel() == pytest.approx(0.5, rel=0.02), "a pixel of the raster is one of the screen"
    assert crop.extent().contains(QgsPointXY(*run.rows[1].zooms[0].corners[0]))


def test_nothing_of_a_review_is_lost_when_qgis_is_killed(qgis_app, qgis_new_project, qgis_iface, python, tmp_path):
    """The second panel reads the files as they were after the last key; the first one is not closed before."""
    panel = Panel(qgis_iface, python)
    assert QgsProject.instance().write(str(tmp_path / "town.qgz"))
    run = finished(panel, tmp_path, YES)
    assert QgsProject.instance().write()
    dock = opened(panel, run)
    press(dock, Qt.Key.Key_N, Qt.Key.Key_Y)
    wait(lambda: not run.writer.writing)
    panel.results.finish()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("town*"):
        (shutil.copytree if file.is_dir() else shutil.copy)(file, copy / file.name)
    panel.close()
    assert QgsProject.instance().read(str(copy / "town.qgz"))
    second = Panel(qgis_iface, python)
    try:
        again = run_of(second)
        wait(lambda: again.phase is Phase.RESTING)
        assert again.path.parent == copy / "town_zoomearth"
        assert [row.checked for row in again.rows] == ["no", "yes", None, None, None, None]
        assert {row.answer for row in again.rows} == {"yes"}
        assert "2 checked" in box(second, again).state.text()
    finally:
        second.close()
