"""Pixels of a drawn scene at any scale: `render` draws one window, and only the polygons in it.

The views for training look like those that the serving loop makes from a raster (averaged overview, then bicubic; native window, then
bicubic), but they are drawn from the vectors at about their own scale: in milliseconds, without a picture of 67 megapixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from .scene import Scene

VIEW = 168
Window = tuple[float, float, float, float]
"""x0, y0, x1, y1 in scene units."""
WHOLE: Window = (0.0, 0.0, 1.0, 1.0)

_SHIFT = 4
_REACH = 8192
_OCTAVES = ((10, 6.0), (40, 4.0), (160, 4.0), (640, 4.0), (2560, 4.0), (10240, 4.0), (40960, 4.0), (163840, 4.0))
cv2.setNumThreads(1)


def render(scene: Scene, window: Window, size: tuple[int, int], grain: float = 0.0) -> np.ndarray:
    """Draws a window of the scene at `size` = width, height: uint8, (height, width, 3). Memory: the picture and some floats.

    `grain` adds sensor noise of that standard deviation, in grey levels, seeded by scene and window.
    """
    picture = paint(scene, window, size)
    return texture(scene, window, picture, grain)


def paint(scene: Scene, window: Window, size: tuple[int, int]) -> np.ndarray:
    """The flat colours only, not anti-aliased."""
    width, height = size
    x0, y0, x1, y1 = window
    kx, ky = width / (x1 - x0), height / (y1 - y0)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = scene.base
    b = scene.bounds
    visible = np.flatnonzero((b[:, 0] < x1) & (b[:, 2] > x0) & (b[:, 1] < y1) & (b[:, 3] > y0))
    scale, half = np.array((kx, ky)) * (1 << _SHIFT), 1 << (_SHIFT - 1)
    # OpenCV's fixed-point coordinates overflow: polygons that reach far outside (roads, fields: all convex) are clipped first.
    far = ((b[:, 2] - b[:, 0]) * kx > _REACH) | ((b[:, 3] - b[:, 1]) * ky > _REACH)
    around = (2 * x0 - x1, 2 * y0 - y1, 2 * x1 - x0, 2 * y1 - y0)
    corners = np.rint((scene.points - (x0, y0)) * scale - half).clip(-(2**30), 2**30).astype(np.int32)
    for i in visible.tolist():
        polygon = corners[scene.starts[i] : scene.starts[i + 1]]
        if far[i]:
            cut = _clip(scene.points[scene.starts[i] : scene.starts[i + 1]], around)
            polygon = np.rint((cut - (x0, y0)) * scale - half).astype(np.int32)
        if len(polygon) == 4:
            cv2.fillConvexPoly(picture, polygon, scene.colors[i], cv2.LINE_8, _SHIFT)
        elif len(polygon):
            cv2.fillPoly(picture, [polygon], scene.colors[i], cv2.LINE_8, _SHIFT)
    return picture


def texture(scene: Scene, window: Window, picture: np.ndarray, grain: float = 0.0) -> np.ndarray:
    """Adds the terrain's octaves of brightness that the pixels of this window can show."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = window
    light = np.zeros((height, width), np.float32)
    for (cells, strength), tile in zip(_OCTAVES, scene.noise):
        step = (x1 - x0) * cells / width
        if step > 0.5:
            break
        # Uses only the part of the repeating tile that this window needs, so that the warp's float32 arithmetic is exact at any scale.
        left, top = int(x0 * cells), int(y0 * cells)
        columns = np.arange(left, int(x1 * cells) + 3) % 64
        rows = np.arange(top, int(y1 * cells) + 3) % 64
        down = (y1 - y0) * cells / height
        matrix = np.array([[step, 0, x0 * cells - left + step / 2], [0, down, y0 * cells - top + down / 2]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = tile[np.ix_(rows, columns)]
        light += strength * cv2.warpAffine(patch, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if grain:
        seed = [scene.seed, int(x0 * 1e9), int(y0 * 1e9)]
        light += grain * np.random.default_rng(seed).standard_normal((height, width), np.float32)
    lit: np.ndarray = cv2.add(picture, cv2.merge([light] * 3), dtype=cv2.CV_8U)
    return lit


def _clip(points: np.ndarray, window: Window) -> np.ndarray:
    """A convex polygon cut to a window (Sutherland-Hodgman)."""
    for axis, bound, sign in ((0, window[0], 1), (1, window[1], 1), (0, window[2], -1), (1, window[3], -1)):
        inside = sign * (points[:, axis] - bound)
        corners = []
        for i in range(len(points)):
            j = (i + 1) % len(points)
            if inside[i] >= 0:
                corners.append(points[i])
            if (inside[i] >= 0) != (inside[j] >= 0):
                corners.append(points[i] + (points[j] - points[i]) * inside[i] / (inside[i] - inside[j]))
        points = np.array(corners).reshape(-1, 2)
    return points


def shrink(picture: np.ndarray, size: int, exact: bool = True) -> np.ndarray:
    """The picture at (size, size, 3). exact: bicubic, as the serving loop resizes; else by area, which is ten times as fast."""
    if exact:
        return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))
    shrunk: np.ndarray = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return shrunk


def global_view(scene: Scene, size: int = VIEW, oversample: int = 3, exact: bool = True) -> np.ndarray:
    """The whole scene as the model is shown it, (size, size, 3)."""
    return crop_view(scene, (0.0, 0.0, 1.0, 1.0), size, oversample, exact)


def crop_view(scene: Scene, window: Window, size: int = VIEW, oversample: int = 2, exact: bool = True) -> np.ndarray:
    """A square window of the scene as the model is shown it after a zoom, (size, size, 3)."""
    pixels = size * oversample
    return texture(scene, window, shrink(paint(scene, window, (pixels, pixels)), size, exact))


def square_around(box: tuple[float, float, float, float], least: float = 0.0) -> Window:
    """The demo policy's crop: a square around the box's centre as wide as its longer side, moved inside the scene. Scene units."""
    side = min(1.0, max(box[2] - box[0], box[3] - box[1], least))
    x0 = min(max((box[0] + box[2] - side) / 2, 0.0), 1 - side)
    y0 = min(max((box[1] + box[3] - side) / 2, 0.0), 1 - side)
    return x0, y0, x0 + side, y0 + side


def to_pixels(window: Window) -> Callable[[tuple[float, float]], tuple[int, int]]:
    """Scene units to whole pixels of the view that shows this window."""
    x0, y0, x1, y1 = window
    return lambda spot: (
        min(VIEW - 1, max(0, round((spot[0] - x0) / (x1 - x0) * VIEW))),
        min(VIEW - 1, max(0, round((spot[1] - y0) / (y1 - y0) * VIEW))),
    )
