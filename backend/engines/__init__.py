"""Engines turn conversations into replies.

`scripted` replays a list, `local` runs the weights here, `remote` asks an OpenAI-compatible server. Each is imported by whoever makes
one, so that none costs another's dependencies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Protocol, Sequence

from ...core.profile import Profile
from ...core.talk import Talk

OnText = Callable[[int, str], None]  # which of the talks, and the text that has come since
OnTry = Callable[[int, int, str], None]  # a try was lost: the number of the next one, of how many, and what went wrong

OnRead = Callable[[float], None]  # the part of the prompt and its pictures that the model has read, 0 to 1; only where it takes long


def silent(talk: int, delta: str) -> None:
    """For whoever does not want to follow the text."""


def patient(number: int, tries: int, why: str) -> None:
    """For whoever does not want to know of lost tries."""


def unseen(part: float) -> None:
    """For whoever does not follow the reading."""


def never() -> bool:
    """For whoever does not cancel."""
    return False


@dataclass
class Reply:
    """What one talk got.

    text: without what the reply was begun with (`Talk.forced`). cut: it ran into the token limit. cancelled: stopped by a person.
    tokens: the pieces of the text with their log probabilities, where the engine knows them.
    tokens_in: tokens of the layout, pictures included, cached or not; fed: those of them that had to be computed.
    """

    text: str
    cut: bool = False
    cancelled: bool = False
    tokens: list[tuple[str, float]] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0
    fed: int = 0


class Engine(Protocol):
    """Anything that replies. Raises ModelError or EngineError; a cancelled talk is a reply like any other."""

    profile: Profile

    @property
    def device(self) -> str:
        """Where the model runs, in words: cpu, cuda:0, a server's address."""

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
        """One reply a talk, in order. limit: new tokens at the most. Each reply ends where `talk.dialect.complete` says so.

        together: talks under way at a time, where the engine's own number is not wanted.
        """

    def close(self) -> None:
        """Give back memory and connections; the engine is of no use afterwards."""


def notes_of(engine: Engine) -> list[str]:
    """Sentences about how the model is asked, and about what the engine puts up with, for example 8-bit weights for want of memory."""
    return [*engine.profile.notes, *getattr(engine, "tolerated", [])]
