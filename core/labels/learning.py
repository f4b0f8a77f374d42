"""Answers of daily use as labels: what a person says of an answer becomes an accepted question, with the places that lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ..geometry import Box
from ..source import Where
from .examples import drawn
from .file import LabelFile
from .log import Change
from .rows import ACCEPTED, LabelBox, LabelImage, Question, made_id, now
from .suggest import level_of

Place = Tuple[Box, str]
"""A box in source pixels, and what the model called it."""


@dataclass(frozen=True)
class Judged:
    """An answer that a person has judged. exchange: its id. answer: the right one. places: that were zoomed into, None for a zoom out.
    thoughts: before each action, empty where they led to a wrong answer. right: whether the model's answer was it. said: what the model
    answered."""

    exchange: str
    question: str
    answer: str
    places: Tuple[Optional[Place], ...] = ()
    thoughts: Tuple[str, ...] = ()
    region: Optional[Where] = None
    right: bool = True
    said: str = ""
    model: str = ""


def learn(labels: LabelFile, image: LabelImage, judged: Judged) -> Question:
    """Adds the answer as an accepted question, in one action; one that was judged before is replaced. Raises DataError."""
    id = made_id("exchange", image.id, judged.exchange)
    known = labels.questions(image=image.id)
    earlier = next((each for each in known if each.id == id), None)
    boxes = [_box(image, place, labels.annotator) if place else None for place in judged.places]
    first = next(filter(None, boxes), None)
    time = now()
    question = Question(
        id,
        image.id,
        judged.question,
        judged.answer,
        first.id if first else "",
        tuple(box.id if box else "" for box in boxes),
        level=first.level if first else "global",
        thoughts=judged.thoughts,
        region=judged.region,
        verdict=ACCEPTED,
        edited=not judged.right,
        annotator=labels.annotator,
        created=time,
        decided=time,
        maker=judged.model or "person",
        extra={"extra": {"exchange": judged.exchange, "answered": judged.said}},
    )
    changes = [] if any(each.id == image.id for each in labels.images()) else [Change("image", None, image)]
    changes += [Change("box", None, box) for box in boxes if box]
    changes.append(Change("question", earlier, question))
    if earlier:
        used = {box for each in known if each.id != id for box in (each.box, *each.steps)}
        changes += [Change("box", labels.get(LabelBox, box), None) for box in dict.fromkeys(earlier.steps) if box and box not in used]
    labels.act("learn", changes)
    return question


def judgements(labels: LabelFile) -> dict[str, Question]:
    """What was said of answers, by the id of the exchange: the accepted labels that were made of them. `edited`: the answer was wrong."""
    found = {}
    for question in labels.learned():
        own = (question.extra or {}).get("extra")
        if question.verdict == ACCEPTED and isinstance(own, dict) and isinstance(own.get("exchange"), str):
            found[own["exchange"]] = question
    return found


def _box(image: LabelImage, place: Place, annotator: str) -> LabelBox:
    box, label = place
    level = level_of(box, image.size) if image.size else "object"
    return drawn(image, box, "region" if level == "global" else level, label, annotator=annotator)
