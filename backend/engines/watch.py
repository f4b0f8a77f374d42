"""Follows a model through its layers: reading a long prompt on a processor takes a minute, in which a person wants to see how far it is,
and may cancel."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator

from ...core.errors import Cancelled
from . import OnRead

if TYPE_CHECKING:
    from torch import nn

SOON = 0.5  # seconds after which progress is reported: most readings are over by then


class Watch:
    """Looks at `cancelled` before every layer and reports the part of the reading that is done, 0 to 1. Raises Cancelled.

    layers: of one model; a layer's work is its parameters.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        self._sizes = {layer: _numbers(layer) for layer in layers}
        self._done = self._total = 0.0
        self._reading = self._reported = False

    def begin(self) -> None:
        """A prompt is to be read: each layer once."""
        self._done, self._total = 0.0, sum(self._sizes.values())
        self._began, self._reading, self._reported = time.monotonic(), True, False

    def end(self) -> None:
        """It is read."""
        if self._reading and self._reported:
            self._on_read(1.0)
        self._reading = self._reported = False

    @contextmanager
    def watching(self, cancelled: Callable[[], bool], on_read: OnRead) -> Iterator[None]:
        self._cancelled, self._on_read = cancelled, on_read
        hooks = [layer.register_forward_pre_hook(self._enter) for layer in self._sizes]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, layer: nn.Module, given: tuple[Any, ...]) -> None:
        if self._cancelled():
            raise Cancelled
        if self._reading and self._total and time.monotonic() - self._began >= SOON:
            self._reported = True
            self._on_read(min(0.99, self._done / self._total))
        self._done += self._work(layer, given)

    def _work(self, layer: nn.Module, given: tuple[Any, ...]) -> float:
        return self._sizes[layer]


class TokenWatch(Watch):
    """Of a Qwen-VL model. A layer's work is its parameters times the tokens (of the vision tower: patches) that go through it, so that a
    percent takes about the same time everywhere."""

    def __init__(self, model: Any) -> None:
        self._blocks, self._layers = list(model.model.visual.blocks), list(model.model.language_model.layers)
        super().__init__((*self._blocks, *self._layers))

    def expect(self, patches: int, tokens: int) -> None:
        """What is still to be read."""
        self._total = self._done + sum(
            count * sum(map(self._sizes.__getitem__, part)) for count, part in ((patches, self._blocks), (tokens, self._layers))
        )

    def begin(self) -> None:
        """Prompts are to be read, as many as `expect` says."""
        super().begin()
        self._total = 0.0

    def _work(self, layer: nn.Module, given: tuple[Any, ...]) -> float:
        tokens: float = given[0].numel() / given[0].shape[-1]
        return self._sizes[layer] * tokens


def _numbers(module: nn.Module) -> int:
    """Int8 weights are buffers."""
    return sum(tensor.numel() for tensor in (*module.parameters(), *module.buffers()))
