"""Downloads a benchmark's data from the Hugging Face hub: resumable, with checksums, pinned to one commit; unpacks archives.

The first download takes the newest commit and writes it into `download.json` beside the data; later calls use the same commit. Archives in
parts (images.tar.part-aa, .part-ab, ...) are read as one stream and never joined on disk.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from ....backend.cli.progress import download_bars
from ....backend.models.hub import fetch
from ....core import texts
from ....core.atomic import write_whole
from ....core.catalogue import RECEIPT, Model
from ....core.errors import DataError
from .base import Benchmark

PART = re.compile(r"(.+\.(?:tar|tar\.gz|tgz))(?:[._-]part[._-]?\w+)?")


def download(benchmark: Benchmark, folder: Path, console: Console) -> None:
    """Downloads the set into `folder`. Raises ModelError for network errors, DataError for an archive that can't be read."""
    receipt = folder / RECEIPT
    try:
        revision = texts.read_object(receipt)["revision"] if receipt.is_file() else None
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{receipt} can't be read: {error}.", "Delete it: the newest version of the set is then downloaded.") from error
    wanted = Model(benchmark.name, repo=benchmark.repo, revision=revision, files=benchmark.files, kind="datasets")
    with download_bars(console) as on_progress:
        record = fetch(wanted, folder, on_progress, lambda: False)
    write_whole(receipt, json.dumps(record, indent=1))
    unpack(folder, console)


def unpack(folder: Path, console: Console) -> None:
    """Unpacks every archive of the folder that is not unpacked yet. Raises DataError."""
    for name, parts in archives(folder):
        marker = folder / f".unpacked-{name}"
        if marker.exists():
            continue
        console.print(f"unpacking {name}")
        try:
            if name.endswith(".zip"):
                with zipfile.ZipFile(parts[0]) as archive:
                    archive.extractall(folder)  # ignores paths outside the folder
            else:
                with tarfile.open(fileobj=io.BufferedReader(_Joined(parts), 1 << 20), mode="r|*") as tar:
                    tar.extractall(folder, filter="data")  # refuses links and paths outside the folder
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise DataError(f"{folder / name} can't be unpacked: {error}.", "A part may be missing: run the same command again.") from error
        marker.touch()
    if next(folder.glob("*.7z.*"), None):
        console.print(f"unpack the other archives with 7-Zip: 7z x {next(iter(sorted(folder.glob('*.7z.*'))))} -o{folder}", soft_wrap=True)


def archives(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """The name of each archive, with its parts in order."""
    names: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("[!.]*")):
        if match := PART.fullmatch(file.name):
            names.setdefault(match[1], []).append(file)
        elif file.suffix == ".zip":
            names[file.name] = [file]
    yield from names.items()


class _Joined(io.RawIOBase):
    """Several files, read as one stream."""

    def __init__(self, parts: list[Path]) -> None:
        self.left = list(parts)
        self.file: io.BufferedReader | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self.file is None:
                if not self.left:
                    return 0
                self.file = self.left.pop(0).open("rb")
            if count := self.file.readinto(buffer):
                return count
            self.file.close()
            self.file = None
