"""Replays labelled actions through `look()` to make conversations for SFT.

The views come from the loop that serves, so that a model is tuned on the pictures that it will be shown.
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
    """The conversations of a question with these actions, and the outcome. A huge scene begins a new conversation at some zooms.

    thoughts: the text before each action, "" or missing for none. picture: reads the pixels of a view, where they are needed.
    Each action is written and read again, so that boxes are rounded as the model writes them. Raises ValueError where the actions end
    before the loop, or continue after its end.
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
            raise ValueError(f"only {talk.turns[-1].text!r} of {written!r} would be read")
        try:
            observation = flow.send(read)
        except StopIteration as stop:
            if step + 1 < len(actions):
                raise ValueError(f"the loop ends after {step + 1} of {len(actions)} actions: {stop.value.stopped.value}") from None
            return talks, stop.value
    raise ValueError(f"the {len(actions)} actions do not end with an answer")
