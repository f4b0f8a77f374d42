"""GDAL through its own Python binding. `ReadRaster` into bytes, never `ReadAsArray`: that one needs the numpy GDAL was built for."""

from __future__ import annotations

import contextlib
import uuid
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from osgeo import gdal

from ...core.geometry import Size
from . import CACHE_BYTES, Band, Facts, Raster, RasterError, Window, halves, jpeg, lossy
from .complaints import Complaints
from .georeference import georeference, units

gdal.DontUseExceptions()  # with them, a complaint about what does not matter would end a call that has its result
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
        self._path, self._options = twin._path if twin else path, options
        self._levels: dict[int, gdal.Dataset] = {}
        self.complaints = twin.complaints if twin else Complaints()
        if twin:
            self.facts = twin.facts
            return
        with self._scope():
            self.facts = _facts(self._level(0))
        if self.facts.driver == "JPEG" and any(jpeg.JUNK in message for message in self.complaints.messages):
            self._read_from(jpeg.without_junk(path))

    def _read_from(self, content: bytes | None) -> None:
        """Pixels come from these bytes from now on."""
        if content:
            self._levels.clear()
            self._path = f"/vsimem/{uuid.uuid4().hex}.jpg"
            gdal.FileFromMemBuffer(self._path, content)
            weakref.finalize(self.complaints, gdal.Unlink, self._path)  # which the twins share

    @contextlib.contextmanager
    def _scope(self) -> Iterator[None]:
        heard: list[tuple[int, str]] = []
        before = {key: gdal.GetThreadLocalConfigOption(key) for key in self._options}
        gdal.PushErrorHandler(lambda level, number, message: heard.append((level, message)))
        try:
            for key, value in self._options.items():
                gdal.SetThreadLocalConfigOption(key, value)
            yield
        except _Failed:
            raise RasterError(next((message for level, message in heard if level >= gdal.CE_Failure), "GDAL does not say why")) from None
        finally:
            gdal.PopErrorHandler()
            for key, value in before.items():
                gdal.SetThreadLocalConfigOption(key, value)
        self.complaints.take([message for level, message in heard if level >= gdal.CE_Warning])
        if self.complaints.loss:
            raise RasterError(self.complaints.loss)

    def _level(self, level: int) -> gdal.Dataset:
        if level not in self._levels:
            settings = [f"OVERVIEW_LEVEL={level - 1}"] if level else []
            self._levels[level] = _done(gdal.OpenEx(self._path, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR, open_options=settings))
        return self._levels[level]

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        code = gdal.GetDataTypeByName(dtype) or gdal.GDT_Byte  # GDAL < 3.7 keeps int8 in a Byte
        how = gdal.GRIORA_Average if size and not self.facts.halves else gdal.GRIORA_NearestNeighbour
        with self._scope():
            data = _done(self._level(level).ReadRaster(*window, width, height, code, band_list=list(bands), resample_alg=how))
        return np.frombuffer(data, dtype).reshape(len(bands), height, width)

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        with self._scope():
            mask = _done(self._level(level).GetRasterBand(band).GetMaskBand())
            data = _done(mask.ReadRaster(*window, width, height, gdal.GDT_Byte))
        return np.frombuffer(data, np.uint8).reshape(height, width)

    def stored(self, column: int, row: int, band: int) -> bool:
        with self._scope():
            return self._level(0).GetRasterBand(band).GetMetadataItem(f"BLOCK_OFFSET_{column}_{row}", "TIFF") is not None

    @contextlib.contextmanager
    def small_cache(self) -> Iterator[None]:
        before = gdal.GetCacheMax()
        gdal.SetCacheMax(min(CACHE_BYTES, before))
        try:
            yield
        finally:
            gdal.SetCacheMax(before)

    def twin(self) -> Raster:
        return OsgeoRaster(self._path, self._options, self)

    def close(self) -> None:
        self._levels.clear()


class _Failed(Exception):
    """GDAL gave no result."""


def _done(result: Any) -> Any:
    """What a call of GDAL gave. Raises _Failed where that is nothing."""
    if result is None:
        raise _Failed
    return result


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


def _facts(ds: gdal.Dataset) -> Facts:
    srs = ds.GetSpatialRef() or ds.GetGCPSpatialRef()
    first = ds.GetRasterBand(1) if ds.RasterCount else None
    overviews = [first.GetOverview(n) for n in range(first.GetOverviewCount())] if first else []
    authority = f"{srs.GetAuthorityName(None)}:{srs.GetAuthorityCode(None)}" if srs and srs.GetAuthorityCode(None) else ""
    wkt = srs.ExportToWkt() if srs else ""
    points = [(point.GCPPixel, point.GCPLine, point.GCPX, point.GCPY) for point in ds.GetGCPs()]
    units_ = units(wkt)
    affine, placed = georeference(ds.GetGeoTransform(can_return_null=True), points, bool(ds.GetMetadata("RPC")), units_)
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
        crs=authority or (srs.GetName() or "" if srs else ""),
        units=units_,
        files=tuple(ds.GetFileList() or ()),
        subdatasets=tuple(name for name, _ in ds.GetSubDatasets()),
        lossy=lossy(driver, structure),
        halves=halves(driver, structure, len(overviews)),
    )


def open_raster(path: str, options: dict[str, str]) -> Raster:
    return OsgeoRaster(path, options)
