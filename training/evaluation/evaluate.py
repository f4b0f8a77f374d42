"""`zoomearth evaluate`, `evaluate report` and `compare`: asks a model the questions of a benchmark, and scores the answers as the official
scripts do.

    zoomearth evaluate scenes --ablation --limit 1000
    zoomearth evaluate lrs-gro --data LRS-GRO --remote http://localhost:8000/v1 --concurrency 64
    zoomearth evaluate lrs-gro --score-only predictions.jsonl --json

A run is a folder with one file of records for each mode. The same command continues a run that was interrupted, and asks failed questions
again. `--ablation` asks in all four modes: as served, without a crop, with the true box, and blind.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...backend.cli.parser import Parser, add_policy, add_settings, changed, policy_of, positive, settings_of
from ...backend.engines import Engine
from ...backend.engines.open import open_engine
from ...backend.records import revision_of
from ...backend.records import spec as comparable
from ...backend.report import MEANINGLESS
from ...backend.scene.scene import Scene
from ...core.errors import DataError, UsageError
from ...core.example import Example
from ...core.look import CHOICES
from ...core.settings import Settings, data_folder
from ..data.sets import BENCHMARKS, Benchmark, Loaded
from . import statistics as figures
from . import tables
from .records import Book, Record, read
from .runner import MODES, Asker, Task, run, tasks

DEMO_LIMIT = 500  # questions of the drawn scenes, of which there is no end
SHORT = {"view": "view", "max_zooms": "zooms"}  # in the name of a file of records; other fields have values that tell what they are


def command(parser: Parser) -> None:
    benchmarks = parser.add_subparsers(metavar="BENCHMARK", required=True)
    for name, kind in BENCHMARKS.items():
        _add_benchmark(benchmarks.add_parser(name, help=kind.title, description=f"{kind.title}. {kind.citation}. {kind.note}"), kind)
    parser.examples(
        "zoomearth evaluate scenes --ablation --limit 1000",
        "zoomearth evaluate lrs-gro --data LRS-GRO --model zoomearth-3b",
        "zoomearth evaluate lrs-gro --data LRS-GRO --remote http://localhost:8000/v1 --concurrency 64",
        "zoomearth evaluate lrs-gro --score-only predictions.jsonl --json",
        "zoomearth evaluate report runs/lrs-gro-zoomearth-3b",
    )


def compare_command(parser: Parser) -> None:
    parser.add_argument("first", type=Path, metavar="A.jsonl", help="records of a run")
    parser.add_argument("second", type=Path, metavar="B.jsonl", help="records of another")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth compare runs/a/zoom.jsonl runs/b/zoom.jsonl")
    parser.set_defaults(run=_compare)


def report_command(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="RUN", help="the folder of a run")
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="default: report.html in the folder")
    parser.examples("zoomearth evaluate report runs/lrs-gro-zoomearth-3b")
    parser.set_defaults(run=_report)


def _add_benchmark(parser: Parser, kind: type[Benchmark]) -> None:
    parser.set_defaults(run=_evaluate, benchmark=kind)
    data = parser.add_argument_group("data")
    data.add_argument("--data", type=Path, metavar="FOLDER", help="the folder of the set (default: the folder of --download)")
    if kind.name == "scenes":
        data.add_argument("--size", type=int, default=4096, help="pixels a side of the scenes (default 4096)")
    else:
        data.add_argument("--download", action="store_true", help=f"download the set first, from {kind.repo} on the Hugging Face hub")
    if kind.name == "lrs-gro":
        data.add_argument("--split", default="test", help="test, RL or SFT (default test)")
    data.add_argument("--limit", type=positive, metavar="N", help="the first N rows only" + (f" (default {DEMO_LIMIT})" * (not kind.repo)))
    if kind.extractors:
        data.add_argument("--extractor", choices=tuple(kind.extractors), default="", help="the rule that reads a letter from a reply")
    add_settings(parser)
    how = parser.add_argument_group("mode")
    one = how.add_mutually_exclusive_group()
    one.add_argument("--no-crop", dest="mode", action="store_const", const="no-crop", help="answer from the global view")
    one.add_argument(
        "--oracle-box", dest="mode", action="store_const", const="oracle-box", help="zoom to the true box instead of the model's own"
    )
    one.add_argument("--blind", dest="mode", action="store_const", const="blind", help="show no picture")
    one.add_argument("--ablation", dest="mode", action="store_const", const="ablation", help="ask in all four modes, and print a table")
    add_policy(how, ("all",), "; all: these three, and no zoom, in one run")
    how.add_argument("--batch", type=positive, default=8, metavar="N", help="questions in lockstep, model here (default 8)")
    how.add_argument("--concurrency", type=positive, default=8, metavar="N", help="questions at once, server (default 8)")
    out = parser.add_argument_group("output")
    out.add_argument("--out", type=Path, metavar="RUN", help="the run's folder (default: runs/BENCHMARK-MODEL)")
    score = "ask no question: score these predictions, ours or the published code's (IoU in pixels needs --data too)"
    out.add_argument("--score-only", type=Path, metavar="FILE.jsonl", help=score)
    out.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command = f"zoomearth evaluate {kind.name}" + (f" --data /data/{kind.name}" if kind.repo else " --limit 1000")
    parser.examples(f"{command} --model zoomearth-3b --ablation", f"{command} --remote http://localhost:8000/v1 --concurrency 64")


def _evaluate(options: argparse.Namespace) -> int:
    benchmark: Benchmark = options.benchmark(getattr(options, "extractor", ""), **({"size": options.size} if "size" in options else {}))
    split = getattr(options, "split", "")
    if options.score_only:
        records = read(options.score_only)
        if options.data and benchmark.repo:  # the drawn scenes have no end
            _add_sizes(records, benchmark.load(options.data, split))
        return _show(benchmark, {"": records}, options.json)
    settings, changes = settings_of(options), policy_of(options)
    ways = _ways(options.mode, changes.pop("zoom", None))
    folder = options.data or data_folder() / "benchmarks" / benchmark.name
    if getattr(options, "download", False):
        from ..data.sets.download import download

        download(benchmark, folder, Console(stderr=True))
    limit = options.limit or (None if benchmark.repo else DEMO_LIMIT)
    with Console(stderr=True).status(f"reading {benchmark.title}"):
        asked = list(islice(tasks(benchmark.load(folder, split)), limit))
    engine = open_engine(settings)
    out = options.out or Path("runs") / f"{benchmark.name}-{Path(engine.profile.name).name}"
    plan = Plan(
        benchmark=benchmark,
        changes=changes,
        subset={name: getattr(options, name) for name in ("split", "size") if name in options},
        at_once=options.concurrency * len(settings.addresses) if settings.remote else options.batch,
        out=out,
    )
    try:
        runs = {name: _run(engine, settings, plan, mode, zoom, asked) for name, (mode, zoom) in ways.items()}
    finally:
        engine.close()
    from .report import write_report

    print(f"report: {write_report(out)}", file=sys.stderr)
    return _show(benchmark, runs, options.json)


def _ways(mode: str | None, zoom: str | None) -> dict[str, tuple[str, str | None]]:
    """The ways of asking by their names: the mode, and `Policy.zoom` where it is not the model's own. Raises UsageError."""
    if zoom == "all":
        if mode:
            raise UsageError(f"--zoom all can't be combined with --{mode}.", "Leave out one of them.")
        return {**{zoom: ("zoom", zoom) for zoom in CHOICES["zoom"]}, "no-crop": ("no-crop", None)}
    return {each: (each, zoom) for each in (MODES if mode == "ablation" else (mode or "zoom",))}


