"""`zoomearth evaluate`, `evaluate report` and `compare`: ask a model a benchmark's questions and count what it gets right, as the
official scripts count.

    zoomearth evaluate scenes --ablation --limit 1000
    zoomearth evaluate lrs-gro --data LRS-GRO --remote http://localhost:8000/v1 --concurrency 64
    zoomearth evaluate lrs-gro --score-only predictions.jsonl --json

A run is a folder with one file of records for each way of asking; the same command continues where it was interrupted, and asks again
only what failed. `--ablation` asks in all four ways: as served, without a crop, with the true box, and blind.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...backend import batch
from ...backend.answer import MEANINGLESS
from ...backend.cli.parser import Parser, add_settings, count, positive, settings_of
from ...backend.engines import Engine
from ...backend.engines.open import open_engine
from ...backend.scene.scene import Scene
from ...core.errors import DataError, UsageError
from ...core.example import Example
from ...core.look import Policy
from ...core.settings import Settings, data_folder
from ..data.sets import BENCHMARKS, Benchmark
from . import statistics as figures
from . import tables
from .records import Book, Record, read
from .runner import MODES, Asker, Task, run, tasks

DEMO_LIMIT = 500  # questions of a set that has no end


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
    data.add_argument("--data", type=Path, metavar="FOLDER", help="where the set lies (default: where --download puts it)")
    if kind.name == "scenes":
        data.add_argument("--size", type=int, default=4096, help="pixels a side of the scenes (default 4096)")
    else:
        data.add_argument("--download", action="store_true", help=f"fetch it first, from {kind.repo} on the Hugging Face hub")
    if kind.name == "lrs-gro":
        data.add_argument("--split", default="test", help="test, RL or SFT (default test)")
    data.add_argument("--limit", type=positive, metavar="N", help="the first N rows only" + (f" (default {DEMO_LIMIT})" * (not kind.repo)))
    if kind.extractors:
        data.add_argument("--extractor", choices=tuple(kind.extractors), default="", help="how a letter is read out of a reply")
    add_settings(parser)
    how = parser.add_argument_group("how it is asked")
    one = how.add_mutually_exclusive_group()
    one.add_argument("--no-crop", dest="mode", action="store_const", const="no-crop", help="answer from the global view")
    one.add_argument("--oracle-box", dest="mode", action="store_const", const="oracle-box", help="the true box in place of its own")
    one.add_argument("--blind", dest="mode", action="store_const", const="blind", help="no picture at all")
    one.add_argument("--ablation", dest="mode", action="store_const", const="ablation", help="all four ways, and a table of them")
    how.add_argument("--max-zooms", type=count, metavar="N", help="closer looks at the most (default: the model's own)")
    how.add_argument("--view-size", type=positive, metavar="PX", help="longest side of a view (default: the model's own)")
    how.add_argument("--batch", type=positive, default=8, metavar="N", help="questions in lockstep, model here (default 8)")
    how.add_argument("--concurrency", type=positive, default=8, metavar="N", help="questions at once, server (default 8)")
    out = parser.add_argument_group("what comes of it")
    out.add_argument("--out", type=Path, metavar="RUN", help="the run's folder (default: runs/BENCHMARK-MODEL)")
    score = "ask nothing: score these predictions, ours or the published code's (IoU in pixels needs --data too)"
    out.add_argument("--score-only", type=Path, metavar="FILE.jsonl", help=score)
    out.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command = f"zoomearth evaluate {kind.name}" + (f" --data /data/{kind.name}" if kind.repo else " --limit 1000")
    parser.examples(f"{command} --model zoomearth-3b --ablation", f"{command} --remote http://localhost:8000/v1 --concurrency 64")


def _evaluate(options: argparse.Namespace) -> int:
    benchmark: Benchmark = options.benchmark(getattr(options, "extractor", ""), **({"size": options.size} if "size" in options else {}))
    if options.score_only:
        records = read(options.score_only)
        if options.data and benchmark.repo:  # the drawn scenes have no end
            _add_sizes(records, benchmark, options)
        return _show(benchmark, {"": records}, options.json)
    settings = settings_of(options)
    folder = options.data or data_folder() / "benchmarks" / benchmark.name
    if getattr(options, "download", False):
        from ..data.sets.download import download

        download(benchmark, folder, Console(stderr=True))
    limit = options.limit or (None if benchmark.repo else DEMO_LIMIT)
    with Console(stderr=True).status(f"reading {benchmark.title}"):
        asked = list(islice(tasks(benchmark.load(folder, getattr(options, "split", ""))), limit))
    engine = open_engine(settings)
    out = options.out or Path("runs") / f"{benchmark.name}-{Path(engine.profile.name).name}"
    modes = MODES if options.mode == "ablation" else (options.mode or "zoom",)
    try:
        runs = {mode: _run(engine, benchmark, mode, options, settings, asked, out) for mode in modes}
    finally:
        engine.close()
    from .report import write_report

    print(f"report: {write_report(out)}", file=sys.stderr)
    return _show(benchmark, runs, options.json)


def _add_sizes(records: Sequence[Record], benchmark: Benchmark, options: argparse.Namespace) -> None:
    """IoU in pixels needs the images' sizes, which the published records do not hold: they are looked up in the set."""
    rows = benchmark.load(options.data, getattr(options, "split", ""))
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
            except Exception:  # whatever a file does to its reader
                sizes[image] = None
        record.size = sizes[image]


