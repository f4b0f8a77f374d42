"""Uses tools on parts of rasters through the backend, and hands what they make to the session. No widgets.

runs.start(Wanted(layer, UseTool("denoising"), where, place, corners), exchange)
runs.made.connect(...)       # (exchange, use): it is stored, and its layer is in the project
runs.failed.connect(...)     # (message, hint)
"""

from __future__ import annotations

import base64
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional, Tuple

from qgis.core import QgsFeature, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.errors import SceneError
from ...core.events import Done, Event, Failed, Last, Progress, ToolResult
from ...core.requests import RunTool
from ...core.roi_table import stored
from ...core.source import Corner, Where
from ...core.tools import MASK, UseTool, tool_named
from ..child.backend_process import Job
from ..layers.polygons_file import write_polygons
from ..layers.raster_layers import tool_source, wkt
from .exchange import Exchange, Status, UsedTool
from .result_tables import slug
from .session import Session

PICTURE = 768  # pixels of the longer side of the pictures before and after


@dataclass(frozen=True)
class Wanted:
    """A tool to be used. where: None for the whole raster. place: the part, in words; corners: of its box, closed, in map units.

    mask: its polygons say where to work, the selected ones where some are selected.
    """

    layer: QgsRasterLayer
    use: UseTool
    where: Optional[Where]
    place: str
    corners: Tuple[Corner, ...]
    mask: Optional[QgsVectorLayer] = None


@dataclass
class _Run:
    exchange: Exchange
    wanted: Wanted
    out: Path
    folder: Optional[tempfile.TemporaryDirectory[str]]  # of the mask
    job: Job


class ToolRuns(QObject):
    """The backend works on them in order, between questions."""

    made = pyqtSignal(object, object)  # Exchange, UsedTool
    failed = pyqtSignal(str, str)
    progressed = pyqtSignal(str, int, int)
    changed = pyqtSignal()  # one was started or has ended

    def __init__(self, session: Session, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs: list[_Run] = []
        session.results.project_changed.connect(self._forget)

    @property
    def busy(self) -> bool:
        return bool(self._runs)

    def start(self, wanted: Wanted, exchange: Optional[Exchange] = None) -> None:
        """Begins to work. exchange: the question that the place comes from; None: what is made becomes an exchange of its own.

        Raises SceneError where QGIS alone can read the layer, the mask has no polygon, or nothing can be written.
        """
        try:
            source = tool_source(wanted.layer)
        except ValueError as error:
            raise SceneError(str(error)) from None
        folder, use = None, wanted.use
        if wanted.mask:
            folder = tempfile.TemporaryDirectory(prefix="zoomearth-")
            mask = Path(folder.name) / "mask.gpkg"
            write_polygons(_features(wanted.mask), wanted.mask.crs(), mask)
            use = replace(use, mask=str(mask))
        if exchange is None:
            exchange = Exchange("", wanted.layer.source(), wanted.layer.name(), wkt(wanted.layer.crs()), wanted.place)
            exchange.outline = [[[x, y] for x, y in wanted.corners]]
            exchange.scene, exchange.region, exchange.status = stored(source), wanted.where, Status.DONE
        out = self._session.results.made.new_path(_name(wanted, exchange), [run.out.name for run in self._runs])
        job = self._session.backend.submit(RunTool(source, use, str(out), wanted.where, PICTURE))
        run = _Run(exchange, wanted, out, folder, job)
        self._runs.append(run)
        job.heard.connect(self._hear)
        job.ended.connect(lambda last: self._end(run, last))
        self.progressed.emit("starting", 0, 0)
        self.changed.emit()

    def cancel(self) -> None:
        """Cancels all of them; nothing of them stays."""
        for run in list(self._runs):
            run.job.cancel()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.stage, event.done, event.total)

    def _forget(self) -> None:
        """The project was closed."""
        runs, self._runs = self._runs, []
        for run in runs:
            run.job.cancel()
        self.changed.emit()

    def _end(self, run: _Run, last: Last) -> None:
        if run.folder:
            with suppress(OSError):  # Windows: the backend may hold the mask open
                run.folder.cleanup()
        current = run in self._runs
        if current:
            self._runs.remove(run)
        if isinstance(last, Done) and isinstance(last.result, ToolResult):
            if current and (run.exchange in self._session.exchanges or not run.exchange.question):
                self._store(run, last.result)
            else:
                run.out.unlink(missing_ok=True)  # nobody waits for it
        elif isinstance(last, Failed) and current:
            self.failed.emit(last.message, last.hint)
        with suppress(OSError):  # other files are in it
            run.out.parent.rmdir()
        self.changed.emit()

    def _store(self, run: _Run, result: ToolResult) -> None:
        try:
            name = self._session.results.made.brought(run.out)
        except SceneError as error:
            self.failed.emit(error.message, error.hint)
            return
        before, after = (base64.b64decode(picture or "") for picture in (result.before, result.after))
        use = UsedTool(replace(result.made, out=name), run.wanted.place, run.wanted.corners, before, after)
        self._session.add_use(run.exchange, use)
        self.made.emit(run.exchange, use)


def _features(layer: QgsVectorLayer) -> list[QgsFeature]:
    return list(layer.getSelectedFeatures() if layer.selectedFeatureCount() else layer.getFeatures())


def _name(wanted: Wanted, exchange: Exchange) -> Path:
    """A name that says what the file holds."""
    tool = tool_named(wanted.use.tool)
    words = [slug(exchange.layer), tool.name.replace("-", "_"), slug(wanted.use.label) if wanted.use.label else ""]
    words.append("synthetic" if tool.synthetic else "")
    return Path("_".join(filter(None, words)) + (".gpkg" if tool.gives == MASK else ".tif"))
