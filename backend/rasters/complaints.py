"""What GDAL says while it goes on: most of it harms nothing and is a note, some of it means that pixels are lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Of decoders, while pixels are read: what is shown would be grey or garbled below the damage.
DAMAGE = re.compile(
    r"premature (end|eo)|bad (huffman|arithmetic) code|instead of rst|extraneous bytes before marker 0xd[0-7]|not enough data",
    re.IGNORECASE,
)
# At any time: what is shown would be black where a part is no raster. Side files are none.
NO_PART = re.compile(r"(?<!\.ovr)(?<!\.msk)[`'\"]? not recognized as", re.IGNORECASE)
MOST = 20  # of one raster


class Complaints:
    """Of one open raster and its twins. `loss` is the first one that means lost pixels, "" where there is none."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.loss = ""

    def take(self, messages: Sequence[str], reading: bool) -> None:
        """Of a call that has its result; `reading` whether that is pixels, and not the header, which may hold a damaged thumbnail."""
        for message in messages:
            text = plain(message)
            if text not in self.messages and len(self.messages) < MOST:
                self.messages.append(text)
            if not self.loss and (NO_PART.search(text) or (reading and DAMAGE.search(text))):
                self.loss = text  # for good: the block cache gives the same block again without a word


def plain(message: str) -> str:
    """On one line, without libjpeg's driver's advice to set an option."""
    return re.sub(r" \(this \w+ can be turned as an? \w+ by setting .*\)", "", " ".join(message.split()))
