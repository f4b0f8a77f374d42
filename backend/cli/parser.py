"""Shared parts of the commands' parsers: errors and examples, types of values, and the flags of the model."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields, replace
from typing import Any, Callable, NoReturn

from ...core.errors import UsageError
from ...core.geometry import Box
from ...core.settings import PREFIX, Settings
from ...core.texts import well_formed


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
        group.add_argument("--" + setting.name.replace("_", "-"), choices=choices, help=text, metavar=metavar)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the flags; where a flag is missing, of the environment. Raises UsageError for a value that is not allowed."""
    given = {setting.name: value for setting in fields(Settings) if (value := getattr(options, setting.name)) is not None}
    try:
        return replace(Settings.of_environment(), **given)
    except ValueError as error:
        raise UsageError(f"In the environment, {error}.", f"Correct or unset the {PREFIX}... variable.") from None


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


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
