"""The rows of a label file: images, boxes, questions, and the proposals that questions came from."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional, Tuple, Type, TypeVar

from ..address import names_a_file
from ..geometry import Box, Grid, Size
from ..source import SceneSource, Where
from ..typed import from_json, to_json

CANDIDATE, ACCEPTED, REJECTED, UNSURE = "candidate", "accepted", "rejected", "unsure"
VERDICTS = (CANDIDATE, ACCEPTED, REJECTED, UNSURE)
REASONS = ("wrong answer", "ambiguous question", "not visible", "trivial or repeated", "bad language")
"""Why a question is rejected: keys 1 to 5."""
LEVELS = ("global", "region", "object")
CATEGORIES = (
    "Scene Type",
    "Urban-Rural",
    "Counting",
    "Season",
    "Region function",
    "Region status",
    "Object category",
    "Object category refinement",
    "Object color / pattern",
    "Object existence",
    "Object function / usage",
    "Object material / surface",
    "Object relative position / context",
    "Object shape / structure",
    "Object state / motion / activity",
    "Other visual features",
    "Function",
)
"""The question types of LRS-GRO; any other text is a category too."""


@dataclass(frozen=True)
class LabelImage:
    """A raster as it is labelled. Other bands or another stretch of one file are another image.

    path: a file or an address without its keys. width, height: None where the raster was never opened. crs: "EPSG:32615" or ""; wkt: the
    same in full; affine: six coefficients in GDAL's order. gsd: metres per pixel. checksum: see `checksum_of`; "" where unknown.
    """

    id: str
    path: str
    bands: Optional[Tuple[int, ...]] = None
    stretch: Optional[Tuple[Tuple[float, float], ...]] = None
    width: Optional[int] = None
    height: Optional[int] = None
    crs: str = ""
    wkt: str = ""
    affine: Optional[Tuple[float, float, float, float, float, float]] = None
    gsd: Optional[float] = None
    checksum: str = ""

    @classmethod
    def of(cls, source: SceneSource, **facts: Any) -> LabelImage:
        """An image with the id that every annotator's file gives it: by checksum where there is one, else by its path."""
        name = facts.get("checksum") or source.path
        return cls(made_id("image", name, source.bands, source.stretch), source.path, source.bands, source.stretch, **facts)

    @property
    def source(self) -> SceneSource:
        return SceneSource(self.path, self.bands, self.stretch)

    @property
    def size(self) -> Optional[Size]:
        return Size(self.width, self.height) if self.width and self.height else None

    @property
    def grid(self) -> Optional[Grid]:
        """None without georeference, or with one that can't be inverted."""
        grid = Grid(self.affine, self.wkt or self.crs) if self.affine else None
        return grid if grid and grid.invertible else None


@dataclass(frozen=True)
class LabelBox:
    """A box on an image. sides: left, top, right, bottom in source pixels, or where `frame` is set, in a frame whose longest side is
    `frame` long. label: a spatial description, such as "topmost bridge"."""

    id: str
    image: str
    sides: Tuple[float, float, float, float]
    level: str = "object"
    label: str = ""
    frame: Optional[float] = None
    annotator: str = ""

    def __post_init__(self) -> None:
        if not (self.sides[0] < self.sides[2] and self.sides[1] < self.sides[3]):
            raise ValueError(f"the box {list(self.sides)} has no area: it is left, top, right, bottom, the smaller corner first.")

    @property
    def box(self) -> Box:
        """In its own unit."""
        return Box(*self.sides)

    def in_unit(self, frame: Optional[float], size: Optional[Size]) -> Box:
        """In source pixels (frame: None), or in a frame of this length. size: of the image. Raises ValueError where it is needed."""
        if self.frame == frame:
            return self.box
        if size is None:
            raise ValueError("the size of its image is not known")
        scale = (frame or max(size)) / (self.frame or max(size))
        return Box(*(side * scale for side in self.sides))


