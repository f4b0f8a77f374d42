"""The figure an analyst pastes into a report: the whole with its boxes, the closer looks beside it, the answer below."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .answer import MEANINGLESS, Answered, ending

# Okabe and Ito's colours, in an order that stays apart on vegetation, water and soil, whoever looks at them
COLORS = ("#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#009E73", "#D55E00")
SIDE = 3.2  # inches a picture
TRUSTED, DOUBTED = "#0B5394", "#B3541E"  # an answer's colour, and that of one which is meaningless
PLAIN: dict[str, Any] = {"parse_math": False}  # a dollar sign is one


def draw(done: Sequence[Answered], model: str) -> Figure:
    """One row a question. The pictures are the very ones the model was shown."""
    columns = max(len(answered.pictures) for answered in done)
    figure = Figure(figsize=(SIDE * max(columns, 2), (SIDE + 0.8) * len(done)), layout="constrained", facecolor="white")
    for band, answered in zip(figure.subfigures(len(done), 1, squeeze=False)[:, 0], done):
        scene, outcome = answered.question.scene, answered.outcome
        band.suptitle(_wrapped(answered.question.text, columns), x=0.02, ha="left", fontsize=11, fontweight="bold", **PLAIN)
        answer = "no answer: " + ending(outcome) if outcome.answer is None else outcome.answer
        below, color = _wrapped(answer, columns), TRUSTED
        if answered.meaningless:
            below, color = f"{below}\n{_wrapped(MEANINGLESS, columns)}", DOUBTED
        band.supxlabel(below, x=0.02, ha="left", fontsize=12, fontweight="bold", color=color, **PLAIN)
        frames = band.subplots(1, max(columns, 2), squeeze=False)[0]
        for step, frame in enumerate(frames):
            frame.set_axis_off()
            if step >= len(answered.pictures):
                continue
            shown, picture = outcome.views[step], answered.pictures[step]
            frame.imshow(picture)
            if step == 0:
                frame.set_title(
                    f"{Path(scene.path).name}, {scene.size[0]:,} x {scene.size[1]:,} px, {model}", fontsize=8, color="#555555", **PLAIN
                )
                continue
            color = COLORS[(step - 1) % len(COLORS)]
            frame.set_title(f"{step}  {shown.label}", fontsize=9, color="#222222", **PLAIN)
            frame.add_patch(Rectangle((0, 0), 1, 1, transform=frame.transAxes, fill=False, edgecolor=color, linewidth=4))
            _outline(frames[_shown_before(answered, step)], answered, step, color)
    return figure


def _shown_before(answered: Answered, step: int) -> int:
    """The nearest earlier view that holds the whole window of this one: the picture its box is drawn on."""
    window = answered.outcome.views[step].view.window
    for earlier in range(step - 1, 0, -1):
        if window.intersect(answered.outcome.views[earlier].view.window).area == window.area:
            return earlier
    return 0


def _outline(frame: object, answered: Answered, step: int, color: str) -> None:
    views = answered.outcome.views
    box = views[_shown_before(answered, step)].view.from_source(views[step].view.window)
    for edge, width in (("black", 3.5), (color, 2.0)):  # the dark rim keeps it readable on bright imagery
        corner = (box.left - 0.5, box.top - 0.5)  # matplotlib puts pixel centres on whole numbers
        frame.add_patch(Rectangle(corner, box.width, box.height, fill=False, edgecolor=edge, linewidth=width))  # type: ignore[attr-defined]
    corner, align = ((box.left, box.top), "bottom") if step % 2 else ((box.left, box.bottom), "top")  # nested boxes share corners
    where = {"fontsize": 8, "color": "black", "bbox": {"facecolor": color, "edgecolor": "none", "pad": 1.5}}
    frame.text(*corner, str(step), va=align, ha="left", **where)  # type: ignore[attr-defined]


def _wrapped(text: str, columns: int) -> str:
    return "\n".join(textwrap.wrap(text, 42 * max(columns, 2)))
