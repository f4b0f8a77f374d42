"""How far two annotators agree: Cohen's kappa of their verdicts, exact match of their answers, overlap of their boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Hashable, Optional

from .file import LabelFile
from .log import Event
from .rows import ACCEPTED, CANDIDATE, LabelBox, Question, from_columns


@dataclass(frozen=True)
class Agreement:
    """Of two annotators. questions: that both have decided. kappa: of the verdicts; None where it is not defined. exact: the share of equal
    answers among questions that both accepted. boxes, iou: of the boxes that both have drawn or moved, their number and mean overlap."""

    first: str
    second: str
    questions: int
    kappa: Optional[float]
    exact: Optional[float]
    boxes: int
    iou: Optional[float]


def annotators(labels: LabelFile) -> list[str]:
    """The people who have acted on questions or boxes, in order of their names."""
    return sorted({event.annotator for event in labels.events() if event.annotator})


def agreement(labels: LabelFile, first: str, second: str) -> Agreement:
    mine, yours = _decided(labels.events(), first), _decided(labels.events(), second)
    both = sorted(mine.keys() & yours.keys())
    accepted = [id for id in both if mine[id].verdict == yours[id].verdict == ACCEPTED]
    equal = [_plain(mine[id].answer) == _plain(yours[id].answer) for id in accepted]
    drawn, theirs = _boxes(labels.events(), first), _boxes(labels.events(), second)
    overlaps = [drawn[id].box.iou(theirs[id].box) for id in sorted(drawn.keys() & theirs.keys()) if drawn[id].frame == theirs[id].frame]
    return Agreement(
        first,
        second,
        len(both),
        kappa([(mine[id].verdict, yours[id].verdict) for id in both]),
        sum(equal) / len(equal) if equal else None,
        len(overlaps),
        sum(overlaps) / len(overlaps) if overlaps else None,
    )


def differences(labels: LabelFile, first: str, second: str) -> list[tuple[Question, Question]]:
    """The questions that two people decided differently, each as the first and as the second left it."""
    mine, yours = _decided(labels.events(), first), _decided(labels.events(), second)
    pairs = [(mine[id], yours[id]) for id in mine if id in yours]
    return [(a, b) for a, b in pairs if a.verdict != b.verdict or _plain(a.answer) != _plain(b.answer)]


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> Optional[float]:
    """Cohen's kappa of two people's choices; None without pairs, and where both always made one and the same choice."""
    if not pairs:
        return None
    total = len(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = sum(a == b for a, b in pairs) / total
    expected = sum(left[choice] * right[choice] for choice in left) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _decided(events: Iterable[Event], annotator: str) -> dict[str, Question]:
    """Each question as this person left it, where it is decided."""
    last: dict[str, Question] = {}
    for event in events:
        if event.kind == "question" and event.annotator == annotator:
            last.pop(event.target, None)
            if event.after and event.after["verdict"] != CANDIDATE and event.after["annotator"] == annotator:
                last[event.target] = from_columns(Question, event.after)
    return last


def _boxes(events: Iterable[Event], annotator: str) -> dict[str, LabelBox]:
    last: dict[str, LabelBox] = {}
    for event in events:
        if event.kind == "box" and event.annotator == annotator:
            last.pop(event.target, None)
            if event.after:
                last[event.target] = from_columns(LabelBox, event.after)
    return last


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".")
