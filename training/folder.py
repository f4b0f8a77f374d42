"""A folder of your own: rasters, and questions about them as JSON lines or as a GeoPackage drawn in QGIS.

    image     the raster's file name (may be left out where the folder holds only one)
    question, answer
    box       JSON lines: [x0, y0, x1, y1] in source pixels, or left out; GeoPackage: the feature's geometry, in any CRS, or none
    level     global, region or object; category, label, thoughts (a list, or one for each action)    all optional

The GeoPackage that `zoomearth ask --rois` writes has these columns but the image: correct its answers, and train on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..backend.scene import Scene
from ..core.errors import BackendError, SceneError
from .benchmarks import base
from .benchmarks.base import Unusable
from .examples import Example

RASTERS = {".tif", ".tiff", ".vrt", ".jp2", ".png", ".jpg", ".jpeg"}


class Folder(base.Benchmark):
    name = "folder"
    title = "a folder of your own"

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        """Raises BackendError where the folder holds no questions."""
        files = [folder] if folder.is_file() else sorted(file for file in folder.rglob("*") if file.suffix in (".jsonl", ".gpkg"))
        if not files:
            raise BackendError(f"{folder} holds no questions: no .jsonl, no .gpkg.", "training/folder.py says how they look.")
        images = base.Images(folder)
        only = _only_raster(folder if folder.is_dir() else folder.parent)
        for file in files:
            rows = base.json_rows(file) if file.suffix == ".jsonl" else _features(file)
            for at, row in rows:
                place = f"{file.name}:{at}"
                yield Unusable(place, row) if isinstance(row, str) else _example(place, row, images, only)


def _only_raster(folder: Path) -> str | None:
    found = [file for file in folder.rglob("*") if file.suffix.lower() in RASTERS]
    return str(found[0].relative_to(folder)) if len(found) == 1 else None


def _example(place: str, row: dict[str, Any], images: base.Images, only: str | None) -> Example | Unusable:
    name, question, answer = base.text(row, "image") or only, base.text(row, "question"), base.text(row, "answer")
    if missing := [what for what, value in (("image", name), ("question", question), ("answer", answer)) if value is None]:
        return Unusable(place, f"the row has no {' and no '.join(missing)}")
    image = images.find(str(name))
    box = row.get("box")
    if row.get("geometry") is not None:
        box = _pixels(image, row["geometry"], row["crs"])
        if isinstance(box, str):
            return Unusable(place, box)
    if box is not None and (box := base.box(box)) is None:
        return Unusable(place, f"box is {row.get('box')!r}: not four numbers with an area between them")
    thoughts = row.get("thoughts") or ()
    thoughts = (thoughts,) if isinstance(thoughts, str) else tuple(map(str, thoughts))
    level, category = base.text(row, "level") or "", base.text(row, "category") or ""
    extra = {"label": base.text(row, "label") or ""}
    return Example(place, image, str(question), str(answer), level, category, box, thoughts=thoughts, extra=extra)


def _features(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The features of every layer: their columns, and geometry (WKB) and crs."""
    import pyogrio

    try:
        for layer, _ in pyogrio.list_layers(file):
            meta, ids, shapes, columns = pyogrio.raw.read(file, layer=layer, return_fids=True)
            for at, number in enumerate(ids):
                row = {str(name): column[at] for name, column in zip(meta["fields"], columns)}
                plain = {name: getattr(value, "item", lambda value=value: value)() for name, value in row.items()}
                yield int(number), {**plain, "geometry": shapes[at] if shapes is not None else None, "crs": meta["crs"]}
    except (OSError, RuntimeError, ValueError) as error:
        raise BackendError(f"{file} can't be read: {error}.", "Open it in QGIS and export it again.") from error


def _pixels(image: Path, wkb: bytes, crs: str | None) -> list[float] | str:
    """The bounds of a map geometry in pixels of the raster; or why there are none."""
    import shapely
    from rasterio.warp import transform_bounds

    try:
        with Scene.open(str(image)) as scene:
            grid = scene.grid
    except SceneError as error:
        return error.message
    bounds = shapely.from_wkb(wkb).bounds
    if grid is None or not grid.invertible:
        return f"{image} lies nowhere on the map, so that the feature can't be placed on it"
    if crs and grid.crs:
        bounds = transform_bounds(crs, grid.crs, *bounds)
    return list(grid.bounds_to_box(*bounds))
