"""The table of boxes (`core/roi_table.py`) as a vector file: GeoPackage, Shapefile or GeoJSON."""

from __future__ import annotations

import contextlib
import math
import uuid
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

from ...core.address import name
from ...core.atomic import DRIVERS, SHAPEFILE_NAME, shapefile_text
from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Grid
from ...core.roi_table import FIELDS, Facts, answer_row, stored, view_row
from ...core.source import Seen, Where
from ...core.texts import well_formed
from ..answer import Answered
from ..report import ending
from ..scene.gdal import RasterError, transform
from .writing import write_file

if TYPE_CHECKING:
    from ..scene.scene import Scene

SHAPEFILE = (".shp", ".SHP")  # GDAL finds the side files of these spellings only
COLUMNS = {int: "int32", float: "float64", bool: "bool"}  # numpy's types of the columns that hold no text


def write_rois(path: Path, answers: Sequence[Answered], model: str) -> Path:
    """Writes the table of boxes as one layer `rois` in the raster's CRS (GeoJSON: in WGS 84, RFC 7946).

    A box of a rotated raster is rotated. A raster without georeference gives polygons in pixels with y upwards, as QGIS shows such rasters,
    without a CRS.
    """
    driver = DRIVERS[path.suffix.lower()]
    rows: list[dict[str, Any]] = []
    polygons: list[Any] = []
    crs = ""
    for answered in answers:
        scene, views = answered.question.scene, answered.outcome.views
        crs = scene.grid.crs if scene.grid else ""
        facts = _facts(answered, model)
        for shown in views[1:]:
            rows.append(view_row(facts, Seen.of(shown, scene.grid), shown.again))
            polygons.append(_outline(polygon(shown.roi or shown.view.window, scene.grid)))
        rows.append(answer_row(facts, [Seen.of(shown, scene.grid) for shown in views]))
        place = _place(answered)
        polygons.append(place if driver != "GeoJSON" or not crs or _has_degrees(place, crs) else None)
    return write_file(path, lambda new: write_polygons(new, polygons, rows, crs))


def _facts(answered: Answered, model: str) -> Facts:
    question, outcome = answered.question, answered.outcome
    scene = question.scene
    return Facts(
        exchange=uuid.uuid4().hex,
        question=question.text,
        answer=outcome.answer,
        model=model,
        time=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        stopped=outcome.stopped.value,
        error=None if outcome.answer is not None else ending(outcome) or outcome.why,
        confidence=answered.confidence,
        meaningless=answered.meaningless,
        layer=name(scene.path),
        source=stored(scene.source),
        region=Where.of(question.region) if question.region else None,
        compare=stored(question.compared.second.source) if question.compared else None,
    )


