"""A question and its answer, as the panel stores them: values, without Qt, without QGIS.

An exchange grows by the backend's events (`hear`) and goes into the GeoPackage as JSON (`to_dict`, `from_dict`).
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

from ...core.address import hidden, name, shown
from ...core.protocol import Cancelled, Done, Event, Failed, Result, RowEnded, Saw, Text
from ...core.source import Corner, SceneSource, Where
from ...core.source import Seen as View
from ...core.typed import from_json


class Status(str, Enum):
    """Of an exchange; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Seen(View):
    """A view with its picture, a PNG as it came, and the model's thoughts: what it wrote on seeing it."""

    picture: bytes = b""
    thoughts: str = ""

    @property
    def corners(self) -> tuple[Corner, ...]:
        """The polygon, or pixels with y upwards, as QGIS shows a raster without georeference."""
        if self.polygon:
            return self.polygon
        left, top, right, bottom = self.roi or self.window
        return (left, -top), (right, -top), (right, -bottom), (left, -bottom), (left, -top)


@dataclass
class Exchange:
    """source and layer: the layer's source and name, without keys; crs: its CRS as WKT; scope: what part was asked about, in words.
    seen_as: in words, in what colours and how fine it was shown; "" for the file, in the colours that QGIS shows.
    outline: the part of the layer that was asked about, or its extent: rings of [x, y] in map units of the CRS, by the even-odd rule.
    scene, region: what was asked about, for whoever asks again; scene is None where the model was shown a snapshot.
    dialect: how the model was asked; notes: sentences of the backend on how it was, and on boxes that were read in another way.
    meaningless: the demo model was asked about something else than a generated scene; there is no confidence then.
    """

    question: str
    source: str = ""
    layer: str = ""
    crs: str = ""
    scope: str = ""
    outline: Optional[list[list[list[float]]]] = None
    scene: Optional[SceneSource] = None
    region: Optional[Where] = None
    seen_as: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
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
    message: str = ""
    hint: str = ""
    log: list[str] = field(default_factory=list)
    views: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layer = titled(self.layer, self.source)
        self.source = shown(self.source)

    @property
    def raster(self) -> str:
        """Tells its raster from others: two whose addresses differ only in what is not shown may have different CRSs."""
        return raster_id(self.source, self.crs)

    @property
    def zooms(self) -> list[Seen]:
        """What the model asked to see."""
        return [seen for seen in self.views if seen.roi is not None]

    @property
    def looks(self) -> list[Seen]:
        """Every view after the global one, also those that a zoom out brought back."""
        return self.views[1:]

    @property
    def place(self) -> list[list[list[float]]]:
        """The outline, or that of the first view in an exchange of an older version; no ring where nothing is known."""
        return self.outline or [[[x, y] for x, y in seen.corners] for seen in self.views[:1]]

    def hear(self, event: Event) -> None:
        """Takes in an event of the backend: Saw, Text, RowEnded, Done, Failed, Cancelled; the others change nothing."""
        if isinstance(event, Saw):
            self.views.append(Seen(**vars(event.view), picture=base64.b64decode(event.picture)))
        elif isinstance(event, Text) and self.views:
            self.views[-1] = replace(self.views[-1], thoughts=self.views[-1].thoughts + event.delta)
        elif isinstance(event, RowEnded):
            thoughts = [*event.replies[: len(event.views) - 1], "".join(event.replies[len(event.views) - 1 :])]
            self.views = [Seen(**vars(view), thoughts=text) for view, text in zip(event.views, thoughts)]
            self.hear(event.last)
        elif isinstance(event, Done) and isinstance(event.result, Result):
            self.status = Status.DONE
            for key in ("answer", "stopped", "why", "model", "dialect", "seconds", "confidence", "meaningless"):
                setattr(self, key, getattr(event.result, key))
            self.notes = list(event.result.notes)
        elif isinstance(event, Failed):
            self.status, self.message, self.hint = Status.FAILED, event.message, event.hint
            self.log = list(event.log)
        elif isinstance(event, Cancelled):
            self.status = Status.CANCELLED

    def outcome(self) -> dict[str, Any]:
        """The result, JSON-able and without pictures, under the names of `zoomearth ask --json`."""
        names = ("question", "answer", "confidence", "meaningless", "stopped", "why", "model", "dialect", "seconds", "scope", "seen_as")
        known = {name: getattr(self, name) for name in ("id", *names, "source", "layer", "message", "hint")}
        zooms = [{key: value for key, value in asdict(seen).items() if key not in ("picture", "thoughts")} for seen in self.zooms]
        return {"status": self.status.value, **known, "zooms": zooms}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; the pictures are base64."""
        data = asdict(self)
        data["status"] = self.status.value
        for view in data["views"]:
            view["picture"] = base64.b64encode(view["picture"]).decode("ascii")
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Exchange:
        """The inverse; fields of a newer version are ignored. Raises KeyError, TypeError, ValueError for what is no exchange."""
        values = _known(cls, data)
        views = [_known(Seen, view) for view in values.get("views", [])]
        seen = [from_json(Seen, {**view, "picture": base64.b64decode(view.get("picture", ""))}, "view") for view in views]
        for key, kind in (("scene", SceneSource), ("region", Where)):
            values[key] = from_json(kind, values[key], key) if values.get(key) else None
        return cls(**{**values, "status": Status(values["status"]), "views": seen})


def raster_id(source: str, crs: str) -> str:
    """source: of a raster layer; crs: its CRS as WKT, which counts by its authority's code where it has one."""
    code = re.search(r'(?:ID|AUTHORITY)\["(\w+)",\s*"?(\w+)"?\]\s*\]\s*$', crs)
    return f"{shown(source)} [{code[1]}:{code[2]}]" if code else f"{shown(source)} [{zlib.crc32(''.join(crs.split()).encode()):08x}]"


def titled(layer: str, source: str) -> str:
    """A layer's name, which QGIS may have made of a signed address, without the address's keys."""
    return layer if shown(source) == source else hidden(layer, source).partition("?")[0] or name(source)


def _known(kind: Any, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is no object")
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
