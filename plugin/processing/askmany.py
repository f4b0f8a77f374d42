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
from .common import Algorithm, RoiSink, asking_parameters, fields_of, roi_parameter
from .rows import ANSWER_FIELDS, Tally, add_counts, answer_values

ROW_FIELDS = {"layer": QVariant.String, "question": QVariant.String, **ANSWER_FIELDS}


class AskMany(Algorithm):
    """Questions times layers."""

    def name(self) -> str:
        return "askmany"

    def displayName(self) -> str:
        return tr("Ask many")

    def shortDescription(self) -> str:
        return tr("Asks every question of a list about every raster of a list; the answers become a table.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks each question about each raster, one after another, and writes a row for every pair: layer, question, answer, "
            "confidence (0 to 1, not calibrated), meaningless (the demo model was asked about something else than a generated scene), "
            "stopped (why), seconds, model, error and exchange.</p>"
            "<p>Questions stand one on a line. A row without an answer has the reason in <i>error</i> and the run goes on; it fails only "
            "where every row does. The log ends with how many rows ended in which way. After a cancel, a table that is written to a file "
            "holds what was answered until then.</p>"
            "<p>The regions of interest, if they are wanted, go into one layer in the CRS you choose; their <i>exchange</i> is that of the "
            "row they belong to.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        layers = QgsProcessingParameterMultipleLayers("LAYERS", tr("Rasters"), QgsProcessing.SourceType.TypeRaster)
        layers.setHelp(tr("Any raster layers, each with its own CRS, bands and contrast limits."))
        questions = QgsProcessingParameterString("QUESTIONS", tr("Questions, one on a line"), None, True)
        questions.setHelp(tr("Each line is asked by itself; the model remembers nothing of the line before. Blank lines are passed over."))
        crs = QgsProcessingParameterCrs("CRS", tr("CRS of the regions of interest"), None, True)
        crs.setHelp(tr("Empty: the first raster's."))
        table = QgsProcessingParameterFeatureSink("OUTPUT", tr("Answers"), QgsProcessing.SourceType.TypeVector)
        table.setHelp(tr("A table without geometry, a row for each question about each raster."))
        for parameter in (layers, questions, *asking_parameters(), crs, table, roi_parameter("ROIS", optional=True)):
            self.addParameter(parameter)
        add_counts(self)

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        layers = self.parameterAsLayerList(parameters, "LAYERS", context)
        rasters = [layer for layer in layers if isinstance(layer, QgsRasterLayer)]
        if not rasters:
            raise QgsProcessingException(tr("There is no raster among the layers. Choose one at least."))
        self.prepare_asking(parameters, context, rasters)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        lines = self.parameterAsString(parameters, "QUESTIONS", context).splitlines()
        questions = [line.strip() for line in lines if line.strip()]
        if not questions:
            raise QgsProcessingException(tr("There is no question. Write one on a line, for example: How many ships are there?"))
        fields = fields_of(ROW_FIELDS)
        nowhere = QgsCoordinateReferenceSystem()
        sink, identifier = self.parameterAsSink(parameters, "OUTPUT", context, fields, QgsWkbTypes.Type.NoGeometry, nowhere)
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
        chosen = self.parameterAsCrs(parameters, "CRS", context)
        rois = RoiSink(self, parameters, "ROIS", context, chosen if chosen.isValid() else self.rasters[0].crs)
        tally = Tally(feedback)
        with self.asker(feedback, len(self.rasters) * len(questions)) as asker:
            for raster, question in ((raster, question) for raster in self.rasters for question in questions):
                if feedback.isCanceled():
                    break
                exchange = asker.ask(raster, question, None, self.max_zooms, self.resolution)
                tally.add(exchange, raster.name)
                row = QgsFeature(fields)
                row.setAttributes([exchange.layer, exchange.question, *answer_values(exchange)])
                self.add(sink, row, parameters, "OUTPUT")
                rois.write(exchange, raster)
        return {"OUTPUT": identifier, "ROIS": rois.id, **tally.finish()}
