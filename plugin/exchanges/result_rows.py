"""An exchange as rows of the layers of results: the values of `core/roi_table.py`, and the geometries."""

from __future__ import annotations

from typing import Any, Mapping, Union

from qgis.core import QgsGeometry, QgsPointXY
from qgis.PyQt.QtCore import QVariant

from ...core.roi_table import FIELDS, ZOOM_OUT, Facts, answer_row, view_row
from .endings import reason
from .exchange import Exchange, PicturedView, UsedTool

TYPES = {str: QVariant.String, int: QVariant.Int, float: QVariant.Double, bool: QVariant.Bool}
ROI_FIELDS = {name: TYPES[kind] for name, kind in FIELDS.items()}  # of both kinds of layers
VALUE_TYPES = {**TYPES, int: QVariant.LongLong}  # of an answer in its type: a whole number may be a large one
RESERVED = {"fid", "geom", *ROI_FIELDS}
CHECKS = ("checked", "checked_by", "checked_at", "note")  # the fields that a person writes; also of `Exchange`


def roi_values(exchange: Exchange, view: PicturedView) -> dict[str, Any]:
    """The attributes of a view after the global one, by the names of ROI_FIELDS."""
    return view_row(_facts(exchange), view, brought_back=view.label == ZOOM_OUT)


def roi_geometry(view: Union[PicturedView, UsedTool]) -> QgsGeometry:
    """The box in map units of the raster's CRS."""
    return QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in view.corners]])


def answer_values(exchange: Exchange) -> dict[str, Any]:
    """An answer's attributes, by the names of ROI_FIELDS.

    Of a row of a run, the label is the name of its polygon, and the answer is in the words of its type: the map is coloured by it.
    """
    row = answer_row(_facts(exchange), exchange.views)
    return {**row, "label": exchange.feature.name, "answer": exchange.typed_answer} if exchange.feature else {**row, "label": ""}


def typed_values(exchange: Exchange, existing: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The columns of an answer in its type, each with its QVariant type and its value; none for any text.

    existing: the types of the columns that there are, by name in small letters. A column has one type: a value of another type gets the
    name with a number.
    """
    values = {}
    kinds = exchange.answer_type.columns if exchange.answer_type else {}
    for name, value in exchange.cells.items():
        kind = VALUE_TYPES[kinds[name]]
        for column in (name, *(f"{name}_{n}" for n in range(2, 1000))):
            if column.lower() not in RESERVED and existing.get(column.lower(), kind) == kind:
                values[column] = kind, value
                break
    return values


def _facts(exchange: Exchange) -> Facts:
    return Facts(
        exchange=exchange.id,
        question=exchange.question,
        answer=exchange.answer,
        model=exchange.model,
        time=exchange.time,
        stopped=exchange.stopped or exchange.status.value,
        error=reason(exchange) or None,
        confidence=exchange.confidence,
        meaningless=exchange.meaningless,
        checked=exchange.checked,
        checked_by=exchange.checked_by,
        checked_at=exchange.checked_at,
        note=exchange.note,
        layer=exchange.layer,
        source=exchange.scene,
        region=exchange.region,
        compare=exchange.compare,
    )


def answer_geometry(exchange: Exchange) -> QgsGeometry:
    """The place asked about, a multipolygon in map units of the raster's CRS; empty where its rings are not valid."""
    shape = QgsGeometry()
    try:
        for ring in exchange.place:
            polygon = QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in ring]])
            shape = polygon if shape.isNull() else shape.symDifference(polygon)  # the even-odd rule
    except (TypeError, ValueError):  # rings of another version: the answer is stored without a place
        return QgsGeometry()
    shape.convertToMultiType()
    return shape
