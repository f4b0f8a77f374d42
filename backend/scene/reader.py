"""Reads windows of an open raster from any number of threads: each thread has a handle of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from ...core.geometry import Size
from .gdal import Raster, RasterError, Window
from .overviews import Level
from .refusals import is_remote, unread
from .rendering import Selection


class Reader:
    """Every method raises SceneError. bytes_read: decoded bytes of pixels that were asked from GDAL."""

    def __init__(self, path: str, raster: Raster) -> None:
        self.bytes_read = 0
        self._path, self._raster = path, raster
        self._idle, self._counting = [raster], threading.Lock()

    def read(self, level: Level, window: Window, selection: Selection, halved: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
        """The bands of a selection [band, row, column], and their mask [row, column] where it is needed.

        window: in pixels of the level. halved: at half the level's resolution, for half the work (see `gdal.halves`).
        """
        size = Size(-(-window[2] // 2), -(-window[3] // 2)) if halved else None
        if level.averaged > 1:
            whole = self._raster.facts.size
            x, y, width, height = (side * level.averaged for side in window)
            window, size = (x, y, min(width, whole.width - x), min(height, whole.height - y)), Size(*window[2:])
        tries = 2 if is_remote(self._path) else 1  # GDAL < 3.8 requests several tiles together, and does not repeat such a request
        with self._handle(window) as raster:
            for left in reversed(range(tries)):
                try:
                    data = raster.read(window, selection.read, selection.dtype, level.index, size)
                    mask = raster.mask(window, selection.shown[0], level.index, size) if selection.masked else None
                    break
                except RasterError:
                    if not left:
                        raise
        with self._counting:
            self.bytes_read += data.nbytes + (mask.nbytes if mask is not None else 0)
        return data, mask

    def stores(self, window: Window, bands: Sequence[int]) -> bool:
        """False where a sparse TIFF stores no block of the window, in pixels of the raster itself."""
        (x, y, width, height), (w, h) = window, self._raster.facts.block
        rows, columns = range(y // h, (y + height - 1) // h + 1), range(x // w, (x + width - 1) // w + 1)
        blocks = ((column, row, band) for row in rows for column in columns for band in bands)
        with self._handle(window) as raster:
            return any(raster.stored(*block) for block in blocks)

    def close(self) -> None:
        for raster in self._idle:
            raster.close()

    @contextlib.contextmanager
    def _handle(self, window: Window) -> Iterator[Raster]:
        """A handle that no other thread uses meanwhile; a new one is made where all are in use."""
        try:
            raster = self._idle.pop()
        except IndexError:
            raster = self._raster.twin()
        try:
            yield raster
        except RasterError as error:
            raise unread(self._path, window, str(error), self._raster.facts.files) from None
        finally:
            self._idle.append(raster)
