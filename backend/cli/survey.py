"""`zoomearth survey`: finds all things of a kind in a raster, and writes them as they are found."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Generator, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...core.address import shown
from ...core.errors import Cancelled, DataError, SceneError, UsageError
from ...core.marks import State, singular
from ...core.plan import ACROSS, WAYS, Plan
from ...core.region import Region
from ...core.settings import Settings
from ...core.sizes import size_of
from ...core.source import SceneSource, Where
from ...core.survey import Step, Survey
from ...core.typed import to_json
from ..answer import MEANINGLESS
from ..batch import revision_of, spec
from ..engines.open import open_engine
from ..outputs.rois import check_vector, check_vector_for
from ..outputs.survey import SurveyFile
from ..outputs.writing import check_file, check_other
from ..records import Journal
from ..scene.region import NoGeoreference, resolve
from ..scene.scene import Scene
from ..survey import names_places, read_line, run, write_line
from .batch import how_many
from .interrupt import Interrupt
from .parser import Parser, add_settings, bands, box, changed, length, positive, question, settings_of

FEW = 20.0  # shown pixels along a thing: fewer are said
LEAST = 6.0  # shown pixels along a thing in the coarsest view, for a model that can't be asked about places
KEPT = ".views.jsonl"  # appended to the name of the output: the file of readings


def command(parser: Parser) -> None:
    parser.description = """Find all things of a kind in a raster or a part of it, and write each as a polygon.

