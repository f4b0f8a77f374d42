"""A question and what came of it, as the panel keeps it: values, without Qt, without QGIS.

An exchange grows by the backend's events (`hear`) and goes into the GeoPackage as JSON (`to_dict`, `from_dict`).
"""

from __future__ import annotations

import base64
import uuid
import zlib
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Optional

from ..core.address import hidden, name, shown


class Status(str, Enum):
    """Of an exchange; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass
class Seen:
    """One picture the model was shown. roi: what it asked for, in source pixels, None for the global view.

    polygon: of the ROI (of the window, for the global view) in map units of the scene's CRS, closed; None: it lies nowhere.
    picture: the PNG as it came; thoughts: what the model wrote on seeing it.
    """

    step: int
    label: str
    roi: Optional[list[float]]
    window: list[int]
    shown: list[int]
    polygon: Optional[list[list[float]]]
    picture: bytes = b""
    thoughts: str = ""

    @property
    def scale(self) -> float:
        """Source pixels per shown pixel; 1 is native resolution."""
        return max((self.window[2] - self.window[0]) / self.shown[0], (self.window[3] - self.window[1]) / self.shown[1])

    @property
    def corners(self) -> list[list[float]]:
        """The polygon, or pixels with y upwards, as QGIS shows a raster that lies nowhere."""
        if self.polygon:
            return self.polygon
        left, top, right, bottom = self.roi or self.window
        return [[left, -top], [right, -top], [right, -bottom], [left, -bottom], [left, -top]]


@dataclass
class Exchange:
    """source and layer: the layer's source and name, without keys; crs: its CRS as WKT; scope: what part was asked about, in words.
    seen_as: in words, in what colours and how fine it was shown; "" for the file, in the colours that QGIS shows.
    outline: the part of the layer that was asked about, or its extent: rings of [x, y] in map units of the CRS, by the even-odd rule.
    meaningless: the demo model was asked about something else than a generated scene; there is no confidence then.
    """

    question: str
    source: str = ""
    layer: str = ""
    crs: str = ""
    scope: str = ""
    outline: Optional[list[list[list[float]]]] = None
    seen_as: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    status: Status = Status.RUNNING
    answer: Optional[str] = None
    stopped: str = ""
    why: str = ""
    model: str = ""
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
    def place(self) -> list[list[list[float]]]:
        """The outline, or that of the first view in an exchange of an older version; no ring where nothing is known."""
        return self.outline or [seen.corners for seen in self.views[:1]]

    def hear(self, event: dict[str, Any]) -> None:
        """Takes in an event of the backend: saw, text, done, failed, cancelled; the others change nothing."""
        name = event["event"]
        if name == "saw":
            view = event["view"]
            seen = Seen(event["step"], event["label"], event["roi"], view["window"], view["size"], event["polygon"])
            seen.picture = base64.b64decode(event["picture"])
            self.views.append(seen)
        elif name == "text" and self.views:
            self.views[-1].thoughts += event["delta"]
        elif name == "done":
            result = event["result"]
            self.status = Status.DONE
            for key in ("answer", "stopped", "why", "model", "seconds", "confidence", "meaningless"):
                setattr(self, key, result[key])
        elif name == "failed":
            self.status, self.message, self.hint = Status.FAILED, event["message"], event["hint"]
            self.log = event.get("log", [])
        elif name == "cancelled":
            self.status = Status.CANCELLED

    def outcome(self) -> dict[str, Any]:
        """What came of it, JSON-able and without pictures, under the names of `zoomearth ask --json`."""
        names = ("question", "answer", "confidence", "meaningless", "stopped", "why", "model", "seconds", "scope", "seen_as")
        known = {name: getattr(self, name) for name in ("id", *names, "source", "layer", "message", "hint")}
        zooms = [{key: value for key, value in asdict(seen).items() if key not in ("picture", "thoughts")} for seen in self.zooms]
        return {"status": self.status.value, **known, "zooms": zooms}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; the pictures are base64."""
        data = asdict(self)
        data["status"] = self.status.value
        for seen in data["views"]:
            seen["picture"] = base64.b64encode(seen["picture"]).decode("ascii")
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Exchange:
        """The inverse; fields of a newer version are passed over. Raises KeyError, TypeError, ValueError for what is no exchange."""
        kept = _known(cls, data)
        views = [_known(Seen, seen) for seen in kept.get("views", [])]
        seen = [Seen(**{**view, "picture": base64.b64decode(view.get("picture", ""))}) for view in views]
        return cls(**{**kept, "status": Status(kept["status"]), "views": seen})


def raster_id(source: str, crs: str) -> str:
    """source: of a raster layer; crs: its CRS as WKT."""
    return f"{shown(source)} {zlib.crc32(crs.encode()):08x}"


def titled(layer: str, source: str) -> str:
    """A layer's name, which QGIS may have made of a signed address, without the address's keys."""
    return layer if shown(source) == source else hidden(layer, source).partition("?")[0] or name(source)


def _known(kind: Any, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError(f"{data!r} is no object")
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
