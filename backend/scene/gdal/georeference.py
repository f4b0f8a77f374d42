"""The georeference of a raster, from its geotransform, ground control points and CRS. Both bindings use it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Affine = tuple[float, float, float, float, float, float]
Point = tuple[float, float, float, float]  # column, row, x, y

IDENTITY = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
DEGENERATE = 1e-6  # of the longer axis: points that lie this near to a line determine no affine


class Units(NamedTuple):
    """metres: the length of one unit of a CRS, of a geographic CRS along the equator. radians: one unit, None unless the CRS is
    geographic.
    """

    metres: float
    radians: float | None = None


def georeference(affine: Sequence[float] | None, points: Sequence[Point], camera: bool, units: Units | None) -> tuple[Affine | None, str]:
    """The grid in GDAL's order, or None; and a note for the user, "" where the grid is the file's own.

    `affine` is the file's geotransform, `points` its ground control points, `camera` whether it has rational polynomials (RPC).
    A grid that is not finite or can't be inverted counts as none.
    """
    given = None if affine is None or tuple(affine) == IDENTITY else usable(affine)
    if given:
        return given, ""
    if points:
        fitted = _fitted(points, units.radians if units else None)
        if fitted:
            return fitted, f"It has no geotransform: its grid is an affine fitted to its {len(points)} ground control points."
        return None, f"Its {len(points)} ground control points determine no grid: boxes are in pixels only."
    if affine is not None and tuple(affine) != IDENTITY:
        return None, "Its geotransform can't be inverted: boxes are in pixels only."
    if camera:
        return None, "It has a camera model (RPC) and no grid: boxes are in pixels only."
    return None, "It has no georeference: boxes are in pixels only."


def usable(affine: Sequence[float]) -> Affine | None:
    """The six coefficients as floats; None where they are not finite or can't be inverted."""
    a = tuple(float(value) for value in affine)
    if not all(map(math.isfinite, a)):
        return None
    column, row, area = math.hypot(a[1], a[4]), math.hypot(a[2], a[5]), abs(a[1] * a[5] - a[2] * a[4])
    return a if area > column * row * 1e-9 else None  # type: ignore[return-value]


def _fitted(points: Sequence[Point], radians: float | None) -> Affine | None:
    """The least squares affine; None where the points determine none: fewer than three, or all on one line.

    Longitudes on both sides of the 180th meridian are unwrapped where the pixels become more square, or stay as square but not mirrored:
    179.9 and -179.9 are neighbours.
    """
    table = np.array(points, np.float64).reshape(-1, 4)
    table = table[np.isfinite(table).all(axis=1)]
    fits = [_least_squares(table)]
    if radians and len(table):
        fits.append(_least_squares(_unwrapped(table, 2 * math.pi / radians)))
        narrowing = max(math.cos(np.median(table[:, 3]) * radians), 0.01)
        fits.sort(key=lambda fit: (_elongation(fit, narrowing), _is_mirrored(fit)) if fit else (math.inf, True))
    return fits[0]


def _unwrapped(table: np.ndarray, turn: float) -> np.ndarray:
    """The points with continuous longitudes, cut at the widest gap."""
    longitudes = table[:, 2] % turn
    ordered = np.sort(longitudes)
    gaps = np.diff(ordered, append=ordered[0] + turn)
    start = ordered[(int(np.argmax(gaps)) + 1) % len(ordered)]
    moved: np.ndarray = table.copy()
    moved[:, 2] = start + (longitudes - start) % turn
    moved[:, 2] -= turn if moved[:, 2].mean() > turn / 2 else 0
    return moved


def _elongation(affine: Affine, narrowing: float) -> float:
    """How far the pixels are from square (0: square); rounded, so that the first of two equal fits is used."""
    column, row = math.hypot(affine[1] * narrowing, affine[4]), math.hypot(affine[2] * narrowing, affine[5])
    return round(abs(math.log(column / row)), 3)


