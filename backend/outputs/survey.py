"""The file of a survey: a layer `features` with the things that were found, and a layer `views` with what has become of each view.

A GeoPackage grows while the survey runs, and can be open in QGIS meanwhile. A Shapefile or GeoJSON has the features only, and is written at
the end. The file is made anew from the readings (`backend/surveys/driver.py`) whenever the survey is continued.
"""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

import shapely

from ...core.errors import SceneError
from ...core.geometry import Box
from ...core.pieces import Feature
from ...core.roi_table import stored
from ...core.survey import Record
from .rois import polygon, write_polygons
from .writing import write_file

if TYPE_CHECKING:
    from ..scene.scene import Scene

FEATURES: dict[str, type] = {
    "target": str,
    "kind": str,
    "label": str,
    "score": float,
    "box": str,
    "view": str,
    "scale": float,
    "pieces": int,
    "meaningless": bool,
    "image": str,
    "bands": str,
    "model": str,
    "time": str,
}
"""kind: "feature", or "candidate", which does not count. box: "left,top,right,bottom" in source pixels. view: the id of the view in which
it was seen best; scale: of that view, source pixels per shown pixel; pieces: the marks that it is made of. time: of the run that wrote it,
UTC."""
VIEWS: dict[str, type] = {"view": str, "state": str, "why": str, "marks": int, "views": int, "scale": float}
"""A view's own part of the scene, without its overlap. views: how many views of the finest scale a part stands for that was not seen."""
PAUSE = 2.0  # seconds between two additions: each costs about 0.1 s


class SurveyFile:
    """Give features and records, then `close`, which raises SceneError where the disk is full or another program holds the file. While the
    survey runs, what can't be written is kept and tried again."""

    def __init__(self, path: Path, scene: Scene, target: str, model: str, meaningless: bool) -> None:
        self.path, self._grid = path, scene.grid
        source = stored(scene.source)
        self._same: dict[str, Any] = {
            "target": target,
            "meaningless": meaningless,
            "image": source.path,
            "bands": ",".join(map(str, source.bands)) if source.bands else "",
            "model": model,
            "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self._crs = scene.grid.crs if scene.grid else ""
        self._grows = path.suffix.lower() == ".gpkg"
        self._features: list[Feature] = []
        self._records: list[Record] = []
        self._written = time.monotonic()
        if self._grows:
            write_file(path, self._begin)

    def add(self, features: Sequence[Feature], records: Sequence[Record]) -> None:
        self._features += features
        if self._grows:
            self._records += records
            if time.monotonic() - self._written >= PAUSE:
                with contextlib.suppress(SceneError):
                    self._append()
                self._written = time.monotonic()

    def close(self) -> None:
        """Writes what is left."""
        if self._grows:
            return self._append()
        rows = [self._row(feature) for feature in self._features]
        shapes = [self._polygon(feature.box) for feature in self._features]
        write_file(self.path, lambda new: write_polygons(new, shapes, rows, self._crs, FEATURES, "features"))

    def _begin(self, path: Path) -> None:
        for layer, table in (("features", FEATURES), ("views", VIEWS)):
            write_polygons(path, [], [], self._crs, table, layer)

    def _append(self) -> None:
        try:
            if self._features:
                rows = [self._row(feature) for feature in self._features]
                shapes = [self._polygon(feature.box) for feature in self._features]
                write_polygons(self.path, shapes, rows, self._crs, FEATURES, "features", append=True)
                self._features = []
            if self._records:
                rows = [_row_of(record) for record in self._records]
                shapes = [self._polygon(record.cell) for record in self._records]
                write_polygons(self.path, shapes, rows, self._crs, VIEWS, "views", append=True)
                self._records = []
        except (OSError, RuntimeError) as error:
            hint = "Close it in other programs and make room on the disk; the same command continues from here."
            raise SceneError(f"{self.path} can't be written: {str(error).rstrip('.')}.", hint) from error

    def _row(self, feature: Feature) -> dict[str, Any]:
        return {
            **self._same,
            "kind": "candidate" if feature.candidate else "feature",
            "label": feature.label,
            "score": None if feature.score is None else round(feature.score, 4),
            "box": ",".join(f"{side:.10g}" for side in feature.box),
            "view": feature.view,
            "scale": round(feature.scale, 4),
            "pieces": feature.pieces,
        }

    def _polygon(self, box: Box) -> Any:
        return shapely.Polygon(polygon(box, self._grid))


def _row_of(record: Record) -> dict[str, Any]:
    return {
        "view": record.id,
        "state": record.state.value,
        "why": record.why,
        "marks": record.marks,
        "views": record.views,
        "scale": round(record.scale, 4),
    }
