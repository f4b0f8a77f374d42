"""Settings, each declared once: flags, environment variables, the options page and the report are derived from these fields."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Mapping

from .texts import well_formed

PREFIX = "ZOOMEARTH_"
DIALECTS = (  # the names of `core/families.DIALECTS`, whose import takes longer than all of `zoomearth --help`
    "zoomearth",
    "qwen-grounding",
    "qwen2-grounding",
    "qwen3-grounding",
    "paligemma",
    "gemma",
    "glm",
    "internvl",
    "geovista",
    "moondream",
    "general",
)


def _setting(default: Any, label: str, help: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"label": label, "help": help, "choices": choices})


@dataclass(frozen=True)
class Settings:
    """Which model answers, and where it runs."""

    model: str = _setting("", "Model", "name of a model (see `zoomearth models`) or path of a model folder")
    remote: str = _setting(
        "",
        "Server",
        "address of a server with the OpenAI API (vLLM, Ollama, LM Studio, cloud services) that runs the model; the "
        "small pictures that the model looks at are sent there",
    )
    remote_model: str = _setting("", "Model on the server", "name of the model on the server")
    device: str = _setting(
        "auto",
        "Device",
        "where the model runs: cpu, cuda (NVIDIA graphics card) or mps (Apple graphics); auto: the fastest that is available",
        ("auto", "cpu", "cuda", "mps"),
    )
    dtype: str = _setting(
        "auto",
        "Precision",
        "precision of the model weights; the 16-bit formats need half the memory of float32; auto is right for most computers",
        ("auto", "float32", "bfloat16", "float16"),
    )
    quantize: str = _setting(
        "auto",
        "Quantization (saves memory)",
        "int8: the model weights are stored as 8-bit integers, which need about half the memory; auto: only if the model does not fit "
        "into the memory otherwise",
        ("auto", "none", "int8"),
    )
    prompt_file: str = _setting(
        "", "Prompt file", "text file with an instruction that replaces the instruction (prompt) of the model; leave it empty in normal use"
    )
    asked_as: str = _setting(
        "",
        "Prompt format",
        "name of the model of the list in whose way the model is asked (prompt, boxes, picture sizes); empty: in its own way",
    )
    dialect: str = _setting(
        "",
        "Dialect",
        "how the model is asked and its boxes are read (see the page on models and servers); empty: as the model itself, a test of it, "
        "or its name tells",
        ("", *DIALECTS),
    )

    @property
    def weights(self) -> str:
        """The model that runs on this machine: an id or a folder."""
        return self.model or "zoomearth-demo"

    @property
    def profile(self) -> str:
        """The model whose prompt, dialect and policy are used: an id or a folder; "" on a server, where the served model's name tells.
        With a server, `model` names it too."""
        return self.asked_as or self.model or ("" if self.remote else self.weights)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers: `remote` has several with blanks between them, which host the same model."""
        return tuple(dict.fromkeys(self.remote.split()))

    def __post_init__(self) -> None:
        for setting in fields(self):
            choices, value = setting.metadata["choices"], getattr(self, setting.name)
            if setting.name in ("remote", "remote_model"):  # these are sent; the others may be paths, whose bytes must not change
                object.__setattr__(self, setting.name, well_formed(value))
            if choices and value not in choices:
                raise ValueError(f"{setting.name} is {value!r}: it is one of {', '.join(filter(None, choices))}")

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The values of ZOOMEARTH_MODEL, ZOOMEARTH_DEVICE, ..., else the defaults. Raises ValueError for a value that is not allowed."""
        names = (setting.name for setting in fields(cls))
        return cls(**{name: environment[PREFIX + name.upper()] for name in names if environment.get(PREFIX + name.upper())})


KEY_VARIABLE = PREFIX + "API_KEY"  # the server's key is never a flag: other users can read command lines


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder for models and the plugin's environment: ZOOMEARTH_HOME, else the system's folder for a user's data."""
    if chosen := environment.get(PREFIX + "HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "ZoomEarth"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/ZoomEarth"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "zoomearth"
