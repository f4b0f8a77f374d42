"""The layers of results in the open project: one of places looked at and one of answers for each raster, and one for each use of a tool, in
a group of the layer tree.

A layer belongs to the results by a custom property, which names its raster as `Exchange.raster`, or the id of the use of a tool.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Callable, Iterable, Optional, Union

from qgis.core import (
    QgsLayerNotesUtils,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsLayerTreeNode,
    QgsMapLayer,
    QgsMapLayerStyle,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ...core.address import titled
from ...core.paths import RESOURCES
from ...core.tools import MASK, SURVEY
from ..i18n import tr
from ..layers.raster_layers import wkt
from .answer_colors import categorize, color_answers
from .answer_labels import label_newest
from .endings import tool_title, use_figures, use_notes
from .exchange import RUN, Exchange, UsedTool, raster_id
from .looked_at import looked_at
from .result_fields import VERDICT, add_tip, describe, describe_values, offer_checks
from .result_tables import ANSWERS, ROIS, Written, table_of
from .results_file import ResultsFile

STYLES = RESOURCES / "styles"
STYLE = STYLES / "rois.qml"
RASTER = {ROIS: "zoomearth/source", ANSWERS: "zoomearth/answers"}  # custom property of a layer, by its kind: its raster
GROUP = RASTER[ROIS]  # custom property of a group: its raster
USE = "zoomearth/use"  # custom property of a layer that a tool has made: the id of the `UsedTool`
LOOKED_AT = "zoomearth/looked_at"  # custom property of a layer that shows where a survey has looked: the same id
TITLE = "zoomearth/title"  # custom property: the name that ZoomEarth gave; a layer with another name was renamed by the user


class ResultLayers:
    """exchanges: returns those of the results, oldest first."""

    def __init__(self, exchanges: Callable[[], list[Exchange]]) -> None:
        self._exchanges = exchanges

    def of_kind(self, kind: str = ROIS) -> list[QgsVectorLayer]:
        """All valid layers of that kind."""
        return [layer for layer in _layers(kind) if layer.isValid()]

    def layer(self, kind: str, raster: str) -> Optional[QgsVectorLayer]:
        """The layer of a raster, valid or not."""
        return next((layer for layer in _layers(kind) if _raster_of(layer, kind) == raster), None)

    def reload(self) -> None:
        """Shows what another program may have written to the file."""
        for kind in RASTER:
            for layer in self.of_kind(kind):
                _reload(layer)

    def show(self, file: ResultsFile, written: Written) -> None:
        """Reloads the layers of what was written to the file, and adds those that the project lacks."""
        for (kind, raster), table in written.tables.items():
            layer = self.layer(kind, raster)
            if layer is None:
                self._add(file.open(table), kind, raster)
            elif not layer.isValid() or _place(layer) != (file.path, table):
                layer.setDataSource(file.uri(table), layer.name(), "ogr")
            self._entitle_all(raster)
        for layer in (layer for kind in RASTER for layer in self.of_kind(kind)):
            if _place(layer)[1] in written.touched:
                _reload(layer)
                describe(layer)
                if layer.customProperty(RASTER[ANSWERS]):
                    self._show_answers(layer)

    def follow(self, origin: Path, file: ResultsFile) -> None:
        """Points the layers of the file `origin` at the file that has taken its place."""
        for layer in (layer for kind in RASTER for layer in _layers(kind)):
            path, table = _place(layer)
            if path == origin:
                layer.setDataSource(file.uri(table), layer.name(), "ogr")
        for layer in QgsProject.instance().mapLayers().values():
            path = Path(layer.source().split("|")[0])
            if (layer.customProperty(USE) or layer.customProperty(LOOKED_AT)) and path.parent == ResultsFile(origin).folder:
                table = layer.source().partition("|")[1:]
                layer.setDataSource("".join((str(file.folder / path.name), *table)), layer.name(), layer.providerType())

    def show_use(self, exchange: Exchange, use: UsedTool, file: Path) -> None:
        """Adds what a tool has made to the raster's group, unless the project has it already. A raster gets the style of its source."""
        if self.of_use(use) or not file.exists():
            return
        source = self.raster_layer(exchange.raster)
        layer: QgsMapLayer
        if use.made.tool == RUN:
            layer = ResultsFile(file).open(table_of(ANSWERS, exchange))
            if layer.isValid():  # else the file has no table of answers yet
                dress(layer, ANSWERS)
                describe_values(layer, [exchange.answer_type])
                layer.setDisplayExpression(f"\"label\" || coalesce(': ' || {VERDICT}, '')")
                layer.setReadOnly()  # the rows are checked in the table of the run, whose writer does not read them again
                color_answers(layer, exchange.answer_type.choices if exchange.answer_type else ())
        elif use.made.kind == MASK:
            layer = QgsVectorLayer(str(file), file.stem, "ogr")
            mask_style().writeToLayer(layer)
        else:
            layer = QgsRasterLayer(str(file), file.stem)
            if source and source.bandCount() == layer.bandCount() and source.isValid():
                style = QgsMapLayerStyle()
                style.readFromLayer(source)
                style.writeToLayer(layer)
        if not layer.isValid():
            return
        if not layer.crs().isValid() and source:
            layer.setCrs(source.crs())
        name = self._raster_name(exchange.raster)
        layer.setCustomProperty(USE, use.id)
        layer.setName(f"{tool_title(use)}: {use.made.label or name}")
        QgsLayerNotesUtils.setLayerNotes(layer, "<br>".join(map(html.escape, [*use_notes(use), use_figures(use)])))
        QgsProject.instance().addMapLayer(layer, False)
        group = self._group(exchange.raster, name)
        rasters = [at for at, node in enumerate(group.children()) if _is_raster(node)]
        at = 0 if use.made.kind == MASK else rasters[0] if rasters else len(group.children())
        group.insertLayer(at, layer)
        if use.made.tool == SURVEY:
            looked = looked_at(file)
            looked.setCustomProperty(LOOKED_AT, use.id)
            looked.setName(tr("Looked at: {target}").format(target=use.made.label))
            if not looked.crs().isValid():
                looked.setCrs(layer.crs())
            QgsProject.instance().addMapLayer(looked, False)
            group.insertLayer(at + 1, looked)

    def reload_use(self, use: UsedTool) -> None:
        """Shows what its file has now."""
        for layer in self._of_use(use):
            if isinstance(layer, QgsVectorLayer):
                _reload(layer)

    def color_use(self, use: UsedTool, answers: Iterable[Optional[str]]) -> None:
        """Gives each of these answers its colour and its entry in the legend. use: of a run."""
        for layer in self._of_use(use):
            if isinstance(layer, QgsVectorLayer):
                color_answers(layer, answers)

    def hide_use(self, use: UsedTool) -> None:
        """Removes its layers from the project; the file stays."""
        QgsProject.instance().removeMapLayers([layer.id() for layer in self._of_use(use)])

    def of_use(self, use: UsedTool) -> Optional[QgsMapLayer]:
        """The layer of what it has made."""
        return next((layer for layer in self._of_use(use) if layer.customProperty(USE)), None)

    def _of_use(self, use: UsedTool) -> list[QgsMapLayer]:
        """The same, and of a survey the layer that shows where it has looked."""
        layers = QgsProject.instance().mapLayers().values()
        return [layer for kind in (USE, LOOKED_AT) for layer in layers if layer.customProperty(kind) == use.id]

    def raster_layer(self, raster: str) -> Optional[QgsRasterLayer]:
        """The layer of a raster in the project."""
        layers = QgsProject.instance().mapLayers().values()
        return next((layer for layer in layers if isinstance(layer, QgsRasterLayer) and _id(layer) == raster), None)

    def rename(self, node: QgsLayerTreeNode, name: str) -> None:
        """Gives the raster's group and layers its new name, where the node is a raster layer."""
        layer = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
        if isinstance(layer, QgsRasterLayer):
            self._entitle_all(_id(layer))

    def _add(self, layer: QgsVectorLayer, kind: str, raster: str) -> None:
        """Adds the layer with its style to the raster's group at the top of the layer tree."""
        dress(layer, kind)
        layer.setCustomProperty(RASTER[kind], raster)
        project, name = QgsProject.instance(), self._raster_name(raster)
        project.addMapLayer(layer, False)
        group = self._group(raster, name)
        rasters = [at for at, node in enumerate(group.children()) if _is_raster(node)]
        group.insertLayer(0 if kind == ROIS else rasters[0] if rasters else len(group.children()), layer)
        _entitle(layer, _title(kind, name, layer))

    def _show_answers(self, layer: QgsVectorLayer) -> None:
        """Colours and labels the answers of the layer, and offers what a person may say that they are."""
        raster = _raster_of(layer, ANSWERS)
        exchanges = [exchange for exchange in self._exchanges() if exchange.question and exchange.raster == raster and not exchange.is_run]
        types = [exchange.answer_type for exchange in exchanges]
        color_answers(layer, (exchange.verdict for exchange in exchanges))
        label_newest(layer, exchanges)
        offer_checks(layer, types)
        describe_values(layer, types)

    def _group(self, raster: str, name: str) -> QgsLayerTreeGroup:
        """The raster's group, which is added where there is none."""
        root = QgsProject.instance().layerTreeRoot()
        group = next((one for one in root.findGroups(True) if one.customProperty(GROUP) == raster), None)
        if group is None:
            group = root.insertGroup(0, "")
            group.setCustomProperty(GROUP, raster)
            _entitle(group, _group_title(name))
        return group

    def _raster_name(self, raster: str) -> str:
        """The name of the raster's layer in the project, else its name in the last question about it."""
        layer = self.raster_layer(raster)
        if layer:
            return titled(layer.name(), layer.source())
        return next((exchange.layer for exchange in reversed(self._exchanges()) if exchange.raster == raster), "")

    def _entitle_all(self, raster: str) -> None:
        """Gives the raster's group and layers its name, except those that the user has renamed."""
        name = self._raster_name(raster)
        for group in QgsProject.instance().layerTreeRoot().findGroups(True):
            if group.customProperty(GROUP) == raster and group.name() == group.customProperty(TITLE):
                _entitle(group, _group_title(name))
        for kind in RASTER:
            own = self.layer(kind, raster)
            if own and own.name() == own.customProperty(TITLE):
                _entitle(own, _title(kind, name, own))


