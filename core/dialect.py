"""Dialects: text <-> actions of one model family.

A dialect knows the prompt, how a crop is appended, the coordinates of a box, and where a reply is complete. Nothing else does.
A `Talk` is the conversation of one question in one dialect; `layout()` gives the exact text and pictures a local model reads, and
`parse()` is total: it never raises, whatever the model wrote.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Any, Union

from .geometry import Box, View
from .look import Action, Answer, Observation, Unreadable, Zoom, ZoomOut
from .paths import RESOURCES
from .texts import well_formed

PROMPTS = RESOURCES / "prompts"

_BOX = re.compile(r'"?bbox_2d"?\s*:\s*\[([^\[\]]*)\]')
_LABEL = re.compile(r'"label"\s*:\s*"([^"]*)"')
_ZOOM_OUT = re.compile(r'"zoom_out"\s*:\s*true')
_ANSWER = re.compile(r"<answer>((?:(?!</?answer>).)*)</answer>", re.S)
_THOUGHT = re.compile(r".*</think>|\s*<think>.*", re.S)
_CLOSED = re.compile(r"\}\s*\]|</answer>")
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
    | bbox | zoom_out | point_2d | \b[xy][12]\s*[=:]
    | "(?:label|name|answer|arguments)"\s*: | ["']\s*:\s*["'\[{]      # keys of JSON, and what begins a list or an object of it
    | [\[{]\s*["'\[{] | \{\s*\w+\s*:
    | \[\s*[-+]?\.?\d[\d.]*\s*, | \(\s*\d+\s*,\s*\d+\s*\)\W*\(\s*\d  # the numbers of a box
    | \A\W*(?!\d{1,3}(?:,\d{3})+\W*\Z)\d[\d.]*(?:\s*,\s*\d[\d.]*){3}\W*\Z
    | ^[ \t]*(?:\#+[ \t]*(?:instruction|response|input)\b | (?:user|assistant)[ \t]*(?::|$))  # who speaks, in a prompt
    | [\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]       # what steers a terminal, not a letter
    """,
    re.X | re.I | re.M,
)
_HALVES = re.compile("[\ud800-\udfff]")
_CONTINUED = re.compile(r"[,;:)\]}]")  # what begins so is the rest of something else


@dataclass(frozen=True)
class Turn:
    """One step of a conversation. role: system, user, assistant (what the model wrote, or a forced beginning), tool (a crop).

    has_picture: a picture stands before the text; picture: its pixels, filled in by the driver (None until then). view: the part of the
    scene that it shows, None where it shows something else.
    """

    role: str
    text: str = ""
    view: View | None = None
    picture: Any = None
    has_picture: bool = False


Part = Union[str, Turn]  # of a layout: text, or the turn whose picture stands here


