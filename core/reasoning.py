"""The readable part of a reply: the text inside <think>, without tags and boxes."""

from __future__ import annotations


def thought(reply: str) -> str:
    """The thought in a reply, which may be incomplete; an incomplete tag at its end is left out."""
    _, opened, inside = reply.partition("<think>")
    if not opened:
        return ""
    text, closed, _ = inside.partition("</think>")
    if not closed and "<" in text[-8:]:
        text = text[: text.rindex("<")]
    return text


class Thoughts:
    """The incremental version of `thought`, for a reply that streams."""

    def __init__(self) -> None:
        self.text = ""
        self.returned = 0

    def feed(self, delta: str) -> str:
        """Adds a piece of the reply; returns the new part of the thought."""
        self.text += delta
        text = thought(self.text)
        new, self.returned = text[self.returned :], max(self.returned, len(text))
        return new
