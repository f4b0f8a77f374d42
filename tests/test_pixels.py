"""Pixels as they are stored: their values, their type, which of them are valid, and their place on the map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasters import NORTH_UP, ROTATED, SOUTH_UP, city, make

from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import SceneError
from zoomearth.core.geometry import Box, Grid

WINDOW = Box(13, 17, 113, 87)


def part(planes):
    return planes[:, 17:87, 13:113]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_the_values_and_their_type_are_the_files(tmp_path, dtype):
    planes = (city(200, 150).astype(np.float64) * 3 - 20).clip(0).astype(dtype)
    with Scene.open(make(tmp_path / "scene.tif", planes)) as scene:
        pixels = scene.read(WINDOW)
        some = scene.read(WINDOW, [3, 1])
    assert pixels.array.dtype == dtype
    assert np.array_equal(pixels.array, part(planes))
    assert np.array_equal(some.array, part(planes)[[2, 0]])
    assert pixels.valid.all()


def test_bands_beyond_three_and_a_chosen_look_change_nothing(tmp_path):
    planes = np.stack([np.full((150, 200), value, np.uint16) for value in (1, 2, 3, 4, 5)])
    with Scene.open(make(tmp_path / "scene.tif", planes), bands=[5, 4, 3], stretch=[(0, 9)]) as scene:
        assert [band[0, 0] for band in scene.read(WINDOW).array] == [1, 2, 3, 4, 5]


def test_nodata_in_every_band_is_not_valid(tmp_path):
    planes = city(200, 150)
    planes[:, 20:40, 20:60] = 0
    planes[0, 50:60, 20:60] = 0
    with Scene.open(make(tmp_path / "scene.tif", planes, nodata=0)) as scene:
        pixels = scene.read(WINDOW)
    assert np.array_equal(pixels.valid, part((planes != 0).any(0, keepdims=True))[0])


def test_what_is_not_a_number_and_what_is_transparent_is_not_valid(tmp_path):
    heights = city(200, 150)[:1].astype(np.float32)
    heights[:, 20:40, 20:60] = np.nan
    rgba = np.concatenate([city(200, 150), np.full((1, 150, 200), 255, np.uint8)])
    rgba[3, 20:40, 20:60] = 0
    with Scene.open(make(tmp_path / "heights.tif", heights)) as scene:
        assert np.array_equal(scene.read(WINDOW).valid, np.isfinite(part(heights)[0]))
    colours = ["Red", "Green", "Blue", "Alpha"]
    with Scene.open(make(tmp_path / "rgba.tif", rgba, interpretation=colours)) as scene:
        pixels = scene.read(WINDOW)
    assert len(pixels.array) == 3
    assert np.array_equal(pixels.valid, part(rgba)[3] > 0)


@pytest.mark.parametrize("affine", [NORTH_UP, SOUTH_UP, ROTATED])
def test_the_window_lies_where_its_pixels_do(tmp_path, affine):
    with Scene.open(make(tmp_path / "scene.tif", city(200, 150), affine=affine)) as scene:
        pixels, grid = scene.read(WINDOW), scene.grid
    assert pixels.grid.crs == grid.crs
    assert pixels.grid.to_map(0, 0) == pytest.approx(grid.to_map(13, 17))
    assert pixels.grid.to_map(100, 70) == pytest.approx(grid.to_map(113, 87))


@given(st.tuples(*[st.floats(-1e4, 1e4)] * 6), st.tuples(*[st.integers(0, 10**5)] * 4))
def test_a_part_of_a_grid_is_the_grid_of_the_part(affine, box):
    x, y, across, down = box
    grid = Grid(affine, "EPSG:32633")
    inside = grid.part(Box(x, y, x + across + 1, y + down + 1))
    assert inside.to_map(across, down) == pytest.approx(grid.to_map(x + across, y + down), rel=1e-9, abs=1e-3)


def test_a_raster_without_georeference_gives_no_grid(tmp_path):
    with Scene.open(make(tmp_path / "scene.tif", city(200, 150), affine=None, crs="")) as scene:
        assert scene.read(WINDOW).grid is None


@pytest.mark.parametrize("window", [Box(-1, 0, 10, 10), Box(0, 0, 201, 10), Box(10, 10, 10, 20)])
def test_a_window_outside_is_refused(tmp_path, window):
    with Scene.open(make(tmp_path / "scene.tif", city(200, 150))) as scene, pytest.raises(SceneError, match="not inside"):
        scene.read(window)


def test_a_band_that_is_not_there_is_refused(tmp_path):
    with Scene.open(make(tmp_path / "scene.tif", city(200, 150))) as scene, pytest.raises(SceneError, match="no band 4"):
        scene.read(WINDOW, [4])
