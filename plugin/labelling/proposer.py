"""The bar that shows how far proposals are, with a button that stops them. They are made from templates at once, or by the model."""

from __future__ import annotations

from typing import Any, Callable, Optional

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from ...core.errors import ZoomEarthError
from ...core.labels import thoughts
from ...core.labels.file import LabelFile
from ...core.labels.rows import LabelBox, LabelImage
from ..exchanges.session import Session
from ..i18n import tool_stage, tr
from ..panel.widgets import ElidedButton, named
from .proposals import Proposals
from .store import LabelStore
from .templates import Templates


class Proposer(QWidget):
    """Hidden while nothing is proposed. `ended`: a sentence where something is to be said, else ""; `grown`: candidates were added."""

    ended = pyqtSignal(str)
    grown = pyqtSignal()

    def __init__(self, store: LabelStore, session: Session, ready: Callable[[], bool], parent: Optional[QWidget] = None) -> None:
        """ready: returns whether the backend process has a Python; it may open the setup dialog first."""
        super().__init__(parent)
        self._store, self._ready = store, ready
        self.templates = Templates(store, self)
        self.proposals = Proposals(session, self)
        self.stage = named(QLabel(), "zoomearth_label_stage", tr("What the model is doing"))
        self.stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.progress = named(QProgressBar(), "zoomearth_label_progress", tr("Progress"))
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.cancel = named(ElidedButton(tr("Cancel")), "zoomearth_label_cancel", tr("Stop the proposals; those that came stay"))
        row = QHBoxLayout()
        row.addWidget(self.stage, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.progress)
        self.hide()
        self.check = False  # whether the model checks the candidates too
        self.cancel.clicked.connect(self.proposals.cancel)
        self.templates.ended.connect(self._templates_ended)
        self.proposals.progressed.connect(self._progressed)
        self.proposals.counted.connect(self._counted)
        self.proposals.ended.connect(self._model_ended)

    def close_down(self) -> None:
        self.proposals.cancel()
        self.templates.close()

    def by_templates(self, image: Optional[LabelImage] = None, box: Optional[LabelBox] = None) -> None:
        """For a box; without one for all boxes that have no question."""
        if image and box:
            self.templates.propose([(image, box)])
        else:
            self._store.do(_without_questions, self.templates.propose)

    def by_model(self, image: Optional[LabelImage] = None, box: Optional[LabelBox] = None) -> None:
        """For a box, or an image as a whole; without both for all boxes that the model was not asked about."""
        self._start(image.id if image else "", box.id if box else "", self.check)

    def think(self, question: str = "") -> None:
        """Thoughts for a question, by its id; without one for all accepted questions that lack them."""
        self._start(thoughts=True, question=question)

    def think_from_boxes(self) -> None:
        """The same at once, without a model."""
        done = tr("Questions that got thoughts: {count}.")
        self._store.change(_from_boxes, lambda count: self.ended.emit(done.format(count=count)))

    def _start(self, *places: Any, **more: Any) -> None:
        """As `Proposals.start` has it."""
        if self._store.path is None or not self._ready():
            return
        try:
            self.proposals.start(self._store.path, *places, **more)
        except ZoomEarthError as error:
            self.ended.emit(f"{error.message} {error.hint}".strip())

    def _progressed(self, stage: str, done: int, total: int) -> None:
        words = {
            "starting": tr("starting the model process"),
            "loading": tr("loading the model"),
            "checking": tr("checking the candidates: {count} answers").format(count=done),
        }
        self.stage.setText(words.get(stage) or tool_stage(stage))
        self.progress.setMaximum(0)
        self.show()

    def _counted(self, done: int, total: int, candidates: int) -> None:
        words = (
            tr("{count} with thoughts, question {done} of {total}")
            if self.proposals.thinking
            else tr("{count} candidates, place {done} of {total}")
        )
        self.stage.setText(words.format(count=candidates, done=done, total=total))
        self.progress.setMaximum(total)
        self.progress.setValue(done)
        if candidates:
            self.grown.emit()

    def _model_ended(self, candidates: int, why: str) -> None:
        self.hide()
        nothing = tr("No new thoughts: none are lacking, the model wrote none, or a person has written these.")
        self.ended.emit(why or ("" if candidates else nothing if self.proposals.thinking else _no_candidate()))

    def _templates_ended(self, added: int, missing: list[str]) -> None:
        why = tr("No layer of the project shows {path}.").format(path=", ".join(missing)) if missing else ""
        self.ended.emit(why or ("" if added else _no_candidate()))


def _no_candidate() -> str:
    return tr("No new candidate: all were there already, or the model wrote none.")


def _without_questions(labels: LabelFile) -> list[tuple[LabelImage, LabelBox]]:
    images, asked = {image.id: image for image in labels.images()}, {question.box for question in labels.questions()}
    return [(images[box.image], box) for box in labels.boxes() if box.id not in asked]


def _from_boxes(labels: LabelFile) -> int:
    return thoughts.propose_from_geometry(labels, thoughts.wanting(labels))
