"""Which GeoPackage keeps a project's exchanges, and where its layers are in the layer tree.

Beside a saved project lies `<project>_zoomearth.gpkg`. Until the project is saved, the results are in a file in the user's data folder,
which outlives QGIS; saving the project moves them beside it, and "save as" gives the copy of a project a copy of its results.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Iterator, Optional, Union

from qgis.core import (
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsLayerTreeNode,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ...core.paths import RESOURCES
from ..i18n import tr
from ..layers.raster_layers import wkt
from ..qt_later import later
from .exchange import Exchange, raster_id, titled
from .results_file import ANSWERS, ROIS, Store
from .unsaved import new_file, unsaved_folder, waiting_file
from .writer import Attempt, Writer

STYLES = RESOURCES / "styles"
STYLE = STYLES / "rois.qml"
SOURCE = {
    ROIS: "zoomearth/source",
    ANSWERS: "zoomearth/answers",
}  # custom properties: the raster that was asked about, as `Exchange.raster`
GROUP = SOURCE[ROIS]  # the same, of a group
TITLE = "zoomearth/title"  # custom property: the name that was given here, so that a user's own name stays
ENTRY = ("zoomearth", "results")  # in the project file: the GeoPackage, as the project writes paths
CHOSEN = ("zoomearth", "chosen")  # whether the user has chosen that file, so that it stays where it is
PATIENCE = 5.0  # seconds that closing a project waits for the last answers to be written


class Keeper(QObject):
    """Of the current project; its store is chosen when the first question is asked."""

    project_changed = pyqtSignal()
    changed = pyqtSignal()  # something was written, moved or failed
    settled = pyqtSignal(str)  # an exchange's id: it has been kept, or `error` says why not
    found = pyqtSignal(list)  # the exchanges of a file that could not be read before
    refused = pyqtSignal(str, str)  # the results could not be moved: message and hint
    missing = pyqtSignal(str)  # where a project's results should be, and are not

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.writer: Optional[Writer] = None
        self._chosen = False  # whether the move under way is the user's choice
        self._closing = False  # whether the project is being cleared: nothing may be added to it
        self._open()
        project = QgsProject.instance()
        self._connections = (
            (project.readProject, self._project_read),
            (project.removeAll, self._project_closing),
            (project.cleared, self._project_cleared),
            (project.projectSaved, self._project_saved),
            (project.layerTreeRoot().nameChanged, self._renamed),
        )
        for signal, slot in self._connections:
            signal.connect(slot)

    def close(self) -> None:
        """Waits for what is being written; leaves no connection to the project behind."""
        self.finish()
        self._use(None)
        for signal, slot in self._connections:
            signal.disconnect(slot)

    @property
    def store(self) -> Optional[Store]:
        return self.writer.store if self.writer else None

    @property
    def temporary(self) -> bool:
        """Whether the results lie in a file that nobody has chosen."""
        return self.store is not None and self.store.path.parent == unsaved_folder()

    @property
    def writing(self) -> bool:
        """Whether something has not been tried yet."""
        return self.writer is not None and self.writer.writing

    @property
    def trouble(self) -> str:
        """What is wrong with the file, and where the answers are that it did not take; "" where it has everything."""
        writer = self.writer
        if writer is None or writer.error is None:
            return ""
        if not (count := len(writer.unkept)):
            return f"{writer.error.message} {writer.error.hint}"
        if not writer.safe:
            where = tr("Answers that are only in memory: {count}. {hint}").format(count=count, hint=writer.error.hint)
        else:
            where = tr("Answers in the temporary file {path}: {count}. ZoomEarth tries again automatically.").format(
                count=count, path=waiting_file(writer.store.path)
            )
        return f"{writer.error.message} {where}"

    def finish(self) -> None:
        """Waits until everything has been tried once."""
        if self.writer:
            self.writer.finish(PATIENCE)

    def read(self) -> list[Exchange]:
        """The project's exchanges, oldest first."""
        return self.writer.read() if self.writer else []

    def reload(self) -> list[Exchange]:
        """The same, with the layers shown anew: another program may have written to the file."""
        exchanges = self.read()
        for kind in SOURCE:
            for layer in self.layers(kind):
                _reload(layer)
        return exchanges

    def begin(self) -> None:
        """Chooses the store of a project that has none."""
        if self.writer is None:
            path = self._wanted()
            self._use(Store(path), new=True)
            self._remember()

    def keep(self, exchange: Exchange) -> None:
        """Writes an exchange that has ended, and puts its features on the map; `settled` tells when."""
        self.begin()
        if self.writer:
            self.writer.keep(exchange)

    def remove(self, exchange: Exchange) -> None:
        """Removes it with its features."""
        if self.writer:
            self.writer.remove(exchange)

    def move_to(self, path: Path, chosen: bool = True) -> None:
        """The results, to another file; the layers follow. chosen: by the user, so that it stays there. See `changed` and `refused`."""
        if self.writer and path != self.writer.store.path:
            self._chosen = chosen
            self.writer.move_to(path)

    def rois(self, exchange: Exchange) -> Optional[QgsVectorLayer]:
        """The layer of places looked at in the exchange's raster."""
        return self._layer(ROIS, exchange.raster)

    def layers(self, kind: str = ROIS) -> list[QgsVectorLayer]:
        """All valid layers of that kind in the project."""
        return [layer for layer in _layers(kind) if layer.isValid()]

    def _layer(self, kind: str, raster: str) -> Optional[QgsVectorLayer]:
        return next((layer for layer in _layers(kind) if _raster_of(layer, kind) == raster), None)

    def _use(self, store: Optional[Store], new: bool = False) -> None:
        """Another store, or none. new: its place was chosen here, so that another will do where nothing can be written."""
        before, self.writer = self.writer, None
        if before:
            before.ended.disconnect(self._ended)
            before.settled.disconnect(self.settled)
            before.leave()
        if store:
            self.writer = Writer(store, new_file if new else None, self)
            self.writer.ended.connect(self._ended)
            self.writer.settled.connect(self.settled)

    def _open(self) -> None:
        path = _named_by_project()
        self._use(Store(path) if path else None)
        if path is None:
            self._adopt()

    def _adopt(self) -> None:
        """Takes results that lie beside the project and belong to it, where it names none: it was not saved after the first question."""
        named = QgsProject.instance().absoluteFilePath()
        existing = [path for path in _beside(Path(named)) if _holds_exchanges(path)] if named else []
        if existing:
            self._use(Store(max(existing, key=lambda path: path.stat().st_mtime)))
            self._remember()
            for exchange in self.read():  # their layers are not in the project either
                self.keep(exchange)

    def _ended(self, attempt: Attempt) -> None:
        if self._closing:
            return
        project = QgsProject.instance()
        unchanged = not project.isDirty()
        if attempt.written:
            self._show(attempt)
            project.setDirty(True)
        if attempt.refused:
            self.refused.emit(attempt.refused.message, attempt.refused.hint)
        elif attempt.target:
            self._moved(attempt, unchanged)
        elif attempt.store.path != attempt.origin:  # nothing could be begun where the results were wanted
            self._remember()
        if attempt.found is not None:
            self.found.emit(attempt.found)
        self.changed.emit()

    def _show(self, attempt: Attempt) -> None:
        """The layers of what was written, new ones included."""
        if attempt.written is None:
            return
        for (kind, raster), table in attempt.written.tables.items():
            layer = self._layer(kind, raster)
            if layer is None:
                self._add(attempt.store.open(table), kind, raster)
            elif not layer.isValid() or _place(layer) != (attempt.store.path, table):
                layer.setDataSource(attempt.store.uri(table), layer.name(), "ogr")
            self._entitle_all(raster)
        for layer in (layer for kind in SOURCE for layer in self.layers(kind)):
            if _place(layer)[1] in attempt.written.touched:
                _reload(layer)

    def _add(self, layer: QgsVectorLayer, kind: str, raster: str) -> None:
        """The layer, styled, in the raster's group at the top of the tree."""
        layer.loadNamedStyle(str(STYLES / f"{kind}.qml"))
        for field, alias in _aliases().items():
            if (index := layer.fields().indexOf(field)) >= 0:
                layer.setFieldAlias(index, alias)
        layer.setCustomProperty(SOURCE[kind], raster)
        project, name = QgsProject.instance(), self._raster_name(raster)
        project.addMapLayer(layer, False)
        root = project.layerTreeRoot()
        group = next((one for one in root.findGroups(True) if one.customProperty(GROUP) == raster), None)
        if group is None:
            group = root.insertGroup(0, "")
            group.setCustomProperty(GROUP, raster)
            _entitle(group, _group_title(name))
        group.insertLayer(0 if kind == ROIS else len(group.children()), layer)
        _entitle(layer, _title(kind, name, layer))

    def _raster_name(self, raster: str) -> str:
        """Of a raster in the project, or as it was called when it was asked about last."""
        for layer in QgsProject.instance().mapLayers().values():
            if isinstance(layer, QgsRasterLayer) and _id(layer) == raster:
                return titled(layer.name(), layer.source())
        return self.writer.name_of(raster) if self.writer else ""

    def _renamed(self, node: QgsLayerTreeNode, name: str) -> None:
        layer = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
        if isinstance(layer, QgsRasterLayer):
            self._entitle_all(_id(layer))

    def _entitle_all(self, raster: str) -> None:
        """The raster's group and layers have its name, unless the user has given them another."""
        name = self._raster_name(raster)
        for group in QgsProject.instance().layerTreeRoot().findGroups(True):
            if group.customProperty(GROUP) == raster and group.name() == group.customProperty(TITLE):
                _entitle(group, _group_title(name))
        for kind in SOURCE:
            own = self._layer(kind, raster)
            if own and own.name() == own.customProperty(TITLE):
                _entitle(own, _title(kind, name, own))

    def _moved(self, attempt: Attempt, unchanged: bool) -> None:
        """The layers follow the results, and the project names their new place. unchanged: the project had been saved as it was."""
        for layer in (layer for kind in SOURCE for layer in _layers(kind)):
            path, table = _place(layer)
            if path == attempt.origin:
                layer.setDataSource(attempt.store.uri(table), layer.name(), "ogr")
        if attempt.origin.parent == unsaved_folder():
            with contextlib.suppress(OSError):  # Windows keeps what a layer has just let go of
                attempt.origin.unlink()
        self._remember(self._chosen)
        if unchanged and not self._chosen:
            QgsProject.instance().write()

    def _wanted(self) -> Path:
        """Where the results of the current project belong."""
        name = QgsProject.instance().absoluteFilePath()
        if not name:
            return new_file()
        *_, path = _beside(Path(name))
        return path

    def _remember(self, chosen: bool = False) -> None:
        project = QgsProject.instance()
        if self.store:
            project.writeEntry(*ENTRY, project.writePath(str(self.store.path)))
            project.writeEntry(*CHOSEN, chosen)

    def _project_read(self) -> None:
        self._open()
        if self.store and not self.store.path.exists():
            self.missing.emit(str(self.store.path))
        self.project_changed.emit()

    def _project_closing(self) -> None:
        self._closing = True
        self.finish()

    def _project_cleared(self) -> None:
        self._closing = False
        self._use(None)
        self.project_changed.emit()

    def _project_saved(self) -> None:
        later(self, self._follow)  # a .qgz is told of as saved before it is packed

    def _follow(self) -> None:
        """Takes results that lie elsewhere beside the project, and tries what could not be written before."""
        project = QgsProject.instance()
        saved = Path(project.absoluteFilePath())
        if self.writer is None or not project.absoluteFilePath():
            return
        self.writer.start()
        place = self.writer.store.path
        beside = place.parent == saved.parent and place.stem.startswith(f"{saved.stem}_zoomearth")
        if not beside and not self.writer.unread and not project.readBoolEntry(*CHOSEN)[0]:
            self.move_to(self._wanted(), chosen=False)


