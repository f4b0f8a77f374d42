"""Ask many: every question of a list about every raster of a list, as a table."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterCrs,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..i18n import tr
from .common import Algorithm, RoiSink, asking_parameters, compare_parameter, fields_of, roi_parameter
from .questions import Row
from .rows import Tally, add_counts, answer_fields, answer_values


class AskMany(Algorithm):
    """Questions times layers."""

    def name(self) -> str:
        return "askmany"

    def displayName(self) -> str:
        return tr("Ask many rasters")

    def shortDescription(self) -> str:
        return tr("Asks each question of a list about each raster of a list. The answers become a table.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks each question about each raster and writes a table with one row for each pair: <i>layer</i>, "
            "<i>question</i>, <i>answer</i>, <i>confidence</i> (the model's own, from 0 to 1; not a probability), "
            "<i>meaningless</i> (true if the demo model was asked about an image that is not a demo scene), "
            "<i>stopped</i> (status), <i>seconds</i>, <i>model</i>, <i>error</i> and <i>exchange</i> (id of the "
            "question).</p><p>Write one question per line. A row without an answer has the reason in <i>error</i>, and "
            "the run continues. It fails only if all rows fail. At its end, the log shows how many rows have which "
            "status. If you cancel the run, a table in a file keeps the rows that are finished.</p><p>The optional layer "
            "of places looked at has the CRS that you choose. Its field <i>exchange</i> has the same value as the row of "
            "the table.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        layers = QgsProcessingParameterMultipleLayers("LAYERS", tr("Rasters"), QgsProcessing.SourceType.TypeRaster)
        layers.setHelp(tr("Any raster layers. The model sees each with the colours of its layer style in QGIS."))
        questions = QgsProcessingParameterString("QUESTIONS", tr("Questions, one per line"), None, True)
        questions.setHelp(tr("Each line is a separate question. The model does not remember the lines before. Empty lines are ignored."))
        crs = QgsProcessingParameterCrs("CRS", tr("CRS of the places looked at"), None, True)
        crs.setHelp(tr("Empty: the CRS of the first raster."))
        table = QgsProcessingParameterFeatureSink("OUTPUT", tr("Answers"), QgsProcessing.SourceType.TypeVector)
        table.setHelp(tr("A table without geometry: one row for each question about each raster."))
        for parameter in (layers, questions, compare_parameter(), *asking_parameters(), crs, table, roi_parameter("ROIS", optional=True)):
            self.addParameter(parameter)
        add_counts(self)

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        layers = self.parameterAsLayerList(parameters, "LAYERS", context)
        rasters = [layer for layer in layers if isinstance(layer, QgsRasterLayer)]
        if not rasters:
            raise QgsProcessingException(tr("There is no raster among the layers. Choose at least one."))
        self.prepare_asking(parameters, context, rasters)
        self._compares = self.compared_with(parameters, context, rasters)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        lines = self.parameterAsString(parameters, "QUESTIONS", context).splitlines()
        questions = [line.strip() for line in lines if line.strip()]
        if not questions:
            raise QgsProcessingException(tr("There is no question. Write one question per line, for example: How many ships are there?"))
        fields = fields_of({"layer": QVariant.String, "question": QVariant.String, **answer_fields(self.answer_type)})
        nowhere = QgsCoordinateReferenceSystem()
        sink, identifier = self.parameterAsSink(parameters, "OUTPUT", context, fields, QgsWkbTypes.Type.NoGeometry, nowhere)
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        chosen = self.parameterAsCrs(parameters, "CRS", context)
        rois = RoiSink(self, parameters, "ROIS", context, chosen if chosen.isValid() else self.rasters[0].crs)
        tally = Tally(feedback)
        pairs = zip(self.rasters, self._compares)
        rows = (Row(raster, question, compare=compare) for raster, compare in pairs for question in questions)
        with self.many_asker(feedback) as asker:
            for row in asker.ask_all(rows, len(self.rasters) * len(questions)):
                tally.add(row.exchange, row.raster.name)
                feature = QgsFeature(fields)
                feature.setAttributes([row.exchange.layer, row.exchange.question, *answer_values(row.exchange, self.answer_type)])
                self.add(sink, feature, parameters, "OUTPUT")
                rois.write(row.exchange, row.raster)
        return {"OUTPUT": identifier, "ROIS": rois.id, **tally.finish()}
