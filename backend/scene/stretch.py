"""The linear stretch of one band, and undeclared nodata values, from samples of its values.

The rule is the 2nd to the 98th percentile. Three cases need other rules, and a note: few different values (masks, class maps), sparse
content (rain on 0.2 % of the area), and a fill value such as -9999 that the file does not declare as nodata.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

PERCENTILES = (2, 98)
FEW = 16  # a mask or a class map has at most this many different values
DARK = 8  # values within 1/DARK of the range of bytes look alike
COLLAR = 0.9  # at most this part of a raster may lie outside a tilted footprint
LIFT = 0.25  # of the range: the distance of the lowest valid value from the black of pixels that are not valid
HUGE = 1e15  # beyond every physical value, but below common fill values: -3.4e38, 1e20, 9.97e36
LIMITS = {value for bits in (16, 32) for value in (2**bits - 1, 2 ** (bits - 1) - 1)}
LOWEST = {value for bits in (16, 32) for value in (-(2 ** (bits - 1)), 1 - 2 ** (bits - 1))}
ONE_VALUE = "All its valid pixels have one value, shown grey."
NINES = {10**digits - 1 for digits in range(3, 8)}


@dataclass(frozen=True)
class Stretch:
    """limits: the values that become 0 and 255; None: the values are shown unchanged. fills: values that are shown black.

    note: a sentence about the decision, or "". sure: False where more samples could change the result (few values, sparse content).
    """

    limits: tuple[float, float] | None
    fills: tuple[float, ...] = ()
    note: str = ""
    sure: bool = True


def stretch(samples: np.ndarray, dtype: str, voids: bool) -> Stretch | None:
    """The stretch of a band of any type but bytes; None where the samples have no usable value.

    samples: float64 [sample], NaN where a pixel is not valid. voids: whether some pixels may be not valid, and so be black.
    """
    finite = samples[np.isfinite(samples)]
    if not finite.size:
        return None
    fills = _fills(finite)
    values = finite[~np.isin(finite, fills)] if fills else finite
    voids = voids or bool(fills) or finite.size < samples.size
    note = _fill_note(fills)
    distinct, floor, collar = few(values), -np.inf, 0.0
    if distinct is None and np.dtype(dtype).kind == "u" and not values.all():
        # 0 may be the area outside a tilted footprint, as in Landsat's files; it is shown black in any case.
        nonzero = values[values != 0]
        values, floor, collar = nonzero, 0.0, 1 - nonzero.size / values.size
        distinct = few(values)
    if distinct is not None and len(distinct) == 1:
        if distinct[0] == 0 and np.dtype(dtype).kind == "u" and not voids:
            return None
        return Stretch(_around(distinct[0]), fills, _joined(note, ONE_VALUE), False)
    if distinct is not None:
        low, high = distinct[0], distinct[-1]
        note = _joined(note, f"It has {len(distinct)} different values, stretched from the lowest to the highest.")
        sure = False
    else:
        low, high = np.percentile(values, PERCENTILES)
        sure = bool(low < high)
        if not sure:
            least, most = np.percentile(values[values != low], PERCENTILES)
            low, high = min(low, least), max(high, most)
            note = _joined(note, "Nearly all its pixels have one value: the stretch is taken from the others.")
    lowest_is_common = voids and low == values.min()
    zero_is_content = bool(collar) and (distinct is not None or collar > COLLAR)
    if zero_is_content:
        note = _joined(note, "Nearly all its pixels are 0, shown black: the stretch is taken from the others." if collar > COLLAR else "")
    if lowest_is_common or zero_is_content:
        low = max(_lifted(low, high), floor)
    return Stretch((float(low), float(high)), fills, note, sure)


def byte_stretch(samples: np.ndarray, bits: int, voids: bool) -> Stretch | None:
    """The stretch of one grey band of bytes, of which the file uses `bits` bits. Without limits where it may be a photograph."""
    top = 2**bits - 1
    whole = Stretch(None if bits == 8 else (0.0, float(top)), sure=False)
    finite = samples[np.isfinite(samples)]
    distinct = few(finite)
    if distinct is None:
        return replace(whole, sure=True)
    if not len(distinct):
        return None
    dark = top // DARK
    fills = (255.0,) if len(distinct) > 2 and distinct[-1] == 255 and distinct[-2] <= dark else ()
    distinct = distinct[: len(distinct) - len(fills)]
    voids = voids or bool(fills) or finite.size < samples.size
    low, high = float(distinct[0]), float(distinct[-1])
    if high - low > dark or (len(distinct) == 1 and (high > dark or (high == 0 and not voids))):
        return whole
    if len(distinct) == 1:
        return Stretch(_around(high), fills, ONE_VALUE, False)
    note = f"It has {len(distinct)} different values from {low:g} to {high:g}, which are stretched so that they differ visibly."
    note = _joined(_fill_note(fills), note)
    low = 0.0 if high <= dark else low
    return Stretch((_lifted(low, high) if voids or low else low, high), fills, note, False)


def few(values: np.ndarray) -> np.ndarray | None:
    """The different values, sorted; None where there are more than FEW."""
    part = values[:: max(1, values.size // 4096)]
    if len(np.unique(part)) > FEW:
        return None
    distinct = np.unique(values)
    return distinct if len(distinct) <= FEW else None


def _fills(values: np.ndarray) -> tuple[float, ...]:
    """Undeclared fill values: the lowest or highest value, where it is repeated and far from all others.

    The necessary distance depends on the value. -9999, the limits of integer types and values near the limits of floats are typical fill
    values; any other value may be real: water, a mask, a hot spot.
    """
    fills: list[float] = []
    while len(fills) < 4 and values.size:
        lowest, highest, middle = values.min(), values.max(), np.median(values)
        extremes = sorted((lowest, highest), key=lambda value: -abs(value - middle))
        fill = next((value for value in extremes if _is_fill(value, values)), None)
        if fill is None:
            break
        fills.append(float(fill))
        values = values[values != fill]
    return tuple(fills)


def _is_fill(value: float, values: np.ndarray) -> bool:
    """Whether `value`, the lowest or the highest of `values`, is a fill value."""
    others = values[values != value]
    repeated = values.size - others.size
    if not others.size or repeated < 2:
        return False
    if abs(value) >= HUGE:
        ordinary = others[np.abs(others) < abs(value) / 1000]
        return bool(ordinary.size)
    least, most = others.min(), others.max()
    gap, span, share = min(abs(value - least), abs(value - most)), most - least, repeated / values.size
    kinds = few(others)
    if value < least and (value in LOWEST or -value in NINES):
        return bool(gap > span / 10)
    if value > most and (value in LIMITS or value in NINES):
        far = gap > span / 10 if value in LIMITS else gap > span
        return bool(far and share >= 0.005 and (kinds is None or len(kinds) > 1))
    if (kinds is not None and len(kinds) < 3) or not 0.01 <= share <= 0.9:
        return False
    return bool(gap > (3 if value < least else 10_000) * span)


def _around(value: float) -> tuple[float, float]:
    """Limits that show a single value as middle grey."""
    width = max(abs(value) / 2, 1.0) if abs(value) < HUGE else abs(value) / 2
    return float(value - width), float(value + width)


def _lifted(low: float, high: float) -> float:
    return low - LIFT * (high - low)


def _fill_note(fills: tuple[float, ...]) -> str:
    listed = ", ".join(f"{value:.9g}" for value in fills)
    return f"Pixels with the value {listed}, far from all other values, count as nodata and are shown black." if fills else ""


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
