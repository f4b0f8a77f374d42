"""A tiny Qwen2.5-VL checkpoint with random weights, for tests that run a model."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
CORPUS = """You look at a satellite picture. <think>The harbour lies in the north, look closer.</think>
[{"bbox_2d": [10, 20, 110, 120], "label": "northern harbour"}] <answer>red</answer> How many ships are at the southern harbour?
What colour are the planes at the airport? Éöü 日本語 текст 0123456789"""


def make_tiny(
    folder: Path,
    *,
    seed: int = 0,
    view: int = 56,
    kind: str = "qwen2_5_vl",
    text_config: Optional[dict] = None,
    vision_config: Optional[dict] = None,
    **profile: object,
) -> Path:
    """Writes a checkpoint of about 0.2 M parameters (float32) into `folder`: config, weights, byte-level BPE tokenizer, image processor
    and zoomearth.json (the zoomearth dialect with a short prompt, views of `view` pixels; `profile` overrides its entries).

    kind: qwen2_vl, qwen2_5_vl, qwen3_vl or qwen3_5.
    text_config, vision_config: entries of the configuration in place of ours. Its replies are noise; the same seed makes the same noise.
    """
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    tokenizer = tiny_tokenizer()
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]}
    text = {
        "vocab_size": len(tokenizer) + 5,  # more rows than tokens, as in the real ones
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 8192,
        "rope_parameters": rope,
        "initializer_range": 0.3,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "tie_word_embeddings": False,
    }
    patch = 16 if kind.startswith("qwen3") else 14
    vision = {"depth": 3, "num_heads": 2, "patch_size": patch, "spatial_merge_size": 2, "temporal_patch_size": 2, "initializer_range": 0.2}
    if kind == "qwen2_vl":
        vision |= {"embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2}
    else:
        vision |= {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64}
    if kind == "qwen2_5_vl":
        vision |= {"window_size": 56, "fullatt_block_indexes": [2]}
    if kind.startswith("qwen3"):
        vision |= {"num_position_embeddings": 64}
    if kind == "qwen3_vl":
        vision |= {"deepstack_visual_indexes": [0, 1]}
    config = AutoConfig.for_model(
        kind,
        text_config=text | (text_config or {}),
        vision_config=vision | (vision_config or {}),
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    model = AutoModelForImageTextToText.from_config(config).eval()
    torch.random.set_rng_state(state)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    pictures = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "min_pixels": (2 * patch) ** 2,
        "max_pixels": 1024 * 1024,
        "patch_size": patch,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": [0.48, 0.46, 0.41],
        "image_std": [0.27, 0.26, 0.28],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))
    about = {
        "name": "tiny",
        "dialect": "zoomearth",
        "system": "You look at a satellite picture.",
        "instruction": " Look closer where needed.",
        "policy": {"view": view, "max_zooms": 2, "least": view, "crop": "square", "multiple": 2 * patch, "native": None},
    }
    (folder / "zoomearth.json").write_text(json.dumps(about | profile))
    return folder


def tiny_tokenizer(**named: str):  # type: ignore[no-untyped-def]
    """Byte-level BPE like Qwen's: it encodes any text, and one character may take several tokens. named: further special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator([CORPUS], trainers.BpeTrainer(vocab_size=340, initial_alphabet=alphabet, show_progress=False))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_specific_special_tokens=named
    )
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    return tokenizer


@contextmanager
def dictated(engine, text):
    """Makes the model write `text`: its logits are changed, everything else runs as usual."""
    ids = iter(engine.weights.tokenizer(text, add_special_tokens=False).input_ids)

    def prefer(module, given, out):
        out = out.clone()
        if (token := next(ids, None)) is not None:
            out[..., token] += 1000
        return out

    hook = engine.weights.model.lm_head.register_forward_hook(prefer)
    try:
        yield
    finally:
        hook.remove()
