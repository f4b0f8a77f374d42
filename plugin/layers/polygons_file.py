"""The polygons of a layer as a file of their own for the backend: also those of scratch layers, filters and unsaved edits."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFields,
    QgsVectorFileWriter,
    QgsWkbTypes,
)

from ...core.errors import SceneError
from ..i18n import tr


def write_polygons(features: Iterable[QgsFeature], crs: QgsCoordinateReferenceSystem, path: Path) -> None:
    """Writes their geometries to a GeoPackage. Raises SceneError where there is none, or the file can't be written."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", "mask"
    context = QgsCoordinateTransformContext()
    writer = QgsVectorFileWriter.create(str(path), QgsFields(), QgsWkbTypes.Type.MultiPolygon, crs, context, options)
    count = 0
    for feature in features:
        geometry = feature.geometry()
        if not geometry.isEmpty():
            geometry.convertToMultiType()
            drawn = QgsFeature()
            drawn.setGeometry(geometry)
            count += bool(writer.addFeature(drawn))
    failed, reason = writer.hasError() != QgsVectorFileWriter.WriterError.NoError, writer.errorMessage()
    del writer  # which closes the file
    if failed:
        message = tr("{path} can't be written: {reason}.").format(path=path, reason=reason.rstrip("."))
        raise SceneError(message, tr("Check that the disk has space and that the folder can be written to."))
    if not count:
        raise SceneError(tr("The mask layer has no polygon."), tr("Draw where the tool is to work, or choose another layer."))
