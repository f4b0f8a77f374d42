"""GDAL through its own Python binding. `ReadRaster` into bytes, never `ReadAsArray`: that one needs the numpy GDAL was built for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import numpy as np
from osgeo import gdal

from ...core.geometry import Size
from . import CACHE_BYTES, Band, Facts, Raster, RasterError, Window, halves

gdal.UseExceptions()
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

    def __init__(self, path: str, options: dict[str, str], facts: Facts | None = None) -> None:
        self._path, self._options = path, options
        self._levels: dict[int, gdal.Dataset] = {}
        with self._scope():
            self.facts = facts or _facts(self._level(0))

    @contextlib.contextmanager
    def _scope(self) -> Iterator[None]:
        before = {key: gdal.GetThreadLocalConfigOption(key) for key in self._options}
        gdal.PushErrorHandler("CPLQuietErrorHandler")
        try:
            for key, value in self._options.items():
                gdal.SetThreadLocalConfigOption(key, value)
            yield
        except RuntimeError as error:
            raise RasterError(str(error)) from None
        finally:
            gdal.PopErrorHandler()
            for key, value in before.items():
                gdal.SetThreadLocalConfigOption(key, value)

    def _level(self, level: int) -> gdal.Dataset:
        if level not in self._levels:
            settings = [f"OVERVIEW_LEVEL={level - 1}"] if level else []
            path = self._path.encode("utf-8", "surrogateescape") if os.name == "posix" else self._path  # a file's name is any bytes
            self._levels[level] = gdal.OpenEx(path, gdal.OF_RASTER, open_options=settings)
        return self._levels[level]

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        code = gdal.GetDataTypeByName(dtype) or gdal.GDT_Byte  # GDAL < 3.7 keeps int8 in a Byte
        how = gdal.GRIORA_Average if size and not self.facts.halves else gdal.GRIORA_NearestNeighbour
        with self._scope():
            data = self._level(level).ReadRaster(*window, width, height, code, band_list=list(bands), resample_alg=how)
        return np.frombuffer(data, dtype).reshape(len(bands), height, width)

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        width, height = size or window[2:]
        with self._scope():
            mask = self._level(level).GetRasterBand(band).GetMaskBand()
            return np.frombuffer(mask.ReadRaster(*window, width, height, gdal.GDT_Byte), np.uint8).reshape(height, width)

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
        return OsgeoRaster(self._path, self._options, self.facts)

    def close(self) -> None:
        self._levels.clear()


def _band(number: int, band: gdal.Band) -> Band:
    dtype = gdal.GetDataTypeName(band.DataType).lower()
    dtype = "int8" if band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE" else DTYPES.get(dtype, dtype)
    table, bits = band.GetColorTable(), band.GetMetadataItem("NBITS", "IMAGE_STRUCTURE")
    palette = tuple(table.GetColorEntry(value) for value in range(table.GetCount())) if table else ()
    return Band(
        number,
        dtype,
        gdal.GetColorInterpretationName(band.GetColorInterpretation()).lower(),
        band.GetNoDataValue(),
        VALIDITY.get(band.GetMaskFlags(), "mask"),
        palette,
        int(bits) if bits else None,
    )


def _facts(ds: gdal.Dataset) -> Facts:
    gcps, affine = ds.GetGCPs(), ds.GetGeoTransform(can_return_null=True)
    srs = ds.GetSpatialRef() or ds.GetGCPSpatialRef()
    first = ds.GetRasterBand(1) if ds.RasterCount else None
    overviews = [first.GetOverview(n) for n in range(first.GetOverviewCount())] if first else []
    fitted = affine is None and bool(gcps)
    authority = f"{srs.GetAuthorityName(None)}:{srs.GetAuthorityCode(None)}" if srs and srs.GetAuthorityCode(None) else ""
    return Facts(
        driver=ds.GetDriver().ShortName,
        size=Size(ds.RasterXSize, ds.RasterYSize),
        bands=tuple(_band(number, ds.GetRasterBand(number)) for number in range(1, ds.RasterCount + 1)),
        block=Size(*first.GetBlockSize()) if first else Size(1, 1),
        overviews=tuple(Size(overview.XSize, overview.YSize) for overview in overviews),
        affine=gdal.GCPsToGeoTransform(gcps) if fitted else affine,
        gcps=len(gcps) if fitted else 0,
        wkt=srs.ExportToWkt() if srs else "",
        crs=authority or (srs.GetName() or "" if srs else ""),
        metres=srs.GetLinearUnits() if srs and srs.IsProjected() else None,
        files=tuple(map(os.fsdecode, ds.GetFileList() or ())),
        subdatasets=tuple(name for name, _ in ds.GetSubDatasets()),
        halves=halves(ds.GetDriver().ShortName, ds.GetMetadata("IMAGE_STRUCTURE") or {}, len(overviews)),
    )


def open_raster(path: str, options: dict[str, str]) -> Raster:
    return OsgeoRaster(path, options)
