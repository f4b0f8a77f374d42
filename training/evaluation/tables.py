"""Tables of the statistics for a terminal."""

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

LISTED = 10  # questions that are listed for each side of a comparison


def show_summary(benchmark: Benchmark, mode: str, summary: Mapping[str, Any], records: Sequence[Record], console: Console) -> None:
    """Prints the official figures: for all questions, by type, by category, and for the boxes."""
    table = Table(title=escape(f"{benchmark.title}{mode and ': '}{mode}"), caption=escape(benchmark.note), caption_justify="left")
    table.add_column("")
    for name in ("questions", "right before a zoom, %", "right, %"):
        table.add_column(name, justify="right")
    _row(table, "all", summary, "bold")
    for name, group in summary["by_type"].items():
        _row(table, name, group, "bold")
    for name, group in summary["by_category"].items():
        _row(table, f"  {name}", group, "")
    console.print(table)
    for name, value in summary.get("averages", {}).items():
        console.print(f"{escape(name)}: {100 * value:.2f} %", highlight=False)
    for name, spread in summary["apo_iou"].items():
        if spread["n"]:
            console.print(f"IoU {name}: mean {spread['mean']:.4f}, median {spread['median']:.4f}, n {spread['n']}", highlight=False)
    show_failures(records, console, asked=bool(mode))


def show_failures(records: Sequence[Record], console: Console, asked: bool = True) -> None:
    """Prints the first failed records. asked: this command has asked the questions; else it has only read the records."""
    failed = [record for record in records if record.error]
    if failed:
        sentence = "questions failed and are not counted" if asked else "rows have no score and are not counted"
        again = "; the same command asks them again" if asked else ""
        console.print(f"[red]{len(failed)} {sentence}[/]{again}. The first:")
        for record in failed[:3]:
            console.print(f"  {escape(record.question_id)}: {escape(str((record.error or {}).get('message')))}", highlight=False)


def _row(table: Table, name: str, group: Mapping[str, Any], style: str) -> None:
    shares = (f"{100 * group[stage]['accuracy']:.2f}" for stage in ("stage1", "stage2"))
    table.add_row(escape(name), str(group["n"]), *shares, style=style)


def show_ablation(runs: Mapping[str, Sequence[Record]], console: Console) -> None:
    table = Table(title="Why: right answers, % (95 % interval, bootstrap by image)")
    modes = list(runs)
    for name in ("", "questions", *modes, "constant", "zooms, %", "IoU raw_px", "centre hit"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in figures.ablation(runs):
        cells = [escape(row["what"]), str(row["n"])]
        for mode in modes:
            mark = row["modes"].get(mode)
            cells.append(percent(mark["share"], mark["interval"]) if mark else "")
        cells += [f"{100 * row['constant']:.1f}", f"{100 * row['zoom_rate']:.1f}"]
        cells += ["" if row[name] is None else f"{row[name]:.3f}" for name in ("iou", "hit")]
        table.add_row(*cells, style="" if row["what"].startswith(" ") else "bold")
    console.print(table)


def percent(share: float, interval: tuple[float, float]) -> str:
    """A share with its interval, as a cell of a table in %: "97.0 (95.9-98.0)"."""
    return "{:.1f} ({:.1f}-{:.1f})".format(*(100 * value for value in (share, *interval)))


def show_comparison(first: Path, second: Path, versus: Versus, before: Sequence[Record], console: Console) -> None:
    """Prints the questions that only the second run got right, or only it got wrong, with both answers. before: the first run's records."""
    answers = {record.question_id: record.answer for record in before}
    gain = (len(versus.better) - len(versus.worse)) / versus.n
    console.print(f"A: {first}\nB: {second}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{versus.n} questions: both right {versus.both}, neither {versus.neither}, only B {len(versus.better)}, "
        f"only A {len(versus.worse)}; B {100 * gain:+.2f} points, McNemar p = {versus.p:.3g}",
        highlight=False,
    )
    for title, records in (("Better in B", versus.better), ("Worse in B", versus.worse)):
        table = Table(
            "type", "question", "truth", "A", "B", title=f"{title}: {len(records)}" + f", the first {LISTED}" * (len(records) > LISTED)
        )
        for record in records[:LISTED]:
            cells = (record.type, record.question, record.ground_truth, answers[record.question_id] or "-", record.answer or "-")
            table.add_row(*map(escape, cells))
        console.print(table)
