"""One question of a data set, whatever set it comes from: what SFT, GRPO and evaluation are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .geometry import Box, Size
from .source import SceneSource, Where


@dataclass(frozen=True)
class Step:
    """What the model should do before it answers: look at `box`, or, where that is None, go back to the view before."""

    box: Box | None
    label: str = ""


@dataclass(frozen=True)
class Example:
    """A question over one raster, with its answer and the views to look at before it.

    id: unique within its set. level: global, region, object, or "" where the set knows none. category: the set's own, as it stands there.
    steps: none where the whole image answers. frame: the longest side of the image that boxes are counted in; None: source pixels.
    choices: of a multiple-choice question, in order. thoughts: what is said before each action, for SFT. region: what part of the raster
    the question is limited to. extra: whatever else of the row a scorer or a report needs.
    """

    id: str
    source: SceneSource
    question: str
    answer: str
    level: str = ""
    category: str = ""
    steps: tuple[Step, ...] = ()
    frame: float | None = None
    choices: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    region: Where | None = None
    extra: dict[str, Any] | None = None

    @classmethod
    def of(
        cls,
        id: str,
        image: Path,
        question: str,
        answer: str,
        level: str = "",
        category: str = "",
        box: Box | None = None,
        label: str = "",
        **more: Any,
    ) -> Example:
        """An example of a set that has image files, and one box or none for each question. more: further fields."""
        steps = (Step(box, label),) if box else ()
        return cls(id, SceneSource(str(image)), question, answer, level, category, steps, **more)

    @property
    def image(self) -> Path:
        """The raster's file."""
        return Path(self.source.path)

    @property
    def box(self) -> Box | None:
        """The first box, as the set counts it."""
        return next((step.box for step in self.steps if step.box), None)

    @property
    def label(self) -> str:
        """What the first box is named, "" where the set has no name for it."""
        return next((step.label for step in self.steps if step.box), "")

    def box_in(self, size: Size) -> Box | None:
        """The first box in source pixels of the image, whose size is given."""
        return next((step.box for step in self.steps_in(size) if step.box), None)

    def steps_in(self, size: Size) -> tuple[Step, ...]:
        """The steps with their boxes in source pixels of the image, whose size is given."""
        if self.frame is None:
            return self.steps
        scale = max(size) / self.frame
        return tuple(Step(Box(*(side * scale for side in step.box)) if step.box else None, step.label) for step in self.steps)

    def texts(self) -> Iterator[tuple[str, str]]:
        """All that a model may be given to read or to learn, each with what it is."""
        yield from (("question", self.question), ("answer", self.answer))
        yield from (("label", step.label) for step in self.steps)
        yield from (("thought", thought) for thought in self.thoughts)
        yield from (("choice", choice) for choice in self.choices)
