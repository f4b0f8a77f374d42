"""The keys of a review: next and previous, yes, no and unsure or the choices of the type of the answer, full resolution, edit, note,
a box in the label file, undo."""

from __future__ import annotations

from typing import Optional

from ...core.answer_type import AnswerType
from ..i18n import tr
from .checks import NO, UNSURE, YES, choices_of
from .keys import Action

CHOICE = "choice"  # begins the names of the actions that choose an answer: choice1
MOST = 9  # choices that have a key


def actions_for(answer_type: Optional[AnswerType]) -> list[Action]:
    """Where the type has no choices, yes and no say that the model's answer is right or wrong."""
    choices = choices_of(answer_type)
    plain = not choices
    actions = [
        Action("next", tr("Next"), "J", repeats=True),
        Action("previous", tr("Previous"), "K", repeats=True),
    ]
    if plain or YES in choices:
        actions.append(Action("yes", tr("Right") if plain else tr("Yes"), "Y"))
    if plain or NO in choices:
        actions.append(Action("no", tr("Wrong") if plain else tr("No"), "N"))
    actions.append(Action("unsure", tr("Unsure"), "U"))
    own = [choice for choice in choices if choice not in (YES, NO, UNSURE)][:MOST]
    actions += [Action(f"{CHOICE}{number}", choice, str(number)) for number, choice in enumerate(own, 1)]
    return [
        *actions,
        Action("detail", tr("Full resolution"), "F"),
        Action("edit", tr("Edit"), "E"),
        Action("note", tr("Note"), "M"),
        Action("label", tr("Label this"), "L"),
        Action("undo", tr("Undo"), "Z"),
    ]
