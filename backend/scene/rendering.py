"""Converts the values of a raster to the planes of a picture: which bands, which stretch, which pixels are valid.

A picture has one plane (grey) or three (red, green, blue) of uint8. uint8 values are shown unchanged, unless the file uses
fewer bits or it is one band with few values. All other values get one linear stretch per band, which all views of a scene
share: the same roof must have the same colour in every view. Pixels that are not valid (nodata, NaN, alpha 0, masked, a
fill value that `stretch` found) are black.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.errors import SceneError
from .gdal import Band, Facts
from .stretch import Stretch, byte_stretch, few, stretch

Limits = tuple[tuple[float, float], ...]


class Selection:
    """Bands of a raster that are read together.

    shown: their numbers. read, dtype: the bands to read (with alpha where it is needed), and the narrowest type that holds all of them.
    masked: whether the mask must be read too. fills: of each band, values that mean nodata although the file does not declare them.

    Raises SceneError for complex numbers.
    """

    def __init__(self, name: str, facts: Facts, bands: Sequence[int]) -> None:
        self.shown = list(bands)
        chosen = [facts.bands[number - 1] for number in self.shown]
        for band in chosen:
            if band.dtype.startswith("complex"):
                raise SceneError(
                    f"{name} has complex numbers (band {band.index}, {band.dtype}), which can't be shown as colours.",
                    "Compute a raster of their amplitude or intensity first.",
                )
        alpha = [band.index for band in facts.bands if band.interpretation == "alpha" and band.index not in self.shown]
        uses_alpha = any(band.validity == "alpha" for band in chosen) and alpha
        self.read = [*self.shown, *alpha[:1]] if uses_alpha else list(self.shown)
        self.dtype = str(np.result_type(*(facts.bands[number - 1].dtype for number in self.read)))
        self.masked = any(band.validity == "mask" for band in chosen)
        self.nodata = [_within(self.dtype, band.nodata) if band.validity == "nodata" else None for band in chosen]
        self.fills: tuple[tuple[float, ...], ...] = ((),) * len(chosen)

    @property
    def alpha(self) -> bool:
        return len(self.read) > len(self.shown)

    def valid(self, data: np.ndarray, mask: np.ndarray | None) -> np.ndarray | None:
        """Which pixels are valid, [row, column]; None where all are.

        A pixel is not valid when every band is nodata, a fill or not finite, or its alpha or mask is 0.
        """
        shown, valid = data[: len(self.shown)], None
        if any(value is not None for value in self.nodata) or any(self.fills) or data.dtype.kind == "f":
            valid = np.zeros(shown.shape[1:], bool)
            for plane, nodata, fills in zip(shown, self.nodata, self.fills):
                good = np.isfinite(plane) if plane.dtype.kind == "f" else np.ones(plane.shape, bool)
                for value in (nodata, *fills):
                    good = good if value is None else good & (plane != value)
                valid |= good
        for cover in (data[-1] if self.alpha else None, mask):
            if cover is not None:
                valid = cover != 0 if valid is None else valid & (cover != 0)
        return valid


class Rendering(Selection):
    """How the bands of a scene become planes.

    Raises SceneError for bands that do not exist, and for complex numbers.
    """

    def __init__(self, name: str, facts: Facts, bands: Sequence[int] | None, stretch: Sequence[tuple[float, float]] | None) -> None:
        super().__init__(name, facts, _chosen(name, facts, bands))
        chosen = [facts.bands[number - 1] for number in self.shown]
        self.palette = _palette(chosen[0]) if len(chosen) == 1 and not stretch else None
        bits = [band.bits or 8 for band in chosen]
        whole = self.dtype == "uint8" and self.palette is None and not stretch
        self.bits = bits[0] if whole and len(chosen) == 1 and bits != [1] and not facts.lossy and _grey(chosen[0]) else None
        if whole and not self.bits and min(bits) < 8:
            stretch = [(0, 2**used - 1) for used in bits]
        self.stretch: Limits | None = _checked(name, stretch, len(chosen)) if stretch else None
        self.settled = bool(stretch) or self.palette is not None or (self.dtype == "uint8" and not self.bits)
        self.notes: list[str] = []

    @property
    def plain(self) -> bool:
        """Whether all values are valid and shown unchanged, so that values may be averaged before they are rendered."""
        shown_as_read = self.settled and not self.stretch and self.palette is None
        return shown_as_read and not self.masked and not self.alpha and all(nodata is None for nodata in self.nodata)

    @property
    def void_is_black(self) -> bool:
        """Whether a block that was never written (GDAL returns nodata, else 0) is shown black."""
        fill = [nodata or 0 for nodata in self.nodata] + [0] * self.alpha
        return not any(plane.any() for plane in self.planes(np.array(fill, self.dtype).reshape(-1, 1, 1), None))

    def planes(self, data: np.ndarray, mask: np.ndarray | None) -> list[np.ndarray]:
        """One or three contiguous uint8 planes of values [band, row, column]."""
        valid = self.valid(data, mask)
        if self.palette is not None:
            planes = [channel[data[0]] for channel in self.palette]
        elif not self.settled:
            raise RuntimeError("the stretch is settled before the first picture")
        elif self.stretch:
            planes = [_stretched(plane, *limits, fills) for plane, limits, fills in zip(data, self.stretch, self.fills)]
        else:
            planes = [np.ascontiguousarray(plane) for plane in data[: len(self.shown)]]
        return planes if valid is None else [np.where(valid, plane, np.uint8(0)) for plane in planes]

    def samples(self, data: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """Samples for the stretch: float64 [band, sample], NaN where the pixel is not valid."""
        values = data[: len(self.shown)].astype(np.float64)
        for plane, stored, nodata in zip(values, data, self.nodata):
            if nodata is not None:
                plane[stored == nodata] = np.nan
        valid = self.valid(data, mask)
        if valid is not None:
            values[:, ~valid] = np.nan
        return values.reshape(len(values), -1)

    def is_photograph(self, samples: np.ndarray) -> bool:
        """Whether these samples are bytes with so many different values that they are shown unchanged."""
        return self.bits == 8 and few(samples[0][np.isfinite(samples[0])]) is None

    def settle(self, samples: Sequence[np.ndarray]) -> bool:
        """Sets the stretch of each band from samples; returns False where more samples could change it."""
        values = np.concatenate(samples, axis=1)
        voids = self.masked or self.alpha or any(nodata is not None for nodata in self.nodata)
        with np.errstate(over="ignore", invalid="ignore"):  # of doubles near their limits
            decided = [byte_stretch(band, self.bits, voids) if self.bits else stretch(band, self.dtype, voids) for band in values]
        sure = all(each is not None and each.sure for each in decided)
        bands = [each or Stretch((0.0, 1.0)) for each in decided]
        limits = tuple(band.limits for band in bands if band.limits)
        self.stretch, self.fills = limits or None, tuple(band.fills for band in bands)
        several = len({band.note for band in bands}) > 1
        notes = [f"Band {number}: {band.note}" if several else band.note for number, band in zip(self.shown, bands) if band.note]
        self.notes = list(dict.fromkeys(notes)) if any(decided) else ["No valid pixel was found in it: it is black."]
        self.settled = True
        return sure


def _grey(band: Band) -> bool:
    """Whether the band is not the red, green or blue of a photograph."""
    return band.interpretation in ("gray", "grey", "undefined", "palette", "alpha")


def _chosen(name: str, facts: Facts, bands: Sequence[int] | None) -> list[int]:
    count = len(facts.bands)
    if bands:
        wrong = [number for number in bands if not 1 <= number <= count]
        if wrong:
            raise SceneError(
                f"{name} has no band {wrong[0]}: its bands are 1 to {count}.",
                "Choose other bands, for example 3,2,1 for red, green and blue.",
            )
        if len(bands) not in (1, 3):
            raise SceneError(f"{len(bands)} bands of {name} were chosen.", "Choose one or three, for example 3,2,1.")
        return list(bands)
    numbers = {band.interpretation: band.index for band in reversed(facts.bands)}
    if {"red", "green", "blue"} <= numbers.keys():
        return [numbers["red"], numbers["green"], numbers["blue"]]
    colours = [band.index for band in facts.bands if band.interpretation != "alpha"] or [1]
    return colours[:3] if len(colours) >= 3 else colours[:1]


def _within(dtype: str, nodata: float | None) -> float | None:
    """The nodata value; None where the type can't hold it, for example -9999 in a raster of bytes."""
    if nodata is None or np.dtype(dtype).kind == "f":
        return nodata
    limits = np.iinfo(dtype)
    return nodata if limits.min <= nodata <= limits.max else None


