"""Find all: every thing of a kind in a raster, marked and counted; also inside each polygon of a layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsProcessingUtils,
    QgsSpatialIndex,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ...core.events import Done, Failed, Progress, Surveyed, SurveyResult
from ...core.plan import WAYS
from ...core.requests import RunSurvey
from ...core.source import Where
from ..exchanges.endings import meaningless
from ..i18n import tr
from ..layers.raster_layers import tool_source
from .asker import stages
from .common import Algorithm, corners, fields_of, model_parameter, moved, outline_of
from .own_backend import OwnBackend
from .questions import Outline


class FindAll(Algorithm):
    """A survey of a raster."""

    def name(self) -> str:
        return "findall"

    def displayName(self) -> str:
        return tr("Find all")

    def shortDescription(self) -> str:
        return tr("Finds all things of a kind in a raster, for example all ships. Each becomes a polygon; the count is their number.")

    def shortHelpString(self) -> str:
        return tr(
            "<p>Looks at the whole raster in overlapping views, at the resolution that such a thing needs, and has the model mark "
            "every one. What the edge of a view cuts is joined. The polygons are written while it runs. If you cancel, the file keeps "
            "what was found, and the same run with the same file continues.</p><p>Field <i>kind</i>: features count, candidates do not. "
            "The layer <i>views</i> of the file shows what became of each view: done, empty, failed, saturated (there may be more) or "
            "unseen. COVERAGE is the part of the area that was looked at closely.</p><p>With a polygon layer, only its polygons are "
            "looked at, and a copy of them has the number of things whose centre is inside as <i>count</i>.</p>"
        )

    def tags(self) -> list[str]:
        return [*super().tags(), *tr("survey,detect,objects,find,instances").split(",")]

    def initAlgorithm(self, configuration: Any = None) -> None:
        number, polygon = QgsProcessingParameterNumber, QgsProcessing.SourceType.TypeVectorPolygon
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("A raster layer of a file. Web layers must be saved as a GeoTIFF first."))
        target = QgsProcessingParameterString("TARGET", tr("What to find"))
        target.setHelp(tr("In English: ships, swimming pools, ships at the pier."))
        extent = QgsProcessingParameterExtent("EXTENT", tr("Area (extent)"), None, True)
        extent.setHelp(tr("Only what is inside this extent is looked at. Empty: the whole raster."))
        polygons = QgsProcessingParameterFeatureSource("POLYGONS", tr("Polygons"), [polygon], None, True)
        polygons.setHelp(tr("Only what is inside these polygons is looked at, instead of the extent. Any CRS."))
        size = number("SIZE", tr("Size of one (metres)"), number.Type.Double, None, True, 0)
        size.setHelp(tr("How long one such thing is. Empty: a table of common things. It decides how closely is looked."))
        gsd = number("GSD", tr("Resolution of the views (metres per pixel)"), number.Type.Double, None, True, 0)
        gsd.setHelp(tr("Empty: a thing is 32 pixels long in the views, or the views have the resolution of the raster."))
        gsd.setFlags(gsd.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        ways = [tr("Every view"), tr("From coarse to fine, only where such things may be")]
        way = QgsProcessingParameterEnum("WAY", tr("How it looks"), ways, False, 0)
        way.setHelp(tr("From coarse to fine takes fewer views, and finds only what the model can expect from a coarse view."))
        budget = number("BUDGET", tr("Maximum number of views"), number.Type.Integer, None, True, 1)
        budget.setHelp(tr("Empty: as many as needed. What is not looked at is recorded as unseen."))
        masks = QgsProcessingParameterBoolean("MASKS", tr("Outline what is found"), False)
        masks.setHelp(tr("Each thing is its outline, by the segmentation tool, instead of a box. Where that fails, it is the box."))
        output = QgsProcessingParameterVectorDestination("OUTPUT", tr("Things found"), polygon)
        output.setHelp(tr("A GeoPackage. It also has the layer views."))
        counts = QgsProcessingParameterFeatureSink("COUNTS", tr("Polygons with counts"), polygon, None, True, False)
        counts.setHelp(tr("Only with a polygon layer: its polygons with the field count."))
        for parameter in (raster, target, extent, polygons, size, gsd, way, budget, masks, model_parameter(), output, counts):
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputVectorLayer("VIEWS", tr("What became of each view")))
        self.addOutput(QgsProcessingOutputNumber("COUNT", tr("Number of things")))
        self.addOutput(QgsProcessingOutputNumber("COVERAGE", tr("Part of the area looked at closely (0 to 1)")))

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        self.prepare_backend()
        self.prepare_load(parameters, context)
        layer = self.raster_layer(parameters, context)
        self.check_area(parameters)
        try:
            self._source = tool_source(layer)
        except ValueError as error:
            raise QgsProcessingException(str(error)) from None
        self._crs = layer.crs()
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        polygons = self.polygons(parameters, context)
        out = Path(self.parameterAsOutputLayer(parameters, "OUTPUT", context))
        if out.suffix.lower() != ".gpkg":
            raise QgsProcessingException(tr("{path} is no GeoPackage: choose a name that ends in .gpkg.").format(path=out))
        result = self._survey(self._request(parameters, context, polygons, out), feedback)
        if result.meaningless:
            feedback.pushWarning(meaningless())
        outputs: dict[str, Any] = {"OUTPUT": f"{out}|layername=features", "VIEWS": f"{out}|layername=views"}
        outputs |= {"COUNT": result.count, "COVERAGE": result.coverage}
        if polygons is not None and (counts := self._counts(parameters, context, polygons, outputs["OUTPUT"])):
            outputs["COUNTS"] = counts
        return outputs

    def _request(
        self, parameters: dict[str, Any], context: QgsProcessingContext, polygons: Optional[QgsProcessingFeatureSource], out: Path
    ) -> RunSurvey:
        outline: Optional[Outline] = None
        if polygons is not None:
            outline = self._outline(polygons, context)
        elif parameters.get("EXTENT"):
            outline = corners(self.parameterAsExtentGeometry(parameters, "EXTENT", context, self._crs))
        target = " ".join(self.parameterAsString(parameters, "TARGET", context).split())
        size, gsd, budget = (self._number(parameters, name, context) or None for name in ("SIZE", "GSD", "BUDGET"))
        way, masks = WAYS[self.parameterAsEnum(parameters, "WAY", context)], self.parameterAsBool(parameters, "MASKS", context)
        try:
            where = Where(outline=outline) if outline else None
            return RunSurvey(self._source, target, str(out), where, size, gsd, way, budget, masks=masks)
        except ValueError as error:
            raise QgsProcessingException(str(error)) from None

    def _outline(self, polygons: QgsProcessingFeatureSource, context: QgsProcessingContext) -> Outline:
        """The rings of all polygons, in the CRS of the raster. Polygons that overlap are united: the even-odd rule would leave that out."""
        skip = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        shapes = []
        for feature in polygons.getFeatures(QgsFeatureRequest(), skip):
            rings, _ = outline_of(feature, polygons.sourceCrs(), self._crs, context)
            if rings:
                shapes.append(moved(feature.geometry(), polygons.sourceCrs(), self._crs, context).makeValid())
        if not shapes:
            raise QgsProcessingException(tr("No polygon of the layer has a place on the raster."))
        return corners(QgsGeometry.unaryUnion(shapes))

    def _survey(self, request: RunSurvey, feedback: QgsProcessingFeedback) -> SurveyResult:
        told: tuple[str, ...] = ()
        with OwnBackend(self._python) as child:
            loading, job = child.backend.submit(self._load), child.backend.submit(request)
            for event in child.backend.follow(loading, job, cancelled=feedback.isCanceled):
                if isinstance(event, Progress):
                    feedback.setProgressText(stages().get(event.stage, event.stage))
                elif isinstance(event, Surveyed):
                    for note in event.notes[len(told) :]:
                        feedback.pushInfo(note)
                    told = event.notes
                    words = tr("{count} found, view {done} of {total}")
                    feedback.setProgressText(words.format(count=event.count, done=event.done, total=event.total))
                    feedback.setProgress(100 * event.done / max(1, event.total))
            last = job.result
        if isinstance(last, Failed):
            for line in last.log:
                feedback.pushConsoleInfo(line)
            raise QgsProcessingException(f"{last.message} {last.hint}".strip())
        if isinstance(last, Done) and isinstance(last.result, SurveyResult):
            result = last.result
            views = ", ".join(f"{number} {state}" for state, number in result.views.items() if number)
            feedback.pushInfo(tr("{count} found; views: {views}").format(count=result.count, views=views))
            return result
        raise QgsProcessingException(tr("Cancelled. The file has what was found; the same run with the same file continues."))

    def _counts(
        self, parameters: dict[str, Any], context: QgsProcessingContext, polygons: QgsProcessingFeatureSource, features: str
    ) -> Optional[str]:
        """The polygons with the number of features whose centre is inside; None where they are not wanted."""
        fields = QgsProcessingUtils.combineFields(polygons.fields(), fields_of({"count": QVariant.Int}))
        sink, identifier = self.parameterAsSink(parameters, "COUNTS", context, fields, polygons.wkbType(), polygons.sourceCrs())
        if sink is None:
            return None
        layer = QgsVectorLayer(features, "features", "ogr")
        layer.setSubsetString("\"kind\" = 'feature'")
        centres = QgsSpatialIndex(QgsSpatialIndex.Flag.FlagStoreFeatureGeometries)
        for feature in layer.getFeatures():
            feature.setGeometry(feature.geometry().centroid())
            centres.addFeature(feature)
        skip = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        for feature in polygons.getFeatures(QgsFeatureRequest(), skip):
            counted = QgsFeature(fields)
            counted.setGeometry(feature.geometry())
            shape = moved(feature.geometry(), polygons.sourceCrs(), self._crs, context).makeValid()
            inside = sum(shape.contains(centres.geometry(each)) for each in centres.intersects(shape.boundingBox()))
            counted.setAttributes([*feature.attributes(), inside])
            self.add(sink, counted, parameters, "COUNTS")
        return str(identifier)
