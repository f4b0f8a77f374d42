"""GDAL through rasterio, whose wheels bundle it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import rasterio
from rasterio import shutil as raster_files
from rasterio import warp, windows
from rasterio._err import (  # raised by calls that check GDAL's error state; rasterio has no public names for them
    CPLE_AppDefinedError,
    CPLE_BaseError,
)
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.env import get_gdal_config, set_gdal_config  # only the outermost `Env` restores GDALSetCacheMax
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile

from ....core.geometry import Size
from ....core.texts import well_formed
from . import CACHE_BYTES, GENERATED, UNKNOWN, Band, Facts, Raster, RasterError, Window, acquired, day_of, halves, jpeg, lossy
from .complaints import Complaints
from .georeference import crs_name, georeference, units

warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)  # `Scene.grid` is None then

T = TypeVar("T")
# Before rasterio 1.4, an error of opening is an OSError; a message that is not UTF-8 is a SystemError.
ERRORS = (RasterioError, CPLE_BaseError, OSError, ValueError, SystemError)
VALIDITY = {
    (MaskFlags.all_valid,): "all",
    (MaskFlags.nodata,): "nodata",
    (MaskFlags.per_dataset, MaskFlags.alpha): "alpha",
}


class _MessageHandler(logging.Handler):
    """Collects GDAL's messages: rasterio passes all of them to its loggers, and only the last error to the caller."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._thread = threading.local()
        for name in ("rasterio._env", "rasterio._err"):  # outside and inside rasterio's own error stack
            logger = logging.getLogger(name)
            logger.addHandler(self)
            logger.setLevel(min(logging.INFO, logger.level or logging.INFO))

    @contextlib.contextmanager
    def collecting(self) -> Iterator[list[tuple[bool, str]]]:
        """The messages of this thread during the block: whether it is a failure, and the text."""
        messages: list[tuple[bool, str]] = []
        self._thread.messages = messages
        try:
            yield messages
        finally:
            self._thread.messages = None

    def emit(self, record: logging.LogRecord) -> None:
        messages = getattr(self._thread, "messages", None)
        if messages is not None and isinstance(record.args, tuple) and record.args:
            messages.append((record.levelno != logging.WARNING, str(record.args[-1])))


_MESSAGES = _MessageHandler()


class RasterioRaster:
    library = f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}"

    def __init__(self, path: str, options: dict[str, str], twin: RasterioRaster | None = None) -> None:
        self._path: str = twin._path if twin else path
        self._options = options
        self._levels: dict[int, rasterio.DatasetReader] = {}
        self._content: MemoryFile | None = twin._content if twin else None
        self.complaints: Complaints = twin.complaints if twin else Complaints()
        self.facts: Facts = twin.facts if twin else self._call(self._facts, reading=False)
        if not twin and self.facts.driver == "JPEG":
            warned = any(message.startswith(jpeg.WARNING) for message in self.complaints.messages)
            self._read_from(jpeg.mended(path) if warned or jpeg.has_no_end(path) else None)

    def _facts(self) -> Facts:
        whole = self._level(0)
        count = len(whole.overviews(1)) if whole.count else 0
        overviews = [self._level(number) for number in range(1, count + 1)]  # `DatasetReader.overviews` has rounded factors, not sizes
        return _facts(whole, tuple(Size(level.width, level.height) for level in overviews))

    def _read_from(self, content: bytes | None) -> None:
        """Reads pixels from these bytes instead of the file."""
        if content:
            self.close()
            self._content = MemoryFile(content, ext=".jpg")
            self._path = self._content.name

    def _call(self, work: Callable[[], T], reading: bool = True) -> T:
        """The result of `work`, called with the raster's GDAL options. Raises RasterError.

        A message of a successful call stays in GDAL's error state, and a later call that checks the state raises it. That clears the state,
        so that a second attempt fails only for an error of its own.
        """
        with rasterio.Env(**self._options), _MESSAGES.collecting() as messages:
            try:
                try:
                    result = work()
                except CPLE_BaseError:
                    result = work()
            except ERRORS as error:
                first: BaseException = error
                while first.__cause__:
                    first = first.__cause__
                last = first.object.decode(errors="replace") if isinstance(first, UnicodeDecodeError) else str(first)
                last = UNKNOWN if last.startswith("Unknown GDAL Error") else last  # without rasterio's advice to its users
                raise RasterError(next((message for failed, message in messages if failed), last)) from None
        self.complaints.take([message for _, message in messages], reading)
        if self.complaints.loss:
            raise RasterError(self.complaints.loss)
        return result

    def _level(self, level: int) -> rasterio.DatasetReader:
        if level not in self._levels:
            settings = {"OVERVIEW_LEVEL": level - 1} if level else {}
            self._levels[level] = rasterio.open(_utf8(self._path), **settings)
        return self._levels[level]

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        shape = (len(bands), size.height, size.width) if size else None
        how = Resampling.average if size and not self.facts.halves else Resampling.nearest
        place = windows.Window(*window)
        return self._call(lambda: self._level(level).read(list(bands), window=place, out_shape=shape, out_dtype=dtype, resampling=how))

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        shape = (size.height, size.width) if size else None
        return self._call(lambda: self._level(level).read_masks(band, window=windows.Window(*window), out_shape=shape))

    def stored(self, column: int, row: int, band: int) -> bool:
        item = f"BLOCK_OFFSET_{column}_{row}"
        return self._call(lambda: self._level(0).get_tag_item(item, "TIFF", bidx=band)) is not None

    def small_cache(self) -> contextlib.AbstractContextManager[None]:
        return _small_cache()

    def twin(self) -> Raster:
        return RasterioRaster(self._path, self._options, self)

    def close(self) -> None:
        for dataset in self._levels.values():
            dataset.close()
        self._levels.clear()


