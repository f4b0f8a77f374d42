"""`zoomearth survey`: finds all things of a kind in a raster, and writes them as they are found."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...core.errors import Cancelled, SceneError, UsageError
from ...core.events import SurveyResult
from ...core.marks import State, singular
from ...core.plan import ACROSS, WAYS
from ...core.requests import RunSurvey
from ...core.settings import Settings
from ...core.survey import Step
from ...core.typed import to_json
from ..engines import notes_of
from ..engines.open import open_engine
from ..report import MEANINGLESS
from ..scene.region import NoGeoreference
from ..scene.scene import Scene
from ..surveys.run import carry_out, check, check_for
from .batch import how_many
from .interrupt import Interrupt
from .parser import IN_PIXELS, Parser, add_settings, add_where, bands, changed, length, positive, question, scene_of, settings_of


def command(parser: Parser) -> None:
    parser.description = """Find all things of a kind in a raster or a part of it, and write each as a polygon.

The scene is looked at in overlapping views. A thing that lies in several views counts once. The layer `views` of the output has what has
become of each view, and what nobody looked at. The readings are kept in OUT.views.jsonl: the same command continues a survey that was
interrupted, and looks again at views that failed."""
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    parser.add_argument("target", metavar="THING", type=question, help='what to find, in English: "ships", "swimming pools"')
    parser.add_argument("--out", required=True, metavar="FILE", help="a new .gpkg, or .shp or .geojson without the layer of views")
    add_where(parser, "look only inside the polygons of a vector file")
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
    parser.add_argument("--masks", action="store_true", help="write each thing's outline, by the segmentation tool, in place of its box")
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
        'zoomearth survey city.tif "buildings" --masks --out buildings.gpkg',
        'zoomearth survey ortho.tif "wind turbines" --way guided --budget 400 --out turbines.gpkg --remote http://localhost:8000/v1',
    )
    parser.set_defaults(run=lambda options: survey(options, settings_of(options)))


def survey(options: argparse.Namespace, settings: Settings) -> int:
    """Returns 0, or 1 where views failed or have no complete list, or 130 after an interrupt."""
    request = _request(options, how_many(options.batch, options.concurrency, bool(settings.remote)))
    check(request)
    interrupted = Interrupt()
    screen = _Screen(options.json)
    try:
        with Scene.of(request.source, screen.stage, interrupted) as scene:
            check_for(request, scene)
            screen.stage(f"loading {settings.remote_model or settings.profile or 'the model of the server'}", 0, 0)
            engine = open_engine(settings, cap=request.at_once)
            try:
                changed(engine.profile.policy, request.policy or {})  # or it can't be used with this model
                with screen.bar() as on_step:
                    result = carry_out(engine, scene, request, settings, on_step, screen.notes, interrupted)
                screen.notes(notes_of(engine))
            except NoGeoreference as error:
                raise SceneError(error.message, IN_PIXELS) from None
            finally:
                engine.close()
    except Cancelled:
        return 130
    finally:
        screen.close()
    screen.report(result)
    if interrupted():
        print("zoomearth: interrupted; the same command continues from here", file=sys.stderr)
        return 130
    return 1 if result.views[State.FAILED.value] or result.views[State.SATURATED.value] else 0


def _request(options: argparse.Namespace, at_once: int) -> RunSurvey:
    """Raises UsageError."""
    target = " ".join(options.target.split())
    try:
        if not singular(target):
            raise ValueError("THING is empty.")
        source, where = scene_of(options)
        policy = {"view": options.view} if options.view else None
        plan = (options.size, options.gsd, options.way, options.budget)
        return RunSurvey(source, target, options.out, where, *plan, policy, at_once, masks=options.masks)
    except ValueError as error:
        raise UsageError(f"The command line can't be used: {error}", "`zoomearth survey --help` has examples.") from None


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

    @contextlib.contextmanager
    def bar(self) -> Iterator[Callable[[Step], object]]:
        """A bar of views; it gives what shows a step."""
        self.status.stop()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[found]} found"))
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console) as progress:
            bar = progress.add_task("views", total=None, found=0)
            yield lambda step: progress.update(bar, completed=step.views[0], total=step.views[1], found=step.count)

    def report(self, result: SurveyResult) -> None:
        if self.quiet:
            print(json.dumps(to_json(result)))
            return
        console = Console(highlight=False)
        found = f"{result.count} found" if result.count else "none found: the model has marked nothing that counts"
        more = f", and {result.candidates} candidates that do not count" if result.candidates else ""
        console.print(f"[bold]{escape(result.target)}[/]: [bold green]{found}[/]{more}", soft_wrap=True)
        counts = ", ".join(f"{number:,} {state}" for state, number in result.views.items() if number)
        seen = f"{100 * result.coverage:.1f} % of the area was looked at closely; views: {counts}"
        console.print(f"{seen} [dim]({result.seconds:.0f} s)[/]", soft_wrap=True)
        if result.meaningless:
            console.print(f"[bold yellow]{escape(MEANINGLESS)}[/]", soft_wrap=True)
        console.print(f"[dim]wrote[/] {escape(result.out)}", soft_wrap=True)
