"""The plugin that QGIS loads: the panel, its actions, the Processing provider and the options page. No process starts before a question."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Optional, cast

from qgis.core import Qgis, QgsApplication, QgsSettings
from qgis.gui import QgisInterface, QgsGui
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QLocale, Qt, QTranslator, QUrl
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from ..core.errors import BackendError, ZoomEarthError
from ..core.paths import RESOURCES
from .child.backend_process import Backend, command
from .exchanges.project_results import ProjectResults
from .exchanges.result_tables import ANSWERS
from .exchanges.session import Session
from .export.dialog import ExportDialog
from .export.html import write_html
from .export.pdf import write_pdf
from .export.report_dialog import ReportDialog
from .export.vector import add_to_project, answer_rows, rows, selected, selected_answers
from .i18n import tr
from .install.dialog import SetupDialog
from .install.environment import ICON, backend_python
from .labelling.dock import LabelDock
from .labelling.learning import Learning
from .labelling.project_labels import ProjectLabels
from .options.page import PAGE, OptionsFactory
from .panel.dock import Dock
from .panel.leaving import ExitBlocker
from .processing.provider import Provider
from .review.dock import Answers
from .settings import chosen_python, load_message, load_settings

SHORTCUT = "Ctrl+Alt+Z"  # of the panel; the user can change it in QGIS's settings
TRANSLATIONS = RESOURCES / "i18n"


class Plugin:
    """QGIS creates it by `classFactory`; `dock`, `session` and `backend` exist after `initGui`."""

    def __init__(self, iface: QgisInterface) -> None:
        self.iface = iface
        self.dock: Optional[Dock] = None
        self._provider: Optional[Provider] = None
        self._translator = _translator()

    def initProcessing(self) -> None:
        """qgis_process calls only this method, because it has no GUI."""
        self._provider = Provider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        self.initProcessing()
        window = self.iface.mainWindow()
        self.backend = Backend(self._command, window)
        self.results = ProjectResults(window)
        self.session = Session(self.backend, self.results, load_message, window)
        self.dock = Dock(self.iface, self.session, self._ready)
        self.dock.options_clicked.connect(self.show_options)
        self.dock.export_clicked.connect(self._export)
        self.answers = Answers(self.iface, self.dock.runs)
        self.dock.table_clicked.connect(self.answers.show_run)
        self.dock.report_clicked.connect(self._report)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        self.action = QAction(QIcon(str(ICON)), "ZoomEarth", window)
        self.action.setObjectName("zoomearth_action")
        self.action.setToolTip(tr("Ask a question about a raster (ZoomEarth)"))
        self.dock.setToggleVisibilityAction(self.action)
        QgsGui.shortcutsManager().registerAction(self.action, SHORTCUT)
        self.iface.addToolBarIcon(self.action)
        self.iface.addPluginToRasterMenu("ZoomEarth", self.action)
        self._init_labels(self.dock)
        self._exit_blocker = ExitBlocker(self.dock.leaving.may_close)
        self.iface.registerApplicationExitBlocker(self._exit_blocker)
        self._options = OptionsFactory()
        self.iface.registerOptionsWidgetFactory(self._options)

    def _init_labels(self, dock: Dock) -> None:
        self.labels = ProjectLabels(self.iface.mainWindow())
        self.label_dock = LabelDock(self.iface, self.labels, self.session, self._ready)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.label_dock)
        self.label_dock.hide()
        self.learning = Learning(self.iface.mapCanvas(), self.labels, self.session, self.label_dock)
        self.learning.connect_to(dock.transcript)
        self.answers.label_wanted.connect(self.learning.keep_row)
        self.label_action = QAction(QIcon(str(ICON.with_name("labels.svg"))), tr("ZoomEarth Labels"), self.iface.mainWindow())
        self.label_action.setObjectName("zoomearth_label_action")
        self.label_action.setToolTip(tr("Label rasters with boxes, questions and answers (ZoomEarth)"))
        self.label_dock.setToggleVisibilityAction(self.label_action)
        self.iface.addToolBarIcon(self.label_action)
        self.iface.addPluginToRasterMenu("ZoomEarth", self.label_action)

    def unload(self) -> None:
        """Removes every widget, signal connection and process of the plugin."""
        if self._provider and not sip.isdeleted(self._provider):
            QgsApplication.processingRegistry().removeProvider(self._provider)
        self._provider = None
        if self.dock:
            self.iface.unregisterApplicationExitBlocker(self._exit_blocker)
            self.dock.leaving.leave()
            self.iface.unregisterOptionsWidgetFactory(self._options)
            self._options.close()
            QgsGui.shortcutsManager().unregisterAction(self.action)
            for action in (self.action, self.label_action):
                self.iface.removePluginRasterMenu("ZoomEarth", action)
                self.iface.removeToolBarIcon(action)
            self.session.close()
            self.results.close()
            self.labels.close()
            self.learning.close()
            self.answers.close_down()
            for dock in (self.dock, self.label_dock):
                dock.close_down()
                self.iface.removeDockWidget(dock)
            ours = (self.dock, self.action, self.label_dock, self.label_action, self.labels, self.session, self.results, self.backend)
            for part in ours:
                part.deleteLater()
            self.dock = None
        if self._translator:
            QCoreApplication.removeTranslator(self._translator)

    def show_options(self) -> None:
        self.iface.showOptionsDialog(self.iface.mainWindow(), PAGE)
        if self.dock:
            self.dock.toolbar.name_model(load_settings())

    def _command(self) -> list[str]:
        python = backend_python()
        if python is None:
            raise BackendError(tr("ZoomEarth is not set up yet."), tr("Set it up in Settings > Options > ZoomEarth."))
        return command(str(python))

    def _ready(self) -> bool:
        """Whether the backend has a Python to run in; opens the setup dialog where it has none."""
        if backend_python() is not None:
            return True
        if chosen := chosen_python():  # the private environment is not used while a program is chosen
            message = tr("The Python program {path} does not exist. Choose another one in Settings > Options > ZoomEarth.")
            self.iface.messageBar().pushWarning("ZoomEarth", message.format(path=chosen))
            return False
        return SetupDialog(self.iface.mainWindow()).exec() == SetupDialog.DialogCode.Accepted

    def _export(self) -> None:
        runs = cast(Dock, self.dock).runs
        exchanges = runs.expanded()
        places = selected(self.results.layers(), exchanges), rows(exchanges)
        answers = selected_answers([*self.results.layers(ANSWERS), *runs.answer_layers()], exchanges), answer_rows(exchanges)
        dialog = ExportDialog(*places, *answers, self.iface.mainWindow())
        if dialog.exec() == ExportDialog.DialogCode.Accepted and dialog.written:
            self._wrote(dialog.written)
            if dialog.load.isChecked():
                add_to_project(dialog.written, dialog.kind, dialog.chosen)
        dialog.deleteLater()

    def _report(self, kind: str) -> None:
        """kind: html or pdf."""
        dialog = ReportDialog(cast(Dock, self.dock).runs.expanded(), f".{kind}", self.iface.mainWindow())
        accepted = dialog.exec() == ReportDialog.DialogCode.Accepted
        dialog.deleteLater()
        if not accepted:
            return
        QgsApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self._wrote({"html": write_html, "pdf": write_pdf}[kind](dialog.chosen, dialog.path, dialog.contents))
        except ZoomEarthError as error:
            self.iface.messageBar().pushWarning("ZoomEarth", html.escape(f"{error.message} {error.hint}"))
        finally:
            QgsApplication.restoreOverrideCursor()

    def _wrote(self, path: Path) -> None:
        link = f'<a href="{QUrl.fromLocalFile(str(path)).toString()}">{html.escape(str(path))}</a>'
        self.iface.messageBar().pushMessage("ZoomEarth", tr("Saved: {path}").format(path=link), Qgis.MessageLevel.Success)


def _translator() -> Optional[QTranslator]:
    """A translator for the user's language; None where there is no translation."""
    own = QgsSettings().value("locale/overrideFlag", False, type=bool)
    locale = QgsSettings().value("locale/userLocale", "", type=str) if own else QLocale.system().name()
    translator = QTranslator()
    if not translator.load(str(TRANSLATIONS / f"zoomearth_{locale[:2]}.qm")):
        return None
    QCoreApplication.installTranslator(translator)
    return translator
