"""Replies as text: where an answer stands in one, what can be an answer, and what must not be passed on as it was written.

Nothing here knows a dialect, and nothing here raises, whatever a model wrote.
"""

from __future__ import annotations

import re
from html import unescape

from .texts import well_formed

ANSWER = re.compile(r"<answer>((?:(?!</?answer>).)*)</answer>", re.S)
THOUGHT = re.compile(r".*</think>|\s*<think>.*", re.S)
BOXED = re.compile(r"<\|begin_of_box\|>((?:(?!<\|begin_of_box\|>).)*?)<\|end_of_box\|>", re.S)  # GLM's answers
# Of a turn: some servers leave it in the text.
_END_TOKEN = re.compile(r"(?:<\|[^<>|]{1,40}\|>|<\uff5c[^<>\uff5c]{1,40}\uff5c>|</s>|<end_of_turn>|<eos>)\Z")
_WRAPPING = re.compile(r"(\*\*|`)(?=\S)(?P<inside>(?:(?!\1).)+)\1|\$*\\boxed\{(?P<boxed>[^{}]*)\}\$*", re.S)  # of Markdown and LaTeX
_TAG = re.compile(r"</?[a-z_][\w:.-]*(?:\s+[\w:.-]+\s*=[^<>]*)?\s*/?>|</|<[!?%]|<0x[0-9a-f]{2}>", re.I)
_BEGUN = re.compile("<(?:" + "|".join(tag[:end] for tag in ("think", "answer", "tool_call") for end in range(len(tag))) + r")\Z", re.I)
_MARKUP = re.compile(  # of models
    r"""
      </?(?:think|thought|answer|tool_|box|ref|quad|point|im_|image|img|loc\w*\d|s>)  # a tag, or the beginning of one
    | <[|\uff5c] | [|\uff5c]> | \u25c1                                 # control tokens
    | \[/?(?:inst|tool\w*|img\w*|image|think\w*|answer|box|obs|mask|sep|cls|pad|unk|[be]os)\b | \[/\w+\]
    | ``` | ~~~ | \\\w+\{
    | bbox | box_2d | zoom_out | point_2d | \b[xy](?:[12]|_?(?:min|max))["']?\s*[=:]
    | "(?:label|name|answer|arguments)"\s*: | ["']\s*:\s*["'\[{]      # keys of JSON, and what begins a list or an object of it
    | [\[{]\s*["'\[{] | \{\s*\w+\s*:
    | \[\s*[-+]?\.?\d[\d.]*\s*, | \(\s*\d+\s*,\s*\d+\s*\)\W*\(\s*\d  # the numbers of a box
    | \A\W*(?!\d{1,3}(?:,\d{3})+\W*\Z)\d[\d.]*(?:\s*,\s*\d[\d.]*){3}\W*\Z
    | ^[ \t]*(?:\#+[ \t]*(?:instruction|response|input)\b | (?:user|assistant)[ \t]*(?::|$))  # who speaks, in a prompt
    | [\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]       # what steers a terminal, not a letter
    """,
    re.X | re.I | re.M,
)
_PERIODS = 8  # of a text that repeats itself
_PERIOD = 24  # letters that are looked for in what was written before
_CONTINUED = re.compile(r"[,;:)\]}]")  # what begins so is the rest of something else
_CONTROL = re.compile(  # begins a token of some family's tokenizer
    r"<(?=[|\uff5c/]|[A-Za-z_][\w.:|-]{0,60}>|0x[0-9A-Fa-f]{2}>)|\[(?=/?[a-z]?[A-Z_]{2,20}\])"
)


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span after its thoughts, without what stands around it: blanks, tokens of a turn's end, emphasis. None where nothing is left."""
    if thought := THOUGHT.match(text[start:end]):
        start += thought.end()
    if boxed := list(BOXED.finditer(text, start, end)):
        return trimmed(text, *boxed[-1].span(1))
    inside = text[start:end].rstrip()
    while token := _END_TOKEN.search(inside):
        inside = inside[: token.start()].rstrip()
    end = start + len(inside)
    start = end - len(inside.lstrip())
    if wrapped := _WRAPPING.fullmatch(text, start, end):
        return trimmed(text, *wrapped.span(wrapped.lastgroup or 0))
    return (start, end) if start < end else None


def in_words(text: str) -> bool:
    """Whether a text can be an answer: it holds a letter or a digit, no markup, and is not the rest of a box or of other JSON."""
    balanced = all(text.count(opened) == text.count(closed) for opened, closed in ("[]", "{}"))
    markup = any(sign.search(spelt) for sign in (_MARKUP, _TAG, _BEGUN) for spelt in (text, unescape(text)))
    return balanced and any(map(str.isalnum, text)) and not _CONTINUED.match(text) and not markup


def label_of(text: str) -> str:
    """A label on one line; "" where it holds markup."""
    return "" if _MARKUP.search(text) else " ".join(text.split())[:200]


def plain(text: str) -> str:
    """What a model wrote, without control tokens, which it can't smuggle in, and such as tokenizers take. Its tags stay."""
    return well_formed(text).replace("<|", "< |")


def quoted(text: str) -> str:
    """What others wrote (a question, a label), such as tokenizers take, with nothing in it that one of them has as a token of its own:
    `<|im_end|>`, `<tool_call>`, `<start_of_turn>`, `[INST]`."""
    return _CONTROL.sub(lambda sign: sign[0] + " ", well_formed(text)).replace("<|", "< |")


def repeats(text: str) -> bool:
    """Whether the text ends with the same piece again and again, as a model writes that has lost its way."""
    tail = text[-_PERIOD:]
    before = text.rfind(tail, 0, len(text) - 1)
    if before < 0 or len(tail) < _PERIOD:
        return False
    period = len(text) - _PERIOD - before
    end = text[-period * _PERIODS :]
    return len(end) == period * _PERIODS and end == end[:period] * _PERIODS
