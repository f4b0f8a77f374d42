"""Boxes as models write them: how their numbers are counted, how one is written, and where boxes stand in a reply.

Every family writes boxes in its own way. `Convention` says what the numbers mean, `Form` what the text looks like; `find` reads all forms
that were seen in replies, whichever family wrote them, and never raises.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Iterator, NamedTuple, Sequence

from .geometry import Box, View

UNITS = {"pixels": 0, "thousandths": 1000, "fractions": 1, "bins": 1023}
"""What a picture's width and height count as; 0: the pixels it is shown at. bins: the 1024 location tokens of PaliGemma."""
SLACK = 1.024  # of the largest number: Qwen models write up to 1024 where 1000 is the edge (QwenLM/Qwen3.8-Flash-Next#4)
EDGES = {
    "pixels": "in pixels",
    "thousandths": "in thousandths of the width and height (0 to 1000)",
    "fractions": "in fractions of the width and height (0 to 1)",
    "bins": "in location tokens (0 to 1023 along width and height)",
}
FRAMES = {"last": "of the picture you saw last", "root": "of the first picture, also after a closer look"}


@dataclass(frozen=True)
class Convention:
    """What the four numbers of a box mean.

    unit: one of UNITS. y_first: top, left, bottom, right instead of left, top, right, bottom. frame: "last", the picture shown last, or
    "root", the picture that began the conversation (Qwen3-VL and its successors write so after a crop too: QwenLM/Qwen3-VL#1667).
    """

    unit: str = "pixels"
    y_first: bool = False
    frame: str = "last"

    def __str__(self) -> str:
        picture = "first" if self.frame == "root" else "last"
        return f"{self.unit} of the {picture} picture, {'y' if self.y_first else 'x'} first"

    @property
    def sentence(self) -> str:
        """For a prompt."""
        return f"Boxes are {EDGES[self.unit]} {FRAMES[self.frame]}."

    def to_source(self, numbers: Sequence[float], view: View) -> Box:
        """From a model's four numbers, counted in the picture `view`, to source pixels."""
        box = Box(*_turned(numbers, self.y_first))
        if full := UNITS[self.unit]:
            width, height = view.size
            box = Box(box.left * width / full, box.top * height / full, box.right * width / full, box.bottom * height / full)
        return view.to_source(box)

    def from_source(self, box: Box, view: View) -> tuple[float, ...]:
        """From source pixels to the model's four numbers; the inverse of `to_source`."""
        box = view.from_source(box)
        if full := UNITS[self.unit]:
            width, height = view.size
            box = Box(box.left / width * full, box.top / height * full, box.right / width * full, box.bottom / height * full)
        return _turned(box, self.y_first)

    def rounded(self, box: Box, view: View) -> tuple[float, ...]:
        """The numbers that a model would write: whole, or fractions of three digits. A box of some area does not lose it."""
        step = 0.001 if self.unit == "fractions" else 1
        exact = [number / step for number in self.from_source(box, view)]
        whole = [round(number) for number in exact]
        for low, high in ((0, 2), (1, 3)):
            if whole[low] >= whole[high]:  # a small thing in a large scene
                whole[low], whole[high] = math.floor(exact[low]), math.ceil(exact[high])
        return tuple(number if step == 1 else round(number * step, 3) for number in whole)

    def checked(self, numbers: Sequence[float]) -> tuple[tuple[float, ...], str]:
        """The numbers, those a little beyond the edge put back on it, and a sentence where one was beyond."""
        full = UNITS[self.unit]
        if not full or max(numbers) <= full:
            return tuple(numbers), ""
        if max(numbers) <= full * SLACK:
            return tuple(min(number, full) for number in numbers), f"A box had numbers up to {max(numbers):g}: they were read as {full}."
        test = "`zoomearth models test` finds out how this model counts."
        return tuple(numbers), f"A box had numbers up to {max(numbers):g}, where {full} is the edge of the picture. {test}"


@dataclass(frozen=True)
class Form:
    """How boxes are written. item: one of them, for `str.format` with four numbers and a label; between `opened` and `closed`."""

    item: str
    opened: str = "["
    between: str = ", "
    closed: str = "]"

    def write(self, boxes: Sequence[tuple[Sequence[object], str]]) -> str:
        """boxes: each with its four numbers and its label."""
        return self.opened + self.between.join(self.item.format(*numbers, label=label) for numbers, label in boxes) + self.closed


def keyed(key: str) -> Form:
    """A list of JSON objects."""
    return Form(f'{{{{"{key}": [{{0}}, {{1}}, {{2}}, {{3}}], "label": "{{label}}"}}}}')


