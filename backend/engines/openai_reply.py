"""What a server's reply says, in whatever form it comes: no connection here.

`Reading` takes every way of replying that was seen (sources: the servers' own documentation and `transformers serve` as it runs), whatever
the content type says: `data:` with or without a space, any end of line, a byte order mark, comments that keep a connection alive, events
without blank lines between them, no `[DONE]`, no usage, one JSON body or several instead of a stream, reasoning sent apart, a begun reply
or a whole prompt sent back before the new text, and errors in place of an event, in a choice, or as the reason of the end.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from ...core.talk import Talk
from ...core.tool_calls import CLOSED, OPENED
from . import Reply
from .openai_chat import Form
from .openai_errors import CODES, error_text, failure_in, failure_of, meaning

ECHOES = ("<|im_start|>assistant\n", "<|vision_end|>")  # never in a reply: where one stands, the text before it is the prompt sent back
BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark and white space: no content
LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a carriage return at the end may be half of one
NO_REASON = ("", "null", "none")  # of the chunks before the last
PLAIN_END = re.compile(r"stop|eos|eot|end|complete|done|finish|success", re.I)  # of reasons: the model had no more to say
LONGEST_CALL = 20_000  # letters of a tool's arguments
NO_COMPLETION = "it sends no chat completion, but "
FIELDS = ("", "data", "event", "id", "retry")  # of a stream's lines; without a name it is a comment


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
    page: bool = False  # it is a web page
    refusal: str = ""  # what is said in place of a reply by a model that OpenAI keeps from answering
    usage: dict[str, Any] = field(default_factory=dict)
    _raw: str = ""
    _half: str = ""  # of a character, where a server sends UTF-16 halves apart
    _thinking: bool = False
    _start: int = 0  # of `text` in `_raw`
    _pieces: list[tuple[bytes, float]] = field(default_factory=list)  # the server's tokens: one may be a part of a character
    _count: int = 0  # tokens, or pieces of text where the server does not tell them apart
    _bytes: bytes = b""
    _streamed: bool | None = None  # events on lines, or one body; not known before the first letter
    _held: str = ""  # JSON over several lines, so far
    _named: str = ""  # the event's name
    _odd: str = ""  # the first line that is none of a stream, or no JSON: it may be an error in words
    _calls: dict[int, list[str]] = field(default_factory=dict)  # of tools: name and arguments, which come in pieces
    _choice: int | None = None  # the one that is read, where a server sends several

    @property
    def over(self) -> bool:
        """No more needs to be read."""
        return bool(self.closed or self.failed or self.broken or self.page or self.ended)

    @property
    def filtered(self) -> str:
        """Why the server, or its model, holds the reply back; "" where it does not."""
        failed = self.failed or {}
        reasons = [self.finish, *(failed.get(name) for name in CODES)]
        return self.refusal.strip() or next((str(reason) for reason in reasons if meaning(reason) == "filtered"), "")

    @property
    def empty(self) -> str:
        """Why the server ended the reply before there was a text, where that is not the model's doing: it called a tool, for one."""
        plain = PLAIN_END.search(self.finish) or meaning(self.finish) == "cut"
        return "" if plain or self._raw.strip() else self.finish

    def feed(self, data: bytes | None) -> None:
        """Bytes of the reply, however they are cut; None at its end, where a line without a newline counts too."""
        self._bytes += b"" if data is None else data
        self.ended = data is None
        if self._streamed is None and (begun := self._bytes.lstrip(BLANK)[:1]):
            self.page = begun == b"<"
            self._streamed = begun not in (b"{", b"[")
        if self._streamed:
            *lines, self._bytes = LINE_END.split(self._bytes + (b"\n\n" if self.ended else b""))
            for line in lines:
                self._line(line.decode("utf-8", "replace").strip("\ufeff \t"))
            if self.ended:
                self._end()
        elif self.ended and self._streamed is False:
            self.whole(self._bytes)

    def goes_on(self, data: bytes | None) -> bool:
        """Takes bytes that come after the reply was closed. Whether there is more text in them, so that the server is still generating."""
        self.ended = data is None
        tail = Reading(self.talk, Form(), lambda text: None, _bytes=self._bytes, _streamed=True)
        tail.feed(data or b"")
        self._bytes = tail._bytes
        return bool(tail._raw)

    def whole(self, body: bytes) -> None:
        """A JSON body in place of a stream, or several in a row. One without choices is an error, whatever its status was."""
        events = []
        try:
            for event in _values(body.lstrip(BLANK).decode("utf-8", "replace")):
                events.append(event)
                self._event(event)
        except (ValueError, RecursionError):
            self.broken = not self.finish and not self.failed
        if self.broken or self.failed:
            return
        if not any(_first(event).get("choices") for event in events):
            self.failed = {"message": NO_COMPLETION + error_text(body)}
            return
        self._write_calls()
        self.form.tolerate("The server does not stream: the text came all at once, and a cancellation may reach it late.")
        self.closed = True

    def reply(self, cancelled: bool = False) -> Reply:
        known, cached = _number(self.usage, "prompt_tokens"), _number(_object(self.usage.get("prompt_tokens_details")), "cached_tokens")
        out = _number(self.usage, "completion_tokens") or self._count
        cut = meaning(self.finish) == "cut" and not self.talk.dialect.complete(self.text)
        return Reply(self.text, cut, cancelled, self._tokens(), known, out, max(0, known - cached))

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
        name, _, value = ("data", "", line) if line.startswith("{") else line.partition(":")
        value = value.strip()
        done = name == "data" and value.strip("[]").upper() == "DONE"
        if done or not line:  # the end of an event
            self.broken, self._held, self._named = bool(self._held) and not self.finish, "", ""
            if done and not self.broken:
                self._end()
                self.closed = not self.failed
        elif name == "event":
            self._named = value
        elif name == "error":  # llama.cpp
            self.failed = failure_of(value.encode("utf-8", "replace"))
        elif name == "data" and (self._held or value.startswith(("{", "[{"))):
            try:
                event = json.loads(self._held + value, strict=False)
            except (ValueError, RecursionError):
                self._held += value + "\n"
            else:
                self._held = ""
                self._event(event)
        elif name == "data" or name not in FIELDS:
            self._odd = self._odd or (value if name == "data" else line)
        if name == "data" and self._named == "error" and not self._held and not self.failed:
            self.failed = failure_of(value.encode("utf-8", "replace"))

    def _end(self) -> None:
        """After the last line: an odd one was what keeps a connection alive, or an error in place of the reason of the end."""
        self._write_calls()
        if self._odd and not (self.finish or self.closed or self.failed):
            self.failed = failure_of(self._odd.encode("utf-8", "replace"))
            if not self._raw:
                self.failed["message"] = NO_COMPLETION + self.failed["message"]

    def _event(self, event: Any) -> None:
        for each in event if isinstance(event, list) else [event]:
            self._chunk(_object(each))

    def _chunk(self, event: dict[str, Any]) -> None:
        choice = self._chosen(event.get("choices"))
        said = _object(choice.get("delta")) or _object(choice.get("message"))
        self.usage = _object(event.get("usage")) or self.usage
        reason = choice.get("finish_reason")
        self.finish = reason if isinstance(reason, str) and reason.lower() not in NO_REASON else self.finish
        self.failed = failure_in(event, choice, said) or self.failed
        self.refusal += _text(said.get("refusal")) + _refusal(said.get("content"))
        reasoning = _text(said.get("reasoning_content")) or _text(said.get("reasoning"))
        content = _text(said.get("content")) or _text(choice.get("text"))
        if not choice.get("delta") and content.startswith(self._raw):  # a last chunk may repeat it all
            content = content[len(self._raw) :]
        if reasoning:
            self.form.tolerate("The server sends reasoning apart: it was put back between <think> tags.")
            self._add(reasoning if self._thinking else "<think>" + reasoning)
            self._thinking = True
        self._count += self._gather(choice.get("logprobs")) or bool(reasoning or content)
        if content:
            self._add("</think>" + content if self._thinking else content)
            self._thinking = False
        self._gather_calls(said.get("tool_calls"), whole=not choice.get("delta"))
        if self.finish:
            self._write_calls()

    def _gather_calls(self, calls: Any, whole: bool) -> None:
        """Adds the pieces of calls of tools that are on offer. whole: they come at once, perhaps after their pieces."""
        if not self.talk.dialect.tools or not isinstance(calls, list):
            return
        for place, call in enumerate(map(_object, calls)):
            index, said = call.get("index"), _object(call.get("function"))
            name, arguments = self._calls.get(index if isinstance(index, int) else place, ["", ""])
            more = said.get("arguments")
            more = more if isinstance(more, str) else json.dumps(more) if isinstance(more, dict) else ""
            arguments = more if whole else arguments + more
            self._calls[index if isinstance(index, int) else place] = [name or _text(said.get("name")), arguments]
            if len(arguments) > LONGEST_CALL:
                self.finish = "length"

    def _write_calls(self) -> None:
        """Puts the calls into the text, as a model writes them: there the dialect reads them. Half of one that broke off is none."""
        calls, self._calls = self._calls, {}
        for name, arguments in (calls[index] for index in sorted(calls)):
            if not self.finish and not _is_json(arguments):
                continue
            call = f'{OPENED}{{"name": {json.dumps(name)}, "arguments": {arguments or "{}"}}}{CLOSED}'
            self._add("</think>" + call if self._thinking else call)
            self._thinking = False

    def _chosen(self, choices: Any) -> dict[str, Any]:
        """The first choice of an event, where it is a part of the reply that is read."""
        choice = _first(choices)
        index = choice.get("index")
        if isinstance(index, int):
            self._choice = index if self._choice is None else self._choice
            return choice if index == self._choice else {}
        return choice

    def _gather(self, logprobs: Any) -> int:
        """Adds an event's tokens and counts them. They may come before their text; what is not as it should be is left out."""
        with contextlib.suppress(AttributeError, KeyError, OverflowError, TypeError, ValueError):
            pieces = [(_spelt(token), float(token["logprob"])) for token in (logprobs or {}).get("content") or []]
            if not any(math.isnan(logprob) for _, logprob in pieces):
                self._pieces += pieces
                return len(pieces)
        return 0

    def _add(self, piece: str) -> None:
        piece, self._half = _paired(self._half + piece)
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


