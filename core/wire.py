"""The wire between plugin and backend: one ASCII JSON object per line, both ways."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO, Iterator

MAX_LINE = 16 * 2**20  # bytes; every message is much shorter


def encode(message: dict[str, Any]) -> bytes:
    """One line. Raises ValueError for NaN or infinity, which JSON can't express."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


class LineReader:
    """Splits a stream of bytes into messages. A line that is not a JSON object becomes {"op": "unreadable", "line": ...}."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        head, *tail = data.split(b"\n")
        self._hold(head)
        for part in tail:
            line = b"".join(self._parts)
            overlong = self._length > MAX_LINE
            self._parts, self._length = [], 0
            self._hold(part)
            if overlong or line.strip():
                yield _unreadable(line) if overlong else _decoded(line)

    def _hold(self, part: bytes) -> None:
        """Stores a part of a line; after MAX_LINE bytes only their number, so that an endless line needs no memory."""
        self._length += len(part)
        if self._length <= MAX_LINE:
            self._parts.append(part)


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return _unreadable(line)
    return message if isinstance(message, dict) else _unreadable(line)


def _unreadable(line: bytes) -> dict[str, Any]:
    return {"op": "unreadable", "line": line[:200].decode("ascii", "replace")}


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Reserves file descriptors 0 and 1 for the wire: all other output, of Python, C or child processes, goes to stderr.

    Call it before any other import can print.
    """
    wire_in, wire_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    sys.stdin, sys.stdout = open(os.devnull), sys.stderr  # noqa: SIM115 (for the life of the process)
    return os.fdopen(wire_in, "rb", buffering=0), os.fdopen(wire_out, "wb", buffering=0)
