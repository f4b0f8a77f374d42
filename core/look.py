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
from typing import Any, Generator, Optional, Union

from .geometry import Box, Size, View
from .region import Region

RATIO = 200  # the largest ratio of a view's sides: Qwen-VL's processors refuse longer pictures


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
    """

    view: int = 512
    max_zooms: int = 3
    least: int = 512
    crop: str = "grow"
    multiple: int = 28
    native: Optional[float] = 4.0  # `core/typed.py` evaluates it under Python 3.9

    def __post_init__(self) -> None:
        if self.crop not in ("grow", "square", "reference"):
            raise ValueError(f"crop is {self.crop!r}: it is one of grow, square, reference")
        if min(self.view, self.least, self.multiple) < 1 or self.view < self.multiple or self.max_zooms < 0:
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


Action = Union[Zoom, ZoomOut, Answer, Unreadable, Cancelled]


class Stopped(str, Enum):
    """Why a question ended. These are outcomes, not errors: a benchmark counts them, and GRPO rewards them."""

    ANSWERED = "answered"
    LIMIT = "limit"  # no zooms left: the answer, if any, was forced
    UNREADABLE = "unreadable"
    ENDLESS = "endless"  # the reply ran into the token limit
    BAD_BOX = "bad_box"  # outside the view or the region, reversed, without area
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Observation:
    """What the model is shown next.

    view: a part of the scene; None: the observation only demands an answer, or `picture` shows something else.
    text: the question where a conversation begins, else "". roi: the box that the model asked for, in source pixels (None: the global
    view).
    begins: a conversation begins with this view (the global view, or a zoom far from native resolution).
    must_answer: no zooms are left, and the model has asked for one. step: the view's place among the views.
    more: another view of those that the model wanted follows first; the model is not asked yet, and None is sent.
    picture: a picture that is not read from the scene, such as a mask over a view; None: the driver reads `view`.
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

    @property
    def has_picture(self) -> bool:
        return self.view is not None or self.picture is not None


@dataclass(frozen=True)
class Shown:
    """A view that the model was shown. roi: the box that it asked for, in source pixels, before it was grown (None: the global view).

    step: its place among the views, 0 for the global one. again: a zoom out has shown it again.
    """

    view: View
    label: str = ""
    roi: Box | None = None
    step: int = 0
    again: bool = False


@dataclass
class Outcome:
    """The answer (None where there is none), every view in order, why the question ended, and an explanation where one is needed."""

    answer: str | None
    views: list[Shown] = field(default_factory=list)
    stopped: Stopped = Stopped.ANSWERED
    why: str = ""

    @property
    def zooms(self) -> list[Shown]:
        """The views that the model asked for, without repetitions."""
        return [shown for shown in self.views if shown.roi is not None and not shown.again]


Flow = Generator[Observation, Optional[Action], Outcome]
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
    trail = [Shown(View(area, shown_size(area, policy), region.rings))]
    seen = list(trail)
    action = yield Observation(trail[0].view, question, begins=True, must_answer=policy.max_zooms == 0)
    while isinstance(action, (Zoom, ZoomOut)):
        if len(seen) > policy.max_zooms:
            action = yield Observation(None, must_answer=True)
            return _end(action, seen, limit=True)
        if isinstance(action, ZoomOut):
            trail = trail[:-1] or trail
            seen.append(replace(trail[-1], step=len(seen), again=True))
            action = yield Observation(trail[-1].view, label="zoom out", roi=trail[-1].roi, step=seen[-1].step)
            continue
        last = trail[-1].view
        if why := _unusable(action, last, area, region, policy):
            return Outcome(None, seen, Stopped.BAD_BOX, why)
        zooms = [action, *(zoom for zoom in action.then if not _unusable(zoom, last, area, region, policy))]
        zooms = zooms[: policy.max_zooms + 1 - len(seen)]
        for left, zoom in zip(range(len(zooms) - 1, -1, -1), zooms):
            shown = Shown(replace(place(zoom.box, area, policy), rings=region.rings), zoom.label, zoom.box, len(seen))
            trail.append(shown)
            seen.append(shown)
            far = policy.native is not None and shown.view.scale > policy.native and len(seen) <= policy.max_zooms and len(zooms) == 1
            text = question if far else ""
            action = yield Observation(shown.view, text, shown.label, shown.roi, begins=far, step=shown.step, more=left > 0)
            if isinstance(action, Cancelled):
                break
    return _end(action, seen, limit=policy.max_zooms == 0)


def _end(action: Action | None, seen: list[Shown], limit: bool) -> Outcome:
    if isinstance(action, Answer):
        return Outcome(action.text, seen, Stopped.LIMIT if limit else Stopped.ANSWERED)
    if isinstance(action, Unreadable):
        return Outcome(None, seen, Stopped.ENDLESS if action.cut else Stopped.UNREADABLE, action.why)
    if isinstance(action, Cancelled):
        return Outcome(None, seen, Stopped.CANCELLED)
    return Outcome(None, seen, Stopped.LIMIT, "the model asked for another view when none was left")


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


def place(box: Box, area: Box, policy: Policy) -> View:
    """The view for a box that the model asked for: grown, moved and cut to lie inside `area`, and scaled for the model.

    box, area: source pixels; area in whole pixels.
    """
    if policy.crop == "reference":
        window = _reference_window(box, area, policy.least)
    else:
        box = box.rounded_out().intersect(area)
        side = max(box.width, box.height) if policy.crop == "square" else 0
        left, right = _grow(box.left, box.right, max(policy.least, side), area.left, area.right)
        top, bottom = _grow(box.top, box.bottom, max(policy.least, side), area.top, area.bottom)
        window = Box(left, top, right, bottom)
    return View(window, shown_size(window, policy))


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
