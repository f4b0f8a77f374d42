"""The loop as a trl environment: trl generates the replies, this shows the views. `reset` = `next(flow)`, `zoom` = `flow.send(...)`.

The dialect reads every reply: the tool gets the whole reply as its argument (see trl_chat.py). After the loop has ended (a box outside the
view, a reply that can't be read), the tool must not raise or return without a picture, because trl would make text of it or crash: it
returns the last picture again, and later replies are ignored. For the same reason the last picture stands before the words where a tool
of the model's has made nothing.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Any, Sequence

from PIL import Image

from ...backend.scene.region import resolve
from ...backend.scene.scene import Scene
from ...backend.toolbox import Toolbox
from ...core.errors import ZoomEarthError, as_ours
from ...core.example import Example
from ...core.geometry import Size
from ...core.look import Action, Flow, Observation, Outcome, Unreadable, look
from ...core.profile import Profile
from ...core.region import Region
from ...core.talk import Talk
from ...core.tool_calls import Offer, ToolUse
from .trl_chat import Block, Message, blocks


class Environment:
    """One rollout at a time over one of `examples`. trl keeps a pool of environments, so it stores a scene's source and no pixels.

    trl offers every public method to the model as a tool: the names of all other methods begin with an underscore.
    """

    def __init__(self, profile: Profile, examples: Sequence[Example]) -> None:
        # One conversation per rollout: a zoom far from native resolution does not begin a new one.
        self._profile = replace(profile, policy=replace(profile.policy, native=None))
        self._examples = examples
        self._made: tempfile.TemporaryDirectory[str] | None = None

    def reset(self, **row: Any) -> Any:
        """Begin the question of example `index`; returns the content of the user's message, as blocks. row: of the dataset
        (`grpo.dataset`).
        """
        self._forget_made()
        self._example = self._examples[row["index"]]
        self._talk = Talk(self._profile.dialect.offering(self._profile.policy))
        self._replies: list[str] = []
        self._outcome: Outcome | None = None
        self._error: ZoomEarthError | None = None
        self._shown: list[Block] = []
        region: Region | None = None
        try:
            with Scene.of(self._example.source) as scene:
                self._size, region = scene.size, resolve(scene, self._example.region)
        except Exception as error:  # a reader may raise any error for a damaged file
            self._error, self._size = as_ours(error), Size(self._profile.policy.view, self._profile.policy.view)
        self._flow: Flow = look(self._size, self._example.question, self._profile.policy, region)
        self._observe(next(self._flow))
        return self._shown

    def zoom(self, reply: str) -> list[Any]:
        """
        Look closer at part of the scene.

        Args:
            reply: The whole reply, with the box to look at.

        Returns:
            The part, at a higher resolution.
        """
        self._act(reply)
        return self._shown

    def _act(self, reply: str, cut: bool = False) -> None:
        """Apply a reply; `_shown` is what the model is shown next. cut: the reply ran into the token limit."""
        self._replies.append(reply)
        if self._outcome is None:
            self._send(self._talk.act(reply, cut))

    def _send(self, action: Action) -> None:
        try:
            observation = self._flow.send(action)
            if observation.must_answer:  # no zooms left: serving forces an answer here, but trl ends the rollout
                observation = self._flow.send(action)
            self._observe(self._flow.send(self._use(observation)) if observation.call else observation)
        except StopIteration as stop:
            self._outcome = stop.value
            self._forget_made()

    def _observe(self, observation: Observation) -> None:
        before = 0 if observation.begins else len(self._talk.turns)
        self._talk.observe(observation, self._read(observation) if observation.view else None)
        while observation.more:
            observation = self._flow.send(None)
            self._talk.observe(observation, self._read(observation))
        again = [] if observation.has_picture else [block for block in self._shown if block["type"] == "image"][-1:]
        self._shown = again + blocks(turn for turn in self._talk.turns[before:] if turn.role != "system")

    def _use(self, observation: Observation) -> ToolUse:
        """Have a tool used that the model has called."""
        assert observation.call
        if self._error is None:
            self._made = self._made or tempfile.TemporaryDirectory()
            try:
                with Scene.of(self._example.source) as scene:
                    return Toolbox(Offer(self._made.name)).use(scene, observation, self._example.question)
            except Exception as error:
                self._error = as_ours(error)
        return ToolUse(observation.call, why="The scene can't be read.")

    def _forget_made(self) -> None:
        """Delete what tools have made: later views of the rollout show it, nothing else does."""
        if self._made:
            self._made.cleanup()
        self._made = None

    def _read(self, observation: Observation) -> Image.Image:
        assert observation.view
        if self._error is None:
            try:
                with Scene.of(self._example.source) as scene:
                    return Toolbox.picture(scene, observation.view, observation.laid)
            except Exception as error:  # the rollout continues with a grey picture and gets no reward
                self._error = as_ours(error)
        return Image.new("RGB", observation.view.size, (128, 128, 128))

    def _end(self, completion: Sequence[Message], cut: bool) -> Outcome:
        """The outcome of the rollout. completion: its messages; the tool has not had the last one. cut: it ran into the token limit."""
        replies = [message for message in completion if message["role"] == "assistant"]
        if len(replies) > len(self._replies):
            self._act(text_of(replies[-1]), cut)
        if self._outcome is None:
            self._send(Unreadable("the token limit had no room for another view", cut=True))
        assert self._outcome
        return self._outcome


def text_of(message: Message) -> str:
    """An assistant message as the model wrote it; trl's parser has moved a reply that asks for a view into a tool call."""
    calls = message.get("tool_calls")
    text: str = calls[0]["function"]["arguments"]["reply"] if calls else message["content"]
    return text
