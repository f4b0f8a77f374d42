"""The loop with nobody generating: the label says what the model should have done. For labelling and SFT.

The views come from the same `look()` that serves, so a model is never tuned on another picture than it will be shown.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

from ...core.dialect import Talk
from ...core.geometry import Size, View
from ...core.look import Action, Outcome, look
from ...core.profile import Profile
from ...core.region import Region


def transcript(
    profile: Profile,
    size: Size,
    question: str,
    actions: Sequence[Action],
    thoughts: Sequence[str] = (),
    *,
    region: Region | None = None,
    picture: Callable[[View], Any] = lambda view: None,
) -> tuple[list[Talk], Outcome]:
    """The talks that `actions` make of a question, one for every conversation begun (a huge scene begins one a level), and the outcome.

    thoughts: what is said before each action, "" or missing where nothing is. picture: reads the pixels of a view, where they are wanted.
    An action is what its written form says: boxes are rounded as the model writes them. Raises ValueError where the actions end
    before the look does, or go on after it.
    """
    flow = look(size, question, profile.policy, region)
    observation, talks = next(flow), []
    for step, action in enumerate(actions):
        if observation.begins:
            talks.append(Talk(profile.dialect))
        talk = talks[-1]
        talk.observe(observation, picture(observation.view) if observation.view else None)
        while observation.more:
            observation = flow.send(None)
            talk.observe(observation, picture(observation.view) if observation.view else None)
        written = talk.write(action, thoughts[step] if step < len(thoughts) else "").removeprefix(talk.forced)
        read = talk.act(written)
        if talk.turns[-1].text != written:
            raise ValueError(f"of {written!r} only {talk.turns[-1].text!r} would stay")
        try:
            observation = flow.send(read)
        except StopIteration as stop:
            if step + 1 < len(actions):
                raise ValueError(f"the look ended after {step + 1} of {len(actions)} actions: {stop.value.stopped.value}") from None
            return talks, stop.value
    raise ValueError(f"the {len(actions)} actions leave the question open")
