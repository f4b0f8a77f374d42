"""Tools as a model calls them: the call, what came of it, how a call is read from a reply, and how the tools are described to a model.

    <tool_call>{"name": "segmentation", "arguments": {"bbox_2d": [40, 10, 90, 60], "label": "northern lake"}}</tool_call>

`find_call` is total: it never raises, whatever a model wrote. The numbers of a box are as the model counts them: a dialect makes source
pixels of them.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from itertools import islice
from string import Template
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from .boxes import Convention
from .geometry import Box, View
from .paths import RESOURCES
from .tools import CALLED, CHOICE, NUMBER, SURVEY, Made, Parameter, Tool, tool_named

USUAL_VIEWS = 400  # of a survey that a model calls, at the most
USUAL_CALLS = 3  # of a question, where the model's policy does not say how many


@dataclass(frozen=True)
class ToolCall:
    """The model asks for a tool to be used on `box` (source pixels, fractions allowed; None: it gave no box).

    tool: its name as the model wrote it. arguments: the tool's parameters. frame: the picture that the box was counted in; None: the one
    shown last. note: a sentence where the numbers were not as they should be.
    """

    tool: str
    box: Optional[Box]
    label: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    frame: Optional[View] = field(default=None, compare=False)
    note: str = field(default="", compare=False)

    @property
    def complaint(self) -> str:
        """Why the tool can't be used like this, in a sentence for the model, or ""."""
        try:
            tool = tool_named(self.tool, CALLED)
            tool.arguments(self.arguments)
        except ValueError as error:
            return str(error)
        if tool.sought:
            return "" if self.label else 'The call does not say what to find: give it as "label".'
        return "" if self.box else f'The call has no box: give "{KEYS[0]}" with four numbers.'


@dataclass(frozen=True)
class ToolUse:
    """What came of a call. made: None where nothing was made; why: the reason then, in sentences. step: of the view that showed what was
    made."""

    call: ToolCall
    made: Optional[Made] = None
    why: str = ""
    step: Optional[int] = None

    @property
    def told(self) -> str:
        """What the model is told beside the picture of what was made: of a survey its count, and how much of the place it has seen."""
        return " ".join(self.made.notes) if self.made and self.made.tool == SURVEY else ""


@dataclass(frozen=True)
class Offer:
    """The tools that a question may use. folder: where the files that they make are written. references: rasters of other dates, for the
    tools that take them. mask: a vector or raster file that says where these tools work; None: on the whole box. budget: the most views
    that the model is shown in a survey."""

    folder: str
    references: Tuple[str, ...] = ()
    mask: Optional[str] = None
    budget: int = USUAL_VIEWS

    def __post_init__(self) -> None:
        if not self.folder.strip():
            raise ValueError("folder is empty: the files that tools make need a folder.")
        if self.budget < 1:
            raise ValueError(f"budget is {self.budget}: a survey needs one view at least.")


class Spoken(NamedTuple):
    """A call in a reply. start, end: its place there. closed: its last tag stands there too."""

    name: str
    arguments: Dict[str, Any]
    start: int
    end: int
    closed: bool

    @property
    def numbers(self) -> Tuple[float, ...]:
        """The four numbers of its box; none where it has no such box."""
        values = next((self.arguments[key] for key in KEYS if key in self.arguments), None)
        if isinstance(values, list) and len(values) == 1:  # a list of one box
            values = values[0]
        if not isinstance(values, list) or len(values) != 4 or not all(map(_is_number, values)):
            return ()
        return tuple(float(number) for number in values)

    @property
    def label(self) -> str:
        label = self.arguments.get("label")
        return label if isinstance(label, str) else ""

    @property
    def others(self) -> Dict[str, Any]:
        """The arguments but box, label and picture."""
        return {name: value for name, value in self.arguments.items() if name not in (*KEYS, "label", PICTURE)}

    @property
    def picture(self) -> int:
        """The index of the picture that the box is said to lie in, 0 where none is named."""
        index = self.arguments.get(PICTURE)
        return index if isinstance(index, int) else 0

    @property
    def is_zoom(self) -> bool:
        """It asks for a closer look, as models were trained to do by a tool of many names."""
        return self.name.replace("_", "-") not in CALLED and bool(re.search("zoom|crop|look|magnif", self.name, re.I))


