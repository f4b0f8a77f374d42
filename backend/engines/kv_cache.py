"""The keys and values of earlier conversations, so that a zoom or a second question computes only what is new.

A prompt is flattened to one key a token: a token id, or (content hash of the picture, place in it). The longest prefix shared with a
conversation in memory is taken over; positions (M-RoPE: time, row, column) are always computed from the prompt itself, never from the
model's own `rope_deltas`, which belong to whichever prompt it saw last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, Hashable, Sequence, Union

import torch
from torch import Tensor

from ...core.memory import CONVERSATION_BYTES

# What the models call the cache that they are given: renamed in transformers 5.24, which warns about the old name.
CACHE = "cache" if tuple(map(int, version("transformers").split(".")[:2])) >= (5, 24) else "past_key_values"

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

    @cached_property
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
    budget: int = CONVERSATION_BYTES
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


def prefill(model: Any, prompts: Sequence[Prompt], known: Sequence[int], layers: Sequence[Layers]) -> tuple[Tensor, list[Layers]]:
    """Computes each prompt's tokens from `known` on, all in one pass: padded on the left, the padding masked.

    layers: of the known tokens, [] where there are none. Returns the state after each last token, [rows, hidden], and all layers.
    """
    device, rows = model.device, len(prompts)
    fresh = [len(prompt) - start for prompt, start in zip(prompts, known)]
    most, before = max(fresh), max(known)
    ids = [token for prompt, start in zip(prompts, known) for token in prompt.ids[start:]]
    words = model.get_input_embeddings()(torch.tensor(ids, device=device))
    embeds = words.new_zeros((rows, most, words.shape[-1]))
    positions = torch.zeros((3, rows, most), dtype=torch.long)
    seen = torch.zeros((rows, most), dtype=torch.bool, device=device)
    deep = []
    for row, (prompt, start, part) in enumerate(zip(prompts, known, words.split(fresh))):
        shift = most - len(prompt)  # from a token of the prompt to its column
        embeds[row, most - fresh[row] :] = part
        positions[:, row, most - fresh[row] :] = prompt.positions[:, start:]
        for at, picture in prompt.pictures:
            if at >= start:
                embeds[row, shift + at : shift + at + len(picture.features)] = picture.features
                seen[row, shift + at : shift + at + len(picture.features)] = True
                deep.append(picture.deep)
    options: dict[str, Any] = {}
    if deep and deep[0]:
        options = {"visual_pos_masks": seen, "deepstack_visual_embeds": [torch.cat(level) for level in zip(*deep)]}
    if rows > 1:
        options["attention_mask"] = _mask(known, fresh).to(device)
    cache = grown(model, _side_by_side(layers, before))
    hidden = model.model.language_model(
        inputs_embeds=embeds, position_ids=positions.to(device), use_cache=True, **{CACHE: cache}, **options
    ).last_hidden_state
    sides = [(layer.keys, layer.values) for layer in cache.layers]
    if rows == 1:
        return hidden[:, -1], [sides]

    def whole(side: Tensor, row: int) -> Tensor:
        """One row's columns, without those of padding, which lie before its known tokens and before its fresh ones."""
        return torch.cat([side[row, :, before - known[row] : before], side[row, :, before + most - fresh[row] :]], 1)[None]

    return hidden[:, -1], [[(whole(keys, row), whole(values, row)) for keys, values in sides] for row in range(rows)]


def _mask(known: Sequence[int], fresh: Sequence[int]) -> Tensor:
    """Which columns each fresh token looks at, [rows, 1, fresh, known + fresh]. A token of padding sees itself, as seeing nothing is no
    number, and would spoil what is masked."""
    most, before = max(fresh), max(known)
    column, token = torch.arange(most)[None, None], torch.arange(most)[None, :, None]
    starts = torch.tensor([most - count for count in fresh])[:, None, None]
    within = ((column <= token) & (column >= starts)) | (column == token)
    past = (torch.arange(before) >= torch.tensor([[before - count] for count in known]))[:, None].expand(-1, most, -1)
    return torch.cat([past, within], 2)[:, None]


def _side_by_side(rows: Sequence[Layers], length: int) -> Layers:
    """The rows' layers as one batch of this length, padded on the left with zeros; of a row without any it is all padding."""
    if len(rows) == 1 or length == 0:
        return rows[0]
    some = next(layers for layers in rows if layers)
    none = [(keys[..., :0, :], values[..., :0, :]) for keys, values in some]

    def padded(side: Tensor) -> Tensor:
        return torch.nn.functional.pad(side, (0, 0, length - side.shape[-2], 0))

    levels = zip(*(layers or none for layers in rows))
    return [tuple(torch.cat([padded(side) for side in sides]) for sides in zip(*level)) for level in levels]  # type: ignore[misc]


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
        self._hold(rows)

    def _hold(self, rows: Sequence[Layers]) -> None:
        self.lengths = [layers[0][0].shape[-2] for layers in rows]
        self.longest = max(self.lengths, default=0)
        self.cache = grown(self.model, _side_by_side(rows, self.longest) if rows else [])
        self.steps = 0

    def join(self, rows: Sequence[Layers]) -> None:
        """Takes in further conversations, behind those there are."""
        self._hold([*(self.layers(row) for row in range(len(self.lengths))), *rows])

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
            use_cache=True,
            **{CACHE: self.cache},
        ).last_hidden_state
        logits: torch.Tensor = self.model.lm_head(hidden[:, -1]).float()
        return logits

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