PIXELS = Convention()
BBOX_2D = keyed("bbox_2d")


class Written(NamedTuple):
    """A box in a reply. numbers: four, as written, or none where they can't be read; text: what stood there. picture: the index of the
    picture that it names, 0 where it names none. start, end: of the box in the reply."""

    numbers: tuple[float, ...]
    text: str
    label: str
    picture: int
    start: int
    end: int


_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)"
_PUBLISHED = re.compile(r'"?bbox_2d"?\s*:\s*\[([^\[\]]*)\]')
_KEY = re.compile(
    r"""(?:["']?\b(?:bbox_2d|box_2d|bbox|bounding_box|box)["']?\s*[:=] | <parameter=(?:bbox_2d|box_2d|bbox)>)\s*["']?\s*(?=[\[(])""", re.X
)
_TAGGED = re.compile(r"<(?:\|(?:box_start|begin_of_box|det)\||box)>([^<]*)(?:<(?:\|(?:box_end|end_of_box|/det)\||/box)>|\Z)")
_NAME = re.compile(r"<(?:\|(?:object_ref_start|ref)\||ref)>([^<]*)<(?:\|(?:object_ref_end|/ref)\||/ref)>\s*\Z")
_TOKENS = re.compile(r"((?:<loc_?\d{1,4}>\s*){4})([^<;\n]*)")
_CORNERS = re.compile(rf"""["']?\b(x_?min|y_?min|x_?max|y_?max|[xy][12])["']?\s*[:=]\s*({_NUMBER})""", re.I)
_BARE = re.compile(
    rf"(?:\[\s*\[?\s*{_NUMBER}(?:\s*,\s*{_NUMBER}){{3}}\s*\]?\s*\])"
    rf"|(?:(?:\[\s*|(?<!\s)\s+|)[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]\s*,?\s*[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]\s*[\]]?)"
)
_LABEL = re.compile(r"""["']label["']\s*:\s*"((?:[^"\\]|\\.)*)" | <parameter=label>\s*(.*?)\s*</parameter>""", re.X | re.S)
_BRACE = re.compile(r'"(?:[^"\\]|\\.)*"|([{}])')  # or a text, in which a brace is none
_PICTURE = re.compile(r"""["']img_idx["']\s*:\s*["']?(\d{1,6})|<parameter=img_idx>\s*(\d{1,6})""")
_LONGEST = 2000  # letters of a box at the most
_MOST = 300  # boxes of a reply that are read: one that repeats itself is cut by its limit of tokens only


def published(text: str) -> list[list[float]]:
    """Every bbox_2d list in a reply, as the published code reads them: a list with anything but numbers is left out."""
    found = (_commas(match[1]) for match in _PUBLISHED.finditer(text))
    return [numbers for numbers in found if numbers]


def find_published(text: str) -> list[Written]:
    """The boxes that the published code finds, in order."""
    return _objects(text, [(match.start(), match.end(), match[1], _commas(match[1])) for match in _first(_PUBLISHED, text)])


def find(text: str, y_first: bool = False, bare: bool = True) -> list[Written]:
    """The boxes of a reply in whatever form they were seen, in order: JSON under any key, calls of a zoom tool (JSON or XML), tags and
    control tokens around numbers, location tokens, named corners (put in the order that `y_first` says), and, where there is none of
    these and `bare` allows it, four numbers in brackets, as a server leaves them that takes control tokens out."""
    return _keyed(text) or _tagged(text) or _located(text) or _cornered(text, y_first) or (_bare(text) if bare else [])


def _keyed(text: str) -> list[Written]:
    groups = []
    for match in _first(_KEY, text):
        if end := _closed(text, match.end()):
            content = text[match.end() + 1 : end - 1]
            numbers = _any_numbers(content)
            several = len(numbers) > 4 and len(numbers) % 4 == 0
            groups += [(match.start(), end, content, each) for each in (_fours(numbers) if several else [numbers])]
    return _objects(text, groups)


def _objects(text: str, groups: Sequence[tuple[int, int, str, Sequence[float]]]) -> list[Written]:
    """Boxes inside objects: label and index of the picture stand in the same object, before the box or after it."""
    boxes = []
    places = sorted({(start, end) for start, end, _, _ in groups})
    ends = dict(zip(places, [0, *(end for _, end in places)]))  # of the box before
    starts = dict(zip(places, [*(start for start, _ in places[1:]), len(text)]))  # of the box after
    for start, end, content, numbers in groups:
        low, high = ends[start, end], starts[start, end]
        before, after = _within(text[low:start], text[end:high])
        label = _LABEL.search(after) or _last(_LABEL, before)
        picture = _PICTURE.search(after) or _last(_PICTURE, before)
        index = int(picture[1] or picture[2]) if picture else 0
        boxes.append(Written(tuple(numbers), content, _spelt(label), index, start, end))
    return boxes


