"""The dialog for a report: title page, which questions, what of each, and the file."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional, Sequence

from qgis.core import QgsProject, QgsSettings
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..exchanges.endings import heading
from ..exchanges.exchange import Exchange, Status
from ..exchanges.result_tables import numbered
from ..i18n import tr
from ..settings import user_name
from .words import Contents, answered, doubts, runs

SETTING = "zoomearth/report/"  # settings: author and logo of the last report


class ReportDialog(QDialog):
    """`contents`, `chosen` and `path` are what the user has chosen."""

    def __init__(self, exchanges: Sequence[Exchange], suffix: str, parent: Optional[QWidget] = None) -> None:
        """suffix: .html or .pdf."""
        super().__init__(parent)
        self._suffix = suffix
        self.setObjectName("zoomearth_report_dialog")
        self.setWindowTitle(tr("Report"))
        project = QgsProject.instance()
        file = Path(project.absoluteFilePath() or Path.home() / "zoomearth")  # "" where the project has not been saved
        self.title = QLineEdit(tr("ZoomEarth report"))
        self.project = QLineEdit(project.title() or (file.stem if project.absoluteFilePath() else ""))
        self.author = QLineEdit(_saved("author") or project.metadata().author() or user_name())
        self.logo = QgsFileWidget()
        self.logo.setFilter(tr("Pictures (*.png *.jpg *.jpeg *.svg)"))
        self.logo.setFilePath(_saved("logo"))

        self.questions = QListWidget()
        for exchange in exchanges:
            if exchange.status is not Status.RUNNING:
                answer = answered(exchange) if exchange.question else ""
                place = exchange.feature.name if exchange.feature else ""
                item = QListWidgetItem("  ·  ".join(filter(None, (heading(exchange), place, answer))))
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked if exchange.verdict is None and exchange.question else Qt.CheckState.Checked)
                item.setData(Qt.ItemDataRole.UserRole, exchange)
                self.questions.addItem(item)
        self.all, self.none = QPushButton(tr("&All")), QPushButton(tr("&None"))
        self.doubted = QPushButton(tr("Con&tested"))
        self.all.clicked.connect(lambda: self._tick(lambda exchange: True))
        self.none.clicked.connect(lambda: self._tick(lambda exchange: False))
        self.doubted.clicked.connect(lambda: self._tick(lambda exchange: bool(doubts(exchange))))

        self.summary = QCheckBox(tr("T&otals and map of questions asked about many places"))
        self.table = QCheckBox(tr("Ta&ble of all questions and answers"))
        self.evidence = QCheckBox(tr("Maps and &pictures of each answer"))
        self.contested_only = QCheckBox(tr("Maps and pictures of &contested answers only"))
        self.reasoning = QCheckBox(tr("&Reasoning of the model"))
        self.reasoning.setVisible(suffix == ".html")
        for box in (self.summary, self.table, self.evidence, self.reasoning):
            box.setChecked(True)
        self.contested_only.setChecked(bool(runs(exchanges)))  # else many pages
        self.evidence.toggled.connect(self.contested_only.setEnabled)

        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setConfirmOverwrite(False)  # `accept` asks
        self.file.setFilter(f"{suffix[1:].upper()} (*{suffix})")
        existing = {each.stem for each in file.parent.glob(f"*{suffix}")}
        self.file.setFilePath(str(file.with_name(numbered(f"{file.stem}_report", existing) + suffix)))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.file.fileChanged.connect(self._fit)
        self.questions.itemChanged.connect(self._fit)
        self._describe()
        self._lay_out()
        self._fit()

    @property
    def chosen(self) -> list[Exchange]:
        """The questions with a tick."""
        items = [self.questions.item(at) for at in range(self.questions.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]

    @property
    def contents(self) -> Contents:
        return Contents(
            title=self.title.text().strip(),
            project=self.project.text().strip(),
            author=self.author.text().strip(),
            logo=self.logo.filePath().strip(),
            summary=self.summary.isChecked(),
            table=self.table.isChecked(),
            evidence=self.evidence.isChecked(),
            contested_only=self.contested_only.isChecked(),
            reasoning=self.reasoning.isChecked(),
        )

    @property
    def path(self) -> Path:
        name = self.file.filePath().strip()
        return Path(name if name.lower().endswith(self._suffix) else name + self._suffix)

    def accept(self) -> None:
        """Asks first where the file exists."""
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        question = tr("{path} already exists. Replace it?").format(path=self.path)
        if self.path.exists() and QMessageBox.question(self, self.windowTitle(), question, yes | no, no) != yes:
            return
        QgsSettings().setValue(SETTING + "author", self.author.text().strip())
        QgsSettings().setValue(SETTING + "logo", self.logo.filePath().strip())
        super().accept()

    def _tick(self, wanted: Callable[[Exchange], bool]) -> None:
        for at in range(self.questions.count()):
            item = self.questions.item(at)
            ticked = wanted(item.data(Qt.ItemDataRole.UserRole))
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _fit(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(bool(self.chosen and self.file.filePath().strip()))

    def _describe(self) -> None:
        """Sets object names for scripts, accessible names and tooltips."""
        for widget, name, spoken, tip in (
            (self.title, "title", tr("Title"), ""),
            (self.project, "project", tr("Project"), ""),
            (self.author, "author", tr("Author"), ""),
            (self.logo, "logo", tr("Logo"), tr("A picture for the title page: PNG, JPEG or SVG")),
            (self.questions, "questions", tr("Questions"), tr("The questions that the report contains")),
            (self.all, "all", tr("Tick all questions"), ""),
            (self.none, "none", tr("Tick no question"), ""),
            (
                self.doubted,
                "contested",
                tr("Tick the contested answers"),
                tr("Contested: a person says something else than the model, or its own confidence is low and nobody has checked it"),
            ),
            (self.file, "file", tr("File"), tr("The file that is written")),
        ):
            widget.setObjectName(f"zoomearth_report_{name}")
            widget.setAccessibleName(spoken)
            widget.setToolTip(tip)
        for box, name in (
            (self.summary, "summary"),
            (self.table, "table"),
            (self.evidence, "evidence"),
            (self.contested_only, "contested_only"),
            (self.reasoning, "reasoning"),
        ):
            box.setObjectName(f"zoomearth_report_{name}")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("&Title"), self.title)
        form.addRow(tr("Pro&ject"), self.project)
        form.addRow(tr("A&uthor"), self.author)
        form.addRow(tr("&Logo"), self.logo)
        label = QLabel(tr("&Questions"))
        label.setBuddy(self.questions)
        ticks = QHBoxLayout()
        for button in (self.all, self.none, self.doubted):
            ticks.addWidget(button)
        ticks.addStretch()
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(label)
        layout.addWidget(self.questions)
        layout.addLayout(ticks)
        for box in (self.summary, self.table, self.evidence, self.contested_only, self.reasoning):
            layout.addWidget(box)
        to = QFormLayout()
        to.addRow(tr("&File"), self.file)
        layout.addLayout(to)
        layout.addWidget(self.buttons)
        self.resize(560, 620)


def _saved(name: str) -> str:
    return QgsSettings().value(SETTING + name, "", type=str)
