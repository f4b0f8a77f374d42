"""The German texts of the plugin, after QGIS has loaded the translation."""

import pytest
from panel import ANSWER, BOX
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QDialogButtonBox, QLabel

from zoomearth.plugin.export.dialog import ExportDialog
from zoomearth.plugin.export.html import html
from zoomearth.plugin.export.vector import rows
from zoomearth.plugin.i18n import reduction, tr
from zoomearth.plugin.install.dialog import SetupDialog
from zoomearth.plugin.options.page import OptionsFactory
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
    assert dialog.windowTitle() == "Ergebnisse exportieren"
    assert dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).text() == "Exportieren"
    assert dialog.all.text() == "Alle (2)"


def test_the_report_says_its_language(german, harbour):
    page = html([harbour])
    assert '<html lang="de">' in page
    assert "Die Rahmen und Bilder zeigen, wohin es gesehen hat." in page


def test_the_options_page_shows_the_models_title_in_german(german, qtbot):
    factory = OptionsFactory()
    page = factory.createWidget(None)
    qtbot.addWidget(page)
    assert page.findChild(QLabel, "zoomearth_options_model_about").text().startswith("Winziges Demo-Modell: funktioniert nur mit")
    factory.close()


def test_the_setup_dialog_is_high_enough_for_its_texts(german, qtbot):
    dialog = SetupDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert [
        label.text() for label in dialog.findChildren(QLabel) if label.isVisible() and label.height() < label.heightForWidth(label.width())
    ] == []


def test_the_fields_of_the_layers_have_german_names(german, panel, demo_scene):
    panel.script(BOX, ANSWER)
    panel.add(demo_scene)
    exchange = panel.asked()
    layer = panel.results.rois(exchange)
    assert layer.attributeDisplayName(layer.fields().indexOf("question")) == "Frage"


def test_a_reduction_is_said_in_words(german):
    assert [reduction(scale) for scale in (0.5, 1, 1.04, 5.5)] == ["volle Auflösung"] * 3 + ["5.5-fach verkleinert"]
