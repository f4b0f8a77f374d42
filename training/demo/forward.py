"""The forward pass of packed rows, and the loss: the stock model's own weights and maths, laid out for CPU cores.

The textbook packs branches into one row under a 4-D mask. Here they are a batch of their own, and the keys and values of their prefix are
gathered, so that no masked attention is computed. `tests/test_pretrain.py` compares it with the stock forward pass.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from transformers import Qwen2_5_VLForConditionalGeneration

from .model import GRID, NUMBERS
from .rows import ANSWER, BOX, CHOICE, COORDINATES, END, GLOBAL, GUESS, MARK, OTHER, POINT, WEIGHTS, Batch, Coder


class _Attention(torch.autograd.Function):
    """softmax(q k' + bias) v as one node: on a CPU its backward is about twice as fast as scaled_dot_product_attention's."""

    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        scores = torch.matmul(q, k.transpose(-1, -2)).mul_(q.shape[-1] ** -0.5)
        if bias is not None:
            scores += bias
        p = torch.softmax(scores, -1)
        ctx.save_for_backward(q, k, v, p)
        return p @ v

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None]:
        q, k, v, p = ctx.saved_tensors
        (do,) = grads
        ds = torch._softmax_backward_data(do @ v.transpose(-1, -2), p, -1, p.dtype).mul_(q.shape[-1] ** -0.5)
        return ds @ k, ds.transpose(-1, -2) @ q, p.transpose(-1, -2) @ do, None


class _Linear(torch.autograd.Function):
    """x w' + b by oneDNN, which on AMD processors is a quarter faster than torch's default library for float32."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(x, w)
        ctx.has_bias = b is not None
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, w, b, "none", [], "")
        return product

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor | None]:
        x, w = ctx.saved_tensors
        (dy,) = grads
        flat = dy.reshape(-1, dy.shape[-1])
        dx = None
        if ctx.needs_input_grad[0]:
            dx = torch.ops.mkldnn._linear_pointwise(dy.contiguous(), w.t().contiguous(), None, "none", [], "")
        return dx, flat.t() @ x.reshape(-1, x.shape[-1]), flat.sum(0) if ctx.has_bias else None


def _linear(x: torch.Tensor, *modules: Any) -> torch.Tensor:
    """Several linear modules with the same input, as one product."""
    w = modules[0].weight if len(modules) == 1 else torch.cat([m.weight for m in modules])
    b = None if modules[0].bias is None else modules[0].bias if len(modules) == 1 else torch.cat([m.bias for m in modules])
    product: torch.Tensor = _Linear.apply(x, w, b)  # type: ignore[no-untyped-call]
    return product


def _gated(x: torch.Tensor, mlp: Any) -> torch.Tensor:
    """The SwiGLU block of both towers."""
    gate, up = _linear(x, mlp.gate_proj, mlp.up_proj).chunk(2, -1)
    return _linear(F.silu(gate) * up, mlp.down_proj)


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def _norm(x: torch.Tensor, module: Any) -> torch.Tensor:
    return F.rms_norm(x, (x.shape[-1],), module.weight, module.variance_epsilon)


