"""The procedural scenes: the picture agrees with the truth at every scale, and the questions can't be guessed."""

import random
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import rasterio

from zoomearth.backend.scene.scene import Scene as Raster
from zoomearth.core.geometry import Box, View
from zoomearth.core.look import Policy, place, shown_size
from zoomearth.training.scenes.geotiff import drawn, write_geotiff
from zoomearth.training.scenes.marks import LEAST_VISIBLE, NOUNS, coarse_window, marks, object_boxes, places, survey_window, visible
from zoomearth.training.scenes.questions import KINDS, LEVELS, ask, refer
from zoomearth.training.scenes.render import VIEW, crop_view, global_view, paint, render, square_around
from zoomearth.training.scenes.scene import PALETTE, make_scene
from zoomearth.training.scenes.spoil import CLOUD, clouded, clouds, noisy, part_of

WHOLE = (0.0, 0.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    """Scene 3 on disk, 2048 pixels a side."""
    path = tmp_path_factory.mktemp("scene") / "three.tif"
    write_geotiff(make_scene(3), path, 2048)
    return path


def difference(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


def test_a_seed_is_one_scene():
    a, b, c = make_scene(5), make_scene(5), make_scene(6)
    assert a.sites == b.sites
    assert np.array_equal(a.points, b.points)
    assert not np.array_equal(render(a, WHOLE, (64, 64)), render(c, WHOLE, (64, 64)))


def test_blocks_fit_together():
    scene = make_scene(7)
    whole = render(scene, WHOLE, (512, 512))
    part = render(scene, (0.25, 0.5, 0.75, 1.0), (256, 256))
    off = np.abs(whole[256:, 128:384].astype(int) - part).max(2)
    assert (off > 2).mean() < 0.01  # the fixed-point corners of polygons may round the other way


def test_a_window_of_a_giant_scene_shows_what_its_downsample_shows():
    """Roads and fields reach thousands of pixels outside such a window."""
    scene = make_scene(11)
    for site in scene.sites[:2]:
        x, y = site.box[0] - 0.004, site.box[1] - 0.004
        window = (x, y, x + 0.012, y + 0.012)
        fine = render(scene, window, (600, 600)).reshape(60, 10, 60, 10, 3).mean((1, 3))
        coarse = render(scene, window, (240, 240)).reshape(60, 4, 60, 4, 3).mean((1, 3))
        assert difference(fine, coarse) < 4


def test_the_views_of_training_are_the_views_of_the_serving_loop(raster):
    scene = make_scene(3)
    policy = Policy(view=168, max_zooms=1, least=168, crop="square", native=None)
    with Raster.open(str(raster)) as opened:
        area = Box(0, 0, 2048, 2048)
        served = np.asarray(opened.part(View(area, shown_size(area, policy))))
        assert served.shape == (168, 168, 3)
        assert difference(served, global_view(scene)) < 4
        for site in scene.sites:
            view = place(Box(*(v * 2048 for v in site.box)), area, policy)
            crop = crop_view(scene, square_around(site.box))
            assert difference(np.asarray(opened.part(view)), crop) < 7
            assert difference(crop, crop_view(scene, square_around(site.box), exact=False)) < 7


def test_objects_are_where_and_what_the_truth_says():
    for seed in range(20):
        for site in make_scene(seed).sites:
            assert site.points == sorted(site.points)
            for x, y in [*site.points, site.landmark]:
                assert site.box[0] < x < site.box[2]
                assert site.box[1] < y < site.box[3]
    scene = make_scene(2)
    for site in scene.sites:
        for x, y in site.points:
            pixel = render(scene, (x - 1e-4, y - 1e-4, x + 1e-4, y + 1e-4), (9, 9))[4, 4]
            assert np.abs(pixel.astype(int) - PALETTE[site.color]).max() < 40


def test_a_blind_guess_is_worth_little():
    rng = random.Random(0)
    answers = {kind: Counter() for kind in LEVELS}
    for seed in range(400):
        scene = make_scene(seed)
        for kind in LEVELS:
            question = ask(scene, kind, rng)
            if question:
                answers[kind][question.answer] += 1
    most = {kind: max(count.values()) / sum(count.values()) for kind, count in answers.items()}
    for kind in KINDS["object"]:
        assert most[kind] < 0.36, (kind, answers[kind])
    assert most["count"] < 0.3
    assert most["exists"] < 0.62
    assert most["sites"] < 0.45
    assert sum(answers["heading"].values()) > 240


def test_the_northern_one_is_north():
    rng = random.Random(1)
    named = 0
    for seed in range(40):
        scene = make_scene(seed)
        for site in scene.sites:
            label = refer(scene, site, rng)
            if label and " " in label:
                (other,) = [o for o in scene.sites if o.kind == site.kind and o is not site]
                (x, y), (a, b) = site.center, other.center
                assert {"northern": y < b, "southern": y > b, "western": x < a, "eastern": x > a}[label.split()[0]]
                named += 1
    assert named > 20


def test_a_scene_on_disk_is_tiled_georeferenced_and_has_overviews(raster):
    with rasterio.open(raster) as opened:
        assert opened.crs.is_projected
        assert opened.res == (0.3, 0.3)
        assert opened.block_shapes[0] == (512, 512)
        assert opened.overviews(1) == [2, 4, 8, 16]
    assert raster.with_suffix(".json").exists()
    assert sorted(p.suffix for p in raster.parent.iterdir()) == [".json", ".tif"]


def test_an_interrupted_drawing_leaves_nothing_under_the_final_name(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_geotiff(make_scene(1), tmp_path / "s.tif", 1024, stop)
    assert not (tmp_path / "s.tif").exists()
    assert not (tmp_path / "s.json").exists()


def test_a_spoilt_scene_differs_from_the_clean_one_by_what_spoils_it(tmp_path):
    scene, generator = make_scene(3), np.random.default_rng(1)
    alpha = clouds(generator, 0.4)
    ways = {
        "clean": lambda pixels, window: pixels,
        "noise": lambda pixels, window: noisy(pixels, 20, generator),
        "clouds": lambda pixels, window: clouded(pixels, part_of(alpha, window, pixels.shape[1::-1])),
    }
    rasters = {}
    for name, spoil in ways.items():
        write_geotiff(scene, tmp_path / f"{name}.tif", 1100, spoil=spoil)
        with rasterio.open(tmp_path / f"{name}.tif") as file:
            rasters[name] = file.read().astype(float)
    middle = (rasters["clean"] > 70) & (rasters["clean"] < 185)  # where nothing is clipped
    assert (rasters["noise"] - rasters["clean"])[middle].std() == pytest.approx(20, rel=0.02)
    at = part_of(alpha, WHOLE, (1100, 1100))
    off = np.abs(rasters["clean"] * (1 - at) + CLOUD * at - rasters["clouds"])
    assert np.quantile(off, 0.999) < 4, "blocks fit together"
    assert not (rasters["clouds"] - rasters["clean"])[:, at == 0].any()


def unmarked(path, target):
    """A file of an older version: the same pixels, without the tag of a generated scene."""
    with rasterio.open(path) as opened, rasterio.open(target, "w", **opened.profile) as file:
        file.write(opened.read())
    shutil.copy(path.with_suffix(".json"), target.with_suffix(".json"))
    return target


def test_a_scene_of_an_older_version_is_marked_and_not_drawn_again(raster, tmp_path):
    old = unmarked(raster, tmp_path / "old.tif")
    with Raster.open(raster) as new, Raster.open(old) as before:
        assert new.generated
        assert not before.generated
    pixels = rasterio.open(old).read()
    drawn(make_scene(99), old, 1024)  # another scene: a difference would be found
    with Raster.open(old) as after:
        assert after.generated
    assert np.array_equal(rasterio.open(old).read(), pixels)


def test_the_bundled_scene_is_marked_and_small(root):
    path = root / "resources" / "scene" / "demo.tif"
    with Raster.open(path) as scene:
        assert scene.generated
    with rasterio.open(path) as file:
        assert [file.checksum(band) for band in (1, 2, 3)] == [46502, 6749, 29972], "the mark changes no pixel"
    assert path.stat().st_size < 830_000


def test_the_marks_are_where_the_pixels_of_the_objects_are():
    """A scene is drawn with and without the two polygons of each object: the pixels that differ are those of its mark."""
    checked = 0
    for seed in range(6):
        scene = make_scene(seed)
        drawn_objects = [(site, at, box) for site in scene.sites for at, box in zip(site.points, object_boxes(site))]
        for site, at, box in drawn_objects[::3]:
            middles = (scene.bounds[:, :2] + scene.bounds[:, 2:]) / 2
            size = scene.bounds[:, 2:] - scene.bounds[:, :2]
            mine = [i for i in range(len(size)) if np.allclose(scene.bounds[i], box)]
            assert len(mine) == 1, "the outline's own bounds are the truth"
            bare = replace(scene, colors=[*scene.colors])
            keep = [i for i in range(len(size)) if i not in (mine[0], mine[0] + 1)]
            window = square_around(box, 0.04)
            with_object, without = paint(scene, window, (VIEW, VIEW)), paint(_only(bare, keep), window, (VIEW, VIEW))
            rows, columns = np.nonzero((with_object != without).any(2))
            assert abs(middles[mine[0]][0] - at[0]) < site.size
            found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert min(np.abs(np.subtract(mark, found)).max() for mark in marks(scene, NOUNS[site.kind], window)) <= 2
            checked += 1
    assert checked > 8


def _only(scene, keep):
    """The scene with these polygons only."""
    parts = [scene.points[scene.starts[i] : scene.starts[i + 1]] for i in keep]
    starts = np.cumsum([0, *map(len, parts)])
    return replace(scene, points=np.concatenate(parts), starts=starts, bounds=scene.bounds[keep], colors=[scene.colors[i] for i in keep])


def test_an_object_that_the_edge_cuts_is_marked_as_far_as_it_is_visible():
    box = (0.5, 0.5, 0.6, 0.6)
    assert visible(box, (0.4, 0.4, 0.7, 0.7)) == box
    assert visible(box, (0.5, 0.5, 0.5 + 0.1 * LEAST_VISIBLE + 1e-6, 0.8)) is not None
    assert visible(box, (0.5, 0.5, 0.5 + 0.1 * LEAST_VISIBLE - 1e-6, 0.8)) is None
    assert visible(box, (0.0, 0.0, 0.4, 0.4)) is None
    rng = random.Random(6)
    for seed in range(60):
        scene = make_scene(seed)
        window = survey_window(scene, rng)
        assert 0 <= window[0] < window[2] <= 1
        assert 0 <= window[1] < window[3] <= 1
        for noun in NOUNS.values():
            found = marks(scene, noun, window)
            assert found == sorted(found)
            assert all(0 <= x0 < x1 <= VIEW and 0 <= y0 < y1 <= VIEW for x0, y0, x1, y1 in found)


def test_every_object_lies_in_a_place_that_is_marked():
    """In views that overlap by one thing, as those of a guided survey do: an object that one view's places miss is in the next view's."""
    rng = random.Random(7)
    cut = 0
    for seed in range(40):
        scene = make_scene(seed)
        for window in (WHOLE, coarse_window(scene, rng)):
            side = window[2] - window[0]
            for noun in NOUNS.values():
                boxes = places(scene, noun, window)
                assert boxes == sorted(boxes)
                assert all(0 <= x0 < x1 <= VIEW and 0 <= y0 < y1 <= VIEW for x0, y0, x1, y1 in boxes)
                for x, y in (point for site in scene.sites if NOUNS[site.kind] == noun for point in site.points):
                    u, v = (x - window[0]) / side * VIEW, (y - window[1]) / side * VIEW
                    inside = [x0 - 1 <= u <= x1 + 1 and y0 - 1 <= v <= y1 + 1 for x0, y0, x1, y1 in boxes]
                    margin = 0.02 / side * VIEW
                    if margin < u < VIEW - margin and margin < v < VIEW - margin:
                        assert any(inside)
                        cut += side < 1
    assert cut > 20


def test_noise_and_clouds_are_as_strong_as_they_are_said_to_be():
    generator = np.random.default_rng(0)
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert (noisy(grey, 12, generator).astype(float) - 128).std() == pytest.approx(12, rel=0.02)
    alpha = clouds(generator, 0.3)
    assert (alpha > 0).mean() == pytest.approx(0.3, abs=0.01)
    assert alpha.max() == pytest.approx(1, abs=1e-5)
    seen = clouded(np.zeros((*alpha.shape, 3), np.uint8), alpha)
    assert np.abs(seen[..., 0] - alpha * CLOUD).max() <= 0.51
    part = part_of(alpha, (0.25, 0.5, 0.5, 0.75), (64, 64))
    assert np.abs(part - alpha[128:192, 64:128]).max() < 1e-3
