"""What an answer must be: one of a list, a number, or several of these as named fields. It is said to the model and read from its reply.

kind = AnswerType("choice", ("yes", "no", "unsure"))
kind.instruction                     # "Answer with one of: yes, no, unsure."
kind.read("Yes, there is one.")      # "yes"
kind.read("I can't tell.")           # None: the reply has no such answer
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple, Union

CHOICE, NUMBER, INTEGER, TEXT, FIELDS = "choice", "number", "integer", "text", "fields"
KINDS = (CHOICE, NUMBER, INTEGER, TEXT, FIELDS)
BOOLEAN = ("yes", "no")
LARGEST = 10**15  # as a number of a vector file: every whole number up to here is exact
Plain = Union[bool, int, float, str]
Value = Union[Plain, Dict[str, Optional[Plain]]]

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER_WORDS = {"none": 0, "twenty": 20, **{word: number for number, word in enumerate(_WORDS)}}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?(?:e[-+]?\d{1,2})?)"
_NUMBER = re.compile(rf"(?<![\w.,])[-+−]?{_DIGITS}(?![.,]?\w*\d)|\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_BOUND = re.compile(r"[<>≤≥]|\d\s*\+|\b(?:more|less|fewer|greater|over|under|least|most|up to|between|or)\b", re.IGNORECASE)


@dataclass(frozen=True)
class AnswerType:
    """kind: one of KINDS. choices: of CHOICE, each once. fields: of FIELDS, each with a name. name: where it is such a field."""

    kind: str = TEXT
    choices: Tuple[str, ...] = ()
    fields: Tuple[AnswerType, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"the type of answer is {self.kind!r}: it must be one of {', '.join(KINDS)}.")
        _check_names("choices", self.choices, self.kind == CHOICE, 2)
        _check_names("fields", [field.name for field in self.fields], self.kind == FIELDS, 1)
        if any(field.kind == FIELDS for field in self.fields):
            raise ValueError("a field has fields of its own: it must be a choice, a number or a text.")

    @property
    def is_boolean(self) -> bool:
        """The values are True and False."""
        return tuple(sorted(choice.lower() for choice in self.choices)) == tuple(sorted(BOOLEAN))

    @property
    def instruction(self) -> str:
        """The sentence that follows the question; "" for a text."""
        if self.kind == FIELDS:
            fields = ", ".join(f'"{field.name}" ({field._allowed})' for field in self.fields)
            return f"Answer with one JSON object with these names: {fields}."
        return "" if self.kind == TEXT else f"Answer with {self._allowed}."

    @property
    def _allowed(self) -> str:
        words = {NUMBER: "a number", INTEGER: "a whole number", TEXT: "a word or a short phrase"}
        return words.get(self.kind) or f"one of: {', '.join(self.choices)}"

    @property
    def columns(self) -> Dict[str, type]:
        """The columns of a table that hold the value, by name ("value", or the names of the fields): bool, int, float or str."""
        if self.kind == FIELDS:
            return {field.name: field._column for field in self.fields}
        return {"value": self._column}

    @property
    def _column(self) -> type:
        return bool if self.is_boolean else {NUMBER: float, INTEGER: int}.get(self.kind, str)

    def cells(self, value: Optional[Value]) -> Dict[str, Optional[Plain]]:
        """The value by the names of `columns`."""
        if self.kind == FIELDS:
            by_name = value if isinstance(value, dict) else {}
            return {field.name: by_name.get(field.name) for field in self.fields}
        return {"value": None if isinstance(value, dict) else value}

    def read(self, answer: str) -> Optional[Value]:
        """The value of an answer; None where it does not fit, or more than one value does. Of FIELDS, None for each field that lacks one,
        and None as a whole where all do."""
        if self.kind == FIELDS:
            values = {field.name: field._read(text) for field, text in zip(self.fields, self._parts(answer))}
            return None if all(value is None for value in values.values()) else values
        return self._read(answer)

    def _read(self, answer: str) -> Optional[Plain]:
        if self.kind == TEXT:
            return answer.strip() or None
        if self.kind == CHOICE:
            choice = _choice(answer, self.choices)
            return choice if choice is None or not self.is_boolean else choice.lower() == "yes"
        number = _number(answer)
        if number is None or self.kind == NUMBER:
            return number
        return int(number) if number == int(number) else None

    def _parts(self, answer: str) -> List[str]:
        """The text of each field: of a JSON object, else of lines "name: text"; "" where there is none."""
        texts: Dict[str, str] = {}
        for name, text in _object(answer) or _lines(answer):
            texts.setdefault(_key(name), text)
        return [texts.get(_key(field.name), "") for field in self.fields]


def parse_type(kind: str = "", choices: str = "") -> Optional[AnswerType]:
    """The type that a person has written: a kind, or choices between commas; None for any text. Raises ValueError with a sentence."""
    if not choices:
        return None if kind in ("", TEXT) else AnswerType(kind)
    if kind not in ("", CHOICE):
        raise ValueError(f"the type of answer is {kind!r}, and choices are given: give one of the two.")
    return AnswerType(CHOICE, tuple(choice.strip() for choice in choices.split(",")))


def _check_names(what: str, names: Union[List[str], Tuple[str, ...]], wanted: bool, least: int) -> None:
    if not wanted and names:
        raise ValueError(f"{what} are given, and the type of answer has none.")
    if wanted and len(names) < least:
        raise ValueError(f"{what} are missing: give {least} at least.")
    if any(not name.strip() or name != name.strip() or not name.isprintable() for name in names):
        raise ValueError(f"one of the {what} is empty, or has blanks around it or a line break.")
    if len({_key(name) for name in names}) < len(names):
        raise ValueError(f"two of the {what} are equal: {', '.join(names)}.")


def _key(name: str) -> str:
    """Names that differ only in capitals, blanks and hyphens are one name."""
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def _choice(answer: str, choices: Tuple[str, ...]) -> Optional[str]:
    """The only choice that the answer names, or the one that it begins with before a comma or another mark."""
    named: List[Tuple[int, str]] = []
    left = " ".join(answer.split())
    for choice in sorted(choices, key=len, reverse=True):  # "not built" before "built"
        pattern = re.compile(rf"(?<!\w){re.escape(' '.join(choice.split()))}(?!\w)", re.IGNORECASE)
        if match := pattern.search(left):
            named.append((match.start(), choice))
            left = pattern.sub(lambda found: "\0" * len(found.group()), left)
    if len(named) == 1:
        return named[0][1]
    first = min(named, default=None)
    if first and re.match(r"[\W_]*$", left[: first[0]]) and re.match(r"\0+\s*[,.;:!–—]", left[first[0] :]):
        return first[1]
    return None


def _number(answer: str) -> Optional[float]:
    """The only number of the answer; None for a bound or a range such as "more than 10" and "3 to 4"."""
    matches = list(_NUMBER.finditer(answer))
    if len(matches) != 1 or _BOUND.search(answer):
        return None
    text = matches[0].group().lower().replace("−", "-")
    if text in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[text])
    thousands = re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text)
    number = float(text.replace(",", "" if thousands else "."))
    return number if math.isfinite(number) and abs(number) <= LARGEST else None


def _object(answer: str) -> List[Tuple[str, str]]:
    """The names and texts of the first JSON object; empty where there is none."""
    for start in (match.start() for match in re.finditer(r"\{", answer)):
        try:
            data, _ = json.JSONDecoder().raw_decode(answer, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            return [(name, _text(value)) for name, value in data.items()]
    return []


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (str, int, float)) else ""


def _lines(answer: str) -> List[Tuple[str, str]]:
    """The names and texts of lines, or parts between semicolons, such as "roof: tiles"."""
    pairs = (part.partition(":") for part in re.split(r"[\n;]", answer))
    return [(name.strip(" \t-*\"'"), text.strip(" \t\"',")) for name, mark, text in pairs if mark]
