"""The menu of tools: Segment, Denoise, Remove clouds, Edit."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from ...core.tools import CHOICE, MASK, TOOLS, Tool
from ..i18n import tr
from .widgets import tool_button


def tool_menu(parent: QWidget, choose: Callable[[str], object], labelled: bool) -> QMenu:
    """choose: called with a tool's name. labelled: whether the place has a label already."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for tool in TOOLS.values():
        action = menu.addAction("&" + tr(tool.title) + ("…" if has_questions(tool, labelled) else ""))
        action.setObjectName(f"zoomearth_tool_{tool.name}")
        action.setToolTip(tr(tool.summary))
        action.triggered.connect(lambda _, name=tool.name: choose(name))
    return menu


def tool_menu_button(name: str, about: str, choose: Callable[[str], object], labelled: bool) -> QToolButton:
    """A button that opens the menu, by a click or by the keyboard."""
    button = tool_button(name, about, "/processingAlgorithm.svg")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(tool_menu(button, choose, labelled))
    return button


def has_questions(tool: Tool, labelled: bool) -> bool:
    """Whether the user must be asked before the tool can be used: for a choice, other rasters, a mask or a label."""
    return (
        bool(tool.uses)
        or any(parameter.kind == CHOICE and not parameter.detail for parameter in tool.parameters)
        or (tool.gives == MASK and not labelled)
    )
