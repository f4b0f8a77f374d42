"""Using a tool on regions of a scene: the first backend that this machine can run, and the file that it leaves behind.

A mask becomes polygons with attributes (.gpkg, .shp, .geojson) or a raster of 0 and 1 (.tif); new pixels become a cloud-optimised GeoTIFF
(.tif), or a mosaic over the raster (.vrt, with the GeoTIFFs numbered beside it). Of several regions, GeoTIFFs are numbered.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from ... import __version__
from ...core import tools
from ...core.atomic import DRIVERS
from ...core.errors import ModelError, SceneError, UsageError
from ...core.geometry import Box
from ...core.region import Region
from ...core.roi_table import stored
from ...core.tools import Made, Tool, UseTool, tool_named
from ..outputs import rasters
from ..outputs.rois import check_vector, check_vector_for, polygon_on_map, write_polygons
from ..outputs.writing import check_file, check_other, write_file
from ..scene.scene import Scene
from . import drunet, inpainting, sam2
from .cloud_removal import remove_clouds
from .denoising import denoise
from .editing import edit
from .job import Job, Mask, Result
from .outlines import native, outlines
from .segmentation import segment

LEAST_SIDE = 4  # pixels of a region
TABLE: dict[str, type] = {
    "label": str,
    "score": float,
    "tool": str,
    "backend": str,
    "question": str,
    "answer": str,
    "exchange": str,
    "parameters": str,
    "area_m2": float,
    "image": str,
    "time": str,
}
"""The attributes of a mask's polygons; names that differ in their first ten letters. score: the confidence. question, answer, exchange:
those that the region comes from. parameters: as JSON. area_m2: of the polygon. image: the raster's path; time: UTC."""


@dataclass(frozen=True)
class Backend:
    """One implementation of a tool. name: by which `--set backend=` chooses it.

    run: of a tool that gives a mask, `(job) -> Mask`; of one that gives pixels, `(job, write) -> Result`, where `write(box, array)` takes
    all of the region in parts. missing: what it lacks on this machine, with the remedy; None where it can run.
    """

    name: str
    run: Callable[..., Any]
    missing: Callable[[], ModelError | None] = lambda: None


BACKENDS: dict[str, tuple[Backend, ...]] = {
    tools.SEGMENTATION: (
        *(Backend(name, partial(sam2.segment_with, name), partial(sam2.missing, name)) for name in tools.SEGMENTERS[:-1]),
        Backend("otsu-grabcut", segment),
    ),
    "denoising": (Backend(drunet.NAME, drunet.denoise_with_network, drunet.missing), Backend("sliding-dct", denoise)),
    "cloud-removal": (Backend("linear-fit-membrane", remove_clouds),),
    "editing": (Backend(inpainting.NAME, inpainting.edit_with_model, inpainting.missing), Backend(tools.EDITORS[-1], edit)),
}
"""In the order in which they are tried. Those with weights go before those without."""


def use(
    scene: Scene,
    requests: Sequence[tuple[Region, UseTool]],
    out: str,
    on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Made]:
    """Uses one tool on each region, and writes what comes of them to `out`; all of it or nothing.

    Raises SceneError for a region, a reference, a mask or a file that can't be used, UsageError for arguments that are none, and Cancelled.
    """
    tool = tool_named(requests[0][1].tool)
    check(tool, out, scene)
    path, made = Path(out), []
    polygons: list[Any] = []
    rows: list[dict[str, Any]] = []
    drafts: list[rasters.Draft] = []
    with ExitStack() as opened, scene.small_cache():
        paths = dict.fromkeys(path for _, request in requests for path in request.references)
        others = {each: opened.enter_context(Scene.open(each, cancelled=cancelled)) for each in paths}
        for file in rasters.names(path, len(requests)):
            for each in (scene, *others.values()):
                check_other(str(file), each)
        folder = None if _is_vector(path) else opened.enter_context(rasters.workspace(path))
        for region, request in requests:
            references = [others[each] for each in request.references]
            arguments = _checked(tool, region, request)
            job = Job(scene, region, arguments, references, request.mask, request.label, on_progress, cancelled)
            begun = time.perf_counter()
            result = _run(tool, job, folder, drafts, opened)
            seconds = time.perf_counter() - begun
            if isinstance(result, Mask):
                shapes = outlines(result, job) if folder is None else []
                polygons += [polygon_on_map(shape, scene.grid) for shape in shapes]
                made.append(_made(tool, job, request, result.result, out, seconds))
                rows += [_row(made[-1], request, job, shape.area) for shape in shapes]
            else:
                made.append(_made(tool, job, request, result, out, seconds))
        job.progress("writing", 0, 1)
        if folder is None:
            crs = scene.grid.crs if scene.grid else ""
            write_file(path, lambda new: write_polygons(new, polygons, rows, crs, TABLE, "masks"))
            return made
        written = rasters.save(path, drafts, [_tags(each, scene) for each in made])
        return [each if path.suffix.lower() == ".vrt" else replace(each, out=str(file)) for each, file in zip(made, written)]


