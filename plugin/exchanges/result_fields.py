"""How QGIS shows the features of results: names of fields, words for their codes, map tips, and which fields a person may edit."""

from __future__ import annotations

import base64
import re
from typing import Any, Callable, Collection, Iterable, Optional

from qgis.core import QgsEditorWidgetSetup, QgsExpression, QgsExpressionFunction, QgsValueMapFieldFormatter, QgsVectorLayer
from qgis.PyQt.QtCore import QVariant

from ...core.answer_type import CHOICE, TEXT, AnswerType
from ...core.roi_table import ANSWER, ZOOM, ZOOM_OUT
from ...core.tools import TOOLS
from ..i18n import tr
from .exchange import Exchange
from .result_rows import CHECKS, RESERVED

VERDICT = 'coalesce("checked", "answer")'  # as `Exchange.verdict`
PICTURE = "zoomearth_picture"  # the name of the expression's function
MINOR = (
    "fid",
    "exchange",
    "roi",
    "window",
    "focus",
    "shown",
    "scale",
    "meaningless",
    "layer",
    "image",
    "compare",
    "bands",
    "stretch",
    "region",
)
TIP_WIDTH = 260  # pixels of the picture in a map tip


def describe(layer: QgsVectorLayer) -> None:
    """Describes a layer of results, and the fields of an older layer that have no alias yet. Only the fields of CHECKS can be edited."""
    if all(layer.attributeAlias(at) for at, field in enumerate(layer.fields().names()) if field in _aliases()):
        return
    form, table = layer.editFormConfig(), layer.attributeTableConfig()
    table.update(layer.fields())
    columns = table.columns()
    for at, field in enumerate(layer.fields().names()):
        if (alias := _aliases().get(field)) and not layer.attributeAlias(at):
            layer.setFieldAlias(at, alias)
            form.setReadOnly(at, field not in CHECKS)
            if words := _words().get(field):
                layer.setEditorWidgetSetup(at, _value_map(words))
    for column in columns:
        column.hidden = column.hidden or column.name in MINOR
    table.setColumns(columns)
    layer.setEditFormConfig(form)
    layer.setAttributeTableConfig(table)


def add_tip(layer: QgsVectorLayer, answers: bool) -> None:
    """Gives the layer its map tip and the name of a feature in lists. answers: else the layer has the places looked at."""
    place = "\"step\" || coalesce(' ' || \"label\", '')"
    layer.setDisplayExpression(f"\"question\" || coalesce(': ' || {VERDICT}, '')" if answers else place)
    step = "-1" if answers else '"step"'
    lines = [
        f"'<b>' || {_plain(VERDICT)} || '</b>'",
        _plain('"question"'),
        "NULL" if answers else _plain(place),
        _sentence(tr("Checked by {}"), _plain('"checked_by"')),
        _sentence(tr("Confidence: {}"), 'round("confidence", 2)'),
        f"""'<img width="{TIP_WIDTH}" src="' || {PICTURE}("exchange", {step}) || '">'""",
        _sentence(tr("Also asked here: {}"), _others()) if answers else "NULL",
    ]
    layer.setMapTipTemplate(f"[% array_to_string(array_filter(array({', '.join(lines)}), @element IS NOT NULL), '<br>') %]")


def describe_values(layer: QgsVectorLayer, answer_types: Iterable[Optional[AnswerType]]) -> None:
    """Describes the columns of answers in their type: they can't be edited, and have the choices as their values.

    answer_types: of the layer's questions.
    """
    parts: dict[str, list[AnswerType]] = {}  # by the name of their columns, which may have a number besides
    for each in dict.fromkeys(each for each in answer_types if each):
        for part in each.fields or (each,):
            parts.setdefault(part.name or "value", []).append(part)
    form = layer.editFormConfig()
    for at, field in enumerate(layer.fields()):
        name = field.name()
        listed = parts.get(name) or parts.get(re.sub(r"_\d+$", "", name), [])
        if not listed or name in RESERVED:
            continue
        form.setReadOnly(at, True)
        if name == "value" and not layer.attributeAlias(at):
            layer.setFieldAlias(at, tr("Value"))
        texts = [part for part in listed if part.kind == TEXT or (part.kind == CHOICE and not part.is_boolean)]
        known = field.type() == QVariant.String and texts and all(part.kind == CHOICE for part in texts)
        if known and layer.editorWidgetSetup(at).type() in ("", "ValueMap"):
            layer.setEditorWidgetSetup(at, _value_map({choice: choice for part in texts for choice in part.choices}))
    layer.setEditFormConfig(form)


