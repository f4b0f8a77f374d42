"""How far a download is, from what pip (`--progress-bar raw`) and uv say."""

from __future__ import annotations

import re
from typing import Optional

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
PIP_BEGINS = re.compile(r"\s*(Downloading|Using cached) (\S+) \(([\d.]+) ?([kMG]?)B\)")
PIP_GOES_ON = re.compile(r"Progress (\d+) of (\d+)")
UV_BEGINS = re.compile(r"\s*Downloading (\S+) \(([\d.]+) ?([KMG]i|)B\)")
UV_ENDS = re.compile(r"\s*Downloaded (\S+)")
UNPACKS = re.compile(r"(Installing collected packages|Prepared \d+ packages?)\b")


class Meter:
    """expected: bytes of all downloads, about; where more is announced, that is the whole."""

    def __init__(self, expected: int) -> None:
        self._expected, self._done, self._current, self._announced = expected, 0, 0, 0
        self._sizes: dict[str, int] = {}  # of uv's downloads under way, several at a time

    def feed(self, line: str) -> Optional[tuple[int, int]]:
        """Bytes done and bytes in all, where the line says something new; (0, 0) once packages are unpacked, which is not counted."""
        if UNPACKS.match(line):
            return 0, 0
        if found := PIP_GOES_ON.match(line):
            self._current = int(found[1])
            if found[1] == found[2]:
                self._done, self._current = self._done + self._current, 0
        elif (found := UV_ENDS.match(line)) and found[1] in self._sizes:
            self._done += self._sizes.pop(found[1])
        elif found := UV_BEGINS.match(line):
            self._sizes[found[1]] = size = int(float(found[2]) * UNITS[found[3]])
            self._announced += size
        elif found := PIP_BEGINS.match(line):
            size = int(float(found[3]) * UNITS[found[4]])
            self._announced += size
            if found[1] == "Using cached":
                self._done += size
        else:
            return None
        return self._done + self._current, max(self._expected, self._announced, self._done + self._current)
