"""Folders laid out as on the hub, with Qwen's real vocabulary and small random weights: Qwen2-VL, Qwen2.5-VL and Qwen3-VL.

The vocabulary is in the pip package dashscope (Apache-2.0), as ranks of tokens; the merges follow from them. Sizes are small, shapes are
true: 151,936 rows, heads of 128, tied embeddings, two shards with an index, the parameter names of the hub.
"""

from __future__ import annotations

import base64
import json
import shutil
from importlib.metadata import files
from pathlib import Path
from typing import Any

FIRST = 151643  # id of the first added token
ADDED = [
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>"),
    *("<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
    *("<tool_call>", "</tool_call>"),
    *("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
]
SPECIAL = 14  # the first of them are; the others are plain text that happens to be one token
ADDED_BY_QWEN3 = ["<tool_response>", "</tool_response>", "<think>", "</think>"]
ROWS = 151936
TEMPLATE = (
    "{%- for message in messages -%}{{ '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}"
    "{% if part.type == 'image' %}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}{% else %}{{ part.text }}{% endif %}"
    "{%- endfor %}{% endif %}{{ '<|im_end|>\\n' }}{% endfor -%}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif -%}"
)


def make_vocabulary(folder: Path) -> Path:
    """Writes vocab.json and merges.txt into `folder`; takes some seconds."""
    (source,) = (file.locate() for file in files("dashscope") or () if file.name == "qwen.tiktoken")
    ranks = {
        base64.b64decode(token): int(rank) for token, rank in (line.split() for line in Path(source).read_bytes().splitlines() if line)
    }
    letters = _letters()

    def spelt(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    merges = [" ".join(map(spelt, _parts(token, ranks))) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(
        json.dumps({spelt(token): rank for token, rank in ranks.items()}, ensure_ascii=False), encoding="utf-8"
    )
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    return folder


def _parts(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """The two tokens of lower rank that a token is merged from: what byte-pair encoding leaves of it without itself."""
    parts = [token[at : at + 1] for at in range(len(token))]
    while len(parts) > 2:
        at = min(range(len(parts) - 1), key=lambda at: ranks.get(parts[at] + parts[at + 1], len(ranks)))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _letters() -> list[str]:
    """The printable character that stands for each byte in the files of a byte-level vocabulary."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(0x100)]


def make_true(folder: Path, vocabulary: Path, kind: str, names: str = "old") -> Path:
    """Writes a checkpoint. vocabulary: of `make_vocabulary`. kind: qwen2_vl, qwen2_5_vl, qwen3_vl. names: of the parameters, "old", as on
    the hub for the first two, or "new", as transformers 5 has them."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForImageTextToText

    folder.mkdir(parents=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(vocabulary / name, folder / name)
    _write(folder, "config.json", _config(kind))
    _write(
        folder,
        "generation_config.json",
        {
            "bos_token_id": FIRST,
            "pad_token_id": FIRST,
            "do_sample": True,
            "temperature": 0.1,
            "eos_token_id": [FIRST + 2, FIRST],
            "repetition_penalty": 1.05,
        },
    )
    _write(folder, "chat_template.json", {"chat_template": TEMPLATE})
    _write(folder, "tokenizer_config.json", _tokenizer_config(kind))
    _write(folder, "preprocessor_config.json", _preprocessor(kind))
    config = AutoConfig.from_pretrained(folder)
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config).eval()
    torch.random.set_rng_state(state)
    tensors = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    if names == "old":
        tensors = {
            name.replace("model.visual.", "visual.").replace("model.language_model.", "model."): tensor for name, tensor in tensors.items()
        }
    shards = [dict(list(tensors.items())[half::2]) for half in (0, 1)]
    files = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for shard, file in zip(shards, files):
        save_file(shard, folder / file, metadata={"format": "pt"})
    total = sum(tensor.nbytes for tensor in tensors.values())
    places = {name: file for shard, file in zip(shards, files) for name in shard}
    _write(folder, "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": places})
    return folder


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _config(kind: str) -> dict[str, Any]:
    text = {
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "hidden_act": "silu",
        "initializer_range": 0.1,
        "max_position_embeddings": 128000,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "attention_dropout": 0.0,
        "use_cache": True,
        "bos_token_id": FIRST,
        "eos_token_id": FIRST + 2,
        "vocab_size": ROWS,
        "tie_word_embeddings": True,
    }
    vision: dict[str, Any] = {
        "depth": 3,
        "num_heads": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "initializer_range": 0.1,
    }
    shared = {
        "architectures": [{"qwen2_vl": "Qwen2VL", "qwen2_5_vl": "Qwen2_5_VL", "qwen3_vl": "Qwen3VL"}[kind] + "ForConditionalGeneration"],
        "model_type": kind,
        "tie_word_embeddings": True,
        "image_token_id": FIRST + 12,
        "video_token_id": FIRST + 13,
        "vision_start_token_id": FIRST + 9,
        "vision_end_token_id": FIRST + 10,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.41.2",
    }
    if kind == "qwen3_vl":
        rope = {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"}
        vision |= {"hidden_size": 64, "intermediate_size": 128, "out_hidden_size": 256, "patch_size": 16, "in_channels": 3}
        vision |= {"num_position_embeddings": 2304, "deepstack_visual_indexes": [0, 1, 2], "model_type": "qwen3_vl"}
        return {
            **shared,
            "text_config": {**text, "head_dim": 128, "model_type": "qwen3_vl_text", "rope_scaling": rope},
            "vision_config": vision,
        }
    if kind == "qwen2_5_vl":
        vision |= {"hidden_size": 64, "intermediate_size": 128, "out_hidden_size": 256, "in_chans": 3, "spatial_patch_size": 14}
        vision |= {"window_size": 112, "fullatt_block_indexes": [2], "tokens_per_second": 2, "hidden_act": "silu"}
    else:
        vision |= {"embed_dim": 64, "hidden_size": 256, "mlp_ratio": 2, "in_chans": 3, "spatial_patch_size": 14}
    flat = {"use_sliding_window": False, "sliding_window": 32768, "max_window_layers": 3, "vision_token_id": FIRST + 11}
    return {**text, **flat, **shared, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "vision_config": vision}


def _tokenizer_config(kind: str) -> dict[str, Any]:
    added = [*ADDED, *(ADDED_BY_QWEN3 if kind == "qwen3_vl" else [])]
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    return {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "add_bos_token": False,
        "added_tokens_decoder": {str(FIRST + at): {"content": text, "special": at < SPECIAL, **plain} for at, text in enumerate(added)},
        "additional_special_tokens": ADDED[1:SPECIAL],
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "clean_up_tokenization_spaces": False,
        "errors": "replace",
        "model_max_length": 131072,
        "split_special_tokens": False,
        "chat_template": TEMPLATE,
    }


def _preprocessor(kind: str) -> dict[str, Any]:
    if kind == "qwen3_vl":
        mean = [0.5, 0.5, 0.5]
        limits: dict[str, Any] = {
            "size": {"longest_edge": 16777216, "shortest_edge": 65536},
            "patch_size": 16,
            "processor_class": "Qwen3VLProcessor",
        }
        return {
            **limits,
            "temporal_patch_size": 2,
            "merge_size": 2,
            "image_mean": mean,
            "image_std": mean,
            "image_processor_type": "Qwen2VLImageProcessorFast",
        }
    return {
        "min_pixels": 3136,
        "max_pixels": 12845056,
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor" if kind == "qwen2_5_vl" else "Qwen2VLProcessor",
    }
