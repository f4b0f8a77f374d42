"""The open rasters of many questions, shared by those about one source on whatever threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from ..core.look import Policy
from ..core.requests import Ask
from ..core.source import Compare, SceneSource
from .answer import Question
from .scene.scene import Progress, Scene
from .scene.signing import Sign, opened, unsigned

OPEN = 8  # scenes kept open that no question is about


class Row(Protocol):
    """What `run` needs of a row; an `Ask` has it."""

    @property
    def source(self) -> SceneSource:
        """The raster that it is about."""


R = TypeVar("R", bound=Row)
Make = Callable[[R, Scene, Policy], Question]


@dataclass
class _Opened:
    """A scene with how many questions are about it; None until it is open."""

    scene: Scene | None = None
    users: int = 0
    opening: threading.Lock = field(default_factory=threading.Lock)


class Scenes(Generic[R]):
    """The last few stay open with no question about them."""

    def __init__(self, make: Make[R], cancelled: Callable[[], bool], on_progress: Progress, sign: Sign = unsigned) -> None:
        self._make, self._cancelled, self._on_progress, self._sign = make, cancelled, on_progress, sign
        self._opened: dict[SceneSource, _Opened] = {}  # the last used comes last
        self._lock = threading.Lock()

    def ask(self, row: R, policy: Policy) -> Question:
        """The row's question over its open scenes, which are kept until `leave`. Raises whatever ails the row."""
        sources = sources_of(row)
        with self._lock:
            for source in sources:
                self._opened[source] = self._opened.pop(source) if source in self._opened else _Opened()
                self._opened[source].users += 1
        try:
            question = self._make(row, self._open(row.source), policy)
            compare = _compare(row)
            return beside(question, self._open(compare.source), compare) if compare else question
        except BaseException:
            self.leave(row)
            raise

    def _open(self, source: SceneSource) -> Scene:
        entry = self._opened[source]
        with entry.opening:  # the first opens it, the others wait
            if entry.scene is None:
                entry.scene = opened(source, self._sign, self._on_progress, self._cancelled)
        return entry.scene

    def leave(self, row: R) -> None:
        """A question is over."""
        with self._lock:
            for source in sources_of(row):
                self._opened[source].users -= 1
            idle = [source for source, entry in self._opened.items() if not entry.users]
            closing = [self._opened.pop(source) for source in idle[:-OPEN]]
        for entry in closing:
            if entry.scene:
                entry.scene.close()

    def close(self) -> None:
        for entry in self._opened.values():
            if entry.scene:
                entry.scene.close()


def _compare(row: Row) -> Compare | None:
    return row.compare if isinstance(row, Ask) else None


def sources_of(row: Row) -> list[SceneSource]:
    """Of the raster that a row is about, and of the one that it is compared with."""
    compare = _compare(row)
    return [row.source, compare.source] if compare else [row.source]


def beside(question: Question, second: Scene, compare: Compare) -> Question:
    """The question with a second raster, which is open, to compare with."""
    from .scene.compared import Compared  # which needs OpenCV

    return replace(question, compared=Compared(question.scene, second, compare.names))
