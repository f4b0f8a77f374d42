"""A model's profile: the dialect, prompt and policy that it was trained with. A checkpoint folder has it as `zoomearth.json`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import texts
from .catalogue import catalogue, home
from .dialect import Dialect
from .errors import ModelError
from .families import DIALECTS, GENERAL, dialect, family_of
from .look import Policy

FILE = "zoomearth.json"
TUNED = "zoomearth-3b"  # the listed model whose family does not say how it is asked
SAY_OTHERWISE = "--asked-as names another model of the list."


@dataclass(frozen=True)
class Profile:
    """name: shown with every answer. A model is always served with the dialect, prompt and policy that it was trained with.

    generated_only: it was trained on generated scenes only, so that its answers about other rasters are meaningless.
    views: sizes of views, the smallest first, of a model that was not trained for one size: the free memory decides which is used; where it
    is not known (a server), `policy.view` is used. A model that was trained for its views has none.
    notes: sentences about how its dialect was chosen, where the model itself does not name it.
    repetition_penalty: by which tokens that stand in the prompt or the reply are made less likely (Keskar et al. 2019, arXiv 1909.05858, as
    transformers applies it); 1: not at all.
    places: it is asked without an instruction, and has learnt to mark the places where things could be.
    """

    name: str
    dialect: Dialect
    policy: Policy
    generated_only: bool = False
    views: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    repetition_penalty: float = 1.0
    places: bool = False

    def __post_init__(self) -> None:
        if not self.repetition_penalty > 0:
            raise ValueError(f"repetition_penalty is {self.repetition_penalty}: it must be more than 0")
        if wrong := [view for view in self.views if view < 1 or view % self.policy.multiple]:
            raise ValueError(f"a view of {wrong[0]} pixels is no multiple of {self.policy.multiple}")

    @property
    def names_places(self) -> bool:
        """Whether it can be asked where things could be; one that was trained without an instruction knows the words of its training."""
        return self.places or bool(self.dialect.instruction)

    @property
    def prompt_hash(self) -> str:
        """Twelve hex digits of a hash of the prompt."""
        return hashlib.sha256(f"{self.dialect.system}\0{self.dialect.instruction}".encode()).hexdigest()[:12]

    @classmethod
    def from_dict(cls, data: dict[str, Any], origin: str = FILE) -> Profile:
        """data: name, dialect, policy {..}, generated_only, views, repetition_penalty, places; system and instruction where the prompt is
        not its own.

        Raises ModelError.
        """
        try:
            its_dialect = dialect(data.get("dialect", "qwen-grounding"), data.get("system"), data.get("instruction"))
            return cls(
                str(data["name"]),
                its_dialect,
                Policy(**data.get("policy", {})),
                data.get("generated_only", False) is True,
                tuple(sorted(map(int, data.get("views", ())))),
                repetition_penalty=float(data.get("repetition_penalty", 1.0)),
                places=data.get("places", False) is True,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{origin} does not describe a model: {error}.",
                f"The file must have name, dialect (one of {', '.join(DIALECTS)}) and policy.",
            ) from error

    @classmethod
    def of_family(cls, name: str, dialect_name: str) -> Profile:
        """Of a model that is asked as its family is. Raises KeyError for an unknown dialect."""
        return cls(name, dialect(dialect_name), DIALECTS[dialect_name].policy)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dialect": self.dialect.name,
            "system": self.dialect.system,
            "instruction": self.dialect.instruction,
            "prompt_hash": self.prompt_hash,
            "policy": asdict(self.policy),
            "generated_only": self.generated_only,
            "repetition_penalty": self.repetition_penalty,
            "views": list(self.views),
            "places": self.places,
        }

    @classmethod
    def of_folder(cls, folder: Path) -> Profile:
        """A checkpoint's own profile. A folder without one is asked as the listed model that it is: by its place among the downloaded
        ones, by a name that says ZoomEarth, else by its family. Raises ModelError."""
        file = folder / FILE
        if not file.is_file():
            return cls._recognised(folder)
        try:
            data = texts.read_object(file)
        except (OSError, ValueError) as error:
            raise ModelError(f"{file} can't be read: {error}.", "Download or copy the model again.") from error
        return cls.from_dict({**published(folder), **data}, str(file))

    @classmethod
    def _recognised(cls, folder: Path) -> Profile:
        models = catalogue()
        placed = models.get(folder.name)
        if placed and placed.profile and folder.parent == home():
            return cls.from_dict(dict(placed.profile))
        try:
            config = texts.read_object(folder / "config.json")
        except (OSError, ValueError):
            config = {}  # the engine will say what is wrong with it
        if name := _tuned_name(folder, config):
            note = f"{folder} has no {FILE}: it is asked as {TUNED}, because of its name ({name}). {SAY_OTHERWISE}"
            return replace(cls.from_dict(dict(models[TUNED].profile)), notes=(note,))
        kind = str(config.get("model_type", ""))
        stock = next((model for model in models.values() if model.model_type == kind and model.id != TUNED), None)
        if stock:
            return cls.from_dict({**stock.profile, **published(folder), "name": folder.name})
        if family := family_of(kind.replace("_", "-")):
            return replace(cls.of_family(folder.name, family), **published(folder))
        unknown = f"its model_type ({kind or 'none'}) tells no family"
        note = f"{folder} has no {FILE}, and {unknown}: it is asked in the dialect {GENERAL}. {SAY_OTHERWISE}"
        return replace(cls.of_family(folder.name, GENERAL), notes=(note,), **published(folder))


def _tuned_name(folder: Path, config: dict[str, Any]) -> str:
    """The name by which a folder says that it holds ZoomEarth's weights: its own, that of its place in a hub's cache, or in its config."""
    names = (folder.name, folder.parent.parent.name if folder.parent.name == "snapshots" else "", str(config.get("_name_or_path", "")))
    return next((name for name in names if re.search("zoom-?_?earth", name, re.I)), "")


def published(folder: Path) -> dict[str, Any]:
    """What a checkpoint's authors recommend for its generation, where its profile does not say otherwise."""
    try:
        penalty = texts.read_object(folder / "generation_config.json").get("repetition_penalty")
    except (OSError, ValueError):
        return {}
    return {"repetition_penalty": float(penalty)} if isinstance(penalty, (int, float)) and penalty > 0 else {}
