"""Rasters without overviews: read completely once, in little memory, and not again."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rasters import add_overviews, city, make, psnr, sparse

from zoomearth.backend.scene import overviews as levels
from zoomearth.backend.scene import scan
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import Cancelled, SceneError
from zoomearth.core.geometry import Box, Size, View


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A separate cache, and a machine with a sixteenth of the memory, so that even a small raster is scanned."""
    monkeypatch.setattr(levels, "EXACT_PIXELS", 1 << 18)
    monkeypatch.setattr(levels, "SCAN_PIXELS", 1 << 20)
    monkeypatch.setattr(levels, "SCAN_SIDE", 1024)
    monkeypatch.setattr(scan, "RUN_PIXELS", 1 << 18)
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scans"


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Just over the size from which a scene is scanned, odd sides, tiles; and its pixels."""
    pixels = city(1151, 925)
    return make(tmp_path_factory.mktemp("large") / "scene.tif", pixels, TILED="YES", BLOCKXSIZE=64, BLOCKYSIZE=64), pixels


def resampled(pixels, box, size):
    return Image.fromarray(pixels.transpose(1, 2, 0)).crop(box).resize(size, Image.Resampling.BICUBIC)


def test_the_second_touch_reads_no_pixel(large, cache):
    path, pixels = large
    told = []
    with Scene.open(path, on_progress=lambda *told_now: told.append(told_now)) as scene:
        first = scene.preview(128)
        assert scene.bytes_read == pixels.nbytes  # each block is read once
    assert psnr(first, resampled(pixels, (0, 0, 1151, 925), first.size)) > 42
    done = [done for stage, done, total in told if stage == "scanning"]
    assert done == sorted(done)
    assert [told_now for told_now in told if told_now[0] == "scanning"][-1][1] == done[-1] > 2
    with Scene.open(path) as scene:
        assert scene.preview(128).tobytes() == first.tobytes()
        assert psnr(scene.part(View(Box(101, 51, 1101, 851), Size(125, 100))), resampled(pixels, (101, 51, 1101, 851), (125, 100))) > 42
        assert scene.bytes_read == 0
    assert [each.suffix for each in cache.iterdir()] == [".npy"]
    assert [each.name for each in path.parent.iterdir()] == ["scene.tif"]


def test_a_raster_that_changed_is_scanned_again(large, cache, monkeypatch):
    path, pixels = large
    with Scene.open(path) as scene:
        scene.preview(64)
    os.utime(path, ns=(1, 1))
    with Scene.open(path) as scene:
        scene.preview(64)
        assert scene.bytes_read == pixels.nbytes
    monkeypatch.setattr(scan, "VERSION", scan.VERSION + 1)
    with Scene.open(path) as scene:  # as if a newer ZoomEarth rendered it differently
        scene.preview(64)
        assert scene.bytes_read == pixels.nbytes
    with Scene.open(path, bands=[2]) as scene:  # another picture of the same file
        shown = np.asarray(scene.preview(64))
        assert (shown[..., 0] == shown[..., 2]).all()


@pytest.mark.parametrize("damage", ["cut short", "other bytes", "a folder that can't be written"])
def test_a_broken_cache_costs_a_scan_and_not_the_answer(large, cache, damage):
    path, pixels = large
    if damage == "a folder that can't be written":
        cache.parent.write_text("in the way")
    else:
        with Scene.open(path) as scene:
            scene.preview(64)
        (kept,) = cache.iterdir()
        if damage == "cut short":
            os.truncate(kept, 5000)
        else:
            kept.write_bytes(b"\0" * 5000)
    with Scene.open(path) as scene:
        view = scene.preview(64)
        assert psnr(view, resampled(pixels, (0, 0, 1151, 925), view.size)) > 42


def test_a_cancelled_scan_leaves_nothing_behind(large, cache):
    looks = itertools.count()
    with Scene.open(large[0], cancelled=lambda: next(looks) > 2) as scene, pytest.raises(Cancelled):
        scene.preview(64)
    assert 0 < scene.bytes_read < large[1].nbytes
    assert not cache.exists()


def test_an_interrupt_or_a_crash_fills_no_disk(large, cache, monkeypatch):
    def interrupted(plane):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, Scene.open(large[0]) as scene:
        patched.setattr(Image.Image, "tobytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scene.preview(64)
    assert list(cache.iterdir()) == []
    dead, alive = cache / "dead.part", cache / "alive.part"
    dead.touch()
    os.utime(dead, (1, 1))
    alive.touch()
    with Scene.open(large[0]) as scene:
        scene.preview(64)
    assert sorted(each.suffix for each in cache.iterdir()) == [".npy", ".part"]
    assert alive.exists()


def test_the_cache_stays_within_its_bounds(large, cache, monkeypatch):
    with Scene.open(large[0]) as scene:
        scene.preview(64)
    (old,) = cache.iterdir()
    os.utime(old, (1, 1))
    monkeypatch.setattr(scan, "KEEP_BYTES", old.stat().st_size * 3 // 2)
    with Scene.open(large[0], bands=[3, 2, 1]) as scene:
        scene.preview(64)
    assert len(list(cache.iterdir())) == 1
    assert not old.exists()


def test_a_window_too_fine_for_the_scan_is_read_in_runs(large, cache, monkeypatch):
    """A scan at a quarter of the size can't show 800 px at 200; a larger window read at once would take all the memory."""
    path, pixels = large
    monkeypatch.setattr(levels, "SCAN_SIDE", 256)
    box = (203, 101, 1103, 801)
    with Scene.open(path) as scene:
        shown = scene.part(View(Box(*box), Size(225, 175)))
        assert 900 * 700 * 3 <= scene.bytes_read <= 900 * 700 * 3 * 1.02
        assert not cache.exists()
    assert psnr(shown, resampled(pixels, box, (225, 175))) > 42