@dataclass(frozen=True)
class Dialect:
    """The published weights' dialect, `zoomearth`: absolute pixels of the shown view; crops go on inside the same assistant turn.

    Source of the layout: the released code of the paper, inference side (no newline between <|im_end|> and <|im_start|>assistant).
    """

    system: str
    instruction: str
    name: str = "zoomearth"

    def to_source(self, box: Box, view: View) -> Box:
        """From the model's numbers to source pixels."""
        return view.to_source(box)

    def from_source(self, box: Box, view: View) -> Box:
        """From source pixels to the model's numbers; the inverse of `to_source`."""
        return view.from_source(box)

    def observe(self, observation: Observation) -> list[Turn]:
        """The turns an observation adds to the talk; where one begins, they are the whole talk."""
        turns = []
        if observation.begins:
            turns.append(Turn("system", self.system))
            text = _plain(observation.text.strip()) + self.instruction
            turns.append(Turn("user", text, observation.view, has_picture=observation.has_picture))
        elif observation.has_picture:
            turns.append(Turn("tool", self._crop_text(observation), observation.view, has_picture=True))
        if observation.must_answer:
            turns += self._demand()
        return turns

    def layout(self, turns: list[Turn]) -> list[Part]:
        """What a local model reads, special tokens as text, pictures in their places; the last assistant turn is left open."""
        parts: list[Part] = []
        for turn in turns:
            if turn.role == "system":
                parts += ["\n<|im_start|>system\n" + turn.text + "<|im_end|>\n"]
            elif turn.role == "user":
                parts += ["<|im_start|>user\n", *_vision(turn), turn.text + "<|im_end|><|im_start|>assistant\n"]
            else:
                parts += [*_vision(turn), turn.text]
        return _joined(parts)

    def parse(self, reply: str, view: View, cut: bool = False) -> Action:
        """What the model did. view: the one it saw last. cut: the reply ran into the token limit."""
        if found := _BOX.search(reply):
            numbers = _numbers(found[1])
            if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
                return Unreadable(f"the reply has a box without four numbers: [{found[1][:60]}]")
            label = _LABEL.search(reply, found.end())
            return Zoom(self.to_source(Box(*numbers), view), _line(label[1]) if label and not _MARKUP.search(label[1]) else "")
        if _ZOOM_OUT.search(reply):
            return ZoomOut()
        span = self.answer_span(reply, cut)
        if span is None:
            return self._nothing(reply, cut)
        text = reply[slice(*span)]
        if not _in_words(text):
            return Unreadable(f"the answer is markup or a part of a box: {_line(text)[:60]!r}")
        return Answer(text, span)

    def answer_span(self, reply: str, cut: bool = False) -> tuple[int, int] | None:
        """Where in a reply the answer stands: in the last closed tags, else after the last open one; without thoughts and the blanks
        around it. None where there is none, or it ran into the token limit."""
        if closed := list(_ANSWER.finditer(reply)):
            return _trimmed(reply, *closed[-1].span(1))
        start = reply.rfind("<answer>")
        return None if start < 0 or cut else _trimmed(reply, start + len("<answer>"), len(reply))

    def complete(self, text: str) -> bool:
        """The reply holds its action: generation may stop."""
        return bool(_CLOSED.search(text))

    def spoken(self, reply: str, action: Action) -> str:
        """The part of a reply that stays in the talk: an answer given beside a zoom is cut off, as in the published code."""
        return reply.split("<answer>")[0] if isinstance(action, (Zoom, ZoomOut)) else reply

    def write(self, action: Action, view: View, thought: str = "") -> str:
        """The reply that means `action`, its box in whole numbers; `parse` reads it back. For labels, SFT and tests."""
        think = f"<think>{thought}</think>" if thought else ""
        if isinstance(action, Zoom):
            exact = self.from_source(action.box, view)
            x0, y0, x1, y1 = (round(side) for side in exact)
            if x0 >= x1 or y0 >= y1:  # a small thing in a large scene: rounding must not make it nothing
                x0, y0, x1, y1 = (int(side) for side in exact.rounded_out())
            label = action.label.replace('"', "'")
            return f'{think}[{{"bbox_2d": [{x0}, {y0}, {x1}, {y1}], "label": "{label}"}}]'
        if isinstance(action, ZoomOut):
            return f'{think}[{{"zoom_out": true}}]'
        return f"{think}<answer>{action.text if isinstance(action, Answer) else ''}</answer>"

    def _crop_text(self, observation: Observation) -> str:
        return ""

    def _demand(self) -> list[Turn]:
        return [Turn("assistant", "<answer>")]

    def _nothing(self, reply: str, cut: bool) -> Unreadable:
        if cut:
            return Unreadable("the reply reached the maximum length", cut=True)
        return Unreadable("the reply has neither a box nor an answer" if reply.strip() else "the reply is empty")


@dataclass(frozen=True)
class QwenGrounding(Dialect):
    """Stock Qwen2.5-VL (absolute pixels) and Qwen3-VL (thousandths of the view), zero-shot: plain chat turns, plain answers accepted."""

    name: str = "qwen-grounding"
    thousandths: bool = False

    def to_source(self, box: Box, view: View) -> Box:
        return view.to_source(_scaled(box, view, 1 / 1000) if self.thousandths else box)

    def from_source(self, box: Box, view: View) -> Box:
        box = view.from_source(box)
        return _unscaled(box, view, 1000) if self.thousandths else box

    def layout(self, turns: list[Turn]) -> list[Part]:
        parts: list[Part] = []
        for turn in turns:
            if turn.role == "assistant":
                parts += [turn.text]
                continue
            role = "system" if turn.role == "system" else "user"
            opened = "<|im_end|>\n" if parts and turn.role != "user" else ""
            parts += [f"{opened}<|im_start|>{role}\n", *_vision(turn), turn.text]
            parts += ["<|im_end|>\n" if role == "system" else "<|im_end|>\n<|im_start|>assistant\n"]
        return _joined(parts)

    def _crop_text(self, observation: Observation) -> str:
        seen, view = _plain(observation.label) or "the part you asked for", observation.view
        if observation.label == "zoom out":
            picture = "This is the view before."
        elif view and view.focus:
            left, top, right, bottom = (round(side) for side in self.from_source(view.focus, view))
            place = f"from ({left}, {top}) to ({right}, {bottom})"
            picture = f"This is the whole picture again, distorted: {seen} is enlarged, {place}, and what lies around it is compressed."
        else:
            picture = f"This is {seen}."
        return f"{picture} Boxes are now relative to this picture. Look again, or answer."

    def _demand(self) -> list[Turn]:
        return [Turn("tool", "No zooms are left. Answer now, in <answer> tags, with a word or a short phrase.")]

    def answer_span(self, reply: str, cut: bool = False) -> tuple[int, int] | None:
        """Tags or none: what a stock model says in plain words is its answer too."""
        if "<answer>" in reply or cut:
            return super().answer_span(reply, cut)
        return _trimmed(reply, 0, len(reply))


