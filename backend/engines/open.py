"""The engine that the settings name. Each is imported only where it is wanted, so that none costs another's dependencies."""

from __future__ import annotations

import os
from dataclasses import replace

from ...core.address import shown
from ...core.errors import ModelError
from ...core.settings import KEY_VARIABLE, Settings
from ..models import store
from ..models.checkpoint import quantization
from . import Engine


def open_engine(settings: Settings, key: str | None = None) -> Engine:
    """The engine that the settings name; a server's key comes from the environment unless given. Raises ModelError, EngineError."""
    profile = store.profile_for(settings.profile, settings.prompt_file)
    if settings.remote:
        from .remote import RemoteEngine

        served = replace(profile, name=settings.remote_model or shown(settings.remote))
        return RemoteEngine(settings.remote, settings.remote_model, profile=served, key=key or os.environ.get(KEY_VARIABLE))
    folder = store.find(settings.weights)
    if method := quantization(folder):
        hint = f"Let a server run it (vllm serve {folder}) and give its address to --remote; or use the model's original weights here."
        raise ModelError(f"{folder} holds weights that are quantized by {method}, which ZoomEarth does not run itself.", hint)
    from .local import LocalEngine
    from .view_size import fitted

    engine = LocalEngine(folder, device=settings.device, dtype=settings.dtype, quantize=settings.quantize, profile=profile)
    engine.profile = fitted(profile, folder, engine.weights.model)
    return engine
