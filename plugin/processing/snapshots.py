"""Snapshots of layers that only QGIS can read: taken when a row needs one, shared by rows with the same place, a few at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, cast

from qgis.core import QgsProcessingFeedback, QgsRasterBlockFeedback
from qgis.PyQt.QtCore import Qt

from ...core.errors import Cancelled, SceneError
from ...core.requests import AT_ONCE
from ...core.source import SceneSource
from ..i18n import tr
from ..layers.resolution import LIMIT
from ..layers.snapshot import Original, Plan, take
from .questions import Row


class Snapshots:
    """At most AT_ONCE, with LIMIT pixels together. resolution: map units per pixel; None: see `Original.plan`."""

    def __init__(self, feedback: QgsProcessingFeedback, resolution: Optional[float]) -> None:
        self._feedback, self._resolution = feedback, resolution
        self._taken: list[tuple[Plan, str]] = []  # with their paths

    def has_room(self, row: Row) -> bool:
        """Whether the row can be asked now: it needs no new snapshot, or one more may be taken."""
        plan = self._plan(row)
        if plan is None or any(plan == each for each, _ in self._taken):
            return True
        pixels = sum(each.columns * each.rows for each in (plan, *(each for each, _ in self._taken)))
        return len(self._taken) < AT_ONCE and pixels <= LIMIT

    def source(self, row: Row) -> SceneSource:
        """The source for the backend: the row's raster, or a snapshot of it. Raises SceneError, Cancelled."""
        if row.raster.scene:
            return row.raster.scene
        plan = cast(Original, row.raster.original).plan(row.extent, self._resolution)
        path = next((path for each, path in self._taken if each == plan), "")
        if not path:
            path = self._take(plan)
            self._taken.append((plan, path))
        return SceneSource(path)

    def forget(self, but: Optional[Row] = None) -> None:
        """Deletes all snapshots except the one that this row needs."""
        plan = but and self._plan(but)
        for each, path in self._taken:
            if each != plan:
                Path(path).unlink(missing_ok=True)
        self._taken = [(each, path) for each, path in self._taken if each == plan]

    def _plan(self, row: Row) -> Optional[Plan]:
        """None where no snapshot is needed or possible."""
        try:
            return row.raster.original.plan(row.extent, self._resolution) if row.raster.original else None
        except SceneError:
            return None

    def _take(self, plan: Plan) -> str:
        self._feedback.setProgressText(tr("Drawing the layer as an image"))
        self._feedback.pushInfo(plan.words)
        block = QgsRasterBlockFeedback()
        direct = Qt.ConnectionType.DirectConnection  # this thread is busy meanwhile
        self._feedback.canceled.connect(block.cancel, direct)
        try:
            if self._feedback.isCanceled():
                raise Cancelled
            return take(plan, block)
        finally:
            self._feedback.canceled.disconnect(block.cancel)
