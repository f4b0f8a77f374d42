"""The colours of answers on the map: a category of the layer's style, and so an entry of the legend, for each answer that there is."""

from __future__ import annotations

import textwrap
from typing import Iterable, Optional

from qgis.core import QgsCategorizedSymbolRenderer, QgsRendererCategory, QgsSymbol, QgsVectorLayer
from qgis.PyQt.QtGui import QColor

from ..i18n import tr
from .result_fields import VERDICT

NAMED = {"yes": "#2fbf71", "no": "#ff5a4f", "unsure": "#ffd447"}
OTHERS = ("#4cc9f0", "#ff9640", "#b9a2ff", "#ff6ad5", "#c8b273", "#9dff57", "#3f8efc", "#f2a6a0", "#00b8a9")  # apart from one another
REST = "#ffffff"  # of no answer, and of answers beyond the number of colours
NO_COLOR = "#9aa5b1"  # the same in a chart on white paper
LENGTH = 40  # letters of an answer in the legend


def color_answers(layer: QgsVectorLayer, verdicts: Iterable[Optional[str]]) -> bool:
    """Adds a category for each answer that has none yet, in the order of the first ones; returns whether there were any.

    Categories that the user has changed stay, and so does a style that the user has chosen.
    """
    renderer = layer.renderer()
    if not isinstance(renderer, QgsCategorizedSymbolRenderer) or renderer.classAttribute() != VERDICT:
        return False
    existing = {category.value() for category in renderer.categories() if category.value()}
    new = [verdict for verdict in dict.fromkeys(verdicts) if verdict and verdict not in existing][: len(OTHERS) - len(existing)]
    for verdict in new:
        used = {category.symbol().color().name() for category in renderer.categories()}
        color = _color(verdict, used)
        label = textwrap.shorten(verdict, LENGTH, placeholder="…")
        at = len(renderer.categories()) - 1  # the last one is that of the rest
        renderer.addCategory(QgsRendererCategory(verdict, _symbol(renderer.sourceSymbol(), color), label))
        renderer.moveCategory(at + 1, at)
    if new:
        layer.setRenderer(renderer.clone())  # which announces the change to the legend
    return bool(new)


def color_of_answer(verdicts: Iterable[Optional[str]]) -> dict[str, str]:
    """The colours that answers have in a new layer of theirs, by answer."""
    colors: dict[str, str] = {}
    for verdict in dict.fromkeys(verdicts):
        if verdict and len(colors) < len(OTHERS):
            colors[verdict] = _color(verdict, set(colors.values()))
    return colors


def categorize(layer: QgsVectorLayer) -> None:
    """Makes categories of the layer's one symbol, so far only that of the rest."""
    symbol = layer.renderer().symbol()
    rest = QgsRendererCategory("", _symbol(symbol, REST), tr("other or no answer"))
    renderer = QgsCategorizedSymbolRenderer(VERDICT, [rest])
    renderer.setSourceSymbol(symbol.clone())
    layer.setRenderer(renderer)


def _color(verdict: str, used: set[str]) -> str:
    return _named().get(verdict.strip().casefold()) or next((each for each in OTHERS if each not in used), REST)


def _symbol(source: QgsSymbol, color: str) -> QgsSymbol:
    symbol = source.clone()
    symbol.setColor(QColor(color))  # of all its layers but the locked ones
    return symbol


def _named() -> dict[str, str]:
    """The colours of words that stand for the same thing everywhere, also in the user's language."""
    return {tr("yes"): NAMED["yes"], tr("no"): NAMED["no"], tr("unsure"): NAMED["unsure"], **NAMED}
