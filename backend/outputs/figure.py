"""The figure for a report: the global view with boxes, the crops beside it, the answer below."""

from __future__ import annotations

from typing import Any, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...core.address import name
from ..answer import Answered
from ..report import MEANINGLESS, ending
from .lettering import Lettering

# The colours of Okabe and Ito, in an order that is distinct on vegetation, water and soil, also for colour-blind readers
COLORS = ("#E69F00", "#56B4E9", "#CC79A7", "#F0E442", "#009E73", "#D55E00")
SIDE = 3.2  # inches: the side of a picture
LINE = 0.2  # inches: the height of a line of a question or an answer
DPI = 150
MOST_PIXELS = 60_000  # per side; matplotlib's limit is 65,536
QUESTION: dict[str, Any] = {"fontsize": 11, "fontweight": "bold"}
ANSWER: dict[str, Any] = {"fontsize": 12, "fontweight": "bold"}
TRUSTED, DOUBTED = "#0B5394", "#B3541E"  # the colours of an answer and of a meaningless answer


def draw(answers: Sequence[Answered], model: str) -> tuple[Figure, list[str]]:
    """The figure, with one row for each question and the pictures that the model was shown, those of a raster that it was compared with
    below; and the scripts that no font of this machine has.
    """
    columns = max(2, *(len(answered.pictures) for answered in answers))
    letters = Lettering(text for answered in answers for text in _texts(answered, model))
    plain: dict[str, Any] = {"parse_math": False, "fontfamily": letters.families}  # a dollar sign is no formula
    width = SIDE * columns
    room = width * 0.95
    words = [(letters.wrapped(each.question.text, room, 11, True), letters.wrapped(_answer(each), room, 12, True)) for each in answers]
    counts = [question.count("\n") + answer.count("\n") + 1 for question, answer in words]
    heights = [(SIDE + 0.3) * (1 + bool(each.others)) + 0.3 + LINE * count for each, count in zip(answers, counts)]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained", facecolor="white")
    bands = figure.subfigures(len(answers), 1, squeeze=False, height_ratios=heights)[:, 0]
    for band, answered, (question, answer) in zip(bands, answers, words):
        outcome = answered.outcome
        band.suptitle(question, x=0.02, ha="left", **QUESTION, **plain)
        color = DOUBTED if answered.meaningless else TRUSTED
        band.supxlabel(answer, x=0.02, ha="left", color=color, **ANSWER, **plain)
        frames, *below = band.subplots(1 + bool(answered.others), columns, squeeze=False)
        for row in below:
            _compared(row, answered, letters, plain)
        for step, frame in enumerate(frames):
            frame.set_axis_off()
            if step >= len(answered.pictures):
                continue
            shown, picture = outcome.views[step], answered.pictures[step]
            frame.imshow(picture)
            if step == 0:
                lines = (letters.elided(line, SIDE * 0.9, 8) for line in _source(answered, model))
                frame.set_title("\n".join(lines), fontsize=8, color="#555555", **plain)
                continue
            color = COLORS[(step - 1) % len(COLORS)]
            frame.set_title(letters.elided(f"{step}  {shown.label}", SIDE * 0.9, 9), fontsize=9, color="#222222", **plain)
            frame.add_patch(Rectangle((0, 0), 1, 1, transform=frame.transAxes, fill=False, edgecolor=color, linewidth=4))
            _outline(frames[_shown_before(answered, step)], answered, step, color)
    return figure, letters.missing


def _compared(frames: Any, answered: Answered, letters: Lettering, plain: dict[str, Any]) -> None:
    """The pictures of the second raster, each below that of the first."""
    compared = answered.question.compared
    for step, frame in enumerate(frames):
        frame.set_axis_off()
        if compared and step < len(answered.others) and (other := answered.others[step]):
            frame.imshow(other)
            words = compared.names[1] if step == 0 else f"{step}  {answered.outcome.views[step].label}"
            frame.set_title(letters.elided(words, SIDE * 0.9, 8), fontsize=8, color="#555555", **plain)


def resolution(figure: Figure) -> float:
    """Dots per inch for saving: DPI, or fewer for a figure with very many questions."""
    dots: float = min(DPI, MOST_PIXELS / max(figure.get_size_inches()))
    return dots


def _answer(answered: Answered) -> str:
    outcome = answered.outcome
    answer = "no answer: " + ending(outcome) if outcome.answer is None else outcome.answer
    return f"{answer}\n{MEANINGLESS}" if answered.meaningless else answer


def _source(answered: Answered, model: str) -> tuple[str, str]:
    """The caption of the global view: the raster, its size and the model."""
    scene = answered.question.scene
    return name(scene.path), f"{scene.size[0]:,} x {scene.size[1]:,} px, {model}"


def _texts(answered: Answered, model: str) -> list[str]:
    """All texts of a row that are not our own."""
    labels = [shown.label for shown in answered.outcome.views]
    names = answered.question.compared.names if answered.question.compared else ()
    return [answered.question.text, _answer(answered), *_source(answered, model), *labels, *names]


def _shown_before(answered: Answered, step: int) -> int:
    """The last earlier view that contains all that this one was made for: the box is drawn on its picture."""
    part = answered.outcome.views[step].view.part
    for earlier in range(step - 1, 0, -1):
        if part.intersect(answered.outcome.views[earlier].view.window).area == part.area:
            return earlier
    return 0


def _outline(frame: object, answered: Answered, step: int, color: str) -> None:
    views = answered.outcome.views
    box = views[_shown_before(answered, step)].view.from_source(views[step].view.part)
    for edge, width in (("black", 3.5), (color, 2.0)):  # the dark edge is visible on bright imagery
        corner = (box.left - 0.5, box.top - 0.5)  # matplotlib puts pixel centres on whole numbers
        frame.add_patch(Rectangle(corner, box.width, box.height, fill=False, edgecolor=edge, linewidth=width))  # type: ignore[attr-defined]
    corner, align = ((box.left, box.top), "bottom") if step % 2 else ((box.left, box.bottom), "top")  # nested boxes share corners
    where = {"fontsize": 8, "color": "black", "bbox": {"facecolor": color, "edgecolor": "none", "pad": 1.5}}
    frame.text(*corner, str(step), va=align, ha="left", **where)  # type: ignore[attr-defined]