def _palette(band: Band) -> np.ndarray | None:
    """The colour table as [channel, value] uint8; transparent entries and values without an entry are black. None where all entries are
    equal.
    """
    if not band.palette or band.dtype not in ("uint8", "uint16"):
        return None
    table = np.zeros((3, 1 << 8 * np.dtype(band.dtype).itemsize), np.uint8)
    entries = np.array(band.palette, np.uint8)[: table.shape[1]]
    table[:, : len(entries)] = np.where(entries[:, 3] > 0, entries[:, :3].T, 0)
    return table if (table != table[:, :1]).any() else None


def _checked(name: str, stretch: Sequence[tuple[float, float]], count: int) -> Limits:
    pairs = list(stretch) * (count if len(stretch) == 1 else 1)
    if len(pairs) != count or not all(np.isfinite(pair).all() and pair[0] < pair[1] for pair in pairs):
        raise SceneError(
            f"The stretch {list(stretch)} doesn't fit {count} bands of {name}.",
            "Give one pair, lowest then highest, for each band.",
        )
    return tuple((float(low), float(high)) for low, high in pairs)


def _stretched(plane: np.ndarray, low: float, high: float, fills: tuple[float, ...]) -> np.ndarray:
    """The plane as uint8, linear from `low` (0) to `high` (255); fill values and values that are not finite become 0."""
    if plane.dtype in (np.uint8, np.uint16):  # a lookup table is three times as fast and needs no float copy of the window
        values = np.arange(1 << 8 * plane.itemsize, dtype=np.float64)
        table = np.clip((values - low) * _gain(low, high) + 0.5, 0, 255).astype(np.uint8)
        table[[int(fill) for fill in fills]] = 0
        levels: np.ndarray = table[plane]
        return levels
    narrow = plane.dtype in (np.float32, np.int16, np.int8) and 1e-30 < high - low < 1e30
    wide: np.ndarray = plane.astype(np.float32 if narrow else np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(high - low):
            wide, low, high = wide / 4, low / 4, high / 4
        wide -= low
        wide *= _gain(low, high)
        wide += 0.5
    shown: np.ndarray = np.nan_to_num(np.clip(wide, 0, 255, out=wide), copy=False, nan=0).astype(np.uint8)
    for fill in (np.inf, *fills) if plane.dtype.kind == "f" else fills:
        shown[plane == fill] = 0
    return shown


def _gain(low: float, high: float) -> float:
    return 255 / (high - low) if high > low else 0.0
