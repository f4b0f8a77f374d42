"""The setup dialog: shows what will be downloaded, how large it is and its folder; then the progress, and help after a failure."""

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
    """Accepted when the environment is complete. Closing the dialog stops the installation; the next one continues from there."""

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
        self._start = named(QPushButton(tr("Download and set up")), "zoomearth_setup_start", tr("Start the download"))
        self._start.setDefault(True)
        self._start.clicked.connect(self._begin)
        self._copy = named(
            QPushButton(tr("Copy diagnostics")),
            "zoomearth_setup_copy",
            tr("Copies versions, settings and the log, without keys and personal paths"),
        )
        self._copy.clicked.connect(lambda: copy_diagnostics(self._installer_log()))
        self._close = named(QPushButton(tr("Not now")), "zoomearth_setup_close", tr("Close this window without the setup"))
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
        self.resize(self.minimumWidth(), layout.totalHeightForWidth(self.minimumWidth()))  # wrapped texts are higher than Qt's default

    def _ask_page(self) -> QWidget:
        page = QWidget()
        self._device = named(QComboBox(), "zoomearth_setup_device", tr("Version to download"))
        names = {"cpu": tr("CPU"), "cuda": tr("NVIDIA graphics card (CUDA)"), "mps": tr("Apple graphics (Metal)")}
        detected = detect_device()
        for device in ("mps",) if detected == "mps" else ("cuda", "cpu"):
            self._device.addItem(names[device] + (f" ({tr('detected')})" if device == detected else ""), device)
        self._device.setCurrentIndex(self._device.findData(detected))
        self._device.currentIndexChanged.connect(self._show_sizes)
        self._download = named(paragraph(), "zoomearth_setup_download", tr("Size of the download"))
        self._disk = named(paragraph(), "zoomearth_setup_disk", tr("Disk space needed and available"))
        where = named(paragraph(str(self.environment.folder)), "zoomearth_setup_folder", tr("Folder of the environment"))
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        facts = QFormLayout()
        facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        facts.addRow(tr("Runs on"), self._device)
        facts.addRow(tr("Download"), self._download)
        facts.addRow(tr("On disk"), self._disk)
        facts.addRow(tr("Folder"), where)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(paragraph("<h3>" + tr("ZoomEarth needs its own Python environment") + "</h3>"))
        layout.addWidget(
            paragraph(
                tr(
                    "It has PyTorch and other free packages from the internet. They are installed in a separate folder: QGIS and your "
                    "system are not changed. You can remove the folder in Settings > Options > ZoomEarth. The included demo model works "
                    "only on drawn demo scenes: for your own images, download a larger model in these options. Your rasters stay on this "
                    "computer, unless you choose a server."
                )
            )
        )
        layout.addLayout(facts)
        layout.addWidget(self._more())
        self._note = named(paragraph(), "zoomearth_setup_note", tr("Result of the last attempt"))
        self._note.hide()
        layout.addWidget(self._note)
        layout.addStretch()
        return page

    def _more(self) -> QWidget:
        """Options for special cases."""
        more = QgsCollapsibleGroupBox(tr("Other options"))
        self._base = named(
            QgsFileWidget(), "zoomearth_setup_python", tr("The Python program that creates the environment: version 3.10 or newer")
        )
        self._base.lineEdit().setPlaceholderText(tr("found automatically"))
        self._packages = named(
            QgsFileWidget(),
            "zoomearth_setup_packages",
            tr("A folder with downloaded packages (.whl files), for a computer without a network"),
        )
        self._packages.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._packages.lineEdit().setPlaceholderText(tr("none: packages come from the internet"))
        form = QFormLayout(more)
        form.addRow(tr("Python program"), self._base)
        form.addRow(tr("Offline packages folder (.whl)"), self._packages)
        more.setCollapsed(True)
        return more

    def _work_page(self) -> QWidget:
        page = QWidget()
        self._stage = named(paragraph(), "zoomearth_setup_stage", tr("Current step"))
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
        self._remedy = named(paragraph(), "zoomearth_setup_remedy", tr("What you can do"))
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
        begun = tr("Resume") if self.environment.folder.exists() else tr("Download and set up")
        self._start.setText(tr("Try again") if page is self._failed else begun)
        self._copy.setVisible(page is self._failed)
        self._close.setText({self._working: tr("Stop"), self._failed: tr("Back")}.get(page, tr("Not now")))

    def _show_sizes(self) -> None:
        build = BUILDS[self._device.currentData()]
        place = next(folder for folder in self.environment.folder.parents if folder.exists())
        free = shutil.disk_usage(place).free
        self._download.setText(tr("about {size}").format(size=size_text(build.download)))
        self._disk.setText(tr("about {size} needed, {free} available").format(size=size_text(build.disk), free=size_text(free)))

    def _begin(self) -> None:
        build = BUILDS[self._device.currentData()]
        base, packages = self._base.filePath().strip(), self._packages.filePath().strip()
        self.installer = Installer(self.environment, build, base, packages, parent=self)
        self.installer.progress.connect(self._show_progress)
        self.installer.logged.connect(self._log.appendPlainText)
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
        self._tail.setPlainText("\n".join(self._installer_log()[-40:]))
        self._turn_to(self._failed)

    def _installer_log(self) -> list[str]:
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
        """Stops the installation and closes the dialog."""
        if self.installer:
            self.installer.cancel()
        super().reject()
