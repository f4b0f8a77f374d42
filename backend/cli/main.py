"""The command line: finds the command, runs it, and prints its errors.

The module of a command is imported only when the command is called, so that `zoomearth --help` is fast and the backend can list the
commands of training without importing training.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any, Callable, NamedTuple, Sequence

from ... import __version__
from ...core.errors import BackendError, DataError, UsageError, ZoomEarthError
from ...core.paths import RESOURCES
from ...core.settings import KEY_VARIABLE, PREFIX
from ...core.texts import escape_unknown_letters
from .parser import Parser


class Command(NamedTuple):
    """target: "MODULE:FUNCTION" in this package. The function adds flags and examples to the command's Parser, and sets the default `run`:
    a
    function that takes the parsed options and returns the exit code. resumes: the same command continues interrupted work.
    """

    summary: str
    target: str
    resumes: bool = False


COMMANDS = {
    "ask": Command("ask questions about a raster", "backend.cli.ask:command"),
    "batch": Command("ask about many rasters: a file of questions, a folder, a catalogue", "backend.cli.batch:command", resumes=True),
    "batch manifest": Command("write the rows of a batch to a file, each raster opened and described", "backend.cli.rows:manifest_command"),
    "batch merge": Command("join the answers of several batches to one file", "backend.cli.merged:command"),
    "survey": Command("find all things of a kind in a raster", "backend.cli.survey:command", resumes=True),
    "tool list": Command("list the tools that work on a region, and their settings", "backend.cli.tool:list_command"),
    "tool segmentation": Command("outline the object inside a box", "backend.cli.tool:segmentation_command"),
    "tool denoising": Command("remove noise from a region", "backend.cli.tool:denoising_command"),
    "tool cloud-removal": Command("replace clouds by what images of other dates show", "backend.cli.tool:cloud_removal_command"),
    "tool editing": Command("change the pixels inside a mask", "backend.cli.tool:editing_command"),
    "describe": Command("describe a raster, and how it would be shown", "backend.cli.info:describe_command"),
    "models": Command(
        "list the models that fit this machine, download, verify or adopt one, find servers", "backend.cli.models:command", resumes=True
    ),
    "models test": Command("find out how a model counts its boxes, here or on a server", "backend.cli.calibrate:command"),
    "check": Command("report on this environment: Python, GDAL, torch, memory, models", "backend.cli.info:check_command"),
    "serve": Command("run the backend of the QGIS plugin: JSON lines on stdin and stdout", "backend.cli.info:serve_command"),
    "label import": Command("read labelled rows into a label file", "training.data.label_forms:import_command"),
    "label propose": Command(
        "let a model or templates propose questions for each box", "backend.cli.label_propose:propose_command", resumes=True
    ),
    "label think": Command("propose chains of thought for accepted questions", "backend.cli.label_propose:think_command", resumes=True),
    "label stats": Command("show what a label file holds: balance, flags, agreement, what to ask next", "backend.cli.label:stats_command"),
    "label merge": Command("put the label files of two people together", "backend.cli.label:merge_command"),
    "label move": Command("tell a label file where a raster is now", "backend.cli.label:move_command"),
    "label export": Command("write accepted questions in another form, to train on", "training.data.label_forms:export_command"),
    "data": Command("describe a set of questions, and list the rows that can't be used", "training.data.inspect:command"),
    "train sft": Command("tune a model on labelled questions", "training.tuning.sft:command", resumes=True),
    "train grpo": Command("tune a model by reinforcement on its own zooms", "training.tuning.grpo:command", resumes=True),
    "merge": Command("make a plain model folder from a checkpoint", "training.tuning.merge:command"),
    "servable": Command("make a model folder that `transformers serve` hosts", "training.tuning.servable:command"),
    "evaluate": Command("ask a model a benchmark's questions, and score the answers", "training.evaluation.evaluate:command", resumes=True),
    "evaluate report": Command("write the HTML report of a run", "training.evaluation.evaluate:report_command"),
    "evaluate skills": Command("how well the demo model calls tools and marks objects", "training.evaluation.skills:command"),
    "evaluate spoilt": Command("answers that noise or clouds cost, and tools win back", "training.evaluation.spoilt:command"),
    "evaluate surveys": Command("how well surveys of whole scenes find and count things", "training.evaluation.surveys:command"),
    "compare": Command("compare two runs over one benchmark", "training.evaluation.evaluate:compare_command"),
    "demo": Command("draw a scene, ask the demo model three questions about it", "training.demo.demo:command", resumes=True),
    "demo scene": Command("draw a scene as GeoTIFF, with its questions and answers", "training.scenes.geotiff:command"),
    "demo pretrain": Command("train the demo model, and export it", "training.demo.pretrain:command", resumes=True),
}

EXAMPLES = f"""examples:
  zoomearth ask harbour.tif "How many ships are at the northern pier?"
  zoomearth ask city.tif "What is the largest roof made of?" --rois roofs.gpkg --figure roofs.png
  zoomearth ask https://example.org/ortho.tif "Is there a stadium?" --model zoomearth-3b --json
  zoomearth ask ortho.tif "Which crops?" --remote http://localhost:8000/v1 --remote-model Qwen/Qwen2.5-VL-7B-Instruct
  zoomearth survey bay.tif "ships" --out ships.gpkg
  zoomearth tool segmentation city.tif --window 900,400,1500,1100 --out roof.gpkg
  zoomearth models download zoomearth-3b
  zoomearth check

