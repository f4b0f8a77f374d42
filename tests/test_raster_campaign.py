"""Every kind of raster that the installed drivers can write, through the installed adapter: opened, described and shown without an error.

A new driver is one more line of DRIVERS, a new option of GeoTIFF one of OPTIONS, a new quirk one of QUIRKS.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from rasters import NORTH_UP, ROTATED, SOUTH_UP, make, mosaic

from zoomearth.backend.scene.gdal import library
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import ZoomEarthError
from zoomearth.core.geometry import Box, Size, View

WIDTH, HEIGHT = 128, 96
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
CONTENT = (40 + COLUMNS + ROWS / 2 + 30 * ((COLUMNS // 32 + ROWS // 32) % 2)).astype(np.uint8)  # 40 to 245: a ramp with blocks
LEFT = COLUMNS < WIDTH // 4
GEOGRAPHIC = {"crs": "EPSG:4326", "affine": (10.0, 0.001, 0.0, 50.0, 0.0, -0.001)}
MERCATOR = {"crs": "EPSG:3857", "affine": (0.0, 10.0, 0.0, 0.0, 0.0, -10.0)}


class Driver(NamedTuple):
    """The rasters that one driver writes: each type with each count of bands. `alike` is the lowest correlation with the content."""

    name: str
    dtypes: tuple[str, ...] = ("uint8",)
    bands: tuple[int, ...] = (1,)
    suffix: str = ""
    alike: float = 0.99
    same_size: bool = True
    given: dict[str, Any] = {}  # noqa: RUF012 read only


BYTES = ("uint8",)
SMALL = ("uint8", "uint16", "int16")
NUMBERS = ("uint8", "uint16", "int16", "uint32", "int32", "float32", "float64")
DRIVERS = [
    Driver("GTiff", NUMBERS, (1, 2, 3, 4)),
    Driver("COG", NUMBERS, (1, 3, 4)),
    Driver("PNG", ("uint8", "uint16"), (1, 2, 3, 4), ".png"),
    Driver("JPEG", BYTES, (1, 3), ".jpg", 0.95),
    Driver("WEBP", BYTES, (3, 4), ".webp", 0.9),
    Driver("GIF", BYTES, (1,), ".gif"),
    Driver("BIGGIF", BYTES, (1,), ".gif"),
    Driver("BMP", BYTES, (1, 3), ".bmp"),
    Driver("JP2OpenJPEG", SMALL, (1, 3), ".jp2", 0.95),
    Driver("PNM", ("uint8", "uint16"), (1, 3), ".pnm"),
    Driver("XPM", BYTES, (1,), ".xpm", 0.9),
    Driver("ENVI", NUMBERS, (1, 3), ".img"),
    Driver("ENVI", BYTES, (3,), ".bsq", given={"INTERLEAVE": "BIP"}),
    Driver("HFA", NUMBERS, (1, 3), ".img"),
    Driver("HFA", BYTES, (1,), ".img", given={"COMPRESSED": "YES"}),
    Driver("netCDF", (*SMALL, "int32", "float32", "float64"), (1,), ".nc", given=GEOGRAPHIC),
    Driver("GPKG", BYTES, (1, 3, 4), ".gpkg", 0.9),
    Driver("GPKG", ("uint16", "int16", "float32"), (1,), ".gpkg", 0.9),
    Driver("MBTiles", BYTES, (3, 4), ".mbtiles", 0.8, False, MERCATOR),
    Driver("MRF", NUMBERS, (1, 3), ".mrf"),
    Driver("AAIGrid", ("int32", "float32"), (1,), ".asc"),
    Driver("GRASSASCIIGrid", ("int32",), (1,), ".asc"),
    Driver("XYZ", (*SMALL, "float32"), (1,), ".xyz"),
    Driver("USGSDEM", ("int16",), (1,), ".dem", 0.8, False, GEOGRAPHIC),
    Driver("NITF", NUMBERS, (1, 3), ".ntf"),
    Driver("ERS", NUMBERS, (1, 3), ".ers"),
    Driver("EHdr", (*SMALL, "float32"), (1, 3), ".bil"),
    Driver("PCIDSK", (*SMALL, "float32"), (1, 3), ".pix"),
    Driver("RST", ("uint8", "int16", "float32"), (1,), ".rst"),
    Driver("SAGA", NUMBERS, (1,), ".sdat"),
    Driver("GS7BG", ("float64",), (1,), ".grd"),
    Driver("GSBG", ("float32",), (1,), ".grd"),
    Driver("GSAG", ("float64",), (1,), ".grd"),
    Driver("RMF", ("uint8", "int16", "int32", "float64"), (1,), ".rsw"),
    Driver("ILWIS", SMALL, (1,), ".mpr"),
    Driver("ISIS3", ("uint8", "int16", "float32"), (1, 3), ".cub"),
    Driver("PDS4", NUMBERS, (1, 3), ".xml"),
    Driver("VICAR", ("uint8", "int16", "int32", "float32"), (1, 3), ".vic"),
    Driver("RRASTER", NUMBERS, (1, 3), ".grd"),
    Driver("KRO", ("uint8", "uint16", "float32"), (3,), ".kro"),
    Driver("Zarr", NUMBERS, (1,), ".zarr"),
    Driver("BT", ("int16", "int32", "float32"), (1,), ".bt"),
    Driver("HF2", ("int16", "int32", "float32"), (1,), ".hf2"),
    Driver("SIGDEM", ("float64",), (1,), ".sigdem"),
    Driver("ZMap", ("float64",), (1,), ".dat"),
    Driver("LAN", ("uint8", "int16"), (1,), ".lan"),
    Driver("MFF", ("uint8", "uint16", "float32"), (1,), ".hdr"),
    Driver("ROI_PAC", ("float32",), (1,), ".dem"),
    Driver("PAux", ("uint8", "int16", "float32"), (1, 3), ".raw"),
    Driver("FITS", ("uint8", "int16", "int32", "float32", "float64"), (1,), ".fits"),
    Driver("HDF4Image", (*SMALL, "float32"), (1, 3), ".hdf"),
    Driver("GRIB", ("float32",), (1,), ".grb2", 0.95, given=GEOGRAPHIC),
]
OPTIONS: list[dict[str, object]] = [  # of GeoTIFF; a compression that this GDAL lacks is skipped
    *({"COMPRESS": name} for name in ("LZW", "PACKBITS", "DEFLATE", "LZMA", "ZSTD", "LERC", "LERC_DEFLATE", "WEBP", "JXL", "JPEG")),
    *({"COMPRESS": name, "PREDICTOR": 2} for name in ("LZW", "DEFLATE", "ZSTD")),
    {"COMPRESS": "DEFLATE", "PREDICTOR": 3, "dtype": "float32"},
    {"COMPRESS": "JPEG", "PHOTOMETRIC": "YCBCR", "bands": 3},
    {"COMPRESS": "CCITTFAX4", "NBITS": 1, "dtype": "uint8", "scale": 1 / 128},
    {"COMPRESS": "CCITTRLE", "NBITS": 1, "dtype": "uint8", "scale": 1 / 128},
    *({"NBITS": bits, "dtype": "uint8", "scale": 2.0 ** (bits - 8)} for bits in range(1, 8)),
    *({"NBITS": bits, "dtype": "uint16", "scale": 2.0 ** (bits - 8)} for bits in (9, 12, 15)),
    *({"PHOTOMETRIC": name, "bands": bands} for name, bands in (("MINISBLACK", 3), ("RGB", 3), ("RGB", 4), ("CMYK", 4), ("CIELAB", 3))),
    {"PHOTOMETRIC": "MINISWHITE", "bands": 1},
    {"TILED": "YES", "SPARSE_OK": "TRUE"},
    {"TILED": "YES", "BLOCKXSIZE": 16, "BLOCKYSIZE": 32},
    {"BLOCKYSIZE": 1},
    {"INTERLEAVE": "BAND", "bands": 3},
    {"INTERLEAVE": "BAND", "TILED": "YES", "bands": 4},
    {"ALPHA": "YES", "bands": 4},
    {"ALPHA": "PREMULTIPLIED", "bands": 2},
    {"BIGTIFF": "YES"},
    {"ENDIANNESS": "BIG", "dtype": "uint16"},
    {"PROFILE": "BASELINE"},
    {"PROFILE": "GeoTIFF", "GEOTIFF_KEYS_FLAVOR": "ESRI_PE"},
    {"PIXELTYPE": "SIGNEDBYTE", "dtype": "uint8", "scale": 0.5},
]
CORNERS = [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]
SPHERE = 'GEOGCS["Moon",DATUM["D_Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference_Meridian",0],UNIT["degree",0.0174532925199433]]'
GREYS = [(value, value, value, 255) for value in range(256)]
QUIRKS: dict[str, dict[str, Any]] = {
    "nodata that occurs": {"nodata": 60, "invalid": CONTENT == 60},
    "nodata that does not occur": {"nodata": 255},
    "nodata out of the type's range": {"nodata": -9999, "dtype": "uint16"},
    "nodata NaN": {"nodata": "nan", "dtype": "float32", "invalid": LEFT, "under": math.nan},
    "nodata infinite": {"nodata": "inf", "dtype": "float32", "invalid": LEFT, "under": math.inf},
    "nodata of doubles": {"nodata": "-1.7976931348623157e+308", "dtype": "float64", "invalid": LEFT, "under": -1.7976931348623157e308},
    "nodata undeclared": {"dtype": "int16", "invalid": LEFT, "under": -9999},
    "lowest float undeclared": {"dtype": "float32", "invalid": LEFT, "under": np.finfo(np.float32).min},
    "highest float undeclared": {"dtype": "float32", "invalid": LEFT, "under": np.finfo(np.float32).max},
    "highest uint16 undeclared": {"dtype": "uint16", "invalid": LEFT, "under": 65535},
    "NaN undeclared": {"dtype": "float64", "invalid": LEFT, "under": math.nan},
    "infinities": {"dtype": "float32", "invalid": LEFT, "under": -math.inf},
    "a mask inside": {"mask": ~LEFT * 255, "invalid": LEFT},
    "an alpha band": {"bands": 4, "interpretation": ["Red", "Green", "Blue", "Alpha"]},
    "grey and alpha": {"bands": 2, "interpretation": ["Gray", "Alpha"]},
    "a palette": {"palette": GREYS},
    "a short palette": {"palette": GREYS[:128], "invalid": CONTENT >= 128},
    "a palette of 16 bits": {"palette": GREYS, "dtype": "uint16"},
    "a palette of black only": {"palette": [(0, 0, 0, 255)] * 256},
    "ground control points": {"gcps": [(c, r, 10 + c / 1000, 50 - r / 1000) for c, r in CORNERS], "crs": "EPSG:4326", "grid": True},
    "ground control points on a line": {"gcps": [(c, c, 10 + c, 50 - c) for c in range(5)], "crs": "EPSG:4326", "grid": False},
    "ground control points all the same": {"gcps": [(0, 0, 0, 0)] * 4, "crs": "EPSG:4326", "grid": False},
    "two ground control points": {"gcps": [(0, 0, 10, 50), (WIDTH, HEIGHT, 11, 49)], "crs": "EPSG:4326", "grid": False},
    "rotated": {"affine": ROTATED, "grid": True},
    "south up": {"affine": SOUTH_UP, "grid": True},
    "a mosaic": {"in_a_vrt": True, "grid": True},
    "a pixel of no width": {"affine": (5e5, 0.0, 0.0, 4e6, 0.0, -1.0), "in_a_vrt": True, "grid": False},
    "a grid of zeros": {"affine": (0.0,) * 6, "in_a_vrt": True, "grid": False},
    "a grid of NaN": {"affine": (math.nan,) * 6, "in_a_vrt": True, "grid": False},
    "a sheared grid of one direction": {"affine": (5e5, 1.0, 2.0, 4e6, 1.0, 2.0), "in_a_vrt": True, "grid": False},
    "no grid": {"affine": None, "crs": "", "grid": False},
    "a grid without a CRS": {"crs": "", "grid": True},
    "a geographic CRS": {**GEOGRAPHIC, "grid": True},
    "a compound CRS": {"crs": "EPSG:4326+5773", "affine": GEOGRAPHIC["affine"], "grid": True},
    "an engineering CRS": {"crs": 'LOCAL_CS["Site",UNIT["metre",1]]', "grid": True},
    "a geocentric CRS": {"crs": "EPSG:4978", "grid": True},
    "a CRS in feet": {"crs": "EPSG:2277", "grid": True},
    "a CRS in grads": {"crs": "EPSG:4901", "affine": GEOGRAPHIC["affine"], "grid": True},
    "another planet": {"crs": SPHERE, "affine": GEOGRAPHIC["affine"], "grid": True},
    "beyond the pole": {"crs": "EPSG:4326", "affine": (0.0, 1.0, 0.0, 95.0, 0.0, -1.0), "grid": True},
    "int8": {"dtype": "int8", "scale": 0.5},
    "int64": {"dtype": "int64"},
    "uint64": {"dtype": "uint64"},
    "float32 of tiny numbers": {"dtype": "float32", "scale": 1e-41},
    "float64 of huge numbers": {"dtype": "float64", "scale": 1e305},
    "a mask of 0 and 1": {"scale": 1 / 128},
    "a mask of 0 and 65535": {"values": (CONTENT > 128) * 65535, "dtype": "uint16"},
    "sparse content": {"values": np.where((COLUMNS == 60) & (ROWS == 40), 45.5, 0), "dtype": "float32"},
    "one value": {"values": np.full(CONTENT.shape, 7), "dtype": "float32"},
    "no valid pixel": {"values": np.full(CONTENT.shape, 7), "nodata": 7, "dtype": "int16", "invalid": CONTENT >= 0},
    "one pixel": {"values": np.full((1, 1), 200)},
    "one row": {"values": CONTENT[:1]},
    "one column": {"values": CONTENT[:, :1]},
    "300 bands": {"bands": 300, "driver": "ENVI"},
}


def has(driver: str) -> bool:
    if library() == "osgeo":
        from osgeo import gdal

        result = gdal.GetDriverByName(driver)
        return result is not None and "YES" in (result.GetMetadataItem("DCAP_CREATECOPY"), result.GetMetadataItem("DCAP_CREATE"))
    import rasterio

    with rasterio.Env() as env:
        return driver in env.drivers()


def written(path, stack: np.ndarray, **given: Any):
    """The raster, or a skip where this GDAL can't write it."""
    try:
        make(path, stack, **given)
    except Exception as error:  # of either binding
        pytest.skip(f"this GDAL does not write it: {error}")
    if not path.exists():
        pytest.skip("this GDAL does not write it")
    return path


