"""What the tools do to pixels: noise goes and edges stay, clouds become ground, outlines are where the masks are."""

import tracemalloc
from functools import partial

import cv2
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasters import NORTH_UP, ROTATED, city, make, psnr, whole

from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.tools import denoising, gaussian
from zoomearth.backend.tools.cloud_removal import from_references
from zoomearth.backend.tools.clouds import clouds, grown
from zoomearth.backend.tools.job import Job, Mask, Result, stored
from zoomearth.backend.tools.membrane import membrane
from zoomearth.backend.tools.outlines import native, outlines
from zoomearth.backend.tools.references import Resampled, onto
from zoomearth.backend.tools.run import use
from zoomearth.backend.tools.segmentation import object_in
from zoomearth.core.geometry import Box
from zoomearth.core.region import Region
from zoomearth.core.tools import TOOLS, VERBS, UseTool

RNG = np.random.default_rng(5)


def used(path, out, tool, box, references=(), mask=None, **arguments):
    with Scene.open(path) as scene:
        request = UseTool(tool, arguments=arguments, references=tuple(map(str, references)), mask=mask)
        (made,) = use(scene, [(Region(Box(*box)), request)], str(out))
    return made


@pytest.fixture(scope="module")
def photo(real_raster):
    """A real aerial image, [3, 256, 256] uint8."""
    with Scene.open(real_raster("deepness_dummy_fotomap_small.tif")) as scene:
        return scene.read(Box(500, 300, 756, 556)).array


def noisy(planes, sigma, kind=np.uint8, scale=1):
    limit = np.iinfo(kind).max
    return np.clip(np.rint(planes * float(scale) + RNG.normal(0, sigma * scale, planes.shape)), 0, limit).astype(kind)


# Denoising


@pytest.mark.parametrize(("sigma", "better"), [(10, 5), (25, 7.5), (50, 8)])
def test_noise_goes_and_edges_stay(photo, tmp_path, sigma, better):
    before = noisy(photo, sigma)
    path = make(tmp_path / "noisy.tif", before)
    made = used(path, tmp_path / "clean.tif", "denoising", (0, 0, 256, 256))
    after = whole(tmp_path / "clean.tif")
    assert np.mean(made.metrics["sigma"]) == pytest.approx(sigma, rel=0.15)
    assert psnr(after, photo) > psnr(before, photo) + better
    blurred = np.stack([cv2.GaussianBlur(plane, (0, 0), 1.2) for plane in before])
    assert psnr(after, photo) > psnr(blurred, photo) + 0.5


def test_sixteen_bits_are_cleaned_as_eight_are(photo, tmp_path):
    before = noisy(photo, 25, np.uint16, 200)
    used(make(tmp_path / "noisy.tif", before), tmp_path / "clean.tif", "denoising", (0, 0, 256, 256))
    after = whole(tmp_path / "clean.tif")
    assert after.dtype == np.uint16
    assert psnr(after / 200, photo) > psnr(before / 200, photo) + 7
    assert len(np.unique(after)) > 5000, "its values are not those of bytes"


@pytest.mark.parametrize("noise", ["gaussian", "impulse"])
def test_tiles_leave_no_seam(photo, tmp_path, monkeypatch, noise):
    before = noisy(np.tile(photo, (1, 2, 2)), 25)
    before[:, 100:140, 200:300] = 0
    path = make(tmp_path / "noisy.tif", before, nodata=0)
    clean = {}
    for side in (200, 1024):
        monkeypatch.setattr(denoising, "TILE", side)
        used(path, tmp_path / f"{side}.tif", "denoising", (11, 7, 470, 501), sigma=25.0, noise=noise)
        clean[side] = whole(tmp_path / f"{side}.tif").astype(int)
    apart = np.abs(clean[200] - clean[1024])
    assert apart.max() <= 1, "rounding of sums in another order"
    assert (apart > 0).mean() < 1e-3


