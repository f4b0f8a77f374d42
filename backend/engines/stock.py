"""Any family that transformers knows: its own processor, chat template and `generate`, greedy and streaming.

    engine = StockEngine(folder)
    reply, = engine.reply([talk], on_text=lambda index, delta: print(delta, end=""))

How it differs from `local`, which runs the Qwen-VL family: the talk becomes chat messages, as for a server, and all the rest is left to
transformers. A zoom, or a second question about the scene, goes on from the cache of the conversation before (stock_cache.py).
One call at a time: an engine is not to be shared between threads.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import torch
from jinja2 import TemplateError
from PIL import Image
from torch import Tensor, nn
from transformers import GenerationConfig, LogitsProcessor, RepetitionPenaltyLogitsProcessor, StoppingCriteria

from ...core.errors import Cancelled, ModelError
from ...core.profile import Profile
from ...core.talk import Talk
from . import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen
from .linear import widen
from .openai_chat import Form
from .processor import load_processor
from .stock_cache import TEXT_INPUTS, Conversation, Conversations, Inputs
from .watch import Watch
from .weights import load_checkpoint, memory_lacks, out_of_memory
from .writing import Writing

# Special tokens that a family answers with: GLM-4V and InternVL put their boxes between them.
_ANSWERS = re.compile(r"box|ref|quad|point|loc|think|tool|answer|channel", re.I)


class StockEngine:
    """Runs the checkpoint in a folder. Options: see `load_weights`. Raises ModelError.

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
        self.model, self.processor, self._note = load_checkpoint(folder, device, dtype, quantize, lambda: load_processor(folder))
        widen(self.model)
        self._form = Form()
        tokenizer = self.processor.tokenizer
        ends = self.model.generation_config.eos_token_id
        ends = [*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id]
        self._ends = frozenset(int(token) for token in ends if token is not None)
        self._tokens = frozenset(tokenizer.get_vocab())
        pad = next((token for token in (tokenizer.pad_token_id, *self._ends) if token is not None), 0)
        # Greedy, whatever the folder's generation_config.json samples with, and never a static cache.
        self.model.generation_config = GenerationConfig(do_sample=False, eos_token_id=[*self._ends], pad_token_id=pad)
        control = _control_tokens(self.processor)
        self._control = re.compile("|".join(re.escape(text) for text in sorted(control.values(), key=len, reverse=True)) or r"(?!)")
        rows = self.model.config.get_text_config().vocab_size
        banned = ({*control} | {*range(len(tokenizer), rows)}) - self._ends  # and rows of the embedding that stand for nothing
        self._banned = torch.zeros(rows, device=self.model.device)
        self._banned[sorted(token for token in banned if token < rows)] = float("-inf")
        self._conversations = Conversations(self.model, self.processor)

    @property
    def device(self) -> str:
        return str(self.model.device)

    @property
    def tolerated(self) -> list[str]:
        """A sentence where the model does not run as well as it could, for want of memory."""
        return [self._note] if self._note else []

    def close(self) -> None:
        """Gives the memory back; the engine is of no use afterwards."""
        del self.model, self.processor, self._banned, self._conversations

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = 512,
        on_text: OnText = silent,
        on_read: OnRead = unseen,
        on_try: OnTry = patient,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """One reply a talk. together: so many are decoded as one batch, which reads each talk anew; unless given, one after another.

        Raises ModelError where memory runs out; the next call starts afresh and works.
        """
        rows = [Writing(index, talk) for index, talk in enumerate(talks)]
        at_once = together or 1
        try:
            watch = Watch(_blocks(self.model))
            with torch.inference_mode(), watch.watching(cancelled, on_read):
                for start in range(0, len(rows), at_once):
                    self._answer(rows[start : start + at_once], limit, on_text, watch)
            return [row.reply for row in rows]
        except Cancelled:
            for row in rows:
                row.reply.cancelled = not row.over
            return [row.reply for row in rows]
        except (RuntimeError, MemoryError) as error:
            self._conversations.kept.clear()
            if not out_of_memory(error):
                raise
        # Raised out here: inside, the old error's frames would hold on to the very tensors that are to go.
        raise memory_lacks(self.model.device, f"{self.profile.name} and these views")

    def _answer(self, rows: Sequence[Writing], limit: int, on_text: OnText, watch: Watch) -> None:
        """Fills in the rows' replies, as one batch."""
        talks = [self._laid_out(row.talk) for row in rows]
        prompt = self._prompt(talks)
        inputs, conversation = self._continued(prompt, talks[0][1]) if len(rows) == 1 else (prompt, None)
        for row, count in zip(rows, prompt["attention_mask"].sum(1).tolist()):
            row.reply.tokens_in, row.reply.fed = count, count - (len(conversation.ids) if conversation else 0)
        chooser = _Chooser(self._banned, self.profile.repetition_penalty)

        def take(row: int, token: int, likely: float) -> bool:
            watch.end()
            if rows[row].over:  # what a batch goes on with is padding
                return True
            if likely != likely:
                raise ModelError(
                    f"{self.profile.name} computes no numbers in {self.model.dtype}.", "Choose another dtype: bfloat16 or float32."
                )
            return not rows[row].take(token, likely, self._decode, self._ends, limit, on_text)

        watch.begin()
        out = self.model.generate(
            **{name: self._moved(value) for name, value in inputs.items()},
            past_key_values=conversation.cache if conversation else None,
            max_new_tokens=limit,
            logits_processor=[chooser],
            stopping_criteria=[_Follower(chooser, take)],
        )
        if conversation:
            self._conversations.keep(conversation, prompt, out[0].tolist())

    def _laid_out(self, talk: Talk) -> tuple[str, list[Image.Image]]:
        """The talk in the folder's chat template, and its pictures. Raises ModelError where the template refuses it."""
        while True:
            messages = self._messages(talk)
            try:
                text = self._text(messages)
                if talk.forced and f"{talk.forced}>" in self._tokens:
                    text += ">"  # the tag is one token, and its beginning would be others
                return text, [part["image"] for message in messages for part in message["content"] if "image" in part]
            except TemplateError as error:
                if not self._form.adapt(400, str(error), {"messages": messages}):
                    raise ModelError(
                        f"The chat template of {self.profile.name} refuses the talk: {error}", "Serve the model, and ask it with --remote."
                    ) from error

    def _messages(self, talk: Talk) -> list[dict[str, Any]]:
        """The talk as chat messages whose contents are lists of parts; no text of it is a control token."""
        messages = self._form.messages(talk, lambda picture: {"type": "image", "image": picture.convert("RGB")})
        for message in messages:
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            message["content"] = [{**part, "text": self._plain(part["text"])} if "text" in part else part for part in parts]
        return messages

    def _plain(self, text: str) -> str:
        return self._control.sub(lambda token: f"{token[0][0]} {token[0][1:]}", text)

    def _text(self, messages: list[dict[str, Any]]) -> str:
        """Messages in the folder's chat template. A reply that is begun already is left open."""
        begun = messages[-1]["role"] == "assistant"
        quick = self.profile.dialect.wordy and "enable_thinking" in str(self.processor.chat_template)
        text: str = self.processor.apply_chat_template(
            messages, continue_final_message=begun, add_generation_prompt=not begun, **({"enable_thinking": False} if quick else {})
        )
        return text

    def _prompt(self, talks: Sequence[tuple[str, list[Image.Image]]]) -> Inputs:
        """What the processor makes of laid out talks, padded on the left to one length."""
        bos = self.processor.tokenizer.bos_token
        return dict(
            self.processor(
                text=[text for text, _ in talks],
                images=[pictures for _, pictures in talks] if any(pictures for _, pictures in talks) else None,
                padding=True,
                padding_side="left",
                add_special_tokens=not (bos and talks[0][0].startswith(bos)),  # as transformers' own apply_chat_template
                return_tensors="pt",
            )
        )

    def _continued(self, prompt: Inputs, pictures: list[Image.Image]) -> tuple[Inputs, Conversation | None]:
        """What the model is given for a prompt, and the conversation that it goes on from: one that knows all its pictures, or all but the
        last, else an empty one."""
        fresh: Inputs = {}
        conversation = self._conversations.take(prompt, fresh)
        if conversation is None and len(pictures) > 1:
            fresh = self._prompt([(self._text([{"role": "user", "content": [{"type": "image"}]}]), pictures[-1:])])
            conversation = self._conversations.take(prompt, fresh)
        if conversation is None:
            return prompt, self._conversations.begin()
        inputs = {name: value for name, value in prompt.items() if name in TEXT_INPUTS}
        inputs.update((name, value) for name, value in fresh.items() if name not in TEXT_INPUTS)
        if "position_ids" in inspect.signature(self.model.forward).parameters:  # they depend on the grid of every picture, known or not
            moved = {name: self._moved(value) for name, value in prompt.items()}
            inputs["position_ids"] = self.model._prepare_position_ids_for_generation(moved.pop("input_ids"), moved)
        return inputs, conversation

    def _moved(self, value: Any) -> Any:
        """On the model's device; numbers that are no ids in its dtype."""
        if not isinstance(value, Tensor):
            return value
        return value.to(self.model.device, self.model.dtype if value.is_floating_point() else None)

    def _decode(self, ids: list[int]) -> str:
        text: str = self.processor.tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return text


