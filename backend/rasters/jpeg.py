"""JPEG files whose header makes libjpeg warn: bytes that belong to no segment, a revision that it does not know.

Such a warning harms nothing. As libjpeg warns once only, though, a file that is cut short as well would be shown grey without a word: such
a file is read with its header mended.
"""

from __future__ import annotations

import os

WARNING = "libjpeg: "  # begins what GDAL passes on of it
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
SCAN = 0xDA
JFIF = b"JFIF\0"


def mended(path: str) -> bytes | None:
    """The file's content with nothing between the segments of its header; None where nothing is to be mended, or it is no local JPEG."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        data = file.read()
    segments, at = [data[:2]], 2
    while True:
        while at + 1 < len(data) and (data[at] != 0xFF or data[at + 1] in (0x00, 0xFF)):
            at += 1
        if at + 4 > len(data):
            return None
        marker = data[at + 1]
        if marker == SCAN:
            whole = b"".join([*segments, data[at:]])
            return whole if whole != data else None
        length = 2 if marker in STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + length]
        if segment[4:9] == JFIF and segment[9:10] not in (b"\1", b"\2"):
            segment = segment[:9] + b"\1" + segment[10:]
        segments.append(segment)
        at += length
