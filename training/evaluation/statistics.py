"""Statistics of records: the official counts, variants of IoU, confidence intervals, zoom rates, and the comparison of two runs."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..data.scoring import PIXEL_IOUS, expanded512_ann, four
from ..data.sets import Benchmark, Mark
from .records import Record

RESAMPLES = 2000
STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)  # 97.5 % quantiles of t, from one degree of freedom on

Spread = tuple[float, float, float]
"""A mean and its 95 % interval."""


def summary(benchmark: Benchmark, records: Sequence[Record]) -> dict[str, Any]:
    """The object that `--json` prints. Accuracies are shares, 0..1. `errors`, `meaningless` (numbers of records) and `averages` are
    included only where a run or a set has them.

    stage1 counts the answers before any zoom, stage2 the last answers. A missing answer is wrong; records with `error` are not counted.
    """
    scored = [record for record in records if record.error is None]
    marks = [_marks(benchmark, record) for record in scored]
    result: dict[str, Any] = {"n": len(scored), **_stages(marks)}
    result["by_type"] = _groups(marks, [first.group for first, _ in marks])
    result["by_category"] = _groups(marks, [first.category for first, _ in marks])
    result["apo_iou"] = apo_iou(scored)
    if averages := benchmark.averages([last for _, last in marks]):
        result["averages"] = averages
    if meaningless := sum(record.meaningless for record in scored):
        result["meaningless"] = meaningless
    if len(scored) < len(records):
        result["errors"] = len(records) - len(scored)
    return result


def _marks(benchmark: Benchmark, record: Record) -> tuple[Mark, Mark]:
    group, category = benchmark.group(vars(record)), record.category or "unknown"

    def mark(answer: str | None) -> Mark:
        return Mark(group, category, benchmark.score(record.ground_truth, answer, record.choices).right)

    first = mark(record.answer1)
    return first, first if record.answer2 is None else mark(record.answer2)


def _stages(marks: Sequence[tuple[Mark, Mark]]) -> dict[str, Any]:
    stages = {}
    for at, name in enumerate(("stage1", "stage2")):
        correct = sum(pair[at].right for pair in marks)
        stages[name] = {"correct": correct, "accuracy": correct / len(marks) if marks else 0.0}
    return stages


def _groups(marks: Sequence[tuple[Mark, Mark]], names: Sequence[str]) -> dict[str, Any]:
    groups: dict[str, list[tuple[Mark, Mark]]] = {}
    for name, pair in zip(names, marks):
        groups.setdefault(name, []).append(pair)
    return {name: {"n": len(group), **_stages(group)} for name, group in sorted(groups.items())}


def apo_iou(records: Iterable[Record]) -> dict[str, dict[str, float | int | None]]:
    """Mean, median and n of each variant of IoU.

    In pixels: over all records with a label's box, where the image's size is known (else n is 0); a missing prediction counts as 0.
    `expanded512_ann` follows the authors' script: over the records that have both boxes.
    """
    records = list(records)
    spreads = {name: _spread(pixel_ious(records, name)) for name in PIXEL_IOUS}
    pairs = [(four(record.bbox), four(record.bbox_ref)) for record in records]
    spreads["expanded512_ann"] = _spread([expanded512_ann(predicted, label) for predicted, label in pairs if predicted and label])
    return spreads


def pixel_ious(records: Iterable[Record], variant: str) -> list[float]:
    """The IoU of every record with a label's box; an empty list where a necessary size is not known."""
    values = []
    for record in records:
        if four(record.bbox_ref) is None:
            continue
        predicted, label, known = record.boxes()
        if not known and record.zoomed:
            return []
        values.append(PIXEL_IOUS[variant](predicted, label) if predicted and label else 0.0)
    return values


def _spread(values: Sequence[float]) -> dict[str, float | int | None]:
    if not values:
        return {"mean": None, "median": None, "n": 0}
    return {"mean": statistics.fmean(values), "median": statistics.median(values), "n": len(values)}


def centre_hits(records: Iterable[Record]) -> float | None:
    """The share of records with a label's box where the centre of the model's box lies in it; None where there are none."""
    hits = []
    for record in records:
        predicted, label, known = record.boxes()
        if known and label:
            hits.append(bool(predicted and label.contains(*predicted.center)))
    return sum(hits) / len(hits) if hits else None


def is_scored(record: Record) -> bool:
    """Whether the record was scored when its question was asked: it has not failed, and is not from another tool."""
    return record.error is None and record.score is not None


def right(record: Record) -> bool:
    """Whether the answer is right, by the score in the record."""
    return bool(record.score and record.score["right"])


def constant_guess(records: Sequence[Record]) -> float:
    """The accuracy of the best constant answer for each category."""
    truths: dict[str, Counter[str]] = {}
    for record in records:
        truths.setdefault(record.category, Counter())[record.ground_truth] += 1
    return sum(max(counts.values()) for counts in truths.values()) / len(records) if records else 0.0


