"""ROIs as a vector file of one's own: Shapefile, GeoPackage or GeoJSON, in any CRS.

export_rois(rows(exchanges), Path("ships.gpkg"), QgsCoordinateReferenceSystem("EPSG:4326"))
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Iterable, Optional, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ..core.errors import SceneError
from ..core.files import DRIVERS, SHAPEFILE_NAME, SHAPEFILE_TEXT, beside, shapefile_text
from .exchange import Exchange, Seen
from .i18n import tr
from .store import ROI_FIELDS, roi_geometry, roi_values

FIELDS = {name: kind for name, kind in ROI_FIELDS.items() if name != "exchange"}  # in ASCII
WGS84 = "EPSG:4326"

Row = tuple[Exchange, Seen]


def rows(exchanges: Iterable[Exchange]) -> list[Row]:
    """Every ROI of these exchanges, in order."""
    return [(exchange, seen) for exchange in exchanges for seen in exchange.zooms]


def selected(layers: Iterable[QgsVectorLayer], exchanges: Iterable[Exchange]) -> list[Row]:
    """Those whose features are selected in the panel's layers."""
    chosen = {(feature["exchange"], feature["step"]) for layer in layers for feature in layer.getSelectedFeatures()}
    return [(exchange, seen) for exchange, seen in rows(exchanges) if (exchange.id, seen.step) in chosen]


def crs_of(exchange: Exchange) -> QgsCoordinateReferenceSystem:
    """Of its raster; an invalid one where the raster lies nowhere."""
    placed = exchange.crs and all(seen.polygon for seen in exchange.zooms)
    return QgsCoordinateReferenceSystem.fromWkt(exchange.crs) if placed else QgsCoordinateReferenceSystem()


def export_rois(chosen: Sequence[Row], path: Path, crs: Optional[QgsCoordinateReferenceSystem] = None) -> Path:
    """Writes one layer `rois`, its boxes moved corner by corner into `crs`; what stood at `path` is replaced as a whole.

    crs: None means the first raster's own, and WGS 84 for GeoJSON (RFC 7946). Rasters that lie nowhere give pixels, y upwards, and no CRS.
    Raises SceneError for a suffix that is not known, a place that can't be written to, a file that is open in the project, boxes that
    can't be moved into the CRS, and for nothing to export.
    """
    driver = _check(chosen, path)
    layer = boxes(chosen, _target(chosen, driver, crs), shapefile=driver == "ESRI Shapefile")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.fileEncoding = "UTF-8"
    options.layerName = "rois"
    if driver == "GPKG":
        options.datasourceOptions = ["VERSION=1.2"]  # the newest that the GDAL of QGIS 3.22 reads without a warning
    elif driver == "GeoJSON" and layer.crs().authid() == WGS84:
        options.layerOptions = ["RFC7946=YES"]
    hint = tr("See that the disk has room and the folder can be written to.")
    try:
        with beside(path) as new:
            error, reason, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
                layer, str(new), QgsProject.instance().transformContext(), options
            )
            if error != QgsVectorFileWriter.WriterError.NoError or _count(new) != len(chosen):  # a full disk is no error to every driver
                raise SceneError(
                    tr("{path} can't be written: {reason}.").format(path=path, reason=reason or tr("not all of it arrived")), hint
                )
    except OSError as failure:
        reason = failure.strerror or failure
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=reason), hint) from failure
    return path


def boxes(chosen: Sequence[Row], crs: QgsCoordinateReferenceSystem, shapefile: bool = False) -> QgsVectorLayer:
    """A layer in memory, in `crs`, its texts cut where a Shapefile is to be made of it. Raises SceneError for what can't be moved there."""
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True  # no question to the user about a layer that is never shown
    layer = QgsVectorLayer("Polygon", "rois", "memory", options)
    layer.setCrs(crs)
    fields = QgsFields()
    for name, kind in FIELDS.items():
        short = name[:SHAPEFILE_NAME] if shapefile else name
        fields.append(QgsField(short, kind, len=SHAPEFILE_TEXT if shapefile and kind == QVariant.String else 0))
    layer.dataProvider().addAttributes(fields.toList())
    layer.updateFields()
    features = []
    for exchange, seen in chosen:
        feature = QgsFeature(layer.fields())
        values = roi_values(exchange, seen)
        taken = [values[name] for name in FIELDS]
        feature.setAttributes([shapefile_text(value) if shapefile and isinstance(value, str) else value for value in taken])
        feature.setGeometry(_moved(exchange, seen, crs))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


def _check(chosen: Sequence[Row], path: Path) -> str:
    """The driver, where the file can be written at all."""
    if not chosen:
        raise SceneError(tr("There are no boxes to export."), tr("Ask a question first, or choose other exchanges."))
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise SceneError(
            tr("{path} has no known suffix.").format(path=path), tr("It ends in {suffixes}.").format(suffixes=", ".join(DRIVERS))
        )
    folder = path.resolve().parent
    if not folder.is_dir():
        raise SceneError(tr("The folder {folder} does not exist.").format(folder=folder), tr("Make it first, or choose another one."))
    if not os.access(folder, os.W_OK):
        raise SceneError(tr("The folder {folder} is read-only.").format(folder=folder), tr("Choose another folder."))
    for layer in QgsProject.instance().mapLayers().values():
        opened = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path")
        if opened and Path(opened).resolve() == path.resolve():
            message = tr("{path} is open in this project, as the layer {layer}.").format(path=path, layer=layer.name())
            raise SceneError(message, tr("Choose another name, or remove the layer first."))
    return driver


def _target(chosen: Sequence[Row], driver: str, crs: Optional[QgsCoordinateReferenceSystem]) -> QgsCoordinateReferenceSystem:
    """The CRS of the file; an invalid one where the boxes are in pixels."""
    nowhere = [exchange for exchange, _ in chosen if not crs_of(exchange).isValid()]
    if nowhere and len(nowhere) < len(chosen):
        message = tr("{layer} lies nowhere on a map, and the others do.").format(layer=nowhere[0].layer)
        raise SceneError(message, tr("Export its boxes to a file of their own."))
    if nowhere:
        return QgsCoordinateReferenceSystem()
    if crs is not None and crs.isValid():
        return crs
    return QgsCoordinateReferenceSystem(WGS84) if driver == "GeoJSON" else crs_of(chosen[0][0])


def _moved(exchange: Exchange, seen: Seen, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """Its box in `crs`. What a projection can't show comes out of it as an exception, or as infinity."""
    geometry = roi_geometry(seen)
    if crs.isValid() and crs_of(exchange) != crs:
        with suppress(QgsCsException):
            geometry.transform(QgsCoordinateTransform(crs_of(exchange), crs, QgsProject.instance()))
            if geometry.boundingBox().isFinite():
                return geometry
        message = tr("The boxes of {layer} can't be moved into {crs}.").format(layer=exchange.layer, crs=crs.userFriendlyIdentifier())
        raise SceneError(message, tr("Choose a CRS that covers the raster."))
    return geometry


def _count(file: Path) -> int:
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True
    return int(QgsVectorLayer(str(file), "", "ogr", options).featureCount())