`zoomearth COMMAND --help` describes a command. Every model setting has an environment variable too: {PREFIX}MODEL, {PREFIX}DEVICE, ....
A server's key is read only from {KEY_VARIABLE}.
"""


def main(arguments: Sequence[str]) -> int:
    """Runs one command; see `backend.__main__.main` for the exit codes."""
    for stream in (sys.stdout, sys.stderr):  # a letter that the terminal's encoding lacks must not raise an error
        escape_unknown_letters(stream)
    name, rest = _split(arguments)
    as_json = "--json" in arguments
    try:
        return _run(name, rest) if name in COMMANDS else _overview(name, rest)
    except ZoomEarthError as error:
        return _show(error, as_json)
    except ImportError as error:
        if (error.name or "").partition(".")[0] == __name__.partition(".")[0]:
            raise  # an error in our code
        extras = "backend,training" if name in COMMANDS and COMMANDS[name].target.startswith("training.") else "backend"
        lacks = f"lacks {error.name}" if error.name else f"lacks a package: {str(error).rstrip('.')}"
        return _show(BackendError(f"Python at {sys.executable} {lacks}.", f"pip install 'zoomearth[{extras}]'"), as_json)
    except KeyboardInterrupt:
        resumes = name in COMMANDS and COMMANDS[name].resumes
        print("zoomearth: interrupted" + ("; the same command continues from here" if resumes else ""), file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has ended, as in `zoomearth models | head -1`
        sys.stderr.close()
        return 0
    except OSError as error:  # an error of a user's path that no command has handled
        if error.filename is None:
            raise
        hint = "Check the path, its permissions, and the free space on the disk."
        return _show(DataError(f"{error.filename}: {error.strerror}.", hint), as_json)


def _split(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command or the group of commands ("": all) at the beginning of the arguments, and the other arguments."""
    for length in (2, 1):
        name = " ".join(arguments[:length])
        if name in COMMANDS or any(each.startswith(f"{name} ") for each in COMMANDS):
            return name, list(arguments[length:])
    return "", list(arguments)


def _run(name: str, arguments: list[str]) -> int:
    command = COMMANDS[name]
    parser = Parser(f"zoomearth {name}", description=f"{command.summary[:1].upper()}{command.summary[1:]}.")
    _function(command)(parser)
    options = parser.parse_args(arguments)
    run = vars(options).pop("run")
    return int(run(options))


def _function(command: Command) -> Callable[[Parser], Any]:
    """The function that adds the command's flags. Raises BackendError where this copy of the package lacks the part (the QGIS plugin)."""
    module, _, function = command.target.partition(":")
    if not (RESOURCES.parent / module.partition(".")[0]).is_dir():
        raise BackendError(
            "The QGIS plugin contains no training and no evaluation.",
            "Install the whole package into a Python environment: pip install 'zoomearth[backend,training]'",
        )
    add_flags: Callable[[Parser], Any] = getattr(importlib.import_module(f"...{module}", __package__), function)
    return add_flags


def _overview(group: str, arguments: list[str]) -> int:
    """Prints the commands of a group. Raises UsageError for unknown arguments."""
    program = f"zoomearth {group}".strip()
    listed = {name: command.summary for name, command in COMMANDS.items() if name.startswith(f"{group} ".lstrip())}
    width = max(map(len, listed))
    commands = "\n".join(("commands:", *(f"  {name:{width}}  {summary}" for name, summary in listed.items())))
    example = f"examples:\n  zoomearth {next(iter(listed))} --help" if group else EXAMPLES
    parser = Parser(
        program, usage=f"{program} COMMAND ...", description="Ask a very large raster a question.", epilog=f"{commands}\n\n{example}"
    )
    if not group:
        parser.add_argument("--version", action="version", version=f"zoomearth {__version__}")
    _, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise UsageError(f"`{program}` has no command {unknown[0]!r}.", f"`{program} --help` lists the commands.")
    parser.print_help()
    return 0


def _show(error: ZoomEarthError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.to_dict()}))
    else:
        print(f"zoomearth: {error.message}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
    return 2
