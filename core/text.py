"""Text that every encoding takes: lone surrogates stand for bytes of a command line that are no UTF-8, and JSON may name them too."""

from __future__ import annotations


def well_formed(text: str) -> str:
    """The text with U+FFFD for every lone surrogate; two that belong together become their character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
