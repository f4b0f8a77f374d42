"""The raster that is asked about: opened once, shown as views.

    with Scene.open("city.tif") as scene:
        scene.preview(512)                                       # the global view
        scene.part(View(Box(9000, 4000, 10024, 5024), Size(512, 512)))

Where the pixels of a view come from, in this order:

* the window itself at native resolution, then Pillow's bicubic, up to EXACT_PIXELS: equal, bit for bit, to cropping the decoded image;
* the coarsest overview that still has twice the view's resolution, then Pillow's bicubic (47 dB to the whole image resampled, where GDAL asked for the
  view's size directly gives 33 to 36);
* without overviews, one scan of the whole raster, averaged to a few thousand pixels and cached (`scan.py`); a window that is too fine for the scan
  and too large for memory is read in runs, averaged.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..core.errors import Cancelled, SceneError
from ..core.geometry import Box, Grid, Size, View
from . import scan
from .pixels import Rendering
from .rasters import OPTIONS, REMOTE_OPTIONS, Facts, Raster, RasterError, open_raster

Progress = Callable[[str, int, int], None]

EXACT_PIXELS = 4 << 20  # up to this, a window is read as it is
SCAN_PIXELS = 16 << 20  # up to this, a raster (or its coarsest overview) is read again for each view rather than scanned and cached
SCAN_SIDE = 4096  # a scan's longer side, at most: 48 MB of RGB, and windows down to an eighth of the scene can be cut from it
REMOTE_PIXELS = 1 << 20  # up to this, a remote raster may do without overviews
SAMPLES = 5  # the stretch is taken from SAMPLES x SAMPLES native windows
SAMPLE_SIDE = 256


@dataclass(frozen=True)
class Level:
    """One resolution of the scene. `scale` = source pixels per pixel of the level, x and y."""

    size: Size
    scale: tuple[float, float]
    index: int = 0  # 0 the raster itself, n GDAL's n-th overview
    averaged: int = 1  # > 1: a mosaic's, which GDAL averages by this factor from the overviews of its parts
    scanned: bool = False


class Scene:
    """A raster as a context manager. Opened and used on one thread; every method raises SceneError, or Cancelled where the caller asked for it."""

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
        self.path, self.size, self.crs = path, facts.size, facts.crs
        self.grid = Grid(_six(facts.affine), facts.wkt) if facts.affine else None
        self.bytes_read = 0
        self._raster, self._on_progress, self._cancelled = raster, on_progress, cancelled
        self._rendering = Rendering(path, facts, bands, stretch)
        self._levels = _levels(facts)
        self._base = self._levels[-1]  # what a scan would read
        if self._base.size.width * self._base.size.height > SCAN_PIXELS:
            self._levels = [*self._levels, _scan_level(self._base)]
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
        """Reads no pixel yet.

        `path` is a file, an http(s) URL, or anything GDAL opens. `bands` (1-based, one or three) and `stretch` (a pair of lowest and highest value for each)
        win over what the file suggests. `on_progress(stage, done, total)` is told of "scanning" and "reading"; `cancelled()` is looked at before each read.
        """
        name = os.fspath(path)
        on_progress("opening", 0, 1)
        remote = is_remote(name)
        try:
            raster = open_raster(_gdal_path(name), OPTIONS | REMOTE_OPTIONS if remote else OPTIONS)
        except RasterError as error:
            raise _unopened(name, remote, str(error)) from None
        try:
            facts = raster.facts
            if not facts.bands or 0 in facts.size:
                inside = f"It holds: {', '.join(facts.subdatasets[:5])}" if facts.subdatasets else "Is it a table or an empty file?"
                raise SceneError(f"{name} has no bands to look at.", inside)
            scene = cls(name, raster, bands, stretch, on_progress, cancelled)
            if remote and not force_remote_scan:
                scene._refuse_download()
        except BaseException:
            raster.close()
            raise
        on_progress("opening", 1, 1)
        return scene

    def preview(self, max_size: int) -> Image.Image:
        """The whole scene, RGB, its longer side `max_size` pixels or its own if that is less."""
        scale = min(1.0, max_size / max(self.size))
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return self.part(View(Box(0, 0, *self.size), size))

    def part(self, view: View) -> Image.Image:
        """The view's window, RGB, of exactly the view's size."""
        box, size = view.window, view.size
        if not (0 <= box.left < box.right <= self.size.width and 0 <= box.top < box.bottom <= self.size.height):
            raise SceneError(
                f"The window {tuple(box)} is not inside of {self.path}, which has {self.size.width} x {self.size.height} pixels.",
                "Windows are left, top, right, bottom in pixels, counted from the top left corner.",
            )
        if size.width < 1 or size.height < 1:
            raise SceneError(f"A picture of {size.width} x {size.height} pixels can't be made.", "Each side takes at least one pixel.")
        level, factor = self._source(box, size)
        sx, sy = level.scale
        left, top, right, bottom = box.left / sx, box.top / sy, box.right / sx, box.bottom / sy
        x, y = math.floor(left / factor) * factor, math.floor(top / factor) * factor
        window = (x, y, min(math.ceil(right - 1e-6), level.size.width) - x, min(math.ceil(bottom - 1e-6), level.size.height) - y)
        planes = self._planes(level, window, factor)
        width, height = planes[0].size
        cut = ((left - x) / factor, (top - y) / factor, min((right - x) / factor, width), min((bottom - y) / factor, height))
        planes = [plane.resize(size, Image.Resampling.BICUBIC, box=cut) for plane in planes]
        return Image.merge("RGB", planes * 3 if len(planes) == 1 else planes)

    def describe(self) -> dict[str, Any]:
        """What a person would ask about the file, JSON-able; `gsd` in metres per pixel, or null where that isn't known. May read samples for the stretch."""
        facts = self._raster.facts
        self._settle_stretch()
        grid = self.grid
        return {
            "path": self.path,
            "driver": facts.driver,
            "library": self._raster.library,
            "width": self.size.width,
            "height": self.size.height,
            "bands": [
                {"index": band.index, "dtype": band.dtype, "interpretation": band.interpretation, "nodata": _jsonable(band.nodata)}
                for band in facts.bands
            ],
            "shown": list(self._rendering.shown),
            "stretch": [list(pair) for pair in self._rendering.stretch] if self._rendering.stretch else None,
            "crs": self.crs,
            "gsd": _gsd(grid, facts, self.size),
            "rotated": bool(grid and (grid.affine[2] or grid.affine[4])),
            "overviews": [list(level.size) for level in self._levels if level.index],
            "grid": list(grid.affine) if grid else None,
            "notes": self._notes(),
        }

    def close(self) -> None:
        self._raster.close()

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _source(self, box: Box, size: Size) -> tuple[Level, int]:
        """Which level to read for a view, and by what power of two to average it on the way: never below twice the view's resolution."""

        def spare(level: Level) -> float:
            return min(box.width / level.scale[0] / size.width, box.height / level.scale[1] / size.height) / 2

        if box.width * box.height <= EXACT_PIXELS:
            return self._levels[0], 1
        level = next((level for level in reversed(self._levels) if spare(level) >= 1), self._levels[0])
        return level, 1 << max(0, int(math.log2(max(1.0, spare(level)))))

    def _planes(self, level: Level, window: scan.Window, factor: int) -> list[Image.Image]:
        """uint8 planes of a window of a level, averaged by `factor`."""
        x, y, width, height = window
        if level.scanned:
            planes = [plane.crop((x, y, x + width, y + height)) for plane in self._scanned(level)]
            return [plane.reduce(factor) for plane in planes] if factor > 1 else planes
        self._settle_stretch()
        return self._reduced(level, window, factor, "reading")

    def _reduced(self, level: Level, window: scan.Window, factor: int, stage: str) -> list[Image.Image]:
        def before_read(done: int, total: int) -> None:
            self._check_cancelled()
            if total > 1:
                self._on_progress(stage, done, total)

        def read(run: scan.Window) -> list[np.ndarray]:
            return self._rendering.planes(*self._read(level, run))

        with self._raster.small_cache():
            return scan.reduced(read, window, self._raster.facts.block, factor, before_read)

    def _read(self, level: Level, window: scan.Window) -> tuple[np.ndarray, np.ndarray | None]:
        self._check_cancelled()
        rendering, size = self._rendering, None
        if level.averaged > 1:
            x, y, width, height = (side * level.averaged for side in window)
            window, size = (x, y, min(width, self.size.width - x), min(height, self.size.height - y)), Size(*window[2:])
        try:
            data = self._raster.read(window, rendering.read, rendering.dtype, level.index, size)
            mask = self._raster.mask(window, rendering.shown[0], level.index, size) if rendering.masked else None
        except RasterError as error:
            raise SceneError(
                f"{self.path} can't be read at {tuple(window)}: {_short(str(error))}.",
                "The file is damaged or cut short, or the server went away; copy or download it again.",
            ) from None
        self.bytes_read += data.nbytes + (mask.nbytes if mask is not None else 0)
        return data, mask

    def _scanned(self, level: Level) -> list[Image.Image]:
        if self._scan is None:
            self._settle_stretch()
            key = scan.fingerprint(
                self._raster.facts.files, [self.path, level.size, self._rendering.shown, self._rendering.stretch, self._base.index]
            )
            self._scan = scan.load(key, (level.size.height, level.size.width)) if key else None
            if self._scan is None:
                factor = round(level.scale[0] / self._base.scale[0])
                self._scan = self._reduced(self._base, (0, 0, *self._base.size), factor, "scanning")
                if key:
                    scan.save(key, self._scan)
        return self._scan

    def _settle_stretch(self) -> None:
        """Takes the stretch from native windows spread over the scene: averaged overviews narrow the percentiles, by 15 % where it was measured."""
        rendering, native = self._rendering, self._levels[0]
        if not rendering.stretched or rendering.stretch:
            return
        width, height = self.size
        if width * height <= EXACT_PIXELS:
            rendering.settle([rendering.samples(*self._read(native, (0, 0, width, height)))])
            return
        block = self._raster.facts.block
        w, h = (min(SAMPLE_SIDE, side) for side in (width, height))
        samples = []
        for row in range(SAMPLES):
            for column in range(SAMPLES):
                x, y = ((2 * n + 1) * side // (2 * SAMPLES) for n, side in ((column, width), (row, height)))
                x, y = x // block.width * block.width, y // block.height * block.height  # the start of a block: one is decoded, not four
                samples.append(rendering.samples(*self._read(native, (min(x, width - w), min(y, height - h), w, h))))
        if not rendering.settle(samples) and self._base.index:
            rendering.settle([rendering.samples(*self._read(self._base, (0, 0, *self._base.size)))])

    def _check_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled

    def _refuse_download(self) -> None:
        size = self._base.size
        if size.width * size.height > (SCAN_PIXELS if self._base.index or self._base.averaged > 1 else REMOTE_PIXELS):
            raise SceneError(
                f"{self.path} has no overviews, so that seeing the whole of it means to download all of it.",
                "Make it a cloud-optimised GeoTIFF (gdal_translate -of COG), or force it with --force-remote-scan.",
            )

    def _notes(self) -> list[str]:
        facts, rendering = self._raster.facts, self._rendering
        notes = []
        if facts.gcps:
            notes.append(f"It has no geotransform: its grid is an affine fitted to its {facts.gcps} ground control points.")
        elif self.grid is None:
            notes.append("Nothing is known about where it lies: boxes are in pixels only.")
        elif not self.crs:
            notes.append("Its coordinate reference system is not known.")
        if self.grid and (self.grid.affine[2] or self.grid.affine[4]):
            notes.append("Its grid is rotated: boxes are rotated polygons on the map.")
        elif self.grid and self.grid.affine[5] > 0:
            notes.append("Its rows run from south to north: the picture is shown as stored, upside down.")
        if len(facts.bands) > len(rendering.shown):
            notes.append(f"Of its {len(facts.bands)} bands, {', '.join(map(str, rendering.shown))} are shown.")
        if rendering.stretched:
            notes.append("Its values are stretched linearly, one range per band for all views, to 8 bits.")
        if self._levels[-1].scanned:
            notes.append("It has no overviews small enough: it is read whole once, and the result kept in the cache folder.")
        return notes


def is_remote(name: str) -> bool:
    return re.search(r"^(https?|ftp)://|/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs)", name) is not None


def _gdal_path(name: str) -> str:
    return f"/vsicurl/{name}" if re.match(r"(https?|ftp)://", name) else name


def _levels(facts: Facts) -> list[Level]:
    """The raster itself, then its overviews by falling size.

    An overview whose sides are scaled differently is none: the thumbnail in a camera's JPEG, padded to another shape.
    """
    width, height = facts.size
    levels = [Level(facts.size, (1.0, 1.0))]
    for index, size in enumerate(facts.overviews, 1):
        if size.width >= width or not size.width or not size.height:
            continue
        fits = abs(size.height - height * size.width / width) <= 1 or abs(size.width - width * size.height / height) <= 1
        if fits:
            levels.append(Level(size, (width / size.width, height / size.height), index))
    levels.sort(key=lambda level: -level.size.width)
    if len(levels) == 1 and facts.driver == "VRT" and _sources_have_overviews(facts):
        factor = 2
        while max(width, height) > 512 * factor:
            levels.append(Level(Size(-(-width // factor), -(-height // factor)), (factor, factor), 0, factor))
            factor *= 2
    return levels


def _sources_have_overviews(facts: Facts) -> bool:
    try:
        source = open_raster(facts.files[1], OPTIONS) if len(facts.files) > 1 else None
    except RasterError:
        return False
    if source is None:
        return False
    found = bool(source.facts.overviews)
    source.close()
    return found


def _scan_level(base: Level) -> Level:
    factor = 1
    while max(base.size) > SCAN_SIDE * factor:
        factor *= 2
    size = Size(-(-base.size.width // factor), -(-base.size.height // factor))
    return Level(size, (base.scale[0] * factor, base.scale[1] * factor), scanned=True)


def _unopened(name: str, remote: bool, said: str) -> SceneError:
    if remote:
        return SceneError(f"{name} can't be opened: {_short(said)}.", "Check the address, and that the server answers from here.")
    if not name.startswith("/vsi") and not os.path.exists(name):
        return SceneError(f"There is no file {name}.", "Check the path.")
    if os.path.isdir(name):
        return SceneError(f"{name} is a folder, not a raster.", "Name the raster file in it.")
    if os.path.isfile(name) and not os.access(name, os.R_OK):
        return SceneError(f"{name} may not be read by you.", "Check its permissions.")
    if os.path.isfile(name) and os.path.getsize(name) == 0:
        return SceneError(f"{name} is an empty file.", "Copy or download it again.")
    return SceneError(f"{name} is no raster that GDAL can read: {_short(said)}.", "`gdalinfo` says more; a damaged file must be had again.")


def _short(said: str) -> str:
    """GDAL's first sentence, on one line."""
    return " ".join(said.split()).rstrip(".")[:200]


def _six(affine: Sequence[float]) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = (float(value) for value in affine)
    return a, b, c, d, e, f


def _jsonable(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity."""
    return value if value is None or math.isfinite(value) else str(value)


def _gsd(grid: Grid | None, facts: Facts, size: Size) -> float | None:
    """Metres per pixel, the geometric mean of the two axes; degrees are turned into metres at the scene's centre."""
    if grid is None or not facts.wkt:
        return None
    a = grid.affine
    column, row = (a[1], a[4]), (a[2], a[5])
    if facts.metres is not None:
        unit_x = unit_y = facts.metres
    elif facts.wkt.startswith(("GEOG", "GEODCRS")):
        latitude = grid.to_map(size.width / 2, size.height / 2)[1]
        unit_x, unit_y = 111_320 * math.cos(math.radians(latitude)), 111_320
    else:
        return None
    sides = [math.hypot(x * unit_x, y * unit_y) for x, y in (column, row)]
    return float(f"{math.sqrt(sides[0] * sides[1]):.6g}")
