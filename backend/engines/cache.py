"""The keys and values of earlier conversations, so that a zoom or a second question computes only what is new.

A prompt is flattened to one key a token: a token id, or (content hash of the picture, place in it). The longest prefix shared with a
conversation in memory is taken over; positions (M-RoPE: time, row, column) are always computed from the prompt itself, never from the
model's own `rope_deltas`, which belong to whichever prompt it saw last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Hashable, Sequence, Union

import torch
from torch import Tensor

Layers = list[tuple[Tensor, Tensor]]  # keys and values of each layer, [1, heads, tokens, width]; never written to


@dataclass(frozen=True)
class Picture:
    """What the vision tower made of a picture. features: [rows * columns, hidden]; deep: Qwen3-VL's, one tensor a layer."""

    key: str
    rows: int
    columns: int
    features: Tensor
    deep: tuple[Tensor, ...] = ()


class Prompt:
    """Token ids and pictures in the order the model reads them, flattened."""

    def __init__(self, pieces: Sequence[Union[list[int], Picture]], pad: int) -> None:
        self.ids: list[int] = []
        self.keys: list[Hashable] = []
        self.pictures: list[tuple[int, Picture]] = []  # with the token each begins at
        positions: list[tuple[int, int, int]] = []
        at = 0  # the next position; a picture advances it by its longer side
        for piece in pieces:
            if isinstance(piece, Picture):
                cells = [(row, column) for row in range(piece.rows) for column in range(piece.columns)]
                self.pictures.append((len(self.ids), piece))
                self.keys += [(piece.key, cell) for cell in cells]
                self.ids += [pad] * len(cells)
                positions += [(at, at + row, at + column) for row, column in cells]
                at += max(piece.rows, piece.columns)
            else:
                self.keys += piece
                self.ids += piece
                positions += [(at + step,) * 3 for step in range(len(piece))]
                at += len(piece)
        self.positions = torch.tensor(positions, dtype=torch.long).T  # [3, tokens]
        self.end = at

    def __len__(self) -> int:
        return len(self.ids)

    def shared(self, keys: Sequence[Hashable]) -> int:
        """Tokens in common with another prompt's beginning; never part of a picture, never all (the last one gives the logits)."""
        most = min(len(self.keys) - 1, len(keys))
        same = next((at for at in range(most) if self.keys[at] != keys[at]), most)
        return next((start for start, picture in self.pictures if start < same < start + picture.rows * picture.columns), same)


@dataclass(frozen=True)
class Memory:
    """A conversation that was computed: one key and one column of `layers` a token."""

    keys: list[Hashable]
    layers: Layers

    @property
    def bytes(self) -> int:
        return sum(keys.nbytes + values.nbytes for keys, values in self.layers)

    def begins(self, other: Memory) -> bool:
        """Whether the other one continues it."""
        length = len(self.keys)
        return length <= len(other.keys) and self.keys[-1] == other.keys[length - 1] and self.keys == other.keys[:length]


@dataclass
class Memories:
    """Conversations, most recent last: the last `room` of them in any case, and older ones while all fit in `budget` bytes."""

    room: int = 4
    budget: int = 1 << 30
    kept: list[Memory] = field(default_factory=list)

    def longest(self, prompt: Prompt) -> tuple[int, Layers]:
        """How many tokens of the prompt are known, and their layers."""
        known, memory = max(((prompt.shared(memory.keys), memory) for memory in self.kept), key=lambda pair: pair[0], default=(0, None))
        if memory is None or known == 0:
            return 0, []
        self.kept.remove(memory)
        self.kept.append(memory)
        return known, [(keys[..., :known, :], values[..., :known, :]) for keys, values in memory.layers]

    def add(self, memory: Memory) -> None:
        """Keep a conversation; those it continues are part of it, and the oldest go where there are too many."""
        kept, total = [memory], memory.bytes
        for other in reversed(self.kept):
            if other.begins(memory):
                continue
            total += other.bytes
            if len(kept) >= self.room and total > self.budget:
                break
            kept.append(other)
        self.kept = kept[::-1]


