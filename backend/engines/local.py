"""The weights run here: greedy, streaming, and computing only what an earlier conversation has not computed already.

    engine = LocalEngine(folder)
    reply, = engine.reply([talk], on_text=lambda index, delta: print(delta, end=""))

How it differs from the textbook (`model.generate` anew for every turn): a zoom, and a second question about the same scene, continue
from the keys and values in memory (cache.py); decoding stops at the closed box or answer; control tokens can't be generated.
One call at a time: an engine is not to be shared between threads.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import torch
from PIL import Image
from torch import Tensor

from ...core.boxes import UNITS
from ...core.errors import Cancelled, ModelError
from ...core.profile import Profile
from ...core.talk import Talk
from . import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen
from .cuda_graph import FixedDecoder
from .kv_cache import Decoder, Layers, Memories, Memory, Picture, Prompt, prefill
from .linear import widen
from .watch import TokenWatch
from .weights import load_weights, memory_lacks, out_of_memory
from .writing import Writing

TOGETHER = 16  # talks decoded in one batch, unless the caller says otherwise
CONVERSATIONS = 4  # kept in any case beside those of the last call; more where they are small
PICTURES = 64  # whose features are kept: 1.3 MB each for a 3B model at 512 px
TEXTS = 256  # whose tokens are kept: a survey asks the same of every view
PIXELS_AT_ONCE = 8 * 512 * 512  # in one pass of the vision tower: its activations grow with them
TOKENS_AT_ONCE = 4096  # in one pass of the language model, padding included
LOG = logging.getLogger(__name__)


class LocalEngine:
    """Runs a Qwen2.5-VL checkpoint (Qwen2-VL, Qwen3-VL) folder. Options: see `load_weights`. Raises ModelError.

    profile: how the model is asked, where it is not the folder's own zoomearth.json.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        device: str = "auto",
        dtype: str = "auto",
        quantize: str = "auto",
        profile: Profile | None = None,
    ) -> None:
        folder = Path(folder)
        self.profile = profile or Profile.of_folder(folder)
        self.weights = load_weights(folder, device, dtype, quantize)
        widen(self.weights.model)
        self._watch = TokenWatch(self.weights.model)
        self._memories = Memories(CONVERSATIONS)
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._graphs = self.weights.model.device.type == "cuda"
        self._fixed: FixedDecoder | None = None
        tokenizer, config = self.weights.tokenizer, self.weights.model.config
        self._pad = config.image_token_id
        self._tokens = frozenset(tokenizer.get_added_vocab())
        self._tokenized = lru_cache(TEXTS)(lambda text: tokenizer(text, add_special_tokens=False).input_ids)
        self._ends = _end_tokens(self.weights.model, tokenizer)
        rows = config.get_text_config().vocab_size
        banned = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special} - self._ends
        banned |= set(range(len(tokenizer), rows))  # rows of the embedding that stand for nothing
        self._banned = torch.zeros(rows, device=self.weights.model.device)
        self._banned[sorted(banned)] = float("-inf")

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = 512,
        on_text: OnText = silent,
        on_try: OnTry = patient,
        on_read: OnRead = unseen,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """One reply a talk, several decoded together. Raises ModelError where memory runs out; the next call starts afresh and works."""
        self._memories.room = CONVERSATIONS + len(talks)
        rows = [_Row(index, talk) for index, talk in enumerate(talks)]
        try:
            with torch.inference_mode():
                self._answer(deque(rows), together or TOGETHER, limit, on_text, on_read, cancelled)
            return [row.reply for row in rows]
        except (RuntimeError, MemoryError) as error:
            self._forget()
            if not out_of_memory(error):
                raise
        # Raised out here: inside, the old error's frames would hold on to the very tensors that are to go.
        raise memory_lacks(self.weights.model.device, f"{self.profile.name} and these views")

    @property
    def model(self) -> Any:
        """The transformers model."""
        return self.weights.model

    @property
    def device(self) -> str:
        return str(self.weights.model.device)

    @property
    def tolerated(self) -> list[str]:
        """A sentence where the model does not run as well as it could, for want of memory."""
        return [self.weights.note] if self.weights.note else []

    def close(self) -> None:
        """Gives the memory back; the engine is of no use afterwards."""
        self._forget()
        del self.weights, self._banned, self._watch

    def _forget(self) -> None:
        self._memories.kept.clear()
        self._pictures.clear()
        self._fixed = None

    def _answer(
        self, waiting: deque[_Row], together: int, limit: int, on_text: OnText, on_read: OnRead, cancelled: Callable[[], bool]
    ) -> None:
        """Fills in the rows' replies, `together` at a time: as some end, waiting ones take their places."""
        rows: list[_Row] = []
        decoder: Decoder | FixedDecoder = Decoder(self.weights.model, [])
        logits = torch.empty(0)
        while rows or waiting:
            if waiting and (not rows or together - len(rows) >= together / 4):  # several, so that they are read in one pass
                fresh = [waiting.popleft() for _ in range(min(together - len(rows), len(waiting)))]
                try:
                    with self._watch.watching(cancelled, on_read):
                        first = self._read(fresh)
                except Cancelled:
                    waiting.extend(fresh)
                    break
                logits = torch.cat([logits, first]) if rows else first
                if rows:
                    decoder.join([row.layers for row in fresh])
                else:
                    decoder = self._decoder(fresh, limit, alone=len(fresh) == 1 and (together == 1 or not waiting))
                rows += fresh
            if cancelled():
                for at, row in enumerate(rows):
                    self._remember(row, decoder.layers(at))
                break
            going = self._take(rows, logits, limit, on_text)
            for at in set(range(len(rows))).difference(going):
                self._remember(rows[at], decoder.layers(at))
            if not going:
                rows = []
                continue
            if len(going) < len(rows):
                decoder.keep(going)
                rows = [rows[at] for at in going]
            logits = decoder.step([row.ids[-1] for row in rows], [row.prompt.end + len(row.ids) - 1 for row in rows])
        for row in (*rows, *waiting):
            row.reply.cancelled = True

    def _decoder(self, rows: list[_Row], limit: int, alone: bool) -> Decoder | FixedDecoder:
        """A recorded graph for a talk that stays alone on CUDA; the plain way for all else, and where recording fails."""
        model, room = self.weights.model, len(rows[0].prompt) + limit
        if self._graphs and alone:
            try:
                if self._fixed is None or self._fixed.capacity < room:
                    self._fixed = None  # its memory goes before new is taken
                    self._fixed = FixedDecoder(model, room)
                return self._fixed.start(rows[0].layers)
            except RuntimeError as error:
                if out_of_memory(error):
                    raise
                LOG.warning("decoding without CUDA graphs: %s", error)
                self._graphs, self._fixed = False, None
        return Decoder(model, [row.layers for row in rows])

    def _read(self, rows: Sequence[_Row]) -> Tensor:
        """Computes what is new of the talks, several in one pass; returns the logits for their first tokens, [rows, vocabulary]."""
        layouts = [
            [self._tokenized(part) if isinstance(part, str) else part.picture for part in layout]
            for layout in (row.talk.layout(self._tokens) for row in rows)
        ]
        pictures = [part for layout in layouts for part in layout if not isinstance(part, list)]
        patches = [picture.width * picture.height // self.weights.pictures.patch_size**2 for picture in pictures]
        words = sum(len(part) for layout in layouts for part in layout if isinstance(part, list))
        self._watch.begin()
        self._watch.expect(sum(patches), words + sum(patches) // self.weights.pictures.merge_size**2)
        seen = iter(self._see_all(pictures))
        for row, layout in zip(rows, layouts):
            row.prompt = Prompt([part if isinstance(part, list) else next(seen) for part in layout], self._pad)
            row.known, row.layers = self._memories.longest(row.prompt)
        self._watch.expect(0, sum(len(row.prompt) - row.known for row in rows))
        waiting = list(rows)
        while waiting:
            wave: list[_Row] = []
            for row in waiting:
                if not any(_worth_waiting_for(row, other) for other in wave):
                    wave.append(row)
            waiting = [row for row in waiting if row not in wave]
            for group in _groups(wave):
                prompts, known = [row.prompt for row in group], [row.known for row in group]
                states, layers = prefill(self.weights.model, prompts, known, [row.layers for row in group])
                for row, row.state, row.layers in zip(group, states, layers):
                    row.reply.tokens_in, row.reply.fed = len(row.prompt), len(row.prompt) - row.known
                    self._memories.add(Memory(row.prompt.keys, row.layers))  # for the batch's other questions about the same scene
            for row in waiting:
                row.known, row.layers = self._memories.longest(row.prompt)
        self._watch.end()
        return torch.stack([self.weights.model.lm_head(row.state).float() for row in rows])

    def _see(self, picture: Image.Image) -> Picture:
        return self._see_all([picture])[0]

    def _see_all(self, pictures: Sequence[Image.Image]) -> list[Picture]:
        """The features of pictures; those of the last few are kept, and new ones computed together."""
        pictures = [picture.convert("RGB") for picture in pictures]
        keys = [hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest() for picture in pictures]
        new = {key: picture for key, picture in zip(keys, pictures) if key not in self._pictures}
        found = {key: self._pictures[key] for key in keys if key in self._pictures}
        together = max(1, PIXELS_AT_ONCE // max((picture.width * picture.height for picture in new.values()), default=1))
        for start in range(0, len(new), together):
            found.update(self._encode(dict(list(new.items())[start : start + together])))
        for key in keys:
            self._pictures[key] = found[key]
            self._pictures.move_to_end(key)
        while len(self._pictures) > PICTURES:
            self._pictures.popitem(last=False)
        return [found[key] for key in keys]

    def _encode(self, pictures: dict[str, Image.Image]) -> dict[str, Picture]:
        """One pass of the vision tower."""
        model = self.weights.model
        made = [
            self.weights.pictures(images=[picture], return_tensors="pt", do_resize=not self._as_shown(picture))
            for picture in pictures.values()
        ]
        pixels, grid = (torch.cat([each[name] for each in made]) for name in ("pixel_values", "image_grid_thw"))
        seen = model.model.get_image_features(pixels.to(model.device), grid.to(model.device), return_dict=True)
        merge = model.config.vision_config.spatial_merge_size
        levels = getattr(seen, "deepstack_features", None) or ()
        return {
            key: Picture(
                key,
                int(grid[at, 1]) // merge,
                int(grid[at, 2]) // merge,
                features.clone(),  # a part would keep the whole pass in memory
                tuple(level[at].clone() for level in levels),
            )
            for at, (key, features) in enumerate(zip(pictures, seen.pooler_output))
        }

    def _as_shown(self, picture: Image.Image) -> bool:
        """Whether a picture is read at the size it is shown at. The loop has snapped the view to whole cells: resampling it again, to the
        processor's own limits, would shift every box that is counted in pixels. All else is left to the processor, as the model was
        trained: published weights whose views are not snapped, and the small views that Qwen3-VL's enlarges to 65,536 pixels."""
        if UNITS[self.profile.dialect.convention.unit]:
            return False
        cell = self.weights.pictures.patch_size * self.weights.pictures.merge_size
        whole: bool = picture.width % cell == 0 and picture.height % cell == 0
        return whole

    def _take(self, rows: list[_Row], logits: Tensor, limit: int, on_text: OnText) -> list[int]:
        """Adds the likeliest token to each row; returns the rows that go on."""
        chosen = (self._penalized(logits, rows) + self._banned).argmax(-1)
        likely = logits.log_softmax(-1).gather(1, chosen[:, None])[:, 0].tolist()
        if any(number != number for number in likely):
            raise ModelError(
                f"{self.profile.name} computes no numbers in {self.weights.model.dtype}.", "Choose another dtype: bfloat16 or float32."
            )
        tokens = chosen.tolist()
        return [at for at, row in enumerate(rows) if row.take(tokens[at], likely[at], self._decode, self._ends, limit, on_text)]

    def _decode(self, ids: list[int]) -> str:
        text: str = self.weights.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _penalized(self, logits: Tensor, rows: Sequence[_Row]) -> Tensor:
        """Makes tokens of the prompt and of the reply less likely, by the profile's penalty: transformers' rule, which counts both."""
        penalty = self.profile.repetition_penalty
        if penalty == 1:
            return logits
        used = torch.zeros(logits.shape, dtype=torch.bool)
        for row, mask in zip(rows, used):
            mask[row.prompt.ids + row.ids] = True
        return torch.where(used.to(logits.device), torch.where(logits < 0, logits * penalty, logits / penalty), logits)

    def _remember(self, row: _Row, layers: Layers) -> None:
        computed = layers[0][0].shape[-2]
        self._memories.add(Memory([*row.prompt.keys, *row.ids][:computed], layers))


@dataclass(eq=False)
class _Row(Writing):
    """A talk being answered, with what was computed of it."""

    prompt: Prompt = field(init=False)
    layers: Layers = field(init=False)
    known: int = 0
    state: Tensor = field(init=False)  # after the last token of the prompt, [hidden]


def _worth_waiting_for(row: _Row, other: _Row) -> bool:
    """Whether the other row computes a picture that this one begins with too, and that nobody remembers yet."""
    if not row.prompt.pictures:
        return False
    start, picture = row.prompt.pictures[0]
    shared = row.prompt.shared(other.prompt.keys)
    return shared > row.known and shared >= start + len(picture.features)


def _groups(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Rows with about as much to compute, so that little of a pass is padding."""
    group: list[_Row] = []
    for row in sorted(rows, key=lambda row: len(row.prompt) - row.known):
        fresh = len(row.prompt) - row.known
        if group and (fresh > 1.3 * (len(group[0].prompt) - group[0].known) + 16 or fresh * (len(group) + 1) > TOKENS_AT_ONCE):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return {int(token) for token in [*ends, tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>")] if token is not None}
