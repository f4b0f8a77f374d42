"""New pixels of a part of a raster: written block by block in bounded memory, then saved as a cloud-optimised GeoTIFF on the very grid of
the raster, or as a VRT that lays them over it. The raster itself is never written to.

The blocks go into a file of raw bytes in a folder of its own beside the output; GDAL copies it into its format, and only then does the
output take its place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

import numpy as np

from ...core.address import shown
from ...core.errors import SceneError
from ...core.geometry import PIXELS, Box, Grid
from ..scene.gdal import GENERATED, Band, copy
from ..scene.refusals import gdal_path
from ..scene.scene import Scene
from .writing import write_file

NAMES = {"uint8": "Byte", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64"}  # of GDAL, where they are not numpy's capitalised
COLOURS = {"red": "Red", "green": "Green", "blue": "Blue", "alpha": "Alpha", "gray": "Gray", "grey": "Gray"}
CREATION = {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": "512", "BIGTIFF": "IF_SAFER"}
NO_SPACE = "Check the free space of the disk and the permissions of the folder."


class Draft:
    """The pixels of one region while they are made: all bands of the scene, with its alpha, its mask and its nodata values.

    folder: where the raw bytes are kept. mask: the region's mask is what is written (one band, 0 and 1, no nodata).
    """

    def __init__(self, folder: Path, scene: Scene, window: Box, mask: bool = False) -> None:
        self.window, self.scene, self.mask = window, scene, mask
        facts = scene.facts
        self.grid = (scene.grid or PIXELS).part(window)
        self._copied: list[int] = []  # the alpha band, which no tool changes
        if mask:
            self._types, self.bands = ["uint8"], [_plain("gray")]
        elif scene.palette is not None:
            self._types, self.bands = ["uint8"] * 3, [_plain(name) for name in ("red", "green", "blue")]
        else:
            self.bands = list(facts.bands)
            self._types = [str(np.result_type(*(facts.bands[number - 1].dtype for number in scene.colour_bands)))] * len(self.bands)
            self._copied = [band.index for band in facts.bands if band.interpretation == "alpha"]
        self._masked = not mask and any(band.validity == "mask" for band in facts.bands)
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._planes = [self._folder / f"{number}.raw" for number in range(len(self._types) + self._masked)]
        self._files = [path.open("wb") for path in self._planes]
        self._pixels = [np.dtype(name) for name in self._types] + [np.dtype("uint8")] * self._masked

    def write(self, box: Box, array: np.ndarray) -> None:
        """The bands but alpha, [band, row, column], of a box of the scene. Raises SceneError for a full disk."""
        planes = list(array)
        for number in self._copied:
            planes.insert(number - 1, self.scene.read(box, [number]).array[0])
        if self._masked:
            planes.append(self.scene.read(box).valid.astype(np.uint8) * 255)
        width = int(self.window.width)
        left, top = int(box.left - self.window.left), int(box.top - self.window.top)
        try:
            for file, kind, plane in zip(self._files, self._pixels, planes):
                for number, row in enumerate(np.ascontiguousarray(plane, kind)):
                    file.seek(((top + number) * width + left) * kind.itemsize)
                    file.write(row)
                file.flush()  # a full disk is met here, and not when the file is closed
        except OSError as error:
            raise SceneError(f"{self._folder.parent.parent} takes no more: {error.strerror}.", NO_SPACE) from error

    def save(self, path: Path, tags: Mapping[str, str]) -> None:
        """As a cloud-optimised GeoTIFF. Raises RasterError or OSError."""
        self.close()
        description = self._folder / "patch.vrt"
        description.write_text(self._description(tags), encoding="utf-8")
        copy(str(description), str(path), "COG", {**CREATION, "OVERVIEW_RESAMPLING": "NEAREST" if self.mask else "AVERAGE"})

    def close(self) -> None:
        for file in self._files:
            with suppress(OSError):  # what a full disk did not take
                file.close()

    def _description(self, tags: Mapping[str, str]) -> str:
        width, height = int(self.window.width), int(self.window.height)
        bands = [
            _raw_band(number, kind, path, width, band.nodata, band.interpretation)
            for number, (kind, path, band) in enumerate(zip(self._types, self._planes, self.bands), 1)
        ]
        if self._masked:
            bands.append(f"<MaskBand>{_raw_band(1, 'uint8', self._planes[-1], width, None, '')}</MaskBand>")
        items = {**tags, **(GENERATED if self.scene.generated and not self.mask else {})}
        metadata = "".join(f'<MDI key="{escape(name)}">{escape(value)}</MDI>' for name, value in items.items())
        return _vrt((width, height), self.grid, f"<Metadata>{metadata}</Metadata>" + "".join(bands))


@contextmanager
def workspace(out: Path) -> Iterator[Path]:
    """A folder beside the output for what is made on the way; it goes whatever happens. Raises SceneError."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".zoomearth-", dir=out.resolve().parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise SceneError(f"{out} can't be written: {error.strerror}.", NO_SPACE) from error
    with folder as name:
        yield Path(name)


