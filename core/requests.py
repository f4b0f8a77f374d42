"""The requests to the backend process, which `core/protocol.py` makes lines of. A request that is answered has an `id`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from .answer_type import AnswerType
from .look import Policy
from .plan import WAYS
from .settings import Settings
from .source import Compare, SceneSource, Where
from .tool_calls import USUAL_CALLS, Offer
from .tools import UseTool, tool_named
from .typed import from_json, to_json

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
    what the answer must be; None for any text. tools: None where the model may use none; they work on `source`. compare: a second raster,
    the ground of which is shown beside each view; a model that takes one picture at a time can't.
    """

    source: SceneSource
    question: str
    where: Optional[Where] = None
    policy: Optional[Dict[str, Any]] = None
    id: Id = NEW
    answer_type: Optional[AnswerType] = None
    tools: Optional[Offer] = None
    compare: Optional[Compare] = None

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

    rows: the id of each is its own within the batch. A row that fails costs itself only; its end is a `RowEnded`. out: a file of results to
    which the line of each row is appended before its `RowEnded`, as `zoomearth batch` does; the ids are strings then.
    """

    rows: Tuple[Ask, ...]
    at_once: int = AT_ONCE
    id: Id = NEW
    out: Optional[str] = None

    def __post_init__(self) -> None:
        if not self.rows or self.at_once < 1:
            raise ValueError("a batch has one row at least, and at_once is 1 at least.")
        ids = [row.id for row in self.rows]
        if not all(map(is_id, ids)) or len(set(ids)) < len(ids):
            raise ValueError(f"each row must have an id of its own, a whole number or a string of 1 to {LONGEST_ID} letters.")
        if self.out is not None and not (self.out.strip() and all(isinstance(id, str) for id in ids)):
            raise ValueError("out is the path of a file, and each row's id is a string then.")


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
    model is shown. at_once: views in lockstep, or at once on each server. masks: a thing is the outline that the segmentation tool gives
    it, in place of its box.
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
    masks: bool = False

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

    @property
    def outlines(self) -> str:
        """The file beside `out` with the masks that were made, of a survey with masks."""
        return self.out + ".masks.jsonl"

    def policy_from(self, model: Policy) -> Policy:
        """The model's policy with this survey's overrides. Raises ValueError where together they are no policy."""
        return _with(model, self.policy)


@dataclass(frozen=True)
class Propose:
    """Let the model propose questions with answers for boxes of the label file `labels`, and write those of each reply into it as it comes.

    image, box: ids of the one place that is asked about; box "": the image as a whole. image "": every box that this model was not asked
    about yet; the same request continues one that was cancelled. count: questions for a place. check: have the model answer each candidate
    of the file that was not checked, without the picture and once more with it, for two more flags. thoughts: chains of thought for the
    accepted questions that lack them, in place of questions; question: the id of the one that they are wanted for, whatever it has.
    at_once: in lockstep, or at once on each server.
    """

    labels: str
    image: str = ""
    box: str = ""
    count: int = 4
    check: bool = False
    thoughts: bool = False
    question: str = ""
    at_once: int = AT_ONCE
    id: Id = NEW

    def __post_init__(self) -> None:
        if not self.labels.strip() or min(self.count, self.at_once) < 1:
            raise ValueError("labels is the path of a label file; count and at_once are 1 at least.")
        if (self.box and not self.image) or (self.question and not self.thoughts):
            raise ValueError("a box needs its image; question is for thoughts only.")


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


Job = Union[Load, Ask, Batch, RunTool, RunSurvey, Propose, Describe, Test]
Request = Union[Job, Cancel, Stop]


def is_id(value: Any) -> bool:
    """Whether a value is an `Id`."""
    return (isinstance(value, str) and 0 < len(value) <= LONGEST_ID) or (isinstance(value, int) and not isinstance(value, bool))


def _with(model: Policy, changes: Optional[Mapping[str, Any]]) -> Policy:
    """Raises ValueError where together they are no policy."""
    return from_json(Policy, {**to_json(model), **changes}, "policy") if changes else model
