"""Dialects: text <-> actions of one model family.

A dialect knows the prompt, how a crop is appended, what the numbers of a box mean, and where a reply is complete. Nothing else does; the
table of them is `families.py`. A `Talk` is the conversation of one question in one dialect; `layout()` gives the exact text and pictures a
local model reads, and `parse()` is total: it never raises, whatever the model wrote.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Sequence, Union

from .boxes import BBOX_2D, PIXELS, Convention, Form, Written, find, find_published
from .geometry import View
from .look import Action, Answer, Observation, Policy, Unreadable, Zoom, ZoomOut
from .reply import ANSWER, THOUGHT, in_words, label_of, quoted, repeats, trimmed
from .tool_calls import Spoken, ToolCall, find_call, listed, write_call
from .tools import CALLED, MASK, RASTER, VALUE, tool_named

_ZOOM_OUT = re.compile(r'"zoom_out"\s*:\s*true')
_CLOSED = re.compile(r"\}\s*\]|</answer>")
_CLOSED_BOX = re.compile(r"<\|(?:box_end|end_of_box)\|>")  # families that write those write all boxes, or the answer, before them
_CALL = "</tool_call>"
_RESULTS = {MASK: "with what {} has found drawn in pink", RASTER: "as {} has made it", VALUE: "after {}"}
_LISTED = re.compile(r"\}\s*\]|<\|end_of_box\|>|\A\W*\[\s*\]")  # the end of a list of boxes: GLM's stands in one pair of tokens


@dataclass(frozen=True)
class Turn:
    """One step of a conversation. role: system, user, assistant (what the model wrote, or a forced beginning), tool (a crop, or what came
    of a tool).

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
    convention, form: what boxes mean and how they are written. corrected: the convention is not the family's, a test has found another.
    wordy: a server is told that the model is not to think before it answers. template: of the chat templates in `resources/templates`.
    tools: the names of those on offer; without any, `<tool_call>` is a way to write a box, as it is for models that zoom by a tool.
    marks: it is asked to mark all things of a kind in one view (`families.marking`, `core/marks.py`): its reply is one list of boxes.
    """

    system: str
    instruction: str
    name: str = "zoomearth"
    convention: Convention = PIXELS
    form: Form = BBOX_2D
    corrected: bool = False
    wordy: bool = False
    tools: tuple[str, ...] = ()
    marks: bool = False

    template = "zoomearth"
    compares = False  # it takes pictures of two rasters side by side

    def offering(self, policy: Policy) -> Dialect:
        """The same, with all tools on offer where the policy allows a call."""
        return replace(self, tools=tuple(CALLED)) if policy.max_tools else self

    @property
    def tool_list(self) -> str:
        """What the system text says of the tools. Nothing where there is no prompt: such a model has learnt the calls."""
        return listed(self.tools, self.convention) if self.tools and (self.system or self.instruction) else ""

    @property
    def described(self) -> str:
        """For people and records: the name, and how boxes are counted where a test has corrected that."""
        return f"{self.name} ({self.convention})" if self.corrected else self.name

    def observe(self, observation: Observation) -> list[Turn]:
        """The turns an observation adds to the talk; where one begins, they are the whole talk."""
        turns = []
        if observation.begins:
            turns.append(Turn("system", self.system + self.tool_list))
            text = quoted(observation.text.strip()) + self.instruction
            turns.append(Turn("user", text, observation.view, has_picture=observation.has_picture))
        elif observation.has_picture:
            turns.append(Turn("tool", self._crop_text(observation), observation.view, has_picture=True))
        elif observation.text:
            turns.append(Turn("tool", self._failure_text(quoted(observation.text))))
        if observation.must_answer:
            turns += self._demand(observation)
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
        return joined(parts)

    def parse(self, reply: str, view: View, cut: bool = False, before: Sequence[View] = ()) -> Action:
        """What the model did. view: of the picture it saw last; before: of those before it in this talk, in order. cut: the reply ran into
        the token limit."""
        if call := self._call(reply):
            return self._use(call, [*before, view])
        if boxes := self.boxes(reply):
            return self._zoom(boxes, [*before, view])
        if _ZOOM_OUT.search(reply):
            return ZoomOut()
        span = self.answer_span(reply, cut)
        if span is None:
            return self._nothing(reply, cut)
        text = reply[slice(*span)]
        if not in_words(text):
            return Unreadable(f"the answer is markup or a part of a box: {' '.join(text.split())[:60]!r}")
        return Answer(text, span)

    def boxes(self, reply: str) -> list[Written]:
        """The boxes of a reply, in order."""
        return find_published(reply)

    def answer_span(self, reply: str, cut: bool = False) -> tuple[int, int] | None:
        """Where in a reply the answer stands: in the last closed tags, else after the last open one; without thoughts and the blanks
        around it. None where there is none, or it ran into the token limit."""
        if closed := list(ANSWER.finditer(reply)):
            return trimmed(reply, *closed[-1].span(1))
        start = reply.rfind("<answer>")
        return None if start < 0 or cut else trimmed(reply, start + len("<answer>"), len(reply))

    def complete(self, text: str) -> bool:
        """The reply holds its action: generation may stop."""
        if self.marks:
            return _list_is_over(text)
        call = self._call(text)
        return call.closed if call else bool(_CLOSED.search(text))

    def spoken(self, reply: str, action: Action) -> str:
        """The part of a reply that stays in the talk: an answer given beside a zoom is cut off, as in the published code, and what follows
        a call of a tool."""
        if isinstance(action, ToolCall) and (call := self._call(reply)):
            return reply[: call.end]
        return reply.split("<answer>")[0] if isinstance(action, (Zoom, ZoomOut)) else reply

    def write(self, action: Action, view: View, thought: str = "", before: Sequence[View] = ()) -> str:
        """The reply that means `action`, its boxes as the model rounds them; `parse` reads it back. For labels, SFT and tests."""
        think = f"<think>{thought}</think>" if thought else ""
        if isinstance(action, Zoom):
            frame = self._frame(0, [*before, view])
            zooms = [(self.convention.rounded(zoom.box, frame), zoom.label.replace('"', "'")) for zoom in (action, *action.then)]
            return think + self.form.write(zooms)
        if isinstance(action, ZoomOut):
            return f'{think}[{{"zoom_out": true}}]'
        if isinstance(action, ToolCall):
            numbers = self.convention.rounded(action.box, self._frame(0, [*before, view])) if action.box else ()
            return think + write_call(action.tool, numbers, action.label, action.arguments)
        return f"{think}<answer>{action.text if isinstance(action, Answer) else ''}</answer>"

    def _zoom(self, boxes: Sequence[Written], views: Sequence[View]) -> Action:
        """The zooms to all boxes, each once; a box that can't be read ends them, and counts where it is the first."""
        zooms: dict[tuple[float, ...], Zoom] = {}
        for written in boxes:
            if len(written.numbers) != 4 or not all(map(math.isfinite, written.numbers)):
                break
            numbers, note = self.convention.checked(written.numbers)
            frame = self._frame(written.picture, views)
            box = self.convention.to_source(numbers, frame)
            if box not in zooms:
                zooms[box] = Zoom(box, label_of(written.label), frame=frame, note=note)
        if not zooms:
            return Unreadable(f"the reply has a box without four numbers: [{boxes[0].text[:60]}]")
        first, *then = zooms.values()
        return replace(first, then=tuple(then))

    def _call(self, reply: str, start: int = 0) -> Spoken | None:
        """The call of a tool on offer, or of one that there is not, in what the reply says from `start` on."""
        call = find_call(reply, start) if self.tools else None
        return None if call is None or call.is_zoom else call

    def _use(self, call: Spoken, views: Sequence[View]) -> ToolCall:
        """A tool of ours by its usual name, with its box in source pixels."""
        try:
            name = tool_named(call.name, CALLED).name
        except ValueError:
            name = label_of(call.name)
        label, others = label_of(call.label), call.others
        if not call.numbers:
            return ToolCall(name, None, label, others)
        numbers, note = self.convention.checked(call.numbers)
        frame = self._frame(call.picture, views)
        return ToolCall(name, self.convention.to_source(numbers, frame), label, others, frame, note)

    def _frame(self, picture: int, views: Sequence[View]) -> View:
        """The picture that a box is counted in. picture: the index that came with it."""
        return views[-1]

    def _crop_text(self, observation: Observation) -> str:
        """A model that was trained without instructions is shown the view alone: it has learnt no such words."""
        told = observation.text if self.system or self.instruction else ""
        told = told or (observation.used.told if observation.used else "")
        return f"<tool_response>{quoted(told)}</tool_response>" if told else ""

    def _failure_text(self, why: str) -> str:
        """What the model is told where a tool has made nothing."""
        return f"<tool_response>{why}</tool_response>"

    def _demand(self, observation: Observation) -> list[Turn]:
        """`<answer>` in one piece would end in a token that no model has seen before an answer: Qwen's tokenizer joins `>` to the letter
        that follows, so the model writes it."""
        return [Turn("assistant", "<answer")]

    def _nothing(self, reply: str, cut: bool) -> Unreadable:
        if cut:
            return Unreadable("the reply reached the maximum length", cut=True)
        return Unreadable("the reply has neither a box nor an answer" if reply.strip() else "the reply is empty")


