"""The loop of the method: it yields what the model is shown next, and is sent what the model did. It knows no model, raster, chat format
or time.

The QGIS panel, the command line, benchmarks, labelling, SFT and GRPO use this one generator, so that the model sees the same pictures in
training, rewards and serving:

    flow = look(size, question, policy)
    observation = next(flow)                 # show observation.view, say observation.text
    observation = flow.send(Zoom(box))       # what the model did; StopIteration.value is the Outcome

`place()` is the only code that grows, clamps and scales a box.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Generator, Optional, Sequence, Union

from .geometry import FOCUS, Box, Size, View
from .region import Region
from .route import about_the_whole
from .tool_calls import ToolCall, ToolUse
from .tools import RASTER, Made

RATIO = 200  # the largest ratio of a view's sides: Qwen-VL's processors refuse longer pictures
GAIN = 1.25  # a view in context enlarges its focus by at least this much over the global view; else the zoom is a crop
CHOICES = {"crop": ("grow", "square", "reference"), "zoom": ("crop", "context", "both"), "route": ("model", "words")}


@dataclass(frozen=True)
class Policy:
    """How a model is shown a scene; a checkpoint's `zoomearth.json` has the policy that it was trained with.

    view: the longest side of every picture, in pixels.
    max_zooms: the largest number of views after the global one; 0 forces an answer from the global view.
    least: a crop is grown to at least this many source pixels per side.
    crop: "grow" contains the whole box; "square" also grows the short side to the long one; "reference" is the crop of the published code:
        exactly `least` x `least` about the centre where either side is shorter (a long thin box loses its ends).
    multiple: shown sizes are multiples of this (28 for Qwen2.5-VL, 32 for Qwen3-VL), so that the processor does not resample again;
        1 leaves them, as the published weights were trained.
    native: a zoom with more source pixels per shown pixel than this begins a new conversation, as if it were a scene; None: never.
    zoom: "crop" shows the box alone; "context" shows the whole area again, with the box enlarged inside its surroundings; "both" shows the
        first zoom from the global view in context, and the zooms below it as crops. A box too large to be enlarged is always a crop.
    route: "model": the model decides whether to zoom; "words": a question whose words are about the whole scene is answered from the global
        view (`core/route.py`).
    max_tools: the largest number of calls of a tool; 0: no tools are on offer. A question is asked with tools only where its user wants it.
    """

    view: int = 512
    max_zooms: int = 3
    least: int = 512
    crop: str = "grow"
    multiple: int = 28
    native: Optional[float] = 4.0  # `core/typed.py` evaluates it under Python 3.9
    zoom: str = "crop"
    route: str = "model"
    max_tools: int = 0

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}: it is one of {', '.join(choices)}")
        if min(self.view, self.least, self.multiple) < 1 or self.view < self.multiple or min(self.max_zooms, self.max_tools) < 0:
            raise ValueError(f"a policy's sizes are positive, and a view holds at least one multiple: {self}")


@dataclass(frozen=True)
class Zoom:
    """The model asks to see `box` (source pixels, fractions allowed), and then those of `then`, before it goes on.

    frame: the picture that the box was counted in; None: the one shown last. note: a sentence where the numbers were not as they should be.
    """

    box: Box
    label: str = ""
    then: tuple[Zoom, ...] = ()
    frame: View | None = field(default=None, compare=False)
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class ZoomOut:
    """The model asks for the previous view."""


@dataclass(frozen=True)
class Answer:
    """span: start and end of the text in the model's reply; None where the answer is not from a reply."""

    text: str
    span: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Unreadable:
    """The reply has no action. cut: it ran into the token limit."""

    why: str
    cut: bool = False


@dataclass(frozen=True)
class Cancelled:
    """The user has stopped the question."""


Action = Union[Zoom, ZoomOut, ToolCall, Answer, Unreadable, Cancelled]


