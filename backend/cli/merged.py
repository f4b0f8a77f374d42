"""`zoomearth batch merge`: the answers of several batches in one file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from ...core.errors import UsageError
from ..merging import merged
from ..outputs.merged import SUFFIXES, write_merged
from ..outputs.writing import check_file
from ..rows.files import read
from .parser import Parser

LISTED = 10  # missing rows that are named


def command(parser: Parser) -> None:
    parser.description = """Join the answers of several batches over one set of rows: as one file of answers (.jsonl), or as a table of
boxes and answers in degrees (.gpkg, .parquet). Of several lines with one id, an answer counts more than an error, and a later line more
than an earlier one."""
    parser.add_argument("parts", nargs="+", type=Path, metavar="PART", help="files of answers of `zoomearth batch`")
    parser.add_argument("--rows", type=Path, metavar="ROWS", help="the file of rows: names those that no part has")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the file: .jsonl, .gpkg or .parquet; it is replaced")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        "zoomearth batch merge parts/*.jsonl --rows rows.parquet --out all.gpkg",
        "zoomearth batch merge monday.jsonl tuesday.jsonl --out both.jsonl",
    )
    parser.set_defaults(run=_merge)


def _merge(options: argparse.Namespace) -> int:
    suffix = options.out.suffix.lower()
    if suffix not in (".jsonl", *SUFFIXES):
        raise UsageError(f"--out {options.out} has no known suffix.", f"Give a name that ends in .jsonl, {' or '.join(SUFFIXES)}.")
    check_file(str(options.out))
    wanted = [str(row.id) for row in read(options.rows, "any").rows] if options.rows else None
    result = merged(options.parts, wanted)
    if suffix == ".jsonl":
        result.write(options.out)
    else:
        write_merged(options.out, result.lines())
    notes = Console(stderr=True, quiet=options.json)
    if result.missing:
        more = f" and {len(result.missing) - LISTED} more" if len(result.missing) > LISTED else ""
        notes.print(f"note: no part has {', '.join(result.missing[:LISTED])}{more}", markup=False, highlight=False, soft_wrap=True)
    if result.foreign:
        sentence = f"note: {result.foreign} rows of the parts are not in {options.rows}, and are left out"
        notes.print(sentence, markup=False, highlight=False, soft_wrap=True)
    counts = {**result.counts(), "missing": result.missing, "duplicates": result.duplicates, "out": str(options.out)}
    print(json.dumps(counts) if options.json else f"{result.sentence()}: {options.out}")
    return 1 if result.missing or result.failed else 0
