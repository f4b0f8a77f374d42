"""The demo model: a nano Qwen2_5_VLForConditionalGeneration and its word-level tokenizer, from scratch.

Stock architecture and file formats: `from_pretrained` of transformers loads the export. Differences because of its size: position
frequencies for a 6 x 6 grid of image tokens (the published ones hardly distinguish so few positions), a vocabulary of a few hundred words
in which every integer from 0 to 255 is one token, and number embeddings that are initialised as sines, so that near numbers are similar.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from ...core.errors import ModelError
from ...core.marks import request
from ..scenes import marks, requests
from ..scenes.questions import DIRECTIONS, vocabulary
from ..scenes.render import VIEW
from ..scenes.scene import COLORS, HEADINGS, SETTINGS, SHAPES, SITES, TERRAIN

PATCH = 14
GRID = VIEW // (2 * PATCH)
"""Image tokens per side of a view."""
MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
NUMBERS = 256
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
PIECES = ["<think>", "</think>", "<answer>", "</answer>", '[{"bbox_2d": [', '], "label": "', '"}]', ", ", " (", ") (", ")"]
PIECES += ['"}, {"bbox_2d": [', "[]", '<tool_call>{"name": "', '", "arguments": {"bbox_2d": [', '", "verb": "', '"}}</tool_call>']
_SPLIT = Regex(r" ?[a-z]+|[0-9]+|\n|[^\sa-z0-9]|\s")


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A word-level tokenizer. Tokens include their leading space, so that decoding restores the text."""
    split = pre_tokenizers.Split(_SPLIT, behavior="isolated")
    marking = [request(noun, places) for noun in marks.NOUNS.values() for places in (False, True)]
    texts = [*vocabulary(), *requests.vocabulary(), *marking]
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    for word in [*COLORS, *SHAPES, *HEADINGS, *SETTINGS, *TERRAIN, *SITES, *DIRECTIONS, "yes", "no", "system", "user", "assistant"]:
        pieces |= {word, " " + word}
    for about in SITES.values():
        pieces |= {about.objects, about.landmark, " " + about.objects, " " + about.landmark}
    for name in SITES:
        pieces |= {name + "s", f" {name}s", marks.NOUNS[name]}
    words = [*sorted(pieces | {"\n", " ", ".", "?", ","}), *map(str, range(NUMBERS))]
    ids = {token: i for i, token in enumerate([*SPECIAL, "<unk>", *PIECES, *words])}
    core = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    spelling = [normalizers.Replace("colour", "color"), normalizers.Replace("harbour", "harbor")]
    core.normalizer = normalizers.Sequence([normalizers.Lowercase(), *spelling])
    core.pre_tokenizer = split
    core.decoder = decoders.Fuse()
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    core.add_tokens([AddedToken(piece, normalized=False) for piece in PIECES])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="<unk>",
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def make_model(
    tokenizer: PreTrainedTokenizerFast,
    vision: tuple[int, int, int] = (128, 3, 4),
    text: tuple[int, int, int, int] = (128, 4, 4, 2),
    spread: float = 0.05,
) -> Qwen2_5_VLForConditionalGeneration:
    """Random weights. vision: width, depth, heads; text: width, depth, heads, key-value heads; spread: of the initial weights."""
    ids = tokenizer.get_vocab()
    width, depth, heads, kv_heads = text
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(ids),
            "hidden_size": width,
            "intermediate_size": 2 * width,
            "num_hidden_layers": depth,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "max_position_embeddings": 4096,
            "initializer_range": spread,
            "rope_parameters": {"rope_type": "default", "rope_theta": 50.0, "mrope_section": [1] * (width // heads // 2)},
            "bos_token_id": ids["<|im_start|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "tie_word_embeddings": False,
        },
        vision_config={
            "hidden_size": vision[0],
            "depth": vision[1],
            "num_heads": vision[2],
            "intermediate_size": 2 * vision[0],
            "out_hidden_size": width,
            "patch_size": PATCH,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "fullatt_block_indexes": list(range(vision[1])),
            "rope_parameters": {"rope_type": "axial", "rope_theta": 100.0},
            "initializer_range": spread,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    model = Qwen2_5_VLForConditionalGeneration(config)
    steps = torch.exp(torch.linspace(math.log(math.pi / NUMBERS), math.log(2 * math.pi / 8), width // 2))
    waves = torch.arange(NUMBERS)[:, None] * steps
    rows = slice(ids["0"], ids["0"] + NUMBERS)
    with torch.no_grad():
        for weight in (model.model.language_model.embed_tokens.weight, model.lm_head.weight):
            weight[rows] = torch.cat([waves.sin(), waves.cos()], 1) * 0.05
    return model


def shape_of(folder: Path) -> tuple[tuple[int, int, int], tuple[int, int, int, int]]:
    """The shape of an exported demo model, as `make_model` takes it: vision and text. Raises ModelError where it is none."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        see, read = config["vision_config"], config["text_config"]
        text = read["hidden_size"], read["num_hidden_layers"], read["num_attention_heads"], read["num_key_value_heads"]
        return (see["hidden_size"], see["depth"], see["num_heads"]), text
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder} has no configuration of a demo model.", "Give a folder of `zoomearth demo pretrain export`.") from error


def take_over(model: Qwen2_5_VLForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Gives a new model the weights of an exported one of the same shape, whose vocabulary may be smaller.

    A token that the old model lacks keeps its random rows of embedding and output; the singular of a known plural begins with its rows.
    """
    existing = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).state_dict()
    known = PreTrainedTokenizerFast.from_pretrained(folder).get_vocab()
    ids = tokenizer.get_vocab()
    sources = {row: known[name] for token, row in ids.items() if (name := token if token in known else token + "s") in known}
    for name, weight in model.state_dict().items():
        if weight.shape[0] == len(ids) and existing[name].shape != weight.shape:
            grown = weight.clone()
            grown[list(sources)] = existing[name][list(sources.values())]
            existing[name] = grown
    model.load_state_dict(existing)


def patches(picture: np.ndarray) -> np.ndarray:
    """The patches of a (view, view, 3) uint8 picture, as the image processor cuts it: (patches, 3 * 14 * 14), in groups of 2 x 2."""
    pixels = (picture.astype(np.float32) / 255 - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    n = picture.shape[0] // (2 * PATCH)
    cells: np.ndarray = pixels.reshape(n, 2, PATCH, n, 2, PATCH, 3).transpose(0, 3, 1, 4, 6, 2, 5).reshape(4 * n * n, -1)
    return cells


def export(model: Qwen2_5_VLForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, folder: Path, card: dict[str, Any]) -> None:
    """Writes a checkpoint folder for stock transformers and `zoomearth ask`; an older one is replaced only after that succeeded.

    card: the content of `trained_on`. The model is in bfloat16 afterwards.
    """
    config = model.config
    model.generation_config = GenerationConfig(
        do_sample=False,
        bos_token_id=config.text_config.bos_token_id,
        eos_token_id=config.text_config.eos_token_id,
        pad_token_id=config.text_config.pad_token_id,
    )
    beside = folder.with_name(folder.name + ".part")
    model.to(torch.bfloat16).save_pretrained(beside)
    tokenizer.save_pretrained(beside)
    processor = {
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor",
        "size": {"shortest_edge": (2 * PATCH) ** 2, "longest_edge": (8 * VIEW) ** 2},
        "min_pixels": (2 * PATCH) ** 2,
        "max_pixels": (8 * VIEW) ** 2,
        "patch_size": PATCH,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": MEAN,
        "image_std": STD,
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "rescale_factor": 1 / 255,
        "resample": 3,
    }
    policy = {"view": VIEW, "max_zooms": 1, "least": VIEW, "crop": "square", "multiple": 2 * PATCH, "native": None}
    demo: dict[str, Any] = {"name": "zoomearth-demo", "dialect": "zoomearth", "system": "", "instruction": "", "policy": policy}
    demo |= {"generated_only": True, "places": True, "trained_on": card}
    for name, content in (("preprocessor_config.json", processor), ("zoomearth.json", demo)):
        (beside / name).write_text(json.dumps(content, indent=2) + "\n")
    folder.mkdir(parents=True, exist_ok=True)
    for file in beside.iterdir():
        file.chmod(0o644)
        file.replace(folder / file.name)
    beside.rmdir()
