"""`zoomearth ask`: questions in; answers, boxes and pictures out."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..core.address import name
from ..core.config import Settings
from ..core.errors import Cancelled, EngineError, ModelError, SceneError
from ..core.geometry import Box
from ..core.look import Stopped
from ..core.thoughts import Thoughts
from . import outputs
from .answer import Answered, Event, Question, Saw, answer, report
from .engines import Engine, open_engine
from .scene import Scene

ENDINGS = {
    Stopped.LIMIT: "no zooms were left, so this is a best guess",
    Stopped.UNREADABLE: "the model's reply could not be read",
    Stopped.ENDLESS: "the model's reply had no end",
    Stopped.BAD_BOX: "the model asked for an impossible box",
    Stopped.CANCELLED: "cancelled",
}


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """Answers every question over one scene with one engine. Returns 0, 1 where a question got no answer, 130 where interrupted."""
    files = outputs.Outputs(rois=options.rois, figure=options.figure, views=options.views)
    files.check()
    screen = _Screen(quiet=options.json)
    interrupted = _Interrupt()
    try:
        with Scene.open(
            options.scene,
            bands=options.bands,
            force_remote_scan=options.force_remote_scan,
            on_progress=screen.progress,
            cancelled=interrupted,
        ) as scene:
            region = _region(scene, options)
            files.check_for(scene)
            screen.stage(f"loading {settings.remote_model or settings.asked_as}")
            engine = open_engine(settings)
            try:
                return _ask_all(engine, scene, region, options, files, screen, interrupted)
            finally:
                engine.close()
    except Cancelled:
        return 130
    finally:
        screen.close()


def _ask_all(
    engine: Engine,
    scene: Scene,
    region: Box | None,
    options: argparse.Namespace,
    files: outputs.Outputs,
    screen: _Screen,
    interrupted: _Interrupt,
) -> int:
    policy = engine.profile.policy
    if not all(text.strip() for text in options.questions):
        raise SceneError(f"An empty question was asked of {scene.name}.", "Ask something.")
    if options.max_zooms is not None:
        policy = replace(policy, max_zooms=options.max_zooms)
    done: list[Answered] = []
    failure: Exception | None = None
    for text in options.questions:
        screen.asked(text, scene)
        try:
            answered = answer(engine, Question(scene, text, region, policy), screen.event, interrupted)
        except (SceneError, ModelError, EngineError) as error:
            failure = error  # what has been answered before is still written
            break
        done.append(answered)
        screen.answered(answered, engine.profile.name)
        screen.tolerated(getattr(engine, "tolerated", []))
        if options.json:
            print(json.dumps(report(answered, engine.profile.name)), flush=True)
        if interrupted():
            break
    try:
        if done:
            files.write(done, engine.profile.name, screen.wrote, lambda sentence: screen.tolerated([sentence]))
    except SceneError as error:
        failure = failure or error
    if failure:
        raise failure
    if interrupted():
        return 130
    return 0 if all(answered.outcome.answer is not None for answered in done) else 1


def _region(scene: Scene, options: argparse.Namespace) -> Box | None:
    """The region in source pixels, cut to the raster. Raises SceneError where there is no such place."""
    region = options.window
    if options.region:
        if scene.grid is None or not scene.grid.invertible:
            raise SceneError(f"{scene.name} lies nowhere on a map, so --region means nothing.", "Give the pixels with --window.")
        region = scene.grid.bounds_to_box(*options.region)
    if region is None:
        return None
    inside = region.intersect(Box(0, 0, *scene.size))
    if not inside.area:
        given = options.region or options.window
        raise SceneError(
            f"The region {','.join(f'{side:g}' for side in given)} lies outside {scene.name}.",
            "`zoomearth describe` prints the raster's size and bounds.",
        )
    return inside


class _Interrupt:
    """The first Ctrl-C asks the work to stop cleanly; the second one stops it at once."""

    def __init__(self) -> None:
        self.asked = False
        self.before = signal.signal(signal.SIGINT, self._interrupted)

    def __call__(self) -> bool:
        return self.asked

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)


class _Screen:
    """What a person sees: progress and reasoning as they come, then the answer and its zooms."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.console = Console(quiet=quiet, highlight=False)
        self.status = Console(stderr=True, quiet=quiet).status("opening")
        self.status.start()
        self.thoughts = Thoughts()
        self.told: list[str] = []

    def close(self) -> None:
        self.status.stop()

    def stage(self, text: str) -> None:
        self.status.update(escape(text))

    def progress(self, stage: str, done: int, total: int) -> None:
        self.stage(f"{stage} {100 * done // total} %" if total else stage)

    def asked(self, question: str, scene: Scene) -> None:
        self.console.print(f"\n[bold]{escape(question)}[/]  [dim]{escape(name(scene.path))}, {scene.size[0]} x {scene.size[1]} px[/]")
        self.thoughts = Thoughts()

    def event(self, event: Event) -> None:
        if isinstance(event, Saw):
            self.thoughts = Thoughts()
            if event.step:
                x0, y0, x1, y1 = (int(side) for side in event.shown.view.window)
                label = escape(event.shown.label or "a closer look")
                self.console.print(f"\n  [cyan]looking at {label}[/] [dim]({x0}, {y0}) to ({x1}, {y1})[/]")
            self.stage("thinking")
        elif seen := self.thoughts.feed(event.delta):
            self.status.stop()
            self.console.print(seen, end="", style="dim", markup=False, soft_wrap=True)

    def answered(self, answered: Answered, model: str) -> None:
        self.status.stop()
        outcome, confidence = answered.outcome, answered.confidence
        text = "[yellow]no answer[/]" if outcome.answer is None else f"[bold green]{escape(outcome.answer)}[/]"
        notes = [outcome.why or ENDINGS[outcome.stopped]] if outcome.stopped in ENDINGS else []
        notes += [f"confidence {confidence:.2f}, uncalibrated"] if confidence is not None else []
        notes += [f"{answered.seconds:.1f} s", model]
        self.console.print(f"\n{text}  [dim]{escape(' · '.join(notes))}[/]")
        if outcome.zooms:
            self.console.print(_table(answered))
        self.status.start()

    def tolerated(self, sentences: Sequence[str]) -> None:
        """What the engine took in a server's stride, each once; beside the answers, so that --json stays pure."""
        for sentence in sentences:
            if sentence not in self.told:
                self.told.append(sentence)
                Console(stderr=True, highlight=False).print(f"[dim]note: {escape(sentence)}[/]", soft_wrap=True)

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
