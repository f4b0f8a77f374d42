"""`zoomearth label stats`, `merge` and `move`; `propose` and `think` are in `label_propose.py`, import and export in
`training/data/label_forms.py`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ...core.atomic import beside
from ...core.errors import DataError, UsageError
from ...core.labels.agreement import Agreement, agreements
from ...core.labels.balance import Balance, Line, ask_next, balance, balance_hint
from ...core.labels.file import LabelFile
from ...core.labels.flags import FLAGS, flags_of_all
from ...core.labels.merge import merge
from ...core.labels.rows import LEVELS, VERDICTS, Question
from .parser import Parser


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
