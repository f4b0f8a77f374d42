"""What an OpenAI-compatible server is sent: no connection here.

The messages of a talk, and the request. Servers differ: `Form` holds what one of them has refused so far. `reading` takes the replies.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator

from ...core.dialect import Turn
from ...core.talk import Talk
from ...core.tool_calls import function
from ...core.tools import CALLED

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """Something of a request that a server may refuse: how its error names it, and what goes without saying so."""

    pattern: str
    without: str


WISHES = {
    "continue": Wish(
        r"continue_final_message|add_generation_prompt",
        "The server can't be told to go on with a begun reply: the beginning was sent as a last assistant message.",
    ),
    "logprobs": Wish(r"log_?probs", "The server gives no token probabilities, so answers carry no confidence."),
    "usage": Wish(r"stream_options|include_usage|continuous_usage", "The server does not count tokens while it streams."),
    "thinking": Wish(
        r"chat_template_kwargs|enable_thinking",
        "The server can't tell the model not to think at length: replies may take long, or run into their limit.",
    ),
    "tools": Wish(
        r"\btools?\b|tool_choice|tool-call-parser|function.?call",
        "The server takes no list of tools: it was put into the prompt, and calls are read from the text.",
    ),
    "temperature": Wish(r"temperature", "The server chooses the temperature: answers may vary."),
    "repetition_penalty": Wish(
        r"repetition_penalty", "The server takes no repetition penalty: this model's answers may differ from those of its weights run here."
    ),
    "max_tokens": Wish(r"use '?\"?max_completion_tokens", "The server takes max_completion_tokens for max_tokens."),
    "system": Wish(
        r"system (role|message|prompt)\w* (is |are )?(not|un)|roles? .{0,40}system|only user and assistant|roles must alternate",
        "The server takes no system message: it was put before the question.",
    ),
    "begun": Wish(
        r"(last|final) message|prefill|assistant.{0,40}(at the end|last)|(2|two) or more assistant",
        "The server takes no begun reply: its beginning was asked for in words.",
    ),
}
EXTRAS = ("continue", "logprobs", "usage", "thinking", "repetition_penalty", "tools")  # what a plain request goes without


def data_url(picture: Any) -> str:
    """A PIL image as a data URL of a PNG: the exact pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def image_url(picture: Any) -> dict[str, Any]:
    """The part of a message that holds a PIL image."""
    return {"type": "image_url", "image_url": {"url": data_url(picture)}}


class Form:
    """How requests are put to one server: `wished` until refused. `tolerated` gathers plain sentences of what was put up with.

    repetition_penalty: of the model's profile; a server that is not told of one takes what its own files say. native_tools: the tools on
    offer are sent in `tools`, and not in the prompt.
    """

    def __init__(self, repetition_penalty: float = 1.0, native_tools: bool = False) -> None:
        self.repetition_penalty, self.native_tools = repetition_penalty, native_tools
        self.refused: set[str] = set()
        self.tolerated: list[str] = []
        self._guess: list[str] = []  # refused for want of anything better, not proven yet

    def tolerate(self, sentence: str) -> None:
        if sentence not in self.tolerated:
            self.tolerated.append(sentence)
            LOG.info(sentence)

    def adapt(self, status: int, said: str, body: dict[str, Any]) -> bool:
        """The server answered `status` with the words `said`: whether asking in another form is worth a try."""
        held = [name for name in WISHES if _holds(body, name)]
        if self.refused.intersection(held):  # sent before another request's refusal was read
            return True
        named = [name for name in held if re.search(WISHES[name].pattern, said, re.I | re.S)]
        if not named and status in (400, 422):
            if self._guess:  # a plain request is refused too: it is not the form
                self.refused.difference_update(self._guess)
                self.tolerated[:] = [said for said in self.tolerated if said not in [WISHES[name].without for name in self._guess]]
                self._guess = []
                return False
            self._guess = named = [name for name in held if name in EXTRAS]
        for name in named:
            self.refused.add(name)
            self.tolerate(WISHES[name].without)
        return bool(named)

    def accepted(self) -> None:
        """The server took a request in the present form."""
        self._guess = []

    def request(self, model: str, talk: Talk, limit: int) -> dict[str, Any]:
        """The body of a chat completion, always streamed. No stop strings: some servers cut them off the text, and closing is enough."""
        dialect = talk.dialect
        tools = [function(CALLED[name], dialect.convention) for name in dialect.tools] if self._sends_tools(talk) else []
        body: dict[str, Any] = {"model": model, "messages": self.messages(talk), "stream": True, **({"tools": tools} if tools else {})}
        body["max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"] = limit
        if "temperature" not in self.refused:
            body["temperature"] = 0
        if self.repetition_penalty != 1 and "repetition_penalty" not in self.refused:
            body["repetition_penalty"] = self.repetition_penalty
        if "logprobs" not in self.refused:
            body["logprobs"] = True
        if "usage" not in self.refused:
            body["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
        if dialect.wordy and "thinking" not in self.refused:
            body["chat_template_kwargs"] = {"enable_thinking": False}
        if body["messages"][-1]["role"] == "assistant" and "continue" not in self.refused:
            body.update(continue_final_message=True, add_generation_prompt=False)
        return body

    def messages(self, talk: Talk, show: Callable[[Any], dict[str, Any]] = image_url) -> list[dict[str, Any]]:
        """The talk as messages; neighbours of one role are one message, as most chat templates want it. show: the part of a message that
        holds a picture."""
        turns = talk.turns
        if self._sends_tools(talk):
            turns = [replace(turn, text=turn.text.removesuffix(talk.dialect.tool_list)) for turn in turns]
        if talk.forced and "begun" in self.refused:
            turns = [*turns[:-1], Turn("user", f"Answer now: begin your reply with {talk.forced}>")]
        if talk.dialect.name == "zoomearth" and any(turn.role == "tool" for turn in turns):
            self.tolerate("Crops were sent as messages of their own: only a chat template made for ZoomEarth puts them inside the reply.")
        gathered: list[tuple[str, list[dict[str, Any]]]] = []
        for turn in turns:
            role = "user" if turn.role == "tool" or (turn.role == "system" and "system" in self.refused) else turn.role
            if not gathered or gathered[-1][0] != role:
                gathered.append((role, []))
            gathered[-1][1].extend(_parts(turn, show))
        return [{"role": role, "content": _content(parts)} for role, parts in gathered]

    def _sends_tools(self, talk: Talk) -> bool:
        """Whether the server is told of the tools apart from the prompt."""
        return self.native_tools and bool(talk.dialect.tool_list) and "tools" not in self.refused


def _holds(body: dict[str, Any], name: str) -> bool:
    """Whether a request has what the wish `name` is about."""
    roles = [message["role"] for message in body["messages"]]
    keys = {"continue": "continue_final_message", "usage": "stream_options", "thinking": "chat_template_kwargs"}
    held = {"system": "system" in roles, "begun": roles[-1] == "assistant"}
    return held[name] if name in held else keys.get(name, name) in body


def _parts(turn: Turn, show: Callable[[Any], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if turn.picture is not None:
        yield show(turn.picture)
    if turn.text:
        yield {"type": "text", "text": turn.text}


def _content(parts: list[dict[str, Any]]) -> Any:
    """Plain text where there is no picture: every server takes that."""
    return parts if any(part["type"] != "text" for part in parts) else "".join(part["text"] for part in parts)