def _add_sizes(records: Sequence[Record], rows: Loaded) -> None:
    """Adds the sizes of the images to records: IoU in pixels needs them, and the published records lack them. rows: of the benchmark."""
    images = {row.id: row.image for row in rows if isinstance(row, Example)}
    sizes: dict[Path, list[int] | None] = {}
    for record in records:
        image = images.get(record.question_id)
        if image is None or record.size:
            continue
        if image not in sizes:
            try:
                with Scene.open(image) as scene:
                    sizes[image] = list(scene.size)
            except Exception:  # a reader may raise any error for a damaged file
                sizes[image] = None
        record.size = sizes[image]


@dataclass(frozen=True)
class Plan:
    """How a benchmark is asked in every way. changes: fields of the model's policy that the command line replaces; subset: the split or the
    size of the set that is asked; at_once: questions asked together; out: the run's folder."""

    benchmark: Benchmark
    changes: dict[str, Any]
    subset: dict[str, Any]
    at_once: int
    out: Path


def _run(engine: Engine, settings: Settings, plan: Plan, mode: str, zoom: str | None, asked: Sequence[Task]) -> list[Record]:
    """Asks in one way the questions that its file lacks, and returns the records of all questions."""
    changes = {**plan.changes, "zoom": zoom} if zoom else plan.changes
    asker = Asker(engine, plan.benchmark, mode, changed(engine.profile.policy, changes))
    name = mode + "".join(f"-{SHORT.get(field, '')}{value}" for field, value in changes.items())
    book = Book(plan.out / f"{name}.jsonl", spec(engine, asker, settings, plan.subset))
    pending = [task for task in asked if not book.answered(task.id)]
    ids = {task.id for task in asked}
    existing = [record for id, record in book.lines.items() if id in ids and record.error is None]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[score]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        correct, scored, failed = sum(map(figures.right, existing)), len(existing), 0
        bar = progress.add_task(name, total=len(asked), completed=scored, score="")

        def add(record: Record) -> None:
            nonlocal correct, scored, failed
            book.add(record)
            correct, scored, failed = correct + figures.right(record), scored + (record.error is None), failed + (record.error is not None)
            score = f"{100 * correct / max(1, scored):.1f} % right" + (f", {failed} failed" if failed else "")
            progress.update(bar, completed=scored + failed, score=score)

        try:
            run(asker, pending, plan.at_once, bool(settings.remote), add)
        finally:
            book.close()
    return [record for record in book.records() if record.question_id in ids]


