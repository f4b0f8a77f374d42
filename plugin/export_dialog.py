"""What to export, as what, into which CRS, and where to."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsSettings
from qgis.gui import QgsFileWidget, QgsMessageBar, QgsProjectionSelectionWidget
from qgis.PyQt.QtWidgets import QButtonGroup, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QRadioButton, QVBoxLayout, QWidget

from ..core.errors import ZoomEarthError
from .export import DRIVERS, Row, crs_of, export_rois
from .i18n import tr

FOLDER = "zoomearth/export/folder"  # where the last file went


class ExportDialog(QDialog):
    """`written` is the file, once the dialog has been accepted. What goes wrong is said in the dialog, which stays open."""

    def __init__(self, selected: Sequence[Row], every: Sequence[Row], parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.written: Optional[Path] = None
        self._selected, self._every = list(selected), list(every)
        self.setObjectName("zoomearth_export_dialog")
        self.setWindowTitle(tr("Export boxes"))
        self.messages = QgsMessageBar(self)

        self.only_selected = QRadioButton(tr("Selected ({count})").format(count=len(selected)))
        self.all = QRadioButton(tr("All ({count})").format(count=len(every)))
        self.only_selected.setEnabled(bool(selected))
        self.what = QButtonGroup(self)
        for button in (self.only_selected, self.all):
            self.what.addButton(button)
        (self.only_selected if selected else self.all).setChecked(True)

        self.format = QComboBox()
        for suffix, text in ((".gpkg", "GeoPackage"), (".shp", "ESRI Shapefile"), (".geojson", "GeoJSON")):
            self.format.addItem(f"{text} (*{suffix})", suffix)
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setDialogTitle(tr("Export boxes"))
        self.file.setDefaultRoot(QgsSettings().value(FOLDER, str(Path.home()), type=str))

        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(tr("Export"))
        self.buttons.accepted.connect(self._export)
        self.buttons.rejected.connect(self.reject)

        self._describe()
        self._lay_out()
        self.format.currentIndexChanged.connect(self._fit)
        self.what.buttonClicked.connect(self._fit)
        self.file.fileChanged.connect(self._take_suffix)
        self._fit()

    @property
    def chosen(self) -> list[Row]:
        """The rows to export."""
        return self._selected if self.only_selected.isChecked() else self._every

    def _describe(self) -> None:
        """Names for scripts, and for those who do not see the dialog."""
        for widget, name, spoken, tip in (
            (self.only_selected, "selected", tr("Selected boxes"), tr("The boxes that are selected on the map")),
            (self.all, "all", tr("All boxes"), tr("The boxes of every exchange that the panel keeps")),
            (self.format, "format", tr("Format"), tr("A Shapefile keeps the first 254 bytes of a text; the others keep all of it")),
            (self.crs, "crs", tr("Coordinate reference system"), tr("The boxes are moved into this CRS, corner by corner")),
            (self.file, "file", tr("File"), tr("A file of this name is replaced")),
            (self.buttons.button(QDialogButtonBox.StandardButton.Ok), "ok", tr("Export"), ""),
            (self.buttons.button(QDialogButtonBox.StandardButton.Cancel), "cancel", tr("Cancel"), ""),
        ):
            widget.setObjectName(f"zoomearth_export_{name}")
            widget.setAccessibleName(spoken)
            widget.setToolTip(tip)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Boxes"), self.only_selected)
        form.addRow("", self.all)
        form.addRow(tr("F&ormat"), self.format)
        form.addRow(tr("&CRS"), self.crs)
        form.addRow(tr("&File"), self.file)
        layout = QVBoxLayout(self)
        layout.addWidget(self.messages)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.resize(560, self.sizeHint().height())

    def _fit(self) -> None:
        """The name follows the format, and what "not set" means for the CRS follows both."""
        suffix = self.format.currentData()
        self.file.setFilter(self.format.currentText())
        if Path(self.file.filePath()).suffix.lower() in DRIVERS:
            self.file.setFilePath(str(Path(self.file.filePath()).with_suffix(suffix)))
        crs = crs_of(self.chosen[0][0]) if self.chosen else QgsCoordinateReferenceSystem()
        own = tr("The layer's own: {crs}").format(crs=crs.userFriendlyIdentifier()) if crs.isValid() else tr("None: pixels of the raster")
        self.crs.setNotSetText("WGS 84 (RFC 7946)" if suffix == ".geojson" and crs.isValid() else own)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self.chosen and self.file.filePath().strip()))

    def _take_suffix(self, name: str) -> None:
        """A suffix that was typed chooses the format."""
        found = self.format.findData(Path(name).suffix.lower())
        if found >= 0:
            self.format.setCurrentIndex(found)
        self._fit()

    def _export(self) -> None:
        path = Path(self.file.filePath().strip())
        if not path.suffix:
            path = path.with_suffix(self.format.currentData())
        self.messages.clearWidgets()
        try:
            self.written = export_rois(self.chosen, path, self.crs.crs())
        except ZoomEarthError as error:
            self.messages.pushMessage("", f"{error.message} {error.hint}", Qgis.MessageLevel.Critical, 0)
            return
        QgsSettings().setValue(FOLDER, str(path.parent))
        self.accept()
