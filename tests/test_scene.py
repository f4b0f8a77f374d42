"""Views of a raster show the right pixels, for every kind of raster."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from rasters import NORTH_UP, ROTATED, SOUTH_UP, add_overviews, city, copy, make, mask, mosaic, psnr, tag, whole

from zoomearth.backend.scene.gdal import RasterError, library, transform
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import Cancelled, SceneError
from zoomearth.core.geometry import Box, Size, View

REAL = [
    "landsat8_tilted_footprint_uint16.tif",
    "umbra_mount_yasur_part_rotated.tif",
    "DJI_0018_raw_frame.jpg",
    "LC81070352015122LGN00_B4.tif",
    "LC81070352015122LGN00_B432_uint16.tif",
    "bmng_5400x2700.jpg",
    "brighton_beach_orthomosaic_rot.tif",
    "deepness_dummy_fotomap_small.tif",
    "naip_m_4709963_se_14_1_20190904.tif",
    "rio_tiler_cog_gcps.tif",
    "sentinel2-nz2022-3-63-177.jpg",
    "umbra_mount_yasur.tiff",
]
PLAIN = city(700, 500)


def picture(planes):
    """The Pillow image of [3 or 1, row, column] uint8."""
    layers = [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes]
    return Image.merge("RGB", layers * 3 if len(layers) == 1 else layers)


def reference(planes, box, size):
    """The published loop: decode all, crop, resize."""
    left, top, right, bottom = box
    return picture(planes[:, top:bottom, left:right]).resize(size, Image.Resampling.BICUBIC)


def stretched(bands, limits):
    """The stretch by its definition."""
    pairs = [(np.float64(band), low, high) for band, (low, high) in zip(bands, limits)]
    return np.stack([np.clip((band - low) / (high - low) * 255 + 0.5, 0, 255).astype(np.uint8) for band, low, high in pairs])


def same(shown, expected, tolerance=0):
    assert shown.mode == "RGB"
    assert shown.size == expected.size
    difference = np.abs(np.asarray(shown, np.int16) - np.asarray(expected, np.int16))
    assert difference.max() <= tolerance


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", REAL)
def test_a_real_raster_is_shown_as_the_decoder_sees_it(real_raster, name):
    path = real_raster(name)
    data = whole(path)
    with Scene.open(path) as scene:
        facts = json.loads(json.dumps(scene.describe(), allow_nan=False))
        bands = data[: 3 if len(data) >= 3 else 1]
        if facts["stretch"]:
            for band, (low, high) in zip(bands, facts["stretch"]):
                assert (low, high) == pytest.approx(np.percentile(band[band > 0], (2, 98)))
            bands = stretched(bands, facts["stretch"])
        width, height = scene.size
        assert (height, width) == data.shape[1:]
        if name.startswith(("brighton", "deepness")):  # a mask or an alpha band marks the valid pixels
            bands = bands * (mask(path) > 0)
        box = Box(width // 3, height // 3, width // 3 + min(500, width // 2), height // 3 + min(400, height // 2))
        same(scene.part(View(box, Size(350, 280))), reference(bands, box, (350, 280)), tolerance=1 if facts["stretch"] else 0)
        view = scene.preview(512)
        assert max(view.size) == 512
        assert psnr(view, reference(bands, (0, 0, width, height), view.size)) >= 38
    assert facts["driver"] in ("GTiff", "JPEG")
    assert (scene.grid is None) == name.endswith("jpg")


def test_a_jpeg_is_what_pillow_decodes(real_raster):
    path = real_raster("bmng_5400x2700.jpg")
    box = Box(2600, 700, 3624, 1724)
    with Scene.open(path) as scene, Image.open(path) as image:
        theirs = image.crop(tuple(box)).resize((512, 512), Image.Resampling.BICUBIC)
        assert psnr(scene.part(View(box, Size(512, 512))), theirs) > 45  # two builds of libjpeg


def test_the_gcps_of_a_radar_scene_become_a_grid(real_raster):
    with Scene.open(real_raster("rio_tiler_cog_gcps.tif")) as scene:
        facts = scene.describe()
        assert scene.crs == "EPSG:4326"
        assert any("210 ground control points" in note for note in facts["notes"])
        x, y = scene.grid.to_map(640, 418)
    assert -180 < x < 180
    assert -90 < y < 90


def test_a_thumbnail_in_a_photograph_is_no_overview(real_raster):
    with Scene.open(real_raster("DJI_0018_raw_frame.jpg")) as scene:
        assert [160, 120] not in scene.describe()["overviews"]


@pytest.mark.parametrize("driver", ["GTiff", "COG", "PNG"])
@pytest.mark.parametrize("count", [1, 3])
def test_bytes_pass_through_untouched(tmp_path, driver, count):
    path = make(tmp_path / "scene", PLAIN[:count], driver=driver)
    with Scene.open(path) as scene:
        for box, size in [
            ((0, 0, 700, 500), (700, 500)),
            ((13, 17, 313, 217), (512, 341)),
            ((100, 0, 700, 500), (224, 196)),
            ((0, 0, 1, 1), (28, 28)),
        ]:
            same(scene.part(View(Box(*box), Size(*size))), reference(PLAIN[:count], box, size))
        assert scene.describe()["stretch"] is None
    if driver != "PNG":  # GDAL writes the grid of a PNG into a file beside it
        assert [each.name for each in tmp_path.iterdir()] == ["scene"]


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("count", [1, 3])
def test_one_stretch_serves_all_views_of_a_scene(tmp_path, dtype, count):
    values = (PLAIN[:count].astype(dtype) * 40 + 1000).astype(dtype)
    path = make(tmp_path / "scene.tif", values)
    limits = [np.percentile(band, (2, 98)) for band in values]
    expected = stretched(values, limits)
    with Scene.open(path) as scene:
        assert np.allclose(scene.describe()["stretch"], limits)
        for box, size in [((0, 0, 700, 500), (350, 250)), ((200, 100, 328, 228), (128, 128))]:
            same(scene.part(View(Box(*box), Size(*size))), reference(expected, box, size), tolerance=1)


def test_the_stretch_of_a_large_scene_is_near_its_true_percentiles(tmp_path):
    values = city(2500, 2000).astype(np.uint16) * 13
    path = make(tmp_path / "scene.tif", values, TILED="YES")
    add_overviews(path, [2, 4, 8])
    with Scene.open(path) as scene:
        for band, (low, high) in zip(values, scene.describe()["stretch"]):
            true_low, true_high = np.percentile(band, (2, 98))
            assert abs(low - true_low) + abs(high - true_high) < 0.1 * (true_high - true_low)


def test_contrast_limits_of_the_user_win(tmp_path):
    wide, narrow = tmp_path / "wide.tif", tmp_path / "narrow.tif"
    make(wide, PLAIN.astype(np.uint16) * 10)
    make(narrow, PLAIN)
    limits = [(500, 2000), (100, 1500), (0, 2550)]
    box = (50, 60, 306, 316)
    with Scene.open(wide, stretch=limits) as scene:
        same(scene.part(View(Box(*box), Size(256, 256))), reference(stretched(PLAIN * np.float64(10), limits), box, (256, 256)), 1)
    with Scene.open(narrow, stretch=[(50, 150)]) as scene:  # one pair for all, and bytes too
        same(scene.part(View(Box(*box), Size(256, 256))), reference(stretched(PLAIN, [(50, 150)] * 3), box, (256, 256)), 1)
    for wrong in ([(5, 5)], [(0, 1), (0, 1)], [(0, float("nan"))]):
        with pytest.raises(SceneError, match="stretch"):
            Scene.open(narrow, stretch=wrong)


def test_bands_are_taken_by_their_colours_or_as_asked(tmp_path):
    five = np.concatenate([PLAIN, PLAIN[::-1][:2] // 2])
    names = ["Blue", "Green", "Red", "Undefined", "Undefined"]
    box, view = (10, 10, 138, 138), View(Box(10, 10, 138, 138), Size(128, 128))
    coloured, plain = make(tmp_path / "bgr.tif", five, interpretation=names), make(tmp_path / "plain.tif", five, PHOTOMETRIC="MINISBLACK")
    for path, bands, expected in [
        (coloured, None, [2, 1, 0]),
        (coloured, [5, 4, 1], [4, 3, 0]),
        (coloured, [4], [3]),
        (plain, None, [0, 1, 2]),
    ]:
        with Scene.open(path, bands=bands) as scene:
            same(scene.part(view), reference(five[expected], box, (128, 128)))
            assert scene.describe()["shown"] == [index + 1 for index in expected]
    for wrong in ([6], [0, 1, 2], [1, 2]):
        with pytest.raises(SceneError, match="band"):
            Scene.open(plain, bands=wrong)


def test_two_bands_are_shown_grey(tmp_path):
    path = make(tmp_path / "two.tif", PLAIN[:2], PHOTOMETRIC="MINISBLACK", ALPHA="NO")
    with Scene.open(path) as scene:
        same(scene.part(View(Box(0, 0, 256, 256), Size(256, 256))), reference(PLAIN[:1], (0, 0, 256, 256), (256, 256)))


@pytest.mark.parametrize("kind", ["nodata", "alpha", "mask", "nan", "grey and alpha"])
def test_what_is_not_valid_is_black(tmp_path, kind):
    rows, columns = np.mgrid[:500, :700]
    valid = (columns - 350) ** 2 + (rows - 250) ** 2 < 200**2
    count = 1 if kind in ("nan", "grey and alpha") else 3
    under = np.where(valid, PLAIN[:count], 255).astype(np.uint8)  # white pixels that must not be shown
    options = {"driver": "COG"}
    if kind == "nodata":
        pixels, options = np.where(under == 255, np.where(valid, 254, 255), under).astype(np.uint8), {"nodata": 255}
        under = pixels
    elif kind == "mask":
        pixels, options = under, {"mask": valid * 255, "driver": "COG"}
    elif kind == "nan":
        pixels, options = np.where(valid, under.astype(np.float32), np.float32("nan")), {}
    else:
        names = ["Gray", "Alpha"] if count == 1 else ["Red", "Green", "Blue", "Alpha"]
        pixels, options = np.concatenate([under, valid[None] * np.uint8(255)]), {"interpretation": names}
    path = make(tmp_path / "scene.tif", pixels, **options)
    with Scene.open(path, stretch=[(0, 255)] if kind == "nan" else None) as scene:
        shown = scene.part(View(Box(0, 0, 700, 500), Size(700, 500)))
        same(shown, picture(np.where(valid, under, 0).astype(np.uint8)))
        assert psnr(scene.preview(128), shown.resize((128, 91), Image.Resampling.BICUBIC)) > 30


def test_a_band_of_infinities_leaves_the_others_readable(tmp_path):
    values = PLAIN.astype(np.float32)
    values[0, :50] = np.inf
    values[:, :50, :50] = np.nan
    with Scene.open(make(tmp_path / "scene.tif", values)) as scene:
        shown = np.asarray(scene.part(View(Box(0, 0, 700, 500), Size(700, 500))))
        assert not shown[:50, :50].any()
        assert shown[:50, 60:, 1].any()
        assert np.allclose(scene.describe()["stretch"][1], np.percentile(values[1][np.isfinite(values[1])], (2, 98)))


def test_undeclared_black_edges_do_not_darken_a_scene(tmp_path):
    values = (PLAIN[:1].astype(np.uint16) * 10) + 6000
    values[:, :, :300] = 0
    with Scene.open(make(tmp_path / "scene.tif", values)) as scene:
        assert scene.describe()["stretch"][0][0] >= 6000


def test_a_nodata_value_the_type_cannot_hold_hides_nothing(tmp_path):
    path = mosaic(tmp_path / "scene.vrt", (700, 500), [(make(tmp_path / "part.tif", PLAIN), 0, 0, 700, 500)])
    path.write_text(path.read_text().replace("<SimpleSource>", "<NoDataValue>-9999</NoDataValue><SimpleSource>", 1))
    with Scene.open(path) as scene:
        same(scene.part(View(Box(0, 0, 50, 50), Size(50, 50))), reference(PLAIN, (0, 0, 50, 50), (50, 50)))


def test_a_black_tile_of_one_band_does_not_hide_the_others(tmp_path):
    pixels = PLAIN.copy()
    pixels[0] = 0
    options = {"INTERLEAVE": "BAND", "TILED": "YES", "SPARSE_OK": "TRUE"}
    with Scene.open(make(tmp_path / "scene.tif", pixels, **options)) as scene:
        same(scene.part(View(Box(0, 0, 256, 256), Size(256, 256))), reference(pixels, (0, 0, 256, 256), (256, 256)))


def test_a_palette_is_shown_in_its_colours(tmp_path):
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 7, (1, 40, 50), np.uint8).repeat(10, 1).repeat(10, 2)
    table = [
        (255, 0, 0, 255),
        (0, 255, 0, 255),
        (0, 0, 255, 255),
        (255, 255, 0, 255),
        (9, 9, 9, 255),
        (200, 200, 200, 255),
        (255, 255, 255, 0),
    ]
    colours = np.array([entry[:3] if entry[3] else (0, 0, 0) for entry in table], np.uint8)
    path = make(tmp_path / "classes.tif", indices, palette=table, nodata=6)
    with Scene.open(path) as scene:
        for box, size in [((0, 0, 500, 400), (500, 400)), ((7, 9, 207, 209), (100, 100))]:
            same(scene.part(View(Box(*box), Size(*size))), reference(colours[indices[0]].transpose(2, 0, 1), box, size))


def test_one_bit_is_black_and_white(tmp_path):
    bits = (PLAIN[:1] > 120).astype(np.uint8)
    for name, options in (("bilevel.tif", {"NBITS": 1}), ("bilevel.png", {"NBITS": 1, "driver": "PNG"})):
        with Scene.open(make(tmp_path / name, bits, **options)) as scene:
            same(scene.part(View(Box(13, 17, 313, 217), Size(512, 341))), reference(bits * 255, (13, 17, 313, 217), (512, 341)))
    with Scene.open(tmp_path / "bilevel.tif", stretch=[(0, 2)]) as scene:  # the user's limits have priority
        assert scene.preview(700).getextrema() == ((0, 128),) * 3


def test_a_coloured_map_larger_than_a_window_is_averaged_by_colour_not_by_class(tmp_path):
    indices = np.zeros((1, 2600, 2600), np.uint8)
    indices[:, :, ::2] = 2  # red and blue stripes; their average must not be class 1, green
    path = make(tmp_path / "classes.tif", indices, palette=[(200, 0, 0, 255), (0, 200, 0, 255), (0, 0, 200, 255)])
    with Scene.open(path) as scene:
        middle = np.asarray(scene.preview(256))[100:150, 100:150].reshape(-1, 3).mean(0)
    assert np.allclose(middle, (100, 0, 100), atol=2)


def test_complex_numbers_are_refused_in_plain_words(tmp_path):
    path = make(tmp_path / "slc.tif", PLAIN[:1].astype(np.complex64))
    with pytest.raises(SceneError, match=r"slc.tif has complex numbers"):
        Scene.open(path)


@pytest.mark.parametrize(
    ("affine", "crs", "rotated"),
    [
        (NORTH_UP, "EPSG:32615", False),
        (SOUTH_UP, "EPSG:32615", False),
        (ROTATED, "EPSG:32615", True),
        (NORTH_UP, "", False),
        (None, "", False),
    ],
)
def test_where_a_pixel_lies_on_the_map(tmp_path, affine, crs, rotated):
    path = make(tmp_path / "scene.tif", PLAIN, affine=affine, crs=crs)
    with Scene.open(path) as scene:
        facts = scene.describe()
        assert scene.crs == facts["crs"] == crs
        assert facts["rotated"] is rotated
        assert facts["gsd"] == (0.5 if crs else None)
        same(scene.part(View(Box(0, 0, 700, 500), Size(700, 500))), picture(PLAIN))  # as stored, whatever the georeference
        if affine is None:
            assert scene.grid is None
            assert facts["grid"] is None
        else:
            assert scene.grid.affine == pytest.approx(affine)
            assert scene.grid.to_map(10, 20) == pytest.approx(
                (affine[0] + 10 * affine[1] + 20 * affine[2], affine[3] + 10 * affine[4] + 20 * affine[5])
            )
            assert ("UTM" in scene.grid.crs) == bool(crs)


def test_ground_control_points_become_an_affine(tmp_path):
    corners = [(c, r, 10 + c * 0.001 + r * 0.0002, 50 - r * 0.001) for c, r in ((0, 0), (700, 0), (700, 500), (0, 500))]
    with Scene.open(make(tmp_path / "scene.tif", PLAIN, gcps=corners, crs="EPSG:4326")) as scene:
        assert scene.grid.affine == pytest.approx((10, 0.001, 0.0002, 50, 0, -0.001), abs=1e-9)
        assert scene.crs == "EPSG:4326"
        assert 70 < scene.describe()["gsd"] < 115  # degrees, in metres at 50 degrees north


def test_a_coordinate_system_without_a_number_keeps_its_name(tmp_path):
    local = 'LOCAL_CS["Quarry",UNIT["metre",1]]'
    with Scene.open(make(tmp_path / "scene.tif", PLAIN, crs=local)) as scene:
        assert scene.crs == "Quarry"


def test_a_view_from_overviews_is_close_to_the_whole_image_resampled(tmp_path):
    pixels = city(3500, 2300)
    path = make(tmp_path / "scene.tif", pixels, TILED="YES", BLOCKXSIZE=256, BLOCKYSIZE=256)
    add_overviews(path, [2, 4, 8])
    with Scene.open(path) as scene:
        assert psnr(scene.preview(400), reference(pixels, (0, 0, 3500, 2300), (400, 263))) > 42
        whole_bytes, box = scene.bytes_read, (301, 203, 3401, 2203)
        assert whole_bytes < 3500 * 2300 * 3 / 12
        assert psnr(scene.part(View(Box(*box), Size(465, 300))), reference(pixels, box, (465, 300))) > 42


def test_a_mosaic_is_seen_through_the_overviews_of_its_parts(tmp_path):
    part = make(tmp_path / "part.tif", city(2048, 2048), TILED="YES")
    add_overviews(part, [2, 4, 8])
    path = mosaic(tmp_path / "mosaic.vrt", (20480, 20480), [(part, x * 2048, y * 2048, 2048, 2048) for x in range(10) for y in range(10)])
    expected = picture(np.tile(whole(part).reshape(3, 256, 8, 256, 8).mean((2, 4)).round().astype(np.uint8), (1, 2, 2)))
    with Scene.open(path) as scene:
        shown = scene.part(View(Box(0, 0, 4096, 4096), Size(256, 256)))
        assert psnr(shown, expected.resize((256, 256), Image.Resampling.BICUBIC)) > 35
        scene.preview(512)
        assert scene.bytes_read < 20e6
    assert not (tmp_path / "cache").exists()  # no scan


def test_a_mosaic_in_an_archive_opens(tmp_path):
    import zipfile

    make(tmp_path / "scene.tif", PLAIN)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "scene.tif", "inside/scene.tif")
    with Scene.open(f"/vsizip/{tmp_path}/all.zip/inside/scene.tif") as scene:
        same(scene.part(View(Box(0, 0, 700, 500), Size(350, 250))), reference(PLAIN, (0, 0, 700, 500), (350, 250)))


@pytest.fixture(scope="module")
def odd_rasters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    return [
        make(folder / "tiled.tif", PLAIN, TILED="YES", BLOCKXSIZE=64, BLOCKYSIZE=32, affine=ROTATED),
        make(folder / "strips.tif", PLAIN, BLOCKYSIZE=7, INTERLEAVE="BAND", affine=SOUTH_UP),
        make(folder / "planes.tif", PLAIN, TILED="YES", INTERLEAVE="BAND", COMPRESS="DEFLATE"),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_window_is_cut_where_it_says(odd_rasters, data):
    left, top = data.draw(st.integers(0, 699)), data.draw(st.integers(0, 499))
    right, bottom = data.draw(st.integers(left + 1, 700)), data.draw(st.integers(top + 1, 500))
    size = Size(data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300)))
    with Scene.open(data.draw(st.sampled_from(odd_rasters))) as scene:
        box = Box(left, top, right, bottom)
        same(scene.part(View(box, size)), reference(PLAIN, box, size))
        polygon = scene.grid.polygon(box)
        assert scene.grid.to_pixel(*polygon[2]) == pytest.approx((right, bottom), abs=1e-3)
        assert scene.grid.bounds_to_box(*polygon[0], *polygon[0]) == pytest.approx((left, top, left, top), abs=1e-3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(box=st.tuples(*[st.floats(-1e4, 1e4) for _ in range(4)]))
@example(box=(0.0, 0.0, 1e-63, 1.0))
@example(box=(699.9999999999999, 499.9999999999999, 700.0, 500.0))
@example(box=(3.0, 3.0, 3.0000000000000004, 500.0))
def test_a_window_outside_is_named_and_refused(odd_rasters, box):
    inside = 0 <= box[0] < box[2] <= 700 and 0 <= box[1] < box[3] <= 500
    with Scene.open(odd_rasters[0]) as scene:
        if inside:
            assert scene.part(View(Box(*box), Size(20, 20))).size == (20, 20)
        else:
            with pytest.raises(SceneError, match=r"700 x 500"):
                scene.part(View(Box(*box), Size(20, 20)))


def test_a_window_of_nan_is_refused(odd_rasters):
    with Scene.open(odd_rasters[0]) as scene, pytest.raises(SceneError, match="not inside"):
        scene.part(View(Box(float("nan"), 0, 5, 5), Size(20, 20)))


def test_preview_never_enlarges(tmp_path):
    with Scene.open(make(tmp_path / "scene.tif", PLAIN)) as scene:
        assert scene.preview(4096).size == (700, 500)
        assert scene.preview(70).size == (70, 50)


def test_cancelling_stops_before_the_next_read(tmp_path):
    path = make(tmp_path / "scene.tif", PLAIN)
    wanted = []
    with Scene.open(path, cancelled=lambda: bool(wanted)) as scene:
        scene.preview(64)
        wanted.append(True)
        read = scene.bytes_read
        with pytest.raises(Cancelled):
            scene.part(View(Box(0, 0, 10, 10), Size(10, 10)))
        assert scene.bytes_read == read


def test_gdal_is_left_as_it_was(tmp_path):
    """Other code in this process that uses GDAL (a notebook, a training run) keeps its configuration."""
    path = make(tmp_path / "scene.tif", city(3000, 2000))
    keys = ("GDAL_PNG_WHOLE_IMAGE_OPTIM", "GDAL_ERROR_ON_LIBJPEG_WARNING", "GDAL_DISABLE_READDIR_ON_OPEN")
    if library() == "osgeo":
        from osgeo import gdal

        def state():
            return [gdal.GetConfigOption(key) for key in keys], gdal.GetCacheMax()
    else:
        import rasterio
        from rasterio.env import get_gdal_config

        def state():
            with rasterio.Env():
                return [get_gdal_config(key) for key in keys], get_gdal_config("GDAL_CACHEMAX")

    before = state()
    with Scene.open(path) as scene:
        scene.preview(256)
        assert state() == before
    with pytest.raises(SceneError):
        Scene.open(tmp_path / "none.tif")
    assert state() == before


def truncated(path):
    os.truncate(path, path.stat().st_size * 6 // 10)
    return path


def test_bad_input_gets_one_clear_sentence(tmp_path, capfd):
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.tif").write_text("This is no raster.")
    copy(make(tmp_path / "whole.tif", city(1500, 1500)), tmp_path / "whole.jpg", "JPEG")
    make(tmp_path / "whole.png", PLAIN, driver="PNG")
    cases = {
        tmp_path / "missing.tif": "There is no file",
        tmp_path: "is a folder",
        tmp_path / "empty.tif": "is an empty file",
        tmp_path / "text.tif": "as a raster",
        "/vsizip/" + str(tmp_path / "none.zip/a.tif"): "can't be opened",
        "": "There is no file",
        truncated(tmp_path / "whole.tif"): "can't be read",
        truncated(tmp_path / "whole.jpg"): "can't be read",
        truncated(tmp_path / "whole.png"): "can't be read",
    }
    for path, words in cases.items():
        with pytest.raises(SceneError) as raised, Scene.open(path) as scene:
            scene.preview(256)
        error = raised.value
        assert words in error.message
        assert str(path) in error.message
        assert error.hint
        assert "\n" not in error.message
        assert error.__cause__ is None
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.fixture
def as_nobody():
    """Root may read everything, so in a container the test continues as another user."""
    if os.geteuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    yield
    os.setresuid(0, 0, 0)


def test_a_file_one_may_not_read_says_so(tmp_path, as_nobody):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to other users
        path = make(Path(folder) / "scene.tif", PLAIN)
        path.chmod(0)
        with pytest.raises(SceneError, match="no permission to read"):
            Scene.open(path)


def test_a_container_names_what_it_holds(tmp_path):
    """netCDF, HDF, GeoPackage: a file that contains several rasters."""
    for name in "ab":
        make(tmp_path / f"{name}.tif", PLAIN)
    path = tmp_path / "both.tif"
    copy(tmp_path / "a.tif", path, "GPKG", RASTER_TABLE="first")
    copy(tmp_path / "b.tif", path, "GPKG", RASTER_TABLE="second", APPEND_SUBDATASET="YES")
    with pytest.raises(SceneError) as raised:
        Scene.open(path)
    assert "second" in raised.value.hint.lower()


@pytest.mark.parametrize("driver", ["GTiff", "VRT", "COG", "PNG"])
def test_a_generated_scene_is_known_by_its_mark_and_so_is_a_copy_of_it(tmp_path, driver):
    path, other = tag(make(tmp_path / "scene.tif", PLAIN), ZOOMEARTH_SCENE="generated"), tmp_path / "copy"
    copy(path, other, driver)
    with Scene.open(path) as scene, Scene.open(other) as same_scene:
        assert scene.generated
        assert same_scene.generated or driver == "PNG"  # a PNG has no place for the tag except a side file


@pytest.mark.parametrize("items", [{}, {"ZOOMEARTH_SCENE": "real"}, {"SCENE": "generated"}])
def test_nothing_else_is_a_generated_scene(tmp_path, items):
    with Scene.open(tag(make(tmp_path / "scene.tif", PLAIN), **items)) as scene:
        assert not scene.generated


def test_points_are_brought_to_another_crs_and_those_without_a_place_there_are_said():
    """The same with both bindings: longitude and latitude in this order, and no exception for one bad point."""
    points = np.array([[15.0, 50.0], [15.0, 95.0], [16.0, 51.0]])
    moved = transform(points, "EPSG:4326", "EPSG:32633")
    assert moved[[0, 2]] == pytest.approx(np.array([[500_000, 5_538_630.7], [570_168.9, 5_650_300.8]]), abs=0.1)
    assert not np.isfinite(moved[1]).any()
    with pytest.raises(RasterError):
        transform(points, "EPSG:4326", 'LOCAL_CS["site",UNIT["metre",1]]')
