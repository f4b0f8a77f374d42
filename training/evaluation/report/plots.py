"""The plots as SVG, with the page's colours, so that they change with its dark mode."""

from __future__ import annotations

import html
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ...data.scoring import PIXEL_IOUS
from .. import statistics as figures
from ..records import Record

LABEL, WIDTH, BAR = 150, 620, 11  # pixels: room for names, width of a plot, height of a bar
BINS = 20


def all_plots(runs: Mapping[str, Sequence[Record]]) -> list[tuple[str, str]]:
    """(title, SVG): right answers by type and category, zoom rate, IoU, and accuracy against what it cost."""
    whole = {name: [record for record in records if record.error is None] for name, records in runs.items()}
    whole = {name: records for name, records in whole.items() if records}
    if not whole:
        return []
    rows = figures.ablation(whole)
    accuracy = [(row["what"], [_mark(row, name) for name in whole]) for row in rows]
    served = next(iter(whole.values()))
    zooms = [(row["what"], [(row["zoom_rate"], None)]) for row in rows]
    plots = [
        ("Right answers by type and category, with 95 % intervals by image", bars(accuracy, list(whole))),
        (f"How often it zooms ({next(iter(whole))})", bars(zooms, [])),
    ]
    for variant in PIXEL_IOUS:
        if values := figures.pixel_ious(served, variant):
            plots.append((f"IoU of its boxes, {variant}: mean {statistics.fmean(values):.3f}", histogram(values)))
    shares = {name: sum(map(figures.right, records)) / len(records) for name, records in whole.items()}
    costs = {name: statistics.fmean(record.tokens_in + record.tokens_out for record in records) for name, records in whole.items()}
    dots = [(name, costs[name], shares[name]) for name in whole]
    plots.append(("Right answers against the cost of a question", scatter(dots, "tokens a question, pictures included")))
    views = {name: (records[0].spec.get("policy") or {}).get("view") for name, records in whole.items()}
    if len(set(views.values())) > 1:
        sized = [(name, float(view), shares[name]) for name, view in views.items() if view]
        plots.append(("Right answers against the size of a view", scatter(sized, "longest side of a view, pixels")))
    return plots


def _mark(row: Mapping[str, Any], name: str) -> tuple[float | None, tuple[float, float] | None]:
    return (row["modes"][name]["share"], row["modes"][name]["interval"]) if name in row["modes"] else (None, None)


Bars = Sequence[tuple[str, Sequence[tuple[float | None, tuple[float, float] | None]]]]
"""(name, values); a value for each series: a share 0..1 (None: no bar), and its interval (None: no whisker)."""


def bars(groups: Bars, series: Sequence[str]) -> str:
    """Horizontal bars of shares, grouped by name; a whisker shows an interval. series: the names of the bars in a group."""
    count = max(len(values) for _, values in groups)
    step, top = count * BAR + 9, 22 if series else 4
    height, span = top + len(groups) * step, WIDTH - LABEL - 46
    parts = [
        f'<line class="grid" x1="{LABEL + span * at / 4:.1f}" x2="{LABEL + span * at / 4:.1f}" y1="{top}" y2="{height}"/>'
        for at in range(5)
    ]
    for at, name in enumerate(series):
        x = LABEL + at * span / max(3, len(series))
        parts.append(
            f'<rect class="s{at % 6}" x="{x:.1f}" y="3" width="10" height="10"/><text x="{x + 14:.1f}" y="12">{html.escape(name)}</text>'
        )
    for row, (name, values) in enumerate(groups):
        y = top + row * step + 3
        weight, title = "" if name.startswith(" ") else ' class="strong"', html.escape(_clipped(name.strip()))
        parts.append(f'<text{weight} x="{LABEL - 8}" y="{y + count * BAR / 2 + 4:.1f}" text-anchor="end">{title}</text>')
        for at, (value, interval) in enumerate(values):
            if value is None:
                continue
            middle = y + at * BAR + BAR / 2
            parts.append(
                f'<rect class="s{at % 6}" x="{LABEL}" y="{y + at * BAR + 1}" width="{max(0.5, span * value):.1f}" height="{BAR - 2}"/>'
            )
            end = value
            if interval:
                low, high = (LABEL + span * side for side in interval)
                parts.append(f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>')
                end = max(value, interval[1])
            parts.append(f'<text class="small" x="{LABEL + span * end + 4:.1f}" y="{middle + 3.5:.1f}">{100 * value:.1f}</text>')
    return _svg(height, parts)


def histogram(values: Sequence[float]) -> str:
    """A histogram of values 0..1 with BINS bars."""
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int(value * BINS))] += 1
    height, left, span = 190, 46, WIDTH - 60
    top = max(counts)
    parts = []
    for at, count in enumerate(counts):
        tall = 140 * count / top
        x = left + span * at / BINS
        title, wide = f"{at / BINS:.2f} to {(at + 1) / BINS:.2f}: {count}", span / BINS - 2
        size = f'width="{wide:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect class="s0" x="{x:.1f}" y="{160 - tall:.1f}" {size}><title>{title}</title></rect>')
    for at in range(5):
        parts.append(f'<text class="small" x="{left + span * at / 4:.1f}" y="176" text-anchor="middle">{at / 4:g}</text>')
    parts.append(f'<text class="small" x="{left - 6}" y="24" text-anchor="end">{top}</text>')
    parts.append(f'<line class="axis" x1="{left}" x2="{left + span}" y1="160" y2="160"/>')
    return _svg(height, parts)


def scatter(dots: Sequence[tuple[str, float, float]], axis: str) -> str:
    """A dot for each (name, x, share of right answers)."""
    left, span = 46, WIDTH - 250
    height = max(230, 30 + 18 * len(dots))
    most = max(x for _, x, _ in dots) * 1.1 or 1
    parts = []
    for at in range(5):
        y = 190 - 42.5 * at
        parts.append(f'<line class="grid" x1="{left}" x2="{left + span}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="small" x="{left - 6}" y="{y + 4}" text-anchor="end">{25 * at} %</text>')
        parts.append(f'<text class="small" x="{left + span * at / 4:.1f}" y="206" text-anchor="middle">{most * at / 4:.0f}</text>')
    parts.append(f'<text class="small" x="{left + span / 2:.1f}" y="224" text-anchor="middle">{html.escape(axis)}</text>')
    for at, (name, x, share) in enumerate(dots):
        key, row = left + span + 24, 24 + 18 * at
        parts.append(f'<circle class="s{at % 6}" cx="{left + span * x / most:.1f}" cy="{190 - 170 * share:.1f}" r="6"/>')
        parts.append(f'<circle class="s{at % 6}" cx="{key}" cy="{row}" r="5"/>')
        parts.append(f'<text x="{key + 10}" y="{row + 4}">{html.escape(_clipped(name))}: {100 * share:.1f} % at {x:.0f}</text>')
    return _svg(height, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _clipped(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"
