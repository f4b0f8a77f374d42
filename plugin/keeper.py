"""Which GeoPackage keeps a project's exchanges, and where its ROI layers stand in the layer tree.

Beside a saved project lies `<project>_zoomearth.gpkg`. Until the project is saved, the results are in a file in the user's data folder,
which outlives QGIS; saving the project moves them beside it, and "save as" gives the copy of a project a copy of its results.
"""

from __future__ import annotations

import contextlib
import uuid
from datetime import datetime
from pathlib import Path
from typing import Optional

from qgis.core import Qgis, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.address import shown
from ..core.config import data_folder
from ..core.errors import SceneError
from .exchange import Exchange
from .i18n import tr
from .later import later
from .log import say
from .store import CRS, SOURCE, Store, mark

STYLE = Path(__file__).resolve().parent.parent / "resources" / "styles" / "rois.qml"
ENTRY = ("zoomearth", "results")  # in the project file: the GeoPackage, as the project writes paths
CHOSEN = ("zoomearth", "chosen")  # whether the user has chosen that file, so that it stays where it is


class Keeper(QObject):
    """The store of the current project, made when it is first needed."""

    project_changed = pyqtSignal()
    moved = pyqtSignal()  # the results lie elsewhere now
    saved = pyqtSignal()  # the project has been
    missing = pyqtSignal(str)  # where a project's results should be, and are not

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.store = _store_of_project()
        project = QgsProject.instance()
        project.readProject.connect(self._project_read)
        project.cleared.connect(self._project_cleared)
        project.projectSaved.connect(self._project_saved)

    def close(self) -> None:
        """Leaves no connection to the project behind, and no file open."""
        self.store = None
        project = QgsProject.instance()
        project.readProject.disconnect(self._project_read)
        project.cleared.disconnect(self._project_cleared)
        project.projectSaved.disconnect(self._project_saved)

    @property
    def temporary(self) -> bool:
        """Whether the results lie in a file that nobody has chosen."""
        return self.store is not None and self.store.path.parent == _unsaved_folder()

    def read(self) -> list[Exchange]:
        """The project's exchanges, oldest first."""
        return list(self.store.read()) if self.store and self.store.path.exists() else []

    def prepare(self, exchange: Exchange) -> Store:
        """Makes what `keep` will write into, while the model works: when a question is asked, and when it zooms. Raises SceneError."""
        if self.store is None:
            self.store = self._begun(exchange)
            self._remember()
        self.store.make_tables(exchange, rois=bool(exchange.zooms) and self.rois(exchange) is None)
        return self.store

    def keep(self, exchange: Exchange) -> None:
        """Writes an exchange that has ended, and puts its ROIs on the map. Raises SceneError."""
        store = self.prepare(exchange)
        rois = self.rois(exchange)
        if exchange.zooms and rois is None:
            rois = self._shown(store.roi_layer(exchange), exchange)
        store.write(exchange, rois if exchange.zooms else None)
        QgsProject.instance().setDirty(True)

    @property
    def lost(self) -> bool:
        """Whether the file that was written to has been deleted or moved by somebody else."""
        return self.store is not None and self.store.written and not self.store.path.exists()

    def begin_anew(self) -> None:
        """In place of a file that is lost: a new one under its name. Layers that were in it are of no use any more."""
        if self.store:
            self.store = Store(self.store.path)
            QgsProject.instance().removeMapLayers([layer.id() for layer in self.layers()])

    def remove(self, exchange: Exchange) -> None:
        """Forgets it, and its ROIs."""
        if self.store:
            self.store.remove(exchange, self.rois(exchange))

    def rois(self, exchange: Exchange) -> Optional[QgsVectorLayer]:
        """The ROI layer of its raster. By the CRS too: rasters that differ only in what is not shown of an address may lie elsewhere."""
        return next(
            (
                layer
                for layer in self.layers()
                if shown(layer.customProperty(SOURCE)) == exchange.source and layer.customProperty(CRS, exchange.crs) == exchange.crs
            ),
            None,
        )

    def layers(self) -> list[QgsVectorLayer]:
        """All ROI layers of the project."""
        found = QgsProject.instance().mapLayers().values()
        return [layer for layer in found if isinstance(layer, QgsVectorLayer) and layer.isValid() and layer.customProperty(SOURCE)]

    def move_to(self, path: Path, chosen: bool = True) -> None:
        """The results, to another file; the layers follow. chosen: by the user, so that it stays there. Raises SceneError."""
        if self.store is None or path == self.store.path:
            return
        before = self.store
        before.copy_to(path)
        self.store = Store(path)
        for layer in self.layers():
            file, bar, rest = layer.source().partition("|")
            if Path(file) == before.path:
                layer.setDataSource(f"{path}{bar}{rest}", layer.name(), "ogr")
        if before.path.parent == _unsaved_folder():
            with contextlib.suppress(OSError):  # Windows keeps what a layer has just let go of
                before.path.unlink()
        self._remember(chosen)
        self.moved.emit()

    def _shown(self, layer: QgsVectorLayer, exchange: Exchange) -> QgsVectorLayer:
        """The layer, styled, in the raster's group at the top of the tree."""
        layer.setName(tr("ROIs"))
        if STYLE.exists():
            layer.loadNamedStyle(str(STYLE))
            mark(layer, exchange)
        project = QgsProject.instance()
        project.addMapLayer(layer, False)
        root = project.layerTreeRoot()
        group = next((one for one in root.findGroups(True) if one.customProperty(SOURCE) == exchange.source), None)
        if group is None:
            group = root.insertGroup(0, f"ZoomEarth: {exchange.layer}")
            group.setCustomProperty(SOURCE, exchange.source)
        group.addLayer(layer)
        return layer

    def _begun(self, exchange: Exchange) -> Store:
        """A new store: beside the project, or, where nobody may write there, in the file that is offered for saving."""
        store = Store(self._wanted())
        try:
            store.make_tables(exchange, rois=False)
        except SceneError as error:
            say(f"{error.message} {error.hint}", Qgis.MessageLevel.Warning)
            store = Store(_unsaved())
            store.make_tables(exchange, rois=False)
        return store

    def _wanted(self) -> Path:
        """Where the results of the current project belong."""
        project = Path(QgsProject.instance().absoluteFilePath())
        if QgsProject.instance().absoluteFilePath():
            stem = f"{project.stem}_zoomearth"
            names = (stem, *(f"{stem}_{n}" for n in range(2, 10_000)))
            return next(path for path in (project.with_name(name + ".gpkg") for name in names) if not path.exists())
        return _unsaved()

    def _remember(self, chosen: bool = False) -> None:
        project = QgsProject.instance()
        if self.store:
            project.writeEntry(*ENTRY, project.writePath(str(self.store.path)))
            project.writeEntry(*CHOSEN, chosen)

    def _project_read(self) -> None:
        self.store = _store_of_project()
        path = _named_by_project()
        if self.store is None and path:
            self.missing.emit(str(path))
        self.project_changed.emit()

    def _project_cleared(self) -> None:
        self.store = None
        self.project_changed.emit()

    def _project_saved(self) -> None:
        later(self, self._follow)  # a .qgz is told of as saved before it is packed

    def _follow(self) -> None:
        """Takes results that lie elsewhere beside the project, and writes their new place into it."""
        self.saved.emit()
        project = QgsProject.instance()
        saved = Path(project.absoluteFilePath())
        if self.store is None or not project.absoluteFilePath() or project.readBoolEntry(*CHOSEN)[0]:
            return
        if self.store.path.parent == saved.parent and self.store.path.stem.startswith(f"{saved.stem}_zoomearth"):
            return
        unchanged = not project.isDirty()
        try:
            self.move_to(self._wanted(), chosen=False)
        except SceneError as error:
            say(f"{error.message} {error.hint}", Qgis.MessageLevel.Warning)
            return
        if unchanged:
            project.write()


def _named_by_project() -> Optional[Path]:
    """The GeoPackage that the open project names."""
    project = QgsProject.instance()
    written, found = project.readEntry(*ENTRY)
    return Path(project.readPath(written)) if found and written else None


def _store_of_project() -> Optional[Store]:
    """Where it is still there."""
    path = _named_by_project()
    return Store(path) if path and path.exists() else None


def _unsaved_folder() -> Path:
    return data_folder() / "unsaved"


def _unsaved() -> Path:
    """A file there that is not used yet."""
    folder = _unsaved_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{datetime.now():%Y-%m-%d}-{uuid.uuid4().hex[:8]}.gpkg"
