"""Cheap checks of a question before a person looks at it. Each gives a flag with a sentence; a flag is a hint, no verdict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

from ..geometry import Box
from .rows import LabelBox, LabelImage, Question

GIVEN = "answer in the question"
LONG = "more than three words"
COORDINATES = "coordinates"
DUPLICATE = "duplicate"
BLIND = "answerable blind"
DISAGREE = "two samples disagree"
GEOMETRY = "words contradict the box"
FLAGS = (GIVEN, LONG, COORDINATES, DUPLICATE, BLIND, DISAGREE, GEOMETRY)
MOST_WORDS = 3
OFF = 0.25
"""How far the centre of a box may lie on the wrong side of the image's middle, as a share of half its side."""
UNKNOWN_FRAME = 1024.0
_JOINING = frozenset(["a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "by", "for", "with"])
_SIDES = {  # words to (right, down)
    **dict.fromkeys(("left", "leftmost"), (-1, 0)),
    **dict.fromkeys(("right", "rightmost"), (1, 0)),
    **dict.fromkeys(("top", "upper", "topmost", "uppermost"), (0, -1)),
    **dict.fromkeys(("bottom", "lower", "bottommost", "lowermost", "lowest"), (0, 1)),
}
_COMPASS = {  # words to (east, south)
    name + ending: (east, south)
    for name, east, south in (
        ("north", 0, -1),
        ("south", 0, 1),
        ("west", -1, 0),
        ("east", 1, 0),
        ("northwest", -1, -1),
        ("northeast", 1, -1),
        ("southwest", -1, 1),
        ("southeast", 1, 1),
    )
    for ending in ("", "ern", "ernmost", "most")
}
_RELATION = re.compile(  # "to the left of the pier" is about a neighbour, not about the box
    r"\b(?:to|on|at|towards?|in|from)?\s*(?:the|its)?\s*(?:immediate(?:ly)?|directly|far|just)?\s*"
    r"(?:left|right|top|bottom|upper|lower|north|south|east|west)(?:[- ]?(?:east|west))?(?:ern)?[- ]*(?:hand)?[- ]*"
    r"(?:side|edge|end|part|corner)?"
    r"\s+(?:of|from|side of)\b"
    r"|\b(?:directly|immediately|just) (?:to )?(?:the )?(?:left|right|north|south|east|west)\b"
    r"|\bto (?:the|its) (?:immediate )?(?:left|right|north|south|east|west)\b"
)
_NUMBERS = re.compile(
    r"[\[(]\s*-?\d+(?:\.\d+)?\s*,\s*-?\d+|\b\d{2,}(?:\.\d+)?\s*,\s*\d{2,}(?:\.\d+)?\b|\bbbox|\bbounding box|\bcoordinates?\b|\bpixels?\b"
    r"|\b[xy]\s*=\s*\d|-?\d+\.\d{3,}\s*[,°]"
)


class Flag(NamedTuple):
    """name: one of FLAGS. why: a sentence about this question."""

    name: str
    why: str


@dataclass(frozen=True)
class Place:
    """Where a box lies: its centre from -1 to 1, to the right and down in the picture, and to the east and south on the map."""

    right: float
    down: float
    east: float
    south: float

    @classmethod
    def of(cls, box: LabelBox, image: Optional[LabelImage]) -> Place:
        """image: None, or one without a size: the box lies in a square frame, north up."""
        size = image.size if image else None
        sides = box.in_unit(None, size) if size else box.box
        width, height = size or (box.frame or UNKNOWN_FRAME,) * 2
        x, y = sides.center
        right, down = 2 * x / width - 1, 2 * y / height - 1
        grid = image.grid if image and size else None
        if grid is None:
            return cls(right, down, right, down)
        xs, ys = zip(*grid.polygon(Box(0, 0, width, height)))
        east, north = grid.to_map(x, y)
        return cls(right, down, 2 * (east - min(xs)) / (max(xs) - min(xs)) - 1, 1 - 2 * (north - min(ys)) / (max(ys) - min(ys)))


def flags(
    question: Question, box: Optional[LabelBox] = None, image: Optional[LabelImage] = None, others: Iterable[Question] = (),
    boxes: Iterable[LabelBox] = (),
) -> list[Flag]:  # fmt: skip
    """The flags of a question. box: its own; others: the questions of the same image; boxes: the boxes of the same image."""
    flags = [_given(question), _long(question), _coordinates(question), _duplicate(question, others), _blind(question), _disagree(question)]
    if box:
        flags += [_contradiction(question, box, image), _not_the_most(box, boxes)]
    return [flag for flag in flags if flag]


def flags_of_all(questions: Sequence[Question], boxes: Sequence[LabelBox], images: Sequence[LabelImage]) -> dict[str, list[Flag]]:
    """The flags of all questions, by id; questions without any are left out."""
    box_of, image_of = {box.id: box for box in boxes}, {image.id: image for image in images}
    asked: dict[tuple[str, str], list[Question]] = defaultdict(list)
    drawn: dict[str, list[LabelBox]] = defaultdict(list)
    for box in boxes:
        drawn[box.image].append(box)
    for question in questions:
        asked[question.image, plain(question.question)].append(question)
    result = {}
    for question in questions:
        same = asked[question.image, plain(question.question)]
        given = flags(question, box_of.get(question.box), image_of.get(question.image), same, drawn[question.image])
        if given:
            result[question.id] = given
    return result


def plain(text: str) -> str:
    """The words of a text in lower case: two texts that differ in nothing else are the same."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower())


def same_answer(first: str, second: str) -> bool:
    """Whether two answers say the same, articles and joining words aside."""
    return _content(first) == _content(second)


def _content(text: str) -> list[str]:
    return [word for word in words(text) if word not in _JOINING] or words(text)


def _given(question: Question) -> Optional[Flag]:
    asked, answer = words(question.question), _content(question.answer)
    if not answer or answer in (["yes"], ["no"]) or "or" in asked:  # a question with alternatives names its answer
        return None
    content = [word for word in asked if word not in _JOINING]
    inside = any(content[at : at + len(answer)] == answer for at in range(len(content) - len(answer) + 1))
    return Flag(GIVEN, f"The answer {question.answer.strip()!r} stands in the question.") if inside else None


def _long(question: Question) -> Optional[Flag]:
    count = len(_content(question.answer))
    return Flag(LONG, f"The answer has {count} words; articles are not counted.") if count > MOST_WORDS else None


def _coordinates(question: Question) -> Optional[Flag]:
    match = _NUMBERS.search(f"{question.question} \n {question.answer}".lower())
    return Flag(COORDINATES, f"The text names coordinates: {match[0].strip()!r}.") if match else None


def _duplicate(question: Question, others: Iterable[Question]) -> Optional[Flag]:
    for other in others:
        same_place = other.id != question.id and (other.image, other.box) == (question.image, question.box)
        if same_place and plain(other.question) == plain(question.question):
            return Flag(DUPLICATE, "The same question is asked about the same place.")
    return None


def _blind(question: Question) -> Optional[Flag]:
    if question.blind is not None and same_answer(question.blind, question.answer):
        return Flag(BLIND, f"A model answers {question.blind.strip()!r} without the picture.")
    return None


def _disagree(question: Question) -> Optional[Flag]:
    if question.second is not None and not same_answer(question.second, question.answer):
        return Flag(DISAGREE, f"On a second look the model answers {question.second.strip()!r}.")
    return None


def _contradiction(question: Question, box: LabelBox, image: Optional[LabelImage]) -> Optional[Flag]:
    place = Place.of(box, image)
    asked = "" if words(question.answer) == ["no"] else question.question  # "Is it in the west?" with "no" is no contradiction
    for text in (asked, box.label):
        for word in _directions(text):
            side, compass = _SIDES.get(word), _COMPASS.get(word)
            x, y = side or compass or (0, 0)
            right, down = (place.right, place.down) if side else (place.east, place.south)
            if (x and right * x < -OFF) or (y and down * y < -OFF):
                return Flag(GEOMETRY, f"The text says {word!r}, and the box lies on the other side of the image.")
    return None


def _directions(text: str) -> list[str]:
    """The words of a text that say where in the image its box lies; none of an axis that the text names both ways."""
    text = _RELATION.sub(" ", text.lower())
    text = re.sub(r"(left|right|top|bottom|upper|lower|north|south)[- ](most|east|west)", r"\1\2", text)
    text = re.sub(r"(north|south|east|west)(ern)?[- ]most", r"\1\2most", text)
    words = [word for word in re.findall(r"[a-z]+", text) if word in _SIDES or word in _COMPASS]
    signs: dict[tuple[bool, int], set[int]] = defaultdict(set)
    for word in words:
        for axis, sign in enumerate(_SIDES.get(word) or _COMPASS[word]):
            if sign:
                signs[word in _SIDES, axis].add(sign)
    twofold = {key for key, values in signs.items() if len(values) > 1}
    return [
        word
        for word in words
        if not any(sign and (word in _SIDES, axis) in twofold for axis, sign in enumerate(_SIDES.get(word) or _COMPASS[word]))
    ]


def _not_the_most(box: LabelBox, boxes: Iterable[LabelBox]) -> Optional[Flag]:
    """ "topmost bridge", where another bridge lies above it."""
    match = re.match(r"(?:the )?(left|right|top|bottom)[- ]?most (.+)", box.label.lower())
    if not match:
        return None
    x, y = _SIDES[match[1]]
    for other in boxes:
        if other.id != box.id and other.frame == box.frame and other.label.lower().endswith(match[2]):
            (left, top), (right, down) = box.box.center, other.box.center
            if (right - left) * x + (down - top) * y > 0:
                return Flag(GEOMETRY, f"Another box, {other.label!r}, lies further to the {match[1]}.")
    return None
