"""The plugin, loaded by QGIS: the files that it writes, and what it must not change."""

import pytest
from qgis.gui import QgsGui
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QMessageBox

from zoomearth.plugin.plugin import Plugin
from zoomearth.plugin.settings import choose_python


@pytest.fixture
def plugin(qgis_iface, qgis_new_project, harbour):
    """With one answered exchange, in a project that was never saved."""
    plugin = Plugin(qgis_iface)
    plugin.initGui()
    plugin.session.exchanges.append(harbour)
    yield plugin
    plugin.unload()


@pytest.fixture
def typed(monkeypatch):
    """The name that a person types into the report's dialog before pressing Save, and whether a file is replaced."""

    def type_in(name, replace=False):
        answer = QMessageBox.StandardButton.Yes if replace else QMessageBox.StandardButton.No
        monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)

        def press():
            dialog = QApplication.activeModalWidget()
            dialog.file.setFilePath(str(name))
            dialog.buttons.button(dialog.buttons.StandardButton.Save).click()
            if dialog.isVisible():  # it has asked, and nothing is replaced
                dialog.reject()

        QTimer.singleShot(100, press)

    return type_in


def test_a_project_that_was_never_saved_has_a_report_too(plugin, typed, tmp_path):
    typed(tmp_path / "told.v2")
    plugin._report("html")
    assert "How many ships" in (tmp_path / "told.v2.html").read_text(encoding="utf-8")


def test_a_file_whose_name_was_not_typed_in_full_is_replaced_only_after_asking(plugin, typed, tmp_path):
    file = tmp_path / "told.html"
    file.write_text("mine")
    typed(tmp_path / "told")
    plugin._report("html")
    assert file.read_text() == "mine"
    typed(tmp_path / "told", replace=True)
    plugin._report("html")
    assert file.read_text(encoding="utf-8") != "mine"


def test_an_interpreter_that_has_gone_is_named_and_nothing_is_offered_in_its_place(plugin, tmp_path):
    choose_python(str(tmp_path / "gone"))
    assert not plugin._ready()


def test_the_panel_has_a_shortcut_that_goes_with_the_plugin(plugin):
    manager = QgsGui.shortcutsManager()
    assert manager.actionForSequence("Ctrl+Alt+Z") is plugin.action
    plugin.unload()
    assert manager.actionForSequence("Ctrl+Alt+Z") is None
    plugin.initGui()
