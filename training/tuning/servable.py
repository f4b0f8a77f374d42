"""`zoomearth servable`: makes a folder that `transformers serve` can host, with or without torchvision:

    zoomearth servable FOLDER OUT
    transformers serve OUT --trust-remote-code          # on a CPU with --dtype float32, for the same replies as the local engine's
    zoomearth ask scene.tif "..." --model FOLDER --remote http://localhost:8000 --remote-model OUT

A server gets messages and needs the layout of the conversation: `chat_template.jinja` writes exactly what the dialect's `layout()` writes
for the local engine. vLLM and SGLang take FOLDER itself, as the scripts in resources/serving do.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...core import texts
from ...core.atomic import link_or_copy
from ...core.errors import ModelError
from ...core.paths import RESOURCES
from ...core.profile import Profile
from .new_folder import new_folder

TEMPLATES = RESOURCES / "templates"
PROCESSOR = Path(__file__).with_name("processing_zoomearth.py")
LEFT_OUT = ("chat_template.json", "chat_template.jinja", "processor_config.json", "video_preprocessor_config.json")

# The part of the conversation that a server sends back: everything since the last crop or the beginning of the turn, as plain text. The
# stock template of this model family would also send back the turn's earlier views, and remove <think> from the text.
RESPONSE = {
    "defaults": {"role": "assistant"},
    "start_anchor": ["<|im_start|>assistant\n", "<|vision_end|>"],
    "fields": {"content": {"close_pattern": r"(?:<\|im_end\|>|<\|endoftext\|>)", "content": "text"}},
}


def servable(folder: Path, out: Path) -> Path:
    """Writes `out`, a servable copy of the checkpoint `folder` (weights are hard links where the disk allows); returns `out`.

    Raises ModelError where `folder` is no checkpoint or `out` is not empty.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is no checkpoint: config.json is missing.", "Give the folder of a model's files.")
    profile = Profile.of_folder(folder)
    with new_folder(out) as new:
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.name not in LEFT_OUT:
                link_or_copy(file, new / file.name)
        shutil.copyfile(PROCESSOR, new / PROCESSOR.name)
        shutil.copyfile(TEMPLATES / f"{profile.dialect.template}.jinja", new / "chat_template.jinja")
        _amend(new / "tokenizer_config.json", response_template=RESPONSE)
        _amend(new / "preprocessor_config.json", image_processor_type="Qwen2VLImageProcessor")
        _amend(new / "generation_config.json", suppress_tokens=_suppressed_tokens(new), repetition_penalty=profile.repetition_penalty)
        where = f"{PROCESSOR.stem}.ZoomEarthProcessor"
        _amend(new / "processor_config.json", processor_class="ZoomEarthProcessor", auto_map={"AutoProcessor": where})
    return out


def _suppressed_tokens(folder: Path) -> list[int]:
    """Tokens that are for prompts only, and rows of the embedding without a token. The local engine bans the same."""
    tokens = texts.read_object(folder / "tokenizer.json")
    config = texts.read_object(folder / "config.json")
    generation = folder / "generation_config.json"
    ends = texts.read_object(generation).get("eos_token_id") if generation.is_file() else None
    ends = ends if isinstance(ends, list) else [ends]
    added = {token["id"]: token for token in tokens["added_tokens"]}
    special = {number for number, token in added.items() if token["special"] and number not in ends and token["content"] != "<|im_end|>"}
    first_unused = max([*added, *tokens["model"]["vocab"].values()]) + 1
    rows = config.get("text_config", config)["vocab_size"]
    return sorted(special.union(range(first_unused, rows)))


def _amend(file: Path, **entries: Any) -> None:
    data = texts.read_object(file) if file.is_file() else {}
    data.update(entries)
    data.pop("chat_template", None)  # chat_template.jinja is the only one
    file.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def command(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of a model's files")
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    parser.examples("zoomearth servable runs/merged served", "transformers serve served --trust-remote-code")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    out = servable(options.folder, options.out)
    print(f"{out}: transformers serve {out} --trust-remote-code")
    return 0
