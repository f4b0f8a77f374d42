"""How well marks agree with the truth: boxes are paired by their intersection over union."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.geometry import Box

LEAST_IOU = 0.5


def paired(marks: Sequence[Box], truth: Sequence[Box], least: float = LEAST_IOU) -> int:
    """The number of pairs of a mark and a true box with an IoU of at least `least`; the best pair first, each box in one pair at most."""
    pairs = sorted(((mark.iou(box), i, j) for i, mark in enumerate(marks) for j, box in enumerate(truth)), reverse=True)
    marked: set[int] = set()
    found: set[int] = set()
    for iou, i, j in pairs:
        if iou >= least and i not in marked and j not in found:
            marked.add(i)
            found.add(j)
    return len(found)


def f1(counts: Sequence[tuple[int, int, int]]) -> float:
    """Of views together: of each, the number of pairs, of marks, and of true boxes. 1 where there is nothing to mark and nothing marked."""
    pairs, marks, truth = (sum(each) for each in zip(*counts)) if counts else (0, 0, 0)
    return 2 * pairs / (marks + truth) if marks + truth else 1.0
