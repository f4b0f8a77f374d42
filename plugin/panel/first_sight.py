"""What the panel shows before the first question: what to do, three sample questions, and the demo scene."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ...core.paths import RESOURCES
from ..i18n import tr
from .widgets import ElidedButton, named, paragraph

DEMO = RESOURCES / "scene" / "demo.tif"
SAMPLES = ("Count the boats on the western lake.", "How many lakes are there?", "Is this scene rural or urban?")
"""Of the demo scene; in English in every language, because the demo model reads nothing else."""


class FirstSight(QWidget):
    """`sample_chosen`: a question is to be written into the question box. `demo_wanted`: the demo scene is to be opened."""

    sample_chosen = pyqtSignal(str)
    demo_wanted = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("zoomearth_first_sight")
        sentence = paragraph(
            tr("Choose a raster layer and type a question below. The answer appears here, with the places that the model looked at.")
        )
        sentence.setObjectName("zoomearth_empty")
        sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.addWidget(sentence)
        for number, text in enumerate(SAMPLES):
            button = named(ElidedButton(text), f"zoomearth_sample_{number}", tr("Write this question into the question box"))
            button.setAccessibleName(text)
            button.clicked.connect(lambda _, text=text: self.sample_chosen.emit(text))
            column.addWidget(button)
        about = tr("Add the drawn scene that the demo model knows to the project")
        self.demo = named(ElidedButton(tr("Open the &demo scene")), "zoomearth_demo", about)
        self.demo.clicked.connect(self.demo_wanted)
        column.addWidget(self.demo)
