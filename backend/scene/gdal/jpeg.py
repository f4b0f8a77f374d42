"""JPEG files that make libjpeg warn though no pixel is lost.

Their header has bytes that belong to no segment or a revision that libjpeg does not know, or the marker of their end is missing. As libjpeg
warns once only, and of the end in the same words as of a file that is cut short, such files are read with header and end mended: a warning
that remains means lost pixels.
"""

from __future__ import annotations

import os

WARNING = "libjpeg: "  # begins what GDAL passes on of it
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
SCAN = 0xDA
JFIF = b"JFIF\0"
END = b"\xff\xd9"


def has_no_end(path: str) -> bool:
    """Whether a local file lacks the marker of its end; not where zeros fill its end, which would be decoded as pixels."""
    if not os.path.isfile(path) or os.path.getsize(path) < len(END):
        return False
    with open(path, "rb") as file:
        file.seek(-len(END), os.SEEK_END)
        tail = file.read()
    return tail != END and not tail.endswith(b"\0")


def mended(path: str) -> bytes | None:
    """The file's content with nothing between the segments of its header, and with its end; None where nothing is to be mended, or it is no
    local JPEG."""
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
            whole = b"".join([*segments, data[at:], END if has_no_end(path) else b""])
            return whole if whole != data else None
        length = 2 if marker in STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + length]
        if segment[4:9] == JFIF and segment[9:10] not in (b"\1", b"\2"):
            segment = segment[:9] + b"\1" + segment[10:]
        segments.append(segment)
        at += length
