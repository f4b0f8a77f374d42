"""The command line. Nothing heavy is imported until a command needs it, so that `zoomearth --help` is instant."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields, replace
from typing import NoReturn, Sequence

from ... import __version__
from ...core.errors import BackendError, ZoomEarthError
from ...core.geometry import Box
from ...core.settings import KEY_VARIABLE, PREFIX, Settings
from ...core.texts import escape_unknown_letters, well_formed

EXAMPLES = f"""examples:
  zoomearth ask harbour.tif "How many ships are at the northern pier?"
  zoomearth ask city.tif "What is the largest roof made of?" --rois roofs.gpkg --figure roofs.png
  zoomearth ask https://example.org/ortho.tif "Is there a stadium?" --model zoomearth-3b --json
  zoomearth ask ortho.tif "Which crops?" --remote http://localhost:8000/v1 --remote-model Qwen/Qwen2.5-VL-7B-Instruct
  zoomearth models download zoomearth-3b
  zoomearth check

Every model setting has an environment variable too: {PREFIX}MODEL, {PREFIX}DEVICE, ....
A server's key is only ever read from {KEY_VARIABLE}.
"""


def main(arguments: Sequence[str]) -> int:
    """Runs one command; see `backend.__main__.main` for the exit codes."""
    print_any_text()
    parser = _parser("--json" in arguments)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        return options.run(options)
    except ZoomEarthError as error:
        return say(error, getattr(options, "json", False))
    except ImportError as error:
        missing = BackendError(f"Python at {sys.executable} lacks {error.name}.", "pip install 'zoomearth[backend]'")
        return say(missing, getattr(options, "json", False))
    except KeyboardInterrupt:
        print("zoomearth: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as in `zoomearth models | head -1`
        sys.stderr.close()
        return 0


def print_any_text() -> None:
    """On a terminal of any encoding: a letter that it lacks costs no answer."""
    for stream in (sys.stdout, sys.stderr):
        escape_unknown_letters(stream)


def say(error: ZoomEarthError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.to_dict()}))
    else:
        print(f"zoomearth: {error.message}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
    return 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line as every other error is said."""

    as_json = False

    def error(self, message: str) -> NoReturn:
        sys.exit(say(BackendError(f"{message[:1].upper()}{message[1:]}.", f"`{self.prog} --help` says how."), self.as_json))


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings given as flags, over those of the environment. Raises BackendError for a value that means nothing."""
    given = {setting.name: value for setting in fields(Settings) if (value := getattr(options, setting.name)) is not None}
    try:
        return replace(Settings.of_environment(), **given)
    except ValueError as error:
        raise BackendError(f"In the environment, {error}.", f"Mend or unset the {PREFIX}... variable.") from None


def _parser(as_json: bool) -> argparse.ArgumentParser:
    Parser.as_json = as_json
    raw = argparse.RawDescriptionHelpFormatter
    parser = Parser("zoomearth", description="Ask a very large raster a question.", epilog=EXAMPLES, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"zoomearth {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ask = commands.add_parser("ask", help="ask questions about a raster", description="Ask questions about a raster: one load for all.")
    ask.add_argument("scene", metavar="SCENE", help="a raster GDAL can open: a file, an URL, /vsizip/..., a VRT")
    ask.add_argument("questions", type=_question, metavar="QUESTION", nargs="+")
    add_settings(ask)
    where = ask.add_mutually_exclusive_group()
    where.add_argument(
        "--region",
        type=_box,
        metavar="MINX,MINY,MAXX,MAXY",
        help="look only here (map units of the raster's CRS; --region=-5,... where it begins with a minus)",
    )
    where.add_argument("--window", type=_box, metavar="X0,Y0,X1,Y1", help="look only here (pixels from the top left corner)")
    where.add_argument("--within", metavar="FILE", help="look only inside the polygons of a vector file; the rest is shown grey")
    ask.add_argument("--max-zooms", type=_count, metavar="N", help="closer looks at the most; 0 answers from the global view")
    ask.add_argument("--bands", type=_bands, metavar="R,G,B", help="band numbers shown as red, green and blue (or one, as grey)")
    ask.add_argument("--rois", metavar="FILE", help="write the zoomed boxes as .gpkg, .shp or .geojson (an older file is replaced)")
    ask.add_argument("--figure", metavar="FILE.png", help="draw the global view with its boxes, the crops and the answer")
    ask.add_argument("--views", metavar="FOLDER", help="save the exact pictures the model was shown")
    ask.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    ask.add_argument("--json", action="store_true", help="print one JSON object a question and nothing else")
    ask.set_defaults(run=_ask)

    describe = commands.add_parser("describe", help="say what a raster is and how it would be shown")
    describe.add_argument("scene", metavar="SCENE")
    describe.add_argument("--force-remote-scan", action="store_true", help="read all of a remote raster that has no overviews")
    describe.add_argument("--json", action="store_true")
    describe.set_defaults(run=_describe)

    models = commands.add_parser("models", help="list the models, download or verify one")
    models.add_argument("action", nargs="?", choices=("list", "download", "verify"), default="list")
    models.add_argument("id", nargs="?", metavar="ID")
    models.add_argument("--json", action="store_true")
    models.set_defaults(run=_models)

    check = commands.add_parser("check", help="report on this environment: Python, GDAL, torch, memory, models")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)

    serve = "be the backend of the QGIS plugin: JSON lines on stdin and stdout"
    commands.add_parser("serve", help=serve, description=serve)  # run by `__main__`, before anything can print
    return parser


def add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    for setting in fields(Settings):
        choices = setting.metadata["choices"] or None
        text = setting.metadata["help"] + (f" (default: {setting.default})" if setting.default else "")
        metavar = None if choices else setting.name.upper()
        group.add_argument("--" + setting.name.replace("_", "-"), choices=choices, help=text, metavar=metavar)


def _numbers(text: str, kind: type, what: str) -> list:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None


def _box(text: str) -> Box:
    numbers = _numbers(text, float, "four numbers separated by commas")
    if len(numbers) != 4 or not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise argparse.ArgumentTypeError(f"{text!r} is not four numbers, the smaller corner first")
    return Box(*numbers)


def _bands(text: str) -> list[int]:
    bands = _numbers(text, int, "band numbers separated by commas")
    if len(bands) not in (1, 3) or min(bands) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not one or three band numbers from 1 on")
    return bands


def _question(text: str) -> str:
    """The bytes of the command line as UTF-8, whatever the locale calls them; U+FFFD for what is none."""
    return text if well_formed(text) == text else os.fsencode(text).decode("utf-8", "replace")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _ask(options: argparse.Namespace) -> int:
    from .ask import ask

    return ask(options, settings_of(options))


def _describe(options: argparse.Namespace) -> int:
    from .info import describe

    return describe(options)


def _models(options: argparse.Namespace) -> int:
    from .info import models

    return models(options)


def _check(options: argparse.Namespace) -> int:
    from .info import check

    return check(options)
