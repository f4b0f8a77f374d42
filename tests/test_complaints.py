"""Warnings of GDAL do no harm, errors are one sentence that names the cause, and lost pixels are not shown."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from range_server import RangeServer
from rasters import city, make, mosaic, whole

from zoomearth.backend.scene.gdal import OPTIONS, RasterError, library, open_raster
from zoomearth.backend.scene.gdal.jpeg import mended
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import SceneError
from zoomearth.core.geometry import Box, Size, View

PIXELS = city(640, 480)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


def jpeg(**options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS.transpose(1, 2, 0)).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def shown(path) -> tuple[np.ndarray, list[str]]:
    with Scene.open(path) as scene:
        notes = scene.describe()["notes"]
        return np.asarray(scene.part(View(Box(0, 0, *scene.size), scene.size))), notes


def broken_directory(path, tags=((256, 3, 1, 64),)):
    """A TIFF with a complete first directory and a second one that has only these tags."""
    file = io.BytesIO()
    Image.fromarray(PIXELS[0, :64, :64]).save(file, "TIFF")
    data = bytearray(file.getvalue()) + b"\0" * (len(file.getvalue()) % 2)
    first = struct.unpack("<I", data[4:8])[0]
    link = first + 2 + 12 * struct.unpack("<H", data[first : first + 2])[0]
    data[link : link + 4] = struct.pack("<I", len(data))
    path.write_bytes(data + struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 0))
    return path


@pytest.mark.parametrize("tags", [((256, 3, 1, 64),), (), ((256, 3, 1, 64), (257, 3, 1, 64)), ((60000, 99, 1, 1),)], ids=range(4))
def test_a_broken_second_directory_leaves_the_first_picture(tmp_path, tags):
    picture, notes = shown(broken_directory(tmp_path / "scene.tif", tags))
    assert (picture == PIXELS[0, :64, :64, None]).all()
    assert not tags or any(note.startswith("GDAL warns:") for note in notes)


def test_odd_tags_of_a_tiff_are_no_error(tmp_path):
    file = io.BytesIO()
    Image.fromarray(PIXELS[0]).save(file, "TIFF", tiffinfo={65000: "of our own", 41995: 7, 270: "\xe4\xf6\xfc"})
    (tmp_path / "scene.tif").write_bytes(file.getvalue())
    assert (shown(tmp_path / "scene.tif")[0] == PIXELS[0, :, :, None]).all()


def test_the_command_says_it_as_json_and_in_words(tmp_path):
    path = broken_directory(tmp_path / "scene.tif")
    command = [sys.executable, "-m", "zoomearth.backend", "describe"]
    if subprocess.run([sys.executable, "-c", "import rich"], capture_output=True).returncode:
        pytest.skip("the command line needs rich")
    done = subprocess.run([*command, str(path), "--json"], capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout)["width"], done.stderr) == (0, 64, "")
    missing = subprocess.run([*command, str(tmp_path / "nowhere.tif")], capture_output=True, text=True)
    assert missing.returncode == 2
    assert missing.stderr.startswith(f"zoomearth: There is no file {tmp_path / 'nowhere.tif'}.")
    assert "Traceback" not in missing.stderr


@pytest.mark.skipif(library() != "rasterio", reason="about rasterio's exceptions")
def test_no_exception_of_rasterio_escapes(tmp_path):
    """rasterio 1.3 raises OSErrors of its own; any version raises a complaint of the last call in the next one that looks."""
    from rasterio._err import CPLE_AppDefinedError

    raster = open_raster(str(make(tmp_path / "scene.tif", PIXELS)), OPTIONS)
    late = [CPLE_AppDefinedError(3, 1, "of an earlier call")]

    def complains_once():
        if late:
            raise late.pop()
        return "the result"

    def fails(error):
        raise error

    assert raster._call(complains_once) == "the result"
    for error in (OSError("no such file"), CPLE_AppDefinedError(3, 1, "no such file"), ValueError("no such file")):
        with pytest.raises(RasterError, match="no such file"):
            raster._call(lambda error=error: fails(error))
    raster.close()


JUNK = [(marker, count) for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda") for count in (1, 4, 300)]


@pytest.mark.parametrize(("marker", "count"), JUNK, ids=lambda value: value.hex() if isinstance(value, bytes) else str(value))
def test_bytes_between_the_segments_of_a_jpeg_lose_no_pixel(tmp_path, marker, count):
    data = jpeg()
    (tmp_path / "clean.jpg").write_bytes(data)
    at = data.index(marker)
    (tmp_path / "scene.jpg").write_bytes(data[:at] + bytes(range(count % 250)) * (count // 250 + 1) + data[at:])
    picture, notes = shown(tmp_path / "scene.jpg")
    assert (picture == whole(tmp_path / "clean.jpg").transpose(1, 2, 0)).all()
    assert any("extraneous bytes before marker" in note for note in notes)
    assert not any("setting GDAL" in note for note in notes)


@pytest.mark.parametrize("damage", ["cut short", "zeros in the scan", "noise in the scan"])
@pytest.mark.parametrize("header", ["clean", "bytes before the tables", "an unknown revision"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=["baseline", "progressive", "restarts"])
def test_a_damaged_jpeg_is_an_error_also_where_a_warning_came_first(tmp_path, damage, header, options):
    data = bytearray(jpeg(**options))
    middle = len(data) * 6 // 10
    if damage == "cut short":
        del data[middle:]
    else:
        noise = np.random.default_rng(1).integers(1, 255, 2000, np.uint8).tobytes()
        data[middle : middle + 2000] = b"\0" * 2000 if damage.startswith("zeros") else noise
    if header == "bytes before the tables":
        at = data.index(b"\xff\xdb")
        data[at:at] = b"\0\1\2\3"
    elif header == "an unknown revision":
        data[data.index(b"JFIF\0") + 5] = 9
    (tmp_path / "scene.jpg").write_bytes(data)
    for _ in range(2):
        with Scene.open(tmp_path / "scene.jpg") as scene, pytest.raises(SceneError, match="can't be read at"):
            scene.preview(300)
    with Scene.open(tmp_path / "scene.jpg") as scene:
        for _ in range(2):  # the second try must not show what GDAL stored in the first
            with pytest.raises(SceneError, match="can't be read at"):
                scene.preview(300)


@pytest.mark.parametrize("part", ["whole", "half of it", "its header", "noise"])
def test_a_thumbnail_in_a_jpeg_is_never_shown_and_may_be_damaged(tmp_path, part):
    file = io.BytesIO()
    Image.new("RGB", (128, 96), (255, 0, 255)).save(file, "JPEG")  # a fifth of the picture's size, with other content
    whole_one = file.getvalue()
    small = {"whole": whole_one, "half of it": whole_one[: len(whole_one) // 2], "its header": whole_one[:100], "noise": b"noise" * 40}[
        part
    ]
    first = struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)
    second = struct.pack("<HHHIIHHIIHHIII", 3, 0x0103, 3, 1, 6, 0x0201, 4, 1, 68, 0x0202, 4, 1, len(small), 0)
    segment = b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + small
    data = jpeg()
    (tmp_path / "scene.jpg").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:])
    with Scene.open(tmp_path / "scene.jpg") as scene:
        assert [128, 96] not in scene.describe()["overviews"]
        assert np.asarray(scene.preview(64))[..., 1].mean() > 50


def jpeg_tiff(path, change) -> None:
    """A TIFF of JPEG tiles whose first tile is changed, put at the end of the file and pointed to."""
    make(path, PIXELS, COMPRESS="JPEG", PHOTOMETRIC="YCBCR", TILED="YES", BLOCKXSIZE=256, BLOCKYSIZE=256)
    data = bytearray(path.read_bytes())
    begin = data.index(b"\xff\xd8\xff\xc0")
    end = data.index(b"\xff\xd9", begin) + 2
    tile = change(bytes(data[begin:end]))
    for old, new in ((begin, len(data)), (end - begin, len(tile))):
        at = data.index(struct.pack("<I", old))
        data[at : at + 4] = struct.pack("<I", new)
    path.write_bytes(data + tile)


def test_a_tile_of_a_tiff_is_judged_as_a_jpeg_is(tmp_path):
    make(tmp_path / "clean.tif", PIXELS, COMPRESS="JPEG", PHOTOMETRIC="YCBCR", TILED="YES", BLOCKXSIZE=256, BLOCKYSIZE=256)
    at = 2
    jpeg_tiff(tmp_path / "junk.tif", lambda tile: tile[:at] + b"\0\1\2\3" + tile[at:])
    assert (shown(tmp_path / "junk.tif")[0] == shown(tmp_path / "clean.tif")[0]).all()
    jpeg_tiff(tmp_path / "damaged.tif", lambda tile: tile[: len(tile) // 2] + b"\0" * 200 + tile[len(tile) // 2 + 200 :])
    with Scene.open(tmp_path / "damaged.tif") as scene, pytest.raises(SceneError, match="can't be read at"):
        scene.preview(300)


def test_only_bytes_between_segments_are_taken_away(tmp_path):
    data, path = jpeg(), tmp_path / "scene.jpg"
    for junk in (b"", b"\0", b"\xff\xff\xff\0\xff\0"):
        at = data.index(b"\xff\xc4")
        path.write_bytes(data[:at] + junk + data[at:])
        content = mended(str(path))
        assert content == (data if junk else None)
    for broken in (b"", b"\xff", b"\xff\xd8", data[:30], b"\xff\xd8" + b"\0" * 99):
        path.write_bytes(broken)
        assert mended(str(path)) is None
    assert mended(str(tmp_path / "none.jpg")) is None


@pytest.mark.parametrize("body", [b"no raster", b"II*\0\x08\0\0\0\0\0", b"<PAMDataset>", b""], ids=["text", "tiff", "xml", "empty"])
@pytest.mark.parametrize("suffix", [".ovr", ".msk", ".aux.xml"])
def test_a_side_file_of_nonsense_leaves_the_raster(tmp_path, suffix, body):
    path = make(tmp_path / "scene.tif", PIXELS)
    (tmp_path / f"scene.tif{suffix}").write_bytes(body)
    assert (shown(path)[0] == PIXELS.transpose(1, 2, 0)).all()


def missing_sources(folder):
    part = make(folder / "a.tif", PIXELS)
    gone = make(folder / "gone.tif", PIXELS)
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(part, "a.tif")
    whole_size = (0, 0, 640, 480)
    warped = (
        '<VRTDataset rasterXSize="640" rasterYSize="480" subClass="VRTWarpedDataset"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTWarpedRasterBand"/><GDALWarpOptions><SourceDataset relativeToVRT="1">gone.tif</SourceDataset></GDALWarpOptions>'
        "</VRTDataset>"
    )
    (folder / "warped.vrt").write_text(warped)
    yield folder / "warped.vrt", "gone.tif"
    yield mosaic(folder / "mosaic.vrt", (1280, 480), [(part, *whole_size), (gone, 640, 0, 640, 480)]), "gone.tif"
    yield mosaic(folder / "zip.vrt", (640, 480), [(f"/vsizip/{folder}/all.zip/none.tif", *whole_size)]), "all.zip/none.tif"
    yield mosaic(folder / "spaced.vrt", (640, 480), [(folder / "not here.tif", *whole_size)]), "not here.tif"
    gone.unlink()


def test_the_part_that_is_missing_is_named(tmp_path):
    for path, part in list(missing_sources(tmp_path)):
        with pytest.raises(SceneError) as raised, Scene.open(path) as scene:
            scene.preview(300)
        assert str(path) in raised.value.message
        assert f"{part} does not exist" in raised.value.message
        assert "missing file" in raised.value.hint
        assert "damaged" not in raised.value.hint


def test_a_part_that_is_no_raster_is_named_and_not_shown_black(tmp_path):
    (tmp_path / "text.tif").write_text("no raster")
    path = mosaic(tmp_path / "mosaic.vrt", (640, 480), [(tmp_path / "text.tif", 0, 0, 640, 480)])
    with pytest.raises(SceneError, match=r"text\.tif"), Scene.open(path) as scene:
        scene.preview(300)


def test_a_message_that_is_no_utf_8_ends_nothing(tmp_path):
    name = os.fsdecode(b"caf\xe9.vrt")
    try:
        (tmp_path / name).write_text("<VRTDataset")
    except OSError:
        pytest.skip("this file system takes no such name")
    with pytest.raises(SceneError):
        Scene.open(tmp_path / name)


def palette_vrt(tmp_path, table: str):
    path = mosaic(tmp_path / "scene.vrt", (640, 480), [(make(tmp_path / "part.tif", PIXELS[:1]), 0, 0, 640, 480)], 1)
    path.write_text(path.read_text().replace("<SimpleSource>", f"<ColorInterp>Palette</ColorInterp>{table}<SimpleSource>", 1))
    return path


@pytest.mark.parametrize(
    "table", ["", "<ColorTable/>", '<ColorTable><Entry c1="0" c2="0" c3="0" c4="255"/></ColorTable>'], ids=["none", "empty", "black"]
)
def test_a_palette_without_colours_is_shown_grey(tmp_path, table):
    with Scene.open(palette_vrt(tmp_path, table)) as scene:
        assert scene.describe()["bands"][0]["interpretation"] == "palette"
        picture = np.asarray(scene.part(View(Box(0, 0, 640, 480), Size(640, 480))))
    assert (picture == PIXELS[0, :, :, None]).all()


def test_a_short_palette_shows_what_it_has(tmp_path):
    entries = "".join(f'<Entry c1="{value}" c2="9" c3="9" c4="255"/>' for value in range(100))
    picture, _ = shown(palette_vrt(tmp_path, f"<ColorTable>{entries}</ColorTable>"))
    assert (picture[..., 0] == np.where(PIXELS[0] < 100, PIXELS[0], 0)).all()


def test_facts_of_many_bands_are_asked_once(tmp_path):
    """The time was quadratic: rasterio makes its tuples of all bands again at each access."""
    if library() != "rasterio":
        pytest.skip("about rasterio's tuples")
    from zoomearth.backend.scene.gdal import rasterio_adapter

    path = make(tmp_path / "scene.img", np.zeros((50, 4, 4), np.uint16), driver="ENVI")
    asked = {"dtypes": 0, "colorinterp": 0, "nodatavals": 0, "mask_flag_enums": 0}

    class Counting:
        def __init__(self, dataset):
            self._dataset = dataset

        def __getattr__(self, name):
            if name in asked:
                asked[name] += 1
            return getattr(self._dataset, name)

    import rasterio

    with rasterio.open(path) as dataset:
        bands = rasterio_adapter._bands(Counting(dataset))
    assert len(bands) == 50
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_part_on_a_server_that_refuses_it_is_named_without_its_key(tmp_path, status):
    """In its own process: rasterio holds Python's lock during a request, so a server in the same process could not answer."""
    if subprocess.run([sys.executable, "-c", "import rich, zoomearth"], capture_output=True).returncode:
        pytest.skip("the command line needs rich")
    with RangeServer(tmp_path) as server:
        server.fail = lambda path, number: status
        address = f"/vsicurl/{server.url}part.tif"
        source = f"<SourceFilename>{address}?sig=TOPSECRET</SourceFilename><SourceBand>1</SourceBand>"
        source += '<SourceProperties RasterXSize="64" RasterYSize="48" DataType="Byte" BlockXSize="64" BlockYSize="48"/>'
        band = f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource>{source}</SimpleSource></VRTRasterBand>'
        (tmp_path / "local.vrt").write_text(f'<VRTDataset rasterXSize="64" rasterYSize="48">{band}</VRTDataset>')
        command = [sys.executable, "-m", "zoomearth.backend", "describe", str(tmp_path / "local.vrt")]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 2
    assert address in run.stderr
    assert "TOPSECRET" not in run.stderr
    assert "damaged" not in run.stderr


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_the_marker_of_its_end_is_whole(tmp_path, progressive):
    content = io.BytesIO()
    Image.fromarray(PIXELS.transpose(1, 2, 0)).save(content, "JPEG", progressive=progressive)
    whole_file = content.getvalue()
    pictures = {}
    for name, data in {"whole": whole_file, "endless": whole_file[:-2], "followed": whole_file + b"more"}.items():
        (tmp_path / f"{name}.jpg").write_bytes(data)
        with Scene.open(tmp_path / f"{name}.jpg") as scene:
            pictures[name] = np.asarray(scene.preview(640))
    assert np.array_equal(pictures["endless"], pictures["whole"])
    assert np.array_equal(pictures["followed"], pictures["whole"])
    for data in (whole_file[: len(whole_file) // 2], whole_file[:-60], whole_file[:-9000] + bytes(9000)):
        (tmp_path / "cut.jpg").write_bytes(data)
        with Scene.open(tmp_path / "cut.jpg") as scene, pytest.raises(SceneError, match="can't be read"):
            scene.preview(640)
