"""Texts of the dock *Labels*: a question with its answer, and the thoughts that lead there, in editors below the board."""

from __future__ import annotations

from typing import Callable, Optional, Protocol

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.labels import review, thoughts
from ...core.labels.file import LabelFile
from ...core.labels.review import Shown
from ...core.labels.rows import Question
from .editors import QuestionEditor
from .store import LabelStore
from .thoughts_editor import ThoughtsEditor


class Run(Protocol):
    """Carries out an action, and shows what it returns. boxes: it changes boxes on the map."""

    def __call__(self, act: Callable[[LabelFile], Shown], fly: bool = True, boxes: bool = False) -> None: ...


class Writing(QObject):
    """`begun`: other editors are to be left."""

    begun = pyqtSignal()

    def __init__(
        self,
        store: LabelStore,
        shown: Callable[[], Optional[Shown]],
        second: Callable[[], bool],
        run: Run,
        parent: Optional[QObject] = None,
    ) -> None:
        """shown: what the board shows. second: whether this is a second pass."""
        super().__init__(parent)
        self._store, self._shown, self._second, self._run = store, shown, second, run
        self.editor = QuestionEditor()
        self.thoughts = ThoughtsEditor()
        self._about: Optional[Question] = None  # that is edited; None: a new one is written
        self._place = Shown()  # what was shown when the editor was opened: the user may look at another place while it is open
        self.editor.saved.connect(self._save)
        self.thoughts.saved.connect(self._save_thoughts)

    def edit(self, new: bool) -> None:
        """The question that is shown, or a new one about the same place."""
        shown = self._shown()
        if shown is None:
            return
        self.begun.emit()
        self._about, self._place = None if new else shown.question, shown
        about = self._about
        self._store.do(lambda labels: labels.filled(shown.level), lambda filled: self.editor.begin(about, shown.level, filled))

    def think(self) -> None:
        """The thoughts of the question that is shown, or those that its box suggests."""
        shown = self._shown()
        if shown and (question := shown.question):
            self.begun.emit()
            self._about = question
            self._store.do(lambda labels: thoughts.suggested(labels, question.id), self.thoughts.begin)

    def _save(self, question: str, answer: str, category: str) -> None:
        texts = {"question": question, "answer": answer, "category": category}
        image, box = self._place.image, self._place.box
        if self._about:
            self._run(review.decide(lambda labels, id: labels.edit(id, **texts), self._about.id, self._second()))
        elif image:
            self._run(lambda labels: review.asked(labels, image, box, **texts), fly=False)

    def _save_thoughts(self, texts: tuple[str, ...]) -> None:
        question = self._about
        if question is None:
            return

        def write(labels: LabelFile) -> Shown:
            thoughts.write(labels, question.id, texts)
            return review.again(labels, question)

        self._run(write, fly=False)