@pytest.mark.parametrize("kind", ["uint16", "float with holes", "strips", "planes"])
def test_other_kinds_are_scanned_as_they_are_shown(tmp_path, cache, kind):
    pixels = city(1075, 1025)
    options = {"strips": {"BLOCKYSIZE": 3}, "planes": {"INTERLEAVE": "BAND", "TILED": "YES", "BLOCKXSIZE": 64, "BLOCKYSIZE": 64}}.get(
        kind, {"TILED": "YES", "BLOCKXSIZE": 64, "BLOCKYSIZE": 64}
    )
    stored, expected = pixels, pixels
    if kind == "uint16":
        stored = pixels.astype(np.uint16) * 17
    if kind == "float with holes":
        stored = pixels[:1].astype(np.float32)
        stored[:, 250:500, 250:750] = np.nan
        expected = np.where(np.isnan(stored), 0, pixels[:1]).astype(np.uint8)
    limits = {"uint16": [(0, 255 * 17)], "float with holes": [(0, 255)]}.get(kind)
    path = make(tmp_path / "scene.tif", stored, **options)
    with Scene.open(path, stretch=limits) as scene:
        view = scene.preview(128)
        assert scene.bytes_read == stored.nbytes
    expected = np.ascontiguousarray(np.broadcast_to(expected, (3, 1025, 1075)))
    assert psnr(view, resampled(expected, (0, 0, 1075, 1025), view.size)) > 40


JPEG = {"TILED": "YES", "BLOCKXSIZE": 64, "BLOCKYSIZE": 64, "COMPRESS": "JPEG", "JPEG_QUALITY": 90}


@pytest.mark.parametrize("kind", [{}, {"PHOTOMETRIC": "YCBCR"}, {"INTERLEAVE": "BAND"}, {"TILED": "NO", "BLOCKYSIZE": 16}], ids=str)
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_jpeg_tiles_are_scanned_at_half_their_resolution_and_look_the_same(tmp_path, cache, kind, bands):
    """Every second pixel, which is what GDAL gives where it can't halve, is 42.5 dB from the truth at best."""
    if bands != 3 and "PHOTOMETRIC" in kind:
        pytest.skip("YCbCr has three bands")
    pixels = city(1152, 928)[[0, 1, 2, 0][:bands]]
    path = make(tmp_path / "scene.tif", pixels, **{**JPEG, **kind})
    with Scene.open(path) as scene:
        view = scene.preview(280)
        assert scene.bytes_read == min(bands, 3) * 576 * 464
    truth = np.ascontiguousarray(np.broadcast_to(pixels[:3], (3, 928, 1152)))
    assert psnr(view, resampled(truth, (0, 0, 1152, 928), view.size)) > 44


