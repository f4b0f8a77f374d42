"""Candidates without a model, at once: of the boxes that wait, one after another, because each needs the colour of its pixels."""

from __future__ import annotations

from collections import deque
from typing import Callable, Iterable, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.geometry import Box
from ...core.labels.file import LabelFile
from ...core.labels.rows import LabelBox, LabelImage
from ...core.labels.templates import proposed
from .pictures import Drawn, Painter
from .rasters import grid_of, layer_of, pixels_of
from .store import LabelStore

COUNT = 5  # questions for a box


class Templates(QObject):
    """`ended` is emitted with how many candidates were added, and with the images whose rasters no layer of the project shows."""

    ended = pyqtSignal(int, list)

    def __init__(self, store: LabelStore, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._store = store
        self._painter = Painter(self)
        self._waiting: deque[tuple[LabelImage, LabelBox]] = deque()
        self._added = 0
        self._missing: list[str] = []
        store.failed.connect(lambda message, hint: self._give_up())
        self._painter.interrupted.connect(self._give_up)

    def propose(self, wanted: Iterable[tuple[LabelImage, LabelBox]]) -> None:
        """Candidates for these boxes; their old candidates are replaced."""
        idle = not self._waiting
        self._waiting.extend(wanted)
        if idle:
            self._added, self._missing = 0, []
            self._next()

    def close(self) -> None:
        self._waiting.clear()
        self._painter.close()

    def _give_up(self) -> None:
        """A change has failed, or a layer is gone: the user may propose again."""
        if self._waiting:
            self._waiting.clear()
            self.ended.emit(self._added, self._missing)

    def _next(self) -> None:
        if not self._waiting:
            self.ended.emit(self._added, self._missing)
            return
        image, box = self._waiting[0]
        layer, pixels = layer_of(image), pixels_of(box, image)
        if layer is None or pixels is None:
            self._missing += [image.path] if image.path not in self._missing else []
            self._over()
            return
        inside = pixels.rounded_out().intersect(Box(0, 0, image.width or 0, image.height or 0))
        self._painter.draw(layer, grid_of(image), inside, pixels, lambda drawn: self._write(image, box, drawn))

    def _write(self, image: LabelImage, box: LabelBox, drawn: Drawn) -> None:
        self._store.change(_adding(image, box, drawn.colour()), self._count)

    def _count(self, added: int) -> None:
        self._added += added
        self._over()

    def _over(self) -> None:
        if self._waiting:
            self._waiting.popleft()
        self._next()


def _adding(image: LabelImage, box: LabelBox, colour: tuple[float, float, float]) -> Callable[[LabelFile], int]:
    def add(labels: LabelFile) -> int:
        current = labels.get(LabelBox, box.id)  # its description may be new
        return len(labels.regenerate(image.id, box.id, proposed(image, current, labels.boxes(image.id), colour, COUNT)))

    return add
