"""The installer's parts: the choice of Python, the environment of child processes, the diagnosis of a log, the progress of a download."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.core import QgsSettings

from zoomearth.plugin.child.environment import child_environment
from zoomearth.plugin.install.diagnosis import diagnose
from zoomearth.plugin.install.environment import backend_python
from zoomearth.plugin.install.progress import Meter
from zoomearth.plugin.install.pythons import PROBE, Base, candidates
from zoomearth.plugin.settings import choose_python


def test_a_chosen_python_wins_and_one_that_has_gone_is_none(tmp_path):
    assert backend_python() is None
    choose_python(sys.executable)
    assert backend_python() == Path(sys.executable)
    choose_python(str(tmp_path / "gone"))
    assert backend_python() is None


def test_a_python_of_this_machine_is_found():
    probed = [subprocess.run([*command, "-I", "-c", PROBE], capture_output=True, text=True) for command in candidates()]
    bases = [base for answer in probed if (base := Base.of_probe(answer.stdout.splitlines()))]
    assert any(base.runs_the_backend and Path(base.executable).is_file() for base in bases)


# Messages of the tools in cases that can't be produced here, shortened from users' reports.
SAID = {
    "disk": "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "proxy": "WARNING: Retrying (Retry(total=4)) after connection broken by 'ProxyError('Cannot connect to proxy.', OSError('Tunnel "
    "connection failed: 407 Proxy Authentication Required'))': /simple/numpy/\nERROR: No matching distribution found for numpy",
    "tls": "Could not fetch URL: There was a problem confirming the ssl certificate: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
    "failed: self signed certificate in certificate chain - skipping\nERROR: Could not find a version that satisfies the requirement numpy",
    "venv": "The virtual environment was not created successfully because ensurepip is not\navailable.  On Debian/Ubuntu systems, you "
    "need to install the python3-venv\npackage",
    "offline": "error: Failed to fetch: `torch`\n  Caused by: error sending request for url\n  Caused by: dns error: failed to lookup",
    "python": "ERROR: Ignored the following versions that require a different python version: 2.13.0 Requires-Python >=3.10\n"
    "ERROR: No matching distribution found for torch==2.13.0",
    "wheel": "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)\n"
    "ERROR: No matching distribution found for torch==2.13.0",
    "permission": "ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: 'C:\\\\Users\\\\me\\\\torch'",
    "damaged": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "library": 'OSError: [WinError 126] The specified module could not be found. Error loading "C:\\\\torch\\\\lib\\\\c10.dll"',
    "memory": "MemoryError",
    "unknown": "ERROR: Something new",
}


@pytest.mark.parametrize("kind", SAID)
def test_a_known_failure_is_told_with_its_remedy(kind):
    diagnosis = diagnose(SAID[kind].splitlines())
    assert diagnosis.kind == kind
    assert diagnosis.remedy


def test_progress_counts_what_pip_and_uv_say():
    pip = Meter(1000)
    assert pip.feed("Downloading torch-2.13.0-cp311.whl (2.0 kB)") == (0, 2000)
    assert pip.feed("Progress 500 of 2000") == (500, 2000)
    assert pip.feed("Progress 2000 of 2000") == (2000, 2000)
    assert pip.feed("Using cached numpy-2.whl (1 kB)") == (3000, 3000)
    assert pip.feed("Collecting numpy") is None
    assert pip.feed("Installing collected packages: numpy, torch") == (0, 0)
    uv = Meter(1000)
    assert uv.feed("Downloading torch (1.0KiB)") == (0, 1024)
    assert uv.feed(" Downloaded torch") == (1024, 1024)
    assert uv.feed("Prepared 1 package in 170ms") == (0, 0)


def test_a_child_sees_the_user_s_environment_and_qgis_s_proxy_but_nothing_of_qgis(monkeypatch):
    for name in ("PYTHONHOME", "PROJ_LIB", "GDAL_DATA", "LD_PRELOAD", "QT_PLUGIN_PATH", "VIRTUAL_ENV", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("ZOOMEARTH_TEST", "kept")
    monkeypatch.setenv("OSGEO4W_ROOT", "/opt/osgeo")
    monkeypatch.setenv("SSL_CERT_FILE", "/opt/osgeo/bin/curl-ca-bundle.crt")
    monkeypatch.setenv("PATH", os.pathsep.join(["/opt/osgeo/bin", "/usr/bin"]))
    for name, value in {
        "proxyEnabled": True,
        "proxyType": "HttpProxy",
        "proxyHost": "proxy.example",
        "proxyPort": "3128",
        "proxyUser": "me",
        "proxyPassword": "p@ss",
        "noProxyUrls": ["https://intern.example/x"],
    }.items():
        QgsSettings().setValue(f"proxy/{name}", value)
    try:
        seen, for_pip = child_environment(), child_environment(keep_pip=True)
    finally:
        QgsSettings().remove("proxy")
    assert not [name for name in list(seen.keys()) if name.startswith(("PYTHON", "PROJ_", "GDAL_", "LD_", "QT_", "VIRTUAL_ENV", "PIP_"))]
    assert seen.value("ZOOMEARTH_TEST") == "kept"
    assert not seen.contains("SSL_CERT_FILE")
    assert seen.value("PATH") == "/usr/bin"
    assert seen.value("HTTPS_PROXY") == seen.value("https_proxy") == "http://me:p%40ss@proxy.example:3128"
    assert seen.value("NO_PROXY").endswith(",intern.example")
    assert for_pip.value("PIP_INDEX_URL") == "x"
    assert not child_environment().contains("HTTPS_PROXY") or "HTTPS_PROXY" in os.environ
