"""The GeoPackage that keeps what was asked: a polygon table of ROIs for each raster, and a table with the exchanges whole.

An exchange is written when it has ended, in one go; until then the canvas shows its boxes. Everything goes through QGIS's own OGR provider,
which also has the layers open, so that nobody waits for anybody's lock.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..core.errors import SceneError
from ..core.files import beside
from .exchange import Exchange, Seen
from .i18n import tr
from .log import say

EXCHANGES = "exchanges"
SOURCE = "zoomearth/source"  # custom property of an ROI layer: the source of the raster that was asked about
CRS = "zoomearth/crs"  # another: the raster's CRS as WKT
ROI_FIELDS = {
    "exchange": QVariant.String,
    "question": QVariant.String,
    "answer": QVariant.String,
    "step": QVariant.Int,
    "label": QVariant.String,
    "stopped": QVariant.String,
    "model": QVariant.String,
    "source": QVariant.String,
    "window": QVariant.String,
    "scale": QVariant.Double,
    "time": QVariant.String,
}
EXCHANGE_FIELDS = dict.fromkeys(("exchange", "time", "question", "answer", "source", "data"), QVariant.String)


def roi_values(exchange: Exchange, seen: Seen) -> dict[str, Any]:
    """An ROI's attributes, by the names of ROI_FIELDS. window: of source pixels; scale: source pixels per pixel shown."""
    return {
        "exchange": exchange.id,
        "question": exchange.question,
        "answer": exchange.answer or "",
        "step": seen.step,
        "label": seen.label,
        "stopped": exchange.stopped,
        "model": exchange.model,
        "source": exchange.layer,
        "window": ",".join(map(str, seen.window)),
        "scale": round(seen.scale, 3),
        "time": exchange.time,
    }


def roi_geometry(seen: Seen) -> QgsGeometry:
    """In map units of the raster's CRS."""
    return QgsGeometry.fromPolygonXY([[QgsPointXY(x, y) for x, y in seen.corners]])


def mark(layer: QgsVectorLayer, exchange: Exchange) -> None:
    """As the ROI layer of the exchange's raster."""
    layer.setCustomProperty(SOURCE, exchange.source)
    layer.setCustomProperty(CRS, exchange.crs)


