"""`zoomearth label propose`, `stats`, `merge` and `move`; import and export are in `training/data/label_forms.py`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...core.atomic import beside
from ...core.errors import DataError, UsageError
from ...core.labels.agreement import Agreement, agreements
from ...core.labels.balance import Balance, Line, ask_next, balance, balance_hint
from ...core.labels.file import LabelFile
from ...core.labels.flags import FLAGS, flags_of_all
from ...core.labels.merge import merge
from ...core.labels.rows import LEVELS, VERDICTS, Question
from ...core.settings import Settings
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
    at_once = parser.add_mutually_exclusive_group()
    at_once.add_argument("--batch", type=positive, metavar="N", help=f"requests in lockstep, model here (default {AT_ONCE})")
    at_once.add_argument("--concurrency", type=positive, metavar="N", help=f"requests at once, model on a server (default {AT_ONCE})")
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
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
    return _by_model(options, settings_of(options))


def _templates(labels: LabelFile, options: argparse.Namespace) -> int:
    from ...core.errors import ZoomEarthError
    from ...core.labels.templates import proposed
    from ..labels.images import colour_of
    from ..scene.scene import Scene

    tally: Counter[str] = Counter()
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


def _by_model(options: argparse.Namespace, settings: Settings) -> int:
    from ..engines.open import open_engine
    from ..labels.propose import check, hosts, pending, propose, targets

    if settings.remote and options.batch is not None:
        raise UsageError("--batch is for a model on this machine.", "With --remote, give --concurrency.")
    if not settings.remote and options.concurrency is not None:
        raise UsageError("--concurrency is for a model on a server.", "Give --remote, or --batch for a model on this machine.")
    at_once, remote = options.batch or options.concurrency or AT_ONCE, bool(settings.remote)
    interrupted, tally, errors = Interrupt(), Counter[str](), Counter[str]()
    with LabelFile.open(options.file) as labels:
        wanted = targets(labels, options.whole)
        if not wanted:
            raise DataError(f"{options.file} has no box.", "Draw boxes in QGIS, import labelled rows, or give --whole.")
        engine = open_engine(settings)
        try:
            if not options.again:
                wanted = pending(labels, wanted, engine.profile.name)
            with _bar("proposing", len(wanted), options.json) as advance:
                for _, added, error in propose(engine, labels, wanted, options.count, hosts(settings), at_once, remote, interrupted):
                    tally.update({"failed": 1} if error else {"boxes": 1, "candidates": added})
                    errors.update([error.message] if error else [])
                    advance()
            if options.check and not interrupted():
                with _bar("checking", None, options.json) as advance:
                    for _, error in check(engine, labels, at_once, remote, interrupted):
                        tally.update({"checks failed" if error else "checks": 1})
                        errors.update([error.message] if error else [])
                        advance()
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
    counts = {name: tally[name] for name in ("boxes", "candidates", "failed")}
    counts |= {name: count for name, count in tally.items() if name not in counts}
    print(json.dumps(counts) if as_json else ", ".join(f"{name}: {count}" for name, count in counts.items()))
    return 1 if counts["failed"] or tally["checks failed"] else 0


def stats_command(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="LABELS.gpkg", help="the label file")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth label stats labels.gpkg")
    parser.set_defaults(run=_stats)


def _stats(options: argparse.Namespace) -> int:
    with LabelFile.open(options.file) as labels:
        questions, boxes, images = labels.questions(), labels.boxes(), labels.images()
        flagged = flags_of_all(questions, boxes, images)
        agreed = agreements(labels)
    found = balance(questions)
    counts = Counter(flag.name for each in flagged.values() for flag in each)
    next_up = {level: ask_next(questions, level) for level in LEVELS}
    verdicts = Counter(question.verdict for question in questions)
    if options.json:
        facts = {
            "questions": {verdict: verdicts[verdict] for verdict in VERDICTS},
            "boxes": len(boxes),
            "images": len(images),
            "balance": asdict(found),
            "flags": {name: counts[name] for name in FLAGS},
            "flagged": len(flagged),
            "ask next": next_up,
            "agreement": [asdict(each) for each in agreed],
        }
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    listed = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS)
    console.print(f"{len(questions)} questions ({listed}), {len(boxes)} boxes, {len(images)} images", markup=False)
    _show_balance(found, console)
    if questions:
        shares = ", ".join(f"{name} {100 * counts[name] / len(questions):.1f} %" for name in FLAGS if counts[name])
        console.print(f"Flagged: {len(flagged)} ({100 * len(flagged) / len(questions):.1f} %): {shares or 'none'}", markup=False)
    for level, names in next_up.items():
        console.print(f"Ask next, {level}: {', '.join(names)}", markup=False)
    for hint in filter(None, map(balance_hint, found.categories)):
        console.print(hint, markup=False)
    for each in agreed:
        _show_agreement(each, console)
    _show_makers(questions, console)
    return 0


def _show_balance(found: Balance, console: Console) -> None:
    from rich.markup import escape

    table = Table()
    table.add_column("group")
    for name in ("questions", "answers", "yes:no", "top answer", "share", "entropy", "blind guess"):
        table.add_column(name, justify="right")

    def add(line: Line) -> None:
        counts = (str(line.questions), str(line.answers), f"{line.yes}:{line.no}", escape(line.top[:24]))
        table.add_row(escape(line.name), *counts, f"{100 * line.top_share:.1f} %", f"{line.entropy:.1f} bit", f"{100 * line.blind:.1f} %")

    for group in ((found.all,), found.levels, found.categories):
        for line in group:
            add(line)
        table.add_section()
    console.print(table)
    console.print("A blind guess is the commonest answer of the category and the question's first two words on the other images.")


def _show_agreement(each: Agreement, console: Console) -> None:
    def shown(value: float | None, share: bool = False) -> str:
        return "-" if value is None else f"{100 * value:.0f} %" if share else f"{value:.2f}"

    figures = f"kappa {shown(each.kappa)}, same answer {shown(each.exact, share=True)}, box IoU {shown(each.iou)} of {each.boxes} boxes"
    both = f"{each.first} and {each.second}: {each.questions} questions decided by both"
    console.print(f"{both}, {figures}, {each.open} differences to settle", markup=False)


def _show_makers(questions: list[Question], console: Console) -> None:
    """Of each model, how many of its decided candidates were accepted."""
    decided = Counter((question.maker, question.verdict) for question in questions if question.verdict != VERDICTS[0])
    for maker in sorted({maker for maker, _ in decided} - {"import", "person"}):
        total = sum(decided[maker, verdict] for verdict in VERDICTS)
        console.print(f"{maker}: {decided[maker, VERDICTS[1]]} of {total} reviewed candidates accepted", markup=False)


def merge_command(parser: Parser) -> None:
    parser.description = (
        "Put the work of several people on the same images together. A question that two people changed gets the later version."
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="LABELS.gpkg", help="the label files, two or more")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the merged label file")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples("zoomearth label merge ada.gpkg ben.gpkg --out both.gpkg")
    parser.set_defaults(run=_merge)


def _merge(options: argparse.Namespace) -> int:
    if len(options.files) < 2:
        raise UsageError("A merge needs two label files.", "zoomearth label merge ada.gpkg ben.gpkg --out both.gpkg")
    tally: Counter[str] = Counter()
    conflicts: set[str] = set()
    for file in options.files:  # all can be read, before anything is written
        LabelFile.open(file).close()
    with beside(options.out) as new:
        shutil.copyfile(options.files[0], new)
        with LabelFile.open(new) as merged:
            for file in options.files[1:]:
                with LabelFile.open(file) as other:
                    done = merge(merged, other)
                tally.update(events=done.events, added=done.added, changed=done.changed)
                conflicts.update(done.conflicts)
    counts = {**{name: tally[name] for name in ("events", "added", "changed")}, "changed by both": len(conflicts)}
    print(json.dumps(counts) if options.json else ", ".join(f"{name}: {count}" for name, count in counts.items()))
    return 0


def move_command(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="LABELS.gpkg", help="the label file")
    parser.add_argument("path", metavar="RASTER", help="where the raster is now; it must have the content that was labelled")
    parser.add_argument("--image", required=True, metavar="NAME", help="its old path or file name in the label file")
    parser.examples("zoomearth label move labels.gpkg /data/2026/harbour.tif --image harbour.tif")
    parser.set_defaults(run=_move)


def _move(options: argparse.Namespace) -> int:
    with LabelFile.open(options.file) as labels:
        images = [image for image in labels.images() if options.image in (image.path, Path(image.path).name)]
        if not images:
            raise DataError(
                f"{options.file} has no image {options.image!r}.", "`zoomearth label stats` counts the images; give the old path."
            )
        for image in images:
            labels.move_image(image.id, str(Path(options.path).absolute()))
    print(f"{options.image} is at {options.path}")
    return 0
