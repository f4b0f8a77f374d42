"""A checkpoint's own processor, for pictures and text only.

transformers builds a processor from all its parts, and the one for videos needs torchvision, which no picture does. So the parts are
loaded one by one here, with nothing in the place of videos, and pictures are made ready by Pillow wherever the family can.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from transformers import AutoConfig, AutoFeatureExtractor, AutoImageProcessor, AutoTokenizer
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

from ...core.errors import ModelError

PACKAGES = ("torchvision", "num2words")  # that some families need: resources/requirements/stock.txt


def load_processor(folder: Path) -> Any:
    """The processor of the checkpoint in `folder`, without its video half.

    Raises ModelError where the family has none, where the folder lacks the chat template, or where a package is missing; transformers'
    own errors for a folder that is damaged.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)  # nosec B615: a folder on this disk
    kind = PROCESSOR_MAPPING.get(type(config), None)
    if kind is None:
        raise ModelError(f"{folder} holds a model of type {config.model_type!r}, which reads no pictures.", "Choose another model.")
    try:
        entries, _ = kind.get_processor_dict(folder, local_files_only=True)
        parts = [None if part == "video_processor" else _part(folder, part) for part in kind.get_attributes()]
        processor: Any = _without_videos(kind).from_args_and_dict(parts, entries)
    except (ImportError, ValueError) as error:
        package = next((name for name in PACKAGES if name in str(error).lower()), None)
        if package is None:
            raise
        raise ModelError(
            f"{folder} holds a model of type {config.model_type!r}, which needs {package}.", "Install it: pip install 'zoomearth[stock]'"
        ) from error
    if processor.chat_template is None:
        processor.chat_template = processor.tokenizer.chat_template
    if processor.chat_template is None:
        raise ModelError(f"{folder} has no chat template.", "Download the model again, or choose one that is tuned to instructions.")
    return processor


def _part(folder: Path, name: str) -> Any:
    """The tokenizer, the processor of pictures or that of sounds."""
    load: Callable[..., Any] = {
        "tokenizer": AutoTokenizer.from_pretrained,
        "image_processor": AutoImageProcessor.from_pretrained,
        "feature_extractor": AutoFeatureExtractor.from_pretrained,
    }[name]
    options = {"backend": "pil"} if name == "image_processor" else {}
    return load(folder, local_files_only=True, trust_remote_code=False, **options)


def _without_videos(kind: Any) -> Any:
    """The class of a processor that takes None for its processor of videos."""

    def check(self: Any, name: str, argument: Any) -> Any:
        return None if name == "video_processor" else kind.check_argument_for_proper_class(self, name, argument)

    return type(kind.__name__, (kind,), {"check_argument_for_proper_class": check})
