"""The part of a layer that a question is about: the whole layer, the canvas extent, a drawn rectangle, or selected polygons."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Iterator, Optional, Tuple

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

SIDES = 64  # the longest side of an outline is divided into at least this many pieces before it is transformed
MANY = 20_000  # corners; an outline with more is simplified
MARGIN = 0.01  # of a layer's longer side
NAME = 60  # characters of a feature's name

Ring = Tuple[Corner, ...]


class Scope(Enum):
    """The choices of area in the panel."""

    LAYER = "layer"
    CANVAS = "canvas"
    RECTANGLE = "rectangle"
    FEATURES = "features"
    ALL = "all"


@dataclass(frozen=True)
class Place:
    """words: a description, for the transcript. outline: rings of corners in map units of the raster layer's CRS; None: the whole layer.

    The rings are filled by the even-odd rule, so that further parts and holes are further rings.
    """

    words: str
    outline: Optional[Tuple[Ring, ...]] = None

    @property
    def where(self) -> Optional[Where]:
        """The region of a question. Raises ValueError for an outline that is not valid."""
        return Where(outline=self.outline) if self.outline else None

    def corners(self, layer: QgsRasterLayer) -> Ring:
        """The extent as a closed ring."""
        box = self.extent(layer)
        left, bottom, right, top = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
        return (left, top), (right, top), (right, bottom), (left, bottom), (left, top)

    def extent(self, layer: QgsRasterLayer) -> QgsRectangle:
        """The extent of the outline, or of the whole layer, in the layer's CRS."""
        if self.outline is None:
            return layer.extent()
        xs, ys = zip(*(corner for ring in self.outline for corner in ring))
        return QgsRectangle(min(xs), min(ys), max(xs), max(ys))


def canvas_view(canvas: QgsMapCanvas, layer: QgsRasterLayer) -> Place:
    """The part of the layer that the canvas shows, with the canvas's rotation. Raises SceneError where it shows no part."""
    settings = canvas.mapSettings()
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(corner) for corner in settings.visiblePolygon()]])
    words = tr("map canvas extent")
    if settings.rotation():
        words = tr("inside the map canvas, rotated by {angle}°").format(angle=f"{settings.rotation():g}")
    return _place(words, shape, settings.destinationCrs(), layer, tr("Move the map to where the layer is."))