def _is_mirrored(affine: Affine) -> bool:
    """Whether east is to the left where north is up."""
    return affine[1] * affine[5] - affine[2] * affine[4] > 0


def _least_squares(table: np.ndarray) -> Affine | None:
    if len(table) < 3:
        return None
    pixels, places = table[:, :2], table[:, 2:]
    middle, centre = pixels.mean(axis=0), places.mean(axis=0)
    if min(map(_thickness, (pixels - middle, places - centre))) < DEGENERATE:
        return None
    slopes = np.linalg.lstsq(pixels - middle, places - centre, rcond=None)[0]  # [column or row, x or y]
    slopes[np.abs(slopes) < 1e-9 * np.abs(slopes).max(axis=0)] = 0.0  # rounding errors are not a rotation
    origin = centre - middle @ slopes
    return usable([origin[0], slopes[0, 0], slopes[1, 0], origin[1], slopes[0, 1], slopes[1, 1]])


def _thickness(points: np.ndarray) -> float:
    """The shorter axis of a cloud of points divided by the longer one; 0 where all points are equal."""
    long, short = np.linalg.svd(points, compute_uv=False)
    return float(short / long) if long > 0 else 0.0


def crs_name(wkt: str) -> str:
    """The name of a CRS from its WKT; "" where there is none."""
    return str(next(iter(_parsed(wkt)[1:]), ""))


def units(wkt: str) -> Units | None:
    """The units of the horizontal part of a CRS; None where they have no length in metres: geocentric and engineering CRSs, or no CRS."""
    horizontal = _horizontal(_parsed(wkt))
    kind = horizontal[0] if horizontal else ""
    if kind in ("PROJCS", "PROJCRS", "PROJECTEDCRS", "DERIVEDPROJCRS"):
        metres = _unit(horizontal, ("UNIT", "LENGTHUNIT"))
        return Units(metres) if metres else None
    if kind in ("GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS"):
        radians = _unit(horizontal, ("UNIT", "ANGLEUNIT"))
        radius = _first(horizontal, ("SPHEROID", "ELLIPSOID"))
        if radians and radius and _first(horizontal, ("CS",))[1:2] != ["Cartesian"]:
            return Units(float(radius[2]) * radians, radians)
    return None


def _parsed(wkt: str) -> list[Any]:
    """A WKT node as [keyword, value or node, ...]; [] where there is none."""
    stack: list[list[Any]] = [[]]
    for word, text, other in re.findall(r'([A-Za-z_]\w*)\s*[\[(]|"((?:[^"]|"")*)"|([^\s,\[\]()"]+|[\])])', wkt):
        if word:
            stack.append([word.upper()])
        elif other in ("]", ")"):
            if len(stack) > 1:
                node = stack.pop()
                stack[-1].append(node)
        else:
            stack[-1].append(other or text.replace('""', '"'))
    return next((node for node in stack[0] if isinstance(node, list)), [])


def _horizontal(node: list[Any]) -> list[Any]:
    """The node itself, or the first part of a compound or bound CRS."""
    while node and node[0] in ("COMPD_CS", "COMPOUNDCRS", "BOUNDCRS", "SOURCECRS"):
        node = next((part for part in node[1:] if isinstance(part, list)), [])
    return node


def _unit(node: list[Any], keywords: tuple[str, ...]) -> float | None:
    """The factor of a CRS's own unit, which may be given with its first axis."""
    parts = [part for part in node if isinstance(part, list)]
    parts += [part for axis in parts if axis[0] == "AXIS" for part in axis if isinstance(part, list)]
    return next((float(part[2]) for part in parts if part[0] in keywords and len(part) > 2), None)


def _first(node: list[Any], keywords: tuple[str, ...]) -> list[Any]:
    """The first node of these keywords, at any depth; [] where there is none."""
    for part in node:
        if isinstance(part, list):
            node = part if part[0] in keywords else _first(part, keywords)
            if node:
                return node
    return []
