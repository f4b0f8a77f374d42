"""Reads text files of users and other tools: prompts, settings, rows of a data set, records.

A byte order mark is not content; it identifies UTF-16 and UTF-32, as PowerShell's `>` writes them. Without a mark, zero bytes around the
first letter identify them; everything else is UTF-8. Only "\\n" ends a line: U+2028, U+0085 and the like are characters of a text.
"""

from __future__ import annotations

import codecs
import io
import json
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, Iterator, NamedTuple, TextIO, Union

MARKS = (  # UTF-32 first: its marks begin with those of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNMARKED = {b"\1\0\1\0": "utf-16-le", b"\0\1\0\1": "utf-16-be", b"\1\0\0\0": "utf-32-le", b"\0\0\0\1": "utf-32-be"}


class Broken(NamedTuple):
    """A row that can't be read. why: the same for all rows with this fault; detail: about this row. torn: the file ends inside the row."""

    why: str
    detail: str = ""
    torn: bool = False


Row = Union[dict[str, Any], Broken]


def read(path: Path) -> str:
    """The text of a file. Raises OSError, and ValueError where it is not in its encoding."""
    return decode(path.read_bytes())


def is_file(path: Path) -> bool:
    """Whether the path is a file; False for an invalid name (too long, with a zero byte)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def decode(data: bytes) -> str:
    """The text of these bytes. Raises ValueError with a readable message."""
    skipped, encoding = mark(data)
    try:
        return data[len(skipped) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {len(skipped) + error.start} is not {encoding.upper()}") from error


def parse(text: str) -> Any:
    """A JSON value; its texts may contain control characters. Raises ValueError with a readable message."""
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise ValueError("a number has too many digits") from None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises OSError, and ValueError for other content."""
    value = parse(read(path))
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The objects of JSON lines, or of one JSON list, numbered from 1 by line or place. Raises OSError, and ValueError for a file that
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
    """The object of one JSON line. line: with its line end."""
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
    """The objects of one JSON list, numbered from 1. Raises OSError, and ValueError where the file is no list."""
    value = parse(read(path))
    if not isinstance(value, list):
        raise ValueError("it is not a list")
    yield from enumerate(map(_object, value), 1)


def _begins_a_list(path: Path) -> bool:
    with path.open("rb") as file:
        return next((line for line in _lines(file) if line.strip()), b"").lstrip().startswith(b"[")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines in UTF-8, without a byte order mark, each with its line end."""
    skipped, encoding = mark(file.read(4))
    file.seek(len(skipped))
    if encoding == "utf-8":
        yield from file
    else:
        file.seek(0)
        yield from io.BytesIO(decode(file.read()).encode())


def mark(data: bytes) -> tuple[bytes, str]:
    """The byte order mark at the beginning of the data (b"" for none), and the encoding."""
    zeros = bytes(map(bool, data[:4]))  # where the first letters are ASCII, as in JSON
    return next((each for each in MARKS if data.startswith(each[0])), (b"", UNMARKED.get(zeros, "utf-8")))


def is_blank(text: str) -> bool:
    """Whether the text has no visible character: only spaces, control characters, a byte order mark."""
    return all(letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf") for letter in text)


def has_half_characters(text: str) -> bool:
    """Whether the text has lone surrogates, like JSON's "\\ud83d": they can't be encoded, and tokenizers refuse them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def escape_unknown_letters(stream: TextIO) -> None:
    """Makes a stream write letters outside its encoding as \\u...., instead of raising an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def well_formed(text: str) -> str:
    """The text with U+FFFD for every lone surrogate; pairs of surrogates become their character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
