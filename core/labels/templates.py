"""Candidate questions without a model: existence, count, colour, position and size, from the boxes and the colour of the box's pixels."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Sequence
from typing import Tuple

from ..geometry import Box
from .flags import Place, words
from .lrs_gro import area
from .rows import LabelBox, LabelImage, Question, new_id, now

SAMPLE = 64
"""The longest side of the picture whose median colour is named."""
OPPOSITE = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
DIRECTIONS = re.compile(r"(left|right|top|bottom|upper|lower|north|south|east|west|cent)")
HUES = ((15, "red"), (40, "orange"), (70, "yellow"), (165, "green"), (200, "cyan"), (260, "blue"), (320, "purple"), (361, "red"))


def proposed(image: LabelImage, box: LabelBox, boxes: Sequence[LabelBox], colour: Tuple[float, float, float], count: int) -> list[Question]:
    """At most `count` candidates for a box. boxes: all boxes of the image; colour: of the box, red, green and blue from 0 to 255. Raises
    ValueError where the image's size is needed and not known."""
    made = []
    for category, question, answer in _texts(image, box, box.in_unit(None, image.size), boxes, colour_name(*colour)):
        row = Question(
            new_id(), image.id, question, answer, box.id, (box.id,), level=box.level, category=category, created=now(), maker="template"
        )
        made.append(row)
    return made[:count]


def colour_name(red: float, green: float, blue: float) -> str:
    """The name of a colour, 0..255 a channel: one of twelve."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < 0.2:
        return "black"
    if saturation < 0.15:
        return "white" if value > 0.85 else "grey"
    name = next(name for end, name in HUES if hue * 360 < end)
    return "brown" if name in ("red", "orange", "yellow") and value < 0.6 and saturation > 0.25 else name


def _texts(image: LabelImage, box: LabelBox, sides: Box, boxes: Sequence[LabelBox], colour: str) -> Iterator[tuple[str, str, str]]:
    """The category, question and answer of each template that fits the box."""
    name = box.label.strip() or f"marked {box.level}"
    kind = "Region" if box.level == "region" else "Object"
    where = area(Place.of(box, image))
    placed = not DIRECTIONS.search(name.lower())  # a label that says where it is gives the answer away
    yield (
        "Object color / pattern" if kind == "Object" else "Other visual features",
        f"What is the main colour of the {name}?",
        colour,
    )
    if placed:
        relative = "Object relative position / context" if kind == "Object" else "Other visual features"
        yield relative, f"In which part of the image is the {name}?", where
        other = "-".join(OPPOSITE.get(word, word) for word in where.split("-"))
        existence = "Object existence" if kind == "Object" else "Region status"
        if other != where:
            yield existence, f"Is there a {name} in the {where} part of the image?", "yes"
            yield existence, f"Is the {name} in the {other} part of the image?", "no"
    noun = words(name)[-1:]
    same = [each for each in boxes if each.label and words(each.label)[-1:] == noun]
    if box.label and len(same) > 1:
        yield "Counting", f"How many of these are marked in the image: {noun[0]}?", str(len(same))
    shape = "Object shape / structure" if kind == "Object" else "Other visual features"
    yield shape, f"Is the {name} wider than it is high in the image?", "yes" if sides.width > sides.height else "no"
    if image.gsd:
        length = max(sides.width, sides.height) * image.gsd
        rounded = float(f"{length:.2g}")
        yield "Other visual features", f"About how many metres long is the longer side of the {name}?", f"{rounded:g}"