class Stopped(str, Enum):
    """Why a question ended. These are outcomes, not errors: a benchmark counts them, and GRPO rewards them."""

    ANSWERED = "answered"
    LIMIT = "limit"  # no zooms or tools left: the answer, if any, was forced
    UNREADABLE = "unreadable"
    ENDLESS = "endless"  # the reply ran into the token limit
    BAD_BOX = "bad_box"  # outside the view or the region, reversed, without area
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Observation:
    """What the model is shown next.

    view: a part of the scene; None: the observation only demands an answer, or `picture` shows something else.
    text: the question where a conversation begins; why a tool made nothing; else "". roi: the box that the model asked for, in source
    pixels (None: the global view).
    begins: a conversation begins with this view (the global view, or a zoom far from native resolution).
    must_answer: no zooms (or tools) are left, and the model has asked for one. step: the view's place among the views.
    more: another view of those that the model wanted follows first; the model is not asked yet, and None is sent.
    picture: a picture that is not read from the scene; None: the driver reads `view`.
    call: a tool to be used on `roi`, inside the view's rings; the model is not asked yet, and a `ToolUse` is sent.
    used: what came of a call; the driver shows over `view` what was made, or the view as it is, where `text` says why nothing was made.
    laid: what the driver shows over `view`, in this order: the new pixels that tools have made so far, so that later views are of the
    cleared scene, and whatever the last call has made.
    """

    view: View | None
    text: str = ""
    label: str = ""
    roi: Box | None = None
    begins: bool = False
    must_answer: bool = False
    step: int = 0
    picture: Any = None
    more: bool = False
    call: ToolCall | None = None
    used: ToolUse | None = None
    laid: tuple[Made, ...] = ()

    @property
    def has_picture(self) -> bool:
        return self.view is not None or self.picture is not None

    @property
    def shown(self) -> Shown | None:
        """The view as it is kept; None where there is none."""
        made = self.used.made if self.used else None
        return Shown(self.view, self.label, self.roi, self.step, tool=made.tool if made else "") if self.view else None


@dataclass(frozen=True)
class Shown:
    """A view that the model was shown. roi: the box that it asked for, in source pixels, before it was grown (None: the global view).

    step: its place among the views, 0 for the global one. again: a zoom out has shown it again. tool: whose result it shows, "" for none.
    """

    view: View
    label: str = ""
    roi: Box | None = None
    step: int = 0
    again: bool = False
    tool: str = ""


@dataclass
class Outcome:
    """The answer (None where there is none), every view in order, why the question ended, an explanation where one is needed, and every
    use of a tool in order."""

    answer: str | None
    views: list[Shown] = field(default_factory=list)
    stopped: Stopped = Stopped.ANSWERED
    why: str = ""
    uses: list[ToolUse] = field(default_factory=list)

    @property
    def zooms(self) -> list[Shown]:
        """The views that the model asked for, without repetitions and without what tools have made."""
        return [shown for shown in self.views if shown.roi is not None and not shown.again and not shown.tool]


Flow = Generator[Observation, Union[Action, ToolUse, None], Outcome]
"""A generator of observations that is sent actions: `look()` is one, and the drivers accept others."""


