"""Which part of a prompt an earlier conversation has computed already, for models that only transformers' public methods are known of.

A prompt goes on from a conversation in memory where its token ids begin alike and the pictures among them were made into the very same
numbers: a processor may cut a picture otherwise when another one follows it, and then the whole prompt is read anew. A picture is known as
a whole or not at all. Only a cache whose layers all hold one key and value a token can be cut to that length.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DummyLayer, DynamicLayer, DynamicSlidingWindowLayer

from ...core.memory import CONVERSATION_BYTES

TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")  # one entry a token; the others are of the pictures
CONVERSATIONS = 4  # kept at the most, and the last one in any case

Inputs = Mapping[str, Any]  # of a model: tensors by name, as a processor gives them


@dataclass
class Conversation:
    """What was computed: one column of `cache` for each of `ids`.

    stages: after how many tokens its pictures so far end, with their digest; one for each time that it was gone on with.
    """

    cache: DynamicCache
    ids: list[int] = field(default_factory=list)
    stages: frozenset[tuple[int, str]] = frozenset()

    @property
    def bytes(self) -> int:
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in self._layers())

    def cut(self, length: int) -> None:
        """Forgets everything behind the first `length` tokens."""
        for layer in self._layers():
            layer.keys, layer.values = layer.keys[..., :length, :], layer.values[..., :length, :]
            if isinstance(layer, DynamicSlidingWindowLayer):
                layer.cumulative_length = length
        self.ids = self.ids[:length]
        self.stages = frozenset(stage for stage in self.stages if stage[0] <= length)

    def can_be_cut(self) -> bool:
        """Whether all its layers hold one key and value for each token, but for those that look at another layer's."""
        return all(
            type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) and layer.keys.shape[-2] == len(self.ids) for layer in self._layers()
        )

    def _layers(self) -> list[Any]:
        return [layer for layer in self.cache.layers if not isinstance(layer, DummyLayer)]


class Conversations:
    """The last few conversations of a model, which a processor makes the prompts of."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.kept: list[Conversation] = []
        self._model = model
        self._marks = {*processor.image_token_ids, getattr(processor.tokenizer, "image_token_id", None)} - {None}

    def begin(self) -> Conversation | None:
        """An empty one; None for a model that makes caches of its own kind."""
        if self._model.config.is_encoder_decoder or not self._model._supports_default_dynamic_cache():
            return None
        cache = DynamicCache(config=self._model.config.get_text_config(decoder=True))
        for layer in cache.layers:
            if isinstance(layer, DynamicSlidingWindowLayer):
                layer.activate_past_recording()  # or it would forget what a cut brings back
        return Conversation(cache)

    def take(self, prompt: Inputs, fresh: Inputs) -> Conversation | None:
        """The conversation that knows most of the prompt, cut to what it knows; it is no longer kept. None where none knows all pictures
        but `fresh`, the prompt's last ones processed on their own (nothing: there are no new ones)."""
        ids = prompt["input_ids"][0].tolist()
        pictures = known_pictures(prompt, fresh)
        if pictures is None:
            return None
        marked = self._marked(prompt)
        new = len(self._marked(fresh)) if fresh else 0
        old = marked[: len(marked) - new]
        stage = (old[-1] + 1 if old else 0, digest(pictures))
        most = marked[len(old)] if new else len(ids) - 1  # the last token gives the logits
        best, length = None, 0
        for conversation in self.kept:
            shared = _alike(ids[:most], conversation.ids)
            if stage in conversation.stages and shared >= max(stage[0], length, 1):
                best, length = conversation, shared
        if best is not None:
            self.kept.remove(best)
            best.cut(length)
        return best

    def keep(self, conversation: Conversation, prompt: Inputs, ids: Sequence[int]) -> None:
        """The prompt was computed on, up to the tokens `ids`; what can't be cut is let go, and the oldest where there are too many."""
        conversation.ids = list(ids)[: conversation.cache.get_seq_length()]
        if not conversation.can_be_cut():
            return
        marked = self._marked(prompt)
        conversation.stages |= {(marked[-1] + 1 if marked else 0, digest(known_pictures(prompt, {})))}
        self.kept = [*self.kept, conversation][-CONVERSATIONS:]
        while len(self.kept) > 1 and sum(each.bytes for each in self.kept) > CONVERSATION_BYTES:
            self.kept.pop(0)

    def _marked(self, prompt: Inputs) -> list[int]:
        """Where the tokens are that stand for pictures."""
        return [at for at, token in enumerate(prompt["input_ids"][0].tolist()) if token in self._marks]


def known_pictures(prompt: Inputs, fresh: Inputs) -> dict[str, Any] | None:
    """The prompt's picture inputs without those of its last pictures, `fresh`; None where these are not the end of them, as the processor
    makes something else of pictures that come together."""
    pictures = {name: value for name, value in prompt.items() if name not in TEXT_INPUTS}
    for name in pictures.keys() & fresh.keys():
        whole, end = pictures[name], fresh[name]
        if not isinstance(whole, Tensor) or whole.shape[1:] != end.shape[1:] or not torch.equal(whole[-len(end) :], end):
            return None
        pictures[name] = whole[: -len(end)]
    return pictures if not fresh or pictures.keys() <= fresh.keys() else None


def digest(pictures: dict[str, Any] | None) -> str:
    """A name for the numbers that pictures were made into."""
    sha = hashlib.sha256()
    for name, value in sorted((pictures or {}).items()):
        sha.update(f"{name} {tuple(value.shape) if isinstance(value, Tensor) else value}".encode())
        if isinstance(value, Tensor):
            sha.update(value.contiguous().cpu().numpy().tobytes())
    return sha.hexdigest()


def _alike(ids: Sequence[int], others: Sequence[int]) -> int:
    """How many tokens two sequences have in common at their beginning."""
    most = min(len(ids), len(others))
    return next((at for at in range(most) if ids[at] != others[at]), most)
