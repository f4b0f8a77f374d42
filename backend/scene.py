"""The raster that is asked about: opened once, shown as views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.windows import Window

from ..core.errors import SceneError
from ..core.geometry import Box, Grid, Size, View


class Scene:
    """A raster as a context manager; `preview` and `part` give pictures, `describe` the facts."""

    def __init__(self, path: str, bands: Sequence[int] | None) -> None:
        self.path = path
        self.bytes_read = 0
        try:
            self._raster = rasterio.open(path)
        except rasterio.RasterioIOError as error:
            raise SceneError(f"{path} can't be opened: {error}") from None
        self.size = Size(self._raster.width, self._raster.height)
        self.crs = self._raster.crs.to_string() if self._raster.crs else ""
        affine = self._raster.transform
        self.grid = None if affine.is_identity else Grid(affine.to_gdal(), self._raster.crs.to_wkt() if self.crs else "")
        self._bands = list(bands or ([1, 2, 3] if self._raster.count > 2 else [1]))

    @classmethod
    def open(
        cls,
        path: str,
        *,
        bands: Sequence[int] | None = None,
        stretch: Sequence[tuple[float, float]] | None = None,
        force_remote_scan: bool = False,
        on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Scene:
        return cls(str(path), bands)

    def preview(self, max_size: int) -> Image.Image:
        scale = min(1.0, max_size / max(self.size))
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return self.part(View(Box(0, 0, *self.size), size))

    def part(self, view: View) -> Image.Image:
        box, size = view.window, view.size
        if not (0 <= box.left < box.right <= self.size.width and 0 <= box.top < box.bottom <= self.size.height):
            raise SceneError(f"The window {tuple(box)} is outside of {self.path}.")
        window = Window(box.left, box.top, box.width, box.height)
        height, width = min(int(box.height), 2 * size.height), min(int(box.width), 2 * size.width)
        pixels = self._raster.read(self._bands, window=window, out_shape=(len(self._bands), height, width))
        self.bytes_read += pixels.nbytes
        pixels = np.broadcast_to(pixels, (3, height, width)).transpose(1, 2, 0).astype(np.uint8)
        return Image.fromarray(pixels, "RGB").resize(size, Image.Resampling.BICUBIC)

    def describe(self) -> dict[str, Any]:
        return {"path": self.path, "width": self.size.width, "height": self.size.height, "crs": self.crs}

    def close(self) -> None:
        self._raster.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