def _named_by_project() -> Optional[Path]:
    """The GeoPackage that the open project names."""
    project = QgsProject.instance()
    written, known = project.readEntry(*ENTRY)
    return Path(project.readPath(written)) if known and written else None


def _beside(project: Path) -> Iterator[Path]:
    """Where a project's results may be: all files that exist, and then the first that does not."""
    stem = f"{project.stem}_zoomearth"
    for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))):
        path = project.with_name(f"{name}.gpkg")
        yield path
        if not path.exists():
            return


def _holds_exchanges(path: Path) -> bool:
    with contextlib.suppress(SceneError):
        return path.exists() and Store(path).summary()[0] > 0
    return False


def _layers(kind: str) -> list[QgsVectorLayer]:
    """Those of that kind in the project, valid or not."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.customProperty(SOURCE[kind])]


def _raster_of(layer: QgsVectorLayer, kind: str) -> str:
    """The raster whose places or answers a layer holds; an older version wrote the source alone, with its keys."""
    named = str(layer.customProperty(SOURCE[kind]))
    return named if re.search(r" \[[\w:]+\]$", named) else raster_id(named, wkt(layer.crs()))


def _id(layer: QgsRasterLayer) -> str:
    """As `Exchange.raster`."""
    return raster_id(layer.source(), wkt(layer.crs()))


def _place(layer: QgsVectorLayer) -> tuple[Path, str]:
    """The layer's file and table."""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    return Path(parts.get("path") or ""), parts.get("layerName") or ""


