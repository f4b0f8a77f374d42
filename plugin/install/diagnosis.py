"""Known failures of an installation: how to recognise them in the log, and what the user can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Sequence

from ..i18n import tr


@dataclass(frozen=True)
class Diagnosis:
    """kind: one word, for programs. what: what is wrong; remedy: what the user can do; both in the user's language."""

    kind: str
    what: str
    remedy: str


def disk_full() -> Diagnosis:
    return Diagnosis(
        "disk",
        tr("The disk is full."),
        tr(
            "Free some disk space and try again: what has been downloaded is kept. To use another disk, set the "
            "environment variable ZOOMEARTH_HOME to a folder on it, and restart QGIS."
        ),
    )


def no_permission() -> Diagnosis:
    return Diagnosis(
        "permission",
        tr("ZoomEarth has no permission to write a file or folder."),
        tr(
            "Close other programs that use the folder, and check that you may write to it. A virus scanner can also "
            "block it. To use another folder, set the environment variable ZOOMEARTH_HOME to it, and restart QGIS."
        ),
    )


def no_venv() -> Diagnosis:
    return Diagnosis(
        "venv",
        tr("This Python can't create environments: its module venv or ensurepip is missing."),
        tr(
            "On Debian and Ubuntu: sudo apt install python3-venv. On other systems: install Python from python.org, or "
            "choose another Python."
        ),
    )


def proxy_refuses() -> Diagnosis:
    return Diagnosis(
        "proxy",
        tr("The proxy server blocks the download."),
        tr("Check the address, user and password in Settings > Options > Network, then try again."),
    )


def not_trusted() -> Diagnosis:
    return Diagnosis(
        "tls",
        tr("The certificate of a server is not trusted. Company networks often replace certificates with their own."),
        tr("Ask the network administrator for the certificate file, set the environment variable PIP_CERT to its path, and restart QGIS."),
    )


def offline() -> Diagnosis:
    return Diagnosis(
        "offline",
        tr("The package index can't be reached: this computer seems to be offline."),
        tr(
            "Check the connection and try again: what has been downloaded is kept. For a computer without a network: run "
            "'pip download -d packages -r backend.txt' on a similar computer with a network (backend.txt is in the "
            "folder resources/requirements of the plugin), copy the folder 'packages' to this computer, and choose it in "
            "this dialog under 'Other options'."
        ),
    )


def no_python() -> Diagnosis:
    return Diagnosis(
        "python",
        tr("No suitable Python was found. ZoomEarth needs a 64-bit Python, version 3.10 or newer."),
        tr(
            "Install Python from python.org or with the package manager of your system, or install uv, which downloads "
            "Python automatically. Then try again."
        ),
    )


def no_wheel() -> Diagnosis:
    return Diagnosis(
        "wheel",
        tr("A package is not available for this system and this Python version."),
        tr("Choose another Python: 64-bit, version 3.10 to 3.13. On old systems and unusual processors, use a model on a server instead."),
    )


def damaged() -> Diagnosis:
    return Diagnosis("damaged", tr("A downloaded file is damaged."), tr("Try again: the file will be downloaded again."))


def library_missing() -> Diagnosis:
    return Diagnosis(
        "library",
        tr("A system library is missing or too old."),
        tr("On Windows, install Microsoft's Visual C++ Redistributable (x64), then try again. On Linux, update the system."),
    )


def out_of_memory() -> Diagnosis:
    return Diagnosis("memory", tr("The computer ran out of memory."), tr("Close other programs and try again."))


def another_qgis() -> Diagnosis:
    return Diagnosis(
        "busy", tr("Another QGIS window is setting up ZoomEarth at the moment."), tr("Wait until it has finished, then try again.")
    )


def unknown() -> Diagnosis:
    return Diagnosis(
        "unknown",
        tr("The installation ended with an error."),
        tr("The last lines of the log show more. 'Copy diagnostics' copies what a bug report needs."),
    )


# The order matters: pip also prints "no matching distribution" after a network or certificate error.
KNOWN: tuple[tuple[str, Callable[[], Diagnosis]], ...] = (
    (r"no space left on device|not enough space on the disk|disk quota exceeded|\[errno 28\]|winerror 112|os error (28|112)\b", disk_full),
    (r"ensurepip is not available|no module named '?(ensurepip|venv)\b|returned non-zero exit status.*ensurepip", no_venv),
    (
        r"proxyerror|cannot connect to proxy|unable to connect to proxy|tunnel connection failed|407 proxy|tunnel error|unsuccessful",
        proxy_refuses,
    ),
    (r"certificate_verify_failed|certificate verify failed|sslcertverificationerror|invalid peer certificate|unknownissuer", not_trusted),
    (r"sslerror|tlsv1|wrong version number|ssl module is not available|ssl module in python is not available", not_trusted),
    (
        r"failed to establish a new connection|name or service not known|name resolution|getaddrinfo failed|nodename nor servname"
        r"|network is unreachable|connecttimeout|connection timed out|read timed out|connection refused|dns error|error sending request"
        r"|connection (was )?(reset|aborted|broken)|incompleteread|operation timed out|request failed after",
        offline,
    ),
    (r"do not match the hashes|hash mismatch|bad zipfile|badzipfile|file is not a zip file|bad crc|wheel .* is invalid", damaged),
    (
        r"permission denied|access is denied|read-only file system|operation not permitted|\[errno (1|13|30)\]|winerror (5|32)\b",
        no_permission,
    ),
    (r"requires? a different python|python version not supported|requires python|syntaxerror", no_python),
    (
        r"no matching distribution found|could not find a version that satisfies|not a supported wheel on this platform|no solution found"
        r"|failed building wheel|failed to build|metadata-generation-failed|microsoft visual c\+\+ 14",
        no_wheel,
    ),
    (
        r"dll load failed|winerror 126|error loading .*\.dll|glibc.* not found|glibcxx.* not found|cannot open shared object file",
        library_missing,
    ),
    (r"memoryerror|cannot allocate memory|out of memory|winerror 1455", out_of_memory),
)


def diagnose(log: Sequence[str]) -> Diagnosis:
    """The first known failure that matches the lines of a log; `unknown` where none does."""
    text = " ".join(" ".join(log).lower().split())
    return next((about() for pattern, about in KNOWN if re.search(pattern, text)), unknown())
