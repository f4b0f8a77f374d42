"""Values out of rows and records that others wrote: each as the type that is wanted, else None. No value raises an error.

A record's fields are read by type, for other tools use the same names for other things: an `error` that is false, a `size` in bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...core.errors import CODES

MOST = 2.0**53  # of numbers to count with: no box in pixels comes near it, and no product of a few of them is infinite


def is_number(value: Any) -> bool:
    """A number to count with: not a truth value, not NaN, not past MOST."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -MOST <= value <= MOST


def text(value: Any) -> str | None:
    """A text as it is, a number as it is written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return str(value)


def is_nothing(value: Any) -> bool:
    """null, or NaN: how tables write that there is nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def texts(value: Any) -> list[str] | None:
    return [text(each) or "" for each in value] if isinstance(value, list) else None


def number(value: Any) -> float | None:
    return value if is_number(value) else None


def positive(value: Any) -> float | None:
    return value if is_number(value) and value > 0 else None


def whole(value: Any) -> int | None:
    """From 0 on."""
    return value if isinstance(value, int) and is_number(value) and value >= 0 else None


def truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def size(value: Any) -> list[int] | None:
    """Width and height, in pixels."""
    return value if isinstance(value, list) and len(value) == 2 and all(is_number(side) and side >= 1 for side in value) else None


def box(value: Any) -> list[float] | None:
    """Four numbers."""
    return value if isinstance(value, list) and len(value) == 4 and all(map(is_number, value)) else None


def boxes(value: Any) -> list[Any] | None:
    """One box or a list of boxes, with as many numbers as they were written with; see `score.four`."""
    if not isinstance(value, list):
        return None
    flat = all(not isinstance(each, (list, dict)) for row in value for each in (row if isinstance(row, list) else [row]))
    return value if flat else box(value[0]) and value[:1]


def spec(value: Any) -> dict[str, Any] | None:
    """What a run was; its policy is an object whose view is a size."""
    if not isinstance(value, dict):
        return None
    policy = value.get("policy") or {}
    return value if isinstance(policy, dict) and positive(policy.get("view", 1)) else None


def messages(value: Any) -> list[dict[str, str]] | None:
    """What was said: {role, text} each."""
    return _all(value, lambda each: isinstance(each.get("role"), str) and isinstance(each.get("text"), str))


def views(value: Any) -> list[dict[str, Any]] | None:
    """What was shown: {window, focus, size, label, roi} each; roi is None for the global view, focus where nothing is enlarged."""

    def holds(each: dict[str, Any]) -> bool:
        optional = all(each.get(name) is None or box(each[name]) for name in ("roi", "focus"))
        return bool(box(each.get("window")) and size(each.get("size")) and optional)

    return _all(value, holds)


def _all(value: Any, holds: Callable[[dict[str, Any]], Any]) -> list[dict[str, Any]] | None:
    return value if isinstance(value, list) and all(isinstance(each, dict) and holds(each) for each in value) else None


def score(value: Any) -> dict[str, Any] | None:
    """{right, why}."""
    return value if isinstance(value, dict) and isinstance(value.get("right"), bool) and isinstance(value.get("why"), str) else None


def error(value: Any) -> dict[str, str] | None:
    """{code, message, hint} as ZoomEarthError writes it."""
    if not isinstance(value, dict) or not isinstance(value.get("code"), str) or value["code"] not in CODES:
        return None
    return value if isinstance(value.get("message"), str) and isinstance(value.get("hint", ""), str) else None
