"""The labels of answers about the same place: QGIS would put them side by side, so the newest one stands for all, with their number.

The layer's style reads a variable of the layer: labels need no plugin, and no search for other features while the map is drawn.
"""

from __future__ import annotations

import json
from typing import Any, Iterable

from qgis.core import QgsExpressionContextUtils, QgsVectorLayer

from .exchange import Exchange

OLDER = "zoomearth_older"  # JSON: how many older answers the label stands for, by the id of the exchange; -1: it has no label


def label_newest(layer: QgsVectorLayer, exchanges: Iterable[Exchange]) -> None:
    """Labels the newest answer of each place. exchanges: of the layer, oldest first."""
    places: dict[Any, list[str]] = {}
    for exchange in exchanges:
        if exchange.verdict is not None:
            places.setdefault(_mark(exchange.place), []).append(exchange.id)
    shared = [ids for ids in places.values() if len(ids) > 1]
    older = {id: len(ids) - 1 if id == ids[-1] else -1 for ids in shared for id in ids}
    text = json.dumps(older)
    if QgsExpressionContextUtils.layerScope(layer).variable(OLDER) != text:
        QgsExpressionContextUtils.setLayerVariable(layer, OLDER, text)


def _mark(place: list[Any]) -> Any:
    """Tells places apart without all of their corners, of which there may be many thousands: two corners of each ring, and their number.
    A file may hold places that are no rings of corners, which are not drawn."""
    rings = [ring for ring in place if isinstance(ring, (list, tuple)) and ring]
    return tuple((len(ring), str(ring[0]), str(ring[len(ring) // 2])) for ring in rings)
