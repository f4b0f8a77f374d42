"""The messages between plugin or command line and backend: one dataclass for each request and each event.

    -> {"op": "ask", "id": 1, "source": {"path": "city.tif"}, "question": "How many ships are there?"}
    <- {"event": "saw", "id": 1, ...}    {"event": "text", "id": 1, "delta": "..."}    {"event": "done", "id": 1, "result": {...}}

    -> {"op": "batch", "id": 2, "rows": [{"id": "a", "source": {"path": "city.tif"}, "question": "..."}, ...], "at_once": 8}
    <- {"event": "row_ended", "id": 2, "last": {"id": "a", "result": {...}}, ...}    {"event": "done", "id": 2, ...}

A request that is answered has an `id`, a string or a whole number that is used once in a process's life. For each id there is exactly one
of `done`, `failed`, `cancelled`, and it comes last. `core/wire.py` makes lines of these, `core/typed.py` checks their types.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Dict, Mapping, Optional, Tuple, Union, cast

from .answer_type import AnswerType
from .calibration import Calibration
from .errors import BackendError, ZoomEarthError
from .look import Policy
from .plan import WAYS
from .settings import Settings
from .source import Corner, SceneSource, Seen, Where
from .tool_calls import USUAL_CALLS, Offer, ToolUse
from .tools import Made, UseTool, tool_named
from .typed import from_json, to_json

VERSION = 4
"""Of the protocol. Plugin and backend of one release have the same one."""

Id = Union[str, int]
NEW = ""
"""The id of a request that has not been sent; whoever sends it replaces it."""
LONGEST_ID = 200
AT_ONCE = 8
"""Questions of a batch at a time, where nobody says how many."""
LARGEST_PICTURE = 2048

_ANY_MODEL = Policy(view=10**9, multiple=1)  # overrides that can't be applied to this one can be applied to no model's policy


@dataclass(frozen=True)
class Load:
    """Make an engine; the questions that follow are asked of this one, or fail as the load did.

    key: of the server. replies: those of a scripted engine, given in turn, which is then used instead of a model; pace: its seconds a word.
    """

    settings: Settings = field(default_factory=Settings)
    key: Optional[str] = field(default=None, repr=False)
    replies: Optional[Tuple[str, ...]] = None
    pace: float = 0.0
    id: Id = NEW

    def __post_init__(self) -> None:
        if self.replies is not None and not self.replies:
            raise ValueError("replies is empty: a scripted engine needs one at least.")
        if self.pace < 0:
            raise ValueError(f"pace is {self.pace}: it must be a number of seconds.")


@dataclass(frozen=True)
class Ask:
    """One question. where: None for the whole scene. policy: the fields of `Policy` in which it differs from the model's own. answer_type:
    what the answer must be; None for any text. tools: None where the model may use none.
    """

    source: SceneSource
    question: str
    where: Optional[Where] = None
    policy: Optional[Dict[str, Any]] = None
    id: Id = NEW
    answer_type: Optional[AnswerType] = None
    tools: Optional[Offer] = None

    def __post_init__(self) -> None:
        if not self.question.strip():
            raise ValueError("question is empty.")
        self.policy_from(_ANY_MODEL)

    def policy_from(self, model: Policy) -> Policy:
        """The model's policy with this question's overrides. Raises ValueError where together they are no policy."""
        policy = _with(model, self.policy)
        return replace(policy, max_tools=USUAL_CALLS) if self.tools and not policy.max_tools else policy


@dataclass(frozen=True)
class Batch:
    """Many questions, `at_once` at a time: in lockstep where the model runs here, concurrently where it runs on a server.

    rows: the id of each is its own within the batch. A row that fails costs itself only; its end is a `RowEnded`.
    """

    rows: Tuple[Ask, ...]
    at_once: int = AT_ONCE
    id: Id = NEW

    def __post_init__(self) -> None:
        if not self.rows or self.at_once < 1:
            raise ValueError("a batch has one row at least, and at_once is 1 at least.")
        ids = [row.id for row in self.rows]
        if not all(map(_is_id, ids)) or len(set(ids)) < len(ids):
            raise ValueError(f"each row must have an id of its own, a whole number or a string of 1 to {LONGEST_ID} letters.")


@dataclass(frozen=True)
class RunTool:
    """Use a tool on a region of a raster, and write what comes of it to the file `out`. No model is needed or loaded.

    where: None for the whole raster. pictures: the longest side, in pixels, of the pictures of the region before and after; 0: none.
    """

    source: SceneSource
    use: UseTool
    out: str
    where: Optional[Where] = None
    pictures: int = 0
    id: Id = NEW

    def __post_init__(self) -> None:
        tool_named(self.use.tool)
        if not self.out.strip() or not 0 <= self.pictures <= LARGEST_PICTURE:
            raise ValueError(f"out is the path of a file, and pictures is 0 to {LARGEST_PICTURE}.")


@dataclass(frozen=True)
class RunSurvey:
    """Find all things of a kind, and write each to the file `out` as it is found. The same request continues a survey that was interrupted.

    target: the thing, in words. size: how long one is; gsd: of the views, per shown pixel; both in metres, or in pixels of a raster that
    does not say how large its pixels are; None: see `backend/surveys/run.py`. way: one of `plan.WAYS`. budget: the most views that the
    model is shown. at_once: views in lockstep, or at once on each server.
    """

    source: SceneSource
    target: str
    out: str
    where: Optional[Where] = None
    size: Optional[float] = None
    gsd: Optional[float] = None
    way: str = WAYS[0]
    budget: Optional[int] = None
    policy: Optional[Dict[str, Any]] = None
    at_once: int = AT_ONCE
    id: Id = NEW

    def __post_init__(self) -> None:
        if not self.target.strip():
            raise ValueError("the thing to find is empty.")
        if self.way not in WAYS:
            raise ValueError(f"way is {self.way!r}: it must be one of {', '.join(WAYS)}.")
        if not self.out.strip() or min(self.size or 1, self.gsd or 1) <= 0 or min(self.budget or 1, self.at_once) < 1:
            raise ValueError("out is the path of a file; size and gsd are above 0; budget and at_once are 1 at least.")
        self.policy_from(_ANY_MODEL)

    @property
    def readings(self) -> str:
        """The file beside `out` that a survey goes on from: what the model said of each view."""
        return self.out + ".views.jsonl"

    def policy_from(self, model: Policy) -> Policy:
        """The model's policy with this survey's overrides. Raises ValueError where together they are no policy."""
        return _with(model, self.policy)


@dataclass(frozen=True)
class Describe:
    """Report size, bands, CRS and the like of a raster, and how it would be shown."""

    source: SceneSource
    id: Id = NEW


@dataclass(frozen=True)
class Test:
    """Find out how a model counts its boxes, and remember it: a few questions about drawn targets. key: of the server."""

    settings: Settings = field(default_factory=Settings)
    key: Optional[str] = field(default=None, repr=False)
    id: Id = NEW


@dataclass(frozen=True)
class Cancel:
    """Stop the work `id`, waiting or under way. Not answered itself; work that is over already is no error."""

    id: Id


@dataclass(frozen=True)
class Stop:
    """Cancel all work and end the process."""


Job = Union[Load, Ask, Batch, RunTool, RunSurvey, Describe, Test]
Request = Union[Job, Cancel, Stop]


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
    stripes", segmenting, "reading references", editing, writing. total: 0 if unknown."""

    id: Id
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Saw:
    """The model is shown a view. picture: a PNG as base64."""

    id: Id
    view: Seen
    picture: str = field(repr=False)


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
    called.
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
class Done:
    """The last event of a job that was done. result: of an ask a Result, a batch Counts, a tool a ToolResult, a survey a SurveyResult, a
    load a Loaded, a describe a Described, a test a Calibration."""

    id: Id
    result: Union[Result, Counts, ToolResult, SurveyResult, Loaded, Described, Calibration]


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
Event = Union[Ready, Progress, Saw, Called, Surveyed, Text, RowStarted, RowEnded, Last]
LAST = (Done, Failed, Cancelled)

