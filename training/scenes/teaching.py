"""Adds thoughts with view-pixel coordinates to examples from drawn scenes."""

from __future__ import annotations

import random
from dataclasses import replace

from ...core.example import Example
from ...core.geometry import Box
from ...core.look import Policy, place
from ...core.profile import Profile
from .questions import exam
from .render import WHOLE, Window, to_pixels
from .scene import make_scene


def taught(example: Example, profile: Profile, size: int) -> Example:
    """The example of the benchmark `scenes` with a thought before each action. size: of the scene, in pixels per side."""
    seed = int(example.id.split("-")[0])
    questions = {question.text: question for question in exam(make_scene(seed), random.Random(f"exam {seed}"))}
    question = questions[example.question]
    if question.site is None or example.box is None:
        return replace(example, thoughts=(question.last_thought(to_pixels(WHOLE)),))
    crop = crop_of(example.box, size, profile.policy)
    return replace(example, thoughts=(question.first_thought(to_pixels(WHOLE)), question.last_thought(to_pixels(crop))))


def crop_of(box: Box, size: int, policy: Policy) -> Window:
    """The part of a scene, in its units, that a zoom to the box shows. box: in pixels; size: of the scene, in pixels per side."""
    left, top, right, bottom = place(box, Box(0, 0, size, size), policy).window
    return left / size, top / size, right / size, bottom / size
