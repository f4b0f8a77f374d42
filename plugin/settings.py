"""Settings stored by QGIS: the fields of `core.settings.Settings` under `zoomearth/`, which Python runs the backend, and where its key is.

A server's key itself is only in QGIS's authentication manager; here is the id of its entry there.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Optional

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from ..core.protocol import Load
from ..core.settings import Settings

GROUP = "zoomearth/"


def load_settings() -> Settings:
    """What the options page has saved. A value that is none of a setting's choices, from another version, counts as the default."""
    values: dict[str, str] = {}
    for setting in fields(Settings):
        default, choices = str(setting.default), setting.metadata["choices"]
        value = _value(setting.name, default)
        values[setting.name] = default if choices and value not in choices else value
    return Settings(**values)


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


def load_message(settings: Optional[Settings] = None, config: Optional[str] = None) -> Load:
    """Of the settings, by default the saved ones. config: the entry with the server's key, by default the chosen one."""
    settings = settings or load_settings()
    return Load(settings, server_key(config) if settings.remote else None)


def _value(name: str, default: str = "") -> str:
    return QgsSettings().value(GROUP + name, default, type=str)
