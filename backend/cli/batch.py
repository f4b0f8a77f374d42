"""`zoomearth batch`: asks the questions of a file, and writes one line of JSON for each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ...core.errors import DataError, UsageError
from ...core.protocol import AT_ONCE, Ask
from ...core.settings import Settings
from ..answer import MEANINGLESS
from ..batch import asked, line, question_of, run, spec
from ..engines import Engine
from ..engines.open import open_engine
from ..records import ANOTHER, Journal
from ..rows import BadRow, Table, read
from .interrupt import Interrupt
from .parser import Parser, add_answer_type, add_policy, add_settings, answer_type_of, changed, policy_of, positive, settings_of

ASKED = ("id", "source", "question", "where", "policy", "answer_type")  # of a line, what `asked` says of a row that can be asked
Lines = Journal[dict[str, Any]]


def command(parser: Parser) -> None:
    parser.description = """Ask each row of a file, and append one JSON line a row to another file. What is answered is not asked again.

A row has path (or image, relative to the file) and question. It may have id, one of window (pixels), bounds (map units), outline (rings
of corners in map units) and within (a vector file), and bands, stretch, max_zooms, type (of the answer), choices. The same
command continues a run that was stopped, and asks again what failed: the last line of an id counts."""
    parser.add_argument("rows", type=Path, metavar="ROWS", help="a file of JSON lines, or a table that ends in .csv")
    parser.add_argument("--out", type=Path, metavar="FILE.jsonl", required=True, help="the file of answers, which is only appended to")
    at_once = parser.add_mutually_exclusive_group()
    at_once.add_argument("--batch", type=positive, metavar="N", help="questions in lockstep, model here (default 8)")
    at_once.add_argument("--concurrency", type=positive, metavar="N", help="questions at once, model on a server (default 8)")
    add_answer_type(parser, "of rows that name none")
    add_policy(parser)
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        "zoomearth batch rows.csv --out answers.jsonl",
        "zoomearth batch rows.jsonl --out answers.jsonl --remote http://localhost:8000/v1 --concurrency 64",
        "",
        "rows.csv:   path,question,window,max_zooms",
        '            harbour.tif,"How many ships are there, and where?","0,0,8192,8192",2',
        "            city.tif,Is there a stadium?,,",
    )
    parser.set_defaults(run=lambda options: batch(options, settings_of(options)))


def batch(options: argparse.Namespace, settings: Settings) -> int:
    """Asks the rows that the file of answers lacks. Returns 0, or 1 where a row has no answer, or 130 after an interrupt."""
    at_once = how_many(options.batch, options.concurrency, bool(settings.remote))
    table = read(options.rows, answer_type_of(options))
    if os.path.exists(options.out) and os.path.samefile(options.rows, options.out):
        raise UsageError(f"--out is {options.out}, the file of the rows itself.", "Name another file.")
    interrupted = Interrupt()
    notes = Console(stderr=True, highlight=False)
    if table.ignored:
        notes.print(f"note: these fields of {options.rows} are ignored: {', '.join(table.ignored)}", markup=False, soft_wrap=True)
    with notes.status(f"loading {settings.remote_model or settings.profile or 'the model of the server'}"):
        engine = open_engine(settings)
    try:
        engine.profile = replace(engine.profile, policy=changed(engine.profile.policy, policy_of(options)))
        with Journal(options.out, spec(engine, settings), "id", dict, dict) as journal:
            tally = _Tally(journal, table)
            left = _ask(engine, table, tally, at_once, bool(settings.remote), interrupted, options.json)
    finally:
        engine.close()
    for sentence in [*engine.profile.notes, *getattr(engine, "tolerated", [])]:
        notes.print(f"note: {sentence}", markup=False, soft_wrap=True)
    if tally.counts["meaningless"]:
        notes.print(f"[bold yellow]{escape(MEANINGLESS)}[/]", soft_wrap=True)
    print(json.dumps({**tally.as_json(), "out": str(options.out)}) if options.json else tally.sentence())
    if left:
        print("zoomearth: interrupted; the same command continues from here", file=sys.stderr)
        return 130
    return 0 if tally.counts["answered"] == len(table.rows) else 1


def how_many(batch: int | None, concurrency: int | None, remote: bool) -> int:
    """How many questions are asked at once. Raises UsageError for a flag that does not fit the engine."""
    if remote and batch is not None:
        raise UsageError("--batch is for a model on this machine.", "With --remote, give --concurrency.")
    if not remote and concurrency is not None:
        raise UsageError("--concurrency is for a model on a server.", "Give --remote, or --batch for a model on this machine.")
    return batch or concurrency or AT_ONCE


class _Tally:
    """Counts the results of a file's rows, from this run and earlier ones."""

    def __init__(self, journal: Lines, table: Table) -> None:
        self.journal, self.total = journal, len(table.rows)
        self.counts = Counter(kind for row in table.rows for kind in _kinds(journal.lines.get(str(row.id))))

    def write(self, line: dict[str, Any]) -> None:
        """Appends the line of a row; an error that the file has already is not written again."""
        existing = self.journal.lines.get(line["id"])
        if existing is None or {**existing, "spec": None} != {**json.loads(json.dumps(line)), "spec": None}:
            self.journal.add(line)
            self.counts.subtract(_kinds(existing))
            self.counts.update(_kinds(line))

    def sentence(self) -> str:
        failures = ", ".join(f"{self.counts[kind]} {kind}" for kind in ("unreadable", "failed") if self.counts[kind])
        return f"{self.counts['answered']} answered{failures and ', '}{failures} of {self.total}"

    def as_json(self) -> dict[str, int]:
        return {"rows": self.total, **{kind: self.counts[kind] for kind in ("answered", "unreadable", "failed", "meaningless")}}


def _kinds(line: Mapping[str, Any] | None) -> list[str]:
    """The kinds of result that a line counts as; empty where there is no line yet."""
    if line is None:
        return []
    unreadable = line.get("answer") is None or line.get("unreadable")
    kind = "failed" if line.get("error") else "unreadable" if unreadable else "answered"
    return [kind, "meaningless"] if line.get("meaningless") else [kind]


def _ask(engine: Engine, table: Table, tally: _Tally, at_once: int, concurrent: bool, interrupted: Interrupt, quiet: bool) -> int:
    """Asks the rows without an answer, and writes the line of each when it ends. Returns how many remain after an interrupt."""
    model = engine.profile.name
    pending = [row for row in table.rows if isinstance(row, Ask) and not _is_answered(row, tally.journal)]
    for bad in table.rows:
        if isinstance(bad, BadRow):
            tally.write(line({**dict.fromkeys(ASKED), "id": bad.id}, None, bad.error, model))
    left = len(pending)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counts]}"))
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("asking", total=tally.total, completed=tally.total - left, counts=tally.sentence())
        for finished in run(engine, pending, question_of, at_once, concurrent, interrupted):
            tally.write(line(asked(finished.row), finished.answered, finished.error, model))
            left -= 1
            progress.update(bar, advance=1, counts=tally.sentence())
    return left


def _is_answered(row: Ask, journal: Lines) -> bool:
    """Raises DataError where the file has an answer to another question under this row's id."""
    existing = journal.lines.get(str(row.id))
    if existing is None or existing.get("error"):
        return False
    about = json.loads(json.dumps(asked(row)))
    if differs := [name for name in about if existing.get(name) != about[name]]:
        message = f"{journal.path} has an answer with the id {row.id!r} to something else: its {', '.join(differs)} differs."
        raise DataError(message, f"Give the rows ids of their own. {ANOTHER}")
    return True