def dress(layer: QgsVectorLayer, kind: str) -> None:
    """Gives a layer of that kind its style, the names of its fields and its map tips."""
    layer.loadNamedStyle(str(STYLES / f"{kind}.qml"))
    describe(layer)
    add_tip(layer, kind == ANSWERS)
    if kind == ANSWERS:
        categorize(layer)


def mask_style() -> QgsMapLayerStyle:
    """The style of what a tool has outlined."""
    return QgsMapLayerStyle((STYLES / "masks.qml").read_text(encoding="utf-8"))


def _layers(kind: str) -> list[QgsVectorLayer]:
    """All layers of that kind in the project, valid or not."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.customProperty(RASTER[kind])]


def _is_raster(node: QgsLayerTreeNode) -> bool:
    return isinstance(node, QgsLayerTreeLayer) and isinstance(node.layer(), QgsRasterLayer)


def _raster_of(layer: QgsVectorLayer, kind: str) -> str:
    """The raster of a layer of results; a layer of an older version has only the source, with its keys."""
    raster = str(layer.customProperty(RASTER[kind]))
    return raster if re.search(r" \[[\w:]+\]$", raster) else raster_id(raster, wkt(layer.crs()))


def _id(layer: QgsRasterLayer) -> str:
    """The same text as `Exchange.raster`."""
    return raster_id(layer.source(), wkt(layer.crs()))


def _place(layer: QgsVectorLayer) -> tuple[Path, str]:
    """The layer's file and table."""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    return Path(parts.get("path") or ""), parts.get("layerName") or ""


def _reload(layer: QgsVectorLayer) -> None:
    """Shows what another connection has written to the file."""
    if not layer.isEditable():  # QGIS reloads the layer when the user ends the edits
        selected = set(layer.selectedFeatureIds())
        layer.reload()
        layer.updateExtents()
        if selected:
            layer.selectByIds(list(selected.intersection(layer.allFeatureIds())))
    layer.triggerRepaint()


def _group_title(raster: str) -> str:
    return f"ZoomEarth: {raster}"


def _title(kind: str, raster: str, layer: QgsVectorLayer) -> str:
    """A name for a layer of that kind that no other layer of results has."""
    title = {ROIS: tr("Places looked at: {layer}"), ANSWERS: tr("Answers: {layer}")}[kind].format(layer=raster)
    names = {other.name() for other in _layers(kind) if other is not layer}
    return next(name for name in (title, *(f"{title} ({n})" for n in range(2, 10_000))) if name not in names)


def _entitle(node: Union[QgsMapLayer, QgsLayerTreeGroup], title: str) -> None:
    node.setCustomProperty(TITLE, title)
    node.setName(title)