def _run(
    engine: Engine,
    benchmark: Benchmark,
    mode: str,
    options: argparse.Namespace,
    settings: Settings,
    asked: Sequence[Task],
    out: Path,
) -> list[Record]:
    """One way of asking: asks what its file does not have yet, and returns all of it."""
    policy = _policy(engine.profile.policy, options)
    asker = Asker(engine, benchmark, mode, policy)
    changed = "".join(f"-{name}{value}" for name, value in (("view", options.view_size), ("zooms", options.max_zooms)) if value is not None)
    book = Book(out / f"{mode}{changed}.jsonl", spec(engine, asker, settings, options))
    pending = [task for task in asked if not book.answered(task.id)]
    known = {task.id for task in asked}
    there = [record for id, record in book.lines.items() if id in known and record.error is None]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[score]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        correct, scored, failed = sum(map(figures.right, there)), len(there), 0
        bar = progress.add_task(mode, total=len(asked), completed=scored, score="")

        def add(record: Record) -> None:
            nonlocal correct, scored, failed
            book.add(record)
            correct, scored, failed = correct + figures.right(record), scored + (record.error is None), failed + (record.error is not None)
            score = f"{100 * correct / max(1, scored):.1f} % right" + (f", {failed} failed" if failed else "")
            progress.update(bar, completed=scored + failed, score=score)

        try:
            run(asker, pending, options.concurrency if settings.remote else options.batch, bool(settings.remote), add)
        finally:
            book.close()
    return [record for record in book.records() if record.question_id in known]


def _policy(policy: Policy, options: argparse.Namespace) -> Policy:
    """The model's, as the command line changes it. Raises UsageError for a view smaller than a cell."""
    changes = {"view": options.view_size, "max_zooms": options.max_zooms}
    try:
        return replace(policy, **{name: value for name, value in changes.items() if value is not None})
    except ValueError as error:
        raise UsageError(f"--view-size {options.view_size} is too small: {error}.", f"It is at least {policy.multiple}.") from error


def spec(engine: Engine, asker: Asker, settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """What makes two answers comparable; a file holds answers of one spec only."""
    return {
        "benchmark": asker.benchmark.name,
        "extractor": asker.benchmark.extractor,
        "set": {name: getattr(options, name) for name in ("split", "size") if name in options},
        "mode": asker.mode,
        **batch.spec(engine, settings),
        "policy": asdict(asker.policy),
    }


def _show(benchmark: Benchmark, runs: dict[str, list[Record]], as_json: bool) -> int:
    found = {mode: figures.summary(benchmark, records) for mode, records in runs.items()}
    if as_json:
        print(json.dumps(found if len(found) > 1 else next(iter(found.values()))))
        return 0
    console = _screen()
    if any(record.meaningless for records in runs.values() for record in records):
        console.print(f"[bold yellow]{MEANINGLESS}[/]", soft_wrap=True)
    for mode, records in runs.items():
        if len(runs) > 1:
            tables.show_failures(records, console)
        else:
            tables.show_summary(benchmark, mode, found[mode], records, console)
    if len(runs) > 1:
        tables.show_ablation(runs, console)
    return 0


def _screen() -> Console:
    """A table that goes into a file is not squeezed into 80 columns."""
    return Console() if sys.stdout.isatty() else Console(width=200)


def _compare(options: argparse.Namespace) -> int:
    first, second = read(options.first), read(options.second)
    unscored = next((path for path, run in ((options.first, first), (options.second, second)) if not any(r.score for r in run)), None)
    if unscored:
        raise DataError(f"{unscored} holds no scores.", "Compare files of runs made here; --score-only scores others.")
    found = figures.versus(first, second)
    if found.n == 0:
        raise DataError(f"{options.first} and {options.second} have no question in common.", "Compare runs over one benchmark.")
    if options.json:
        ids = {name: [record.question_id for record in getattr(found, name)] for name in ("better", "worse")}
        print(json.dumps({"n": found.n, "both": found.both, "neither": found.neither, **ids, "p": found.p}))
    else:
        tables.show_comparison(options.first, options.second, found, first, _screen())
    return 0


def _report(options: argparse.Namespace) -> int:
    from .report import write_report

    print(write_report(options.folder, options.out))
    return 0