@dataclass(frozen=True)
class Chat(Dialect):
    """Stock models, zero-shot: plain chat turns (the layout is Qwen's), plain answers accepted, boxes in whatever form they come."""

    template = "qwen-grounding"
    compares = True

    def layout(self, turns: list[Turn]) -> list[Part]:
        """Neighbouring turns of the user, several crops among them, are one message, as servers get them."""
        parts: list[Part] = []
        role = ""
        for turn in turns:
            speaker = "user" if turn.role == "tool" else turn.role
            if speaker != role:
                parts += ["<|im_end|>\n" if role else "", f"<|im_start|>{speaker}\n"]
                role = speaker
            parts += [*_vision(turn), turn.text]
        parts += [] if role == "assistant" else ["<|im_end|>\n<|im_start|>assistant\n"]
        return joined(parts)

    def boxes(self, reply: str) -> list[Written]:
        """Of what follows the thoughts: a model that thinks counts there in boxes too. Those of open thoughts are all there is."""
        thought = THOUGHT.match(reply)
        start = thought.end() if thought and "</think>" in thought[0] else 0
        return find(reply[start:], self.convention.y_first, bare="<answer>" not in reply)

    def answer_span(self, reply: str, cut: bool = False) -> tuple[int, int] | None:
        """Tags or none: what a stock model says in plain words is its answer too."""
        if "<answer>" in reply or cut:
            return super().answer_span(reply, cut)
        return trimmed(reply, 0, len(reply))

    def complete(self, text: str) -> bool:
        """After the thoughts; after calls of a tool, of which there may be several, once something else follows them."""
        thought = THOUGHT.match(text)
        if thought and "</think>" not in thought[0]:
            return False
        if spoken := self._call(text):
            return spoken.closed
        said = text[thought.end() :] if thought else text
        if self.marks:
            return _list_is_over(said)
        _, call, after = said.rpartition(_CALL)
        after = after.lstrip()
        called = bool(call and after) and not "<tool_call>".startswith(after[: len("<tool_call>")])
        return called or bool(_CLOSED.search(said) or _CLOSED_BOX.search(said))

    def _call(self, reply: str, start: int = 0) -> Spoken | None:
        """In what follows the thoughts."""
        thought = THOUGHT.match(reply)
        return super()._call(reply, thought.end() if thought else start)

    def _frame(self, picture: int, views: Sequence[View]) -> View:
        """A picture that is named, else the one that the convention says. An index of 0 is no name: Qwen3-VL writes it after a crop too,
        and means the first picture."""
        if 0 < picture < len(views):
            return views[picture]
        return views[0] if self.convention.frame == "root" else views[-1]

    def _crop_text(self, observation: Observation) -> str:
        seen, view = quoted(observation.label) or "the part you asked for", observation.view
        if made := observation.used and observation.used.made:
            seen += f", {_RESULTS[made.kind].format(made.tool)}"
        if observation.label == "zoom out":
            seen = "the view before"
        elif view and view.focus:
            place = ", ".join(f"{number:g}" for number in self.convention.rounded(view.focus, view))
            seen = f"all of it again, distorted: {seen} is enlarged at [{place}] of this picture, and what lies around it is compressed"
        if observation.used and (told := observation.used.told):
            seen = f"{seen}. {quoted(told).rstrip('.')}"
        if observation.text:
            seen = f"{seen}, as it is: the tool made nothing. {quoted(observation.text).rstrip('.')}"
        if observation.more:
            return f"This is {seen}."
        frame = "still relative to the first picture" if self.convention.frame == "root" else "now relative to this picture"
        return f"This is {seen}. Boxes are {frame}. Look again, or answer."

    def _failure_text(self, why: str) -> str:
        return f"The tool made nothing: {why} Answer without it, or make another call."

    def _demand(self, observation: Observation) -> list[Turn]:
        text = f"No zooms{' or tools' if self.tools else ''} are left. Answer now, in <answer> tags, with a word or a short phrase."
        return [Turn("tool", "\n" + text if observation.begins else text)]


def _list_is_over(text: str) -> bool:
    """A list of boxes is over, or no good end of it will come."""
    return bool(_LISTED.search(text)) or repeats(text)


def _vision(turn: Turn) -> list[Part]:
    return ["<|vision_start|>", turn, "<|vision_end|>"] if turn.has_picture else []


def joined(parts: list[Part]) -> list[Part]:
    """Neighbouring texts in one piece, so that they are tokenised as one; no empty ones."""
    whole: list[Part] = []
    for part in parts:
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        elif part != "":
            whole.append(part)
    return whole