def _within(before: str, after: str) -> tuple[str, str]:
    """What of the text on both sides of a box belongs to its object. A brace inside a label ends nothing."""
    opened = _last(_BRACE, before)
    if opened and opened[1] == "{":
        before = before[opened.end() :]
    elif "<parameter=" not in before:
        before = ""
    closed = next((match for match in _BRACE.finditer(after) if match[1] == "}"), None)
    after = after[: closed.start()] if closed else after
    return before.rpartition("<function=")[2], after.partition("</function>")[0]


def _tagged(text: str) -> list[Written]:
    boxes, done = [], 0
    for match in _first(_TAGGED, text):
        numbers = _any_numbers(match[1])
        if len(numbers) >= 4 and len(numbers) % 4 == 0:
            name = _NAME.search(text[done : match.start()])
            label = name[1].strip() if name else ""
            boxes += [Written(each, match[1], label, 0, match.start(), match.end()) for each in _fours(numbers)]
        done = match.end()
    return boxes


def _located(text: str) -> list[Written]:
    found = ((match, tuple(map(float, re.findall(r"\d+", match[1])))) for match in _first(_TOKENS, text))
    return [Written(numbers, match[1], match[2].strip(), 0, match.start(), match.end()) for match, numbers in found]


def _cornered(text: str, y_first: bool) -> list[Written]:
    """Corners by name, in whatever order: a box is complete with its fourth."""
    boxes: list[Written] = []
    corners: dict[str, float] = {}
    start = done = 0
    for match in _first(_CORNERS, text):
        name = match[1].lower().replace("_", "").replace("min", "1").replace("max", "2")
        if name in corners:
            corners = {}
        start = start if corners else match.start()
        corners[name] = float(match[2])
        if len(corners) == 4:
            numbers = _turned([corners[each] for each in ("x1", "y1", "x2", "y2")], y_first)
            before, after = _within(text[done:start], text[match.end() :])
            label = _LABEL.search(after) or _last(_LABEL, before)
            boxes.append(Written(numbers, text[start : match.end()], _spelt(label), 0, start, match.end()))
            corners, done = {}, match.end()
    return boxes


def _bare(text: str) -> list[Written]:
    boxes = []
    for match in _first(_BARE, text):
        name = re.search(r"([^\s<>()\[\]`][^\n<>()\[\]`]{0,60})\Z", text[max(0, match.start() - 61) : match.start()])
        attached = name is not None and name[1][-1].isalnum()  # a label; a sentence would end in a blank or a colon
        label = name[1] if name is not None and attached else ""
        boxes.append(Written(_any_numbers(match[0]), match[0], label, 0, match.start(), match.end()))
    return boxes


def _closed(text: str, start: int) -> int:
    """Where the brackets end that begin at `start`; 0 where they do not end, or hold anything but numbers and brackets."""
    depth = 0
    for at in range(start, min(len(text), start + _LONGEST)):
        depth += (text[at] in "[(") - (text[at] in "])")
        if not depth:
            return at + 1
        if text[at] in "{}<>":
            return 0
    return 0


def _any_numbers(text: str) -> tuple[float, ...]:
    """The numbers of a text that holds nothing else but brackets, commas and blanks; none at all otherwise."""
    try:
        numbers = tuple(float(part) for part in re.split(r"[\s,;()\[\]]+", text) if part)
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


def _commas(text: str) -> list[float]:
    """The numbers of a comma-separated list; none at all where one of them is something else."""
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        return []


def _fours(numbers: tuple[float, ...]) -> list[tuple[float, ...]]:
    return [numbers[at : at + 4] for at in range(0, len(numbers), 4)]


def _turned(numbers: Sequence[float], turn: bool) -> tuple[float, ...]:
    a, b, c, d = numbers
    return (b, a, d, c) if turn else (a, b, c, d)


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return islice(pattern.finditer(text), _MOST)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match that has a group."""
    return next((match for match in reversed(list(pattern.finditer(text))) if any(match.groups())), None)


def _spelt(label: re.Match[str] | None) -> str:
    """A label's text; of JSON without its escapes."""
    if label is None:
        return ""
    if label[2] is not None:
        return label[2]
    try:
        return str(json.loads(f'"{label[1]}"', strict=False))
    except ValueError:  # an escape that JSON does not have
        return label[1].replace('\\"', '"')
