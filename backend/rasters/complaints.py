"""What GDAL says while it goes on: most of it harms nothing and is a note, some of it means that pixels are lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Where one of these does not end the call, what is shown would be grey or garbled below the damage, or black where a part is no raster.
LOSS = re.compile(
    r"premature (end|eo)|bad (huffman|arithmetic) code|instead of rst|extraneous bytes before marker 0xd[0-7]|not enough data"
    r"|(?<!\.ovr)(?<!\.msk)[`'\"]? not recognized as",
    re.IGNORECASE,
)
MOST = 20  # of one raster


class Complaints:
    """Of one open raster and its twins. `loss` is the first one that means lost pixels, "" where there is none."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.loss = ""

    def take(self, messages: Sequence[str]) -> None:
        for message in messages:
            text = plain(message)
            if text not in self.messages and len(self.messages) < MOST:
                self.messages.append(text)
            if not self.loss and LOSS.search(text):
                self.loss = text  # for good: the block cache gives the same block again without a word


def plain(message: str) -> str:
    """On one line, without libjpeg's driver's advice to set an option."""
    return re.sub(r" \(this \w+ can be turned as an? \w+ by setting .*\)", "", " ".join(message.split()))
