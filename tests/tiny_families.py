"""Tiny checkpoints with random weights of families that the stock engine runs: everything real but the knowledge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from tiny import make_tiny, tiny_tokenizer

TEMPLATE = """{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\n' }}
{%- for part in message.content %}{% if part.type == 'image' %}{{ 'IMAGE' }}{% else %}{{ part.text }}{% endif %}{% endfor -%}
{{ '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif -%}"""
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 8192,
    "initializer_range": 0.3,
    "tie_word_embeddings": False,
}
SIGLIP = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 56,
    "patch_size": 14,
    "initializer_range": 0.2,
}
MEAN = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}
SIDE = {"height": 56, "width": 56}


def make_family(folder: Path, kind: str) -> Path:
    """Writes a checkpoint of a family of FAMILIES into `folder`, as a stranger would: without zoomearth.json."""
    FAMILIES[kind](folder)
    (folder / "zoomearth.json").unlink(missing_ok=True)
    return folder


def _qwen(kind: str, **text: Any) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        make_tiny(folder, kind=kind, text_config=text)
        _template(folder, "<|vision_start|><|image_pad|><|vision_end|>")

    return make


def _template(folder: Path, image: str) -> None:
    (folder / "chat_template.jinja").write_text(TEMPLATE.replace("IMAGE", image), encoding="utf-8")