class Talk:
    """The conversation about one question, in a dialect: observations in, actions out. blind: its pictures are left out."""

    def __init__(self, dialect: Dialect, blind: bool = False) -> None:
        self.dialect = dialect
        self.blind = blind
        self.turns: list[Turn] = []
        self.view: View | None = None

    def observe(self, observation: Observation, picture: Any = None) -> None:
        """Add what the model is shown; `picture` is its pixels, read from the scene or the observation's own."""
        if observation.begins:
            self.turns = []
        self.view = observation.view or self.view
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
        if self.view is None:
            raise RuntimeError("a talk begins with a view")
        action = self.dialect.parse(self.forced + reply, self.view, cut)
        if isinstance(action, Answer) and action.span:
            start, end = (max(0, side - len(self.forced)) for side in action.span)
            action = replace(action, span=(start, end))
        self.turns.append(Turn("assistant", _plain(self.dialect.spoken(reply, action))))
        return action

    def layout(self) -> list[Part]:
        return self.dialect.layout(self.turns)


def dialect(name: str, system: str | None = None, instruction: str | None = None) -> Dialect:
    """A dialect by name, with our own prompt unless a checkpoint brings another. Raises KeyError for an unknown name."""
    kind, options = DIALECTS[name]
    ours = (PROMPTS / f"{kind.name}.txt").read_text(encoding="utf-8").split("\n---\n")
    return kind(
        system=ours[0].strip() if system is None else system,
        instruction="\n" + ours[1].strip() if instruction is None else instruction,
        name=name,
        **options,
    )


DIALECTS: dict[str, tuple[type[Dialect], dict[str, Any]]] = {
    "zoomearth": (Dialect, {}),
    "qwen-grounding": (QwenGrounding, {}),
    "qwen3-grounding": (QwenGrounding, {"thousandths": True}),
}


def boxes(text: str) -> list[list[float]]:
    """Every bbox_2d list in a reply, as the published code reads them: a list with anything but numbers is left out."""
    found = (_numbers(match[1]) for match in _BOX.finditer(text))
    return [numbers for numbers in found if numbers]


def _numbers(text: str) -> list[float]:
    """The numbers of a comma-separated list; none at all where one of them is something else."""
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        return []


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span after its thoughts, without what stands around it: blanks, tokens of a turn's end, emphasis. None where nothing is left."""
    if thought := _THOUGHT.match(text[start:end]):
        start += thought.end()
    inside = text[start:end].rstrip()
    while token := _END_TOKEN.search(inside):
        inside = inside[: token.start()].rstrip()
    end = start + len(inside)
    start = end - len(inside.lstrip())
    if wrapped := _WRAPPING.fullmatch(text, start, end):
        return _trimmed(text, *wrapped.span(wrapped.lastgroup or 0))
    return (start, end) if start < end else None


def _in_words(text: str) -> bool:
    """Whether a text can be an answer: it holds a letter or a digit, no markup, and is not the rest of a box or of other JSON."""
    balanced = all(text.count(opened) == text.count(closed) for opened, closed in ("[]", "{}"))
    markup = any(sign.search(spelt) for sign in (_MARKUP, _TAG, _BEGUN) for spelt in (text, unescape(text)))
    return balanced and any(map(str.isalnum, text)) and not _CONTINUED.match(text) and not markup


def _vision(turn: Turn) -> list[Part]:
    return ["<|vision_start|>", turn, "<|vision_end|>"] if turn.has_picture else []


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbouring texts in one piece, so that they are tokenised as one; no empty ones."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined


def _plain(text: str) -> str:
    """A text without the model's control tokens, which it can't smuggle in, and such as tokenizers take."""
    return well_formed(text).replace("<|", "< |")


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _scaled(box: Box, view: View, by: float) -> Box:
    width, height = view.size
    return Box(box.left * width * by, box.top * height * by, box.right * width * by, box.bottom * height * by)


def _unscaled(box: Box, view: View, by: float) -> Box:
    width, height = view.size
    return Box(box.left / width * by, box.top / height * by, box.right / width * by, box.bottom / height * by)
