"""What is being done for a question, in words and as a bar: "reading the raster 40 %"."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from ..i18n import tool_stage, tr


class Stage(QWidget):
    """looking: the label of the view that the model was shown last, "" for none."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.looking = ""
        self.words = QLabel()
        self.words.setObjectName("zoomearth_stage")
        self.bar = QProgressBar()
        self.bar.setObjectName("zoomearth_progress")
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.words, self.bar):
            column.addWidget(widget)

    def show_stage(self, stage: str, done: int, total: int) -> None:
        """stage: as the backend's `Progress` has it."""
        percent = f" {100 * done // total} %" if total > 1 and stage != "trying again" else ""
        self.words.setText((self._words(done, total).get(stage) or tool_stage(stage)) + percent)
        self._move(done, total if total > 1 else 0)

    def show_count(self, count: int, done: int, total: int) -> None:
        """What a survey has found in how many views."""
        self.words.setText(tr("{count} found, view {done} of {total}").format(count=count, done=done, total=total))
        self._move(done, max(1, total))

    def _move(self, done: int, total: int) -> None:
        """total: 0 where it is not known."""
        self.bar.setMaximum(total)
        self.bar.setValue(done)

    def _words(self, done: int, total: int) -> dict[str, str]:
        return {
            "starting": tr("starting the model process"),
            "opening": tr("opening the raster"),
            "scanning": tr("creating the overview of the raster"),
            "reading": tr("reading the raster"),
            "snapshot": tr("drawing the layer as an image"),
            "preparing": tr("reading the polygons"),
            "loading": tr("loading the model"),
            "testing": tr("testing how the model marks places"),
            "viewing": tr("the model is reading the picture"),
            "trying again": tr("the server did not reply: try {number} of {tries}").format(number=done, tries=total),
            "thinking": tr("looking at “{label}”").format(label=self.looking) if self.looking else tr("thinking"),
        }
