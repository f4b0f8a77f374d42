"""Denoising against the clean crops, beside OpenCV's and scikit-image's own functions. See tools.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
from tool_scores import NAIP, mean, psnr

AERIAL = [NAIP[0], NAIP[2], "brighton_beach_orthomosaic_rot.tif", "deepness_dummy_fotomap_small.tif"]
SIDE = 256  # of a crop for denoising
HAS_SKIMAGE = importlib.util.find_spec("skimage") is not None and importlib.util.find_spec("pywt") is not None


def crops(folder: Path, names: list[str], side: int, count: int) -> list[tuple[str, np.ndarray]]:
    """The raster, and red, green and blue of a place without nodata, spread over the rasters."""
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.core.geometry import Box

    rng = np.random.default_rng(1)
    found: list[tuple[str, np.ndarray]] = []
    paths = [folder / name for name in names if (folder / name).exists()]
    for path in paths:
        with Scene.open(path) as scene:
            taken = 0
            while taken < count // len(paths):
                x, y = (int(rng.integers(0, extent - side)) for extent in scene.size)
                pixels = scene.read(Box(x, y, x + side, y + side), [1, 2, 3])
                if pixels.valid.mean() > 0.99:
                    found.append((path.stem[:24], pixels.array))
                    taken += 1
    return found


def ours(noisy: np.ndarray) -> np.ndarray:
    from zoomearth.backend.tools.gaussian import estimate, without_gaussian

    valid = np.ones(noisy.shape[1:], bool)
    return without_gaussian(noisy, valid, estimate(noisy, valid))


def opencv(noisy: np.ndarray) -> np.ndarray:
    """fastNlMeansDenoisingColored at its usual strength."""
    return np.moveaxis(cv2.fastNlMeansDenoisingColored(np.ascontiguousarray(np.moveaxis(noisy, 0, -1)), None, 10, 10), -1, 0)


def skimage_wavelet(noisy: np.ndarray) -> np.ndarray:
    from skimage.restoration import denoise_wavelet

    return (
        np.moveaxis(denoise_wavelet(np.moveaxis(noisy / 255, 0, -1), channel_axis=-1, convert2ycbcr=True, rescale_sigma=True), -1, 0) * 255
    )


def skimage_spun(noisy: np.ndarray) -> np.ndarray:
    """The wavelet averaged over 4 x 4 shifts."""
    from skimage.restoration import cycle_spin, denoise_wavelet

    options = {"channel_axis": -1, "convert2ycbcr": True, "rescale_sigma": True}
    image = np.moveaxis(noisy / 255, 0, -1)
    spun = cycle_spin(image, func=denoise_wavelet, max_shifts=3, func_kw=options, num_workers=1, channel_axis=-1)
    return np.moveaxis(spun, -1, 0) * 255


def skimage_means(noisy: np.ndarray) -> np.ndarray:
    from skimage.restoration import denoise_nl_means, estimate_sigma

    image = np.moveaxis(noisy / 255, 0, -1)
    sigma = float(np.mean(estimate_sigma(image, channel_axis=-1)))
    return np.moveaxis(denoise_nl_means(image, 5, 6, h=0.8 * sigma, sigma=sigma, fast_mode=True, channel_axis=-1), -1, 0) * 255


DENOISERS = {"ours": ours, "OpenCV NLM": opencv}
if HAS_SKIMAGE:
    DENOISERS |= {"scikit-image wavelet": skimage_wavelet, "wavelet, cycle-spun": skimage_spun, "scikit-image NLM": skimage_means}


def denoising(folder: Path, count: int) -> None:
    from zoomearth.backend.tools.gaussian import estimate, without_gaussian

    clean = crops(folder, AERIAL, SIDE, count)
    if not clean:
        print("denoising: left out, no aerial raster is there")
        return
    if not HAS_SKIMAGE:
        print("scikit-image and PyWavelets are not installed: their rows are left out")
    rng = np.random.default_rng(2)
    print(f"denoising, PSNR in dB: {len(clean)} crops of {SIDE} x {SIDE} px, sigma estimated by each")
    for sigma in (10, 25, 50):
        rows: dict[str, list[float]] = {}
        places: dict[str, list[float]] = {}
        for place, image in clean:
            noisy = np.clip(np.rint(image + rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)
            rows.setdefault("noisy", []).append(psnr(noisy, image))
            rows.setdefault("sigma estimated", []).append(float(estimate(noisy, np.ones(image.shape[1:], bool)).mean()))
            for name, method in DENOISERS.items():
                rows.setdefault(name, []).append(psnr(np.clip(method(noisy), 0, 255), image))
            places.setdefault(place, []).append(rows["ours"][-1])
        print(f"  sigma {sigma}: " + "; ".join(f"{name} {mean(values)}" for name, values in rows.items()))
        print("    ours by raster: " + "; ".join(f"{place} {np.mean(values):.2f}" for place, values in places.items()))
    wide = []
    for _, image in clean:
        noisy16 = np.clip(np.rint(image * 257.0 + rng.normal(0, 25 * 257, image.shape)), 0, 65535).astype(np.uint16)
        valid = np.ones(image.shape[1:], bool)
        after = np.clip(without_gaussian(noisy16, valid, estimate(noisy16, valid)), 0, 65535)
        wide.append(psnr(after, image * 257.0, 65535))
    print(f"  sigma 25 of 255, in 16 bit: ours {mean(wide)}")
