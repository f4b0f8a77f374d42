"""What part of a layer is asked about: all of it, what the canvas shows, a drawn rectangle, selected polygons."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Optional, Tuple

from qgis.core import (
    NULL,
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas

from ...core.errors import SceneError
from ...core.source import Corner, Where
from ..i18n import tr

SIDES = 64  # pieces of the longest side of an outline that is moved into another CRS, at the least
MANY = 20_000  # corners of an outline that are sent as they are
MARGIN = 0.01  # of a layer's longer side
NAME = 60  # letters of a feature's name

Ring = Tuple[Corner, ...]


class Scope(Enum):
    """The choices of the panel."""

    LAYER = "layer"
    CANVAS = "canvas"
    RECTANGLE = "rectangle"
    FEATURES = "features"


@dataclass(frozen=True)
class Place:
    """words: for the transcript. outline: rings of corners in map units of the raster layer's CRS; None: the whole layer.

    The rings are filled by the even-odd rule, so that further parts and holes are further rings.
    """

    words: str
    outline: Optional[Tuple[Ring, ...]] = None

    @property
    def where(self) -> Optional[Where]:
        """As a question has it. Raises ValueError for an outline that can't be sent."""
        return Where(outline=self.outline) if self.outline else None

    def extent(self, layer: QgsRasterLayer) -> QgsRectangle:
        """Around the outline, or of the whole layer; in the layer's CRS."""
        if self.outline is None:
            return layer.extent()
        xs, ys = zip(*(corner for ring in self.outline for corner in ring))
        return QgsRectangle(min(xs), min(ys), max(xs), max(ys))


def canvas_view(canvas: QgsMapCanvas, layer: QgsRasterLayer) -> Place:
    """What of the layer the canvas shows, turned as it is. Raises SceneError where it shows nothing of it."""
    settings = canvas.mapSettings()
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(corner) for corner in settings.visiblePolygon()]])
    words = tr("map canvas extent")
    if settings.rotation():
        words = tr("inside the map canvas, rotated by {angle}°").format(angle=f"{settings.rotation():g}")
    return _place(words, shape, settings.destinationCrs(), layer, tr("Move the map to where the layer is."))


