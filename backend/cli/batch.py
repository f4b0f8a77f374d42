"""`zoomearth batch`: asks the questions of rows, and writes one line of JSON for each."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...core.errors import UsageError
from ...core.profile import Profile
from ...core.requests import AT_ONCE, Ask, RunSurvey
from ...core.settings import KEY_VARIABLE, Settings
from ...core.survey import Step
from ..batch import asked, line, question_of, run
from ..engines import notes_of
from ..engines.open import open_engine
from ..records import revision_of, spec
from ..report import MEANINGLESS
from ..results import ABOUT, KINDS, Results, Tally
from ..rows import BadRow, Table, Wanted
from ..rows.sources import rows_of
from ..scene.signing import signer
from ..surveyed import surveyed
from .interrupt import Interrupt
from .parser import Parser, add_answer_type, add_policy, add_settings, changed, policy_of, positive, settings_of
from .rows import SOURCES, add_source, check_other, in_shard, shard, source_of, written


def command(parser: Parser) -> None:
    parser.description = f"""Ask each row of a file, or one question about each of many rasters, and append one JSON line a row to a file.
What is answered is not asked again.

{SOURCES}
A row has path (or image, relative to the file) and question. It may have id, one of window (pixels), bounds (map units), outline (rings
of corners in map units) and within (a vector file), and bands, stretch, max_zooms, type (of the answer), choices, compare. A row with
find ("ships") in place of a question is surveyed: its answer is the count, and what was found lies in the folder FILE. The same
command continues a run that was stopped, and asks again what failed: the last line of an id counts."""
    add_source(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.jsonl", required=True, help="the file of answers, which is only appended to")
    parser.add_argument("--shard", type=shard, metavar="I/N", help="ask one part of N, I from 1 to N: the ids of the rows decide which")
    at_once = parser.add_mutually_exclusive_group()
    at_once.add_argument("--batch", type=positive, metavar="N", help=f"questions in lockstep, model here (default {AT_ONCE})")
    at_once.add_argument("--concurrency", type=positive, metavar="N", help=f"questions at once for each server (default {AT_ONCE})")
    parser.add_argument(
        "--on",
        type=_place,
        metavar="ray[://ADDRESS]",
        help="on a Ray cluster: one that is started here, or ray://HOST:10001, or ray://auto",
    )
    add_answer_type(parser, "of rows that name none")
    add_policy(parser)
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        "zoomearth batch rows.csv --out answers.jsonl",
        'zoomearth batch "tiles/**/*.tif" "Is there storm damage?" --out answers.jsonl',
        'zoomearth batch "bays/*.tif" --find ships --out ships.jsonl',
        "zoomearth batch rows.jsonl --out answers.jsonl --remote http://a:8000/v1 --remote http://b:8000/v1 --concurrency 64",
        "zoomearth batch rows.parquet --out parts/3.jsonl --shard 3/64",
        "zoomearth batch rows.parquet --out answers.jsonl --on ray --remote http://a:8000/v1",
        "zoomearth batch merge parts/*.jsonl --rows rows.parquet --out all.gpkg",
        "",
        "rows.csv:   path,question,window,max_zooms",
        '            harbour.tif,"How many ships are there, and where?","0,0,8192,8192",2',
        "            city.tif,Is there a stadium?,,",
    )
    parser.set_defaults(run=lambda options: batch(options, settings_of(options)))


@dataclass(frozen=True)
class _Asking:
    """Whoever asks rows. lines: the lines of rows as they end, until a cancellation; it calls its last argument with how far a survey is.
    notes: sentences on how they were asked."""

    profile: Profile
    spec: dict[str, Any]
    lines: Callable[[Sequence[Wanted], Callable[[], bool], Callable[[str], object]], Iterator[dict[str, Any]]]
    notes: Callable[[], Sequence[str]]


def batch(options: argparse.Namespace, settings: Settings) -> int:
    """Asks the rows that the file of answers lacks. Returns 0, or 1 where a row has no answer, or 130 after an interrupt."""
    at_once = how_many(options.batch, options.concurrency, bool(settings.remote))
    sign = signer(options.sign)
    table = in_shard(rows_of(source_of(options)), options.shard)
    check_other(options)
    interrupted = Interrupt()
    notes = Console(stderr=True, highlight=False)
    if table.ignored:
        notes.print(f"note: these fields of {options.source} are ignored: {', '.join(table.ignored)}", markup=False, soft_wrap=True)
    if table.found and table.rows:
        listed = written(options.out.with_suffix(".rows.jsonl"), table, sign, interrupted, Console(stderr=True, quiet=options.json))
        if listed is None:
            return _interrupted()
        table = listed
    if not table.rows:
        notes.print(f"note: none of the rows falls into shard {options.shard[0]} of {options.shard[1]}")
        print(json.dumps({"rows": 0, **dict.fromkeys(KINDS, 0), "out": str(options.out)}) if options.json else "0 answered of 0")
        return 0
    asks = _on_ray if options.on else _here
    with asks(options, settings, at_once, notes, interrupted) as asking, Results(options.out, asking.spec) as results:
        tally = Tally(results, table.rows)
        left = _ask(asking, table, results, tally, interrupted, options.json)
        said = asking.notes()
    for sentence in said:
        notes.print(f"note: {sentence}", markup=False, soft_wrap=True)
    if tally.counts["meaningless"]:
        notes.print(f"[bold yellow]{escape(MEANINGLESS)}[/]", soft_wrap=True)
    print(json.dumps({**tally.as_json(), "out": str(options.out)}) if options.json else tally.sentence())
    if left:
        return _interrupted()
    return 0 if tally.counts["answered"] == len(table.rows) else 1


@contextlib.contextmanager
def _here(
    options: argparse.Namespace, settings: Settings, at_once: int, notes: Console, cancelled: Callable[[], bool]
) -> Iterator[_Asking]:
    """In this process."""
    with notes.status(f"loading {settings.remote_model or settings.profile or 'the model of the server'}"):
        engine = open_engine(settings, cap=at_once)
    try:
        engine.profile = replace(engine.profile, policy=changed(engine.profile.policy, policy_of(options)))
        sign, name = signer(options.sign), engine.profile.name

        def lines(rows: Sequence[Wanted], cancelled: Callable[[], bool], tell: Callable[[str], object]) -> Iterator[dict[str, Any]]:
            several = at_once * max(1, len(settings.addresses))
            questions = [row for row in rows if isinstance(row, Ask)]
            for finished in run(engine, questions, question_of, several, bool(settings.remote), cancelled, sign=sign):
                yield line(asked(finished.row), finished.answered, finished.error, name)
            surveys = [row for row in rows if isinstance(row, RunSurvey)]

            def on_step(row: RunSurvey, step: Step) -> None:
                tell(f"{row.id}: {step.count} found, view {step.views[0]} of {step.views[1]}")

            yield from surveyed(engine, surveys, _folder(options.out), settings, at_once, cancelled, sign, on_step)

        yield _Asking(engine.profile, spec(engine.profile, settings, revision_of(settings)), lines, lambda: notes_of(engine))
    finally:
        engine.close()


@contextlib.contextmanager
def _on_ray(
    options: argparse.Namespace, settings: Settings, at_once: int, notes: Console, cancelled: Callable[[], bool]
) -> Iterator[_Asking]:
    """By the workers of a Ray cluster."""
    from ..cluster import Cluster

    def note(sentence: str) -> None:
        notes.print(f"note: {sentence}", markup=False, soft_wrap=True)

    with notes.status("connecting to Ray"):
        cluster = Cluster(options.on, settings, os.environ.get(KEY_VARIABLE), at_once, options.sign, on_note=note)
    with cluster:
        with notes.status("loading the model in the first worker"):
            opened = cluster.open(cancelled)
        if opened is None:
            raise KeyboardInterrupt
        profile, revision = opened
        profile = replace(profile, policy=changed(profile.policy, policy_of(options)))

        def lines(rows: Sequence[Wanted], cancelled: Callable[[], bool], tell: Callable[[str], object]) -> Iterator[dict[str, Any]]:
            folder = _folder(options.out).resolve()  # a worker begins in another one
            placed = [replace(row, out=str(folder / row.out)) if isinstance(row, RunSurvey) else row for row in rows]
            return cluster.ask(placed, profile, cancelled)

        yield _Asking(profile, spec(profile, settings, revision), lines, lambda: profile.notes)


def _ask(asking: _Asking, table: Table, results: Results, tally: Tally, interrupted: Interrupt, quiet: bool) -> int:
    """Asks the rows without an answer, and writes the line of each when it ends. Returns how many remain after an interrupt."""
    pending = [row for row in table.rows if not isinstance(row, BadRow) and not results.is_answered(row)]
    for bad in table.rows:
        if isinstance(bad, BadRow):
            about = asked(bad.ask) if bad.ask else {**dict.fromkeys(ABOUT), "id": bad.id}
            tally.write(line(about, None, bad.error, asking.profile.name))
    left = len(pending)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counts]}"))
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("asking", total=tally.total, completed=tally.total - left, counts=tally.sentence())
        for row in asking.lines(pending, interrupted, lambda text: progress.update(bar, description=text)):
            tally.write(row)
            left -= 1
            progress.update(bar, advance=1, counts=tally.sentence(), description="asking")
    return left


def _folder(out: Path) -> Path:
    """Of the files with what was found in rows that are surveyed: "answers" beside answers.jsonl."""
    return out.with_suffix("") if out.suffix else out.with_name(out.name + ".surveys")


def _interrupted() -> int:
    print("zoomearth: interrupted; the same command continues from here", file=sys.stderr)
    return 130


def _place(text: str) -> str:
    if not re.fullmatch(r"ray(://(auto|[^/\s]+:\d+))?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not ray, ray://auto or ray://HOST:PORT")
    return text


def how_many(batch: int | None, concurrency: int | None, remote: bool) -> int:
    """How many questions are asked at once, of each server. Raises UsageError for a flag that does not fit the engine."""
    if remote and batch is not None:
        raise UsageError("--batch is for a model on this machine.", "With --remote, give --concurrency.")
    if not remote and concurrency is not None:
        raise UsageError("--concurrency is for a model on a server.", "Give --remote, or --batch for a model on this machine.")
    return batch or concurrency or AT_ONCE
