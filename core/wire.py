"""The wire between plugin and backend: one ASCII JSON object per line, both ways."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO, Iterator

MAX_LINE = 16 * 2**20  # bytes; no message comes near it


def encode(message: dict[str, Any]) -> bytes:
    """One line. Raises ValueError for NaN or infinity, which JSON can't express."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


class LineReader:
    """Bytes in, messages out, whatever the chunking; a line that is not a JSON object comes out as {"op": "unreadable", "line": ...}."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        head, *tail = data.split(b"\n")
        self._hold(head)
        for part in tail:
            line = b"".join(self._parts)
            overlong = self._held > MAX_LINE
            self._parts, self._held = [], 0
            self._hold(part)
            if overlong or line.strip():
                yield _unreadable(line) if overlong else _decoded(line)

    def _hold(self, part: bytes) -> None:
        """Past MAX_LINE only the length is kept, so that an endless line costs no memory."""
        self._held += len(part)
        if self._held <= MAX_LINE:
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
    """Keep fd 0 and 1 for the wire: whatever else prints, in Python, C or a child process, goes to stderr.

    To be called before any other import can print.
    """
    wire_in, wire_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    sys.stdin, sys.stdout = open(os.devnull), sys.stderr  # noqa: SIM115 (for the life of the process)
    return os.fdopen(wire_in, "rb", buffering=0), os.fdopen(wire_out, "wb", buffering=0)
