"""The published zip: complete, clean, and the same version everywhere."""

import configparser
import subprocess
import sys
import zipfile

import pytest

import zoomearth
from zoomearth.backend.cli.main import COMMANDS
from zoomearth.release.package import FILES, PARTS, check, package


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return package(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def small(archive, tmp_path_factory):
    """The smallest valid plugin: quick to check."""
    path = tmp_path_factory.mktemp("small") / archive.name
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(path, "w") as target:
        for file in (*FILES, "resources/icons/zoomearth.svg"):
            target.writestr(f"zoomearth/{file}", source.read(f"zoomearth/{file}"))
    assert check(path) == []
    return path


def names(archive):
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_the_plugin_site_finds_nothing(archive):
    assert check(archive) == []


def test_no_release_is_made_while_the_metadata_has_placeholders(small, tmp_path):
    faults = check(small, release=True)
    assert [fault.split("=")[0].rsplit(" ", 1)[1] for fault in faults] == ["author", "email", "repository", "tracker", "homepage"]
    filled = tmp_path / small.name
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(filled, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"to-be-set", b"of-whoever-publishes"))
    assert check(filled, release=True) == []


def test_every_file_that_is_needed_is_there_and_no_other(archive, root):
    tracked = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    needed = {file for file in tracked if file in FILES or file.split("/")[0] in PARTS} - {
        file for file in tracked if file.startswith("resources/serving/")
    }
    assert set(names(archive)) == {f"zoomearth/{file}" for file in needed}, "a package or a data file is missing in pyproject.toml"
    assert not {name.split("/")[1] for name in names(archive)} & {"tests", "training", "benchmarks"}


def test_one_version_in_the_metadata_and_in_the_code(archive, root):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(root / "metadata.txt", encoding="utf-8")
    assert parser["general"]["version"] == zoomearth.__version__
    assert archive.name == f"zoomearth-{zoomearth.__version__}.zip"
    assert parser["general"]["changelog"].startswith(zoomearth.__version__)
    assert (parser["general"]["qgisMinimumVersion"], parser["general"]["qgisMaximumVersion"]) == ("3.22", "4.99")


def test_the_same_commit_gives_the_same_zip(archive, tmp_path):
    assert package(tmp_path).read_bytes() == archive.read_bytes()


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugins")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def test_the_backend_runs_from_the_unpacked_zip(unpacked, tmp_path):
    command = [sys.executable, "-I", "-X", "utf8", str(unpacked / "zoomearth" / "backend" / "__main__.py"), "models"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "zoomearth-demo" in text


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.target.startswith("training.")])
def test_the_zip_says_what_to_install_for_a_command_that_it_lacks(unpacked, tmp_path, name):
    command = [sys.executable, "-I", "-X", "utf8", str(unpacked / "zoomearth" / "backend" / "__main__.py"), *name.split(), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "zoomearth: The QGIS plugin contains no training and no evaluation.",
        "  Install the whole package into a Python environment: pip install 'zoomearth[backend,training]'",
    ]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("zoomearth/plugin/evil.py", "import pickle\npickle.loads(b'')\n", "bandit B301"),
        ("zoomearth/plugin/keys.py", 'password = "' + "hunter2-of-the-north" + '"\n', "detect-secrets"),
        ("zoomearth/core/__pycache__/look.cpython-311.pyc", "", "no business there"),
        ("zoomearth/run.sh", "", "looks like a program"),
        ("stray.txt", "", "no business there"),
    ],
)
def test_what_the_site_would_refuse_is_found(small, tmp_path, name, content, fault):
    bad = tmp_path / small.name
    bad.write_bytes(small.read_bytes())
    with zipfile.ZipFile(bad, "a") as opened:
        opened.writestr(name, content)
    assert any(fault in said for said in check(bad)), check(bad)


def test_missing_metadata_is_found(small, tmp_path):
    bad = tmp_path / small.name
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("metadata.txt"):
                data = b"".join(line for line in data.splitlines(True) if not line.startswith((b"tracker", b"icon")))
            if name != "zoomearth/LICENSE":
                target.writestr(name, data)
    text = check(bad)
    assert {"metadata.txt has no tracker", "metadata.txt has no icon", "LICENSE is missing"} <= set(text)
