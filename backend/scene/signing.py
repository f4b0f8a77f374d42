"""Addresses that need a signature: signed when the raster is opened, not before, because a signature expires.

sign = signer("planetary_computer:sign")
with opened(source, sign) as scene: ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace

from ...core.address import shown
from ...core.errors import SceneError, UsageError
from ...core.source import SceneSource
from .refusals import is_remote
from .scene import Progress, Scene

Sign = Callable[[str], str]
"""An address to the same one with a signature. It is called on several threads."""


def unsigned(address: str) -> str:
    """For rasters that need no signature."""
    return address


def signer(name: str) -> Sign:
    """The function that "MODULE:FUNCTION" names; "": none. Raises UsageError where there is none."""
    if not name:
        return unsigned
    module, _, function = name.partition(":")
    try:
        sign = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        hint = "Name an installed function that takes an address and returns it signed, as planetary_computer:sign."
        raise UsageError(f"--sign {name} can't be used: {str(error).rstrip('.')}.", hint) from error
    if not callable(sign):
        raise UsageError(f"--sign {name} names no function.", "It looks like planetary_computer:sign.")
    return lambda address: str(sign(address))


def opened(
    source: SceneSource,
    sign: Sign = unsigned,
    on_progress: Progress = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Scene:
    """Opens a raster, an address after it was signed. Raises SceneError, also for an address that can't be signed."""
    if sign is unsigned or not is_remote(source.path):
        return Scene.of(source, on_progress, cancelled)
    try:
        address = sign(source.path)
    except Exception as error:  # anyone's function
        message = f"{shown(source.path)} can't be signed: {str(error).rstrip('.') or type(error).__name__}."
        raise SceneError(message, "Check the login of the service that signs.") from error
    return Scene.of(replace(source, path=address), on_progress, cancelled)
