"""The choice of the model: one of the list, downloaded where needed; a folder; or a model on a server."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Callable, Optional

from qgis.gui import QgsAuthConfigSelect, QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...core.catalogue import Model, catalogue
from ...core.settings import Settings
from ..i18n import size_text, tr
from ..panel.widgets import Verdict, help_of, named, on_change, paragraph
from .download import Download

FOLDER, SERVER = "a folder", "a server"  # data of the last two entries; no model's id has a space
FIELDS = {field.name: field for field in fields(Settings)}
PREFIX = "zoomearth_options_"


class ModelBox(QGroupBox):
    """changed: another model was chosen, or one was downloaded. edited: another of its settings changed."""

    changed = pyqtSignal()
    edited = pyqtSignal()

    def __init__(
        self, settings: Settings, auth_config: str, python: Callable[[], Optional[Path]], download: Download, parent: QWidget
    ) -> None:
        """python: the interpreter that downloads; None where there is none yet. download: continues when the page is closed."""
        super().__init__(tr("Model"), parent)
        self._python = python
        self._models = catalogue()
        self._download = download
        self._download.progress.connect(self._show_progress)
        self._download.finished.connect(self._downloaded)
        self._choice = named(QComboBox(), PREFIX + "model", tr("The model that answers"))
        for model in self._models.values():
            self._choice.addItem(model.id, model.id)
        self._choice.insertSeparator(self._choice.count())
        self._choice.addItem(tr("Your own model in a folder"), FOLDER)
        self._choice.addItem(tr("A model on a server (OpenAI API)"), SERVER)
        self._pages = {"": self._listed_page(), FOLDER: self._folder_page(), SERVER: self._server_page(settings, auth_config)}
        listed = settings.asked_as in self._models
        self._choice.setCurrentIndex(self._choice.findData(SERVER if settings.remote else settings.asked_as if listed else FOLDER))
        self._folder.setFilePath("" if listed else settings.model)
        self._choice.currentIndexChanged.connect(lambda: self.changed.emit())
        for widget in (self._folder, self._remote, self._remote_model, self._asked_as, self._auth):
            on_change(widget, self.edited.emit)
        layout = QVBoxLayout(self)
        layout.addWidget(self._choice)
        for page in self._pages.values():  # not a QStackedWidget, which is always as high as its highest page
            layout.addWidget(page)

    def values(self) -> dict[str, str]:
        """The settings `model`, `remote` and `remote_model`."""
        picked = self._choice.currentData()
        url, remote_model = self._remote.text().strip(), self._remote_model.text().strip()
        if picked == SERVER and url:
            return {"model": self._asked_as.currentData(), "remote": url, "remote_model": remote_model}
        model = self._folder.filePath().strip() if picked == FOLDER else "" if picked == SERVER else picked
        return {"model": model, "remote": "", "remote_model": remote_model}

    def lacks(self) -> str:
        """The missing input, or ""."""
        if self.on_a_server() and not self._remote.text().strip():
            return tr("Enter the address of the server first.")
        if self._choice.currentData() == FOLDER and not Path(self._folder.filePath().strip() or "-").is_dir():
            return tr("Choose the folder of the model first.")
        return ""

    def on_a_server(self) -> bool:
        return self._choice.currentData() == SERVER

    def auth_config(self) -> str:
        return self._auth.configId()

    def follow(self) -> None:
        """Shows the settings of the chosen model."""
        picked = self._choice.currentData()
        shown = self._pages.get(picked, self._pages[""])
        for page in self._pages.values():
            page.setVisible(page is shown)
        if model := self._models.get(picked):
            self._show(model)

    def _listed_page(self) -> QWidget:
        page = QWidget()
        self._about = named(paragraph(), PREFIX + "model_about", tr("Description and licence of the model"))
        self._state = Verdict(PREFIX + "model_state", tr("Whether the model is on this computer"))
        self._fetch = named(QPushButton(), PREFIX + "download", tr("Downloads the model. You can stop the download and resume it later."))
        self._fetch.clicked.connect(self._toggle)
        self._bar = named(QProgressBar(), PREFIX + "progress", tr("Progress of the download"))
        self._bar.setTextVisible(False)
        row = QHBoxLayout()
        row.addWidget(self._state, 1)
        row.addWidget(self._fetch)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._about)
        layout.addLayout(row)
        layout.addWidget(self._bar)
        self._bar.hide()
        return page

    def _folder_page(self) -> QWidget:
        page = QWidget()
        about = tr("A folder with the files of a model: config.json, weights (.safetensors) and tokenizer")
        self._folder = named(QgsFileWidget(), PREFIX + "folder", about)
        self._folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Folder"), self._folder)
        return page

    def _server_page(self, settings: Settings, auth_config: str) -> QWidget:
        page = QWidget()
        self._remote = named(QLineEdit(settings.remote), PREFIX + "remote", help_of(FIELDS["remote"]))
        self._remote.setPlaceholderText("http://localhost:8000/v1")
        self._remote_model = named(QLineEdit(settings.remote_model), PREFIX + "remote_model", help_of(FIELDS["remote_model"]))
        self._asked_as = named(
            QComboBox(),
            PREFIX + "asked_as",
            tr(
                "How questions and boxes are written for the model on the server. Choose the model of this list only if it was made "
                "from it. Otherwise the name of the model on the server tells, and a short test at the first question."
            ),
        )
        self._asked_as.addItem(tr("As its name and a test tell"), "")
        for model in self._models.values():
            self._asked_as.addItem(model.id, model.id)
        if settings.remote and settings.asked_as and settings.asked_as not in self._models:
            self._asked_as.addItem(settings.asked_as, settings.asked_as)
        self._asked_as.setCurrentIndex(self._asked_as.findData(settings.asked_as if settings.remote else ""))
        self._auth = named(
            QgsAuthConfigSelect(), PREFIX + "key", tr("The access key of the server. The QGIS authentication manager stores it.")
        )
        self._auth.setConfigId(auth_config)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr(FIELDS["remote"].metadata["label"]), self._remote)
        form.addRow(tr(FIELDS["remote_model"].metadata["label"]), self._remote_model)
        form.addRow(tr("Prompt format"), self._asked_as)
        form.addRow(tr("API key"), self._auth)
        form.addRow(
            paragraph(
                "<small>"
                + tr(
                    "Choose an authentication entry of the type Basic (the key is its password) or API Header (the key is in its "
                    "header Authorization)."
                )
                + "</small>"
            )
        )
        return page

    def _show(self, model: Model) -> None:
        self._about.setText(f"{tr(model.title)}.<br><small>{tr('Licence')}: {tr(model.licence)}</small>")
        size, busy = size_text(model.bytes), self._download.model
        if model.here:
            self._state.tell(True, tr("Included in ZoomEarth.") if model.bundled else tr("Downloaded to this computer."))
        elif busy:
            other = tr("{model} is being downloaded at the moment.").format(model=busy.id)
            self._state.say(tr("Downloading ...") if busy == model else other)
        elif self._python() is None:
            self._state.say(tr("Not on this computer: {size} to download, once ZoomEarth is set up (below).").format(size=size))
        else:
            self._state.say(tr("Not on this computer: {size} to download.").format(size=size))
        self._fetch.setText(tr("Stop") if busy else tr("Download"))
        self._bar.setVisible(busy == model)
        self._fetch.setVisible(not model.here and busy in (None, model))
        self._fetch.setEnabled(self._python() is not None)

    def _toggle(self) -> None:
        if self._download.model:
            return self._download.cancel()
        self._bar.setRange(0, 0)
        self._download.start(str(self._python()), self._models[self._choice.currentData()])
        self.follow()

    def _show_progress(self, done: int, total: int) -> None:
        if self._download.model != self._models.get(self._choice.currentData()):
            return
        self._bar.setRange(0, 1000)
        self._bar.setValue(int(1000 * done / total))
        self._state.say(tr("{done} of {total}").format(done=size_text(done), total=size_text(total)))

    def _downloaded(self, ok: bool, why: str) -> None:
        self.changed.emit()
        if why:
            self._state.tell(False, why)
        elif not ok:
            self._state.say(tr("Stopped. The next download continues from here."))
