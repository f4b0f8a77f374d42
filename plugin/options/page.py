"""ZoomEarth's page in QGIS's Options. The model's settings are made from the fields of `core.settings.Settings`."""

from __future__ import annotations

from dataclasses import fields
from typing import Optional

from qgis.core import Qgis
from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QHideEvent, QIcon
from qgis.PyQt.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ...core.settings import Settings
from ..i18n import tr
from ..install.diagnostics import copy_diagnostics
from ..install.environment import ICON
from ..panel.widgets import Verdict, named, on_change, setting_widget, value_of
from ..settings import auth_config, choose_auth_config, choose_python, load_message, load_settings, save_settings
from .download import Download
from .environment import EnvironmentBox
from .model import CHOSEN_HERE, ModelBox
from .self_test import Trial

PAGE = "zoomearth_options"  # the name of the page for `iface.showOptionsDialog`
WITH_A_SERVER_TOO = ("prompt_file", "dialect")  # settings of the form below that apply to a server too


class OptionsFactory(QgsOptionsWidgetFactory):
    """The plugin registers it with the interface, keeps a reference, and closes it when it is unloaded."""

    def __init__(self) -> None:
        super().__init__("ZoomEarth", QIcon(str(ICON)))
        if Qgis.QGIS_VERSION_INT >= 33200:  # before, pages are found by their object name
            self.setKey(PAGE)
        self._download = Download()

    def close(self) -> None:
        """Stops a running download; downloaded data are kept."""
        self._download.cancel()

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        return OptionsPage(self._download, parent)


class OptionsPage(QgsOptionsPageWidget):
    """Nothing is saved before `apply`. Closing the page ends the test, but not a download."""

    def __init__(self, download: Download, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        settings = load_settings()
        self.environment = EnvironmentBox(self)
        self.model = ModelBox(settings, auth_config(), self.environment.python, download, self)
        self._own = [field for field in fields(Settings) if field.name not in CHOSEN_HERE]
        self._widgets = {field.name: setting_widget(field, getattr(settings, field.name), "zoomearth_options_") for field in self._own}
        self._computing = self._computing_box()
        self.model.changed.connect(self._follow)
        self.environment.changed.connect(self._follow)
        self._trial = Trial(self)
        self._trial.stage.connect(lambda text: self._verdict.say(text))
        self._trial.finished.connect(self._tried)
        for changed in (self.model.changed, self.model.edited, self.environment.changed):
            changed.connect(self._forget_verdict)
        for widget in self._widgets.values():
            on_change(widget, self._forget_verdict)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        for box in (self.model, self._computing, self.environment):
            layout.addWidget(box)
        layout.addLayout(self._last_row())
        layout.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self._follow()

    def apply(self) -> None:
        save_settings(self.settings())
        choose_auth_config(self.model.auth_config())
        choose_python(self.environment.chosen())

    def settings(self) -> Settings:
        """The settings as the page shows them."""
        own = {name: value_of(widget) for name, widget in self._widgets.items()}
        return Settings(**own, **self.model.values())

    def test(self) -> None:
        """Asks the demo question with what stands on the page, saved or not; again: stops that."""
        if self._trial.running:
            self._trial.cancel()
            return self._tried(False, tr("Stopped."))
        if lacks := self.model.lacks():
            return self._verdict.tell(False, lacks)
        python = self.environment.python()
        if python is None:
            return self._verdict.tell(False, tr("ZoomEarth is not set up yet. Click 'Set up ...' above."))
        self._test.setText(tr("Stop"))
        self._trial.start(str(python), load_message(self.settings(), self.model.auth_config()))

    def hideEvent(self, event: QHideEvent) -> None:
        """QGIS's dialog hides its pages as it closes, and forgets about them later."""
        super().hideEvent(event)
        if not self.window().isVisible():
            self._trial.cancel()

    def _computing_box(self) -> QGroupBox:
        box = QGroupBox(tr("Computation"))
        form = QFormLayout(box)
        for field in self._own:
            form.addRow(tr(field.metadata["label"]), self._widgets[field.name])
        return box

    def _last_row(self) -> QVBoxLayout:
        self._test = named(
            QPushButton(tr("Test")),
            "zoomearth_options_test",
            tr("Asks a question about an included demo image, with the settings on this page"),
        )
        self._test.clicked.connect(self.test)
        copy = named(
            QPushButton(tr("Copy diagnostics")),
            "zoomearth_options_copy",
            tr("Copies versions, settings and the log, without keys and personal paths"),
        )
        copy.clicked.connect(lambda: copy_diagnostics())
        self._verdict = Verdict("zoomearth_options_verdict", tr("Result of the test"))
        row = QHBoxLayout()
        row.addWidget(self._test)
        row.addStretch()
        row.addWidget(copy)
        column = QVBoxLayout()
        column.addLayout(row)
        column.addWidget(self._verdict)
        return column

    def _follow(self) -> None:
        remote = self.model.on_a_server()
        for name, widget in self._widgets.items():
            widget.setEnabled(not remote or name in WITH_A_SERVER_TOO)
        self.model.follow()

    def _forget_verdict(self) -> None:
        """It was about other settings; a test of them stops."""
        self._trial.cancel()
        self._test.setText(tr("Test"))
        self._verdict.say("")

    def _tried(self, ok: bool, text: str) -> None:
        self._test.setText(tr("Test"))
        self._verdict.tell(ok, text)
