"""The file of a survey: a layer `features` with the things that were found, and a layer `views` with what has become of each view.

A GeoPackage grows while the survey runs, and can be open in QGIS meanwhile. A Shapefile or GeoJSON has the features only, and is written at
the end. The file is made anew from the readings (`backend/surveys/driver.py`) whenever the survey is continued.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

import shapely

from ...core.errors import SceneError
from ...core.geometry import Box
from ...core.pieces import Feature
from ...core.roi_table import stored
from ...core.survey import Record
from .rois import polygon, polygon_on_map, write_polygons
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
MASKS: dict[str, type] = {"mask": str, "mask_score": float, "mask_note": str}
"""Further columns of a survey with masks. mask: the backend that made the outline, "box" where the box stands for it; mask_score: its
confidence, not calibrated; mask_note: what a person must know of it."""
PAUSE = 2.0  # seconds between two additions: each costs about 0.1 s


@dataclass(frozen=True)
class Outline:
    """Of a thing. shape: a shapely MultiPolygon in source pixels; None: the box stands for it. backend: of the tool, "" of a box;
    confidence: 0 to 1; note: what a person must know of the mask, or why there is none."""

    shape: Any = None
    backend: str = ""
    confidence: float | None = None
    note: str = ""


def name_of(box: Box) -> str:
    """A box as a text: "left,top,right,bottom" in source pixels."""
    return ",".join(f"{side:.10g}" for side in box)


class SurveyFile:
    """Give features and records, then `close`, which raises SceneError where the disk is full or another program holds the file. While the
    survey runs, what can't be written is kept and tried again."""

    def __init__(
        self, path: Path, scene: Scene, target: str, model: str, meaningless: bool, outline: Callable[[Feature], Outline] | None = None
    ) -> None:
        """outline: gives a thing the outline that is written in place of its box."""
        self.path, self._grid, self._outline = path, scene.grid, outline
        self._table = {**FEATURES, **MASKS} if outline else FEATURES
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
        self._features: list[tuple[Feature, Outline | None]] = []
        self._records: list[Record] = []
        self._written = time.monotonic()
        if self._grows:
            write_file(path, self._begin)

    def add(self, features: Sequence[Feature], records: Sequence[Record]) -> None:
        self._features += [(feature, self._outline and self._outline(feature)) for feature in features]
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
        write_file(self.path, lambda new: self._write_features(new, self._features, append=False))

    def _begin(self, path: Path) -> None:
        self._write_features(path, [], append=False)
        write_polygons(path, [], [], self._crs, VIEWS, "views")

    def _write_features(self, path: Path, features: Sequence[tuple[Feature, Outline | None]], append: bool) -> None:
        rows = [self._row(*each) for each in features]
        shapes = [self._shape(*each) for each in features]
        write_polygons(path, shapes, rows, self._crs, self._table, "features", append, several=self._outline is not None)

    def _append(self) -> None:
        try:
            if self._features:
                self._write_features(self.path, self._features, append=True)
                self._features = []
            if self._records:
                rows = [_row_of(record) for record in self._records]
                shapes = [self._polygon(record.cell) for record in self._records]
                write_polygons(self.path, shapes, rows, self._crs, VIEWS, "views", append=True)
                self._records = []
        except (OSError, RuntimeError) as error:
            hint = "Close it in other programs and make room on the disk; the same command continues from here."
            raise SceneError(f"{self.path} can't be written: {str(error).rstrip('.')}.", hint) from error

    def _row(self, feature: Feature, outline: Outline | None) -> dict[str, Any]:
        masked: dict[str, Any] = {}
        if outline:
            confidence = None if outline.confidence is None else round(outline.confidence, 3)
            masked = {"mask": outline.backend or "box", "mask_score": confidence, "mask_note": outline.note}
        return {
            **self._same,
            **masked,
            "kind": "candidate" if feature.candidate else "feature",
            "label": feature.label,
            "score": None if feature.score is None else round(feature.score, 4),
            "box": name_of(feature.box),
            "view": feature.view,
            "scale": round(feature.scale, 4),
            "pieces": feature.pieces,
        }

    def _shape(self, feature: Feature, outline: Outline | None) -> Any:
        return polygon_on_map(outline.shape, self._grid) if outline and outline.shape else self._polygon(feature.box)

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
