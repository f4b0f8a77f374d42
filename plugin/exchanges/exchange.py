"""A question and its answer, as the panel stores them: plain values that need neither Qt nor QGIS.

`hear` updates an exchange from the backend's events; `to_dict` and `from_dict` convert it to and from the JSON in the GeoPackage.
"""

from __future__ import annotations

import base64
import re
import uuid
import zlib
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Optional

from ...core.address import shown, titled
from ...core.answer_type import AnswerType, Plain
from ...core.events import Cancelled, Done, Event, Failed, Result, RowEnded, Saw, Text
from ...core.source import Corner, SceneSource, Seen, Where
from ...core.tools import Made
from ...core.typed import from_json


class Status(str, Enum):
    """The state of an exchange; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class PicturedView(Seen):
    """A view with its picture (PNG), the text that the model wrote when it was shown it, and the picture of the raster that it is compared
    with (empty where there is none)."""

    picture: bytes = b""
    thoughts: str = ""
    other: bytes = b""

    @property
    def corners(self) -> tuple[Corner, ...]:
        """The polygon in map units; of a raster without georeference in pixels with y upwards, as QGIS shows such a raster."""
        if self.polygon:
            return self.polygon
        left, top, right, bottom = self.roi or self.window
        return (left, -top), (right, -top), (right, -bottom), (left, -bottom), (left, -top)


RUN = "run"  # the tool of a `UsedTool` that a run has made


@dataclass(frozen=True)
class UsedTool:
    """A tool that was used on a part of the raster, or a survey, or a run. made: what came of it; `made.out` is the name of its file in
    the folder of the results. place: the part, in words; corners: its box, as `PicturedView.corners`. before, after: pictures of it (PNG),
    empty where there are none.
    """

    made: Made
    place: str
    corners: tuple[Corner, ...] = ()
    before: bytes = b""
    after: bytes = b""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Feature:
    """The polygon of a row of a run. layer: the id of its layer in the project; id: in that layer; name: as QGIS displays it."""

    layer: str
    id: int
    name: str


@dataclass
class Exchange:
    """question: "" where a tool was used without one. source and layer: the layer's source and name, without keys; crs: its CRS as WKT.
    scope: a description of the part asked about.
    seen_as: a description of the colours and the resolution that the model saw; "" where it saw the file in the colours of QGIS.
    outline: the part of the layer that was asked about, or its extent: rings of [x, y] in map units of the CRS, by the even-odd rule.
    scene, region: the raster and the region, to repeat the question; scene is None where the model was shown a snapshot.
    compare: the second raster of a comparison, None without one; names: what the model was told that the two are called.
    dialect: how the model was asked; notes: sentences of the backend about this, and about boxes that were read in another way.
    meaningless: the demo model was asked about a raster that is not a generated scene; the answer has no confidence then.
    answer_type: what the answer must be; None for any text. value: the answer as that type has it; unreadable: it does not fit.
    checked: what a person says that the answer is; None where nobody has checked it. checked_by, checked_at: who, and when (UTC); note:
    what the person adds. The model's answer stays as it is.
    feature: of a row of a run, the polygon asked about; None otherwise.
    uses: the tools that the model has called, and those that the user has used on its views or on the area of an exchange that has no
    question.
    """

    question: str
    source: str = ""
    layer: str = ""
    crs: str = ""
    scope: str = ""
    outline: Optional[list[list[list[float]]]] = None
    scene: Optional[SceneSource] = None
    region: Optional[Where] = None
    compare: Optional[SceneSource] = None
    names: list[str] = field(default_factory=list)
    answer_type: Optional[AnswerType] = None
    seen_as: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    time: str = field(default_factory=lambda: now())
    status: Status = Status.RUNNING
    answer: Optional[str] = None
    stopped: str = ""
    why: str = ""
    model: str = ""
    dialect: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    confidence: Optional[float] = None
    meaningless: bool = False
    value: Any = None
    unreadable: bool = False
    checked: Optional[str] = None
    checked_by: Optional[str] = None
    checked_at: Optional[str] = None
    note: Optional[str] = None
    feature: Optional[Feature] = None
    message: str = ""
    hint: str = ""
    log: list[str] = field(default_factory=list)
    views: list[PicturedView] = field(default_factory=list)
    uses: list[UsedTool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layer = titled(self.layer, self.source)
        self.source = shown(self.source)

    @property
    def raster(self) -> str:
        """Identifies its raster: the source without keys, and the CRS, because two sources may differ only in their keys."""
        return raster_id(self.source, self.crs)

    @property
    def zooms(self) -> list[PicturedView]:
        """The views that the model asked for."""
        return [view for view in self.views if view.roi is not None]

    @property
    def looks(self) -> list[PicturedView]:
        """Every view after the global one, including views that a zoom out showed again."""
        return [view for view in self.views if view.step > 0]

    @property
    def place(self) -> list[list[list[float]]]:
        """The outline, else that of the region; of an exchange of an older version the polygon of its first view; empty: there is none."""
        if self.outline or not (self.region and self.region.outline):
            return self.outline or [[[x, y] for x, y in view.corners] for view in self.views[:1]]
        return [[[x, y] for x, y in ring] for ring in self.region.outline]

    @property
    def typed_answer(self) -> Optional[str]:
        """What the model says, in the words of the type of the answer: "yes" of "Yes, one."; None where there is no such answer."""
        if self.status is not Status.DONE or self.answer is None or self.unreadable:
            return None
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, float):
            return f"{self.value:g}"
        if isinstance(self.value, dict):
            return ", ".join(f"{name}: {value}" for name, value in self.value.items() if value is not None)
        return self.answer if self.value is None else str(self.value)

    @property
    def cells(self) -> dict[str, Optional[Plain]]:
        """The answer in its type, by the columns of the type: what a person says, else what the model says; empty for any text."""
        if self.answer_type is None:
            return {}
        return self.answer_type.cells(self.value if self.checked is None else self.answer_type.read(self.checked))

    @property
    def is_run(self) -> bool:
        """Whether it is a question about many polygons, whose answers are in a file of their own."""
        return any(use.made.tool == RUN for use in self.uses)

    @property
    def verdict(self) -> Optional[str]:
        """What the answer is, as far as is known: what a person says, else what the model says, of a row of a run as its type has it."""
        if self.checked is not None:
            return self.checked
        return self.typed_answer if self.feature else self.answer

    @property
    def contradicted(self) -> bool:
        """Whether a person says something else than the model."""
        return self.checked is not None and self._plain(self.checked) != self._plain(self.answer)

    def check(self, checked: Optional[str], by: str, note: Optional[str] = None) -> None:
        """Stores what a person says that the answer is; None: it is not checked any longer. by: the person's name."""
        self.checked, self.note = checked, note
        self.checked_by, self.checked_at = (None, None) if checked is None and note is None else (by, now())

    def _plain(self, answer: Optional[str]) -> Any:
        """An answer as its type has it, to compare it with another."""
        value = self.answer_type.read(answer) if self.answer_type and answer is not None else None
        return (answer or "").strip().casefold() if value is None else value

    @property
    def learnable(self) -> bool:
        """Whether it is an answer about one raster that training can show."""
        return self.status is Status.DONE and self.scene is not None and self.compare is None and bool(self.views)

    def hear(self, event: Event) -> None:
        """Applies an event of the backend: Saw, Text, RowEnded, Done, Failed or Cancelled; other events change nothing."""
        if isinstance(event, Saw):
            self.views.append(
                PicturedView(**vars(event.view), picture=base64.b64decode(event.picture), other=base64.b64decode(event.other or ""))
            )
        elif isinstance(event, Text) and self.views:
            self.views[-1] = replace(self.views[-1], thoughts=self.views[-1].thoughts + event.delta)
        elif isinstance(event, RowEnded):
            thoughts = [*event.replies[: len(event.views) - 1], "".join(event.replies[len(event.views) - 1 :])]
            self.views = [PicturedView(**vars(view), thoughts=text) for view, text in zip(event.views, thoughts)]
            self.hear(event.last)
        elif isinstance(event, Done) and isinstance(event.result, Result):
            self.status = Status.DONE
            for key in ("answer", "stopped", "why", "model", "dialect", "seconds", "confidence", "meaningless", "value", "unreadable"):
                setattr(self, key, getattr(event.result, key))
            failed = [f"{call.tool}: {call.why}" for call in event.result.tools if call.why]
            self.notes, self.names = [*event.result.notes, *failed], list(event.result.names)
        elif isinstance(event, Failed):
            self.status, self.message, self.hint = Status.FAILED, event.message, event.hint
            self.log = list(event.log)
        elif isinstance(event, Cancelled):
            self.status = Status.CANCELLED

    def outcome(self) -> dict[str, Any]:
        """The result, JSON-able and without pictures, under the names of `zoomearth ask --json`."""
        names = (
            "question",
            "answer",
            "value",
            "unreadable",
            "confidence",
            "meaningless",
            "stopped",
            "why",
            "model",
            "dialect",
            "seconds",
            "scope",
            "seen_as",
        )
        identity = {name: getattr(self, name) for name in ("id", *names, "source", "layer", "message", "hint")}
        hidden = ("picture", "other", "thoughts")
        zooms = [{key: value for key, value in asdict(view).items() if key not in hidden} for view in self.zooms]
        compare = self.compare.path if self.compare else None
        return {"status": self.status.value, **identity, "compare": compare, "names": self.names, "zooms": zooms}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; the pictures are base64."""
        data = asdict(self)
        data["status"] = self.status.value
        for view in data["views"]:
            view.update({name: base64.b64encode(view[name]).decode("ascii") for name in ("picture", "other")})
        for use in data["uses"]:
            use.update({name: base64.b64encode(use[name]).decode("ascii") for name in ("before", "after")})
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Exchange:
        """The inverse of `to_dict`; fields of a newer version are ignored. Raises KeyError, TypeError or ValueError for other data."""
        values = _fields_of(cls, data)
        objects = [_fields_of(PicturedView, view) for view in values.get("views", [])]
        decoded = [{**view, **{name: base64.b64decode(view.get(name, "")) for name in ("picture", "other")}} for view in objects]
        views = [from_json(PicturedView, view, "view") for view in decoded]
        uses = [_use_from(use) for use in values.get("uses", [])]
        for key, kind in (
            ("scene", SceneSource),
            ("region", Where),
            ("compare", SceneSource),
            ("answer_type", AnswerType),
            ("feature", Feature),
        ):
            values[key] = from_json(kind, values[key], key) if values.get(key) else None
        return cls(**{**values, "status": Status(values["status"]), "views": views, "uses": uses})


def now() -> str:
    """The time as files have it, UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def raster_id(source: str, crs: str) -> str:
    """source: of a raster layer; crs: its CRS as WKT, shortened to its authority's code where it has one."""
    code = re.search(r'(?:ID|AUTHORITY)\["(\w+)",\s*"?(\w+)"?\]\s*\]\s*$', crs)
    return f"{shown(source)} [{code[1]}:{code[2]}]" if code else f"{shown(source)} [{zlib.crc32(''.join(crs.split()).encode()):08x}]"


def _use_from(data: Any) -> UsedTool:
    values = _fields_of(UsedTool, data)
    pictures = {name: base64.b64decode(values.get(name, "")) for name in ("before", "after")}
    return from_json(UsedTool, {**values, **pictures, "made": _fields_of(Made, values.get("made"))}, "use")


def _fields_of(kind: Any, data: Any) -> dict[str, Any]:
    """The entries of a JSON object that are fields of the dataclass."""
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is no object")
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
