"""Messages of GDAL during calls that succeed: most are harmless notes, some mean that pixels are lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Messages of decoders while pixels are read: the picture would be grey or garbled below the damage.
DAMAGE = re.compile(
    r"premature (end|eo)|bad (huffman|arithmetic) code|instead of rst|extraneous bytes before marker 0xd[0-7]|not enough data",
    re.IGNORECASE,
)
# Messages at any time: the picture would be black where a part is no raster. Messages about side files do not count.
NO_PART = re.compile(r"(?<!\.ovr)(?<!\.msk)[`'\"]? not recognized as", re.IGNORECASE)
MOST = 20  # messages of one raster that are stored


class Complaints:
    """The messages about one raster, from all its handles. loss: the first message that means lost pixels, or ""."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.loss = ""

    def take(self, messages: Sequence[str], reading: bool) -> None:
        """Adds the messages of a successful call. reading: the call read pixels; the header may contain a damaged thumbnail."""
        for message in messages:
            text = plain(message)
            if text not in self.messages and len(self.messages) < MOST:
                self.messages.append(text)
            if not self.loss and (NO_PART.search(text) or (reading and DAMAGE.search(text))):
                self.loss = text  # stays set: GDAL's cache returns the same block again without a message


def plain(message: str) -> str:
    """The message on one line, without the JPEG driver's advice to set an option."""
    return re.sub(r" \(this \w+ can be turned as an? \w+ by setting .*\)", "", " ".join(message.split()))
