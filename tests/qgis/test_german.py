"""What a German user sees once QGIS has loaded the translation."""

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QDialogButtonBox

from zoomearth.plugin.export.dialog import ExportDialog
from zoomearth.plugin.export.html import html
from zoomearth.plugin.export.vector import rows
from zoomearth.plugin.i18n import tr
from zoomearth.plugin.plugin import _translator


@pytest.fixture
def german(qgis_app):
    settings = QgsSettings()
    before = [(key, settings.value(key)) for key in ("locale/overrideFlag", "locale/userLocale")]
    settings.setValue("locale/overrideFlag", True)
    settings.setValue("locale/userLocale", "de_DE")
    translator = _translator()
    assert translator
    yield
    QCoreApplication.removeTranslator(translator)
    for key, value in before:
        settings.setValue(key, value) if value is not None else settings.remove(key)


def test_texts_beyond_ascii_are_found_too(german):
    assert tr("Report as PDF…") == "Bericht als PDF …"
    assert tr("looking at “{label}”") == "sieht sich „{label}“ an"


def test_the_export_dialog_speaks_german(german, harbour, qtbot):
    dialog = ExportDialog([], rows([harbour]))
    qtbot.addWidget(dialog)
    assert dialog.windowTitle() == "Rahmen exportieren"
    assert dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).text() == "Exportieren"
    assert dialog.all.text() == "Alle (2)"


def test_the_report_says_its_language(german, harbour):
    page = html([harbour])
    assert '<html lang="de">' in page
    assert "Was das Modell zuerst sah" in page
