"""Chains of thought for accepted questions, as SFT wants them: first where to look, then what the crop shows. A model proposes them, or a
template from the geometry of the box; a person may write others, which no program replaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Optional, Tuple

from ..paths import RESOURCES
from ..reply import plain
from .file import REGENERATE, LabelFile
from .flags import Place
from .log import Change
from .lrs_gro import area
from .proposal import LONGEST, objects, text_of
from .rows import ACCEPTED, CANDIDATE, LabelBox, LabelImage, Proposal, Question

VERSION = "thoughts 1"
"""Of the prompts; it is stored with each proposal."""
THINK = "think"
"""The name of the actions that change thoughts."""
SYSTEM = "You write how somebody finds the answer in satellite and aerial images, as training data for a vision-language model."
NAMES = {"locate": ("locate", "stage_1_reasoning", "stage_1"), "reason": ("reason", "stage_2_reasoning", "stage_2", "reasoning")}


def prompt(question: Question, box: Optional[LabelBox], image: LabelImage) -> str:
    """The text of a request. box: that is looked at; None: the question is about the whole image."""
    name = "think.txt" if box else "think_whole.txt"
    text = (RESOURCES / "prompts" / name).read_text(encoding="utf-8")
    given = {"question": plain(question.question).strip(), "answer": plain(question.answer).strip()}
    if box:
        described = plain(box.label).strip()
        given["subject"] = f"this {box.level}" + (f" ({described})" if described else "")
        given["place"] = f"it lies in the part {area(Place.of(box, image))!r} of the image"
    return text.format(**given).strip()


def parse(reply: str, box: bool) -> Tuple[str, ...]:
    """The thoughts of a reply, one before each action; empty where it has none. Any text is read without an error. box: whether one is
    looked at before the answer."""
    for entry in objects(reply, NAMES["reason"]):
        locate, reason = (text_of(entry, keys)[: LONGEST["thoughts"]] for keys in (NAMES["locate"], NAMES["reason"]))
        if reason and (locate or not box):
            return (locate, reason) if box else (reason,)
    return ()


def template(question: Question, box: Optional[LabelBox], image: LabelImage) -> Tuple[str, ...]:
    """Thoughts without a model, from the place and the size of the box."""
    answer = question.answer.strip().rstrip(".")
    if box is None:
        return (f"The question is about the image as a whole, which can be seen without looking closer. The answer is {answer}.",)
    name = f"the {box.label.strip()}" if box.label.strip() else f"the {box.level}"
    locate = f"The question is about {name}. It lies in the {area(Place.of(box, image)).replace('center', 'central')} part of the image"
    if image.size:
        sides = box.in_unit(None, image.size)
        share = 100 * sides.area / (image.size.width * image.size.height)
        locate += f" and takes {float(f'{share:.2g}'):g} % of it" if share >= 0.01 else " and is very small in it"
    reason = f"The crop shows {name}"
    if image.gsd and image.size:
        sides = box.in_unit(None, image.size)
        reason += f", about {float(f'{sides.width * image.gsd:.2g}'):g} m wide and {float(f'{sides.height * image.gsd:.2g}'):g} m high"
    return f"{locate}, so I look closer there.", f"{reason}. The answer is {answer}."


def wanting(labels: LabelFile) -> list[Question]:
    """The accepted questions that have fewer thoughts than actions, and look at one place at most: longer ones come from use, with theirs.
    Raises DataError."""
    questions = labels.questions(verdict=ACCEPTED)
    return [each for each in questions if len(each.steps) <= 1 and sum(map(bool, each.thoughts)) < len(each.steps) + 1]


def box_of(labels: LabelFile, question: Question) -> Optional[LabelBox]:
    """The box that is looked at before the answer. Raises DataError."""
    return labels.get(LabelBox, question.steps[0]) if question.steps and question.steps[0] else None


def propose(labels: LabelFile, id: str, thoughts: Tuple[str, ...], proposal: Optional[Proposal] = None) -> bool:
    """Writes what a program proposes, with the model's reply; whether the question got it: what a person has written stays, and thoughts
    that are not one for each action are for another question. Raises DataError."""
    question = labels.get(Question, id)
    changes = [Change("proposal", None, proposal)] if proposal else []
    fits = len(thoughts) == len(question.steps) + 1
    replaces = fits and thoughts != question.thoughts and not _by_person(labels, question)
    if replaces:
        changes.append(Change("question", question, replace(question, thoughts=thoughts)))
    if changes:
        labels.act(THINK, changes, annotator="")
    return replaces


def propose_from_geometry(labels: LabelFile, questions: Iterable[Question]) -> int:
    """Thoughts from the template for these questions, in one action; how many got them. Raises DataError."""
    images, boxes = {image.id: image for image in labels.images()}, {box.id: box for box in labels.boxes()}
    changes = []
    for question in questions:
        made = template(question, boxes.get(question.steps[0]) if question.steps else None, images[question.image])
        if made != question.thoughts and not _by_person(labels, question):
            changes.append(Change("question", question, replace(question, thoughts=made)))
    if changes:
        labels.act(THINK, changes, annotator="")
    return len(changes)


def suggested(labels: LabelFile, id: str) -> Tuple[str, ...]:
    """What an editor shows: the thoughts that a question has, else those of the template; one for each action. Raises DataError."""
    question = labels.get(Question, id)
    count = len(question.steps) + 1
    given = question.thoughts
    if not any(given) and count <= 2:
        given = template(question, box_of(labels, question), labels.get(LabelImage, question.image))
    return (*given, *[""] * count)[: max(count, len(given))]


def write(labels: LabelFile, id: str, thoughts: Tuple[str, ...]) -> None:
    """The thoughts as a person wants them; all empty: none. Raises DataError."""
    given = tuple(" ".join(plain(text).split()) for text in thoughts)
    question = labels.get(Question, id)
    edited = question.edited or question.verdict == CANDIDATE  # of a judged answer it says that the answer was wrong, see `judgements`
    after = replace(question, thoughts=given if any(given) else (), edited=edited)
    labels.act(THINK, [Change("question", question, after)])


def _by_person(labels: LabelFile, question: Question) -> bool:
    """Whether a person has written the thoughts, or they were imported."""
    if not any(question.thoughts):
        return False
    history = list(labels.events(question.id))
    undone = {event.undoes for event in history}
    standing = [event for event in history if event.undoes is None and event.action not in undone]
    changed = [event for event in standing if (event.before or {}).get("thoughts") != (event.after or {}).get("thoughts")]
    return bool(changed) and (bool(changed[-1].annotator) or changed[-1].what not in (THINK, REGENERATE))
