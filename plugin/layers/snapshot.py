"""Snapshots: QGIS draws a part of a layer into a GeoTIFF, as the user sees the layer. For layers that GDAL can't open (XYZ, WMS, WMTS, WCS,
PostGIS rasters, ...), and for files whose style the backend can't reproduce.

    snapshot = Snapshot(parent)                              # for the panel: a QgsTask does the work
    snapshot.finished.connect(...)                           # with the file's path
    snapshot.start(layer, extent, resolution)

    original = Original.of(layer)                            # for a worker thread: call this on the layer's thread,
    path = take(original.plan(extent, resolution), feedback)  # and this on any thread

The file is written piece by piece. A piece that can't be loaded is an error, not an empty area in the picture; except tiles that the
service does not have (404): QGIS shows those as transparent too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRectangle,
    QgsTask,
)
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor

from ...core.errors import Cancelled, SceneError, ZoomEarthError
from ..i18n import rounded, tr
from .paint import paint
from .raster_layers import read_by_gdal
from .resolution import SCREEN, coarsened, own_resolutions, pixel_window, preferred, unit
from .tile_errors import Replies, Service

PIECE = 1024  # pixels: the side of a piece
OPTIONS = ["TILED=YES", "COMPRESS=LZW", "BIGTIFF=IF_SAFER"]


@dataclass(frozen=True)
class Plan:
    """A planned snapshot. extent: whole pixels of the layer's grid, in its CRS, so that no pixel is resampled; resolution: map units a
    pixel.
    """

    original: Original
    extent: QgsRectangle
    columns: int
    rows: int
    resolution: float

    @property
    def words(self) -> str:
        """A description of what the model sees, for the transcript."""
        own = self.original.resolutions
        values = {"resolution": rounded(self.resolution), "unit": unit(self.original.crs), "columns": self.columns, "rows": self.rows}
        text = tr("seen as shown in QGIS, {resolution} {unit} per pixel ({columns} x {rows} px)").format(**values)
        if len(own) == 1 and self.resolution > own[0] * 1.001:
            return text + tr(", coarser than the layer ({resolution})").format(resolution=rounded(own[0]))
        return text


@dataclass(frozen=True)
class Original:
    """Copies of what a snapshot needs of a layer, made on the layer's thread; the layer is not used afterwards.

    resolutions: the layer's own. background: the map's background colour, over which a file is drawn; None for a service: its gaps stay
    transparent.
    """

    name: str
    pipe: QgsRasterPipe
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext
    extent: QgsRectangle
    resolutions: list[float]
    service: Service
    background: Optional[QColor]

    @classmethod
    def of(cls, layer: QgsRasterLayer) -> Original:
        place = layer.crs(), layer.transformContext(), layer.extent()
        background = QgsProject.instance().backgroundColor() if read_by_gdal(layer) else None
        return cls(layer.name(), _pipe(layer), *place, own_resolutions(layer), Service(layer), background)

    def plan(self, extent: QgsRectangle, resolution: Optional[float] = None) -> Plan:
        """extent: in the layer's CRS. resolution: None means the layer's own, or about SCREEN pixels; coarser where the snapshot is too
        large.

        Raises SceneError where the extent is outside the layer, or too large for the resolution.
        """
        whole, part = self.extent, extent.intersect(self.extent)
        wanted = preferred(self.resolutions, max(part.width(), part.height()) / SCREEN)
        pixel = resolution or coarsened(self.resolutions, wanted, part)
        left, top, columns, rows = pixel_window(self.name, whole, extent, pixel)
        x, y = whole.xMinimum() + left * pixel, whole.yMaximum() - top * pixel
        return Plan(self, QgsRectangle(x, y - rows * pixel, x + columns * pixel, y), columns, rows, pixel)


def take(plan: Plan, feedback: QgsRasterBlockFeedback) -> str:
    """Writes the snapshot in the calling thread and returns its path, in QGIS's temporary folder. Raises SceneError, Cancelled."""
    original = plan.original
    path = QgsProcessingUtils.generateTempFilename("snapshot.tif")
    writer = QgsRasterFileWriter(path)
    writer.setOutputFormat("GTiff")
    writer.setCreateOptions(OPTIONS)
    writer.setMaxTileWidth(PIECE)
    writer.setMaxTileHeight(PIECE)
    try:
        with Replies(original.service) as replies:
            written = _write(plan, writer, feedback)
        if feedback.isCanceled():
            raise Cancelled
        if not written:
            message = tr("The image of the layer '{name}' can't be written to {path}.").format(name=original.name, path=path)
            raise SceneError(message, tr("Check that the disk has space and that the temporary folder can be written to."))
        replies.judge([str(error) for error in feedback.errors()])
        if original.background is None:
            _refuse_empty(path, original.name)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
    return path