def _values(text: str) -> Iterator[Any]:
    """JSON values one after another. Raises ValueError where one is damaged."""
    decoder, at = json.JSONDecoder(strict=False), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        at += len(text[at:]) - len(text[at:].lstrip())


def _is_json(text: str) -> bool:
    try:
        json.loads(text or "{}")
    except (ValueError, RecursionError):
        return False
    return True


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: Any) -> dict[str, Any]:
    """The first object of a list, or the object itself."""
    return _object(value[0] if isinstance(value, list) and value else value)


def _number(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def _spelt(token: dict[str, Any]) -> bytes:
    letters = token.get("bytes")
    return bytes(letters) if isinstance(letters, list) and letters else token["token"].encode("utf-8", "replace")


def _text(content: Any) -> str:
    """Content as text, which some servers send in parts, the thoughts among them."""
    if isinstance(content, list):
        return "".join(_text(part) for part in content)
    if isinstance(content, dict):
        content = "" if re.search("think|reason|thought", str(content.get("type"))) else content.get("text")
    return content if isinstance(content, str) else ""


def _refusal(content: Any) -> str:
    return "".join(_text(part.get("refusal")) for part in content if isinstance(part, dict)) if isinstance(content, list) else ""


def _paired(text: str) -> tuple[str, str]:
    """The text with UTF-16 halves put together, and a last one that waits for its other half; one without is U+FFFD."""
    half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
    whole = text[: len(text) - len(half)]
    return whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), half
