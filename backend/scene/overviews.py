"""The resolutions a scene can be read at, and which of them a view is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...core.geometry import Box, Size
from .gdal import OPTIONS, Facts, RasterError, open_raster

EXACT_PIXELS = 4 << 20  # up to this, a window is read as it is, and is equal bit for bit to a crop of the decoded raster
SCAN_PIXELS = 16 << 20  # up to this, a raster (or its coarsest overview) is read anew for each view, not scanned and cached
SCAN_SIDE = 4096  # a scan's longer side at most: 48 MB of RGB, and windows down to a quarter of the scene are cut from it


@dataclass(frozen=True)
class Level:
    """One resolution. `scale` = source pixels per pixel of the level, x and y."""

    size: Size
    scale: tuple[float, float]
    index: int = 0  # 0 the raster itself, n GDAL's n-th overview
    averaged: int = 1  # > 1: a mosaic's, which GDAL averages by this factor from the overviews of its parts
    scanned: bool = False

    @property
    def pixels(self) -> int:
        return self.size.width * self.size.height


def levels(facts: Facts) -> list[Level]:
    """The raster itself, then coarser ones by falling size; last a scan where the coarsest is still large.

    An overview whose sides are scaled differently is none, nor is one of a JPEG that is not halved some times: that is the camera's
    thumbnail, another picture which may be padded, cropped or damaged.
    """
    width, height = facts.size
    found = [Level(facts.size, (1.0, 1.0))]
    for index, size in enumerate(facts.overviews, 1):
        if facts.driver == "JPEG" and not _is_halved(facts.size, size):
            continue
        even = abs(size.height - height * size.width / width) <= 1 or abs(size.width - width * size.height / height) <= 1
        if even and 0 < size.width * size.height < width * height:
            found.append(Level(size, (width / size.width, height / size.height), index))
    found.sort(key=lambda level: -level.pixels)
    if len(found) == 1 and found[0].pixels > EXACT_PIXELS and _parts_have_overviews(facts):
        for factor in (1 << n for n in range(1, (max(width, height) // 512).bit_length())):
            size = Size(-(-width // factor), -(-height // factor))
            found.append(Level(size, (factor, factor), averaged=factor))
    if found[-1].pixels > SCAN_PIXELS:
        found.append(_scan(found[-1]))
    return found


def source(among: list[Level], box: Box, size: Size, exact: bool = True) -> tuple[Level, int]:
    """The level to read a view from, and by what power of two to average it on the way. exact: small windows are read as they are.

    Both together leave twice the view's resolution to Pillow's bicubic: 47 dB to the whole image resampled, where GDAL
    asked for the view's own size gives 33 to 36 (docs/method.md, Rasters).
    """

    def spare(level: Level) -> float:
        return min(box.width / level.scale[0] / size.width, box.height / level.scale[1] / size.height) / 2

    if exact and box.area <= EXACT_PIXELS:
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
    """A VRT over many files says that it has no overviews, and yet reads coarsely from theirs."""
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
