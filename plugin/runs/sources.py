"""The questions about the rows of a run: of files at once, of layers that only QGIS can read after it has drawn each place as an image."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, cast

from qgis.core import QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QObject

from ...core.errors import SceneError
from ...core.requests import Ask
from ...core.source import Compare, SceneSource
from ..exchanges.exchange import Exchange
from ..i18n import tr
from ..layers.raster_layers import live_paths
from ..layers.snapshot import Snapshot

RESOLUTION = "resolution"  # among the metrics of the run: map units per pixel of the images
Sent = Callable[[list[Ask], Mapping[str, SceneError]], None]


class Sources(QObject):
    """One search at a time; it deletes the images of the one before."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Optional[Snapshot] = None
        self._images: list[str] = []
        self._cancelled = False
        self._paths: dict[str, str] = {}

    def find(self, rows: list[Exchange], layer: Optional[QgsRasterLayer], metrics: Mapping[str, Any], done: Sent) -> None:
        """Calls `done` with the questions, and with the rows that can't be asked. layer: None where it is not in the project.

        Raises SceneError where none can be asked.
        """
        self.forget()
        self._cancelled = False
        self._paths = live_paths()
        if all(row.scene for row in rows):
            asks: list[Ask] = []
            failed: dict[str, SceneError] = {}
            for row in rows:
                _add(asks, failed, row, _live(cast(SceneSource, row.scene), self._paths), self._paths)
            done(asks, failed)
        elif layer is None:
            message = tr("The layer {layer} is not in the project.").format(layer=rows[0].layer)
            raise SceneError(message, tr("Add the layer again, then continue."))
        else:
            self._draw(deque(rows), layer, metrics.get(RESOLUTION), [], {}, done)

    def cancel(self) -> None:
        self._cancelled = True
        if self._work:
            self._work.cancel()

    def _draw(
        self,
        rows: deque[Exchange],
        layer: QgsRasterLayer,
        resolution: Optional[float],
        asks: list[Ask],
        failed: dict[str, SceneError],
        done: Sent,
    ) -> None:
        if self._cancelled:
            done([], {})
            return
        if not rows:
            done(asks, failed)
            return
        row = rows.popleft()

        def go_on() -> None:
            self._work = None
            self._draw(rows, layer, resolution, asks, failed, done)

        def take(path: str) -> None:
            self._images.append(path)
            _add(asks, failed, row, SceneSource(path), self._paths)
            go_on()

        def fail(message: str, hint: str) -> None:
            failed[row.id] = SceneError(message, hint)
            go_on()

        snapshot = self._work = Snapshot(self)
        snapshot.finished.connect(take)
        snapshot.failed.connect(fail)
        snapshot.cancelled.connect(go_on)
        plan = snapshot.start(layer, _extent(row), resolution)
        row.seen_as = plan.words if plan else ""

    def forget(self) -> None:
        """Deletes the images that were drawn."""
        for path in self._images:
            Path(path).unlink(missing_ok=True)
        self._images = []


def _live(source: SceneSource, paths: Mapping[str, str]) -> SceneSource:
    return replace(source, path=paths.get(source.path, source.path))


def _add(asks: list[Ask], failed: dict[str, SceneError], row: Exchange, source: SceneSource, paths: Mapping[str, str]) -> None:
    """Adds the question about a row, or why it can't be asked, for example because an expression leaves nothing of it. paths: see
    `live_paths`."""
    compare = Compare(_live(row.compare, paths), (row.names[0], row.names[1]) if row.names else None) if row.compare else None
    try:
        asks.append(Ask(source, row.question, row.region, id=row.id, answer_type=row.answer_type, compare=compare))
    except ValueError as error:
        failed[row.id] = SceneError(str(error))


def _extent(row: Exchange) -> QgsRectangle:
    xs, ys = zip(*(corner for ring in row.place for corner in ring))
    return QgsRectangle(min(xs), min(ys), max(xs), max(ys))
