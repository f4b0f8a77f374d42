"""`zoomearth data`: inspects a set of questions before a training:

    zoomearth data FOLDER                       (or any source that --data takes: lrs-gro:/data/LRS-GRO#RL)

It prints the questions by level and category, the distribution of answers, the sizes of boxes, the rows that can't be used with the reason,
and what a blind guess gets right: the commonest answer of the category and the question's first two words on the other images.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import quantiles
from typing import Any

from ...backend.cli.parser import Parser
from ...core.example import Example
from ...core.labels.balance import blind_guesses
from .sets.base import Unusable
from .sources import Source, check

LISTED = 5  # rows that are listed for each reason, and answers for each category


def blind(examples: Sequence[Example]) -> float:
    """The share, 0..1, that a blind guess gets right, see `core.labels.balance.blind_guesses`."""
    return sum(blind_guesses(examples)) / len(examples) if examples else 0.0


def _plain(example: Example) -> str:
    return example.answer.strip().lower().rstrip(".")


def counted(rows: Iterable[Example | Unusable]) -> tuple[list[Example], dict[str, list[str]]]:
    """The usable rows, and the ids of the others with their details, by reason."""
    good: list[Example] = []
    bad: dict[str, list[str]] = defaultdict(list)
    for row in check(rows):
        if isinstance(row, Unusable):
            bad[row.why].append(f"{row.id} {row.detail}".strip())
        else:
            good.append(row)
    return good, dict(bad)


def show(source: str, good: Sequence[Example], bad: dict[str, list[str]], console: Any) -> None:
    images = Counter(example.image for example in good)
    console.print(
        f"{source}: {len(good)} questions over {len(images)} images, {sum(map(len, bad.values()))} rows can't be used",
        style="bold",
        markup=False,
    )
    if good:
        _show_kinds(good, console)
    for why, ids in sorted(bad.items(), key=lambda item: -len(item[1])):
        listed = "; ".join(ids[:LISTED]) + ("; ..." if len(ids) > LISTED else "")
        console.print(f"{len(ids)} dropped: {why} ({listed})", style="yellow", markup=False)


def _show_kinds(good: Sequence[Example], console: Any) -> None:
    from rich.markup import escape
    from rich.table import Table

    kinds: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example in good:
        kinds[example.level or "-", example.category or "-"].append(example)
    table = Table()
    for name in ("level", "category"):
        table.add_column(name)
    for name in ("questions", "with a box", "answers", "blind"):
        table.add_column(name, justify="right")
    table.add_column("commonest answers")
    for (level, category), group in sorted(kinds.items()):
        answers = Counter(map(_plain, group))
        common = ", ".join(f"{answer[:24]} {100 * count / len(group):.0f} %" for answer, count in answers.most_common(LISTED))
        boxed = sum(example.box is not None for example in group)
        figures = (str(len(group)), str(boxed), str(len(answers)), f"{100 * blind(group):.0f} %")
        table.add_row(escape(level), escape(category), *figures, escape(common))
    console.print(table)
    console.print(
        f"A blind guess gets {100 * blind(good):.1f} % right: on other images, the commonest answer of the category and first two words."
    )
    for line in _boxes(good):
        console.print(line)


def _boxes(good: Sequence[Example]) -> list[str]:
    sides = [max(step.box.width, step.box.height) for example in good for step in example.steps if step.box]
    if len(sides) < 2:
        return []
    frames = {example.frame for example in good if example.box}
    unit = "source pixels" if frames == {None} else f"of {frames.pop():g} to the image's long side" if len(frames) == 1 else "mixed units"
    low, middle, high = (quantiles(sides, n=20, method="inclusive")[at] for at in (0, 9, 18))
    return [f"Long side of a box, {unit}: 5 % below {low:.0f}, half below {middle:.0f}, 95 % below {high:.0f}."]


def command(parser: Parser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a folder of your own, or KIND:PATH[#SPLIT], as for --data of `zoomearth train`")
    parser.examples("zoomearth data /data/mine", "zoomearth data lrs-gro:/data/LRS-GRO#RL")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    good, bad = counted(Source.of(options.source).rows())
    show(options.source, good, bad, Console(width=None if sys.stdout.isatty() else 140))
    return 0
