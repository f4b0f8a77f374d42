"""The table of dialects: how each family of models writes boxes, how it is shown scenes, and by which names it is known.

What was read in the families' own sources and in recorded replies (tests/data/replies.json); which of it holds for a model at hand is found
out by `backend/engines/calibration.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from string import Template

from .boxes import BBOX_2D, PIXELS, Convention, Form, keyed
from .dialect import Chat, Dialect
from .look import Policy
from .paths import RESOURCES

PROMPTS = RESOURCES / "prompts"
GENERAL = "general"
"""Of a model whose name tells no family: its prompt says how boxes are counted."""

LARGE = Policy(view=1008, zoom="context", route="words")  # of models that were not trained to zoom


@dataclass(frozen=True)
class Family:
    """title: the models, for people. served: a pattern of the names that servers give them; the first of the table that matches counts.
    policy: how scenes are shown. wordy: the models think at length unless they are told not to.
    """

    title: str
    served: str
    convention: Convention = PIXELS
    form: Form = BBOX_2D
    policy: Policy = LARGE
    kind: type[Dialect] = Chat
    wordy: bool = False


DIALECTS: dict[str, Family] = {
    "zoomearth": Family(
        "ZoomEarth and models tuned with it",
        r"zoom[-_]?earth",
        policy=Policy(crop="reference", multiple=1, native=8.0),
        kind=Dialect,
    ),
    "qwen-grounding": Family("Qwen2.5-VL", r"qwen[-_.]?2[-_.]?5[-_.]?vl|qwen[-_.]?vl[-_.]?2[-_.]5"),
    "qwen2-grounding": Family("Qwen2-VL", r"qwen[-_.]?2[-_.]?vl|qvq", Convention("thousandths")),
    "qwen3-grounding": Family(
        "Qwen3-VL, Qwen3.5, 3.6, 3.8",
        r"qwen[-_.]?3",
        Convention("thousandths", frame="root"),
        policy=replace(LARGE, view=1024, multiple=32),
        wordy=True,
    ),
    "paligemma": Family(
        "PaliGemma",
        r"pali-?gemma",
        Convention("bins", y_first=True),
        Form("<loc{0:04d}><loc{1:04d}><loc{2:04d}><loc{3:04d}> {label}", "", " ; ", ""),
        replace(LARGE, view=896),
    ),
    "gemma": Family("Gemma 3 and 4, Gemini", r"gemma|gemini", Convention("thousandths", y_first=True), keyed("box_2d")),
    "glm": Family(
        "GLM-4.1V, 4.5V, 4.6V",
        r"glm[-_.]?[45]",
        Convention("thousandths"),
        Form("[{0}, {1}, {2}, {3}]", "<|begin_of_box|>[", ", ", "]<|end_of_box|>"),
        wordy=True,
    ),
    "internvl": Family(
        "InternVL 2 to 3.5, Intern-S1",
        r"intern[-_]?(?:vl|s1)",
        Convention("thousandths"),
        Form("<ref>{label}</ref><box>[[{0}, {1}, {2}, {3}]]</box>", "", "", ""),
        replace(LARGE, view=896),
    ),
    "geovista": Family("GeoVista", r"geovista", Convention("thousandths", frame="root"), keyed("bbox"), Policy(view=1008)),
    "moondream": Family("Moondream", r"moondream", Convention("fractions"), policy=replace(LARGE, view=756)),
    GENERAL: Family("any other model", r"(?!)", Convention("thousandths")),
}


def dialect(name: str, system: str | None = None, instruction: str | None = None, convention: Convention | None = None) -> Dialect:
    """A dialect by name, with our own prompt unless a checkpoint brings another. convention: what a test of the model has found, in place
    of the family's. Raises KeyError for an unknown name."""
    family = DIALECTS[name]
    counted = convention or family.convention
    ours = _prompt(family, counted)
    return family.kind(
        system=ours[0] if system is None else system,
        instruction=ours[1] if instruction is None else instruction,
        name=name,
        convention=counted,
        form=family.form,
        corrected=counted != family.convention,
        wordy=family.wordy,
    )


def corrected(existing: Dialect, convention: Convention) -> Dialect:
    """The same dialect with boxes that mean something else; a prompt of ours says so, one that came with the model stays."""
    before, after = (_prompt(DIALECTS[existing.name], each) for each in (existing.convention, convention))
    ours = (existing.system, existing.instruction) == before
    system, instruction = after if ours else (existing.system, existing.instruction)
    return dialect(existing.name, system, instruction, convention)


def marking(existing: Dialect) -> Dialect:
    """The same dialect, asked to mark all things of a kind in one view; a model that was trained without instructions gets none."""
    if not existing.instruction:
        return replace(existing, marks=True)
    convention = replace(existing.convention, frame="last")  # there is one picture
    system, instruction = _prompt(DIALECTS[existing.name], convention, "find", boxes=2)
    return replace(existing, system=system, instruction=instruction, marks=True)


def family_of(model: str) -> str | None:
    """The dialect that the name of a model, as servers list it, tells of; None where it tells nothing."""
    return next((name for name, family in DIALECTS.items() if re.search(family.served, model, re.I)), None)


def _prompt(family: Family, convention: Convention, file: str = "", boxes: int = 1) -> tuple[str, str]:
    """System sentence and instruction of ours, which shows boxes as the model writes them. file: another one than for questions."""
    file = file or ("zoomearth" if family.kind is Dialect else "chat")
    system, instruction = (PROMPTS / f"{file}.txt").read_text(encoding="utf-8").split("\n---\n")
    box = family.form.write([(_NAMES[convention.y_first], "short name")] * boxes)
    words = Template(instruction.strip()).substitute(box=box, convention=convention.sentence)
    return system.strip(), "\n" + words


class _Name(str):
    """Stands for a number in a form."""

    def __format__(self, _: str) -> str:
        return str(self)


_NAMES = {False: tuple(map(_Name, ("x1", "y1", "x2", "y2"))), True: tuple(map(_Name, ("y1", "x1", "y2", "x2")))}
