"""`zoomearth describe`, `check` and `serve`: what a raster is, what this machine has."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ... import __version__
from ...core.catalogue import catalogue, home
from ...core.errors import BackendError
from .parser import Parser

LINES = 40  # of one fact, at most
PACKAGES = ("torch", "transformers", "rasterio", "pyogrio", "numpy", "pillow", "httpx", "matplotlib")


def describe_command(parser: Parser) -> None:
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    parser.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth describe ortho.tif", "zoomearth describe https://example.org/ortho.tif --json")
    parser.set_defaults(run=describe)


def check_command(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth check")
    parser.set_defaults(run=check)


def serve_command(parser: Parser) -> None:
    parser.examples("""echo '{"op": "describe", "id": 1, "source": {"path": "ortho.tif"}}' | zoomearth serve""")
    parser.set_defaults(run=serve)


def serve(options: argparse.Namespace) -> int:
    """`backend.__main__` starts the worker itself, before anything can print; this is for whoever calls the command line from Python."""
    from ..server.worker import main

    return main()


def describe(options: argparse.Namespace) -> int:
    """Prints what `Scene.describe` says."""
    from ..scene.scene import Scene

    with Scene.open(options.scene, force_remote_scan=options.force_remote_scan) as scene:
        facts = scene.describe()
    if options.json:
        print(json.dumps(facts))
        return 0
    _print_facts(facts)
    return 0


def check(options: argparse.Namespace) -> int:
    """Reports on the environment; exit code 1 where a question could not be answered in it."""
    facts: dict[str, Any] = {
        "zoomearth": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.platform()}, {os.cpu_count()} cores",
    }
    facts.update({name: _version(name) for name in PACKAGES})
    facts.update(_raster_facts())
    facts.update(_torch_facts())
    models = home()
    existing = next(folder for folder in (models, *models.parents) if folder.exists())
    facts["models"] = f"{models}, {shutil.disk_usage(existing).free / 1e9:.0f} GB free"
    facts["at hand"] = ", ".join(model.id for model in catalogue().values() if model.here) or "no model"
    missing = [name for name in ("torch", "transformers", "gdal") if facts[name] == "missing"]
    facts["verdict"] = f"missing: {', '.join(missing)}" if missing else "ready"
    if options.json:
        print(json.dumps(facts))
    else:
        _print_facts(facts)
    return 1 if missing else 0


def _print_facts(facts: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        lines = value if isinstance(value, list) else [value]
        if len(lines) > LINES:
            lines = [*lines[:LINES], f"and {len(lines) - LINES} more: --json lists them"]
        for line in lines:
            table.add_row(f"[bold]{escape(name)}[/]", escape(_plain(line)))
            name = ""
    Console().print(table)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    if isinstance(value, (list, tuple)):
        return " x ".join(str(part) for part in value)
    return "-" if value is None or value == "" else str(value)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _raster_facts() -> dict[str, str]:
    try:
        from ..scene.gdal import library

        name = library()
    except (ImportError, BackendError):
        return {"gdal": "missing"}
    module = importlib.import_module("osgeo.gdal" if name == "osgeo" else "rasterio")
    return {"gdal": module.__version__ if name == "osgeo" else f"{module.__gdal_version__} in rasterio"}


def _torch_facts() -> dict[str, str]:
    if importlib.util.find_spec("torch") is None:
        return {"device": "none"}
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return {"device": f"cuda: {card.name}, {card.total_memory / 2**30:.0f} GB"}
    return {"device": "mps" if torch.backends.mps.is_available() else f"cpu, {torch.get_num_threads()} threads"}