@dataclass(frozen=True)
class Question:
    """A question about an image with its answer.

    box: the id of the first box, "" for the whole image. steps: the ids of the boxes that are zoomed into, in order; "" is a zoom out.
    tools: of steps that use a tool on their box in place of a zoom, by their place ("0", "1", ...), {"tool", "arguments"} each.
    thoughts: a text before each action. region: the part of the image that the question is limited to. verdict: one of VERDICTS; reason:
    why it was rejected. edited: a person has changed its text. annotator: who decided last. created, decided: UTC. proposal: the id of the
    model's reply that it came from, "" where a person or a template wrote it. maker: "person", "template", "import" or the model's name.
    blind: what a model answers without the picture; second: what it answers on a second look; both None where it was not asked.
    extra: further fields of the row that it was imported from.
    """

    id: str
    image: str
    question: str
    answer: str
    box: str = ""
    steps: Tuple[str, ...] = ()
    tools: Optional[Dict[str, Dict[str, Any]]] = None
    level: str = ""
    category: str = ""
    thoughts: Tuple[str, ...] = ()
    region: Optional[Where] = None
    verdict: str = CANDIDATE
    reason: str = ""
    edited: bool = False
    annotator: str = ""
    created: str = ""
    decided: str = ""
    maker: str = "person"
    proposal: str = ""
    blind: Optional[str] = None
    second: Optional[str] = None
    extra: Optional[Dict[str, Any]] = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict is {self.verdict!r}: it is one of {', '.join(VERDICTS)}.")

    @property
    def touched(self) -> bool:
        """Whether a person has decided or edited it: a regeneration leaves it alone."""
        return self.verdict != CANDIDATE or self.edited or self.maker == "person"


@dataclass(frozen=True)
class Proposal:
    """One reply of a model that was asked for questions. server: its host, never a key. prompt: the version of the prompt. count: of the
    questions that were read from it. error: why there is no reply."""

    id: str
    image: str
    box: str
    model: str
    server: str
    prompt: str
    reply: str
    count: int
    time: str
    error: str = ""


KINDS: Dict[str, Any] = {"image": LabelImage, "box": LabelBox, "question": Question, "proposal": Proposal}
"""The kinds of rows; each has a table of its name with an "s"."""
TEXTS = ("bands", "stretch", "affine", "sides", "steps", "tools", "thoughts", "region", "extra")
"""The columns that contain JSON."""
R = TypeVar("R", LabelImage, LabelBox, Question, Proposal)


def to_columns(row: Any) -> Dict[str, Any]:
    """The values of a row's columns."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    for name in TEXTS:
        if name in values and values[name] is not None:
            values[name] = json.dumps(to_json(values[name]) if name == "region" else values[name], ensure_ascii=False)
    if "edited" in values:
        values["edited"] = int(values["edited"])
    return values


def from_columns(kind: Type[R], values: Mapping[str, Any]) -> R:
    """The row of these columns, and of others that are ignored. Raises ValueError for a value that was damaged."""
    given = {field.name: values[field.name] for field in fields(kind) if values[field.name] is not None}
    for name in TEXTS:
        if name in given:
            value = json.loads(given[name])
            given[name] = from_json(Where, value, "region") if name == "region" else value if name in ("extra", "tools") else _tuples(value)
    if "edited" in given:
        given["edited"] = bool(given["edited"])
    return kind(**given)


def checksum_of(path: str) -> str:
    """A fingerprint of a file: SHA-256 of its length, its first and last megabyte and sixteen pieces between them, so that a raster of
    many gigabytes takes milliseconds. "" for an address. Raises OSError."""
    import hashlib

    if not names_a_file(path):
        return ""
    length, piece = os.path.getsize(path), 1 << 20
    digest = hashlib.sha256(str(length).encode())
    with open(path, "rb") as file:
        digest.update(file.read(piece))
        for at in range(1, 17):
            file.seek(length * at // 17)
            digest.update(file.read(1 << 16))
        file.seek(max(0, length - piece))
        digest.update(file.read(piece))
    return digest.hexdigest()


def new_id() -> str:
    return uuid.uuid4().hex


def made_id(*parts: Any) -> str:
    """The same id for the same parts, in every annotator's file."""
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parts)).hex


def now() -> str:
    """The time in UTC, to the microsecond: the order of two people's events."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
