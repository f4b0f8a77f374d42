"""The report's text and tables."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from .. import figures
from ..benchmarks import BENCHMARKS, Benchmark
from ..records import Record

FAILURES = 20  # named in the report


def head(runs: Mapping[str, Sequence[Record]]) -> str:
    """What was run, in one paragraph, and what must be said beside its figures."""
    spec = next(iter(runs.values()))[0].spec
    benchmark = _benchmark(next(iter(runs.values())))
    facts = {
        "model": spec.get("model"),
        "revision": spec.get("revision"),
        "server": spec.get("server"),
        "dialect": spec.get("dialect"),
        "prompt": spec.get("prompt_hash"),
        "policy": ", ".join(f"{name} {value}" for name, value in (spec.get("policy") or {}).items()),
    }
    lines = "".join(f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>" for name, value in facts.items() if value)
    if benchmark is None:
        return f"<dl>{lines}</dl>"
    title, citation, note = map(html.escape, (benchmark.title, benchmark.citation, benchmark.note))
    return f"<p>{title}: {citation}.</p><p class=note>{note}</p><dl>{lines}</dl>"


def _benchmark(records: Sequence[Record]) -> Benchmark | None:
    """As the records' spec names it; None where it names none of ours."""
    spec = records[0].spec
    kind, extractor = BENCHMARKS.get(str(spec.get("benchmark"))), str(spec.get("extractor") or "")
    return kind(extractor) if kind and extractor in ("", *kind.extractors) else None


def tables(runs: Mapping[str, Sequence[Record]], published: Mapping[str, Any]) -> str:
    return _runs(runs) + _ablation(runs) + _published(runs, published)


def _runs(runs: Mapping[str, Sequence[Record]]) -> str:
    """The official counts of each run, one row a run."""
    rows = []
    for name, records in runs.items():
        benchmark = _benchmark(records)
        if benchmark is None:
            continue
        found, scored = figures.summary(benchmark, records), [record for record in records if record.error is None]
        low, high = figures.by_image(scored)
        silent = sum(record.answer is None for record in scored)
        mean = found["apo_iou"]["expanded512_px"]["mean"]
        averages = "; ".join(f"{key} {100 * value:.2f}" for key, value in found.get("averages", {}).items())
        rows.append(
            [
                name,
                found["n"],
                f"{100 * found['stage2']['accuracy']:.2f}",
                f"{100 * low:.1f} to {100 * high:.1f}",
                f"{100 * found['stage1']['accuracy']:.2f}",
                "" if mean is None or not any(record.zoomed for record in scored) else f"{mean:.4f}",
                silent,
                found.get("errors", 0),
                averages,
            ]
        )
    columns = ["way of asking", "questions", "right, %", "95 % by image", "right before a zoom, %", "IoU expanded512_px"]
    columns += ["gave no answer (wrong)", "failed (not counted)", "averages, %"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return table("Figures, as the official script counts", columns, rows)


def _ablation(runs: Mapping[str, Sequence[Record]]) -> str:
    rows = []
    for row in figures.ablation(runs):
        cells: list[Any] = [row["what"], row["n"]]
        for name in runs:
            mark = row["modes"].get(name)
            cells.append(f"{100 * mark['share']:.1f} ({100 * mark['interval'][0]:.1f} to {100 * mark['interval'][1]:.1f})" if mark else "")
        cells += [f"{100 * row['constant']:.1f}", f"{100 * row['zoom_rate']:.1f}"]
        cells += ["" if row[name] is None else f"{row[name]:.3f}" for name in ("iou", "hit")]
        rows.append(cells)
    columns = ["", "questions", *runs, "best constant answer", "zooms", "IoU raw_px", "centre in the box"]
    return table("Why: right answers by type, % (95 % interval by image)", columns, rows)


def _published(runs: Mapping[str, Sequence[Record]], published: Mapping[str, Any]) -> str:
    """The paper's tables, with the rows of this run where it asked the same benchmark."""
    parts = [f"<h2>Published systems</h2><p class=note>{html.escape(published['source'])}</p>"]
    first = next(iter(runs.values()))
    spec, benchmark = first[0].spec, _benchmark(first)
    found = {name: figures.summary(benchmark, records) for name, records in runs.items()} if benchmark else {}
    for each in published["tables"]:
        rows = list(each["rows"])
        for name, summary in found.items():
            values = [_value(summary, key, str(spec["benchmark"])) for key in each["ours"]]
            if any(value is not None for value in values):
                rows.append([f"this run: {spec.get('model')}, {name}", *values])
        cells = [["" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else cell for cell in row] for row in rows]
        parts.append(table(each["title"], each["columns"], cells, each["caution"]))
    return "".join(parts)


def _value(summary: Mapping[str, Any], key: str, benchmark: str) -> float | None:
    """A figure of ours in %, for a column whose key is BENCHMARK, or BENCHMARK/type, or BENCHMARK/iou; None for another benchmark's."""
    name, _, part = key.partition("/")
    if name != benchmark:
        return None
    if part == "iou":
        mean = summary["apo_iou"]["expanded512_px"]["mean"]
        return None if mean is None else 100 * mean
    group = summary["by_type"].get(part) if part else summary
    return 100 * group["stage2"]["accuracy"] if group else None


def failures(runs: Mapping[str, Sequence[Record]]) -> str:
    """Questions that failed, by name: they are in no figure."""
    failed = [(name, record) for name, records in runs.items() for record in records if record.error]
    if not failed:
        return ""
    rows = [[name, record.question_id, (record.error or {}).get("message", "")] for name, record in failed[:FAILURES]]
    more = (
        f"and {len(failed) - FAILURES} more; the same command asks them again"
        if len(failed) > FAILURES
        else "the same command asks them again"
    )
    return table(f"{len(failed)} questions failed and are not counted", ["way of asking", "question", "why"], rows, more)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> str:
    """A cell that begins with two blanks is a sub-row."""
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in columns)
    body = ""
    for row in rows:
        first = str(row[0])
        body += (
            f"<tr class={'sub' if first.startswith('  ') else 'main'}>"
            + "".join(f"<td>{html.escape(str(cell).strip())}</td>" for cell in row)
            + "</tr>"
        )
    after = f"<p class=note>{html.escape(note)}</p>" if note else ""
    return f"<h3>{html.escape(title)}</h3><div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{after}"
