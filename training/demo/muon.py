"""Muon (Jordan et al. 2024) in float32: torch's own works in bfloat16, which is ten times slower on CPUs without such instructions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist


class Muon(torch.optim.Optimizer):
    """Orthogonalises the momentum (Newton-Schulz, four steps) before it is applied; matrices of one shape are processed together.

    Under torch.distributed, every worker computes its share of the matrices, and the workers exchange the results.
    """

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        rank, workers = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[torch.Tensor]] = {}
            for p in group["params"]:
                shapes.setdefault(tuple(p.shape), []).append(p)
            updates = torch.zeros(sum(p.numel() for p in group["params"]))
            at, spots = 0, []
            for alike in shapes.values():
                mine = []
                for i, p in enumerate(alike):
                    assert p.grad is not None
                    state = self.state[p]
                    if not state:
                        state["momentum"] = torch.zeros_like(p)
                    state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                    spot = updates[at : at + p.numel()].view_as(p)
                    at += p.numel()
                    spots.append((p, spot))
                    if i % workers == rank:
                        mine.append((spot, p.grad.lerp(state["momentum"], group["momentum"])))
                if mine:
                    for (spot, _), update in zip(mine, _orthogonal(torch.stack([m for _, m in mine]))):
                        spot.copy_(update)
            if workers > 1:
                dist.all_reduce(updates)
            for p, update in spots:
                rate = group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-rate)


def _orthogonal(m: torch.Tensor, steps: int = 4) -> torch.Tensor:
    """(n, rows, columns): approximately the nearest orthogonal matrices, with singular values between 0.7 and 1.2."""
    tall = m.shape[1] > m.shape[2]
    x = m.transpose(1, 2) if tall else m
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    update: torch.Tensor = x.transpose(1, 2) if tall else x
    return update
