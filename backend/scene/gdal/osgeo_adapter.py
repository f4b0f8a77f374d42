"""GDAL through its own Python binding. Uses `ReadRaster`: `ReadAsArray` needs the numpy that GDAL was built for."""

from __future__ import annotations

import contextlib
import os
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from osgeo import gdal, osr

from ....core.geometry import Size
from . import CACHE_BYTES, GENERATED, UNKNOWN, Band, Facts, Raster, RasterError, Window, acquired, day_of, halves, jpeg, lossy
from .complaints import Complaints
from .georeference import crs_name, georeference, units

osr.UseExceptions()
gdal.DontUseExceptions()  # with exceptions, a harmless message would end a successful call
T = TypeVar("T")
DTYPES = {
    "byte": "uint8",
    "cfloat32": "complex64",
    "cfloat64": "complex128",
    "cint16": "complex_int16",
    "cint32": "complex_int32",
}
VALIDITY = {gdal.GMF_ALL_VALID: "all", gdal.GMF_NODATA: "nodata", gdal.GMF_PER_DATASET | gdal.GMF_ALPHA: "alpha"}


class OsgeoRaster:
    library = f"osgeo.gdal {gdal.__version__}"

    def __init__(self, path: str, options: dict[str, str], twin: OsgeoRaster | None = None) -> None:
        self._path: str = twin._path if twin else path
        self._options = options
        self._levels: dict[int, gdal.Dataset] = {}
        self.complaints: Complaints = twin.complaints if twin else Complaints()
        self.facts: Facts = twin.facts if twin else self._call(lambda: _facts(self._level(0)), reading=False)
        if not twin and self.facts.driver == "JPEG":
            warned = any(message.startswith(jpeg.WARNING) for message in self.complaints.messages)
            self._read_from(jpeg.mended(path) if warned or jpeg.has_no_end(path) else None)

    def _read_from(self, content: bytes | None) -> None:
        """Reads pixels from these bytes instead of the file."""
        if content:
            self._levels.clear()
            self._path = f"/vsimem/{uuid.uuid4().hex}.jpg"
            gdal.FileFromMemBuffer(self._path, content)
            weakref.finalize(self.complaints, gdal.Unlink, self._path)  # which the twins share

    def _call(self, work: Callable[[], T], reading: bool = True) -> T:
        """The result of `work`, called with the raster's GDAL options. Raises RasterError."""
        before = {key: gdal.GetThreadLocalConfigOption(key) for key in self._options}
        try:
            for key, value in self._options.items():
                gdal.SetThreadLocalConfigOption(key, value)
            try:
                result, messages = _with_messages(work)
            except SystemError:  # the binding raises it for a message that is not UTF-8
                result, messages = _with_last_message(work)
        finally:
            for key, value in before.items():
                gdal.SetThreadLocalConfigOption(key, value)
        if result is None:
            failures = [message for level, message in messages if level >= gdal.CE_Failure]
            raise RasterError((failures or self.complaints.messages or [UNKNOWN])[0])
        self.complaints.take([message for level, message in messages if level >= gdal.CE_Warning], reading)
        if self.complaints.loss:
            raise RasterError(self.complaints.loss)
        return result

    def _level(self, level: int) -> gdal.Dataset:
        if level not in self._levels:
            settings = [f"OVERVIEW_LEVEL={level - 1}"] if level else []
            path = self._path.encode("utf-8", "surrogateescape") if os.name == "posix" else self._path  # a file name may be any bytes
            opened = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR, open_options=settings)
            if opened is None:
                raise _Unopened
            self._levels[level] = opened
        return self._levels[level]

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        code = gdal.GetDataTypeByName(dtype) or gdal.GDT_Byte  # GDAL < 3.7 keeps int8 in a Byte
        how = gdal.GRIORA_Average if size and not self.facts.halves else gdal.GRIORA_NearestNeighbour
        place = (*window, width, height, code)
        data = self._call(lambda: self._level(level).ReadRaster(*place, band_list=list(bands), resample_alg=how))
        return np.frombuffer(data, dtype).reshape(len(bands), height, width)

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        place = (*window, width, height, gdal.GDT_Byte)
        data = self._call(lambda: self._level(level).GetRasterBand(band).GetMaskBand().ReadRaster(*place))
        return np.frombuffer(data, np.uint8).reshape(height, width)

    def stored(self, column: int, row: int, band: int) -> bool:
        item = f"BLOCK_OFFSET_{column}_{row}"
        return self._call(lambda: self._level(0).GetRasterBand(band).GetMetadataItem(item, "TIFF") or "") != ""

    def small_cache(self) -> contextlib.AbstractContextManager[None]:
        return _small_cache()

    def twin(self) -> Raster:
        return OsgeoRaster(self._path, self._options, self)

    def close(self) -> None:
        self._levels.clear()


class _Unopened(Exception):
    """GDAL returned no dataset."""


def _with_messages(work: Callable[[], T]) -> tuple[T | None, list[tuple[int, str]]]:
    """The result of `work` (None where it failed), and GDAL's messages with their levels."""
    messages: list[tuple[int, str]] = []
    gdal.PushErrorHandler(lambda level, number, message: messages.append((level, message)))
    try:
        return work(), messages
    except _Unopened:
        return None, messages
    except RuntimeError as error:  # an error of the binding itself: a path that is not UTF-8
        return None, [*messages, (gdal.CE_Failure, str(error))]
    finally:
        gdal.PopErrorHandler()


