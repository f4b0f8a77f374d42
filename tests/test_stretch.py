"""Values that percentiles do not show: masks, class maps, sparse content, a single value, and undeclared nodata."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasters import add_overviews, city, make

from zoomearth.backend.scene import overviews as levels
from zoomearth.backend.scene import scan
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.scene.stretch import few, stretch
from zoomearth.core.geometry import Box, Size, View

WIDTH, HEIGHT = 600, 400
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
PATCH = (ROWS >= 190) & (ROWS < 210) & (COLUMNS >= 290) & (COLUMNS < 310)  # 0.17 % of the raster
QUARTER = (ROWS >= 100) & (ROWS < 300) & (COLUMNS >= 150) & (COLUMNS < 450)
LEFT = COLUMNS < 150
RAMP = COLUMNS * 255 / WIDTH
NOISE = np.random.default_rng(0).normal(1000, 100, (HEIGHT, WIDTH))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


def shown(tmp_path, values, dtype, **given):
    """The picture, [row, column] of its first band, and the notes."""
    values = values if values.ndim == 3 else values[None]
    with Scene.open(make(tmp_path / "scene.tif", values.astype(dtype), **given)) as scene:
        facts = json.loads(json.dumps(scene.describe(), allow_nan=False))
        picture = np.asarray(scene.part(View(Box(0, 0, *scene.size), scene.size)))[..., 0]
    return picture, facts["notes"]


def apart(picture, *regions, least=40):
    """Checks that each region has one tone, and that all tones differ visibly."""
    tones = [picture[region] for region in regions]
    assert all(tone.min() == tone.max() for tone in tones)
    levels = sorted(int(tone[0]) for tone in tones)
    assert all(high - low >= least for low, high in zip(levels, levels[1:])), levels


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("pair", [(0, 1), (0, 255), (1, 2), (0, 30000), (7, 8)])
def test_the_two_values_of_a_mask_differ(tmp_path, dtype, pair):
    for region in (QUARTER, PATCH):
        picture, notes = shown(tmp_path, np.where(region, pair[1], pair[0]), dtype)
        apart(picture, region, ~region)
        assert any("different values" in note for note in notes)


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
def test_a_mask_of_the_type_limits_is_no_fill(tmp_path, dtype):
    picture, notes = shown(tmp_path, np.where(PATCH, np.iinfo(dtype).max, 0), dtype)
    assert picture[PATCH].min() == 255
    assert not picture[~PATCH].any()
    assert not any("nodata" in note for note in notes)


@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", 255), ("int16", -9999), ("uint16", 65535), ("float32", "nan"), ("int32", 0)])
def test_what_is_valid_differs_from_what_is_not(tmp_path, dtype, nodata):
    """The lowest valid value may be frequent, as in a mask: it must not be shown black."""
    under = np.nan if nodata == "nan" else nodata
    for low, high in ((0, 1), (0, 0), (3, 3), (1, 2)):
        if 0 in (nodata, high - low) and low == 0:
            continue
        values = np.where(LEFT, under, np.where(QUARTER, high, low))
        picture, _ = shown(tmp_path, values, dtype, nodata=nodata)
        assert not picture[LEFT].any()
        apart(picture, LEFT, ~LEFT & ~QUARTER, *([QUARTER & ~LEFT] if high > low else []))


def test_a_flood_of_one_value_is_seen(tmp_path):
    for dtype in ("uint8", "int32", "float32"):
        picture, notes = shown(tmp_path, QUARTER, dtype, nodata=0)
        apart(picture, QUARTER, ~QUARTER)
        assert "All its valid pixels have one value, shown grey." in notes


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint16", "float64"])
@pytest.mark.parametrize("base", [0, 5, -5])
def test_sparse_content_is_seen(tmp_path, dtype, base):
    if base < 0 and dtype == "uint16":
        pytest.skip("unsigned")
    picture, notes = shown(tmp_path, np.where(PATCH, 40 + ROWS % 20, base), dtype)
    assert picture[PATCH].min() > int(picture[~PATCH].max()) + 40
    assert picture[PATCH].max() > 240
    assert any("Nearly all" in note or "different values" in note for note in notes)


@pytest.mark.parametrize("value", [5, -7, 300, 0.25, 1e30, 1e-30])
def test_one_value_is_grey(tmp_path, value):
    picture, _ = shown(tmp_path, np.full((HEIGHT, WIDTH), value), "float32")
    assert 100 < picture.min() == picture.max() < 156


@pytest.mark.parametrize("bits", range(1, 8))
@pytest.mark.parametrize("count", [1, 3])
def test_declared_bits_fill_the_range(tmp_path, bits, count):
    values = np.stack([(RAMP.astype(np.uint8) >> (8 - bits))] * count)
    picture, _ = shown(tmp_path, values, "uint8", NBITS=bits)
    assert picture.min() == 0
    assert picture.max() == 255


@pytest.mark.parametrize(
    ("values", "levels"),
    [(QUARTER, 2), (COLUMNS // 40, 15), (1 + COLUMNS // 60, 10), (254 + QUARTER, 2), (100 + QUARTER, 2), (np.where(PATCH, 15, 0), 2)],
    ids=["0 and 1", "0 to 14", "1 to 10", "254 and 255", "100 and 101", "0 and 15"],
)
def test_few_values_of_bytes_are_told_apart(tmp_path, values, levels):
    picture, notes = shown(tmp_path, values, "uint8")
    tones = np.unique(picture)
    assert len(tones) == levels
    assert np.diff(tones.astype(int)).min() >= 200 // levels
    assert any("different values" in note for note in notes)


def test_bytes_that_may_be_a_photograph_are_untouched(tmp_path):
    cases = [city(WIDTH, HEIGHT)[0], city(WIDTH, HEIGHT), QUARTER * 255, np.where(LEFT, 128, QUARTER * 255), np.full((HEIGHT, WIDTH), 200)]
    cases += [city(WIDTH, HEIGHT)[0] // 10, np.stack([QUARTER] * 3)]
    for values in cases:
        values = np.asarray(values).astype(np.uint8)
        picture, notes = shown(tmp_path, values, "uint8")
        assert (picture == (values if values.ndim == 2 else values[0])).all()
        assert any("nearly black" in note for note in notes) == (values.max() < 32)


def test_few_bytes_with_the_highest_one_outside(tmp_path):
    picture, notes = shown(tmp_path, np.where(LEFT, 255, COLUMNS // 60), "uint8")
    assert not picture[LEFT].any()
    assert picture[~LEFT].min() > 40
    assert any("value 255" in note and "nodata" in note for note in notes)


FILLS = [
    ("int16", -9999),
    ("int16", -32768),
    ("int16", -32767),
    ("int16", 32767),
    ("uint16", 65535),
    ("int32", -2147483648),
    ("uint32", 4294967295),
    ("float32", -9999),
    ("float32", -99999),
    ("float32", -32768),
    ("float32", 65535),
    ("float32", -5555),
    ("float32", np.finfo(np.float32).min),
    ("float32", np.finfo(np.float32).max),
    ("float32", 1e20),
    ("float32", 9.969209968386869e36),
    ("float64", np.finfo(np.float64).min),
    ("float64", -1e10),
    ("float32", np.inf),
    ("float32", -np.inf),
    ("float32", np.nan),
]


@pytest.mark.parametrize(("dtype", "fill"), FILLS, ids=lambda value: str(value))
@pytest.mark.parametrize("count", [1, 3])
def test_an_undeclared_fill_leaves_the_range_to_the_content(tmp_path, dtype, fill, count):
    picture, notes = shown(tmp_path, np.stack([np.where(LEFT, fill, NOISE)] * count), dtype)
    assert not picture[LEFT].any()
    assert np.percentile(picture[~LEFT], 5) < 40
    assert np.percentile(picture[~LEFT], 95) > 215
    assert not np.isfinite(fill) or sum("count as nodata and are shown black" in note for note in notes) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_a_zero_far_below_the_content_is_a_fill(tmp_path, dtype):
    """Temperatures in kelvin, heights of a plateau."""
    picture, notes = shown(tmp_path, np.where(LEFT, 0, 20_000 + NOISE / 10), dtype)
    assert not picture[LEFT].any()
    assert picture[~LEFT].std() > 40
    assert any("value 0," in note and "nodata" in note for note in notes)


def test_two_lowest_floats_of_two_programs_are_both_fills(tmp_path):
    fill = np.where(ROWS < 200, -3.4028234663852886e38, -3.4028230607370965e38)
    picture, _ = shown(tmp_path, np.where(LEFT, fill, NOISE), "float32")
    assert not picture[LEFT].any()
    assert picture[~LEFT].std() > 40


def test_large_physical_numbers_are_content(tmp_path):
    columns = np.round(RAMP) * 1e14 + 1e15
    picture, notes = shown(tmp_path, columns, "float64")
    assert picture.max() == 255
    assert picture[:, -50:].min() > 200
    assert not any("nodata" in note for note in notes)


def test_several_fills_at_once(tmp_path):
    fill = np.choose(ROWS // 100, [-9999, 65535, np.nan, np.inf])
    picture, notes = shown(tmp_path, np.where(LEFT, fill, NOISE), "float32")
    assert not picture[LEFT].any()
    assert picture[~LEFT].std() > 40
    assert any("65535" in note and "-9999" in note for note in notes)


@pytest.mark.parametrize("share", [PATCH, LEFT], ids=["patch", "quarter"])
@pytest.mark.parametrize("real", [1500, 4095, 5000, 10000, 60000])
def test_what_may_be_real_is_no_fill(tmp_path, share, real):
    """A hot spot, a saturated sensor, one side of two kinds."""
    for dtype in ("uint16", "float32"):
        picture, notes = shown(tmp_path, np.where(share, real, NOISE), dtype)
        assert picture[share].min() >= 250
        assert not any("nodata" in note for note in notes)


def test_a_fill_of_one_band_hides_not_the_others(tmp_path):
    values = np.stack([np.where(LEFT, -9999, NOISE), NOISE, NOISE]).astype(np.float32)
    with Scene.open(make(tmp_path / "scene.tif", values)) as scene:
        picture = np.asarray(scene.part(View(Box(0, 0, WIDTH, HEIGHT), Size(WIDTH, HEIGHT))))
        assert any(note.startswith("Band 1: ") for note in scene.describe()["notes"])
    assert not picture[LEFT][:, 0].any()
    assert picture[LEFT][:, 1].std() > 40


def test_limits_that_are_given_win(tmp_path):
    path = make(tmp_path / "scene.tif", np.where(LEFT, -9999, NOISE)[None].astype(np.float32))
    with Scene.open(path, stretch=[(-9999, 1000)]) as scene:
        assert scene.describe()["stretch"] == [[-9999, 1000]]
        assert not any("no data" in note for note in scene.describe()["notes"])
    path = make(tmp_path / "mask.tif", QUARTER[None].astype(np.uint8))
    with Scene.open(path, stretch=[(0, 255)]) as scene:
        assert scene.preview(WIDTH).getextrema()[0] == (0, 1)


@pytest.fixture
def small_machine(monkeypatch):
    """Where the stretch of a raster of a megapixel is taken from samples."""
    from zoomearth.backend.scene import sampling

    for module, name, value in (
        (levels, "EXACT_PIXELS", 1 << 16),
        (sampling, "EXACT_PIXELS", 1 << 16),
        (levels, "SCAN_PIXELS", 1 << 18),
        (levels, "SCAN_SIDE", 256),
        (scan, "RUN_PIXELS", 1 << 16),
        (sampling, "WINDOW_SIDE", 16),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("overviews", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_content_between_the_samples_is_seen(tmp_path, small_machine, dtype, overviews):
    values = np.zeros((1, 1100, 1100), dtype)
    values[0, 130:210, 20:100] = 9
    values[0, 130:210, 40:60] = 14
    path = make(tmp_path / "scene.tif", values, TILED="YES", BLOCKXSIZE=64, BLOCKYSIZE=64)
    if overviews:
        add_overviews(path, [2, 4], "nearest")
    with Scene.open(path) as scene:
        view = np.asarray(scene.part(View(Box(0, 100, 300, 300), Size(150, 100))))[..., 0]
    assert view[35, 40] > 100
    assert view[35, 25] > view[35, 15] + 40
    assert view[5, 120] == 0


def test_one_look_is_enough_for_a_photograph_of_one_band(tmp_path, small_machine):
    path = make(tmp_path / "scene.tif", city(1100, 1100)[:1], TILED="YES", BLOCKXSIZE=64, BLOCKYSIZE=64)
    with Scene.open(path) as scene:
        scene.part(View(Box(0, 0, 100, 100), Size(100, 100)))
        assert scene.bytes_read <= 100 * 100 + 16 * 16


values = st.sampled_from(
    [0, 1, -1, 5, -9999, 255, 65535, 1e20, -3.4028234663852886e38, 3.4028234663852886e38, 1e-40, np.nan, np.inf, -np.inf]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(samples=st.lists(st.one_of(values, st.floats(width=32), st.integers(-40000, 70000)), min_size=0, max_size=60), voids=st.booleans())
def test_any_samples_give_a_stretch_that_can_be_used(samples, voids):
    band = np.repeat(np.array(samples, np.float64), 3)
    result = stretch(band, "float64", voids)
    finite = band[np.isfinite(band)]
    if result is None:
        assert not finite.size
        return
    low, high = result.limits
    assert low < high
    assert set(result.fills) < set(finite.tolist())
    assert len(result.fills) < len(np.unique(finite))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30000).map(np.array))
@settings(max_examples=50, deadline=None)
def test_few_values_are_all_of_them_or_none(sample):
    result = few(sample)
    distinct = np.unique(sample)
    assert (result is None) == (len(distinct) > 16)
    assert result is None or (result == distinct).all()
