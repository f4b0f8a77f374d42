"""How far two annotators agree: Cohen's kappa of their verdicts, exact match of their answers, overlap of their boxes; and where they do
not, which a person settles.

    both = compare(labels, "Ada", "Ben")
    both.agreement()                   # as the two decided, whatever was settled since
    for pair in both.differences():
        settle(labels, pair.second)    # Ben was right; logged with who and when
        both.put(pair.id, pair_of(labels, "Ada", "Ben", pair.id))
    both.agreement(settled=True)       # what was settled counts as the choice of both
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Hashable, Optional, Union

from .file import LabelFile
from .log import Change, Event
from .rows import ACCEPTED, CANDIDATE, LabelBox, Question, from_columns, now

SETTLE = "settle"
"""The name of the actions that settle a difference."""
Subject = Union[Question, LabelBox]


@dataclass(frozen=True)
class Agreement:
    """Of two annotators. questions: that both have decided. kappa: of the verdicts; None where it is not defined. exact: the share of equal
    answers among questions that both accepted. boxes, iou: of the boxes that both have drawn or moved, their number and mean overlap.
    open: differences that nobody has settled."""

    first: str
    second: str
    questions: int
    kappa: Optional[float]
    exact: Optional[float]
    boxes: int
    iou: Optional[float]
    open: int


@dataclass(frozen=True)
class Pair:
    """A question or a box as two people left it. settled: as a difference was settled after both, by its annotator; None where nobody did.
    drawn: of a box, whether both have drawn or moved it."""

    first: Subject
    second: Subject
    settled: Optional[Subject] = None
    drawn: bool = False

    @property
    def id(self) -> str:
        return self.first.id

    @property
    def differs(self) -> bool:
        """Of questions, verdict and answer count; of boxes, sides, level and description."""
        one, other = self.first, self.second
        if isinstance(one, Question) and isinstance(other, Question):
            return one.verdict != other.verdict or _plain(one.answer) != _plain(other.answer)
        return replace(one, annotator="") != replace(other, annotator="")

    @property
    def iou(self) -> Optional[float]:
        """The overlap of both boxes; None of questions, and of boxes in different units."""
        one, other = self.first, self.second
        if isinstance(one, LabelBox) and isinstance(other, LabelBox) and one.frame == other.frame:
            return one.box.iou(other.box)
        return None

    def agreed(self) -> Pair:
        """What was settled as the choice of both."""
        return replace(self, first=self.settled, second=self.settled) if self.settled else self


@dataclass
class _Tally:
    """What the figures are made of, so that one pair more or less costs nothing. verdicts: of both, with their number."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: int = 0
    equal: int = 0
    boxes: int = 0
    overlap: float = 0.0

    def count(self, pair: Pair, sign: int) -> None:
        """sign: 1 adds the pair, -1 takes it away."""
        one, other = pair.first, pair.second
        if isinstance(one, Question) and isinstance(other, Question):
            self.verdicts[one.verdict, other.verdict] += sign
            if one.verdict == other.verdict == ACCEPTED:
                self.accepted += sign
                self.equal += sign * (_plain(one.answer) == _plain(other.answer))
        elif pair.drawn and (iou := pair.iou) is not None:
            self.boxes += sign
            self.overlap += sign * iou


class Comparison:
    """What two people have both judged, by id, in the order of the log."""

    def __init__(self, first: str, second: str, pairs: Iterable[Pair] = ()) -> None:
        self.first, self.second = first, second
        self.pairs: dict[str, Pair] = {}
        self._alone, self._settled, self._open = _Tally(), _Tally(), 0
        for pair in pairs:
            self.put(pair.id, pair)

    def differences(self) -> list[Pair]:
        """Also those that were settled."""
        return [pair for pair in self.pairs.values() if pair.differs]

    def put(self, id: str, pair: Optional[Pair]) -> None:
        """Takes over what `pair_of` has read. None: one of the two has not judged it any more."""
        if id in self.pairs:
            self._count(self.pairs[id], -1)
        if pair:
            self._count(pair, 1)
            self.pairs[id] = pair
        else:
            self.pairs.pop(id, None)

    def agreement(self, settled: bool = False) -> Agreement:
        """settled: after what was settled, else as the two decided without each other."""
        tally = self._settled if settled else self._alone
        exact = tally.equal / tally.accepted if tally.accepted else None
        iou = tally.overlap / tally.boxes if tally.boxes else None
        questions = sum(tally.verdicts.values())
        return Agreement(self.first, self.second, questions, _kappa(tally.verdicts), exact, tally.boxes, iou, self._open)

    def _count(self, pair: Pair, sign: int) -> None:
        self._alone.count(pair, sign)
        self._settled.count(pair.agreed(), sign)
        self._open += sign * (pair.settled is None and pair.differs)


