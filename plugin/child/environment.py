"""The environment variables of child processes: the variables that QGIS sets would break a Python that is not QGIS's."""

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
INSTALLERS = ("PIP_", "UV_")  # the user's mirror and certificates: pip and uv need them, the backend does not
HERE = "localhost,127.0.0.1,::1"  # requests to a server on this machine do not go through a proxy


def child_environment(keep_pip: bool = False) -> QProcessEnvironment:
    """The user's environment variables without QGIS's, and with the proxy of QGIS's options. keep_pip: keeps PIP_* and UV_*."""
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
    """The folder of QGIS's own Python, libraries and certificates (OSGeo4W, a macOS bundle); "" where QGIS uses the system's."""
    if sys.platform == "darwin":
        head, bundle, _ = QgsApplication.prefixPath().partition(".app/")
        return head + ".app" if bundle else ""
    return environment.value("OSGEO4W_ROOT")


def _inside(path: str, folder: str) -> bool:
    return bool(path) and PurePath(folder) in (PurePath(path), *PurePath(path).parents)


def _host(address: str) -> str:
    """The host of an address: QGIS lists the beginnings of URLs, NO_PROXY lists hosts."""
    return urlsplit(address if "//" in address else "//" + address).hostname or ""


def _proxy() -> Optional[str]:
    """The proxy of Options > Network as a URL. None: no proxy is set there, and the system's variables apply."""
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
