"""Places looked at, and answers, as a file of one's own: Shapefile, GeoPackage, GeoJSON, CSV or Excel, in any CRS.

export_rois(rows(exchanges), Path("ships.gpkg"), QgsCoordinateReferenceSystem("EPSG:4326"))
export_rois(answer_rows(exchanges), Path("answers.xlsx"))
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

from ...core.atomic import DRIVERS, SHAPEFILE_NAME, SHAPEFILE_TEXT, beside, shapefile_text
from ...core.errors import SceneError
from ..exchanges.exchange import Exchange, Seen, Status
from ..exchanges.results_file import ANSWER_FIELDS, ROI_FIELDS, answer_geometry, answer_values, roi_geometry, roi_values
from ..i18n import tr

FIELDS = {name: kind for name, kind in ROI_FIELDS.items() if name != "exchange"}  # in ASCII
FORMATS = {**DRIVERS, ".csv": "CSV", ".xlsx": "XLSX"}  # GDAL's drivers, by suffix
WGS84 = "EPSG:4326"

Row = tuple[Exchange, Optional[Seen]]
"""A place that was looked at; or, without one, the answer of the exchange. Those of one file are of one kind."""


def rows(exchanges: Iterable[Exchange]) -> list[Row]:
    """Every ROI of these exchanges, in order."""
    return [(exchange, seen) for exchange in exchanges for seen in exchange.zooms]


def answer_rows(exchanges: Iterable[Exchange]) -> list[Row]:
    """A row for each exchange that has ended, in order."""
    return [(exchange, None) for exchange in exchanges if exchange.status is not Status.RUNNING]


def selected_answers(layers: Iterable[QgsVectorLayer], exchanges: Iterable[Exchange]) -> list[Row]:
    """Those whose features are selected in the panel's layers of answers."""
    chosen = {feature["exchange"] for layer in layers for feature in layer.getSelectedFeatures()}
    return [(exchange, None) for exchange, _ in answer_rows(exchanges) if exchange.id in chosen]


def selected(layers: Iterable[QgsVectorLayer], exchanges: Iterable[Exchange]) -> list[Row]:
    """Those whose features are selected in the panel's layers."""
    chosen = {(feature["exchange"], feature["step"]) for layer in layers for feature in layer.getSelectedFeatures()}
    return [(exchange, seen) for exchange, seen in rows(exchanges) if seen and (exchange.id, seen.step) in chosen]


def crs_of(exchange: Exchange) -> QgsCoordinateReferenceSystem:
    """Of its raster; an invalid one where the raster lies nowhere."""
    placed = exchange.crs and all(seen.polygon for seen in exchange.zooms)
    return QgsCoordinateReferenceSystem.fromWkt(exchange.crs) if placed else QgsCoordinateReferenceSystem()


def export_rois(chosen: Sequence[Row], path: Path, crs: Optional[QgsCoordinateReferenceSystem] = None) -> Path:
    """Writes one layer `rois` or `answers`, moved corner by corner into `crs`; what stood at `path` is replaced as a whole.

    crs: None means the first raster's own, and WGS 84 for GeoJSON (RFC 7946). Rasters that lie nowhere give pixels, y upwards, and no CRS.
    CSV has the geometry as WKT, Excel has none.
    Raises SceneError for a suffix that is not known, a place that can't be written to, a file that is open in the project, boxes that
    can't be moved into the CRS, and for nothing to export.
    """
    driver = _check(chosen, path)
    target = QgsCoordinateReferenceSystem() if driver == "XLSX" else _target(chosen, driver, crs)
    layer = boxes(chosen, target, shapefile=driver == "ESRI Shapefile", placed=driver != "XLSX")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.fileEncoding = "UTF-8"
    options.layerName = layer.name()
    if driver == "GPKG":
        options.datasourceOptions = ["VERSION=1.2"]  # the newest that the GDAL of QGIS 3.22 reads without a warning
    elif driver == "GeoJSON" and layer.crs().authid() == WGS84:
        options.layerOptions = ["RFC7946=YES"]
    elif driver == "CSV":
        options.layerOptions = ["GEOMETRY=AS_WKT"]
    hint = tr("Check that the disk has space and that the folder can be written to.")
    try:
        with beside(path) as new:
            error, reason, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
                layer, str(new), QgsProject.instance().transformContext(), options
            )
            if error != QgsVectorFileWriter.WriterError.NoError or _count(new) != len(chosen):  # a full disk is no error to every driver
                raise SceneError(
                    tr("{path} can't be written: {reason}.").format(path=path, reason=reason or tr("the file is incomplete")), hint
                )
    except OSError as failure:
        reason = failure.strerror or failure
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=reason), hint) from failure
    return path


