"""The boxes of the label file on the map: one layer for each CRS, which QGIS reads and the label file writes."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsProject, QgsProviderRegistry, QgsVectorLayer

from ...core.labels.rows import LabelBox
from ...core.paths import RESOURCES
from ..i18n import tr

OWN = "zoomearth/labels"  # custom property of a layer of boxes: its table
STYLE = RESOURCES / "styles" / "labels.qml"


class BoxLayers:
    """Layers of the open project."""

    def show(self, path: Path, tables: list[str]) -> None:
        """Reloads the layers of the label file, adds those that the project lacks, and removes those of other files. Not to be called while
        QGIS reads a project: layers are half made then."""
        present = {}
        for layer in _own():
            table = str(layer.customProperty(OWN))
            if table not in tables or Path(_file(layer)) != path:
                QgsProject.instance().removeMapLayer(layer.id())
            else:
                present[table] = layer
        for table in tables:
            if layer := present.get(table):
                layer.reload()
                layer.updateExtents()
                layer.triggerRepaint()
            else:
                self._add(path, table, len(tables) > 1)

    def select(self, box: Optional[LabelBox]) -> None:
        """Marks the box that is looked at."""
        for layer in _own():
            chosen = f"\"id\" = '{box.id}'" if box else "false"
            layer.selectByExpression(chosen)

    def _add(self, path: Path, table: str, several: bool) -> None:
        layer = QgsVectorLayer(f"{path}|layername={table}", tr("Labels"), "ogr")
        if not layer.isValid():
            return
        if several:
            layer.setName(tr("Labels ({crs})").format(crs=layer.crs().authid() or tr("no CRS")))
        layer.loadNamedStyle(str(STYLE))
        layer.setReadOnly(True)
        layer.setCustomProperty(OWN, table)
        QgsProject.instance().addMapLayer(layer, False)
        QgsProject.instance().layerTreeRoot().insertLayer(0, layer)


def _own() -> list[QgsVectorLayer]:
    return [
        layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsVectorLayer) and layer.customProperty(OWN)
    ]


def _file(layer: QgsVectorLayer) -> str:
    return str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or "")