def _control_tokens(processor: Any) -> dict[int, str]:
    """The tokens, with their text, that make turns and pictures: no model may say them, and no person."""
    tokenizer = processor.tokenizer
    control = {token: added.content for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    control.update((tokenizer.convert_tokens_to_ids(text), text) for text in processor.all_special_multimodal_tokens)
    return {token: text for token, text in control.items() if not _ANSWERS.search(text)}


class _Chooser(LogitsProcessor):  # type: ignore[misc]  # it has no types
    """Bans tokens, penalizes those that stand in the talk already, and remembers how likely each was before that."""

    def __init__(self, banned: Tensor, penalty: float) -> None:
        self.banned = banned
        self.penalized = RepetitionPenaltyLogitsProcessor(penalty)
        self.likely = torch.empty(0)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        self.likely = scores.log_softmax(-1)
        penalized: Tensor = self.penalized(input_ids, scores)
        return penalized + self.banned


class _Follower(StoppingCriteria):  # type: ignore[misc]  # it has no types
    """Passes on each row's new token with its log probability. take: (row, token, log probability) -> whether that row is over."""

    def __init__(self, chooser: _Chooser, take: Callable[[int, int, float], bool]) -> None:
        self.chooser = chooser
        self.take = take

    def __call__(self, input_ids: Tensor, scores: Any, **options: Any) -> Tensor:
        tokens = input_ids[:, -1]
        likely = self.chooser.likely.gather(1, tokens[:, None])[:, 0].tolist()
        over = [self.take(row, token, likely[row]) for row, token in enumerate(tokens.tolist())]
        return torch.tensor(over, device=input_ids.device)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The layers of a model of any kind: the members of its outermost lists."""
    for child in module.children():
        yield from child if isinstance(child, nn.ModuleList) else _blocks(child)
