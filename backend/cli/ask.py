"""`zoomearth ask`: asks questions about a raster, prints the answers, and writes boxes and pictures."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.address import name
from ...core.errors import Cancelled, EngineError, ModelError, SceneError, UsageError
from ...core.reasoning import Thoughts
from ...core.region import Region
from ...core.requests import Ask
from ...core.settings import Settings
from ...core.source import Compare, Where
from ...core.tool_calls import USUAL_VIEWS, Offer, ToolUse
from ...core.typed import to_json
from ..answer import Answered, Event, Question, Read, Said, Saw, Tried, Used, answer
from ..batch import question_in
from ..engines import Engine, notes_of
from ..engines.open import open_engine
from ..opened import beside
from ..outputs import files as outputs
from ..report import MEANINGLESS, ending, report
from ..scene.region import NoGeoreference, resolve
from ..scene.scene import Scene
from .interrupt import Interrupt
from .parser import (
    IN_PIXELS,
    Parser,
    add_answer_type,
    add_policy,
    add_settings,
    add_where,
    answer_type_of,
    bands,
    policy_of,
    positive,
    scene_of,
    settings_of,
)
from .parser import question as question_text
from .tool import show_made


def command(parser: Parser) -> None:
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    parser.add_argument("questions", type=question_text, metavar="QUESTION", nargs="+", help="one or more; the model is loaded once")
    add_settings(parser)
    add_where(parser, "look only inside the polygons of a vector file; the rest is shown grey")
    add_answer_type(parser)
    add_policy(parser)
    parser.add_argument("--bands", type=bands, metavar="R,G,B", help="band numbers shown as red, green and blue (or one, as grey)")
    parser.add_argument("--compare", metavar="RASTER", help="the same ground on another date: the model is shown each view of both")
    tools = parser.add_argument_group("tools (see `zoomearth tool list`)")
    tools.add_argument(
        "--tools", action="store_true", help="let the model use tools: survey, segmentation, denoising, cloud removal, editing"
    )
    tools.add_argument("--out-tools", metavar="FOLDER", help=f"where the files that tools make are written (default: {TOOLS_FOLDER})")
    tools.add_argument("--reference", nargs="+", action="extend", metavar="RASTER", help="for tools: the same place on another date")
    tools.add_argument("--budget", type=positive, metavar="N", help=f"for surveys: show the model at most N views (default: {USUAL_VIEWS})")
    tools.add_argument("--mask", metavar="FILE", help="for cloud removal and editing: where to work, polygons or a raster")
    parser.add_argument("--rois", metavar="FILE", help="write the zoomed boxes as .gpkg, .shp or .geojson (an older file is replaced)")
    parser.add_argument("--figure", metavar="FILE.png", help="draw the global view with its boxes, the crops and the answer")
    parser.add_argument("--views", metavar="FOLDER", help="save the exact pictures the model was shown")
    parser.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    parser.add_argument("--json", action="store_true", help="print one JSON object a question and nothing else")
    parser.examples(
        'zoomearth ask harbour.tif "How many ships are at the northern pier?"',
        'zoomearth ask city.tif "Is there a stadium?" "What colour is its roof?" --rois stadium.gpkg --figure stadium.png',
        'zoomearth ask fields.tif "Which crop is this?" --within parcels.gpkg --bands 4,3,2 --json',
        'zoomearth ask yard-2014.tif "What changed?" --compare yard-2019.tif --remote http://localhost:8000/v1',
        'zoomearth ask bay.tif "How many ships are in the whole bay?" --tools --budget 200',
        'zoomearth ask lakes.tif "Segment the northern lake" --tools --out-tools lakes',
    )
    parser.set_defaults(run=lambda options: ask(options, settings_of(options)))


TOOLS_FOLDER = "zoomearth-tools"  # in the folder where the command runs
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # control characters in a reply would change the state of the terminal


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """The command. Raises UsageError for invalid arguments; otherwise see `answer_requests`."""
    try:
        source, where = scene_of(options)
        policy, answer_type, tools = policy_of(options) or None, answer_type_of(options), _offer(options)
        compare = Compare(replace(source, path=options.compare, stretch=None)) if options.compare else None
        requests = [
            Ask(source, question, where, policy, answer_type=answer_type, tools=tools, compare=compare) for question in options.questions
        ]
    except ValueError as error:
        raise UsageError(f"The command line can't be used: {error}", "`zoomearth ask --help` has examples.") from None
    files = outputs.Outputs(rois=options.rois, figure=options.figure, views=options.views, tools=tools.folder if tools else None)
    return answer_requests(requests, settings, files, options.json)


def _offer(options: argparse.Namespace) -> Offer | None:
    """Raises UsageError for a flag of the tools without --tools."""
    given = {"--out-tools": options.out_tools, "--reference": options.reference, "--mask": options.mask, "--budget": options.budget}
    if options.tools:
        return Offer(options.out_tools or TOOLS_FOLDER, tuple(options.reference or ()), options.mask, options.budget or USUAL_VIEWS)
    if alone := [flag for flag, value in given.items() if value]:
        raise UsageError(f"{alone[0]} is for tools, and the model may use none.", "Give --tools too.")
    return None


def _check_files(offer: Offer, interrupted: Interrupt) -> None:
    """Before the model is loaded. Raises SceneError for references that can't be opened, and a mask that is not there."""
    for path in offer.references:
        Scene.open(path, cancelled=interrupted).close()
    if offer.mask and "/vsi" not in offer.mask and "://" not in offer.mask and not Path(offer.mask).exists():
        raise SceneError(f"There is no file {offer.mask}.", "Check the path after --mask.")


