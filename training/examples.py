"""One question of a data set, whatever set it comes from: what SFT, GRPO and evaluation are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.geometry import Box, Size


@dataclass(frozen=True)
class Example:
    """A question over one image, with its answer and, where the set has one, the box to look at.

    id: unique within its set. level: global, region, object, or "" where the set knows none. category: the set's own, as it stands there.
    box: None where the whole image answers. frame: the longest side of the image the box is counted in; None: source pixels.
    choices: of a multiple-choice question, in order. thoughts: what is said before each action, for SFT.
    extra: whatever else of the row a scorer or a report needs.
    """

    id: str
    image: Path
    question: str
    answer: str
    level: str = ""
    category: str = ""
    box: Box | None = None
    frame: float | None = None
    choices: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    extra: dict[str, Any] | None = None

    def box_in(self, size: Size) -> Box | None:
        """The box in source pixels of the image, whose size is given."""
        if self.box is None or self.frame is None:
            return self.box
        scale = max(size) / self.frame
        return Box(*(side * scale for side in self.box))

    @property
    def label(self) -> str:
        """What a zoom's box is named, "" where the set has no name for it."""
        return str((self.extra or {}).get("label") or "")

    def texts(self) -> Iterator[tuple[str, str]]:
        """All that a model may be given to read or to learn, each with what it is."""
        yield from (("question", self.question), ("answer", self.answer), ("label", self.label))
        yield from (("thought", thought) for thought in self.thoughts)
        yield from (("choice", choice) for choice in self.choices)


if __name__ == "__main__":
    import sys

    from .summary import main  # not at the top: it imports every data set, which import this

    sys.exit(main())