def outline_of(scene: Scene, box: Box, cancelled: Callable[[], bool] = lambda: False) -> tuple[list[Any], Result]:
    """The object in a box as the segmentation tool outlines it: shapely polygons in source pixels, and what the backend says.

    Raises SceneError for a box that is too small or holds no valid pixel, ModelError where memory runs out, and Cancelled.
    """
    tool, region = tool_named(tools.SEGMENTATION), Region(box)
    job = Job(scene, region, _checked(tool, region, UseTool(tool.name)), cancelled=cancelled)
    mask: Mask = _chosen(tool, tools.BEST).run(job)
    return outlines(mask, job), mask.result


def check(tool: Tool, out: str, scene: Scene) -> None:
    """Before any work is done. Raises SceneError for a file that can't be written, or a suffix that does not suit the tool."""
    path = Path(out)
    suffix = path.suffix.lower()
    suffixes = [*DRIVERS, ".tif"] if tool.gives == tools.MASK else [".tif", ".vrt"]
    if suffix not in suffixes:
        raise SceneError(f"--out {out} has no suffix that suits {tool.name}.", f"Give a name that ends in {' or '.join(suffixes)}.")
    check_file(out)
    check_other(out, scene)
    if _is_vector(path):
        check_vector("--out", out)
        check_vector_for("--out", out, scene)
    elif suffix == ".vrt":
        rasters.check_mosaic(scene)


def _is_vector(path: Path) -> bool:
    return path.suffix.lower() in DRIVERS


def _checked(tool: Tool, region: Region, request: UseTool) -> dict[str, Any]:
    """The arguments of a request that can be run."""
    try:
        arguments = tool.arguments(request.arguments or {})
    except ValueError as error:
        raise UsageError(str(error), f"`zoomearth tool {tool.name} --help` lists the parameters.") from None
    window = region.window
    if min(window.width, window.height) < LEAST_SIDE:
        raise SceneError(
            f"The region has {window.width:.0f} x {window.height:.0f} pixels.",
            f"Choose one of at least {LEAST_SIDE} pixels a side.",
        )
    return arguments


def _run(tool: Tool, job: Job, folder: Path | None, drafts: list[rasters.Draft], opened: ExitStack) -> Mask | Result:
    """The result of the backend that was chosen, or of the first that can run; its pixels are in the last draft then."""
    backend = _chosen(tool, job.arguments.get("backend", tools.BEST))
    if folder is not None:
        drafts.append(rasters.Draft(folder, job.scene, job.window, mask=tool.gives == tools.MASK))
        opened.callback(drafts[-1].close)
    if tool.gives == tools.MASK:
        mask: Mask = backend.run(job)
        if folder is not None:
            for box, plane in native(mask, job):
                drafts[-1].write(box, plane[None])
        return mask
    result: Result = backend.run(job, drafts[-1].write)
    return result


def _chosen(tool: Tool, name: str) -> Backend:
    """Raises ModelError where it can't run on this machine."""
    able = [backend for backend in BACKENDS[tool.name] if name in (tools.BEST, backend.name)]
    reasons: list[ModelError] = []
    for backend in able:
        if (reason := backend.missing()) is None:
            return backend
        reasons.append(reason)
    raise reasons[0]


def _made(tool: Tool, job: Job, request: UseTool, result: Result, out: str, seconds: float) -> Made:
    return Made(
        tool.name,
        result.backend,
        tool.gives,
        out,
        None if result.confidence is None else round(result.confidence, 3),
        result.notes,
        result.metrics,
        round(seconds, 3),
        request.label,
        tuple(job.region.box),  # type: ignore[arg-type]
        tool.synthetic,
    )


def _row(made: Made, request: UseTool, job: Job, pixels: float) -> dict[str, Any]:
    """The attributes of one polygon, by the names of TABLE."""
    gsd = job.scene.gsd
    return {
        "label": made.label,
        "score": made.confidence,
        "tool": made.tool,
        "backend": made.backend,
        "question": request.question,
        "answer": request.answer,
        "exchange": request.exchange,
        "parameters": json.dumps(job.arguments),
        "area_m2": None if gsd is None else round(pixels * gsd**2, 3),
        "image": stored(job.scene.source).path,
        "time": _now(),
    }


def _tags(made: Made, scene: Scene) -> dict[str, str]:
    """Where the pixels come from, as metadata of a GeoTIFF."""
    parameters = {"box": made.box, "label": made.label, "notes": made.notes, "metrics": made.metrics}
    described = f"{'Synthetic: made' if made.synthetic else 'Made'} by {made.tool} ({made.backend}) of ZoomEarth {__version__}"
    return {
        "TIFFTAG_IMAGEDESCRIPTION": described,
        "ZOOMEARTH_TOOL": made.tool,
        "ZOOMEARTH_BACKEND": made.backend,
        "ZOOMEARTH_VERSION": __version__,
        "ZOOMEARTH_SOURCE": stored(scene.source).path,
        "ZOOMEARTH_TIME": _now(),
        "ZOOMEARTH_RESULT": json.dumps(parameters),
        "ZOOMEARTH_SYNTHETIC": "yes" if made.synthetic else "no",
    }


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