def _save(folder: Path, kind: str, tokenizer: Any, config: dict[str, Any], files: dict[str, dict[str, Any]], image: str) -> None:
    """config: of the model, its text_config without what all families have. files: of the processor. image: as the chat template has it."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    text = {
        **TEXT,
        "vocab_size": len(tokenizer) + 5,
        "eos_token_id": end,
        "pad_token_id": 0,
        "bos_token_id": None,
        **config.pop("text_config", {}),
    }
    made = AutoConfig.for_model(kind, text_config=text, tie_word_embeddings=False, **config)
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(made).eval()
    for parameter in model.parameters():
        if parameter.dim() == 2 and not parameter.any():  # Gemma 3 would see nothing
            torch.nn.init.normal_(parameter, std=0.3)
    torch.random.set_rng_state(state)
    model.generation_config.eos_token_id = end
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    _template(folder, image)


def _gemma3(folder: Path) -> None:
    tokenizer = tiny_tokenizer(boi_token="<start_of_image>", eoi_token="<end_of_image>", image_token="<image_soft_token>")
    ids = tokenizer.convert_tokens_to_ids
    _save(
        folder,
        "gemma3",
        tokenizer,
        {
            "text_config": {
                "model_type": "gemma3_text",
                "sliding_window": 32,
                "layer_types": ["sliding_attention", "full_attention"] * 2,
                "num_hidden_layers": 4,
                "query_pre_attn_scalar": 16,
            },
            "vision_config": {"model_type": "siglip_vision_model", **SIGLIP},
            "mm_tokens_per_image": 4,
            "boi_token_index": ids("<start_of_image>"),
            "eoi_token_index": ids("<end_of_image>"),
            "image_token_index": ids("<image_soft_token>"),
        },
        {
            "preprocessor_config.json": {"image_processor_type": "Gemma3ImageProcessor", "size": SIDE, **MEAN},
            "processor_config.json": {"processor_class": "Gemma3Processor", "image_seq_length": 4},
        },
        "<start_of_image>",
    )


def _gemma4(folder: Path) -> None:
    tokenizer = tiny_tokenizer(
        boi_token="<|image>",
        eoi_token="<image|>",
        image_token="<|image|>",
        audio_token="<|audio|>",
        boa_token="<|audio>",
        eoa_token="<audio|>",
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|video|>"]}, replace_extra_special_tokens=False)
    ids = tokenizer.convert_tokens_to_ids
    _save(
        folder,
        "gemma4",
        tokenizer,
        {
            "text_config": {
                "model_type": "gemma4_text",
                "sliding_window": 32,
                "layer_types": ["sliding_attention", "full_attention"] * 2,
                "num_hidden_layers": 4,
                "num_kv_shared_layers": 2,
                "hidden_size_per_layer_input": 8,
                "vocab_size_per_layer_input": len(tokenizer) + 5,
                "use_bidirectional_attention": "vision",
                "global_head_dim": 16,
            },
            "vision_config": {
                "model_type": "gemma4_vision",
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "head_dim": 16,
                "patch_size": 14,
                "pooling_kernel_size": 2,
                "position_embedding_size": 64,
                "initializer_range": 0.2,
            },
            "audio_config": None,
            "boi_token_id": ids("<|image>"),
            "eoi_token_id": ids("<image|>"),
            "image_token_id": ids("<|image|>"),
            "video_token_id": ids("<|video|>"),
            "audio_token_id": ids("<|audio|>"),
            "boa_token_id": ids("<|audio>"),
            "eoa_token_index": ids("<audio|>"),
        },
        {
            "preprocessor_config.json": {
                "image_processor_type": "Gemma4ImageProcessor",
                "feature_extractor_type": "Gemma4AudioFeatureExtractor",
                "patch_size": 14,
                "pooling_kernel_size": 2,
                "max_soft_tokens": 70,
                **MEAN,
            },
            "processor_config.json": {"processor_class": "Gemma4Processor", "image_seq_length": 70},
        },
        "<|image|>",
    )


def _internvl(folder: Path) -> None:
    tokenizer = tiny_tokenizer(
        start_image_token="<img>", end_image_token="</img>", context_image_token="<IMG_CONTEXT>", video_token="<video>"
    )
    _save(
        folder,
        "internvl",
        tokenizer,
        {
            "text_config": {"model_type": "qwen3"},
            "vision_config": {"model_type": "internvl_vision", **SIGLIP, "image_size": [56, 56], "patch_size": [14, 14]},
            "image_token_id": tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
            "image_seq_length": 4,
        },
        {
            "preprocessor_config.json": {
                "image_processor_type": "GotOcr2ImageProcessor",
                "size": SIDE,
                "crop_to_patches": False,
                "min_patches": 1,
                "max_patches": 4,
                **MEAN,
            },
            "processor_config.json": {"processor_class": "InternVLProcessor", "image_seq_length": 4},
        },
        "<IMG_CONTEXT>",
    )


def _idefics3(folder: Path) -> None:
    tokenizer = tiny_tokenizer(
        image_token="<image>", fake_image_token="<fake_token_around_image>", end_of_utterance_token="<end_of_utterance>"
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<global-img>", *(f"<row_{row}_col_{col}>" for row in (1, 2) for col in (1, 2))]},
        replace_extra_special_tokens=False,
    )
    _save(
        folder,
        "idefics3",
        tokenizer,
        {
            "text_config": {"model_type": "llama"},
            "vision_config": {"model_type": "idefics3_vision", **SIGLIP},
            "scale_factor": 2,
            "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
        },
        {
            "preprocessor_config.json": {
                "image_processor_type": "Idefics3ImageProcessor",
                "size": {"longest_edge": 112},
                "max_image_size": {"longest_edge": 56},
                **MEAN,
            },
            "processor_config.json": {"processor_class": "Idefics3Processor", "image_seq_len": 4},
        },
        "<image>",
    )


def _llava_onevision(folder: Path) -> None:
    tokenizer = tiny_tokenizer(image_token="<image>", video_token="<video>")
    grid = [[56, 56], [56, 112], [112, 56], [112, 112]]
    _save(
        folder,
        "llava_onevision",
        tokenizer,
        {
            "text_config": {"model_type": "qwen2"},
            "vision_config": {"model_type": "siglip_vision_model", **SIGLIP, "vision_use_head": False},
            "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
            "video_token_id": tokenizer.convert_tokens_to_ids("<video>"),
            "image_grid_pinpoints": grid,
            "vision_feature_select_strategy": "full",
            "vision_feature_layer": -1,
        },
        {
            "preprocessor_config.json": {
                "image_processor_type": "LlavaOnevisionImageProcessor",
                "size": SIDE,
                "image_grid_pinpoints": grid,
                **MEAN,
            },
            "processor_config.json": {
                "processor_class": "LlavaOnevisionProcessor",
                "num_image_tokens": 16,
                "vision_feature_select_strategy": "full",
            },
        },
        "<image>",
    )


FAMILIES: dict[str, Callable[[Path], None]] = {
    "qwen2_vl": _qwen("qwen2_vl"),
    "qwen2_5_vl": _qwen("qwen2_5_vl"),
    "qwen3_vl": _qwen("qwen3_vl"),
    "qwen3_5": _qwen(
        "qwen3_5",
        layer_types=["linear_attention", "full_attention", "linear_attention"],
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
    ),
    "gemma3": _gemma3,
    "gemma4": _gemma4,
    "internvl": _internvl,
    "idefics3": _idefics3,
    "llava_onevision": _llava_onevision,
}
