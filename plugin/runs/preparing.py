"""Makes the rows of a run of the polygons of a layer, a few at each turn of the event loop, so that thousands don't block QGIS."""

from __future__ import annotations

import time
from dataclasses import dataclass

from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.roi_table import stored
from ..exchanges.exchange import Exchange, Feature
from ..exchanges.question import Question
from ..i18n import tr
from ..layers.raster_layers import needs_snapshot, raw_words, scene_source, wkt
from ..layers.scope import Place, each_feature, feature_name

TURN = 0.015  # seconds of work in one turn


@dataclass(frozen=True)
class Wanted:
    """What a run is to ask. ids: of the polygons."""

    question: Question
    polygons: QgsVectorLayer
    ids: tuple[int, ...]


class Preparing(QObject):
    """left_out: how many polygons lie outside the raster or have no area."""

    progressed = pyqtSignal(int, int)
    ended = pyqtSignal()

    def __init__(self, wanted: Wanted, parent: QObject) -> None:
        """Raises ValueError for a layer without a source."""
        super().__init__(parent)
        self.wanted, self.left_out = wanted, 0
        self.rows: list[Exchange] = []
        layer = wanted.question.layer
        self._scene = None if needs_snapshot(layer, wanted.question.raw) else stored(scene_source(layer))
        self._words = "" if self._scene is None else raw_words(layer)
        self._raster = layer.source(), layer.name(), wkt(layer.crs())
        self._features = each_feature(layer, wanted.polygons, wanted.ids)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        self._timer.start(0)

    def cancel(self) -> None:
        self._timer.stop()

    def _turn(self) -> None:
        end = time.monotonic() + TURN
        if sip.isdeleted(self.wanted.question.layer) or sip.isdeleted(self.wanted.polygons):
            self._features = iter(())
        while time.monotonic() < end:
            try:
                feature, place = next(self._features)
            except StopIteration:
                self._timer.stop()
                self.ended.emit()
                return
            if place is None:
                self.left_out += 1
            else:
                self.rows.append(self._row(feature, place))
        self.progressed.emit(len(self.rows) + self.left_out, len(self.wanted.ids))

    def _row(self, feature: QgsFeature, place: Place) -> Exchange:
        question, polygons = self.wanted.question, self.wanted.polygons
        row = Exchange(_expanded(question.text, feature, polygons), *self._raster, place.words)
        row.scene, row.region, row.seen_as, row.answer_type = self._scene, place.where, self._words, question.answer_type
        if compare := question.compare:
            row.compare, row.names = stored(compare.source), list(compare.names or ())
        row.feature = Feature(polygons.id(), feature.id(), feature_name(feature, polygons))
        return row


def _expanded(question: str, feature: QgsFeature, layer: QgsVectorLayer) -> str:
    """The question with the values of its expressions, as in Processing: [% "name" %]."""
    if "[%" not in question:
        return question
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    return str(QgsExpression.replaceExpressionText(question, context))


def outside_words(count: int, total: int, layer: QgsRasterLayer) -> str:
    """The sentence about the polygons that were left out; "" where none were."""
    text = tr("{count} of {total} polygons lie outside the layer {layer} or have no area, and were left out.")
    return text.format(count=count, total=total, layer=layer.name()) if count else ""