def _write(plan: Plan, writer: QgsRasterFileWriter, feedback: QgsRasterBlockFeedback) -> bool:
    original = plan.original
    if original.background is not None:
        return paint(original.pipe, plan.columns, plan.rows, plan.extent, original.crs, original.background, writer, feedback)
    code = writer.writeRaster(original.pipe, plan.columns, plan.rows, plan.extent, original.crs, original.context, feedback)
    return bool(code == QgsRasterFileWriter.WriterError.NoError)


class Snapshot(QObject):
    """One snapshot, taken in the background. Exactly one of `finished`, `failed` and `cancelled` is emitted."""

    progress = pyqtSignal(int)  # percent
    finished = pyqtSignal(str)  # the file's path
    failed = pyqtSignal(str, str)  # message, hint
    cancelled = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._task: Optional[_Task] = None

    def start(self, layer: QgsRasterLayer, extent: QgsRectangle, resolution: Optional[float] = None) -> Optional[Plan]:
        """extent: in the layer's CRS; resolution: map units per pixel. Returns None where the snapshot will fail. No signal is emitted
        before the return.
        """
        task = self._task = _Task(layer.name())
        task.progressChanged.connect(self._progressed)
        task.ended.connect(self._end)
        try:
            task.plan = Original.of(layer).plan(extent, resolution)
        except SceneError as error:
            task.error = error
        _running.add(task)
        QgsApplication.taskManager().addTask(task)
        return task.plan

    def cancel(self) -> None:
        """Does nothing where the snapshot has ended."""
        if self._task:
            self._task.cancel()

    def _progressed(self, percent: float) -> None:
        self.progress.emit(round(percent))

    def _end(self, task: _Task) -> None:
        self._task = None
        if task.isCanceled():  # also where the file was complete already
            self.cancelled.emit()
        elif task.error:
            self.failed.emit(task.error.message, task.error.hint)
        else:
            self.finished.emit(task.path)


class _Task(QgsTask):
    ended = pyqtSignal(object)  # itself

    def __init__(self, name: str) -> None:
        super().__init__(tr("Image of the layer {name}").format(name=name), QgsTask.Flag.CanCancel)
        self.feedback = QgsRasterBlockFeedback()
        self.feedback.progressChanged.connect(self.setProgress, Qt.ConnectionType.DirectConnection)
        self.plan: Optional[Plan] = None
        self.path = ""
        self.error: Optional[ZoomEarthError] = None

    def run(self) -> bool:
        """Runs on a thread of the task manager; raises nothing."""
        if self.plan is None:
            return False
        try:
            self.path = take(self.plan, self.feedback)
        except ZoomEarthError as error:
            self.error = error
        except Cancelled:
            return False
        except Exception as error:
            self.error = ZoomEarthError(f"{type(error).__name__}: {error}", tr("This is an error in ZoomEarth. Please report it."))
        return bool(self.path)

    def cancel(self) -> None:
        self.feedback.cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        """Called on the main thread."""
        _running.discard(self)
        self.ended.emit(self)


_running: set[_Task] = set()  # keeps tasks alive until they have ended


def _pipe(layer: QgsRasterLayer) -> QgsRasterPipe:
    """A copy of the layer's data provider, style and resampling. Opaque, because the model sees only this layer."""
    pipe = QgsRasterPipe()
    renderer = layer.renderer().clone()
    renderer.setOpacity(1)
    filters: list[Any] = [layer.brightnessFilter(), layer.hueSaturationFilter(), layer.resampleFilter()]
    for each in [layer.dataProvider().clone(), renderer, *(each.clone() for each in filters if each is not None)]:
        pipe.set(each)
    return pipe


def _refuse_empty(path: str, name: str) -> None:
    """Raises SceneError where the whole snapshot is transparent: some providers report no error then."""
    layer = QgsRasterLayer(path, "", "gdal")
    alpha = layer.dataProvider().block(4, layer.extent(), min(256, layer.width()), min(256, layer.height()))
    if not any(bytes(alpha.data())):
        message = tr("The image of the layer '{name}' is empty.").format(name=name)
        raise SceneError(message, tr("Check whether QGIS draws the layer at this place, and read the log messages panel."))
