"""Learning from use: answers of the panel that the user has judged, and places that the model looked at, go into the label file."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.geometry import Box
from ...core.labels.file import LabelFile
from ...core.labels.learning import Judged, Place, judgements, learn
from ...core.labels.rows import LabelImage, Question
from ...core.reasoning import thought
from ...core.roi_table import ZOOM_OUT
from ..exchanges.exchange import Exchange, PicturedView
from ..exchanges.session import Session
from ..i18n import tr
from ..layers.raster_layers import live_paths
from ..panel.transcript import Transcript
from .box_tool import BoxTool
from .dock import LabelDock
from .project_labels import ProjectLabels
from .rasters import Raster, box_around

LATER = 150  # milliseconds between a change and reading what was judged


class Learning(QObject):
    """`said` is emitted with the exchange's id, a sentence, and whether its answer is kept now; `drawn` with the id and a box in source
    pixels."""

    said = pyqtSignal(str, str, bool)
    known = pyqtSignal(dict)  # by the id of an exchange: a sentence, and whether its answer was right
    drawn = pyqtSignal(str, object)

    def __init__(self, canvas: QgsMapCanvas, labels: ProjectLabels, session: Session, dock: LabelDock) -> None:
        super().__init__(dock)
        self._labels, self._session, self._dock = labels, session, dock
        self._exchange: Optional[Exchange] = None  # that the user has judged, or that a box is dragged for
        self._boxes = BoxTool(canvas, labels, self._layer, self)
        self._boxes.made.connect(self._drawn)
        self._reading = QTimer(self)  # one read for many changes
        self._reading.setSingleShot(True)
        self._reading.setInterval(LATER)
        self._reading.timeout.connect(self._read)
        for signal in (labels.store.opened, labels.store.changed):
            signal.connect(self._reading.start)
        for signal in (self._boxes.said, self._boxes.refused, labels.store.failed):
            signal.connect(self._say)

    def connect_to(self, transcript: Transcript) -> None:
        """Hears what is judged there, and answers there."""
        transcript.judged.connect(self.judge)
        transcript.box_wanted.connect(self.draw)
        transcript.view_kept.connect(self.keep)
        self.said.connect(transcript.say_judged)
        self.drawn.connect(transcript.take_box)
        self.known.connect(transcript.show_judged)
        self._reading.start()

    def close(self) -> None:
        self._reading.stop()
        self._boxes.close()

    def _read(self) -> None:
        """What was said of answers, also before QGIS was started."""
        path = self._labels.store.path
        if path is None:
            self.known.emit({})
            return
        words = {
            True: tr("Right, says {name}: a label in {file}."),
            False: tr("Wrong, says {name}, right is “{answer}”: a label in {file}."),
        }

        def tell(found: dict[str, Question]) -> None:
            facts = {
                id: (words[not each.edited].format(name=each.annotator, answer=each.answer, file=path.name), not each.edited)
                for id, each in found.items()
            }
            self.known.emit(facts)

        self._labels.store.do(judgements, tell)

    def judge(self, exchange: Exchange, answer: str, box: Optional[Box]) -> None:
        """answer: the right one; where it is the model's and no box was dragged, the model was right. box: where it should have looked."""
        self._exchange = exchange
        right = box is None and answer == exchange.answer
        places, thoughts = _looks(exchange)
        judged = Judged(
            exchange.id,
            exchange.question,
            answer,
            ((box, ""),) if box else places,
            thoughts if right else (),
            exchange.region,
            right,
            exchange.answer or "",
            exchange.model,
        )

        def write(image: LabelImage) -> Callable[[LabelFile], object]:
            return lambda labels: learn(labels, image, judged)

        def written(_: object) -> None:
            path = self._labels.store.path
            self._exchange = None
            self.said.emit(exchange.id, tr("This is a label in {file} now.").format(file=path.name if path else ""), True)
            self._dock.show_layers()

        raster = self._raster(exchange)
        if raster:
            self._labels.begin()
            self._labels.store.do(lambda labels: raster.image(), lambda image: self._labels.store.change(write(image), written))

    def draw(self, exchange: Exchange) -> None:
        """Lets the user drag the right box."""
        self._exchange = exchange
        self._boxes.draw()

    def keep(self, exchange: Exchange, view: PicturedView) -> None:
        """A place that the model has looked at becomes a box in the dock."""
        self._exchange = exchange
        raster = self._raster(exchange)
        if raster and view.roi:
            label = "" if view.label == ZOOM_OUT else view.label
            sides = Box(*view.roi).rounded_out()
            self._dock.take(raster, lambda image: sides, label)
            self._exchange = None

    def keep_row(self, row: Exchange, label: str) -> None:
        """The place of a row of a run becomes a box in the dock: a thing that a survey has found, or a polygon. label: what it shows."""
        corners = [(x, y) for ring in row.place for x, y in ring]
        if row.scene is None:
            self._dock.message.say(tr("The model saw a picture of a layer that QGIS alone can draw: training could not show it."))
            self._dock.show()
        elif raster := self._raster(row):
            self._dock.take(raster, lambda image: box_around(corners, image), label)

    def _raster(self, exchange: Exchange) -> Optional[Raster]:
        if exchange.scene is None:
            self._say(tr("The model saw a picture of a layer that QGIS alone can draw: training could not show it."))
            return None
        path = live_paths().get(exchange.scene.path, exchange.scene.path)
        return Raster.of(exchange.scene, path, QgsCoordinateReferenceSystem.fromWkt(exchange.crs))

    def _layer(self) -> Optional[QgsRasterLayer]:
        return self._session.results.raster_layer(self._exchange) if self._exchange else None

    def _drawn(self, image: LabelImage, box: Box, label: str) -> None:
        if self._exchange:
            self.drawn.emit(self._exchange.id, box)
            self._exchange = None

    def _say(self, message: str, hint: str = "") -> None:
        if self._exchange:
            self.said.emit(self._exchange.id, f"{message} {hint}".strip(), False)


def _looks(exchange: Exchange) -> tuple[tuple[Optional[Place], ...], tuple[str, ...]]:
    """The places that the model zoomed into, and its thoughts before each action; views of what tools made are left out."""
    views = [view for view in exchange.views if not view.tool]
    places = [None if view.label == ZOOM_OUT or view.roi is None else (Box(*view.roi), view.label) for view in views[1:]]
    thoughts = tuple(thought(view.thoughts).strip() for view in views) if len(views) == len(exchange.views) else ()
    return tuple(places), thoughts if any(thoughts) else ()
