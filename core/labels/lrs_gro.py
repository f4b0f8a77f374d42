"""LRS-GRO's rows (HappyBug/LRS-GRO): JSON lines with nine keys, boxes in a frame whose longest side is 1,024; and its SFT form."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Callable, Optional, Union

from ..geometry import Box, Size
from ..texts import has_half_characters
from .examples import Left, drawn
from .file import LabelFile
from .flags import Place
from .rows import ACCEPTED, LabelBox, LabelImage, Question, made_id, now

FRAME = 1024.0
KEYS = ("question_id", "image_name", "category", "question", "higher_level", "ground_truth", "bbox", "type", "split")
STAGES = ("stage_1_reasoning", "stage_2_reasoning")
HIGHER = {  # of a category, the higher level that most rows of LRS-GRO have
    "Scene Type": "reasoning",
    "Urban-Rural": "reasoning",
    "Season": "reasoning",
    "Region status": "reasoning",
    "Object state / motion / activity": "reasoning",
    "Counting": "perception",
    "Object color / pattern": "perception",
    "Object existence": "perception",
    "Object category": "perception",
    "Region function": "function",
    "Object function / usage": "function",
    "Function": "function",
    "Object relative position / context": "localization",
}
AREAS = (("top-left", "top", "top-right"), ("left", "center", "right"), ("bottom-left", "bottom", "bottom-right"))


class BadRow(ValueError):
    """A row that can't be imported: the message says why."""


Labelled = tuple[LabelImage, Optional[LabelBox], Question]


def label(row: Mapping[str, Any], image_of: Callable[[str], LabelImage]) -> Labelled:
    """The row as an accepted question. image_of: the image of a name. Raises BadRow."""
    for name in ("question_id", "image_name", "question", "ground_truth"):
        value = row.get(name)
        if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
            raise BadRow(f"it has no {name}")
        if has_half_characters(str(value)):
            raise BadRow(f"its {name} holds half a character (a lone surrogate)")
    image = image_of(str(row["image_name"]))
    box = _box(row, image)
    level = str(row.get("type") or ("object" if box else "global"))
    known = {"question", "ground_truth", "category", "type", "bbox", *STAGES}
    extra = {name: value for name, value in row.items() if name not in known}
    id = made_id("lrs-gro", row["question_id"], row["image_name"], row["question"])
    question = Question(
        id,
        image.id,
        str(row["question"]),
        str(row["ground_truth"]),
        box.id if box else "",
        (box.id,) if box else (),
        level=level,
        category=str(row.get("category") or ""),
        thoughts=tuple(str(row[name]) for name in STAGES if row.get(name)),
        verdict=ACCEPTED,
        created=now(),
        maker="import",
        extra=extra,
    )
    return image, box, question


def rows(labels: LabelFile, sft: bool = False, only: Optional[Collection[str]] = None) -> Iterator[Union[dict[str, Any], Left]]:
    """The accepted questions as rows. sft: with thoughts and places. only: ids of images; None for all."""
    boxes, images = {box.id: box for box in labels.boxes()}, {image.id: image for image in labels.images()}
    for question in labels.questions(verdict=ACCEPTED):
        if only is not None and question.image not in only:
            continue
        box, image = boxes.get(question.box), images[question.image]
        try:
            line = row_of(question, box, image)
        except ValueError as error:
            yield Left(question, f"its box can't be written in a frame of {FRAME:.0f}: {error}")
            continue
        yield {**line, **_sft(question, box, image)} if sft else line


def row_of(question: Question, box: Optional[LabelBox], image: LabelImage) -> dict[str, Any]:
    """The nine keys, in the published order, and others that the row was imported with. Raises ValueError where the image's size is needed
    and not known."""
    extra = dict(question.extra or {})
    extra = {name: value for name, value in extra.items() if name not in ("id", "choices", "frame", "extra")}
    own = {
        "question_id": extra.get("question_id", question.id),
        "image_name": extra.get("image_name", re.split(r"[\\/]", image.path)[-1]),
        "category": question.category,
        "question": question.question,
        "higher_level": extra.get("higher_level", HIGHER.get(question.category, "attribute")),
        "ground_truth": question.answer,
        "bbox": in_frame(box, image.size) if box else [],
        "type": question.level or ("object" if box else "global"),
        "split": extra.get("split", "RL"),
    }
    return {**own, **{name: value for name, value in extra.items() if name not in own}}


def in_frame(box: LabelBox, size: Optional[Size]) -> list[Union[int, float]]:
    """The box in the frame, in whole numbers; one that was imported is exactly as it was. Raises ValueError, see `LabelBox.in_unit`."""
    if box.frame == FRAME:
        return [int(side) if side.is_integer() else side for side in box.sides]
    scaled = box.in_unit(FRAME, size)
    left, top = (int(side) for side in (scaled.left, scaled.top))
    return [left, top, max(left + 1, round(scaled.right)), max(top + 1, round(scaled.bottom))]


def area(place: Place) -> str:
    """The location word of a box: one of nine."""
    column, row = (0 if side < -1 / 3 else 2 if side > 1 / 3 else 1 for side in (place.right, place.down))
    return AREAS[row][column]


def _sft(question: Question, box: Optional[LabelBox], image: LabelImage) -> dict[str, Any]:
    thoughts = [*question.thoughts, "", ""][:2]
    if not box:  # one action, the answer: there is no second stage
        thoughts = [thoughts[0], ""]
    place = area(Place.of(box, image)) if box else ""
    own = {"global": box is None, STAGES[0]: thoughts[0], STAGES[1]: thoughts[1], "area": place, "cut": box is not None}
    return {name: (question.extra or {}).get(name, value) for name, value in own.items()}


def _box(row: Mapping[str, Any], image: LabelImage) -> Optional[LabelBox]:
    given = row.get("bbox")
    if given in (None, []):
        return None
    sound = (
        isinstance(given, list) and len(given) == 4 and all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in given)
    )
    if not sound or not all(abs(side) < 1e9 for side in given) or not (given[0] < given[2] and given[1] < given[3]):
        raise BadRow(f"its bbox is {str(given)[:60]}, not four numbers with an area between them")
    return drawn(image, Box(*map(float, given)), str(row.get("type") or "object"), str(row.get("label") or ""), FRAME)
