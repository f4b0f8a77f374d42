"""The dialog for an export: content, format, CRS and file."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsProject, QgsSettings
from qgis.gui import QgsFileWidget, QgsMessageBar, QgsProjectionSelectionWidget
from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import ZoomEarthError
from ..exchanges.result_tables import ANSWERS, ROIS, numbered
from ..i18n import tr
from .vector import FORMATS, Row, crs_of, export_rois

NAMES = {".gpkg": "GeoPackage", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".csv": "CSV", ".xlsx": "Excel"}
FOLDER = "zoomearth/export/folder"  # setting: the folder of the last export
LOAD = "zoomearth/export/load"  # setting: whether the last export was added to the project


class ExportDialog(QDialog):
    """`written` is the file after the dialog was accepted. The dialog shows an error and stays open where the export fails."""

    def __init__(
        self,
        selected: Sequence[Row],
        every: Sequence[Row],
        selected_answers: Sequence[Row] = (),
        answers: Sequence[Row] = (),
        parent: Optional[QWidget] = None,
    ) -> None:
        """selected, every: the selected places and all places; selected_answers, answers: the same for answers."""
        super().__init__(parent)
        self.written: Optional[Path] = None
        self._suggested = ""
        self.setObjectName("zoomearth_export_dialog")
        self.setWindowTitle(tr("Export results"))
        self.messages = QgsMessageBar(self)

        self.content = QComboBox()
        self.content.addItem(tr("Places looked at"), (list(selected), list(every)))
        self.content.addItem(tr("Answers"), (list(selected_answers), list(answers)))
        self.content.setCurrentIndex(1 if answers and not every else 0)
        self.only_selected, self.all = QRadioButton(), QRadioButton()
        self.what = QButtonGroup(self)
        for button in (self.only_selected, self.all):
            self.what.addButton(button)

        self.format = QComboBox()
        for suffix, text in NAMES.items():
            self.format.addItem(f"{text} (*{suffix})", suffix)
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setDialogTitle(tr("Export results"))
        self.file.setDefaultRoot(QgsSettings().value(FOLDER, str(Path.home()), type=str))

        self.append = QCheckBox(tr("Append to the &existing file"))
        self.load = QCheckBox(tr("Add to the &project"))
        self.load.setChecked(QgsSettings().value(LOAD, True, type=bool))

        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(tr("Export"))
        self.buttons.accepted.connect(self._export)
        self.buttons.rejected.connect(self.reject)

        self._describe()
        self._lay_out()
        self._count()
        self._suggest()
        self.content.currentIndexChanged.connect(self._count)
        self.content.currentIndexChanged.connect(self._suggest)
        self.format.currentIndexChanged.connect(self._fit)
        self.what.buttonClicked.connect(self._fit)
        self.file.fileChanged.connect(self._take_suffix)
        self.append.toggled.connect(self._fit)
        self._fit()

    @property
    def kind(self) -> str:
        """ROIS or ANSWERS."""
        return (ROIS, ANSWERS)[self.content.currentIndex()]

    @property
    def chosen(self) -> list[Row]:
        """The rows to export."""
        selected, every = self.content.currentData()
        return selected if self.only_selected.isChecked() else every

    def _count(self) -> None:
        """Shows the numbers of selected and of all features; chooses the selected ones where there are any."""
        selected, every = self.content.currentData()
        self.only_selected.setText(tr("Selected ({count})").format(count=len(selected)))
        self.all.setText(tr("All ({count})").format(count=len(every)))
        self.only_selected.setEnabled(bool(selected))
        (self.only_selected if selected else self.all).setChecked(True)
        self._fit()

    def _suggest(self) -> None:
        """Suggests a name that no file has, as long as the user has given none."""
        if self.file.filePath().strip() not in ("", self._suggested):
            return
        project = Path(QgsProject.instance().absoluteFilePath() or "zoomearth").stem
        folder, suffix = Path(self.file.defaultRoot()), self.format.currentData()
        stem = f"{project}_{tr('answers') if self.kind == ANSWERS else tr('places')}"
        existing = {file.stem for file in folder.glob(f"*{suffix}")}
        self._suggested = str(folder / f"{numbered(stem, existing)}{suffix}")
        self.file.setFilePath(self._suggested)

    def _describe(self) -> None:
        """Sets object names for scripts, and accessible names and tooltips."""
        for widget, name, spoken, tip in (
            (
                self.content,
                "content",
                tr("Content"),
                tr("Places looked at: one polygon for each zoom. Answers: one polygon for each question."),
            ),
            (self.only_selected, "selected", tr("Selected features"), tr("The features that are selected on the map")),
            (self.all, "all", tr("All features"), tr("The features of all questions in the panel")),
            (self.format, "format", tr("Format"), tr("A Shapefile stores at most 254 bytes of each text. Excel stores no polygons.")),
            (self.crs, "crs", tr("Coordinate reference system"), tr("The polygons are transformed to this CRS")),
            (self.file, "file", tr("File"), tr("An existing file with this name is replaced, unless you append to it")),
            (
                self.append,
                "append",
                tr("Append to the existing file"),
                tr("The features are added to those of the file, in the CRS of the file. Otherwise an existing file is replaced."),
            ),
            (self.load, "load", tr("Add to the project"), tr("The file becomes a layer of the project, coloured by answer")),
            (self.buttons.button(QDialogButtonBox.StandardButton.Ok), "ok", tr("Export"), ""),
            (self.buttons.button(QDialogButtonBox.StandardButton.Cancel), "cancel", tr("Cancel"), ""),
        ):
            widget.setObjectName(f"zoomearth_export_{name}")
            widget.setAccessibleName(spoken)
            widget.setToolTip(tip)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Con&tent"), self.content)
        form.addRow(tr("Features"), self.only_selected)
        form.addRow("", self.all)
        form.addRow(tr("F&ormat"), self.format)
        form.addRow(tr("&CRS"), self.crs)
        form.addRow(tr("&File"), self.file)
        form.addRow("", self.append)
        form.addRow("", self.load)
        layout = QVBoxLayout(self)
        layout.addWidget(self.messages)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.resize(560, self.sizeHint().height())

    def _fit(self) -> None:
        """Adapts the file's suffix to the format, and the text for "CRS not set" to format and layer."""
        suffix = self.format.currentData()
        self.file.setFilter(self.format.currentText())
        if Path(self.file.filePath()).suffix.lower() in FORMATS:
            self.file.setFilePath(str(Path(self.file.filePath()).with_suffix(suffix)))
        crs = crs_of(self.chosen[0][0]) if self.chosen else QgsCoordinateReferenceSystem()
        own = (
            tr("CRS of the layer: {crs}").format(crs=crs.userFriendlyIdentifier())
            if crs.isValid()
            else tr("None: pixel coordinates of the raster")
        )
        self.crs.setNotSetText("WGS 84 (RFC 7946)" if suffix == ".geojson" and crs.isValid() else own)
        exists = Path(self.file.filePath().strip()).is_file()
        self.append.setEnabled(exists)
        self.crs.setEnabled(suffix != ".xlsx" and not (exists and self.append.isChecked()))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self.chosen and self.file.filePath().strip()))

    def _take_suffix(self, name: str) -> None:
        """Chooses the format of a suffix that was typed."""
        index = self.format.findData(Path(name).suffix.lower())
        if index >= 0:
            self.format.setCurrentIndex(index)
        self._fit()

    def _export(self) -> None:
        path = Path(self.file.filePath().strip())
        if not path.suffix:
            path = path.with_suffix(self.format.currentData())
        self.messages.clearWidgets()
        try:
            append = self.append.isEnabled() and self.append.isChecked()
            self.written = export_rois(self.chosen, path, self.crs.crs(), append)
        except ZoomEarthError as error:
            self.messages.pushMessage("", f"{error.message} {error.hint}", Qgis.MessageLevel.Critical, 0)
            return
        QgsSettings().setValue(FOLDER, str(path.parent))
        QgsSettings().setValue(LOAD, self.load.isChecked())
        self.accept()
