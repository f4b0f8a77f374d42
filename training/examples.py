"""One question of a data set, whatever set it comes from: what SFT, GRPO and evaluation are given."""

from __future__ import annotations

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


if __name__ == "__main__":
    import sys

    from .summary import main  # not at the top: it imports every data set, which import this

    sys.exit(main())
