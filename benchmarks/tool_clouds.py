"""Cloud removal, with the true mask and without one, against what is under the clouds. See tools.py."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
from tool_scores import NAIP, mean, psnr

CLOUDED = 400  # of a crop for clouds


def fractal(rng: np.random.Generator, side: int, cover: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """The opacity, 0 to 1, and where it is above 0."""
    size = 1 << (side - 1).bit_length()
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = 1
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) / frequency**1.6))[:side, :side]
    level = np.quantile(field, 1 - cover)
    return np.clip(4 * (field - level) / (field.max() - level), 0, 1), field > level


def clouds(folder: Path, count: int) -> None:
    from zoomearth.backend.tools.cloud_removal import from_references
    from zoomearth.backend.tools.clouds import clouds as found
    from zoomearth.backend.tools.clouds import grown
    from zoomearth.backend.tools.references import Resampled

    paths = [folder / name for name in NAIP]
    if not all(path.exists() for path in paths):
        print("cloud removal: left out, the four dates of one place are not there")
        return
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.core.geometry import Box

    dates = []
    for path in paths:
        with Scene.open(path) as scene:
            dates.append(scene.read(Box(0, 0, *scene.size), [1, 2, 3]))
    rng = np.random.default_rng(3)
    rows: dict[str, list[float]] = {}
    changed, seconds = 0, []
    overlaps: dict[str, list[float]] = {}
    for trial in range(count):
        number = trial % len(dates)
        while True:
            y, x = (int(rng.integers(0, extent - CLOUDED)) for extent in dates[0].valid.shape)
            place = (slice(y, y + CLOUDED), slice(x, x + CLOUDED))
            if all(date.valid[place].mean() > 0.99 for date in dates):
                break
        truth = dates[number].array[(slice(None), *place)]
        others = [date for index, date in enumerate(dates) if index != number]
        opacity, cloud = fractal(rng, CLOUDED)
        cloudy = np.rint(truth * (1 - opacity) + 255 * opacity).astype(np.uint8)
        mask = grown(cloud, 2)
        filled = cv2.inpaint(np.ascontiguousarray(np.moveaxis(cloudy, 0, -1)), mask.astype(np.uint8), 5, cv2.INPAINT_TELEA)
        made = {"cloudy": cloudy, "paste": others[0].array[(slice(None), *place)], "cv2.inpaint": np.moveaxis(filled, -1, 0)}
        references = [Resampled(date.array[(slice(None), *place)].astype(np.float32), date.valid[place], 1.0) for date in others]
        scene = cloudy.astype(np.float32), np.moveaxis(cloudy, 0, -1), dates[number].valid[place]
        white = found(*scene, [Resampled(references[0].array, np.zeros_like(cloud), 1.0)])  # nothing is known of another date
        overlaps.setdefault("what is white", []).append((white & cloud).sum() / (white | cloud).sum())
        for many in (1, 3):
            words = f"ours, {many} reference{'s' * (many > 1)}"
            searched = found(*scene, references[:many])
            overlaps.setdefault(words, []).append((searched & cloud).sum() / (searched | cloud).sum())
            masks = {words: mask, f"{words}, no mask": grown(searched, 2)}
            for name, where in (masks if many > 1 else {**masks, "ours, what is white": grown(white, 2)}).items():
                begun = time.process_time()
                values, covered, _ = from_references(cloudy, ~where, where, references[:many])
                seconds.append(time.process_time() - begun)
                after = cloudy.copy()
                after[:, covered] = np.clip(np.rint(values), 0, 255).astype(np.uint8)[:, covered]
                changed += int((after != cloudy).any(axis=0)[~where].sum())
                made[name] = after
        for name, image in made.items():
            rows.setdefault(name, []).append(psnr(image[:, cloud], truth[:, cloud]))
    print(f"cloud removal, PSNR in dB inside of opaque clouds: {count} crops of {CLOUDED} x {CLOUDED} px, {changed} pixels changed outside")
    for name, values in rows.items():
        print(f"  {name:28} {mean(values)}")
    print("clouds found without a mask, IoU")
    for name, values in overlaps.items():
        print(f"  {name:28} {mean(values)}")
    print(f"  {np.median(seconds) / (CLOUDED**2 / 1e6):.2f} s of processor a megapixel")
