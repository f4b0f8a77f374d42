"""JPEG files with bytes that belong to no segment before their first scan.

libjpeg skips such bytes and warns. As it warns once only, a file that is cut short as well would be shown grey without a word: such a file
is read without these bytes.
"""

from __future__ import annotations

import os

JUNK = "extraneous bytes before marker"
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
SCAN = 0xDA


def without_junk(path: str) -> bytes | None:
    """The file's content without the bytes between the segments of its header; None where there are none, or it is no local JPEG."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        data = file.read()
    segments, at, junk = [data[:2]], 2, 0
    while True:
        begin = at
        while at + 1 < len(data) and (data[at] != 0xFF or data[at + 1] in (0x00, 0xFF)):
            at += 1
        if at + 4 > len(data):
            return None
        junk += at - begin
        marker = data[at + 1]
        if marker == SCAN:
            return b"".join([*segments, data[at:]]) if junk else None
        length = 2 if marker in STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segments.append(data[at : at + length])
        at += length