def _with_last_message(work: Callable[[], T]) -> tuple[T | None, list[tuple[int, str]]]:
    """The result of `work`, and only GDAL's last message."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    try:
        result = work()
    except _Unopened:
        result = None
    finally:
        gdal.PopErrorHandler()
    return result, [(gdal.GetLastErrorType(), gdal.GetLastErrorMsg())] if gdal.GetLastErrorType() else []


def _band(number: int, band: gdal.Band) -> Band:
    dtype = gdal.GetDataTypeName(band.DataType).lower()
    dtype = "int8" if band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE" else DTYPES.get(dtype, dtype)
    interpretation, bits = band.GetColorInterpretation(), band.GetMetadataItem("NBITS", "IMAGE_STRUCTURE")
    table = band.GetColorTable() if interpretation == gdal.GCI_PaletteIndex else None
    palette = tuple(table.GetColorEntry(value) for value in range(table.GetCount())) if table else ()
    return Band(
        number,
        dtype,
        gdal.GetColorInterpretationName(interpretation).lower(),
        band.GetNoDataValue(),
        VALIDITY.get(band.GetMaskFlags(), "mask"),
        palette,
        int(bits) if bits else None,
    )


def _crs(ds: gdal.Dataset) -> tuple[osr.SpatialReference | None, str]:
    """The CRS and its WKT; None and "" where there is none. GDAL has an empty CRS for a definition that it does not understand."""
    for srs in (ds.GetSpatialRef(), ds.GetGCPSpatialRef()):
        with contextlib.suppress(RuntimeError):
            if srs and (wkt := srs.ExportToWkt()):
                return srs, wkt
    return None, ""


def _facts(ds: gdal.Dataset) -> Facts:
    srs, wkt = _crs(ds)
    first = ds.GetRasterBand(1) if ds.RasterCount else None
    overviews = [first.GetOverview(n) for n in range(first.GetOverviewCount())] if first else []
    authority = f"{srs.GetAuthorityName(None)}:{srs.GetAuthorityCode(None)}" if srs and srs.GetAuthorityCode(None) else ""
    points = [(point.GCPPixel, point.GCPLine, point.GCPX, point.GCPY) for point in ds.GetGCPs()]
    units_ = units(wkt)
    affine, placed = georeference(ds.GetGeoTransform(can_return_null=True), points, bool(ds.GetMetadata("RPC")), units_)
    metadata = ds.GetMetadata() or {}
    driver, structure = ds.GetDriver().ShortName, ds.GetMetadata("IMAGE_STRUCTURE") or {}
    return Facts(
        driver=driver,
        size=Size(ds.RasterXSize, ds.RasterYSize),
        bands=tuple(_band(number, ds.GetRasterBand(number)) for number in range(1, ds.RasterCount + 1)),
        block=Size(*first.GetBlockSize()) if first else Size(1, 1),
        overviews=tuple(Size(overview.XSize, overview.YSize) if overview else Size(0, 0) for overview in overviews),
        affine=affine,
        placed=placed,
        wkt=wkt,
        crs=authority or crs_name(wkt),
        units=units_,
        files=tuple(map(os.fsdecode, ds.GetFileList() or ())),
        subdatasets=tuple(name for name, _ in ds.GetSubDatasets()),
        lossy=lossy(driver, structure),
        halves=halves(driver, structure, len(overviews)),
        generated=GENERATED.items() <= metadata.items(),
        acquired=acquired(metadata, ds.GetMetadata("IMAGERY") or {}),
        written=day_of(metadata.get("TIFFTAG_DATETIME", "")),
    )


@contextlib.contextmanager
def _small_cache() -> Iterator[None]:
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(min(CACHE_BYTES, before))
    try:
        yield
    finally:
        gdal.SetCacheMax(before)


def open_raster(path: str, options: dict[str, str]) -> Raster:
    return OsgeoRaster(path, options)


def copy(source: str, target: str, driver: str, creation: Mapping[str, str]) -> None:
    """See `gdal.copy`."""

    def work() -> bool:
        opened = gdal.Open(source)
        settings = [f"{name}={value}" for name, value in creation.items()]
        made = opened and gdal.GetDriverByName(driver).CreateCopy(target, opened, 0, settings)
        return made is not None  # what is left of it is written when it goes out of scope

    before = gdal.GetThreadLocalConfigOption("GDAL_PAM_ENABLED")
    gdal.SetThreadLocalConfigOption("GDAL_PAM_ENABLED", "NO")
    try:
        with _small_cache():
            made, messages = _with_messages(work)
    finally:
        gdal.SetThreadLocalConfigOption("GDAL_PAM_ENABLED", before)
    failures = [message for level, message in messages if level >= gdal.CE_Failure]
    if failures or not made:
        raise RasterError((failures or [UNKNOWN])[0])


def transform(points: np.ndarray, source: str, target: str) -> np.ndarray:
    """See `gdal.transform`."""
    systems = []
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        for name in (source, target):
            systems.append(osr.SpatialReference())
            systems[-1].SetFromUserInput(name)
            systems[-1].SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        change = osr.CoordinateTransformation(*systems)
        return np.array([_transformed(change, x, y) for x, y in points.tolist()])
    except RuntimeError as error:
        raise RasterError(str(error)) from None
    finally:
        gdal.PopErrorHandler()


def _transformed(change: osr.CoordinateTransformation, x: float, y: float) -> tuple[float, float]:
    try:
        place: tuple[float, float] = change.TransformPoint(x, y)[:2]
        return place
    except RuntimeError:  # this point can't be transformed
        return np.inf, np.inf
