"""Fold a checkpoint into a plain folder, in bfloat16, that `zoomearth ask --model OUT` and vLLM load as they are:

    python -m zoomearth.training.merge RUN/checkpoint-500 OUT        (RUN itself: its last checkpoint)

A LoRA adapter is added to its base; a full checkpoint is only written again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..backend.engines.weights import load_weights
from ..core import texts
from ..core.errors import ModelError, ZoomEarthError
from ..core.files import beside
from ..core.profile import Profile
from .checkpoint import carry


def merge(folder: Path, out: Path, base: Path | None = None) -> Path:
    """Writes and returns `out`. base: where the adapter's base lies now, if it was moved. Raises ModelError."""
    from peft import PeftModel
    from transformers.trainer_utils import get_last_checkpoint

    if not (folder / "config.json").is_file() and not (folder / "adapter_config.json").is_file():
        last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
        if last is None:
            raise ModelError(f"{folder} holds no checkpoint.", "Give a checkpoint's folder, or that of a run.")
        folder = Path(last)
    if out.exists() and any(out.iterdir()):
        raise ModelError(f"{out} is not empty.", "Give a new folder: nothing is overwritten.")
    adapter = folder / "adapter_config.json"
    if adapter.is_file():
        base = base or Path(texts.read_object(adapter)["base_model_name_or_path"])
        if not (base / "config.json").is_file():
            raise ModelError(f"The adapter's base {base} is not here.", "Name the folder it lies in now with --base.")
    else:
        base = folder
    model = load_weights(base, "cpu", "bfloat16").model
    if adapter.is_file():
        model = PeftModel.from_pretrained(model, folder).merge_and_unload()
    with beside(out) as new:
        model.save_pretrained(new)
        carry(folder, new, Profile.of_folder(folder))
        if out.exists():
            out.rmdir()
    return out


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m zoomearth.training.merge", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, metavar="CHECKPOINT")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--base", type=Path, help="where the adapter's base lies, if it was moved")
    options = parser.parse_args(arguments)
    try:
        print(merge(options.folder, options.out, options.base))
    except ZoomEarthError as error:
        print(f"merge: {error.message}\n  {error.hint}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
