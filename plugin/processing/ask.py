"""Ask a raster: one question, one layer, the answer and what was looked at."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterExtent,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..exchanges.endings import reason
from ..exchanges.exchange import Status
from ..i18n import tr
from .common import Algorithm, RoiSink, asking_parameters, corners, roi_parameter
from .rows import MEANINGLESS, stopped


class Ask(Algorithm):
    """The question about a raster, or about the part of it inside an extent."""

    def name(self) -> str:
        return "ask"

    def displayName(self) -> str:
        return tr("Ask a raster")

    def shortDescription(self) -> str:
        return tr("Asks a raster a question and gives the answer with the places where it was read.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks a vision-language model a question about a raster of any size. The model sees the whole raster small, asks for "
            "the places it wants to see at native resolution, and answers.</p>"
            "<p>Good questions name one thing and where it is: <i>How many ships are at the northern pier? What colour is the roof beside "
            "the stadium?</i></p>"
            "<p>The answer is one of the outputs (ANSWER), with how sure the model was (CONFIDENCE, 0 to 1, not calibrated; empty "
            "where the model gives none), whether the answer is MEANINGLESS (the demo model was asked about something else than a "
            "generated scene) and why it stopped (STOPPED: answered, limit, unreadable ...). The output layer holds a polygon for each "
            "place it looked at: check the answer there. It is empty where the overview was enough.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("Any raster layer. Its bands and contrast limits are used as they are set in its style."))
        question = QgsProcessingParameterString("QUESTION", tr("Question"))
        question.setHelp(tr("In plain words, best in English: How many planes are at the airport?"))
        extent = QgsProcessingParameterExtent("EXTENT", tr("Only inside this extent"), None, True)
        extent.setHelp(tr("The model sees nothing outside of it. Empty: the whole raster."))
        for parameter in (raster, question, extent, *asking_parameters(), roi_parameter("OUTPUT", optional=False)):
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputString("ANSWER", tr("Answer")))
        self.addOutput(QgsProcessingOutputNumber("CONFIDENCE", tr("Confidence")))
        self.addOutput(QgsProcessingOutputBoolean(MEANINGLESS, tr("Whether the answer is meaningless")))
        self.addOutput(QgsProcessingOutputString("STOPPED", tr("Why it stopped")))

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        self.prepare_asking(parameters, context, [self.raster_layer(parameters, context)])
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        (raster,) = self.rasters
        question = self.question(parameters, context)
        outline = None
        if parameters.get("EXTENT"):
            outline = corners(self.parameterAsExtentGeometry(parameters, "EXTENT", context, raster.crs))
        rois = RoiSink(self, parameters, "OUTPUT", context, raster.crs)
        with self.asker(feedback) as asker:
            exchange = asker.ask(raster, question, outline, self.max_zooms, self.resolution)
        if exchange.status is Status.FAILED:
            raise QgsProcessingException(reason(exchange))
        rois.write(exchange, raster)
        return {
            "OUTPUT": rois.id,
            "ANSWER": exchange.answer or "",
            "CONFIDENCE": exchange.confidence,
            MEANINGLESS: exchange.meaningless,
            "STOPPED": stopped(exchange),
        }
