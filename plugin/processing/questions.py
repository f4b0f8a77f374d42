"""The questions of an algorithm: a raster layer for use on another thread, and a question about it with its exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle

from ...core.address import titled
from ...core.errors import SceneError
from ...core.events import Failed
from ...core.roi_table import stored
from ...core.source import Compare, Corner, SceneSource
from ..exchanges.exchange import Exchange, Status
from ..layers.raster_layers import needs_snapshot, scene_source, wkt
from ..layers.snapshot import Original

Outline = Tuple[Tuple[Corner, ...], ...]  # as `Where` has it


@dataclass(frozen=True)
class Raster:
    """A raster layer for another thread. scene: of a layer that the backend can read; original: of a layer that only QGIS can read."""

    name: str
    source: str
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    scene: Optional[SceneSource]
    original: Optional[Original]

    @classmethod
    def of(cls, layer: QgsRasterLayer) -> Raster:
        """Raises ValueError for a layer without a source."""
        scene, original = (None, Original.of(layer)) if needs_snapshot(layer) else (scene_source(layer), None)
        return cls(titled(layer.name(), layer.source()), layer.source(), layer.crs(), layer.extent(), scene, original)


@dataclass
class Row:
    """A question and its exchange. outline: the part of the raster, in the raster's CRS; None: the whole raster. compare: a second raster
    to compare it with."""

    raster: Raster
    question: str
    outline: Optional[Outline] = None
    compare: Optional[Compare] = None
    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        raster = self.raster
        self.exchange = Exchange(self.question, raster.source, raster.name, wkt(raster.crs))
        self.exchange.scene = stored(raster.scene) if raster.scene else None
        self.exchange.compare = stored(self.compare.source) if self.compare else None

    @property
    def over(self) -> bool:
        return self.exchange.status is not Status.RUNNING

    @property
    def extent(self) -> QgsRectangle:
        """The extent of the part that is asked about, in the raster's CRS."""
        if self.outline is None:
            return self.raster.extent
        xs, ys = zip(*(corner for ring in self.outline for corner in ring))
        return QgsRectangle(min(xs), min(ys), max(xs), max(ys))

    def fail(self, message: str, hint: str = "") -> None:
        """Ends a row that can't be asked."""
        self.exchange.hear(Failed.of(SceneError(message, hint)))
