"""`zoomearth describe`, `check` and `serve`: facts about a raster and this machine; and the backend process."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ... import __version__
from ...core import memory
from ...core.catalogue import catalogue, home, tool_models
from ...core.errors import BackendError
from .parser import Parser

LINES = 40  # lines of one fact that are shown, at most
SIZES = {"3B": 7_500_000_000, "4B": 8_900_000_000, "8B": 17_500_000_000}  # downloads of Qwen2.5-VL-3B, Qwen3-VL-4B and -8B, in bytes
PACKAGES = ("torch", "transformers", "rasterio", "pyogrio", "numpy", "pillow", "httpx", "matplotlib")


def describe_command(parser: Parser) -> None:
    parser.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, a URL, /vsizip/..., a VRT")
    parser.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth describe ortho.tif", "zoomearth describe https://example.org/ortho.tif --json")
    parser.set_defaults(run=lambda options: describe(options.scene, options.force_remote_scan, options.json))


def check_command(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.examples("zoomearth check")
    parser.set_defaults(run=lambda options: check(options.json))


def serve_command(parser: Parser) -> None:
    parser.examples("""echo '{"op": "describe", "id": 1, "source": {"path": "ortho.tif"}}' | zoomearth serve""")
    parser.set_defaults(run=lambda options: serve())


def serve() -> int:
    """Runs the worker. Only for callers from Python: `backend.__main__` starts the worker itself, before any import can print."""
    from ..server.worker import main

    return main()


def describe(path: str, force_remote_scan: bool, as_json: bool) -> int:
    """Prints the facts of `Scene.describe`."""
    from ..scene.scene import Scene

    with Scene.open(path, force_remote_scan=force_remote_scan) as scene:
        facts = scene.describe()
    if as_json:
        print(json.dumps(facts))
        return 0
    _print_facts(facts)
    return 0


def check(as_json: bool) -> int:
    """Reports on the environment: what is installed, the device and its memory, which models fit into what is free. Returns 1 where
    something is missing that a question needs."""
    facts: dict[str, Any] = {
        "zoomearth": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.platform()}, {os.cpu_count()} cores",
    }
    facts.update({name: _version(name) for name in PACKAGES})
    facts.update(_raster_facts())
    facts.update(_torch_facts())
    facts.update(_memory_facts(facts["device"]))
    models = home()
    existing = next(folder for folder in (models, *models.parents) if folder.exists())
    facts["models"] = f"{models}, {shutil.disk_usage(existing).free / 1e9:.0f} GB free"
    facts["at hand"] = ", ".join(model.id for model in (*catalogue().values(), *tool_models().values()) if model.here) or "no model"
    missing = [name for name in ("torch", "transformers", "gdal") if facts[name] == "missing"]
    facts["verdict"] = f"missing: {', '.join(missing)}" if missing else "ready"
    if as_json:
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


def _memory_facts(device: str) -> dict[str, Any]:
    """What is free where a model would run, the number format that auto takes, and what models of the usual sizes need."""
    kind = device.split(":")[0].split(",")[0]
    main = memory.machine()
    cards = memory.cards() if kind == "cuda" else []
    there = cards[0] if cards else replace(main, device=kind if kind in memory.WORKING else "cpu")
    facts: dict[str, Any] = {"memory": str(main)}
    if cards:
        facts["graphics memory"] = str(there)
    if kind != "none":
        facts["precision"] = _precision(kind)
    facts["models that fit"] = [_need(name, size, there) for name, size in SIZES.items()]
    return facts


def _precision(kind: str) -> str:
    import torch

    from ..engines.fit import SMALL
    from ..engines.linear import is_slow

    if kind != "cpu":
        return "bfloat16" if kind == "mps" or torch.cuda.is_bf16_supported() else "float16"
    how = "multiplied in float32, which is faster here" if is_slow(torch.bfloat16) else "multiplied as they are"
    return f"bfloat16, {how}; float32 for models of up to {memory.gigabytes(SMALL)}"


def _need(name: str, download: int, there: memory.Memory) -> str:
    formats = ("bfloat16", "int8")
    needs = " or ".join(f"{memory.gigabytes(memory.estimate(download, each, there.device).total)} in {each}" for each in formats)
    fits = memory.fitting(download, there)
    return f"{name}: takes {needs}: {f'fits in {fits}' if fits else 'too large for what is free'}"
