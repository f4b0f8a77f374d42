"""The catalogue's models on this machine: found, downloaded, verified offline, and how each is asked. Imports neither torch nor a network
library until one is needed."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from ...core import texts
from ...core.atomic import link_or_copy
from ...core.catalogue import CHECKPOINT, RECEIPT, Model, catalogue, tool_models
from ...core.errors import Cancelled, ModelError
from ...core.memory import gigabytes
from ...core.profile import FILE as PROFILE_FILE
from ...core.profile import Profile
from . import access
from .checkpoint import check
from .hub import OnProgress, Unreachable, fetch, receipt, sha256

ALIKE = 0.25  # by how much the weights of an adopted folder may differ in size from the listed one, which may be an estimate


def find(name: str) -> Path:
    """The folder of a model that answers questions, by its id or as a path. Raises ModelError where there is none."""
    if model := tool_models().get(name):
        raise ModelError(
            f"{name} answers no questions: it is used by the tool {model.tool}.", f"`zoomearth tool {model.tool} --help` has examples."
        )
    model = catalogue().get(name)
    if model is None:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise ModelError(
                f"There is no model {name!r}: neither an id nor a folder.",
                f"The ids are {', '.join(catalogue())}; or give the folder of a checkpoint.",
            )
        return folder
    return folder_of(model)


def folder_of(model: Model) -> Path:
    """The folder of a listed model. Raises ModelError where it is not on this machine."""
    if not model.here:
        if model.bundled:
            raise ModelError(f"{model.folder} holds no model: this copy of ZoomEarth is not whole.", "Install it anew.")
        raise ModelError(f"{model.id} has not been downloaded.", f"zoomearth models download {model.id}")
    return model.folder


def profile_for(name: str, prompt_file: str = "", dialect: str = "") -> Profile:
    """How a model is asked; it need not be downloaded, as another machine may run it. dialect: in place of its own. Raises ModelError."""
    model = catalogue().get(name)
    profile = Profile.from_dict(dict(model.profile)) if model and not model.here and model.profile else Profile.of_folder(find(name))
    if dialect and dialect != profile.dialect.name:
        profile = replace(Profile.of_family(profile.name, dialect), generated_only=profile.generated_only)
    return with_prompt_file(profile, prompt_file)


def with_prompt(profile: Profile, text: str) -> Profile:
    """The profile with another instruction, which follows the question on a new line; a system text may stand before a line of `---`,
    as in resources/prompts. It is taken to the letter, its last newline too: the published instruction ends in one."""
    system, separator, instruction = text.replace("\r\n", "\n").rpartition("\n---\n")
    instruction = "\n" + instruction.lstrip("\n")
    system = system if separator else profile.dialect.system
    return replace(profile, dialect=replace(profile.dialect, system=system, instruction=instruction))


def with_prompt_file(profile: Profile, prompt_file: str) -> Profile:
    """See `with_prompt`; "" leaves the profile as it is. Raises ModelError."""
    try:
        return with_prompt(profile, texts.read(Path(prompt_file).expanduser())) if prompt_file else profile
    except (OSError, ValueError) as error:
        raise ModelError(f"The prompt file {prompt_file} can't be read: {error}.", "It is a text file in UTF-8.") from error


def verify(name: str) -> list[str]:
    """Checks a model's files: against their recorded checksums; without a record, that the checkpoint is whole. Works offline.

    Returns the files' names; raises ModelError naming the first bad one.
    """
    model = _known().get(name)
    folder = folder_of(model) if model else find(name)
    again = f"zoomearth models download {name}" if model else "Copy the folder again from where it came."
    record = folder / RECEIPT
    if not record.is_file():
        if model and not model.is_checkpoint:
            raise ModelError(f"{folder} has no record of a download: its files can't be checked.", again)
        return check(folder, again)
    try:
        files = texts.read_object(record)["files"]
        for file, recorded in files.items():
            if (folder / file).stat().st_size != recorded["size"] or sha256(folder / file) != recorded["sha256"]:
                raise ModelError(f"{folder / file} is damaged.", again)
    except FileNotFoundError as error:
        raise ModelError(f"{error.filename} is missing.", again) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{record} can't be read.", again) from error
    return list(files)


def ignore(file: str, done: int, total: int) -> None:
    """For whoever does not follow a download."""


def never() -> bool:
    """For whoever does not cancel."""
    return False


def download(name: str, on_progress: OnProgress = ignore, cancelled: Callable[[], bool] = never) -> Path:
    """Fetches a model by its id and returns its folder; goes on where an earlier attempt stopped, and repairs a damaged folder.

    Raises ModelError; Cancelled where `cancelled` says so (what is there is kept for the next time).
    """
    model = listed(name)
    if model.here:
        try:
            verify(name)
            return model.folder
        except ModelError:
            if model.bundled:
                raise
    return folder_of(model) if model.bundled else bring(model, on_progress, cancelled)


def listed(name: str) -> Model:
    """A model by its id. Raises ModelError."""
    known = _known()
    if name not in known:
        raise ModelError(f"There is no model {name!r}.", f"The ids are {', '.join(known)}.")
    return known[name]


def _known() -> dict[str, Model]:
    """Every model of the list, those of tools too."""
    return {**catalogue(), **tool_models()}


def bring(model: Model, on_progress: OnProgress = ignore, cancelled: Callable[[], bool] = never) -> Path:
    """Fetches a model of the hub into its folder; see `download`. Raises ModelError, Cancelled."""
    part = _part(model)
    try:
        if model.folder.exists():
            _gather(model.folder, part)  # damaged: its good files need not travel again
        (part / RECEIPT).unlink(missing_ok=True)
        try:
            record = fetch(model, part, on_progress, cancelled)
        except Unreachable:
            snapshot = access.cached(model)
            if snapshot is None:
                raise
            _check_is(model, snapshot)
            record = _copy(snapshot, model, on_progress, cancelled)
        return _settle(model, record)
    except OSError as error:
        raise _not_stored(model, error) from error


def adopt(folder: Path, name: str, on_progress: OnProgress = ignore, cancelled: Callable[[], bool] = never) -> Path:
    """Makes a copy of `folder`, fetched in another way, the listed model `name`; returns its folder. Weights are linked where possible.

    Raises ModelError where the folder is not whole, or can't be that model; Cancelled.
    """
    model = listed(name)
    if model.bundled:
        raise ModelError(f"{name} is a part of ZoomEarth.", "Give a folder of your own to --model.")
    if not model.is_checkpoint:
        raise ModelError(f"{name} has no checkpoint folder.", f"Copy {' and '.join(model.files)} to {model.folder}.")
    if model.folder.exists():
        raise ModelError(
            f"{name} is here already: {model.folder}.", f"Check it: zoomearth models verify {name}; or remove that folder first."
        )
    _check_is(model, folder)
    try:
        shutil.rmtree(_part(model), ignore_errors=True)  # of a download that was stopped
        return _settle(model, _copy(folder, model, on_progress, cancelled))
    except OSError as error:
        raise _not_stored(model, error) from error


def _check_is(model: Model, folder: Path) -> None:
    """Raises ModelError where the folder is not whole, or of another family or size than the model."""
    check(folder)
    family = texts.read_object(folder / "config.json")["model_type"]
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if model.model_type and family != model.model_type:
        raise ModelError(
            f"{folder} holds a model of the family {family}; {model.id} is of {model.model_type}.", "`zoomearth models` lists the ids."
        )
    if model.bytes and abs(weights / model.bytes - 1) > ALIKE:
        sizes = f"{gigabytes(weights)} of weights; {model.id} has about {gigabytes(model.bytes)}"
        raise ModelError(f"{folder} has {sizes}.", "Give the folder itself to --model, and --asked-as says how it is asked.")


def _copy(folder: Path, model: Model, on_progress: OnProgress, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Copies a checkpoint into the model's unfinished folder, the weights as links; returns its record. Raises Cancelled, OSError."""
    part = _part(model)
    part.mkdir(parents=True, exist_ok=True)
    names = sorted({file.name for pattern in CHECKPOINT for file in folder.glob(pattern)} - {RECEIPT, PROFILE_FILE})
    for name in names:
        if cancelled():
            raise Cancelled
        (part / name).unlink(missing_ok=True)
        link_or_copy(folder / name, part / name)
        on_progress(name, (part / name).stat().st_size, (part / name).stat().st_size)
    revision = folder.absolute().name if folder.absolute().parent.name == "snapshots" else None  # in the cache of huggingface_hub
    return receipt(model, revision, dict.fromkeys(names), part)


