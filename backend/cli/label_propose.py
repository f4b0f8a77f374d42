"""`zoomearth label propose` and `label think`: candidate questions for boxes, and chains of thought for accepted questions."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ...core.errors import DataError, UsageError
from ...core.labels import thoughts
from ...core.labels.file import LabelFile
from ...core.settings import Settings
from ..engines import Engine
from .interrupt import Interrupt
from .parser import Parser, add_settings, positive, settings_of

AT_ONCE = 8


def propose_command(parser: Parser) -> None:
    parser.description = """Let a model propose questions with answers for each box: it is shown the whole image, a crop and the box
enlarged. They become candidates, which a person reviews; what a person has decided or edited stays. The same command continues
a run that was stopped. --template makes questions without a model, from the boxes and their pixels."""
    parser.add_argument("file", type=Path, metavar="LABELS.gpkg", help="the label file, which the candidates are added to")
    parser.add_argument("--count", type=positive, default=4, metavar="N", help="questions for each box (default 4)")
    parser.add_argument("--whole", action="store_true", help="propose questions about each image as a whole too")
    parser.add_argument("--again", action="store_true", help="replace the candidates of boxes that have proposals already")
    parser.add_argument("--template", action="store_true", help="without a model: existence, count, colour, position, size")
    parser.add_argument(
        "--check", action="store_true", help="ask each candidate again, without the picture and with it, for two more flags"
    )
    _add_engine(parser)
    parser.examples(
        "zoomearth label propose labels.gpkg --template",
        "zoomearth label propose labels.gpkg --remote http://localhost:8000/v1 --remote-model Qwen/Qwen3-VL-8B-Instruct --check",
    )
    parser.set_defaults(run=_propose)


def _propose(options: argparse.Namespace) -> int:
    if options.template:
        if options.check:
            raise UsageError("--check needs a model, and --template works without one.", "Leave one of them out.")
        with LabelFile.open(options.file) as labels:
            return _templates(labels, options)
    return _by_model(options, _checked(options))


def _templates(labels: LabelFile, options: argparse.Namespace) -> int:
    from ...core.errors import ZoomEarthError
    from ...core.labels.templates import proposed
    from ..labels.images import colour_of
    from ..scene.scene import Scene

    tally = Counter(boxes=0, candidates=0)
    for image in labels.images():
        boxes = labels.boxes(image.id)
        asked = {question.box for question in labels.questions(image=image.id) if question.maker == "template"}
        todo = [box for box in boxes if options.again or box.id not in asked]
        if not todo:
            continue
        try:
            labels.check_image(image)
            with Scene.of(image.source) as scene:
                for box in todo:
                    colour = colour_of(scene, box.in_unit(None, scene.size))
                    sized = replace(image, width=scene.size.width, height=scene.size.height)
                    added = labels.regenerate(image.id, box.id, proposed(sized, box, boxes, colour, options.count))
                    tally.update(boxes=1, candidates=len(added))
        except ZoomEarthError as error:
            tally["failed"] += len(todo)
            print(f"zoomearth: {image.path}: {error.message}", file=sys.stderr)
    return _counted(tally, options.json)


def think_command(parser: Parser) -> None:
    parser.description = """Propose chains of thought for accepted questions that have none, as SFT wants them: where to look, then
what the crop shows and how the answer follows. The model is told the right answer. What a person has written stays. The same command
continues a run that was stopped. --template writes them without a model, from the place and the size of the box."""
    parser.add_argument("file", type=Path, metavar="LABELS.gpkg", help="the label file, which the thoughts are added to")
    parser.add_argument("--template", action="store_true", help="without a model")
    _add_engine(parser)
    parser.examples(
        "zoomearth label think labels.gpkg --template",
        "zoomearth label think labels.gpkg --remote http://localhost:8000/v1 --remote-model Qwen/Qwen3-VL-8B-Instruct",
    )
    parser.set_defaults(run=_think)


def _add_engine(parser: Parser) -> None:
    """The flags of both: the model, how many requests at once, and what is printed."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--batch", type=positive, metavar="N", help=f"requests in lockstep, model here (default {AT_ONCE})")
    group.add_argument("--concurrency", type=positive, metavar="N", help=f"requests at once, model on a server (default {AT_ONCE})")
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")