def look(size: Size, question: str, policy: Policy, region: Region | None = None) -> Flow:
    """Shows the whole scene (or `region`), then each view that the model asks for, until an answer, the zoom limit or a reply without
    action.

    size: of the raster, in pixels. region: no view leaves its window, pixels outside its rings are shown grey, and a box wholly outside is
    a bad box. Raises ValueError where the region lies outside the raster.
    """
    whole = Box(0, 0, *size)
    region = region or Region(whole)
    area = region.window.intersect(whole)
    if not region.touches(area):
        raise ValueError(f"the region {tuple(region.box)} lies outside the raster of {size[0]} x {size[1]} pixels")
    zooms = 0 if policy.route == "words" and about_the_whole(question) else policy.max_zooms
    trail = [Shown(View(area, shown_size(area, policy), region.rings))]
    seen = list(trail)
    uses: list[ToolUse] = []
    forced = policy.max_zooms == policy.max_tools == 0
    action = yield Observation(trail[0].view, question, begins=True, must_answer=zooms == policy.max_tools == 0)
    while isinstance(action, (Zoom, ZoomOut, ToolCall)):
        looked = sum(not shown.tool for shown in seen)
        if len(uses) >= policy.max_tools if isinstance(action, ToolCall) else looked > zooms:
            action = yield Observation(None, must_answer=True)
            return _end(action, seen, uses, limit=True)
        if isinstance(action, ToolCall):
            action = yield from _use(action, trail, seen, uses, area, region, policy)
            continue
        if isinstance(action, ZoomOut):
            trail = trail[:-1] or trail
            seen.append(replace(trail[-1], step=len(seen), again=True))
            action = yield Observation(trail[-1].view, label="zoom out", roi=trail[-1].roi, step=seen[-1].step, laid=_laid(uses))
            continue
        last = trail[-1].view
        if why := _unusable(action, last, area, region, policy):
            return Outcome(None, seen, Stopped.BAD_BOX, why, uses)
        wanted = [action, *(zoom for zoom in action.then if not _unusable(zoom, last, area, region, policy))]
        wanted, below = wanted[: zooms + 1 - looked], len(trail) - 1
        for left, zoom in zip(range(len(wanted) - 1, -1, -1), wanted):
            view = replace(place(zoom.box, area, policy, below), rings=region.rings)
            shown = Shown(view, zoom.label, zoom.box, len(seen))
            trail.append(shown)
            seen.append(shown)
            looked += 1
            far = not view.focus and policy.native is not None and view.scale > policy.native and looked <= zooms and len(wanted) == 1
            text = question if far else ""
            more, laid = left > 0, _laid(uses)
            action = yield Observation(view, text, shown.label, shown.roi, begins=far, step=shown.step, more=more, laid=laid)
            if isinstance(action, Cancelled):
                break
    return _end(action, seen, uses, limit=forced)


def _use(
    call: ToolCall, trail: list[Shown], seen: list[Shown], uses: list[ToolUse], area: Box, region: Region, policy: Policy
) -> Generator[Observation, Any, Any]:
    """Has a tool used, and shows what it has made, or the box as it is and why nothing was made. Returns what the model does next."""
    box, why = call.box or area, call.complaint
    if not why and call.box and (wrong := _unusable(Zoom(box, frame=call.frame), trail[-1].view, area, region, policy)):
        why = wrong[0].upper() + wrong[1:] + "."
    if why:
        uses.append(ToolUse(call, why=why))
        return (yield Observation(None, why, used=uses[-1]))
    view = replace(place(box, area, policy, len(trail) - 1), rings=region.rings)
    use = yield Observation(view, label=call.label, roi=box.intersect(area), call=call)
    if isinstance(use, Cancelled):
        return use
    shown = Shown(view, call.label, box, len(seen), tool=use.made.tool if use.made else "")
    trail.append(shown)
    seen.append(shown)
    uses.append(replace(use, step=shown.step) if use.made else use)
    laid = _laid(uses[:-1]) + ((use.made,) if use.made else ())
    return (yield Observation(view, use.why, shown.label, shown.roi, step=shown.step, used=uses[-1], laid=laid))


def _laid(uses: Sequence[ToolUse]) -> tuple[Made, ...]:
    """The new pixels that tools have made; a mask is shown once, over the view of its call."""
    return tuple(use.made for use in uses if use.made and use.made.kind == RASTER)


def _end(action: Any, seen: list[Shown], uses: list[ToolUse], limit: bool) -> Outcome:
    if isinstance(action, Answer):
        return Outcome(action.text, seen, Stopped.LIMIT if limit else Stopped.ANSWERED, uses=uses)
    if isinstance(action, Unreadable):
        return Outcome(None, seen, Stopped.ENDLESS if action.cut else Stopped.UNREADABLE, action.why, uses)
    if isinstance(action, Cancelled):
        return Outcome(None, seen, Stopped.CANCELLED, uses=uses)
    wanted = "tool" if isinstance(action, ToolCall) else "view"
    return Outcome(None, seen, Stopped.LIMIT, f"the model asked for another {wanted} when none was left", uses)