def spec(engine: Engine, asker: Asker, settings: Settings, subset: dict[str, Any]) -> dict[str, Any]:
    """Everything that must be equal for answers to be comparable; a file has records of one spec only."""
    return {
        "benchmark": asker.benchmark.name,
        "extractor": asker.benchmark.extractor,
        "set": subset,
        "mode": asker.mode,
        **comparable(engine.profile, settings, revision_of(settings)),
        "policy": asdict(asker.policy),
    }


def _show(benchmark: Benchmark, runs: dict[str, list[Record]], as_json: bool) -> int:
    summaries = {mode: figures.summary(benchmark, records) for mode, records in runs.items()}
    if as_json:
        print(json.dumps(summaries if len(summaries) > 1 else next(iter(summaries.values()))))
        return 0
    console = _screen()
    if any(record.meaningless for records in runs.values() for record in records):
        console.print(f"[bold yellow]{MEANINGLESS}[/]", soft_wrap=True)
    for mode, records in runs.items():
        if len(runs) > 1:
            tables.show_failures(records, console)
        else:
            tables.show_summary(benchmark, mode, summaries[mode], records, console)
    if len(runs) > 1:
        tables.show_ablation(runs, console)
    return 0


def _screen() -> Console:
    """A console of 200 columns where the output is a file."""
    return Console() if sys.stdout.isatty() else Console(width=200)


def _compare(options: argparse.Namespace) -> int:
    first, second = read(options.first), read(options.second)
    unscored = next((path for path, run in ((options.first, first), (options.second, second)) if not any(r.score for r in run)), None)
    if unscored:
        raise DataError(f"{unscored} has no scores.", "Compare files of `zoomearth evaluate`; --score-only scores other files.")
    comparison = figures.versus(first, second)
    if comparison.n == 0:
        raise DataError(f"{options.first} and {options.second} have no question in common.", "Compare runs over one benchmark.")
    if options.json:
        ids = {name: [record.question_id for record in getattr(comparison, name)] for name in ("better", "worse")}
        print(json.dumps({"n": comparison.n, "both": comparison.both, "neither": comparison.neither, **ids, "p": comparison.p}))
    else:
        tables.show_comparison(options.first, options.second, comparison, first, _screen())
    return 0


def _report(options: argparse.Namespace) -> int:
    from .report import write_report

    print(write_report(options.folder, options.out))
    return 0