def compare(labels: LabelFile, first: str, second: str) -> Comparison:
    """Reads the log. Raises DataError."""
    return _compared(labels.events(people=True), labels.ids(), first, second)


def pair_of(labels: LabelFile, first: str, second: str, id: str) -> Optional[Pair]:
    """One question or box as two people left it, by its id; None where one of them has not judged it, or it is gone. Raises DataError."""
    return _pair(list(labels.events(id)), first, second) if labels.ids(id) else None


def agreements(labels: LabelFile) -> list[Agreement]:
    """Of each two annotators who have judged something both. Raises DataError."""
    pairs = list(itertools.combinations(labels.annotators(), 2))
    events = list(labels.events(people=True)) if pairs else []
    found = [_compared(events, labels.ids(), *pair).agreement() for pair in pairs]
    return [each for each in found if each.questions or each.boxes]


def settle(labels: LabelFile, row: Subject) -> None:
    """Writes the row as one of two people left it, or with a third value: an action of this file's annotator. Raises DataError."""
    if isinstance(row, LabelBox):
        box = replace(row, annotator=labels.annotator)
        others = [each for each in labels.asked(box.image, box.id) if each.level != box.level]
        changes = [Change("question", each, replace(each, level=box.level)) for each in others]
        labels.act(SETTLE, [Change("box", labels.get(LabelBox, row.id), box), *changes])
    else:
        current = labels.get(Question, row.id)
        after = replace(row, level=current.level, blind=current.blind, second=current.second, annotator=labels.annotator, decided=now())
        labels.act(SETTLE, [Change("question", current, after)])


def kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> Optional[float]:
    """Cohen's kappa of two people's choices; None without pairs, and where both always made one and the same choice."""
    return _kappa(Counter(pairs))


def _kappa(counts: Counter[Any]) -> Optional[float]:
    total = sum(counts.values())
    if not total:
        return None
    left, right = Counter[Hashable](), Counter[Hashable]()
    for (one, other), count in counts.items():
        left[one] += count
        right[other] += count
    observed = sum(count for (one, other), count in counts.items() if one == other) / total
    expected = sum(left[choice] * right[choice] for choice in left) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _compared(events: Iterable[Event], present: set[str], first: str, second: str) -> Comparison:
    """events: of people, on boxes and questions. present: the ids of rows that the file still has."""
    histories: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.target in present:
            histories[event.target].append(event)
    pairs = (_pair(history, first, second) for history in histories.values())
    return Comparison(first, second, (pair for pair in pairs if pair))


def _pair(history: list[Event], first: str, second: str) -> Optional[Pair]:
    """history: the events of one row. None where one of the two has not judged it."""
    undone = {event.undoes for event in history}
    standing = [event for event in history if event.undoes is None and event.action not in undone]
    last: dict[str, Event] = {}
    drawn, settled = set(), None
    for event in standing:
        if not _judges(event):
            continue
        if event.what == SETTLE:
            settled = event
        elif event.annotator in (first, second):
            last[event.annotator] = event
            drawn |= {event.annotator} if _draws(event) else set()
    if first not in last or second not in last or not (last[first].after and last[second].after):
        return None
    if settled and settled.time < max(last[first].time, last[second].time):
        settled = None  # one of them has thought better of it
    return Pair(_row(last[first]), _row(last[second]), _row(settled) if settled else None, drawn >= {first, second})


def _judges(event: Event) -> bool:
    """Whether the event says what its annotator thinks of the row; a question also changes with the level of its box."""
    before, after = event.before or {}, event.after
    if event.kind == "box" or after is None:
        return event.kind in ("box", "question")
    decided = after["annotator"] == event.annotator and after["verdict"] != CANDIDATE
    return event.kind == "question" and decided and after["decided"] != before.get("decided")


def _draws(event: Event) -> bool:
    return event.kind == "box" and bool(event.after) and (event.before or {}).get("sides") != (event.after or {})["sides"]


def _row(event: Event) -> Subject:
    columns = event.after or {}
    return from_columns(LabelBox, columns) if event.kind == "box" else from_columns(Question, columns)


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".")