def answer_requests(requests: Sequence[Ask], settings: Settings, files: outputs.Outputs, as_json: bool) -> int:
    """Answers questions about the same part of the same scene with one engine.

    as_json: print a JSON object a question and nothing else. Returns 0, 1 if a question got no answer or one that does not fit its
    type, 130 if interrupted.
    """
    files.check()
    screen = _Screen(quiet=as_json)
    interrupted = Interrupt()
    try:
        with contextlib.ExitStack() as rasters:
            scene = rasters.enter_context(Scene.of(requests[0].source, screen.progress, interrupted))
            compare = requests[0].compare
            second = rasters.enter_context(Scene.of(compare.source, screen.progress, interrupted)) if compare else None
            region = _resolved(scene, requests[0].where)
            files.check_for(scene)
            if requests[0].tools:
                _check_files(requests[0].tools, interrupted)
            screen.stage(f"loading {settings.remote_model or settings.profile or 'the model of the server'}")
            engine = open_engine(
                settings, on_test=lambda done, total: screen.progress("testing the model", done, total), cancelled=interrupted
            )
            screen.tolerated(notes_of(engine))
            try:
                return _answer_in(scene, second, region, engine, requests, files, screen, interrupted)
            finally:
                engine.close()
    except Cancelled:
        return 130
    finally:
        screen.close()


def _answer_in(
    scene: Scene,
    second: Scene | None,
    region: Region | None,
    engine: Engine,
    requests: Sequence[Ask],
    files: outputs.Outputs,
    screen: _Screen,
    interrupted: Interrupt,
) -> int:
    answers: list[Answered] = []
    failure: Exception | None = None
    for request in requests:
        try:
            policy = request.policy_from(engine.profile.policy)
        except ValueError as error:  # a view smaller than a cell of this model
            least = engine.profile.policy.multiple
            raise UsageError(f"--view-size is too small for {engine.profile.name}.", f"It is at least {least}.") from error
        question = question_in(request, scene, region, policy)
        if second and request.compare:
            question = beside(question, second, request.compare)
        screen.asked(question, _words(region, request.where))
        try:
            answered = answer(engine, question, screen.event, interrupted)
        except (SceneError, ModelError, EngineError) as error:
            failure = error  # the answers to the questions before are still written
            break
        answers.append(answered)
        screen.answered(answered, engine.profile.name)
        screen.tolerated([*notes_of(engine), *answered.notes])
        if screen.quiet:
            print(json.dumps(to_json(report(answered, engine.profile.name, notes_of(engine)), nulls=True)), flush=True)
        if interrupted():
            break
    try:
        if answers:
            files.write(answers, engine.profile.name, screen.wrote, lambda sentence: screen.tolerated([sentence]))
    except SceneError as error:
        failure = failure or error
    if failure:
        raise failure
    if interrupted():
        return 130
    return 0 if all(answered.outcome.answer is not None and not answered.unreadable for answered in answers) else 1


def _resolved(scene: Scene, where: Where | None) -> Region | None:
    """`resolve` with a hint that names the flags of the command line."""
    try:
        return resolve(scene, where)
    except NoGeoreference as error:
        raise SceneError(error.message, IN_PIXELS) from None


def _words(region: Region | None, where: Where | None) -> str:
    if region is None:
        return ""
    left, top, right, bottom = map(int, region.window)
    inside = f" inside {name(where.within)}" if where and where.within else ""
    return f", only ({left}, {top}) to ({right}, {bottom}){inside}"


