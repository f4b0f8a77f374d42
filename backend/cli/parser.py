"""Shared parts of the commands' parsers: errors and examples, types of values, and the flags of the model."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Callable, Mapping, NoReturn

from ...core.answer_type import FIELDS, INTEGER, NUMBER, TEXT, AnswerType, parse_type
from ...core.errors import UsageError
from ...core.geometry import Box
from ...core.settings import PREFIX, Settings
from ...core.source import SceneSource, Where
from ...core.texts import well_formed

if TYPE_CHECKING:
    from ...core.look import Policy


IN_PIXELS = "Give the region in pixels: --window X0,Y0,X1,Y1 instead of --region or --within."
"""What to do where a raster has no georeference."""


class Several(argparse.Action):
    """A flag that may be given several times: its values with blanks between them."""

    def __call__(self, parser: argparse.ArgumentParser, options: argparse.Namespace, value: Any, flag: str | None = None) -> None:
        setattr(options, self.dest, " ".join(filter(None, (getattr(options, self.dest), value))))


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises UsageError for an invalid command line, and keeps line breaks in descriptions and examples."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": argparse.RawDescriptionHelpFormatter, **settings})

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"`{self.prog} --help` describes the command.")

    def examples(self, *lines: str) -> None:
        """Sets the command lines that --help shows below the flags."""
        self.epilog = "\n  ".join(("examples:", *lines))


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds a flag for every field of Settings; `settings_of` reads them."""
    group = parser.add_argument_group("model")
    for setting in fields(Settings):
        choices = setting.metadata["choices"] or None
        text = setting.metadata["help"] + (f" (default: {setting.default})" if setting.default else "")
        metavar = None if choices else setting.name.upper()
        name = "--" + setting.name.replace("_", "-")
        if setting.name == "remote":
            group.add_argument(name, action=Several, help=f"{text}; given several times: servers that share the questions", metavar=metavar)
        else:
            group.add_argument(name, choices=choices, help=text, metavar=metavar)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the flags; where a flag is missing, of the environment. Raises UsageError for a value that is not allowed."""
    given = {setting.name: value for setting in fields(Settings) if (value := getattr(options, setting.name)) is not None}
    try:
        return replace(Settings.of_environment(), **given)
    except ValueError as error:
        raise UsageError(f"In the environment, {error}.", f"Correct or unset the {PREFIX}... variable.") from None


def add_where(parser: argparse.ArgumentParser, within: str) -> None:
    """Flags for the part of the scene that is looked at; `scene_of` reads them. within: the help of --within."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--region",
        type=box,
        metavar="MINX,MINY,MAXX,MAXY",
        help="look only here (map units of the raster's CRS; --region=-5,... where it begins with a minus)",
    )
    where.add_argument("--window", type=box, metavar="X0,Y0,X1,Y1", help="look only here (pixels from the top left corner)")
    where.add_argument("--within", metavar="FILE", help=within)


def scene_of(options: argparse.Namespace) -> tuple[SceneSource, Where | None]:
    """The raster and the part of it, of a command with SCENE, --bands, --force-remote-scan and the flags of `add_where`.

    Raises ValueError.
    """
    bands = tuple(options.bands) if options.bands else None
    places = (options.window, options.region, None, options.within)
    where = None if places == (None, None, None, None) else Where(*places)
    return SceneSource(options.scene, bands, force_remote_scan=options.force_remote_scan), where


def add_answer_type(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Flags for what an answer must be; `answer_type_of` reads them. of: words on whose."""
    group = parser.add_argument_group(f"what the answer must be{of and ', '}{of} (default: any text)")
    kinds = group.add_mutually_exclusive_group()
    kinds.add_argument("--choices", metavar="A,B,...", help="one of these: yes,no,unsure")
    kinds.add_argument("--type", choices=(NUMBER, INTEGER, TEXT), help="a number, a whole number, or any text")
    several = "several values in one look, a flag each; TYPE is number, integer, text or choices: --field roof=tile,metal"
    kinds.add_argument("--field", metavar="NAME=TYPE", action="append", help=several)


def answer_type_of(options: argparse.Namespace) -> AnswerType | None:
    """Raises UsageError for a type that can't be."""
    try:
        if options.field:
            return AnswerType(FIELDS, fields=tuple(map(_field, options.field)))
        return parse_type(options.type or "", options.choices or "")
    except ValueError as error:
        raise UsageError(f"The type of answer can't be used: {error}", "For example: --choices yes,no,unsure") from None


def _field(text: str) -> AnswerType:
    name, mark, kind = text.partition("=")
    if not mark:
        raise ValueError(f"--field is {text!r}: it must be NAME=TYPE.")
    plain = kind in (NUMBER, INTEGER, TEXT)
    return replace((parse_type(kind) if plain else parse_type(choices=kind)) or AnswerType(), name=name.strip())


def add_policy(parser: argparse._ActionsContainer, also: tuple[str, ...] = (), more: str = "") -> None:
    """Flags for what a user may change of the model's policy; `policy_of` reads them. also, more: choices of --zoom, and words on them."""
    from ...core.look import CHOICES  # here, for `zoomearth --help` does without it

    own = "(default: the model's own)"
    parser.add_argument("--max-zooms", type=count, metavar="N", help=f"at most N zooms; 0: answer from the global view {own}")
    parser.add_argument("--view-size", dest="view", type=positive, metavar="PX", help=f"longest side of a view {own}")
    shown = f"the box alone (crop), the whole area with the box enlarged in it (context), or first context and then crop (both){more}"
    parser.add_argument("--zoom", choices=(*CHOICES["zoom"], *also), help=f"what a zoom shows: {shown} {own}")
    route = f"words: a question whose words are about the whole scene is answered from the global view {own}"
    parser.add_argument("--route", choices=CHOICES["route"], help=route)


def policy_of(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of `Policy` that were given as flags."""
    return {name: value for name in ("view", "max_zooms", "zoom", "route") if (value := getattr(options, name)) is not None}


def changed(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    """A model's policy with other fields, see `policy_of`. Raises UsageError for a view that is smaller than a cell of this model."""
    try:
        return replace(policy, **changes)
    except ValueError as error:
        raise UsageError(f"--view-size {changes.get('view')} is too small: {error}.", f"It is at least {policy.multiple}.") from error


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def length(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number greater than 0")
    return number


def box(text: str) -> Box:
    numbers = _numbers(text, float, "four numbers separated by commas")
    if len(numbers) != 4 or not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise argparse.ArgumentTypeError(f"{text!r} is not four numbers, the smaller corner first")
    return Box(*numbers)


def bands(text: str) -> list[int]:
    numbers = _numbers(text, int, "band numbers separated by commas")
    if len(numbers) not in (1, 3) or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not one or three band numbers, from 1")
    return numbers


def question(text: str) -> str:
    """The text of the command line, decoded as UTF-8 in every locale; U+FFFD for bytes that are not UTF-8."""
    return text if well_formed(text) == text else os.fsencode(text).decode("utf-8", "replace")


def _numbers(text: str, kind: Callable[[str], Any], what: str) -> list[Any]:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
