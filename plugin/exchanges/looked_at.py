"""The layer that shows where a survey has looked: the views of its file, coloured by what became of each."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsCategorizedSymbolRenderer, QgsFillSymbol, QgsRendererCategory, QgsVectorLayer

from ...core.marks import State
from ..i18n import tr

VIEWS = "views"  # the table of the file, see `backend/outputs/survey.py`
STYLES = {
    State.DONE: "26,152,80,45",
    State.EMPTY: "120,120,120,45",
    State.FAILED: "215,48,39,140",
    State.SATURATED: "253,174,97,120",
    State.SPLIT: "90,90,220,30",
    State.UNSEEN: "60,60,60,150",
}
"""The fill of a view by its state: red, green, blue and opacity."""


def looked_at(file: Path) -> QgsVectorLayer:
    """The layer of a survey's file."""
    layer = QgsVectorLayer(f"{file}|layername={VIEWS}", file.stem, "ogr")
    words = _words()
    categories = []
    for state, fill in STYLES.items():
        hatched = state is State.UNSEEN
        symbol = QgsFillSymbol.createSimple(
            {
                "color": fill,
                "style": "b_diagonal" if hatched else "solid",
                "outline_color": "40,40,40,90",
                "outline_width": "0.1",
            }
        )
        categories.append(QgsRendererCategory(state.value, symbol, words[state]))
    layer.setRenderer(QgsCategorizedSymbolRenderer("state", categories))
    return layer


def _words() -> dict[State, str]:
    """What became of a view, as the legend says it."""
    return {
        State.DONE: tr("looked at"),
        State.EMPTY: tr("no data"),
        State.FAILED: tr("failed"),
        State.SATURATED: tr("too many things: the list is not complete"),
        State.SPLIT: tr("looked at again in parts"),
        State.UNSEEN: tr("not looked at"),
    }