def _by_model(options: argparse.Namespace, settings: Settings) -> int:
    from ..labels.propose import check, hosts, pending, propose, targets

    tally = Counter(boxes=0, candidates=0)
    with LabelFile.open(options.file) as labels:
        wanted = targets(labels, options.whole)
        if not wanted:
            raise DataError(f"{options.file} has no box.", "Draw boxes in QGIS, import labelled rows, or give --whole.")

        def work(engine: Engine, how: _How, errors: Counter[str]) -> None:
            asked = wanted if options.again else pending(labels, wanted, engine.profile.name)
            with _bar("proposing", len(asked), options.json) as advance:
                for _, added, error in propose(engine, labels, asked, options.count, hosts(settings), *how):
                    tally.update({"failed": 1} if error else {"boxes": 1, "candidates": added})
                    errors.update([error.message] if error else [])
                    advance()
            if options.check and not how[2]():
                with _bar("checking", None, options.json) as advance:
                    for _, error in check(engine, labels, *how):
                        tally.update({"checks failed" if error else "checks": 1})
                        errors.update([error.message] if error else [])
                        advance()

        return _with_engine(options, settings, tally, work)


def _think(options: argparse.Namespace) -> int:
    from ..labels.propose import hosts
    from ..labels.think import think, wanted

    settings = _checked(options)
    tally = Counter(questions=0, thoughts=0)
    with LabelFile.open(options.file) as labels:
        lacking = thoughts.wanting(labels)
        if options.template or not lacking:
            tally.update(questions=len(lacking), thoughts=thoughts.propose_from_geometry(labels, lacking))
            return _counted(tally, options.json)

        def work(engine: Engine, how: _How, errors: Counter[str]) -> None:
            with _bar("thinking", len(lacking), options.json) as advance:
                for _, got, error in think(engine, labels, wanted(labels, lacking), hosts(settings), *how):
                    tally.update({"failed": 1} if error else {"questions": 1, "thoughts": int(got)})
                    errors.update([error.message] if error else [])
                    advance()

        return _with_engine(options, settings, tally, work)


def _checked(options: argparse.Namespace) -> Settings:
    """The settings. Raises UsageError for flags that don't fit them."""
    settings = settings_of(options)
    if settings.remote and options.batch is not None:
        raise UsageError("--batch is for a model on this machine.", "With --remote, give --concurrency.")
    if not settings.remote and options.concurrency is not None:
        raise UsageError("--concurrency is for a model on a server.", "Give --remote, or --batch for a model on this machine.")
    return settings


_How = tuple[int, bool, Callable[[], bool]]
"""How many requests at once, whether concurrently, and whether the user has interrupted."""


def _with_engine(
    options: argparse.Namespace, settings: Settings, tally: Counter[str], work: Callable[[Engine, _How, Counter[str]], None]
) -> int:
    """Opens the engine, has the work done, and prints what came of it. work: is given the engine, how to ask it, and where to count
    messages of errors."""
    from ..engines.open import open_engine

    interrupted, errors = Interrupt(), Counter[str]()
    engine = open_engine(settings)
    try:
        work(engine, (options.batch or options.concurrency or AT_ONCE, bool(settings.remote), interrupted), errors)
    finally:
        engine.close()
    for message, count in errors.most_common(3):
        print(f"zoomearth: {count} failed: {message}", file=sys.stderr)
    code = _counted(tally, options.json)
    if interrupted():
        print("zoomearth: interrupted; the same command continues from here", file=sys.stderr)
        return 130
    return code


class _bar:
    """A progress bar on standard error; its block gets the function that advances it."""

    def __init__(self, what: str, total: int | None, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True, quiet=quiet))
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> Any:
        self._progress.start()
        return lambda: self._progress.advance(self._task)

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()


def _counted(tally: Counter[str], as_json: bool) -> int:
    """Prints the counts. Returns 1 where something failed."""
    first = [name for name in tally if not name.startswith(("check", "failed"))]
    counts = {name: tally[name] for name in (*first, "failed")}
    counts |= {name: count for name, count in tally.items() if name not in counts}
    print(json.dumps(counts) if as_json else ", ".join(f"{name}: {count}" for name, count in counts.items()))
    return 1 if counts["failed"] or tally["checks failed"] else 0
