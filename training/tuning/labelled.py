"""Replays labelled actions through `look()` to make conversations for SFT.

The views come from the loop that serves, so that a model is tuned on the pictures that it will be shown.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

from ...core.geometry import Size, View
from ...core.look import Action, Observation, Outcome, look
from ...core.profile import Profile
from ...core.region import Region
from ...core.talk import Talk
from ...core.tool_calls import ToolCall, ToolUse
from ...core.tools import Made, tool_named


def undone(observation: Observation) -> ToolUse:
    """For a conversation without pixels: the call counts as having made something."""
    call = observation.call
    assert call
    tool = tool_named(call.tool)
    return ToolUse(call, Made(tool.name, "", tool.gives, "", None, (), {}, 0.0, call.label))


def transcript(
    profile: Profile,
    size: Size,
    question: str,
    actions: Sequence[Action],
    thoughts: Sequence[str] = (),
    *,
    region: Region | None = None,
    picture: Callable[[View], Any] = lambda view: None,
    use: Callable[[Observation], ToolUse] = undone,
    result: Callable[[View, Sequence[Made]], Any] = lambda view, laid: None,
) -> tuple[list[Talk], Outcome]:
    """The conversations of a question with these actions, and the outcome. A huge scene begins a new conversation at some zooms.

    thoughts: the text before each action, "" or missing for none. picture: reads the pixels of a view, where they are needed. use, result:
    have a tool used, and draw what tools have made over a view.
    Each action is written and read again, so that boxes are rounded as the model writes them. Raises ValueError where the actions end
    before the loop, or continue after its end, and where a tool makes nothing.
    """

    def seen(observation: Observation) -> Any:
        if observation.view is None:
            return None
        return result(observation.view, observation.laid) if observation.laid else picture(observation.view)

    dialect = profile.dialect.offering(profile.policy)
    flow = look(size, question, profile.policy, region)
    observation, talks = next(flow), []
    for step, action in enumerate(actions):
        if observation.begins:
            talks.append(Talk(dialect))
        talk = talks[-1]
        talk.observe(observation, seen(observation))
        while observation.more:
            observation = flow.send(None)
            talk.observe(observation, seen(observation))
        written = talk.write(action, thoughts[step] if step < len(thoughts) else "").removeprefix(talk.forced)
        read = talk.act(written)
        if isinstance(action, ToolCall) and not profile.policy.max_tools:
            raise ValueError("the label uses a tool, and the policy allows none (--policy max_tools=1)")
        if talk.turns[-1].text != written:
            raise ValueError(f"only {talk.turns[-1].text!r} of {written!r} would be read")
        try:
            observation = flow.send(read)
            if observation.call:
                observation = flow.send(use(observation))
            if observation.used and observation.used.why:
                raise ValueError(f"the tool {observation.used.call.tool} makes nothing: {observation.used.why}")
        except StopIteration as stop:
            if step + 1 < len(actions):
                raise ValueError(f"the loop ends after {step + 1} of {len(actions)} actions: {stop.value.stopped.value}") from None
            return talks, stop.value
    raise ValueError(f"the {len(actions)} actions do not end with an answer")
