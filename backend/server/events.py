"""Sends the events of `core/events.py` to the plugin, one JSON object a line."""

from __future__ import annotations

import base64
import io
import os
import threading
import time
from typing import TYPE_CHECKING, BinaryIO

from ...core import events
from ...core.protocol import event_to_json
from ...core.requests import Id
from ...core.source import Seen
from ...core.tool_calls import ToolUse
from ...core.wire import encode

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..answer import Saw
    from ..scene.scene import Scene

PAUSE = 0.05  # seconds between two `text` or `progress` events of a job
PICTURE = 1_000_000  # letters of base64 at the most; a larger picture is halved until it fits


class Outbox:
    """Writes events, from any thread, whole lines."""

    def __init__(self, wire_out: BinaryIO) -> None:
        self._wire = wire_out
        self._lock = threading.Lock()

    def send(self, event: events.Event) -> None:
        line = memoryview(encode(event_to_json(event)))
        with self._lock:
            try:
                while line:
                    line = line[self._wire.write(line) :]
            except OSError:
                os._exit(0)  # the plugin has closed its end


class Story:
    """Sends the events of one job before its last. Text and progress are gathered: at most 20 events of each a second."""

    def __init__(self, outbox: Outbox, id: Id) -> None:
        self._outbox, self._id = outbox, id
        self._text, self._sent = "", 0.0
        self._stage, self._progressed = "", 0.0

    def progress(self, stage: str, done: int, total: int) -> None:
        """Sends the first and the last of a stage, and those between at most every PAUSE seconds. total: 0 if unknown."""
        now = time.monotonic()
        if stage != self._stage or (total and done >= total) or now - self._progressed >= PAUSE:
            self._stage, self._progressed = stage, now
            self._outbox.send(events.Progress(self._id, stage, done, total))

    def saw(self, event: Saw, scene: Scene) -> None:
        """The model is shown a view, which the plugin draws at once."""
        self.flush()
        other = None if event.other is None else as_base64(event.other)
        self._outbox.send(events.Saw(self._id, Seen.of(event.shown, scene.grid), as_base64(event.picture), other))
        self.progress("thinking", event.shown.step, 0)

    def called(self, use: ToolUse) -> None:
        """A tool is through."""
        self.flush()
        self._outbox.send(events.Called(self._id, events.Call.of(use)))

    def read(self, part: float) -> None:
        """The model has read this part of what it is shown, 0 to 1."""
        if part < 1:
            self.progress("viewing", round(100 * part), 100)
        else:
            self.progress("thinking", 0, 0)

    def text(self, delta: str) -> None:
        """More of the reply has come."""
        self._text += delta
        if time.monotonic() - self._sent >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Sends the text gathered so far."""
        if self._text:
            self._outbox.send(events.Text(self._id, self._text))
            self._text, self._sent = "", time.monotonic()


def as_base64(picture: Image) -> str:
    """A PNG; the exact pixels wherever they fit into PICTURE."""
    while True:
        file = io.BytesIO()
        picture.save(file, "PNG")
        text = base64.b64encode(file.getvalue()).decode("ascii")
        if len(text) <= PICTURE:
            return text
        picture = picture.reduce(2)
