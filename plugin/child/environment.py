"""The environment of every process the plugin starts: QGIS's own settings would break a Python that is not QGIS's."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath
from typing import Optional
from urllib.parse import quote, urlsplit

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings
from qgis.PyQt.QtCore import QProcessEnvironment

# QGIS's launchers, AppImages, bundles and active environments set these for QGIS's own Python, GDAL, PROJ and Qt.
FOREIGN = ("PYTHON", "PROJ_", "GDAL_", "LD_", "DYLD_", "QT_", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
INSTALLERS = ("PIP_", "UV_")  # a user's mirror and certificates, which pip and uv need and the backend does not
HERE = "localhost,127.0.0.1,::1"  # a model server on this machine is not asked through a proxy


def child_environment(keep_pip: bool = False) -> QProcessEnvironment:
    """The user's environment without what is QGIS's, with the proxy of QGIS's options. keep_pip: PIP_* and UV_* stay too."""
    environment = QProcessEnvironment.systemEnvironment()
    dropped = FOREIGN if keep_pip else FOREIGN + INSTALLERS
    own = _own_folder(environment)
    for name in list(environment.keys()):
        value = environment.value(name)
        if name.upper().startswith(dropped):
            environment.remove(name)
        elif own and name.upper() == "PATH":
            environment.insert(name, os.pathsep.join(part for part in value.split(os.pathsep) if not _inside(part, own)))
        elif own and _inside(value, own):  # OSGeo4W's SSL_CERT_FILE, OPENSSL_ENGINES, ...
            environment.remove(name)
    if proxy := _proxy():
        direct = [_host(address) for address in QgsSettings().value("proxy/noProxyUrls", [], type=list)]
        settings = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": ",".join([HERE, *filter(None, direct)])}
        for name, value in settings.items():
            environment.insert(name, value)
            environment.insert(name.lower(), value)  # curl, and so GDAL, reads only http_proxy
    return environment


def _own_folder(environment: QProcessEnvironment) -> str:
    """Where QGIS brings a Python, libraries and certificates of its own (OSGeo4W, a macOS bundle); "" where it uses the system's."""
    if sys.platform == "darwin":
        head, found, _ = QgsApplication.prefixPath().partition(".app/")
        return head + ".app" if found else ""
    return environment.value("OSGEO4W_ROOT")


def _inside(path: str, folder: str) -> bool:
    return bool(path) and PurePath(folder) in (PurePath(path), *PurePath(path).parents)


def _host(address: str) -> str:
    """QGIS lists beginnings of URLs; NO_PROXY lists hosts."""
    return urlsplit(address if "//" in address else "//" + address).hostname or ""


def _proxy() -> Optional[str]:
    """The proxy of Options > Network as an URL. None: none is set there, and the system's own variables hold."""
    settings = QgsSettings()
    host = settings.value("proxy/proxyHost", "", type=str)
    kind = settings.value("proxy/proxyType", "", type=str)
    if not host or kind == "DefaultProxy" or not settings.value("proxy/proxyEnabled", False, type=bool):
        return None
    user, password = settings.value("proxy/proxyUser", "", type=str), settings.value("proxy/proxyPassword", "", type=str)
    if config := settings.value("proxy/authcfg", "", type=str):
        method = QgsAuthMethodConfig()
        if QgsApplication.authManager().loadAuthenticationConfig(config, method, True):
            user, password = method.config("username"), method.config("password")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    port = settings.value("proxy/proxyPort", "", type=str)
    return f"{'socks5' if kind == 'Socks5Proxy' else 'http'}://{login}{host}{':' + port if port else ''}"
