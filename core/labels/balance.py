"""How balanced a set of questions is, and what to ask next."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .rows import CATEGORIES, REJECTED, Question

ALL = "all"
OTHER = "other"


class Asked(Protocol):
    """What a blind guess knows of a question: one of a label file, or an example of any data set."""

    @property
    def image(self) -> Hashable: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def category(self) -> str: ...


@dataclass(frozen=True)
class Line:
    """The balance of a group of questions. answers: different ones. top, top_share: the commonest answer. entropy: of the answers, in bits.
    blind: the share that a blind guess gets right, counted on the other images."""

    name: str
    questions: int
    answers: int
    yes: int
    no: int
    top: str
    top_share: float
    entropy: float
    blind: float


@dataclass(frozen=True)
class Balance:
    """all: of every question; then by level and by category."""

    all: Line
    levels: tuple[Line, ...]
    categories: tuple[Line, ...]


def balance(questions: Iterable[Question]) -> Balance:
    """Of all questions that were not rejected."""
    counted = [question for question in questions if question.verdict != REJECTED]
    right = blind_guesses(counted)
    by_level: dict[str, list[int]] = defaultdict(list)
    by_category: dict[str, list[int]] = defaultdict(list)
    for at, question in enumerate(counted):
        by_level[question.level or "-"].append(at)
        by_category[question.category or "-"].append(at)

    def line(name: str, places: Sequence[int]) -> Line:
        answers = Counter(_plain(counted[at].answer) for at in places)
        top, count = answers.most_common(1)[0] if answers else ("", 0)
        total = len(places)
        entropy = -sum(n / total * math.log2(n / total) for n in answers.values())
        share, guessed = (count / total, sum(right[at] for at in places) / total) if total else (0.0, 0.0)
        return Line(name, total, len(answers), answers["yes"], answers["no"], top, share, abs(entropy), guessed)

    return Balance(
        line(ALL, range(len(counted))),
        tuple(line(name, places) for name, places in sorted(by_level.items())),
        tuple(line(name, places) for name, places in sorted(by_category.items(), key=lambda item: (-len(item[1]), item[0]))),
    )


def blind_guesses(questions: Sequence[Asked]) -> list[bool]:
    """For each question, whether the commonest answer of the other images' questions is right: of those with its category and first two
    words, or, where there are none, of all. Answers are compared in lower case. Of equally common answers the first counts."""
    answers: dict[Hashable, Counter[str]] = defaultdict(Counter)
    by_image: dict[tuple[Hashable, Hashable], Counter[str]] = defaultdict(Counter)
    for question in questions:
        for group in (_group(question), ALL):
            answers[group][_plain(question.answer)] += 1
            by_image[group, question.image][_plain(question.answer)] += 1
    ranked = {group: sorted(enumerate(counts.items()), key=lambda each: -each[1][1]) for group, counts in answers.items()}
    guesses: dict[tuple[Hashable, Hashable], str] = {}

    def guess(group: Hashable, image: Hashable) -> str:
        if (group, image) not in guesses:
            own, best = by_image[group, image], (0, 0, "")
            for order, (answer, count) in ranked[group]:
                if count < best[0]:
                    break  # the rest is rarer, also without taking the image's own away
                best = max(best, (count - own[answer], -order, answer))
            guesses[group, image] = best[2] if best[0] > 0 else guess(ALL, image) if group != ALL else ""
        return guesses[group, image]

    return [bool(found := guess(_group(question), question.image)) and found == _plain(question.answer) for question in questions]


def ask_next(questions: Iterable[Question], level: str = "", count: int = 3, categories: Sequence[str] = CATEGORIES) -> list[str]:
    """The categories with the fewest questions that were not rejected, the least filled first. level: of its questions and
    categories only."""
    counted = [question for question in questions if question.verdict != REJECTED and (not level or question.level == level)]
    counts = Counter(question.category for question in counted)
    return sorted(categories_of(level, categories), key=lambda name: (counts[name], categories.index(name)))[:count]


def categories_of(level: str, categories: Sequence[str] = CATEGORIES) -> list[str]:
    """The categories that fit a level, by their names; all of them where none fits."""
    whole = ("Scene", "Urban", "Counting", "Season")
    kinds = {"object": ("Object", "Other"), "region": ("Region", "Counting", "Other"), "global": whole}
    beginnings = kinds.get(level)
    return [name for name in categories if beginnings is None or name.startswith(beginnings)] or list(categories)


def lacking(line: Line) -> str:
    """The answer that the group has too seldom: "yes", "no", or OTHER than its commonest one; "" where nothing stands out."""
    if line.yes + line.no >= 10 and max(line.yes, line.no) > 2 * min(line.yes, line.no):
        return "no" if line.yes > line.no else "yes"
    return OTHER if line.questions >= 10 and line.top_share > 0.5 and line.top not in ("yes", "no") else ""


def balance_hint(line: Line) -> str:
    """A sentence on what the group lacks; "" where nothing stands out."""
    rare = lacking(line)
    if rare == OTHER:
        return f"{line.name}: ask questions with another answer than {line.top!r} ({100 * line.top_share:.0f} % have it)."
    return f"{line.name}: ask questions whose answer is {rare!r} ({line.yes} yes, {line.no} no)." if rare else ""


def _group(question: Asked) -> Hashable:
    return question.category, tuple(question.question.lower().split()[:2])


def _plain(text: str) -> str:
    return text.strip().lower()
