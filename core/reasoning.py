"""A reply as a person reads it: what stands inside <think>, without tags and boxes."""

from __future__ import annotations


def thought(reply: str) -> str:
    """Of a reply, or of as much as has come. A tag that has only half come is held back."""
    _, opened, inside = reply.partition("<think>")
    if not opened:
        return ""
    said, closed, _ = inside.partition("</think>")
    if not closed and "<" in said[-8:]:
        said = said[: said.rindex("<")]
    return said


class Thoughts:
    """The same while the reply streams: each piece once."""

    def __init__(self) -> None:
        self.text = ""
        self.given = 0

    def feed(self, delta: str) -> str:
        """What is new to read."""
        self.text += delta
        said = thought(self.text)
        new, self.given = said[self.given :], max(self.given, len(said))
        return new
