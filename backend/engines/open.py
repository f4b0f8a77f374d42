"""The engine that the settings name. Each is imported only where it is wanted, so that none costs another's dependencies."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Sequence

from ...core.address import shown
from ...core.calibration import Calibration
from ...core.errors import BackendError, EngineError, ModelError, ZoomEarthError
from ...core.families import DIALECTS, GENERAL, family_of
from ...core.profile import Profile
from ...core.settings import KEY_VARIABLE, Settings
from ...core.texts import well_formed
from ..models import store
from ..models.checkpoint import quantization
from . import Engine, calibration, never

if TYPE_CHECKING:
    from .local import LocalEngine
    from .stock import StockEngine

OnProgress = Callable[[int, int], None]
CHANGING = ("created", "permission", "expires_at")  # of an entry in a server's list of models: not the model's


def quiet(done: int, total: int) -> None:
    """For whoever does not follow a test."""


def open_engine(
    settings: Settings,
    key: str | None = None,
    on_test: OnProgress = quiet,
    cancelled: Callable[[], bool] = never,
    cap: int | None = None,
) -> Engine:
    """The engine that the settings name; a server's key comes from the environment unless given.

    A server's model that nothing else is known of is tested first (see `calibration`), once; on_test: conversations done, of how many.
    cap: requests at a time that a server is sent, of a batch: its questions wait for a busy server instead of failing. Raises ModelError,
    EngineError, Cancelled.
    """
    if len(settings.addresses) > 1 or (settings.remote and cap):
        return _on_servers(settings, key, on_test, cancelled, cap)
    if settings.remote:
        return _on_server(settings, key, on_test, cancelled)
    engine, server, revision = _here(settings)
    profile = engine.profile
    if not settings.dialect and (known := calibration.recall(server, profile.name, revision, profile.dialect.name)):
        engine.profile = calibration.applied(profile, known)
    return engine


def calibrate_model(
    settings: Settings, key: str | None = None, on_test: OnProgress = quiet, cancelled: Callable[[], bool] = never
) -> tuple[Calibration, Profile]:
    """Tests the model that the settings name, as its family is asked, whatever earlier tests have found, and remembers the result. Returns
    it with the profile that follows from it. Raises ModelError, EngineError, BackendError, Cancelled."""
    engine, server, revision = _as_family(settings, key, cancelled) if settings.remote else _here(settings)
    try:
        found = calibration.calibrate(engine, server, revision, on_test, cancelled)
    finally:
        engine.close()
    if revision or not settings.remote:
        try:
            calibration.remember(found)
        except OSError as error:
            raise BackendError(f"The result of the test can't be stored: {error}.", "ZOOMEARTH_HOME names another place.") from error
    return found, calibration.applied(engine.profile, found)


def _here(settings: Settings) -> tuple[Engine, str, str]:
    """An engine for a model on this machine as it describes itself, "" for the server, and the revision of its weights."""
    from .view_size import fitted

    folder = store.find(settings.weights)
    if method := quantization(folder):
        hint = f"Let a server run it (vllm serve {folder}) and give its address to --remote; or use the model's original weights here."
        raise ModelError(f"{folder} holds weights that are quantized by {method}, which ZoomEarth does not run itself.", hint)
    profile = store.profile_for(settings.profile, settings.prompt_file, settings.dialect)
    engine = _of_family(folder)(folder, device=settings.device, dtype=settings.dtype, quantize=settings.quantize, profile=profile)
    engine.profile = fitted(profile, folder, engine.model)
    return engine, "", store.commit_of(folder)


def _of_family(folder: Path) -> type[LocalEngine | StockEngine]:
    """The fast engine where it knows the family of the checkpoint in `folder`."""
    from .weights import FAMILIES, family

    if family(folder) in FAMILIES:
        from .local import LocalEngine

        return LocalEngine
    from .stock import StockEngine

    return StockEngine


def _on_server(settings: Settings, key: str | None, on_test: OnProgress, cancelled: Callable[[], bool]) -> Engine:
    engine, server, revision = _as_family(settings, key, cancelled)
    if settings.profile or settings.dialect or not revision:  # a person has said how it is asked, or the server can't be reached
        return engine
    try:
        known = calibration.recall(server, engine.profile.name, revision, engine.profile.dialect.name)
        if known is None:
            known = calibration.calibrate(engine, server, revision, on_test, cancelled)
            with suppress(OSError):  # a full disk costs another test, not the answer
                calibration.remember(known)
        engine.profile = calibration.applied(engine.profile, known)
    except ZoomEarthError as error:
        note = f"How this model counts its boxes was not tested: {error.message}"
        engine.profile = replace(engine.profile, notes=(*engine.profile.notes, note))
    except BaseException:
        engine.close()
        raise
    return engine


def _on_servers(settings: Settings, key: str | None, on_test: OnProgress, cancelled: Callable[[], bool], cap: int | None) -> Engine:
    """All servers are asked as the first one that lists its models; where none does, as the first one."""
    from .pool import Pool
    from .remote import PARALLEL, RemoteEngine

    first = replace(settings, remote=settings.addresses[0])
    for address in settings.addresses if len(settings.addresses) > 1 and not settings.profile else ():
        engine, _, revision = _as_family(replace(settings, remote=address), key, cancelled)
        engine.close()
        if revision:
            first = replace(settings, remote=address)
            break
    engine = _on_server(first, key, on_test, cancelled)
    engine.close()
    key = key or os.environ.get(KEY_VARIABLE)
    servers = [RemoteEngine(each, settings.remote_model, profile=engine.profile, key=key, retries=0) for each in settings.addresses]
    return Pool(servers, engine.profile, cap or PARALLEL)


def _as_family(settings: Settings, key: str | None, cancelled: Callable[[], bool]) -> tuple[Engine, str, str]:
    """An engine for a server, its address as it may be shown, and the revision of its model: "" where it lists none."""
    from .remote import RemoteEngine

    address = shown(settings.remote)
    named = Profile.of_family(settings.remote_model or address, settings.dialect or GENERAL)
    if settings.profile:
        named = replace(store.profile_for(settings.profile, "", settings.dialect), name=named.name)
    key = key or os.environ.get(KEY_VARIABLE)
    engine = RemoteEngine(settings.remote, settings.remote_model, profile=named, key=key)
    try:
        entry = {} if settings.profile else _entry(engine, settings.remote_model, cancelled)
        if not settings.remote_model and entry:
            engine.model = str(entry["id"])
            engine.profile = replace(engine.profile, name=well_formed(engine.model))
        if not settings.profile and not settings.dialect:
            engine.profile = _by_name(engine.profile.name, bool(engine.model))
        engine.profile = store.with_prompt_file(engine.profile, settings.prompt_file)
    except BaseException:
        engine.close()
        raise
    return engine, address, _digest(entry)


def _entry(engine: Any, name: str, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """What the server's list says of the model of this name, or of the first; nothing where it has no list."""
    with suppress(EngineError):  # the question will say so
        entries: Sequence[dict[str, Any]] = engine.listed(cancelled)
        return next((entry for entry in entries if not name or entry["id"] == name), {"id": name} if entries else {})
    return {}


def _by_name(model: str, known: bool) -> Profile:
    """How a model of this name is asked. known: it is the model's own name."""
    family = family_of(model) if known else None
    profile = Profile.of_family(model, family or GENERAL)
    if family or not known:
        return profile
    note = f"The name {model!r} tells no family of models: it is asked in the dialect {GENERAL} ({DIALECTS[GENERAL].convention})."
    return replace(profile, notes=(f"{note} Another can be set with --dialect.",))


def _digest(entry: dict[str, Any]) -> str:
    """Changes with what the server says of the model: its size, its quantization, the length of its context."""
    told = {name: value for name, value in entry.items() if name not in CHANGING}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16] if told else ""
