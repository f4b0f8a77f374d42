"""Replies from a list: for tests of the loop and for dry runs. It shows nothing about any model."""

from __future__ import annotations

import time
from typing import Callable, Sequence

from ...core.profile import Profile
from ...core.talk import Talk
from . import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen


class ScriptedEngine:
    """Gives out `replies` in turn, whoever asks; the last one again and again. pace: seconds a word, to be slow on purpose."""

    def __init__(self, profile: Profile, replies: Sequence[str], pace: float = 0.0) -> None:
        self.profile = profile
        self.replies = list(replies)
        self.pace = pace
        self.given = 0

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = 512,
        on_text: OnText = silent,
        on_try: OnTry = patient,
        on_read: OnRead = unseen,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """One after another, whatever `together` is."""
        return [self._one(index, talk, limit, on_text, cancelled) for index, talk in enumerate(talks)]

    def _one(self, index: int, talk: Talk, limit: int, on_text: OnText, cancelled: Callable[[], bool]) -> Reply:
        script = self.replies[min(self.given, len(self.replies) - 1)]
        self.given += 1
        words = script.split(" ")
        pieces = [word if at == 0 else " " + word for at, word in enumerate(words)][:limit]
        text = ""
        for piece in pieces:
            if cancelled():
                return Reply(text, cancelled=True, tokens_out=len(text.split()))
            time.sleep(self.pace)
            text += piece
            on_text(index, piece)
            if talk.dialect.complete(text):
                break
        return Reply(text, cut=len(words) > limit and text != script, tokens_out=len(text.split()))

    @property
    def device(self) -> str:
        return "none"

    def close(self) -> None:
        self.replies = []
