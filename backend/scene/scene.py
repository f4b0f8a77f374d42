"""The raster of a question: opened once, shown as views.

    with Scene.open("city.tif") as scene:
        scene.preview(512)                                       # the global view
        scene.part(View(Box(9000, 4000, 10024, 5024), Size(512, 512)))

The pixels of a view come from the first of these that fits: the window at native resolution; the coarsest overview that
has at least twice the view's resolution; without overviews, one scan of the whole raster, averaged to a few thousand
pixels and stored in the user's cache folder; for a window that is too fine for the scan and too large for memory, runs
of blocks that are averaged while they are read. The last step is always Pillow's bicubic, as in the published method.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from ...core.address import shown
from ...core.errors import Cancelled, SceneError
from ...core.geometry import Box, Grid, Size, View
from ...core.source import SceneSource
from . import scan
from .describe import describe, ground_sampling_distance
from .gdal import OPTIONS, REMOTE_OPTIONS, Raster, RasterError, Window, open_raster
from .mask import masked
from .overviews import SCAN_PIXELS, Level, levels, source
from .pixels import Pixels
from .reader import Reader
from .refusals import gdal_path, is_remote, unopened
from .rendering import Rendering, Selection
from .sampling import spread, survey

Progress = Callable[[str, int, int], None]

REMOTE_PIXELS = 1 << 20  # a remote raster with at most this many pixels needs no overviews
DARKEST = 31  # of 255: a raster without a brighter value looks black
THIN = 1e-3  # pixels


class Scene:
    """A raster as a context manager. Use it on one thread at a time; only `part` and `read` may be called by several threads, which wait
    for each other.

    Every method raises SceneError, or Cancelled where `cancelled()` returned True. `generated`: its metadata say that ZoomEarth has drawn
    it. `source`: the source it was opened from.
    """

    source: SceneSource

    def __init__(
        self,
        path: str,
        raster: Raster,
        bands: Sequence[int] | None,
        stretch: Sequence[tuple[float, float]] | None,
        on_progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        facts = raster.facts
        self.path, self.size, self.crs, self.files = path, facts.size, facts.crs, facts.files
        self.generated = facts.generated
        self.name = shown(path)  # the name in messages and files: an address may contain a key
        self.grid = Grid(facts.affine, facts.wkt) if facts.affine else None
        self.facts = facts
        self._raster, self._on_progress, self._cancelled = raster, on_progress, cancelled
        self._reader, self._turn = Reader(path, raster), threading.Lock()
        self._pool = ThreadPoolExecutor(scan.HANDS)
        self._rendering = Rendering(self.name, facts, bands, stretch)
        self._levels = levels(facts)
        self._base = [level for level in self._levels if not level.scanned][-1]  # what a scan reads
        self._scan: list[Image.Image] | None = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        bands: Sequence[int] | None = None,
        stretch: Sequence[tuple[float, float]] | None = None,
        force_remote_scan: bool = False,
        on_progress: Progress = lambda stage, done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Scene:
        """Opens a raster; reads no pixel yet.

        `path` is a file, an http(s) URL, or anything that GDAL opens. `bands` (1-based, one or three) and `stretch` (lowest and highest
        value of each) replace what the file suggests. `on_progress(stage, done, total)` is called with the stages "opening", "scanning" and
        "reading"; `cancelled()` is called before each read. A remote raster without overviews is refused unless `force_remote_scan`,
        because the global view needs a download of the whole raster.
        """
        name = os.fspath(path)
        on_progress("opening", 0, 1)
        remote = is_remote(name)
        try:
            raster = open_raster(gdal_path(name), OPTIONS | REMOTE_OPTIONS if remote else OPTIONS)
        except RasterError as error:
            raise unopened(name, remote, str(error)) from None
        try:
            facts = raster.facts
            if not facts.bands or 0 in facts.size:
                inside = (
                    f"It holds: {', '.join(map(shown, facts.subdatasets[:5]))}" if facts.subdatasets else "Is it a table or an empty file?"
                )
                raise SceneError(f"{shown(name)} has no bands to look at.", inside)
            scene = cls(name, raster, bands, stretch, on_progress, cancelled)
            limits = None if stretch is None else tuple((float(low), float(high)) for low, high in stretch)
            scene.source = SceneSource(name, tuple(bands) if bands else None, limits or None, force_remote_scan)
            if remote and not force_remote_scan:
                scene._refuse_download()
        except BaseException:
            raster.close()
            raise
        on_progress("opening", 1, 1)
        return scene

    @classmethod
    def of(
        cls,
        source: SceneSource,
        on_progress: Progress = lambda stage, done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Scene:
        """Opens the raster of a source, as `open` does."""
        return cls.open(
            source.path,
            bands=source.bands,
            stretch=source.stretch,
            force_remote_scan=source.force_remote_scan,
            on_progress=on_progress,
            cancelled=cancelled,
        )

    @property
    def colour_bands(self) -> list[int]:
        """The numbers of all bands but alpha: those that `read` gives."""
        return [band.index for band in self.facts.bands if band.interpretation != "alpha"]

    @property
    def shown_bands(self) -> list[int]:
        """The numbers of the bands that are shown, as grey or as red, green and blue."""
        return list(self._rendering.shown)

    @property
    def palette(self) -> np.ndarray | None:
        """[red, green and blue, value] uint8 of a raster of one band that has one."""
        return self._rendering.palette

    @property
    def gsd(self) -> float | None:
        """Metres per pixel, the geometric mean of the two axes at the scene's centre; None where nothing says it."""
        return ground_sampling_distance(self.grid, self.facts, self.size) if self.grid else None

    def small_cache(self) -> contextlib.AbstractContextManager[None]:
        """For reading much of it once: GDAL's block cache held small."""
        return self._raster.small_cache()

    @property
    def bytes_read(self) -> int:
        """Decoded bytes of pixels that were asked from GDAL."""
        return self._reader.bytes_read

    def preview(self, max_size: int) -> Image.Image:
        """The whole scene, RGB, its longer side `max_size` pixels, or fewer if the raster has fewer."""
        scale = min(1.0, max_size / max(self.size))
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return self.part(View(Box(0, 0, *self.size), size))

    def part(self, view: View) -> Image.Image:
        """The view's window, RGB, of exactly the view's size; grey outside the view's rings; its focus is enlarged."""
        self._check_inside(view.window)
        if min(view.size) < 1:
            raise SceneError(
                f"A picture of {view.size.width} x {view.size.height} pixels can't be made.",
                "Each side takes at least one pixel.",
            )
        pieces = view.pieces()
        if len(pieces) == 1:
            return self._piece(view, *source(self._levels, view.window, view.size))
        picture = Image.new("RGB", view.size)
        for piece, corner in pieces:
            picture.paste(self._piece(piece, *source(self._levels, piece.window, _evenly(piece), exact=False)), corner)
        return picture

    def _piece(self, view: View, level: Level, factor: int) -> Image.Image:
        """A view of one scale, read from a level that is averaged by a factor."""
        box, size = view.window, view.size
        sx, sy = level.scale
        left, right = _at_least_thin(box.left / sx, box.right / sx, level.size.width)
        top, bottom = _at_least_thin(box.top / sy, box.bottom / sy, level.size.height)
        x, y = math.floor(left / factor) * factor, math.floor(top / factor) * factor  # runs and averages begin at multiples of the factor
        end_x, end_y = min(math.ceil(right - 1e-6), level.size.width), min(math.ceil(bottom - 1e-6), level.size.height)
        with self._turn:
            planes = self._planes(level, (x, y, end_x - x, end_y - y), factor)
        width, height = planes[0].size
        cut_x, cut_y = min((right - x) / factor, width), min((bottom - y) / factor, height)
        cut = ((left - x) / factor, (top - y) / factor, cut_x, cut_y)
        shown = list(self._pool.map(lambda plane: plane.resize(size, Image.Resampling.BICUBIC, box=cut), planes))
        return masked(Image.merge("RGB", shown if len(shown) == 3 else shown * 3), view)

    def read(self, window: Box, bands: Sequence[int] | None = None) -> Pixels:
        """Pixels as stored, at native resolution. window: in source pixels, rounded out; bands: their numbers, from 1; None: all but
        alpha.
        """
        self._check_inside(window)
        facts = self._raster.facts
        numbers = list(bands) if bands else self.colour_bands
        if wrong := [number for number in numbers if not 1 <= number <= len(facts.bands)]:
            raise SceneError(f"{self.name} has no band {wrong[0]}.", f"Its bands are 1 to {len(facts.bands)}.")
        selection = Selection(self.name, facts, numbers)
        left, top, right, bottom = (int(side) for side in window.rounded_out())
        self._check_cancelled()
        with self._turn:
            data, mask = self._reader.read(self._levels[0], (left, top, right - left, bottom - top), selection)
        array, valid = data[: len(numbers)], selection.valid(data, mask)
        grid = self.grid.part(Box(left, top, right, bottom)) if self.grid else None
        return Pixels(array, np.ones(array.shape[1:], bool) if valid is None else valid, grid)

    def patch(self, path: str) -> Scene:
        """A raster of other pixels in the same bands, opened to be shown in this one's colours. One of a palette's colours has its own."""
        opened = Scene.open(path, cancelled=self._cancelled)
        if self._rendering.palette is None:
            with self._turn:
                self._settle_stretch()
            opened._rendering = self._rendering
        return opened

    def describe(self) -> dict[str, Any]:
        """Facts about the raster, JSON-able (see `describe.describe`). May read samples for the stretch."""
        self._settle_stretch()
        return describe(self.name, self._raster, self.grid, self._rendering, self._levels, self._is_dark())

    def close(self) -> None:
        self._pool.shutdown()
        self._reader.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _planes(self, level: Level, window: Window, factor: int) -> list[Image.Image]:
        """uint8 planes of a window of a level, averaged by `factor`."""
        x, y, width, height = window
        if level.scanned:
            planes = [plane.crop((x, y, x + width, y + height)) for plane in self._scanned(level)]
            return [scan.averaged(plane, factor) for plane in planes]
        self._settle_stretch()
        return self._reduced(level, window, factor, "reading")

    def _reduced(self, level: Level, window: Window, factor: int, stage: str) -> list[Image.Image]:
        """Reads a window in runs of blocks. For large windows, GDAL's cache is limited, and several threads decode a local TIFF.

        Other local formats can't be decoded from the middle, and a remote file would need more requests.
        """

        def before_read(done: int, total: int) -> None:
            self._check_cancelled()
            if many:
                self._on_progress(stage, done, total)

        def read(run: Window) -> list[np.ndarray] | None:
            skipped = sparse and not self._reader.stores(run, rendering.read)
            return None if skipped else rendering.planes(*self._reader.read(level, run, rendering, halved))

        facts, rendering = self._raster.facts, self._rendering
        many = window[2] * window[3] > scan.RUN_PIXELS
        sparse = many and facts.driver == "GTiff" and not level.index and rendering.void_is_black  # of a small one, asking takes longer
        halved = facts.halves and factor > 1 and rendering.plain
        pool = self._pool if many and facts.driver == "GTiff" and os.path.isfile(self.path) else None
        with self._raster.small_cache() if many else contextlib.nullcontext():
            return scan.reduced(read, window, facts.block, factor, before_read, averages=1 + halved, pool=pool)

    def _check_inside(self, box: Box) -> None:
        if not (0 <= box.left < box.right <= self.size.width and 0 <= box.top < box.bottom <= self.size.height):
            raise SceneError(
                f"The window {tuple(box)} is not inside {self.name}, which has {self.size.width} x {self.size.height} pixels.",
                "Windows are left, top, right, bottom in pixels, counted from the top left corner.",
            )

    def _scanned(self, level: Level) -> list[Image.Image]:
        if self._scan is None:
            self._settle_stretch()
            rendering = self._rendering
            settings = [self.path, level.size, rendering.shown, rendering.stretch, rendering.fills, self._base.index]
            key = scan.fingerprint(self._raster.facts.files, settings)
            self._scan = scan.load(key, (level.size.height, level.size.width)) if key else None
            if self._scan is None:
                factor = round(level.scale[0] / self._base.scale[0])
                self._scan = self._reduced(self._base, (0, 0, *self._base.size), factor, "scanning")
                if key:
                    scan.save(key, self._scan)
        return self._scan

    def _settle_stretch(self) -> None:
        """Computes the stretch from native windows spread over the scene.

        Not from an overview: averaging narrows the percentiles, by 15 % where it was measured (docs/method.md, Rasters). Where the windows
        have too few different values, the whole scene is sampled.
        """
        rendering, native = self._rendering, self._levels[0]
        if rendering.settled:
            return
        samples: list[np.ndarray] = []
        for window in spread(self.size, self._raster.facts.block):
            self._check_cancelled()
            samples.append(rendering.samples(*self._reader.read(native, window, rendering)))
            if rendering.is_photograph(samples[-1]):
                break
        if not rendering.settle(samples) and self._levels[-1] is not native:
            rendering.settle([*samples, *survey(self._reader, self._raster, self._base, rendering, self._scanning)])

    def _is_dark(self) -> bool:
        """Whether a raster of bytes without a stretch looks black; used for a note only."""
        rendering = self._rendering
        if rendering.stretch or rendering.palette is not None or self._raster.facts.lossy:
            return False
        try:
            return all(
                self._reader.read(self._levels[0], window, rendering)[0].max() <= DARKEST
                for window in spread(self.size, self._raster.facts.block)
            )
        except SceneError:  # damage is reported when a view needs the pixels
            return False

    def _scanning(self, done: int, total: int) -> None:
        self._check_cancelled()
        self._on_progress("scanning", done, total)

    def _check_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled

    def _refuse_download(self) -> None:
        if self._base.pixels > (SCAN_PIXELS if self._base is not self._levels[0] else REMOTE_PIXELS):
            raise SceneError(
                f"{self.name} has no overviews: its global view needs a download of the whole file.",
                "Make it a cloud-optimised GeoTIFF (gdal_translate -of COG). `zoomearth ask --force-remote-scan` reads it all the same.",
            )


def _evenly(view: View) -> Size:
    """The size of a picture of as many pixels with one scale for both axes: what lies beside the focus of a view is compressed along one
    axis only, and to read it as finely as the other asks for takes all the scene's width at native resolution."""
    scale = math.sqrt(view.window.area / (view.size.width * view.size.height))
    return Size(*(max(1, round(side / scale)) for side in (view.window.width, view.window.height)))


def _at_least_thin(low: float, high: float, end: int) -> tuple[float, float]:
    """A span within 0 to `end` of at least THIN pixels: Pillow's float32 can't resample a thinner one."""
    low = min(low, end - THIN)
    return low, max(high, low + THIN)
