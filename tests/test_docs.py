"""The documentation: it builds without a warning, and names only files and commands that exist."""

import os
import re
import subprocess

import pytest
import yaml

from zoomearth.backend.cli.main import COMMANDS

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs")


@pytest.fixture(scope="module")
def pages(root):
    """Every page with its text."""
    files = [file for name in PAGES for file in ([root / name] if (root / name).is_file() else sorted((root / name).glob("*.md")))]
    return {file: file.read_text(encoding="utf-8") for file in files}


def test_the_site_builds_without_a_warning(root, tmp_path):
    mkdocs = root / ".venv-docs" / "bin" / "mkdocs"
    if not mkdocs.exists():
        pytest.skip("make docs sets up the environment that this needs")
    command = [mkdocs, "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    text = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    for name in ("zoomearth.core.look.look", "zoomearth.backend.scene.scene.Scene", "zoomearth.core.source.SceneSource"):
        assert f'id="{name}"' in text, f"{name} has no entry in the reference"


def test_every_page_is_in_the_navigation_and_links_lead_somewhere(root, pages):
    text = (root / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"[\w-]+\.md", str(yaml.safe_load(text)["nav"])))
    assert listed == {file.name for file in pages if file.parent.name == "docs"}
    for file, text in pages.items():
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            assert target.startswith("http") or (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_pages_name_files_that_are_there(root, pages):
    """Checks the paths in backquotes that begin with one of our folders."""
    pattern = re.compile(r"`((?:core|backend|plugin|training|resources|release|tests|benchmarks|docs)/[\w/.-]+)`")
    missing = {
        f"{file.name}: {path}"
        for file, text in pages.items()
        for path in pattern.findall(text)
        if "NAME" not in path and not (root / path).exists()
    }
    assert missing == set()


def test_the_pages_use_commands_that_are_there(pages):
    words = {name.split()[0] for name in COMMANDS}
    for file, text in pages.items():
        assert "-m zoomearth.training" not in text, file.name
        commands = re.findall(r"(?:^ {4}|^zoomearth |`|bin/)(?:\S*/)?zoomearth ([a-z]+)", text, re.M)
        assert set(commands) <= words, file.name


def test_nothing_cites_what_is_outside_the_repository(root, pages):
    command = ["git", "ls-files", "*.py", "*.sh", "*.toml", "Makefile"]
    tracked = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    sources = {root / name: (root / name).read_text(encoding="utf-8") for name in tracked if (root / name).is_file()}
    cited = re.compile(r"design, section|house\.md|(?<!docs/)\bmethod\.md, section|qgis-field\.md")
    assert [file.name for file, text in {**sources, **pages}.items() if file.name != "test_docs.py" and cited.search(text)] == []
