"""The catalogue's models on this machine: found, downloaded, verified offline, and how each is asked. Imports neither torch nor a network
library until one is needed."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from ...core import texts
from ...core.catalogue import RECEIPT, Model, catalogue
from ...core.errors import ModelError
from ...core.families import GENERAL, family_of
from ...core.profile import FILE as PROFILE_FILE
from ...core.profile import Profile, published
from .hub import OnProgress, fetch, sha256


def listing() -> list[dict[str, Any]]:
    """For people and --json: id, title, size, licence, repo, revision, and the folder (None: not downloaded)."""
    return [
        {
            "id": model.id,
            "title": model.title,
            "size": f"{model.bytes / 1e9:.1f} GB" if model.bytes >= 1e9 else f"{model.bytes / 1e6:.0f} MB",
            "licence": model.licence,
            "repo": model.repo,
            "revision": model.revision,
            "folder": str(model.folder) if model.here else None,
        }
        for model in catalogue().values()
    ]


def find(name: str) -> Path:
    """The folder of a model, by its id or as a path. Raises ModelError where there is none."""
    model = catalogue().get(name)
    if model is None:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise ModelError(
                f"There is no model {name!r}: neither an id nor a folder.",
                f"The ids are {', '.join(catalogue())}; or give the folder of a checkpoint.",
            )
        return folder
    if not model.here:
        if model.bundled:
            raise ModelError(f"{model.folder} holds no model: this copy of ZoomEarth is not whole.", "Install it anew.")
        raise ModelError(f"{model.id} has not been downloaded.", f"zoomearth models download {model.id}")
    return model.folder


def profile_for(name: str, prompt_file: str = "", dialect: str = "") -> Profile:
    """How a model is asked; it need not be downloaded, as another machine may run it. dialect: in place of its own. Raises ModelError."""
    model = catalogue().get(name)
    profile = Profile.from_dict(dict(model.profile)) if model and not model.here and model.profile else _of_folder(find(name))
    if dialect and dialect != profile.dialect.name:
        profile = replace(Profile.of_family(profile.name, dialect), generated_only=profile.generated_only)
    return with_prompt_file(profile, prompt_file)


def _of_folder(folder: Path) -> Profile:
    """The folder's own profile; without one it is asked as its architecture's family is, in the general dialect where that is unknown."""
    if (folder / PROFILE_FILE).exists():
        return Profile.of_folder(folder)
    try:
        kind = str(texts.read_object(folder / "config.json").get("model_type"))
    except (OSError, ValueError):
        kind = ""  # the engine will say what is wrong with it
    family = Profile.of_family(folder.name, family_of(kind.replace("_", "-")) or GENERAL)
    return replace(family, **published(folder))


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
    """Checks every file of a model against its recorded checksum (a folder without a record: that its weights are whole).
    Works offline. Returns the files' names; raises ModelError naming the first bad one."""
    folder = find(name)
    again = f"zoomearth models download {name}" if name in catalogue() else "Copy the folder again from where it came."
    receipt = folder / RECEIPT
    if receipt.is_file():
        try:
            files = texts.read_object(receipt)["files"]
        except (ValueError, KeyError) as error:
            raise ModelError(f"{receipt} can't be read.", again) from error
    else:
        files = {file.name: None for file in sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.json"))}
    for file, recorded in files.items():
        if not _intact(folder / file, recorded):
            raise ModelError(f"{folder / file} is damaged or missing.", again)
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
    model = catalogue().get(name)
    if model is None:
        raise ModelError(f"There is no model {name!r}.", f"The ids are {', '.join(catalogue())}.")
    if model.here:
        try:
            verify(name)
            return model.folder
        except ModelError:
            if model.bundled:
                raise
    return find(name) if model.bundled else bring(model, on_progress, cancelled)


def bring(model: Model, on_progress: OnProgress = ignore, cancelled: Callable[[], bool] = never) -> Path:
    """Fetches a model of the hub into its folder; see `download`. Raises ModelError, Cancelled."""
    part = model.folder.with_name(model.id + ".part")
    try:
        if model.folder.exists():
            _gather(model.folder, part)  # damaged: its good files need not travel again
        (part / RECEIPT).unlink(missing_ok=True)
        receipt = fetch(model, part, on_progress, cancelled)
        if model.profile and not (part / PROFILE_FILE).exists():
            (part / PROFILE_FILE).write_text(json.dumps(dict(model.profile), indent=1), encoding="utf-8")
        (part / RECEIPT).write_text(json.dumps(receipt, indent=1), encoding="utf-8")
        part.rename(model.folder)
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(f"{model.id} can't be stored in {part}: {reason}.", "ZOOMEARTH_HOME names another place.") from error
    return model.folder


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


def _intact(file: Path, recorded: dict[str, Any] | None) -> bool:
    try:
        if recorded:
            same: bool = file.stat().st_size == recorded["size"] and sha256(file) == recorded["sha256"]
            return same
        if file.suffix == ".safetensors":
            return _whole(file)
        texts.parse(texts.read(file))
        return True
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return False


def _whole(file: Path) -> bool:
    """A safetensors file begins with its header's length and the header, which says where the last tensor ends."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(min(length, 100_000_000)))
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    whole: bool = file.stat().st_size == 8 + length + max(ends, default=0)
    return whole