def see(model: Qwen2_5_VLForConditionalGeneration, pictures: torch.Tensor) -> torch.Tensor:
    """Encodes pictures (n, patches, 3 * 14 * 14) to image features (n, tokens, width), as the stock vision tower does."""
    tower = model.model.visual
    n, count = pictures.shape[:2]
    # Both temporal slices of the patch embedding see the same frame.
    x = _Linear.apply(pictures, tower.patch_embed.proj.weight.sum(2).flatten(1), None)  # type: ignore[no-untyped-call]
    side = torch.arange(2 * GRID)
    rows, columns = (t.view(GRID, 2, GRID, 2).permute(0, 2, 1, 3).flatten() for t in torch.meshgrid(side, side, indexing="ij"))
    freqs = torch.stack([rows, columns])[..., None] * tower.rotary_pos_emb.inv_freq
    angles = torch.cat([freqs[0], freqs[1]], -1).repeat(1, 2)
    cos, sin = angles.cos(), angles.sin()
    for block in tower.blocks:
        h = _norm(x, block.norm1)
        q, k, v = _linear(h, block.attn.qkv).view(n, count, 3, block.attn.num_heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        o = _Attention.apply(_rotate(q, cos, sin), _rotate(k, cos, sin), v.contiguous(), None)  # type: ignore[no-untyped-call]
        x = x + _linear(o.transpose(1, 2).reshape(n, count, -1), block.attn.proj)
        x = x + _gated(_norm(x, block.norm2), block.mlp)
    merged: torch.Tensor = tower.merger(x).view(n, count // 4, -1)
    return merged


def run(
    model: Qwen2_5_VLForConditionalGeneration, batch: Batch, coder: Coder, features: torch.Tensor, tap: int = -1
) -> tuple[torch.Tensor, torch.Tensor]:
    """The last hidden states of the flat tokens (tokens, width), and those after layer `tap`. features: of all pictures."""
    text = model.model.language_model
    x = text.embed_tokens(batch.ids)
    x = x.masked_scatter((batch.ids == coder.image)[:, None], features[batch.order].flatten(0, 1))
    cos, sin = text.rotary_emb(x, batch.positions[:, None])
    cos, sin = cos[0, :, None], sin[0, :, None]
    heads, kv = text.config.num_attention_heads, text.config.num_key_value_heads
    each = heads // kv
    biases = []
    ahead = batch.groups[0][2]
    for number, (_, _, length, _) in enumerate(batch.groups):
        bias = torch.full((length, length), -1e4).triu(1)
        biases.append((torch.cat([torch.zeros(length, ahead), bias], 1) if number else bias).repeat(each, 1))
    tapped = x
    for depth, layer in enumerate(text.layers):
        h = _norm(x, layer.input_layernorm)
        att = layer.self_attn
        qkv = _linear(h, att.q_proj, att.k_proj, att.v_proj).view(len(x), heads + 2 * kv, -1)
        q, k = _rotate(qkv[:, : heads + kv], cos, sin).split([heads, kv], 1)
        v = qkv[:, heads + kv :]
        parts = []
        for (first, count, length, of), bias in zip(batch.groups, biases):
            span = slice(first, first + count * length)
            gq = q[span].reshape(count, length, kv, each, -1).permute(0, 2, 3, 1, 4).reshape(count, kv, each * length, -1)
            gk, gv = (t[span].reshape(count, length, kv, -1).transpose(1, 2) for t in (k, v))
            if of is None:
                ahead_k, ahead_v = gk, gv
            else:
                gk, gv = torch.cat([ahead_k[of], gk], 2), torch.cat([ahead_v[of], gv], 2)
            o = _Attention.apply(gq, gk, gv, bias)  # type: ignore[no-untyped-call]
            parts.append(o.view(count, kv, each, length, -1).permute(0, 3, 1, 2, 4).reshape(count * length, -1))
        x = x + _linear(torch.cat(parts), att.o_proj)
        x = x + _gated(_norm(x, layer.post_attention_layernorm), layer.mlp)
        if depth == tap:
            tapped = x
    return _norm(x, text.norm), tapped


def loss(
    model: Qwen2_5_VLForConditionalGeneration, batch: Batch, hidden: torch.Tensor, coder: Coder, sigma: float
) -> tuple[torch.Tensor, dict[str, float]]:
    """The weighted cross-entropy, and figures for the log. Targets of coordinates are Gaussians around the truth, `sigma` pixels wide."""
    logits = model.lm_head(hidden[batch.inputs])
    log_p = logits.log_softmax(-1)
    each = -log_p.gather(1, batch.targets[:, None])[:, 0]
    numbers = torch.isin(batch.roles, torch.tensor(COORDINATES))
    numbers &= (batch.targets >= coder.zero) & (batch.targets < coder.zero + NUMBERS)
    at = numbers.nonzero()[:, 0]
    truth = (batch.targets[at] - coder.zero)[:, None]
    soft = torch.softmax(-0.5 * ((torch.arange(NUMBERS) - truth) / sigma) ** 2, 1)
    each = each.index_put((at,), -(soft * log_p[at][:, coder.zero : coder.zero + NUMBERS]).sum(1))
    weights = torch.tensor([WEIGHTS[role] for role in range(len(WEIGHTS))])[batch.roles]
    figures = {}
    with torch.no_grad():
        best = logits.argmax(1)
        right = (best == batch.targets).float()
        near = (best - batch.targets).abs().float()
        for name, role in (("answer", ANSWER), ("guess", GUESS), ("global", GLOBAL), ("end", END), ("choice", CHOICE), ("other", OTHER)):
            if (batch.roles == role).any():
                figures[name] = right[batch.roles == role].mean().item()
        for name, role in (("box", BOX), ("point", POINT), ("mark", MARK)):
            if (batch.roles == role).any():
                figures[name] = near[batch.roles == role].clamp(max=200).mean().item()
    return (each * weights).sum() / weights.sum(), figures
