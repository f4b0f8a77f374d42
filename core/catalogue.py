"""The models that `resources/models.json` lists, and where each is on this machine: read by the backend, training and the options page.

Each has its repository on the hub, `owner/name@commit`. Where the commit was not known when the list was written, a download takes what the
hub calls `main` at that moment and records commit and checksums in the folder's download.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple

from .paths import RESOURCES
from .settings import data_folder

RECEIPT = "download.json"  # in a downloaded folder: repo, revision, and every file with its size and SHA-256
CHECKPOINT = ("*.safetensors", "*.json", "*.txt", "*.jinja")
"""The files of a repository that a checkpoint needs."""


@dataclass(frozen=True)
class Model:
    """One model. bundled: its folder under resources/. repo, revision: on the hub. bytes: of the download, about.

    files: which of the repository's files are needed, as patterns. profile: how it is asked, where its folder does not say so.
    kind: models, or datasets: what the hub keeps it among.
    """

    id: str
    title: str = ""
    bundled: Optional[str] = None
    repo: Optional[str] = None
    revision: Optional[str] = None
    bytes: int = 0
    licence: str = ""
    files: Tuple[str, ...] = CHECKPOINT
    profile: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "models"

    @property
    def folder(self) -> Path:
        """Where it is, or will be once downloaded."""
        return RESOURCES / self.bundled if self.bundled else home() / self.id

    @property
    def here(self) -> bool:
        """The record of a download is written when all of it is there."""
        return (self.folder / ("config.json" if self.bundled else RECEIPT)).is_file()


def catalogue() -> dict[str, Model]:
    """The models by id, in the list's order."""
    entries = json.loads((RESOURCES / "models.json").read_text(encoding="utf-8"))
    return {entry["id"]: _model(**entry) for entry in entries}


def of_hub(repo: str) -> Model:
    """A checkpoint of the hub that the list does not have, `owner/name`."""
    return Model(repo.replace("/", "--"), title=repo, repo=repo)


def home() -> Path:
    """Where downloaded models are."""
    return data_folder() / "models"


def _model(repo: Optional[str], files: tuple[str, ...] = (), **entry: Any) -> Model:
    name, _, revision = (repo or "").partition("@")
    return Model(repo=name or None, revision=revision or None, files=tuple(files), **entry)
