"""A conversation about one question, in a dialect: observations in, actions out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Collection

from .answer_type import AnswerType
from .dialect import Dialect, Part, Turn, joined
from .geometry import View
from .look import Action, Answer, Observation
from .reply import plain


class Talk:
    """The conversation about one question, in a dialect: observations in, actions out. blind: its pictures are left out.

    answer_type: the question is followed by its instruction, but for a model that is asked without instructions, as the demo model is.
    views: of all its pictures, in order; the first begins it, so that a conversation begun afresh has a new one.
    """

    def __init__(self, dialect: Dialect, blind: bool = False, answer_type: AnswerType | None = None) -> None:
        self.dialect = dialect
        self.blind = blind
        self.instruction = answer_type.instruction if answer_type and dialect.instruction else ""
        self.turns: list[Turn] = []
        self.views: list[View] = []

    @property
    def view(self) -> View | None:
        """The view that was shown last."""
        return self.views[-1] if self.views else None

    def observe(self, observation: Observation, picture: Any = None) -> None:
        """Add what the model is shown; `picture` is its pixels, read from the scene or the observation's own."""
        if observation.begins:
            self.turns, self.views = [], []
            if self.instruction:
                observation = replace(observation, text=f"{observation.text.strip()} {self.instruction}")
        if view := observation.view or (self.view if observation.has_picture else None):
            self.views.append(view)
        turns = self.dialect.observe(observation)
        if self.blind:
            self.turns += [replace(turn, view=None, has_picture=False) for turn in turns]
        else:
            self.turns += [replace(turn, picture=picture) if turn.has_picture else turn for turn in turns]

    @property
    def forced(self) -> str:
        """What the model's reply has been begun with."""
        return self.turns[-1].text if self.turns[-1].role == "assistant" else ""

    def act(self, reply: str, cut: bool = False) -> Action:
        """Add what the model wrote, and say what it did; an answer's span counts from the beginning of `reply`."""
        if not self.views:
            raise RuntimeError("a talk begins with a view")
        closed = ">" if self.forced and not reply.startswith(">") else ""  # of the tag that the reply was begun with
        begun = self.forced + closed
        action = self.dialect.parse(begun + reply, self.views[-1], cut, self.views[:-1])
        if isinstance(action, Answer) and action.span:
            start, end = (max(0, side - len(begun)) for side in action.span)
            action = replace(action, span=(start, end))
        self.turns.append(Turn("assistant", plain(closed + self.dialect.spoken(reply, action))))
        return action

    def write(self, action: Action, thought: str = "") -> str:
        """The reply that would mean `action` here."""
        if not self.views:
            raise RuntimeError("a talk begins with a view")
        return self.dialect.write(action, self.views[-1], thought, self.views[:-1])

    def layout(self, tokens: Collection[str] = ()) -> list[Part]:
        """tokens: what the tokenizer has as tokens; a tag that the reply is begun with and that is one of them is given whole, since its
        beginning would be other tokens."""
        parts = self.dialect.layout(self.turns)
        if self.forced and self.forced + ">" in tokens:
            parts = joined([*parts, ">"])
        return parts
