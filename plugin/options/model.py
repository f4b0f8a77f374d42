"""The choice of the model: one of the list, downloaded where needed; a folder; or a model on a server."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Callable, Optional

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

from ...core import catalogue
from ...core.catalogue import Model
from ...core.memory import Memory
from ...core.settings import Settings
from ..i18n import size_text, tr
from ..install.remove import BackgroundCall
from ..panel.widgets import Verdict, help_of, named, on_change, paragraph
from .download import Download
from .servers import ServerFinder

CHOSEN_HERE = ("model", "remote", "remote_model", "asked_as")  # settings
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
        self._models = catalogue.catalogue()
        self._places: list[Memory] = []  # of this computer; not known yet
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
        self._asking = self._asking_page(settings)
        listed = settings.weights in self._models
        self._choice.setCurrentIndex(self._choice.findData(SERVER if settings.remote else settings.weights if listed else FOLDER))
        self._folder.setFilePath("" if listed else settings.model)
        self._choice.currentIndexChanged.connect(lambda: self.changed.emit())
        for widget in (self._folder, self._remote, self._remote_model, self._asked_as, self._auth):
            on_change(widget, self.edited.emit)
        layout = QVBoxLayout(self)
        layout.addWidget(self._choice)
        for page in (*self._pages.values(), self._asking):  # not a QStackedWidget, which is always as high as its highest page
            layout.addWidget(page)
        looking = BackgroundCall(catalogue.places)
        looking.done.connect(self._know_places)
        looking.start()

    def values(self) -> dict[str, str]:
        """The settings CHOSEN_HERE."""
        picked = self._choice.currentData()
        url, remote_model = self._remote.text().strip(), self._remote_model.text().strip()
        asked_as = self._asked_as.currentData() if picked in (FOLDER, SERVER) else ""
        model = self._folder.filePath().strip() if picked == FOLDER else "" if picked == SERVER else picked
        return {"model": model, "remote": url if picked == SERVER else "", "remote_model": remote_model, "asked_as": asked_as}

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
        self._asking.setVisible(picked in (FOLDER, SERVER))
        if model := self._models.get(picked):
            self._show(model)

    def _listed_page(self) -> QWidget:
        page = QWidget()
        self._about = named(paragraph(), PREFIX + "model_about", tr("Description and licence of the model"))
        self._runs = Verdict(PREFIX + "model_runs", tr("Whether this computer has the memory for the model"))
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
        layout.addWidget(self._runs)
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
        self._auth = named(
            QgsAuthConfigSelect(), PREFIX + "key", tr("The access key of the server. The QGIS authentication manager stores it.")
        )
        self._auth.setConfigId(auth_config)
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        finder = ServerFinder(self)
        finder.chosen.connect(self._take_server)
        form.addRow(finder)
        form.addRow(tr(FIELDS["remote"].metadata["label"]), self._remote)
        form.addRow(tr(FIELDS["remote_model"].metadata["label"]), self._remote_model)
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

    def _asking_page(self, settings: Settings) -> QWidget:
        page = QWidget()
        self._asked_as = named(QComboBox(), PREFIX + "asked_as", help_of(FIELDS["asked_as"]))
        self._asked_as.addItem(tr("automatic"), "")
        asked_as = settings.asked_as or (settings.model if settings.remote else "")
        for name in dict.fromkeys((*self._models, *filter(None, [asked_as]))):
            self._asked_as.addItem(name, name)
        self._asked_as.setCurrentIndex(self._asked_as.findData(asked_as))
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr(FIELDS["asked_as"].metadata["label"]), self._asked_as)
        return page

    def _take_server(self, url: str, model: str) -> None:
        self._remote.setText(url)
        self._remote_model.setText(model)

    def _know_places(self, places: Any) -> None:
        """What the computer has is known: the list says what fits. places: OSError where the system does not say."""
        if isinstance(places, OSError):
            return
        self._places = places
        best = catalogue.recommended(self._models.values(), places)
        for model in self._models.values():
            fits = catalogue.fit(model, places).fits
            text = tr("{model} (recommended for this computer)") if model == best else "{model}" if fits else tr("{model} (too large)")
            self._choice.setItemText(self._choice.findData(model.id), text.format(model=model.id))
        self.follow()

    def _show_fit(self, model: Model) -> None:
        self._runs.setVisible(bool(self._places) and not model.bundled)
        if not self._places:
            return
        fit = catalogue.fit(model, self._places)
        texts = {
            ("cpu", "bfloat16"): tr("Runs on the processor, slowly: needs {needed} of {has} memory."),
            ("cpu", "int8"): tr("Runs on the processor with 8-bit weights (int8), slowly: needs {needed} of {has} memory."),
            ("card", "bfloat16"): tr("Runs on the graphics card: needs {needed} of {has} memory."),
            ("card", "int8"): tr("Runs on the graphics card with 8-bit weights (int8): needs {needed} of {has} memory."),
        }
        text = tr("Too large for this computer: needs {needed} of memory, {has} are there. A server can run it.")
        if fit.fits:
            text = texts["cpu" if fit.place.device == "cpu" else "card", fit.number]
        if fit.waits:
            text += " " + tr("At the moment only {free} are free: close other programs first.")
        sizes = {"needed": size_text(fit.needed), "has": size_text(fit.place.total), "free": size_text(fit.place.free)}
        self._runs.tell(fit.fits and not fit.waits, text.format(**sizes))

    def _show(self, model: Model) -> None:
        commercial = {"yes": tr("Commercial use: yes"), "no": tr("Commercial use: no"), "check": tr("Commercial use: read the licence")}
        facts = (f"{tr('Licence')}: {tr(model.licence)}", commercial[model.commercial])
        self._about.setText(f"{tr(model.title)}.<br>{tr(model.use)}.<br><small>{'. '.join(facts)}.</small>")
        self._show_fit(model)
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
