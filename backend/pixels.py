"""From whatever a raster holds to the planes a picture is made of: which bands, what stretch, what is not valid.

A picture is one plane (grey) or three (red, green, blue) of uint8. uint8 passes through as it is, unless only one bit
of it is used: 0 is black then, and 1 white. Everything else goes through one linear stretch per band, shared by all
views of a scene: a model that sees the same roof in two views must see the same colour. What is not valid (nodata,
NaN, alpha 0, masked) is black, whatever was left under it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.errors import SceneError
from .rasters import Band, Facts

PERCENTILES = (2, 98)
Stretch = tuple[tuple[float, float], ...]


class Rendering:
    """How one scene's bands become planes. `read` and `dtype` are what to ask of the raster, `masked` whether its mask is needed too.

    Raises SceneError for bands that aren't there and types that have no picture (complex).
    """

    def __init__(self, name: str, facts: Facts, bands: Sequence[int] | None, stretch: Sequence[tuple[float, float]] | None) -> None:
        self.shown = _chosen(name, facts, bands)
        chosen = [facts.bands[number - 1] for number in self.shown]
        for band in chosen:
            if band.dtype.startswith("complex"):
                raise SceneError(
                    f"{name} holds complex numbers (band {band.index}, {band.dtype}), which have no colours.",
                    "Make a raster of their amplitude or intensity first.",
                )
        alpha = [band.index for band in facts.bands if band.interpretation == "alpha" and band.index not in self.shown]
        uses_alpha = any(band.validity == "alpha" for band in chosen) and alpha
        self.read = [*self.shown, *alpha[:1]] if uses_alpha else list(self.shown)
        self.dtype = str(np.result_type(*(facts.bands[number - 1].dtype for number in self.read)))
        self.masked = any(band.validity == "mask" for band in chosen)
        self.nodata = [_within(self.dtype, band.nodata) if band.validity == "nodata" else None for band in chosen]
        self.palette = _palette(chosen[0]) if len(chosen) == 1 and not stretch else None
        if not stretch and self.palette is None and all(band.bits == 1 for band in chosen):
            stretch = [(0, 1)]  # 0 black, 1 white
        self.stretched = bool(stretch) or (self.dtype != "uint8" and self.palette is None)
        self.stretch: Stretch | None = _checked(name, stretch, len(chosen)) if stretch else None

    @property
    def alpha(self) -> bool:
        return len(self.read) > len(self.shown)

    @property
    def plain(self) -> bool:
        """Whether the bands are shown as they are, all of them valid: then averages of pixels are pixels of averages."""
        shown_as_read = not self.stretched and self.palette is None
        return shown_as_read and not self.masked and not self.alpha and all(nodata is None for nodata in self.nodata)

    @property
    def void_is_black(self) -> bool:
        """Whether what GDAL gives for a block that was never written, nodata or else 0, is shown black."""
        fill = [nodata or 0 for nodata in self.nodata] + [0] * self.alpha
        return not any(plane.any() for plane in self.planes(np.array(fill, self.dtype).reshape(-1, 1, 1), None))

    def valid(self, data: np.ndarray, mask: np.ndarray | None) -> np.ndarray | None:
        """[row, column], or None where all of it is.

        A pixel is not valid when every shown band is nodata or not finite, or its alpha or mask is 0.
        """
        shown, valid = data[: len(self.shown)], None
        if any(value is not None for value in self.nodata) or data.dtype.kind == "f":
            valid = np.zeros(shown.shape[1:], bool)
            for plane, nodata in zip(shown, self.nodata):
                good = np.isfinite(plane) if plane.dtype.kind == "f" else np.ones(plane.shape, bool)
                valid |= good if nodata is None else good & (plane != nodata)
        for cover in (data[-1] if self.alpha else None, mask):
            if cover is not None:
                valid = cover != 0 if valid is None else valid & (cover != 0)
        return valid

    def planes(self, data: np.ndarray, mask: np.ndarray | None) -> list[np.ndarray]:
        """From [band, row, column] as read to one or three contiguous uint8 planes."""
        valid = self.valid(data, mask)
        if self.palette is not None:
            planes = [channel[data[0]] for channel in self.palette]
        elif self.stretched:
            if self.stretch is None:
                raise RuntimeError("the stretch is settled before the first picture")
            planes = [_stretched(plane, *limits) for plane, limits in zip(data, self.stretch)]
        else:
            planes = [np.ascontiguousarray(plane) for plane in data[: len(self.shown)]]
        return planes if valid is None else [np.where(valid, plane, np.uint8(0)) for plane in planes]

    def samples(self, data: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        """What the stretch is taken from: float64 [band, sample], NaN where a band says nothing.

        The zeros of wide unsigned types are left out: where nobody declared them nodata they fill what lies outside of
        a tilted footprint, as in Landsat's own files, and black they are anyway.
        """
        values = data[: len(self.shown)].astype(np.float64)
        for plane, stored, nodata in zip(values, data, self.nodata):
            plane[(stored == nodata) | ((stored == 0) & (data.dtype.kind == "u"))] = np.nan
        valid = self.valid(data, mask)
        return values.reshape(len(values), -1) if valid is None else values[:, valid]

    def settle(self, samples: Sequence[np.ndarray]) -> bool:
        """Takes the stretch, the 2nd to the 98th percentile of each band; False where there was nothing to take it from."""
        values = np.concatenate(samples, axis=1)
        goods = [plane[np.isfinite(plane)] for plane in values]
        found = all(good.size for good in goods)
        lows_highs = [np.percentile(good, PERCENTILES) if good.size else (0.0, 1.0) for good in goods]
        self.stretch = tuple((float(low), float(high)) for low, high in lows_highs)
        return found


def _chosen(name: str, facts: Facts, bands: Sequence[int] | None) -> list[int]:
    count = len(facts.bands)
    if bands:
        wrong = [number for number in bands if not 1 <= number <= count]
        if wrong:
            raise SceneError(
                f"{name} has no band {wrong[0]}: its bands are 1 to {count}.",
                "Choose with --bands, for example --bands 3,2,1.",
            )
        if len(bands) not in (1, 3):
            raise SceneError(f"{len(bands)} bands were chosen of {name}; a picture takes one or three.", "For example --bands 3,2,1.")
        return list(bands)
    named = {band.interpretation: band.index for band in reversed(facts.bands)}
    if {"red", "green", "blue"} <= named.keys():
        return [named["red"], named["green"], named["blue"]]
    colours = [band.index for band in facts.bands if band.interpretation != "alpha"] or [1]
    return colours[:3] if len(colours) >= 3 else colours[:1]


def _within(dtype: str, nodata: float | None) -> float | None:
    """None for a value the type can't hold, as in many a byte raster with -9999."""
    if nodata is None or np.dtype(dtype).kind == "f":
        return nodata
    limits = np.iinfo(dtype)
    return nodata if limits.min <= nodata <= limits.max else None


