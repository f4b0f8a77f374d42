"""One interface over the two Python bindings of GDAL.

`osgeo.gdal` where the interpreter has it (Debian's python3-gdal, conda, QGIS's own), else rasterio's wheels, which
bundle GDAL. Never both in one process, because each loads its own libgdal. The environment variable `ZOOMEARTH_GDAL`
(`osgeo` or `rasterio`) overrides the choice. The adapters contain only the differences of the bindings; the decisions
(which overview, which bands, which pixels are black) are in `overviews.py`, `rendering.py` and `scene.py`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np

from ....core.errors import BackendError
from ....core.geometry import Size
from .complaints import Complaints
from .georeference import Units

NAMES = ("osgeo", "rasterio")
Window = tuple[int, int, int, int]  # x, y, width, height

OPTIONS = {
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "NO",  # `complaints.DAMAGE` says which warnings mean lost pixels
    "GDAL_NUM_THREADS": "1",  # a warning on a thread of GDAL would not reach the error handler
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",  # with it, GDAL 3.10 reads a truncated PNG without an error
}
REMOTE_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no listing, no probing for side files
    "GDAL_INGESTED_BYTES_AT_OPEN": "131072",  # the tile directory of a 40,000 px COG, in the first request
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_CONNECTTIMEOUT": "20",
    "GDAL_HTTP_LOW_SPEED_TIME": "30",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    "GDAL_HTTP_MAX_RETRY": "2",
    "GDAL_HTTP_RETRY_DELAY": "0.5",  # seconds; GDAL's own 30 look like a hang
}
os.environ.setdefault("PROJ_DEBUG", "0")  # else PROJ prints the errors that it also passes to GDAL

UNKNOWN = "GDAL gives no reason"
GENERATED = {"ZOOMEARTH_SCENE": "generated"}  # metadata of a scene that ZoomEarth has drawn
ACQUIRED = (  # names of metadata, in the order in which they count
    "ACQUISITIONDATETIME",
    "ACQUISITION_DATETIME",
    "ACQUISITIONDATE",
    "ACQUISITION_DATE",
    "DATE_ACQUIRED",
    "SENSING_TIME",
    "PRODUCT_START_TIME",
    "DATETIME",
)
CACHE_BYTES = 32 << 20  # GDAL's block cache during a full read; its default is 5 % of the machine's memory


class RasterError(Exception):
    """GDAL's first message of a failed call, which names the cause; `refusals` makes a sentence of it."""


@dataclass(frozen=True)
class Band:
    """`dtype` by numpy's name ("complex..." for those), `interpretation` by GDAL's, lower case ("red", "gray", "alpha", ...).

    `validity` says where GDAL keeps what is valid: "all", "nodata" (the value), "alpha" (a band), "mask" (one of its own).
    """

    index: int
    dtype: str
    interpretation: str
    nodata: float | None
    validity: str
    palette: tuple[tuple[int, ...], ...] = ()  # red, green, blue, alpha 0..255 by pixel value
    bits: int | None = None  # how many of the dtype's are used, where the file says so: 1 for bilevel scans and masks


@dataclass(frozen=True)
class Facts:
    """Facts about a raster that are known without reading a pixel."""

    driver: str
    size: Size
    bands: tuple[Band, ...]
    block: Size  # the tile or strip in which the file is stored
    overviews: tuple[Size, ...]  # in GDAL's order
    affine: tuple[float, float, float, float, float, float] | None  # GDAL's order; None: not known
    placed: str  # a sentence: where it comes from, or why it is not known; "" for the file's own geotransform
    wkt: str
    crs: str  # short: "EPSG:32615", else the CRS's own name, "" where unknown
    units: Units | None  # of the CRS; None where they are neither lengths nor angles
    files: tuple[str, ...]  # all files of the raster, including side files and a VRT's sources
    subdatasets: tuple[str, ...]
    lossy: bool  # compressed as photographs are
    halves: bool  # GDAL can read half the resolution for half the work: a TIFF of JPEG tiles, without overviews
    generated: bool  # its metadata say that ZoomEarth has drawn it
    acquired: str  # the day on which it was taken, "2014-07-20", as its metadata have it; "" where they don't
    written: str  # the day of TIFFTAG_DATETIME, which is often that of a later processing


