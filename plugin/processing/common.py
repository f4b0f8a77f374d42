"""Shared code of the algorithms: their group and parameters, their preparation, and the layer of ROIs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Iterable, Mapping, Optional

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsExpression,
    QgsExpressionContext,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsWkbTypes,
)

from ...core.answer_type import AnswerType
from ...core.requests import Load
from ...core.source import Compare
from ..answer_types import chosen_type, type_labels
from ..exchanges.exchange import Exchange, PicturedView
from ..exchanges.result_rows import ROI_FIELDS, roi_geometry, roi_values
from ..i18n import tr
from ..install.environment import backend_python
from ..layers.raster_layers import compared
from ..settings import load_message
from .asker import Asker
from .many import ManyAsker
from .questions import Outline, Raster

FEATURE = "feature"  # field of a layer of results: the name of the polygon that a row comes from
STEPS = 1000  # corners along a polygon's longer extent in another CRS: a side as long as a country is wrong by centimetres


class Algorithm(QgsProcessingAlgorithm):
    """An algorithm that uses the backend. `prepareAlgorithm` reads everything that needs QGIS's main thread; the rest runs on another
    thread."""

    def createInstance(self) -> Algorithm:
        return type(self)()

    def group(self) -> str:
        return ""

    def groupId(self) -> str:
        return ""

    def tags(self) -> list[str]:
        return tr("question,answer,vision,language,model,AI,image,imagery,raster,aerial,satellite,count,zoom").split(",")

    def prepare_asking(self, parameters: dict[str, Any], context: QgsProcessingContext, layers: Iterable[QgsRasterLayer]) -> None:
        """Called by prepareAlgorithm. Raises QgsProcessingException where the environment or the raster is missing."""
        self.prepare_backend()
        self.prepare_load(parameters, context)
        try:
            self.rasters = [Raster.of(layer) for layer in layers]
        except ValueError as error:
            raise QgsProcessingException(str(error)) from None
        self.answer_type = self._answer_type(parameters, context)
        self._max_zooms = self._number(parameters, "MAX_ZOOMS", context)
        self._resolution = self._number(parameters, "RESOLUTION", context)

    def prepare_backend(self) -> None:
        """Called by prepareAlgorithm. Raises QgsProcessingException where the environment is missing."""
        python = backend_python()
        if python is None:
            remedy = tr("Set it up in QGIS: Settings > Options > ZoomEarth.")
            raise QgsProcessingException(tr("The Python environment of ZoomEarth is not set up.") + " " + remedy)
        self._python = python

    def prepare_load(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Called by prepareAlgorithm: the model of the settings, or the one that is named."""
        model = self.parameterAsString(parameters, "MODEL", context).strip()
        load = load_message()
        self._load = Load(replace(load.settings, model=model, remote="", remote_model="")) if model else load

    def asker(self, feedback: QgsProcessingFeedback) -> Asker:
        """For one question."""
        return Asker(self._python, self._load, feedback, self._max_zooms, self._resolution, self.answer_type)

    def many_asker(self, feedback: QgsProcessingFeedback) -> ManyAsker:
        return ManyAsker(self._python, self._load, feedback, self._max_zooms, self._resolution, self.answer_type)

    def _answer_type(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Optional[AnswerType]:
        at, choices = self.parameterAsEnum(parameters, "ANSWER_TYPE", context), self.parameterAsString(parameters, "CHOICES", context)
        try:
            return chosen_type(at, choices)
        except ValueError as error:
            raise QgsProcessingException(tr("The choices can't be used: {reason}").format(reason=error)) from None

    def question(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """Raises QgsProcessingException for a blank question."""
        question = self.parameterAsString(parameters, "QUESTION", context).strip()
        if not question:
            raise QgsProcessingException(tr("The question is empty. Write what you want to know, for example: How many ships are there?"))
        return question

    def raster_layer(self, parameters: dict[str, Any], context: QgsProcessingContext) -> QgsRasterLayer:
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        if layer is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, "INPUT"))
        return layer

    def compared_with(
        self, parameters: dict[str, Any], context: QgsProcessingContext, layers: Iterable[QgsRasterLayer]
    ) -> list[Optional[Compare]]:
        """Called by prepareAlgorithm: what each of the layers is compared with by COMPARE. Raises QgsProcessingException."""
        second = self.parameterAsRasterLayer(parameters, "COMPARE", context)
        if second is None and parameters.get("COMPARE"):
            raise QgsProcessingException(self.invalidRasterError(parameters, "COMPARE"))
        try:
            return [compared(layer, second) if second else None for layer in layers]
        except ValueError as error:
            raise QgsProcessingException(str(error)) from None

    def check_area(self, parameters: dict[str, Any]) -> None:
        """Of algorithms with EXTENT and POLYGONS, of which one may be given. Raises QgsProcessingException."""
        if parameters.get("EXTENT") and parameters.get("POLYGONS"):
            raise QgsProcessingException(tr("Choose an extent or a polygon layer, not both."))

    def polygons(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Optional[QgsProcessingFeatureSource]:
        """The polygons of POLYGONS; None where none are given. Raises QgsProcessingException where they can't be read."""
        polygons = self.parameterAsSource(parameters, "POLYGONS", context)
        if polygons is None and parameters.get("POLYGONS"):
            raise QgsProcessingException(self.invalidSourceError(parameters, "POLYGONS"))
        return polygons

    def add(self, sink: QgsFeatureSink, feature: QgsFeature, parameters: dict[str, Any], name: str) -> None:
        """Raises QgsProcessingException where it can't be written."""
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise QgsProcessingException(self.writeFeatureError(sink, parameters, name))

    def _number(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> Any:
        """None where the parameter was left out."""
        if parameters.get(name) is None:
            return None
        definition = self.parameterDefinition(name)
        whole = definition.dataType() == QgsProcessingParameterNumber.Type.Integer
        return (self.parameterAsInt if whole else self.parameterAsDouble)(parameters, name, context)


class RoiSink:
    """The layer of ROIs, for which a name of the parameters is optional: without it nothing is written.

    more: fields beside ROI_FIELDS, which `write` gets the values of.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        parameters: dict[str, Any],
        name: str,
        context: QgsProcessingContext,
        crs: QgsCoordinateReferenceSystem,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._algorithm, self._parameters, self._name, self._crs, self._context = algorithm, parameters, name, crs, context
        self._fields = fields_of({**ROI_FIELDS, **more})
        polygon = QgsWkbTypes.Type.Polygon
        self._sink, self.id = algorithm.parameterAsSink(parameters, name, context, self._fields, polygon, crs)
        if self._sink is None and parameters.get(name):
            raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))

    def write(self, exchange: Exchange, raster: Raster, *more: Any) -> None:
        """Writes the exchange's ROIs; without a geometry where they can't be transformed to the layer's CRS."""
        if self._sink is None:
            return
        for seen in exchange.looks:
            feature = QgsFeature(self._fields)
            feature.setAttributes([*roi_values(exchange, seen).values(), *more])
            feature.setGeometry(self._placed(seen, raster))
            self._algorithm.add(self._sink, feature, self._parameters, self._name)

    def _placed(self, seen: PicturedView, raster: Raster) -> QgsGeometry:
        if raster.crs == self._crs:
            return roi_geometry(seen)
        known = raster.crs.isValid() and self._crs.isValid() and seen.polygon
        try:
            return moved(roi_geometry(seen), raster.crs, self._crs, self._context) if known else QgsGeometry()
        except QgsCsException:
            return QgsGeometry()


def moved(
    geometry: QgsGeometry,
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
    steps: int = 8,
) -> QgsGeometry:
    """The geometry in another CRS; unchanged where one of the two is not known. Raises QgsCsException.

    steps: a straight side is a curve in another CRS, so corners are added: this number along the geometry's longer extent.
    """
    result = QgsGeometry(geometry)
    if source.isValid() and target.isValid() and source != target:
        extent = result.boundingBox()
        if length := max(extent.width(), extent.height()):
            result = result.densifyByDistance(length / steps)
        result.transform(QgsCoordinateTransform(source, target, context.transformContext()))
    return result


def corners(geometry: QgsGeometry) -> Outline:
    """The rings of all its polygons, with holes. Parts that overlap (an invalid geometry) are united."""
    shape = QgsGeometry(geometry.constGet().segmentize())  # arcs
    if not shape.isGeosValid():
        shape = QgsGeometry.unaryUnion([part.makeValid() for part in shape.asGeometryCollection()])
    polygons = [part for part in shape.asGeometryCollection() if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry]
    return tuple(tuple((point.x(), point.y()) for point in ring) for part in polygons for ring in part.asPolygon())


def outline_of(
    feature: QgsFeature, crs: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> tuple[Optional[Outline], str]:
    """The feature's place in the CRS of a raster, or the reason why it has none."""
    if feature.geometry().isEmpty():
        return None, tr("The feature has no geometry.")
    try:
        outline = corners(moved(feature.geometry(), crs, target, context, STEPS))
    except QgsCsException as error:
        return None, tr("The feature can't be transformed to the CRS of the raster: {reason}").format(reason=error)
    return (outline, "") if outline else (None, tr("The feature has no area."))


def display_expression(algorithm: Algorithm, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> QgsExpression:
    """The expression by which QGIS displays the features of a source; to be called by prepareAlgorithm."""
    chosen = parameters.get(name)
    if isinstance(chosen, QgsProcessingFeatureSourceDefinition):  # a selection, for example, of a layer
        chosen = chosen.source
    layer = algorithm.parameterAsVectorLayer({**parameters, name: chosen}, name, context) if chosen else None
    return QgsExpression(layer.displayExpression() if layer else "")


def name_of(feature: QgsFeature, display: QgsExpression, here: QgsExpressionContext) -> str:
    """The name that QGIS displays for the feature, or its id."""
    name = display.evaluate(here)
    return str(feature.id()) if display.hasEvalError() or name in (None, NULL, "") else str(name)


def compare_parameter() -> QgsProcessingParameterDefinition:
    """The second raster of a comparison; see `Algorithm.compared_with`."""
    second = QgsProcessingParameterRasterLayer("COMPARE", tr("Compare with"), None, True)
    second.setHelp(
        tr(
            "A second raster of the same place, for example of another date, for questions such as What changed? The model is "
            "shown the same part of both. Needs a model that takes several pictures, such as Qwen3-VL. Empty: one raster."
        )
    )
    return second


def asking_parameters() -> list[QgsProcessingParameterDefinition]:
    """The parameters about answer and model, which all algorithms have."""
    answer = QgsProcessingParameterEnum("ANSWER_TYPE", tr("Type of answer"), type_labels(), False, 0)
    answer.setHelp(
        tr(
            "What the answer must be. The model is told so, and the field <i>value</i> has the answer in this type. An answer "
            "that does not have it gets the status unreadable; its text stays in <i>answer</i>."
        )
    )
    choices = QgsProcessingParameterString("CHOICES", tr("List of answers, separated by commas"), "", False, True)
    choices.setHelp(tr("Only for the type One of a list. For example: residential, industrial, farmland"))
    number = QgsProcessingParameterNumber
    zooms = number("MAX_ZOOMS", tr("Maximum zooms"), number.Type.Integer, None, True, 0)
    zooms.setHelp(
        tr(
            "How often the model may zoom in before it must answer. Empty: the number that the model was trained with. "
            "0: it answers from the overview."
        )
    )
    resolution = number("RESOLUTION", tr("Detail of the layer image (map units per pixel)"), number.Type.Double, None, True, 0)
    resolution.setHelp(
        tr(
            "Only for layers that QGIS must draw as an image for the model: web layers such as XYZ, WMS and WMTS, and "
            "files with a layer style of their own. The value is the size of one pixel of that image in map units of the "
            "layer. A smaller value shows more detail and takes more time. Empty: the resolution of the file, or an "
            "image about 4000 pixels wide for a web layer."
        )
    )
    resolution.setFlags(resolution.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return [answer, choices, zooms, resolution, model_parameter()]


def model_parameter() -> QgsProcessingParameterDefinition:
    """By its name, in place of the model of the settings."""
    model = QgsProcessingParameterString("MODEL", tr("Model"), "", False, True)
    model.setHelp(
        tr(
            "Name of a model, such as zoomearth-demo, or path of its folder. The model runs on this computer. Empty: the "
            "model chosen in Settings > Options > ZoomEarth."
        )
    )
    model.setFlags(model.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return model


def roi_parameter(name: str, optional: bool) -> QgsProcessingParameterFeatureSink:
    """The output for the layer of ROIs; by default an optional one is not created."""
    kind = QgsProcessing.SourceType.TypeVectorPolygon
    sink = QgsProcessingParameterFeatureSink(name, tr("Places looked at"), kind, None, optional, not optional)
    sink.setHelp(
        tr(
            "The places that the model looked at: one polygon for each zoom. Fields: exchange (id of the question), "
            "question, answer, meaningless, step (number of the zoom), label, stopped (status), confidence, model, "
            "source (raster), window (pixels of the raster), scale (5.5: the model saw the place 5.5x reduced; 1: full "
            "resolution) and time."
        )
    )
    return sink


def fields_of(kinds: dict[str, Any]) -> QgsFields:
    fields = QgsFields()
    for name, kind in kinds.items():
        fields.append(QgsField(name, kind))
    return fields