REQUESTS: Dict[str, Any] = {
    "load": Load,
    "ask": Ask,
    "batch": Batch,
    "tool": RunTool,
    "survey": RunSurvey,
    "describe": Describe,
    "test": Test,
    "cancel": Cancel,
    "stop": Stop,
}
EVENTS: Dict[str, Any] = {
    "ready": Ready,
    "progress": Progress,
    "saw": Saw,
    "called": Called,
    "surveyed": Surveyed,
    "text": Text,
    "row_started": RowStarted,
    "row_ended": RowEnded,
    "done": Done,
    "failed": Failed,
    "cancelled": Cancelled,
}
_NAMES = {kind: name for table in (REQUESTS, EVENTS) for name, kind in table.items()}


def _with(model: Policy, changes: Optional[Mapping[str, Any]]) -> Policy:
    """Raises ValueError where together they are no policy."""
    return from_json(Policy, {**to_json(model), **changes}, "policy") if changes else model


def request_to_json(request: Request) -> Dict[str, Any]:
    """With its name under `op`; fields that are None are left out."""
    return {"op": _NAMES[type(request)], **to_json(request)}


def event_to_json(event: Event) -> Dict[str, Any]:
    """With its name under `event`; fields that are None are null."""
    return {"event": _NAMES[type(event)], **to_json(event, nulls=True)}


