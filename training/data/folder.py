"""A folder of your own: rasters, and questions about them as JSON lines or as a GeoPackage drawn in QGIS.

    image     the raster's file name (may be left out where the folder holds only one)
    question, answer
    box       JSON lines: [x0, y0, x1, y1] in source pixels, or left out, or []; GeoPackage: the feature's geometry, in any CRS, or none
    level     global, region or object; category, label, thoughts (a list, or one for each action)    all optional

The GeoPackage that `zoomearth ask --rois` writes has these columns but the image: correct its answers, and train on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...backend.scene.scene import Scene
from ...core.errors import BackendError, SceneError
from ...core.example import Example
from .sets import base
from .sets.base import Unusable

BoxOf = Callable[[dict[str, Any], Path], Any]
"""A row's box in pixels of its image, whatever it is; None where the row has none."""
RASTERS = {".tif", ".tiff", ".vrt", ".jp2", ".png", ".jpg", ".jpeg"}


class Folder(base.Benchmark):
    name = "folder"
    title = "a folder of your own"

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        """Raises BackendError where the folder holds no questions."""
        files = [folder] if folder.is_file() else sorted(file for file in folder.rglob("*") if file.suffix in (".jsonl", ".gpkg"))
        if not files:
            raise BackendError(
                f"{folder} holds no questions: no .jsonl, no .gpkg.",
                "Each line of a .jsonl is an object with image, question, answer.",
            )
        images = base.Images(folder)
        only = _only_raster(folder if folder.is_dir() else folder.parent)
        for file in files:
            if file.suffix == ".jsonl":
                yield from base.examples(base.json_rows(file), partial(_example, images, only, _written))
            else:
                yield from base.examples(_features(file), partial(_example, images, only, _drawn))


def _only_raster(folder: Path) -> str | None:
    found = [file for file in folder.rglob("*") if file.suffix.lower() in RASTERS]
    return str(found[0].relative_to(folder)) if len(found) == 1 else None


def _example(images: base.Images, only: str | None, box_of: BoxOf, place: str, row: dict[str, Any]) -> Example | Unusable:
    name, question, answer = base.text(row, "image") or only, base.text(row, "question"), base.text(row, "answer")
    if missing := [what for what, value in (("image", name), ("question", question), ("answer", answer)) if value is None]:
        return Unusable(place, f"the row has no {' and no '.join(missing)}")
    image = images.find(str(name))
    try:
        given = box_of(row, image)
    except SceneError as error:
        return Unusable(place, "the feature can't be placed on the image", error.message)
    if given is not None and base.box(given) is None:
        return Unusable(place, "the box is not four numbers with an area between them", repr(given)[:100])
    thoughts = _thoughts(row.get("thoughts"))
    if thoughts is None:
        return Unusable(place, "thoughts are neither a text nor a list of texts", repr(row["thoughts"])[:100])
    level, category = base.text(row, "level") or "", base.text(row, "category") or ""
    extra = {"label": base.text(row, "label") or ""}
    return Example(place, image, str(question), str(answer), level, category, base.box(given), thoughts=thoughts, extra=extra)


def _thoughts(given: Any) -> tuple[str, ...] | None:
    """null stands for none, or in a list for an action that none goes before."""
    given = [given] if isinstance(given, str) else given or []
    if not isinstance(given, list) or not all(each is None or isinstance(each, str) for each in given):
        return None
    return tuple(each or "" for each in given)


def _written(row: dict[str, Any], image: Path) -> Any:
    """The box of a line; an empty one is none."""
    return None if row.get("box") in ([], {}, "") else row.get("box")


def _features(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The features of every layer: their columns, and geometry (WKB) and crs."""
    import pyogrio

    try:
        for layer, _ in pyogrio.list_layers(file):
            meta, ids, shapes, columns = pyogrio.raw.read(file, layer=layer, return_fids=True)
            for at, number in enumerate(ids):
                row = {str(name): column[at] for name, column in zip(meta["fields"], columns)}
                plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
                for name, kind in zip(meta["fields"], meta["dtypes"]):
                    if kind.startswith("int") and isinstance(plain[name], float) and plain[name].is_integer():
                        plain[name] = int(plain[name])  # a column with gaps is read as floats
                geometry = shapes[at] if shapes is not None else None
                yield f"{file.name}:{int(number)}", {**plain, "geometry": geometry, "crs": meta["crs"]}
    except (OSError, RuntimeError, ValueError) as error:
        raise BackendError(f"{file} can't be read: {error}.", "Open it in QGIS and export it again.") from error


def _drawn(row: dict[str, Any], image: Path) -> list[float] | None:
    """The bounds of a feature's geometry in pixels of the raster; None where it has no geometry. Raises SceneError."""
    import shapely
    from rasterio.warp import transform_bounds

    shape = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
    if shape is None or shape.is_empty:
        return None
    with Scene.open(str(image)) as scene:
        grid = scene.grid
    if grid is None or not grid.invertible:
        raise SceneError(f"{image} lies nowhere on the map.", "Give boxes in pixels, as JSON lines.")
    bounds = shape.bounds
    if row["crs"] and grid.crs:
        bounds = transform_bounds(row["crs"], grid.crs, *bounds)
    return list(grid.bounds_to_box(*bounds))
