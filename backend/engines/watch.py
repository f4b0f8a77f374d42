"""Follows the model through its layers: reading a long prompt on a processor takes a minute, in which a person wants to see how far it is,
and may cancel."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator

from ...core.errors import Cancelled
from . import OnRead

if TYPE_CHECKING:
    from torch import nn

SOON = 0.5  # seconds after which progress is reported: most readings are over by then


class Watch:
    """Looks at `cancelled` before every layer and reports the part of the reading that is done, 0 to 1. Raises Cancelled.

    A layer's work is its parameters times the tokens (of the vision tower: patches) that go through it, so that a percent takes about the
    same time everywhere.
    """

    def __init__(self, model: Any, cancelled: Callable[[], bool], on_read: OnRead) -> None:
        self._blocks, self._layers = list(model.model.visual.blocks), list(model.model.language_model.layers)
        self._weights = {module: _numbers(module) for module in (*self._blocks, *self._layers)}
        self._cancelled, self._on_read = cancelled, on_read
        self._done = self._total = 0.0
        self._began = time.monotonic()
        self._reported = False

    def expect(self, patches: int, tokens: int) -> None:
        """What is still to be read."""
        self._total = self._done + sum(
            count * sum(map(self._weights.__getitem__, part)) for count, part in ((patches, self._blocks), (tokens, self._layers))
        )

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        hooks = [module.register_forward_pre_hook(self._enter) for module in self._weights]
        try:
            yield self
        finally:
            for hook in hooks:
                hook.remove()
        if self._reported:
            self._on_read(1.0)

    def _enter(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        if self._cancelled():
            raise Cancelled
        if self._total and time.monotonic() - self._began >= SOON:
            self._reported = True
            self._on_read(min(0.99, self._done / self._total))
        states = given[0]
        self._done += self._weights[module] * states.numel() / states.shape[-1]


def _numbers(module: nn.Module) -> int:
    """Int8 weights are buffers."""
    return sum(tensor.numel() for tensor in (*module.parameters(), *module.buffers()))
