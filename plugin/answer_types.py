"""The types of answer that users choose from, in the panel and in Processing."""

from __future__ import annotations

from typing import Optional

from ..core.answer_type import CHOICE, INTEGER, NUMBER, TEXT, AnswerType, parse_type
from .i18n import tr

# In the order of `type_labels`: the kind, and its choices where they are fixed.
ANSWER_TYPES = ((TEXT, ""), ("", "yes,no"), ("", "yes,no,unsure"), (CHOICE, ""), (NUMBER, ""), (INTEGER, ""))


def type_labels() -> list[str]:
    """The labels of ANSWER_TYPES."""
    return [
        tr("Any text"),
        tr("Yes or no"),
        tr("Yes, no or unsure"),
        tr("One of a list"),
        tr("Number"),
        tr("Whole number"),
    ]


def chosen_type(at: int, choices: str) -> Optional[AnswerType]:
    """The type at that place of ANSWER_TYPES; None for any text. choices: between commas. Raises ValueError with a sentence."""
    kind, fixed = ANSWER_TYPES[at]
    return parse_type(kind, fixed or (choices if kind == CHOICE else ""))


def is_list(at: int) -> bool:
    """Whether the type at that place needs choices."""
    return ANSWER_TYPES[at] == (CHOICE, "")
