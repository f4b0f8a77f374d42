"""What a survey has found as the rows of a run, so that a person checks each by keys: the answer to "Is this a ship?" is yes."""

from __future__ import annotations

from qgis.core import QgsFeature, QgsVectorLayer

from ...core.answer_type import BOOLEAN, CHOICE, AnswerType
from ...core.marks import singular
from ..exchanges.exchange import Exchange, Feature, Status, UsedTool
from ..i18n import tr
from .run import Run

SURVEY_ID = "survey"  # among the metrics of the run: the id of the survey's exchange
YES, NO = BOOLEAN
COUNTS = "feature"  # the kind of a thing that counts; a candidate does not


def question_about(use: UsedTool) -> str:
    return tr("Is this one: {thing}?").format(thing=singular(use.made.label))


def is_about_things(run: Run) -> bool:
    """Whether the rows of a run are what a survey has found."""
    return SURVEY_ID in run.use.made.metrics


def thing_of(row: Exchange) -> str:
    """What was found there: "ship"."""
    return row.feature.name.removesuffix(f" {row.feature.id}") if row.feature else ""


def rows_of_things(exchange: Exchange, use: UsedTool, layer: QgsVectorLayer) -> list[Exchange]:
    """A row for each feature of a survey's layer, as the model has answered it."""
    return [_row(exchange, use, layer, feature) for feature in layer.getFeatures()]


def _row(exchange: Exchange, use: UsedTool, layer: QgsVectorLayer, feature: QgsFeature) -> Exchange:
    row = Exchange(question_about(use), exchange.source, exchange.layer, exchange.crs, use.place)
    row.answer_type = AnswerType(CHOICE, BOOLEAN)
    row.scene, row.seen_as, row.model = exchange.scene, exchange.seen_as, exchange.model
    row.status, row.stopped = Status.DONE, "answered"
    row.answer = YES if feature["kind"] == COUNTS else NO
    row.value, row.meaningless = row.answer == YES, exchange.meaningless
    row.confidence = None if row.meaningless or not isinstance(feature["score"], float) else feature["score"]
    shape = feature.geometry()
    parts = shape.asMultiPolygon() if shape.isMultipart() else [shape.asPolygon()]
    row.outline = [[[point.x(), point.y()] for point in ring] for part in parts for ring in part]
    row.feature = Feature(layer.id(), feature.id(), f"{feature['label'] or use.made.label} {feature.id()}")
    return row