KEYS = ("bbox_2d", "box_2d", "bbox", "box")
PICTURE = "img_idx"
OPENED, CLOSED = "<tool_call>", "</tool_call>"
_OPENED = re.compile(re.escape(OPENED))
_CLOSED = re.compile(rf"\s*{re.escape(CLOSED)}")
_FUNCTION = re.compile(r"\s*<function=([\w.-]{1,100})>(.*?)</function>", re.S)  # Qwen3.5 and Qwen3-Coder
_MOST = 20  # beginnings of calls that are looked at; parameters of one in tags
_DECODER = json.JSONDecoder(strict=False)


def find_call(text: str, start: int = 0) -> Optional[Spoken]:
    """The first call of a reply that is whole, from `start` on, as JSON or XML; the tag behind it may be missing."""
    for opened in islice(_OPENED.finditer(text, start), _MOST):
        name, arguments, end = _json(text, opened.end()) or _xml(text, opened.end()) or ("", {}, 0)
        if name:
            closed = _CLOSED.match(text, end)
            return Spoken(name, arguments, opened.start(), closed.end() if closed else end, bool(closed))
    return None


def write_call(name: str, numbers: Sequence[float], label: str, arguments: Mapping[str, Any]) -> str:
    """The inverse of `find_call`. label: left out where it is empty."""
    named = {"label": label} if label else {}
    call = {"name": name, "arguments": {KEYS[0]: list(numbers), **named, **arguments}}
    return OPENED + json.dumps(call, ensure_ascii=False) + CLOSED


def function(tool: Tool, convention: Convention) -> Dict[str, Any]:
    """A tool as servers and models are told of functions (OpenAI's `tools`, JSON Schema). convention: how the model counts boxes."""
    order = "top, left, bottom, right" if convention.y_first else "left, top, right, bottom"
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
    where = "the box to look in, for less than the whole scene" if tool.sought else "the box to work on"
    label = "what to find, in English, such as ships" if tool.sought else "what is in the box, in a few words"
    properties: Dict[str, Any] = {
        KEYS[0]: {**box, "description": f"{order}: {where}. {convention.sentence}"},
        "label": {"type": "string", "description": label},
        **{parameter.name: _property(parameter) for parameter in tool.parameters if not parameter.detail},
    }
    needed = [parameter.name for parameter in tool.parameters if parameter.kind == CHOICE and parameter.default is None]
    parameters = {"type": "object", "properties": properties, "required": ["label" if tool.sought else KEYS[0], *needed]}
    return {"type": "function", "function": {"name": tool.name, "description": tool.summary, "parameters": parameters}}


def listed(names: Sequence[str], convention: Convention) -> str:
    """What a prompt says of these tools."""
    order = "y1, x1, y2, x2" if convention.y_first else "x1, y1, x2, y2"
    call = f'{OPENED}{{"name": "{names[0]}", "arguments": {{"{KEYS[0]}": [{order}], "label": "short name"}}}}{CLOSED}'
    lines = "\n".join(json.dumps(function(CALLED[name], convention)) for name in names)
    words = Template((RESOURCES / "prompts" / "tools.txt").read_text(encoding="utf-8").strip())
    return "\n\n" + words.substitute(call=call, convention=convention.sentence, tools=lines)


def _json(text: str, at: int) -> Optional[Tuple[str, Dict[str, Any], int]]:
    """(name, arguments, end) of a JSON object that begins at a place, blanks before it left out."""
    at += len(text[at:]) - len(text[at:].lstrip())
    if not text.startswith("{", at):
        return None
    try:
        value, end = _DECODER.raw_decode(text, at)
        arguments = value.get("arguments", value.get("parameters", {}))
        if isinstance(arguments, str):  # JSON in JSON, as servers have it
            arguments = json.loads(arguments, strict=False)
    except (ValueError, RecursionError):
        return None
    name = value.get("name")
    return (name, arguments, end) if isinstance(name, str) and name and isinstance(arguments, dict) else None


def _xml(text: str, at: int) -> Optional[Tuple[str, Dict[str, Any], int]]:
    """The same of a function with parameters in tags, whose values are JSON or plain text."""
    if not (match := _FUNCTION.match(text, at)):
        return None
    arguments: Dict[str, Any] = {}
    for parameter in match[2].split("<parameter=", _MOST)[1:]:
        name, _, rest = parameter.partition(">")
        value = rest.partition("</parameter>")[0].strip()
        try:
            arguments[name] = json.loads(value)
        except (ValueError, RecursionError):
            arguments[name] = value
    return match[1], arguments, match.end()


def _property(parameter: Parameter) -> Dict[str, Any]:
    if parameter.kind == CHOICE:
        return {"type": "string", "enum": list(parameter.choices), "description": parameter.help}
    return {"type": "number" if parameter.kind == NUMBER else "string", "description": f"{parameter.help} ({parameter.values})"}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)
