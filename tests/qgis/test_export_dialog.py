"""The export dialog, used by mouse, by keyboard and by script."""

import pytest
from osgeo import ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsSettings
from qgis.gui import QgsFileWidget, QgsProjectionSelectionWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QCheckBox, QComboBox, QPushButton, QRadioButton, QWidget

from zoomearth.plugin.export.dialog import FOLDER, ExportDialog
from zoomearth.plugin.export.vector import answer_rows, export_rois, rows


@pytest.fixture
def dialog(harbour, qtbot):
    every = rows([harbour])
    dialog = ExportDialog(every[:1], every)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def part(dialog, kind, name):
    return dialog.findChild(kind, f"zoomearth_export_{name}")


def click(qtbot, dialog, name="ok"):
    qtbot.mouseClick(part(dialog, QPushButton, name), Qt.MouseButton.LeftButton)


def written(dialog):
    source = ogr.Open(str(dialog.written))
    layer = source.GetLayer(0)
    return layer.GetFeatureCount(), layer.GetSpatialRef().GetAuthorityCode(None)


@pytest.mark.parametrize(("suffix", "code"), [(".gpkg", "32633"), (".shp", "32633"), (".geojson", "4326")])
def test_ok_writes_the_selected_boxes_in_their_own_crs(dialog, qtbot, tmp_path, suffix, code):
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / f"boxes{suffix}"))
    click(qtbot, dialog)
    assert dialog.result()
    assert dialog.written == tmp_path / f"boxes{suffix}"
    assert written(dialog) == (1, code)


def test_all_boxes_in_a_chosen_crs(dialog, qtbot, tmp_path):
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / "boxes.shp"))
    every = part(dialog, QRadioButton, "all")
    qtbot.mouseClick(every, Qt.MouseButton.LeftButton, pos=every.rect().center() * 0.1)
    part(dialog, QgsProjectionSelectionWidget, "crs").setCrs(QgsCoordinateReferenceSystem("EPSG:3035"))
    click(qtbot, dialog)
    assert written(dialog) == (2, "3035")
    assert QgsSettings().value(FOLDER) == str(tmp_path), "the next export begins there"


def test_format_and_suffix_go_together(dialog, tmp_path):
    file, format = part(dialog, QgsFileWidget, "file"), part(dialog, QComboBox, "format")
    file.setFilePath(str(tmp_path / "boxes.geojson"))
    assert format.currentData() == ".geojson"
    format.setCurrentIndex(format.findData(".shp"))
    assert file.filePath() == str(tmp_path / "boxes.shp")


def test_a_name_without_a_suffix_gets_the_formats(dialog, qtbot, tmp_path):
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / "boxes"))
    click(qtbot, dialog)
    assert dialog.written == tmp_path / "boxes.gpkg"


def test_what_goes_wrong_is_said_and_the_dialog_stays(dialog, qtbot, tmp_path):
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / "missing" / "boxes.gpkg"))
    click(qtbot, dialog)
    assert dialog.isVisible()
    assert dialog.written is None
    assert "missing does not exist" in dialog.messages.currentItem().text()
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / "boxes.gpkg"))
    click(qtbot, dialog)
    assert dialog.written == tmp_path / "boxes.gpkg"


def test_without_boxes_or_a_file_there_is_nothing_to_press(harbour, qtbot, tmp_path):
    empty = ExportDialog([], [])
    qtbot.addWidget(empty)
    part(empty, QgsFileWidget, "file").setFilePath(str(tmp_path / "boxes.gpkg"))
    assert not part(empty, QPushButton, "ok").isEnabled()
    unnamed = ExportDialog([], rows([harbour]))
    qtbot.addWidget(unnamed)
    part(unnamed, QgsFileWidget, "file").setFilePath("")
    assert not part(unnamed, QPushButton, "ok").isEnabled()
    assert part(unnamed, QRadioButton, "all").isChecked()
    assert not part(unnamed, QRadioButton, "selected").isEnabled()


def test_answers_are_a_choice_with_counts_of_their_own(harbour, qtbot, tmp_path):
    dialog = ExportDialog(rows([harbour])[:1], rows([harbour]), [], answer_rows([harbour]))
    qtbot.addWidget(dialog)
    content = part(dialog, QComboBox, "content")
    assert (content.currentText(), dialog.only_selected.text(), dialog.all.text()) == ("Places looked at", "Selected (1)", "All (2)")
    content.setCurrentIndex(1)
    assert (dialog.only_selected.isEnabled(), dialog.all.isChecked(), dialog.all.text()) == (False, True, "All (1)")
    part(dialog, QgsFileWidget, "file").setFilePath(str(tmp_path / "answers.xlsx"))
    assert part(dialog, QComboBox, "format").currentData() == ".xlsx"
    assert not part(dialog, QgsProjectionSelectionWidget, "crs").isEnabled()
    click(qtbot, dialog)
    assert dialog.written == tmp_path / "answers.xlsx"
    assert ogr.Open(str(dialog.written)).GetLayer(0).GetName() == "answers"


def test_where_nothing_was_zoomed_into_answers_are_offered(harbour, qtbot):
    dialog = ExportDialog([], [], [], answer_rows([harbour]))
    qtbot.addWidget(dialog)
    assert part(dialog, QComboBox, "content").currentText() == "Answers"


def test_every_part_has_a_name_for_scripts_and_one_to_be_spoken(dialog):
    names = {"content", "selected", "all", "format", "crs", "file", "ok", "cancel"}
    for name in names:
        assert part(dialog, QWidget, name).accessibleName()
    for name in names - {"ok", "cancel"}:
        assert part(dialog, QWidget, name).toolTip()


def test_every_part_is_reached_by_the_keyboard(dialog, qtbot):
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    reached = set()
    for _ in range(30):
        qtbot.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        while focused and focused is not dialog:
            reached.add(focused.objectName())
            focused = focused.parentWidget()
    wanted = {part(dialog, QWidget, name).objectName() for name in ("content", "selected", "format", "crs", "file", "cancel")}
    assert wanted <= reached


def test_a_free_name_is_suggested_and_an_existing_file_can_be_appended_to(dialog, harbour, qtbot, tmp_path):
    suggested = part(dialog, QgsFileWidget, "file").filePath()
    assert suggested.endswith("zoomearth_places.gpkg")
    append = part(dialog, QCheckBox, "append")
    assert not append.isEnabled()
    path = export_rois(rows([harbour]), tmp_path / "boxes.gpkg")
    part(dialog, QgsFileWidget, "file").setFilePath(str(path))
    assert append.isEnabled()
    append.click()
    click(qtbot, dialog)
    assert written(dialog) == (3, "32633")
