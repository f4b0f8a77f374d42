"""Texts that others wrote, read in one way everywhere: prompts, settings, rows of a data set, records.

A byte order mark is no content; it names UTF-16 and UTF-32, as PowerShell's `>` writes them. Without one, zero bytes around the first
letter name them, and everything else is UTF-8. A line ends with "\\n" alone: U+2028, U+0085 and their like are characters of a text.
"""

from __future__ import annotations

import codecs
import io
import json
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, Iterator, NamedTuple, TextIO, Union

MARKS = (  # those of UTF-16 are how those of UTF-32 begin
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNMARKED = {b"\1\0\1\0": "utf-16-le", b"\0\1\0\1": "utf-16-be", b"\1\0\0\0": "utf-32-le", b"\0\0\0\1": "utf-32-be"}


class Broken(NamedTuple):
    """A row that can't be read. why: alike for all rows of this kind; detail: of this one. torn: the file ends within it."""

    why: str
    detail: str = ""
    torn: bool = False


Row = Union[dict[str, Any], Broken]


def read(path: Path) -> str:
    """A whole file. Raises OSError, and ValueError where it is not in its encoding."""
    return decode(path.read_bytes())


def is_file(path: Path) -> bool:
    """False for a name that the system does not take as one: too long, with a zero byte."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def decode(data: bytes) -> str:
    """Raises ValueError, in words."""
    skipped, encoding = mark(data)
    try:
        return data[len(skipped) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {len(skipped) + error.start} is not {encoding.upper()}") from error


def parse(text: str) -> Any:
    """A JSON value; control characters may stand in its texts as they are. Raises ValueError, in words."""
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise ValueError("a number has too many digits") from None


def read_object(path: Path) -> dict[str, Any]:
    """A file that is one JSON object. Raises OSError, and ValueError for anything else."""
    value = parse(read(path))
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The objects of JSON lines, or of one JSON list, numbered from 1 by line or by place. Raises OSError, and ValueError for a file that
    is not in the encoding of its byte order mark."""
    if _begins_a_list(path):
        try:
            yield from listed(path)
            return
        except ValueError:  # lines of lists
            pass
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file), 1):
            if line.strip():
                yield number, row(line)


def row(line: bytes) -> Row:
    """The object of one JSON line, given with its end."""
    torn = not line.endswith(b"\n")
    try:
        text = decode(line)
    except ValueError as error:
        return Broken("the line is not in UTF-8", str(error), torn)
    try:
        return _object(parse(text))
    except ValueError as error:
        return Broken("the line is not JSON", str(error), torn)


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else Broken("the row is not a JSON object")


def listed(path: Path) -> Iterator[tuple[int, Row]]:
    """The objects of one JSON list, numbered from 1. Raises OSError, and ValueError for what is no list."""
    value = parse(read(path))
    if not isinstance(value, list):
        raise ValueError("it is not a list")
    yield from enumerate(map(_object, value), 1)


def _begins_a_list(path: Path) -> bool:
    with path.open("rb") as file:
        return next((line for line in _lines(file) if line.strip()), b"").lstrip().startswith(b"[")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """In UTF-8, without a byte order mark, each with its end."""
    skipped, encoding = mark(file.read(4))
    file.seek(len(skipped))
    if encoding == "utf-8":
        yield from file
    else:
        file.seek(0)
        yield from io.BytesIO(decode(file.read()).encode())


def mark(data: bytes) -> tuple[bytes, str]:
    """The byte order mark that the data begin with, b"" where there is none, and the encoding."""
    zeros = bytes(map(bool, data[:4]))  # where the first letters are ASCII, as in JSON
    return next((each for each in MARKS if data.startswith(each[0])), (b"", UNMARKED.get(zeros, "utf-8")))


def is_blank(text: str) -> bool:
    """Whether nothing of the text is visible: spaces, control characters, a byte order mark."""
    return all(letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf") for letter in text)


def has_half_characters(text: str) -> bool:
    """Whether the text holds lone surrogates, as JSON's "\\ud83d" does: they are in no encoding, and tokenizers refuse them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def escape_unknown_letters(stream: TextIO) -> None:
    """Letters that the stream's encoding does not have are written as \\u.... from now on, where they would raise an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def well_formed(text: str) -> str:
    """The text with U+FFFD for every lone surrogate; two that belong together become their character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