class Store:
    """One GeoPackage. Raises SceneError where it can't be written to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._exchanges: Optional[QgsVectorLayer] = None
        self._rois: dict[tuple[str, str], str] = {}  # tables made for rasters, by the raster's source and CRS
        self._known: set[str] = set()  # tables that are there: listing them takes as long as writing a row

    @property
    def written(self) -> bool:
        """Whether something of this session is in it."""
        return self._exchanges is not None

    def make_tables(self, exchange: Exchange, rois: bool) -> None:
        """What `write` and `roi_layer` need, where it is not there yet. A table takes the disk a while, so each is made ahead."""
        there = self._tables()
        if EXCHANGES not in there:
            self._create(EXCHANGES, EXCHANGE_FIELDS, QgsWkbTypes.Type.NoGeometry, "")
        if rois and (exchange.source, exchange.crs) not in self._rois:
            stem = "rois_" + _slug(exchange.layer)
            name = next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, 10_000))) if name not in there)
            self._create(name, ROI_FIELDS, QgsWkbTypes.Type.Polygon, exchange.crs)
            self._rois[exchange.source, exchange.crs] = name

    def read(self) -> Iterator[Exchange]:
        """Every exchange, oldest first; a row that is none is said in the log and passed over."""
        table = self._table(EXCHANGES)
        if not table.isValid():
            return
        for feature in table.getFeatures(QgsFeatureRequest().addOrderBy("time").addOrderBy("fid")):  # one brought back has a new fid
            try:
                yield Exchange.from_dict(json.loads(feature["data"]))
            except (KeyError, TypeError, ValueError) as error:
                say(f"{self.path}: an exchange can't be read: {error!r}")

    def write(self, exchange: Exchange, rois: Optional[QgsVectorLayer]) -> None:
        """Keeps an exchange that has ended; its ROIs go into `rois`, a layer of `roi_layer` (None where it has no zoom)."""
        self.make_tables(exchange, rois=False)
        table = self._exchanges = self._exchanges or self._table(EXCHANGES)
        row = QgsFeature(table.fields())
        row["exchange"], row["time"], row["source"] = exchange.id, exchange.time, exchange.source
        row["question"], row["answer"] = exchange.question, exchange.answer or ""
        row["data"] = json.dumps(exchange.to_dict())
        self._add(table, [row])
        if rois:
            features = []
            for seen in exchange.zooms:
                feature = QgsFeature(rois.fields())
                for name, value in roi_values(exchange, seen).items():
                    feature[name] = value
                feature.setGeometry(roi_geometry(seen))
                features.append(feature)
            self._add(rois, features)

    def remove(self, exchange: Exchange, rois: Optional[QgsVectorLayer]) -> None:
        """Forgets an exchange and its ROIs. Raises SceneError."""
        if not self.path.exists():  # a layer that has it open would find nothing to delete, and say nothing
            raise self._unwritable(self.path, tr("the file is gone"))
        for table in (self._exchanges or self._table(EXCHANGES), rois):
            if table and table.isValid():
                ids = [feature.id() for feature in table.getFeatures(f"\"exchange\" = '{exchange.id}'")]
                if not table.dataProvider().deleteFeatures(ids):
                    raise self._unwritable(self.path, "; ".join(table.dataProvider().errors()))
                table.triggerRepaint()

    def roi_layer(self, exchange: Exchange) -> QgsVectorLayer:
        """A new, empty layer for the ROIs of the exchange's raster, in the raster's CRS."""
        self.make_tables(exchange, rois=True)
        layer = self._table(self._rois[exchange.source, exchange.crs])
        mark(layer, exchange)
        return layer

    def copy_to(self, path: Path) -> None:
        """All of it to another file, while layers have it open. Raises SceneError; nothing half-copied is left under the name."""
        try:
            with beside(path) as new, closing(sqlite3.connect(str(self.path))) as source, closing(sqlite3.connect(str(new))) as target:
                source.backup(target)
        except (OSError, sqlite3.Error) as error:
            raise self._unwritable(path, str(error)) from None

    def _table(self, name: str) -> QgsVectorLayer:
        options = QgsVectorLayer.LayerOptions(QgsProject.instance().transformContext())
        options.loadDefaultStyle = False
        return QgsVectorLayer(f"{self.path}|layername={name}", name, "ogr", options)

    def _tables(self) -> set[str]:
        if not self.path.exists():
            self._known, self._exchanges = set(), None
        elif not self._known:
            layer = QgsVectorLayer(str(self.path), "", "ogr")
            parts = layer.dataProvider().subLayers() if layer.isValid() else []
            self._known = {part.split(layer.dataProvider().sublayerSeparator())[1] for part in parts}
        return self._known

    def _create(self, name: str, fields: dict[str, Any], geometry: QgsWkbTypes.Type, crs: str) -> None:
        columns = QgsFields()
        for field, kind in fields.items():
            columns.append(QgsField(field, kind))
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName, options.fileEncoding = "GPKG", name, "UTF-8"
        options.datasourceOptions = ["VERSION=1.2"]  # the newest that QGIS 3.22's GDAL reads without a warning
        action = QgsVectorFileWriter.ActionOnExistingFile
        options.actionOnExistingFile = action.CreateOrOverwriteLayer if self.path.exists() else action.CreateOrOverwriteFile
        system = QgsCoordinateReferenceSystem.fromWkt(crs) if crs else QgsCoordinateReferenceSystem()
        writer = QgsVectorFileWriter.create(str(self.path), columns, geometry, system, QgsCoordinateTransformContext(), options)
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise self._unwritable(self.path, writer.errorMessage())
        del writer  # which closes the file
        self._known.add(name)

    def _add(self, layer: QgsVectorLayer, features: list[QgsFeature]) -> None:
        done, _ = layer.dataProvider().addFeatures(features)
        if not done:
            raise self._unwritable(self.path, "; ".join(layer.dataProvider().errors()))
        layer.updateExtents()
        layer.triggerRepaint()

    @staticmethod
    def _unwritable(path: Path, reason: str) -> SceneError:
        message = tr("The results can't be written to {path}: {reason}.").format(path=path, reason=reason.strip().rstrip("."))
        return SceneError(message, tr("See that the disk has room and the folder can be written to, or save the project elsewhere."))


def _slug(name: str) -> str:
    """Letters, digits and underscores, as a table may be called."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain).strip("_").lower()[:40] or "raster"
