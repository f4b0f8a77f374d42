"""What the known failures of an installation look like in its log, and what helps against each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Sequence

from ..i18n import tr


@dataclass(frozen=True)
class Diagnosis:
    """kind: one word, for programs. what: what is wrong. remedy: what to do about it. Both for people, in their language."""

    kind: str
    what: str
    remedy: str


def disk_full() -> Diagnosis:
    return Diagnosis(
        "disk",
        tr("The disk is full."),
        tr("Make room and try again: what has been downloaded is kept. The variable ZOOMEARTH_HOME names another disk."),
    )


def no_permission() -> Diagnosis:
    return Diagnosis(
        "permission",
        tr("A file or folder may not be written."),
        tr(
            "Close other programs that use the folder, and see that it is yours to write (a virus scanner can hold it too). "
            "The variable ZOOMEARTH_HOME names another place."
        ),
    )


def no_venv() -> Diagnosis:
    return Diagnosis(
        "venv",
        tr("This Python can't make environments: its venv or ensurepip module is missing."),
        tr("On Debian and Ubuntu: sudo apt install python3-venv. Elsewhere: install Python from python.org, or pick another Python."),
    )


def proxy_refuses() -> Diagnosis:
    return Diagnosis(
        "proxy",
        tr("The proxy does not let the download through."),
        tr("Check address, user and password under Settings > Options > Network, then try again."),
    )


def not_trusted() -> Diagnosis:
    return Diagnosis(
        "tls",
        tr("A server's certificate is not trusted; often a company's network puts its own in its place."),
        tr("Ask the network's administrator for the certificate file, set the variable PIP_CERT to its path, and restart QGIS."),
    )


def offline() -> Diagnosis:
    return Diagnosis(
        "offline",
        tr("The package index can't be reached: this machine seems to be offline."),
        tr(
            "Check the connection and try again: what has been downloaded is kept. For a machine without a network, run "
            "'pip download -d packages -r backend.txt' on a like one that has it, carry the folder over, and choose it in this dialog."
        ),
    )


def no_python() -> Diagnosis:
    return Diagnosis(
        "python",
        tr("No suitable Python was found: 3.10 or newer, of 64 bits, is needed."),
        tr("Install one from python.org (or your system's packages), or install uv, which brings its own; then try again."),
    )


def no_wheel() -> Diagnosis:
    return Diagnosis(
        "wheel",
        tr("A package is not offered for this system and Python."),
        tr("Pick another Python: 3.10 to 3.13, of 64 bits. Old systems and unusual processors can use a model on a server instead."),
    )


def damaged() -> Diagnosis:
    return Diagnosis("damaged", tr("A download arrived damaged."), tr("Try again: it is fetched afresh."))


def library_missing() -> Diagnosis:
    return Diagnosis(
        "library",
        tr("A library of the system is missing or too old."),
        tr("On Windows, install Microsoft's Visual C++ Redistributable (x64), then try again. On Linux, update the system."),
    )


def out_of_memory() -> Diagnosis:
    return Diagnosis("memory", tr("The machine ran out of memory."), tr("Close other programs and try again."))


def another_qgis() -> Diagnosis:
    return Diagnosis("busy", tr("Another QGIS is setting ZoomEarth up at the moment."), tr("Wait until it has finished, then try again."))


def unknown() -> Diagnosis:
    return Diagnosis(
        "unknown",
        tr("The installation ended with an error."),
        tr("The log's last lines say more. 'Copy diagnostics' gathers what a report of the fault should hold."),
    )


# In this order: pip goes on to say "no matching distribution" whatever kept it from looking.
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
    """The first known failure that the lines of a log show."""
    text = " ".join(" ".join(log).lower().split())
    return next((about() for pattern, about in KNOWN if re.search(pattern, text)), unknown())
