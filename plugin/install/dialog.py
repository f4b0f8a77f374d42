"""First use: what will be downloaded, how large it is and where it goes; then its progress, and what to do where it fails."""

from __future__ import annotations

import shutil
from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox, QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..i18n import size_text, tr
from ..panel.widgets import log_view, named, paragraph
from .diagnosis import Diagnosis
from .diagnostics import copy_diagnostics
from .environment import BUILDS, ICON, Environment, detect_device
from .installer import Installer


class SetupDialog(QDialog):
    """Accepted once the environment is whole. Closing it while it works stops the work, which the next time goes on from there."""

    def __init__(self, parent: Optional[QWidget] = None, environment: Optional[Environment] = None) -> None:
        super().__init__(parent)
        self.environment = environment or Environment()
        self.installer: Optional[Installer] = None
        named(self, "zoomearth_setup_dialog", tr("Set up ZoomEarth"))
        self.setWindowTitle(tr("Set up ZoomEarth"))
        self.setMinimumWidth(640)
        self.setWindowIcon(QIcon(str(ICON)))
        self.finished.connect(self.deleteLater)
        self._pages = QStackedWidget()
        self._asking, self._working, self._failed = self._ask_page(), self._work_page(), self._failed_page()
        for page in (self._asking, self._working, self._failed):
            self._pages.addWidget(page)
        self._start = named(QPushButton(tr("Download and set up")), "zoomearth_setup_start", tr("Begin the download"))
        self._start.setDefault(True)
        self._start.clicked.connect(self._begin)
        self._copy = named(
            QPushButton(tr("Copy diagnostics")), "zoomearth_setup_copy", tr("Versions, settings and the log, without keys and paths")
        )
        self._copy.clicked.connect(lambda: copy_diagnostics(self._said()))
        self._close = named(QPushButton(tr("Not now")), "zoomearth_setup_close", tr("Close without an environment"))
        self._close.clicked.connect(self._step_back)
        buttons = QHBoxLayout()
        buttons.addWidget(self._copy)
        buttons.addStretch()
        buttons.addWidget(self._close)
        buttons.addWidget(self._start)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self._pages, 1)
        layout.addLayout(buttons)
        self._show_sizes()
        self._turn_to(self._asking)

    def _ask_page(self) -> QWidget:
        page = QWidget()
        self._device = named(QComboBox(), "zoomearth_setup_device", tr("Which PyTorch is brought"))
        names = {"cpu": tr("the processor"), "cuda": tr("an NVIDIA card (CUDA)"), "mps": tr("Apple's graphics (Metal)")}
        detected = detect_device()
        for device in ("mps",) if detected == "mps" else ("cuda", "cpu"):
            self._device.addItem(names[device] + (" - " + tr("found here") if device == detected else ""), device)
        self._device.setCurrentIndex(self._device.findData(detected))
        self._device.currentIndexChanged.connect(self._show_sizes)
        self._download = named(paragraph(), "zoomearth_setup_download", tr("Size of the download"))
        self._disk = named(paragraph(), "zoomearth_setup_disk", tr("Room needed and free"))
        where = named(paragraph(str(self.environment.folder)), "zoomearth_setup_folder", tr("Folder of the environment"))
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        facts = QFormLayout()
        facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        facts.addRow(tr("Computes with"), self._device)
        facts.addRow(tr("Download"), self._download)
        facts.addRow(tr("On disk"), self._disk)
        facts.addRow(tr("Where"), where)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(paragraph("<h3>" + tr("ZoomEarth needs a Python environment of its own") + "</h3>"))
        layout.addWidget(
            paragraph(
                tr(
                    "The model runs beside QGIS, with PyTorch and other free packages from the Python package index. They go into a "
                    "folder of their own: neither QGIS nor your system is changed, and one click in Settings > Options > ZoomEarth removes "
                    "them. A small demo model is on board; larger models are downloaded there. Your rasters stay on this machine."
                )
            )
        )
        layout.addLayout(facts)
        layout.addWidget(self._more())
        self._note = named(paragraph(), "zoomearth_setup_note", tr("How the last attempt ended"))
        self._note.hide()
        layout.addWidget(self._note)
        layout.addStretch()
        return page

    def _more(self) -> QWidget:
        """What only some need."""
        more = QgsCollapsibleGroupBox(tr("Other ways"))
        self._base = named(QgsFileWidget(), "zoomearth_setup_python", tr("The Python from which the environment is made: 3.10 or newer"))
        self._base.lineEdit().setPlaceholderText(tr("found by itself"))
        self._packages = named(QgsFileWidget(), "zoomearth_setup_packages", tr("A folder of wheels, for a machine without a network"))
        self._packages.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._packages.lineEdit().setPlaceholderText(tr("the Python package index"))
        form = QFormLayout(more)
        form.addRow(tr("Made with Python"), self._base)
        form.addRow(tr("Packages from"), self._packages)
        more.setCollapsed(True)
        return more

    def _work_page(self) -> QWidget:
        page = QWidget()
        self._stage = named(paragraph(), "zoomearth_setup_stage", tr("What is done at the moment"))
        self._bar = named(QProgressBar(), "zoomearth_setup_progress", tr("How much has been downloaded"))
        self._bar.setTextVisible(False)
        self._amount = named(paragraph(), "zoomearth_setup_amount", tr("How much has been downloaded"))
        self._log = log_view("zoomearth_setup_log", tr("The installer's log"))
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(paragraph("<h3>" + tr("Setting up ZoomEarth") + "</h3>"))
        for widget in (self._stage, self._bar, self._amount):
            layout.addWidget(widget)
        layout.addWidget(self._log, 1)
        return page

    def _failed_page(self) -> QWidget:
        page = QWidget()
        icon = QLabel()
        icon.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(32, 32))
        self._what = named(paragraph(), "zoomearth_setup_what", tr("What went wrong"))
        self._remedy = named(paragraph(), "zoomearth_setup_remedy", tr("What helps"))
        self._tail = log_view("zoomearth_setup_tail", tr("The log's last lines"))
        head = QHBoxLayout()
        head.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._what, 1)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._remedy)
        layout.addWidget(self._tail, 1)
        return page

    def _turn_to(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self._start.setVisible(page is not self._working)
        begun = tr("Go on") if self.environment.folder.exists() else tr("Download and set up")
        self._start.setText(tr("Try again") if page is self._failed else begun)
        self._copy.setVisible(page is self._failed)
        self._close.setText({self._working: tr("Stop"), self._failed: tr("Back")}.get(page, tr("Not now")))

    def _show_sizes(self) -> None:
        build = BUILDS[self._device.currentData()]
        place = next(folder for folder in self.environment.folder.parents if folder.exists())
        free = shutil.disk_usage(place).free
        self._download.setText(tr("about {size}").format(size=size_text(build.download)))
        self._disk.setText(tr("about {size}; {free} are free").format(size=size_text(build.disk), free=size_text(free)))

    def _begin(self) -> None:
        build = BUILDS[self._device.currentData()]
        base, packages = self._base.filePath().strip(), self._packages.filePath().strip()
        self.installer = Installer(self.environment, build, base, packages, parent=self)
        self.installer.progress.connect(self._show_progress)
        self.installer.said.connect(self._log.appendPlainText)
        self.installer.finished.connect(self._end)
        self._log.clear()
        self._turn_to(self._working)
        self.installer.start()

    def _show_progress(self, stage: str, done: int, total: int) -> None:
        self._stage.setText(stage + " ...")
        self._bar.setRange(0, 1000 if total else 0)
        self._bar.setValue(int(1000 * done / total) if total else 0)
        sizes = tr("{done} of about {total}").format(done=size_text(done), total=size_text(total))
        self._amount.setText(sizes if total else "")

    def _end(self, ok: bool, diagnosis: Optional[Diagnosis]) -> None:
        if ok:
            return self.accept()
        if diagnosis is None:
            self._note.setText(tr("Stopped. What has been downloaded is kept."))
            self._note.show()
            return self._turn_to(self._asking)
        self._what.setText(f"<h3>{diagnosis.what}</h3>")
        self._remedy.setText(diagnosis.remedy)
        self._tail.setPlainText("\n".join(self._said()[-40:]))
        self._turn_to(self._failed)

    def _said(self) -> list[str]:
        return self.installer.log if self.installer else []

    def _step_back(self) -> None:
        page = self._pages.currentWidget()
        if page is self._working and self.installer:
            self.installer.cancel()
        elif page is self._failed:
            self._turn_to(self._asking)
        else:
            self.reject()

    def reject(self) -> None:
        """Stops what is under way, and closes."""
        if self.installer:
            self.installer.cancel()
        super().reject()
