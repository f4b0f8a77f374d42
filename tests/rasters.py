"""Rasters for tests, made from arrays by whichever GDAL binding this interpreter has; no binary fixtures.

All properties of a raster (type, nodata, palette, mask, GCPs, rotation) are set once, in a VRT over raw bytes, and
GDAL copies it into the wanted format: the same code for both bindings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from zoomearth.backend.scene.gdal import library

NAMES = {"uint8": "Byte", "complex64": "CFloat32"}
ROTATED = (500_000.0, 0.3, 0.4, 4_600_000.0, 0.4, -0.3)  # 0.5 m pixels, turned by about 53 degrees
NORTH_UP = (500_000.0, 0.5, 0.0, 4_600_000.0, 0.0, -0.5)
SOUTH_UP = (500_000.0, 0.5, 0.0, 4_600_000.0, 0.0, 0.5)


def make(
    path: Path,
    pixels: np.ndarray,
    *,
    driver: str = "GTiff",
    crs: str = "EPSG:32615",
    affine: Sequence[float] | None = NORTH_UP,
    gcps: Sequence[tuple[float, float, float, float]] = (),
    nodata: float | str | None = None,
    interpretation: Sequence[str] = (),
    palette: Sequence[tuple[int, int, int, int]] = (),
    mask: np.ndarray | None = None,
    **creation: object,
) -> Path:
    """Writes [band, row, column] to `path`; GCPs are (column, row, x, y), interpretations GDAL's names, `creation` the driver's options."""
    raw = path.with_suffix(".raw")
    raw.write_bytes(pixels.tobytes() + (mask.astype(np.uint8).tobytes() if mask is not None else b""))
    vrt = path.with_suffix(".raw.vrt")
    vrt.write_text(_vrt(raw, pixels, crs, affine, gcps, nodata, interpretation, palette, mask is not None))
    try:
        copy(vrt, path, driver, **creation)
    finally:
        raw.unlink()
        vrt.unlink()
    return path


def copy(source: Path | str, path: Path, driver: str, **creation: object) -> None:
    """GDAL's CreateCopy. Raises what the binding raises, RuntimeError for osgeo."""
    if library() == "osgeo":
        from osgeo import gdal

        options = [f"{key}={value}" for key, value in creation.items()]
        with gdal_config(GDAL_TIFF_INTERNAL_MASK="YES", GDAL_PAM_ENABLED="NO"):
            opened = gdal.Open(str(source))
            gdal.PushErrorHandler("CPLQuietErrorHandler")
            gdal.ErrorReset()
            made = gdal.GetDriverByName(driver).CreateCopy(str(path), opened, 0, options)
            failed = made is None
            made = None  # written when it is closed
            gdal.PopErrorHandler()
            if failed or gdal.GetLastErrorType() >= gdal.CE_Failure:
                raise RuntimeError(gdal.GetLastErrorMsg())
    else:
        import rasterio
        from rasterio.shutil import copy as rasterio_copy

        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES", GDAL_PAM_ENABLED="NO"):
            rasterio_copy(str(source), str(path), driver=driver, strict=False, **creation)


@contextlib.contextmanager
def gdal_config(**options: str) -> Iterator[None]:
    from osgeo import gdal

    for key, value in options.items():
        gdal.SetThreadLocalConfigOption(key, value)
    try:
        yield
    finally:
        for key in options:
            gdal.SetThreadLocalConfigOption(key, None)


def add_overviews(path: Path, factors: Sequence[int], resampling: str = "average") -> None:
    """Inside of the file."""
    if library() == "osgeo":
        from osgeo import gdal

        gdal.Open(str(path), gdal.GA_Update).BuildOverviews(resampling, list(factors))
    else:
        import rasterio
        from rasterio.enums import Resampling

        with rasterio.open(path, "r+") as raster:
            raster.build_overviews(list(factors), Resampling[resampling])


def tag(path: Path, **items: str) -> Path:
    """Adds metadata items to a file."""
    if library() == "osgeo":
        from osgeo import gdal

        raster = gdal.Open(str(path), gdal.GA_Update)
        for name, value in items.items():
            raster.SetMetadataItem(name, value)
        del raster  # which writes them
    else:
        import rasterio

        with rasterio.open(path, "r+") as opened:
            opened.update_tags(**items)
    return path


def whole(path: Path | str) -> np.ndarray:
    """All bands, [band, row, column], read by the binding itself and not by our code."""
    if library() == "osgeo":
        from osgeo import gdal

        raster = gdal.Open(str(path))
        kind = gdal.GetDataTypeName(raster.GetRasterBand(1).DataType).lower()
        data = np.frombuffer(raster.ReadRaster(), {"byte": "uint8"}.get(kind, kind))
        return data.reshape(raster.RasterCount, raster.RasterYSize, raster.RasterXSize)
    import rasterio

    with rasterio.open(path) as opened:
        return opened.read()


def mask(path: Path | str) -> np.ndarray:
    """The first band's mask, [row, column], by the binding itself."""
    if library() == "osgeo":
        from osgeo import gdal

        raster = gdal.Open(str(path))
        data = raster.GetRasterBand(1).GetMaskBand().ReadRaster()
        return np.frombuffer(data, np.uint8).reshape(raster.RasterYSize, raster.RasterXSize)
    import rasterio

    with rasterio.open(path) as opened:
        return opened.read_masks(1)