def names(out: Path, count: int) -> list[Path]:
    """The files that hold the pixels of `count` regions: `out` itself where it is a GeoTIFF of one; else numbered beside it."""
    if out.suffix.lower() != ".vrt" and count == 1:
        return [out]
    return [out.with_name(f"{out.stem}-{number}.tif") for number in range(1, count + 1)]


def save(out: Path, drafts: Sequence[Draft], tags: Sequence[Mapping[str, str]]) -> list[Path]:
    """All files together, or none: the drafts as GeoTIFFs, and for a VRT the mosaic of the scene with them on top.

    Raises SceneError where they can't be written, and for a mosaic of a raster that GDAL can't be given by name.
    """
    files = names(out, len(drafts))

    def write(new: Path) -> None:
        for draft, file, items in zip(drafts, files, tags):
            draft.save(new.with_name("new" + file.name[len(out.stem) :]), items)
        if out.suffix.lower() == ".vrt":
            new.write_text(_mosaic(drafts, files), encoding="utf-8")

    write_file(out, write)
    return files


def check_mosaic(scene: Scene) -> None:
    """Raises SceneError for a scene that no VRT can be laid over."""
    if shown(scene.path) != scene.path:
        raise SceneError("A VRT would hold the address of the raster with its keys.", "Give --out a name that ends in .tif.")
    if scene.palette is not None:
        raise SceneError(f"{scene.name} has a palette, and the result has colours.", "Give --out a name that ends in .tif.")


def _mosaic(drafts: Sequence[Draft], files: Sequence[Path]) -> str:
    scene = drafts[0].scene
    width, height = scene.size
    path = scene.path if gdal_path(scene.path) != scene.path or scene.path.startswith("/vsi") else str(Path(scene.path).resolve())
    base = f'<SourceFilename relativeToVRT="0">{escape(gdal_path(path))}</SourceFilename>'
    whole = f'xOff="0" yOff="0" xSize="{width}" ySize="{height}"'

    def sources(band: str) -> str:
        parts = [f"<SimpleSource>{base}<SourceBand>{band}</SourceBand><SrcRect {whole}/><DstRect {whole}/></SimpleSource>"]
        for draft, file in zip(drafts, files):
            left, top, right, bottom = map(int, draft.window)
            size = f'xSize="{right - left}" ySize="{bottom - top}"'
            parts.append(
                f'<SimpleSource><SourceFilename relativeToVRT="1">{escape(file.name)}</SourceFilename><SourceBand>{band}</SourceBand>'
                f'<SrcRect xOff="0" yOff="0" {size}/><DstRect xOff="{left}" yOff="{top}" {size}/></SimpleSource>'
            )
        return "".join(parts)

    bands = [
        f'<VRTRasterBand dataType="{_gdal_type(band.dtype)}" band="{band.index}">{_facts(band.nodata, band.interpretation)}'
        f"{sources(str(band.index))}</VRTRasterBand>"
        for band in scene.facts.bands
    ]
    if any(band.validity == "mask" for band in scene.facts.bands):
        bands.append(f'<MaskBand><VRTRasterBand dataType="Byte">{sources("mask,1")}</VRTRasterBand></MaskBand>')
    return _vrt((width, height), scene.grid, "".join(bands))


def _vrt(size: tuple[int, int], grid: Grid | None, content: str) -> str:
    place = ""
    if grid:
        place = f"<GeoTransform>{', '.join(map(repr, map(float, grid.affine)))}</GeoTransform>"
        place = (f"<SRS>{escape(grid.crs)}</SRS>" if grid.crs else "") + place
    return f'<VRTDataset rasterXSize="{size[0]}" rasterYSize="{size[1]}">{place}{content}</VRTDataset>'


def _raw_band(number: int, kind: str, path: Path, width: int, nodata: float | None, interpretation: str) -> str:
    size = np.dtype(kind).itemsize
    return (
        f'<VRTRasterBand dataType="{_gdal_type(kind)}" band="{number}" subClass="VRTRawRasterBand">{_facts(nodata, interpretation)}'
        f'<SourceFilename relativeToVRT="1">{path.name}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>{size}</PixelOffset>'
        f"<LineOffset>{size * width}</LineOffset><ByteOrder>LSB</ByteOrder></VRTRasterBand>"
    )


def _facts(nodata: float | None, interpretation: str) -> str:
    colour = f"<ColorInterp>{COLOURS.get(interpretation, 'Undefined')}</ColorInterp>" if interpretation else ""
    return (f"<NoDataValue>{nodata!r}</NoDataValue>" if nodata is not None else "") + colour


def _gdal_type(kind: str) -> str:
    return NAMES.get(kind, kind.capitalize())


def _plain(interpretation: str) -> Band:
    return Band(1, "uint8", interpretation, None, "all")
