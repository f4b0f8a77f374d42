"""The text of a bug report: versions, settings and log, without keys, passwords and the user's name."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict
from pathlib import Path
from typing import Sequence

from qgis.core import Qgis, QgsApplication, QgsSettings
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QT_VERSION_STR

from ... import __version__
from ...core.address import hidden
from ..settings import auth_config, chosen_python, load_settings, server_key
from .environment import Environment, backend_python, detect_device

TAIL = 200  # lines of a log
SECRETS = (
    (r"(?i)\b(https?|socks5h?|ftp)://[^/\s@:]+(:[^/\s@]*)?@", r"\1://***@"),  # user and password of a URL
    (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", r"\1 ***"),
    (
        r"(?i)\b([\w-]*(?:api[_-]?key|token|password|passwd|secret|authorization|authcfg)[\"']?\s*[=:]\s*)(?!bearer|basic)[\"']?[^\s\"',&;]+",
        r"\1***",
    ),
    (r"\b(sk|hf|ghp|gsk|pk)[-_][\w-]{8,}", r"\1-***"),
)


def scrub(text: str, secrets: Sequence[str] = ()) -> str:
    """The text with home folders as ~, the user's name as `user`, and every key, token and password as ***."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    for pattern, put in SECRETS:
        text = re.sub(pattern, put, text)
    home = str(Path.home())
    for written in {home, home.replace("\\", "/"), home.replace("\\", "\\\\"), os.path.realpath(home)}:
        if len(written) > 1:
            text = re.sub(re.escape(written) + r"(?![\w.-])", "~", text)
    text = re.sub(r"(?i)([\\/](?:home|users)[\\/]+)[^\\/\s:'\"]+", r"\1user", text)
    name = Path.home().name
    return re.sub(rf"\b{re.escape(name)}\b", "user", text) if len(name) > 2 and name not in ("root", "user", "home") else text


def diagnostics(log: Sequence[str] = ()) -> str:
    """Versions, settings, environment, and the last lines of a log (default: of the last installation), as `scrub` returns them."""
    environment = Environment()
    facts = environment.facts
    python = backend_python()
    proxied = QgsSettings().value("proxy/proxyEnabled", False, type=bool)
    lines = [
        f"ZoomEarth {__version__}",
        f"QGIS {Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}, Python {platform.python_version()}",
        f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, {detect_device()}; QGIS at {QgsApplication.prefixPath()}",
        f"environment: {environment.folder}: {facts or ('unfinished' if environment.folder.exists() else 'none')}",
        f"interpreter: {python or 'none'}{' (chosen)' if chosen_python() else ''}",
        *(f"{name}: {value or '-'}" for name, value in asdict(load_settings()).items()),
        f"key: {'in the authentication manager' if auth_config() else 'none'}; QGIS proxy: {'on' if proxied else 'off'}",
        f"variables: {', '.join(sorted(name for name in os.environ if name.startswith(('ZOOMEARTH_', 'PIP_', 'UV_', 'HF_')))) or 'none'}",
        "",
        *(list(log) or _last_log(environment.log))[-TAIL:],
    ]
    return scrub(hidden("\n".join(lines)), [server_key() or ""] if auth_config() else [])


def copy_diagnostics(log: Sequence[str] = ()) -> None:
    """Copies the diagnostics to the clipboard."""
    QgsApplication.clipboard().setText(diagnostics(log))


def _last_log(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
