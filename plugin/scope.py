"""What part of a layer is asked about: all of it, what the canvas shows, a drawn rectangle, selected polygons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas

from ..core.errors import SceneError
from .i18n import tr


class Scope(Enum):
    """The choices of the panel."""

    LAYER = "layer"
    CANVAS = "canvas"
    RECTANGLE = "rectangle"
    FEATURES = "features"


@dataclass(frozen=True)
class Place:
    """words: for the transcript. outline: corners in map units of the raster layer's CRS; None: the whole layer."""

    words: str
    outline: Optional[list[list[float]]] = None

    @property
    def extent(self) -> QgsRectangle:
        """Around the outline, which is not None."""
        xs, ys = zip(*(self.outline or ()))
        return QgsRectangle(min(xs), min(ys), max(xs), max(ys))


def rectangle(words: str, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Place:
    """What of the layer lies in a rectangle of another CRS. Raises SceneError where it has no place in the layer's."""
    return Place(words, _outline(QgsGeometry.fromRect(extent), crs, layer, words))


def features(layer: QgsRasterLayer, polygons: Optional[QgsVectorLayer]) -> list[Place]:
    """A place for every selected polygon. Raises SceneError where none is selected."""
    if polygons is None:
        raise SceneError(tr("No polygon is selected."), tr("Select polygons on the map first, in any vector layer."))
    places = []
    for feature in sorted(polygons.getSelectedFeatures(), key=lambda feature: feature.id()):
        words = tr("feature {id} of {layer}").format(id=feature.id(), layer=polygons.name())
        if feature.hasGeometry():
            places.append(Place(words, _outline(feature.geometry(), polygons.crs(), layer, words)))
    if not places:
        raise SceneError(tr("What is selected in {layer} has no geometry.").format(layer=polygons.name()), tr("Select other polygons."))
    return places


def with_selection(preferred: Optional[QgsVectorLayer]) -> Optional[QgsVectorLayer]:
    """The polygon layer that has something selected, the preferred one first."""
    for layer in (preferred, *QgsProject.instance().mapLayers().values()):
        if (
            isinstance(layer, QgsVectorLayer)
            and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry
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
    return extent.width() / max(1, canvas.width())


def _outline(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer, words: str) -> list[list[float]]:
    shape = QgsGeometry(geometry).densifyByCount(7)  # a straight side is a curve in another CRS
    if crs.isValid() and layer.crs().isValid() and crs != layer.crs():
        try:
            shape.transform(QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()))
        except QgsCsException as error:
            message = tr("The place can't be found in the coordinates of {layer}: {reason}.").format(layer=layer.name(), reason=error)
            raise SceneError(message, tr("Choose one nearer to the layer.")) from None
    if not shape.intersects(layer.extent()):
        message = tr("The {place} lies outside the layer {layer}.").format(place=words, layer=layer.name())
        raise SceneError(message, tr("Move the map or draw the rectangle where the layer is."))
    return [[point.x(), point.y()] for point in shape.vertices()]