def _unusable(zoom: Zoom, last: View, area: Box, region: Region, policy: Policy) -> str:
    """Why a box can't be shown, or "". It may lie outside of the view shown last where it is counted in another."""
    box = zoom.box
    if not all(math.isfinite(side) for side in box):
        return "the box has a side that is not a number"
    if box.right <= box.left or box.bottom <= box.top:
        return "the box is reversed or has no area"
    if not box.intersect((zoom.frame or last).window).area:
        return "the box lies outside the view"
    if region.rings and not region.touches(box.intersect(place(box, area, policy).window)):
        return "the box lies outside the outline"
    return ""


def place(box: Box, area: Box, policy: Policy, below: int = 0) -> View:
    """The view for a box that the model asked for: grown, moved and cut to lie inside `area`, and scaled for the model.

    box, area: source pixels; area in whole pixels. below: how many zooms lie between it and the global view.
    """
    in_context = policy.zoom == "context" or (policy.zoom == "both" and below == 0)
    if in_context and (view := _in_context(box, area, policy)):
        return view
    if policy.crop == "reference":
        window = _reference_window(box, area, policy.least)
    else:
        box = box.rounded_out().intersect(area)
        side = max(box.width, box.height) if policy.crop == "square" else 0
        left, right = _grow(box.left, box.right, max(policy.least, side), area.left, area.right)
        top, bottom = _grow(box.top, box.bottom, max(policy.least, side), area.top, area.bottom)
        window = Box(left, top, right, bottom)
    return View(window, shown_size(window, policy))


def _in_context(box: Box, area: Box, policy: Policy) -> View | None:
    """All of the area with the box enlarged in it; None where it would not be enlarged by GAIN.

    The focus has the area's proportions, so that it is not distorted, and is not shown finer than native resolution: a smaller box gets
    more of its surroundings.
    """
    size, box = shown_size(area, policy), box.rounded_out().intersect(area)
    share = max(box.width / area.width, box.height / area.height, FOCUS * size.width / area.width, FOCUS * size.height / area.height)
    left, right = _grow(box.left, box.right, math.ceil(share * area.width), area.left, area.right)
    top, bottom = _grow(box.top, box.bottom, math.ceil(share * area.height), area.top, area.bottom)
    view = View(area, size, focus=Box(left, top, right, bottom))
    return view if view.scale * GAIN <= View(area, size).scale else None


def _grow(start: float, end: float, least: float, low: float, high: float) -> tuple[float, float]:
    """The span grown on both sides to at least `least`, and moved into low..high; it contains all of its own pixels."""
    length = min(max(end - start, least), high - low)
    start -= (length - (end - start)) // 2
    start = min(max(start, low), high - length)
    return start, start + length


def _reference_window(box: Box, area: Box, least: int) -> Box:
    """The crop of the published code: an integer box; if a side is short, exactly least x least about the integer centre, moved inside."""
    left, top, right, bottom = (int(side) for side in box)
    if right - left < least or bottom - top < least:
        width, height = min(least, int(area.width)), min(least, int(area.height))
        left = min(max((left + right) // 2 - width // 2, int(area.left)), int(area.right) - width)
        top = min(max((top + bottom) // 2 - height // 2, int(area.top)), int(area.bottom) - height)
        return Box(left, top, left + width, top + height)
    inside = Box(left, top, right, bottom).intersect(area)
    return inside if inside.area else box.rounded_out().intersect(area)  # int() has removed a sliver at the edge


def shown_size(window: Box, policy: Policy) -> Size:
    """The size of a window's picture: its longest side is at most `policy.view`, its sides are multiples of `multiple`. It is never
    enlarged, except to one `multiple`. A window more than RATIO times as long as it is wide is shown wider than it is.
    """
    longest, step = max(window.width, window.height), policy.multiple
    scale = min(1.0, policy.view / longest)
    if step == 1:
        sides = [max(1, int(side * scale)) for side in (window.width, window.height)]
    else:
        limit = max(step, int(longest * scale + 1e-9) // step * step)
        sides = [min(limit, max(step, round(side * limit / longest / step) * step)) for side in (window.width, window.height)]
    least = math.ceil(max(sides) / RATIO / step) * step
    return Size(*(max(least, side) for side in sides))
