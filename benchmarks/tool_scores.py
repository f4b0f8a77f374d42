"""What the measurements of the tools share: scores, means, and the rasters of four dates of one place."""

from __future__ import annotations

import numpy as np

NAIP = [
    "naip_m_4709963_se_14_1_20190904.tif",
    *(f"dates/naip_m_4709963_se_14_1_{date}.tif" for date in ("20140720", "20160816", "20180716")),
]


def mean(values: list[float]) -> str:
    """With its 95 % interval."""
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0
    return f"{np.mean(values):.2f} ± {half:.2f}"


def psnr(a: np.ndarray, b: np.ndarray, peak: float = 255) -> float:
    return float(10 * np.log10(peak**2 / np.mean((a.astype(float) - b.astype(float)) ** 2)))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))
