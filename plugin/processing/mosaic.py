"""Patches of one raster as one raster: a VRT that refers to them, or a GeoTIFF. Where no patch lies there is no data."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Callable, Sequence, Tuple

from osgeo import gdal

from ...core.atomic import beside
from ...core.errors import Cancelled, SceneError
from ..i18n import tr

Patch = Tuple[Path, Tuple[int, int, int, int]]
"""A GeoTIFF, and its left, top, right and bottom in pixels of the raster that it is a part of."""
CREATION = ["COMPRESS=DEFLATE", "BIGTIFF=IF_SAFER", "SPARSE_OK=YES"]


def write_mosaic(patches: Sequence[Patch], out: Path, cancelled: Callable[[], bool]) -> None:
    """Writes a .vrt beside the patches, or else a GeoTIFF. Of patches that overlap, the last one is on top.

    Raises SceneError where it can't be written, and Cancelled.
    """
    if cancelled():
        raise Cancelled
    text = _vrt(patches, relative=out.suffix.lower() == ".vrt")
    try:
        with beside(out) as new:
            if out.suffix.lower() == ".vrt":
                new.write_text(text, encoding="utf-8")
            elif not _translated(text, new, cancelled):
                raise OSError(gdal.GetLastErrorMsg())
    except OSError as error:
        if cancelled():
            raise Cancelled from None
        message = tr("{path} can't be written: {reason}.").format(path=out, reason=error.strerror or error)
        raise SceneError(message, tr("Check that the disk has space and that the folder can be written to.")) from error


def _translated(text: str, out: Path, cancelled: Callable[[], bool]) -> bool:
    """Whether the VRT was written as a GeoTIFF."""
    try:
        options = {"format": "COG", "creationOptions": CREATION, "callback": lambda *_: not cancelled()}
        return gdal.Translate(str(out), gdal.Open(text), **options) is not None
    except RuntimeError:  # where GDAL's exceptions are switched on
        return False


def _vrt(patches: Sequence[Patch], relative: bool) -> str:
    """gdal.BuildVRT takes no rotated raster; the patches lie on one grid, so that whole pixels are all that is needed."""
    lefts, tops, rights, bottoms = zip(*(box for _, box in patches))
    left, top = min(lefts), min(tops)
    data = gdal.Open(str(patches[0][0]))
    x, across, skew_x, y, skew_y, down = data.GetGeoTransform()
    aside, below = left - lefts[0], top - tops[0]
    corner = x + aside * across + below * skew_x, y + aside * skew_y + below * down
    place = (corner[0], across, skew_x, corner[1], skew_y, down)

    def sources(band: str) -> str:
        return "".join(_source(path, box, left, top, band, relative) for path, box in patches)

    bands = []
    for number in range(1, data.RasterCount + 1):
        band = data.GetRasterBand(number)
        colour = gdal.GetColorInterpretationName(band.GetColorInterpretation())
        nodata = band.GetNoDataValue()
        facts = f"<NoDataValue>{nodata!r}</NoDataValue>" if nodata is not None else ""
        kind = gdal.GetDataTypeName(band.DataType)
        content = f"{facts}<ColorInterp>{colour}</ColorInterp>{sources(str(number))}"
        bands.append(f'<VRTRasterBand dataType="{kind}" band="{number}">{content}</VRTRasterBand>')
    flags = data.GetRasterBand(1).GetMaskFlags()
    if not flags & (gdal.GMF_NODATA | gdal.GMF_ALPHA):
        bands.append(f'<MaskBand><VRTRasterBand dataType="Byte">{sources("mask,1")}</VRTRasterBand></MaskBand>')
    srs = f"<SRS>{escape(data.GetProjection())}</SRS>" if data.GetProjection() else ""
    transform = f"<GeoTransform>{', '.join(map(repr, place))}</GeoTransform>"
    size = f'rasterXSize="{max(rights) - left}" rasterYSize="{max(bottoms) - top}"'
    return f"<VRTDataset {size}>{srs}{transform}{''.join(bands)}</VRTDataset>"


def _source(path: Path, box: Tuple[int, int, int, int], left: int, top: int, band: str, relative: bool) -> str:
    width, height = box[2] - box[0], box[3] - box[1]
    size = f'xSize="{width}" ySize="{height}"'
    name = escape(path.name if relative else str(path))
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="{int(relative)}">{name}</SourceFilename><SourceBand>{band}</SourceBand>'
        f'<SrcRect xOff="0" yOff="0" {size}/><DstRect xOff="{box[0] - left}" yOff="{box[1] - top}" {size}/></SimpleSource>'
    )
