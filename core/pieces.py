"""Marks of overlapping views to features: what a seam cut is joined, what was seen twice counts once.

    pieces = Pieces(thing=80)
    pieces.add(Piece(box, ...))                      # in any order
    features = pieces.settle(pending)                # of all groups that no view to come can change

The result depends on the set of the pieces only, not on their order: pieces that touch are kept as one group until all of them are there,
and a group is settled as a whole.

Two marks of different views are readings of one thing where they agree about what both views saw: the intersection of their visible parts
is at least SAME of the smaller one. Of the readings of a thing, one that no edge of its view cuts is the feature; a thing of which there is
none is larger than the overlap: its pieces reach across it, and the feature is their union. A piece that an edge cuts and that adds nothing
to the thing beside it is dropped. A shape that holds several others is one of two: if it has the better size, they are candidates, which
do not count; else it is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Callable, Iterable, Sequence

from .geometry import Box
from .nearby import Nearby

SAME = 0.5  # intersection over the smaller area, of what both views saw
ALIKE = 0.3  # smaller over larger area there: less is a part, not a reading
TWICE = 0.9  # IoU of two marks of one view that are one thing, written twice
INSIDE = 0.8  # of a part's area lies in what holds it
PART = 0.5  # of the area of what holds it, at the most
THIN = 0.25  # a piece this much shallower than the thing beside it adds nothing to it
SLACK = 2.0  # shown pixels: models draw a box that ends at an edge up to this far from it
LEEWAY = 0.25  # of the narrower side of a mark: small things side by side are not one
VAGUE = 0.006  # of the side of a large view, likewise


@dataclass(frozen=True)
class Piece:
    """A mark in one view. box, window: in source pixels; view: the id of the view, window: what it showed. scale: source pixels per shown
    pixel. area: of the whole survey, whose own edges cut nothing."""

    box: Box
    label: str
    score: float | None
    view: str
    window: Box
    scale: float
    area: Box

    @property
    def slack(self) -> float:
        return max(SLACK * self.scale, VAGUE * max(self.window.width, self.window.height))

    @property
    def cuts(self) -> tuple[bool, bool, bool, bool]:
        """Whether the left, top, right and bottom edge of the view cuts it."""
        near = (abs(side - edge) <= self.slack for side, edge in zip(self.box, self.window))
        inner = (edge != outer for edge, outer in zip(self.window, self.area))
        left, top, right, bottom = (at_edge and within for at_edge, within in zip(near, inner))
        return left, top, right, bottom

    @property
    def reach(self) -> Box:
        """Around everything that can be a reading of the same thing."""
        return grown(self.box, self.slack)


@dataclass(frozen=True)
class Feature:
    """A thing, or a candidate for one. box: in source pixels. view: in which it was seen whole, or best; pieces: marks that it is made
    of. candidate: it does not count, because what holds it does, or what it holds."""

    box: Box
    label: str
    score: float | None
    view: str
    scale: float
    pieces: int
    candidate: bool = False


def grown(box: Box, by: float) -> Box:
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)


class Pieces:
    """The pieces of groups that are not settled. thing: how large one is along its longer side, in source pixels; None: not known."""

    def __init__(self, thing: float | None = None) -> None:
        self.thing = thing
        self._index = Nearby()
        self._pieces: dict[int, Piece] = {}
        self._group_of: dict[int, int] = {}
        self._groups: dict[int, list[int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, piece: Piece) -> None:
        number, self._next = self._next, self._next + 1
        touched = {self._group_of[other] for other in self._index.near(piece.reach)}
        largest = max(touched, key=lambda group: len(self._groups[group]), default=number)
        members = self._groups.setdefault(largest, [])
        for group in touched - {largest}:
            for moved in self._groups.pop(group):
                members.append(moved)
                self._group_of[moved] = largest
        members.append(number)
        self._group_of[number], self._pieces[number] = largest, piece
        self._index.add(number, piece.reach)

    def settle(self, pending: Callable[[Box], bool]) -> list[Feature]:
        """The features of the groups of which no piece is near what is pending, in the order of their places; they are forgotten here."""
        features = []
        for group, members in list(self._groups.items()):
            pieces = [self._pieces[number] for number in members]
            if not any(pending(piece.reach) for piece in pieces):
                features += settled(pieces, self.thing)
                self._forget(group)
        return sorted(features, key=_order)

    def _forget(self, group: int) -> None:
        for number in self._groups.pop(group):
            self._index.remove(number)
            del self._pieces[number], self._group_of[number]


@dataclass
class _Thing:
    """Pieces that are readings of one thing."""

    pieces: list[Piece]
    views: set[str]
    absorbed: int = 0
    candidate: bool = False
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        self.take(self.pieces)

    def take(self, pieces: list[Piece]) -> None:
        self.pieces = sorted(pieces, key=_rank)
        self.best = self.pieces[0]
        self.whole = not any(self.best.cuts)
        self.box = self.best.box if self.whole else _around(piece.box for piece in self.pieces)

    def feature(self) -> Feature:
        best, scores = self.best, [piece.score for piece in self.pieces if piece.score is not None]
        score = best.score if self.whole or not scores else max(scores)
        return Feature(self.box, best.label, score, best.view, best.scale, len(self.pieces) + self.absorbed, self.candidate)


def settled(pieces: Sequence[Piece], thing: float | None = None) -> list[Feature]:
    """The features of pieces, whatever their order. thing: see `Pieces`."""
    things = _joined(_once(sorted(pieces, key=_key)))
    things = _without_remains(things)
    _choose_parts(things, thing)
    return sorted((each.feature() for each in things), key=_order)


def _once(pieces: list[Piece]) -> list[Piece]:
    """Without what one view has twice. pieces: in order."""
    by_view: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        if not any(piece.box.iou(other.box) >= TWICE for other in by_view[piece.view]):
            by_view[piece.view].append(piece)
    return sorted((piece for pieces in by_view.values() for piece in pieces), key=_key)


def _joined(pieces: list[Piece]) -> list[_Thing]:
    """The readings of each thing, the surest pairs first; no view has two readings of one thing."""
    index = Nearby.of(piece.reach for piece in pieces)
    pairs = []
    for first, piece in enumerate(pieces):
        for second in index.near(piece.reach):
            if first < second and piece.view != pieces[second].view and (agreement := _agreement(piece, pieces[second])):
                pairs.append((-agreement, first, second))
    things = {number: _Thing([piece], {piece.view}) for number, piece in enumerate(pieces)}
    owner = list(range(len(pieces)))

    def root(number: int) -> int:
        while owner[number] != number:
            owner[number] = owner[owner[number]]
            number = owner[number]
        return number

    for _, first, second in sorted(pairs):
        keep, gone = sorted((root(first), root(second)))
        if keep != gone and not things[keep].views & things[gone].views:
            owner[gone] = keep
            moved = things.pop(gone)
            things[keep].views |= moved.views
            things[keep].pieces += moved.pieces
    for each in things.values():
        each.take(each.pieces)
    return list(things.values())


def _agreement(one: Piece, other: Piece) -> float:
    """0 to 1: how far two views agree about what both saw of a thing; 0 where they mean different things."""
    narrow = min(one.box.width, one.box.height, other.box.width, other.box.height)
    slack = min(one.slack, other.slack, LEEWAY * narrow)
    common = one.window.intersect(other.window)
    first, second = (grown(piece.box, slack).intersect(common) for piece in (one, other))
    smaller, larger = sorted((first.area, second.area))
    shared = first.intersect(second).area
    if not smaller or shared < SAME * smaller or smaller < ALIKE * larger:
        return 0.0
    return shared / (smaller + larger - shared)


def _without_remains(things: list[_Thing]) -> list[_Thing]:
    """Without what is only cut pieces, and adds nothing to a larger thing that covers it, or ends beside it at the edge that cut it."""
    things = sorted(things, key=lambda each: (-each.box.area, each.box))
    index = Nearby.of(each.box for each in things)
    gone = set()
    for number, remains in enumerate(things):
        larger = () if remains.whole else index.near(grown(remains.box, max(piece.slack for piece in remains.pieces)))
        holder = next(
            (other for other in larger if other < number and other not in gone and _adds_nothing(remains, things[other].box)), None
        )
        if holder is not None:
            things[holder].absorbed += len(remains.pieces) + remains.absorbed
            gone.add(number)
    return [each for number, each in enumerate(things) if number not in gone]


def _adds_nothing(remains: _Thing, box: Box) -> bool:
    inside = remains.box.intersect(box).area
    if inside >= INSIDE * remains.box.area:
        return True
    for piece in remains.pieces:
        near = piece.box.intersect(grown(box, piece.slack))
        if not near.area:
            continue
        left, top, right, bottom = piece.cuts
        across = piece.box.width <= THIN * box.width and near.height >= SAME * piece.box.height
        down = piece.box.height <= THIN * box.height and near.width >= SAME * piece.box.width
        if ((left or right) and across) or ((top or bottom) and down):
            return True
    return False


def _choose_parts(things: list[_Thing], thing: float | None) -> None:
    """Makes candidates of the parts of a shape, or of the shape, the smaller shapes first."""
    things = sorted(things, key=lambda each: (each.box.area, each.box))
    index = Nearby.of(each.box for each in things)
    for number, holder in enumerate(things):
        within = [things[other] for other in index.near(holder.box) if other < number]
        parts = [each for each in within if not each.candidate and _is_part(each.box, holder.box)]
        if not parts:
            continue
        if thing:
            misfit = [abs(math.log(max(each.box.width, each.box.height) / thing)) for each in (holder, *parts)]
            holds = misfit[0] > median(misfit[1:])
        else:
            holds = len(parts) > 1
        if holds:
            holder.candidate = True
        else:
            for each in parts:
                each.candidate = True


def _is_part(box: Box, holder: Box) -> bool:
    return box.area <= PART * holder.area and box.intersect(holder).area >= INSIDE * box.area


def _around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _key(piece: Piece) -> tuple[object, ...]:
    return piece.box, -(piece.score or 0.0), piece.view, piece.label


def _rank(piece: Piece) -> tuple[object, ...]:
    """The best reading first: whole, of the finest scale, farthest from the edges of its view."""
    inner = [edge != outer for edge, outer in zip(piece.window, piece.area)]
    margin = min((abs(side - edge) for side, edge, counts in zip(piece.box, piece.window, inner) if counts), default=math.inf)
    return any(piece.cuts), piece.scale, -margin, _key(piece)


def _order(feature: Feature) -> tuple[object, ...]:
    return feature.box.top, feature.box.left, feature.box, feature.view, feature.candidate