def offer_checks(layer: QgsVectorLayer, answer_types: Collection[Optional[AnswerType]]) -> None:
    """Offers the choices of the questions for the checked answer where all have the same ones, else what stands there already.

    answer_types: of the layer's questions.
    """
    at = layer.fields().indexOf("checked")
    first = next(iter(answer_types), None)
    setup = QgsEditorWidgetSetup("UniqueValues", {"Editable": True})
    if first and first.kind == CHOICE and all(each == first for each in answer_types):
        setup = _value_map({QgsValueMapFieldFormatter.NULL_VALUE: tr("not checked"), **{choice: choice for choice in first.choices}})
    if at >= 0 and layer.editorWidgetSetup(at).type() in ("", "UniqueValues", "ValueMap"):  # else the user has chosen another one
        layer.setEditorWidgetSetup(at, setup)


class Picture(QgsExpressionFunction):
    """The picture of a view as the address of an <img>; NULL where there is none. step: of the view; -1: what decides the answer."""

    def __init__(self, exchange: Callable[[str], Optional[Exchange]]) -> None:
        """exchange: returns the exchange with an id."""
        help = tr("The picture of a question's zoom, for a map tip: by the question's id and the zoom's number")
        super().__init__(PICTURE, 2, "ZoomEarth", help)
        self._exchange = exchange

    def func(self, values: list[Any], *others: Any) -> Optional[str]:
        """Called by QGIS."""
        id, step = values
        exchange = self._exchange(id)
        if exchange is None:
            return None
        chosen = [view for view in exchange.views if view.step == step] if step >= 0 else (exchange.zooms or exchange.views)
        picture = chosen[-1].picture if chosen else b""
        return f"data:image/png;base64,{base64.b64encode(picture).decode()}" if picture else None

    def register(self) -> None:
        QgsExpression.unregisterFunction(PICTURE)  # of a plugin that was reloaded
        QgsExpression.registerFunction(self)

    def unregister(self) -> None:
        QgsExpression.unregisterFunction(PICTURE)


def _plain(expression: str) -> str:
    """The expression of a text that may stand in HTML."""
    return f"replace({expression}, map('&', '&amp;', '<', '&lt;'))"


def _others() -> str:
    """The expression of the other questions about the same place, with their answers; NULL where there are none."""
    same = """"exchange" <> attribute(@parent, 'exchange') and geom_to_wkt($geometry) = geom_to_wkt(geometry(@parent))"""
    line = "'<br>' || " + _plain('"question"') + f" || ' <b>' || coalesce({_plain(VERDICT)}, '–') || '</b>'"
    return f"nullif(concatenate({line}, filter:={same}), '')"


def _sentence(text: str, expression: str) -> str:
    """The expression of a sentence with a value in place of {}; NULL where the value is NULL."""
    before, after = (QgsExpression.quotedString(part) for part in text.split("{}"))
    return f"{before} || {expression} || {after}"


def _value_map(words: dict[str, str]) -> QgsEditorWidgetSetup:
    """words: by the codes in the file."""
    return QgsEditorWidgetSetup("ValueMap", {"map": [{text: code} for code, text in words.items()]})


def _words() -> dict[str, dict[str, str]]:
    """The words for the codes of fields, by field and code."""
    tools = {name: tr(tool.title) for name, tool in TOOLS.items()}
    return {
        "kind": {ANSWER: tr("Answer"), ZOOM: tr("Zoom"), ZOOM_OUT: tr("Zoom out"), **tools},
        "stopped": {
            "answered": tr("answered"),
            "limit": tr("maximum number of zooms"),
            "unreadable": tr("unreadable reply"),
            "endless": tr("reply too long"),
            "bad_box": tr("invalid place"),
            "cancelled": tr("cancelled"),
            "failed": tr("failed"),
            "done": tr("done"),
        },
    }


def _aliases() -> dict[str, str]:
    """The field names that QGIS shows, by the names in the file."""
    return {
        "exchange": tr("Question id"),
        "question": tr("Question"),
        "answer": tr("Answer"),
        "confidence": tr("Confidence (0 to 1)"),
        "meaningless": tr("Meaningless"),
        "step": tr("Zoom number"),
        "label": tr("Label"),
        "stopped": tr("Status"),
        "error": tr("Error"),
        "checked": tr("Checked answer"),
        "checked_by": tr("Checked by"),
        "checked_at": tr("Checked at"),
        "note": tr("Note"),
        "model": tr("Model"),
        "layer": tr("Layer"),
        "image": tr("Raster"),
        "compare": tr("Compared with"),
        "bands": tr("Bands"),
        "stretch": tr("Stretch"),
        "region": tr("Region"),
        "kind": tr("Kind"),
        "roi": tr("Box in pixels of the raster"),
        "window": tr("Pixels of the raster"),
        "focus": tr("Enlarged pixels of the raster"),
        "shown": tr("Size of the picture in pixels"),
        "scale": tr("Reduction (1: full resolution)"),
        "time": tr("Time"),
    }
