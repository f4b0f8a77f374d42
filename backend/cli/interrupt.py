"""Ctrl-C, for commands that end their work in order."""

from __future__ import annotations

import signal
from types import FrameType


class Interrupt:
    """True once Ctrl-C was pressed, so that the work stops in order; the second Ctrl-C stops it at once."""

    def __init__(self) -> None:
        self.asked = False
        self.before = signal.signal(signal.SIGINT, self._interrupted)

    def __call__(self) -> bool:
        return self.asked

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)
