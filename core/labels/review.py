"""What a reviewer looks at: a question with its box, its image and its flags; and the steps from one to the next. Each reads only the rows
around the question, so that it takes milliseconds among any number of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Optional

from ..errors import DataError
from .file import LabelFile
from .flags import Flag, flags
from .rows import ACCEPTED, CANDIDATE, LabelBox, LabelImage, Question, new_id, now


@dataclass(frozen=True)
class Shown:
    """image: None where nothing is left to look at. box: None for the image as a whole. question: None where nothing is asked about it yet.
    counts: of all questions, by verdict."""

    image: Optional[LabelImage] = None
    box: Optional[LabelBox] = None
    question: Optional[Question] = None
    flags: tuple[Flag, ...] = ()
    counts: Dict[str, int] = field(default_factory=dict)

    @property
    def level(self) -> str:
        return self.question.level if self.question and self.question.level else self.box.level if self.box else "global"


def of_question(labels: LabelFile, question: Optional[Question]) -> Shown:
    """The question with all that is shown of it; nothing where there is none."""
    if question is None:
        return Shown(counts=labels.counts())
    image = labels.get(LabelImage, question.image)
    box = labels.get(LabelBox, question.box) if question.box else None

    def boxes() -> Iterator[LabelBox]:  # read only where a flag needs them
        yield from labels.boxes(question.image)

    found = flags(question, box, image, labels.asked(question.image, question.box), boxes())
    return Shown(image, box, question, tuple(found), labels.counts())


def again(labels: LabelFile, question: Question) -> Shown:
    """The same question as it is in the file now; what a second person may not see of it stays away."""
    now = labels.get(Question, question.id)
    if question.verdict == CANDIDATE != now.verdict:
        return of_question(labels, labels.undecided(now))
    return of_question(labels, replace(now, verdict=question.verdict, reason=question.reason, annotator=question.annotator))


def as_before(labels: LabelFile, before: Optional[Shown], second: bool = False) -> Shown:
    """What was shown before, as it is in the file now; the first one where it is gone."""
    if before and before.image:
        with suppress(DataError):
            if before.question:
                return again(labels, before.question)
            return of_box(labels, before.image.id, before.box.id if before.box else "")
    return first(labels, second)


def same_place(one: Shown, other: Shown) -> bool:
    """Whether both are about the same question, or the same box or image."""
    ids = ([row.id if row else "" for row in (each.image, each.box, each.question)] for each in (one, other))
    return next(ids) == next(ids)


def of_box(labels: LabelFile, image: str, box: str = "") -> Shown:
    """The box, or the image as a whole, with the first candidate about it, else its first question."""
    questions = sorted(labels.asked(image, box), key=lambda each: each.touched)
    if questions:
        return of_question(labels, questions[0])
    return Shown(labels.get(LabelImage, image), labels.get(LabelBox, box) if box else None, counts=labels.counts())


def following(labels: LabelFile, after: str = "", second: bool = False) -> Shown:
    """The next candidate behind a question, or the first one. second: what others have decided and this annotator has not, without their
    verdict."""
    if not second:
        return of_question(labels, labels.next(after))
    return of_question(labels, labels.next_for_second(after) or labels.next_for_second())


def first(labels: LabelFile, second: bool = False) -> Shown:
    """The first candidate; else the last box that was drawn."""
    if second:
        return following(labels, second=True)
    question = labels.next()
    boxes = [] if question else labels.boxes()
    return of_box(labels, boxes[-1].image, boxes[-1].id) if boxes else of_question(labels, question)


def decide(act: Callable[[LabelFile, str], object], id: str, second: bool = False) -> Callable[[LabelFile], Shown]:
    """An action for `LabelStore.do`: it decides about the question `id`, and goes to the next one, see `following`."""

    def decided(labels: LabelFile) -> Shown:
        act(labels, id)
        return following(labels, id, second)

    return decided


def beside(labels: LabelFile, id: str, back: bool) -> Shown:
    """The question behind or before another, of any verdict; the same one at the end of the list."""
    return of_question(labels, labels.beside(id, back) or labels.get(Question, id))


def undo(labels: LabelFile, second: bool = False) -> Optional[Shown]:
    """Undoes this annotator's last action, and shows what it was about; None where there is nothing to undo. second: without what others
    have decided."""
    if labels.undo() is None:
        return None
    event = labels.latest()
    row: Dict[str, Any] = (event and (event.after or event.before)) or {}
    kind, id, image = (event.kind, event.target, row.get("image", "")) if event else ("", "", "")
    if kind == "question" and (rows := [each for each in labels.asked(image, row.get("box", "")) if each.id == id]):
        return of_question(labels, labels.undecided(rows[0]) if second else rows[0])
    box = row.get("box", "") if kind == "question" else id
    if kind in ("question", "box") and any(each.id == box for each in labels.boxes(image)):
        return of_box(labels, image, box)
    return first(labels)


def asked(labels: LabelFile, image: LabelImage, box: Optional[LabelBox], **texts: Any) -> Shown:
    """Adds a question that a person has written, accepted. texts: question, answer, category."""
    level, steps = (box.level, (box.id,)) if box else ("global", ())
    time = now()
    question = Question(
        new_id(), image.id, box=box.id if box else "", steps=steps, level=level, created=time, decided=time,
        verdict=ACCEPTED, annotator=labels.annotator, **texts,
    )  # fmt: skip
    labels.add(question, what="ask")
    return of_question(labels, question)


def drawn(labels: LabelFile, image: LabelImage, *boxes: LabelBox) -> Shown:
    """Adds boxes, and their image where the file lacks it, and shows the first box; none: the image as a whole."""
    new: list[Any] = [] if any(each.id == image.id for each in labels.images()) else [image]
    new += boxes
    if new:
        labels.add(*new, what="draw")
    return of_box(labels, image.id, boxes[0].id if boxes else "")


def redrawn(labels: LabelFile, id: str, **facts: Any) -> Shown:
    """Changes the level, the description or the sides of a box; the questions about it have its level."""
    box = replace(labels.get(LabelBox, id), **facts)
    others = [replace(each, level=box.level) for each in labels.asked(box.image, id) if each.level != box.level]
    labels.change(box, *others, what="box")
    return of_box(labels, box.image, id)
