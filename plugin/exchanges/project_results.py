"""Which GeoPackage stores a project's exchanges.

The results of a saved project are in `<project>_zoomearth.gpkg` beside it. Until the project is saved, they are in a file in the user's
data folder, which stays when QGIS closes. Saving the project moves the results beside it, and "save as" copies them for the new project.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Optional, cast

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ..i18n import tr
from ..qt_later import later
from .attempt import Attempt
from .exchange import Exchange, UsedTool
from .made_files import MadeFiles
from .result_fields import Picture
from .result_layers import RASTER, ResultLayers
from .result_rows import CHECKS
from .result_tables import ANSWERS, ROIS
from .results_file import ResultsFile
from .unsaved import new_file, unsaved_folder, waiting_file
from .writer import Writer

ENTRY = ("zoomearth", "results")  # in the project file: the GeoPackage, as the project writes paths
CHOSEN = ("zoomearth", "chosen")  # whether the user has chosen that file, so that it stays where it is
PATIENCE = 5.0  # seconds that closing a project waits for the last answers to be written


class ProjectResults(QObject):
    """The results of the current project; their file is chosen when the first question is asked."""

    project_changed = pyqtSignal()
    changed = pyqtSignal()  # something was written, moved or failed
    settled = pyqtSignal(str)  # the id of an exchange: it was written, or `trouble` says why not
    recovered = pyqtSignal(list)  # the exchanges of a file that could not be read before
    refused = pyqtSignal(str, str)  # the results could not be moved: message and hint
    edited = pyqtSignal(str, dict)  # the id of an exchange, and what the user has written into its answer's feature, by field
    missing = pyqtSignal(str)  # the path of a results file that does not exist

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.writer: Optional[Writer] = None
        self._layers = ResultLayers(lambda: self.writer.exchanges if self.writer else [])
        self._picture = Picture(lambda id: self.writer.exchange(id) if self.writer else None)
        self._picture.register()
        self.made = MadeFiles(lambda: self.file, self.begin)
        self._chosen = False  # whether the move under way is the user's choice
        self._closing = False  # whether the project is being cleared: no layer may be added then
        self.before_move: Callable[[Callable[[], None]], None] = lambda move: move()  # who writes to the folder stops first
        self._open()
        project = QgsProject.instance()
        self._watch(project.mapLayers().values())
        self._connections = (
            (project.readProject, self._project_read),
            (project.removeAll, self._project_closing),
            (project.cleared, self._project_cleared),
            (project.projectSaved, self._project_saved),
            (project.layersAdded, self._watch),
            (project.layerTreeRoot().nameChanged, self._layers.rename),
        )
        for signal, slot in self._connections:
            signal.connect(slot)

    def close(self) -> None:
        """Waits for the writer and disconnects from the project."""
        self.finish()
        self._use(None)
        self._picture.unregister()
        for signal, slot in self._connections:
            signal.disconnect(slot)

    @property
    def file(self) -> Optional[ResultsFile]:
        return self.writer.file if self.writer else None

    @property
    def temporary(self) -> bool:
        """Whether the results are in a file in the user's data folder."""
        return self.file is not None and self.file.path.parent == unsaved_folder()

    @property
    def writing(self) -> bool:
        """Whether a change has not been tried yet."""
        return self.writer is not None and self.writer.writing

    @property
    def trouble(self) -> str:
        """What is wrong with the file, and where the answers are that could not be written to it; "" where the file has everything."""
        writer = self.writer
        if writer is None or writer.error is None:
            return ""
        if not (count := len(writer.unwritten)):
            return f"{writer.error.message} {writer.error.hint}"
        if not writer.safe:
            where = tr("Answers that are only in memory: {count}. {hint}").format(count=count, hint=writer.error.hint)
        else:
            where = tr("Answers in the temporary file {path}: {count}. ZoomEarth tries again automatically.").format(
                count=count, path=waiting_file(writer.file.path)
            )
        return f"{writer.error.message} {where}"

    def finish(self) -> None:
        """Waits until each change has been tried once."""
        if self.writer:
            self.writer.finish(PATIENCE)

    def read(self) -> list[Exchange]:
        """The project's exchanges, oldest first."""
        return self.writer.read() if self.writer else []

    def reload(self) -> list[Exchange]:
        """Reads the exchanges and reloads the layers: another program may have written to the file."""
        exchanges = self.read()
        self._layers.reload()
        return exchanges

    def begin(self) -> ResultsFile:
        """The file; chooses one for a project that has none."""
        if self.writer is None:
            path = self._wanted()
            self._use(ResultsFile(path), new=True)
            self._remember()
        return cast(Writer, self.writer).file

    def keep(self, exchange: Exchange) -> None:
        """Writes an exchange that has ended, and adds its features to the map; `settled` is emitted afterwards."""
        self.begin()
        if self.writer:
            self.writer.keep(exchange)

    def remove(self, exchange: Exchange) -> None:
        """Removes an exchange with its features."""
        if self.writer:
            self.writer.remove(exchange)

    def move_to(self, path: Path, chosen: bool = True) -> None:
        """Moves the results to another file, and the layers with them. chosen: the user chose the file, so that it stays there.

        `changed` or `refused` is emitted afterwards.
        """
        if self.writer and path != self.writer.file.path:
            self._chosen = chosen
            self.before_move(lambda: self._move_to(path))

    def _move_to(self, path: Path) -> None:
        if self.writer:
            self.writer.move_to(path)

    def show_uses(self, exchange: Exchange) -> None:
        """Adds what tools have made of the exchange to the project, where it lacks it."""
        for use in exchange.uses:
            self.show_use(exchange, use)

    def show_use(self, exchange: Exchange, use: UsedTool) -> None:
        """The same of one of them."""
        if self.file:
            self._layers.show_use(exchange, use, self.file.folder / use.made.out)

    def reload_use(self, use: UsedTool) -> None:
        """Shows what the layer's file has now."""
        self._layers.reload_use(use)

    def color_use(self, use: UsedTool, answers: Iterable[Optional[str]]) -> None:
        """Colours the layer of a run by its answers."""
        self._layers.color_use(use, answers)

    def hide_use(self, use: UsedTool) -> None:
        """Removes the layer of a use of a tool; its file stays."""
        self._layers.hide_use(use)

    def use_layer(self, use: UsedTool) -> Optional[QgsMapLayer]:
        return self._layers.of_use(use)

    def raster_layer(self, exchange: Exchange) -> Optional[QgsRasterLayer]:
        """The layer that the exchange is about."""
        return self._layers.raster_layer(exchange.raster)

    def rois(self, exchange: Exchange) -> Optional[QgsVectorLayer]:
        """The layer of the places looked at in the exchange's raster."""
        return self._layers.layer(ROIS, exchange.raster)

    def layers(self, kind: str = ROIS) -> list[QgsVectorLayer]:
        """All valid layers of results of that kind in the project."""
        return self._layers.of_kind(kind)

    def _use(self, file: Optional[ResultsFile], new: bool = False) -> None:
        """Changes to another file, or to none. new: ZoomEarth chose the path, so another path may replace it where it can't be written."""
        before, self.writer = self.writer, None
        if before:
            before.ended.disconnect(self._ended)
            before.settled.disconnect(self.settled)
            before.detach()
        if file:
            self.writer = Writer(file, new_file if new else None, self)
            self.writer.ended.connect(self._ended)
            self.writer.settled.connect(self.settled)

    def _open(self) -> None:
        path = _file_in_project()
        self._use(ResultsFile(path) if path else None)
        if path is None:
            self._adopt()

    def _adopt(self) -> None:
        """Uses a results file beside a project that names none: the project was not saved after its first question."""
        project = QgsProject.instance().absoluteFilePath()
        existing = [path for path in _beside(Path(project)) if _holds_exchanges(path)] if project else []
        if existing:
            self._use(ResultsFile(max(existing, key=lambda path: path.stat().st_mtime)))
            self._remember()
            for exchange in self.read():  # their layers are not in the project either
                self.keep(exchange)
                self.show_uses(exchange)

    def _ended(self, attempt: Attempt) -> None:
        if self._closing:
            return
        project = QgsProject.instance()
        unchanged = not project.isDirty()
        if attempt.written:
            self._layers.show(attempt.file, attempt.written)
            if attempt.written.tables:
                project.setDirty(True)
        if attempt.refused:
            self.refused.emit(attempt.refused.message, attempt.refused.hint)
        elif attempt.target:
            self._moved(attempt, unchanged)
        elif attempt.file.path != attempt.origin:  # the file could not be created at the path that was chosen first
            self._remember()
        if attempt.recovered is not None:
            self.recovered.emit(attempt.recovered)
        self.changed.emit()

    def _moved(self, attempt: Attempt, unchanged: bool) -> None:
        """Points the layers and the project at the moved results. unchanged: the project had no unsaved change before."""
        unsaved = attempt.origin.parent == unsaved_folder()
        attempt.file.take(ResultsFile(attempt.origin), delete=False)
        self._layers.follow(attempt.origin, attempt.file)
        if unsaved:
            with contextlib.suppress(OSError):  # Windows locks a file for a moment after a layer has closed it
                attempt.origin.unlink()
            attempt.file.take(ResultsFile(attempt.origin), delete=True)
        self._remember(self._chosen)
        if unchanged and not self._chosen:
            QgsProject.instance().write()

    def _watch(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            if isinstance(layer, QgsVectorLayer) and layer.customProperty(RASTER[ANSWERS]):
                layer.committedAttributeValuesChanges.connect(self._committed)

    def _committed(self, id: str, changes: dict[int, dict[int, Any]]) -> None:
        """Announces the checks among the user's edits of a layer of answers. changes: values by feature and place of the field."""
        layer = QgsProject.instance().mapLayer(id)
        if not isinstance(layer, QgsVectorLayer):
            return
        names = layer.fields().names()
        for feature, values in changes.items():
            written = {names[at]: str(value) if value else None for at, value in values.items() if names[at] in CHECKS}
            if written:
                self.edited.emit(layer.getFeature(feature)["exchange"], written)

    def _wanted(self) -> Path:
        """The path for the results of the current project."""
        name = QgsProject.instance().absoluteFilePath()
        if not name:
            return new_file()
        *_, path = _beside(Path(name))
        return path

    def _remember(self, chosen: bool = False) -> None:
        project = QgsProject.instance()
        if self.file:
            project.writeEntry(*ENTRY, project.writePath(str(self.file.path)))
            project.writeEntry(*CHOSEN, chosen)

    def _project_read(self) -> None:
        self._open()
        if self.file and not self.file.path.exists():
            self.missing.emit(str(self.file.path))
        self.project_changed.emit()

    def _project_closing(self) -> None:
        self._closing = True
        self.finish()

    def _project_cleared(self) -> None:
        self._closing = False
        self._use(None)
        self.project_changed.emit()

    def _project_saved(self) -> None:
        later(self, self._follow)  # QGIS emits the signal before it has packed a .qgz

    def _follow(self) -> None:
        """Moves results from elsewhere beside the saved project, and tries again what could not be written."""
        project = QgsProject.instance()
        saved = Path(project.absoluteFilePath())
        if self.writer is None or not project.absoluteFilePath():
            return
        self.writer.start()
        place = self.writer.file.path
        beside = place.parent == saved.parent and place.stem.startswith(f"{saved.stem}_zoomearth")
        if not beside and not self.writer.unread and not project.readBoolEntry(*CHOSEN)[0]:
            self.move_to(self._wanted(), chosen=False)


def _file_in_project() -> Optional[Path]:
    """The path of the GeoPackage that the open project names."""
    project = QgsProject.instance()
    entry, exists = project.readEntry(*ENTRY)
    return Path(project.readPath(entry)) if exists and entry else None


def _beside(project: Path) -> Iterator[Path]:
    """Possible paths of a project's results: all files that exist, then the first path that does not exist."""
    stem = f"{project.stem}_zoomearth"
    for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))):
        path = project.with_name(f"{name}.gpkg")
        yield path
        if not path.exists():
            return


def _holds_exchanges(path: Path) -> bool:
    with contextlib.suppress(SceneError):
        return path.exists() and ResultsFile(path).summary()[0] > 0
    return False
