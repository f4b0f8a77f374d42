"""The flags that say which rows are asked, and `zoomearth batch manifest`, which writes them to a file."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ...core.errors import UsageError
from ..rows import BadRow, Table, manifest
from ..rows.sources import Source, rows_of
from ..rows.stac import Search
from ..scene.signing import Sign, signer, unsigned
from .interrupt import Interrupt
from .parser import Parser, add_answer_type, answer_type_of, bands, box, positive, question

SOURCES = """SOURCE is a file of rows (JSON lines, .csv, .parquet), a folder of rasters, a pattern ("tiles/**/*.tif"), a file of STAC
items, or the address of a STAC API."""


def add_source(parser: Parser) -> None:
    """Adds SOURCE, QUESTION and the flags that choose among rasters; `source_of` reads them."""
    parser.add_argument("source", metavar="SOURCE", help="a file of rows, a folder, a pattern, STAC items, or a STAC API")
    parser.add_argument(
        "question", nargs="?", default="", type=question, metavar="QUESTION", help="asked about each raster; a row's own counts"
    )
    found = parser.add_argument_group("rasters of a folder or a catalogue")
    found.add_argument("--find", default="", type=question, metavar="THING", help="find all of these in each raster: no question")
    found.add_argument("--bands", type=bands, metavar="4,3,2", help="bands shown as red, green and blue, or one as grey")
    found.add_argument("--asset", default="", metavar="NAME", help="the asset of each STAC item (default: its visual one, or its only one)")
    found.add_argument("--collection", action="append", default=[], metavar="ID", help="search this collection; may be given several times")
    found.add_argument("--bbox", type=box, metavar="W,S,E,N", help="search here, in degrees (--bbox=-5,... where it begins with a minus)")
    found.add_argument("--datetime", metavar="TIME", help="search this time or span: 2024-06, 2024-06-01/2024-06-30")
    found.add_argument("--limit", type=positive, metavar="N", help="N items of the search at the most")
    found.add_argument(
        "--sign", default="", metavar="MODULE:FUNCTION", help="signs each address when its raster is opened, as planetary_computer:sign"
    )


def source_of(options: argparse.Namespace) -> Source:
    if options.find and options.question:
        raise UsageError("There is a question and something to find.", "Give a question, or --find.")
    search = Search(tuple(options.collection), tuple(options.bbox) if options.bbox else None, options.datetime, options.limit)
    return Source(
        options.source,
        options.question,
        tuple(options.bands) if options.bands else None,
        answer_type_of(options),
        options.asset,
        search,
        " ".join(options.find.split()),
    )


def check_other(options: argparse.Namespace) -> None:
    """Raises UsageError where --out is the file of the rows itself."""
    if os.path.exists(options.out) and os.path.exists(options.source) and os.path.samefile(options.source, options.out):
        raise UsageError(f"--out is {options.out}, the file of the rows itself.", "Name another file.")


def shard(text: str) -> tuple[int, int]:
    """ "I/N", I from 1 to N."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N, with I from 1 to N")
    return int(match[1]), int(match[2])


def in_shard(table: Table, part: tuple[int, int] | None) -> Table:
    """The rows of one shard of N: which one a row belongs to, its id alone decides."""
    if part is None:
        return table
    number, count = part

    def belongs(id: str | int) -> bool:
        return int.from_bytes(hashlib.sha256(str(id).encode()).digest()[:8], "big") % count == number - 1

    return replace(table, rows=[row for row in table.rows if belongs(row.id)])


def written(path: Path, table: Table, sign: Sign, cancelled: Callable[[], bool], console: Console) -> Table | None:
    """Opens the rasters of the rows, and writes the manifest. Returns the rows as they are now; None: cancelled."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        opened = manifest.described(table, manifest.earlier(path), sign, cancelled)
        rows = list(progress.track(opened, total=len(table.rows), description="opening rasters"))
    if len(rows) < len(table.rows):
        return None
    table = replace(table, rows=rows)
    manifest.write(path, table, bare=sign is not unsigned)
    if sign is unsigned and manifest.has_secrets(table):
        note = f"note: {path} holds addresses with a login or a signature, and only you can read it; --sign keeps them out of the file"
        console.print(note, markup=False, soft_wrap=True)
    return table


def manifest_command(parser: Parser) -> None:
    parser.description = f"""Write the rows to ask to a file, each with its id, after opening and describing its raster. `zoomearth batch`
asks that file; rows whose raster can't be opened are not asked, and have the reason in `error`. The same command opens only what is new
or has failed.

{SOURCES}"""
    add_source(parser)
    add_answer_type(parser, "of rows that name none")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help=f"the file: {', '.join(manifest.SUFFIXES)}")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        'zoomearth batch manifest tiles/ "Is there storm damage?" --out rows.parquet',
        'zoomearth batch manifest https://example.org/stac "Any ship?" --collection s2 --bbox 9,53,10,54 --asset visual --out rows.jsonl',
    )
    parser.set_defaults(run=_manifest)


def _manifest(options: argparse.Namespace) -> int:
    if options.out.suffix.lower() not in manifest.SUFFIXES:
        raise UsageError(f"--out {options.out} has no known suffix.", f"Give a name that ends in {' or '.join(manifest.SUFFIXES)}.")
    check_other(options)
    sign, interrupted = signer(options.sign), Interrupt()
    table = written(options.out, rows_of(source_of(options)), sign, interrupted, Console(stderr=True, quiet=options.json))
    if table is None:
        return 130
    bad = sum(isinstance(row, BadRow) for row in table.rows)
    counts = {"rows": len(table.rows), "failed": bad, "out": str(options.out)}
    print(json.dumps(counts) if options.json else f"{len(table.rows)} rows, {bad} of which can't be asked: {options.out}")
    return 1 if bad else 0
