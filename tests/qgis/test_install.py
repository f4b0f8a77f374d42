"""The private environment: made for real from small requirements, cut off and resumed, and what people are told where it can't be made."""

import os
import shutil
import ssl
import subprocess
import sys
import sysconfig
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from package_index import PackageIndex, make_wheel
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QEventLoop, QTimer

from zoomearth.plugin.bases import PROBE, Base, candidates
from zoomearth.plugin.child import child_environment
from zoomearth.plugin.command import descendants
from zoomearth.plugin.diagnosis import diagnose
from zoomearth.plugin.environment import Build, Environment, backend_python
from zoomearth.plugin.install import Installer
from zoomearth.plugin.meter import Meter
from zoomearth.plugin.settings import choose_python

SMALL = Build("cpu", 1_000_000, 1_000_000)
ENOUGH = 120_000  # milliseconds; a venv and an update of pip on a busy machine
NAMES = ("zoomearth_quick", "zoomearth_slow")


@pytest.fixture
def environment(tmp_path):
    """For two packages that only the loopback index has."""
    requirements = tmp_path / "backend.txt"
    requirements.write_text("# two packages\n" + "\n".join(NAMES))
    return Environment(requirements, ("-c", f"import {', '.join(NAMES)}"))


@pytest.fixture
def index(monkeypatch):
    """The machine's own index beside it has pip itself."""
    with PackageIndex({NAMES[0]: 1000, NAMES[1]: 3_000_000}) as index:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.url)
        monkeypatch.setenv("PIP_TRUSTED_HOST", "127.0.0.1")  # else pip keeps nothing that came by plain HTTP
        yield index


