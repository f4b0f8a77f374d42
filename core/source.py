"""The subject of a question as the user gave it (a raster, and a part of it), and the views that the model saw. These values are used
everywhere: on the wire, in records, in files of boxes, in training rows (`core/typed.py` converts them to JSON and back).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from .geometry import Box, Grid, Size, View
from .look import Shown
from .region import Region

Corner = Tuple[float, float]
CORNERS = 200_000
"""The largest number of corners of an outline: 10 MB of JSON."""


@dataclass(frozen=True)
class SceneSource:
    """A raster with its settings: everyone who opens it sees the same picture.

    path: anything that GDAL opens. bands: one or three band numbers from 1, shown as grey or as red, green and blue; None: the bands that
    the file suggests. stretch: the lowest and highest value of each; None: computed from the scene. force_remote_scan: read the whole of a
    remote raster without overviews.
    """

    path: str
    bands: Optional[Tuple[int, ...]] = None
    stretch: Optional[Tuple[Tuple[float, float], ...]] = None
    force_remote_scan: bool = False

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise ValueError("path is empty: it must be the path or address of a raster.")
        if self.bands is not None and (len(self.bands) not in (1, 3) or not all(0 < band < 1_000_000 for band in self.bands)):
            raise ValueError(f"bands is {list(self.bands)}: it must be one or three band numbers, from 1.")


@dataclass(frozen=True)
class Compare:
    """A second raster of the same ground, usually of another date, that the model is shown beside the first.

    names: what the model is told that the first and this one are called, before their dates; None: as their files.
    """

    source: SceneSource
    names: Optional[Tuple[str, str]] = None


@dataclass(frozen=True)
class Where:
    """The region of a question, as the user gave it: one of the four. (`core.region.Region` is the same in source pixels.)

    window: left, top, right, bottom in source pixels. bounds: min x, min y, max x, max y in map units of the raster's CRS. outline: rings
    of corners in map units (of a raster without georeference: pixels with y upwards), filled by the even-odd rule. within: a vector file;
    the region is all of its polygons.
    """

    window: Optional[Tuple[float, float, float, float]] = None
    bounds: Optional[Tuple[float, float, float, float]] = None
    outline: Optional[Tuple[Tuple[Corner, ...], ...]] = None
    within: Optional[str] = None

    def __post_init__(self) -> None:
        given = [name for name in ("window", "bounds", "outline", "within") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"one of window, bounds, outline and within must be given, not {', '.join(given) or 'none'}.")
        for name in ("window", "bounds"):
            box = getattr(self, name)
            if box and not (box[0] < box[2] and box[1] < box[3]):
                raise ValueError(f"{name} is {list(box)}: it must be four numbers, the smaller corner first.")
        if self.outline is not None:
            if not self.outline or any(len(ring) < 3 for ring in self.outline):
                raise ValueError("outline must be rings of three corners or more.")
            if sum(map(len, self.outline)) > CORNERS:
                raise ValueError(f"outline has more than {CORNERS:,} corners: simplify it.")

    @classmethod
    def of(cls, region: Region) -> Where:
        """The region in a form that can be given again for the same raster: its rings in map units, or else its pixels."""
        return cls(outline=region.outline) if region.outline else cls(window=region.box)


@dataclass(frozen=True)
class Seen:
    """One view that the model was shown, with the same field names everywhere: on the wire, in `--json`, in records, in files of boxes.

    step: its place among the views, 0 for the global one. roi: the box that the model asked for, in source pixels (None: the global view).
    window: the part of the source that was shown, in whole pixels; shown: the picture's width and height. polygon: of the roi, else of the
    window, closed, in map units (None: the raster has no georeference). focus: the part of the window that was shown enlarged inside the
    rest, in whole pixels (None: one scale for the whole window). tool: whose result the picture shows (None: the raster as it is).
    """

    step: int
    label: str
    roi: Optional[Tuple[float, float, float, float]]
    window: Tuple[int, int, int, int]
    shown: Tuple[int, int]
    polygon: Optional[Tuple[Corner, ...]] = None
    focus: Optional[Tuple[int, int, int, int]] = None
    tool: Optional[str] = None

    @property
    def part(self) -> Tuple[int, int, int, int]:
        """What the picture was made for: the focus, else the window."""
        return self.focus or self.window

    @property
    def scale(self) -> float:
        """Source pixels per shown pixel along the longer side, of the focus where there is one; 1 is native resolution."""
        return View(Box(*self.window), Size(*self.shown), focus=Box(*self.focus) if self.focus else None).scale

    @classmethod
    def of(cls, shown: Shown, grid: Optional[Grid]) -> Seen:
        view, roi = shown.view, shown.roi
        return cls(
            shown.step,
            shown.label,
            None if roi is None else tuple(round(side, 2) for side in roi),  # type: ignore[arg-type]
            _whole(view.window),
            (view.size.width, view.size.height),
            tuple(grid.polygon(Box(*(roi or view.window)))) if grid else None,
            _whole(view.focus) if view.focus else None,
            shown.tool or None,
        )


def _whole(box: Box) -> Tuple[int, int, int, int]:
    left, top, right, bottom = (int(side) for side in box)
    return left, top, right, bottom
