"""A conversation about one question, in a dialect: observations in, actions out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Collection, Iterator

from .answer_type import AnswerType
from .dialect import Dialect, Part, Turn, joined
from .geometry import View
from .look import Action, Answer, Observation
from .reply import plain, quoted

COMPARED = (
    "The two pictures show the same ground at the same scale: a box is the same place in both, and a closer look shows you both again."
)


class Talk:
    """The conversation about one question, in a dialect: observations in, actions out. blind: its pictures are left out.

    answer_type: the question is followed by its instruction, but for a model that is asked without instructions, as the demo model is.
    names: of the two rasters that are compared, none for one raster: each picture follows its name. views: of all its pictures, in order;
    the first begins it, so that a conversation begun afresh has a new one.
    """

    def __init__(self, dialect: Dialect, blind: bool = False, answer_type: AnswerType | None = None, names: tuple[str, ...] = ()) -> None:
        self.dialect = dialect
        self.blind = blind
        self.names = names
        self.instruction = answer_type.instruction if answer_type and dialect.instruction else ""
        self.turns: list[Turn] = []
        self.views: list[View] = []

    @property
    def view(self) -> View | None:
        """The view that was shown last."""
        return self.views[-1] if self.views else None

    def observe(self, observation: Observation, *pictures: Any) -> None:
        """Add what the model is shown; `pictures` are its pixels, read from the scene or the observation's own: one of each raster."""
        if observation.begins:
            self.turns, self.views = [], []
            words = [observation.text.strip(), COMPARED if self.names else "", self.instruction]
            observation = replace(observation, text=" ".join(filter(None, words)))
        if view := observation.view or (self.view if observation.has_picture else None):
            self.views += [view] * max(1, len(pictures))
        for turn in self.dialect.observe(observation):
            if self.blind or not turn.has_picture:
                self.turns.append(replace(turn, view=None, has_picture=False))
            else:
                self.turns += self._pictured(turn, pictures or (None,))

    def _pictured(self, turn: Turn, pictures: tuple[Any, ...]) -> Iterator[Turn]:
        """A turn with its picture, or those of both rasters, each behind its name, and then what the turn says."""
        if not self.names:
            yield replace(turn, picture=pictures[0])
            return
        for name, picture in zip(self.names, pictures):
            yield Turn(turn.role, f"{quoted(name)}:")
            yield replace(turn, text="", picture=picture)
        yield Turn(turn.role, turn.text)

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
