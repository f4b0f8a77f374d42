"""Export of the places looked at and of the answers: Shapefile, GeoPackage, GeoJSON, CSV or Excel, in any CRS.

export_rois(rows(exchanges), Path("ships.gpkg"), QgsCoordinateReferenceSystem("EPSG:4326"))
export_rois(answer_rows(exchanges), Path("answers.xlsx"))
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsDataProvider,
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

from ...core.atomic import DRIVERS, SHAPEFILE_NAME, SHAPEFILE_TEXT, beside, copy_beside, shapefile_text
from ...core.errors import SceneError
from ..exchanges.answer_colors import color_answers
from ..exchanges.answer_labels import label_newest
from ..exchanges.exchange import Exchange, PicturedView, Status
from ..exchanges.result_fields import describe_values
from ..exchanges.result_layers import dress
from ..exchanges.result_rows import ROI_FIELDS, answer_geometry, answer_values, roi_geometry, roi_values, typed_values
from ..exchanges.result_tables import ANSWERS, ROIS
from ..i18n import tr

FORMATS = {**DRIVERS, ".csv": "CSV", ".xlsx": "XLSX"}  # GDAL's drivers, by suffix
WGS84 = "EPSG:4326"

Row = tuple[Exchange, Optional[PicturedView]]
"""A place looked at; with None the answer of the exchange. The rows of one file are of one kind."""


def rows(exchanges: Iterable[Exchange]) -> list[Row]:
    """Every view after the global one of these exchanges, in order."""
    return [(exchange, view) for exchange in exchanges for view in exchange.looks]


def answer_rows(exchanges: Iterable[Exchange]) -> list[Row]:
    """A row for each question that has ended, in order."""
    return [(exchange, None) for exchange in exchanges if exchange.question and exchange.status is not Status.RUNNING]


def selected_answers(layers: Iterable[QgsVectorLayer], exchanges: Iterable[Exchange]) -> list[Row]:
    """The answers whose features are selected in the layers of answers."""
    chosen = {feature["exchange"] for layer in layers for feature in layer.getSelectedFeatures()}
    return [(exchange, None) for exchange, _ in answer_rows(exchanges) if exchange.id in chosen]


def selected(layers: Iterable[QgsVectorLayer], exchanges: Iterable[Exchange]) -> list[Row]:
    """The places whose features are selected in the layers of places looked at."""
    chosen = {(feature["exchange"], feature["step"]) for layer in layers for feature in layer.getSelectedFeatures()}
    return [(exchange, view) for exchange, view in rows(exchanges) if view and (exchange.id, view.step) in chosen]


def crs_of(exchange: Exchange) -> QgsCoordinateReferenceSystem:
    """The CRS of the exchange's raster; an invalid CRS where the raster has no georeference."""
    georeferenced = exchange.crs and all(view.polygon for view in exchange.zooms)
    return QgsCoordinateReferenceSystem.fromWkt(exchange.crs) if georeferenced else QgsCoordinateReferenceSystem()


def export_rois(chosen: Sequence[Row], path: Path, crs: Optional[QgsCoordinateReferenceSystem] = None, append: bool = False) -> Path:
    """Writes one layer `rois` or `answers`, its corners transformed to `crs`; an existing file is replaced as a whole.

    append: adds the rows to the layer of an existing file instead, in the CRS of that layer; a GeoPackage without such a layer gets it.
    crs: None means the CRS of the first raster, or WGS 84 for GeoJSON (RFC 7946). Rasters without georeference give pixels with y upwards,
    and no CRS. CSV has the geometry as WKT, Excel has none.
    Raises SceneError for an unknown suffix, a path that can't be written to, a file that is open in the project, boxes that can't be
    transformed to the CRS, and where there is nothing to export.
    """
    driver = _check(chosen, path)
    append = append and path.exists()
    existing = _existing(path, _name(chosen)) if append else None
    if existing:
        crs = existing.crs()
    target = QgsCoordinateReferenceSystem() if driver == "XLSX" else _target(chosen, driver, crs)
    layer = boxes(chosen, target, shapefile=driver == "ESRI Shapefile", placed=driver != "XLSX")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.fileEncoding = "UTF-8"
    options.layerName = layer.name()
    if append:
        actions = QgsVectorFileWriter.ActionOnExistingFile
        options.actionOnExistingFile = actions.AppendToLayerAddFields if existing else actions.CreateOrOverwriteLayer
    count = len(chosen) + (int(existing.featureCount()) if existing else 0)
    if driver == "GPKG":
        options.datasourceOptions = ["VERSION=1.2"]  # the newest that the GDAL of QGIS 3.22 reads without a warning
    elif driver == "GeoJSON" and layer.crs().authid() == WGS84:
        options.layerOptions = ["RFC7946=YES"]
    elif driver == "CSV":
        options.layerOptions = ["GEOMETRY=AS_WKT"]
    hint = tr("Check that the disk has space and that the folder can be written to.")
    try:
        with beside(path) as new:
            if append:
                copy_beside(path, new)
                if driver != "GPKG":  # whose file has one layer, under a name of its own
                    copied = _opened(new)
                    options.layerName = copied.dataProvider().subLayers()[0].split(QgsDataProvider.sublayerSeparator())[1]
                    del copied  # which closes the file
            error, reason, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
                layer, str(new), QgsProject.instance().transformContext(), options
            )
            written = _count(new, options.layerName if driver == "GPKG" else "")  # some drivers report no error where the disk is full
            if error != QgsVectorFileWriter.WriterError.NoError or written != count:
                raise SceneError(
                    tr("{path} can't be written: {reason}.").format(path=path, reason=reason or tr("the file is incomplete")), hint
                )
    except OSError as failure:
        reason = failure.strerror or failure
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=reason), hint) from failure
    return path


