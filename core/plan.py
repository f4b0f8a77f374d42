"""What a survey looks for, how closely, and in which views."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .geometry import Box
from .look import Policy
from .tiling import Level

WAYS = ("exhaustive", "guided")
ACROSS = 32.0  # shown pixels along a thing that a survey aims at; below 20, published detectors lose them
OVERLAP = 1.25  # of a thing's size: one that a seam cuts is whole in the next view
UNKNOWN_OVERLAP = 0.2  # of a view's side, where the size is not known
LARGEST = 0.5  # of a view's side: larger things are looked for in coarser views
COARSER = 4  # times, from one level to the next


@dataclass(frozen=True)
class Plan:
    """What is looked for, how closely and in which order.

    scale: source pixels per shown pixel, at least 1. thing: how large one is along its longer side, in source pixels; None: not known.
    budget: views that are asked at the most. most: marks of a view from which on its list counts as incomplete: of 51 to 100 things in a
    picture, vision-language models count few exactly (docs/survey.md). splits: times that a view is divided in four at the most.
    least: shown pixels along a thing in the coarsest view of a guided survey, for a model that marks things and can't name places where
    they could be; 0: it begins with a view of everything.
    """

    scale: float = 1.0
    thing: float | None = None
    way: str = "exhaustive"
    budget: int | None = None
    most: int = 50
    splits: int = 2
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ValueError(f"way is {self.way!r}: it is one of {', '.join(WAYS)}")
        if not (self.scale >= 1 and math.isfinite(self.scale)) or (self.thing is not None and not 0 < self.thing < math.inf):
            raise ValueError(f"scale is at least 1, and a thing is larger than 0: {self}")

    def levels(self, area: Box, policy: Policy) -> list[Level]:
        """The views by scale, the finest first. area: in whole source pixels."""
        shown = policy.view // policy.multiple * policy.multiple
        side = max(1, math.floor(shown * self.scale))
        levels = [self._level(area, side)]
        longest = max(area.width, area.height)
        if self.way == "guided":
            while levels[-1].side < longest and (not self.thing or self.thing * shown >= self.least * levels[-1].side * COARSER):
                levels.append(self._level(area, levels[-1].side * COARSER))
        elif self.thing is None:
            levels += [self._level(area, side * COARSER)] if side < longest else []
        elif self.thing > LARGEST * side and side < longest:
            levels.append(self._level(area, math.ceil(self.thing / LARGEST)))
        return levels

    def overlap(self, side: float) -> int:
        """Of neighbouring views of this side, in source pixels."""
        wanted = UNKNOWN_OVERLAP * side if self.thing is None else OVERLAP * self.thing
        return math.ceil(min(wanted, side / 2))

    def _level(self, area: Box, side: int) -> Level:
        return Level(area, side, max(1, side - self.overlap(side)))
