"""An OpenAI-compatible server on loopback whose conversations each get their replies in turn: for many questions asked at a time."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from quirks import Answer, Asked, Quirks, chunk, streamed

from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings


class Served:
    """replies: of every conversation; by_question: of those about certain questions. before: is called with each question as it comes.

    asked: how often each question began. most: requests that were answered at the same time. pictures: of the last request of each
    question, as PNGs.
    """

    def __init__(self, replies: Sequence[str], by_question: Mapping[str, Sequence[str]]) -> None:
        self.replies, self.by_question = replies, by_question
        self.before: Callable[[str], object] = lambda question: None
        self.asked: Counter[str] = Counter()
        self.pictures: dict[str, list[bytes]] = {}
        self.most = 0
        self._turns: Counter[tuple[str, bytes]] = Counter()
        self._under_way = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def serving(self) -> Iterator[Load]:
        """The load that has this server answer."""
        with Quirks(self._answer).serving() as quirks:
            yield Load(Settings(model="zoomearth-3b", remote=quirks.url, remote_model="served"))

    def _answer(self, asked: Asked) -> Answer:
        parts = [part for message in json.loads(asked.body)["messages"] for part in _parts(message)]
        pictures = [base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts if part["type"] == "image_url"]
        first = next(at for at, part in enumerate(parts) if part["type"] == "image_url")
        question = parts[first + 1]["text"].strip().split("\n")[0]
        with self._lock:
            turn = self._turns[question, pictures[0]]
            self._turns[question, pictures[0]] += 1
            self.asked[question] += len(pictures) == 1
            self.pictures[question] = pictures
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            self.before(question)
        finally:
            with self._lock:
                self._under_way -= 1
        replies = self.by_question.get(question, self.replies)
        return Answer(streamed(chunk(replies[min(turn, len(replies) - 1)]), chunk(finish="stop")))


def _parts(message: dict[str, object]) -> list[dict[str, object]]:
    content = message["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]
