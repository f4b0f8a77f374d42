"""The events that the backend process sends about requests, which `core/protocol.py` makes lines of; and the results in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple, Union

from .calibration import Calibration
from .errors import ZoomEarthError
from .look import Policy
from .requests import Id
from .source import Corner, Seen
from .tool_calls import ToolUse
from .tools import Made


@dataclass(frozen=True)
class Ready:
    """The process listens. The first event, sent before anything heavy is imported."""

    protocol: int
    version: str
    pid: int


@dataclass(frozen=True)
class Progress:
    """stage: opening, scanning, reading (the raster), loading, testing, viewing (the model reads its view: sent where that takes long),
    thinking, or "trying again" (done: the number of the next try); of a tool also "measuring the noise", denoising, "measuring the
    stripes", segmenting, "reading references", editing, writing; of proposals checking. total: 0 if unknown."""

    id: Id
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Saw:
    """The model is shown a view. picture: a PNG as base64; other: of the raster that it is compared with, None without one."""

    id: Id
    view: Seen
    picture: str = field(repr=False)
    other: Optional[str] = field(default=None, repr=False)


@dataclass(frozen=True)
class Call:
    """A tool that the model has called. box: in source pixels, None where it gave none. arguments: as it wrote them. made: None where
    nothing was made; why: the reason then. step: of the view that showed what was made."""

    tool: str
    box: Optional[Tuple[float, float, float, float]]
    label: str
    arguments: Dict[str, Any]
    made: Optional[Made]
    why: str
    step: Optional[int]

    @classmethod
    def of(cls, use: ToolUse) -> Call:
        call = use.call
        box = tuple(round(side, 2) for side in call.box) if call.box else None
        return cls(call.tool, box, call.label, dict(call.arguments), use.made, use.why, use.step)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Called:
    """A tool that the model has called is through; where it has made something, a `Saw` follows that shows it."""

    id: Id
    call: Call


@dataclass(frozen=True)
class Surveyed:
    """How far a survey is. count: of the features until now; notes: sentences on how it looks. done, total: views."""

    id: Id
    count: int
    done: int
    total: int
    notes: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposed:
    """How far proposals are: places asked about, of all, and candidates in the label file until now."""

    id: Id
    done: int
    total: int
    candidates: int


@dataclass(frozen=True)
class Text:
    """More of the model's reply."""

    id: Id
    delta: str


@dataclass(frozen=True)
class SceneFacts:
    """The raster of a result. path: without keys; width, height: in pixels; crs: a code or WKT, None if unknown."""

    path: str
    width: int
    height: int
    crs: Optional[str] = None


@dataclass(frozen=True)
class RegionFacts:
    """The region of a result. window: the source pixels around it; outline: its rings in map units, None if it was given in pixels."""

    window: Tuple[int, int, int, int]
    outline: Optional[Tuple[Tuple[Corner, ...], ...]] = None


@dataclass(frozen=True)
class Usage:
    """What an answer cost. bytes_read: decoded bytes of pixels."""

    bytes_read: int
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Result:
    """Of a question, on the wire and as `zoomearth ask --json` prints it.

    dialect: how the model was asked and its boxes read. notes: what was put up with, or read in another way, in sentences.
    answer: None if there is none. stopped: a value of `Stopped`; why: its technical reason, or "". confidence: uncalibrated, None if the
    engine gives no probabilities or the answer is meaningless. meaningless: the demo model was asked about a scene that is not generated.
    overview: the width and height at which all that was asked about was shown, None if nothing was shown. value: the answer as its type
    has it, None where no type was given, there is no answer, or it does not fit; unreadable: it does not fit. tools: those that were
    called. compare: the second raster of a comparison, None without one; names: what the model was told that the two are called.
    """

    question: str
    answer: Optional[str]
    confidence: Optional[float]
    meaningless: bool
    stopped: str
    why: str
    model: str
    dialect: str
    notes: Tuple[str, ...]
    seconds: float
    scene: SceneFacts
    region: Optional[RegionFacts]
    overview: Optional[Tuple[int, int]]
    zooms: Tuple[Seen, ...]
    usage: Usage
    value: Optional[Any] = None
    unreadable: bool = False
    tools: Tuple[Call, ...] = ()
    compare: Optional[SceneFacts] = None
    names: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """The result of a load. engine: local, remote or scripted; device: where the model runs; policy: the model's own."""

    engine: str
    model: str
    dialect: str
    prompt_hash: str
    policy: Policy
    device: str


@dataclass(frozen=True)
class Described:
    """The result of a describe: the facts that `zoomearth describe --json` prints."""

    facts: Dict[str, Any]


@dataclass(frozen=True)
class Counts:
    """The result of a batch: how many of its rows were answered, got a reply without an answer, and failed."""

    answered: int
    unanswered: int
    failed: int


@dataclass(frozen=True)
class ToolResult:
    """The result of a RunTool. before, after: the region, PNGs as base64 in the colours of the scene; of a mask, `after` is the region with
    the mask drawn over it. None where no pictures were wanted."""

    made: Made
    before: Optional[str] = field(default=None, repr=False)
    after: Optional[str] = field(default=None, repr=False)


@dataclass(frozen=True)
class SurveyResult:
    """The result of a survey, and the object that `zoomearth survey --json` ends with. count: of the features; candidates do not count.
    coverage: 0 to 1, the part of the area with a complete list. views: how many by state."""

    target: str
    count: int
    candidates: int
    coverage: float
    views: Dict[str, int]
    meaningless: bool
    out: str
    seconds: float


@dataclass(frozen=True)
class ProposeResult:
    """The result of a Propose. places: that the model replied about; candidates: that were added; failed: places without a reply; why: of
    the most of them."""

    places: int
    candidates: int
    failed: int
    why: str = ""


@dataclass(frozen=True)
class Done:
    """The last event of a job that was done. result: of an ask a Result, a batch Counts, a tool a ToolResult, a survey a SurveyResult,
    proposals a ProposeResult, a load a Loaded, a describe a Described, a test a Calibration."""

    id: Id
    result: Union[Result, Counts, ToolResult, SurveyResult, ProposeResult, Loaded, Described, Calibration]


@dataclass(frozen=True)
class Failed:
    """The last event of a job that could not be done. id: None for a line that could not be read, and for work that was never sent.

    log: the last lines of a process that has ended.
    """

    id: Optional[Id]
    code: str
    message: str
    hint: str = ""
    log: Tuple[str, ...] = ()

    @classmethod
    def of(cls, error: ZoomEarthError, id: Optional[Id] = None, log: Tuple[str, ...] = ()) -> Failed:
        return cls(id, error.code, error.message, error.hint, log)


@dataclass(frozen=True)
class Cancelled:
    """The last event of a job that was cancelled. id: None for work that was never sent."""

    id: Optional[Id] = None


@dataclass(frozen=True)
class RowStarted:
    """A row of the batch `id` is asked next. Whoever sees the process crash knows by it which rows were under way."""

    id: Id
    row: Id


@dataclass(frozen=True)
class RowEnded:
    """A row of the batch `id` is over. last: what an `Ask` of its own would have ended with; its id is the row's.

    views: all that the model was shown, in order; replies: what it wrote on seeing each, and behind them what it wrote without a new view.
    """

    id: Id
    last: Union[Done, Failed]
    views: Tuple[Seen, ...] = ()
    replies: Tuple[str, ...] = ()


Last = Union[Done, Failed, Cancelled]
Event = Union[Ready, Progress, Saw, Called, Surveyed, Proposed, Text, RowStarted, RowEnded, Last]
LAST = (Done, Failed, Cancelled)
