"""Segmentation against masks from the near infrared. See tools.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tool_scores import NAIP, iou, mean

JITTER = 0.12  # of the box's sides
SMALL = 40  # pixels of the longer side


def objects(infrared: np.ndarray, valid: np.ndarray) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    """Boxes (left, top, right, bottom) and masks of areas that stand out in the near infrared."""
    smooth = cv2.medianBlur(infrared, 5)
    low, _ = cv2.threshold(smooth[valid].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    high, _ = cv2.threshold(smooth[valid & (smooth > low)].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    kernel = np.ones((3, 3), np.uint8)
    for area in (smooth < low * 0.9, smooth > high):
        cleaned = cv2.morphologyEx((area & valid).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        count, parts, facts, _ = cv2.connectedComponentsWithStats(cleaned, connectivity=8)
        for number in range(1, count):
            x, y, width, height, pixels = facts[number]
            inner = x > 0 and y > 0 and x + width < area.shape[1] and y + height < area.shape[0]
            if inner and min(width, height) >= 8 and max(width, height) <= 200 and pixels >= 0.35 * width * height:
                yield (x, y, x + width, y + height), parts == number


def segmentation(folder: Path, count: int) -> None:
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.backend.tools.job import Job
    from zoomearth.backend.tools.outlines import native
    from zoomearth.backend.tools.segmentation import segment
    from zoomearth.core.geometry import Box
    from zoomearth.core.region import Region
    from zoomearth.core.tools import TOOLS

    rng = np.random.default_rng(0)
    rows: dict[tuple[str, str], list[float]] = {}
    empty, seconds = 0, []
    paths = [folder / name for name in NAIP if (folder / name).exists()]
    if not paths:
        print("segmentation: left out, no NAIP raster is there")
        return
    for path in paths:
        with Scene.open(path) as scene:
            whole = scene.read(Box(0, 0, *scene.size))
            infrared, picture = whole.array[3], np.moveaxis(whole.array[:3], 0, -1)
            every = list(objects(infrared, whole.valid))
            chosen = [every[index] for index in rng.permutation(len(every))[: count // len(paths)]]
            for box, truth in chosen:
                sides = np.array([box[2] - box[0], box[3] - box[1]] * 2)
                for jitter in (0.0, JITTER):
                    moved = np.round(np.array(box) + rng.uniform(-jitter, jitter, 4) * sides)
                    given = Box(*moved.tolist()).intersect(Box(0, 0, *scene.size))
                    window = (slice(int(given.top), int(given.bottom)), slice(int(given.left), int(given.right)))
                    job = Job(scene, Region(given), TOOLS["segmentation"].arguments({}))
                    begun = time.process_time()
                    mask = segment(job)
                    seconds.append(time.process_time() - begun)
                    ours, square = np.zeros_like(truth), np.zeros_like(truth)
                    for part, plane in native(mask, job):
                        ours[int(part.top) : int(part.bottom), int(part.left) : int(part.right)] = plane == 1
                    square[window] = True
                    empty += not ours.any()
                    plain = naive_grab_cut(picture, given)
                    for group in ("all", *(["small"] if max(sides) < SMALL else [])):
                        for name, made in (("box", square), ("cv2.grabCut", plain), ("ours", ours)):
                            rows.setdefault((f"{group}, box moved by {jitter:.0%}", name), []).append(iou(made, truth))
    print(f"segmentation, IoU: {len(seconds)} boxes, {empty} empty masks, {np.median(seconds):.3f} s of processor a box")
    for (group, name), values in rows.items():
        print(f"  {group:26} {name:12} {mean(values)}  (n = {len(values)})")


def naive_grab_cut(picture: np.ndarray, box: object) -> np.ndarray:
    """As in OpenCV's tutorial: the box alone, in a crop that is twice as large."""
    left, top, right, bottom = (int(side) for side in box)  # type: ignore[attr-defined]
    x, y = (right - left) // 2, (bottom - top) // 2
    crop = (slice(max(top - y, 0), bottom + y), slice(max(left - x, 0), right + x))
    part = np.ascontiguousarray(picture[crop])
    labels = np.zeros(part.shape[:2], np.uint8)
    place = (left - crop[1].start, top - crop[0].start, right - left, bottom - top)
    result = np.zeros(picture.shape[:2], bool)
    try:
        cv2.grabCut(part, labels, place, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT)
    except cv2.error:
        return result
    result[crop] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return result
