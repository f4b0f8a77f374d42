"""Candidate questions from a model: the prompt, what it is shown, and its reply as questions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Callable, NamedTuple, Optional

from ..geometry import Box, Size, View
from ..look import Cancelled, Flow, Observation, Outcome, Policy, Shown, Stopped, place, shown_size
from ..paths import RESOURCES
from ..reply import plain
from ..texts import is_blank, well_formed

VERSION = "1"
"""Of the prompt; it is stored with each proposal."""
SYSTEM = "You write questions with answers about satellite and aerial images, as training data for a vision-language model."
LONGEST = {"question": 400, "answer": 120, "category": 80, "thoughts": 1000}
"""Letters of each text; a question or an answer that is longer is left out, the others are cut."""
READ = 100_000  # letters of a reply that are read
TRIES = 500  # places where an object may begin
NAMES = {
    "question": ("question", "q", "text"),
    "answer": ("answer", "ground_truth", "a", "label"),
    "category": ("category", "type"),
    "thoughts": ("thoughts", "thought", "reasoning", "evidence"),
}


class Proposed(NamedTuple):
    """A candidate of a reply."""

    question: str
    answer: str
    category: str = ""
    thoughts: str = ""


def prompt(count: int, level: str, label: str, where: str, categories: Sequence[str]) -> str:
    """The text of a request. label: of the box, "" where it has none; where: a word for its part of the image; categories: the least filled
    ones."""
    text = (RESOURCES / "prompts" / "propose.txt").read_text(encoding="utf-8")
    subject = {"global": "the whole image", "region": "this region"}.get(level, "this object")
    described = plain(label).strip()
    subject += f" ({described})" if described else ""
    place_words = f"it lies in the part {where!r} of the image" if where else "the question is about the whole image"
    return text.format(count=count, subject=subject, place=place_words, categories="; ".join(categories)).strip()


def showing(text: str, box: Optional[Box]) -> Callable[[Size, Policy], Flow]:
    """A flow for a driver: the whole scene, the crop as a zoom shows it, and the box enlarged; then the model is asked once.

    box: in source pixels; None: only the whole scene is shown. A box outside the scene raises ValueError as `look` does.
    """

    def flow(size: Size, policy: Policy) -> Flow:
        whole = Box(0, 0, *size)
        views = [Shown(View(whole, shown_size(whole, policy)))]
        if box:
            inside = box.rounded_out().intersect(whole)
            if not inside.area:
                raise ValueError(f"the box {tuple(box)} lies outside the raster of {size[0]} x {size[1]} pixels")
            views.append(Shown(place(inside, whole, policy, below=1), "the crop around the place", inside, 1))
            views.append(Shown(View(inside, _enlarged(inside, policy)), "the place itself, enlarged", inside, 2))
        action = None
        for shown in views:
            first, last = shown.step == 0, shown.step == len(views) - 1
            action = yield Observation(
                shown.view, text if first else "", shown.label, shown.roi, begins=first, step=shown.step, more=not last
            )
            if isinstance(action, Cancelled):
                break
        return Outcome(None, views, Stopped.CANCELLED if isinstance(action, Cancelled) else Stopped.ANSWERED)

    return flow


def parse(reply: str, categories: Sequence[str] = ()) -> list[Proposed]:
    """The candidates of a reply, each question once; empty where it has none. Any text is read without an error.

    A list, an object around it, JSON lines, text around them and a reply that was cut off are read alike. categories: a category that
    is equal to one of these but for its letters' case is written as there.
    """
    spelled = {name.lower(): name for name in categories}
    proposed: dict[str, Proposed] = {}
    for entry in objects(reply, NAMES["question"]):
        texts = {name: text_of(entry, keys) for name, keys in NAMES.items()}
        question, answer = texts["question"], texts["answer"]
        if is_blank(question) or is_blank(answer) or any(len(texts[name]) > LONGEST[name] for name in ("question", "answer")):
            continue
        category = texts["category"][: LONGEST["category"]]
        made = Proposed(question, answer, spelled.get(category.lower(), category), texts["thoughts"][: LONGEST["thoughts"]])
        proposed.setdefault(question.lower(), made)
    return list(proposed.values())


def _enlarged(box: Box, policy: Policy) -> Size:
    """The size of a picture that fills the view, also where the box has fewer pixels."""
    grown = max(1, math.ceil(policy.view / max(box.width, box.height)))
    return shown_size(Box(0, 0, box.width * grown, box.height * grown), policy)


def objects(reply: str, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a reply that have a text under one of the keys, in order; what the model thought before is left out."""
    text = reply[-READ:].rpartition("</think>")[2]
    decoder, at, tries = json.JSONDecoder(strict=False), text.find("{"), 0
    while at >= 0 and tries < TRIES:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield from _with(keys, value)
        at = text.find("{", end)


def _with(keys: Sequence[str], value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and any(isinstance(value.get(key), str) for key in keys):
        yield value
    elif isinstance(value, (dict, list)) and depth < 5:
        for each in value.values() if isinstance(value, dict) else value:
            yield from _with(keys, each, depth + 1)


def text_of(entry: dict[str, Any], keys: Sequence[str]) -> str:
    """The text under the first key that has one, in one line."""
    for key in keys:
        value = entry.get(key)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, (str, int, float)):
            try:
                return re.sub(r"\s+", " ", plain(well_formed(str(value)))).strip()
            except ValueError:  # a number with too many digits
                return ""
    return ""