def examined(path, content: np.ndarray, invalid: np.ndarray | None = None, *, same_size: bool = True) -> tuple[dict[str, Any], float]:
    """The raster's description, and the correlation of the picture with the content; invalid pixels are black."""
    with Scene.open(path) as scene:
        facts = json.loads(json.dumps(scene.describe(), allow_nan=False))
        assert (facts["width"], facts["height"]) == tuple(scene.size)
        if scene.grid:
            assert scene.grid.invertible
            assert all(map(math.isfinite, scene.grid.affine))
            assert all(math.isfinite(side) for point in scene.grid.polygon(Box(0, 0, *scene.size)) for side in point)
        assert (facts["grid"] is None) == (scene.grid is None)
        assert facts["gsd"] is None or math.isfinite(facts["gsd"])
        shown = np.asarray(scene.part(View(Box(0, 0, *scene.size), Size(*scene.size))), np.float64).mean(axis=2)
        assert max(scene.preview(64).size) <= 64
    height, width = content.shape
    if same_size:
        assert shown.shape == (height, width)
    else:
        content = np.asarray(Image.fromarray(content.astype(np.float32)).resize(shown.shape[::-1]), np.float64)
    if invalid is not None:
        assert not shown[invalid].any()
        shown, content = shown[~invalid], content[~invalid]
    if not content.size:
        return facts, 1.0
    assert shown.any(), "the picture is black"
    content = content / np.abs(content).max()
    return facts, float(np.corrcoef(shown.ravel(), content.ravel())[0, 1]) if content.std() > 0 and shown.std() > 0 else 1.0


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: f"{driver.name}{'-'.join(driver.dtypes[:1])}{driver.bands[0]}")
def test_a_raster_of_any_driver_is_shown(tmp_path, driver):
    if not has(driver.name):
        pytest.skip(f"this GDAL has no {driver.name}")
    seen = 0
    for dtype, bands in itertools.product(driver.dtypes, driver.bands):
        path = tmp_path / f"{dtype}-{bands}{driver.suffix}"
        stack = np.stack([CONTENT] * bands).astype(dtype)
        if bands in (2, 4):
            stack[-1] = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else 255
        try:
            make(path, stack, driver=driver.name, **driver.given)
        except Exception:
            continue
        if not path.exists():
            continue
        seen += 1
        _, alike = examined(path, CONTENT.astype(float), same_size=driver.same_size)
        assert abs(alike) >= driver.alike, (dtype, bands)
    if not seen:
        pytest.skip(f"this GDAL writes no {driver.name} from these")


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(f"{value}" for value in options.values()))
def test_a_geotiff_of_any_options_is_shown(tmp_path, options):
    given = dict(options)
    dtype, bands, scale = given.pop("dtype", "uint8"), given.pop("bands", 1), given.pop("scale", 1)
    content = np.floor(CONTENT * scale)
    path = written(tmp_path / "scene.tif", np.stack([content] * bands).astype(dtype), **given)
    _, alike = examined(path, content)
    assert abs(alike) >= 0.9


