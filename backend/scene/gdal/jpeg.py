"""JPEG files for which libjpeg warns although no pixel is lost.

Their header has bytes outside any segment or an unknown revision, or the end marker is missing. libjpeg warns only once, and for a missing
end marker in the same words as for a truncated file. Such files are read with a repaired header and end: a warning that remains means lost
pixels.
"""

from __future__ import annotations

import os

WARNING = "libjpeg: "  # the beginning of its warnings in GDAL
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
SCAN = 0xDA
JFIF = b"JFIF\0"
END = b"\xff\xd9"


def has_no_end(path: str) -> bool:
    """Whether a local file lacks its end marker; False where its end is filled with zeros, which would be decoded as pixels."""
    if not os.path.isfile(path) or os.path.getsize(path) < len(END):
        return False
    with open(path, "rb") as file:
        file.seek(-len(END), os.SEEK_END)
        tail = file.read()
    return tail != END and not tail.endswith(b"\0")


def mended(path: str) -> bytes | None:
    """The file's content with a repaired header and end; None where nothing needs a repair, or the file is no local JPEG."""
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
