"""Talks as trl wants them: messages with pictures, and a processor whose template lays them out as the dialect does.

One template a dialect, `resources/templates/NAME.train.jinja`, serves SFT and GRPO; beside it `NAME.response.json` tells trl's parser
which replies ask for a view. Such a reply reaches the environment whole, so that `Dialect.parse` stays the only reader of replies.
"""

from __future__ import annotations

import json
from typing import Any, Iterable

from ...core.dialect import Dialect, Talk, Turn
from ...core.errors import ModelError
from ...core.paths import RESOURCES

TEMPLATES = RESOURCES / "templates"

CELL = 28  # pixels a side: what a token of Qwen2.5-VL shows

Block = dict[str, Any]
Message = dict[str, Any]


def blocks(turns: Iterable[Turn]) -> list[Block]:
    """The content of turns: the picture of each before its text; a picture that is a PIL image."""
    made: list[Block] = []
    for turn in turns:
        if turn.has_picture:
            made.append({"type": "image", "image": turn.picture})
        if turn.text:
            made.append({"type": "text", "text": turn.text})
    return made


def messages(talk: Talk) -> list[Message]:
    """A whole talk, as a row of SFT. A forced beginning of a reply is no reply of its own: such talks raise ValueError."""
    if any(turn.role == "assistant" and after.role == "assistant" for turn, after in zip(talk.turns, talk.turns[1:])):
        raise ValueError("a talk that ends in a forced answer is nothing to learn from")
    return [{"role": turn.role, "content": blocks([turn])} for turn in talk.turns]


def teach(processor: Any, dialect: Dialect) -> None:
    """Gives a processor the dialect's layout for training. Pads on the left: elsewhere trl counts picture tokens wrongly, in silence."""
    name = dialect.template
    processor.chat_template = (TEMPLATES / f"{name}.train.jinja").read_text(encoding="utf-8")
    processor.tokenizer.response_template = json.loads((TEMPLATES / f"{name}.response.json").read_text(encoding="utf-8"))
    processor.tokenizer.padding_side = "left"


def ends(tokenizer: Any, dialect: Dialect) -> list[int]:
    """The tokens that end a reply: of the turn, of the text, and in the dialect `zoomearth` <|vision_start|>, which asks for the crop."""
    names = ["<|im_end|>", "<|endoftext|>"] + (["<|vision_start|>"] if dialect.name == "zoomearth" else [])
    known = tokenizer.get_vocab()
    if missing := [name for name in names if name not in known]:
        raise ModelError(f"The tokenizer has no token {missing[0]}.", "Train a Qwen-VL checkpoint: its tokens are the dialects' own.")
    return [known[name] for name in names]


def never_said(tokenizer: Any, rows: int, ends: Iterable[int]) -> list[int]:
    """Tokens that a reply can't hold, as when it is served: a sampled picture token makes trl drop the pictures of the whole batch.

    rows: of the embedding; some stand for nothing.
    """
    special = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    return sorted((special | set(range(len(tokenizer), rows))) - set(ends))