@pytest.mark.parametrize("name", QUIRKS)
def test_a_raster_of_any_quirk_is_shown(tmp_path, name):
    given = dict(QUIRKS[name])
    dtype, bands, driver = given.pop("dtype", "uint8"), given.pop("bands", 1), given.pop("driver", "GTiff")
    content = given.pop("values", CONTENT) * float(given.pop("scale", 1))
    invalid, grid = given.pop("invalid", None), given.pop("grid", None)
    values = np.floor(content) if np.dtype(dtype).kind in "iu" else content
    if "under" in given:
        values = np.where(invalid, given.pop("under"), values)
    if given.pop("in_a_vrt", False):
        place = given.pop("affine", NORTH_UP)
        part = written(tmp_path / "part.tif", np.stack([values] * bands).astype(dtype), **given)
        path = mosaic(tmp_path / "scene.vrt", (WIDTH, HEIGHT), [(part, 0, 0, WIDTH, HEIGHT)], bands)
        inside = f"<GeoTransform>{', '.join(map(str, place))}</GeoTransform><VRTRasterBand"
        path.write_text(path.read_text().replace("<VRTRasterBand", inside, 1))
    else:
        path = written(tmp_path / "scene.x", np.stack([values] * bands).astype(dtype), driver=driver, **given)
    facts, alike = examined(path, values, invalid)
    assert abs(alike) >= 0.9
    if grid is not None:
        assert (facts["grid"] is not None) is grid
        assert grid or any("in pixels only" in note for note in facts["notes"])


