"""The outline of each thing that a survey has found, by the segmentation tool. They are kept in a file beside the readings: a survey that
goes on outlines nothing twice, but what failed.

    outliner = Outliner(scene, journal)
    outliner.outline(feature)              # an Outline; its shape is None where the box must do
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import shapely

from ...core.errors import Cancelled, as_ours
from ...core.geometry import Box
from ...core.pieces import Feature
from ..engines import never
from ..outputs.survey import Outline, name_of
from ..records import Journal
from ..scene.scene import Scene
from ..tools.run import outline_of

DECIMALS = 2  # of a pixel, in the file
GRID = 10.0**-DECIMALS
STOPPED = "the survey was stopped before it was outlined"


Outlines = Journal[tuple[str, Outline]]


def read_outline(row: Mapping[str, Any]) -> tuple[str, Outline]:
    """A line of the file."""
    return row["box"], Outline(shapely.from_wkt(row["shape"]), row["backend"], row["confidence"], row["note"])


def write_outline(line: tuple[str, Outline]) -> dict[str, Any]:
    name, outline = line
    shape = shapely.to_wkt(outline.shape, rounding_precision=DECIMALS)
    return {"box": name, "shape": shape, "backend": outline.backend, "confidence": outline.confidence, "note": outline.note}


class Outliner:
    """Outlines the things of one scene. After a cancellation only what the file has; the rest are boxes until the survey goes on.

    boxes: how many things have no outline.
    """

    def __init__(self, scene: Scene, journal: Outlines, cancelled: Callable[[], bool] = never) -> None:
        self._scene, self._journal, self._cancelled = scene, journal, cancelled
        self.boxes = 0

    def outline(self, feature: Feature) -> Outline:
        """Whatever goes wrong costs this thing its mask only. Raises DataError where the file can't be written."""
        name = name_of(feature.box)
        _, outline = self._journal.lines.pop(name, ("", None))  # what has been used needs no memory
        if outline is None:
            outline = self._made(feature.box)
            if outline.shape is not None:  # what failed is tried again
                self._journal.add((name, outline))
                self._journal.lines.pop(name)
        self.boxes += outline.shape is None
        return outline

    def _made(self, box: Box) -> Outline:
        try:
            parts, result = outline_of(self._scene, box, self._cancelled)
            joined = shapely.union_all(parts, grid_size=GRID)
            rounded = shapely.transform(joined, lambda corners: corners.round(DECIMALS))  # as the file has it
            shape = shapely.multipolygons(shapely.get_parts(rounded))
        except Cancelled:
            return Outline(note=STOPPED)
        except Exception as error:  # a reader may raise any error for a damaged file
            return Outline(note=as_ours(error).message)
        if shape.is_empty:
            return Outline(note="the outline has no area")
        return Outline(shape, result.backend, result.confidence, " ".join(result.notes))