def read_request(data: Mapping[str, Any]) -> Request:
    """Raises BackendError, with the field and what it must be."""
    request = _read(data, "op", REQUESTS)
    if not isinstance(request, Stop) and not _is_id(request.id):
        id = str(request.id)[:20]
        raise BackendError(f"{data['op']}.id is {id!r}: it must be a whole number or a string of 1 to {LONGEST_ID} letters.")
    return cast(Request, request)


def read_event(data: Mapping[str, Any]) -> Event:
    """Raises BackendError. Unknown fields of `ready` are ignored, so that the version of a newer backend can be read."""
    if data.get("event") == "ready":
        data = {name: data[name] for name in ("event", *(each.name for each in fields(Ready))) if name in data}
    return cast(Event, _read(data, "event", EVENTS))


def id_of(data: Mapping[str, Any]) -> Optional[Id]:
    """The id of a message that can't be read otherwise."""
    value = data.get("id")
    return value if _is_id(value) else None


def check_version(ready: Ready) -> None:
    """Raises BackendError where the backend speaks another version of the protocol, with what to update."""
    if ready.protocol == VERSION:
        return
    backend = f"the backend (ZoomEarth {ready.version}) version {ready.protocol}"
    message = f"Plugin and backend don't fit together: the plugin speaks version {VERSION} of the protocol, {backend}."
    if ready.protocol < VERSION:
        raise BackendError(message, "Update the backend: install the ZoomEarth of this plugin's release, and restart QGIS.")
    raise BackendError(message, "Update the plugin, or restart QGIS if the plugin was updated while QGIS was running.")


def _is_id(value: Any) -> bool:
    return (isinstance(value, str) and 0 < len(value) <= LONGEST_ID) or (isinstance(value, int) and not isinstance(value, bool))


def _read(data: Mapping[str, Any], key: str, kinds: Mapping[str, Any]) -> Any:
    name = data.get(key)
    if data.get("op") == "unreadable":  # from `wire.LineReader`, whichever side reads
        raise BackendError(f"A line is not a JSON object: {data.get('line', '')!r}.", "Send one object a line, in ASCII or UTF-8.")
    if not isinstance(name, str) or name not in kinds:
        raise BackendError(f"There is no {key} {str(name)[:80]!r}.", f"It is one of {', '.join(kinds)}.")
    try:
        return from_json(kinds[name], {field: value for field, value in data.items() if field != key}, name)
    except ValueError as error:
        message = str(error)
        raise BackendError(message if message.endswith(".") else f"{message}.", "core/protocol.py lists the fields.") from None
