"""What the backend tells the plugin: events, one JSON object a line."""

from __future__ import annotations

import base64
import io
import math
import os
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from ...core.protocol import Id
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

    def send(self, **event: Any) -> None:
        line = memoryview(encode(_finite(event)))
        with self._lock:
            try:
                while line:
                    line = line[self._wire.write(line) :]
            except OSError:
                os._exit(0)  # nobody listens any more


class Story:
    """The events of one job before its last; text and progress are gathered, so that they come 20 times a second at the most."""

    def __init__(self, outbox: Outbox, number: Id) -> None:
        self._outbox, self._id = outbox, number
        self._text, self._told = "", 0.0
        self._stage, self._progressed = "", 0.0

    def progress(self, stage: str, done: int, total: int) -> None:
        """The first of a stage is told, the last, and those that do not come too fast. total: 0 where it is not known."""
        now = time.monotonic()
        if stage != self._stage or (total and done >= total) or now - self._progressed >= PAUSE:
            self._stage, self._progressed = stage, now
            self._outbox.send(event="progress", id=self._id, stage=stage, done=done, total=total)

    def saw(self, event: Saw, scene: Scene) -> None:
        """The model is shown a view: the plugin draws it at once."""
        self.flush()
        view, roi = event.shown.view, event.shown.roi
        self._outbox.send(
            event="saw",
            id=self._id,
            step=event.shown.step,
            view={"window": [int(side) for side in view.window], "size": list(view.size)},
            roi=[round(side, 2) for side in roi] if roi else None,
            label=event.shown.label,
            polygon=[list(point) for point in scene.grid.polygon(roi or view.window)] if scene.grid else None,
            picture=_base64(event.picture),
        )
        self.progress("thinking", event.shown.step, 0)

    def text(self, delta: str) -> None:
        """More of the reply has come."""
        self._text += delta
        if time.monotonic() - self._told >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Text that has not been told yet is told now."""
        if self._text:
            self._outbox.send(event="text", id=self._id, delta=self._text)
            self._text, self._told = "", time.monotonic()


def _base64(picture: Image) -> str:
    """A PNG; the exact pixels wherever they fit into PICTURE."""
    while True:
        file = io.BytesIO()
        picture.save(file, "PNG")
        text = base64.b64encode(file.getvalue()).decode("ascii")
        if len(text) <= PICTURE:
            return text
        picture = picture.reduce(2)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity, which rasters do: null in their place."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
