"""Editing by an inpainting model of diffusers: a tiny one with random weights, in the layout of the listed model."""

import json
import shutil
import threading

import numpy as np
import pytest
from hub import Hub
from rasters import ROTATED, city, make, whole

from zoomearth.backend.cli.main import main
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.tools import inpainting, run
from zoomearth.core.errors import Cancelled, ModelError, UsageError
from zoomearth.core.geometry import Box
from zoomearth.core.region import Region
from zoomearth.core.tools import UseTool

pytest.importorskip("torch")
pytest.importorskip("diffusers")
from tiny_inpainting import NAME, make_inpainting

WINDOW = (60, 40, 140, 100)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return make_inpainting(tmp_path_factory.mktemp("hub"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No weights are here, whatever this machine has."""
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZOOMEARTH_DEVICE", "cpu")
    monkeypatch.setattr(inpainting, "STEPS", 3)
    monkeypatch.setattr(inpainting, "SIDE", 128)
    inpainting.load.cache_clear()
    return tmp_path / "home" / "models"


@pytest.fixture
def here(home, pipeline):
    return shutil.copytree(pipeline, home / NAME)


@pytest.fixture
def scene(tmp_path):
    return make(tmp_path / "scene.tif", city(200, 150), affine=ROTATED, interpretation=["Red", "Green", "Blue"])


def edited(path, out, window=WINDOW, label="", mask=None, cancelled=lambda: False, heard=lambda *progress: None, **arguments):
    with Scene.open(path) as opened:
        request = UseTool("editing", label, arguments, mask=mask)
        (made,) = run.use(opened, [(Region(Box(*window)), request)], str(out), heard, cancelled)
    return made


def test_what_the_mask_covers_is_drawn_anew_and_every_other_pixel_stays(scene, here, tmp_path):
    cover = np.zeros((1, 150, 200), np.uint8)
    cover[0, 60:80, 80:120] = 1
    mask = make(tmp_path / "mask.tif", cover, affine=ROTATED)
    heard = []
    made = edited(scene, tmp_path / "out.tif", mask=str(mask), heard=lambda *progress: heard.append(progress), verb="remove")
    assert (made.backend, made.synthetic) == (NAME, True)
    assert (made.metrics["mask_pixels"], made.metrics["changed_outside"]) == (800, 0)
    assert ("editing", 3, 4) in heard
    before, after = whole(scene)[:, 40:100, 60:140], whole(tmp_path / "out.tif")
    inside = np.zeros((60, 80), bool)
    inside[20:40, 20:60] = True
    assert np.array_equal(before[:, ~inside], after[:, ~inside])
    assert (before[:, inside] != after[:, inside]).mean() > 0.5
    again = edited(scene, tmp_path / "again.tif", mask=str(mask), verb="remove")
    assert again.metrics == made.metrics
    assert np.array_equal(whole(tmp_path / "again.tif"), after), "the same picture each time"


def test_the_label_says_what_is_drawn(scene, here, tmp_path):
    edited(scene, tmp_path / "pond.tif", verb="replace", label="a pond")
    edited(scene, tmp_path / "wood.tif", verb="replace", label="a wood of old trees")
    assert not np.array_equal(whole(tmp_path / "pond.tif"), whole(tmp_path / "wood.tif"))
    with pytest.raises(UsageError, match="there is no label"):
        edited(scene, tmp_path / "none.tif", verb="replace")
    assert not (tmp_path / "none.tif").exists()


@pytest.mark.parametrize(("bands", "dtype", "scale"), [(4, np.uint16, 200), (1, np.uint8, 1), (1, np.float32, 0.01)])
def test_values_of_any_type_stay_in_their_range_and_unseen_bands_are_filled_from_the_rim(tmp_path, here, bands, dtype, scale):
    pixels = (city(200, 150)[[0, 1, 2, 1][:bands]].astype(np.float64) * scale).astype(dtype)
    path = make(tmp_path / "scene.tif", pixels, affine=ROTATED)
    made = edited(path, tmp_path / "out.tif", verb="remove")
    after = whole(tmp_path / "out.tif")
    assert (made.backend, after.dtype, after.shape) == (NAME, dtype, (bands, 60, 80))
    span = float(pixels.max()) - float(pixels.min())
    assert after.min() >= float(pixels.min()) - span
    assert after.max() <= float(pixels.max()) + span
    if bands == 4:
        without = edited(path, tmp_path / "without.tif", verb="remove", backend="pixel-verbs")
        assert without.backend == "pixel-verbs"
        assert np.array_equal(whole(tmp_path / "without.tif")[3], after[3])


def test_a_drawn_patch_meets_its_surroundings_at_the_rim(tmp_path, here):
    pixels = np.full((3, 150, 200), 120, np.uint8)
    pixels[:, :, 100:] = 140
    edited(make(tmp_path / "scene.tif", pixels, affine=ROTATED), tmp_path / "out.tif", verb="remove")
    after = whole(tmp_path / "out.tif").astype(float)
    assert np.abs(after[:, :, 0].mean(axis=1) - 120).max() < 15
    assert np.abs(after[:, :, -1].mean(axis=1) - 140).max() < 15


def test_other_verbs_need_no_model(scene, here, tmp_path):
    assert edited(scene, tmp_path / "out.tif", verb="blur").backend == "pixel-verbs"


def test_without_weights_a_removal_is_filled_and_a_replacement_is_refused(scene, tmp_path):
    assert edited(scene, tmp_path / "out.tif", verb="remove").backend == "pixel-verbs"
    with pytest.raises(ModelError, match="needs an editing model") as raised:
        edited(scene, tmp_path / "none.tif", verb="replace", label="a pond")
    assert raised.value.hint == f"zoomearth models download {NAME}"
    with pytest.raises(ModelError, match="not been downloaded"):
        edited(scene, tmp_path / "none.tif", verb="remove", backend=NAME)
    assert not (tmp_path / "none.tif").exists()


def test_a_cancel_between_two_steps_leaves_no_file(scene, here, tmp_path):
    heard = []
    with pytest.raises(Cancelled):
        edited(scene, tmp_path / "out.tif", heard=lambda *step: heard.append(step), cancelled=lambda: len(heard) > 2, verb="remove")
    assert len(heard) == 3
    assert not (tmp_path / "out.tif").exists()


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.fp16.safetensors", "model_index.json", "vae/config.json"])
def test_damaged_weights_are_one_sentence_that_says_how_to_do_without(scene, here, tmp_path, name):
    (here / name).write_bytes((here / name).read_bytes()[:40])
    with pytest.raises(ModelError, match="can't be loaded") as raised:
        edited(scene, tmp_path / "out.tif", verb="remove")
    assert "--set backend=pixel-verbs" in raised.value.hint
    assert not (tmp_path / "out.tif").exists()


def test_its_folders_are_downloaded_and_verified(pipeline, home, scene, tmp_path, capsys, monkeypatch):
    server = Hub(pipeline, f"stable-diffusion-v1-5/{NAME}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert main(["models", "download", NAME]) == 0
    server.shutdown()
    server.server_close()
    assert (home / NAME / "unet" / "config.json").is_file()
    assert main(["models", "verify", NAME]) == 0
    capsys.readouterr()
    command = ["tool", "editing", str(scene), "--window", "60,40,140,100", "--set", "verb=replace", "--label", "a pond", "--json"]
    assert main([*command, "--out", str(tmp_path / "out.tif")]) == 0
    assert json.loads(capsys.readouterr().out)["backend"] == NAME
