"""Loads a checkpoint with weights of 8 bits: each matrix is quantized as it is read, so that memory never holds the model in 16 bits."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForImageTextToText, GenerationConfig
from transformers.core_model_loading import ConversionOps
from transformers.quantizers import HfQuantizer, register_quantization_config, register_quantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from .linear import Int8Embedding, Int8Linear, Scratch

NAME = "zoomearth-int8"
MMAP_THRESHOLD = -3  # of mallopt, in malloc.h


def load_int8(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """The model and transformers' report of its loading. dtype: of activations and of what is no matrix.

    The files are read piece by piece: mapped into memory, as transformers does otherwise, all of them would count as used.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)  # nosec B615
    files: list[Any] = [safe_open(file, framework="pt", backend="pread") for file in sorted(folder.glob("*.safetensors"))]
    tensors = {name: file.get_slice(name) for file in files for name in file.keys()}  # noqa: SIM118
    with torch.device("meta"):
        kind = type(AutoModelForImageTextToText.from_config(config))
    quantization = _Config(Scratch(dtype))
    try:
        with _freed_memory_returned():
            model, report = kind.from_pretrained(  # nosec B615
                None, config=config, state_dict=tensors, dtype=dtype, quantization_config=quantization, output_loading_info=True
            )
    except RuntimeError:
        if quantization.failure:  # transformers says only that there was one
            raise quantization.failure from None
        raise
    if (folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)  # nosec B615
    return model, report


@contextlib.contextmanager
def _freed_memory_returned() -> Iterator[None]:
    """glibc keeps freed blocks of up to 32 MB for itself. Between the quantized matrices, those of the 16-bit ones would stay: 0.9 GB of a
    3B. While it is loaded, blocks from 1 MB on go back to the system."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(MMAP_THRESHOLD, 1 << 20)
    try:
        yield
    finally:
        if mallopt:
            mallopt(MMAP_THRESHOLD, 32 << 20)


@register_quantization_config(NAME)
class _Config(QuantizationConfigMixin):  # type: ignore[misc]
    def __init__(self, scratch: Scratch) -> None:
        self.quant_method = NAME
        self.scratch = scratch
        self.failure: Exception | None = None


@register_quantizer(NAME)
class _Quantizer(HfQuantizer):  # type: ignore[misc]
    """transformers' way of changing layers while their weights are read. A head of its own is changed at the end; one that shares the
    embeddings' matrix, which is the largest, with them when it is read."""

    def param_needs_quantization(self, model: Any, param_name: str, **_options: Any) -> bool:
        name, _, kind = param_name.rpartition(".")
        module = model.get_submodule(name)
        if kind != "weight":
            return False
        return _is_shared(model, module) or (isinstance(module, nn.Linear) and module is not model.get_output_embeddings())

    def get_quantize_ops(self) -> _Quantize:
        return _Quantize(self.quantization_config)

    def _process_model_after_weight_loading(self, model: Any, **_options: Any) -> Any:
        head = model.get_output_embeddings()
        if not isinstance(head, Int8Linear):
            model.set_output_embeddings(Int8Linear(head.weight, head.bias, self.quantization_config.scratch))
        return model

    def is_serializable(self) -> bool:
        return False

    @property
    def is_trainable(self) -> bool:
        return False


class _Quantize(ConversionOps):  # type: ignore[misc]
    def __init__(self, config: _Config) -> None:
        self.config = config

    def convert(
        self, input_dict: dict[str, Any], *, model: Any, full_layer_name: str, missing_keys: set[str], **_options: Any
    ) -> dict[str, Tensor]:
        """Puts the quantized layer in its place itself, so nothing is left for transformers to put there."""
        if self.config.failure:
            raise self.config.failure
        (weight,) = input_dict.values()
        weight = weight[0] if isinstance(weight, list) else weight
        parent, _, name = full_layer_name.removesuffix(".weight").rpartition(".")
        replaced = getattr(model.get_submodule(parent), name)
        shared = _is_shared(model, replaced)
        try:
            if weight.shape != replaced.weight.shape:
                raise ValueError(f"{full_layer_name} is of shape {tuple(weight.shape)} and not {tuple(replaced.weight.shape)}")
            layer = Int8Linear(weight, None if shared else replaced.bias, self.config.scratch)
        except Exception as error:
            self.config.failure = error
            raise
        layer._is_hf_initialized = True  # type: ignore[assignment]  # or transformers draws weights at random
        missing_keys.discard(full_layer_name)
        if shared:
            head = _name_of(model, model.get_output_embeddings())
            model.all_tied_weights_keys.pop(head, None)  # or transformers looks for the matrix that both had
            missing_keys.discard(head)
            model.set_output_embeddings(layer)
            embedding = Int8Embedding(layer)
            embedding._is_hf_initialized = True  # type: ignore[assignment]
            model.set_input_embeddings(embedding)
        else:
            setattr(model.get_submodule(parent), name, layer)
        return {}


def _is_shared(model: Any, module: nn.Module) -> bool:
    """Whether the module is the embeddings and the head has their matrix. Embeddings that do more than look up rows stay as they are."""
    if type(module) is not nn.Embedding or module is not model.get_input_embeddings():
        return False
    return _name_of(model, model.get_output_embeddings()) in model.all_tied_weights_keys


def _name_of(model: Any, module: nn.Module) -> str:
    """The name of the module's matrix."""
    return next(f"{name}.weight" for name, each in model.named_modules() if each is module)
