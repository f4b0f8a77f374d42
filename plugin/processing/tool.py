"""The tools of `core/tools.py` as algorithms: over a raster, an extent, or every feature of a polygon layer."""

from __future__ import annotations

import tempfile
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Iterator, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFields,
    QgsMapLayer,
    QgsMapLayerStyle,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ...core.errors import Cancelled, ZoomEarthError
from ...core.geometry import Box
from ...core.source import Where
from ...core.tools import CHOICE, COLOR, MASK, MASK_FILE, REFERENCE, Tool, UseTool
from ..exchanges.result_layers import mask_style
from ..i18n import tr
from ..layers.polygons_file import write_polygons
from ..layers.raster_layers import tool_source
from .common import FEATURE, Algorithm, corners, display_expression, fields_of, name_of, outline_of
from .mosaic import Patch, write_mosaic
from .tool_parameters import about, about_mask, definition_of
from .tool_user import Piece, ToolRun, ToolUser

KEPT: deque[QgsProcessingLayerPostProcessorInterface] = deque(maxlen=100)  # QGIS does not own them


class Styled(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer that QGIS has loaded a style."""

    def __init__(self, style: QgsMapLayerStyle) -> None:
        super().__init__()
        self._style = style
        KEPT.append(self)

    def postProcessLayer(self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        self._style.writeToLayer(layer)
        layer.triggerRepaint()


class ToolAlgorithm(Algorithm):
    """One tool. Its parameters are those of its description."""

    def __init__(self, tool: Tool) -> None:
        super().__init__()
        self._tool = tool

    def createInstance(self) -> ToolAlgorithm:
        return ToolAlgorithm(self._tool)

    def name(self) -> str:
        return self._tool.name.replace("-", "")

    def displayName(self) -> str:
        return tr(self._tool.title)

    def shortDescription(self) -> str:
        summary = tr(self._tool.summary)
        return f"{summary[:1].upper()}{summary[1:]}."

    def tags(self) -> list[str]:
        return [*super().tags(), *tr("tool,segment,mask,outline,noise,cloud,edit,blur,pixelate,retouch").split(",")]

    def shortHelpString(self) -> str:
        shared = tr(
            "<p>It works in full resolution on the bands and values of the file, not on the colours of the layer style. It needs no "
            "model and no download, and never changes the raster. Choose an extent, or a polygon layer: then each polygon is worked on by "
            "itself, and one that fails is named in the log and left out. Without both, all of the raster is worked on.</p>"
        )
        made = tr(
            "<p>The output has the grid, the bands and the data type of the raster. With polygons it is one raster with all of them; "
            "outside of them it has no data. A name that ends in .vrt gives a mosaic that refers to one GeoTIFF for each "
            "polygon.</p>"
        )
        marked = tr(
            "<p>The polygons have the fields label, score (the confidence, 0 to 1; not a probability), tool, backend, parameters, area_m2, "
            "image, time and, with a polygon layer, feature (the display name of the polygon).</p>"
        )
        return f"<p>{self.shortDescription()}</p>" + about(self._tool) + shared + (marked if self._gives_mask else made)

    @property
    def _gives_mask(self) -> bool:
        return self._tool.gives == MASK

    def initAlgorithm(self, configuration: Any = None) -> None:
        tool, polygon = self._tool, [QgsProcessing.SourceType.TypeVectorPolygon]
        raster = QgsProcessingParameterRasterLayer("INPUT", tr("Raster"))
        raster.setHelp(tr("A raster layer of a file. Web layers must be saved as a GeoTIFF first."))
        extent = QgsProcessingParameterExtent("EXTENT", tr("Area (extent)"), None, True)
        extent.setHelp(tr("The part of the raster to work on."))
        polygons = QgsProcessingParameterFeatureSource("POLYGONS", tr("Polygons"), polygon, None, True)
        polygons.setHelp(tr("Each polygon is worked on by itself, instead of the extent. Any CRS."))
        for each in (raster, extent, polygons):
            self.addParameter(each)
        if REFERENCE in tool.uses:
            needed = tool.name == "cloud-removal"
            references = QgsProcessingParameterMultipleLayers(
                "REFERENCES", tr("Images of other dates"), QgsProcessing.SourceType.TypeRaster, None, not needed
            )
            references.setHelp(tr("Rasters of the same place: any CRS, grid and resolution. More of them give a better result."))
            self.addParameter(references)
        if MASK_FILE in tool.uses:
            mask = QgsProcessingParameterFeatureSource("MASK", tr("Mask (polygons)"), polygon, None, True)
            mask.setHelp(about_mask(tool))
            self.addParameter(mask)
        if self._gives_mask:
            named = QgsProcessingParameterString("LABEL", tr("Label"), None, False, True)
            named.setHelp(tr("What the area shows. It is stored with the polygons, and does not guide the tool."))
            self.addParameter(named)
        for parameter in tool.parameters:
            self.addParameter(definition_of(parameter))
        self.addParameter(self._output())
        self.addOutput(QgsProcessingOutputNumber("MADE", tr("Number of areas worked on")))
        self.addOutput(QgsProcessingOutputNumber("FAILED", tr("Number of areas that failed")))

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        self.prepare_backend()
        layer = self.raster_layer(parameters, context)
        references = self.parameterAsLayerList(parameters, "REFERENCES", context) if REFERENCE in self._tool.uses else []
        try:
            self._source = tool_source(layer)
            self._references = tuple(tool_source(each).path for each in references if isinstance(each, QgsRasterLayer))
        except ValueError as error:
            raise QgsProcessingException(str(error)) from None
        self.check_area(parameters)
        if self._gives_mask and not parameters.get("EXTENT") and not parameters.get("POLYGONS"):
            raise QgsProcessingException(tr("Choose an extent or a polygon layer: what is outlined is the one object inside each."))
        self._crs, self._display = layer.crs(), display_expression(self, parameters, "POLYGONS", context)
        self._style = QgsMapLayerStyle()
        self._style.readFromLayer(layer)
        self._palette = bool(layer.dataProvider().colorTable(1))  # whose numbers become colours
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        polygons = self.polygons(parameters, context)
        pieces = iter([self._piece(parameters, context)]) if polygons is None else self._pieces(polygons, parameters, context)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zoomearth-")))
            try:
                use = self._use(parameters, context, folder)
                user = stack.enter_context(ToolUser(self._python, self._source, feedback, polygons.featureCount() if polygons else 1))
                run = ToolRun(user, use, feedback)
                if self._gives_mask:
                    results = self._outline(run, pieces, folder, parameters, context)
                else:
                    results = self._render(run, pieces, polygons is not None, folder, parameters, context)
            except ZoomEarthError as error:
                raise QgsProcessingException(f"{error.message} {error.hint}".strip()) from None
        if run.failed and not run.made:
            raise QgsProcessingException(run.failed[0])
        if polygons is not None:
            feedback.pushInfo(tr("Areas: {made} done, {failed} failed").format(made=run.made, failed=len(run.failed)))
        return {**results, "MADE": run.made, "FAILED": len(run.failed)}

    def _use(self, parameters: dict[str, Any], context: QgsProcessingContext, folder: Path) -> UseTool:
        arguments: dict[str, Any] = {}
        for parameter in self._tool.parameters:
            name = parameter.name.upper()
            if parameters.get(name) is None and parameter.default is None:
                continue
            if parameter.kind == COLOR:
                arguments[parameter.name] = self.parameterAsColor(parameters, name, context).name()
            elif parameter.kind == CHOICE:
                arguments[parameter.name] = self.parameterAsEnumString(parameters, name, context)
            else:
                arguments[parameter.name] = self.parameterAsDouble(parameters, name, context)
        mask = None
        if MASK_FILE in self._tool.uses and parameters.get("MASK"):
            source = self.parameterAsSource(parameters, "MASK", context)
            if source is None:
                raise QgsProcessingException(self.invalidSourceError(parameters, "MASK"))
            mask = folder / "mask.gpkg"
            write_polygons(source.getFeatures(*_any_geometry()), source.sourceCrs(), mask)
        named = self.parameterAsString(parameters, "LABEL", context).strip() if self._gives_mask else ""
        return UseTool(self._tool.name, named, arguments, self._references, None if mask is None else str(mask))

    def _piece(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Piece:
        """The extent, or all of the raster."""
        if not parameters.get("EXTENT"):
            return Piece()
        return Piece(where=Where(outline=corners(self.parameterAsExtentGeometry(parameters, "EXTENT", context, self._crs))))

    def _pieces(self, source: QgsProcessingFeatureSource, parameters: dict[str, Any], context: QgsProcessingContext) -> Iterator[Piece]:
        here = self.createExpressionContext(parameters, context, source)
        for feature in source.getFeatures(*_any_geometry()):
            here.setFeature(feature)
            outline, fault = outline_of(feature, source.sourceCrs(), self._crs, context)
            try:
                yield Piece(name_of(feature, self._display, here), Where(outline=outline) if outline else None, fault)
            except ValueError as error:
                yield Piece(name_of(feature, self._display, here), None, str(error))

    def _outline(
        self, run: ToolRun, pieces: Iterator[Piece], folder: Path, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        """The polygons of all pieces in one layer. Its fields are those that the backend writes."""
        sink: Optional[QgsFeatureSink] = None
        identifier, fields = "", QgsFields()
        for piece, _, file in run.each(pieces, lambda number: folder / f"{number}.gpkg"):
            layer = QgsVectorLayer(str(file), "masks", "ogr")
            own = [index for index, field in enumerate(layer.fields()) if field.name() != "fid"]
            if sink is None:
                fields = QgsFields()
                for index in own:
                    fields.append(layer.fields()[index])
                if parameters.get("POLYGONS"):
                    fields = QgsProcessingUtils.combineFields(fields, fields_of({FEATURE: QVariant.String}))
                sink, identifier = self.parameterAsSink(parameters, "OUTPUT", context, fields, layer.wkbType(), self._crs)
                if sink is None:
                    raise QgsProcessingException(self.invalidSinkError(parameters, "OUTPUT"))
            for feature in layer.getFeatures():
                outlined = QgsFeature(fields)
                outlined.setGeometry(feature.geometry())
                values = [feature.attributes()[index] for index in own]
                outlined.setAttributes([*values, piece.name] if parameters.get("POLYGONS") else values)
                self.add(sink, outlined, parameters, "OUTPUT")
        self._dress(identifier, mask_style(), context)
        return {"OUTPUT": identifier} if identifier else {}

    def _render(
        self, run: ToolRun, pieces: Iterator[Piece], several: bool, folder: Path, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        """The new pixels as one raster."""
        name = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        out = Path(name)
        if out.suffix.lower() not in (".tif", ".vrt"):
            raise QgsProcessingException(tr("{path} is no GeoTIFF: choose a name that ends in .tif or .vrt.").format(path=out))
        if not several:
            made = [each for _, each, _ in run.each(pieces, lambda number: out)]
        else:
            place = out.parent if out.suffix.lower() == ".vrt" else folder
            patches: list[Patch] = []
            made = []
            try:
                for _, each, file in run.each(pieces, lambda number: place / f"{out.stem}-{number}.tif"):
                    left, top, right, bottom = map(int, Box(*each.box or ()).rounded_out())
                    patches.append((file, (left, top, right, bottom)))
                    made.append(each)
                if patches:
                    write_mosaic(patches, out, run.feedback.isCanceled)
            except (Cancelled, ZoomEarthError) as error:
                made = []
                for file, _ in patches:
                    file.unlink(missing_ok=True)
                if not isinstance(error, Cancelled):
                    raise
        if made and not self._palette:
            self._dress(name, self._style, context)
        return {"OUTPUT": name} if made else {}

    def _dress(self, identifier: str, style: QgsMapLayerStyle, context: QgsProcessingContext) -> None:
        if identifier and context.willLoadLayerOnCompletion(identifier):
            context.layerToLoadOnCompletionDetails(identifier).setPostProcessor(Styled(style))

    def _output(self) -> QgsProcessingParameterDefinition:
        if self._gives_mask:
            output = QgsProcessingParameterFeatureSink("OUTPUT", tr("Outlines"), QgsProcessing.SourceType.TypeVectorPolygon)
            output.setHelp(tr("The outlines as polygons, in the CRS of the raster."))
            return output
        words = tr("Result (synthetic)") if self._tool.synthetic else tr("Result")
        output = QgsProcessingParameterRasterDestination("OUTPUT", words)
        output.setHelp(tr("A GeoTIFF, or a mosaic over the raster (.vrt)."))
        return output


def _any_geometry() -> tuple[QgsFeatureRequest, Any]:
    """For features with invalid geometries too, which are made valid afterwards."""
    return QgsFeatureRequest(), QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
