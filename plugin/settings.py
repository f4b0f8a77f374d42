"""Settings kept by QGIS: the fields of `core.config.Settings` under `zoomearth/`, which Python runs the backend, and where its key is.

A server's key itself lies only in QGIS's authentication manager; here is the id of its entry there.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Optional

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from ..core.settings import Settings

GROUP = "zoomearth/"


def load_settings() -> Settings:
    """What the options page has saved. A value that is none of a setting's choices, from another version, counts as the default."""
    kept: dict[str, str] = {}
    for setting in fields(Settings):
        default, choices = str(setting.default), setting.metadata["choices"]
        value = _value(setting.name, default)
        kept[setting.name] = default if choices and value not in choices else value
    return Settings(**kept)


def save_settings(settings: Settings) -> None:
    for name, value in asdict(settings).items():
        QgsSettings().setValue(GROUP + name, value)


def chosen_python() -> str:
    """The Python that a person picked for the backend; "": the private environment's."""
    return _value("python")


def choose_python(path: str) -> None:
    QgsSettings().setValue(GROUP + "python", path)


def auth_config() -> str:
    """The id of the authentication manager's entry that holds the server's key, or ""."""
    return _value("authcfg")


def choose_auth_config(config: str) -> None:
    QgsSettings().setValue(GROUP + "authcfg", config)


def server_key(config: Optional[str] = None) -> Optional[str]:
    """The key in an entry of the authentication manager, by default the chosen one. None: there is none, or QGIS may not open it.

    A "Basic" entry has it as its password, an "API Header" one in its Authorization line (or its first), an "Esri Token" one as its token.
    """
    config = auth_config() if config is None else config
    method = QgsAuthMethodConfig()
    if not config or not QgsApplication.authManager().loadAuthenticationConfig(config, method, True):
        return None
    held = method.configMap()
    headers = {name.lower(): value for name, value in held.items()}
    found = held.get("password") or held.get("token") or headers.get("authorization") or next(iter(held.values()), "")
    scheme, _, key = found.strip().partition(" ")
    return (key.strip() if scheme.lower() == "bearer" else found.strip()) or None


def load_message(settings: Optional[Settings] = None, config: Optional[str] = None) -> dict[str, Any]:
    """The fields of the wire's `load` message, by default for what was saved."""
    settings = settings or load_settings()
    remote = bool(settings.remote)
    message = {
        "engine": "remote" if remote else "local",
        "model": settings.model,
        "device": settings.device,
        "dtype": settings.dtype,
        "quantize": settings.quantize,
        "prompt_file": settings.prompt_file,
        "url": settings.remote,
        "remote_model": settings.remote_model,
    }
    if remote and (key := server_key(config)):
        message["key"] = key
    return message


def _value(name: str, default: str = "") -> str:
    return QgsSettings().value(GROUP + name, default, type=str)
