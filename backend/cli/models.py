"""`zoomearth models`: what there is to choose from, here and on servers of this machine; downloads, checks, and folders taken over."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core import servers
from ...core.catalogue import catalogue, fit, places
from ...core.errors import UsageError
from ...core.memory import Memory, gigabytes
from ..models import store
from ..models.access import VARIABLES
from ..models.listing import listing, tools_listing, verdict
from .parser import Parser
from .progress import download_bars

ACTIONS = {
    "list": "what there is, what fits this machine, and what we recommend (the default)",
    "download ID": "fetch a model; continues where it was stopped, and repairs a damaged folder",
    "verify ID|FOLDER": "check every file of a model",
    "adopt FOLDER ID": "make a folder that was fetched in another way (git clone, a stick, another cache) the model ID",
    "servers": "look for model servers on this machine: Ollama, LM Studio, vLLM, SGLang, llama.cpp",
}
NAMES = {"ID": "a model's id", "FOLDER": "a folder", "ID|FOLDER": "a model's id or its folder"}


def command(parser: Parser) -> None:
    parser.formatter_class = argparse.RawTextHelpFormatter
    actions = "\n".join(f"{action:18}{about}" for action, about in ACTIONS.items())
    parser.add_argument("action", nargs="?", choices=[action.split()[0] for action in ACTIONS], default="list", help=actions)
    parser.add_argument("names", nargs="*", metavar="NAME", help="ids and folders, as above")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    parser.examples(
        "zoomearth models", "zoomearth models download qwen3-vl-4b", "zoomearth models adopt /media/stick/ZoomEarth-3B zoomearth-3b"
    )
    variables = "\n  ".join(f"{name:16}{about}" for name, about in VARIABLES)
    parser.epilog = f"{parser.epilog}\n\nenvironment, for downloads:\n  {variables}"
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    wanted = {action.split()[0]: action.split()[1:] for action in ACTIONS}[options.action]
    if len(options.names) != len(wanted):
        names = " and ".join(NAMES[name] for name in wanted) or "no name"
        raise UsageError(f"`zoomearth models {options.action}` needs {names}.", "`zoomearth models` lists the ids.")
    run: dict[str, Callable[..., int]] = {"list": _list, "download": _download, "verify": _verify, "adopt": _adopt, "servers": _servers}
    return run[options.action](*options.names, as_json=options.json)


def _list(as_json: bool) -> int:
    here = places()
    models, of_tools = listing(here), tools_listing()
    if as_json:
        print(json.dumps([*models, *of_tools]))
        return 0
    table = Table("id", "download", "commercial use", "memory as bfloat16 / int8", "runs here", "folder")
    for model, known in zip(models, catalogue().values()):
        memory = " / ".join(gigabytes(model["memory"][number]) for number in ("bfloat16", "int8"))
        folder = escape(model["folder"] or "-")
        table.add_row(model["id"], model["size"], model["commercial"], memory, verdict(known, fit(known, here)), folder)
    console = Console()
    console.print(table)
    beside = Table("id, used by a tool", "download", "commercial use", "tool", "folder")
    for model in of_tools:
        beside.add_row(model["id"], model["size"], model["commercial"], model["tool"], escape(model["folder"] or "-"))
    console.print(beside)
    for model in [*models, *of_tools]:
        console.print(
            f"[bold]{model['id']}[/]: {escape(model['title'])}. {escape(model['use'])}. Licence: {escape(model['licence'])}.",
            soft_wrap=True,
        )
    console.print(f"\nThis machine: {'; '.join(_place_text(each) for each in here)}.", soft_wrap=True, markup=False)
    console.print(_advice(models), soft_wrap=True, markup=False)
    return 0


def _advice(models: list[dict[str, Any]]) -> str:
    best = next((model for model in models if model["recommended"]), None)
    if best is None:
        return "No model of the list that knows real imagery runs well here. Use a server: zoomearth models servers"
    return f"Recommended here: {best['id']}. " + (
        f"It is in {best['folder']}." if best["folder"] else f"zoomearth models download {best['id']}"
    )


def _place_text(memory: Memory) -> str:
    return f"{memory.name or 'memory'}, {memory}"


def _download(name: str, as_json: bool) -> int:
    return _with_progress(lambda on_progress: store.download(name, on_progress), name, as_json)


def _adopt(folder: str, name: str, as_json: bool) -> int:
    return _with_progress(lambda on_progress: store.adopt(Path(folder).expanduser(), name, on_progress), name, as_json)


def _with_progress(work: Callable[[Callable[[str, int, int], None]], Path], name: str, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"id": name, "folder": str(work(_Lines()))}))
        return 0
    with download_bars(Console(stderr=True)) as on_progress:
        folder = work(on_progress)
    print(f"{name} is in {folder}")
    return 0


class _Lines:
    """Prints {"file", "done", "total"} (bytes) four times a second at the most and at each file's end."""

    def __init__(self) -> None:
        self._printed = 0.0

    def __call__(self, file: str, done: int, total: int) -> None:
        if done == total or time.monotonic() - self._printed > 0.25:
            self._printed = time.monotonic()
            print(json.dumps({"file": file, "done": done, "total": total}), flush=True)


def _verify(name: str, as_json: bool) -> int:
    files = store.verify(name)
    print(json.dumps({"id": name, "files": files}) if as_json else f"{name}: {len(files)} files are as they should be")
    return 0


def _servers(as_json: bool) -> int:
    """Exit code 1 where there is none."""
    found = servers.find(servers.USUAL)
    if as_json:
        print(json.dumps([server.to_dict() for server in found]))
        return 0 if found else 1
    if not found:
        print(f"No model server answers on this machine (asked: {', '.join(f'{name} at port {port}' for port, name in servers.USUAL)}).")
        return 1
    table = Table("server", "address", "model", "sees pictures")
    for server in found:
        for model in server.models or [servers.ServedModel("-", None)]:
            sees = {True: "yes", False: "no", None: "not said"}[model.vision] if not server.needs_key else "asks for a key"
            table.add_row(server.name, server.url, escape(model.name), sees)
    Console().print(table)
    if best := servers.likeliest(found):
        print(f'For example: zoomearth ask scene.tif "..." --remote {best[0].url} --remote-model {best[1].name}')
    return 0