The scene is looked at in overlapping views. A thing that lies in several views counts once. The layer `views` of the output has what has
become of each view, and what nobody looked at. The readings are kept in OUT.views.jsonl: the same command continues a survey that was
interrupted, and looks again at views that failed."""
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    parser.add_argument("target", metavar="THING", type=question, help='what to find, in English: "ships", "swimming pools"')
    parser.add_argument("--out", required=True, metavar="FILE", help="a new .gpkg, or .shp or .geojson without the layer of views")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--region",
        type=box,
        metavar="MINX,MINY,MAXX,MAXY",
        help="look only here (map units of the raster's CRS; --region=-5,... where it begins with a minus)",
    )
    where.add_argument("--window", type=box, metavar="X0,Y0,X1,Y1", help="look only here (pixels from the top left corner)")
    where.add_argument("--within", metavar="FILE", help="look only inside the polygons of a vector file")
    parser.add_argument("--size", type=length, metavar="METRES", help="how long one is (default: a table of common things)")
    parser.add_argument("--gsd", type=length, metavar="METRES", help=f"per shown pixel (default: one is {ACROSS:.0f} pixels long)")
    parser.add_argument(
        "--way",
        choices=WAYS,
        default=WAYS[0],
        help="exhaustive: every view; guided: from a view of everything down to places that may have such things (default: %(default)s)",
    )
    parser.add_argument("--budget", type=positive, metavar="N", help="show the model at most N views")
    parser.add_argument("--view-size", dest="view", type=positive, metavar="PX", help="longest side of a view (default: the model's own)")
    parser.add_argument("--bands", type=bands, metavar="R,G,B", help="band numbers shown as red, green and blue (or one, as grey)")
    at_once = parser.add_mutually_exclusive_group()
    at_once.add_argument("--batch", type=positive, metavar="N", help="views in lockstep, model here (default 8)")
    at_once.add_argument("--concurrency", type=positive, metavar="N", help="views at once, model on a server (default 8)")
    parser.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")
    parser.examples(
        'zoomearth survey bay.tif "ships" --out ships.gpkg',
        'zoomearth survey city.tif "swimming pools" --within parcels.gpkg --size 8 --out pools.gpkg --json',
        'zoomearth survey ortho.tif "wind turbines" --way guided --budget 400 --out turbines.gpkg --remote http://localhost:8000/v1',
    )
    parser.set_defaults(run=lambda options: survey(options, settings_of(options)))


def survey(options: argparse.Namespace, settings: Settings) -> int:
    """Returns 0, or 1 where views failed or have no complete list, or 130 after an interrupt."""
    request = _request(options, how_many(options.batch, options.concurrency, bool(settings.remote)))
    interrupted = Interrupt()
    screen = _Screen(options.json)
    started = time.monotonic()
    try:
        with Scene.of(request.source, screen.stage, interrupted) as scene:
            for check in (check_other, lambda file, scene: check_vector_for("--out", file, scene)):
                check(options.out, scene)
            region = _resolved(scene, request.where)
            screen.stage(f"loading {settings.remote_model or settings.profile or 'the model of the server'}", 0, 0)
            engine = open_engine(settings, cap=request.at_once)
            try:
                engine.profile = replace(engine.profile, policy=changed(engine.profile.policy, request.policy))
                plan = _plan(scene, request, 0.0 if names_places(engine.profile.dialect) else LEAST, screen)
                own = spec(engine.profile, settings, revision_of(settings))
                about = {**own, **request.about(), "plan": {**asdict(plan), "budget": None}}
                at_once = request.at_once * max(1, len(settings.addresses))
                meaningless = engine.profile.generated_only and not scene.generated
                with Journal(request.kept, about, "id", read_line, write_line) as journal:
                    file = SurveyFile(request.out, scene, request.target, engine.profile.name, meaningless)
                    steps = run(engine, scene, request.target, plan, region, journal, at_once, cancelled=interrupted)
                    result = screen.follow(steps, file)
                screen.notes([*engine.profile.notes, *getattr(engine, "tolerated", [])])
            finally:
                engine.close()
    except Cancelled:
        return 130
    finally:
        screen.close()
    screen.report(result, request, time.monotonic() - started, meaningless)
    if interrupted():
        print("zoomearth: interrupted; the same command continues from here", file=sys.stderr)
        return 130
    return 1 if result.views.get(State.FAILED) or result.views.get(State.SATURATED) else 0


class _Request(NamedTuple):
    """What the command line says. size, gsd: in metres, or in pixels of a raster without georeference."""

    source: SceneSource
    target: str
    where: Where | None
    out: Path
    at_once: int
    policy: dict[str, Any]
    size: float | None
    gsd: float | None
    way: str
    budget: int | None

    @property
    def kept(self) -> Path:
        """The file of readings."""
        return self.out.with_name(self.out.name + KEPT)

    def about(self) -> dict[str, Any]:
        """What a file of readings belongs to; a larger budget continues it."""
        source = {**to_json(self.source), "path": shown(self.source.path)}
        return {"source": source, "target": self.target, "where": to_json(self.where)}


def _request(options: argparse.Namespace, at_once: int) -> _Request:
    """Raises UsageError, SceneError, and DataError where the output is a file that no survey has made."""
    places = (options.window, options.region, None, options.within)
    target = " ".join(options.target.split())
    try:
        if not singular(target):
            raise ValueError("THING is empty.")
        source = SceneSource(options.scene, tuple(options.bands) if options.bands else None, force_remote_scan=options.force_remote_scan)
        where = None if places == (None, None, None, None) else Where(*places)
    except ValueError as error:
        raise UsageError(f"The command line can't be used: {error}", "`zoomearth survey --help` has examples.") from None
    check_vector("--out", options.out)
    check_file(options.out)
    policy = {"view": options.view} if options.view else {}
    request = _Request(source, target, where, Path(options.out), at_once, policy, options.size, options.gsd, options.way, options.budget)
    if request.out.exists() and not request.kept.exists():
        message = f"{request.out} exists, and is not the file of a survey: {request.kept.name} is not beside it."
        raise DataError(message, "Name another file with --out.")
    return request


def _resolved(scene: Scene, where: Where | None) -> Region | None:
    """`resolve` with a hint that names the flags of the command line."""
    try:
        return resolve(scene, where)
    except NoGeoreference as error:
        raise SceneError(error.message, "Give the region in pixels: --window X0,Y0,X1,Y1 instead of --region or --within.") from None


def _plan(scene: Scene, request: _Request, least: float, screen: _Screen) -> Plan:
    """The plan, from metres, or from pixels where the raster does not say how large they are. least: see `Plan`."""
    thing, pixel = singular(request.target), scene.gsd or 1.0
    notes, size = [], request.size
    if scene.gsd is None:
        notes.append(f"{scene.name} does not say how large its pixels are: --size and --gsd count in pixels.")
    elif size is None and (size := size_of(request.target)):
        notes.append(f"Each {thing} is taken to be about {size:g} m long; --size says otherwise.")
    scale = (request.gsd or (size / ACROSS if size else pixel)) / pixel
    if size is None and request.gsd is None:
        notes.append("How large one is is not known: the views have the raster's own resolution. --size says it.")
    if request.gsd and scale < 1:
        notes.append(f"--gsd is finer than the raster: the views have its own resolution, {pixel:g}.")
    scale = max(1.0, scale)
    if size and size / pixel / scale < FEW:
        few = f"Each {thing} is about {size / pixel / scale:.0f} pixels long in the views"
        notes.append(f"{few}, fewer than {FEW:.0f}: expect that many are not found.")
    screen.notes(notes)
    return Plan(scale, size / pixel if size else None, request.way, request.budget, least=least)


class _Screen:
    """The output on the terminal. quiet: nothing but the JSON at the end."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.status = self.console.status("opening")
        self.status.start()
        self.noted: list[str] = []

    def close(self) -> None:
        self.status.stop()

    def stage(self, stage: str, done: int, total: int) -> None:
        self.status.update(escape(f"{stage} {100 * done // total} %" if total else stage))

    def notes(self, sentences: Iterable[str]) -> None:
        """Each once, on standard error also with --json."""
        for sentence in sentences:
            if sentence not in self.noted:
                self.noted.append(sentence)
                Console(stderr=True, highlight=False).print(f"[dim]note: {escape(sentence)}[/]", soft_wrap=True)

    def follow(self, steps: Generator[Step, None, Survey], file: SurveyFile) -> Survey:
        """Writes what comes; on the way out too, whatever happens. Returns the result."""
        self.status.stop()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[found]} found"))
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console) as progress:
            bar = progress.add_task("views", total=None, found=0)
            try:
                while True:
                    try:
                        step = next(steps)
                    except StopIteration as stop:
                        result: Survey = stop.value
                        return result
                    file.add(step.features, step.records)
                    progress.update(bar, completed=step.views[0], total=step.views[1], found=step.count)
            finally:
                file.close()

    def report(self, result: Survey, request: _Request, seconds: float, meaningless: bool) -> None:
        views = {state.value: result.views.get(state, 0) for state in State}
        if self.quiet:
            print(
                json.dumps({
                    "target": request.target,
                    "count": result.count,
                    "candidates": result.candidates,
                    "coverage": round(result.coverage, 6),
                    "views": views,
                    "meaningless": meaningless,
                    "out": str(request.out),
                    "seconds": round(seconds, 3),
                })
            )  # fmt: skip
            return
        console = Console(highlight=False)
        found = f"{result.count} found" if result.count else "none found: the model has marked nothing that counts"
        more = f", and {result.candidates} candidates that do not count" if result.candidates else ""
        console.print(f"[bold]{escape(request.target)}[/]: [bold green]{found}[/]{more}", soft_wrap=True)
        counts = ", ".join(f"{number:,} {state}" for state, number in views.items() if number)
        console.print(
            f"{100 * result.coverage:.1f} % of the area was looked at closely; views: {counts} [dim]({seconds:.0f} s)[/]", soft_wrap=True
        )
        if meaningless:
            console.print(f"[bold yellow]{escape(MEANINGLESS)}[/]", soft_wrap=True)
        console.print(f"[dim]wrote[/] {escape(str(request.out))}", soft_wrap=True)
