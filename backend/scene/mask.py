"""Makes the pixels of a picture grey that lie outside the region of the question. Every picture that a model is shown follows this rule.

A pixel keeps its content where any part of it lies inside, so that a region thinner than a pixel stays visible.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from ...core.geometry import Size, View

OUTSIDE = (128, 128, 128)
EDGE = 1e-3  # of a shown pixel: an outline that enters a pixel by less counts as running along its side
TOGETHER = 1024  # edges that are handled together: a step needs memory for this many times the picture's side


def masked(picture: Image.Image, view: View) -> Image.Image:
    """The picture of a view, grey outside the view's rings. picture: of the view's size."""
    if not view.rings:
        return picture
    return Image.composite(picture, Image.new("RGB", picture.size, OUTSIDE), Image.fromarray(inside(view)))


def inside(view: View) -> np.ndarray:
    """Which pixels of the picture touch the inside of the view's rings: [row, column] bool."""
    width, height = view.size
    touched = np.zeros((height, width), bool)
    toggled = np.zeros((height, width + 1), np.int32)
    for starts, ends in _edges(view):
        row, column = _left_of_centres(starts, ends, view.size)
        np.add.at(toggled, (row, column), 1)
        row, column = _crossed(starts, ends, view.size)
        touched[row, column] = True
    shown: np.ndarray = touched | (toggled.cumsum(axis=1)[:, :width] % 2 == 1)
    return shown


def _edges(view: View) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Starts and ends [n, 2] of the rings' edges, in pixels of the picture; the start is the upper end."""
    window, size = view.window, view.size
    scale = size.width / window.width, size.height / window.height
    for ring in view.rings:
        corners = (np.asarray(ring, float) - (window.left, window.top)) * scale
        swapped = (corners[:, 1] > np.roll(corners[:, 1], -1))[:, None]
        starts, ends = np.where(swapped, np.roll(corners, -1, 0), corners), np.where(swapped, corners, np.roll(corners, -1, 0))
        near = (ends[:, 1] > 0) & (starts[:, 1] < size.height) & (np.minimum(starts[:, 0], ends[:, 0]) < size.width)
        starts, ends = starts[near], ends[near]
        for at in range(0, len(starts), TOGETHER):
            yield starts[at : at + TOGETHER], ends[at : at + TOGETHER]


def _left_of_centres(starts: np.ndarray, ends: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """For each row of pixel centres that an edge crosses: the row, and the first column whose centre lies to the right (`width`: none)."""
    first, last = (np.clip(np.ceil(corners[:, 1] - 0.5), 0, size.height).astype(int) for corners in (starts, ends))
    edge, row = _counted(first, last - first)
    (x, y), (across, down) = starts[edge].T, (ends - starts)[edge].T
    crossing = x + (row + 0.5 - y) * across / down
    return row, np.clip(np.floor(crossing - 0.5) + 1, 0, size.width).astype(int)


def _crossed(starts: np.ndarray, ends: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels that edges enter by more than EDGE. Each edge is cut where it crosses the sides of pixels."""
    steps = ends - starts
    with np.errstate(all="ignore"):
        sides = np.stack([(0 - starts) / steps, (np.array(size) - starts) / steps])
    level = (steps == 0) & (starts >= 0) & (starts <= size)
    sides[:, steps == 0] = np.nan
    enters = np.where(level, -np.inf, np.fmin(*sides))
    leaves = np.where(level, np.inf, np.fmax(*sides))
    first, last = np.maximum(enters.max(1), 0), np.minimum(leaves.min(1), 1)
    visible = first < last  # False for NaN: an edge parallel to a side, outside the picture
    starts, steps, first, last = starts[visible], steps[visible], first[visible], last[visible]
    edges, cuts = [np.arange(len(starts))] * 2, [first, last]
    for axis in (0, 1):
        low, high = np.sort([starts[:, axis] + first * steps[:, axis], starts[:, axis] + last * steps[:, axis]], axis=0)
        begin = np.floor(low).astype(int) + 1
        edge, line = _counted(begin, np.maximum(np.ceil(high).astype(int) - begin, 0))
        edges.append(edge)
        cuts.append((line - starts[edge, axis]) / steps[edge, axis])
    edge, cut = np.concatenate(edges), np.concatenate(cuts)
    order = np.lexsort((cut, edge))
    edge, cut = edge[order], cut[order]
    same = edge[1:] == edge[:-1]
    edge, middle = edge[1:][same], ((cut[1:] + cut[:-1]) / 2)[same]
    points = starts[edge] + middle[:, None] * steps[edge]
    cells = np.floor(points)
    deep = (np.abs(points - cells - 0.5) < 0.5 - EDGE).all(1) & (cells >= 0).all(1) & (cells < size).all(1)
    column, row = cells[deep].astype(int).T
    return row, column


def _counted(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays: the index of each entry, `count` times, and first, first + 1, ... of that entry."""
    index = np.repeat(np.arange(len(count)), count)
    return index, first[index] + np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
