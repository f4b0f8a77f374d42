"""The plugin's settings in QGIS: the fields of `core.settings.Settings`, the Python of the backend, and the id of the server's key.

The key itself is only in QGIS's authentication manager; the settings hold the id of its entry.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Optional

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from ..core.requests import Load
from ..core.settings import Settings

GROUP = "zoomearth/"


def load_settings() -> Settings:
    """The saved settings. A value that is not among a setting's choices, from another version, is replaced by the default."""
    values: dict[str, str] = {}
    for setting in fields(Settings):
        default, choices = str(setting.default), setting.metadata["choices"]
        value = _value(setting.name, default)
        values[setting.name] = default if choices and value not in choices else value
    return Settings(**values)


def save_settings(settings: Settings) -> None:
    for name, value in asdict(settings).items():
        QgsSettings().setValue(GROUP + name, value)


def offers_tools() -> bool:
    """Whether the model may use tools while it answers."""
    return bool(QgsSettings().value(GROUP + "offer_tools", False, type=bool))


def offer_tools(wanted: bool) -> None:
    QgsSettings().setValue(GROUP + "offer_tools", wanted)


def outlines_finds() -> bool:
    """Whether what a survey finds is outlined."""
    return bool(QgsSettings().value(GROUP + "outline_finds", False, type=bool))


def outline_finds(wanted: bool) -> None:
    QgsSettings().setValue(GROUP + "outline_finds", wanted)


def chosen_python() -> str:
    """The Python program that the user has chosen for the backend; "": the one of the private environment."""
    return _value("python")


def choose_python(path: str) -> None:
    QgsSettings().setValue(GROUP + "python", path)


def auth_config() -> str:
    """The id of the entry in the authentication manager that holds the server's key, or ""."""
    return _value("authcfg")


def choose_auth_config(config: str) -> None:
    QgsSettings().setValue(GROUP + "authcfg", config)


def server_key(config: Optional[str] = None) -> Optional[str]:
    """The key in an entry of the authentication manager, by default the chosen one. None: there is no key, or QGIS can't read the entry.

    A "Basic" entry has the key as its password, an "API Header" entry in its Authorization line (else in its first line), an "Esri Token"
    entry as its token.
    """
    config = auth_config() if config is None else config
    method = QgsAuthMethodConfig()
    if not config or not QgsApplication.authManager().loadAuthenticationConfig(config, method, True):
        return None
    entry = method.configMap()
    headers = {name.lower(): value for name, value in entry.items()}
    value = entry.get("password") or entry.get("token") or headers.get("authorization") or next(iter(entry.values()), "")
    scheme, _, key = value.strip().partition(" ")
    return (key.strip() if scheme.lower() == "bearer" else value.strip()) or None


def load_message(settings: Optional[Settings] = None, config: Optional[str] = None) -> Load:
    """The request that loads the model of the settings, by default the saved ones. config: the entry with the key."""
    settings = settings or load_settings()
    return Load(settings, server_key(config) if settings.remote else None)


def user_name() -> str:
    """The name of the person at this machine, as QGIS knows it."""
    return QgsApplication.userFullName() or QgsApplication.userLoginName()


def _value(name: str, default: str = "") -> str:
    return QgsSettings().value(GROUP + name, default, type=str)