def boxes(chosen: Sequence[Row], crs: QgsCoordinateReferenceSystem, shapefile: bool = False, placed: bool = True) -> QgsVectorLayer:
    """A layer in memory, in `crs`, its texts cut where a Shapefile is to be made of it. placed: with geometries.

    Raises SceneError for what can't be moved there.
    """
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True  # no question to the user about a layer that is never shown
    answers = chosen[0][1] is None
    kind, name, fields = ("MultiPolygon", "answers", ANSWER_FIELDS) if answers else ("Polygon", "rois", FIELDS)
    layer = QgsVectorLayer(kind if placed else "NoGeometry", name, "memory", options)
    layer.setCrs(crs)
    attributes = QgsFields()
    for field, type in fields.items():
        short = field[:SHAPEFILE_NAME] if shapefile else field
        attributes.append(QgsField(short, type, len=SHAPEFILE_TEXT if shapefile and type == QVariant.String else 0))
    layer.dataProvider().addAttributes(attributes.toList())
    layer.updateFields()
    features = []
    for exchange, seen in chosen:
        feature = QgsFeature(layer.fields())
        values = roi_values(exchange, seen) if seen else answer_values(exchange)
        taken = [values[name] for name in fields]
        feature.setAttributes([shapefile_text(value) if shapefile and isinstance(value, str) else value for value in taken])
        if placed:
            feature.setGeometry(_moved(exchange, seen, crs))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


def _check(chosen: Sequence[Row], path: Path) -> str:
    """The driver, where the file can be written at all."""
    if not chosen:
        raise SceneError(tr("There is nothing to export."), tr("Ask a question first, or choose other questions."))
    driver = FORMATS.get(path.suffix.lower())
    if driver is None:
        raise SceneError(
            tr("The file type of {path} is not supported.").format(path=path),
            tr("Use one of these file extensions: {suffixes}.").format(suffixes=", ".join(FORMATS)),
        )
    folder = path.resolve().parent
    if not folder.is_dir():
        raise SceneError(
            tr("The folder {folder} does not exist.").format(folder=folder), tr("Create the folder first, or choose another one.")
        )
    if not os.access(folder, os.W_OK):
        raise SceneError(tr("The folder {folder} is read-only.").format(folder=folder), tr("Choose another folder."))
    for layer in QgsProject.instance().mapLayers().values():
        opened = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path")
        if opened and Path(opened).resolve() == path.resolve():
            message = tr("{path} is open in this project as the layer {layer}.").format(path=path, layer=layer.name())
            raise SceneError(message, tr("Choose another name, or remove the layer first."))
    return driver


def _target(chosen: Sequence[Row], driver: str, crs: Optional[QgsCoordinateReferenceSystem]) -> QgsCoordinateReferenceSystem:
    """The CRS of the file; an invalid one where the boxes are in pixels."""
    nowhere = [exchange for exchange, _ in chosen if not crs_of(exchange).isValid()]
    if nowhere and len(nowhere) < len(chosen):
        message = tr("The layer {layer} is not georeferenced, but other layers are.").format(layer=nowhere[0].layer)
        raise SceneError(message, tr("Export the results of this layer to a separate file."))
    if nowhere:
        return QgsCoordinateReferenceSystem()
    if crs is not None and crs.isValid():
        return crs
    return QgsCoordinateReferenceSystem(WGS84) if driver == "GeoJSON" else crs_of(chosen[0][0])


def _moved(exchange: Exchange, seen: Optional[Seen], crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """Its box, or the place asked about, in `crs`. What a projection can't show comes out of it as an exception, or as infinity."""
    geometry = roi_geometry(seen) if seen else answer_geometry(exchange)
    if crs.isValid() and crs_of(exchange) != crs:
        with suppress(QgsCsException):
            geometry.transform(QgsCoordinateTransform(crs_of(exchange), crs, QgsProject.instance()))
            if geometry.isNull() or geometry.boundingBox().isFinite():
                return geometry
        message = tr("The places looked at in {layer} can't be transformed to {crs}.").format(
            layer=exchange.layer, crs=crs.userFriendlyIdentifier()
        )
        raise SceneError(message, tr("Choose a CRS that covers the raster."))
    return geometry


def _count(file: Path) -> int:
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True
    headers = "|option:HEADERS=FORCE" if file.suffix.lower() == ".xlsx" else ""  # else a table of nothing but texts seems to have none
    return int(QgsVectorLayer(f"{file}{headers}", "", "ogr", options).featureCount())
