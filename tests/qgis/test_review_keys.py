"""Actions by single keys: in the widget, not in its text fields, and not against keys of QGIS."""

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QLineEdit, QMainWindow, QPlainTextEdit, QPushButton, QTableView, QVBoxLayout, QWidget

from zoomearth.plugin.review.keys import Action, Keys, KeysDialog

ACTIONS = [
    Action("next", "Next", "J", repeats=True),
    Action("yes", "Yes", "Y"),
    Action("undo", "Undo", "Ctrl+Z"),
    Action("one", "One", "1"),
]


class Window(QMainWindow):
    """A widget with a table, a line, a text and a button, in a window that has J as a shortcut of its own."""

    def __init__(self):
        super().__init__()
        self.inside = QWidget()
        self.table, self.line, self.text, self.button = QTableView(), QLineEdit(), QPlainTextEdit(), QPushButton("Do")
        self.outside = QPushButton("Elsewhere")
        model = QStandardItemModel(self)
        for name in ("a", "jetty", "yard"):
            model.appendRow(QStandardItem(name))
        self.table.setModel(model)
        self.table.setCurrentIndex(model.index(0, 0))
        layout = QVBoxLayout(self.inside)
        for widget in (self.table, self.line, self.text, self.button):
            layout.addWidget(widget)
        around = QWidget()
        outer = QVBoxLayout(around)
        outer.addWidget(self.inside)
        outer.addWidget(self.outside)
        self.setCentralWidget(around)
        self.snapped = 0
        snapping = QAction("Snapping", self)
        snapping.setShortcut(QKeySequence("J"))
        snapping.triggered.connect(self._snap)
        self.addAction(snapping)
        self.keys = Keys(self.inside, ACTIONS)
        self.heard = []
        self.keys.pressed.connect(self.heard.append)

    def _snap(self):
        self.snapped += 1

    def press(self, widget, key, modifier=Qt.KeyboardModifier.NoModifier):
        widget.setFocus()
        QApplication.processEvents()
        assert QApplication.focusWidget() is widget
        QTest.keyClick(widget, key, modifier)


@pytest.fixture
def window(qgis_app):
    window = Window()
    window.show()
    QApplication.setActiveWindow(window)
    QTest.qWaitForWindowActive(window)
    yield window
    window.close()


def test_a_key_acts_wherever_the_focus_is_in_the_widget_and_nothing_else_gets_it(window):
    for widget in (window.table, window.button, window.inside):
        window.press(widget, Qt.Key.Key_J)
    assert window.heard == ["next"] * 3
    assert window.snapped == 0
    assert window.table.currentIndex().row() == 0, "the table has searched for a row that begins with J"
    window.press(window.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    window.press(window.table, Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier)
    assert window.heard[3:] == ["undo", "one"]


def test_a_text_field_gets_its_letters(window):
    for widget in (window.line, window.text):
        for key in (Qt.Key.Key_J, Qt.Key.Key_Y, Qt.Key.Key_1):
            window.press(widget, key)
    assert (window.line.text(), window.text.toPlainText(), window.heard) == ("jy1", "jy1", [])


def test_other_keys_and_other_places_stay_as_they_are(window):
    window.press(window.table, Qt.Key.Key_Down)
    assert window.table.currentIndex().row() == 1
    window.press(window.table, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    window.press(window.outside, Qt.Key.Key_J)
    assert (window.heard, window.snapped) == ([], 1)


def test_a_verdict_is_given_once_however_long_its_key_is_held(window):
    window.table.setFocus()
    for key, text in ((Qt.Key.Key_Y, "y"), (Qt.Key.Key_J, "j")):
        for repeated in (False, True, True):
            for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text, repeated)
                event.ignore()
                QApplication.sendEvent(window.table, event)
    assert window.heard == ["yes", "next", "next", "next"]


def test_a_chosen_key_is_kept_and_is_taken_from_the_action_that_had_it(window):
    window.keys.choose("next", "Y")
    window.press(window.table, Qt.Key.Key_Y)
    window.press(window.table, Qt.Key.Key_J)
    assert window.heard == ["next"]
    assert (window.keys.text("next"), window.keys.text("yes")) == ("Y", "")
    assert Keys(QWidget(), ACTIONS).key("next") == "Y"
    assert QgsSettings().value("zoomearth/keys/next") == "Y"


def test_the_dialog_changes_keys_by_a_press(window):
    dialog = KeysDialog(window.keys)
    assert dialog.edits["yes"].accessibleName() == "Yes"
    dialog.edits["yes"].setKeySequence(QKeySequence("G"))
    dialog.accept()
    window.press(window.table, Qt.Key.Key_G)
    assert window.heard == ["yes"]
