"""A reply while its tokens come: the same for every engine that runs weights here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Collection

from ...core.talk import Talk
from . import OnText, Reply


@dataclass(eq=False)
class Writing:
    """A talk being answered. index: its place among the talks of the call. ids: what the model has written so far. over: it ends there."""

    index: int
    talk: Talk
    reply: Reply = field(default_factory=lambda: Reply(""))
    ids: list[int] = field(default_factory=list)
    over: bool = False

    def take(
        self, token: int, likely: float, decode: Callable[[list[int]], str], ends: Collection[int], limit: int, on_text: OnText
    ) -> bool:
        """Adds a token with its log probability; false where the reply is over. A character that takes several tokens comes with the
        last of them. decode: from tokens to text; of `ends`, the tokens that end a turn, it is given none.
        """
        reply = self.reply
        self.ids.append(token)
        reply.tokens_out += 1
        ended = token in ends
        text = decode(self.ids[:-1] if ended else self.ids)
        reply.cut = len(self.ids) >= limit and not ended
        whole = ended or reply.cut or not text.endswith("\ufffd")
        delta = text[len(reply.text) :] if whole else ""
        reply.text += delta
        if not ended:
            reply.tokens.append((delta, likely))
        if delta:
            on_text(self.index, delta)
        if self.talk.dialect.complete(reply.text):
            reply.cut, ended = False, True
        self.over = ended or reply.cut
        return not self.over
