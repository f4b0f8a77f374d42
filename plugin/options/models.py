"""The models there are, as resources/models.json lists them, and which of them lie here. The backend downloads them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...core.settings import data_folder
from ..install.environment import PLUGIN


@dataclass(frozen=True)
class Model:
    """bytes: of the download, about."""

    id: str
    title: str
    licence: str
    bytes: int
    bundled: bool

    @property
    def here(self) -> bool:
        """The record of a download is written when all of it is there."""
        return self.bundled or (data_folder() / "models" / self.id / "download.json").is_file()


def catalogue() -> dict[str, Model]:
    """By id, in the list's order."""
    entries = json.loads((PLUGIN / "resources" / "models.json").read_text(encoding="utf-8"))
    return {each["id"]: Model(each["id"], each["title"], each["licence"], each["bytes"], bool(each["bundled"])) for each in entries}
