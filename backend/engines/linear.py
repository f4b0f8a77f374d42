"""Linear layers whose weights are held in fewer bits than the processor computes in, so that a large model fits and is still fast.

    widen(model)                            # on a processor; 16-bit weights where it has no arithmetic for them
    Int8Linear(weight, bias, scratch)       # weights of 8 bits, one scale a row

A pass over many tokens is limited by arithmetic: there each matrix is widened, block by block, into one buffer that all layers share, and
multiplied by the processor's fastest routine. A pass over a few tokens is limited by memory: there the narrow weights are read once and
multiplied as they are. Sums are kept in float32 and rounded once either way.
"""

from __future__ import annotations

import functools
import time
from typing import Any, Callable

import torch
from torch import Tensor, nn

WIDE = 16  # tokens from which widening 16-bit weights is faster: measured on AVX2, 2048 x 11008 and 2048 x 2048
WIDE_INT8 = 64  # and for 8-bit weights, which have a routine of their own
BLOCK = 24_000_000  # numbers widened at once, 96 MB: one matrix of a 3B model's layers


class Scratch:
    """The buffer that matrices are widened into, and the number format of the multiplication: float32, or `dtype` where that is fast."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = torch.float32 if is_slow(dtype) else dtype
        self._buffer = torch.empty(0, dtype=self.dtype)

    def product(self, x: Tensor, weight: Tensor, scale: Tensor | None, bias: Tensor | None) -> Tensor:
        """x: [..., in], weight: [out, in] and scale: [out] -> [..., out] in x's dtype."""
        wide, rows, columns = x.to(self.dtype), *weight.shape
        out = x.new_empty(*x.shape[:-1], rows)
        step = max(1, BLOCK // columns)
        for start in range(0, rows, step):
            part = slice(start, start + step)
            result = nn.functional.linear(wide, self._widened(weight[part]))
            if scale is not None:
                result *= scale[part].to(self.dtype)
            if bias is not None:
                result += bias[part].to(self.dtype)
            out[..., part] = result
        return out

    def _widened(self, weight: Tensor) -> Tensor:
        if self._buffer.numel() < weight.numel():
            with torch.inference_mode(False):  # a tensor of inference mode could not be written to outside of it
                self._buffer = torch.empty(weight.numel(), dtype=self.dtype)
        return self._buffer[: weight.numel()].view(weight.shape).copy_(weight)


class WidenedLinear(nn.Module):
    """A linear layer with the weights of another one, for the processor; see the module's docstring."""

    def __init__(self, linear: nn.Linear, scratch: Scratch) -> None:
        super().__init__()
        self.weight, self.bias, self._scratch = linear.weight, linear.bias, scratch

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., in] -> [..., out], in x's dtype."""
        if x.shape[:-1].numel() < WIDE:
            return nn.functional.linear(x, self.weight, self.bias)
        return self._scratch.product(x, self.weight, None, self.bias)


class Patches(nn.Module):
    """A convolution whose kernel is as large as what it is given: the vision tower's first layer, which is a linear layer over patches, and
    much faster as one on a processor."""

    def __init__(self, convolution: nn.Conv3d, scratch: Scratch | None) -> None:
        """scratch: None where the weights are multiplied as they are."""
        super().__init__()
        self.weight, self.bias, self._scratch = convolution.weight, convolution.bias, scratch

    def forward(self, x: Tensor) -> Tensor:
        """x: [patches, channels, frames, height, width] -> [patches, out, 1, 1, 1]."""
        flat, weight = x.flatten(1), self.weight.flatten(1)
        out = self._scratch.product(flat, weight, None, self.bias) if self._scratch else nn.functional.linear(flat, weight, self.bias)
        return out[:, :, None, None, None]


class Int8Linear(nn.Module):
    """A linear layer with weights of 8 bits and one scale a row; activations stay as they are. Boxes survive this, not 4 bits.

    `Scratch`: on the processor; on other devices the whole matrix is widened for each pass.
    """

    def __init__(self, weight: Tensor, bias: nn.Parameter | None, scratch: Scratch) -> None:
        """weight: [out, in] in the dtype of the activations."""
        super().__init__()
        # The scale is rounded to the activations' dtype before weights are divided by it: its rounding then costs no accuracy.
        largest = torch.maximum(weight.amax(1), -weight.amin(1))  # without a copy of the whole matrix
        scale = (largest.float() / 127).clamp(min=1e-12).to(weight.dtype)
        self.quantized = nn.Buffer(torch.empty(weight.shape, dtype=torch.int8, device=weight.device))
        step = max(1, BLOCK // weight.shape[1])
        for start in range(0, len(weight), step):
            part = slice(start, start + step)
            self.quantized[part] = (weight[part].float() / scale[part, None].float()).round_().clamp_(-127, 127)
        self.scale = nn.Buffer(scale)
        self.bias = bias
        self._scratch = scratch
        self._wide = 0 if weight.shape[1] % 16 else WIDE_INT8  # torch's routine reads past the end of other rows

    @property
    def weight(self) -> Tensor:
        """Shape and dtype only: the code of some families looks at them."""
        return torch.empty(self.quantized.shape, dtype=self.scale.dtype, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., in] -> [..., out], in x's dtype."""
        if x.device.type != "cpu":
            out = nn.functional.linear(x, self.quantized.to(x.dtype)) * self.scale
        elif x.shape[:-1].numel() >= self._wide:
            return self._scratch.product(x, self.quantized, self.scale, self.bias)
        else:
            out = torch.ops.aten._weight_int8pack_mm(x.reshape(-1, x.shape[-1]), self.quantized, self.scale)
            out = out.view(*x.shape[:-1], len(self.scale))
        return out if self.bias is None else out + self.bias


class Int8Embedding(nn.Module):
    """Embeddings that are the rows of an 8-bit matrix, which a tied head shares."""

    def __init__(self, table: Int8Linear) -> None:
        super().__init__()
        self.quantized, self.scale = table.quantized, table.scale

    def forward(self, ids: Tensor) -> Tensor:
        """ids: [...] -> [..., hidden]."""
        scale: Tensor = self.scale[ids]
        return self.quantized[ids].to(scale.dtype) * scale[..., None]


def widen(model: Any) -> None:
    """Replaces layers that are slow on the processor: linear ones where it multiplies the model's 16-bit weights slowly, and the vision
    tower's first. A model on another device is left as it is."""
    if model.device.type != "cpu":
        return
    scratch = Scratch(model.dtype) if model.dtype.itemsize == 2 and is_slow(model.dtype) else None
    if scratch:
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.Linear):
                    setattr(module, name, WidenedLinear(child, scratch))
    visual = getattr(getattr(model, "model", None), "visual", None)  # of the Qwen-VL family and its kin
    patches: Any = getattr(visual, "patch_embed", None)
    if isinstance(getattr(patches, "proj", None), nn.Conv3d):
        patches.proj = Patches(patches.proj, scratch)


@functools.cache
def is_slow(dtype: torch.dtype) -> bool:
    """Whether this processor multiplies matrices of a 16-bit dtype more slowly than it widens and multiplies them: measured, in 0.2 s."""
    weight, x = torch.ones((1024, 1024), dtype=dtype), torch.ones((256, 1024), dtype=dtype)

    def seconds(work: Callable[[], Tensor]) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    return seconds(lambda: nn.functional.linear(x, weight)) > seconds(lambda: nn.functional.linear(x.float(), weight.float()))
