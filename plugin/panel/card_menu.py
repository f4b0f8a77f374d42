"""The menu of a card: copy the answer, ask again, edit the question, and ask about the box only."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from ...core.tools import SURVEY
from ..exchanges.exchange import RUN, Exchange, Status
from ..i18n import tr
from .widgets import named

AGAIN, EDIT, BOX = "again", "edit", "box"  # what the user wants; see `again.py`


def card_menu_button(exchange: Exchange, choose: Callable[[str], None]) -> QToolButton:
    """choose: called with one of AGAIN, EDIT and BOX."""
    button = named(QToolButton(), "zoomearth_exchange_menu", tr("More about this question: copy, ask again, edit"))
    button.setText("⋯")
    button.setAutoRaise(True)
    menu = QMenu(button)
    copy = menu.addAction(tr("&Copy the answer"))
    menu.addSeparator()
    actions = {
        AGAIN: menu.addAction(tr("Ask &again")),
        EDIT: menu.addAction(tr("&Edit the question")),
        BOX: menu.addAction(tr("Use this &box as area")),
    }
    copy.setObjectName("zoomearth_exchange_copy")
    copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(exchange.verdict or ""))
    for what, action in actions.items():
        action.setObjectName(f"zoomearth_exchange_{what}")
        action.triggered.connect(lambda _, what=what: choose(what))

    def fit() -> None:
        asked = bool(exchange.question) and exchange.status is not Status.RUNNING
        copy.setEnabled(exchange.verdict is not None)
        alone = not any(use.made.tool in (RUN, SURVEY) for use in exchange.uses)
        actions[AGAIN].setEnabled(asked and alone)
        actions[EDIT].setEnabled(bool(exchange.question))
        actions[BOX].setEnabled(bool(exchange.zooms))

    menu.aboutToShow.connect(fit)
    fit()
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button
