"""Ctrl-C for commands that finish the current step before they end."""

from __future__ import annotations

import signal
from types import FrameType


class Interrupt:
    """Returns True after the first Ctrl-C, so that the command can end; the second Ctrl-C ends it at once."""

    def __init__(self) -> None:
        self.asked = False
        self.before = signal.signal(signal.SIGINT, self._interrupted)

    def __call__(self) -> bool:
        return self.asked

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)
