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
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import torch
from PIL import Image
from torch import Tensor

from ...core.dialect import Talk
from ...core.errors import Cancelled, ModelError
from ...core.profile import Profile
from . import OnText, Reply, never, silent
from .cache import Decoder, Layers, Memories, Memory, Picture, Prompt, prefill
from .graph import FixedDecoder
from .weights import MEMORY_HINT, load_weights, out_of_memory

TOGETHER = 16  # talks decoded in one batch
CONVERSATIONS = 4  # kept in any case beside those of the last batch; more where they are small
PICTURES = 64  # whose features are kept: 1.3 MB each for a 3B model at 512 px
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
        quantize: str = "none",
        profile: Profile | None = None,
    ) -> None:
        folder = Path(folder)
        self.profile = profile or Profile.of_folder(folder)
        self.weights = load_weights(folder, device, dtype, quantize)
        self._memories = Memories(CONVERSATIONS)
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._graphs = self.weights.model.device.type == "cuda"
        self._fixed: FixedDecoder | None = None
        tokenizer, config = self.weights.tokenizer, self.weights.model.config
        self._pad = config.image_token_id
        self._ends = _end_tokens(self.weights.model, tokenizer)
        rows = config.get_text_config().vocab_size
        banned = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special} - self._ends
        banned |= set(range(len(tokenizer), rows))  # rows of the embedding that stand for nothing
        self._banned = torch.zeros(rows, device=self.weights.model.device)
        self._banned[sorted(banned)] = float("-inf")

    def reply(
        self, talks: Sequence[Talk], *, limit: int = 512, on_text: OnText = silent, cancelled: Callable[[], bool] = never
    ) -> list[Reply]:
        """One reply a talk, several decoded together. Raises ModelError where memory runs out; the next call starts afresh and works."""
        self._memories.room = CONVERSATIONS + min(len(talks), TOGETHER)
        replies: list[Reply] = []
        try:
            with torch.inference_mode():
                for start in range(0, len(talks), TOGETHER):
                    rows = [_Row(start + at, talk) for at, talk in enumerate(talks[start : start + TOGETHER])]
                    self._answer(rows, limit, on_text, cancelled)
                    replies += [row.reply for row in rows]
            return replies
        except (RuntimeError, MemoryError) as error:
            self._forget()
            if not out_of_memory(error):
                raise
        # Raised out here: inside, the old error's frames would hold on to the very tensors that are to go.
        if self.weights.model.device.type == "cuda":
            torch.cuda.empty_cache()
        raise ModelError(
            f"The memory of {self.weights.model.device} does not suffice for {self.profile.name} and these views.", MEMORY_HINT
        )

    @property
    def device(self) -> str:
        return str(self.weights.model.device)

    def close(self) -> None:
        """Gives the memory back; the engine is of no use afterwards."""
        self._forget()
        del self.weights, self._banned

    def _forget(self) -> None:
        self._memories.kept.clear()
        self._pictures.clear()
        self._fixed = None

    def _answer(self, rows: list[_Row], limit: int, on_text: OnText, cancelled: Callable[[], bool]) -> None:
        """Fills in the rows' replies."""
        model = self.weights.model
        try:
            with _watched(model, cancelled):
                logits = torch.stack([self._read(row) for row in rows])
        except Cancelled:
            for row in rows:
                row.reply.cancelled = True
            return
        decoder = self._decoder(rows, limit)
        while True:
            stopped = cancelled()
            for row in rows:
                row.reply.cancelled = stopped
            going = [] if stopped else self._take(rows, logits, limit, on_text)
            for at in set(range(len(rows))).difference(going):
                self._remember(rows[at], decoder.layers(at))
            if not going:
                return
            if len(going) < len(rows):
                decoder.keep(going)
                rows = [rows[at] for at in going]
            logits = decoder.step([row.ids[-1] for row in rows], [row.prompt.end + len(row.ids) - 1 for row in rows])

    def _decoder(self, rows: list[_Row], limit: int) -> Decoder | FixedDecoder:
        """A recorded graph for one talk on CUDA; the plain way for all else, and where recording fails."""
        model, room = self.weights.model, len(rows[0].prompt) + limit
        if self._graphs and len(rows) == 1:
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

    def _read(self, row: _Row) -> Tensor:
        """Computes what is new of a talk; returns the logits for its first token, [vocabulary]."""
        tokenize = self.weights.tokenizer
        pieces = [
            tokenize(part, add_special_tokens=False).input_ids if isinstance(part, str) else self._see(part.picture)
            for part in row.talk.layout()
        ]
        row.prompt = Prompt(pieces, self._pad)
        known, layers = self._memories.longest(row.prompt)
        logits, row.layers = prefill(self.weights.model, row.prompt, known, layers)
        row.reply.tokens_in, row.reply.fed = len(row.prompt), len(row.prompt) - known
        self._memories.add(Memory(row.prompt.keys, row.layers))  # for the batch's other questions about the same scene
        return logits

    def _see(self, picture: Image.Image) -> Picture:
        """The features of a picture; those of the last few are kept."""
        picture = picture.convert("RGB")
        key = hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()
        if key not in self._pictures:
            model = self.weights.model
            made = self.weights.pictures(images=[picture], return_tensors="pt", do_resize=not self._whole_cells(picture))
            grid = made["image_grid_thw"]
            seen = model.model.get_image_features(made["pixel_values"].to(model.device), grid.to(model.device), return_dict=True)
            merge = model.config.vision_config.spatial_merge_size
            deep = tuple(level[0] for level in getattr(seen, "deepstack_features", None) or ())
            self._pictures[key] = Picture(key, int(grid[0, 1]) // merge, int(grid[0, 2]) // merge, seen.pooler_output[0], deep)
            while len(self._pictures) > PICTURES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(key)
        return self._pictures[key]

    def _whole_cells(self, picture: Image.Image) -> bool:
        """The loop has snapped the view already: resampling it again, to the processor's own limits, would shift every box. Only the
        published weights' policy leaves that to the processor, as they were trained."""
        cell = self.weights.pictures.patch_size * self.weights.pictures.merge_size
        return picture.width % cell == 0 and picture.height % cell == 0

    def _take(self, rows: list[_Row], logits: Tensor, limit: int, on_text: OnText) -> list[int]:
        """Adds the likeliest token to each row; returns the rows that go on."""
        chosen = (logits + self._banned).argmax(-1)
        likely = logits.log_softmax(-1).gather(1, chosen[:, None])[:, 0].tolist()
        if any(number != number for number in likely):
            raise ModelError(
                f"{self.profile.name} computes no numbers in {self.weights.model.dtype}.", "Choose another dtype: bfloat16 or float32."
            )
        tokens = chosen.tolist()
        return [at for at, row in enumerate(rows) if row.take(tokens[at], likely[at], self, limit, on_text)]

    def _remember(self, row: _Row, layers: Layers) -> None:
        computed = layers[0][0].shape[-2]
        self._memories.add(Memory([*row.prompt.keys, *row.ids][:computed], layers))


@dataclass
class _Row:
    """A talk being answered."""

    index: int
    talk: Talk
    reply: Reply = field(default_factory=lambda: Reply(""))
    ids: list[int] = field(default_factory=list)
    prompt: Prompt = field(init=False)
    layers: Layers = field(init=False)

    def take(self, token: int, likely: float, engine: LocalEngine, limit: int, on_text: OnText) -> bool:
        """Adds a token; false where the reply is over. A character that takes several tokens comes with the last of them."""
        reply = self.reply
        self.ids.append(token)
        reply.tokens_out += 1
        over = token in engine._ends
        text = engine.weights.tokenizer.decode(self.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        reply.cut = len(self.ids) >= limit and not over
        whole = over or reply.cut or not text.endswith("\ufffd")
        delta = text[len(reply.text) :] if whole else ""
        reply.text += delta
        if not over:
            reply.tokens.append((delta, likely))
        if delta:
            on_text(self.index, delta)
        if self.talk.dialect.complete(reply.text):
            reply.cut, over = False, True
        return not over and not reply.cut


@contextmanager
def _watched(model: Any, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Looks at `cancelled` before every layer: reading a long prompt on a CPU takes seconds."""

    def look(*_: object) -> None:
        if cancelled():
            raise Cancelled

    blocks = [*model.model.visual.blocks, *model.model.language_model.layers]
    hooks = [block.register_forward_pre_hook(look) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return {int(token) for token in [*ends, tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>")] if token is not None}
