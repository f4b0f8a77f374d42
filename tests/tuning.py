"""Shared code of the training tests: a user's folder of questions, and a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

WIDTH, HEIGHT = 300, 200


def write_raster(path: Path, seed: int, crs: str = "EPSG:32633") -> Path:
    pixels = np.random.default_rng(seed).integers(0, 255, (3, HEIGHT, WIDTH), dtype=np.uint8)
    options = {"width": WIDTH, "height": HEIGHT, "count": 3, "dtype": "uint8", "crs": crs, "transform": from_origin(500000, 5000000, 1, 1)}
    with rasterio.open(path, "w", driver="GTiff", **options) as file:
        file.write(pixels)
    return path


def write_folder(folder: Path, images: int = 4) -> Path:
    """Rasters of noise, each with a question that needs a zoom and one that does not."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for at in range(images):
        image = write_raster(folder / f"scene-{at}.tif", at).name
        close = {"question": "What is there?", "answer": "ship", "box": [20, 30, 90, 110], "level": "object", "label": "ship"}
        rows.append({"image": image, **close, "thoughts": ["look", "a ship"]})
        rows.append({"image": image, "question": "Is it urban?", "answer": "no", "level": "global", "thoughts": ["all of it"]})
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder
