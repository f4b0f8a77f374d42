"""A processor for Qwen2.5-VL checkpoints that needs no torchvision: the stock one without its video half.

`servable` copies this file into a checkpoint folder, where transformers loads it by `auto_map`; so it imports nothing of this package.
"""

from __future__ import annotations

from typing import Any

from transformers import ProcessorMixin, Qwen2_5_VLProcessor


class ZoomEarthProcessor(Qwen2_5_VLProcessor):  # type: ignore[misc]  # it has no types
    """Pictures and text. transformers derives the needed parts from the signature of `__init__`."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None, **options: Any) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template, **options)
