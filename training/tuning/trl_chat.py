"""Conversations in trl's format: messages with pictures, and a processor with the dialect's chat template.

SFT and GRPO use one template for each dialect, `resources/templates/NAME.train.jinja`. `NAME.response.json` beside it defines for trl's
parser which replies ask for a view. The environment gets such a reply as a whole, so that only `Dialect.parse` reads replies.
"""

from __future__ import annotations

import json
from typing import Any, Iterable

from ...core.dialect import Dialect, Turn
from ...core.errors import ModelError
from ...core.paths import RESOURCES
from ...core.talk import Talk

TEMPLATES = RESOURCES / "templates"

CELL = 28  # pixels: the side of the part of a picture that one token of Qwen2.5-VL stands for

Block = dict[str, Any]
Message = dict[str, Any]


def blocks(turns: Iterable[Turn]) -> list[Block]:
    """The content of turns as blocks: the picture (a PIL image) of each turn, then its text."""
    content: list[Block] = []
    for turn in turns:
        if turn.has_picture:
            content.append({"type": "image", "image": turn.picture})
        if turn.text:
            content.append({"type": "text", "text": turn.text})
    return content


def messages(talk: Talk) -> list[Message]:
    """A whole conversation, as a row of SFT. Raises ValueError for a conversation with a forced answer."""
    if any(turn.role == "assistant" and after.role == "assistant" for turn, after in zip(talk.turns, talk.turns[1:])):
        raise ValueError("a conversation that ends in a forced answer can't be learnt from")
    return [{"role": turn.role, "content": blocks([turn])} for turn in talk.turns]


def teach(processor: Any, dialect: Dialect) -> None:
    """Sets the dialect's template for training, and padding on the left: with other padding, trl counts picture tokens wrongly without an
    error.
    """
    name = dialect.template
    processor.chat_template = (TEMPLATES / f"{name}.train.jinja").read_text(encoding="utf-8")
    processor.tokenizer.response_template = json.loads((TEMPLATES / f"{name}.response.json").read_text(encoding="utf-8"))
    processor.tokenizer.padding_side = "left"


def ends(tokenizer: Any, dialect: Dialect) -> list[int]:
    """The tokens that end a reply: end of the turn, end of the text, and in the dialect `zoomearth` <|vision_start|>, which asks for the
    crop.
    """
    names = ["<|im_end|>", "<|endoftext|>"] + (["<|vision_start|>"] if dialect.name == "zoomearth" else [])
    vocabulary = tokenizer.get_vocab()
    if missing := [name for name in names if name not in vocabulary]:
        raise ModelError(f"The tokenizer has no token {missing[0]}.", "Train a Qwen-VL checkpoint: its tokens are the dialects' own.")
    return [vocabulary[name] for name in names]


def suppressed_tokens(tokenizer: Any, rows: int, ends: Iterable[int]) -> list[int]:
    """Tokens that are never sampled, as in serving: a sampled picture token makes trl drop the pictures of the whole batch.

    rows: the number of rows of the embedding; some have no token.
    """
    special = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    return sorted((special | set(range(len(tokenizer), rows))) - set(ends))
