"""`zoomearth models test`: shows a model drawn targets, and says how it counts its boxes."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.calibration import Calibration
from ...core.errors import Cancelled, UsageError
from ...core.families import DIALECTS
from ...core.settings import Settings
from ...core.typed import to_json
from ..engines.open import calibrate_model
from .interrupt import Interrupt
from .parser import Parser, add_settings, settings_of


def command(parser: Parser) -> None:
    parser.description = """Show a model drawn targets at known places, and find out how it counts its boxes: four requests.

The result is remembered: what differs from the model's family is put right from then on. A model that marks no places answers from the
overview only."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="a model's id or folder; with --remote: the name of the model on the server"
    )
    add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples(
        "zoomearth models test qwen2.5-vl-7b",
        "zoomearth models test --remote http://localhost:11434/v1",
        "zoomearth models test Qwen/Qwen3-VL-8B-Instruct --remote http://localhost:8000/v1 --json",
    )
    parser.set_defaults(run=lambda options: test(options, settings_of(options)))


def test(options: argparse.Namespace, settings: Settings) -> int:
    """Returns 0, 1 where the model marks no places, 130 where interrupted. Raises ZoomEarthError."""
    if options.name:
        field = "remote_model" if settings.remote else "model"
        if getattr(settings, field) not in ("", options.name):
            raise UsageError(f"Two models are named: {options.name} and {getattr(settings, field)}.", "Name one of them.")
        settings = replace(settings, **{field: options.name})
    console = Console(stderr=True)
    interrupted = Interrupt()
    try:
        with console.status("loading", spinner="dots") as status:
            found, profile = calibrate_model(settings, None, lambda done, total: status.update(f"testing, {done} of {total}"), interrupted)
    except Cancelled:
        return 130
    if options.json:
        verdict = found.verdict(DIALECTS[found.dialect].convention)
        print(json.dumps({**to_json(found), "verdict": verdict, "asked_as": profile.dialect.described}))
    else:
        _print(found, profile.dialect.described)
    return 0 if found.boxes else 1


def _print(found: Calibration, described: str) -> None:
    words = {
        "marks places": f"{'yes' if found.boxes else 'no'}, mean overlap {found.overlap:.2f}",
        "counts boxes in": str(found.convention) if found.boxes else "-",
        "in a second look": "yes" if found.again else "no box: the frame is that of its family",
        "marks several in one reply": "yes" if found.lists else "no",
        "calls a tool": "yes" if found.tools else "no",
        "views": f"{found.view} px at the most: the server makes larger ones smaller" if found.view else "shown as they are sent",
        "asked as": described,
        "took": f"{found.requests} requests, {found.seconds:.1f} s",
    }
    table = Table(show_header=False, box=None)
    for name, value in words.items():
        table.add_row(f"[bold]{name}[/]", escape(value))
    console = Console(highlight=False)
    console.print(table)
    console.print(escape(found.verdict(DIALECTS[found.dialect].convention)), soft_wrap=True)
