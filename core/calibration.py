"""What a test tells of a model: whether it marks places, and how it counts them. Values and judgement: `backend/engines/calibration.py`
does the asking.

Drawn targets at known places were shown to the model. `judge` compares the numbers that it wrote with those that each convention would
have written, and takes the convention that fits best; the dialect's own wherever it fits as well.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Iterator, Sequence, Tuple

from .boxes import UNITS, Convention
from .geometry import Box, Size, View

READS = 0.4  # mean overlap from which on a model is said to mark places; a box of twice the area, centred, has 0.5
CLEARLY = 0.1  # by so much must another convention fit better than the dialect's own
SHRUNK = (0.2, 0.95)  # of the numbers to the target's, where a server makes pictures smaller

Numbers = Tuple[float, ...]


@dataclass(frozen=True)
class Sighting:
    """A target that a model was asked to mark. target: in source pixels of what was drawn. view: of the picture shown last; root: of the
    one that began the talk. boxes: all that the reply has, their numbers as written."""

    target: Box
    view: View
    root: View
    boxes: Tuple[Numbers, ...]


@dataclass(frozen=True)
class Calibration:
    """The result of a test, as it is remembered and goes over the wire.

    model: its name; server: the address, "" for a model on this machine; revision: of the weights, or a digest of what the server says of
    them. dialect: the one it was asked in. boxes: whether it marks places. unit, y_first, frame: how it counts, see `Convention`.
    overlap: mean intersection over union of its boxes, so counted, with the targets; as_family: counted as the dialect does. again: whether
    it marked a target in a second look (otherwise `frame` is the dialect's). lists: it marks several places in one reply. tools: it calls
    a tool where it is told to. view: the longest side of pictures that the server does not make smaller; 0: none was made smaller.
    requests, seconds: what the test took. date: as YYYY-MM-DD.
    """

    model: str
    server: str
    revision: str
    dialect: str
    boxes: bool
    unit: str
    y_first: bool
    frame: str
    overlap: float
    as_family: float
    again: bool
    lists: bool
    tools: bool
    view: int
    requests: int
    seconds: float
    date: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS or self.frame not in ("last", "root"):
            raise ValueError(f"unit is {self.unit!r}, frame is {self.frame!r}: no convention has them.")

    @property
    def convention(self) -> Convention:
        return Convention(self.unit, self.y_first, self.frame)

    def verdict(self, family: Convention) -> str:
        """What follows for this model, in one sentence. family: the convention of the dialect."""
        if not self.boxes:
            return (
                f"{self.model} marks no places: its boxes fit the targets under no convention (mean overlap {self.overlap:.2f}), so it "
                "answers from the overview only."
            )
        if self.convention != family:
            return (
                f"{self.model} counts boxes in {self.convention}, and they are read so (mean overlap {self.overlap:.2f}, as "
                f"{self.dialect} {self.as_family:.2f})."
            )
        if self.view:
            return f"The server makes pictures smaller before {self.model} sees them: views are shown at {self.view} pixels at the most."
        return f"{self.model} marks places as {self.dialect} does (mean overlap {self.overlap:.2f})."


@dataclass(frozen=True)
class Fit:
    """The convention that fits best. overlap: its mean overlap; as_family: that of the dialect's own. limit: pixels that a server shows at
    the most, 0 where it shows all."""

    convention: Convention
    overlap: float
    as_family: float
    limit: float = 0.0


def judge(sightings: Sequence[Sighting], family: Convention) -> Fit:
    """The convention that fits the sightings best; `family` where no other fits clearly better. Total: no reply makes it raise."""
    as_family = _overlap(sightings, family)
    best = Fit(family, as_family, as_family)
    for convention, limit in _candidates(sightings, family):
        overlap = _overlap(sightings, convention, limit)
        ahead = overlap > best.overlap + (CLEARLY if best.convention == family and not best.limit else 0.001)
        if ahead:
            best = Fit(convention, overlap, as_family, limit)
    return best


def overlaps(sightings: Sequence[Sighting], convention: Convention, limit: float = 0.0) -> list[float]:
    """The best intersection over union that each sighting's boxes have with its target; 0 where it has no box."""
    return [
        max((_box(numbers, each, convention, limit).iou(each.target) for numbers in each.boxes if len(numbers) == 4), default=0.0)
        for each in sightings
    ]


def longest_side(limit: float, multiple: int) -> int:
    """Of a square view that a server with this limit of pixels does not make smaller."""
    return max(multiple, int(math.sqrt(limit)) // multiple * multiple)


def _overlap(sightings: Sequence[Sighting], convention: Convention, limit: float = 0.0) -> float:
    each = overlaps(sightings, convention, limit)
    return sum(each) / len(each) if each else 0.0


def _candidates(sightings: Sequence[Sighting], family: Convention) -> Iterator[tuple[Convention, float]]:
    """Every convention, the family's order and frame first, and pixels with the limits that the numbers suggest. Bins and thousandths are
    too near to be told apart."""
    units = [unit for unit in UNITS if unit != ("thousandths" if family.unit == "bins" else "bins")]
    frames = sorted(("last", "root"), key=lambda frame: frame != family.frame)
    for unit, y_first, frame in itertools.product(units, (family.y_first, not family.y_first), frames):
        convention = Convention(unit, y_first, frame)
        yield convention, 0.0
        if unit == "pixels":
            yield from ((convention, limit) for limit in _limits(sightings, convention))


def _limits(sightings: Sequence[Sighting], convention: Convention) -> Iterator[float]:
    """Pixels that a server would show at the most, where the numbers are those of a smaller picture."""
    for each in sightings:
        truth = convention.from_source(each.target, _frame(each, convention))
        for numbers in each.boxes:
            if len(numbers) == 4 and (square := sum(side * side for side in truth)) > 0:
                ratio = sum(number * side for number, side in zip(numbers, truth)) / square
                if SHRUNK[0] < ratio < SHRUNK[1]:
                    yield ratio * ratio * _area(_frame(each, convention).size)


def _box(numbers: Numbers, sighting: Sighting, convention: Convention, limit: float) -> Box:
    frame = _frame(sighting, convention)
    shrunk = math.sqrt(limit / _area(frame.size)) if 0 < limit < _area(frame.size) else 1.0
    return convention.to_source([number / shrunk for number in numbers], frame)


def _frame(sighting: Sighting, convention: Convention) -> View:
    return sighting.root if convention.frame == "root" else sighting.view


def _area(size: Size) -> int:
    return size.width * size.height