def _palette(band: Band) -> np.ndarray | None:
    """[channel, value] uint8; values past the end and transparent ones are black."""
    if not band.palette or band.dtype not in ("uint8", "uint16"):
        return None
    table = np.zeros((3, 1 << 8 * np.dtype(band.dtype).itemsize), np.uint8)
    entries = np.array(band.palette, np.uint8)[: table.shape[1]]
    table[:, : len(entries)] = np.where(entries[:, 3] > 0, entries[:, :3].T, 0)
    return table


def _checked(name: str, stretch: Sequence[tuple[float, float]], count: int) -> Stretch:
    pairs = list(stretch) * (count if len(stretch) == 1 else 1)
    if len(pairs) != count or not all(np.isfinite(pair).all() and pair[0] < pair[1] for pair in pairs):
        raise SceneError(
            f"The stretch {list(stretch)} doesn't fit {count} bands of {name}.",
            "Give one pair, lowest then highest, for each band.",
        )
    return tuple((float(low), float(high)) for low, high in pairs)


def _stretched(plane: np.ndarray, low: float, high: float) -> np.ndarray:
    """Linear, `low` to 0 and `high` to 255; NaN to 0."""
    gain = 255 / (high - low) if high > low else 0.0
    if plane.dtype in (np.uint8, np.uint16):  # a table: three times as fast, and no float copy of the window
        table = np.arange(1 << 8 * plane.itemsize, dtype=np.float64)
        return np.clip((table - low) * gain + 0.5, 0, 255).astype(np.uint8)[plane]
    wide = plane.astype(np.float32 if plane.dtype in (np.float32, np.int16, np.int8) else np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        wide -= low
        wide *= gain
        wide += 0.5
    return np.nan_to_num(np.clip(wide, 0, 255, out=wide), copy=False, nan=0).astype(np.uint8)