def test_what_must_not_be_averaged_is_not_halved(tmp_path, cache):
    """Where black is nodata, the average of a roof and nodata would be a darker roof."""
    pixels = city(1151, 925)
    masked = make(tmp_path / "masked.tif", pixels, mask=np.full((925, 1151), 255), **JPEG)
    with Scene.open(masked) as scene:
        scene.preview(128)
        assert scene.bytes_read >= pixels.nbytes
    reduced = make(tmp_path / "overviews.tif", pixels, **JPEG)
    add_overviews(reduced, [2])
    with Scene.open(reduced) as scene:
        scene.part(View(Box(0, 0, 1151, 925), Size(500, 400)))
        assert scene.bytes_read == pixels.nbytes


def test_a_damaged_jpeg_tile_is_said_and_not_shown_grey(tmp_path, cache):
    path = make(tmp_path / "scene.tif", city(1151, 925), **JPEG)
    os.truncate(path, path.stat().st_size // 2)
    with Scene.open(path) as scene, pytest.raises(SceneError, match="can't be read at"):
        scene.preview(128)
    assert not cache.exists()


def test_all_cores_see_what_one_sees(large, cache, monkeypatch):
    path, pixels = large
    shown = []
    for hands in (1, 3, 16):
        monkeypatch.setattr(scan, "HANDS", hands)
        for file in cache.glob("*"):
            file.unlink()
        with Scene.open(path) as scene:
            shown.append(scene.preview(128).tobytes())
            assert scene.bytes_read == pixels.nbytes
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read from /proc")
def test_a_scene_of_nothing_costs_nothing(tmp_path, cache):
    """100,000 x 100,000 px with data in one corner: empty blocks are not read, and the memory is that of any other scene."""
    path = sparse(tmp_path / "sparse.tif", 100_000)
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
import importlib.util
spec = importlib.util.spec_from_file_location("conftest", {os.path.join(os.path.dirname(__file__), "conftest.py")!r})
spec.loader.exec_module(importlib.util.module_from_spec(spec))
from zoomearth.backend.scene.scene import Scene
with Scene.open({str(path)!r}) as scene:
    view = scene.preview(512)
    assert view.getpixel((4, 4)) != (0, 0, 0) and view.getpixel((500, 500)) == (0, 0, 0)
    assert scene.bytes_read < 60e6, scene.bytes_read
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])  # ru_maxrss would be the parent's
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "ZOOMEARTH_CACHE": str(cache)})
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 250_000  # kB


@settings(max_examples=100, deadline=None)
@given(
    x=st.integers(0, 40),
    y=st.integers(0, 40),
    width=st.integers(1, 9000),
    height=st.integers(1, 9000),
    block=st.sampled_from([(256, 256), (512, 512), (9000, 1), (9000, 7), (100, 36), (128, 9000)]),
    power=st.integers(0, 7),
)
def test_runs_cover_a_window_once_on_edges_that_can_be_averaged(x, y, width, height, block, power):
    factor = 1 << power
    x, y = x * factor, y * factor
    runs = list(scan.runs((x, y, width, height), block, factor))
    assert sum(w * h for _, _, w, h in runs) == width * height
    for left, top, w, h in runs:
        assert left % factor == top % factor == 0
        assert w > 0
        assert h > 0
        assert w * h <= max(2 * scan.RUN_PIXELS, 2048 * 2048, width * factor)
        assert (left + w) % factor == 0 or left + w == x + width
        assert (top + h) % factor == 0 or top + h == y + height
        assert x <= left
        assert left + w <= x + width