def rectangle(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Place:
    """What of the layer lies in a drawn rectangle of another CRS. Raises SceneError where nothing does."""
    return _place(tr("drawn rectangle"), QgsGeometry.fromRect(extent), crs, layer, tr("Draw it where the layer is."))


def features(layer: QgsRasterLayer, polygons: Optional[QgsVectorLayer]) -> tuple[list[Place], str]:
    """A place for every selected polygon on the layer, and a sentence about those that were left out ("": none).

    Raises SceneError where none is left.
    """
    if polygons is None:
        raise SceneError(tr("No polygon is selected."), tr("Select polygons on the map first, in any vector layer."))
    places, outside, empty = [], [], 0
    for feature in sorted(polygons.getSelectedFeatures(), key=lambda feature: feature.id()):
        area = _area(feature.geometry())
        if area.isEmpty():
            empty += 1
        elif inside := _inside(area, polygons.crs(), layer):
            places.append(
                Place(tr("inside the outline of {place}").format(place=_name(feature, polygons) + _parts(inside)), _rings(inside))
            )
        else:
            outside.append(_name(feature, polygons))
    total = len(places) + len(outside) + empty
    if not places and len(outside) == 1:
        message = tr("{place} lies outside the layer {layer}.").format(place=outside[0], layer=layer.name())
        raise SceneError(message, tr("Deselect it, and select polygons that lie on the layer."))
    if not places and outside:
        message = tr("All {count} selected polygons lie outside the layer {layer}.").format(count=len(outside), layer=layer.name())
        raise SceneError(message, tr("Deselect them, and select polygons that lie on the layer."))
    if not places:
        raise SceneError(tr("The selected polygons of {layer} have no area.").format(layer=polygons.name()), tr("Select other polygons."))
    return places, " ".join(filter(None, (_left_outside(len(outside), total, layer), _left_empty(empty, total))))


def with_selection(preferred: Optional[QgsVectorLayer]) -> Optional[QgsVectorLayer]:
    """The polygon layer that has something selected, the preferred one first."""
    for layer in (preferred, *QgsProject.instance().mapLayers().values()):
        if (
            isinstance(layer, QgsVectorLayer)
            and layer.geometryType() in (QgsWkbTypes.GeometryType.PolygonGeometry, QgsWkbTypes.GeometryType.UnknownGeometry)
            and layer.selectedFeatureCount()
        ):
            return layer
    return None


def units_per_pixel(canvas: QgsMapCanvas, layer: QgsRasterLayer) -> float:
    """Map units of the layer's CRS per pixel of the canvas, as it shows the map now."""
    crs, extent = canvas.mapSettings().destinationCrs(), canvas.extent()
    if crs.isValid() and layer.crs().isValid() and crs != layer.crs():
        try:
            extent = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
        except QgsCsException:
            extent = layer.extent()
    return (extent.width() or layer.extent().width()) / max(1, canvas.width())  # a canvas that has shown nothing yet has no extent


def _place(words: str, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer, hint: str) -> Place:
    inside = _inside(_area(shape), crs, layer)
    if inside is None:
        raise SceneError(tr("The {place} lies outside the layer {layer}.").format(place=words, layer=layer.name()), hint)
    return Place(words, _rings(inside))


def _name(feature: QgsFeature, layer: QgsVectorLayer) -> str:
    """As the layer's display expression names it."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    name = QgsExpression(layer.displayExpression()).evaluate(context) if layer.displayExpression() else None
    if name in (None, NULL, ""):
        return tr("feature {id} of {layer}").format(id=feature.id(), layer=layer.name())
    return tr("{name} of {layer}").format(name=textwrap.shorten(str(name), NAME, placeholder="…"), layer=layer.name())


def _parts(shape: QgsGeometry) -> str:
    count = len(shape.asGeometryCollection())
    return " " + tr("({count} parts)").format(count=count) if count > 1 else ""


def _left_outside(count: int, total: int, layer: QgsRasterLayer) -> str:
    one = tr("{count} of {total} polygons lies outside the layer {layer} and was left out.")
    several = tr("{count} of {total} polygons lie outside the layer {layer} and were left out.")
    return (one if count == 1 else several).format(count=count, total=total, layer=layer.name()) if count else ""


def _left_empty(count: int, total: int) -> str:
    one = tr("{count} of {total} polygons has no area and was left out.")
    several = tr("{count} of {total} polygons have no area and were left out.")
    return (one if count == 1 else several).format(count=count, total=total) if count else ""


def _area(shape: QgsGeometry) -> QgsGeometry:
    """All its polygons as one valid geometry with straight sides, without heights; empty where there is no area."""
    polygons = _polygons(shape)
    return QgsGeometry.unaryUnion(polygons) if polygons else QgsGeometry()


def _polygons(shape: QgsGeometry) -> list[QgsGeometry]:
    """Valid ones: of a bow tie both halves. A collection may hold lines, points, and further collections."""
    if shape.isEmpty() or not shape.boundingBox().isFinite():
        return []
    if shape.isMultipart():
        return [polygon for part in shape.asGeometryCollection() for polygon in _polygons(part)]
    if shape.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
        return []
    flat = QgsGeometry(shape)
    flat.convertToStraightSegment()
    flat.get().dropZValue()
    flat.get().dropMValue()
    return [flat] if flat.isGeosValid() else [polygon for polygon in _polygons(flat.makeValid()) if polygon.area()]


def _inside(area: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Optional[QgsGeometry]:
    """What of the area lies on the layer, in the layer's CRS; None where nothing does."""
    whole = layer.extent()
    moved = _moved(area, crs, layer)
    if moved is None or not moved.intersection(QgsGeometry.fromRect(whole)).area():
        return None
    around = whole.buffered(MARGIN * max(whole.width(), whole.height()))  # QGIS and the backend may differ on where a warped raster ends
    return _area(moved.intersection(QgsGeometry.fromRect(around)))


def _moved(area: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Optional[QgsGeometry]:
    """In the layer's CRS; None where it has no place there. What is far from the layer is cut off first: many projections fail there."""
    if not (crs.isValid() and layer.crs().isValid()) or crs == layer.crs():
        return area
    there = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance())
    with suppress(QgsCsException):
        near = there.transformBoundingBox(layer.extent(), Qgis.TransformDirection.Reverse)
        if near.isFinite():
            area = _area(area.intersection(QgsGeometry.fromRect(near.buffered(0.1 * max(near.width(), near.height())))))
    if area.isEmpty():
        return None
    box = area.boundingBox()
    moved = area.densifyByDistance(max(box.width(), box.height()) / SIDES)  # a straight side is a curve in another CRS
    try:
        moved.transform(there)
    except QgsCsException:
        return None
    return _area(moved)


def _rings(area: QgsGeometry) -> Tuple[Ring, ...]:
    """Of all parts, exterior and interior ones, not closed."""
    if area.constGet().nCoordinates() > MANY:
        box = area.boundingBox()
        area = _area(area.simplify(max(box.width(), box.height()) / MANY))
    polygons = (part.asPolygon() for part in area.asGeometryCollection())
    return tuple(tuple((corner.x(), corner.y()) for corner in ring[:-1]) for polygon in polygons for ring in polygon)