class Raster(Protocol):
    """One open raster. Windows are (x, y, width, height) in pixels of the level: 0 is the raster, n its n-th overview.

    Used by one thread at a time. `options` are GDAL configuration, in force only inside the calls. Every method raises `RasterError`.
    """

    library: str
    facts: Facts
    complaints: Complaints

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        """Pixels [band, row, column]; with `size`, averaged by GDAL to it, or by the JPEG decoder where `facts.halves`."""
        ...

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        """GDAL's validity mask of one band, [row, column] uint8, 0 = invalid."""
        ...

    def stored(self, column: int, row: int, band: int) -> bool:
        """False where a sparse TIFF does not store this block of the raster itself in this band."""
        ...

    def small_cache(self) -> contextlib.AbstractContextManager[None]:
        """Limits GDAL's block cache to CACHE_BYTES, and restores its size."""
        ...

    def twin(self) -> Raster:
        """A handle of the same raster for another thread; opened by its first read."""
        ...

    def close(self) -> None: ...


def library() -> str:
    """The name of the binding that this interpreter has. Raises BackendError where it has none, or not the one in ZOOMEARTH_GDAL."""
    wanted = os.environ.get("ZOOMEARTH_GDAL", "")
    if wanted and wanted not in NAMES:
        raise BackendError(f"ZOOMEARTH_GDAL is {wanted!r}.", f"Set it to one of {', '.join(NAMES)}, or not at all.")
    for name in [wanted] if wanted else NAMES:
        with contextlib.suppress(ImportError):
            importlib.import_module("osgeo.gdal" if name == "osgeo" else "rasterio")
            return name
    missing = wanted or "neither osgeo nor rasterio"
    raise BackendError(f"No GDAL for Python was found ({missing}).", "pip install rasterio")


def lossy(driver: str, structure: Mapping[str, str]) -> bool:
    """`Facts.lossy`, from GDAL's IMAGE_STRUCTURE metadata."""
    return driver in ("JPEG", "WEBP") or structure.get("COMPRESSION") in ("JPEG", "YCbCr JPEG", "WEBP")


def halves(driver: str, structure: Mapping[str, str], overviews: int) -> bool:
    """`Facts.halves`, from GDAL's IMAGE_STRUCTURE metadata.

    For the nearest pixels at half the resolution, GDAL lets libjpeg decode each such tile to 4 x 4 pixels for every 8 x 8
    (its implicit overviews): 58 dB from the averages, for 0.6 of the cost of a full decoding.
    """
    jpeg = structure.get("COMPRESSION") in ("JPEG", "YCbCr JPEG") and structure.get("SOURCE_COLOR_SPACE") != "CMYK"
    return driver == "GTiff" and jpeg and not overviews


def acquired(metadata: Mapping[str, str], imagery: Mapping[str, str]) -> str:
    """`Facts.acquired`. metadata: of the raster; imagery: of GDAL's domain IMAGERY."""
    named = {key.upper(): value for key, value in {**metadata, **imagery}.items()}
    return next((day for key in ACQUIRED if (day := day_of(named.get(key, "")))), "")


def day_of(text: str) -> str:
    """The day that a date begins with, as "2014-07-20"; "" where it begins with none."""
    match = re.match(r"\s*(\d{4})[-:/.]?(\d\d)[-:/.]?(\d\d)(?!\d)", text)
    try:
        return str(date(*map(int, match.groups()))) if match else ""
    except ValueError:  # of all zeros
        return ""


def open_raster(path: str, options: dict[str, str]) -> Raster:
    """Opens a raster with the interpreter's binding. Raises RasterError."""
    adapter: Any = importlib.import_module(f".{library()}_adapter", __name__)
    raster: Raster = adapter.open_raster(path, options)
    return raster


def transform(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """Transforms points [n, 2], east or x first, between two CRSs, both as WKT or "EPSG:..."; not finite where that fails for a point.

    Raises RasterError where the CRSs can't be transformed into each other.
    """
    adapter: Any = importlib.import_module(f".{library()}_adapter", __name__)
    moved: np.ndarray = adapter.transform(points, source, target)
    return moved


def copy(source: str, target: str, driver: str, creation: Mapping[str, str]) -> None:
    """A raster in another format, by GDAL's own copying, with its block cache held small. Raises RasterError."""
    adapter: Any = importlib.import_module(f".{library()}_adapter", __name__)
    adapter.copy(source, target, driver, creation)
