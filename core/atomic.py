"""Files appear whole or not at all: written in a folder beside their final place, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, Iterator, Mapping

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}  # GDAL's, by suffix: the formats that boxes are written in
SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qpj")
SHAPEFILE_INDEXES = (".qix", ".sbn", ".sbx", ".fbn", ".fbx", ".ain", ".aih", ".atx", ".idm", ".ind", ".ixs", ".mxs")
SQLITE_PARTS = ("-wal", "-shm", "-journal")  # SQLite lays their content over whatever file has the name
SHAPEFILE_NAME = 10  # letters of a Shapefile's field names
SHAPEFILE_TEXT = 254  # bytes a Shapefile's text field holds; the driver would cut silently, in the middle of a character


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A file, or a folder, to write instead of `path`; on leaving, it and what was written next to it take their final places.

    It has the suffix of `path` in small letters, and a short name of its own, which leaves room for what programs append to names. `path`
    itself comes last.
    What belongs to an older file and would be read as part of the new one goes: the other files of a Shapefile, SQLite's journals. A link
    stays one, and what it names is replaced. After an exception nothing has changed. Raises OSError for a folder or a disk that takes no
    files, and for a name that is too long.
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


def write_whole(path: Path, content: str | bytes) -> None:
    """A file of this content (text as UTF-8), or the old one. Raises OSError."""
    with beside(path) as new:
        new.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def link_or_copy(file: Path, to: Path) -> None:
    """The file under another name too, without its bytes a second time where the disk allows it. Raises OSError."""
    try:
        os.link(file.resolve(), to)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(file, to)


def shapefile_text(text: str) -> str:
    """The text cut to what a Shapefile's field holds, at a character's border."""
    return text.encode("utf-8", "replace")[:SHAPEFILE_TEXT].decode("utf-8", "ignore")


def _belonging(path: Path) -> Iterable[Path]:
    """What lies beside an older file and is a part of it; not what describes it or styles it."""
    names = {path.name + part for part in SQLITE_PARTS}
    if path.suffix.lower() == ".shp":
        with os.scandir(path.parent) as entries:  # GDAL takes .PRJ for .prj
            parts = {*SHAPEFILE_PARTS, *SHAPEFILE_INDEXES}
            names |= {entry.name for entry in entries if Path(entry.name).stem == path.stem and Path(entry.name).suffix.lower() in parts}
    return filter(os.path.lexists, map(path.with_name, names))


def _take_places(places: Mapping[Path, Path], old: Iterable[Path], aside: Path) -> None:
    """Renames new files to their places, in order, with the old ones out of the way; these come back where a place can't be taken."""
    moved: dict[Path, Path] = {}
    taken = []
    try:
        for file in old:
            os.replace(file, aside / file.name)
            moved[aside / file.name] = file
        for part, place in places.items():
            os.replace(part, place)
            taken.append(place)
    except OSError:
        for place in taken:
            place.unlink()
        for kept, file in moved.items():
            os.replace(kept, file)
        raise
