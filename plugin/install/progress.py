"""The progress of a download, from the output of pip (`--progress-bar raw`) and uv."""

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
    """expected: the approximate bytes of all downloads; a larger announced sum replaces it."""

    def __init__(self, expected: int) -> None:
        self._expected, self._done, self._current, self._announced = expected, 0, 0, 0
        self._sizes: dict[str, int] = {}  # of uv's running downloads, which run in parallel

    def feed(self, line: str) -> Optional[tuple[int, int]]:
        """Bytes done and bytes in all after a line about the download, else None; (0, 0) when the packages are being unpacked."""
        if UNPACKS.match(line):
            return 0, 0
        if match := PIP_GOES_ON.match(line):
            self._current = int(match[1])
            if match[1] == match[2]:
                self._done, self._current = self._done + self._current, 0
        elif (match := UV_ENDS.match(line)) and match[1] in self._sizes:
            self._done += self._sizes.pop(match[1])
        elif match := UV_BEGINS.match(line):
            self._sizes[match[1]] = size = int(float(match[2]) * UNITS[match[3]])
            self._announced += size
        elif match := PIP_BEGINS.match(line):
            size = int(float(match[3]) * UNITS[match[4]])
            self._announced += size
            if match[1] == "Using cached":
                self._done += size
        else:
            return None
        return self._done + self._current, max(self._expected, self._announced, self._done + self._current)