def _settle(model: Model, record: dict[str, Any]) -> Path:
    """Writes profile and record into the unfinished folder, which then takes its place."""
    part = _part(model)
    if model.profile and not (part / PROFILE_FILE).exists():
        (part / PROFILE_FILE).write_text(json.dumps(dict(model.profile), indent=1), encoding="utf-8")
    (part / RECEIPT).write_text(json.dumps(record, indent=1), encoding="utf-8")
    part.rename(model.folder)
    return model.folder


def _part(model: Model) -> Path:
    return model.folder.with_name(model.id + ".part")


def _not_stored(model: Model, error: OSError) -> ModelError:
    reason = error.strerror or error
    return ModelError(f"{model.id} can't be stored in {_part(model)}: {reason}.", "ZOOMEARTH_HOME names another place.")


def _gather(folder: Path, part: Path) -> None:
    """Moves a folder's files into `part`. Of a file that both have, the longer one stays: the fetch checks what it finds."""
    part.mkdir(exist_ok=True)
    for file in folder.iterdir():
        target = part / file.name
        if not target.exists() or (file.is_file() and target.is_file() and file.stat().st_size > target.stat().st_size):
            file.replace(target)
    shutil.rmtree(folder)


def revision(name: str) -> str:
    """Which weights a model's folder holds: the hub's commit where they were downloaded, else a digest of the files. Raises ModelError."""
    folder = find(name)
    if commit := commit_of(folder):
        return commit
    digests = "".join(sha256(file) for file in sorted(folder.glob("*.safetensors")))
    return "sha256:" + hashlib.sha256(digests.encode()).hexdigest()[:16]


def commit_of(folder: Path) -> str:
    """The hub's commit that a folder was downloaded from; "" where it was not."""
    try:
        return str(texts.read_object(folder / RECEIPT)["revision"])
    except (OSError, ValueError, KeyError):
        return ""
