"""What the user does with an earlier question: asks it again, edits it, or asks about its box only."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer

from ...core.errors import SceneError
from ...core.roi_table import stored
from ...core.source import Compare
from ..exchanges.exchange import Exchange
from ..exchanges.question import Question
from ..exchanges.result_rows import roi_geometry
from ..exchanges.session import Session
from ..i18n import tr
from ..layers.raster_layers import compared, other_rasters, scene_source
from ..layers.scope import Place
from .card_menu import AGAIN, EDIT
from .form import Form
from .question_box import QuestionBox


class Again:
    def __init__(self, session: Session, form: Form, question: QuestionBox) -> None:
        self._session, self._form, self._question = session, form, question

    def act(self, exchange: Exchange, what: str) -> None:
        """what: see `card_menu`. Raises SceneError where the raster is not in the project."""
        layer = self._session.results.raster_layer(exchange)
        if layer is None:
            message = tr("The layer {layer} is not in the project.").format(layer=exchange.layer)
            raise SceneError(message, tr("Add the layer again, then repeat the question."))
        if what == AGAIN:
            self._ask(exchange, layer)
            return
        self._form.layer.setLayer(layer)
        if what == EDIT:
            self._question.setPlainText(exchange.question)
        else:
            box = roi_geometry(exchange.zooms[-1]).boundingBox()
            self._form.use_rectangle(box, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))
        self._question.setFocus()
        self._question.selectAll()

    def _ask(self, exchange: Exchange, layer: QgsRasterLayer) -> None:
        region = exchange.region.outline if exchange.region else None
        self._form.layer.setLayer(layer)  # whose snapshot and colours the form knows
        compare = _compared(exchange, layer) if exchange.compare else None
        resolution, raw = self._form.snapshot_resolution, self._form.raw
        question = Question(layer, exchange.question, exchange.answer_type, resolution, raw, compare)
        self._session.ask(question, Place(exchange.scope, region))


def _compared(exchange: Exchange, layer: QgsRasterLayer) -> Compare:
    """The second raster, as the project has it now. Raises SceneError where the project lacks it."""
    for other in other_rasters(layer):
        if exchange.compare and stored(scene_source(other)).path == exchange.compare.path:
            return compared(layer, other)
    message = tr("The layer that {layer} was compared with is not in the project.").format(layer=exchange.layer)
    raise SceneError(message, tr("Add the layer again, then repeat the question."))
