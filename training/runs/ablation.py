"""The table and the plot of ablation.sh, from all runs that are complete.    python -m zoomearth.training.runs.ablation OUT"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...core import texts
from ..data.scoring import four
from ..evaluation import statistics as figures
from ..evaluation.records import Record, read
from ..tuning.callbacks import last_complete

VARIANTS = {
    "weak": "SFT on shifted labels",
    "full": "+ GRPO",
    "no-iou": "+ GRPO, without IoU",
    "no-region": "+ GRPO, without region-guided",
}
COLUMNS = {  # of the table: the mode, what is averaged, and whether only over questions with a box
    "with its crop": ("zoom", "right", False),
    "no crop": ("no-crop", "right", False),
    "true box": ("oracle-box", "right", False),
    "with a box: its crop": ("zoom", "right", True),
    "with a box: no crop": ("no-crop", "right", True),
    "with a box: zooms": ("zoom", "zoomed", True),
    "box IoU": ("zoom", "iou", True),
}
PLOTTED = ("with its crop", "with a box: its crop", "box IoU")
MODES = {mode for mode, _, _ in COLUMNS.values()}
CURVES = {"rewards/answer/mean": "answer reward", "box_iou_raw": "IoU of the boxes", "rewards/region/mean": "region-guided reward"}

Evaluated = dict[str, dict[str, dict[str, list[Record]]]]
"""Records, by variant, run and mode."""


def outcomes(folder: Path) -> dict[str, list[Record]]:
    """The records of an evaluation by mode, without those that failed."""
    files = {mode: folder / f"{mode}.jsonl" for mode in MODES}
    return {mode: [record for record in read(file) if record.error is None] for mode, file in files.items() if file.is_file()}


def over_seeds(runs: Sequence[Sequence[Record]], value: str) -> figures.Spread:
    """The mean of a value with its interval. value: right, zoomed or iou. Several seeds: Student's t over their means; one: bootstrap over
    images.
    """
    means = [statistics.fmean(_value(record, value) for record in records) for records in runs]
    if len(means) == 1:
        return means[0], *figures.by_image(runs[0], lambda record: _value(record, value))
    mean, low, high = figures.student(means)
    return mean, max(0.0, low), min(1.0, high)


def _value(record: Record, value: str) -> float:
    if value == "iou":
        return figures.pixel_ious([record], "raw_px")[0]
    return float(figures.right(record) if value == "right" else record.zoomed)


def evaluated(out: Path) -> Evaluated:
    """The evaluations that have records in every mode."""
    return {
        variant: {folder.name: run for folder in folders(out / "evaluation", variant) if len(run := outcomes(folder)) == len(MODES)}
        for variant in VARIANTS
    }


def averaged(runs: Iterable[dict[str, list[Record]]], column: str) -> list[list[Record]]:
    """For each run, the records that a column averages."""
    mode, _, boxed = COLUMNS[column]
    return [[record for record in run[mode] if not boxed or four(record.bbox_ref)] for run in runs]


def table(evaluations: Evaluated) -> str:
    """The table in Markdown: a row for each variant, with the mean over its seeds and the 95 % interval."""
    rows = ["| | seeds | questions | " + " | ".join(COLUMNS) + " |", "|---" * (3 + len(COLUMNS)) + "|"]
    for variant, title in VARIANTS.items():
        runs = list(evaluations[variant].values())
        if not runs:
            continue
        cells = [cell(over_seeds(averaged(runs, column), value), value) for column, (_, value, _) in COLUMNS.items()]
        rows.append(f"| {title} | {len(runs)} | {len(runs[0]['zoom'])} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def differences(evaluations: Evaluated) -> str:
    """The differences in Markdown: by how many points each variant is less accurate than full GRPO with its crop, seed by seed."""
    lines = []
    accuracy = {name: statistics.fmean(map(figures.right, run["zoom"])) for runs in evaluations.values() for name, run in runs.items()}
    for variant, title in VARIANTS.items():
        seeds = [name.rpartition("-")[2] for name in evaluations["full"]]
        pairs = [(accuracy.get(f"{variant}-{seed}", accuracy.get(variant)), accuracy[f"full-{seed}"]) for seed in seeds]
        less = [100 * (whole - part) for part, whole in pairs if part is not None]
        if variant != "full" and len(less) > 1:
            each = ", ".join(f"{one:.1f}" for one in less)
            mean, low, high = figures.student(less)
            lines.append(f"* {title}: {mean:.1f} points less than + GRPO ({low:.1f} to {high:.1f}; by seed {each})")
    return "\n".join(lines) + "\n"


def cell(spread: figures.Spread, value: str) -> str:
    if value == "iou":
        return "{:.3f} ({:.3f} to {:.3f})".format(*spread)
    return "{:.1f} % ({:.1f} to {:.1f})".format(*(100 * one for one in spread))


def folders(parent: Path, variant: str) -> list[Path]:
    """The folders of a variant, one for each seed; the weak SFT has no seeds."""
    if variant == "weak":
        return [parent / variant]
    return sorted(folder for folder in parent.glob(f"{variant}-*") if folder.name.rpartition("-")[2].isdigit())


def plot(out: Path, evaluations: Evaluated, file: Path) -> None:
    """Plots the rewards during the runs (a line for each seed, smoothed over ten steps), and the held-out results (a dot for each seed).
    Each variant has one colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.5), layout="constrained")
    for at, (key, title) in enumerate(CURVES.items()):
        axes = figure.add_subplot(2, len(CURVES), at + 1)
        for number, variant in enumerate(VARIANTS):
            for run in folders(out, variant):
                points = history(run, key)
                smooth = [statistics.fmean(value for _, value in points[max(0, end - 10) : end]) for end in range(1, len(points) + 1)]
                axes.plot([step for step, _ in points], smooth, color=f"C{number}")
        axes.set(title=title, xlabel="GRPO step")
        axes.grid(alpha=0.3)
    for at, column in enumerate(PLOTTED):
        axes = figure.add_subplot(2, len(CURVES), len(CURVES) + at + 1)
        value = COLUMNS[column][1]
        for number, variant in enumerate(VARIANTS):
            if asked := averaged(evaluations[variant].values(), column):
                mean, low, high = over_seeds(asked, value)
                axes.errorbar(number, mean, [[mean - low], [high - mean]], color=f"C{number}", marker="_", markersize=18, capsize=5)
                means = [statistics.fmean(_value(record, value) for record in records) for records in asked]
                axes.scatter([number + 0.15] * len(means), means, color=f"C{number}", s=14)
        axes.set(title=f"held out: {column}", ylim=(0, 1))
        axes.set_xticks(range(len(VARIANTS)), [title.replace(", ", ",\n") for title in VARIANTS.values()], fontsize=7)
        axes.grid(alpha=0.3, axis="y")
    figure.savefig(file, dpi=100)


def history(run: Path, key: str) -> list[tuple[int, float]]:
    checkpoint = last_complete(run, tidy=False)
    rows: list[dict[str, Any]] = texts.read_object(checkpoint / "trainer_state.json")["log_history"] if checkpoint else []
    return [(row["step"], row[key]) for row in rows if row.get(key) is not None]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m zoomearth.training.runs.ablation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    evaluations = evaluated(options.out)
    text = f"{table(evaluations)}\n{differences(evaluations)}"
    (options.out / "ablation.md").write_text(text, encoding="utf-8")
    plot(options.out, evaluations, options.out / "ablation.png")
    print(text)


if __name__ == "__main__":
    main()