def by_image(records: Sequence[Record], value: Callable[[Record], float] = right, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the mean of `value`, by bootstrap over images: questions about one image are not independent."""
    import numpy as np

    images: dict[str, list[float]] = {}
    for record in records:
        images.setdefault(record.image, []).append(float(value(record)))
    if not images:
        return 0.0, 0.0
    sums = np.array([sum(group) for group in images.values()])
    counts = np.array([len(group) for group in images.values()])
    drawn = np.random.default_rng(seed).integers(0, len(images), (RESAMPLES, len(images)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), [2.5, 97.5])
    return float(low), float(high)


def interval(results: Sequence[Any], value: Callable[[Sequence[Any]], float]) -> tuple[float, float]:
    """95 % interval of `value` of all results, by bootstrap over scenes: results about one `scene` are not independent."""
    import numpy as np

    scenes: dict[int, list[Any]] = {}
    for result in results:
        scenes.setdefault(result.scene, []).append(result)
    groups = list(scenes.values())
    generator = np.random.default_rng(0)
    values = [value([result for at in generator.integers(0, len(groups), len(groups)) for result in groups[at]]) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def student(values: Sequence[float]) -> Spread:
    """The mean of runs that differ by their seeds alone, two or more, with Student's interval."""
    mean = statistics.fmean(values)
    half = STUDENT[min(len(values) - 2, len(STUDENT) - 1)] * statistics.stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def ablation(runs: Mapping[str, Sequence[Record]]) -> list[dict[str, Any]]:
    """Rows for all questions, for those with a box, for each type and for each category.

    A row has the accuracy of each mode with its interval by image, and the best constant answer; of the mode as served also the zoom rate,
    mean raw_px IoU and the share of centre hits. The names of categories are indented by two blanks.
    """
    scored = {mode: [record for record in records if record.error is None] for mode, records in runs.items()}
    names: dict[str, Callable[[Record], bool]] = {"all": lambda record: True, "with a box": lambda record: bool(record.bbox_ref)}
    first = next(iter(scored.values()))
    for kind in dict.fromkeys(record.type for record in first):
        if kind:
            names[kind] = partial(_is, kind, None)
        for category in sorted({record.category for record in first if record.type == kind}):
            names["  " + category + ("" if f"  {category}" not in names else f" ({kind})")] = partial(_is, kind, category)
    return [row for name, chosen in names.items() if (row := _ablated(name, scored, chosen))["n"]]


def _is(kind: str, category: str | None, record: Record) -> bool:
    return record.type == kind and category in (None, record.category)


def _ablated(name: str, runs: Mapping[str, Sequence[Record]], chosen: Callable[[Record], bool]) -> dict[str, Any]:
    groups = {mode: [record for record in records if chosen(record)] for mode, records in runs.items()}
    served = groups.get("zoom") or next(iter(groups.values()))
    row: dict[str, Any] = {"what": name, "n": len(served), "modes": {}}
    for mode, records in groups.items():
        if records:
            row["modes"][mode] = {"share": sum(map(right, records)) / len(records), "interval": by_image(records)}
    row["constant"] = constant_guess(served)
    row["zoom_rate"] = sum(record.zoomed for record in served) / len(served) if served else 0.0
    row["iou"] = _spread(pixel_ious(served, "raw_px"))["mean"]
    row["hit"] = centre_hits(served)
    return row


@dataclass(frozen=True)
class Versus:
    """The comparison of two runs, over the questions that both have answered.

    p: of McNemar's exact test, two-sided: the probability of a difference this large if both runs were equally good.
    """

    both: int
    neither: int
    better: list[Record]
    worse: list[Record]
    p: float

    @property
    def n(self) -> int:
        return self.both + self.neither + len(self.better) + len(self.worse)


def versus(first: Iterable[Record], second: Iterable[Record]) -> Versus:
    """Compares two runs. better, worse: the second run's records of questions that only it got right, or only it got wrong."""
    before = {record.question_id: record for record in first if is_scored(record)}
    pairs = [(before[record.question_id], record) for record in second if is_scored(record) and record.question_id in before]
    better = [b for a, b in pairs if right(b) and not right(a)]
    worse = [b for a, b in pairs if right(a) and not right(b)]
    both = sum(right(a) and right(b) for a, b in pairs)
    return Versus(both, len(pairs) - both - len(better) - len(worse), better, worse, mcnemar(len(better), len(worse)))


def mcnemar(better: int, worse: int) -> float:
    """Exact, two-sided: the binomial tail of the smaller count among the pairs that differ."""
    n, few = better + worse, min(better, worse)
    if n == 0:
        return 1.0
    log_half = n * math.log(0.5)
    tail = sum(math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + log_half) for k in range(few + 1))
    return min(1.0, 2 * tail)
