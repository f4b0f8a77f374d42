"""Asks for an algorithm on the thread that runs it: a backend process of its own, and snapshots of what only QGIS can read.

raster = Raster.of(layer)                              # in prepareAlgorithm, on the thread the layer lives on
with Asker(python, load, feedback) as asker:           # in processAlgorithm, on any other
    exchange = asker.ask(raster, "How many ships are there?", rings)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Tuple, cast

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingFeedback, QgsRasterBlockFeedback, QgsRasterLayer, QgsRectangle
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt

from ...core.errors import Cancelled, SceneError
from ...core.protocol import Ask, Event, Failed, Last, Load, Progress
from ...core.protocol import Cancelled as CancelledEvent
from ...core.reasoning import thought
from ...core.roi_table import stored
from ...core.source import Corner, SceneSource, Where
from ..child.backend_process import Backend, command
from ..exchanges.endings import meaningless
from ..exchanges.exchange import Exchange, Seen, Status, titled
from ..i18n import reduction, tr
from ..layers.raster_layers import needs_snapshot, scene_source, wkt
from ..layers.snapshot import Original, take

Outline = Tuple[Tuple[Corner, ...], ...]  # as `Where` has it


@dataclass(frozen=True)
class Raster:
    """A raster layer for another thread. scene: for one that the backend can read; original: for one that only QGIS can, else None."""

    name: str
    source: str
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    scene: Optional[SceneSource]
    original: Optional[Original]

    @classmethod
    def of(cls, layer: QgsRasterLayer) -> Raster:
        """Raises ValueError for a layer without a source."""
        scene, original = (None, Original.of(layer)) if needs_snapshot(layer) else (scene_source(layer), None)
        return cls(titled(layer.name(), layer.source()), layer.source(), layer.crs(), layer.extent(), scene, original)


class Asker:
    """Many questions, one after another; progress and the model's reasoning go to `feedback`, as of the share that is done of `total`."""

    def __init__(self, python: Path, load: Load, feedback: QgsProcessingFeedback, total: int = 1) -> None:
        self._python, self._load, self._feedback, self._total = python, load, feedback, max(1, total)
        self._done = 0
        self._stage = ""
        self._model = ""
        self._warned = False
        self._snapshot: tuple[Any, str] = (None, "")

    def __enter__(self) -> Asker:
        self._backend = Backend(lambda: command(str(self._python)))
        return self

    def __exit__(self, *exc: object) -> None:
        self._backend.close()
        sip.delete(self._backend)  # here and now: it must not be left to another thread
        self._forget_snapshot()

    def ask(
        self,
        raster: Raster,
        question: str,
        outline: Optional[Outline] = None,
        max_zooms: Optional[int] = None,
        resolution: Optional[float] = None,
    ) -> Exchange:
        """The exchange, ended; what went wrong stands in it. resolution: map units per pixel of a snapshot, where one is needed."""
        exchange = Exchange(question, raster.source, raster.name, wkt(raster.crs))
        exchange.scene = stored(raster.scene) if raster.scene else None
        self._feedback.pushInfo(f"{raster.name}: {question}")
        try:
            where = exchange.region = None if outline is None else Where(outline=outline)
            policy = None if max_zooms is None else {"max_zooms": max_zooms}
            request = Ask(raster.scene or self._taken(raster, outline, resolution), question, where, policy)
        except SceneError as error:
            self.fail(exchange, error.message, error.hint)
        except ValueError as error:  # what makes no question, as an outline of too many corners
            self.fail(exchange, str(error))
        except Cancelled:
            exchange.hear(CancelledEvent())
        else:
            self._ask(exchange, request)
        self.step()
        return exchange

    def fail(self, exchange: Exchange, message: str, hint: str = "") -> None:
        """Ends an exchange that could not be asked."""
        self._end(exchange, Failed.of(SceneError(message, hint)))

    def step(self) -> None:
        """One of `total` is over."""
        self._done += 1
        self._feedback.setProgress(100 * self._done / self._total)

    def _ask(self, exchange: Exchange, request: Ask) -> None:
        self._stage = ""
        loading = self._backend.submit(self._load)  # nothing is done if it is loaded already, all if the process died
        job = self._backend.submit(request)
        loading.heard.connect(lambda event: self._hear(exchange, event))
        job.heard.connect(lambda event: self._hear(exchange, event))
        self._end(exchange, self._backend.wait(job, self._feedback.isCanceled))

    def _hear(self, exchange: Exchange, event: Event) -> None:
        before = len(exchange.views)
        exchange.hear(event)
        if isinstance(event, Progress):
            self._progress(event.stage, event.done / event.total if event.total else 0)
        elif len(exchange.views) > before:
            if before:
                self._think(exchange.views[-2])
            seen = exchange.views[-1]
            if seen.roi:
                self._feedback.pushInfo(_looks(seen))
            self._share(1 - 0.6 * 0.5**before)

    def _end(self, exchange: Exchange, event: Last) -> None:
        exchange.hear(event)
        if exchange.status is Status.FAILED:
            for line in exchange.log:
                self._feedback.pushConsoleInfo(line)
        elif exchange.status is Status.DONE:
            self._think(exchange.views[-1])
            if exchange.model != self._model:
                self._model = exchange.model
                self._feedback.pushInfo(tr("Model: {model}").format(model=exchange.model))
            if exchange.meaningless and not self._warned:
                self._warned = True
                self._feedback.pushWarning(meaningless())
            answer = tr("no answer ({why})").format(why=exchange.why or exchange.stopped) if exchange.answer is None else exchange.answer
            text = tr("Meaningless answer: {answer}") if exchange.meaningless else tr("Answer: {answer}")
            self._feedback.pushInfo(text.format(answer=answer))

    def _think(self, seen: Seen) -> None:
        if text := thought(seen.thoughts).strip():
            self._feedback.pushInfo(text)

    def _progress(self, stage: str, part: float) -> None:
        if stage != self._stage:
            self._stage = stage
            self._feedback.setProgressText(_stages().get(stage, stage))
        if stage == "scanning":
            self._share(0.4 * part)

    def _share(self, part: float) -> None:
        """part: of the item under way."""
        self._feedback.setProgress(100 * (self._done + part) / self._total)

    def _taken(self, raster: Raster, outline: Optional[Outline], resolution: Optional[float]) -> SceneSource:
        """A snapshot of a layer that only QGIS can read: the last one if it is the same, as for several questions about a place."""
        original, extent = cast(Original, raster.original), raster.extent if outline is None else _around(outline)
        key = (original, extent.toString(), resolution)
        if self._snapshot[0] == key:
            return SceneSource(self._snapshot[1])
        self._forget_snapshot()
        self._progress("snapshot", 0)
        block = QgsRasterBlockFeedback()
        direct = Qt.ConnectionType.DirectConnection  # this thread is busy meanwhile
        self._feedback.canceled.connect(block.cancel, direct)
        try:
            if self._feedback.isCanceled():
                raise Cancelled
            plan = original.plan(extent, resolution)
            self._feedback.pushInfo(plan.words)
            self._snapshot = (key, take(plan, block))
        finally:
            self._feedback.canceled.disconnect(block.cancel)
        return SceneSource(self._snapshot[1])

    def _forget_snapshot(self) -> None:
        if self._snapshot[1]:
            Path(self._snapshot[1]).unlink(missing_ok=True)
        self._snapshot = (None, "")


def _stages() -> dict[str, str]:
    return {
        "opening": tr("Opening the raster"),
        "scanning": tr("Creating the overview"),
        "loading": tr("Loading the model"),
        "thinking": tr("Thinking"),
        "trying again": tr("The server did not reply: trying again"),
        "reading": tr("Reading pixels"),
        "snapshot": tr("Drawing the layer as an image"),
    }


def _looks(seen: Seen) -> str:
    text = tr("Zoom {step}: {label}, {width} x {height} pixels, {scale}")
    left, top, right, bottom = seen.part
    return text.format(
        step=seen.step, label=seen.label or tr("no label"), width=right - left, height=bottom - top, scale=reduction(seen.scale)
    )


def _around(outline: Outline) -> QgsRectangle:
    xs, ys = zip(*(corner for ring in outline for corner in ring))
    return QgsRectangle(min(xs), min(ys), max(xs), max(ys))
