"""The values of the report's tables; resources/report/page.html has the layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...data.sets import BENCHMARKS, Benchmark
from .. import statistics as figures
from ..records import Record


def benchmark(records: Sequence[Record]) -> Benchmark | None:
    """The benchmark that the records' spec names; None where it is none of ours."""
    spec = records[0].spec
    kind, extractor = BENCHMARKS.get(str(spec.get("benchmark"))), str(spec.get("extractor") or "")
    return kind(extractor) if kind and extractor in ("", *kind.extractors) else None


def official(runs: Mapping[str, Sequence[Record]]) -> list[dict[str, Any]]:
    """For each run of one of our benchmarks: its official counts (`statistics.summary`) and the further values of the table."""
    counted = []
    for name, records in runs.items():
        if kind := benchmark(records):
            scored = [record for record in records if record.error is None]
            counted.append(
                {
                    "name": name,
                    "spec": records[0].spec,
                    "summary": figures.summary(kind, records),
                    "interval": figures.by_image(scored),
                    "silent": sum(record.answer is None for record in scored),
                    "zoomed": any(record.zoomed for record in scored),
                }
            )
    return counted


def published(tables: Sequence[Mapping[str, Any]], counted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The paper's tables, with a row for each run of `official` whose benchmark has a column."""
    filled = []
    for table in tables:
        ours = []
        for run in counted:
            values = [_value(run["summary"], key, run["spec"]["benchmark"]) for key in table["ours"]]
            if any(value is not None for value in values):
                ours.append([f"this run: {run['spec'].get('model')}, {run['name']}", *values])
        filled.append({**table, "rows": [*table["rows"], *ours]})
    return filled


def _value(summary: Mapping[str, Any], key: str, asked: str) -> float | None:
    """Our figure in % for a column with the key BENCHMARK, BENCHMARK/type or BENCHMARK/iou; None for another benchmark."""
    name, _, part = key.partition("/")
    if name != asked:
        return None
    if part == "iou":
        mean = summary["apo_iou"]["expanded512_px"]["mean"]
        return None if mean is None else 100 * mean
    group = summary["by_type"].get(part) if part else summary
    return 100 * group["stage2"]["accuracy"] if group else None
