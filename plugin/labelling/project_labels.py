"""Which label file a project has, and who labels. The project keeps the name of the file, the settings that of the annotator."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import QObject

from ...core.settings import data_folder
from ..settings import GROUP
from .store import LabelStore

ENTRY = ("zoomearth", "labels")  # in the project file: the label file, as the project writes paths


class ProjectLabels(QObject):
    """`store` has the project's label file open, if there is one."""

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.store = LabelStore(self)
        self._new = False  # whether the suggested file is being opened
        project = QgsProject.instance()
        self._connections = (
            (project.readProject, self.reopen),
            (project.cleared, self.store.close_file),
            (project.writeProject, self._write_path),  # relative to the project, which may be saved under another name
        )
        for signal, slot in self._connections:
            signal.connect(slot)
        self.store.opened.connect(self._remember)
        self.store.failed.connect(self._failed)
        self.reopen()

    def close(self) -> None:
        """Waits for what was begun, and disconnects from the project."""
        for signal, slot in self._connections:
            signal.disconnect(slot)
        self.store.close()

    @property
    def annotator(self) -> str:
        """The name that actions are logged with: by default that of the user of this machine."""
        name = QgsSettings().value(GROUP + "annotator", "", type=str)
        return str(name or QgsApplication.userFullName() or QgsApplication.userLoginName() or "annotator")

    def name_annotator(self, name: str) -> None:
        QgsSettings().setValue(GROUP + "annotator", " ".join(name.split()))
        if self.store.path:
            self.open(self.store.path)

    def suggested(self) -> Path:
        """The path for the labels of the current project: beside it, or of all projects without a file in the user's data folder."""
        project = QgsProject.instance().absoluteFilePath()
        return Path(project).with_name(f"{Path(project).stem}_labels.gpkg") if project else data_folder() / "labels.gpkg"

    def open(self, path: Path, new: bool = False) -> None:
        """new: the file is made where it does not exist."""
        self.store.open(path, self.annotator, new)

    def begin(self) -> None:
        """Opens or makes the suggested file, where none is open."""
        if self.store.path is None and not self._new:
            self._new = True
            self.open(self.suggested(), new=True)

    def reopen(self) -> None:
        """Opens the file that the project names."""
        project = QgsProject.instance()
        entry, exists = project.readEntry(*ENTRY)
        if exists and entry:
            self.open(Path(project.readPath(entry)))
        else:
            self.store.close_file()

    def _write_path(self) -> None:
        if self.store.path:
            QgsProject.instance().writeEntry(*ENTRY, QgsProject.instance().writePath(str(self.store.path)))

    def _failed(self) -> None:
        self._new = False

    def _remember(self, path: str) -> None:
        self._new = False
        project = QgsProject.instance()
        if path and project.readPath(project.readEntry(*ENTRY)[0]) != path:
            project.writeEntry(*ENTRY, project.writePath(path))
            project.setDirty(True)