def test_bands_that_show_the_same_edges_help_each_other_whatever_their_number(photo):
    bands = np.concatenate([photo, photo[:1] * 0.5 + photo[1:2] * 0.4 + 20])
    sigma = np.array([15.0, 15, 15, 6])
    before = bands + RNG.normal(0, 1, bands.shape) * sigma[:, None, None]
    valid = np.ones(bands.shape[1:], bool)
    alone = gaussian.without_gaussian(before, valid, sigma, np.eye(4))
    together = gaussian.without_gaussian(before, valid, sigma)
    for band in range(4):
        assert psnr(together[band], bands[band]) > psnr(alone[band], bands[band]) + 0.3
    axes = gaussian.principal_axes(gaussian.detail_covariance(before, valid), sigma)
    assert axes @ axes.T == pytest.approx(np.eye(4), abs=1e-9)


def test_memory_does_not_grow_with_the_region(tmp_path):
    """A region of 16 times the area takes a quarter of one plane of it more, at the most."""
    peaks = []
    for side in (700, 2800):
        path = make(tmp_path / f"{side}.tif", np.tile(city(700, 700)[:1].astype(np.uint16) * 100, (1, side // 700, side // 700)))
        tracemalloc.start()
        used(path, tmp_path / "clean.tif", "denoising", (0, 0, side, side), noise="impulse")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 2800 * 2800 * 2 / 4


def test_salt_and_pepper_go_and_every_other_pixel_stays(photo, tmp_path):
    hit = RNG.random(photo.shape) < 0.05
    before = np.where(hit, RNG.choice([1, 255], photo.shape), photo).astype(np.uint8)
    used(make(tmp_path / "noisy.tif", before), tmp_path / "clean.tif", "denoising", (0, 0, 256, 256), noise="impulse")
    after = whole(tmp_path / "clean.tif")
    assert psnr(after, photo) > psnr(before, photo) + 8
    assert (after == before)[~hit].mean() > 0.9


@pytest.mark.parametrize("noise", ["row-stripes", "column-stripes"])
def test_stripes_go_and_the_image_stays(photo, tmp_path, noise):
    offsets = RNG.normal(0, 12, (1, 256, 1) if noise == "row-stripes" else (1, 1, 256))
    before = np.clip(np.rint(photo * 0.7 + 40 + offsets), 0, 255).astype(np.uint8)
    used(make(tmp_path / "striped.tif", before), tmp_path / "clean.tif", "denoising", (0, 0, 256, 256), noise=noise)
    assert psnr(whole(tmp_path / "clean.tif"), photo * 0.7 + 40) > psnr(before, photo * 0.7 + 40) + 4


def test_a_pixel_that_is_no_number_in_one_band_spoils_no_other(photo, tmp_path):
    before = photo.astype(np.float32)
    before[1, 100, 100] = np.nan
    used(make(tmp_path / "noisy.tif", before), tmp_path / "clean.tif", "denoising", (50, 50, 200, 200), sigma=10.0)
    after = whole(tmp_path / "clean.tif")
    assert np.isnan(after).sum() == 1
    assert np.array_equal(after[:, 50, 50], before[:, 100, 100], equal_nan=True)
    assert psnr(np.nan_to_num(after), np.nan_to_num(before[:, 50:200, 50:200])) > 28


def test_an_image_without_noise_stays_as_it_is(tmp_path):
    flat = np.full((1, 100, 100), 77, np.uint8)
    made = used(make(tmp_path / "flat.tif", flat), tmp_path / "clean.tif", "denoising", (0, 0, 100, 100))
    assert np.array_equal(whole(tmp_path / "clean.tif"), flat)
    assert "No noise" in made.notes[0]


@given(arrays(np.uint8, (2, 9, 11)), arrays(np.bool_, (9, 11)), st.sampled_from([None, 0.0, 7.0, 255.0, -9999.0]))
def test_a_pixel_never_becomes_nodata(before, mask, nodata):
    values = RNG.normal(128, 200, before.shape)
    after = stored(values, before, mask, [nodata] * 2)
    assert np.array_equal(after[:, ~mask], before[:, ~mask])
    if nodata is not None:
        assert np.array_equal(after == nodata, (before == nodata) & ((after == nodata) | ~mask))


# The membrane, references and clouds


def test_the_membrane_is_the_solution_of_laplaces_equation():
    yy, xx = np.mgrid[:60, :80].astype(np.float32)
    harmonic = np.stack([xx - 2 * yy, (xx - 40) * (yy - 30) / 10])  # both solve it exactly
    known = np.ones((60, 80), bool)
    known[10:45, 20:70] = False
    filled = membrane(np.where(known, harmonic, 0), known)
    assert np.abs(filled - harmonic).max() < 0.02 * np.ptp(harmonic)
    assert np.array_equal(filled[:, known], harmonic[:, known])


@settings(max_examples=40)
@given(arrays(np.bool_, (13, 17)), st.integers(0, 9))
def test_a_fill_stays_within_the_values_of_its_rim(known, seed):
    planes = np.random.default_rng(seed).normal(0, 50, (1, 13, 17)).astype(np.float32)
    filled = membrane(planes, known)
    assert np.array_equal(filled[:, known], planes[:, known])
    low, high = (planes[:, known].min(), planes[:, known].max()) if known.any() else (0, 0)
    assert (filled >= low - 1e-3).all()
    assert (filled <= high + 1e-3).all()


def waves(grid, width, height, step=1.0):
    """A pattern that is known at every place of the map, seen through a grid: [row, column]."""
    yy, xx = np.mgrid[:height, :width] + 0.5
    x, y = grid[0] + grid[1] * xx + grid[2] * yy, grid[3] + grid[4] * xx + grid[5] * yy
    return 500 + 200 * np.sin(x / (9 * step)) + 150 * np.cos((x + 2 * y) / (14 * step))


@pytest.mark.parametrize(
    ("name", "affine", "size"),
    [
        ("shifted", (500_003.2, 0.5, 0, 4_600_007.7, 0, -0.5), (260, 240)),
        ("coarser", (499_998, 1.0, 0, 4_600_008, 0, -1.0), (130, 120)),
        ("finer", (499_998, 0.2, 0, 4_600_008, 0, -0.2), (620, 560)),
        ("rotated", (499_903.0, 0.3, 0.4, 4_599_941.0, 0.4, -0.3), (420, 420)),
        ("south up", (499_990.0, 0.5, 0, 4_599_900.0, 0, 0.5), (280, 240)),
    ],
)
def test_a_reference_of_any_grid_shows_the_same_place(tmp_path, name, affine, size):
    truth = waves(NORTH_UP, 200, 150)
    scene = make(tmp_path / "scene.tif", truth[None].astype(np.float32))
    other = make(tmp_path / "other.tif", waves(affine, *size)[None].astype(np.float32), affine=affine)
    with Scene.open(scene) as opened, Scene.open(other) as reference:
        job = Job(opened, Region(Box(20, 10, 180, 140)), {})
        resampled = onto(job, reference, job.window)
    assert resampled.valid.mean() > 0.5
    error = (resampled.array[0] - truth[10:140, 20:180])[resampled.valid]
    assert np.abs(error).mean() < 3, "of an amplitude of 350"


def test_a_reference_of_another_crs_lies_where_gdal_puts_it(tmp_path):
    import rasterio.warp

    truth = waves(ROTATED, 200, 150)[None].astype(np.float32)
    scene = make(tmp_path / "scene.tif", truth, affine=ROTATED)
    with rasterio.open(scene) as source:
        place = rasterio.warp.calculate_default_transform(source.crs, "EPSG:4326", 200, 150, *source.bounds)
        warped = np.full((1, place[2], place[1]), -1, np.float32)
        rasterio.warp.reproject(source.read(), warped, src_transform=source.transform, src_crs=source.crs, dst_transform=place[0],
                                dst_crs="EPSG:4326", dst_nodata=-1, resampling=rasterio.warp.Resampling.cubic)  # fmt: skip
    other = make(tmp_path / "other.tif", warped, affine=place[0].to_gdal(), crs="EPSG:4326", nodata=-1)
    with Scene.open(scene) as opened, Scene.open(other) as reference:
        job = Job(opened, Region(Box(30, 30, 170, 120)), {})
        resampled = onto(job, reference, job.window)
    assert resampled.valid.mean() > 0.9
    assert np.abs((resampled.array[0] - truth[0, 30:120, 30:170])[resampled.valid]).mean() < 6


def spoilt(photo):
    """The photo with a cloud, the cloud, and the photo on two other days."""
    yy, xx = np.mgrid[:256, :256]
    cloud = (xx - 120) ** 2 / 3600 + (yy - 140) ** 2 / 2500 < 1
    days = [
        np.clip(photo * gain + offset + RNG.normal(0, 6, photo.shape), 0, 255).astype(np.uint8) for gain, offset in ((0.7, 30), (0.9, -8))
    ]
    return np.where(cloud, 250, photo).astype(np.uint8), cloud, days


def test_a_cloud_becomes_the_ground_of_another_day_and_more_days_are_better(photo):
    cloudy, cloud, days = spoilt(photo)
    references = [Resampled(day.astype(np.float32), np.ones(cloud.shape, bool), 1.0) for day in days]
    results = []
    for number in (1, 2):
        filled, covered, quality = from_references(cloudy, ~cloud, cloud, references[:number])
        assert np.array_equal(covered, cloud)
        assert quality > 0.8
        results.append(psnr(filled[:, cloud], photo[:, cloud]))
    assert results[0] > psnr(days[0][:, cloud], photo[:, cloud]) + 5
    assert results[1] > results[0] + 1


def test_what_no_reference_shows_stays_cloud_and_is_said(photo, tmp_path):
    cloudy, cloud, days = spoilt(photo)
    half = days[0].copy()
    half[:, :, :120] = 0
    mask = make(tmp_path / "mask.tif", cloud[None].astype(np.uint8))
    paths = [make(tmp_path / "scene.tif", cloudy), make(tmp_path / "half.tif", half, nodata=0)]
    made = used(paths[0], tmp_path / "out.tif", "cloud-removal", (0, 0, 256, 256), paths[1:], str(mask))
    after = whole(tmp_path / "out.tif")
    assert np.array_equal(after[:, :, :110], cloudy[:, :, :110])
    assert psnr(after[:, cloud & (np.arange(256) > 125)], photo[:, cloud & (np.arange(256) > 125)]) > 22
    assert 0.4 < made.metrics["recovered_share"] < 0.6
    assert any("no reference" in note for note in made.notes)


def test_clouds_are_found_with_a_warning_and_no_other_pixel_changes(photo, tmp_path):
    cloudy, cloud, days = spoilt((photo * 0.6).astype(np.uint8))
    paths = [make(tmp_path / f"{number}.tif", planes) for number, planes in enumerate((cloudy, (days[0] * 0.6).astype(np.uint8)))]
    made = used(paths[0], tmp_path / "out.tif", "cloud-removal", (0, 0, 256, 256), paths[1:])
    changed = (whole(tmp_path / "out.tif") != cloudy).any(axis=0)
    assert (changed & cloud).sum() > 0.95 * cloud.sum()
    assert not (changed & ~cv2.dilate(cloud.astype(np.uint8), np.ones((15, 15))).astype(bool)).any()
    assert made.metrics["changed_outside"] == 0
    assert any("a mask that you draw is surer" in note for note in made.notes)


def shown(planes):
    """As `clouds` wants it of bytes."""
    return planes.astype(np.float32), np.moveaxis(np.clip(planes, 0, 255), 0, -1).astype(np.uint8), np.ones(planes.shape[1:], bool)


def as_reference(planes):
    return Resampled(planes.astype(np.float32), np.ones(planes.shape[1:], bool), 1.0)


def agreement(mask, truth):
    """IoU."""
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.mark.parametrize("level", [1.0, 257.0])
def test_clouds_over_snow_are_told_from_the_snow_and_from_white_roofs(photo, level):
    """The snow is nearly as white as the cloud, so that the brightness alone finds nothing, or all."""
    snow = 190 + photo * 0.2
    snow[:, 20:40, 200:230] = 252  # a roof that is white on every day
    cloudy, cloud, _ = spoilt(snow)
    planes, picture, valid = shown(cloudy)
    mask = clouds(planes * level, picture, valid, [as_reference(snow * 0.7 + RNG.normal(0, 2, snow.shape))])
    assert agreement(mask, grown(cloud, 4)) > 0.85
    assert not mask[24:36, 204:226].any()


def test_the_light_of_the_other_days_does_not_matter_and_a_cloud_on_one_of_three_does_neither(photo):
    cloudy, cloud, _ = spoilt(photo * 0.7)
    planes, picture, valid = shown(cloudy)
    ground = photo * 0.7 + RNG.normal(0, 4, photo.shape)
    plain = clouds(planes, picture, valid, [as_reference(ground)])
    assert agreement(plain, grown(cloud, 4)) > 0.93
    for gain, offset in ((0.3, 90), (3, -40), (1, 1000)):
        assert agreement(clouds(planes, picture, valid, [as_reference(ground * gain + offset)]), plain) > 0.99
    cloudy_day = np.where(np.roll(cloud, (40, 60), (0, 1)), 255, ground)
    three = clouds(planes, picture, valid, [as_reference(cloudy_day), as_reference(ground), as_reference(ground * 0.8)])
    assert agreement(three, plain) > 0.9


def test_a_clear_scene_has_no_clouds_and_what_no_other_day_shows_is_one_where_it_is_white(photo):
    planes, picture, valid = shown(photo * 0.7)
    assert not clouds(planes, picture, valid, [as_reference(photo)]).any()
    cloudy, cloud, days = spoilt(photo * 0.7)
    planes, picture, valid = shown(cloudy)
    right = np.arange(256) >= 120
    half = Resampled(days[0].astype(np.float32), np.broadcast_to(right, (256, 256)), 1.0)
    assert agreement(clouds(planes, picture, valid, [half]), grown(cloud, 4)) > 0.93


# Segmentation and outlines


@pytest.mark.parametrize("scale", [1, 4, 12])
def test_an_object_is_outlined_at_any_size(tmp_path, scale):
    side = 100 * scale
    yy, xx = np.mgrid[:side, :side]
    lake = (xx - 50 * scale) ** 2 / (20 * scale) ** 2 + (yy - 50 * scale) ** 2 / (12 * scale) ** 2 < 1
    pixels = np.where(lake, np.array([30, 60, 90])[:, None, None], np.array([120, 110, 80])[:, None, None])
    path = make(tmp_path / "lake.tif", noisy(pixels, 8))
    made = used(path, tmp_path / "mask.tif", "segmentation", (28 * scale, 36 * scale, 73 * scale, 65 * scale))
    mask = np.zeros(lake.shape, bool)
    mask[36 * scale : 65 * scale, 28 * scale : 73 * scale] = whole(tmp_path / "mask.tif")[0] == 1
    assert (mask & lake).sum() / (mask | lake).sum() > 0.93
    assert made.confidence > 0.5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 60), st.integers(4, 60), st.sampled_from([0, 1, 60, 255]))
def test_a_mask_is_never_empty_and_never_beyond_its_box(seed, width, height, spread):
    rng = np.random.default_rng(seed)
    picture = np.clip(rng.normal(120, spread, (height + 20, width + 20, 3)), 0, 255).astype(np.uint8)
    inside = np.zeros(picture.shape[:2], bool)
    inside[10:-10, 10:-10] = True
    mask, how, confidence = object_in(picture, inside, np.ones_like(inside))
    assert mask.any()
    assert not (mask & ~inside).any()
    assert 0 <= confidence <= 1
    assert how in ("grabcut", "otsu", "box")


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, (12, 15)).filter(np.any))
def test_outlines_cover_the_very_pixels_of_the_mask(tmp_path_factory, cover):
    window = Box(30, 40, 45, 52)
    job = Job(None, Region(window), {"least_area": 0, "simplify": 0})
    shapes = outlines(Mask(cover.astype(np.float32), window, Result("x")), job)
    points = shapely.points(*np.meshgrid(np.arange(30, 45) + 0.5, np.arange(40, 52) + 0.5))
    covered = np.logical_or.reduce([shapely.contains(shape, points) for shape in shapes])
    assert np.array_equal(covered, cover)
    assert all(shape.is_valid for shape in shapes)
    count = cv2.connectedComponents(cover.astype(np.uint8), connectivity=8)[0] - 1
    assert len(shapes) == count, "pixels that touch at a corner are one part"
    ((_, plane),) = native(Mask(cover.astype(np.float32), window, Result("x")), job)
    assert np.array_equal(plane, cover)


