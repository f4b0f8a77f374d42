"""One conversation decoded in a cache of fixed size, so that CUDA can record a step once and replay it.

Launching a step's thousands of small kernels one by one leaves a GPU idle most of the time; a recorded CUDA graph launches them all at
once. Recorded with torch's own graphs, not torch.compile: that takes a minute to compile, and a compiler that Windows does not have.
"""

from __future__ import annotations

from typing import Any, Sequence

import torch
from torch import Tensor

from .kv_cache import CACHE, Layers

STEP = 1024  # capacities are multiples of it, so that few graphs are recorded


class FixedDecoder:
    """`cache.Decoder` for one row. capacity: tokens it can hold. On any other device than CUDA it computes the same without a graph."""

    def __init__(self, model: Any, tokens: int) -> None:
        from transformers import StaticCache

        self.model = model
        self.capacity = -(-tokens // STEP) * STEP
        self.cache = StaticCache(config=model.config.get_text_config(), max_cache_len=self.capacity)
        self.token = torch.zeros((1, 1), dtype=torch.long, device=model.device)
        self.position = torch.zeros((3, 1, 1), dtype=torch.long, device=model.device)
        self.slots = torch.arange(self.capacity, device=model.device)
        self.length = 0
        self.graph: Any = None
        self.logits = torch.empty(0)

    def start(self, layers: Layers) -> FixedDecoder:
        """Takes over a conversation, which is copied."""
        fresh = not self.cache.layers[0].is_initialized
        for layer, (keys, values) in zip(self.cache.layers, layers):
            if fresh:
                layer.lazy_initialization(keys, values)
        if fresh and self.token.device.type == "cuda":
            self._record()
        self.length = layers[0][0].shape[-2]
        for layer, (keys, values) in zip(self.cache.layers, layers):
            layer.keys[:, :, : self.length] = keys
            layer.values[:, :, : self.length] = values
            layer.cumulative_length.fill_(self.length)
        return self

    def step(self, tokens: Sequence[int], positions: Sequence[int]) -> Tensor:
        """As `Decoder.step`, for one row: [1, vocabulary] in float32; overwritten by the next step."""
        self.token.fill_(tokens[0])
        self.position.fill_(positions[0])
        if self.graph is None:
            self._compute()
        else:
            self.graph.replay()
        self.length += 1
        return self.logits

    def layers(self, row: int) -> Layers:
        """The conversation so far, copied."""
        return [(layer.keys[:, :, : self.length].clone(), layer.values[:, :, : self.length].clone()) for layer in self.cache.layers]

    def join(self, rows: Sequence[Layers]) -> None:
        """Nobody joins a talk that is alone."""

    def keep(self, rows: Sequence[int]) -> None:
        """There is one row only, and it stays."""

    def _compute(self) -> None:
        mask = (self.slots <= self.cache.layers[0].cumulative_length)[None, None, None]
        hidden = self.model.model.language_model(
            inputs_embeds=self.model.get_input_embeddings()(self.token),
            attention_mask=mask,
            position_ids=self.position,
            use_cache=True,
            **{CACHE: self.cache},
        ).last_hidden_state
        self.logits = self.model.lm_head(hidden[:, -1]).float()

    def _record(self) -> None:
        """Runs a step aside a few times, as torch asks for, then records it; `start` then overwrites what the runs left behind."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self._compute()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._compute()
        self.graph = graph
