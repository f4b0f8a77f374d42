"""What may be sent to the backend: one dataclass a message, and one table that says what each field is and checks it.

Every message has `op`; those that are answered have an `id`, a string or a whole number that is used once in a process's life.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Callable, Union

from .errors import BackendError

Id = Union[str, int]


@dataclass(frozen=True)
class Load:
    """Make an engine; what is asked after it is asked of this one, or fails as the load did.

    model: how it is asked, an id or a folder ("" takes the default).
    engine "remote": url, remote_model (its name on that server), key. "scripted": replies, given in turn, and pace (seconds a word).
    """

    id: Id
    engine: str = "local"
    model: str = ""
    device: str = "auto"
    dtype: str = "auto"
    quantize: str = "none"
    prompt_file: str = ""
    url: str = ""
    remote_model: str = ""
    key: str | None = field(default=None, repr=False)
    replies: list[str] | None = None
    pace: float = 0.0


@dataclass(frozen=True)
class Ask:
    """One question. bands, stretch: the layer's own choice. policy: whatever differs from the model's.

    region: source pixels. outline: instead of it, rings of corners in map units of the raster's CRS (of a raster without georeference: in
    pixels with y upwards), filled by the even-odd rule: what lies outside of them is not shown.
    """

    id: Id
    scene: str
    question: str
    region: list[float] | None = None
    outline: list[list[list[float]]] | None = None
    bands: list[int] | None = None
    stretch: list[list[float]] | None = None
    force_remote_scan: bool = False
    max_zooms: int | None = None
    policy: dict[str, Any] | None = None


@dataclass(frozen=True)
class Describe:
    """What a raster is."""

    id: Id
    scene: str
    bands: list[int] | None = None
    stretch: list[list[float]] | None = None
    force_remote_scan: bool = False


@dataclass(frozen=True)
class Cancel:
    """Stop the work `id`, waiting or under way. Not answered itself; work that is over already is no error."""

    id: Id


@dataclass(frozen=True)
class Stop:
    """Cancel all work and end the process."""


Job = Union[Load, Ask, Describe]
Message = Union[Job, Cancel, Stop]
MESSAGES: dict[str, Any] = {"load": Load, "ask": Ask, "describe": Describe, "cancel": Cancel, "stop": Stop}


def read(data: dict[str, Any]) -> Message:
    """Raises BackendError, in words for whoever writes the other side. Null stands for a field left out."""
    op = data.get("op")
    if op == "unreadable":
        raise BackendError(f"A line is not a JSON object: {data.get('line', '')!r}.", "One object a line, in ASCII or UTF-8.")
    kind = MESSAGES.get(op) if isinstance(op, str) else None
    if kind is None:
        raise BackendError(f"There is no op {op!r}.", f"It is one of {', '.join(MESSAGES)}.")
    known = {each.name: each for each in fields(kind)}
    given = {name: value for name, value in data.items() if name != "op" and value is not None}
    if unknown := sorted(set(given) - set(known)):
        raise BackendError(f"{op} has no field {unknown[0]!r}.", f"It has {', '.join(known) or 'none'}.")
    for name, each in known.items():
        what, holds = FIELDS[name]
        if name not in given and each.default is MISSING:
            raise BackendError(f"{op} lacks its field {name!r}.", f"{name} is {what}.")
        if name in given and not holds(given[name]):
            raise BackendError(f"{op} has {name} = {'...' if name == 'key' else repr(given[name])[:80]}.", f"{name} is {what}.")
    return kind(**given)  # type: ignore[no-any-return]


def id_of(data: dict[str, Any]) -> Id | None:
    """The id of a message that may not be readable otherwise."""
    value = data.get("id")
    return value if _is_id(value) else None


def _is_id(value: Any) -> bool:
    return (isinstance(value, str) and 0 < len(value) <= 200) or _is_whole(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """A finite one that a float can hold: Python's JSON reads NaN, Infinity and any number of digits."""
    return (isinstance(value, float) or _is_whole(value)) and -1e300 < value < 1e300


def _is_numbers(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length and all(map(_is_number, value))


CORNERS = 200_000  # of an outline: at the most 10 MB, in a line of which 16 are read


def _is_outline(value: Any) -> bool:
    rings = isinstance(value, list) and all(isinstance(ring, list) and len(ring) > 2 for ring in value)
    return rings and 0 < sum(map(len, value)) <= CORNERS and all(_is_numbers(corner, 2) for ring in value for corner in ring)


POLICY: dict[str, Callable[[Any], bool]] = {
    "view": _is_whole,
    "max_zooms": _is_whole,
    "least": _is_whole,
    "multiple": _is_whole,
    "crop": _is_text,
    "native": lambda value: value is None or _is_number(value),
}
TEXT = ("a string", _is_text)
SCENE = ("the path of a raster", _is_said)
FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("a string or a whole number", _is_id),
    "engine": ("local, remote or scripted", lambda value: value in ("local", "remote", "scripted")),
    "model": TEXT,
    "device": TEXT,
    "dtype": TEXT,
    "quantize": TEXT,
    "prompt_file": TEXT,
    "url": TEXT,
    "remote_model": TEXT,
    "key": TEXT,
    "replies": ("a list of strings, one at least", lambda value: isinstance(value, list) and len(value) > 0 and all(map(_is_text, value))),
    "pace": ("a number of seconds", lambda value: _is_number(value) and value >= 0),
    "scene": SCENE,
    "question": ("a question", _is_said),
    "region": (
        "four numbers, [x0, y0, x1, y1], the smaller corner first",
        lambda value: _is_numbers(value, 4) and value[0] < value[2] and value[1] < value[3],
    ),
    "outline": (
        f"a list of rings, each a list of three [x, y] corners or more; {CORNERS:,} corners in all at the most",
        _is_outline,
    ),
    "bands": (
        "one or three band numbers from 1 on",
        lambda value: isinstance(value, list) and len(value) in (1, 3) and all(_is_whole(band) and 0 < band < 1e6 for band in value),
    ),
    "stretch": ("a [low, high] pair for each band", lambda value: isinstance(value, list) and all(_is_numbers(pair, 2) for pair in value)),
    "force_remote_scan": ("true or false", lambda value: isinstance(value, bool)),
    "max_zooms": ("a whole number from 0 on", lambda value: _is_whole(value) and 0 <= value < 1e6),
    "policy": (
        f"an object of {', '.join(POLICY)}: whole numbers, a word and a number",
        lambda value: isinstance(value, dict) and all(name in POLICY and POLICY[name](entry) for name, entry in value.items()),
    ),
}
