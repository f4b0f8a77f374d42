"""How large the views of a general model are: as large as the memory that is free once its weights are loaded allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.memory import Checkpoint
from ...core.profile import Profile

if TYPE_CHECKING:
    import torch

ACTIVATIONS = 256_000  # bytes for each token of a picture while it is read: from the shapes of 2B to 8B models in 16 bits, not measured


def fitted(profile: Profile, folder: Path, model: Any) -> Profile:
    """The profile with the largest of its `views` that fits, the smallest where none does.

    folder, model: the checkpoint, and the transformers model that was loaded from it. On a processor the smallest is taken, however much
    memory is free: a view of 2,048 px takes minutes to be read there.
    """
    if not profile.views:
        return profile
    device, token = model.device, Checkpoint.of(folder).cache
    view = profile.views[0]
    if device.type != "cpu" and token is not None:
        free = free_bytes(device)
        view = max((size for size in profile.views if needed(profile, size, token * model.dtype.itemsize // 2) <= free), default=view)
    return replace(profile, policy=replace(profile.policy, view=view))


def needed(profile: Profile, view: int, token: int) -> int:
    """Bytes of a conversation that shows square views of this size. token: bytes that the model keeps of one token."""
    tokens = (view // profile.policy.multiple) ** 2
    return tokens * ((1 + profile.policy.max_zooms + profile.policy.max_tools) * token + ACTIVATIONS)


def free_bytes(device: torch.device) -> int:
    """Of a graphics card, what this process could still take."""
    import torch

    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
