"""`python release/package.py` makes dist/zoomearth-VERSION.zip, the plugin for QGIS, and examines it as the plugin site does.

The zip is made from the wheel, and the wheel from the files in git, so that it has no other file of the working tree. It has the plugin and
its backend, without training and tests. The examination: metadata, size, names, and no findings of bandit and detect-secrets. With
--release, placeholders in metadata.txt (author, addresses) are findings too: a published zip must not have them.
"""

from __future__ import annotations

import argparse
import configparser
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("core", "plugin", "backend", "resources")
FILES = ("__init__.py", "__main__.py", "metadata.txt", "LICENSE")
MOST = 25_000_000  # bytes: the limit of the plugin site
REQUIRED = ("name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker", "repository")
BY_US = ("qgisMaximumVersion", "homepage", "changelog", "tags", "category", "icon", "license", "hasProcessingProvider", "supportsQt6")
LEFT_OUT = "resources/serving/"  # scripts that start servers: the plugin site accepts no scripts
PLACEHOLDER = "to-be-set"  # a part of every value in metadata.txt that must be set before publication
SUSPICIOUS = (".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd", ".pyc", ".pyo")
TIME = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same commit gives the same zip


def package(folder: Path) -> Path:
    """Makes the zip in `folder`."""
    with tempfile.TemporaryDirectory() as temporary:
        wheel = _wheel(Path(temporary))
        version = wheel.name.split("-")[1]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"zoomearth-{version}.zip"
        with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
            for name in sorted(source.namelist()):
                top, _, inside = name.partition("/")
                if top == "zoomearth" and (inside in FILES or (inside.split("/")[0] in PARTS and not inside.startswith(LEFT_OUT))):
                    entry = zipfile.ZipInfo(name, TIME)
                    entry.external_attr = 0o644 << 16
                    target.writestr(entry, source.read(name), zipfile.ZIP_DEFLATED)
    return path


def _wheel(folder: Path) -> Path:
    """Builds the wheel from the files in git, in a temporary folder: the files of an old build/ would be packed too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            copy = folder / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*pip, str(folder / "source")], check=True)
    return next(folder.glob("*.whl"))


def check(path: Path, release: bool = False) -> list[str]:
    """The faults that the plugin site would find, a sentence each. release: placeholders in the metadata are faults."""
    faults = []
    if path.stat().st_size > MOST:
        faults.append(f"{path.name} has {path.stat().st_size:,} bytes, {MOST:,} are taken")
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        names = archive.namelist()
        archive.extractall(folder)
        for name in names:
            parts = name.split("/")
            if parts[0] != "zoomearth" or ".." in parts or any(part.startswith((".", "__pycache__")) for part in parts):
                faults.append(f"{name} has no business there")
            if name.lower().endswith(SUSPICIOUS):
                faults.append(f"{name} looks like a program")
        faults += [f"{name} is missing" for name in FILES if f"zoomearth/{name}" not in names]
        faults += _metadata(Path(folder) / "zoomearth", names, release)
        faults += _bandit(folder) + _secrets(folder)
    return faults


def _metadata(root: Path, names: list[str], release: bool) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(root / "metadata.txt", encoding="utf-8")
    values = dict(parser["general"])
    faults = [f"metadata.txt has no {key}" for key in (*REQUIRED, *BY_US) if not values.get(key, "").strip()]
    if f"zoomearth/{values.get('icon')}" not in names:
        faults.append(f"the icon {values.get('icon')} is missing")
    if release:
        unset = [f"{key}={value}" for key, value in values.items() if PLACEHOLDER in value]
        faults += [f"metadata.txt still has the placeholder {each}: set it before a release" for each in unset]
    return faults


def _bandit(folder: str) -> list[str]:
    """The findings of all bandit tests, which are more than the plugin site runs."""
    ran = subprocess.run([_tool("bandit"), "-r", folder, "-f", "json", "--quiet"], capture_output=True, text=True)
    results = json.loads(ran.stdout)["results"]
    return [f"bandit {each['test_id']} in {each['filename']}:{each['line_number']}: {each['issue_text']}" for each in results]


def _secrets(folder: str) -> list[str]:
    command = [_tool("detect-secrets"), "scan", "--all-files", "--exclude-files", r"metadata\.txt", "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    results = json.loads(ran.stdout)["results"]
    return [f"detect-secrets: {each['type']} in {file}:{each['line_number']}" for file, found in results.items() for each in found]


def _tool(name: str) -> str:
    """The path of a program of this Python environment."""
    return str(Path(sys.executable).parent / name)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the plugin's zip in dist/ and examine it.")
    parser.add_argument("--release", action="store_true", help="make no zip while metadata.txt has placeholders")
    options = parser.parse_args()
    path = package(ROOT / "dist")
    faults = check(path, options.release)
    for fault in faults:
        print(fault, file=sys.stderr)
    with zipfile.ZipFile(path) as archive:
        print(f"{path.relative_to(ROOT)}: {len(archive.namelist())} files, {path.stat().st_size / 1e6:.1f} MB, {len(faults)} findings")
    if options.release and faults:
        path.unlink()
        print("no release was made: the zip is removed again", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