def test_holes_are_kept_and_small_ones_are_not():
    cover = np.ones((40, 40), np.float32)
    cover[10:20, 10:20] = 0
    cover[30, 30] = 0
    job = Job(None, Region(Box(0, 0, 40, 40)), {"least_area": 4, "simplify": 0.4})
    (shape,) = outlines(Mask(cover, Box(0, 0, 40, 40), Result("x")), job)
    assert len(shape.interiors) == 1
    assert shape.area == pytest.approx(1500, abs=5)


# Editing


@pytest.fixture
def yard(tmp_path, photo):
    mask = np.zeros((1, 256, 256), np.uint8)
    mask[:, 60:160, 80:200] = 1
    return make(tmp_path / "yard.tif", photo), make(tmp_path / "mask.tif", mask), make(tmp_path / "other.tif", 255 - photo), mask[0] == 1


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "replace"])  # which needs an editing model: test_inpainting
def test_every_verb_changes_the_mask_and_nothing_else(yard, photo, tmp_path, verb):
    scene, mask, other, inside = yard
    made = used(scene, tmp_path / "out.vrt", "editing", (20, 20, 240, 240), [other] if verb == "paste" else (), str(mask), verb=verb)
    after = whole(tmp_path / "out.vrt")
    assert np.array_equal(after[:, ~inside], photo[:, ~inside])
    assert (after != photo).any(axis=0)[inside].mean() > 0.3
    assert made.metrics["changed_outside"] == 0
    assert made.synthetic
    before, values = photo[:, inside].astype(float), after[:, inside].astype(float)
    rough = partial(np.std, axis=1)
    effect = {
        "remove": np.abs(np.diff(values)).mean() < np.abs(np.diff(before)).mean() / 3,
        "recolour": values[0].mean() > values[1].mean() + 40 > values[2].mean(),
        "brighten": values.mean() > before.mean() + 15,
        "contrast": (rough(values) > rough(before)).all(),
        "equalise": values.std() > before.std(),
        "sharpen": np.abs(np.diff(values)).mean() > np.abs(np.diff(before)).mean(),
        "blur": np.abs(np.diff(values)).mean() < np.abs(np.diff(before)).mean() / 3,
        "pixelate": len(np.unique(values, axis=1).T) < 400,
        "paste": np.abs(values - (255 - before)).max() <= 1,
    }
    assert effect[verb]


def test_without_a_mask_the_region_is_what_is_removed(photo, tmp_path):
    scene = make(tmp_path / "scene.tif", np.full((3, 90, 90), 80, np.uint8))
    spot = whole(scene)
    spot[:, 40:50, 40:50] = 250
    scene = make(tmp_path / "spot.tif", spot)
    used(scene, tmp_path / "out.vrt", "editing", (38, 38, 52, 52), verb="remove")
    assert np.array_equal(whole(tmp_path / "out.vrt"), np.full((3, 90, 90), 80, np.uint8))


def test_tools_are_described_as_they_are():
    assert set(TOOLS["editing"].parameters[0].choices) == set(VERBS)
