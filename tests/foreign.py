"""Rows that other programs may have written, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

LETTERS = st.text(st.sampled_from("aZ3 .<|>/[]{}\"'\\\n\r\t\x00\x0b\x0c\x1c\x85\u2028\u2029\ufeff\ufffd\ud83d\udce9é漢😀"), max_size=8)
TEXTS = st.one_of(LETTERS, st.sampled_from(["<|image_pad|>", "<answer>", "</think>", "[/red]", "yes", "scene-0.tif", "x" * 5000, "../.."]))
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, 1e308, 5e-324, float("nan"), float("inf")]))
FOURS = st.lists(NUMBERS, min_size=4, max_size=4)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(LETTERS, inner, max_size=3), FOURS),
    max_leaves=12,
)
"""Any JSON value, and those that JSON has no words for but Python's writer does."""


def spoiled(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The row, or the row with some fields missing or with any value."""
    changes = st.dictionaries(st.sampled_from(sorted(good)), st.one_of(TEXTS, VALUES), max_size=2)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=1)
    return st.builds(lambda new, left_out: {name: value for name, value in {**good, **new}.items() if name not in left_out}, changes, gone)