def refused(path) -> str | None:
    try:
        with Scene.open(path) as scene:
            scene.describe()
            scene.preview(64)
    except ZoomEarthError as error:
        return error.message
    return None


def test_what_is_no_raster_is_refused_in_one_sentence(tmp_path):
    """The first bytes of every driver's files, followed by nothing or by noise."""
    rng = np.random.default_rng(0)
    heads = [
        b"II*\0",
        b"MM\0*",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"BM",
        b"P6\n9 9\n255\n",
        b"\x89HDF\r\n\x1a\n",
        b"CDF\x01",
    ]
    heads += [
        b"EHFA_HEADER_TAG",
        b"NITF02.10",
        b"<VRTDataset",
        b"<VRTDataset rasterXSize='5' rasterYSize='5'/>",
        b"SIMPLE  =",
        b"SQLite format 3\0",
    ]
    for number, (head, tail) in enumerate(itertools.product(heads, (b"", rng.bytes(500), b"\0" * 500))):
        path = tmp_path / f"{number}"
        path.write_bytes(head + tail)
        sentence = refused(path)
        assert sentence is None or (str(path) in sentence and "\n" not in sentence)


def test_the_campaign_sees_most_of_its_drivers():
    """A skipped test gives no message: if no driver were found, all tests above would pass."""
    assert sum(has(driver.name) for driver in DRIVERS) >= len(DRIVERS) // 2
