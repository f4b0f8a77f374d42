"""GDAL through rasterio, whose wheels bundle it."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import rasterio
from rasterio import windows
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.env import get_gdal_config, set_gdal_config  # `Env` puts GDALSetCacheMax back only where it is the outermost
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import from_gcps

from ...core.geometry import Size
from ...core.text import well_formed
from . import CACHE_BYTES, Band, Facts, Raster, RasterError, Window, halves

warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)  # `Scene.grid is None` says it

VALIDITY = {
    (MaskFlags.all_valid,): "all",
    (MaskFlags.nodata,): "nodata",
    (MaskFlags.per_dataset, MaskFlags.alpha): "alpha",
}


class RasterioRaster:
    library = f"rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}"

    def __init__(self, path: str, options: dict[str, str], facts: Facts | None = None) -> None:
        self._path, self._options = path, options
        self._levels: dict[int, rasterio.DatasetReader] = {}
        with self._scope():
            self.facts = facts or self._facts()

    def _facts(self) -> Facts:
        whole = self._level(0)
        count = len(whole.overviews(1)) if whole.count else 0
        overviews = [self._level(number) for number in range(1, count + 1)]  # rasterio tells rounded factors, not sizes
        return _facts(whole, tuple(Size(level.width, level.height) for level in overviews))

    @contextlib.contextmanager
    def _scope(self) -> Iterator[None]:
        try:
            with rasterio.Env(**self._options):
                yield
        except (RasterioError, ValueError) as error:
            raise RasterError(str(error.__cause__ or error)) from None

    def _level(self, level: int) -> rasterio.DatasetReader:
        if level not in self._levels:
            settings = {"OVERVIEW_LEVEL": level - 1} if level else {}
            self._levels[level] = rasterio.open(_utf8(self._path), **settings)
        return self._levels[level]

    def read(self, window: Window, bands: Sequence[int], dtype: str, level: int = 0, size: Size | None = None) -> np.ndarray:
        shape = (len(bands), size.height, size.width) if size else None
        how = Resampling.average if size and not self.facts.halves else Resampling.nearest
        with self._scope():
            return self._level(level).read(list(bands), window=windows.Window(*window), out_shape=shape, out_dtype=dtype, resampling=how)

    def mask(self, window: Window, band: int, level: int = 0, size: Size | None = None) -> np.ndarray:
        with self._scope():
            return self._level(level).read_masks(
                band, window=windows.Window(*window), out_shape=(size.height, size.width) if size else None
            )

    def stored(self, column: int, row: int, band: int) -> bool:
        with self._scope():
            return self._level(0).get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band) is not None

    @contextlib.contextmanager
    def small_cache(self) -> Iterator[None]:
        before = get_gdal_config("GDAL_CACHEMAX")
        set_gdal_config("GDAL_CACHEMAX", min(CACHE_BYTES, before))
        try:
            yield
        finally:
            set_gdal_config("GDAL_CACHEMAX", before)

    def twin(self) -> Raster:
        return RasterioRaster(self._path, self._options, self.facts)

    def close(self) -> None:
        for dataset in self._levels.values():
            dataset.close()


def _utf8(path: str) -> str:
    """The path, or a link to it where rasterio would refuse the bytes of its name."""
    return path if well_formed(path) == path or not os.path.exists(path) else _linked(os.path.realpath(path))


@functools.cache
def _linked(path: str) -> str:
    """Links to the file and to what lies beside it under the same name, in ASCII, until the process ends."""
    folder = tempfile.mkdtemp(prefix="zoomearth-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home, name = os.path.split(path)
    same = (each for each in os.listdir(home) if each.startswith(os.path.splitext(name)[0]))
    plain = {each: each.encode("ascii", "backslashreplace").decode().replace("\\", "_") for each in same}
    for each, link in plain.items():
        os.symlink(os.path.join(home, each), os.path.join(folder, link))
    return os.path.join(folder, plain[name])


def _band(ds: rasterio.DatasetReader, number: int) -> Band:
    interpretation, flags = ds.colorinterp[number - 1], ds.mask_flag_enums[number - 1]
    bits = ds.tags(number, ns="IMAGE_STRUCTURE").get("NBITS")
    palette = ds.colormap(number) if interpretation == ColorInterp.palette else {}
    return Band(
        number,
        ds.dtypes[number - 1],
        interpretation.name.lower(),
        ds.nodatavals[number - 1],
        VALIDITY.get(tuple(flags), "mask"),
        tuple(palette[value] for value in sorted(palette)),
        int(bits) if bits else None,
    )


def _facts(ds: rasterio.DatasetReader, overviews: tuple[Size, ...]) -> Facts:
    gcps, gcps_crs = ds.gcps
    fitted = ds.transform.is_identity and bool(gcps)
    crs = ds.crs or gcps_crs
    authority = crs.to_authority() if crs else None
    affine = from_gcps(gcps) if fitted else ds.transform
    return Facts(
        driver=ds.driver,
        size=Size(ds.width, ds.height),
        bands=tuple(_band(ds, number) for number in ds.indexes),
        block=Size(*reversed(ds.block_shapes[0])) if ds.count else Size(1, 1),
        overviews=overviews,
        affine=None if affine.is_identity else affine.to_gdal(),
        gcps=len(gcps) if fitted else 0,
        wkt=crs.to_wkt() if crs else "",
        crs=":".join(authority) if authority else (crs.to_wkt().split('"')[1] if crs else ""),
        metres=crs.linear_units_factor[1] if crs and crs.is_projected else None,
        files=tuple(ds.files),
        subdatasets=tuple(ds.subdatasets),
        halves=halves(ds.driver, ds.tags(ns="IMAGE_STRUCTURE"), len(overviews)),
    )


def open_raster(path: str, options: dict[str, str]) -> Raster:
    return RasterioRaster(path, options)
