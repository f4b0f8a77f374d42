"""Atomic file writes: into a temporary folder beside the target, then `os.replace`."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, Iterator, Mapping

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}  # GDAL's drivers for boxes, by suffix
SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qpj")
SHAPEFILE_INDEXES = (".qix", ".sbn", ".sbx", ".fbn", ".fbx", ".ain", ".aih", ".atx", ".idm", ".ind", ".ixs", ".mxs")
TEXTS = (".json", ".txt", ".jinja", ".md", ".py")
SQLITE_PARTS = ("-wal", "-shm", "-journal")  # SQLite would apply their content to the new file
SHAPEFILE_NAME = 10  # the largest length of a Shapefile's field name
SHAPEFILE_TEXT = 254  # bytes of a Shapefile's text field; the driver cuts longer texts silently, inside a character


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Gives the path of a file or folder to write instead of `path`. After the block, it and its side files are moved to their final names.

    The temporary path has the suffix of `path` in lower case and a short name, because programs append to names. `path` itself is moved
    last.
    Files of an older version that would be read as a part of the new one are removed: the other files of a Shapefile, SQLite's journals. If
    `path` is a link, its target is replaced. After an exception, nothing has changed. Raises OSError where the folder or the disk can't be
    written to, and for a name that is too long.
    """
    suffix, path = path.suffix.lower(), path.resolve()
    with tempfile.TemporaryDirectory(prefix=".zoomearth-", dir=path.parent) as folder:
        os.mkdir(os.path.join(folder, "old"))
        os.mkdir(os.path.join(folder, "new"))
        new = Path(folder, "new", "new" + suffix)
        yield new
        parts = sorted(new.parent.iterdir(), key=lambda part: part == new)
        places = {part: path if part == new else path.with_name(path.stem + part.name[len("new") :]) for part in parts}
        old = {*_belonging(path), *filter(os.path.lexists, places.values())} - {path}
        _take_places(places, old, Path(folder, "old"))


def copy_beside(path: Path, new: Path) -> None:
    """Copies an existing file, and the other files of a Shapefile, to the path that `beside` has given, to be changed there."""
    path = path.resolve()
    for part in (path, *_belonging(path)):
        shutil.copyfile(part, new.with_name(new.stem + part.name[len(path.stem) :]))


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file (text as UTF-8); on failure the old file remains. Raises OSError."""
    with beside(path) as new:
        new.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def link_or_copy(file: Path, to: Path) -> None:
    """The file under another name too, without its bytes a second time where the disk allows it; a text, which a person may edit in
    place, is copied. Raises OSError."""
    if file.suffix not in TEXTS:
        try:
            return os.link(file.resolve(), to)
        except OSError:  # another disk, or a file system without links
            pass
    shutil.copyfile(file, to)


def shapefile_text(text: str) -> str:
    """The text, cut at the end of a character to the length of a Shapefile's field."""
    return text.encode("utf-8", "replace")[:SHAPEFILE_TEXT].decode("utf-8", "ignore")


def _belonging(path: Path) -> Iterable[Path]:
    """The side files that are a part of an older file; not its metadata or styles."""
    names = {path.name + part for part in SQLITE_PARTS}
    if path.suffix.lower() == ".shp":
        with os.scandir(path.parent) as entries:  # GDAL also reads .PRJ
            parts = {*SHAPEFILE_PARTS, *SHAPEFILE_INDEXES}
            names |= {entry.name for entry in entries if Path(entry.name).stem == path.stem and Path(entry.name).suffix.lower() in parts}
    return filter(os.path.lexists, map(path.with_name, names))


def _take_places(places: Mapping[Path, Path], old: Iterable[Path], aside: Path) -> None:
    """Moves the old files aside and the new ones to their names, in order; where that fails, restores the old ones."""
    moved: dict[Path, Path] = {}
    written = []
    try:
        for file in old:
            os.replace(file, aside / file.name)
            moved[aside / file.name] = file
        for part, place in places.items():
            os.replace(part, place)
            written.append(place)
    except OSError:
        for place in written:
            place.unlink()
        for backup, file in moved.items():
            os.replace(backup, file)
        raise
