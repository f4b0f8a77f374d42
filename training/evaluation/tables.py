"""The figures on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..data.sets import Benchmark
from . import statistics as figures
from .records import Record
from .statistics import Versus

SHOWN = 10  # questions listed either side of a comparison


def show_summary(benchmark: Benchmark, mode: str, found: Mapping[str, Any], records: Sequence[Record], console: Console) -> None:
    """The official figures: all, by type, by category, and the boxes."""
    table = Table(title=escape(f"{benchmark.title}{mode and ': '}{mode}"), caption=escape(benchmark.note), caption_justify="left")
    table.add_column("")
    for name in ("questions", "right before a zoom, %", "right, %"):
        table.add_column(name, justify="right")
    _row(table, "all", found, "bold")
    for name, group in found["by_type"].items():
        _row(table, name, group, "bold")
    for name, group in found["by_category"].items():
        _row(table, f"  {name}", group, "")
    console.print(table)
    for name, value in found.get("averages", {}).items():
        console.print(f"{escape(name)}: {100 * value:.2f} %", highlight=False)
    for name, spread in found["apo_iou"].items():
        if spread["n"]:
            console.print(f"IoU {name}: mean {spread['mean']:.4f}, median {spread['median']:.4f}, n {spread['n']}", highlight=False)
    show_failures(records, console, asked=bool(mode))


def show_failures(records: Sequence[Record], console: Console, asked: bool = True) -> None:
    """asked: by this command, which asks them again; else the records were only read."""
    failed = [record for record in records if record.error]
    if failed:
        told = "questions failed and are not counted" if asked else "rows have no score and are not counted"
        again = "; the same command asks them again" if asked else ""
        console.print(f"[red]{len(failed)} {told}[/]{again}. The first:")
        for record in failed[:3]:
            console.print(f"  {escape(record.question_id)}: {escape(str((record.error or {}).get('message')))}", highlight=False)


def _row(table: Table, name: str, found: Mapping[str, Any], style: str) -> None:
    shares = (f"{100 * found[stage]['accuracy']:.2f}" for stage in ("stage1", "stage2"))
    table.add_row(escape(name), str(found["n"]), *shares, style=style)


def show_ablation(runs: Mapping[str, Sequence[Record]], console: Console) -> None:
    table = Table(title="Why: right answers, % (95 % interval, bootstrap by image)")
    modes = list(runs)
    for name in ("", "questions", *modes, "constant", "zooms, %", "IoU raw_px", "centre hit"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in figures.ablation(runs):
        cells = [escape(row["what"]), str(row["n"])]
        for mode in modes:
            mark = row["modes"].get(mode)
            cells.append(f"{100 * mark['share']:.1f} ({100 * mark['interval'][0]:.1f}-{100 * mark['interval'][1]:.1f})" if mark else "")
        cells += [f"{100 * row['constant']:.1f}", f"{100 * row['zoom_rate']:.1f}"]
        cells += ["" if row[name] is None else f"{row[name]:.3f}" for name in ("iou", "hit")]
        table.add_row(*cells, style="" if row["what"].startswith(" ") else "bold")
    console.print(table)


def show_comparison(first: Path, second: Path, found: Versus, before: Sequence[Record], console: Console) -> None:
    """What the second run alone got right, and what it alone got wrong, beside the first one's answers."""
    said = {record.question_id: record.answer for record in before}
    gain = (len(found.better) - len(found.worse)) / found.n
    console.print(f"A: {first}\nB: {second}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{found.n} questions: both right {found.both}, neither {found.neither}, only B {len(found.better)}, only A {len(found.worse)}; "
        f"B {100 * gain:+.2f} points, McNemar p = {found.p:.3g}",
        highlight=False,
    )
    for title, records in (("Better in B", found.better), ("Worse in B", found.worse)):
        table = Table(
            "type", "question", "truth", "A", "B", title=f"{title}: {len(records)}" + f", the first {SHOWN}" * (len(records) > SHOWN)
        )
        for record in records[:SHOWN]:
            cells = (record.type, record.question, record.ground_truth, said[record.question_id] or "-", record.answer or "-")
            table.add_row(*map(escape, cells))
        console.print(table)
