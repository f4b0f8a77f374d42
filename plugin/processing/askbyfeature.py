"""Ask by feature: a question for each polygon of a layer; the answers become its attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator

from qgis.core import (
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

from ..i18n import tr
from .common import (
    FEATURE,
    Algorithm,
    RoiSink,
    asking_parameters,
    compare_parameter,
    display_expression,
    fields_of,
    name_of,
    outline_of,
    roi_parameter,
)
from .questions import Row
from .rows import Tally, add_counts, answer_fields, answer_values


@dataclass
class FeatureRow(Row):
    """The question about a polygon. name: the name that QGIS displays."""

    feature: QgsFeature = field(default_factory=QgsFeature)
    name: str = ""


class AskByFeature(Algorithm):
    """A question about the part of the raster inside each polygon."""

    def name(self) -> str:
        return "askbyfeature"

    def displayName(self) -> str:
        return tr("Ask by feature")

    def shortDescription(self) -> str:
        return tr("Asks the same question about a raster inside each polygon of a layer. The answers become attributes.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks a question about a raster once for each polygon, and copies the polygons with the answer as "
            "attributes: <i>answer</i>, <i>confidence</i> (the model's own, from 0 to 1; not a probability), "
            "<i>meaningless</i> (true if the demo model was asked about an image that is not a demo scene), "
            "<i>stopped</i> (status), <i>seconds</i>, <i>model</i>, <i>error</i> and <i>exchange</i> (id of the "
            "question). The model sees only what is inside the polygon: everything else, also in the holes of the "
            "polygon, is grey. The polygons may have another CRS than the raster.</p><p>The question may contain "
            'expressions. They are evaluated for each feature: <i>How many ships are at [% "name" %]?</i></p><p>A '
            "polygon without an answer, for example outside the raster, has the reason in <i>error</i>. The run fails "
            "only if all polygons fail. At its end, the log shows how many rows have which status.</p><p>The optional "
            "layer of places looked at has the field <i>exchange</i> of the polygon, and the display name of the polygon "
            "in the field <i>feature</i>.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("Any raster layer. The model sees it with the colours of its layer style in QGIS."))
        kind = QgsProcessing.SourceType.TypeVectorPolygon
        polygons = QgsProcessingParameterFeatureSource("POLYGONS", tr("Polygons"), [kind])
        polygons.setHelp(tr("The question is asked once for each polygon. Many polygons take a long time: try a few first."))
        question = QgsProcessingParameterString("QUESTION", tr("Question"))
        question.setHelp(tr('A question in plain words. [% "field" %] inserts an attribute of the feature or any other expression.'))
        output = QgsProcessingParameterFeatureSink("OUTPUT", tr("Answers"), kind)
        output.setHelp(tr("The polygons with the answers as attributes."))
        for parameter in (
            raster,
            polygons,
            question,
            compare_parameter(),
            *asking_parameters(),
            output,
            roi_parameter("ROIS", optional=True),
        ):
            self.addParameter(parameter)
        add_counts(self)

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        self._display = display_expression(self, parameters, "POLYGONS", context)
        layer = self.raster_layer(parameters, context)
        self.prepare_asking(parameters, context, [layer])
        (self._compare,) = self.compared_with(parameters, context, [layer])
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        source = self.parameterAsSource(parameters, "POLYGONS", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "POLYGONS"))
        expressions = self.createExpressionContext(parameters, context, source)
        rows = self._rows(source, self.question(parameters, context), expressions, context)
        fields = QgsProcessingUtils.combineFields(source.fields(), fields_of(answer_fields(self.answer_type)))
        sink, identifier = self.parameterAsSink(parameters, "OUTPUT", context, fields, source.wkbType(), source.sourceCrs())
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        rois = RoiSink(self, parameters, "ROIS", context, self.rasters[0].crs, {FEATURE: QVariant.String})
        tally = Tally(feedback)
        with self.many_asker(feedback) as asker:
            for row in asker.ask_all(rows, source.featureCount()):
                tally.add(row.exchange, tr("Feature {name}").format(name=row.name))
                answered = QgsFeature(fields)
                answered.setGeometry(row.feature.geometry())
                answered.setAttributes(row.feature.attributes() + answer_values(row.exchange, self.answer_type))
                self.add(sink, answered, parameters, "OUTPUT")
                rois.write(row.exchange, row.raster, row.name)
        return {"OUTPUT": identifier, "ROIS": rois.id, **tally.finish()}

    def _rows(
        self, source: QgsProcessingFeatureSource, question: str, expressions: QgsExpressionContext, context: QgsProcessingContext
    ) -> Iterator[FeatureRow]:
        skip = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks  # `corners` makes them valid
        for feature in source.getFeatures(QgsFeatureRequest(), skip):
            here = QgsExpressionContext(expressions)
            here.setFeature(feature)
            outline, fault = outline_of(feature, source.sourceCrs(), self.rasters[0].crs, context)
            asked = QgsExpression.replaceExpressionText(question, here)
            row = FeatureRow(self.rasters[0], asked, outline, self._compare, feature=feature, name=name_of(feature, self._display, here))
            if "[%" in asked:
                fault = tr("The expression in the question can't be evaluated: {question}").format(question=asked)
            if fault:
                row.fail(fault)
            yield row
