"""`zoomearth merge`: makes a plain model folder in bfloat16 of a checkpoint, for `zoomearth ask --model OUT` and vLLM.

    zoomearth merge RUN/checkpoint-500 OUT        (RUN alone: its last checkpoint)

A LoRA adapter is added to its base; a full checkpoint is only converted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...backend.cli.parser import Parser
from ...backend.engines.weights import load_weights
from ...core import texts
from ...core.errors import ModelError
from ...core.profile import Profile
from .checkpoint import carry
from .new_folder import new_folder


def merge(folder: Path, out: Path, base: Path | None = None) -> Path:
    """Writes and returns `out`. base: the folder of the adapter's base, if it was moved. Raises ModelError."""
    from peft import PeftModel
    from transformers.trainer_utils import get_last_checkpoint

    if not (folder / "config.json").is_file() and not (folder / "adapter_config.json").is_file():
        last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
        if last is None:
            raise ModelError(f"{folder} has no checkpoint.", "Give the folder of a checkpoint, or of a run.")
        folder = Path(last)
    adapter = folder / "adapter_config.json"
    if adapter.is_file():
        base = base or Path(texts.read_object(adapter)["base_model_name_or_path"])
        if not (base / "config.json").is_file():
            raise ModelError(f"The adapter's base {base} does not exist.", "Give the folder of the base with --base.")
    else:
        base = folder
    with new_folder(out) as new:
        model = load_weights(base, "cpu", "bfloat16").model
        if adapter.is_file():
            model = PeftModel.from_pretrained(model, folder).merge_and_unload()
        model.save_pretrained(new)
        carry(folder, new, Profile.of_folder(folder))
    return out


def command(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="CHECKPOINT", help="a checkpoint's folder, or a run's: its last checkpoint")
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="where the adapter's base model is, if it was moved")
    parser.examples("zoomearth merge runs/sft runs/sft-merged", "zoomearth merge runs/grpo/checkpoint-500 my-model --base models/base")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    print(merge(options.folder, options.out, options.base))
    return 0
