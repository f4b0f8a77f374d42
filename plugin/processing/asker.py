"""Asks the question of an algorithm on the algorithm's thread, with its own backend process.

raster = Raster.of(layer)                              # in prepareAlgorithm, on the layer's thread
with Asker(python, load, feedback) as asker:           # in processAlgorithm, on any other
    exchange = asker.ask(Row(raster, "How many ships are there?", outline))
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Optional

from qgis.core import QgsProcessingFeedback

from ...core.answer_type import AnswerType
from ...core.errors import Cancelled, SceneError
from ...core.events import Cancelled as CancelledEvent
from ...core.events import Event, Progress
from ...core.reasoning import thought
from ...core.requests import Ask, Load
from ...core.source import Where
from ..exchanges.endings import meaningless
from ..exchanges.exchange import Exchange, PicturedView, Status
from ..i18n import reduction, tr
from .own_backend import OwnBackend
from .questions import Row
from .snapshots import Snapshots


class Asker(OwnBackend):
    """Asks one question, streaming; progress and the model's reasoning go to `feedback`.

    max_zooms: None for the model's own. resolution: of snapshots, map units per pixel. answer_type: of every
    question; None for any text.
    """

    def __init__(
        self,
        python: Path,
        load: Load,
        feedback: QgsProcessingFeedback,
        max_zooms: Optional[int] = None,
        resolution: Optional[float] = None,
        answer_type: Optional[AnswerType] = None,
    ) -> None:
        super().__init__(python)
        self._load, self._feedback = load, feedback
        self._policy = None if max_zooms is None else {"max_zooms": max_zooms}
        self._answer_type = answer_type
        self._snapshots = Snapshots(feedback, resolution)
        self._stage = ""
        self._model = ""
        self._warned = False

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        self._snapshots.forget()

    def ask(self, row: Row) -> Exchange:
        """The row's exchange after its end; an error is part of it."""
        self._feedback.pushInfo(f"{row.raster.name}: {row.question}")
        if request := self._request(row):
            loading, job = self.backend.submit(self._load), self.backend.submit(request)
            for event in self.backend.follow(loading, job, cancelled=self._feedback.isCanceled):
                if event is not loading.result:
                    self._hear(row.exchange, event)
            self._show_end(row.exchange)
        self._feedback.setProgress(100)
        return row.exchange

    def _request(self, row: Row) -> Optional[Ask]:
        """None where the row ends without a question."""
        if row.over:
            return None
        try:
            where = row.exchange.region = None if row.outline is None else Where(outline=row.outline)
            source = self._snapshots.source(row)
            return Ask(source, row.question, where, self._policy, row.exchange.id, self._answer_type, compare=row.compare)
        except SceneError as error:
            row.fail(error.message, error.hint)
        except ValueError as error:  # an invalid question, for example an outline with too many corners
            row.fail(str(error))
        except Cancelled:
            row.exchange.hear(CancelledEvent())
        return None

    def _hear(self, exchange: Exchange, event: Event) -> None:
        before = len(exchange.views)
        exchange.hear(event)
        if isinstance(event, Progress):
            self._show_stage(event)
            if event.stage == "scanning" and event.total:
                self._feedback.setProgress(40 * event.done / event.total)
        elif len(exchange.views) > before:
            if before:
                self._show_thought(exchange.views[-2])
            self._show_zoom(exchange.views[-1])
            self._feedback.setProgress(100 * (1 - 0.6 * 0.5**before))
        elif exchange.status is Status.DONE:
            self._show_thought(exchange.views[-1])

    def _show_stage(self, event: Progress) -> None:
        if event.stage != self._stage:
            self._stage = event.stage
            self._feedback.setProgressText(stages().get(event.stage, event.stage))

    def _show_zoom(self, seen: PicturedView) -> None:
        if seen.roi:
            self._feedback.pushInfo(_looks(seen))

    def _show_thought(self, seen: PicturedView) -> None:
        if text := thought(seen.thoughts).strip():
            self._feedback.pushInfo(text)

    def _show_log(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._feedback.pushConsoleInfo(line)

    def _show_end(self, exchange: Exchange) -> None:
        """Shows the answer, or the last lines of the log of a crashed process."""
        self._show_log(exchange.log)
        if exchange.status is not Status.DONE:
            return
        if exchange.model != self._model:
            self._model = exchange.model
            self._feedback.pushInfo(tr("Model: {model}").format(model=exchange.model))
        if exchange.meaningless and not self._warned:
            self._warned = True
            self._feedback.pushWarning(meaningless())
        answer = tr("no answer ({why})").format(why=exchange.why or exchange.stopped) if exchange.answer is None else exchange.answer
        text = tr("Meaningless answer: {answer}") if exchange.meaningless else tr("Answer: {answer}")
        self._feedback.pushInfo(text.format(answer=answer))


def stages() -> dict[str, str]:
    """Words for the stages of a job, for a person."""
    return {
        "opening": tr("Opening the raster"),
        "scanning": tr("Creating the overview"),
        "loading": tr("Loading the model"),
        "testing": tr("Testing how the model marks places"),
        "viewing": tr("The model is reading the picture"),
        "thinking": tr("Thinking"),
        "trying again": tr("The server did not reply: trying again"),
        "reading": tr("Reading pixels"),
    }


def _looks(seen: PicturedView) -> str:
    text = tr("Zoom {step}: {label}, {width} x {height} pixels, {scale}")
    left, top, right, bottom = seen.part
    return text.format(
        step=seen.step, label=seen.label or tr("no label"), width=right - left, height=bottom - top, scale=reduction(seen.scale)
    )
