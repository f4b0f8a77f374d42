"""One question of a data set: the input of SFT, GRPO and evaluation, for every set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .geometry import Box, Size
from .look import Action, Zoom, ZoomOut
from .source import SceneSource, Where
from .tool_calls import ToolCall


@dataclass(frozen=True)
class Step:
    """An action that the model should do before it answers: zoom to `box`, or go back to the previous view (None).

    tool: the name of a tool that it should use on `box` in place of a zoom, "" for none; arguments: its parameters.
    """

    box: Box | None
    label: str = ""
    tool: str = ""
    arguments: dict[str, Any] | None = None

    @property
    def action(self) -> Action:
        if self.box and self.tool:
            return ToolCall(self.tool, self.box, self.label, self.arguments or {})
        return Zoom(self.box, self.label) if self.box else ZoomOut()


@dataclass(frozen=True)
class Example:
    """A question about one raster, with its answer and the zooms before it.

    id: unique in its set. level: global, region, object, or "" where the set has no levels. category: as in the set. steps: empty where the
    global view is enough. frame: the length of the image's longest side in the unit of the boxes; None: boxes are in source pixels.
    choices: of a multiple-choice question, in order. thoughts: the text before each action, for SFT. region: the part of the raster that
    the question is limited to. extra: other fields of the row that a scorer or a report needs.
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
        """An example of a set with image files, and at most one box for each question. more: further fields."""
        steps = (Step(box, label),) if box else ()
        return cls(id, SceneSource(str(image)), question, answer, level, category, steps, **more)

    @property
    def image(self) -> Path:
        """The path of the raster's file."""
        return Path(self.source.path)

    @property
    def box(self) -> Box | None:
        """The first box, in the unit of the set."""
        return next((step.box for step in self.steps if step.box), None)

    @property
    def label(self) -> str:
        """The label of the first box, or ""."""
        return next((step.label for step in self.steps if step.box), "")

    def box_in(self, size: Size) -> Box | None:
        """The first box in source pixels of an image of this size."""
        return next((step.box for step in self.steps_in(size) if step.box), None)

    def steps_in(self, size: Size) -> tuple[Step, ...]:
        """The steps with their boxes in source pixels of an image of this size."""
        if self.frame is None:
            return self.steps
        scale = max(size) / self.frame
        return tuple(replace(step, box=Box(*(side * scale for side in step.box)) if step.box else None) for step in self.steps)

    def texts(self) -> Iterator[tuple[str, str]]:
        """All texts that a model may read or learn, each with its kind."""
        yield from (("question", self.question), ("answer", self.answer))
        yield from (("label", step.label) for step in self.steps)
        yield from (("thought", thought) for thought in self.thoughts)
        yield from (("choice", choice) for choice in self.choices)