class _Screen:
    """The output on the terminal: progress and reasoning while the model works, then the answer and a table of its zooms."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.console = Console(quiet=quiet, highlight=False)
        self.status = Console(stderr=True, quiet=quiet).status("opening")
        self.status.start()
        self.thoughts = Thoughts()
        self.noted: list[str] = []

    def close(self) -> None:
        self.status.stop()

    def stage(self, text: str) -> None:
        self.status.update(escape(text))

    def progress(self, stage: str, done: int, total: int) -> None:
        self.stage(f"{stage} {100 * done // total} %" if total else stage)

    def asked(self, question: Question, part: str) -> None:
        scene = question.scene
        facts = f"{name(scene.path)}, {scene.size[0]} x {scene.size[1]} px{part}"
        facts += f"; {' beside '.join(question.compared.names)}" if question.compared else ""
        self.console.print(f"\n[bold]{escape(question.text)}[/]  [dim]{escape(facts)}[/]")
        self.thoughts = Thoughts()

    def event(self, event: Event) -> None:
        if isinstance(event, Saw):
            self.thoughts = Thoughts()
            if event.shown.step and not event.shown.tool:
                x0, y0, x1, y1 = (int(side) for side in event.shown.view.part)
                label = escape(event.shown.label or "a closer look")
                self.console.print(f"\n  [cyan]looking at {label}[/] [dim]({x0}, {y0}) to ({x1}, {y1})[/]")
            self.stage("thinking")
        elif isinstance(event, Tried):
            self.note(f"{event.why}: try {event.number} of {event.tries}")
        elif isinstance(event, Read):
            self.stage(f"reading {100 * event.part:.0f} %" if event.part < 1 else "thinking")
        elif isinstance(event, Used):
            self._used(event.use)
        elif not isinstance(event, Said):
            self.progress(event.stage, event.done, event.total)
        elif visible := self.thoughts.feed(event.delta):
            self.status.stop()
            self.console.print(CONTROLS.sub("", visible), end="", style="dim", markup=False, soft_wrap=True)

    def _used(self, use: ToolUse) -> None:
        self.status.stop()
        of = f" of {use.call.label}" if use.call.label else ""
        self.console.print(f"\n[cyan]using {escape(use.call.tool)}{escape(of)}[/]")
        if use.made:
            show_made(self.console, use.made)
        else:
            self.console.print(f"  [yellow]nothing was made: {escape(use.why)}[/]", soft_wrap=True)

    def answered(self, answered: Answered, model: str) -> None:
        self.status.stop()
        outcome, confidence = answered.outcome, answered.confidence
        style = "dim yellow" if answered.meaningless else "bold green"
        text = "[yellow]no answer[/]" if outcome.answer is None else f"[{style}]{escape(outcome.answer)}[/]"
        notes = [words] if (words := ending(outcome)) else []
        kind = answered.question.answer_type
        notes += [f"unreadable: it does not fit. {kind.instruction}"] if kind and answered.unreadable else []
        notes += [f"confidence {confidence:.2f}, uncalibrated"] if confidence is not None else []
        notes += [f"{answered.seconds:.1f} s", model, f"asked as {answered.talk.dialect.described}"]
        self.console.print(f"\n{text}  [dim]{escape(' · '.join(notes))}[/]")
        if answered.meaningless:
            self.console.print(f"[bold yellow]{escape(MEANINGLESS)}[/]", soft_wrap=True)
        if outcome.zooms:
            self.console.print(_table(answered))
        self.status.start()

    def tolerated(self, sentences: Sequence[str]) -> None:
        """Prints each note on what the engine worked around, once, to stderr: with --json, stdout has nothing but JSON."""
        for sentence in sentences:
            if sentence not in self.noted:
                self.noted.append(sentence)
                self.note(f"note: {sentence}")

    def note(self, text: str) -> None:
        Console(stderr=True, highlight=False).print(f"[dim]{escape(text)}[/]", soft_wrap=True)

    def wrote(self, path: Path) -> None:
        self.console.print(f"[dim]wrote[/] {escape(str(path))}", soft_wrap=True)


def _table(answered: Answered) -> Table:
    grid = answered.question.scene.grid
    table = Table("zoom", "label", "source pixels", "map coordinates")
    for shown in answered.outcome.zooms:
        roi = shown.roi or shown.view.window
        pixels = f"{roi.left:.0f}, {roi.top:.0f} to {roi.right:.0f}, {roi.bottom:.0f}"
        place = "-"
        if grid:
            xs, ys = zip(*grid.polygon(roi))
            digits = 6 if max(map(abs, (*xs, *ys))) <= 360 else 1  # degrees, else metres or feet
            place = f"{min(xs):.{digits}f}, {min(ys):.{digits}f} to {max(xs):.{digits}f}, {max(ys):.{digits}f}"
        table.add_row(str(shown.step), escape(shown.label), pixels, place)
    return table