def _reload(layer: QgsVectorLayer) -> None:
    """Shows what another connection has written."""
    if not layer.isEditable():  # the features come with the end of the edits
        layer.reload()
        layer.updateExtents()
    layer.triggerRepaint()


def _group_title(raster: str) -> str:
    return f"ZoomEarth: {raster}"


def _title(kind: str, raster: str, layer: QgsVectorLayer) -> str:
    """For a layer of that kind, unlike that of another raster of the same name."""
    title = {ROIS: tr("Places looked at: {layer}"), ANSWERS: tr("Answers: {layer}")}[kind].format(layer=raster)
    taken = {other.name() for other in _layers(kind) if other is not layer}
    return next(name for name in (title, *(f"{title} ({n})" for n in range(2, 10_000))) if name not in taken)


def _aliases() -> dict[str, str]:
    """What QGIS calls the fields of the layers."""
    return {
        "exchange": tr("Question id"),
        "question": tr("Question"),
        "answer": tr("Answer"),
        "confidence": tr("Confidence (0 to 1)"),
        "meaningless": tr("Meaningless"),
        "step": tr("Zoom number"),
        "label": tr("Label"),
        "stopped": tr("Status"),
        "error": tr("Error"),
        "model": tr("Model"),
        "layer": tr("Layer"),
        "image": tr("Raster"),
        "bands": tr("Bands"),
        "stretch": tr("Stretch"),
        "region": tr("Region"),
        "kind": tr("Kind"),
        "roi": tr("Box in pixels of the raster"),
        "window": tr("Pixels of the raster"),
        "focus": tr("Enlarged pixels of the raster"),
        "shown": tr("Size of the picture in pixels"),
        "scale": tr("Reduction (1: full resolution)"),
        "time": tr("Time"),
    }


def _entitle(thing: Union[QgsMapLayer, QgsLayerTreeGroup], title: str) -> None:
    thing.setCustomProperty(TITLE, title)
    thing.setName(title)
