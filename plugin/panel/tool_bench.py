"""Connects the menus of tools in the panel with the tools: asks what a tool needs, and starts it on a picture's place or on an area."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Optional, Sequence

from qgis.core import QgsCoordinateReferenceSystem, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from ...core.errors import SceneError, ZoomEarthError
from ...core.source import Where
from ...core.tools import MASK, UseTool, tool_named
from ..exchanges.exchange import Exchange, PicturedView, UsedTool
from ..exchanges.session import Session
from ..exchanges.tool_runs import ToolRuns, Wanted
from ..i18n import tr
from .canvas import fly_to
from .form import Form
from .tool_dialog import ToolDialog
from .tool_menu import has_questions

MANY = 10  # selected polygons; with more, the panel asks for confirmation


class ToolBench(QObject):
    """form: has the area. ready: returns whether the backend can be started; it may open the setup dialog first.

    confirm: asks the user a yes-or-no question.
    """

    refused = pyqtSignal(str, str)  # message and hint

    def __init__(
        self,
        session: Session,
        form: Form,
        canvas: QgsMapCanvas,
        ready: Callable[[], bool],
        confirm: Callable[[str], bool],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._form, self._canvas, self._window = session, form, canvas, window
        self._ready, self._confirm = ready, confirm
        self.runs = ToolRuns(session, self)
        self.runs.failed.connect(self.refused)

    def use_on_view(self, exchange: Exchange, view: PicturedView, name: str) -> None:
        """On the place of a picture: for an outline the box that the model marked, else all that the picture shows."""
        layer = self._session.results.raster_layer(exchange)
        if layer is None:
            message = tr("The layer {layer} is not in the project.").format(layer=exchange.layer)
            self.refused.emit(message, tr("Add the layer again, then choose the tool."))
        elif exchange.scene is None:
            message = tr("The model saw a picture that QGIS drew of the layer {layer}. Its place in the file is not known.")
            self.refused.emit(message.format(layer=exchange.layer), tr("Draw a rectangle there, and choose the tool beside Area."))
        else:
            box = view.roi if view.roi and tool_named(name).gives == MASK else view.part
            left, top, right, bottom = map(float, box)
            words = view.label or (tr("Zoom {number}").format(number=view.step) if view.step else tr("Overview"))
            use = UseTool(name, view.label, question=exchange.question, answer=exchange.answer or "", exchange=exchange.id)
            wanted = Wanted(layer, use, Where(window=(left, top, right, bottom)), words, view.corners)
            self._start([wanted], exchange)

    def use_on_area(self, name: str) -> None:
        """On the area of the form; on each of the selected polygons, with the same settings."""
        layer = self._form.raster
        if layer is None:
            self.refused.emit(tr("Choose a raster layer."), "")
            return
        try:
            places, left_out = self._form.places(layer)
            wanted = [Wanted(layer, UseTool(name), each.where, each.words, each.corners(layer)) for each in places]
        except ZoomEarthError as error:
            self.refused.emit(error.message, error.hint)
        except ValueError as error:  # an outline of too many corners
            self.refused.emit(str(error), "")
        else:
            if left_out:
                self.refused.emit(left_out, "")
            many = tr("{count} polygons are selected. The tool is used once for each of them. Continue?").format(count=len(wanted))
            if len(wanted) <= MANY or self._confirm(many):
                self._start(wanted)

    def show_use(self, exchange: Exchange, use: UsedTool) -> None:
        """Shows a tool's result on the map; its layer is added again where the user has removed it."""
        self._session.results.show_use(exchange, use)
        if layer := self._session.results.use_layer(use):
            node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
            if node:
                node.setItemVisibilityCheckedParentRecursive(True)
        else:
            self.refused.emit(tr("The file of this result no longer exists: {file}.").format(file=use.made.out), "")
        fly_to(self._canvas, use.corners, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _start(self, wanted: Sequence[Wanted], exchange: Optional[Exchange] = None) -> None:
        use, layer = wanted[0].use, wanted[0].layer
        tool, mask = tool_named(use.tool), None
        if has_questions(tool, bool(use.label)):
            dialog = ToolDialog(tool, layer, use.label, self._window)
            accepted = dialog.exec() == ToolDialog.DialogCode.Accepted
            use, mask = replace(dialog.use, question=use.question, answer=use.answer, exchange=use.exchange), dialog.mask_layer
            dialog.deleteLater()
            if not accepted:
                return
        if not self._ready():
            return
        try:
            for each in wanted:
                self.runs.start(replace(each, use=use, mask=mask), exchange)
        except SceneError as error:
            self.refused.emit(error.message, error.hint)