@pytest.fixture
def packages(tmp_path):
    """A folder of wheels, as carried to a machine without a network."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for name in NAMES:
        file, content = make_wheel(name)
        (folder / file).write_bytes(content)
    return str(folder)


def installer(environment, **more):
    return Installer(environment, more.pop("build", SMALL), **more)


def attempt(qtbot, installer):
    """ok and diagnosis of one attempt."""
    with qtbot.waitSignal(installer.finished, timeout=ENOUGH) as ended:
        installer.start()
    return ended.args


def refused(qtbot, installer):
    """The kind of the diagnosis of an attempt that fails, and leaves no environment to be taken for whole."""
    ok, diagnosis = attempt(qtbot, installer)
    assert not ok
    assert installer.environment.facts is None
    assert diagnosis.what.endswith(".")
    assert diagnosis.remedy.endswith(".")
    return diagnosis.kind


def fetched(index, name):
    return any(path.startswith(f"/files/{name}") for path in index.asked)


def test_cut_off_midway_nothing_runs_on_and_the_next_attempt_fetches_only_what_is_missing(environment, index, qtbot):
    index.held = NAMES[1:]
    install = installer(environment)
    shown = []
    install.progress.connect(lambda stage, done, total: shown.append((done, total)))
    with qtbot.waitSignal(install.finished, timeout=ENOUGH) as ended:
        install.start()
        qtbot.waitUntil(lambda: index.halfway.is_set() and any(0 < done < total for done, total in shown), timeout=ENOUGH)
        running = descendants(os.getpid())
        assert running
        install.cancel()
    assert ended.args == [False, None]
    assert not set(running) & set(descendants(os.getpid()))
    assert environment.facts is None
    assert not (environment.scratch / "tmp").exists()

    index.release()
    index.asked.clear()
    assert attempt(qtbot, install) == [True, None]
    assert not fetched(index, NAMES[0])
    assert fetched(index, NAMES[1])
    assert not any("-m venv" in line for line in install.log)


def test_the_environment_is_pure_whole_and_removed_without_a_trace(environment, packages, qtbot):
    environment.folder.parent.mkdir(parents=True)
    other = environment.folder.with_name("env-of-an-older-plugin")
    models = environment.folder.with_name("models")
    for folder in (other, models):
        folder.mkdir()
    assert attempt(qtbot, installer(environment, packages=packages)) == [True, None]
    assert "include-system-site-packages = false" in (environment.folder / "pyvenv.cfg").read_text()
    assert (
        environment.facts["bytes"]
        == sum(file.lstat().st_size for file in environment.folder.rglob("*") if not file.is_dir())
        - (environment.folder / "complete.json").stat().st_size
    )
    assert not environment.scratch.exists()
    assert not other.exists()
    environment.remove()
    assert {left.name for left in environment.folder.parent.iterdir()} <= {"models"}
    assert models.exists()


def test_settings_of_qgis_and_of_pip_that_would_lead_elsewhere_do_not(environment, packages, qtbot, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    for name, value in {
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "/nowhere",
        "LD_LIBRARY_PATH": "/nowhere",
        "VIRTUAL_ENV": "/nowhere",
        "PIP_USER": "1",
        "PIP_TARGET": str(elsewhere),
        "PIP_REQUIRE_VIRTUALENV": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert attempt(qtbot, installer(environment, packages=packages)) == [True, None]
    assert not elsewhere.exists()


def test_the_window_is_not_kept_waiting(environment, packages, qtbot):
    """The longest time without an event handled while an environment is made: under a tenth of a second."""
    install, loop, beat, longest, last = installer(environment, packages=packages), QEventLoop(), QTimer(), 0.0, None

    def look():
        nonlocal longest, last
        now = time.monotonic()
        longest, last = max(longest, now - (last or now)), now

    beat.timeout.connect(look)
    beat.start(5)
    install.finished.connect(loop.quit)
    QTimer.singleShot(0, install.start)
    loop.exec()
    beat.stop()
    assert environment.facts
    assert longest < 0.1


def test_a_proxy_that_is_not_there_is_named(environment, index, qtbot, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    settings = {"proxyEnabled": True, "proxyType": "HttpProxy", "proxyHost": "127.0.0.1", "proxyPort": "1"}
    for name, value in settings.items():
        QgsSettings().setValue(f"proxy/{name}", value)
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://packages.invalid/simple")
    try:
        assert refused(qtbot, installer(environment)) == "proxy"
    finally:
        QgsSettings().remove("proxy")


def test_a_network_that_is_not_there_is_named(environment, qtbot, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert refused(qtbot, installer(environment)) == "offline"


def test_a_certificate_that_nobody_knows_is_named(environment, qtbot, monkeypatch, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"https://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    try:
        assert refused(qtbot, installer(environment)) == "tls"
    finally:
        server.shutdown()
        server.server_close()


def test_a_package_that_nobody_offers_is_named(environment, packages, qtbot):
    (file,) = Path(packages).glob(f"{NAMES[1]}*")
    file.rename(file.with_name(file.name.replace("py3-none-any", "cp27-cp27m-win32")))
    assert refused(qtbot, installer(environment, packages=packages)) == "wheel"


def test_a_full_disk_is_named_before_anything_is_made(environment, packages, qtbot):
    assert refused(qtbot, installer(environment, packages=packages, build=Build("cpu", 10**15, 10**15))) == "disk"
    assert not environment.folder.exists()


def test_a_disk_that_fills_up_on_the_way_is_named(environment, packages, qtbot, monkeypatch, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("only root can make a disk of six megabytes")
    try:
        monkeypatch.setenv("ZOOMEARTH_HOME", str(small))
        assert refused(qtbot, installer(environment, packages=packages)) == "disk"
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root may write to")
def test_a_folder_that_may_not_be_written_is_named(environment, packages, qtbot, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_HOME", "/sys/zoomearth")
    assert refused(qtbot, installer(environment, packages=packages)) == "permission"


def test_a_python_that_can_not_make_environments_is_named(environment, packages, qtbot, tmp_path):
    """A copy of this Python without ensurepip, as Debian ships it without python3-venv."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib" / version).mkdir(parents=True)
    python = shutil.copy(os.path.realpath(sys.executable), tmp_path / "bin" / version)
    for part in Path(sysconfig.get_path("stdlib")).iterdir():
        if part.name not in ("ensurepip", "site-packages", "dist-packages"):
            (tmp_path / "lib" / version / part.name).symlink_to(part)
    assert refused(qtbot, installer(environment, packages=packages, base=str(python))) == "venv"


def test_a_python_that_is_too_old_or_none_at_all_is_named(environment, packages, qtbot):
    assert refused(qtbot, installer(environment, packages=packages, base="/bin/true")) == "python"
    for older in sorted(Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python")):
        assert refused(qtbot, installer(environment, packages=packages, base=str(older))) == "python"


def test_packages_that_do_not_import_are_no_environment(environment, packages, qtbot):
    environment = Environment(environment.requirements, ("-c", "import zoomearth_absent"))
    assert refused(qtbot, installer(environment, packages=packages)) == "unknown"


def test_two_windows_of_qgis_do_not_set_up_at_once(environment, packages, qtbot):
    first, second = installer(environment, packages=packages), installer(environment, packages=packages)
    first.start()
    assert attempt(qtbot, second)[1].kind == "busy"
    with qtbot.waitSignal(first.finished, timeout=ENOUGH) as ended:
        pass
    assert ended.args == [True, None]


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


# What the tools say where it can't be provoked here, shortened from the field.
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
