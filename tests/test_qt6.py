"""The plugin loads in QGIS 4, which is built on Qt 6: all its Qt names exist there."""

import pathlib

import pytest
from qt6_names import faults

ROOT = pathlib.Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "plugin").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_qt_name_is_there_in_qt_6(file):
    assert faults(file) == []


def test_there_are_names_to_look_at():
    assert sum("qgis.PyQt" in file.read_text() for file in FILES) > 10


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("from qgis.PyQt.QtCore import Qt\nQt.LeftButton", "Qt.LeftButton is not there"),
        ("from qgis.PyQt.QtCore import Qt\nQt.MouseButton.LeftKnob", "Qt.MouseButton.LeftKnob is not there"),
        ("from qgis.PyQt.QtCore import QRegExp", "QtCore.QRegExp is not there"),
        ("from qgis.PyQt import QtWidgets\nQtWidgets.QDesktopWidget()", "QtWidgets.QDesktopWidget is not there"),
        ("from qgis.PyQt.QtWebKit import QWebPage", "PyQt6 has no QtWebKit"),
        ("from PyQt5.QtCore import Qt", "imports PyQt5.QtCore"),
        ("import PyQt6", "imports PyQt6"),
        ("dialog.exec_()", ".exec_ is gone"),
        ("from qgis.PyQt.QtCore import QVariant\nQVariant.Type", "QVariant.Type is not there"),
    ],
)
def test_what_qt_6_lacks_is_found(tmp_path, line, fault):
    file = tmp_path / "module.py"
    file.write_text(line)
    assert any(fault in said for said in faults(file))


@pytest.mark.parametrize(
    "line",
    [
        "from qgis.PyQt.QtCore import Qt\nQt.MouseButton.LeftButton",
        "from qgis.PyQt.QtWidgets import QAction\nQAction.Priority.LowPriority",
        "from qgis.PyQt.QtCore import QVariant\nQVariant.String",
        "from qgis.PyQt import sip\nsip.isdeleted(x)",
        "from qgis.PyQt.QtGui import QColor\nQColor('red').name()",
    ],
)
def test_what_qt_6_has_is_let_be(tmp_path, line):
    file = tmp_path / "module.py"
    file.write_text(line)
    assert faults(file) == []
