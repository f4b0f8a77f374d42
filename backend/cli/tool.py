"""`zoomearth tool NAME` and `zoomearth tool list`: a tool on regions of a raster, without a model."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from functools import partial
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import Cancelled, SceneError, UsageError
from ...core.geometry import PIXELS
from ...core.region import Region
from ...core.roi_table import ZOOM
from ...core.source import SceneSource, Where
from ...core.tools import MASK_FILE, REFERENCE, TOOLS, Made, Tool, UseTool
from ...core.typed import to_json
from .interrupt import Interrupt
from .parser import Parser, box, question


def list_command(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a tool and nothing else")
    parser.examples("zoomearth tool list", "zoomearth tool segmentation --help")
    parser.set_defaults(run=show_list)


def show_list(options: argparse.Namespace) -> int:
    if options.json:
        for tool in TOOLS.values():
            print(json.dumps(to_json(tool)))
        return 0
    table = Table("tool", "gives", "what it does", "--set")
    for tool in TOOLS.values():
        settings = "\n".join(f"{parameter.name}: {parameter.values}" for parameter in tool.parameters)
        table.add_row(tool.name, tool.gives, escape(tool.summary), escape(settings))
    Console().print(table)
    return 0


def tool_command(tool: Tool, parser: Parser) -> None:
    """The flags of one tool, from its description."""
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--window", type=box, metavar="X0,Y0,X1,Y1", help="the region, in pixels from the top left corner")
    where.add_argument(
        "--region",
        type=box,
        metavar="MINX,MINY,MAXX,MAXY",
        help="the region, in map units of the raster's CRS (--region=-5,... where it begins with a minus)",
    )
    where.add_argument("--rois", metavar="FILE", help="each polygon of a vector file; of a file that `ask --rois` wrote, each zoom")
    parser.add_argument("--out", required=True, metavar="FILE", help=OUTPUTS[tool.gives])
    parser.add_argument("--label", type=question, metavar="TEXT", help="what the region shows, kept with the result")
    if REFERENCE in tool.uses:
        parser.add_argument(
            "--reference", nargs="+", action="extend", metavar="RASTER", help="the same place on another date; any CRS and grid"
        )
    if MASK_FILE in tool.uses:
        parser.add_argument("--mask", metavar="FILE", help="where to work: polygons, or a raster that is not 0 there")
    settings = "; ".join(
        f"{parameter.name}: {parameter.help} ({parameter.values}{_default(parameter.default)})" for parameter in tool.parameters
    )
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help=settings.replace("%", "%%"))
    parser.add_argument("--json", action="store_true", help="print one JSON object a region and nothing else")
    parser.examples(tool.example, *MORE.get(tool.name, ()))
    parser.set_defaults(run=partial(run, tool))


OUTPUTS = {
    "mask": "polygons (.gpkg, .shp, .geojson) or a raster of 0 and 1 (.tif); an older file is replaced",
    "raster": "a GeoTIFF of the region (.tif), or a mosaic of it over the raster (.vrt); an older file is replaced",
}
MORE = {
    "segmentation": ("zoomearth tool segmentation city.tif --rois roofs.gpkg --out outlines.geojson --json",),
    "editing": (
        'zoomearth tool editing city.tif --window 0,0,400,400 --set verb=recolour --set "color=#3060c0" --mask roof.gpkg --out blue.tif',
    ),
}


def segmentation_command(parser: Parser) -> None:
    tool_command(TOOLS["segmentation"], parser)


def denoising_command(parser: Parser) -> None:
    tool_command(TOOLS["denoising"], parser)


def cloud_removal_command(parser: Parser) -> None:
    tool_command(TOOLS["cloud-removal"], parser)


def editing_command(parser: Parser) -> None:
    tool_command(TOOLS["editing"], parser)


def run(tool: Tool, options: argparse.Namespace) -> int:
    """Raises UsageError and SceneError; returns 130 where it was interrupted, and nothing is written then."""
    given = [pair.partition("=") for pair in options.set or ()]
    if wrong := [key for key, separator, _ in given if not separator]:
        raise UsageError(f"--set {wrong[0]} has no value.", "Give it as KEY=VALUE.")
    request = UseTool(
        tool.name,
        options.label or "",
        {key: value for key, _, value in given},
        tuple(vars(options).get("reference") or ()),
        vars(options).get("mask"),
    )
    try:
        tool.arguments(request.arguments or {})
        source = SceneSource(options.scene)
        where = None if options.rois else Where(options.window, options.region)
    except ValueError as error:
        raise UsageError(str(error), f"`zoomearth tool {tool.name} --help` has examples.") from None
    return use_tool(tool, source, where, options.rois, request, options.out, options.json)


def use_tool(tool: Tool, source: SceneSource, where: Where | None, rois: str | None, request: UseTool, out: str, as_json: bool) -> int:
    from ..scene.region import NoGeoreference, resolve
    from ..scene.scene import Scene
    from ..tools.run import check, use

    interrupted = Interrupt()
    status = Console(stderr=True, quiet=as_json).status("opening")

    def progress(stage: str, done: int, total: int) -> None:
        status.update(f"{escape(stage)} {100 * done // total} %" if total else escape(stage))

    for given in filter(None, (rois, request.mask)):
        if os.path.realpath(given) == os.path.realpath(out):
            raise SceneError(f"{out} would be replaced, and is needed.", "Choose another name for --out.")
    status.start()
    try:
        with Scene.of(source, progress, interrupted) as scene:
            check(tool, out, scene)
            requests = _of_file(scene, rois, request) if rois else [(cast(Region, resolve(scene, where)), request)]
            made = use(scene, requests, out, progress, interrupted)
    except NoGeoreference as error:
        raise SceneError(error.message, "Give the region in pixels: --window X0,Y0,X1,Y1 instead of --region.") from None
    except Cancelled:
        return 130
    finally:
        status.stop()
    for each in made:
        _print(each, as_json)
    return 0


def _of_file(scene: Any, path: str, request: UseTool) -> list[tuple[Region, UseTool]]:
    """A region for each polygon of a file; of a table of boxes, for each zoom, with its label, question and answer."""
    from ..scene.polygons import read_each
    from ..scene.region import of_rings

    features = read_each(path, scene, scene.grid or PIXELS)
    if any("kind" in row and "exchange" in row for _, row in features):
        features = [(rings, row) for rings, row in features if row["kind"] == ZOOM]
        if not features:
            raise SceneError(f"{path} holds no zoom.", "Give polygons, or the boxes of a question that was zoomed for.")
    requests = []
    for number, (rings, row) in enumerate(features, 1):
        label, question, answer, exchange = (str(row.get(column) or "") for column in ("label", "question", "answer", "exchange"))
        each = replace(request, label=request.label or label, question=question, answer=answer, exchange=exchange)
        requests.append((of_rings(scene, rings, f"Polygon {number} of {path}"), each))
    return requests


def _default(value: Any) -> str:
    return "" if value is None else f"; default {value:g}" if isinstance(value, float) else f"; default {value}"


def _print(made: Made, as_json: bool) -> None:
    if as_json:
        print(json.dumps(to_json(made, nulls=True)), flush=True)
    else:
        show_made(Console(highlight=False), made)


def show_made(console: Console, made: Made) -> None:
    """What a tool has made, for a person."""
    confidence = "" if made.confidence is None else f", confidence {made.confidence:.2f}"
    console.print(f"[bold]{made.tool}[/] [dim]{escape(made.backend)}{confidence}, {made.seconds:.1f} s[/]")
    for key, value in made.metrics.items():
        console.print(f"  {escape(key.replace('_', ' '))}: {escape(str(value))}", soft_wrap=True)
    for note in made.notes:
        console.print(f"  [yellow]{escape(note)}[/]", soft_wrap=True)
    console.print(f"[dim]wrote[/] {escape(made.out)}", soft_wrap=True)
