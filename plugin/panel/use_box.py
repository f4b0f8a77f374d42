"""What a tool has made, in a card: the pictures before and after, how it was done, and buttons."""

from __future__ import annotations

import html
from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...core.tools import SURVEY
from ..exchanges.endings import tool_title, use_figures, use_notes
from ..exchanges.exchange import UsedTool
from ..i18n import tr
from .comparison import Comparison
from .widgets import ElidedButton, named, tip


class UseBox(QFrame):
    """titled: with the tool and the place above the pictures.

    `show_clicked`: the user wants to see the place and the layer on the map. `check_clicked`: the user wants to check what a survey has
    found. `remove_clicked`: the result is to be removed.
    """

    show_clicked = pyqtSignal()
    remove_clicked = pyqtSignal()
    check_clicked = pyqtSignal()

    def __init__(self, use: UsedTool, titled: bool, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.use = use
        title = tool_title(use)
        self.setObjectName(f"zoomearth_use_{use.id}")
        self.setAccessibleName(title)
        heading = QLabel(f"<b>{html.escape(title)}</b> {html.escape(use.made.label or use.place)}")
        heading.setWordWrap(True)
        notes = QLabel("<br>".join(map(html.escape, use_notes(use))))
        notes.setObjectName("zoomearth_use_notes")
        notes.setToolTip(tip(use_figures(use)))
        notes.setWordWrap(True)
        notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        for text in (heading, notes):
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        show = named(
            ElidedButton(tr("Show on map")), "zoomearth_use_show", tr("Move the map to the place, and show the layer of the result")
        )
        show.clicked.connect(self.show_clicked)
        remove = named(ElidedButton(tr("Remove")), "zoomearth_use_remove", tr("Remove this result and its layer (you can undo this)"))
        remove.clicked.connect(self.remove_clicked)
        row = QHBoxLayout()
        row.addWidget(show)
        if use.made.tool == SURVEY:
            self.check = named(ElidedButton(tr("&Check")), "zoomearth_use_check", tr("Check each thing by keys; the count follows"))
            self.check.clicked.connect(self.check_clicked)
            row.addWidget(self.check)
        row.addWidget(remove)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(3)
        if titled:
            column.addWidget(heading)
        self.comparison: Optional[Comparison] = None
        if use.before and use.after:
            self.comparison = Comparison(use.before, use.after)
            column.addWidget(self.comparison)
        column.addWidget(notes)
        column.addLayout(row)