def prefill(model: Any, prompt: Prompt, known: int, layers: Layers) -> tuple[Tensor, Layers]:
    """Computes the prompt's tokens from `known` on, in one pass. Returns the logits after the last one, [vocabulary], and all layers."""
    table = model.get_input_embeddings()
    device = table.weight.device
    embeds = table(torch.tensor(prompt.ids[known:], device=device))
    fresh = [(start - known, picture) for start, picture in prompt.pictures if start >= known]
    for start, picture in fresh:
        embeds[start : start + len(picture.features)] = picture.features
    deep = {}
    if fresh and fresh[0][1].deep:
        seen = torch.zeros(len(embeds), dtype=torch.bool, device=device)
        for start, picture in fresh:
            seen[start : start + len(picture.features)] = True
        levels = [torch.cat(level) for level in zip(*(picture.deep for _, picture in fresh))]
        deep = {"visual_pos_masks": seen[None], "deepstack_visual_embeds": levels}
    cache = grown(model, layers)
    positions = prompt.positions[:, None, known:].to(device)
    hidden = model.model.language_model(
        inputs_embeds=embeds[None], position_ids=positions, past_key_values=cache, use_cache=True, **deep
    ).last_hidden_state
    return model.lm_head(hidden[0, -1]).float(), [(layer.keys, layer.values) for layer in cache.layers]


def grown(model: Any, layers: Layers) -> Any:
    """A transformers cache that goes on from `layers` without writing into them (it concatenates)."""
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config.get_text_config())
    for layer, (keys, values) in zip(cache.layers, layers):
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
    return cache


class Decoder:
    """Several conversations, one token each a step: padded on the left, the padding masked. Any device."""

    def __init__(self, model: Any, rows: Sequence[Layers]) -> None:
        self.model = model
        self.device = model.device  # asked of a model it costs a walk through its parameters
        self.lengths = [layers[0][0].shape[-2] for layers in rows]
        self.longest = max(self.lengths)
        if len(rows) == 1:
            padded = rows[0]
        else:
            padded = [tuple(torch.cat([self._pad(side) for side in sides]) for sides in zip(*level)) for level in zip(*rows)]  # type: ignore[misc]
        self.cache = grown(model, padded)
        self.steps = 0

    def _pad(self, side: Tensor) -> Tensor:
        return torch.nn.functional.pad(side, (0, 0, self.longest - side.shape[-2], 0))

    def step(self, tokens: Sequence[int], positions: Sequence[int]) -> Tensor:
        """Feeds one token a row at its position; returns the logits after them, [rows, vocabulary] in float32."""
        device = self.device
        self.steps += 1
        mask = None
        if len(self.lengths) > 1:
            padding = torch.tensor([[self.longest - length] for length in self.lengths], device=device)
            mask = (torch.arange(self.longest + self.steps, device=device) >= padding)[:, None, None]  # [rows, 1, 1, tokens]
        where = torch.tensor(positions, device=device)[None, :, None].expand(3, -1, -1)
        hidden = self.model.model.language_model(
            inputs_embeds=self.model.get_input_embeddings()(torch.tensor(tokens, device=device))[:, None],
            attention_mask=mask,
            position_ids=where,
            past_key_values=self.cache,
            use_cache=True,
        ).last_hidden_state
        return self.model.lm_head(hidden[:, -1]).float()

    def layers(self, row: int) -> Layers:
        """One row's keys and values, without the padding."""
        start = self.longest - self.lengths[row]
        alone = len(self.lengths) == 1
        sides = [(layer.keys[row : row + 1, :, start:], layer.values[row : row + 1, :, start:]) for layer in self.cache.layers]
        return sides if alone else [(keys.clone(), values.clone()) for keys, values in sides]

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with these rows only."""
        self.lengths = [self.lengths[row] for row in rows]
        spare = self.longest - max(self.lengths)
        chosen = torch.tensor(rows, device=self.device)
        for layer in self.cache.layers:
            layer.keys, layer.values = layer.keys[chosen, :, spare:], layer.values[chosen, :, spare:]
        self.longest -= spare
