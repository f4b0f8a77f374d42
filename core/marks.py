"""What a model marks in one view: how it is asked for every thing of a kind, and how the list that it writes is read.

    talk.observe(Observation(view, request("ships"), begins=True), picture)      # "mark every ship"
    read(dialect, reply.text, view, reply.cut)                                   # a Reading, whatever the model wrote

The dialect is that of `families.marking`. Nothing here raises because of what a model wrote.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Optional

from .dialect import Dialect
from .geometry import Box, View
from .reply import THOUGHT, label_of, repeats


class State(str, Enum):
    """What has become of a view of a survey."""

    DONE = "done"
    EMPTY = "empty"  # its picture has one colour: no data, or outside the polygons; it is not asked about
    FAILED = "failed"  # no reply, or one that can't be read
    SATURATED = "saturated"  # its list is not complete, and the view is too small to be split
    SPLIT = "split"  # its list was not complete, and it was asked again in four parts
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Mark:
    """A thing that a model has marked. box: in source pixels, inside its view. score: 0 to 1, None where nothing tells."""

    box: Box
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Reading:
    """What came of a view: DONE, EMPTY, FAILED, or SATURATED where its list was cut off or repeats itself. why: a clause on what is wrong,
    or ""."""

    state: State
    marks: tuple[Mark, ...] = ()
    why: str = ""


Score = Callable[[int, int], Optional[float]]
"""The score of a box by its first and last place in the reply."""

REPEATED = 8  # times that a box stands in a list before the list is said to repeat itself
_NONE = re.compile(r"\[\s*\]|\b(?:none|no|not|nothing|null|zero|0)\b|n't\b", re.I)
_PREPOSITION = re.compile(r"\s(?:at|by|for|from|in|inside|near|next|of|off|on|over|that|under|which|with|within|without)\s", re.I)
_QUANTIFIER = re.compile(r"^(?:(?:all|any|each|every|of|the)\s+)+(?=\S)", re.I)
_IRREGULAR = {"people": "person", "men": "man", "women": "woman", "children": "child", "geese": "goose", "wharves": "wharf"}
_SAME = ("aircraft", "spacecraft", "hovercraft", "sheep", "series", "gas", "canvas")


def request(target: str, places: bool = False) -> str:
    """The words of a request. target: what the user looks for, in one or in many. places: ask for parts of the view that may hold it."""
    thing = singular(target)
    return f"mark every place where there could be a {thing}" if places else f"mark every {thing}"


def singular(target: str) -> str:
    """The singular of an English noun with what belongs to it: "all ships at the pier" gives "ship at the pier"; other words stay."""
    return "".join(_parts(target))


def kind(target: str) -> str:
    """The singular without what belongs to it: "red ships at the pier" gives "red ship"."""
    return _parts(target)[0]


def _parts(target: str) -> tuple[str, str]:
    """The noun in the singular with the words before it, and the words behind it."""
    text = _QUANTIFIER.sub("", " ".join(target.split()))
    preposition = _PREPOSITION.search(text)
    head, tail = (text[: preposition.start()], text[preposition.start() :]) if preposition else (text, "")
    before, blank, noun = head.rpartition(" ")
    return before + blank + _one(noun), tail


def _one(noun: str) -> str:
    word = noun.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SAME or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return noun
    if word.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-2] if word.endswith(("ches", "shes", "sses", "xes", "uses")) and not word.endswith("houses") else noun[:-1]


def read(dialect: Dialect, reply: str, view: View, cut: bool = False, score: Score = lambda start, end: None) -> Reading:
    """The marks of a reply. Of a list that was cut off, the whole boxes before the cut count. cut: the reply ran into the token limit."""
    thought = THOUGHT.match(reply)
    text = reply[thought.end() :] if thought and "</think>" in thought[0] else "" if thought else reply
    cut = cut or text.count("[") > text.count("]") or text.count("{") > text.count("}")
    written = dialect.boxes(reply[: _last_closed(reply)] if cut else reply)
    marks: dict[Box, Mark] = {}
    wrong = 0
    for each in written:
        box = _box(dialect, each.numbers, view)
        if box is None:
            wrong += 1
        elif box not in marks:
            marks[box] = Mark(box, label_of(each.label), score(each.start, each.end))
    repeated = len(written) - wrong - len(marks) >= REPEATED - 1 or repeats(text)
    marked = tuple(marks.values())
    if repeated:
        return Reading(State.SATURATED, marked, "the list repeats itself")
    if cut and (marked or "[" in text or "<" in text):
        return Reading(State.SATURATED, marked, "the list was cut off")
    if cut:
        return Reading(State.FAILED, (), "the reply reached the maximum length before a list")
    if marked:
        return Reading(State.DONE, marked, f"{wrong} boxes could not be read" if wrong else "")
    if wrong:
        return Reading(State.FAILED, (), f"no box of the reply lies in the view: [{written[0].text[:60]}]")
    if _NONE.search(text):
        return Reading(State.DONE)
    return Reading(
        State.FAILED, (), "the reply marks nothing, and does not say that there is nothing" if text.strip() else "the reply is empty"
    )


def _box(dialect: Dialect, numbers: tuple[float, ...], view: View) -> Box | None:
    """The part inside the view, in source pixels; None where there is none."""
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        return None
    box = dialect.convention.to_source(dialect.convention.checked(numbers)[0], view)
    if not all(map(math.isfinite, box)):
        return None
    inside = box.intersect(view.window)
    return inside if inside.area else None


def _last_closed(text: str) -> int:
    """Where the last box or tag that is complete ends: digits behind it may be the beginning of a longer number."""
    return max(text.rfind(sign) for sign in "]})>") + 1
