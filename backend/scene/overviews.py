"""The resolutions at which a scene can be read, and the choice of one for a view."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...core.geometry import Box, Size
from .gdal import OPTIONS, Facts, RasterError, open_raster

EXACT_PIXELS = 4 << 20  # a window of at most this many pixels is read at native resolution: it equals a crop of the decoded raster
SCAN_PIXELS = 16 << 20  # a raster (or coarsest overview) of at most this many pixels is read for each view, without a cached scan
SCAN_SIDE = 4096  # pixels: the largest side of a scan, 48 MB of RGB; windows down to a quarter of the scene are cut from it


@dataclass(frozen=True)
class Level:
    """One resolution. `scale` = source pixels per pixel of the level, x and y."""

    size: Size
    scale: tuple[float, float]
    index: int = 0  # 0 the raster itself, n GDAL's n-th overview
    averaged: int = 1  # > 1: a level of a mosaic, which GDAL averages by this factor from the overviews of its parts
    scanned: bool = False

    @property
    def pixels(self) -> int:
        return self.size.width * self.size.height


def levels(facts: Facts) -> list[Level]:
    """The raster itself, then its overviews from fine to coarse; then a scan, where the coarsest overview is still large.

    Overviews whose sides have different scales are ignored. Of a JPEG, so are overviews that are not the raster halved n times: such an
    overview is the camera's thumbnail, which may be padded, cropped or damaged.
    """
    width, height = facts.size
    usable = [Level(facts.size, (1.0, 1.0))]
    for index, size in enumerate(facts.overviews, 1):
        if facts.driver == "JPEG" and not _is_halved(facts.size, size):
            continue
        even = abs(size.height - height * size.width / width) <= 1 or abs(size.width - width * size.height / height) <= 1
        if even and 0 < size.width * size.height < width * height:
            usable.append(Level(size, (width / size.width, height / size.height), index))
    usable.sort(key=lambda level: -level.pixels)
    if len(usable) == 1 and usable[0].pixels > EXACT_PIXELS and _parts_have_overviews(facts):
        for factor in (1 << n for n in range(1, (max(width, height) // 512).bit_length())):
            size = Size(-(-width // factor), -(-height // factor))
            usable.append(Level(size, (factor, factor), averaged=factor))
    if usable[-1].pixels > SCAN_PIXELS:
        usable.append(_scan(usable[-1]))
    return usable


def source(among: list[Level], box: Box, size: Size) -> tuple[Level, int]:
    """The level to read a view from, and the power of two by which it is averaged while it is read.

    The result has at least twice the view's resolution, and Pillow's bicubic makes the view of it: 47 dB to the resampled whole image,
    where GDAL's own resampling to the view's size has 33 to 36 dB (docs/method.md, Rasters).
    """

    def spare(level: Level) -> float:
        return min(box.width / level.scale[0] / size.width, box.height / level.scale[1] / size.height) / 2

    if box.area <= EXACT_PIXELS:
        return among[0], 1
    level = next((level for level in reversed(among) if spare(level) >= 1), among[0])
    return level, 1 << int(math.log2(max(1.0, spare(level))))


def _is_halved(size: Size, overview: Size) -> bool:
    return any(overview == Size(-(-size.width // (1 << n)), -(-size.height // (1 << n))) for n in range(1, 20))


def _scan(base: Level) -> Level:
    factor = 1 << max(0, math.ceil(math.log2(max(base.size) / SCAN_SIDE)))
    size = Size(-(-base.size.width // factor), -(-base.size.height // factor))
    return Level(size, (base.scale[0] * factor, base.scale[1] * factor), scanned=True)


def _parts_have_overviews(facts: Facts) -> bool:
    """Whether a VRT of several files has no overviews of its own but can use theirs."""
    if facts.driver != "VRT" or len(facts.files) < 2:
        return False
    try:
        part = open_raster(facts.files[1], OPTIONS)
    except RasterError:
        return False
    try:
        return bool(part.facts.overviews)
    finally:
        part.close()
