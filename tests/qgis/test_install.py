"""The private environment: really made from small requirements, interrupted and continued, and the messages where it can't be made."""

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

from zoomearth.plugin.child.command import descendants
from zoomearth.plugin.install.environment import Build, Environment
from zoomearth.plugin.install.installer import Installer

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
        monkeypatch.setenv("PIP_TRUSTED_HOST", "127.0.0.1")  # otherwise pip does not cache downloads by plain HTTP
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
    """The kind of the diagnosis of an attempt that fails; it must not leave an environment that looks complete."""
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


def test_uv_brings_the_packages_where_it_is_at_hand(environment, index, qtbot, monkeypatch):
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip("uv is not here")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)  # the machine's own would be preferred
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(uv).parent), os.environ["PATH"]]))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    install = installer(environment)
    assert attempt(qtbot, install) == [True, None], install.log
    assert any("uv pip install" in line and "--torch-backend cpu" in line for line in install.log)
    assert fetched(index, NAMES[1])


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


def test_a_python_that_can_not_make_environments_is_named(environment, packages, qtbot, monkeypatch, tmp_path):
    """A copy of this Python without ensurepip, as Debian ships it without python3-venv; uv, which could help, is not at hand."""
    monkeypatch.setenv("PATH", os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if not Path(part, "uv").exists()))
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


def test_a_package_killed_while_it_was_unpacked_is_no_obstacle(environment, packages, qtbot):
    assert attempt(qtbot, installer(environment, packages=packages)) == [True, None]
    (package,) = environment.folder.glob(f"**/{NAMES[0]}")
    shutil.rmtree(package)
    (package.parent / f"{NAMES[0]}-1.0.dist-info" / "INSTALLER").unlink()
    (environment.folder / "complete.json").unlink()
    assert attempt(qtbot, installer(environment, packages=packages)) == [True, None]
    assert (package / "__init__.py").exists()


def test_an_environment_that_fails_its_trial_is_begun_anew(environment, packages, qtbot):
    (wheel,) = Path(packages).glob(f"{NAMES[0]}*")
    good = wheel.read_bytes()
    wheel.write_bytes(make_wheel(NAMES[0], module=b"import zoomearth_absent\n")[1])
    assert refused(qtbot, installer(environment, packages=packages)) == "unknown"
    wheel.write_bytes(good)
    assert attempt(qtbot, installer(environment, packages=packages)) == [True, None]


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