def boxes(chosen: Sequence[Row], crs: QgsCoordinateReferenceSystem, shapefile: bool = False, placed: bool = True) -> QgsVectorLayer:
    """A layer in memory, in `crs`. shapefile: texts are cut to the length of a Shapefile's fields. placed: with geometries.

    Raises SceneError for geometries that can't be transformed to the CRS.
    """
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True  # QGIS may ask the user for the CRS of a layer otherwise
    kind = "MultiPolygon" if _name(chosen) == ANSWERS else "Polygon"
    layer = QgsVectorLayer(kind if placed else "NoGeometry", _name(chosen), "memory", options)
    layer.setCrs(crs)
    kinds, records = dict(ROI_FIELDS), []
    for exchange, view in chosen:
        typed = {} if view else typed_values(exchange, {name.lower(): kind for name, kind in kinds.items()})
        kinds.update((name, kind) for name, (kind, _) in typed.items())
        values = roi_values(exchange, view) if view else answer_values(exchange)
        records.append({**values, **{name: value for name, (_, value) in typed.items()}})
    layer.dataProvider().addAttributes(_fields(kinds, shapefile).toList())
    layer.updateFields()
    features = []
    for (exchange, view), record in zip(chosen, records):
        feature = QgsFeature(layer.fields())
        row = (record.get(name) for name in kinds)
        feature.setAttributes([shapefile_text(value) if shapefile and isinstance(value, str) else value for value in row])
        if placed:
            feature.setGeometry(_moved(exchange, view, crs))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


def _fields(kinds: Mapping[str, Any], shapefile: bool) -> QgsFields:
    """kinds: types by name. shapefile: names are cut, and get a number where they would be equal."""
    fields = QgsFields()
    for name, kind in kinds.items():
        short = name
        if shapefile:
            cut = (name[:SHAPEFILE_NAME], *(f"{name[: SHAPEFILE_NAME - 3]}_{n}" for n in range(2, 100)))
            short = next(each for each in cut if fields.lookupField(each) < 0)
        fields.append(QgsField(short, kind, len=SHAPEFILE_TEXT if shapefile and kind == QVariant.String else 0))
    return fields


def add_to_project(path: Path, kind: str, chosen: Sequence[Row]) -> Optional[QgsVectorLayer]:
    """Adds an exported file to the project, with the style of such a layer, and returns its layer. kind: ROIS or ANSWERS."""
    layer = _opened(path, kind if path.suffix.lower() == ".gpkg" else "")
    layer.setName(path.stem)
    if not layer.isValid():
        return None
    if layer.isSpatial():
        dress(layer, kind)
        if kind == ANSWERS:
            exchanges = [exchange for exchange, _ in chosen]
            color_answers(layer, (exchange.verdict for exchange in exchanges))
            label_newest(layer, exchanges)
            describe_values(layer, (exchange.answer_type for exchange in exchanges))
    QgsProject.instance().addMapLayer(layer)
    return layer


def _check(chosen: Sequence[Row], path: Path) -> str:
    """The name of GDAL's driver. Raises SceneError where the file can't be written."""
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
    """The CRS of the file; an invalid CRS where the boxes are in pixels."""
    in_pixels = [exchange for exchange, _ in chosen if not crs_of(exchange).isValid()]
    if in_pixels and len(in_pixels) < len(chosen):
        message = tr("The layer {layer} is not georeferenced, but other layers are.").format(layer=in_pixels[0].layer)
        raise SceneError(message, tr("Export the results of this layer to a separate file."))
    if in_pixels:
        return QgsCoordinateReferenceSystem()
    if crs is not None and crs.isValid():
        return crs
    return QgsCoordinateReferenceSystem(WGS84) if driver == "GeoJSON" else crs_of(chosen[0][0])


def _moved(exchange: Exchange, view: Optional[PicturedView], crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """The box, or the place asked about, in `crs`. A transformation that fails raises an exception or gives infinite coordinates."""
    geometry = roi_geometry(view) if view else answer_geometry(exchange)
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


def _name(chosen: Sequence[Row]) -> str:
    """The name of the layer."""
    return ANSWERS if chosen[0][1] is None else ROIS


def _existing(path: Path, name: str) -> Optional[QgsVectorLayer]:
    """The layer of a file to append to; None where a GeoPackage has no layer of that name. Raises SceneError for another file."""
    layer = _opened(path, name if path.suffix.lower() == ".gpkg" else "")
    if not layer.isValid() and path.suffix.lower() == ".gpkg" and _opened(path).isValid():
        return None
    if not layer.isValid() or not {"exchange", "answer"} <= set(layer.fields().names()):
        message = tr("{path} is not an export of ZoomEarth.").format(path=path)
        raise SceneError(message, tr("Choose another file, or replace this one."))
    return layer


def _opened(file: Path, name: str = "") -> QgsVectorLayer:
    options = QgsVectorLayer.LayerOptions()
    options.skipCrsValidation = True
    headers = "|option:HEADERS=FORCE" if file.suffix.lower() == ".xlsx" else ""  # else GDAL takes the header of a table of texts for a row
    return QgsVectorLayer(f"{file}{f'|layername={name}' if name else ''}{headers}", name, "ogr", options)


def _count(file: Path, name: str = "") -> int:
    return int(_opened(file, name).featureCount())