def _utf8(path: str) -> str:
    """The path, or a link to it where rasterio does not accept the bytes of its name."""
    return path if well_formed(path) == path or not os.path.exists(path) else _linked(os.path.realpath(path))


@functools.cache
def _linked(path: str) -> str:
    """The path of a link with an ASCII name to the file; its side files get links too. The links exist until the process ends."""
    folder = tempfile.mkdtemp(prefix="zoomearth-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home, name = os.path.split(path)
    same = (each for each in os.listdir(home) if each.startswith(os.path.splitext(name)[0]))
    plain = {each: each.encode("ascii", "backslashreplace").decode().replace("\\", "_") for each in same}
    for each, link in plain.items():
        os.symlink(os.path.join(home, each), os.path.join(folder, link))
    return os.path.join(folder, plain[name])


def _bands(ds: rasterio.DatasetReader) -> tuple[Band, ...]:
    """All bands. Reads each attribute once: rasterio computes its tuple of all bands at every access."""
    described = zip(ds.indexes, ds.dtypes, ds.colorinterp, ds.nodatavals, ds.mask_flag_enums)
    return tuple(_band(ds, *each) for each in described)


def _band(
    ds: rasterio.DatasetReader, number: int, dtype: str, interpretation: ColorInterp, nodata: float | None, flags: Sequence[MaskFlags]
) -> Band:
    bits = ds.get_tag_item("NBITS", "IMAGE_STRUCTURE", bidx=number)
    palette = _palette(ds, number) if interpretation == ColorInterp.palette else {}
    return Band(
        number,
        dtype,
        interpretation.name.lower(),
        nodata,
        VALIDITY.get(tuple(flags), "mask"),
        tuple(palette[value] for value in sorted(palette)),
        int(bits) if bits else None,
    )


def _palette(ds: rasterio.DatasetReader, number: int) -> dict[int, tuple[int, ...]]:
    try:
        return dict(ds.colormap(number))
    except ValueError:  # a band may be declared as a palette without having one
        return {}


def _geotransform(ds: rasterio.DatasetReader) -> list[float] | None:
    """The geotransform from a VRT of the raster; None where it has none: with some drivers `ds.transform` is uninitialised memory then."""
    with MemoryFile(ext=".vrt") as file:
        raster_files.copy(ds, file.name, driver="VRT", strict=False)
        head = file.read().partition(b"<VRTRasterBand")[0].decode()
    match = re.search(r"<GeoTransform>(.*?)</GeoTransform>", head, re.DOTALL)
    return [float(number) for number in match[1].split(",")] if match else None


def _facts(ds: rasterio.DatasetReader, overviews: tuple[Size, ...]) -> Facts:
    gcps, gcps_crs = ds.gcps
    crs = ds.crs or gcps_crs
    wkt = crs.to_wkt() if crs else ""
    authority = crs.to_authority() if crs else None
    points = [(point.col, point.row, point.x, point.y) for point in gcps]
    units_ = units(wkt)
    affine, placed = georeference(_geotransform(ds), points, bool(ds.tags(ns="RPC")), units_)
    structure, metadata = ds.tags(ns="IMAGE_STRUCTURE"), ds.tags()
    return Facts(
        driver=ds.driver,
        size=Size(ds.width, ds.height),
        bands=_bands(ds),
        block=Size(*reversed(ds.block_shapes[0])) if ds.count else Size(1, 1),
        overviews=overviews,
        affine=affine,
        placed=placed,
        wkt=wkt,
        crs=":".join(authority) if authority else crs_name(wkt),
        units=units_,
        files=tuple(ds.files),
        subdatasets=tuple(ds.subdatasets),
        lossy=lossy(ds.driver, structure),
        halves=halves(ds.driver, structure, len(overviews)),
        generated=GENERATED.items() <= metadata.items(),
        acquired=acquired(metadata, ds.tags(ns="IMAGERY")),
        written=day_of(metadata.get("TIFFTAG_DATETIME", "")),
    )


@contextlib.contextmanager
def _small_cache() -> Iterator[None]:
    before = get_gdal_config("GDAL_CACHEMAX")
    set_gdal_config("GDAL_CACHEMAX", min(CACHE_BYTES, before))
    try:
        yield
    finally:
        set_gdal_config("GDAL_CACHEMAX", before)


def open_raster(path: str, options: dict[str, str]) -> Raster:
    return RasterioRaster(path, options)


def copy(source: str, target: str, driver: str, creation: Mapping[str, str]) -> None:
    """See `gdal.copy`."""
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), _small_cache(), _MESSAGES.collecting() as messages:
        try:
            raster_files.copy(source, target, driver=driver, strict=False, **creation)
        except ERRORS as error:
            raise RasterError(next((message for failed, message in messages if failed), str(error))) from None
    if failures := [message for failed, message in messages if failed]:  # closing the file on a full disk raises nothing
        raise RasterError(failures[0])


def transform(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """See `gdal.transform`."""
    try:
        systems = [CRS.from_user_input(name) for name in (source, target)]
        return _transformed(points, *systems)
    except (CRSError, RasterioError, CPLE_BaseError) as error:
        raise RasterError(str(error)) from None


def _transformed(points: np.ndarray, source: CRS, target: CRS) -> np.ndarray:
    """The transformed points. rasterio fails for all points where one fails, so that the points are tried in halves then."""
    try:
        moved: np.ndarray = np.array(warp.transform(source, target, *points.T), float).T
        return moved
    except CPLE_AppDefinedError:
        if len(points) == 1:
            return np.full((1, 2), np.inf)
        half = len(points) // 2
        return np.concatenate([_transformed(part, source, target) for part in (points[:half], points[half:])])
