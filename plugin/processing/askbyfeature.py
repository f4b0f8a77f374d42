"""Ask by feature: a question for each polygon of a layer, the answers as its attributes."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCsException,
    QgsExpression,
    QgsExpressionContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingUtils,
)
from qgis.PyQt.QtCore import QVariant

from ..exchange import Exchange
from ..i18n import tr
from .asker import Asker
from .common import Algorithm, RoiSink, asking_parameters, corners, error_of, fields_of, moved, refuse_if_all_failed, roi_parameter

ANSWER_FIELDS = {
    "answer": QVariant.String,
    "confidence": QVariant.Double,
    "stopped": QVariant.String,
    "model": QVariant.String,
    "error": QVariant.String,
}

STEPS = 1000  # corners along a polygon's longer extent in another CRS: a side as long as a country strays by centimetres


class AskByFeature(Algorithm):
    """The question about what of the raster lies inside each polygon."""

    def name(self) -> str:
        return "askbyfeature"

    def displayName(self) -> str:
        return tr("Ask by feature")

    def shortDescription(self) -> str:
        return tr("Asks a raster the same question inside each polygon of a layer; the answers become attributes.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks a raster a question once for each polygon, and copies the polygons with the answers as attributes: answer, "
            "confidence (0 to 1, not calibrated), stopped (why), model and error. Only what is inside the polygon is shown to the model: "
            "what is around it, and in its holes, is grey. The polygons may be in another CRS than the raster.</p>"
            '<p>The question may hold expressions that are evaluated for each feature: <i>How many ships are at [% "name" %]?</i></p>'
            "<p>A polygon that can't be asked about, such as one outside the raster, keeps its place with the reason in <i>error</i>. "
            "The run fails only where every polygon does.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("Any raster layer. Its bands and contrast limits are used as they are set in its style."))
        kind = QgsProcessing.SourceType.TypeVectorPolygon
        polygons = QgsProcessingParameterFeatureSource("POLYGONS", tr("Polygons"), [kind])
        polygons.setHelp(tr("One question is asked for each. Two thousand polygons take two thousand answers: try a few first."))
        question = QgsProcessingParameterString("QUESTION", tr("Question"))
        question.setHelp(tr('In plain words. [% "field" %] puts an attribute of the feature in, or any other expression.'))
        output = QgsProcessingParameterFeatureSink("OUTPUT", tr("Answers"), kind)
        output.setHelp(tr("The polygons with the fields answer, confidence, stopped, model and error."))
        for parameter in (raster, polygons, question, *asking_parameters(), output, roi_parameter("ROIS", optional=True)):
            self.addParameter(parameter)

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        self.prepare_asking(parameters, context, [self.raster_layer(parameters, context)])
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        source = self.parameterAsSource(parameters, "POLYGONS", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "POLYGONS"))
        self._question, self._context = self.question(parameters, context), context
        self._expressions = self.createExpressionContext(parameters, context, source)
        fields = QgsProcessingUtils.combineFields(source.fields(), fields_of(ANSWER_FIELDS))
        sink, identifier = self.parameterAsSink(parameters, "OUTPUT", context, fields, source.wkbType(), source.sourceCrs())
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        rois = RoiSink(self, parameters, "ROIS", context, self.rasters[0].crs)
        exchanges = []
        with self.asker(feedback, source.featureCount()) as asker:
            skip = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks  # `corners` makes them valid
            for feature in source.getFeatures(QgsFeatureRequest(), skip):
                if feedback.isCanceled():
                    break
                exchange = self._ask(asker, feature, source)
                exchanges.append(exchange)
                if error := error_of(exchange):
                    feedback.reportError(tr("Feature {id}: {error}").format(id=feature.id(), error=error))
                answered = QgsFeature(fields)
                answered.setGeometry(feature.geometry())
                answered.setAttributes(feature.attributes() + answers(exchange))
                self.add(sink, answered, parameters, "OUTPUT")
                rois.write(exchange, self.rasters[0])
        refuse_if_all_failed(exchanges)
        return {"OUTPUT": identifier, "ROIS": rois.id}

    def _ask(self, asker: Asker, feature: QgsFeature, source: QgsProcessingFeatureSource) -> Exchange:
        raster = self.rasters[0]
        here = QgsExpressionContext(self._expressions)
        here.setFeature(feature)
        question = QgsExpression.replaceExpressionText(self._question, here)
        failed = Exchange(question, raster.source, raster.name)
        if "[%" in question:
            asker.fail(failed, tr("The expression in the question can't be evaluated: {question}").format(question=question))
        elif feature.geometry().isEmpty():
            asker.fail(failed, tr("The feature has no geometry."))
        else:
            try:
                outline = corners(moved(feature.geometry(), source.sourceCrs(), raster.crs, self._context, STEPS))
            except QgsCsException as error:
                asker.fail(failed, tr("The feature can't be found in the raster's coordinates: {reason}").format(reason=error))
            else:
                if outline:
                    return asker.ask(raster, question, outline, self.max_zooms, self.resolution)
                asker.fail(failed, tr("The feature has no area."))
        asker.step()
        return failed


def answers(exchange: Exchange) -> list[Any]:
    """The values of ANSWER_FIELDS."""
    stopped = exchange.stopped or exchange.status.value
    return [exchange.answer, exchange.confidence, stopped, exchange.model or None, error_of(exchange)]