def rectangle(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Place:
    """The part of the layer inside a rectangle in any CRS. Raises SceneError where they do not overlap."""
    return _place(tr("drawn rectangle"), QgsGeometry.fromRect(extent), crs, layer, tr("Draw it where the layer is."))


def features(layer: QgsRasterLayer, polygons: Optional[QgsVectorLayer], selected: bool = True) -> tuple[list[Place], str]:
    """A place for every polygon on the layer, and a sentence about polygons that were left out ("": none). selected: only of selected ones.

    Raises SceneError where no polygon lies on the layer.
    """
    if polygons is None:
        raise SceneError(tr("No polygon is selected."), tr("Select polygons on the map first, in any vector layer."))
    places, outside, empty = [], [], 0
    chosen = polygons.getSelectedFeatures() if selected else polygons.getFeatures()
    for feature in sorted(chosen, key=lambda feature: feature.id()):
        area = _area(feature.geometry())
        if area.isEmpty():
            empty += 1
        elif inside := _inside(area, polygons.crs(), layer):
            places.append(_within(inside, feature, polygons))
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
    return places, " ".join(filter(None, (_outside_words(len(outside), total, layer), _empty_words(empty, total))))


def each_feature(layer: QgsRasterLayer, polygons: QgsVectorLayer, ids: Iterable[int]) -> Iterator[tuple[QgsFeature, Optional[Place]]]:
    """These features of a polygon layer with their places on the raster layer, one at a time; None: it lies outside, or has no area."""
    for id in ids:
        feature = polygons.getFeature(id)
        area = _area(feature.geometry())
        inside = None if area.isEmpty() else _inside(area, polygons.crs(), layer)
        yield feature, _within(inside, feature, polygons) if inside else None


def feature_name(feature: QgsFeature, layer: QgsVectorLayer) -> str:
    """By the layer's display expression; its id where that gives no name."""
    return _display_name(feature, layer) or str(feature.id())


def with_selection(preferred: Optional[QgsVectorLayer]) -> Optional[QgsVectorLayer]:
    """A polygon layer with selected features: the preferred layer if it has some. None where there is no such layer."""
    for layer in (preferred, *QgsProject.instance().mapLayers().values()):
        if (
            isinstance(layer, QgsVectorLayer)
            and layer.geometryType() in (QgsWkbTypes.GeometryType.PolygonGeometry, QgsWkbTypes.GeometryType.UnknownGeometry)
            and layer.selectedFeatureCount()
        ):
            return layer
    return None


def units_per_pixel(canvas: QgsMapCanvas, layer: QgsRasterLayer) -> float:
    """Map units of the layer's CRS per pixel of the canvas, at its current scale."""
    crs, extent = canvas.mapSettings().destinationCrs(), canvas.extent()
    if crs.isValid() and layer.crs().isValid() and crs != layer.crs():
        try:
            extent = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
        except QgsCsException:
            extent = layer.extent()
    return (extent.width() or layer.extent().width()) / max(1, canvas.width())  # a new canvas has no extent


def _place(words: str, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer, hint: str) -> Place:
    inside = _inside(_area(shape), crs, layer)
    if inside is None:
        raise SceneError(tr("The {place} lies outside the layer {layer}.").format(place=words, layer=layer.name()), hint)
    return Place(words, _rings(inside))


def _within(inside: QgsGeometry, feature: QgsFeature, layer: QgsVectorLayer) -> Place:
    return Place(tr("inside the outline of {place}").format(place=_name(feature, layer) + _parts(inside)), _rings(inside))


def _display_name(feature: QgsFeature, layer: QgsVectorLayer) -> str:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    name = QgsExpression(layer.displayExpression()).evaluate(context) if layer.displayExpression() else None
    return "" if name in (None, NULL, "") else textwrap.shorten(str(name), NAME, placeholder="…")


def _name(feature: QgsFeature, layer: QgsVectorLayer) -> str:
    """The feature's name by the layer's display expression, with the layer's name."""
    if name := _display_name(feature, layer):
        return tr("{name} of {layer}").format(name=name, layer=layer.name())
    return tr("feature {id} of {layer}").format(id=feature.id(), layer=layer.name())


def _parts(shape: QgsGeometry) -> str:
    count = len(shape.asGeometryCollection())
    return " " + tr("({count} parts)").format(count=count) if count > 1 else ""


def _outside_words(count: int, total: int, layer: QgsRasterLayer) -> str:
    one = tr("{count} of {total} polygons lies outside the layer {layer} and was left out.")
    several = tr("{count} of {total} polygons lie outside the layer {layer} and were left out.")
    return (one if count == 1 else several).format(count=count, total=total, layer=layer.name()) if count else ""


def _empty_words(count: int, total: int) -> str:
    one = tr("{count} of {total} polygons has no area and was left out.")
    several = tr("{count} of {total} polygons have no area and were left out.")
    return (one if count == 1 else several).format(count=count, total=total) if count else ""


def _area(shape: QgsGeometry) -> QgsGeometry:
    """All polygons of a shape as one valid geometry with straight sides and without heights; empty where there is no area."""
    polygons = _polygons(shape)
    return QgsGeometry.unaryUnion(polygons) if polygons else QgsGeometry()


def _polygons(shape: QgsGeometry) -> list[QgsGeometry]:
    """The valid polygons of a shape: both halves of a bow tie, and polygons inside collections; lines and points are left out."""
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
    """The part of the area on the layer, in the layer's CRS; None where they do not overlap."""
    whole = layer.extent()
    moved = _moved(area, crs, layer)
    if moved is None or not moved.intersection(QgsGeometry.fromRect(whole)).area():
        return None
    # The margin: QGIS and the backend may compute different edges of a warped raster.
    around = whole.buffered(MARGIN * max(whole.width(), whole.height()))
    return _area(moved.intersection(QgsGeometry.fromRect(around)))


def _moved(area: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Optional[QgsGeometry]:
    """The area in the layer's CRS; None where it can't be transformed. Parts far from the layer are cut off first: many projections fail
    there.
    """
    if not (crs.isValid() and layer.crs().isValid()) or crs == layer.crs():
        return area
    transform = QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance())
    with suppress(QgsCsException):
        near = transform.transformBoundingBox(layer.extent(), Qgis.TransformDirection.Reverse)
        if near.isFinite():
            area = _area(area.intersection(QgsGeometry.fromRect(near.buffered(0.1 * max(near.width(), near.height())))))
    if area.isEmpty():
        return None
    box = area.boundingBox()
    moved = area.densifyByDistance(max(box.width(), box.height()) / SIDES)  # a straight side is a curve in another CRS
    try:
        moved.transform(transform)
    except QgsCsException:
        return None
    return _area(moved)


def _rings(area: QgsGeometry) -> Tuple[Ring, ...]:
    """The exterior and interior rings of all parts, not closed."""
    if area.constGet().nCoordinates() > MANY:
        box = area.boundingBox()
        area = _area(area.simplify(max(box.width(), box.height()) / MANY))
    polygons = (part.asPolygon() for part in area.asGeometryCollection())
    return tuple(tuple((corner.x(), corner.y()) for corner in ring[:-1]) for polygon in polygons for ring in polygon)
