"""The models that `resources/models.json` lists, and where each is on this machine: read by the backend, training and the options page.

Each has its repository on the hub, `owner/name@commit`. Where the commit was not known when the list was written, a download takes what the
hub calls `main` at that moment and records commit and checksums in the folder's download.json; sizes and memory are then estimates from the
number of parameters.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from . import memory, texts
from .memory import Memory
from .paths import RESOURCES
from .settings import data_folder

RECEIPT = "download.json"  # in a downloaded folder: repo, revision, and every file with its size and SHA-256
INDEX = "model.safetensors.index.json"  # of weights in several files: which tensor is in which
CHECKPOINT = ("*.safetensors", "*.json", "*.txt", "*.jinja", "LICENSE*")
"""The files of a repository that a checkpoint needs."""
USABLE = {"cuda": 0.95, "mps": 0.7, "cpu": 0.85}  # of the memory there: the rest is the system's and other programs'
HANDY = 5  # billions of parameters: without a graphics card, a larger model takes many minutes for an answer


@dataclass(frozen=True)
class Model:
    """One model. bundled: its folder under resources/. repo, revision: on the hub. bytes: of the download, about.

    use: what it is for. parameters: billions, about.
    licence: in words; commercial: "yes", "no" or "check" (not read by us). recommended_from: GB (1e9 bytes) of memory; 0: not recommended.
    model_type: the family, as its config.json names it. profile: how it is asked, where its folder does not say so.
    files: which of the repository's files are needed, as patterns. kind: models, or datasets: what the hub keeps it among.
    tool: the tool that uses it, see `core/tools.py`; "" of a model that answers questions.
    """

    id: str
    title: str = ""
    use: str = ""
    bundled: Optional[str] = None
    repo: Optional[str] = None
    revision: Optional[str] = None
    bytes: int = 0
    parameters: float = 0
    licence: str = ""
    commercial: str = "check"
    recommended_from: float = 0
    model_type: str = ""
    files: Tuple[str, ...] = CHECKPOINT
    profile: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "models"
    tool: str = ""

    @property
    def folder(self) -> Path:
        """Where it is, or will be once downloaded."""
        return RESOURCES / self.bundled if self.bundled else home() / self.id

    @property
    def here(self) -> bool:
        """Its folder has the record of a download, which is written when all of it is there, or was copied there whole."""
        if (self.folder / RECEIPT).is_file():
            return True
        return holds_model(self.folder) if self.is_checkpoint else all((self.folder / name).is_file() for name in self.files)

    @property
    def is_checkpoint(self) -> bool:
        """A folder as transformers loads it; else the files that are named, and no others."""
        return self.files == CHECKPOINT

    @property
    def size_is_estimated(self) -> bool:
        return bool(self.repo) and self.revision is None


@dataclass(frozen=True)
class Fit:
    """Whether and how a model runs here. place: where, or the largest one where it fits nowhere. number: of its weights, bfloat16 or int8.

    needed: bytes that it takes so, about.
    """

    fits: bool
    place: Memory
    number: str
    needed: int

    @property
    def waits(self) -> bool:
        """It fits once other programs have given back what they hold at the moment."""
        return self.fits and self.needed > self.place.free


def places() -> List[Memory]:
    """Where a model can run on this machine, the best first. Starts nvidia-smi where there is one, which may take seconds."""
    own = memory.machine()
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return [replace(own, device="mps", name="Apple graphics")]
    return [*memory.cards()[:1], own]


def fit(model: Model, places: Sequence[Memory]) -> Fit:
    """The best way to run a model: in the first place that it fits into, with whole weights rather than int8."""
    for place in places:
        if number := memory.fitting(model.bytes, replace(place, free=int(place.total * USABLE[place.device]))):
            return Fit(True, place, number, memory.estimate(model.bytes, number, place.device).total)
    largest = max(places, key=lambda place: place.total * USABLE[place.device])
    return Fit(False, largest, "int8", memory.estimate(model.bytes, "int8", largest.device).total)


def recommended(models: Iterable[Model], places: Sequence[Memory]) -> Optional[Model]:
    """The one to begin with here: the largest of the recommended ones for the first place that takes any. None: a server should run it."""
    ranked = sorted((model for model in models if model.recommended_from), key=lambda model: -model.recommended_from)
    for place in places:
        for model in ranked:
            bearable = place.device != "cpu" or model.parameters <= HANDY
            if bearable and place.total >= model.recommended_from * 1e9 and fit(model, [place]).fits:
                return model
    return None


def catalogue() -> dict[str, Model]:
    """The models that answer questions, by id, in the list's order."""
    return {name: model for name, model in _listed().items() if not model.tool}


def tool_models(tool: str = "") -> dict[str, Model]:
    """The models that a tool uses, or that any tool uses, by id, the most exact of a tool first."""
    return {name: model for name, model in _listed().items() if model.tool and tool in ("", model.tool)}


def of_hub(repo: str) -> Model:
    """A checkpoint of the hub that the list does not have, `owner/name`."""
    return Model(repo.replace("/", "--"), title=repo, repo=repo)


def home() -> Path:
    """Where downloaded models are."""
    return data_folder() / "models"


def holds_model(folder: Path) -> bool:
    """Whether a folder has config.json and all files of weights, by name. Cheap; `zoomearth models verify` looks into them."""
    try:
        return (folder / "config.json").is_file() and all((folder / name).is_file() for name in weight_files(folder))
    except (OSError, ValueError):
        return False


def weight_files(folder: Path) -> list[str]:
    """The names of the files of weights that belong to a checkpoint, there or not. Raises OSError, ValueError for an index that is none."""
    index = folder / INDEX
    if not index.is_file():
        return ["model.safetensors"]
    shards = texts.read_object(index).get("weight_map")
    if not isinstance(shards, dict) or not shards or not all(isinstance(name, str) for name in shards.values()):
        raise ValueError("it has no weight_map")
    return sorted(set(shards.values()))


def _listed() -> dict[str, Model]:
    entries = json.loads((RESOURCES / "models.json").read_text(encoding="utf-8"))
    return {entry["id"]: _model(**entry) for entry in entries}


def _model(repo: Optional[str], files: Sequence[str] = CHECKPOINT, **entry: Any) -> Model:
    name, _, revision = (repo or "").partition("@")
    return Model(repo=name or None, revision=revision or None, files=tuple(files), **entry)
