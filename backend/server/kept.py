"""A raster that stays open for the next job."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...core.source import SceneSource
from ..scene.scan import fingerprint
from ..scene.scene import Progress, Scene


class Kept:
    """The raster of the last job; None before it. Another one, or one whose files have changed, takes its place."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self._key: tuple[SceneSource, list[str | None]] | None = None

    def open(self, source: SceneSource, on_progress: Progress, cancelled: Callable[[], bool]) -> Scene:
        """That of the last job if its source is the same and its files, a VRT's sources among them, are unchanged. Raises as
        `Scene.open`."""
        if self.scene is None or (source, states(self.scene.files)) != self._key:
            if self.scene:
                self.scene.close()
            self.scene = None
            self.scene = Scene.of(source, on_progress, cancelled)
            self._key = (source, states(self.scene.files))
        return self.scene


def states(files: Iterable[str]) -> list[str | None]:
    """What changes with a file, or with the archive around it; None for one that is not on this disk, or can't be looked at."""
    known: list[str | None] = []
    for file in files:
        try:
            known.append(fingerprint([file], ""))
        except OSError:
            known.append(None)
    return known
