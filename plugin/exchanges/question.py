"""A question about a raster layer, as the user puts it, for one place or for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsRasterLayer

from ...core.answer_type import AnswerType
from ...core.source import Compare


@dataclass(frozen=True)
class Question:
    """answer_type: what the answer must be; None for any text. resolution: map units per pixel of the snapshot, for a layer that GDAL can't
    read. raw: the model is shown the values of the file, not the layer's style. compare: a second raster, see `raster_layers.compared`.
    tools: the model may use tools; about many places it uses none.
    """

    layer: QgsRasterLayer
    text: str
    answer_type: Optional[AnswerType] = None
    resolution: Optional[float] = None
    raw: bool = False
    compare: Optional[Compare] = None
    tools: bool = False
