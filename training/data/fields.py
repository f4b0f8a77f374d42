"""Reads values of rows and records that other tools wrote: each function returns the value if it has the expected type, else None.

Other tools use the same names for other values (an `error` that is false, a `size` in bytes), so that the type decides. No value raises an
error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...core.errors import CODES

MOST = 2.0**53  # larger than every pixel coordinate; products of a few such numbers are finite


def is_number(value: Any) -> bool:
    """Whether the value is an int or float of at most MOST, and neither a bool nor NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -MOST <= value <= MOST


def text(value: Any) -> str | None:
    """A text, or a number as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return str(value)


def is_nothing(value: Any) -> bool:
    """Whether the value is null or NaN, which tables use for a missing value."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def texts(value: Any) -> list[str] | None:
    return [text(each) or "" for each in value] if isinstance(value, list) else None


def number(value: Any) -> float | None:
    return value if is_number(value) else None


def positive(value: Any) -> float | None:
    return value if is_number(value) and value > 0 else None


def whole(value: Any) -> int | None:
    """A whole number from 0."""
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
    """One box or a list of boxes, with any number of sides; `scoring.four` checks their number."""
    if not isinstance(value, list):
        return None
    flat = all(not isinstance(each, (list, dict)) for row in value for each in (row if isinstance(row, list) else [row]))
    return value if flat else box(value[0]) and value[:1]


def spec(value: Any) -> dict[str, Any] | None:
    """The spec of a run: an object; its policy, if it has one, is an object with a positive view."""
    if not isinstance(value, dict):
        return None
    policy = value.get("policy") or {}
    return value if isinstance(policy, dict) and positive(policy.get("view", 1)) else None


def messages(value: Any) -> list[dict[str, str]] | None:
    """The messages of a conversation: {role, text} each."""
    return _all(value, lambda each: isinstance(each.get("role"), str) and isinstance(each.get("text"), str))


def views(value: Any) -> list[dict[str, Any]] | None:
    """The views that were shown: {window, size, label, roi} each; roi is None for the global view."""
    return _all(value, lambda each: box(each.get("window")) and size(each.get("size")) and (each.get("roi") is None or box(each["roi"])))


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