def mosaic(path: Path, size: tuple[int, int], parts: Sequence[tuple[Path, int, int, int, int]], bands: int = 3) -> Path:
    """A VRT of whole rasters (path, x, y, width, height) laid into a canvas of `size`."""
    sources = [
        "".join(
            f"<SimpleSource><SourceFilename>{escape(str(part))}</SourceFilename><SourceBand>{band}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{w}" ySize="{h}"/><DstRect xOff="{x}" yOff="{y}" xSize="{w}" ySize="{h}"/></SimpleSource>'
            for part, x, y, w, h in parts
        )
        for band in range(1, bands + 1)
    ]
    body = "".join(f'<VRTRasterBand dataType="Byte" band="{n}">{each}</VRTRasterBand>' for n, each in enumerate(sources, 1))
    path.write_text(f'<VRTDataset rasterXSize="{size[0]}" rasterYSize="{size[1]}">{body}</VRTDataset>')
    return path


def pixels_of(dataset: Any, *window: int) -> np.ndarray:
    """[band, row, column] of a dataset of osgeo.gdal. Not its ReadAsArray, which writes past its memory under another numpy's headers."""
    left, top, width, height = window or (0, 0, dataset.RasterXSize, dataset.RasterYSize)
    raw = dataset.ReadRaster(left, top, width, height)
    kind = {1: np.uint8, 2: np.uint16}[len(raw) // (dataset.RasterCount * width * height)]
    return np.frombuffer(raw, kind).reshape(dataset.RasterCount, height, width)


def city(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A town seen from above, [3, row, column] uint8: fields, roofs and grain, with edges and noise that a bad resampling loses."""
    rng = np.random.default_rng(seed)
    side = 1000  # of the town that is repeated; not a power of two, so that no resampling factor divides it
    fields = rng.integers(40, 200, (3, 16, 16), np.uint8).repeat(64, 1).repeat(64, 2)[:, :side, :side]
    roofs = rng.integers(-40, 55, (3, 125, 125), np.int16).repeat(8, 1).repeat(8, 2)
    grain = rng.integers(-8, 9, (3, side, side), np.int16)
    town = np.clip(fields + roofs + grain, 1, 254).astype(np.uint8)
    return np.tile(town, (1, height // side + 1, width // side + 1))[:, :height, :width].copy()


def sparse(path: Path, side: int, written: int = 2048) -> Path:
    """A square GeoTIFF of tiles of which only the top left corner was ever written."""
    pixels = city(written, written)
    options = {"TILED": "YES", "SPARSE_OK": "TRUE", "BIGTIFF": "YES", "BLOCKXSIZE": 512, "BLOCKYSIZE": 512}
    if library() == "osgeo":
        from osgeo import gdal

        listed = [f"{key}={value}" for key, value in options.items()]
        raster = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 3, gdal.GDT_Byte, listed)
        raster.WriteRaster(0, 0, written, written, pixels.tobytes())
        return path
    import rasterio
    from rasterio.windows import Window

    with rasterio.open(path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", **options) as opened:
        opened.write(pixels, window=Window(0, 0, written, written))
    return path


def psnr(a: object, b: object) -> float:
    """Decibels between two pictures of the same size."""
    error = np.mean((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def _vrt(
    raw: Path,
    pixels: np.ndarray,
    crs: str,
    affine: Sequence[float] | None,
    gcps: Sequence[tuple[float, float, float, float]],
    nodata: float | str | None,
    interpretation: Sequence[str],
    palette: Sequence[tuple[int, int, int, int]],
    masked: bool,
) -> str:
    count, height, width = pixels.shape
    size = pixels.dtype.itemsize

    def band(number: int, kind: str, offset: int, step: int, inside: str) -> str:
        return (
            f'<VRTRasterBand dataType="{kind}" band="{number}" subClass="VRTRawRasterBand">{inside}'
            f'<SourceFilename relativeToVRT="1">{escape(raw.name)}</SourceFilename><ImageOffset>{offset}</ImageOffset>'
            f"<PixelOffset>{step}</PixelOffset><LineOffset>{step * width}</LineOffset><ByteOrder>LSB</ByteOrder></VRTRasterBand>"
        )

    kind = NAMES.get(str(pixels.dtype), str(pixels.dtype).capitalize().replace("Uint", "UInt"))
    inside = f"<NoDataValue>{nodata}</NoDataValue>" if nodata is not None else ""
    if palette:
        entries = "".join(f'<Entry c1="{r}" c2="{g}" c3="{b}" c4="{a}"/>' for r, g, b, a in palette)
        inside += f"<ColorInterp>Palette</ColorInterp><ColorTable>{entries}</ColorTable>"
    colours = [f"<ColorInterp>{name}</ColorInterp>" for name in interpretation] or [""] * count
    bands = "".join(band(n + 1, kind, n * height * width * size, size, inside + colours[n]) for n in range(count))
    if masked:
        bands += f"<MaskBand>{band(1, 'Byte', pixels.nbytes, 1, '')}</MaskBand>"
    where = f"<SRS>{crs}</SRS>" if crs and not gcps else ""
    where += f"<GeoTransform>{', '.join(map(repr, map(float, affine)))}</GeoTransform>" if affine and not gcps else ""
    if gcps:
        points = "".join(f'<GCP Id="{n}" Pixel="{c}" Line="{r}" X="{x}" Y="{y}"/>' for n, (c, r, x, y) in enumerate(gcps))
        where += f'<GCPList Projection="{crs}">{points}</GCPList>'
    return f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}">{where}{bands}</VRTDataset>'
