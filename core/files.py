"""Files appear whole or not at all: written in a folder beside their final place, then renamed."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}  # GDAL's, by suffix: the formats that boxes are written in
SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj")
SHAPEFILE_NAME = 10  # letters of a Shapefile's field names
SHAPEFILE_TEXT = 254  # bytes a Shapefile's text field holds; the driver would cut silently, in the middle of a character


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A file of the same name to write instead of `path`; on leaving, it and what was written next to it take their final places.

    `path` itself comes last. The parts of an older Shapefile that the new one lacks go: an old .prj would put new pixels somewhere.
    After an exception nothing has changed. Raises OSError for a folder or a disk that takes no files.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.resolve().parent) as folder:
        new = Path(folder) / path.name
        yield new
        parts = sorted(Path(folder).iterdir(), key=lambda part: part == new)
        for suffix in SHAPEFILE_PARTS if path.suffix.lower() == ".shp" else ():
            if not new.with_suffix(suffix).exists():
                path.with_suffix(suffix).unlink(missing_ok=True)
        for part in parts:
            os.replace(part, path.with_name(part.name))


def shapefile_text(text: str) -> str:
    """The text cut to what a Shapefile's field holds, at a character's border."""
    return text.encode("utf-8", "replace")[:SHAPEFILE_TEXT].decode("utf-8", "ignore")
