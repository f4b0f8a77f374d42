"""What spoils a picture: noise of a known sigma, haze and clouds of a known alpha.

Pictures are (height, width, 3) uint8. An alpha is (height, width) float32 from 0 (clear) to 1 (opaque), over the whole scene or a part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

from .render import Window

CLOUD = 240.0
"""The grey level of an opaque cloud."""
FIELD = 256
"""Rows and columns of a field of clouds over a whole scene."""


def noisy(picture: np.ndarray, sigma: float, generator: np.random.Generator) -> np.ndarray:
    """The picture with independent gaussian noise in every pixel and band."""
    noise = generator.standard_normal(picture.shape, np.float32) * np.float32(sigma)
    return np.asarray(np.rint(np.clip(picture + noise, 0, 255)).astype(np.uint8))


def clouds(generator: np.random.Generator, cover: float, thickness: float = 1.0, size: int = FIELD) -> np.ndarray:
    """An alpha of fractal clouds, (size, size). cover: the share of pixels with an alpha above 0; thickness: the largest alpha."""
    height = np.zeros((size, size), np.float32)
    for cells in (4, 8, 16, 32, 64):
        tile = generator.standard_normal((cells + 1, cells + 1), np.float32) / cells
        height += cv2.resize(tile, (size, size), interpolation=cv2.INTER_CUBIC)
    edge, top = np.quantile(height, (1 - cover, 1.0))
    alpha = np.clip((height - edge) / (0.35 * (top - edge) + 1e-9), 0, 1) * thickness
    return np.asarray(alpha.astype(np.float32))


def part_of(alpha: np.ndarray, window: Window, size: tuple[int, int]) -> np.ndarray:
    """The part of a scene's alpha in a window, at `size` = width, height."""
    width, height = size
    x0, y0, x1, y1 = window
    cells = alpha.shape[0]
    across, down = (x1 - x0) * cells / width, (y1 - y0) * cells / height
    matrix = np.array([[across, 0, x0 * cells + across / 2 - 0.5], [0, down, y0 * cells + down / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part: np.ndarray = cv2.warpAffine(alpha, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return part


def clouded(picture: np.ndarray, alpha: np.ndarray | float) -> np.ndarray:
    """The picture under clouds of this alpha; a single number is haze."""
    share = np.asarray(alpha, np.float32)[..., None]
    return np.asarray(np.rint(picture * (1 - share) + CLOUD * share).astype(np.uint8))


@dataclass(frozen=True)
class Weather:
    """What spoils the training pictures of one scene; most scenes have nothing. sigma: of noise in a picture as it is shown; haze: an
    alpha; clouds: an alpha over the scene, None where there are none."""

    sigma: float = 0.0
    haze: float = 0.0
    clouds: np.ndarray | None = None

    @classmethod
    def draw(cls, rng: random.Random) -> Weather:
        kind = rng.random()
        if kind < 0.68:
            return cls()
        if kind < 0.84:
            return cls(sigma=rng.uniform(2, 16))
        if kind < 0.91:
            return cls(haze=rng.uniform(0.08, 0.35))
        generator = np.random.default_rng(rng.getrandbits(32))
        return cls(clouds=clouds(generator, rng.uniform(0.15, 0.5), rng.uniform(0.3, 0.6)))  # thin: the site below must be told

    def over(self, picture: np.ndarray, window: Window, rng: random.Random) -> np.ndarray:
        """The picture of a window of the scene as it is seen in this weather."""
        if self.haze:
            picture = clouded(picture, self.haze)
        if self.clouds is not None:
            picture = clouded(picture, part_of(self.clouds, window, (picture.shape[1], picture.shape[0])))
        return noisy(picture, self.sigma, np.random.default_rng(rng.getrandbits(32))) if self.sigma else picture


def restored(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    """The clean picture as a tool gives it back: a little soft, a little grainy, a little lighter or darker."""
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    shift = rng.uniform(-8, 8)
    return noisy(np.clip(picture + shift, 0, 255), rng.uniform(0, 6), np.random.default_rng(rng.getrandbits(32)))


def outlined(picture: np.ndarray, box: Window, window: Window, rng: random.Random) -> np.ndarray:
    """The picture of a window with a mask drawn over a box (scene units), as after segmentation."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = window
    kx, ky = width / (x1 - x0), height / (y1 - y0)
    center = int(((box[0] + box[2]) / 2 - x0) * kx), int(((box[1] + box[3]) / 2 - y0) * ky)
    axes = int((box[2] - box[0]) / 2 * kx), int((box[3] - box[1]) / 2 * ky)
    color = [rng.randrange(256) for _ in range(3)]
    layer = cv2.ellipse(picture.copy(), center, axes, 0, 0, 360, color, -1)
    share = rng.uniform(0.2, 0.6)
    mixed: np.ndarray = cv2.addWeighted(layer, share, picture, 1 - share, 0)
    return mixed


def edited(picture: np.ndarray, verb: str) -> np.ndarray:
    """About what an edit of the whole picture leaves of it. verb: remove, blur or pixelate."""
    height, width = picture.shape[:2]
    if verb == "pixelate":
        blocks = cv2.resize(picture, (10, 10), interpolation=cv2.INTER_AREA)
        coarse: np.ndarray = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)
        return coarse
    blurred: np.ndarray = cv2.GaussianBlur(picture, (0, 0), width / (16 if verb == "blur" else 4))
    return blurred
