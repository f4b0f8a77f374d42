"""Ask a raster: one question about one layer; the answer, and the places that the model looked at."""

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
from .common import Algorithm, RoiSink, asking_parameters, compare_parameter, corners, roi_parameter
from .questions import Row
from .rows import MEANINGLESS, stopped


class Ask(Algorithm):
    """The question about a raster, or about the part of it inside an extent."""

    def name(self) -> str:
        return "ask"

    def displayName(self) -> str:
        return tr("Ask a raster")

    def shortDescription(self) -> str:
        return tr("Asks a question about a raster. Returns the answer and the places that the model looked at.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Asks a vision-language model a question about a raster of any size. First the model sees a small "
            "overview of the whole raster. Then it zooms to the places it wants to see in full resolution, and "
            "answers.</p><p>Good questions name one thing and where it is: <i>How many ships are at the northern pier? "
            "What colour is the roof beside the stadium?</i></p><p>Outputs: ANSWER is the answer. CONFIDENCE is the "
            "model's own confidence from 0 to 1. Use it to compare answers: it is not a probability. It is empty if the "
            "model gives none. MEANINGLESS is true if the demo model was asked about an image that is not a demo scene. "
            "STOPPED is the status: answered, limit (the maximum number of zooms was reached), unreadable ... The output "
            "layer has a polygon for each place that the model looked at: check the answer there. The layer is empty if "
            "the model answered from the overview.</p>"
        )

    def initAlgorithm(self, configuration: Any = None) -> None:
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("Any raster layer. The model sees it with the colours of its layer style in QGIS."))
        question = QgsProcessingParameterString("QUESTION", tr("Question"))
        question.setHelp(tr("A question in plain words, preferably in English: How many planes are at the airport?"))
        extent = QgsProcessingParameterExtent("EXTENT", tr("Area (extent)"), None, True)
        extent.setHelp(tr("The model sees only what is inside this extent. Empty: the whole raster."))
        for parameter in (raster, question, compare_parameter(), extent, *asking_parameters(), roi_parameter("OUTPUT", optional=False)):
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputString("ANSWER", tr("Answer")))
        self.addOutput(QgsProcessingOutputString("VALUE", tr("Answer in its type")))
        self.addOutput(QgsProcessingOutputNumber("CONFIDENCE", tr("Confidence")))
        self.addOutput(QgsProcessingOutputBoolean(MEANINGLESS, tr("Answer is meaningless")))
        self.addOutput(QgsProcessingOutputString("STOPPED", tr("Status")))

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        layer = self.raster_layer(parameters, context)
        self.prepare_asking(parameters, context, [layer])
        (self._compare,) = self.compared_with(parameters, context, [layer])
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
            exchange = asker.ask(Row(raster, question, outline, self._compare))
        if exchange.status is Status.FAILED:
            raise QgsProcessingException(reason(exchange))
        rois.write(exchange, raster)
        return {
            "OUTPUT": rois.id,
            "ANSWER": exchange.answer or "",
            "VALUE": "" if exchange.value is None else str(exchange.value),
            "CONFIDENCE": exchange.confidence,
            MEANINGLESS: exchange.meaningless,
            "STOPPED": stopped(exchange),
        }