def _place(answered: Answered) -> Any:
    """The part of the scene that the question is about, in the units of its boxes."""
    import shapely

    scene, region = answered.question.scene, answered.question.region
    if region is None or not region.outline:
        return _outline(polygon(region.box if region else Box(0, 0, *scene.size), scene.grid))
    place = shapely.Polygon()
    for ring in region.outline:
        place = shapely.symmetric_difference(place, shapely.make_valid(_outline(ring)))  # the even-odd rule
    parts = [part for part in shapely.get_parts(place) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _outline(corners: Sequence[tuple[float, float]]) -> Any:
    import shapely

    return shapely.Polygon(corners)


def _has_degrees(place: Any, crs: str) -> bool:
    """Whether all corners have a longitude and a latitude; the corners of a satellite's full disk have none."""
    import numpy as np
    import shapely

    try:
        degrees = transform(shapely.get_coordinates(place), crs, "OGC:CRS84")
    except RasterError:
        return False
    return bool(np.isfinite(degrees).all() and (np.abs(degrees) <= 180).all())


def write_polygons(
    path: Path | str,
    polygons: Sequence[Any],
    rows: Sequence[Mapping[str, Any]],
    crs: str,
    table: Mapping[str, type] = FIELDS,
    layer: str = "rois",
    append: bool = False,
    several: bool = False,
) -> None:
    """Writes rows with polygons. polygons: of shapely, in units of `crs` (WKT; "": none), None for a row without; rows: by the names of
    `table`, which has their types. append: to the layer that is there; else other layers of a GeoPackage stay. several: the layer is of
    MultiPolygons, also where none of these rows has one.

    Raises RuntimeError or OSError.
    """
    import numpy as np
    import pyogrio
    import shapely

    driver = DRIVERS[Path(path).suffix.lower()]
    shapefile = driver == "ESRI Shapefile"
    columns: list[Any] = []
    masks: list[Any] = []
    for field, kind in table.items():
        values = [row[field] for row in rows]
        missing = np.array([value is None for value in values], dtype=bool)
        if kind is str:
            cut = shapefile_text if shapefile else str
            columns.append(np.array([None if value is None else cut(value) for value in values], dtype=object))
            masks.append(None)
        else:
            columns.append(np.array([kind() if value is None else value for value in values], dtype=COLUMNS[kind]))
            masks.append(missing if missing.any() else None)
    options: dict[str, dict[str, Any]] = {
        "GPKG": {"dataset_options": {"VERSION": "1.2"}, "layer": layer},  # the newest that QGIS 3.22's GDAL reads without a warning
        "ESRI Shapefile": {"layer_options": {"ENCODING": "UTF-8"}},
        "GeoJSON": {"layer_options": {"RFC7946": "YES" if crs else "NO"}, "layer": layer},
    }
    several = several or any(polygon is not None and polygon.geom_type == "MultiPolygon" for polygon in polygons)
    if several:
        polygons = [shapely.MultiPolygon([each]) if each is not None and each.geom_type == "Polygon" else each for each in polygons]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about a missing CRS, which is intended; errors raise exceptions
        pyogrio.raw.write(
            path,
            geometry=np.array([None if each is None else shapely.to_wkb(each) for each in polygons], dtype=object),
            field_data=columns,
            fields=[field[:SHAPEFILE_NAME] if shapefile else field for field in table],
            field_mask=masks,
            geometry_type="MultiPolygon" if several and not shapefile else "Polygon",
            crs=crs or None,
            driver=driver,
            append=append,
            **({"layer": layer} if append else options[driver]),
        )


def check_vector(option: str, file: str) -> None:
    """Raises SceneError for a suffix that is not known, or a folder whose name GDAL does not take."""
    suffix = Path(file).suffix
    if suffix.lower() not in DRIVERS or (suffix.lower() == ".shp" and suffix not in SHAPEFILE):
        raise SceneError(f"{option} {file} has no known suffix.", f"Give a name that ends in {_either(DRIVERS)}.")
    folder = str(Path(file).resolve().parent)
    if well_formed(folder) != folder:
        raise SceneError(f"The name of the folder of {file} is not UTF-8.", "Choose another folder for the boxes.")


def check_vector_for(option: str, file: str, scene: Scene) -> None:
    """Raises SceneError for a format that can't hold polygons of this scene."""
    if reason := _refusal(Path(file), scene):
        others = [suffix for suffix in DRIVERS if suffix != Path(file).suffix.lower() and not _refusal(Path("x" + suffix), scene)]
        remedy = f"Give a name that ends in {_either(others)}." if others else "Correct the raster's CRS (gdal_edit.py -a_srs)."
        raise SceneError(f"{option} {file} can't be written: {reason}.", remedy)


def _either(suffixes: Iterable[str]) -> str:
    """The suffixes in words: ".gpkg, .shp or .geojson"."""
    *others, last = suffixes
    return f"{', '.join(others)} or {last}" if others else last


def _refusal(path: Path, scene: Scene) -> str:
    """Why a format can't hold boxes of this scene, or "": tests it with the box of the middle pixel."""
    import pyogrio
    import shapely

    grid = scene.grid
    if grid is None or not grid.crs:
        return ""
    x, y = (math.floor(side / 2) for side in scene.size)
    folder = f"/vsimem/{uuid.uuid4().hex}"  # in memory: the test must not fail because of a full disk
    sample = f"{folder}/sample{path.suffix.lower()}"
    try:
        write_polygons(sample, [_outline(polygon(Box(x, y, x + 1, y + 1), grid))], [dict.fromkeys(FIELDS)], grid.crs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, _, shapes, _ = pyogrio.raw.read(sample)
    except (RuntimeError, ValueError):
        shapes = []
    finally:
        with contextlib.suppress(OSError):  # where nothing was written
            pyogrio.vsi_rmtree(folder)
    bounds = shapely.bounds(shapely.from_wkb(shapes[0])) if len(shapes) else [math.nan]
    crs = scene.crs or "its own"
    if path.suffix.lower() == ".geojson" and not all(abs(side) <= 180 for side in bounds):
        return f"GeoJSON is in WGS 84 (RFC 7946), and the CRS of {scene.name} ({crs}) can't be transformed to it"
    if not len(shapes) or meta["crs"] is None:
        return f"{DRIVERS[path.suffix.lower()]} can't hold the CRS of {scene.name} ({crs})"
    return ""


def polygon(roi: Box, grid: Grid | None) -> list[tuple[float, float]]:
    """A closed ring in map units; without a grid, in pixels with y upwards."""
    return (grid or PIXELS).polygon(roi)


def polygon_on_map(shape: Any, grid: Grid | None) -> Any:
    """From source pixels to map units; without a grid, to pixels with y upwards."""
    import numpy as np
    import shapely

    a = (grid or PIXELS).affine
    return shapely.transform(
        shape,
        lambda corners: np.stack(
            [a[0] + corners @ np.array((a[1], a[2])), a[3] + corners @ np.array((a[4], a[5]))],
            axis=1,
        ),
    )
