"""Checkpoints: loads a folder or a repository of the hub for training, and completes saved folders for serving.

A checkpoint has `zoomearth.json`, the base's tokenizer and image processor, and the chat template for serving, so that it is asked as it
was trained. A LoRA checkpoint has only the adapter: `merge` makes a plain folder of it.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ...backend.engines.weights import load_weights
from ...backend.models.store import bring, with_prompt_file
from ...core.atomic import write_whole
from ...core.catalogue import catalogue, of_hub
from ...core.errors import ModelError
from ...core.look import Policy
from ...core.profile import FILE, Profile
from . import trl_chat as chat
from .processing_zoomearth import ZoomEarthProcessor

# The paper's policy, for a base without a profile; with views of whole cells, and crops that contain the whole box (docs/method.md).
PAPER = {"view": 512, "max_zooms": 1, "least": 512, "crop": "grow", "multiple": 28}
LANGUAGE_LAYERS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
CARRIED = ("tokenizer*", "vocab*", "merges*", "special_tokens*", "added_tokens*", "*preprocessor_config.json")


@dataclass
class Start:
    """The start of a run. folder: of the base; ends: the tokens that end a reply."""

    folder: Path
    profile: Profile
    model: Any
    processor: Any
    ends: list[int]


def base_folder(name: str) -> Path:
    """The folder of a base, given as a folder, the id of one of our models, or a repository of the hub (which is downloaded). Raises
    ModelError.
    """
    folder = Path(name).expanduser()
    ours = catalogue().get(name)
    if ours:
        if not ours.here:
            raise ModelError(f"{name} has not been downloaded.", f"zoomearth models download {name}")
        folder = ours.folder
    elif not folder.is_dir():
        if name.count("/") != 1 or name.startswith((".", "/", "~")):
            raise ModelError(f"There is no model {name!r}: neither a folder, an id nor a repository.", "For the hub, write OWNER/NAME.")
        model = of_hub(name)
        folder = model.folder if model.here else bring(model)
    if (folder / "adapter_config.json").is_file():
        raise ModelError(f"{folder} is a LoRA adapter.", f"Merge it first: zoomearth merge {folder} OUT")
    return folder


def profile_of(name: str, folder: Path, policy: dict[str, Any], prompt_file: str = "", dialect: str = "") -> Profile:
    """The profile for the training: that of the base, with its dialect. A base without a profile gets the dialect `zoomearth` and the
    paper's policy. Raises ModelError.

    policy: entries that replace the profile's. prompt_file: an instruction that replaces ours, see `zoomearth ask --prompt-file`.
    """
    own = Profile.of_folder(folder) if (folder / FILE).is_file() else None
    if own is None or dialect not in ("", own.dialect.name):
        generated_only = own is not None and own.generated_only
        about = {"name": Path(name).name.lower(), "dialect": dialect or "zoomearth", "policy": PAPER, "generated_only": generated_only}
        own = Profile.from_dict(about)
    own = with_prompt_file(own, prompt_file)
    try:
        return replace(own, policy=replace(own.policy, **policy))
    except (TypeError, ValueError) as error:
        entries = ", ".join(Policy.__dataclass_fields__)
        raise ModelError(f"The policy is not valid: {error}.", f"Its entries are {entries}.") from error


def load(
    name: str, policy: dict[str, Any], prompt_file: str = "", dialect: str = "", *, full: bool = False, train_vision: bool = False
) -> Start:
    """A model ready for training, on this process's device; see `profile_of`. Raises ModelError.

    full: all weights are trained, in float32 (a LoRA's base stays in bfloat16 on a GPU). The vision tower is frozen unless train_vision.
    """
    folder = base_folder(name)
    profile = profile_of(name, folder, policy, prompt_file, dialect)
    gpu = torch.cuda.is_available()
    device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if gpu else "cpu"
    weights = load_weights(folder, device, "bfloat16" if gpu and not full else "float32")
    model, tokenizer = weights.model, weights.tokenizer
    if model.config.model_type != "qwen2_5_vl":
        raise ModelError(f"{folder} is a model of type {model.config.model_type!r}.", "Only Qwen2.5-VL checkpoints can be trained.")
    model.train().requires_grad_(True)
    model.model.visual.requires_grad_(train_vision)
    ends = chat.ends(tokenizer, profile.dialect)
    model.generation_config.eos_token_id = ends
    tokenizer.pad_token = "<|endoftext|>"
    cell = weights.pictures.patch_size * weights.pictures.merge_size
    if profile.policy.multiple % cell == 0:  # views of whole cells are not resized, whatever the base's limits are; serving does the same
        weights.pictures.size = {"shortest_edge": cell**2, "longest_edge": max(cell, profile.policy.view) ** 2}
    processor = ZoomEarthProcessor(weights.pictures, tokenizer)
    chat.teach(processor, profile.dialect)
    return Start(folder, profile, model, processor, ends)


def load_weights_into(model: Any, checkpoint: Path) -> None:
    """Loads a full checkpoint's weights into a model in training.

    The trainer's own resuming does not: save_pretrained writes the weights under older names, the trainer finds none of the model's names
    in the file, and continues from the base without an error (transformers 5.23).
    """
    model.load_state_dict(load_weights(checkpoint, "cpu", "float32").model.state_dict())


def lora(rank: int) -> Any:
    """Adapters of the language model. Alpha is twice the rank: a common choice, not tuned."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LANGUAGE_LAYERS, task_type="CAUSAL_LM")


def carry(base: Path, folder: Path, profile: Profile) -> None:
    """Completes a saved folder for serving: see the module's docstring."""
    for pattern in CARRIED:
        for file in folder.glob(pattern):  # replaces the trainer's copies, which are for training
            file.unlink()
        for file in base.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    (folder / "processor_config.json").unlink(missing_ok=True)
    serving = chat.TEMPLATES / f"{profile.dialect.template}.jinja"
    shutil.copyfile(serving, folder / "chat_template.jinja")
    write_whole(folder / FILE, json.dumps(profile.to_dict(), indent=2) + "\n")
