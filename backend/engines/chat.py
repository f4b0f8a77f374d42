"""What an OpenAI-compatible server is sent, and what its stream says: no connection here.

Messages of a talk, the request, and the reading of a reply. Servers differ; `Form` holds what one of them has refused so far, and
`Reading` takes every way of streaming that was seen (sources: the servers' own documentation and `transformers serve` as it runs):
`data:` with or without a space, comments that keep a connection alive, events without blank lines between them, no `[DONE]`, no usage,
one JSON body instead of a stream, reasoning sent apart, and a begun reply, or a whole prompt, sent back before the new text.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import io
import json
import logging
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from ...core.dialect import Talk, Turn
from . import Reply

LOG = logging.getLogger(__name__)
ECHOES = ("<|im_start|>assistant\n", "<|vision_end|>")  # never in a reply: where one stands, the text before it is the prompt sent back


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
    "temperature": Wish(r"temperature", "The server chooses the temperature: answers may vary."),
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
EXTRAS = ("continue", "logprobs", "usage")  # what a plain request goes without


class Form:
    """How requests are put to one server: `wished` until refused. `tolerated` gathers plain sentences of what was put up with."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.tolerated: list[str] = []
        self._guess: list[str] = []  # refused for want of anything better, not proven yet

    def tolerate(self, sentence: str) -> None:
        if sentence not in self.tolerated:
            self.tolerated.append(sentence)
            LOG.info(sentence)

    def adapt(self, status: int, said: str, body: dict[str, Any]) -> bool:
        """The server answered `status` with the words `said`: whether asking in another form is worth a try."""
        sent = [name for name in WISHES if name not in self.refused and _holds(body, name)]
        named = [name for name in sent if re.search(WISHES[name].pattern, said, re.I | re.S)]
        if not named and status in (400, 422):
            if self._guess:  # a plain request is refused too: it is not the form
                self.refused.difference_update(self._guess)
                self.tolerated[:] = [said for said in self.tolerated if said not in [WISHES[name].without for name in self._guess]]
                self._guess = []
                return False
            self._guess = named = [name for name in sent if name in EXTRAS]
        for name in named:
            self.refused.add(name)
            self.tolerate(WISHES[name].without)
        return bool(named)

    def accepted(self) -> None:
        """The server took a request in the present form."""
        self._guess = []

    def request(self, model: str, talk: Talk, limit: int) -> dict[str, Any]:
        """The body of a chat completion, always streamed. No stop strings: some servers cut them off the text, and closing is enough."""
        body: dict[str, Any] = {"model": model, "messages": self.messages(talk), "stream": True}
        body["max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"] = limit
        if "temperature" not in self.refused:
            body["temperature"] = 0
        if "logprobs" not in self.refused:
            body["logprobs"] = True
        if "usage" not in self.refused:
            body["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
        if body["messages"][-1]["role"] == "assistant" and "continue" not in self.refused:
            body.update(continue_final_message=True, add_generation_prompt=False)
        return body

    def messages(self, talk: Talk) -> list[dict[str, Any]]:
        """The talk as messages; neighbours of one role are one message, as most chat templates want it."""
        turns = talk.turns
        if talk.forced and "begun" in self.refused:
            turns = [*turns[:-1], Turn("user", f"Answer now: begin your reply with {talk.forced}")]
        if talk.dialect.name == "zoomearth" and any(turn.role == "tool" for turn in turns):
            self.tolerate("Crops were sent as messages of their own: only a chat template made for ZoomEarth puts them inside the reply.")
        gathered: list[tuple[str, list[dict[str, Any]]]] = []
        for turn in turns:
            role = "user" if turn.role == "tool" or (turn.role == "system" and "system" in self.refused) else turn.role
            if not gathered or gathered[-1][0] != role:
                gathered.append((role, []))
            gathered[-1][1].extend(_parts(turn))
        return [{"role": role, "content": _content(parts)} for role, parts in gathered]


@dataclass
class Reading:
    """One attempt at one reply, as it comes in. `tell` is given the whole text so far, cleaned, each time there is more."""

    talk: Talk
    form: Form
    tell: Callable[[str], None]
    text: str = ""
    finish: str = ""
    ended: bool = False  # no more bytes will come
    closed: bool = False  # the server said that it is through, or the dialect needs no more
    failed: dict[str, Any] | None = None  # the error a server sent in place of a reply, or amid one
    broken: bool = False  # an event can't be read: text is missing
    usage: dict[str, Any] = field(default_factory=dict)
    _raw: str = ""
    _thinking: bool = False
    _start: int = 0  # of `text` in `_raw`
    _pieces: list[tuple[bytes, float]] = field(default_factory=list)  # the server's tokens: one may be a part of a character
    _count: int = 0  # tokens, or pieces of text where the server does not tell them apart
    _bytes: bytes = b""
    _held: str = ""  # JSON over several lines, so far

    def feed(self, data: bytes | None) -> None:
        """Bytes of the stream, however they are cut; None at its end, where a line without a newline counts too."""
        *lines, self._bytes = (self._bytes + (b"\n\n" if data is None else data)).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", "replace").rstrip("\r"))
        self.ended = data is None

    def whole(self, body: bytes) -> None:
        """One JSON body in place of a stream. One without choices is an error, whatever its status was."""
        event = json.loads(body)
        self._event(event)
        if not self.failed and not event.get("choices"):
            self.failed = {"message": error_text(body)}
        if not self.failed:
            self.form.tolerate("The server does not stream: the text came all at once, and a cancellation may reach it late.")
            self.closed = True

    def reply(self, cancelled: bool = False) -> Reply:
        known = self.usage.get("prompt_tokens") or 0
        cached = (self.usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        out = self.usage.get("completion_tokens") or self._count
        cut = self.finish == "length" and not self.talk.dialect.complete(self.text)
        return Reply(self.text, cut, cancelled, self._tokens(), known, out, known - cached)

    def _tokens(self) -> list[tuple[str, float]]:
        """The pieces of `text`, which they make up exactly; none at all where the server's tokens do not (a part of it has none).

        A character that takes several tokens comes with the last of them.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        start, end = self._start, self._start + len(self.text)
        tokens, spoken = [], ""
        for piece, logprob in self._pieces:
            at = len(spoken)
            spoken += decoder.decode(piece)
            if at < end and at + max(1, len(spoken) - at) > start:
                tokens.append((spoken[max(at, start) : end], logprob))
        return tokens if spoken[:end] == self._raw[:end] else []

    def _line(self, line: str) -> None:
        if self.closed or self.failed or self.broken:
            return
        said = line[len("data:") :].strip() if line.startswith("data:") else ""
        if not line or said == "[DONE]":  # the end of an event
            self.broken, self._held = bool(self._held) and not self.finish, ""
            self.closed = bool(said) and not self.broken
        elif self._held or said.startswith("{"):  # else a comment, or a mark that keeps the connection alive
            try:
                event = json.loads(self._held + said)
            except ValueError:
                self._held += said + "\n"
            else:
                self._held = ""
                self._event(event)

    def _event(self, event: dict[str, Any]) -> None:
        if error := event.get("error") or (event if event.get("object") == "error" else None):
            self.failed = error if isinstance(error, dict) else {"message": str(error)}
        self.usage = event.get("usage") or self.usage
        for choice in (event.get("choices") or [])[:1]:
            said = choice.get("delta") or choice.get("message") or {}
            reasoning, content = said.get("reasoning_content") or said.get("reasoning") or "", _text(said.get("content"))
            if reasoning:
                self.form.tolerate("The server sends reasoning apart: it was put back between <think> tags.")
                self._add(reasoning if self._thinking else "<think>" + reasoning)
                self._thinking = True
            self._count += self._gather(choice.get("logprobs")) or bool(reasoning or content)
            if content:
                self._add("</think>" + content if self._thinking else content)
                self._thinking = False
            self.finish = choice.get("finish_reason") or self.finish

    def _gather(self, logprobs: Any) -> int:
        """Adds an event's tokens and counts them. They may come before their text; what is not as it should be is left out."""
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            tokens = (logprobs or {}).get("content") or []
            self._pieces += [(bytes(token.get("bytes") or token["token"].encode()), float(token["logprob"])) for token in tokens]
            return len(tokens)
        return 0

    def _add(self, piece: str) -> None:
        self._raw += piece
        self._start = self._begun()
        text, before = self._raw[self._start :], len(self.text)
        if self.talk.dialect.complete(text):
            self.closed = True
            ends = range(min(before, len(text)), len(text) + 1)
            text = next((text[:end] for end in ends if self.talk.dialect.complete(text[:end])), text)
        self.text = text
        self.tell(text)

    def _begun(self) -> int:
        """Where the new text begins: after a prompt or a begun reply that was sent back, or begun anew."""
        start = max((self._raw.rfind(mark) + len(mark) for mark in ECHOES if mark in self._raw), default=0)
        if start:
            self.form.tolerate("The server sends the prompt back before the reply: it was taken off.")
        text, forced = self._raw[start:], self.talk.forced
        if forced and forced in text:
            self.form.tolerate(f"The server repeats a reply's beginning ({forced}): it was taken off.")
            return start + text.index(forced) + len(forced)
        return len(self._raw) if forced.startswith(text) else start


def error_text(body: bytes) -> str:
    """What a server says in an error's body, in whatever shape, as one line of at most 300 characters."""
    said = body.decode("utf-8", "replace")
    try:
        data = json.loads(said)
    except ValueError:
        data = re.sub(r"<[^>]*>", " ", said)
    for key in ("error", "message", "detail"):
        if isinstance(data, dict) and data.get(key):
            data = data[key]
    return " ".join((data if isinstance(data, str) else json.dumps(data)).split())[:300]


def _holds(body: dict[str, Any], name: str) -> bool:
    """Whether a request has what the wish `name` is about."""
    roles = [message["role"] for message in body["messages"]]
    keys = {"continue": "continue_final_message", "usage": "stream_options"}
    held = {"system": "system" in roles, "begun": roles[-1] == "assistant"}
    return held[name] if name in held else keys.get(name, name) in body


def _parts(turn: Turn) -> Iterator[dict[str, Any]]:
    if turn.picture is not None:
        yield {"type": "image_url", "image_url": {"url": data_url(turn.picture)}}
    if turn.text:
        yield {"type": "text", "text": turn.text}


def _content(parts: list[dict[str, Any]]) -> Any:
    """Plain text where there is no picture: every server takes that."""
    return parts if any(part["type"] != "text" for part in parts) else "".join(part["text"] for part in parts)


def data_url(picture: Any) -> str:
    """A PIL image as a data URL of a PNG: the exact pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""
